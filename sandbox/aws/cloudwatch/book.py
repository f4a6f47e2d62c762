"""The alarms of all accounts, their states and what follows from a change of state."""

import logging
import threading
from datetime import UTC, datetime
from typing import Any

from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import cloudwatch as ministack_cloudwatch

from alarmlab.engine.reasons import INITIAL_REASON
from alarmlab.engine.rules import is_true
from alarmlab.engine.suppression import Suppression
from alarmlab.model.rules import Rule, children_of, parse_rule
from alarmlab.model.states import State
from sandbox.aws.cloudwatch.actions import carry_out
from sandbox.aws.cloudwatch.alarms import IN_WARM_UP, is_in_warm_up, read_composite_alarm, read_metric_alarm, refuse
from sandbox.aws.cloudwatch.mutes import ACTIONS, Mutes
from sandbox.aws.cloudwatch.states import history_state, state_of_alarm, transition_of, triggering
from sandbox.aws.cloudwatch.tables import composites, find, name_of, names_in, parts_of, record_history
from sandbox.aws.cloudwatch.wire import Values
from sandbox.clock import Clock

_log = logging.getLogger(__name__)
_STATE_MEMBERS = (
    "StateValue",
    "StateReason",
    "StateReasonData",
    "StateUpdatedTimestamp",
    "StateTransitionedTimestamp",
    "ActionsSuppressedBy",
    "ActionsSuppressedReason",
    "EvaluationState",
    "CreatedTimestamp",
)
_DEFAULTS: Values = {"ActionsEnabled": True, "OKActions": [], "AlarmActions": [], "InsufficientDataActions": []}


