"""Every message shape becomes alerts, and nothing raises."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from alert_common.alert import Child, Kind, Resource, Severity, State
from alert_enricher.parse import parse
from tests.conftest import FIXTURES, needs_fixtures
from tests.unit.functions import samples
from tests.unit.functions.fuzz import check
from tests.unit.functions.samples import NOW, event, one


def test_an_sns_alarm_is_read_whole() -> None:
    """Identity, state, time, what is wrong, what to do first, figures and resource come out of the SNS message."""
    alert = one(samples.envelope(samples.sns_alarm()))
    assert alert.kind is Kind.METRIC_ALARM
    assert alert.understood
    assert (alert.name, alert.arn) == (samples.NAME, samples.ARN)
    assert (alert.account, alert.region) == (samples.ACCOUNT, samples.REGION), "the ARN's codes, not the region's name"
    assert (alert.state, alert.previous_state) == (State.ALARM, State.OK)
    assert alert.at == NOW
    assert alert.since == datetime(2026, 11, 23, 14, 8, tzinfo=UTC), "start of the oldest breaching minute"
    assert alert.description == "Far more requests fail than the objective allows."
    assert alert.first_action.startswith("look at the last error lines")
    assert alert.resource == Resource(kind="endpoint", name="ranker", variant="AllTraffic")
    assert alert.topic == samples.TOPIC
    assert alert.metric is not None
    assert (alert.metric.threshold, alert.metric.comparison) == (0.0144, "GreaterThanThreshold")
    assert (alert.metric.datapoints_to_alarm, alert.metric.evaluation_periods) == (3, 5)
    assert alert.metric.values == (0.3124, 0.298, 0.051)
    assert alert.metric.subject is not None
    assert alert.metric.subject.name == "InvocationModelErrors", "not the Invocations that only guard it"


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(samples.envelope(samples.sns_alarm()), id="SNS envelope in a queue"),
        pytest.param(json.dumps(samples.sns_alarm()), id="raw delivery in a queue"),
        pytest.param({"Records": [{"Sns": json.loads(samples.envelope(samples.sns_alarm()))}]}, id="SNS calls Lambda"),
        pytest.param(json.dumps(samples.event_alarm()), id="EventBridge"),
        pytest.param(samples.direct_alarm(), id="direct action"),
    ],
)
def test_one_transition_is_the_same_whichever_way_it_comes(payload: object) -> None:
    """SNS, EventBridge and a direct action agree on identity, state and time, so that they make one page."""
    alert = one(payload)
    assert alert.dedup_key == one(samples.envelope(samples.sns_alarm())).dedup_key
    assert (alert.state, alert.at, alert.since) == (State.ALARM, NOW, datetime(2026, 11, 23, 14, 8, tzinfo=UTC))
    assert alert.resource == Resource(kind="endpoint", name="ranker", variant="AllTraffic")
    assert alert.metric is not None
    assert (alert.metric.value, alert.metric.threshold) == (0.3124, 0.0144)


def test_a_plain_metric_alarm_keeps_statistic_and_old_style_missing_data() -> None:
    """`AVERAGE` becomes GetMetricData's `Average`, and "- TreatMissingData:   notBreaching" its value."""
    alert = one(samples.envelope(samples.sns_alarm(Trigger=samples.metric_trigger("OverheadLatency", threshold=5e4))))
    assert alert.metric is not None
    assert alert.metric.watched is not None
    assert alert.metric.watched.statistic == "Average"
    assert alert.metric.treat_missing_data == "notBreaching"


def test_a_percentile_alarm_keeps_its_statistic() -> None:
    """An extended statistic is read from either of the two fields that carry it."""
    for carried in ({"Statistic": "p99"}, {"ExtendedStatistic": "p99", "Statistic": None}):
        trigger = samples.metric_trigger("ModelLatency", threshold=4e5, StatisticType="ExtendedStatistic", **carried)
        alert = one(samples.envelope(samples.sns_alarm(Trigger=trigger)))
        assert alert.metric is not None
        assert alert.metric.subject is not None
        assert alert.metric.subject.statistic == "p99"


