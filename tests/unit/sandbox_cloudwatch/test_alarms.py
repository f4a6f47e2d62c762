"""Alarms from PutMetricAlarm to their actions, at a clock the test sets."""

import json
from typing import Any
from urllib.parse import urlencode

import cbor2
import pytest
from ministack.services import cloudwatch as ministack_cloudwatch

from sandbox.aws.cloudwatch import overlay, unimplemented_properties
from sandbox.aws.cloudwatch.wire import Request, ServiceError
from sandbox.clock import Clock
from tests.unit.sandbox_cloudwatch.conftest import T0, Account

ALARM: dict[str, Any] = {
    "AlarmName": "errors",
    "Namespace": "N",
    "MetricName": "M",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 0.0,
    "ComparisonOperator": "GreaterThanThreshold",
    "AlarmActions": ["arn:aws:sns:us-east-1:000000000000:topic"],
}
SNS = tuple(ALARM["AlarmActions"])
NO_METRIC: dict[str, Any] = dict.fromkeys(("Namespace", "MetricName", "Statistic", "Period"))
METRIC = {"Metric": {"Namespace": "N", "MetricName": "M"}, "Period": 60, "Stat": "Sum"}
PROMQL = (
    NO_METRIC
    | dict.fromkeys(("EvaluationPeriods", "Threshold", "ComparisonOperator"))
    | {"EvaluationCriteria": {"PromQLCriteria": {"Query": "up == 0"}}, "EvaluationInterval": 60}
)


def of_expression(text: str, **others: Any) -> dict[str, Any]:
    """What makes ALARM one on an expression, in which `m` is its metric."""
    queries = [{"Id": "m", "MetricStat": METRIC, "ReturnData": False}, {"Id": "e", "Expression": text}]
    return NO_METRIC | {"Metrics": queries} | others


def test_evaluates_only_at_its_boundaries_and_stamps_them(account: Account) -> None:
    """A 60 s alarm changes at the minute, with that minute as its time, not when the sample came."""
    account.call("PutMetricAlarm", **ALARM)
    account.put("M", 1, 5)
    account.walk(0, 50)
    assert account.state("errors") == "INSUFFICIENT_DATA"
    account.walk(50, 60)
    assert account.acted == [(60, "errors", "ALARM", SNS)]


def test_high_resolution_alarm_is_evaluated_every_ten_seconds(account: Account) -> None:
    """A 10 s alarm changes ten seconds after the sample's period began."""
    account.call("PutMetricAlarm", **ALARM | {"Period": 10})
    account.put("M", 1, 5)
    account.walk(0, 10)
    assert account.state("errors") == "ALARM"


def test_long_periods_roll(account: Account) -> None:
    """A five-minute alarm is evaluated each minute on the five minutes before it, not on aligned periods."""
    account.call("PutMetricAlarm", **ALARM | {"Period": 300, "TreatMissingData": "notBreaching"})
    account.put("M", 1, 130)
    account.walk(0, 180)
    assert account.acted[-1] == (180, "errors", "ALARM", SNS)


def test_an_update_keeps_the_state(account: Account) -> None:
    """PutMetricAlarm on an alarm that exists changes its configuration and nothing else."""
    account.call("PutMetricAlarm", **ALARM)
    account.call("SetAlarmState", AlarmName="errors", StateValue="ALARM", StateReason="test")
    account.call("PutMetricAlarm", **ALARM | {"Threshold": 9.0})
    [alarm] = account.call("DescribeAlarms")["MetricAlarms"]
    assert (alarm["StateValue"], alarm["StateReason"], alarm["Threshold"]) == ("ALARM", "test", 9.0)


def test_disabled_actions_change_the_state_only(account: Account) -> None:
    """DisableAlarmActions stops actions, not transitions or their events; EnableAlarmActions starts them again."""
    account.call("PutMetricAlarm", **ALARM)
    account.call("DisableAlarmActions", AlarmNames=["errors"])
    account.call("SetAlarmState", AlarmName="errors", StateValue="ALARM", StateReason="test")
    account.call("EnableAlarmActions", AlarmNames=["errors"])
    account.call("SetAlarmState", AlarmName="errors", StateValue="OK", StateReason="test")
    account.call("SetAlarmState", AlarmName="errors", StateValue="ALARM", StateReason="test")
    assert [actions for *_, actions in account.acted] == [(), (), SNS]


def test_the_same_state_again_runs_nothing(account: Account) -> None:
    """Actions run on transitions only."""
    account.call("PutMetricAlarm", **ALARM)
    for _ in range(2):
        account.call("SetAlarmState", AlarmName="errors", StateValue="ALARM", StateReason="test")
    assert len(account.acted) == 1


