"""What an endpoint promises; every threshold that is about users follows from it."""

from dataclasses import dataclass, field
from datetime import timedelta

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
        least_failures: failures in a minute below which their share says nothing: one among ten requests is no 10 %.

    Attributes:
        latency_p99_microseconds: the latency objective in the unit of `ModelLatency`.
        silence_minutes: after how many minutes silence is an alarm; None for never.

    Raises:
        ValueError: a value is out of range; the message names the field, the value and the fix.
    """

    latency_p99: Duration | timedelta
    availability: float = 0.999
    silence: Duration | timedelta | None = Duration.minutes(15)
    least_failures: int = 2
    latency_p99_microseconds: float = field(init=False, repr=False, compare=False)
    silence_minutes: int | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        latency = _checks.milliseconds("latency_p99", self.latency_p99, fix="write Duration.millis(200)")
        _checks.number(
            "availability",
            self.availability,
            low=0.5,
            high=0.999999,
            fix="write the share of good requests, 0.999 for 99.9 %",
        )
        _checks.whole("least_failures", self.least_failures, low=1, high=1_000_000, fix="give failures a minute")
        # Computed once: each look at a Duration is a call to jsii.
        object.__setattr__(self, "latency_p99_microseconds", 1000 * latency)
        object.__setattr__(self, "silence_minutes", self._silence_minutes())

    def _silence_minutes(self) -> int | None:
        if self.silence is None:
            return None
        minutes = _checks.milliseconds("silence", self.silence, fix="write Duration.minutes(15), or None") / 60_000
        if minutes != int(minutes) or not 5 <= minutes <= 1440:
            raise ValueError(f"silence: {minutes:g} minutes is not a whole number between 5 and 1440; or give None")
        return int(minutes)
