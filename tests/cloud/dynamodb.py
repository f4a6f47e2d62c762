"""DynamoDB: one table, whose every write is atomic."""

import json
from collections.abc import Mapping
from threading import Lock
from typing import Any

from tests.cloud.errors import RefusedError
from tests.cloud.expressions import Item, condition, updated

MOST_BYTES = 400 * 1024
MOST_KEYS = 100


class DynamoDb:
    """A table with the partition key `id`."""

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        self.largest = 0
        """Bytes of the largest item that was ever stored, about."""
        self._lock = Lock()

    def get_item(self, request: Mapping[str, Any]) -> Any:
        """GetItem."""
        assert request["ConsistentRead"], "an inconsistent read may miss what was just written"
        item = self.items.get(request["Key"]["id"]["S"])
        return {"Item": item} if item is not None else {}

    def batch_get_item(self, request: Mapping[str, Any]) -> Any:
        """BatchGetItem."""
        ((table, wanted),) = request["RequestItems"].items()
        assert wanted["ConsistentRead"], "an inconsistent read may miss what was just written"
        keys = [key["id"]["S"] for key in wanted["Keys"]]
        if len(keys) > MOST_KEYS or len(set(keys)) < len(keys):
            raise RefusedError("ValidationException", f"{len(keys)} keys: too many, or one twice")
        return {"Responses": {table: [self.items[key] for key in keys if key in self.items]}, "UnprocessedKeys": {}}

    def put_item(self, request: Mapping[str, Any]) -> Any:
        """PutItem."""
        with self._lock:
            id = request["Item"]["id"]["S"]
            self._check(self.items.get(id, {}), request)
            self._store(id, dict(request["Item"]))
        return {}

    def update_item(self, request: Mapping[str, Any]) -> Any:
        """UpdateItem; creates the item when it is not there."""
        with self._lock:
            id = request["Key"]["id"]["S"]
            item = self.items.get(id, {})
            self._check(item, request)
            after = updated(item or dict(request["Key"]), request["UpdateExpression"], _values(request))
            self._store(id, after)
        return {"Attributes": after} if request.get("ReturnValues") == "ALL_NEW" else {}

    def _check(self, item: Item, request: Mapping[str, Any]) -> None:
        assert "ExpressionAttributeNames" not in request, "the cloud of the tests knows no names of attributes"
        text = request.get("ConditionExpression")
        if text is not None and not condition(text)(item, _values(request)):
            raise RefusedError("ConditionalCheckFailedException", "The conditional request failed")

    def _store(self, id: str, item: Item) -> None:
        size = len(json.dumps(item, ensure_ascii=False).encode())
        if size > MOST_BYTES:
            raise RefusedError("ValidationException", "Item size has exceeded the maximum allowed size")
        self.largest = max(self.largest, size)
        self.items[id] = item


def _values(request: Mapping[str, Any]) -> Mapping[str, Any]:
    values: Mapping[str, Any] = request.get("ExpressionAttributeValues", {})
    return values