def test_an_anomaly_alarm_has_a_band_instead_of_a_threshold() -> None:
    """The band comes from the reason; the band's own expression is not what is watched."""
    trigger = {
        "Period": 60,
        "EvaluationPeriods": 1,
        "ComparisonOperator": "LessThanLowerOrGreaterThanUpperThreshold",
        "ThresholdMetricId": "ad1",
        "Metrics": [
            {"Id": "ad1", "Expression": "ANOMALY_DETECTION_BAND(m1, 2)", "Label": "expected", "ReturnData": True},
            {
                "Id": "m1",
                "MetricStat": {
                    "Metric": {"Namespace": "AWS/SageMaker", "MetricName": "Invocations", "Dimensions": []},
                    "Period": 60,
                    "Stat": "Sum",
                },
                "ReturnData": True,
            },
        ],
    }
    reason = (
        "Thresholds Crossed: 1 out of the last 1 datapoints [0.0 (23/11/26 14:10:00)] was less than the lower thresholds "
        "[20.5] or greater than the upper thresholds [30.25] (minimum 1 datapoint for OK -> ALARM transition)."
    )
    alert = one(samples.envelope(samples.sns_alarm(Trigger=trigger, NewStateReason=reason)))
    assert alert.metric is not None
    assert (alert.metric.threshold, alert.metric.band, alert.metric.value) == (None, (20.5, 30.25), 0.0)
    assert alert.metric.watched is not None
    assert alert.metric.watched.id == "m1"


def test_a_composite_alarm_has_children_and_no_metric() -> None:
    """A composite message has a rule and triggering children but no Trigger."""
    message = samples.sns_alarm(
        AlarmRule="ALARM(a) OR ALARM(b)",
        TriggeringChildren=[{"Arn": "arn:aws:cloudwatch:eu-west-1:1:alarm:a", "State": {"Value": "ALARM"}}],
    )
    del message["Trigger"]
    alert = one(samples.envelope(message))
    assert (alert.kind, alert.metric, alert.rule) == (Kind.COMPOSITE_ALARM, None, "ALARM(a) OR ALARM(b)")
    assert alert.children == (Child(arn="arn:aws:cloudwatch:eu-west-1:1:alarm:a", state="ALARM"),)
    assert alert.children[0].name == "a"


def test_a_suppressed_alarm_says_by_what() -> None:
    """`actionsSuppressedBy` of the new state is kept."""
    states = samples.direct_alarm()["alarmData"]
    suppressed = {**states["state"], "actionsSuppressedBy": "WaitPeriod"}
    assert one({**samples.direct_alarm(), "alarmData": {**states, "state": suppressed}}).suppressed_by == "WaitPeriod"


def test_a_log_alarm_keeps_its_query_and_groups() -> None:
    """A log alarm's message has log groups and a query."""
    trigger = {"LogGroups": ["/aws/sagemaker/Endpoints/ranker"], "QueryString": "filter @message like /CUDA/"}
    alert = one(samples.envelope(samples.sns_alarm(Trigger=trigger)))
    assert (alert.kind, alert.rule) == (Kind.LOG_ALARM, "filter @message like /CUDA/")
    assert alert.log_groups == ("/aws/sagemaker/Endpoints/ranker",)


def test_old_and_sparse_messages_are_alarms_too() -> None:
    """A null description, no ARN, no reason and unknown fields still make an alarm with a stable identity."""
    message = samples.sns_alarm(AlarmDescription=None, NewStateReason=None, Brand="new")
    del message["AlarmArn"]
    alert = one(samples.envelope(message))
    assert alert.understood
    assert (alert.description, alert.first_action) == ("", "")
    assert alert.dedup_key == one(samples.envelope({**message, "NewStateValue": "OK"})).dedup_key
    assert alert.since == NOW, "nothing says that it began before"


def test_missing_data_began_as_far_back_as_the_alarm_looked() -> None:
    """No datapoints were received: M periods back; a state set by hand began when it was set."""
    reason = "Threshold Crossed: no datapoints were received for 3 periods and 3 missing datapoints were treated as [Breaching]."
    for told, began in ((reason, NOW - timedelta(minutes=3)), ("a test", NOW)):
        assert one(samples.envelope(samples.sns_alarm(NewStateReason=told))).since == began


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-11-23T14:11:04.250+0000", NOW),
        (1795443064250, NOW),
        ("1795443064250", NOW),
        (1795443064.25, NOW),
        ("Mon, 23 Nov 2026 14:11:04 GMT", NOW.replace(microsecond=0)),
        ("date", datetime(2026, 11, 23, 14, 11, 4, 300_000, tzinfo=UTC)),
        (None, datetime(2026, 11, 23, 14, 11, 4, 300_000, tzinfo=UTC)),
    ],
)
def test_times_are_read_in_every_form(written: object, meant: datetime) -> None:
    """ISO, epoch (number or text, seconds or milliseconds) and RFC 2822; else the envelope's own time stands in."""
    assert one(samples.envelope(samples.sns_alarm(StateChangeTime=written))).at == meant


