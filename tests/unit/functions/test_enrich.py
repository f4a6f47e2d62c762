"""Context is gathered side by side, inside the deadline, on the alert's own time; what is late comes later."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from alert_common.alert import Alert, Resource, State
from alert_common.context import Context, Endpoint, Missing
from alert_common.settings import Settings
from alert_enricher.enrich import Gathering, begin, cloudtrail, identify, in_short, tags
from alert_enricher.enrich.finding import reason
from alert_enricher.enrich.gather import TO_FOLLOW
from tests.unit.functions import samples
from tests.unit.functions.fakes import client_error
from tests.unit.functions.modelled import ModelledAws
from tests.unit.functions.samples import NOW, one

SETTINGS = Settings(environment="prod", topics={}, routes=(), sinks={}, deadline_seconds=3.0)
SHORT_SECONDS = 0.6
"""The deadline where something hangs."""
SLACK_SECONDS = 0.4
"""What a busy machine may add."""
ALERT = one(samples.envelope(samples.sns_alarm()))
BEGAN = datetime(2026, 11, 23, 14, 8, tzinfo=UTC)
PNG = b"\x89PNG\r\n\x1a\nrest"


_started: list[Gathering] = []


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Start every test without remembered answers and end it without threads; CloudTrail's lookups need not keep apart."""
    tags._cache.clear()
    cloudtrail._cache.clear()
    monkeypatch.setattr(cloudtrail, "APART_SECONDS", 0.0)
    yield
    while _started:
        _started.pop()._pool.shutdown(wait=True)


@pytest.fixture
def aws() -> ModelledAws:
    """Return an AWS in which the endpoint and everything about it exists."""
    minutes = [BEGAN + timedelta(minutes=m) for m in (-2, -1, 0, 1)]
    raw = {"invocations": [100, 100, 100, 100], "model_errors": [0, 0, 30, 34], "p99": [2e5, 2.2e5, 1.8e6, 1.9e6]}
    aws = ModelledAws(
        answers={
            "list_tags_for_resource": {
                "Tags": [
                    {"Key": "team", "Value": "ml-platform"},
                    {"Key": "runbook", "Value": "https://wiki.example.com/ranker"},
                    {"Key": "endpointwatch:dashboard", "Value": "endpointwatch-prod-ranker"},
                    {"Key": "endpointwatch:endpoint", "Value": "ranker"},
                    {"Key": "endpointwatch:variant", "Value": "AllTraffic"},
                    {"Key": "endpointwatch:unit", "Value": "share"},
                    {"Key": "endpointwatch:gpus", "Value": "4"},
                    {"Key": "endpointwatch:vcpus", "Value": "48"},
                ]
            },
            "describe_endpoint": {
                "EndpointStatus": "InService",
                "EndpointConfigName": "ranker-config-7",
                "ProductionVariants": [{"VariantName": "AllTraffic", "CurrentInstanceCount": 2}],
                "CreationTime": BEGAN - timedelta(days=3),
                "LastModifiedTime": BEGAN - timedelta(minutes=12),
            },
            "describe_endpoint_config": {
                "CreationTime": BEGAN - timedelta(minutes=20),
                "ProductionVariants": [
                    {"VariantName": "AllTraffic", "ModelName": "ranker-7", "InstanceType": "ml.g5.12xlarge"}
                ],
            },
            "describe_model": {"PrimaryContainer": {"Image": "1.dkr.ecr.eu-west-1.amazonaws.com/triton:25"}},
            "get_metric_data": {
                "MetricDataResults": [{"Id": k, "Timestamps": minutes, "Values": v} for k, v in raw.items()]
            },
            "get_metric_widget_image": {"MetricWidgetImage": PNG},
            "describe_alarms": {
                "MetricAlarms": [
                    {"AlarmName": samples.NAME, "StateValue": "ALARM"},
                    {"AlarmName": "ranker/AllTraffic/cpu", "StateValue": "OK"},
                    {"AlarmName": "ranker/AllTraffic/latency", "StateValue": "ALARM"},
                ]
            },
            "filter_log_events": {
                "events": [{"timestamp": int(NOW.timestamp() * 1000), "message": "ERROR password=hunter2 boom"}]
            },
        }
    )
    for service in ("application-autoscaling", "cloudtrail", "cloudwatch", "logs", "s3", "sagemaker"):
        aws.client(service)  # making one takes longer than a test's deadline
    return aws


