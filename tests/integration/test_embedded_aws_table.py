"""DynamoDB in the embedded AWS does what the functions rely on."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.embedded_aws import embedded_aws

TABLE = "state"


@pytest.fixture(scope="module")
def dynamodb() -> Iterator[Any]:
    """A client, with an empty table."""
    with embedded_aws() as aws:
        client = aws.client("dynamodb")
        client.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield client


def read(dynamodb: Any, id: str) -> Any:
    """An item."""
    return dynamodb.get_item(TableName=TABLE, Key={"id": {"S": id}}, ConsistentRead=True).get("Item")


def test_a_put_on_a_condition_wins_once(dynamodb: Any) -> None:
    """Of two writers that both read version 1, the second is refused and changes nothing."""
    put = {"TableName": TABLE, "ConditionExpression": "attribute_not_exists(id) OR version = :read"}

    def write(version: str, read: str) -> None:
        item = {"id": {"S": "document"}, "version": {"N": version}}
        dynamodb.put_item(**put, Item=item, ExpressionAttributeValues={":read": {"N": read}})

    write("1", "0")
    write("2", "1")
    with pytest.raises(ClientError, match="ConditionalCheckFailedException"):
        write("3", "1")
    assert read(dynamodb, "document")["version"] == {"N": "2"}


def test_a_lease_is_taken_once_and_given_back_by_its_token(dynamodb: Any) -> None:
    """An update on a condition returns the new item, refuses a second taker, and removes attributes."""
    lease = {
        "TableName": TABLE,
        "Key": {"id": {"S": "lease"}},
        "UpdateExpression": "SET lease_until = :until, lease_token = :token",
        "ConditionExpression": "attribute_not_exists(lease_until) OR lease_until < :now",
        "ExpressionAttributeValues": {":until": {"N": "160"}, ":now": {"N": "100"}, ":token": {"S": "a"}},
    }
    taken = dynamodb.update_item(**lease, ReturnValues="ALL_NEW")["Attributes"]
    assert taken["lease_token"] == {"S": "a"}
    with pytest.raises(ClientError, match="ConditionalCheckFailedException"):
        dynamodb.update_item(**lease)
    give_back = {
        "TableName": TABLE,
        "Key": {"id": {"S": "lease"}},
        "UpdateExpression": "SET body = :body REMOVE lease_until, lease_token",
        "ConditionExpression": "lease_token = :token",
    }
    with pytest.raises(ClientError, match="ConditionalCheckFailedException"):
        dynamodb.update_item(**give_back, ExpressionAttributeValues={":token": {"S": "b"}, ":body": {"S": "x"}})
    dynamodb.update_item(**give_back, ExpressionAttributeValues={":token": {"S": "a"}, ":body": {"S": "x"}})
    assert read(dynamodb, "lease") == {"id": {"S": "lease"}, "body": {"S": "x"}}


def test_adding_to_a_set_keeps_each_once(dynamodb: Any) -> None:
    """ADD creates the set, and adds what is not in it."""
    for ids in (["a", "b"], ["b", "c"]):
        dynamodb.update_item(
            TableName=TABLE,
            Key={"id": {"S": "digest"}},
            UpdateExpression="ADD incidents :ids SET expires_at = :expires",
            ExpressionAttributeValues={":ids": {"SS": ids}, ":expires": {"N": "1"}},
        )
    assert sorted(read(dynamodb, "digest")["incidents"]["SS"]) == ["a", "b", "c"]


def test_a_hundred_items_are_read_at_once(dynamodb: Any) -> None:
    """BatchGetItem returns those that are there; 101 keys are refused, as is a key twice."""
    for number in range(99):
        dynamodb.put_item(TableName=TABLE, Item={"id": {"S": f"page#{number}"}, "body": {"S": "x"}})
    keys = [{"id": {"S": f"page#{number}"}} for number in range(100)]
    found = dynamodb.batch_get_item(RequestItems={TABLE: {"Keys": keys, "ConsistentRead": True}})
    assert len(found["Responses"][TABLE]) == 99
    assert found["UnprocessedKeys"] == {}
    with pytest.raises(ClientError, match=r"ValidationException|validation error"):
        dynamodb.batch_get_item(RequestItems={TABLE: {"Keys": [*keys, {"id": {"S": "more"}}]}})
    with pytest.raises(ClientError, match="duplicates"):
        dynamodb.batch_get_item(RequestItems={TABLE: {"Keys": [keys[0], keys[0]]}})
