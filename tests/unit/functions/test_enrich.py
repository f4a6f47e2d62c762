"""Context is gathered side by side, inside the deadline, on the alert's own time."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from alert_common.alert import Alert, Resource, State
from alert_common.context import Endpoint, Missing
from alert_common.units import unit_of
from alert_enricher.enrich import chart, enrich, links, logs, signals, tags
from alert_enricher.enrich.gather import reason
from alert_enricher.settings import Settings
from tests.unit.functions import samples
from tests.unit.functions.fakes import FakeAws, client_error
from tests.unit.functions.samples import NOW, one

SETTINGS = Settings(
    environment="prod",
    state_table="state",
    charts_bucket="charts-bucket",
    topic_severities={},
    routes=(),
    queues={},
    deadline_seconds=0.5,
)
ALERT = one(samples.envelope(samples.sns_alarm()))
RANKER = Resource(kind="endpoint", name="ranker", variant="AllTraffic")
BEGAN = datetime(2026, 11, 23, 14, 8, tzinfo=UTC)
PNG = b"\x89PNG\r\n\x1a\nrest"


@pytest.fixture(autouse=True)
def forget_tags() -> None:
    """Start every test without remembered tags."""
    tags._cache.clear()


@pytest.fixture
def aws() -> FakeAws:
    """Return an AWS in which the endpoint and everything about it exists."""
    minutes = [BEGAN + timedelta(minutes=m) for m in (-2, -1, 0, 1)]
    raw = {"invocations": [100, 100, 100, 100], "model_errors": [0, 0, 30, 34], "p99": [2e5, 2.2e5, 1.8e6, 1.9e6]}
    return FakeAws(
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


def clients(aws: FakeAws) -> Callable[..., Any]:
    """Return the one fake as every client."""
    return lambda service, region=None: aws


@pytest.fixture
def hang() -> Iterator[Callable[..., Any]]:
    """Return a call that hangs until the test is over."""
    over = threading.Event()
    yield lambda **_: over.wait(30)
    over.set()


def test_all_of_the_context_is_gathered(aws: FakeAws) -> None:
    """Endpoint, signals, siblings, log lines, chart, owner and links are there and nothing is missing."""
    alert, context = enrich(ALERT, SETTINGS, clients(aws))
    assert alert == ALERT
    assert context.missing == ()
    assert context.owner == "ml-platform"
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


def test_a_deployment_under_way_is_seen(aws: FakeAws) -> None:
    """SageMaker names the old configuration until the update is done, and the new one beside it."""
    began = BEGAN - timedelta(minutes=3)
    pending = {"EndpointConfigName": "ranker-config-8", "ProductionVariants": [], "StartTime": began}
    aws.answers["describe_endpoint"] |= {"EndpointStatus": "Updating", "PendingDeploymentSummary": pending}
    _, context = enrich(ALERT, SETTINGS, clients(aws))
    assert context.endpoint is not None
    told = (context.endpoint.config, context.endpoint.pending_config, context.endpoint.pending_since)
    assert told == ("ranker-config-7", "ranker-config-8", began)


def test_a_call_that_hangs_does_not_hold_the_page(aws: FakeAws, hang: Callable[..., Any]) -> None:
    """Two hanging services: everything else is there at the deadline, and what hangs is named."""
    aws.answers |= {"filter_log_events": hang, "get_metric_widget_image": hang}
    began = time.monotonic()
    _, context = enrich(ALERT, SETTINGS, clients(aws))
    assert time.monotonic() - began < SETTINGS.deadline_seconds + 0.4
    assert set(context.missing) == {Missing(what="log lines", why="timed out"), Missing(what="chart", why="timed out")}
    assert context.endpoint is not None
    assert context.signals


def test_when_everything_hangs_the_page_still_goes(aws: FakeAws, hang: Callable[..., Any]) -> None:
    """No service answers, tags first: the alert comes back inside the deadline with all of it named."""
    aws.answers = dict.fromkeys(aws.answers, hang)
    began = time.monotonic()
    _, context = enrich(replace(ALERT, resource=None), SETTINGS, clients(aws))
    assert time.monotonic() - began < SETTINGS.deadline_seconds + 0.4
    assert {m.what for m in context.missing} == {"alarm tags", "chart"}


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (client_error("AccessDenied"), "access denied"),
        (client_error("AccessDeniedException"), "access denied"),
        (client_error("ThrottlingException"), "throttled"),
        (client_error("Throttling"), "throttled"),
        (client_error("ResourceNotFoundException"), "not found"),
        (client_error("ValidationException", "Could not find endpoint"), "not found"),
        (ReadTimeoutError(endpoint_url="https://logs"), "timed out"),
        (KeyError("EndpointConfigName"), "KeyError"),
    ],
)
def test_reasons_are_a_word_or_two(error: Exception, why: str) -> None:
    """What could not be fetched says why, without AWS's own text."""
    assert reason(error) == why