@pytest.mark.parametrize(
    ("status", "state", "severity"),
    [
        ("IN_SERVICE", State.OK, None),
        ("InService", State.OK, None),
        ("FAILED", State.ALARM, Severity.CRITICAL),
        ("OUT_OF_SERVICE", State.ALARM, Severity.CRITICAL),
        ("ROLLING_BACK", State.ALARM, Severity.WARNING),
        ("UPDATING", State.EVENT, None),
    ],
)
def test_endpoint_statuses_have_a_meaning(status: str, state: State, severity: Severity | None) -> None:
    """Failing statuses alarm, IN_SERVICE is OK (however it is written), steps are events."""
    alert = one(event("SageMaker Endpoint State Change", {"EndpointName": "ranker", "EndpointStatus": status}))
    assert (alert.kind, alert.state) == (Kind.ENDPOINT, state)
    assert alert.resource == Resource(kind="endpoint", name="ranker")
    assert severity in (None, alert.severity)


def test_a_deployment_says_from_which_config_to_which() -> None:
    """The deployment event names the running and the pending config."""
    detail = {
        "EndpointName": "ranker",
        "EndpointStatus": "UPDATING",
        "EndpointConfigName": "old",
        "PendingDeploymentSummary": {
            "EndpointConfigName": "new",
            "ProductionVariants": [{"VariantStatus": [{"Status": "Baking", "StatusMessage": "Baking for 600 s"}]}],
        },
    }
    for name in ("SageMaker Endpoint Deployment", "SageMaker Endpoint Deployment State Change"):
        alert = one(event(name, detail, time=1795443064250))
        assert (alert.kind, alert.state, alert.at) == (Kind.DEPLOYMENT, State.EVENT, NOW)
        assert (alert.description, alert.status) == ("endpoint config old → new", "UPDATING Baking")


@pytest.mark.parametrize(
    ("status", "state"), [("Failed", State.ALARM), ("Completed", State.EVENT), ("Stopped", State.EVENT)]
)
def test_only_a_failed_job_alarms(status: str, state: State) -> None:
    """A completed or stopped job is an event."""
    detail = {"TrainingJobName": "nightly", "TrainingJobStatus": status, "FailureReason": "OOM"}
    alert = one(event("SageMaker Training Job State Change", detail))
    assert (alert.kind, alert.state, alert.reason) == (Kind.JOB, state, "OOM")
    assert alert.resource == Resource(kind="training-job", name="nightly")


@pytest.mark.parametrize(
    ("category", "status", "state"),
    [("issue", "open", State.ALARM), ("issue", "closed", State.OK), ("scheduledChange", "open", State.EVENT)],
)
def test_health_issues_alarm_until_closed(category: str, status: str, state: State) -> None:
    """An AWS Health issue alarms, its closing is OK under the same key, a scheduled change is an event."""
    detail = {
        "eventArn": "arn:aws:health:eu-west-1::event/X",
        "service": "SAGEMAKER",
        "eventTypeCode": "AWS_SAGEMAKER_OPERATIONAL_ISSUE",
        "eventTypeCategory": category,
        "statusCode": status,
        "eventDescription": [{"language": "en_US", "latestDescription": "Elevated latencies. More."}],
    }
    alert = one(event("AWS Health Event", detail, source="aws.health"))
    assert (alert.kind, alert.state, alert.arn) == (Kind.HEALTH, state, detail["eventArn"])


