"""Which transitions page, which resolve, which only inform, and which say nothing. The tables are the policy.

Alarms (CloudWatch metric, composite and log alarms, Alertmanager):

| to | the alert is | what happens |
|---|---|---|
| ALARM | not open | page |
| ALARM | open, and CloudWatch came from OK (the OK was lost) | page again, same dedup key |
| ALARM | open otherwise | nothing: a repeat |
| ALARM, actions suppressed | any | nothing; it pages when the suppression ends and it still alarms |
| OK | open | resolve |
| OK | not open (first INSUFFICIENT_DATA to OK, OK before ALARM) | nothing |
| INSUFFICIENT_DATA | open | a note in the open incident; it stays open, since no data is not good news |
| INSUFFICIENT_DATA | not open | nothing: the silence alarm watches for missing traffic |

Everything else:

| event | what happens |
|---|---|
| endpoint or deployment FAILED, OUT_OF_SERVICE, ROLLING_BACK, UPDATE_ROLLBACK_FAILED | page |
| endpoint IN_SERVICE | resolve if open, else nothing: every update and every scaling ends so |
| deployment IN_SERVICE | resolve if open, else inform |
| endpoint or deployment CREATING, UPDATING, DELETING and other steps | inform |
| job Failed | page; nothing resolves it but a person |
| job Completed, Stopped | inform |
| job InProgress and other steps | nothing |
| AWS Health issue or investigation | page; resolve when closed |
| AWS Health scheduled change or notice | inform |
| asynchronous inference: error | page |
| asynchronous inference: test notification | inform |
| asynchronous inference: success | nothing: one arrives for every request |
| alarm deleted | inform: nobody watches any more |
| alarm created or updated | nothing |
| not understood | page, raw, at the severity of its topic |

In every row a transition older than the last one handed on, or equal to it, does nothing. So an ALARM that waited for
the alert's lease while its OK got through is never told: it is over. What is over before
its sink could be told is told there once, as something past, and wakes nobody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from alert_common.alert import Alert, Kind, State
from alert_common.page import Action
from alert_common.store import Standing

SAME_MOMENT = timedelta(seconds=2)
"""The same transition told by two senders may differ by fractions; CloudWatch's fastest alarms take ten seconds."""

_SILENT_STATUSES: Mapping[Kind, frozenset[str]] = {
    Kind.JOB: frozenset({"InProgress", "Stopping", "Pending", ""}),
    Kind.ASYNC_INFERENCE: frozenset({"Completed"}),
    Kind.ALARM_CONFIGURATION: frozenset({"create", "update", ""}),
}


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What to send (None: nothing), why, and where the alert stands afterwards (None: as before)."""

    action: Action | None
    why: str
    standing: Standing | None


def decide(alert: Alert, standing: Standing | None) -> Decision:
    """Apply the tables above to one transition of an alert that stands where `standing` says."""
    if standing is not None and alert.at < standing.at:
        return Decision(action=None, why="older than the last transition", standing=None)
    opened_at = standing.opened_at if standing else None
    if standing is not None and _repeats(alert, standing):
        return Decision(action=None, why="a repeat of the last transition", standing=None)
    action, why = _action(alert, is_open=opened_at is not None)
    if action is Action.TRIGGER:
        opened_at = opened_at or alert.since or alert.at
    elif alert.state is State.OK:
        opened_at = None
    return Decision(
        action=action,
        why=why,
        standing=Standing(
            state=alert.state,
            at=alert.at,
            opened_at=opened_at,
            severity=standing.severity if standing and standing.opened_at else alert.severity,
        ),
    )


def _repeats(alert: Alert, standing: Standing) -> bool:
    if alert.state is not standing.state:
        return False
    if alert.state is State.ALARM and standing.opened_at is None:
        return False
    if alert.at - standing.at <= SAME_MOMENT:
        return True
    return alert.state is State.ALARM and alert.previous_state is not State.OK


def _action(alert: Alert, *, is_open: bool) -> tuple[Action | None, str]:  # noqa: PLR0911 - one row each
    match alert.state:
        case State.ALARM if alert.suppressed_by:
            return None, f"actions suppressed by {alert.suppressed_by}"
        case State.ALARM:
            return Action.TRIGGER, "in alarm"
        case State.OK if is_open:
            return Action.RESOLVE, "recovered"
        case State.OK if alert.kind is Kind.DEPLOYMENT:
            return Action.INFORM, "in service"
        case State.OK:
            return None, "fine, and it was never handed on as an alarm"
        case State.INSUFFICIENT_DATA if is_open:
            return Action.NOTE, "no data, and still open"
        case State.INSUFFICIENT_DATA:
            return None, "no data, and nothing open"
    if alert.status in _SILENT_STATUSES.get(alert.kind, frozenset()):
        return None, f"{alert.kind} {alert.status or 'without status'} is no news"
    return Action.INFORM, "an event that informs"