def starting(alert: Alert, aws: ModelledAws, seconds: float = SETTINGS.deadline_seconds) -> Gathering:
    """Identify an alert and begin to gather."""
    alert, missing = identify(alert, aws.client)
    settings = replace(SETTINGS, deadline_seconds=seconds)
    _started.append(begin(alert, settings, charts_bucket="charts-bucket", missing=missing, clients=aws.client))
    return _started[-1]


def gathered(alert: Alert, aws: ModelledAws, seconds: float = SETTINGS.deadline_seconds) -> Context:
    """What is there at the deadline; what the page does not wait for may be there or not."""
    gathering = starting(alert, aws, seconds)
    try:
        return without_following(gathering.by_deadline())
    finally:
        gathering.close()


def without_following(context: Context) -> Context:
    """The context without the remark on what the page did not wait for."""
    return replace(context, missing=tuple(m for m in context.missing if m.why != TO_FOLLOW))


@pytest.fixture
def hang() -> Iterator[Callable[..., Any]]:
    """Return a call that hangs until the test is over."""
    over = threading.Event()

    def call(**_: Any) -> dict[str, Any]:
        over.wait(30)
        return {}

    yield call
    over.set()


def test_all_of_the_context_is_gathered(aws: ModelledAws) -> None:
    """Endpoint, signals, siblings, log lines, chart, owner and links are there and nothing is missing."""
    context = gathered(ALERT, aws)
    assert context.missing == ()
    assert (context.environment, context.owner) == ("prod", "ml-platform")
    assert context.endpoint == Endpoint(
        status="InService",
        variants=("AllTraffic",),
        instance_type="ml.g5.12xlarge",
        instance_count=2,
        config="ranker-config-7",
        model="ranker-7",
        image="1.dkr.ecr.eu-west-1.amazonaws.com/triton:25",
        created_at=BEGAN - timedelta(days=3),
        modified_at=BEGAN - timedelta(minutes=12),
        config_created_at=BEGAN - timedelta(minutes=20),
    )
    assert [s.name for s in context.siblings] == ["ranker/AllTraffic/latency", "ranker/AllTraffic/cpu"]
    assert [line.text for line in context.logs] == ["ERROR password=[redacted] boom"]
    assert [link.text for link in context.links] == ["Runbook", "Dashboard", "Alarm", "Logs", "Endpoint"]
    (put,) = aws.called("put_object")
    assert (put["Bucket"], put["Key"], put["Body"]) == ("charts-bucket", context.chart_key, PNG)
    assert put["Key"].startswith("charts/2026/11/23/")


def test_what_was_gathered_is_diagnosed(aws: ModelledAws) -> None:
    """Errors and latency rose twelve minutes after a deployment: the context says so."""
    context = gathered(ALERT, aws)
    assert context.diagnosed
    assert context.diagnosis is not None
    assert context.diagnosis.rule == "regression"


def test_a_deployment_under_way_is_seen(aws: ModelledAws) -> None:
    """SageMaker names the old configuration until the update is done, and the new one beside it."""
    began = BEGAN - timedelta(minutes=3)
    pending = {"EndpointConfigName": "ranker-config-8", "ProductionVariants": [], "StartTime": began}
    aws.answers["describe_endpoint"] |= {"EndpointStatus": "Updating", "PendingDeploymentSummary": pending}
    endpoint = gathered(ALERT, aws).endpoint
    assert endpoint is not None
    told = (endpoint.config, endpoint.pending_config, endpoint.pending_since)
    assert told == ("ranker-config-7", "ranker-config-8", began)


def test_a_failed_endpoint_says_why(aws: ModelledAws) -> None:
    """SageMaker's own words, without secrets."""
    aws.answers["describe_endpoint"] |= {"EndpointStatus": "Failed", "FailureReason": "no token=abcdefgh1234 for it"}
    endpoint = gathered(ALERT, aws).endpoint
    assert endpoint is not None
    assert endpoint.failure == "no token=[redacted] for it"


def test_a_call_that_hangs_does_not_hold_the_page(aws: ModelledAws, hang: Callable[..., Any]) -> None:
    """Two hanging services: everything else is there at the deadline, and what hangs is named."""
    aws.answers |= {"filter_log_events": hang, "get_metric_widget_image": hang}
    began = time.monotonic()
    context = gathered(ALERT, aws, SHORT_SECONDS)
    assert time.monotonic() - began < SHORT_SECONDS + SLACK_SECONDS
    assert set(context.missing) == {Missing(what="log lines", why="timed out"), Missing(what="chart", why="timed out")}
    assert context.endpoint is not None
    assert context.signals


