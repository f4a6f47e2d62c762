"""What was done to the endpoint before the alert, by people and by scaling."""

import json
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

import pytest

from alert_common.alert import Resource
from alert_common.context import Change, Endpoint, Missing
from alert_enricher.enrich import changes, cloudtrail, scaling
from alert_enricher.enrich.cloudtrail import Event
from alert_enricher.enrich.finding import Finding
from tests.unit.functions import samples
from tests.unit.functions.fakes import client_error
from tests.unit.functions.modelled import ModelledAws
from tests.unit.functions.samples import one

ALERT = one(samples.envelope(samples.sns_alarm()))
RANKER = Resource(kind="endpoint", name="ranker", variant="AllTraffic")
BEGAN = datetime(2026, 11, 23, 14, 8, tzinfo=UTC)
ENDPOINT = Endpoint(config="ranker-7", model="ranker-model-7")


@pytest.fixture(autouse=True)
def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start every test without remembered answers, and without waiting between lookups."""
    cloudtrail._cache.clear()
    monkeypatch.setattr(cloudtrail, "APART_SECONDS", 0.0)


def until(seconds: float = 5.0) -> float:
    """When nobody waits any longer."""
    return time.monotonic() + seconds


def record(name: str, at: datetime, asked: Any, who: str = "anna", **more: Any) -> dict[str, Any]:
    """An event as LookupEvents returns it: the whole of it is JSON text inside."""
    told = {"eventName": name, "requestParameters": asked, "userIdentity": {"type": "AssumedRole"}, **more}
    return {"EventName": name, "EventTime": at, "Username": who, "CloudTrailEvent": json.dumps(told)}


def history(*records: dict[str, Any]) -> ModelledAws:
    """A CloudTrail that holds these records."""

    def lookup(LookupAttributes: Any, StartTime: datetime, EndTime: datetime, MaxResults: int) -> Any:  # noqa: N803
        (asked,) = LookupAttributes
        assert asked["AttributeKey"] == "EventName"
        found = [
            r for r in records if r["EventName"] == asked["AttributeValue"] and StartTime <= r["EventTime"] <= EndTime
        ]
        return {"Events": sorted(found, key=lambda r: r["EventTime"], reverse=True)[:MaxResults]}

    return ModelledAws({"lookup_events": lookup})


def update(config: str, minutes: float, endpoint: str = "ranker", **more: Any) -> dict[str, Any]:
    """An update so many minutes before the alert began."""
    asked = {"endpointName": endpoint, "endpointConfigName": config}
    return record("UpdateEndpoint", BEGAN - timedelta(minutes=minutes), asked, **more)


def deployments(aws: ModelledAws) -> Sequence[Change]:
    """The deployments that CloudTrail tells."""
    found: Sequence[Change] = changes.deployments(ALERT, RANKER, aws.client("cloudtrail"), until()).values["changes"]
    return found


def configuration(aws: ModelledAws, endpoint: Endpoint | None = ENDPOINT, seconds: float = 5.0) -> Finding:
    """What was set by hand."""
    return changes.configuration(ALERT, RANKER, aws.client("cloudtrail"), lambda: endpoint, until(seconds))


def test_deployments_tell_what_they_replaced() -> None:
    """The newest first, each with the configuration before; one of last week is only what was replaced."""
    aws = history(
        update("r-8", 12), update("r-7", 300), update("r-6", 60 * 24 * 7), update("s-1", 5, endpoint="search")
    )
    assert deployments(aws) == (
        Change(
            at=BEGAN - timedelta(minutes=12),
            what="endpoint updated to config r-8",
            who="anna",
            kind="deployment",
            before="r-7",
            after="r-8",
        ),
        Change(
            at=BEGAN - timedelta(minutes=300),
            what="endpoint updated to config r-7",
            who="anna",
            kind="deployment",
            before="r-6",
            after="r-7",
        ),
    )


def test_a_first_deployment_replaced_nothing_that_is_known() -> None:
    """Then there is nothing to name, and nothing is invented."""
    (change,) = deployments(history(update("r-7", 12)))
    assert change.before == ""


def test_what_was_refused_changed_nothing() -> None:
    """A denied update is in the history too."""
    assert deployments(history(update("r-8", 12, errorCode="AccessDenied"))) == ()


@pytest.mark.parametrize("text", ["", "no JSON", "[]", "{}", '{"requestParameters": null, "userIdentity": null}'])
def test_a_record_that_tells_nothing_is_passed_over(text: str) -> None:
    """CloudTrail's text is somebody else's: whatever it holds, nothing raises."""
    odd = {"EventName": "UpdateEndpoint", "EventTime": BEGAN, "CloudTrailEvent": text}
    assert deployments(ModelledAws({"lookup_events": {"Events": [odd, update("r-7", 12)]}}))[0].after == "r-7"


def test_changes_by_hand_are_told_with_who_made_them() -> None:
    """Capacities, limits, policies, the model deleted and the configuration made, of this endpoint only."""
    variant = {"resourceId": "endpoint/ranker/variant/AllTraffic"}
    wanted = [{"variantName": "AllTraffic", "desiredInstanceCount": 1, "desiredWeight": 0.5}]
    ago = [BEGAN - timedelta(minutes=m) for m in range(1, 12)]
    aws = history(
        record(
            "UpdateEndpointWeightsAndCapacities",
            ago[0],
            {"endpointName": "ranker", "desiredWeightsAndCapacities": wanted},
        ),
        record(
            "UpdateEndpointWeightsAndCapacities",
            ago[1],
            {"endpointName": "search", "desiredWeightsAndCapacities": wanted},
        ),
        record("RegisterScalableTarget", ago[2], {**variant, "minCapacity": 1, "maxCapacity": 2}, who="bert"),
        record("RegisterScalableTarget", ago[3], {"resourceId": "endpoint/ranker-2/variant/A", "maxCapacity": 2}),
        record("PutScalingPolicy", ago[4], {**variant, "policyName": "p"}),
        record("DeleteModel", ago[5], {"modelName": "ranker-model-7"}),
        record("DeleteModel", ago[6], {"modelName": "another"}),
        record("CreateEndpointConfig", ago[7], {"endpointConfigName": "ranker-7"}),
        record("CreateEndpointConfig", ago[8], {"endpointConfigName": "ranker-6"}),
    )
    found = configuration(aws)
    assert found.missing == ()
    assert [(c.what, c.who, c.kind) for c in found.values["changes"]] == [
        ("AllTraffic set to instances 1 and weight 0.5", "anna", "scaling"),
        ("scaling limits set at least 1 at most 2", "bert", "configuration"),
        ("scaling policy p set", "anna", "configuration"),
        ("model ranker-model-7 deleted: new instances cannot start", "anna", "configuration"),
        ("endpoint config ranker-7 created", "anna", "configuration"),
    ]


def test_what_autoscaling_did_is_told_by_autoscaling() -> None:
    """Its calls are in CloudTrail as well, and would come twice."""
    asked = {"endpointName": "ranker", "desiredWeightsAndCapacities": [{"variantName": "A", "desiredInstanceCount": 3}]}
    by = {"invokedBy": "application-autoscaling.amazonaws.com"}
    at = BEGAN - timedelta(minutes=1)
    aws = history(record("UpdateEndpointWeightsAndCapacities", at, asked, userIdentity=by))
    assert configuration(aws).values["changes"] == ()


def test_of_an_unknown_endpoint_its_model_is_unknown_too() -> None:
    """The endpoint could not be described: another's deleted model is not taken for its own."""
    aws = history(record("DeleteModel", BEGAN, {"modelName": ""}), record("CreateEndpointConfig", BEGAN, {}))
    assert configuration(aws, None).values["changes"] == ()


