"""A metric alarm at one moment."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import settings as relaxed
from hypothesis import strategies as st

from sandbox.alarms.evaluate import AlarmSettings, Datapoint, Missing, State, judge

OK, ALARM, INS = State.OK, State.ALARM, State.INSUFFICIENT_DATA
MODES = (Missing.MISSING, Missing.IGNORE, Missing.BREACHING, Missing.NOT_BREACHING)

# CloudWatch's own examples, N = 3 and a range of 5: oldest to newest, X breaches; None keeps the state.
TABLE = [
    (3, "0-X-X", 0, (OK, OK, OK, OK)),
    (3, "0----", 2, (OK, OK, OK, OK)),
    (3, "-----", 3, (INS, None, ALARM, OK)),
    (3, "0XX-X", 0, (ALARM, ALARM, ALARM, ALARM)),
    (3, "--X--", 2, (ALARM, None, ALARM, OK)),
    (2, "0-X-X", 0, (ALARM, ALARM, ALARM, ALARM)),
    (2, "00X0X", 0, (ALARM, ALARM, ALARM, ALARM)),
    (2, "0-X--", 1, (OK, OK, ALARM, OK)),
    (2, "----0", 2, (OK, OK, ALARM, OK)),
    (2, "---X-", 2, (ALARM, None, ALARM, OK)),
]


def settings(m: int, n: int = 3, mode: Missing = Missing.MISSING, **other: object) -> AlarmSettings:
    """An alarm on values over 1."""
    return AlarmSettings(
        comparison="GreaterThanThreshold",
        threshold=1.0,
        evaluation_periods=n,
        datapoints_to_alarm=m,
        period=60,
        missing=mode,
        **other,  # type: ignore[arg-type]
    )


def points(picture: str, samples: float | None = None) -> list[Datapoint | None]:
    """`0-X` as an OK point, a missing one and a breaching one."""
    values = {"0": 0.0, "X": 2.0}
    return [
        Datapoint(60 * index, values[mark], samples) if mark in values else None for index, mark in enumerate(picture)
    ]


@pytest.mark.parametrize(("m", "picture", "filled", "states"), TABLE)
@pytest.mark.parametrize("before", list(State))
def test_cloudwatch_examples(
    m: int, picture: str, filled: int, states: tuple[State | None, ...], before: State
) -> None:
    """Every row of CloudWatch's table, in each missing-data mode, from each state the alarm may be in before."""
    for mode, state in zip(MODES, states, strict=True):
        verdict = judge(settings(m, mode=mode), points(picture))
        assert (verdict.state or before) is (state or before), mode
        assert verdict.state is state, mode
        assert verdict.filled == filled


def reference(m: int, n: int, mode: Missing, picture: str) -> State | None:  # noqa: PLR0911 - one rule, one return
    """The same rules, spelled out one after the other."""
    newest_first = picture[::-1]
    real = [mark for mark in newest_first if mark != "-"][:n]
    if len(real) == n:
        return ALARM if real.count("X") >= m else OK
    filler = {Missing.BREACHING: "X", Missing.NOT_BREACHING: "0"}.get(mode)
    if filler:
        return ALARM if (real + [filler] * (n - len(real))).count("X") >= m else OK
    if not real:
        return INS if mode is Missing.MISSING else None
    if real.count("X") >= m:
        return ALARM
    if "0" in real:
        return OK
    if mode is Missing.IGNORE:
        return None
    return ALARM if newest_first.rindex("X") + 1 >= m else OK


def test_every_short_history_agrees_with_the_reference() -> None:
    """All histories up to five periods, all M, all N, all modes."""
    for length in range(1, 6):
        for marks in product("0X-", repeat=length):
            picture = "".join(marks)
            for n in range(1, length + 1):
                for m in range(1, n + 1):
                    for mode in Missing:
                        assert judge(settings(m, n, mode), points(picture)).state is reference(m, n, mode, picture)


@relaxed(deadline=None)
@given(
    picture=st.text(alphabet="0X-", min_size=10, max_size=14),
    n=st.integers(1, 10),
    m=st.integers(1, 10),
    mode=st.sampled_from(Missing),
)
def test_long_histories_agree_with_the_reference(picture: str, n: int, m: int, mode: Missing) -> None:
    """Random longer histories, beyond what can be enumerated."""
    m = min(m, n)
    assert judge(settings(m, n, mode), points(picture)).state is reference(m, n, mode, picture)


def test_dynamodb_ignores_missing_data() -> None:
    """Alarms on AWS/DynamoDB keep their state without data, whatever the setting says."""
    assert judge(settings(1, mode=Missing.BREACHING, namespace="AWS/DynamoDB"), points("-----")).state is None


@pytest.mark.parametrize(
    ("stat", "samples", "state"),
    [("p99", 999, None), ("p99", 1000, ALARM), ("p10", 99, None), ("p10", 100, ALARM), ("Average", 1, ALARM)],
)
def test_low_sample_percentiles_keep_the_state(stat: str, samples: float, state: State | None) -> None:
    """With `ignore`, fewer than 10/(1-p) samples (10/p below the median) decide nothing; other statistics always do."""
    verdict = judge(settings(1, 1, stat=stat, low_sample_ignore=True), points("X", samples))
    assert verdict.state is state


@pytest.mark.parametrize(
    ("comparison", "breaching"),
    [
        ("GreaterThanThreshold", [False, False, True]),
        ("GreaterThanOrEqualToThreshold", [False, True, True]),
        ("LessThanThreshold", [True, False, False]),
        ("LessThanOrEqualToThreshold", [True, True, False]),
    ],
)
def test_comparisons(comparison: str, breaching: list[bool]) -> None:
    """Each operator below, at and above the threshold."""
    alarm = AlarmSettings(comparison=comparison, threshold=1.0, evaluation_periods=1, datapoints_to_alarm=1, period=60)
    assert [alarm.breaches(value) for value in (0.5, 1.0, 1.5)] == breaching


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"comparison": "GreaterThanUpperThreshold"}, r"ComparisonOperator: 'GreaterThanUpperThreshold'"),
        ({"datapoints_to_alarm": 4}, r"DatapointsToAlarm: 4 is not between 1 and EvaluationPeriods \(3\)"),
        ({"period": 0}, "Period: 0"),
    ],
)
def test_bad_settings_name_the_field(change: dict[str, object], message: str) -> None:
    """A setting that cannot be says which one it is, and its value."""
    good = {
        "comparison": "LessThanThreshold",
        "threshold": 1.0,
        "evaluation_periods": 3,
        "datapoints_to_alarm": 2,
        "period": 60,
    }
    with pytest.raises(ValueError, match=message):
        AlarmSettings(**(good | change))  # type: ignore[arg-type]


def test_evaluation_range_is_longer_than_n_and_ends_now() -> None:
    """The range rolls: its periods end at the moment of the evaluation, and reach two periods further than N."""
    assert list(settings(2).starts(1000)) == [700, 760, 820, 880, 940]
