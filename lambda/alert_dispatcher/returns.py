"""Which records come back, and when; the dead letters of the others."""

from dataclasses import dataclass, field
from typing import Any

from aws_lambda_powertools.logging import Logger

from alert_common import clock, queue
from alert_common.queue import Record
from alert_common.redact import redact
from alert_common.settings import SinkSettings
from alert_dispatcher.jobs import Job

logger = Logger()


LATE_SECONDS = 60.0
"""A delivery that is due for longer is worth a datapoint; its alarm has the threshold that matters."""


@dataclass
class Returns:
    """Gathers what comes back; threads may share it."""

    sqs: Any
    waits: list[tuple[Record, float]] = field(default_factory=list)

    late: dict[str, float] = field(default_factory=dict)
    """Seconds for which the oldest delivery that is due has not got through, by sink."""

    def later(self, job: Job, seconds: float, why: str) -> None:
        """Bring a record back after so many seconds; nothing has failed."""
        logger.debug("comes back", extra={"sink": job.delivery.sink, "id": job.delivery.id, "why": why})
        self.waits.append((job.record, seconds))

    def failed(self, job: Job, sink: SinkSettings | None, why: str, asked: float | None = None) -> None:
        """Bring a record back, later each time; one that has been tried for a day becomes a dead letter."""
        why = redact(why)
        self.count(job)
        if sink is not None and job.is_old(clock.now()) and self.buried(job, sink, f"tried for a day: {why}"):
            return
        attempts = job.receives if job.failures is None else job.failures + 1
        seconds = queue.delay(asked, attempts)
        logger.warning(
            "comes back later", extra={"sink": job.delivery.sink, "id": job.delivery.id, "seconds": seconds, "why": why}
        )
        self.waits.append((job.record, seconds))

    def count(self, job: Job) -> None:
        """Count a delivery that is due and does not get through now."""
        age, name = (clock.now() - job.since).total_seconds(), job.delivery.sink
        if age > LATE_SECONDS:
            self.late[name] = max(age, self.late.get(name, 0.0))

    def reject(self, job: Job, sink: SinkSettings | None, why: str) -> None:
        """Move a record to its dead-letter queue; one that nothing takes fails until its queue gives it up."""
        if sink is None:
            logger.error(
                "rejected for good", extra={"sink": job.delivery.sink, "id": job.delivery.id, "why": redact(why)}
            )
        if sink is None or not self.buried(job, sink, redact(why)):
            self.waits.append((job.record, queue.delay(None, job.receives)))

    def buried(self, job: Job, sink: SinkSettings, why: str) -> bool:
        """Move a record to the dead letters; False when nothing takes it."""
        logger.error("rejected for good", extra={"sink": job.delivery.sink, "id": job.delivery.id, "why": why})
        return queue.bury(self.sqs, job.record, sink.dead_letters, why)

    def malformed(self, record: Record, sink: SinkSettings | None, why: str) -> None:
        """Bring back what is no delivery, since a newer dispatcher may read it; after a day it becomes a dead letter."""
        why = redact(why)
        logger.error("not a delivery", extra={"why": why, "message_id": record["messageId"]})
        if sink and queue.is_old(record) and queue.bury(self.sqs, record, sink.dead_letters, f"not a delivery: {why}"):
            return
        self.waits.append((record, queue.delay_of(record)))

    def answer(self) -> dict[str, Any]:
        """Hide what comes back, and answer which records those are (ReportBatchItemFailures)."""
        queue.put_back_all(self.sqs, self.waits)
        return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record, _ in self.waits]}