def test_throttled_it_keeps_what_it_has() -> None:
    """The third lookup is refused: what the first two told is there, and the rest is named."""
    asked = {"endpointName": "ranker", "desiredWeightsAndCapacities": [{"variantName": "A", "desiredInstanceCount": 3}]}
    aws = history(record("UpdateEndpointWeightsAndCapacities", BEGAN - timedelta(minutes=1), asked))
    answer = aws.answers["lookup_events"]

    def lookup(**asked: Any) -> Any:
        if asked["LookupAttributes"][0]["AttributeValue"] == "PutScalingPolicy":
            raise client_error("ThrottlingException")
        return answer(**asked)

    aws.answers["lookup_events"] = lookup
    found = configuration(aws)
    assert [c.what for c in found.values["changes"]] == ["A set to instances 3"]
    assert found.missing == (Missing(what="configuration changes", why="throttled"),)


def test_lookups_keep_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """CloudTrail allows two a second: five lookups of six alerts at once begin at least so far apart, each asked for once."""
    monkeypatch.setattr(cloudtrail, "APART_SECONDS", 0.05)
    began: list[float] = []

    def lookup(**_: Any) -> dict[str, Any]:
        began.append(time.monotonic())
        return {"Events": []}

    aws = ModelledAws({"lookup_events": lookup})
    aws.client("cloudtrail")
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda _: configuration(aws), range(6)))
    assert all(f.missing == () for f in found)
    assert len(began) == 5
    assert min(b - a for a, b in pairwise(began)) > 0.045


