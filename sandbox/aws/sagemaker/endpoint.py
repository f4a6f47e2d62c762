"""One endpoint and its transitions, each of which takes its time in a thread."""

import threading
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from sandbox.aws.sagemaker.container import ContainerError
from sandbox.aws.sagemaker.errors import ServiceError, invalid
from sandbox.aws.sagemaker.events import state_change
from sandbox.aws.sagemaker.fleet import Fleet, Variant, VariantPlan
from sandbox.aws.sagemaker.logs import LogWriter
from sandbox.clock import Clock


class PutEvent(Protocol):
    """Sends one event to EventBridge's default bus."""

    def __call__(self, *, source: str, detail_type: str, detail: dict[str, Any], resources: Sequence[str]) -> None:
        """Send it."""


class Endpoint:
    """An endpoint.

    Attributes:
        name: endpoint name.
        arn: its ARN.
        config_name: the endpoint config in use.
        status: as `DescribeEndpoint` gives it: Creating, InService, Updating, RollingBack, Failed, Deleting;
            Deleted once nothing of it is left.
        failure_reason: why the last transition failed.
        created: Unix seconds of sandbox time.
        modified: Unix seconds of sandbox time.
        tags: its tags.
        fleet: what serves its traffic; None until it first came up.
    """

    def __init__(
        self,
        *,
        name: str,
        arn: str,
        config_name: str,
        tags: dict[str, str],
        clock: Clock,
        logs: LogWriter,
        put_event: PutEvent,
    ) -> None:
        self.name = name
        self.arn = arn
        self.config_name = config_name
        self.tags = tags
        self.status = "Creating"
        self.failure_reason: str | None = None
        self.created = self.modified = clock.now()
        self.fleet: Fleet | None = None
        self._clock = clock
        self._logs = logs
        self._put_event = put_event
        self._changed = threading.Condition()

    def create(self, plans: Sequence[VariantPlan]) -> None:
        """Start its containers: InService or Failed follows."""
        self._announce()
        self._in_background(lambda: self._create(plans))

    def update(self, config_name: str, plans: Sequence[VariantPlan]) -> None:
        """Start the containers of another config beside the old ones, then switch: InService follows either way.

        Raises:
            ServiceError: another transition is under way.
        """
        self._begin("Updating")
        self._in_background(lambda: self._update(config_name, plans))

    def reweigh(self, desired: Sequence[dict[str, Any]]) -> None:
        """Set weights and instance counts of variants (`DesiredWeightsAndCapacities`).

        Raises:
            ServiceError: it is not in service, or has no such variant.
        """
        changes = []
        for change in desired:
            variant = self.fleet.choose(change["VariantName"]) if self.fleet else None
            if variant is None:
                raise invalid(f'Variant "{change["VariantName"]}" does not exist in endpoint "{self.arn}".')
            changes.append((variant, change))
        self._begin("Updating")
        for variant, change in changes:
            variant.weight = change.get("DesiredWeight", variant.weight)
            variant.instance_count = change.get("DesiredInstanceCount", variant.instance_count)
        self._become("InService")

    def delete(self, on_deleted: Callable[[], None]) -> None:
        """Stop its containers, then call `on_deleted`.

        Raises:
            ServiceError: a transition is under way.
        """
        self._begin("Deleting", from_statuses=("InService", "Failed"))

        def work() -> None:
            self.stop()
            on_deleted()
            with self._changed:
                self.status = "Deleted"
                self._changed.notify_all()

        self._in_background(work)

    def stop(self) -> None:
        """Stop its containers at once."""
        fleet, self.fleet = self.fleet, None
        if fleet is not None:
            fleet.stop()

    def wait_until_settled(self, timeout_seconds: float) -> str:
        """Wait for the end of the transition under way; the status then, or the present one after the time."""
        with self._changed:
            self._changed.wait_for(lambda: self.status in {"InService", "Failed", "Deleted"}, timeout_seconds)
            return self.status

    def variants(self) -> tuple[Variant, ...]:
        """The variants that serve."""
        return self.fleet.variants if self.fleet else ()

    def _create(self, plans: Sequence[VariantPlan]) -> None:
        try:
            fleet = Fleet.start(plans, endpoint_name=self.name, logs=self._logs)
        except (ContainerError, ServiceError, OSError) as error:
            self._become("Failed", str(error))
            return
        self._take(fleet)
        self._become("InService")

    def _update(self, config_name: str, plans: Sequence[VariantPlan]) -> None:
        try:
            fleet = Fleet.start(plans, endpoint_name=self.name, logs=self._logs)
        except (ContainerError, ServiceError, OSError) as error:
            self._become("RollingBack", str(error))
            self._become("InService", str(error))
            return
        old = self._take(fleet)
        self.config_name = config_name
        self._become("InService")
        if old is not None:
            old.retire()

    def _take(self, fleet: Fleet) -> Fleet | None:
        old, self.fleet = self.fleet, fleet
        return old

    def _begin(self, status: str, *, from_statuses: tuple[str, ...] = ("InService",)) -> None:
        with self._changed:
            if self.status not in from_statuses:
                verb = "delete" if status == "Deleting" else "update"
                raise invalid(f'Cannot {verb} endpoint "{self.arn}" while it is {self.status}.')
            self.status = status
        self._become(status)

    def _become(self, status: str, failure_reason: str | None = None) -> None:
        with self._changed:
            self.status = status
            self.failure_reason = failure_reason
            self.modified = self._clock.now()
            self._changed.notify_all()
        self._announce()

    def _announce(self) -> None:
        variants = [
            {
                "VariantName": variant.plan.name,
                "CurrentWeight": variant.weight,
                "DesiredWeight": variant.weight,
                "CurrentInstanceCount": variant.instance_count,
                "DesiredInstanceCount": variant.instance_count,
            }
            for variant in self.variants()
        ]
        self._put_event(
            source="aws.sagemaker",
            detail_type="SageMaker Endpoint State Change",
            detail=state_change(self, variants),
            resources=[self.arn],
        )

    def _in_background(self, work: Callable[[], None]) -> None:
        threading.Thread(target=work, name=f"endpoint-{self.name}", daemon=True).start()