def test_times_of_transitions_never_go_back(account: Account) -> None:
    """An evaluation for a boundary that comes after a client's later change is stamped as that change."""
    account.at(62)
    account.call("PutMetricAlarm", **ALARM)
    account.call("SetAlarmState", AlarmName="errors", StateValue="OK", StateReason="test")
    account.put("M", 1, 5)
    account.evaluator.evaluate_all(T0 + 60)
    assert [(at, state) for at, _, state, _ in account.acted] == [(62, "OK"), (62, "ALARM")]


def test_unit_must_be_the_one_published(account: Account) -> None:
    """An alarm in another unit than the metric's has no data."""
    account.call("PutMetricAlarm", **ALARM | {"Unit": "Seconds"})
    account.put("M", 1, 5)
    account.walk(0, 60)
    assert account.state("errors") == "INSUFFICIENT_DATA"


def composite(account: Account, **members: Any) -> None:
    """Children a and b, deployment as a possible suppressor, and the composite `service`."""
    for name in ("a", "b", "deployment"):
        account.call("PutMetricAlarm", **ALARM | {"AlarmName": name, "AlarmActions": []})
        account.call("SetAlarmState", AlarmName=name, StateValue="OK", StateReason="test")
    rule = {"AlarmName": "service", "AlarmRule": "ALARM(a) OR ALARM(b)", "AlarmActions": list(SNS)}
    account.call("PutCompositeAlarm", **rule | members)
    account.acted.clear()


def change(account: Account, second: float, name: str, state: str) -> None:
    """Set the state of an alarm so many seconds after T0."""
    account.at(second)
    account.call("SetAlarmState", AlarmName=name, StateValue=state, StateReason="test")