def test_when_everything_hangs_the_page_still_goes(aws: ModelledAws, hang: Callable[..., Any]) -> None:
    """No service answers: the context comes at the deadline, counted from the beginning, with all of it named."""
    aws.answers = dict.fromkeys((*aws.answers, "lookup_events", "describe_scaling_activities"), hang)
    settings = replace(SETTINGS, deadline_seconds=SHORT_SECONDS)
    gathering = begin(ALERT, settings, charts_bucket="charts", clients=aws.client)
    _started.append(gathering)
    time.sleep(0.3)
    began = time.monotonic()
    context = gathering.by_deadline()
    assert time.monotonic() - began < SHORT_SECONDS - 0.3 + SLACK_SECONDS
    gathering.close()
    assert {(m.what, m.why) for m in context.missing} == {
        ("configuration changes", TO_FOLLOW),
        *(
            (what, "timed out")
            for what in (
                "chart",
                "endpoint",
                "sibling alarms",
                "deployments",
                "log lines",
                "signals",
                "scaling activities",
            )
        ),
    }


def test_what_comes_late_comes_alone(aws: ModelledAws) -> None:
    """Log lines after the deadline: the page is told without, and later they come with nothing that it had already."""
    slow = threading.Event()
    answer = aws.answers["filter_log_events"]

    def later(**_: Any) -> Any:
        slow.wait(10)
        return answer

    aws.answers["filter_log_events"] = later
    gathering = starting(ALERT, aws, seconds=SHORT_SECONDS)
    context = without_following(gathering.by_deadline())
    assert context.missing == (Missing(what="log lines", why="timed out"),)
    slow.set()
    late = gathering.later(5)
    gathering.close()
    assert late is not None
    assert [line.text for line in late.logs] == ["ERROR password=[redacted] boom"]
    assert late == Context(logs=late.logs), "the diagnosis is as before"
    assert gathering.context == replace(context, logs=late.logs, missing=()), (
        "all of it, and nothing is missing any more"
    )


def test_the_page_does_not_wait_for_what_is_slow_by_nature(aws: ModelledAws) -> None:
    """CloudTrail's lookups after the first keep half a second apart: the page goes without them, says so, and they follow."""
    slow = threading.Event()
    asked = {"endpointName": "ranker", "desiredWeightsAndCapacities": [{"variantName": "A", "desiredInstanceCount": 1}]}
    told = json.dumps({"requestParameters": asked})
    event = {"EventName": "X", "EventTime": BEGAN, "Username": "anna", "CloudTrailEvent": told}

    def lookup(LookupAttributes: Any, **_: Any) -> Any:  # noqa: N803
        match LookupAttributes[0]["AttributeValue"]:
            case "UpdateEndpoint":
                return {}
            case "UpdateEndpointWeightsAndCapacities":
                slow.wait(10)
                return {"Events": [event]}
        return {}

    aws.answers["lookup_events"] = lookup
    began = time.monotonic()
    gathering = starting(ALERT, aws, seconds=5)
    context = gathering.by_deadline()
    assert time.monotonic() - began < 3
    assert context.missing == (Missing(what="configuration changes", why="follow if there are any"),)
    slow.set()
    late = gathering.later(5)
    gathering.close()
    assert late is not None
    assert [change.what for change in late.changes] == ["A set to instances 1"]


def test_late_facts_may_change_the_diagnosis(aws: ModelledAws) -> None:
    """Lines that say that memory ran out come after the page: they say more than the deployment did."""
    slow = threading.Event()
    line = {"timestamp": 1, "message": "RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB"}

    def later(**_: Any) -> Any:
        slow.wait(10)
        return {"events": [line]}

    aws.answers["filter_log_events"] = later
    gathering = starting(ALERT, aws, seconds=SHORT_SECONDS)
    before = gathering.by_deadline().diagnosis
    slow.set()
    late = gathering.later(5)
    gathering.close()
    assert before is not None
    assert late is not None
    assert late.diagnosed
    assert late.diagnosis is not None
    assert (before.rule, late.diagnosis.rule) == ("regression", "out-of-memory")


