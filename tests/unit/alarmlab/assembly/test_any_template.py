"""Whatever a template holds, it is read or refused."""

from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from alarmlab.assembly import read_resources

FUNCTIONS = (
    "Ref",
    "Condition",
    "Fn::Base64",
    "Fn::Equals",
    "Fn::FindInMap",
    "Fn::ForEach::x",
    "Fn::GetAtt",
    "Fn::If",
    "Fn::ImportValue",
    "Fn::Join",
    "Fn::Select",
    "Fn::Split",
    "Fn::Sub",
    "Fn::Transform",
)
TEXTS = ("A", "C", "A.Arn", "${A}", "${A.Arn}", "${", "/", "", "AWS::Region", "AWS::NoValue", "ALARM(A)", "p99", "60")
PROPERTIES = (
    "AlarmName",
    "AlarmRule",
    "ActionsSuppressor",
    "AlarmActions",
    "Dimensions",
    "EvaluationPeriods",
    "EvaluationWindow",
    "ExtendedStatistic",
    "Metrics",
    "Namespace",
    "Period",
    "Tags",
    "Threshold",
    "WarmUpConfiguration",
    "EvaluationCriteria",
    "MuteTargets",
    "Rule",
)
LATENCY: dict[str, Any] = {
    "Namespace": "Test",
    "MetricName": "Latency",
    "Statistic": "Average",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 1,
    "ComparisonOperator": "GreaterThanThreshold",
}

leaves = st.one_of(st.sampled_from(TEXTS), st.integers(-1, 90), st.booleans(), st.none(), st.floats(0, 2))
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.tuples(st.sampled_from(FUNCTIONS), inner).map(lambda pair: {pair[0]: pair[1]}),
        st.dictionaries(st.sampled_from(("Id", "Name", "Value", "MetricStat", "Schedule", *TEXTS)), inner, max_size=2),
    ),
    max_leaves=8,
)


@settings(deadline=None, max_examples=300)
@given(
    st.sampled_from(
        (
            "AWS::CloudWatch::Alarm",
            "AWS::CloudWatch::CompositeAlarm",
            "AWS::CloudWatch::AlarmMuteRule",
            "AWS::SQS::Queue",
        )
    ),
    st.dictionaries(st.sampled_from(PROPERTIES), values, max_size=3),
    values,
)
@example("AWS::CloudWatch::Alarm", {"AlarmName": {"Fn::Sub": ["${a}", {"a": {"Ref": "C"}}]}}, None)
def test_one_resource_never_stops_the_others(type_: str, properties: dict[str, Any], odd: Any) -> None:
    """An alarm is among those that were read or among those refused, with its name; the one beside it is not touched."""
    resource = {"Type": type_, "Properties": (LATENCY | properties) if type_.endswith("::Alarm") else properties}
    found = read_resources({"A": {"Type": "AWS::CloudWatch::Alarm", "Properties": LATENCY}, "C": resource, "D": odd})
    ids = {alarm.about.id for alarm in found.alarms}
    assert "A" in ids
    if type_.endswith("Alarm"):
        assert ("C" in ids) != ("C" in found.refused)
    assert all(repr(id) in str(error) for id, error in found.refused.items())
