"""The state of an alarm, as events, notifications and the history write it."""

import json
from typing import Any

from alarmlab.engine.reasons import timestamp
from sandbox.aws.cloudwatch.notifications import Transition
from sandbox.aws.cloudwatch.tables import find, parts_of
from sandbox.aws.cloudwatch.wire import Values


def triggering(names: list[str]) -> str:
    """StateReasonData of a composite alarm: the children that made it change."""
    children = [alarm for name in names if (alarm := find(name)) is not None]
    states = [
        {
            "arn": child["AlarmArn"],
            "state": {"value": child["StateValue"], "timestamp": timestamp(child["StateUpdatedTimestamp"])},
        }
        for child in children
    ]
    return json.dumps({"triggeringAlarms": states}, separators=(",", ":"))


def state_of_alarm(alarm: Values) -> Values:
    """The state as EventBridge writes it."""
    state = {
        "value": alarm["StateValue"],
        "reason": alarm["StateReason"],
        "timestamp": timestamp(alarm["StateUpdatedTimestamp"]),
    }
    if alarm.get("StateReasonData"):
        state["reasonData"] = alarm["StateReasonData"]
    if alarm.get("ActionsSuppressedBy"):
        state["actionsSuppressedBy"] = alarm["ActionsSuppressedBy"]
        state["actionsSuppressedReason"] = alarm["ActionsSuppressedReason"]
    return state


def history_state(state: Values) -> Values:
    """The same state as the history writes it."""
    written: Values = {"stateValue": state["value"], "stateReason": state["reason"]}
    if state.get("reasonData"):
        written["stateReasonData"] = _json_or_text(state["reasonData"])
    return written


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def transition_of(alarm: Values, previous: Values, at: float, *, after_mute: bool = False) -> Transition:
    """The change that just put `alarm` into its state."""
    account, region, _ = parts_of(alarm["AlarmArn"])
    return Transition(
        alarm=dict(alarm),
        account=account,
        region=region,
        state=state_of_alarm(alarm),
        previous=previous,
        at=at,
        after_mute=after_mute,
    )