def test_nothing_comes_later_when_all_was_there(aws: ModelledAws) -> None:
    """Or when what was late is refused: then there is nothing to add, at once and not at the end of the wait."""
    began = time.monotonic()
    gathering = starting(ALERT, aws)
    gathering.by_deadline()
    assert gathering.later(5) is None
    slow = threading.Event()

    def refused(**_: Any) -> Any:
        slow.wait(10)
        raise client_error("AccessDenied")

    aws.answers["filter_log_events"] = refused
    gathering = starting(ALERT, aws, seconds=SHORT_SECONDS)
    gathering.by_deadline()
    slow.set()
    assert gathering.later(5) is None
    assert time.monotonic() - began < 4


def test_stragglers_are_waited_for_no_longer_than_asked(aws: ModelledAws, hang: Callable[..., Any]) -> None:
    """An invocation has an end: what hangs beyond it is never told."""
    aws.answers["filter_log_events"] = hang
    gathering = starting(ALERT, aws, seconds=SHORT_SECONDS)
    gathering.by_deadline()
    began = time.monotonic()
    assert gathering.later(0.2) is None
    assert time.monotonic() - began < 0.2 + SLACK_SECONDS
    gathering.close()


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (client_error("AccessDenied"), "access denied"),
        (client_error("AccessDeniedException"), "access denied"),
        (client_error("ThrottlingException"), "throttled"),
        (client_error("Throttling"), "throttled"),
        (client_error("ResourceNotFoundException"), "not found"),
        (client_error("ValidationException", "Could not find endpoint"), "not found"),
        (client_error("ValidationException", "Requested resource not found."), "not found"),
        (ReadTimeoutError(endpoint_url="https://logs"), "timed out"),
        (TimeoutError(), "timed out"),
        (KeyError("EndpointConfigName"), "KeyError"),
    ],
)
def test_reasons_are_a_word_or_two(error: Exception, why: str) -> None:
    """What could not be fetched says why, without AWS's own text."""
    assert reason(error) == why


def test_an_end_asks_for_what_its_few_lines_hold(aws: ModelledAws) -> None:
    """A recovery costs no chart, no metrics and no log search, and is not diagnosed; it knows who else is in alarm."""
    context = gathered(replace(ALERT, state=State.OK), aws)
    assert {name for name, _ in aws.calls} == {
        "list_tags_for_resource",
        "describe_endpoint",
        "describe_endpoint_config",
        "describe_model",
        "describe_alarms",
    }
    assert (context.siblings[0].name, context.missing) == ("ranker/AllTraffic/latency", ())
    assert (context.diagnosed, context.diagnosis) == (False, None)


def test_what_informs_asks_who_deployed(aws: ModelledAws) -> None:
    """A deployment that went well: no figures and no logs, but the updates that CloudTrail knows."""
    context = gathered(replace(ALERT, state=State.EVENT, metric=None), aws)
    asked = {name for name, _ in aws.calls}
    assert "lookup_events" in asked
    assert not asked & {"filter_log_events", "get_metric_data", "get_metric_widget_image"}
    assert not context.diagnosed


def test_what_is_refused_is_named_and_the_rest_is_there(aws: ModelledAws) -> None:
    """A denied endpoint and throttled siblings leave the other context whole."""
    aws.answers |= {"describe_endpoint": client_error("AccessDenied"), "describe_alarms": client_error("Throttling")}
    context = gathered(ALERT, aws)
    assert set(context.missing) == {
        Missing(what="endpoint", why="access denied"),
        Missing(what="sibling alarms", why="throttled"),
    }
    assert context.logs


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (client_error("ValidationException", "Could not find model"), "not found"),
        (client_error("AccessDeniedException"), "access denied"),
        (client_error("ThrottlingException"), "throttled"),
    ],
)
def test_a_model_that_is_refused_costs_the_image_only(aws: ModelledAws, error: Exception, why: str) -> None:
    """A model that was deleted under its endpoint: all but the image is told, and the model is named as missing."""
    whole = gathered(ALERT, aws)
    aws.answers["describe_model"] = error
    context = gathered(ALERT, aws)
    assert whole.endpoint is not None
    assert context.endpoint == replace(whole.endpoint, image="")
    assert context.missing == (Missing(what="model", why=why),)


