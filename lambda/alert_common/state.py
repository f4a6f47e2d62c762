"""The one DynamoDB table: where each alert stands, and what each sink was sent.

Two kinds of item share it. `alert#KEY` orders an alert's transitions: a short lease keeps two copies of one transition
apart, its token keeps whoever lost it from writing, and nothing counts as done before its deliveries are on their
queues. `sink#NAME#KEY` remembers the last message
of a sink, so that a delivery that comes twice is sent once and a thread is found again.
"""

import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alert_common.alert import Severity, State
from alert_common.delivery import Action

LEASE_SECONDS = 120
"""Longer than the enricher's timeout, so that only a crashed invocation's lease runs out."""
KEEP_SECONDS = 90 * 86_400
"""How long an alert's place is remembered after its last transition."""

_IS_MINE = "lease_token = :token"


class BusyError(Exception):
    """Another invocation is working on the same alert, or has taken it over; the record must come back later."""


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
class Lease:
    """The right to handle an alert, until it runs out and another invocation takes it."""

    key: str
    token: str
    standing: Standing | None
    """Where the alert stood when it was claimed, None for a new one."""


@dataclass(frozen=True, kw_only=True)
class SinkRecord:
    """The last message that a sink took for an alert."""

    action: Action
    at: datetime
    """The alert's time, not the time of sending."""
    thread: str = ""
    """Slack: channel and `ts` of the message that is updated, as `CHANNEL/TS`."""
    headline: str = ""
    triggered_at: datetime | None = None
    """The alert's time of the last trigger that it took: one that is not newer has been told, whatever came since."""


class StateTable:
    """Access to the table; times are the alerts' own, except for leases and expiry, which are the clock's."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def claim(self, key: str) -> Lease:
        """Take the alert's lease.

        Raises:
            BusyError: somebody else holds it.
        """
        now, token = int(time.time()), uuid.uuid4().hex
        item = self._write(
            key,
            "SET lease_until = :until, lease_token = :token, expires_at = :expires",
            condition="attribute_not_exists(lease_until) OR lease_until < :now",
            values={
                ":until": {"N": str(now + LEASE_SECONDS)},
                ":token": {"S": token},
                ":now": {"N": str(now)},
                ":expires": {"N": str(now + KEEP_SECONDS)},
            },
        )
        if "state" not in item:
            return Lease(key=key, token=token, standing=None)
        standing = Standing(
            state=State(_text(item, "state")),
            at=_time(item, "at"),
            opened_at=_time(item, "opened_at") if "opened_at" in item else None,
            severity=Severity(_text(item, "severity")),
        )
        return Lease(key=key, token=token, standing=standing)

    def commit(self, lease: Lease, standing: Standing) -> None:
        """Record the transition and give the lease back: its deliveries are on their queues.

        Raises:
            BusyError: the lease ran out and somebody else took it; what they record counts.
        """
        values = {
            ":token": {"S": lease.token},
            ":state": {"S": str(standing.state)},
            ":at": {"S": standing.at.isoformat()},
            ":severity": {"S": str(standing.severity)},
        }
        update = "SET #state = :state, #at = :at, #severity = :severity"
        if standing.opened_at is not None:
            values[":opened"] = {"S": standing.opened_at.isoformat()}
            update += ", opened_at = :opened REMOVE lease_until, lease_token"
        else:
            update += " REMOVE lease_until, lease_token, opened_at"
        names = {"#state": "state", "#at": "at", "#severity": "severity"}
        self._write(lease.key, update, condition=_IS_MINE, values=values, names=names)

    def release(self, lease: Lease) -> None:
        """Give the lease back without a change; one that somebody else has taken is theirs."""
        with suppress(BusyError):
            self._write(
                lease.key,
                "REMOVE lease_until, lease_token",
                condition=_IS_MINE,
                values={":token": {"S": lease.token}},
            )

    def _write(
        self,
        key: str,
        update: str,
        *,
        condition: str,
        values: Mapping[str, Any],
        names: Mapping[str, str] | None = None,
    ) -> Mapping[str, Any]:
        """Change an alert's item and return it.

        Raises:
            BusyError: the condition does not hold, for somebody else holds the lease.
        """
        try:
            response = self._client.update_item(
                TableName=self._table,
                Key={"id": {"S": f"alert#{key}"}},
                UpdateExpression=update,
                ConditionExpression=condition,
                ExpressionAttributeValues=values,
                ReturnValues="ALL_NEW",
                **({"ExpressionAttributeNames": names} if names else {}),
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            raise BusyError(f"alert {key} is being handled by another invocation") from error
        attributes: Mapping[str, Any] = response["Attributes"]
        return attributes

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
            triggered_at=_time(item, "triggered_at") if "triggered_at" in item else None,
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
                **({"triggered_at": {"S": sent.triggered_at.isoformat()}} if sent.triggered_at else {}),
                "expires_at": {"N": str(int(time.time()) + KEEP_SECONDS)},
            },
        )


def _text(item: Mapping[str, Any], name: str) -> str:
    return str(item.get(name, {}).get("S", ""))


def _time(item: Mapping[str, Any], name: str) -> datetime:
    return datetime.fromisoformat(_text(item, name))
