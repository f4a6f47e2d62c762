"""Metric alarms from the members of PutMetricAlarm, with CloudWatch's own checks."""

from typing import Any

import pytest

from alarmlab.engine.dry_run import checked
from alarmlab.errors import InputError, UnsupportedError
from alarmlab.model.alarms import MetricAlarm, WarmUp
from alarmlab.model.metrics import MetricId, MetricQuery
from alarmlab.model.read import ALARM, read_alarm
from alarmlab.model.states import Missing

SINGLE: dict[str, Any] = {
    "Namespace": "AWS/SageMaker",
    "MetricName": "ModelLatency",
    "Dimensions": [{"Name": "VariantName", "Value": "AllTraffic"}, {"Name": "EndpointName", "Value": "ranker"}],
    "ExtendedStatistic": "p99",
    "Period": 60,
    "EvaluationPeriods": 5,
    "Threshold": 500_000,
    "ComparisonOperator": "GreaterThanThreshold",
}
NONE = object()


def metric(
    id: str = "m1", *, name: str = "Errors", period: Any = 60, stat: str = "Sum", **members: Any
) -> dict[str, Any]:
    """A query of a metric."""
    found = {"Metric": {"Namespace": "Test", "MetricName": name}, "Period": period, "Stat": stat}
    return {"Id": id, "MetricStat": found, "ReturnData": False, **members}


def expression(text: str, id: str = "e1", **members: Any) -> dict[str, Any]:
    """A query of an expression."""
    return {"Id": id, "Expression": text, **members}


def of(*queries: dict[str, Any], **properties: Any) -> dict[str, Any]:
    """The properties of an alarm on queries."""
    return {
        "Metrics": list(queries),
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        **properties,
    }


def read(properties: dict[str, Any], **changes: Any) -> MetricAlarm:
    """The alarm of these properties; `NONE` leaves one out."""
    members = {name: value for name, value in (properties | changes).items() if value is not NONE}
    found = checked(read_alarm(ALARM, members, id="Latency", stack="Shop"))
    assert isinstance(found, MetricAlarm)
    return found


def test_all_of_a_metric_alarm() -> None:
    """Every member is where the engine looks for it."""
    found = read(
        SINGLE,
        AlarmName="ranker/latency",
        AlarmDescription="It is slow.",
        DatapointsToAlarm=3,
        TreatMissingData="notBreaching",
        EvaluateLowSampleCountPercentile="ignore",
        Unit="Microseconds",
        WarmUpConfiguration={"WarmUpPeriodDurationInMinutes": 30, "OnlyStartEvaluatingAfterWarmUpPeriodEnds": True},
        EvaluationWindow={"SlidingWindow": {}},
        Tags=[{"Key": "team", "Value": "ml"}],
        AlarmActions=["a"],
        OKActions=["b"],
        InsufficientDataActions=["c"],
        ActionsEnabled=False,
    )
    metric_id = MetricId("AWS/SageMaker", "ModelLatency", (("EndpointName", "ranker"), ("VariantName", "AllTraffic")))
    assert found.queries == (MetricQuery(id="m", metric=metric_id, stat="p99", period=60, unit="Microseconds"),)
    assert found.returned == "m"
    settings = found.settings
    assert (settings.threshold, settings.evaluation_periods, settings.datapoints_to_alarm) == (500_000, 5, 3)
    assert (settings.period, settings.stat, settings.missing) == (60, "p99", Missing.NOT_BREACHING)
    assert settings.low_sample_ignore
    assert not settings.wall_clock
    assert found.warm_up == WarmUp(minutes=30, whole=True)
    about = found.about
    assert (about.id, about.name, about.stack, about.description) == (
        "Latency",
        "ranker/latency",
        "Shop",
        "It is slow.",
    )
    assert (about.tags, about.actions_enabled) == ({"team": "ml"}, False)
    assert (about.alarm_actions, about.ok_actions, about.insufficient_data_actions) == (("a",), ("b",), ("c",))


def test_defaults() -> None:
    """M is N, missing data are missing, actions run, the name is the id."""
    found = read(SINGLE)
    assert found.settings.datapoints_to_alarm == 5
    assert found.settings.missing is Missing.MISSING
    assert not found.settings.low_sample_ignore
    assert found.warm_up is None
    assert found.about.actions_enabled
    assert found.about.name == "Latency"


