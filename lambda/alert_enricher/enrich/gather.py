"""All of it at once, under one deadline: what is late or refused is named, never waited for."""

import time
from collections.abc import Callable, Mapping, Set
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from functools import reduce
from typing import Any

from alert_common import tags as tag
from alert_common.alert import Alert, State
from alert_common.aws import client
from alert_common.context import Context, Missing
from alert_common.settings import Settings
from alert_enricher.diagnose import diagnose
from alert_enricher.enrich import links
from alert_enricher.enrich.enrichers import Enricher, applying
from alert_enricher.enrich.finding import Finding, put_in, reason

TO_FOLLOW = "follow if there are any"
"""Why something is missing that the page did not wait for."""
_TROUBLE = {State.ALARM, State.INSUFFICIENT_DATA}


def in_short(alert: Alert, missing: tuple[Missing, ...] = (), *, environment: str = "") -> Context:
    """Return what the alert itself tells, without asking anybody: its tags, what they say, and where to look.

    Args:
        alert: as `identify` returns it.
        missing: what `identify` could not find.
        environment: the one where no tag names one.
    """
    told = alert.tags
    return Context(
        environment=told.get(tag.ENVIRONMENT, environment),
        owner=told.get(tag.TEAM, ""),
        objective=told.get(tag.OBJECTIVE, ""),
        tags=told,
        links=links.links(alert, alert.resource, told),
        missing=missing,
    )


def begin(
    alert: Alert,
    settings: Settings,
    *,
    charts_bucket: str = "",
    missing: tuple[Missing, ...] = (),
    clients: Callable[..., Any] = client,
) -> "Gathering":
    """Start every enricher that applies, each in a thread of its own.

    Args:
        alert: as `identify` returns it.
        settings: the deadline, and the environment where no tag names one.
        charts_bucket: where a picture of the metric is put; empty for no picture.
        missing: what `identify` could not find.
        clients: makes AWS clients by service and region.
    """
    known = in_short(alert, missing, environment=settings.environment)
    enrichers = applying(alert, charts_bucket=charts_bucket, clients=clients)
    return Gathering(alert, known, enrichers, deadline_seconds=settings.deadline_seconds)


class Gathering:
    """Context on its way; `close` it when nothing more is wanted."""

    def __init__(
        self, alert: Alert, known: Context, enrichers: Mapping[str, Enricher], *, deadline_seconds: float
    ) -> None:
        began = time.monotonic()
        self._alert = alert
        self._context = known
        self._deadline = began + deadline_seconds
        self._until = {what: began + enricher.seconds for what, enricher in enrichers.items()}
        self._holding = {what for what, enricher in enrichers.items() if enricher.holds}
        self._pool = ThreadPoolExecutor(max_workers=max(len(enrichers), 1), thread_name_prefix="enrich")
        self._running: dict[str, Future[Finding]] = {
            what: self._pool.submit(enricher.fetch, self._until[what]) for what, enricher in enrichers.items()
        }

    @property
    def context(self) -> Context:
        """All that came so far; `missing` names what did not, and why."""
        return self._context

    def by_deadline(self) -> Context:
        """Return what is there by the deadline, counted from `begin`; `missing` names what is not, and why."""
        found, refused = self._wait(self._holding, self._deadline)
        late = tuple(Missing(what=w, why="timed out" if w in self._holding else TO_FOLLOW) for w in self._running)
        context = reduce(put_in, found, self._context)
        self._context = self._diagnosed(replace(context, missing=(*context.missing, *refused, *late)))
        return self._context

    def later(self, seconds: float) -> Context | None:
        """Wait for what the deadline cut off, each at most until its own limit; call it after `by_deadline`.

        Returns only what came, None for nothing. Where it changes the answer the new diagnosis is in it, and `diagnosed` is set:
        without a diagnosis that means that the one before no longer holds.
        """
        late = set(self._running)
        found, refused = self._wait(self._until.keys(), time.monotonic() + seconds)
        known = tuple(m for m in self._context.missing if m.what not in late)
        never = tuple(Missing(what=what, why="timed out") for what in self._running)
        self._context = replace(self._context, missing=(*known, *refused, *never))
        came = reduce(put_in, found, Context())
        if came == Context():
            return None
        before, self._context = self._context.diagnosis, self._diagnosed(reduce(put_in, found, self._context))
        if self._context.diagnosis == before:
            return came
        return replace(came, diagnosis=self._context.diagnosis, diagnosed=True)

    def close(self) -> None:
        """Let go of what still runs: it ends by itself, and nobody listens."""
        # Without waiting: a thread may hang.
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _diagnosed(self, context: Context) -> Context:
        if self._alert.state not in _TROUBLE:
            return context
        return replace(context, diagnosis=diagnose(self._alert, context), diagnosed=True)

    def _wait(self, names: Set[str], until: float) -> tuple[list[Finding], list[Missing]]:
        """Wait for these, each until its own limit, none beyond `until`; return what came of all, and what was refused."""
        found: list[Finding] = []
        refused: list[Missing] = []
        while True:
            for what, future in list(self._running.items()):
                if not future.done():
                    continue
                del self._running[what]
                error = future.exception()
                if error is None:
                    found.append(future.result())
                else:
                    refused.append(Missing(what=what, why=reason(error)))
            waited = self._running.keys() & names
            left = max((min(self._until[what], until) for what in waited), default=0.0) - time.monotonic()
            if left <= 0:
                return found, refused
            wait([self._running[what] for what in waited], timeout=left, return_when=FIRST_COMPLETED)