def test_an_end_asks_for_what_its_few_lines_hold(aws: FakeAws) -> None:
    """A recovery costs no chart, no metrics and no log search; it still knows who else is in alarm."""
    _, context = enrich(replace(ALERT, state=State.OK), SETTINGS, clients(aws))
    assert {name for name, _ in aws.calls} == {
        "list_tags_for_resource",
        "describe_endpoint",
        "describe_endpoint_config",
        "describe_model",
        "describe_alarms",
    }
    assert (context.siblings[0].name, context.missing) == ("ranker/AllTraffic/latency", ())


def test_what_is_refused_is_named_and_the_rest_is_there(aws: FakeAws) -> None:
    """A denied endpoint and throttled siblings leave the other context whole."""
    aws.answers |= {"describe_endpoint": client_error("AccessDenied"), "describe_alarms": client_error("Throttling")}
    _, context = enrich(ALERT, SETTINGS, clients(aws))
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
def test_a_model_that_is_refused_costs_the_image_only(aws: FakeAws, error: Exception, why: str) -> None:
    """A model that was deleted under its endpoint: all but the image is told, and the model is named as missing."""
    _, whole = enrich(ALERT, SETTINGS, clients(aws))
    aws.answers["describe_model"] = error
    _, context = enrich(ALERT, SETTINGS, clients(aws))
    assert whole.endpoint is not None
    assert context.endpoint == replace(whole.endpoint, image="")
    assert context.missing == (Missing(what="model", why=why),)


def test_a_configuration_that_is_refused_leaves_what_the_endpoint_told(aws: FakeAws) -> None:
    """Status, instances, variants and times come from the endpoint itself."""
    aws.answers["describe_endpoint_config"] = client_error("AccessDeniedException")
    _, context = enrich(ALERT, SETTINGS, clients(aws))
    assert context.endpoint == Endpoint(
        status="InService",
        variants=("AllTraffic",),
        instance_count=2,
        config="ranker-config-7",
        created_at=BEGAN - timedelta(days=3),
        modified_at=BEGAN - timedelta(minutes=12),
    )
    assert context.missing == (Missing(what="endpoint configuration", why="access denied"),)


def test_tags_tell_what_an_alarm_without_dimensions_is_about(aws: FakeAws) -> None:
    """A composite alarm names no endpoint; its tags do."""
    alert, context = enrich(replace(ALERT, resource=None, metric=None), SETTINGS, clients(aws))
    assert alert.resource == RANKER
    assert context.endpoint is not None


def test_tags_are_read_once(aws: FakeAws) -> None:
    """Two alerts of one alarm within five minutes ask for its tags once."""
    for _ in range(2):
        enrich(ALERT, SETTINGS, clients(aws))
    assert len(aws.called("list_tags_for_resource")) == 1


def test_windows_hang_on_the_alert_not_on_the_clock(aws: FakeAws) -> None:
    """Metrics, logs and chart of an old alert are asked for around the alert's own time, in one metric call."""
    enrich(ALERT, SETTINGS, clients(aws))
    (metrics,) = aws.called("get_metric_data")
    assert metrics["StartTime"] == BEGAN - timedelta(minutes=30)
    assert metrics["EndTime"] == datetime(2026, 11, 23, 14, 12, tzinfo=UTC)
    (search,) = aws.called("filter_log_events")
    assert search["logStreamNamePrefix"] == "AllTraffic/"
    assert search["startTime"] == int((BEGAN - timedelta(minutes=5)).timestamp() * 1000)
    widget = json.loads(aws.called("get_metric_widget_image")[0]["MetricWidget"])
    assert (widget["start"], widget["end"]) == ("2026-11-23T13:08:00Z", "2026-11-23T14:16:04Z")


