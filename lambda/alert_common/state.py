"""The one DynamoDB table: where each alert stands, and what each sink was sent.

Two kinds of item share it. `alert#KEY` orders an alert's transitions: a short lease keeps two copies of one transition
apart, and nothing counts as done before its deliveries are on their queues. `sink#NAME#KEY` remembers the last message
of a sink, so that a delivery that comes twice is sent once and a thread is found again.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alert_common.alert import Severity, State
from alert_common.delivery import Action

LEASE_SECONDS = 120
"""Longer than the enricher's timeout, so that only a crashed invocation's lease runs out."""
KEEP_SECONDS = 90 * 86_400
"""How long an alert's place is remembered after its last transition."""


class BusyError(Exception):
    """Another invocation is working on the same alert; the record must come back later."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where an alert stands: its last transition that was handed on."""

    state: State
    at: datetime
    opened_at: datetime | None
    """When the open incident began; None when there is none."""
    severity: Severity
    """The severity it was routed by, so that its end goes the way its beginning went."""


@dataclass(frozen=True, kw_only=True)
class SinkRecord:
    """The last message that a sink took for an alert."""

    action: Action
    at: datetime
    """The alert's time, not the time of sending."""
    thread: str = ""
    """Slack: channel and `ts` of the message that is updated, as `CHANNEL/TS`."""
    headline: str = ""


class StateTable:
    """Access to the table; times are the alerts' own, except for leases and expiry, which are the clock's."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def claim(self, key: str) -> Standing | None:
        """Take the alert's lease and return where it stands, None for a new one.

        Raises:
            BusyError: somebody else holds the lease.
        """
        now = int(time.time())
        try:
            response = self._client.update_item(
                TableName=self._table,
                Key={"id": {"S": f"alert#{key}"}},
                UpdateExpression="SET lease_until = :until, expires_at = :expires",
                ConditionExpression="attribute_not_exists(lease_until) OR lease_until < :now",
                ExpressionAttributeValues={
                    ":until": {"N": str(now + LEASE_SECONDS)},
                    ":now": {"N": str(now)},
                    ":expires": {"N": str(now + KEEP_SECONDS)},
                },
                ReturnValues="ALL_NEW",
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            raise BusyError(f"alert {key} is being handled by another invocation") from error
        item = response["Attributes"]
        if "state" not in item:
            return None
        return Standing(
            state=State(_text(item, "state")),
            at=_time(item, "at"),
            opened_at=_time(item, "opened_at") if "opened_at" in item else None,
            severity=Severity(_text(item, "severity")),
        )

    def commit(self, key: str, standing: Standing) -> None:
        """Record the transition and give the lease back: its deliveries are on their queues."""
        values = {
            ":state": {"S": str(standing.state)},
            ":at": {"S": standing.at.isoformat()},
            ":severity": {"S": str(standing.severity)},
        }
        update = "SET #state = :state, #at = :at, #severity = :severity"
        if standing.opened_at is not None:
            values[":opened"] = {"S": standing.opened_at.isoformat()}
            update += ", opened_at = :opened REMOVE lease_until"
        else:
            update += " REMOVE lease_until, opened_at"
        self._client.update_item(
            TableName=self._table,
            Key={"id": {"S": f"alert#{key}"}},
            UpdateExpression=update,
            ExpressionAttributeNames={"#state": "state", "#at": "at", "#severity": "severity"},
            ExpressionAttributeValues=values,
        )

    def release(self, key: str) -> None:
        """Give the lease back without a change."""
        self._client.update_item(
            TableName=self._table, Key={"id": {"S": f"alert#{key}"}}, UpdateExpression="REMOVE lease_until"
        )

    def sent(self, sink: str, key: str) -> SinkRecord | None:
        """Return what the sink was sent last for this alert."""
        response = self._client.get_item(
            TableName=self._table, Key={"id": {"S": f"sink#{sink}#{key}"}}, ConsistentRead=True
        )
        item = response.get("Item")
        if item is None:
            return None
        return SinkRecord(
            action=Action(_text(item, "action")),
            at=_time(item, "at"),
            thread=_text(item, "thread"),
            headline=_text(item, "headline"),
        )

    def record(self, sink: str, key: str, sent: SinkRecord) -> None:
        """Remember what the sink took."""
        self._client.put_item(
            TableName=self._table,
            Item={
                "id": {"S": f"sink#{sink}#{key}"},
                "action": {"S": str(sent.action)},
                "at": {"S": sent.at.isoformat()},
                "thread": {"S": sent.thread},
                "headline": {"S": sent.headline},
                "expires_at": {"N": str(int(time.time()) + KEEP_SECONDS)},
            },
        )


def _text(item: Mapping[str, Any], name: str) -> str:
    return str(item.get(name, {}).get("S", ""))


def _time(item: Mapping[str, Any], name: str) -> datetime:
    return datetime.fromisoformat(_text(item, name))
