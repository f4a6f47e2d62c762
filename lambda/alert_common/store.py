"""The one DynamoDB table: where alerts stand, which incidents there are, what each sink was told, and its gate.

| key | what | written by |
|---|---|---|
| `alert#KEY` | where an alert stands, and a lease that keeps two copies of one transition apart | enricher |
| `group#KEY` | the incident that alerts of this resource join | enricher |
| `incident#ID` | an incident | enricher |
| `page#KEY` | what there is to tell of one transition | enricher |
| `digest#ID` | the incidents of a digest | both |
| `told#SINK#ID` | what a sink was told of an incident or digest, and a lease that keeps two tellers apart | dispatcher |
| `gate#SINK` | the sink's rate limit and circuit breaker | dispatcher |

Every write is conditional: a lease's on its token, a document's on its version. So nobody overwrites what they have not read.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from alert_common import clock, codec
from alert_common.alert import Severity, State
from alert_common.gate import Gate
from alert_common.incident import Incident, Told
from alert_common.page import Page

LEASE_SECONDS = 60
"""Longer than a function may run, so that only a crashed invocation's lease runs out."""
KEEP_SECONDS = 90 * 86_400
"""How long something is remembered after it was written last."""
BATCH = 100
"""Items that DynamoDB reads at once."""

DIGEST_MOST = 400
"""Incidents of one digest: an item holds 400 KB, and its teller reads them all."""

_IS_MINE = "lease_token = :token"
_IS_FREE = "attribute_not_exists(lease_until) OR lease_until < :now"
Document = TypeVar("Document", Incident, Told, Gate)
Key = tuple[str, str]


class BusyError(Exception):
    """Somebody else is working on the same thing, or has taken it over; the record must come back later."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where an alert stands: its last transition that was handed on."""

    state: State
    at: datetime
    opened_at: datetime | None
    """When it began to fire; None when it does not."""
    severity: Severity
    """The severity it was routed by, so that its end goes the way its beginning went."""
    incident: str = ""
    """The incident that it belongs to while it is open."""


@dataclass(frozen=True, kw_only=True)
class Lease:
    """The right to handle an alert, until it runs out and another invocation takes it."""

    key: str
    token: str
    standing: Standing | None
    """Where the alert stood when it was claimed, None for a new one."""


@dataclass(frozen=True, kw_only=True)
class Turn:
    """The right to tell one sink of one incident, until it runs out."""

    sink: str
    id: str
    token: str
    told: Told


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A delivery that waits for its turn, and will tell whatever there is to tell by then."""

    until: float
    """Seconds of the clock."""
    message: str
    """The id of its message on the queue."""
    urgent: bool


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What was read for a batch; what is absent is not there."""

    incidents: Mapping[str, Incident]
    """By id."""
    told: Mapping[Key, Told]
    """By sink and id."""
    waiting: Mapping[Key, Waiting]
    """By sink and id."""


