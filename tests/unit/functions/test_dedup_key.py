"""The dedup key tells alerts apart and holds them together."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from alert_common.alert import DEDUP_KEY_LIMIT, Alert, Kind, Severity, State
from tests.unit.functions import samples

ALERT = samples.one(samples.envelope(samples.sns_alarm()))
TEXT = st.text(max_size=400)


def test_the_state_is_no_part_of_the_key() -> None:
    """ALARM, OK and INSUFFICIENT_DATA of one alarm share the key, or nothing would ever resolve."""
    keys = {replace(ALERT, state=state, at=samples.NOW.replace(hour=h)).dedup_key for h, state in enumerate(State)}
    assert len(keys) == 1


def test_alarms_that_look_alike_stay_apart() -> None:
    """A shared long prefix, another account, another region: different keys."""
    long = "x" * 300
    arns = [
        f"arn:aws:cloudwatch:{region}:{account}:alarm:{long}{end}"
        for region in ("eu-west-1", "us-east-1")
        for account in ("1", "2")
        for end in "ab"
    ]
    keys = {
        replace(ALERT, arn=a, name=a[-301:], region=a.split(":")[3], account=a.split(":")[4]).dedup_key for a in arns
    }
    assert len(keys) == len(arns)


@given(account=TEXT, region=TEXT, arn=TEXT, name=TEXT, identity=TEXT)
def test_a_key_is_short_ascii_and_never_empty(account: str, region: str, arn: str, name: str, identity: str) -> None:
    """Whatever the identifiers hold, the key fits PagerDuty's 255 characters."""
    key = replace(ALERT, account=account, region=region, arn=arn, name=name, identity=identity).dedup_key
    assert 0 < len(key) <= DEDUP_KEY_LIMIT
    assert key.isascii()
    assert key.isprintable()


@given(first=TEXT, second=TEXT)
def test_alerts_without_identifiers_do_not_collapse(first: str, second: str) -> None:
    """With every identifier empty the text itself is the identity: two texts, two keys."""
    keys = [
        Alert(
            kind=Kind.UNKNOWN, name="", state=State.ALARM, at=samples.NOW, severity=Severity.WARNING, raw=raw
        ).dedup_key
        for raw in (first, second)
    ]
    assert (keys[0] == keys[1]) == (first == second)


@given(left=st.text(max_size=5), right=st.text(max_size=5))
def test_fields_do_not_run_into_each_other(left: str, right: str) -> None:
    """Moving a character from one identifier to the next makes another alert."""
    base = replace(ALERT, arn="", name="n")
    assert (
        replace(base, account=f"{left}x", region=right).dedup_key
        != replace(base, account=left, region=f"x{right}").dedup_key
    )
