"""Metrics and alarms of a live account, through boto3: the only part of alarmlab that needs an SDK."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from alarmlab.backtest.plan import Stretch, Wanted, merged, stretches
from alarmlab.errors import InputError
from alarmlab.model.insights import InsightsQuery
from alarmlab.model.metrics import MetricId, dimensions_of
from alarmlab.model.read import ALARM, COMPOSITE_ALARM, PROPERTIES

QUERIES_A_CALL = 500
_CONFIG = Config(retries={"mode": "adaptive", "max_attempts": 12})
Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """A recording: the requests and the answers of GetMetricData in one object.

    Args:
        document: in the API's own words.
        empty: what nothing was published for.
        messages: what CloudWatch said beside.
    """

    document: Mapping[str, Any]
    empty: tuple[Wanted, ...]
    messages: tuple[str, ...]


def client(*, region: str | None, profile: str | None, endpoint: str | None = None) -> Any:
    """A client of CloudWatch.

    Raises:
        InputError: no such profile, no region.
    """
    with _told():
        session = boto3.Session(profile_name=profile, region_name=region)
        return session.client("cloudwatch", endpoint_url=endpoint, config=_CONFIG)


def metrics_like(cloudwatch: Any, query: InsightsQuery) -> Iterator[MetricId]:
    """The metrics of the name that a Metrics Insights query reads.

    Raises:
        InputError: CloudWatch cannot be asked.
    """
    with _told():
        for page in cloudwatch.get_paginator("list_metrics").paginate(
            Namespace=query.namespace, MetricName=query.metric
        ):
            for metric in page["Metrics"]:
                dimensions = {each["Name"]: each["Value"] for each in metric["Dimensions"]}
                yield MetricId(metric["Namespace"], metric["MetricName"], dimensions_of(dimensions))


def deployed(cloudwatch: Any, prefix: str) -> Mapping[str, Any]:
    """The alarms of an account whose names begin so, as the resources of a template; with their tags.

    Raises:
        InputError: CloudWatch cannot be asked, or there is none.
    """
    found: dict[str, Any] = {}
    with _told():
        pages = cloudwatch.get_paginator("describe_alarms").paginate(
            **({"AlarmNamePrefix": prefix} if prefix else {}), AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
        for page in pages:
            for kind, members in ((ALARM, "MetricAlarms"), (COMPOSITE_ALARM, "CompositeAlarms")):
                for alarm in page.get(members, ()):
                    tags = cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]
                    properties = {name: value for name, value in alarm.items() if name in PROPERTIES[kind]}
                    found[alarm["AlarmName"]] = {"Type": kind, "Properties": {**properties, "Tags": tags}}
    if not found:
        raise InputError(f"--deployed {prefix!r}: no alarm of this account and region has a name that begins so")
    return found


def fetch(
    cloudwatch: Any, what: Sequence[Wanted], *, start: int, end: int, now: int, progress: Progress | None = None
) -> Fetched:
    """Ask for all of a window.

    Args:
        cloudwatch: the client.
        what: statistics.
        start: Unix second.
        end: Unix second.
        now: Unix second: how old things are decides in what period they are left.
        progress: is told how far it is.

    Raises:
        InputError: CloudWatch cannot be asked, or has nothing from then any more.
    """
    by_stretch: dict[Stretch, list[Wanted]] = defaultdict(list)
    for each in what:
        for stretch in merged(stretches(start, end, each.period, now=now)):
            by_stretch[stretch].append(each)
    queries: list[Mapping[str, Any]] = []
    results: list[dict[str, Any]] = []
    messages: list[str] = []
    seen: set[Wanted] = set()
    calls = [(stretch, chunk) for stretch, group in by_stretch.items() for chunk in _chunks(group)]
    for number, (stretch, chunk) in enumerate(calls, 1):
        asked = {f"q{len(queries) + index}": each for index, each in enumerate(chunk)}
        request = [_query(id, each, stretch.period) for id, each in asked.items()]
        found: dict[str, dict[str, Any]] = {}
        with _told():
            pages = cloudwatch.get_paginator("get_metric_data").paginate(
                MetricDataQueries=request, StartTime=stretch.start, EndTime=stretch.end, ScanBy="TimestampAscending"
            )
            for page in pages:
                messages += [f"{each['Code']}: {each['Value']}" for each in page.get("Messages", ())]
                for result in page["MetricDataResults"]:
                    _add(found, result)
                if progress is not None:
                    values = sum(len(result["Values"]) for result in found.values())
                    progress(f"request {number} of {len(calls)}: {values} values")
        queries += request
        results += found.values()
        seen |= {asked[id] for id, result in found.items() if result["Values"]}
    return Fetched(
        document={
            "StartTime": start,
            "EndTime": end,
            "MetricDataQueries": queries,
            "MetricDataResults": results,
            "Messages": messages,
        },
        empty=tuple(each for each in what if each not in seen),
        messages=tuple(dict.fromkeys(messages)),
    )


def _chunks(group: Sequence[Wanted]) -> Iterable[Sequence[Wanted]]:
    return (group[at : at + QUERIES_A_CALL] for at in range(0, len(group), QUERIES_A_CALL))


def _query(id: str, wanted: Wanted, period: int) -> Mapping[str, Any]:
    unit = {"Unit": wanted.unit} if wanted.unit else {}
    return {"Id": id, "MetricStat": {"Metric": wanted.metric.members, "Period": period, "Stat": wanted.stat, **unit}}


def _add(found: dict[str, dict[str, Any]], result: Mapping[str, Any]) -> None:
    """An answer comes in pages, each with a part of some queries; the last page says whether it is complete."""
    whole = found.setdefault(
        result["Id"], {"Id": result["Id"], "Label": result["Label"], "Timestamps": [], "Values": []}
    )
    whole["Timestamps"] += [int(time.timestamp()) for time in result["Timestamps"]]
    whole["Values"] += result["Values"]
    whole["StatusCode"] = result["StatusCode"]


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        told = error.response.get("Error", {})
        raise InputError(f"CloudWatch refused: {told.get('Code')}: {told.get('Message')}") from error
    except BotoCoreError as error:
        raise InputError(f"CloudWatch cannot be asked: {error}") from error
