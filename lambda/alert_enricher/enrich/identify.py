"""Whose alert it is and what it is about: its tags and its resource, found within a second or done without."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from functools import partial
from typing import Any

from alert_common import tags as tag
from alert_common.alert import Alert, Kind, Resource
from alert_common.aws import client
from alert_common.context import Missing
from alert_enricher.enrich import composite, tags, workload
from alert_enricher.enrich.finding import reason

LIMIT_SECONDS = 1.2
"""For all of it: until then nobody knows which incident the alert joins."""
WHAT = "alarm tags"

Clients = Callable[..., Any]


def identify(alert: Alert, clients: Clients = client) -> tuple[Alert, tuple[Missing, ...]]:
    """Find the alert's tags and its resource; returns within 1.2 s, with what could not be found named.

    The message's own tags win over those that are looked up. A resource that the message does not name is named by the tags;
    a composite alarm's without such a tag by its children; a workload's by the dimensions of Container Insights.
    """
    until = time.monotonic() + LIMIT_SECONDS
    alert, missing = _with_tags(alert, clients, until)
    return replace(alert, resource=_resource(alert, clients, until)), missing


def _with_tags(alert: Alert, clients: Clients, until: float) -> tuple[Alert, tuple[Missing, ...]]:
    if not _asks(alert):
        return alert, ()
    told: Mapping[str, str] | None = tags.known(alert.arn)
    missing: tuple[Missing, ...] = ()
    if told is None:
        (fetched,) = _side_by_side([lambda: tags.fetch(alert.arn, clients("cloudwatch", alert.region or None))], until)
        if isinstance(fetched, Exception):
            told = tags.outdated(alert.arn)
            missing = (Missing(what=WHAT, why=reason(fetched)),) if told is None else ()
        else:
            told = fetched
    return replace(alert, tags={**(told or {}), **alert.tags}), missing


def _asks(alert: Alert) -> bool:
    """Whether the tags must be looked up: alarms have some, which a deleted one has lost, and messages may carry them."""
    is_deleted = alert.kind is Kind.ALARM_CONFIGURATION and alert.status == "delete"
    return ":alarm:" in alert.arn and not is_deleted and not {tag.ENDPOINT, tag.SEVERITY, tag.TEAM} & alert.tags.keys()


def _resource(alert: Alert, clients: Clients, until: float) -> Resource | None:
    if alert.resource is not None and alert.resource.kind != "cluster":
        return alert.resource
    found = workload.resource(alert) or alert.resource or composite.of_tags(alert.tags)
    if found is not None or alert.kind is not Kind.COMPOSITE_ALARM:
        return found
    arns = composite.children(alert)
    if not arns:
        return None

    def cloudwatch() -> Any:
        return clients("cloudwatch", alert.region or None)

    def tagged(arn: str) -> Resource | None:
        return composite.tagged(arn, cloudwatch())

    jobs: list[Callable[[], Any]] = [partial(tagged, arn) for arn in arns[: composite.MOST_TAGS]]
    described, *told = (
        None if isinstance(answer, Exception) else answer
        for answer in _side_by_side([lambda: composite.described(arns, cloudwatch()), *jobs], until)
    )
    if described:
        return composite.together(described)
    return composite.together(told) or composite.named(alert, arns)


def _side_by_side(jobs: Sequence[Callable[[], Any]], until: float) -> list[Any]:
    """Run the jobs at once and return what each answered, or the exception that it raised; a late one's is TimeoutError."""
    # Not a `with` block: leaving one joins its threads, and a thread may hang.
    pool = ThreadPoolExecutor(max_workers=len(jobs), thread_name_prefix="identify")
    futures: list[Future[Any]] = [pool.submit(job) for job in jobs]
    wait(futures, timeout=max(0.0, until - time.monotonic()))
    pool.shutdown(wait=False, cancel_futures=True)
    return [_answer(future) for future in futures]


def _answer(future: Future[Any]) -> Any:
    if not future.done() or future.cancelled():
        return TimeoutError()
    return future.exception() or future.result()