def test_every_alert_of_an_alertmanager_group_stands_for_itself() -> None:
    """Each alert of the group has its own fingerprint, state and time."""
    base = {
        "labels": {"alertname": "GpuXid", "cluster": "inference", "severity": "critical"},
        "annotations": {"summary": "XID 79"},
    }
    firing = {
        **base,
        "status": "firing",
        "startsAt": "2026-11-23T14:00:00Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "fingerprint": "a",
    }
    over = {
        **base,
        "status": "resolved",
        "startsAt": "2026-11-23T13:00:00Z",
        "endsAt": "2026-11-23T14:05:00Z",
        "fingerprint": "b",
    }
    group = {"version": "4", "status": "firing", "receiver": "sns", "groupKey": "{}", "alerts": [firing, over]}
    first, second = parse(samples.envelope(group), received=NOW)
    assert (first.state, first.at, first.severity) == (
        State.ALARM,
        datetime(2026, 11, 23, 14, tzinfo=UTC),
        Severity.CRITICAL,
    )
    assert (second.state, second.at) == (State.OK, datetime(2026, 11, 23, 14, 5, tzinfo=UTC))
    assert first.resource == Resource(kind="cluster", name="inference")
    assert first.dedup_key != second.dedup_key


@pytest.mark.parametrize(("status", "state"), [("Completed", State.EVENT), ("Failed", State.ALARM)])
def test_async_inference_errors_alarm(status: str, state: State) -> None:
    """Success is an event, failure an alert about that invocation."""
    message = {
        "awsRegion": "eu-west-1",
        "eventTime": "2026-11-23T14:11:04.250Z",
        "invocationStatus": status,
        "failureReason": "ClientError: timed out",
        "requestParameters": {"endpointName": "ranker", "inputLocation": "s3://bucket/in"},
        "inferenceId": "1",
        "eventSource": "aws:sagemaker",
        "eventName": "InferenceResult",
    }
    alert = one(samples.envelope(message))
    assert (alert.kind, alert.state, alert.at) == (Kind.ASYNC_INFERENCE, state, NOW)


def test_a_test_notification_is_an_event() -> None:
    """The test that SageMaker sends first is neither an alert nor unknown."""
    alert = one(samples.envelope({"eventSource": "aws:sagemaker", "eventName": "TestNotification"}))
    assert (alert.kind, alert.state) == (Kind.ASYNC_INFERENCE, State.EVENT)


@pytest.mark.parametrize("payload", ["Hello from SNS!", '{"hello": 1}', "[1, 2]", "null", "", None, 7, {"detail": 3}])
def test_anything_else_is_delivered_raw(payload: object) -> None:
    """What nobody knows becomes an alert that says so and carries the text, and it pages."""
    alert = one(payload, message_id="m-1")
    assert (alert.kind, alert.understood, alert.state) == (Kind.UNKNOWN, False, State.ALARM)
    assert alert.raw == (payload if isinstance(payload, str) else json.dumps(payload))


def test_unknown_messages_of_one_text_are_two_alerts() -> None:
    """The message id tells them apart; the same message delivered twice stays one."""
    first, second, again = (one("help", message_id=id).dedup_key for id in ("1", "2", "1"))
    assert first != second
    assert first == again


def test_figures_that_json_cannot_carry_are_left_out() -> None:
    """A number too large for a float, in the reason or its data, neither raises nor travels as infinity."""
    huge = "1 datapoint [1e999 (23/11/26 14:10:00)] was greater than the threshold (1e999)."
    states = {"state": {"value": "ALARM", "reason": huge, "reasonData": {"recentDatapoints": [10**400, 2]}}}
    alert = one(json.dumps(samples.event_alarm(**states)))
    assert alert.understood
    assert alert.metric is not None
    assert (alert.metric.values, alert.metric.threshold) == ((2.0,), None)
    check((alert,))


@needs_fixtures
def test_recorded_payloads_are_understood_or_raw() -> None:
    """Payloads recorded by others are understood where they are alerts, and none raises."""
    for path in sorted(FIXTURES.glob("*/*.json")):
        payload = json.loads(path.read_text())
        recorded = payload.get("recorded-content", {"": payload})
        for body in recorded.values():
            for carried in (body, json.dumps(body), samples.envelope(body)):
                alerts = parse(carried, received=NOW)
                check(alerts)
                strange = path.parent.name == "vendors" and "webhook" not in path.name
                strange = strange or path.name == "sns-event.json" or "MetricAlarms" in body
                assert all(a.understood is not strange for a in alerts), path


def test_a_state_that_nobody_knows_is_not_understood() -> None:
    """It is told raw, at the severity of its topic, and not as a notice among others."""
    alert = one(samples.envelope(samples.sns_alarm(NewStateValue="MELTED")))
    assert (alert.understood, alert.state) == (False, State.ALARM)