def test_texts_for_numbers() -> None:
    """CloudFormation takes numbers and truth values as texts."""
    found = read(
        SINGLE, Threshold="5e5", EvaluationPeriods="5", DatapointsToAlarm="2", Period="60", ActionsEnabled="False"
    )
    assert found.settings == read(SINGLE, DatapointsToAlarm=2).settings
    assert not found.about.actions_enabled
    assert read(of(metric(period="300", ReturnData="true"))).settings.period == 300


@pytest.mark.parametrize(
    ("namespace", "setting", "missing"),
    [
        ("AWS/DynamoDB", NONE, Missing.IGNORE),
        ("AWS/DynamoDB", "missing", Missing.MISSING),
        ("AWS/Lambda", NONE, Missing.MISSING),
    ],
)
def test_dynamodb_ignores_missing_data_by_default(namespace: str, setting: Any, missing: Missing) -> None:
    """Alarms on DynamoDB's metrics keep their state while data are missing, unless they say otherwise."""
    assert read(SINGLE, Namespace=namespace, TreatMissingData=setting).settings.missing is missing


def test_metric_math() -> None:
    """The expression returns the data, the metrics feed it; the period is theirs."""
    found = read(
        of(metric("errors", period=300), metric("all", name="Requests", period=300), expression("errors / all"))
    )
    assert (found.returned, found.settings.period, found.settings.stat) == ("e1", 300, "")
    assert [query.return_data for query in found.queries] == [False, False, True]


def test_band() -> None:
    """The metric is compared with the band; both may return data, and then only the metric counts."""
    properties = of(
        metric("m1", ReturnData=True),
        expression("ANOMALY_DETECTION_BAND(m1, 2)", "band"),
        ThresholdMetricId="band",
        ComparisonOperator="LessThanLowerOrGreaterThanUpperThreshold",
    )
    found = read(properties, Threshold=NONE)
    assert (found.returned, found.band, found.settings.threshold) == ("m1", "band", None)


def test_metrics_insights() -> None:
    """A query brings its own period."""
    found = read(of(expression('SELECT MAX(GPUUtilization) FROM "Test" GROUP BY Host', Period=300)))
    assert found.settings.period == 300


@pytest.mark.parametrize(
    ("window", "wall_clock"),
    [
        ({"WallClockWindow": {}}, True),
        ({"WallClockWindow": {"Timezone": "UTC"}}, True),
        ({"WallClockWindow": {"Timezone": "America/New_York"}}, True),
        ({"WallClockWindow": {"Timezone": "+02:00"}}, True),
        ({"WallClockWindow": {"Timezone": "Z"}}, True),
        ({"SlidingWindow": {}}, False),
    ],
)
def test_evaluation_window(window: dict[str, Any], wall_clock: bool) -> None:
    """Whole hours begin when UTC's do wherever clocks are whole hours off."""
    assert read(SINGLE, Period=3600, EvaluationWindow=window).settings.wall_clock is wall_clock