def test_signals_are_figures_a_person_reads(aws: FakeAws) -> None:
    """Errors as a share of all requests, latency in milliseconds, traffic a minute: before and since it began."""
    _, context = enrich(ALERT, SETTINGS, clients(aws))
    told = {s.name: (s.unit, s.before, s.after) for s in context.signals}
    assert told["Requests"] == ("/min", 100, 100)
    assert told["Errors"] == ("%", 0, 32)
    unit, *figures = told["Latency p99"]
    assert unit == "ms"
    assert figures == pytest.approx([210, 1850])


def test_errors_count_once_and_not_the_clients() -> None:
    """A model's 5xx is in two metrics, its 4xx in the model errors: 10 failures and 5 refusals of 100 are 10 %."""
    at = [BEGAN]
    raw = {
        "invocations": dict.fromkeys(at, 100.0),
        "server_errors": dict.fromkeys(at, 8.0),
        "model_errors": dict.fromkeys(at, 15.0),
        "client_errors": dict.fromkeys(at, 5.0),
    }
    told = {s.name: s.after for s in signals.summarize(ALERT, raw, {})[0]}
    assert (told["Errors"], told["Client errors (4xx)"]) == (10, 5)


def test_sums_over_gpus_and_cores_become_percent() -> None:
    """The tags count 4 GPUs and 48 vCPUs: 200 and 2400 are both 50 %."""
    raw = {"gpu": {BEGAN: 200.0}, "gpu_memory": {BEGAN: 100.0}, "cpu": {BEGAN: 2400.0}}
    told, missing = signals.summarize(ALERT, raw, {"endpointwatch:gpus": "4", "endpointwatch:vcpus": "48"})
    assert {s.name: s.after for s in told} == {"GPU": 50, "GPU memory": 25, "CPU": 50}
    assert missing == ()


@pytest.mark.parametrize("tagged", [{}, {"endpointwatch:gpus": "0"}, {"endpointwatch:gpus": "many"}])
def test_a_sum_over_an_unknown_number_is_left_out_and_named(tagged: dict[str, str]) -> None:
    """380 % of a GPU would mislead; memory is a percentage of its own. What has no data is not missed."""
    raw = {"gpu": {BEGAN: 380.0}, "memory": {BEGAN: 61.0}}
    told, missing = signals.summarize(ALERT, raw, tagged)
    assert [(s.name, s.after) for s in told] == [("Memory", 61)]
    assert missing == (Missing(what="GPU and GPU memory", why="number of GPUs unknown"),)


def test_unread_tags_leave_the_sums_out(aws: FakeAws) -> None:
    """The tags are refused: the page goes out without GPU and CPU, and says so."""
    aws.answers["list_tags_for_resource"] = client_error("AccessDenied")
    gpu = {"Id": "gpu", "Timestamps": [BEGAN], "Values": [380]}
    aws.answers["get_metric_data"] = {"MetricDataResults": [gpu]}
    _, context = enrich(ALERT, SETTINGS, clients(aws))
    assert set(context.missing) == {
        Missing(what="alarm tags", why="access denied"),
        Missing(what="GPU and GPU memory", why="number of GPUs unknown"),
    }
    assert context.signals == ()


def test_a_sparkline_shows_height_and_gaps() -> None:
    """The greatest value is a full block, no data a dot, and it has one character a slice."""
    start, end = BEGAN, BEGAN + timedelta(minutes=16)
    line = signals.sparkline({BEGAN: 0.0, BEGAN + timedelta(minutes=15): 9.0}, start, end)
    assert line == "▁" + "·" * 14 + "█"
    assert signals.sparkline({}, start, end) == ""


def test_log_lines_are_few_distinct_and_clean() -> None:
    """Lines alike but for numbers count once, metric lines (EMF) and blanks are left out; order stays, secrets do not."""
    events = [(i, f"ERROR input of {i} bytes") for i in range(40)]
    events += [(50, '{"_aws": {}, "ModelErrors": 1}'), (51, "  "), (60, "Exception: token AKIAABCDEFGHIJKLMNOP")]
    assert [line.text for line in logs.last_lines(events)] == [
        "ERROR input of 39 bytes  (40 alike)",
        "Exception: token [redacted AWS key]",
    ]
    many = [(i, f"ERROR {'abcdefgh'[i]}") for i in range(8)]
    assert [line.text for line in logs.last_lines(many)] == [f"ERROR {c}" for c in "defgh"]


