"""What an endpoint promises; every threshold that is about users follows from it."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from aws_cdk import Duration

from endpointwatch import _checks


@dataclass(frozen=True, kw_only=True)
class Objectives:
    """What an endpoint promises to its clients.

    Args:
        latency_p99: 99 of 100 requests are answered by the model within this time: a CDK `Duration` or a `timedelta`.
        availability: share of requests answered without a failure on our side, as a ratio: 0.999 means 99.9 %.
        silence: no request for so long means that something in front of the endpoint is broken; a whole number of minutes from
            5 up to one day. None for endpoints that may be idle.
        least_requests: requests a minute below which shares say nothing: one failure among three requests is not 33 %.

    Raises:
        ValueError: a value is out of range; the message names the field, the value and the fix.
    """

    latency_p99: Duration | timedelta
    availability: float = 0.999
    silence: Duration | timedelta | None = Duration.minutes(15)
    least_requests: int = 10

    def __post_init__(self) -> None:
        _ = self.latency_p99_microseconds
        _checks.number(
            "availability",
            self.availability,
            low=0.5,
            high=0.999999,
            fix="write the share of good requests, 0.999 for 99.9 %",
        )
        _checks.whole("least_requests", self.least_requests, low=1, high=1_000_000, fix="give requests a minute")
        if self.silence is not None:
            minutes = self.silence_minutes
            assert minutes is not None
            if minutes != int(minutes) or not 5 <= minutes <= 1440:
                raise ValueError(f"silence: {minutes:g} minutes is not a whole number between 5 and 1440; or give None")

    @cached_property
    def latency_p99_microseconds(self) -> float:
        """The latency objective in the unit of `ModelLatency`."""
        return 1000 * _checks.milliseconds("latency_p99", self.latency_p99, fix="write Duration.millis(200)")

    @cached_property
    def silence_minutes(self) -> float | None:
        """After how many minutes silence is an alarm."""
        if self.silence is None:
            return None
        return _checks.milliseconds("silence", self.silence, fix="write Duration.minutes(15), or None") / 60_000