@pytest.mark.parametrize(
    ("period", "zone"), [(3600, "Asia/Kolkata"), (3600, "UTC+05:30"), (86_400, "Europe/Berlin"), (604_800, "-08:00")]
)
def test_other_clocks_are_not_supported(period: int, zone: str) -> None:
    """Where periods begin at other moments than in UTC, the alarm is refused by name."""
    window = {"WallClockWindow": {"Timezone": zone}}
    with pytest.raises(UnsupportedError, match=r"alarm 'Latency': EvaluationWindow.WallClockWindow.Timezone"):
        read(SINGLE, Period=period, EvaluationPeriods=1, EvaluationWindow=window)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"ComparisonOperator": NONE}, "ComparisonOperator is required"),
        ({"AlarmName": "red\x1b[31m"}, r"AlarmName: 'red\\x1b\[31m': control characters are not allowed"),
        (
            {"ComparisonOperator": "MoreThan"},
            "ComparisonOperator: 'MoreThan' is not supported: use GreaterThanThreshold",
        ),
        ({"EvaluationPeriods": NONE}, "EvaluationPeriods is required"),
        ({"EvaluationPeriods": 0}, "EvaluationPeriods: 0 is not at least 1"),
        ({"EvaluationPeriods": 1.5}, "EvaluationPeriods: 1.5 is not a whole number"),
        ({"EvaluationPeriods": "many"}, "EvaluationPeriods: 'many' is not a number"),
        ({"DatapointsToAlarm": 6}, "DatapointsToAlarm: 6 is not between 1 and EvaluationPeriods \\(5\\)"),
        ({"DatapointsToAlarm": 0}, "DatapointsToAlarm: 0 is not at least 1"),
        ({"Threshold": NONE}, "Threshold is required"),
        ({"Threshold": "nan"}, "Threshold: 'nan' is not a number"),
        ({"Threshold": True}, "Threshold: True is not a number"),
        ({"Threshold": "1e999"}, "Threshold: '1e999' is not a finite number"),
        ({"Threshold": 10**400}, "Threshold: 1"),
        ({"Threshold": "1_000"}, "Threshold: '1_000' is not a number"),
        ({"Namespace": ":x"}, "Namespace: ':x' begins with a colon"),
        ({"Dimensions": [{"Name": "a", "Value": value} for value in "bc"]}, "Dimensions: 'a' is there twice"),
        ({"Threshold": [1]}, "Threshold: \\[1\\] is not a number"),
        ({"ThresholdMetricId": "m1"}, "ThresholdMetricId: 'm1' is not used with GreaterThanThreshold"),
        ({"Period": NONE}, "Period is required"),
        ({"Period": 7}, "Period: 7 is not supported: use 10, 20, 30 or a multiple of 60"),
        ({"Period": 90}, "Period: 90 is not supported"),
        ({"Period": 300, "EvaluationPeriods": 289}, "Period x EvaluationPeriods: 86700 seconds, at most 86400"),
        ({"Period": 3600, "EvaluationPeriods": 169}, "Period x EvaluationPeriods: 608400 seconds, at most 604800"),
        ({"ExtendedStatistic": NONE}, "it needs Statistic or ExtendedStatistic"),
        ({"Statistic": "Sum"}, "Statistic and ExtendedStatistic: Sum and p99, use one of the two"),
        ({"ExtendedStatistic": "p101"}, "ExtendedStatistic: 'p101' is not supported"),
        ({"ExtendedStatistic": "Sum"}, "ExtendedStatistic: 'Sum' is a Statistic"),
        ({"ExtendedStatistic": NONE, "Statistic": "p99"}, "Statistic: 'p99' is not supported: use Average"),
        ({"MetricName": NONE}, "it needs MetricName and Namespace, or Metrics, or EvaluationCriteria"),
        ({"Namespace": NONE}, "it needs MetricName and Namespace"),
        ({"Dimensions": [{"Name": "a"}]}, "Dimensions: .* needs a Name and a Value"),
        ({"Dimensions": "a=b"}, "Dimensions: 'a=b' is not a list"),
        ({"Dimensions": [{"Name": f"d{n}", "Value": "x"} for n in range(31)]}, "Dimensions: 31, at most 30"),
        (
            {"TreatMissingData": "notbreaching"},
            "TreatMissingData: 'notbreaching' is not supported: use missing, ignore",
        ),
        ({"EvaluateLowSampleCountPercentile": "skip"}, "EvaluateLowSampleCountPercentile: 'skip' is not supported"),
        ({"EvaluationWindow": {}}, "EvaluationWindow: .* must be one of"),
        ({"EvaluationWindow": {"WallClockWindow": {}}, "Period": 120}, "Period: 120 is not supported with a WallClock"),
        (
            {"EvaluationWindow": {"WallClockWindow": {"Timezone": "Mars/Olympus"}}},
            "Timezone: 'Mars/Olympus' is not known",
        ),
        (
            {"EvaluationWindow": {"WallClockWindow": {"Timezone": "+01:03"}}},
            r"Timezone: '\+01:03': its offset from UTC must be a multiple of 5 minutes",
        ),
        ({"WarmUpConfiguration": {}}, "WarmUpConfiguration: WarmUpPeriodDurationInMinutes is required"),
        (
            {"WarmUpConfiguration": {"WarmUpPeriodDurationInMinutes": 2881}},
            "WarmUpConfiguration: WarmUpPeriodDurationInMinutes: 2881 is not",
        ),
        ({"ActionsEnabled": "yes"}, "ActionsEnabled: 'yes' is neither true nor false"),
        ({"AlarmActions": ["a"] * 6}, "AlarmActions: 6 actions, at most 5"),
        ({"AlarmActions": "a"}, "AlarmActions: 'a' is not a list"),
        ({"AlarmName": "n" * 256}, "AlarmName: 256 characters, at most 255"),
        ({"EvaluationInterval": 60}, "EvaluationInterval: only alarms with EvaluationCriteria have one"),
        ({"Treshold": 1}, "Treshold is not a member of AWS::CloudWatch::Alarm that is known here"),
        ({"Threshold": "${Limit}"}, "Threshold: \\$\\{Limit\\} is known only once it is deployed"),
        ({"Period": "${Period}"}, "Period: \\$\\{Period\\} is known only once it is deployed"),
    ],
)
def test_bad_members(changes: dict[str, Any], problem: str) -> None:
    """One line with the alarm, the member, its value and the fix."""
    with pytest.raises(InputError, match=f"^alarm 'Latency': {problem}") as caught:
        read(SINGLE, **changes)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("properties", "problem"),
    [
        (of(metric("m1")), "exactly one query must return data \\(ReturnData\\), 0 do"),
        (
            of(metric("m1", ReturnData=True), expression("m1 * 2")),
            "exactly one query must return data \\(ReturnData\\), 2 do",
        ),
        (of(metric("m1"), metric("m1"), expression("m1")), "Id: 'm1' is used by more than one query"),
        (of(metric("M1", ReturnData=True)), "Metrics: Id 'M1' is not a small letter followed by"),
        (of(*(metric(f"m{n}") for n in range(11)), expression("m1")), "11 metrics, an alarm takes at most 10"),
        (
            of(metric("m1"), metric("m2", period=300), expression("m1 + m2")),
            "all must have one Period, found \\[60, 300\\]",
        ),
        (of(metric("m1", period=45, ReturnData=True)), "Metrics 'm1': Period: 45 is not supported"),
        (of(metric("m1", stat="p", ReturnData=True)), "Metrics 'm1': Stat: 'p' is not supported: use Average"),
        (of(expression("SEARCH('x', 'Sum', 60)")), "Metrics 'e1': an alarm takes no SEARCH"),
        (of(metric("m1"), expression("m1 +")), "expression 'm1 \\+': "),
        (of(metric("m1"), expression("m2 * 2")), "there is no metric or expression with the id 'm2'"),
        (of(metric("m1"), expression("METRICS()")), "the query 'e1' has to return one time series"),
        (of(expression("e1 + 1")), "refer to themselves"),
        (of({"Id": "m1"}), "Metrics 'm1': it needs an Expression or a MetricStat, one of the two"),
        (of(metric("m1", Expression="1", ReturnData=True)), "one of the two"),
        (of(metric("m1", AccountId="1", ReturnData=True)), "Metrics 'm1': AccountId: metrics of another account"),
        (of(metric("m1", Colour="red", ReturnData=True)), "Metrics 'm1': Colour is not a member of a query"),
        (of(metric("m1", ReturnData=True), MetricName="x"), "MetricName: not together with Metrics"),
        (of() | {"Metrics": ["m1"]}, "Metrics: 'm1' is not a mapping"),
        (of(expression("m" * 2049)), "Expression: 2049 characters, at most 2048"),
        (
            of(expression('SELECT MAX(x) FROM "y"', Period=30)),
            "Period 30 of a Metrics Insights query: use a multiple of 60",
        ),
        (
            of(expression('SELECT MAX(x) FROM "y"', Period=300), EvaluationPeriods=37),
            "Period x EvaluationPeriods: 11100 seconds, at most 10800",
        ),
        (
            of(
                expression('SELECT MAX(x) FROM "y"', Period=3600),
                EvaluationPeriods=3,
                EvaluationWindow={"WallClockWindow": {}},
            ),
            "Period x EvaluationPeriods: 10800 seconds, at most 7200",
        ),
    ],
)
def test_bad_queries(properties: dict[str, Any], problem: str) -> None:
    """What CloudWatch refuses about metrics and expressions, and what would fail at every evaluation."""
    with pytest.raises(InputError, match=problem) as caught:
        read(properties)
    assert str(caught.value).startswith("alarm 'Latency': ")
    assert str(caught.value).count("Latency") == 1


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({}, "Threshold: 1 is not used with GreaterThanUpperThreshold; use ThresholdMetricId"),
        (
            {"Threshold": NONE, "ThresholdMetricId": NONE},
            "ThresholdMetricId is required with GreaterThanUpperThreshold",
        ),
        ({"Threshold": NONE, "ThresholdMetricId": "m1"}, "'m1' is not the Id of an ANOMALY_DETECTION_BAND"),
        ({"Threshold": NONE, "ThresholdMetricId": "m7"}, "'m7' is not the Id of an ANOMALY_DETECTION_BAND"),
    ],
)
def test_bad_bands(changes: dict[str, Any], problem: str) -> None:
    """A band takes the place of the threshold, and has to be one."""
    properties = of(
        metric("m1", ReturnData=True),
        expression("ANOMALY_DETECTION_BAND(m1, 2)", "band"),
        ThresholdMetricId="band",
        ComparisonOperator="GreaterThanUpperThreshold",
    )
    with pytest.raises(InputError, match=problem):
        read(properties, **changes)
