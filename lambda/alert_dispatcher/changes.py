"""What was done to the endpoint before the alert: a deployment, its creation, or only a change of its size."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alert_common.alert import Alert, Kind, State
from alert_common.context import Context, Endpoint
from alert_dispatcher.text import span

DEPLOYED, STARTED, CREATED, TOUCHED = "Deployed", "Deployment started", "Created", "Scaled or updated"

LATELY = timedelta(hours=24)
CREATION = timedelta(minutes=30)
"""An endpoint is being created for so long at most."""
UPDATE = timedelta(hours=2)
"""From a new configuration to the end of its deployment, with canary and waits; a later change is another one."""
SUSPICIOUS = timedelta(hours=2)
"""A change this short before the alert is the first suspect."""
MEANWHILE = timedelta(minutes=5)
"""SageMaker dates an update by its end, and a breach is dated by the start of a period: this close, both began together."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """Something that was done to the endpoint."""

    what: str
    at: datetime

    def told(self, began: datetime) -> str:
        """Say what was done and when, seen from when the alert began."""
        ago = began - self.at
        if -MEANWHILE <= ago <= timedelta(0):
            return f"{self.what} as it began"
        return f"{self.what} {span(ago)} before" if ago > timedelta(0) else f"{self.what} {span(-ago)} after it began"

    def is_suspect(self, began: datetime) -> bool:
        """Whether it came so short before that it may be the cause."""
        return -MEANWHILE <= began - self.at <= SUSPICIOUS


def changes(endpoint: Endpoint | None) -> tuple[Change, ...]:
    """List the last deployment (the one under way, or the creation), and what moved the endpoint's time of change after it.

    SageMaker moves that time for every scaling too. A configuration cannot be changed, so only a new one is a deployment.
    """
    if endpoint is None or endpoint.modified_at is None:
        return ()
    if endpoint.pending_since is not None:
        # Its canary takes traffic already, and moved the time of change.
        return (Change(what=STARTED, at=endpoint.pending_since),)
    modified, created, config = endpoint.modified_at, endpoint.created_at, endpoint.config_created_at
    is_young = created is not None and modified - created <= CREATION
    if config is None:
        # Nobody told when the configuration was made: it may have been a scaling, and nothing to go back from.
        return (Change(what=CREATED if is_young else TOUCHED, at=modified),)
    if created is not None and config <= created:
        came = Change(what=CREATED, at=modified if is_young else created)
    else:
        came = Change(what=DEPLOYED, at=modified if timedelta(0) <= modified - config <= UPDATE else config)
    return (came,) if modified <= came.at else (came, Change(what=TOUCHED, at=modified))


def what_changed(alert: Alert, context: Context, began: datetime) -> str:
    """Answer what changed, in a sentence or two; empty where nothing is known."""
    if alert.kind in {Kind.ENDPOINT, Kind.DEPLOYMENT}:
        return alert.description[:1].upper() + alert.description[1:]
    endpoint = context.endpoint
    known = changes(endpoint)
    if endpoint is None or not known:
        failed = next((m.why for m in context.missing if m.what == "endpoint"), "")
        return f"Unknown: the endpoint could not be described ({failed})" if failed else ""
    came, later = known[0], known[1:]
    touched = "".join(f"{change.told(began)}. " for change in later if began - change.at <= LATELY)
    if began - came.at <= LATELY:
        return f"{touched}{came.told(began)}: {_release(endpoint)}"
    last = "created" if came.what == CREATED else "the last was"
    return f"{touched}No deployment in the 24 h before; {last} {span(began - came.at)} before"


def in_short(known: Sequence[Change], began: datetime) -> str:
    """Name the first suspect in a few words, empty where there is none."""
    suspect = next((change for change in known if change.is_suspect(began)), None)
    told = suspect.told(began) if suspect else ""
    return told[:1].lower() + told[1:]


def roll_back(alert: Alert, context: Context, began: datetime) -> str:
    """Say how to undo a deployment that may be the cause, empty where there is none."""
    endpoint = context.endpoint
    deployed = next((change for change in changes(endpoint) if change.what in {DEPLOYED, STARTED}), None)
    if endpoint is None or deployed is None or alert.state is not State.ALARM or not deployed.is_suspect(began):
        return ""
    told = deployed.told(began)
    return f"Roll back: redeploy the release before {endpoint.pending_config or endpoint.config} ({told[:1].lower()}{told[1:]})."


def _release(endpoint: Endpoint) -> str:
    if endpoint.pending_config:
        return f"config {endpoint.pending_config}"
    parts = [f"config {endpoint.config}"]
    if endpoint.model:
        parts.append(f"model {endpoint.model}")
    if endpoint.image:
        parts.append(f"image {endpoint.image.rsplit('/', 1)[-1]}")
    return ", ".join(parts)
