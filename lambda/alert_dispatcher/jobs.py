"""Records of a batch as jobs: several that ask for the same look are one."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from alert_common import queue
from alert_common.alert import Severity
from alert_common.delivery import Delivery, Kind
from alert_common.queue import Record


@dataclass(frozen=True, kw_only=True)
class Job:
    """One look at an incident or digest for one sink."""

    delivery: Delivery
    record: Record
    """The oldest of those that ask for it: it comes back for all of them, or none does."""
    critical: bool
    failures: int | None = None
    """Attempts in a row that its sink failed; None where nobody counts them."""
    turn: float | None = None
    """The turn (seconds of the clock) that it was told when it asked before."""
    since: datetime
    """When the record was put on its queue, or had something to tell."""

    @property
    def key(self) -> tuple[str, str]:
        """Sink and id."""
        return self.delivery.sink, self.delivery.id

    @property
    def receives(self) -> int:
        """How often the record was received."""
        return int(self.record["attributes"]["ApproximateReceiveCount"])

    def is_old(self, now: datetime) -> bool:
        """Whether it has been tried for so long that a person should look after it."""
        return now - self.since > queue.OLDEST


def read(record: Record) -> Job:
    """Read a record.

    Raises:
        ValueError: it is not a delivery.
    """
    try:
        delivery = Delivery.from_json(record["body"])
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if delivery.not_before is not None and delivery.not_before.tzinfo is None:
        raise ValueError(f"not_before: {delivery.not_before} has no time zone")
    sent = queue.received_at(record)
    since = max(sent, delivery.not_before) if delivery.not_before else sent
    return Job(delivery=delivery, record=record, critical=delivery.severity is Severity.CRITICAL, since=since)


def early(job: Job, now: datetime) -> float:
    """Seconds until there is something to tell; 0 where there is."""
    wait = (job.delivery.not_before - now).total_seconds() if job.delivery.not_before else 0.0
    return max(0.0, math.ceil(wait))


def grouped(jobs: Iterable[Job]) -> list[Job]:
    """Make one job of those that ask for the same look; critical ones first, then the oldest."""
    groups: dict[tuple[str, str, Kind], list[Job]] = {}
    for job in sorted(jobs, key=lambda job: (not job.delivery.stands_in, job.since)):
        groups.setdefault((*job.key, job.delivery.kind), []).append(job)
    merged = (
        Job(
            delivery=group[0].delivery,
            record=group[0].record,
            critical=any(job.critical for job in group),
            since=min(job.since for job in group),
        )
        for group in groups.values()
    )
    return sorted(merged, key=lambda job: (not job.critical, job.since))