class AlarmBook:
    """Alarms and their states.

    The alarms themselves stay in ministack's own tables, so that its other services find them. All methods work on the
    account and region of the request scope, and may be called from any thread.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._suppressions: dict[str, Suppression] = {}
        self.mutes = Mutes(clock)
        self._changed_children: dict[str, list[str]] = {}

    def put_metric_alarm(self, alarm: Values) -> Values:
        """Create or replace a metric alarm from the members of PutMetricAlarm; an update keeps the state.

        An update changes a warm-up that is under way, or ends it by leaving it out, but starts none: the page on it says
        that it applies only once, at creation. Its length counts from the creation also after it was changed.

        Raises:
            ServiceError: for what is not valid or not supported.
        """
        read_metric_alarm(alarm)
        with self._lock:
            return self._store(ministack_cloudwatch._alarms, alarm)

    def put_composite_alarm(self, alarm: Values) -> Values:
        """Create or replace a composite alarm from the members of PutCompositeAlarm, and evaluate its rule at once.

        Raises:
            ServiceError: for a rule that is not understood, that mentions unknown alarms, or that forms a cycle.
        """
        name, rule = alarm["AlarmName"], read_composite_alarm(alarm).rule
        with self._lock:
            self._check_children(name, rule, alarm.get("ActionsSuppressor"))
            is_new = name not in ministack_cloudwatch._composite_alarms
            stored = self._store(ministack_cloudwatch._composite_alarms, alarm)
            self._suppressions.pop(stored["AlarmArn"], None)
            state = self._rule_state(rule)
            if is_new or state != stored["StateValue"]:
                verb = "created" if is_new else "updated"
                why = f"{stored['AlarmArn']} was {verb} and its alarm rule evaluates to {state}"
                children = [name_of(child) for child in dict.fromkeys(children_of(rule))]
                self._change(stored, state, why, triggering(children), self._clock.now())
            return stored

    def set_state(self, name: str, state: str, why: str, data: str | None, at: float) -> None:
        """Put an alarm into `state` at sandbox time `at`; actions run if that is another state.

        Raises:
            KeyError: there is no such alarm.
        """
        with self._lock:
            self._advance(at, including=False)
            alarm = find(name)
            if alarm is None:
                raise KeyError(name)
            # An evaluation stands for its boundary, which may lie just before what a client did meanwhile.
            at = max(at, alarm["StateUpdatedTimestamp"])
            if alarm["StateValue"] == state:
                alarm |= {"StateReason": why, "StateReasonData": data, "StateUpdatedTimestamp": at}
                return
            self._change(alarm, state, why, data, at)

    def end_warm_up(self, name: str) -> None:
        """Let the actions of an alarm run from now on."""
        with self._lock:
            alarm = find(name)
            if alarm is not None:
                alarm.pop("EvaluationState", None)

    def delete(self, names: list[str]) -> None:
        """Delete alarms.

        Raises:
            ServiceError: when a composite alarm depends on one of them; nothing is deleted then.
        """
        with self._lock:
            for name in names:
                parents = [parent["AlarmName"] for parent, rule in composites() if name in names_in(parent, rule)]
                if set(parents) - set(names):
                    raise refuse(f"Cannot delete {name} as there are composite alarm(s) depending on it.")
            for name in names:
                alarm = find(name)
                if alarm is None:
                    continue
                ministack_cloudwatch._alarms.pop(name, None)
                ministack_cloudwatch._composite_alarms.pop(name, None)
                ministack_cloudwatch._resource_tags.pop(alarm["AlarmArn"], None)
                self._suppressions.pop(alarm["AlarmArn"], None)

    def advance(self, at: float) -> None:
        """Run the actions whose wait, extension or muting ended by `at`, each at its own moment."""
        with self._lock:
            self._advance(at, including=True)

    def next_moment(self) -> float | None:
        """When `advance` has something to do next, or None."""
        with self._lock:
            steps = [step.until for step in self._suppressions.values() if step.until is not None]
            return min([*steps, *self.mutes.ends()], default=None)

    def _advance(self, at: float, *, including: bool) -> None:
        """As `advance`; a change at `at` itself comes before a wait that ends then, as in alarmlab's simulation."""
        self.mutes.advance(at)
        due = [
            (step.until, arn)
            for arn, step in self._suppressions.items()
            if step.until is not None and (step.until < at or (including and step.due(at)))
        ]
        for until, arn in sorted(due):
            account, region, name = parts_of(arn)
            with request_scope(account, region):
                alarm = find(name)
                if alarm is not None:
                    self._act_if_due(alarm, until, state_of_alarm(alarm))

    def clear(self) -> None:
        """Forget what is under way."""
        with self._lock:
            self._suppressions.clear()
            self.mutes.clear()
            self._changed_children.clear()

    def _store(self, table: Any, alarm: Values) -> Values:
        name, now = alarm["AlarmName"], self._clock.now()
        present = {key: value for key, value in alarm.items() if value is not None and key != "Tags"}
        stored = _DEFAULTS | present
        stored["AlarmArn"] = f"arn:aws:cloudwatch:{get_region()}:{get_account_id()}:alarm:{name}"
        stored["AlarmConfigurationUpdatedTimestamp"] = now
        existing = table.get(name)
        if existing:
            stored |= {key: existing[key] for key in _STATE_MEMBERS if key in existing}
            if not stored.get("WarmUpConfiguration"):
                stored.pop("EvaluationState", None)
            record_history(stored, "ConfigurationUpdate", f'Alarm "{name}" updated', {"version": "1.0"}, now)
        else:
            stored |= {"StateValue": "INSUFFICIENT_DATA", "StateReason": INITIAL_REASON}
            stored |= {"StateUpdatedTimestamp": now, "StateTransitionedTimestamp": now, "CreatedTimestamp": now}
            if stored.get("WarmUpConfiguration"):
                stored["EvaluationState"] = IN_WARM_UP
            record_history(stored, "ConfigurationUpdate", f'Alarm "{name}" created', {"version": "1.0"}, now)
            tags = {tag["Key"]: tag["Value"] for tag in alarm.get("Tags") or []}
            if tags:
                ministack_cloudwatch._resource_tags[stored["AlarmArn"]] = tags
        table[name] = stored
        return stored

    def _check_children(self, name: str, rule: Rule, suppressor: str | None) -> None:
        wanted = [*children_of(rule), *([suppressor] if suppressor else [])]
        missing = [child for child in dict.fromkeys(wanted) if find(name_of(child)) is None]
        if missing:
            raise refuse(
                f"Could not save the composite alarm as alarms [{', '.join(missing)}] in the alarm rule do not exist"
            )
        reached, left = set[str](), [name_of(child) for child in wanted]
        while left:
            child = left.pop()
            if child == name:
                raise refuse(f"alarm {name!r}: its rule leads back to itself")
            composite = ministack_cloudwatch._composite_alarms.get(child)
            if composite and child not in reached:
                reached.add(child)
                left += names_in(composite, parse_rule(composite["AlarmRule"]))

    def _rule_state(self, rule: Rule) -> State:
        def state_of(reference: str) -> State:
            alarm = find(name_of(reference))
            return State(alarm["StateValue"]) if alarm else State.INSUFFICIENT_DATA

        return State.ALARM if is_true(rule, state_of) else State.OK

    def _change(self, alarm: Values, state: str, why: str, data: str | None, at: float) -> None:
        previous = state_of_alarm(alarm)
        alarm |= {"StateValue": str(state), "StateReason": why, "StateReasonData": data}
        alarm |= {"StateUpdatedTimestamp": at, "StateTransitionedTimestamp": at}
        record_history(
            alarm,
            "StateUpdate",
            f"Alarm updated from {previous['value']} to {state}",
            {"version": "1.0", "oldState": history_state(previous), "newState": history_state(state_of_alarm(alarm))},
            at,
        )
        _log.info("%s %s -> %s: %s", alarm["AlarmName"], previous["value"], state, why)
        if alarm.get("ActionsSuppressor"):
            self._suppressions[alarm["AlarmArn"]] = self._suppression(alarm).changed(at)
            if not self._act_if_due(alarm, at, previous):
                carry_out(transition_of(alarm, previous, at), ())
        else:
            self._act(alarm, at, previous)
        self._tell_dependents(alarm, at)

    def _suppression(self, alarm: Values) -> Suppression:
        found = self._suppressions.get(alarm["AlarmArn"])
        if found is not None:
            return found
        suppressor = find(name_of(alarm["ActionsSuppressor"]))
        return Suppression(
            wait=alarm["ActionsSuppressorWaitPeriod"],
            extension=alarm["ActionsSuppressorExtensionPeriod"],
            suppressor_in_alarm=suppressor is not None and suppressor["StateValue"] == "ALARM",
        )

    def _act_if_due(self, alarm: Values, at: float, previous: Values) -> bool:
        step = self._suppressions[alarm["AlarmArn"]]
        due = step.due(at)
        if due:
            step = self._suppressions[alarm["AlarmArn"]] = step.acted()
        by = step.suppressed_by
        alarm["ActionsSuppressedBy"] = by
        alarm["ActionsSuppressedReason"] = by and f"Actions suppressed by {by}"
        if due:
            self._act(alarm, at, previous)
        return due

    def _act(self, alarm: Values, at: float, previous: Values) -> None:
        # The page on warm-up says that no actions run meanwhile, not what SetAlarmState does then: here it sets the
        # state, without actions.
        runs = alarm.get("ActionsEnabled", True) and not is_in_warm_up(alarm)
        actions = alarm.get(ACTIONS[alarm["StateValue"]]) or [] if runs else []
        if self.mutes.hold(alarm, at, previous):
            actions = []
        for action in actions:
            summary = f"Successfully executed action {action}"
            record_history(alarm, "Action", summary, {"actionState": "Succeeded", "notificationResource": action}, at)
        carry_out(transition_of(alarm, previous, at), actions)

    def _tell_dependents(self, child: Values, at: float) -> None:
        name = child["AlarmName"]
        for parent, rule in composites():
            if name_of(parent.get("ActionsSuppressor") or "") == name:
                in_alarm = child["StateValue"] == "ALARM"
                step = self._suppression(parent).suppressor(at, in_alarm=in_alarm)
                self._suppressions[parent["AlarmArn"]] = step
                self._act_if_due(parent, at, state_of_alarm(parent))
            if name in map(name_of, children_of(rule)):
                self._child_changed(parent, rule, child, at)

    def _child_changed(self, parent: Values, rule: Rule, child: Values, at: float) -> None:
        name = child["AlarmName"]
        recent = self._changed_children.setdefault(parent["AlarmArn"], [])
        recent[:] = [name, *(other for other in recent if other != name)]
        state = self._rule_state(rule)
        if state != parent["StateValue"]:
            moment = f"{datetime.fromtimestamp(at, UTC):%A %d %B, %Y %H:%M:%S} UTC"
            why = f"{child['AlarmArn']} transitioned to {child['StateValue']} at {moment}"
            data = triggering(recent)
            recent.clear()
            self._change(parent, state, why, data, at)