def test_a_configuration_that_is_refused_leaves_what_the_endpoint_told(aws: ModelledAws) -> None:
    """Status, instances, variants and times come from the endpoint itself."""
    aws.answers["describe_endpoint_config"] = client_error("AccessDeniedException")
    context = gathered(ALERT, aws)
    assert context.endpoint == Endpoint(
        status="InService",
        variants=("AllTraffic",),
        instance_count=2,
        config="ranker-config-7",
        created_at=BEGAN - timedelta(days=3),
        modified_at=BEGAN - timedelta(minutes=12),
    )
    assert context.missing == (Missing(what="endpoint configuration", why="access denied"),)


def test_windows_hang_on_the_alert_not_on_the_clock(aws: ModelledAws) -> None:
    """Metrics, logs and chart of an old alert are asked for around the alert's own time, in one metric call."""
    gathered(ALERT, aws)
    (metrics,) = aws.called("get_metric_data")
    assert metrics["StartTime"] == BEGAN - timedelta(minutes=30)
    assert metrics["EndTime"] == datetime(2026, 11, 23, 14, 12, tzinfo=UTC)
    (search,) = aws.called("filter_log_events")
    assert search["logStreamNamePrefix"] == "AllTraffic/"
    assert search["startTime"] == int((BEGAN - timedelta(minutes=5)).timestamp() * 1000)
    widget = json.loads(aws.called("get_metric_widget_image")[0]["MetricWidget"])
    assert (widget["start"], widget["end"]) == ("2026-11-23T13:08:00Z", "2026-11-23T14:16:04Z")


def test_signals_are_figures_a_person_reads(aws: ModelledAws) -> None:
    """Errors as a share of all requests, latency in milliseconds, traffic a minute: before and since it began."""
    told = {s.name: (s.unit, s.before, s.after) for s in gathered(ALERT, aws).signals}
    assert told["Requests"] == ("/min", 100, 100)
    assert told["Errors"] == ("%", 0, 32)
    unit, *figures = told["Latency p99"]
    assert unit == "ms"
    assert figures == pytest.approx([210, 1850])


def test_unread_tags_leave_the_sums_out(aws: ModelledAws) -> None:
    """The tags are refused: the page goes out without GPU and CPU, and says so."""
    aws.answers["list_tags_for_resource"] = client_error("AccessDenied")
    gpu = {"Id": "gpu", "Timestamps": [BEGAN], "Values": [380]}
    aws.answers["get_metric_data"] = {"MetricDataResults": [gpu]}
    context = gathered(ALERT, aws)
    assert set(context.missing) == {
        Missing(what="alarm tags", why="access denied"),
        Missing(what="GPU and GPU memory", why="number of GPUs unknown"),
    }
    assert context.signals == ()


def test_the_chart_is_drawn_in_the_unit_that_the_tags_tell(aws: ModelledAws) -> None:
    """Without tags it is drawn by the metric's name."""
    trigger = samples.metric_trigger("ModelLatency", threshold=400_000.0)
    alert = one(samples.envelope(samples.sns_alarm(Trigger=trigger)))
    labels = []
    for fetched in ({"Tags": [{"Key": "endpointwatch:unit", "Value": "count"}]}, client_error("AccessDenied")):
        tags._cache.clear()
        aws.answers["list_tags_for_resource"] = fetched
        gathered(alert, aws)
        widget = json.loads(aws.called("get_metric_widget_image")[-1]["MetricWidget"])
        labels.append(widget["annotations"]["horizontal"][0]["label"])
    assert labels == ["alarm at 4e+05", "alarm at 400 ms"]


def test_no_context_is_asked_for_where_there_is_nothing_to_ask() -> None:
    """An unknown message costs no call."""
    aws = ModelledAws()
    context = gathered(one("help"), aws)
    assert (aws.calls, context.missing) == ([], ())
    assert one("help").state is State.ALARM


def test_in_short_asks_nobody() -> None:
    """What joins an incident tells its owner, its links and what was missing; the tags name the environment first."""
    missing = (Missing(what="alarm tags", why="throttled"),)
    alert = replace(ALERT, resource=Resource(kind="endpoint", name="ranker"), tags={"team": "ml"})
    context = in_short(alert, missing, environment="prod")
    assert (context.environment, context.owner, context.missing) == ("prod", "ml", missing)
    assert [link.text for link in context.links] == ["Alarm", "Logs", "Endpoint"]
    told = in_short(replace(alert, tags={"endpointwatch:environment": "staging"}), environment="prod")
    assert told.environment == "staging"
