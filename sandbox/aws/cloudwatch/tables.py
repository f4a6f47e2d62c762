"""ministack's own tables of alarms and their history: the alarms stay there, so that its other services find them."""

import json
from collections.abc import Iterator

from ministack.services import cloudwatch as ministack_cloudwatch

from alarmlab.model.rules import Rule, children_of, parse_rule
from sandbox.aws.cloudwatch.wire import Values


def find(name: str) -> Values | None:
    """The alarm of this name in the current account and region, of either type."""
    found: Values | None = ministack_cloudwatch._alarms.get(name) or ministack_cloudwatch._composite_alarms.get(name)
    return found


def name_of(reference: str) -> str:
    """The alarm's name, given its name or ARN."""
    return reference.split(":alarm:", 1)[1] if reference.startswith("arn:") else reference


def parts_of(arn: str) -> tuple[str, str, str]:
    """Account, region and name of an alarm's ARN."""
    _, _, _, region, account, rest = arn.split(":", 5)
    return account, region, rest.removeprefix("alarm:")


def record_history(alarm: Values, item: str, summary: str, data: Values, at: float) -> None:
    """Add to an alarm's history."""
    ministack_cloudwatch._history_entries().append(
        {
            "AlarmName": alarm["AlarmName"],
            "AlarmType": "CompositeAlarm" if "AlarmRule" in alarm else "MetricAlarm",
            "Timestamp": at,
            "HistoryItemType": item,
            "HistorySummary": summary,
            "HistoryData": json.dumps(data),
        }
    )


def composites() -> Iterator[tuple[Values, Rule]]:
    """The composite alarms of the current account and region, each with its rule."""
    for alarm in list(ministack_cloudwatch._composite_alarms.values()):
        yield alarm, parse_rule(alarm["AlarmRule"])


def names_in(alarm: Values, rule: Rule) -> list[str]:
    """The alarms that a composite alarm depends on: in its rule, and its suppressor."""
    suppressor = [alarm["ActionsSuppressor"]] if alarm.get("ActionsSuppressor") else []
    return [name_of(child) for child in [*children_of(rule), *suppressor]]