def test_a_stack_trace_is_told_by_its_last_line() -> None:
    """Where it happened is for the log; unless there is nothing else to tell."""
    trace = [(1, "Traceback (most recent call last):"), (2, "    raise ValueError(x)"), (3, "ValueError: too long")]
    assert [line.text for line in logs.last_lines(trace)] == ["ValueError: too long"]
    assert [line.text for line in logs.last_lines(trace[:2])] == [
        "Traceback (most recent call last):",
        "raise ValueError(x)",
    ]


def drawn(alert: Alert, tags: Mapping[str, str]) -> Any:
    """The widget of an alert whose alarm has these tags."""
    assert alert.metric is not None
    return chart.widget(alert, alert.metric, unit_of(alert.metric, tags))


def test_the_chart_is_in_the_unit_a_person_reads() -> None:
    """A latency alarm is drawn in milliseconds: metric hidden, its thousandth shown, threshold to match, start marked."""
    trigger = samples.metric_trigger("ModelLatency", threshold=400_000.0, ExtendedStatistic="p99", Statistic=None)
    widget = drawn(one(samples.envelope(samples.sns_alarm(Trigger=trigger))), {})
    assert [line[-1]["visible"] for line in widget["metrics"][:1]] == [False]
    assert widget["metrics"][1][0] == {"id": "shown", "expression": "m1*0.001", "label": "ModelLatency p99 (ms)"}
    assert widget["annotations"]["horizontal"][0]["value"] == pytest.approx(400)
    assert widget["annotations"]["vertical"][0]["value"] == "2026-11-23T14:08:04Z", "three minutes before the change"


def test_a_line_of_the_chart_has_one_unit() -> None:
    """The label's own unit gives way to the one that is drawn."""
    (shown,) = [
        line[0] for line in drawn(ALERT, {})["metrics"] if line[0] != "AWS/SageMaker" and line[0]["id"] == "shown"
    ]
    assert shown == {"id": "shown", "expression": "value*100", "label": "failed requests (%)"}


def test_the_chart_waits_for_the_tags_but_not_for_long(aws: FakeAws, hang: Callable[..., Any]) -> None:
    """Their unit is used when they come in time; when they hang, the chart is drawn by the metric's name."""
    trigger = samples.metric_trigger("ModelLatency", threshold=400_000.0)
    alert = one(samples.envelope(samples.sns_alarm(Trigger=trigger)))
    labels = []
    for fetched in ({"Tags": [{"Key": "endpointwatch:unit", "Value": "count"}]}, hang):
        aws.answers["list_tags_for_resource"] = fetched
        enrich(alert, SETTINGS, clients(aws))
        widget = json.loads(aws.called("get_metric_widget_image")[-1]["MetricWidget"])
        labels.append(widget["annotations"]["horizontal"][0]["label"])
        tags._cache.clear()
    assert labels == ["alarm at 4e+05", "alarm at 400 ms"]


def test_links_are_encoded_and_only_to_the_web() -> None:
    """Names with blanks and slashes survive the console's double encoding; a runbook that is no URL is no link."""
    told = {
        link.text: link.href
        for link in links.links(
            replace(ALERT, name="a b/c"), RANKER, {"runbook": "javascript:alert(1)", "endpointwatch:dashboard": "x y"}
        )
    }
    assert "Runbook" not in told
    assert told["Alarm"].endswith("#alarmsV2:alarm/a%20b%2Fc")
    assert told["Logs"].endswith("log-group/$252Faws$252Fsagemaker$252FEndpoints$252Franker")
    assert told["Dashboard"].endswith("#dashboards/dashboard/x%20y")


def test_no_context_is_asked_for_where_there_is_nothing_to_ask() -> None:
    """An unknown message costs no call."""
    aws = FakeAws()
    _, context = enrich(one("help"), SETTINGS, clients(aws))
    assert (aws.calls, context.missing) == ([], ())
    assert one("help").state is State.ALARM
