"""The mute rules of all accounts, the actions that they hold back, and the operations on them."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ministack.core.responses import get_account_id, get_region, request_scope

from alarmlab.model.mute import MuteRule, read_mute_rule
from sandbox.aws.cloudwatch.actions import carry_out
from sandbox.aws.cloudwatch.alarms import refusals
from sandbox.aws.cloudwatch.states import transition_of
from sandbox.aws.cloudwatch.tables import find, parts_of, record_history
from sandbox.aws.cloudwatch.wire import ServiceError, Values
from sandbox.clock import Clock

ACTIONS = {"ALARM": "AlarmActions", "OK": "OKActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}
"""State, and the member of an alarm that lists its actions."""

_Key = tuple[str, str, str]


@dataclass(frozen=True, kw_only=True)
class _Rule:
    """A rule, the request that put it, and when."""

    rule: MuteRule
    request: Values
    updated: float


@dataclass(frozen=True, kw_only=True)
class _Held:
    """Actions held back: of the state that the alarm went into, until the window ends."""

    state: str
    previous: Values
    until: float


class Mutes:
    """Mute rules, by account and region of the request scope."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._rules: dict[_Key, _Rule] = {}
        self._held: dict[str, _Held] = {}

    def put(self, request: Values) -> Values:
        """PutAlarmMuteRule.

        Raises:
            ServiceError: for what is not valid.
        """
        with refusals():
            rule = read_mute_rule(request, id=request["Name"])
        with self._lock:
            self._rules[_key(request["Name"])] = _Rule(rule=rule, request=request, updated=self._clock.now())
        return {"Arn": _arn(request["Name"])}

    def get(self, request: Values) -> Values:
        """GetAlarmMuteRule."""
        name = request["AlarmMuteRuleName"]
        found = self._rules.get(_key(name))
        if found is None:
            raise ServiceError("ResourceNotFoundException", f"there is no mute rule {name!r}", 404)
        members = ("Name", "Description", "Rule", "MuteTargets", "StartDate", "ExpireDate")
        described = {member: found.request[member] for member in members if found.request.get(member) is not None}
        return described | self._summary(name, found)

    def list(self, request: Values) -> Values:
        """ListAlarmMuteRules: all of them, on one page."""
        summaries = [
            self._summary(name, found)
            for (account, region, name), found in sorted(self._rules.items(), key=lambda item: item[0])
            if (account, region) == (get_account_id(), get_region())
            and request.get("AlarmName") in (None, *found.rule.alarms)
        ]
        wanted = request.get("Statuses")
        return {"AlarmMuteRuleSummaries": [item for item in summaries if not wanted or item["Status"] in wanted]}

    def delete(self, request: Values) -> Values:
        """DeleteAlarmMuteRule."""
        with self._lock:
            self._rules.pop(_key(request["AlarmMuteRuleName"]), None)
        return {}

    def hold(self, alarm: Values, at: float, previous: Values) -> bool:
        """Whether the actions of what the alarm just did are muted; those of the first muted state are kept for later."""
        arn, until = alarm["AlarmArn"], self._until(alarm["AlarmName"], at)
        with self._lock:
            if until is None:
                self._held.pop(arn, None)
                return False
            self._held.setdefault(arn, _Held(state=alarm["StateValue"], previous=previous, until=until))
            return True

    def ends(self) -> Sequence[float]:
        """When windows end that hold something back."""
        with self._lock:
            return [held.until for held in self._held.values()]

    def advance(self, at: float) -> None:
        """Run what was held back until `at`, of alarms that are still in the state in which they were muted."""
        with self._lock:
            due = [(arn, held) for arn, held in self._held.items() if held.until <= at]
            for arn, held in due:
                account, region, name = parts_of(arn)
                with request_scope(account, region):
                    further = self._until(name, held.until)
                    if further is not None:
                        self._held[arn] = _Held(state=held.state, previous=held.previous, until=further)
                        continue
                    del self._held[arn]
                    alarm = find(name)
                    if alarm is not None and alarm["StateValue"] == held.state:
                        _run(alarm, held)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._rules.clear()
            self._held.clear()

    def _until(self, name: str, at: float) -> float | None:
        scope = get_account_id(), get_region()
        rules = [found.rule for (*of, _), found in list(self._rules.items()) if tuple(of) == scope]
        ends = [end for rule in rules if name in rule.alarms and (end := rule.until(at)) is not None]
        return max(ends, default=None)

    def _summary(self, name: str, found: _Rule) -> dict[str, Any]:
        rule, now = found.rule, self._clock.now()
        status = "ACTIVE" if rule.until(now) is not None else "EXPIRED" if rule.is_expired(now) else "SCHEDULED"
        return {
            "AlarmMuteRuleArn": _arn(name),
            "Status": status,
            "MuteType": "ONE_TIME" if rule.begins else "RECURRING",
            "LastUpdatedTimestamp": found.updated,
        }


def _run(alarm: Values, held: _Held) -> None:
    actions = alarm.get(ACTIONS[held.state]) or [] if alarm.get("ActionsEnabled", True) else []
    for action in actions:
        summary = f"Successfully executed action {action}"
        details = {"actionState": "Succeeded", "notificationResource": action}
        record_history(alarm, "Action", summary, details, held.until)
    at = alarm["StateTransitionedTimestamp"]
    carry_out(transition_of(alarm, held.previous, at, after_mute=True), actions)


def _key(name: str) -> _Key:
    return get_account_id(), get_region(), name


def _arn(name: str) -> str:
    return f"arn:aws:cloudwatch:{get_region()}:{get_account_id()}:alarm-mute-rule:{name}"