def test_composite_follows_at_once_and_names_the_child(account: Account) -> None:
    """A composite changes with its child, at the same moment, and says which child it was."""
    composite(account)
    change(account, 3, "b", "ALARM")
    assert account.acted[-1] == (3, "service", "ALARM", SNS)
    [alarm] = account.call("DescribeAlarms", AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert alarm["StateReason"].startswith(
        "arn:aws:cloudwatch:us-east-1:000000000000:alarm:b transitioned to ALARM at "
    )
    [child] = json.loads(alarm["StateReasonData"])["triggeringAlarms"]
    assert child["arn"].endswith(":alarm:b")
    change(account, 4, "a", "ALARM")
    assert len([name for _, name, *_ in account.acted if name == "service"]) == 1


@pytest.mark.parametrize(
    ("changes", "acted"),
    [
        ([(2, "a", "ALARM")], [4]),
        ([(2, "a", "ALARM"), (3, "deployment", "ALARM")], []),
        ([(1, "deployment", "ALARM"), (2, "a", "ALARM")], []),
        ([(2, "a", "ALARM"), (3, "deployment", "ALARM"), (6, "deployment", "OK")], [9]),
    ],
)
def test_suppressor_holds_actions_back(account: Account, changes: list[tuple[int, str, str]], acted: list[int]) -> None:
    """With a wait of 2 s and an extension of 3 s, actions run at the very second CloudWatch documents."""
    composite(
        account,
        ActionsSuppressor="deployment",
        ActionsSuppressorWaitPeriod=2,
        ActionsSuppressorExtensionPeriod=3,
    )
    account.overlay.book.advance(account.at(0.5))
    for second, name, state in changes:
        change(account, second, name, state)
    account.overlay.book.advance(account.at(60))
    assert [at for at, name, _, actions in account.acted if name == "service" and actions] == acted


def test_alarms_for_a_metric_are_those_on_it_alone(account: Account) -> None:
    """As in AWS: exact dimensions, filtered by statistic and period, and none whose expression only uses the metric."""
    dimensions = [{"Name": "EndpointName", "Value": "ranker"}, {"Name": "VariantName", "Value": "v"}]
    account.call("PutMetricAlarm", **ALARM | {"AlarmName": "plain"})
    account.call("PutMetricAlarm", **ALARM | {"AlarmName": "exact", "Dimensions": dimensions})
    stat = {"Metric": {"Namespace": "N", "MetricName": "M", "Dimensions": dimensions}, "Period": 60, "Stat": "Sum"}
    math = {key: value for key, value in ALARM.items() if key not in {"Namespace", "MetricName", "Statistic", "Period"}}
    queries = [{"Id": "m", "MetricStat": stat, "ReturnData": False}, {"Id": "e", "Expression": "m * 2"}]
    account.call("PutMetricAlarm", **math | {"AlarmName": "math", "Metrics": queries})

    def names(**request: Any) -> list[str]:
        found = account.call("DescribeAlarmsForMetric", Namespace="N", MetricName="M", **request)["MetricAlarms"]
        return [alarm["AlarmName"] for alarm in found]

    assert names() == ["plain"]
    assert names(Dimensions=dimensions[::-1]) == ["exact"]
    assert names(Dimensions=dimensions[:1]) == []
    assert names(Statistic="Sum", Period=60) == ["plain"]
    assert names(Statistic="Average") == []
    assert names(Period=300) == []


def test_composite_refuses_unknown_children_and_cycles(account: Account) -> None:
    """A rule must mention alarms that exist, and must not lead back to its own alarm."""
    composite(account)
    with pytest.raises(ServiceError, match=r"\[nobody\] in the alarm rule do not exist"):
        account.call("PutCompositeAlarm", AlarmName="x", AlarmRule="ALARM(nobody)")
    account.call("PutCompositeAlarm", AlarmName="outer", AlarmRule="ALARM(service)")
    with pytest.raises(ServiceError, match="leads back to itself"):
        account.call("PutCompositeAlarm", AlarmName="service", AlarmRule="ALARM(outer)")


def test_children_cannot_be_deleted_before_their_parent(account: Account) -> None:
    """DeleteAlarms refuses what a composite depends on, and deletes nothing then."""
    composite(account)
    with pytest.raises(ServiceError, match="Cannot delete b as there are composite"):
        account.call("DeleteAlarms", AlarmNames=["deployment", "b"])
    assert account.state("deployment") == "OK"
    account.call("DeleteAlarms", AlarmNames=["service"])
    account.call("DeleteAlarms", AlarmNames=["a", "b"])
    assert [alarm["AlarmName"] for alarm in account.call("DescribeAlarms")["MetricAlarms"]] == ["deployment"]


def test_describe_alarms_filters(account: Account) -> None:
    """By prefix, state, action, children and parents, in pages by name."""
    composite(account)
    change(account, 1, "a", "ALARM")

    def names(**request: Any) -> list[str]:
        found = account.call("DescribeAlarms", **request)
        return [alarm["AlarmName"] for alarm in found["MetricAlarms"] + found["CompositeAlarms"]]

    assert names(AlarmNamePrefix="dep") == ["deployment"]
    assert names(StateValue="ALARM", AlarmTypes=["MetricAlarm", "CompositeAlarm"]) == ["a", "service"]
    assert names(ActionPrefix="arn:aws:sns", AlarmTypes=["CompositeAlarm"]) == ["service"]
    assert names(ChildrenOfAlarmName="service") == ["a", "b"]
    assert names(ParentsOfAlarmName="b") == ["service"]
    assert names(MaxRecords=2) == ["a", "b"]
    assert names(NextToken=account.call("DescribeAlarms", MaxRecords=2)["NextToken"]) == ["deployment"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"Statistic": "Median"}, "alarm 'errors': Statistic: 'Median' is not supported"),
        ({"Period": 45}, "alarm 'errors': Period: 45 is not supported"),
        ({"EvaluationPeriods": 1500}, "Period x EvaluationPeriods: 90000 seconds, at most 86400"),
        ({"DatapointsToAlarm": 2}, "DatapointsToAlarm: 2 is not between 1 and EvaluationPeriods"),
        ({"ComparisonOperator": "GreaterThanUpperThreshold"}, "is not used with GreaterThanUpperThreshold"),
        ({"TreatMissingData": "zero"}, "alarm 'errors': TreatMissingData: 'zero' is not supported"),
        ({"MetricName": "m", "Metrics": [{"Id": "e", "Expression": "1"}]}, "not together with Metrics"),
        ({"MetricName": None}, "it needs MetricName and Namespace, or Metrics"),
        (of_expression("nobody"), "alarm 'errors': there is no metric or expression with the id 'nobody'"),
        (of_expression("[m, m]"), "several time series"),
        (PROMQL, "alarm 'errors': EvaluationCriteria is not supported by the sandbox"),
    ],
)
def test_bad_alarms_are_refused_by_name(account: Account, change: dict[str, Any], problem: str) -> None:
    """What is not valid, or not emulated, is refused when the alarm is put, with the alarm's name and the value."""
    with pytest.raises(ServiceError, match=problem.replace("(", r"\(").replace(")", r"\)")):
        account.call("PutMetricAlarm", **ALARM | change)


