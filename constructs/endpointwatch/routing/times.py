"""How long things take."""

from collections.abc import Mapping
from datetime import timedelta

from aws_cdk import Duration

from endpointwatch import _checks

SHORTEST_MINUTES, LONGEST_MINUTES = 1, 60
"""Between heartbeats: a schedule knows whole minutes, and what fails for hours unseen needs no heartbeat."""


def times(
    group_window: Duration | timedelta,
    settle: Duration | timedelta,
    remind: Duration | timedelta | None,
    enrichment_deadline: Duration | timedelta,
) -> Mapping[str, float]:
    """Those of `AlertRouting`, as the functions read them; a `Duration` or a `timedelta` each.

    Raises:
        ValueError: one is out of range.
    """
    return {
        "deadline_seconds": _checks.seconds(
            "enrichment_deadline", enrichment_deadline, low=1, high=10, fix="give 1 to 10 seconds"
        ),
        "window_seconds": _checks.seconds(
            "group_window", group_window, low=60, high=86_400, fix="give 1 minute up to 1 day"
        ),
        "settle_seconds": _checks.seconds("settle", settle, low=0, high=3600, fix="give 0 up to 1 hour"),
        "remind_seconds": 0
        if remind is None
        else _checks.seconds("remind", remind, low=300, high=43_200, fix="give 5 minutes up to 12 hours, or None"),
    }


def heartbeat_minutes(heartbeat: Duration | timedelta) -> int:
    """Minutes between heartbeats.

    Raises:
        ValueError: they are no whole ones, or out of range.
    """
    fix = f"give {SHORTEST_MINUTES} to {LONGEST_MINUTES} whole minutes"
    minutes = _checks.milliseconds("heartbeat", heartbeat, fix="write Duration.minutes(5)") / 60_000
    if minutes != int(minutes):
        raise ValueError(f"heartbeat: {minutes:g} minutes are not whole ones; {fix}")
    return _checks.whole("heartbeat", int(minutes), low=SHORTEST_MINUTES, high=LONGEST_MINUTES, fix=fix)
