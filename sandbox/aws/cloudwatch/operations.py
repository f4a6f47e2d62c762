"""The operations on alarms, from decoded input to output."""

from collections.abc import Callable
from typing import Any

from ministack.services import cloudwatch as ministack_cloudwatch

from alarmlab.model.queries import read_dimensions
from alarmlab.model.rules import children_of, parse_rule
from sandbox.aws.cloudwatch.alarms import refusals
from sandbox.aws.cloudwatch.book import AlarmBook
from sandbox.aws.cloudwatch.tables import find, name_of
from sandbox.aws.cloudwatch.wire import ServiceError, Values
from sandbox.clock import Clock

_STATES = ("OK", "ALARM", "INSUFFICIENT_DATA")
_OF_ONE_METRIC = ("Namespace", "MetricName", "Statistic", "ExtendedStatistic", "Period", "Unit")
_PAGE = 50


class AlarmOperations:
    """Operations on alarms; account and region come from the request scope."""

    def __init__(self, clock: Clock, book: AlarmBook) -> None:
        self._clock = clock
        self._book = book

    def put_metric_alarm(self, request: Values) -> Values:
        """PutMetricAlarm."""
        self._book.put_metric_alarm(request)
        return {}

    def put_composite_alarm(self, request: Values) -> Values:
        """PutCompositeAlarm."""
        self._book.put_composite_alarm(request)
        return {}

    def delete_alarms(self, request: Values) -> Values:
        """DeleteAlarms."""
        self._book.delete(request["AlarmNames"])
        return {}

    def set_alarm_state(self, request: Values) -> Values:
        """SetAlarmState."""
        state = request["StateValue"]
        if state not in _STATES:
            raise ServiceError("ValidationError", f"StateValue: {state!r} is not one of {', '.join(_STATES)}")
        name = request["AlarmName"]
        if find(name) is None:
            raise ServiceError("ResourceNotFound", f"Unknown alarm {name}", 404)
        self._book.set_state(name, state, request["StateReason"], request.get("StateReasonData"), self._clock.now())
        return {}

    def enable_alarm_actions(self, request: Values) -> Values:
        """EnableAlarmActions."""
        return _set_actions_enabled(request["AlarmNames"], enabled=True)

    def disable_alarm_actions(self, request: Values) -> Values:
        """DisableAlarmActions."""
        return _set_actions_enabled(request["AlarmNames"], enabled=False)

    def describe_alarms(self, request: Values) -> Values:
        """DescribeAlarms: by names, prefix, state, action, types, children or parents."""
        types = request.get("AlarmTypes") or ["MetricAlarm"]
        if request.get("ChildrenOfAlarmName") or request.get("ParentsOfAlarmName"):
            types = ["MetricAlarm", "CompositeAlarm"]
        tables = {
            "MetricAlarm": ministack_cloudwatch._alarms,
            "CompositeAlarm": ministack_cloudwatch._composite_alarms,
        }
        chosen = _filter(request)
        alarms = sorted(
            (alarm for kind in types for alarm in tables[kind].values() if chosen(alarm)),
            key=lambda alarm: alarm["AlarmName"],
        )
        # The token is the next page's first name, so alarms that come and go between pages shift nothing.
        alarms = [alarm for alarm in alarms if alarm["AlarmName"] >= (request.get("NextToken") or "")]
        size = request.get("MaxRecords") or _PAGE
        page, rest = alarms[:size], alarms[size:]
        return {
            "MetricAlarms": [alarm for alarm in page if "AlarmRule" not in alarm],
            "CompositeAlarms": [alarm for alarm in page if "AlarmRule" in alarm],
            "NextToken": rest[0]["AlarmName"] if rest else None,
        }

    @refusals()
    def describe_alarms_for_metric(self, request: Values) -> Values:
        """DescribeAlarmsForMetric: the alarms on exactly this metric; as in AWS, not those with an expression on it."""
        wanted = {member: request[member] for member in _OF_ONE_METRIC if request.get(member) is not None}
        dimensions = read_dimensions(request.get("Dimensions") or [])
        return {
            "MetricAlarms": [
                alarm
                for alarm in ministack_cloudwatch._alarms.values()
                if all(alarm.get(member) == value for member, value in wanted.items())
                and read_dimensions(alarm.get("Dimensions") or []) == dimensions
            ]
        }

    def describe_alarm_history(self, request: Values) -> Values:
        """DescribeAlarmHistory, newest first unless ScanBy says otherwise."""
        types = request.get("AlarmTypes") or ["MetricAlarm"]
        start, end = request.get("StartDate"), request.get("EndDate")
        items = [
            item
            for item in ministack_cloudwatch._history_entries()
            if item["AlarmType"] in types
            and request.get("AlarmName") in (None, item["AlarmName"])
            and request.get("HistoryItemType") in (None, item["HistoryItemType"])
            and (start is None or item["Timestamp"] >= start)
            and (end is None or item["Timestamp"] <= end)
        ]
        if request.get("ScanBy") != "TimestampAscending":
            items.reverse()
        first = int(request.get("NextToken") or 0)
        last = first + (request.get("MaxRecords") or _PAGE)
        return {"AlarmHistoryItems": items[first:last], "NextToken": str(last) if last < len(items) else None}


def _set_actions_enabled(names: list[str], *, enabled: bool) -> Values:
    for name in names:
        alarm = find(name)
        if alarm is not None:
            alarm["ActionsEnabled"] = enabled
    return {}


def _filter(request: Values) -> Callable[[Values], bool]:
    names, prefix, state = request.get("AlarmNames"), request.get("AlarmNamePrefix"), request.get("StateValue")
    action = request.get("ActionPrefix")
    if request.get("ChildrenOfAlarmName"):
        names = _children(request["ChildrenOfAlarmName"])
    if request.get("ParentsOfAlarmName"):
        child = request["ParentsOfAlarmName"]
        names = [
            parent["AlarmName"]
            for parent in ministack_cloudwatch._composite_alarms.values()
            if child in _children(parent["AlarmName"])
        ]

    def chosen(alarm: Values) -> bool:
        lists = (alarm.get(name) or [] for name in ("OKActions", "AlarmActions", "InsufficientDataActions"))
        return (
            (names is None or alarm["AlarmName"] in names)
            and alarm["AlarmName"].startswith(prefix or "")
            and state in (None, alarm["StateValue"])
            and (not action or any(arn.startswith(action) for arns in lists for arn in arns))
        )

    return chosen


def _children(name: str) -> list[str]:
    composite: Any = ministack_cloudwatch._composite_alarms.get(name)
    if composite is None:
        raise ServiceError("ResourceNotFoundException", f"there is no composite alarm {name!r}", 404)
    return [name_of(child) for child in children_of(parse_rule(composite["AlarmRule"]))]