class Store:
    """Access to the table; leases and expiry go by the clock, everything else by the alerts' own times."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    # Alerts

    def claim(self, key: str) -> Lease:
        """Take the alert's lease.

        Raises:
            BusyError: somebody else holds it.
        """
        token, item = self._lease(f"alert#{key}")
        standing = codec.loads(Standing, item["body"]["S"]) if "body" in item else None
        return Lease(key=key, token=token, standing=standing)

    def commit(self, lease: Lease, standing: Standing) -> None:
        """Record the transition and give the lease back: it is handed on.

        Raises:
            BusyError: the lease ran out and somebody else took it; what they record counts.
        """
        self._write(
            f"alert#{lease.key}",
            "SET body = :body, expires_at = :expires REMOVE lease_until, lease_token",
            condition=_IS_MINE,
            values={":token": {"S": lease.token}, ":body": {"S": codec.dumps(standing)}, ":expires": _expiry()},
        )

    def release(self, lease: Lease) -> None:
        """Give the lease back without a change; one that somebody else has taken is theirs."""
        self._release(f"alert#{lease.key}", lease.token)

    # Incidents

    def current(self, group: str) -> str:
        """Return the id of the incident that alerts of this resource join, empty without one."""
        return _text(self._read(f"group#{group}"), "incident")

    def point(self, group: str, *, to: str, instead_of: str) -> bool:
        """Make alerts of this resource join another incident; False when somebody else was faster."""
        condition, values = "attribute_not_exists(incident)", {":to": {"S": to}, ":expires": _expiry()}
        if instead_of:
            condition, values = "incident = :was", {**values, ":was": {"S": instead_of}}
        try:
            self._write(
                f"group#{group}", "SET incident = :to, expires_at = :expires", condition=condition, values=values
            )
        except BusyError:
            return False
        return True

    def incident(self, id: str) -> Incident | None:
        """Return an incident as it is now."""
        return _document(Incident, self._read(f"incident#{id}"))

    def save(self, incident: Incident) -> bool:
        """Store an incident; False when somebody else has changed it since it was read."""
        return self._save(f"incident#{incident.id}", incident)

    # Pages

    def put_page(self, key: str, page: Page) -> None:
        """Store what there is to tell of one transition."""
        self._put(f"page#{key}", {"body": {"S": codec.dumps(page)}})

    def pages(self, keys: Iterable[str]) -> Mapping[str, Page]:
        """Return those that are there, by key."""
        items = self._read_all([f"page#{key}" for key in keys])
        return {id.partition("#")[2]: codec.loads(Page, item["body"]["S"]) for id, item in items.items()}

    # Digests

    def add_to_digest(self, id: str, incidents: Sequence[str]) -> bool | None:
        """Put incidents into a digest, each once; return whether its delivery is on its way already, None when it is full."""
        try:
            item = self._write(
                f"digest#{id}",
                "ADD incidents :ids SET expires_at = :expires",
                condition="attribute_not_exists(incidents) OR size(incidents) < :most",
                values={
                    ":ids": {"SS": list(incidents)},
                    ":most": {"N": str(DIGEST_MOST)},
                    ":expires": _expiry(),
                },
            )
        except BusyError:
            return None
        return "is_called" in item

    def digest_is_called(self, id: str) -> None:
        """Remember that the digest's delivery is on its way."""
        self._client.update_item(
            TableName=self._table,
            Key=_key(f"digest#{id}"),
            UpdateExpression="SET is_called = :yes",
            ExpressionAttributeValues={":yes": {"BOOL": True}},
        )

    def digest(self, id: str) -> tuple[str, ...]:
        """Return the ids of its incidents."""
        return tuple(sorted(self._read(f"digest#{id}").get("incidents", {}).get("SS", ())))

    # Sinks

    def look(self, wanted: Iterable[Key]) -> Seen:
        """Return incidents, what sinks were told of them, and who waits to tell them, as they are now."""
        keys = list(dict.fromkeys(wanted))
        incidents = dict.fromkeys(f"incident#{id}" for _, id in keys)
        items = self._read_all([*incidents, *(f"told#{sink}#{id}" for sink, id in keys)])
        of_sinks = {(sink, id): item for sink, id in keys if (item := items.get(f"told#{sink}#{id}"))}
        return Seen(
            incidents={
                key.partition("#")[2]: codec.loads(Incident, item["body"]["S"])
                for key, item in items.items()
                if key in incidents
            },
            told={key: codec.loads(Told, item["body"]["S"]) for key, item in of_sinks.items() if "body" in item},
            waiting={
                key: codec.loads(Waiting, item["waiting"]["S"]) for key, item in of_sinks.items() if "waiting" in item
            },
        )

    def wait(self, sink: str, id: str, waiting: Waiting) -> None:
        """Remember that a delivery waits for its turn."""
        self._client.update_item(
            TableName=self._table,
            Key=_key(f"told#{sink}#{id}"),
            UpdateExpression="SET waiting = :waiting, expires_at = :expires",
            ExpressionAttributeValues={":waiting": {"S": codec.dumps(waiting)}, ":expires": _expiry()},
        )

    def take_turn(self, sink: str, id: str) -> Turn:
        """Take the right to tell a sink of an incident or digest.

        Raises:
            BusyError: somebody else is at it.
        """
        token, item = self._lease(f"told#{sink}#{id}")
        return Turn(sink=sink, id=id, token=token, told=_document(Told, item) or Told())

    def tell(self, turn: Turn, told: Told) -> Turn:
        """Remember what the sink took, or is about to be sent (`trying`); the turn goes on.

        Raises:
            BusyError: the turn ran out and somebody else has it.
        """
        return self._record(turn, told)

    def finish(self, turn: Turn, told: Told) -> None:
        """Remember what the sink took, and give the right back.

        Raises:
            BusyError: the turn ran out and somebody else has it.
        """
        self._record(turn, told, "REMOVE lease_until, lease_token")

    def end_turn(self, turn: Turn) -> None:
        """Give the right back; one that somebody else has taken is theirs."""
        self._release(f"told#{turn.sink}#{turn.id}", turn.token)

    def gate(self, sink: str) -> Gate:
        """Return where a sink stands."""
        return _document(Gate, self._read(f"gate#{sink}")) or Gate()

    def save_gate(self, sink: str, gate: Gate) -> bool:
        """Store where a sink stands; False when somebody else has changed it since it was read."""
        return self._save(f"gate#{sink}", gate)

    # The table

    def _record(self, turn: Turn, told: Told, and_then: str = "") -> Turn:
        told = replace(told, version=turn.told.version + 1)
        self._write(
            f"told#{turn.sink}#{turn.id}",
            f"SET body = :body, version = :version, expires_at = :expires {and_then}".rstrip(),
            condition=_IS_MINE,
            values={
                ":token": {"S": turn.token},
                ":body": {"S": codec.dumps(told)},
                ":version": {"N": str(told.version)},
                ":expires": _expiry(),
            },
        )
        return replace(turn, told=told)

    def _lease(self, id: str) -> tuple[str, Mapping[str, Any]]:
        now, token = int(clock.now().timestamp()), uuid.uuid4().hex
        item = self._write(
            id,
            "SET lease_until = :until, lease_token = :token, expires_at = :expires",
            condition=_IS_FREE,
            values={
                ":until": {"N": str(now + LEASE_SECONDS)},
                ":token": {"S": token},
                ":now": {"N": str(now)},
                ":expires": _expiry(),
            },
        )
        return token, item

    def _release(self, id: str, token: str) -> None:
        with suppress(BusyError):
            self._write(id, "REMOVE lease_until, lease_token", condition=_IS_MINE, values={":token": {"S": token}})

    def _write(self, id: str, update: str, *, condition: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Change an item and return it.

        Raises:
            BusyError: the condition does not hold.
        """
        try:
            response = self._client.update_item(
                TableName=self._table,
                Key=_key(id),
                UpdateExpression=update,
                ConditionExpression=condition,
                ExpressionAttributeValues=values,
                ReturnValues="ALL_NEW",
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            raise BusyError(f"{id} is in other hands") from error
        attributes: Mapping[str, Any] = response["Attributes"]
        return attributes

    def _save(self, id: str, document: Incident | Gate) -> bool:
        """Store a document whose version is still the one that was read; False when it is not."""
        body = codec.dumps(replace(document, version=document.version + 1))
        more: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(id)"}
        if document.version:
            more = {
                "ConditionExpression": "version = :was",
                "ExpressionAttributeValues": {":was": {"N": str(document.version)}},
            }
        try:
            self._put(id, {"body": {"S": body}, "version": {"N": str(document.version + 1)}}, **more)
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _put(self, id: str, attributes: Mapping[str, Any], **more: Any) -> None:
        self._client.put_item(
            TableName=self._table, Item={"id": {"S": id}, "expires_at": _expiry(), **attributes}, **more
        )

    def _read(self, id: str) -> Mapping[str, Any]:
        response = self._client.get_item(TableName=self._table, Key=_key(id), ConsistentRead=True)
        item: Mapping[str, Any] = response.get("Item", {})
        return item

    def _read_all(self, ids: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        """Return the items that are there, by key.

        Raises:
            BusyError: DynamoDB leaves some unread, for want of capacity.
        """
        found: dict[str, Mapping[str, Any]] = {}
        for start in range(0, len(ids), BATCH):
            keys = [_key(id) for id in dict.fromkeys(ids[start : start + BATCH])]
            for _ in range(3):
                response = self._client.batch_get_item(
                    RequestItems={self._table: {"Keys": keys, "ConsistentRead": True}}
                )
                found |= {item["id"]["S"]: item for item in response["Responses"].get(self._table, ())}
                keys = response.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", [])
                if not keys:
                    break
            else:
                raise BusyError("the table is too busy to be read")
        return found


def _key(id: str) -> Mapping[str, Any]:
    return {"id": {"S": id}}


def _expiry() -> Mapping[str, str]:
    return {"N": str(int(clock.now().timestamp()) + KEEP_SECONDS)}


def _text(item: Mapping[str, Any], name: str) -> str:
    return str(item.get(name, {}).get("S", ""))


def _document(kind: type[Document], item: Mapping[str, Any]) -> Document | None:
    return codec.loads(kind, item["body"]["S"]) if "body" in item else None