def test_properties_that_are_ignored_are_named() -> None:
    """The report of a deployment names properties and actions that the sandbox leaves out, and no others."""
    scaling = "arn:aws:autoscaling:us-east-1:000000000000:scalingPolicy:x"
    warm_up = {"WarmUpPeriodDurationInMinutes": 60}
    ignored = {"ActionConfiguration": {}, "OKActions": [scaling, {"Ref": "Topic"}]}
    props = ALARM | ignored | {"WarmUpConfiguration": warm_up}
    assert unimplemented_properties("AWS::CloudWatch::Alarm", props) == [
        "ActionConfiguration",
        f"OKActions: {scaling}",
    ]
    assert unimplemented_properties("AWS::CloudWatch::CompositeAlarm", {"AlarmRule": "TRUE"}) == []
    assert unimplemented_properties("AWS::SNS::Topic", {"TopicName": "x"}) == []


def request(protocol: str, operation: str, body: dict[str, Any]) -> Request:
    """The same call in one of the three protocols."""
    if protocol == "cbor":
        return Request(f"/service/X/operation/{operation}", {"smithy-protocol": "rpc-v2-cbor"}, cbor2.dumps(body), {})
    if protocol == "json":
        return Request("/", {"x-amz-target": f"X.{operation}"}, json.dumps(body).encode(), {})
    form = {
        "Action": operation,
        "AlarmName": body["AlarmName"],
        "Threshold": "1.5",
        "Dimensions.member.1.Name": "E",
        "Dimensions.member.1.Value": "x",
        "ActionsEnabled": "false",
    }
    return Request("/", {"content-type": "application/x-www-form-urlencoded"}, urlencode(form).encode(), {})


@pytest.mark.parametrize("protocol", ["cbor", "json", "query"])
def test_all_protocols_say_the_same(protocol: str) -> None:
    """One call decodes to one input, whichever protocol carries it."""
    body = {
        "AlarmName": "a",
        "Threshold": 1.5,
        "Dimensions": [{"Name": "E", "Value": "x"}],
        "ActionsEnabled": False,
    }
    decoded = request(protocol, "PutMetricAlarm", body)
    assert decoded.operation == "PutMetricAlarm"
    assert decoded.input == body


def test_answers_are_encoded_for_their_protocol() -> None:
    """Timestamps are CBOR tag 1, JSON numbers or ISO texts, and members that are unset are left out."""
    output = {
        "MetricAlarms": [{"AlarmName": "a<b", "StateUpdatedTimestamp": 1.5, "ActionsEnabled": True, "Unit": None}]
    }
    bodies = {
        protocol: request(protocol, "DescribeAlarms", {"AlarmName": "a"}).answer(output)[2]
        for protocol in ("cbor", "json", "query")
    }
    assert cbor2.loads(bodies["cbor"])["MetricAlarms"][0]["StateUpdatedTimestamp"].timestamp() == 1.5
    assert json.loads(bodies["json"])["MetricAlarms"][0] == {
        "AlarmName": "a<b",
        "StateUpdatedTimestamp": 1.5,
        "ActionsEnabled": True,
    }
    text = bodies["query"].decode()
    assert "<AlarmName>a&lt;b</AlarmName>" in text
    assert "1970-01-01T00:00:01.500000Z" in text
    assert "<ActionsEnabled>true</ActionsEnabled>" in text


def test_install_replaces_and_says_what_is_missing(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ministack without a name that is replaced is refused with that name and its version."""
    monkeypatch.delattr(ministack_cloudwatch, "_evaluate_all_alarms")
    with pytest.raises(
        RuntimeError, match=r"ministack 1\.\S+ has no ministack\.services\.cloudwatch\._evaluate_all_al"
    ):
        overlay.install(Clock())


def test_start_needs_the_installed_clock(account: Account) -> None:
    """Metrics and alarms share one clock, or nothing starts."""
    with pytest.raises(RuntimeError, match="needs the clock"):
        overlay.start(Clock())


def test_missing_member_is_named(account: Account) -> None:
    """A request without a required member is refused with the member's name, not with a crash."""
    status, _, body = account.overlay.answer(request("json", "SetAlarmState", {"AlarmName": "a", "StateValue": "OK"}))
    assert (status, b"StateReason is required" in body) == (400, True)
    nested = {"Namespace": "N", "MetricData": [{"Value": 1.0}]}
    status, _, body = account.overlay.answer(request("json", "PutMetricData", nested))
    assert (status, b"MetricData.MetricName is required" in body) == (400, True)


def test_data_outside_the_accepted_time_is_refused(account: Account) -> None:
    """Samples older than two weeks or over two hours ahead are refused with the metric's name."""
    for at in (T0 - 15 * 86_400, T0 + 3 * 3600):
        with pytest.raises(ServiceError, match="'M': Timestamp must lie between"):
            account.call(
                "PutMetricData", Namespace="N", MetricData=[{"MetricName": "M", "Value": 1.0, "Timestamp": at}]
            )