def test_whoever_has_no_time_left_does_not_wait() -> None:
    """Another holds the lookups: the deadline counts, not their end."""
    over = threading.Event()
    aws = ModelledAws({"lookup_events": lambda **_: (over.wait(10) and {}) or {}})
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(lambda: configuration(aws))
        while not aws.calls:
            time.sleep(0.01)
        began = time.monotonic()
        found = configuration(aws, seconds=0.1)
        assert time.monotonic() - began < 0.5
        over.set()
        held.result()
    assert found.missing == (Missing(what="configuration changes", why="timed out"),)


def test_windows_are_the_same_for_alerts_that_come_together() -> None:
    """Rounded to the hour and to five minutes, so that one answer serves them all; and never too short."""
    aws = history()
    for seconds in (0, 100):
        at = ALERT.at + timedelta(seconds=seconds)
        found = cloudtrail.lookup(
            "X", start=at - timedelta(hours=1), end=at, region="r", cloudtrail=aws.client("cloudtrail"), until=until()
        )
        assert found == ()
    (asked,) = aws.called("lookup_events")
    assert (asked["StartTime"], asked["EndTime"]) == (
        datetime(2026, 11, 23, 13, tzinfo=UTC),
        datetime(2026, 11, 23, 14, 15, tzinfo=UTC),
    )


def activity(minutes: float, count: int, status: str = "Successful", **more: Any) -> dict[str, Any]:
    """A scaling activity so many minutes before the alert began."""
    return {
        "StartTime": BEGAN - timedelta(minutes=minutes),
        "Description": f"Setting desired instance count to {count}.",
        "Cause": "monitor alarm TargetTracking-x in state ALARM triggered policy keep-busy",
        "StatusCode": status,
        **more,
    }


def scaled(*activities: dict[str, Any]) -> Sequence[Change]:
    """The changes that scaling activities become."""
    aws = ModelledAws({"describe_scaling_activities": {"ScalingActivities": list(activities)}})
    found: Sequence[Change] = scaling.fetch(ALERT, RANKER, aws.client("application-autoscaling")).values["changes"]
    (asked,) = aws.called("describe_scaling_activities")
    assert asked["ResourceId"] == "endpoint/ranker/variant/AllTraffic"
    return found


def test_scaling_tells_what_it_did_and_what_it_could_not() -> None:
    """The newest first, of the last day; a failure with its words."""
    message = "Failed to set desired instance count to 6. Reason: InsufficientInstanceCapacity"
    found = scaled(
        activity(60 * 25, 1),
        activity(40, 4),
        activity(5, 6, "Failed", StatusMessage=message),
        activity(1, 5, "Pending"),
    )
    assert [(c.what, c.failed) for c in found] == [
        ("AllTraffic scaled to 5 instances: under way", False),
        (f"AllTraffic scaled to 6 instances: failed, {message}", True),
        ("AllTraffic scaled to 4 instances", False),
    ]
    assert {(c.who, c.kind) for c in found} == {("scaling policy keep-busy", "scaling")}


def test_many_changes_are_the_newest_few() -> None:
    """An endpoint that scales every few minutes does not fill a page."""
    found = scaled(*(activity(m, m) for m in range(30)))
    assert len(found) == changes.MOST
    assert found[0].at == BEGAN


def test_an_event_is_in_utc() -> None:
    """boto3 gives times in the machine's own zone."""
    local = (BEGAN - timedelta(minutes=3)).astimezone(timezone(timedelta(hours=9)))
    (change,) = deployments(ModelledAws({"lookup_events": {"Events": [{**update("r", 3), "EventTime": local}]}}))
    assert (change.at, change.at.tzinfo) == (BEGAN - timedelta(minutes=3), UTC)
    assert isinstance(next(iter(cloudtrail._cache.values()))[1][0], Event)
