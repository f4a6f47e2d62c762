"""CloudFormation handlers for alarms, composite alarms and mute rules."""

from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import cloudwatch as ministack_cloudwatch
from ministack.services.cloudformation import provisioners

from alarmlab.model.mute import MUTE_RULE
from alarmlab.model.read import ALARM, COMPOSITE_ALARM, PROPERTIES
from sandbox.aws.cloudwatch.actions import is_emulated
from sandbox.aws.cloudwatch.book import AlarmBook
from sandbox.aws.cloudwatch.mutes import Mutes
from sandbox.aws.cloudwatch.tables import find
from sandbox.aws.cloudwatch.wire import ServiceError, Values, as_input

_NAME_CHARACTERS = 255
_OPERATIONS = {
    ALARM: "PutMetricAlarm",
    COMPOSITE_ALARM: "PutCompositeAlarm",
}
_ACTION_LISTS = ("AlarmActions", "OKActions", "InsufficientDataActions")
_EMULATED = {kind: PROPERTIES[kind] - {"ActionConfiguration"} for kind in _OPERATIONS}

Created = tuple[str, dict[str, str]]


def unimplemented_properties(resource_type: str, props: Mapping[str, Any]) -> list[str]:
    """The properties of an alarm in a template that the sandbox ignores, with actions it does not carry out.

    Empty for resource types that this package does not create.
    """
    emulated = _EMULATED.get(resource_type)
    if emulated is None:
        return []
    ignored = sorted(set(props) - emulated)
    for name in _ACTION_LISTS:
        actions = props.get(name) or []
        ignored += [f"{name}: {arn}" for arn in actions if isinstance(arn, str) and not is_emulated(arn)]
    return ignored


def handlers(book: AlarmBook) -> dict[str, dict[str, Any]]:
    """What ministack's CloudFormation needs to create, update and delete alarms of both types, and mute rules."""
    return {
        ALARM: _handlers(book, ALARM, book.put_metric_alarm),
        COMPOSITE_ALARM: _handlers(book, COMPOSITE_ALARM, book.put_composite_alarm),
        MUTE_RULE: _mute_handlers(book.mutes),
    }


def _handlers(book: AlarmBook, resource_type: str, put: Callable[[Values], Values]) -> dict[str, Any]:
    def put_named(name: str, props: Values) -> Created:
        members = {key: value for key, value in props.items() if key in _EMULATED[resource_type]}
        try:
            stored = put(as_input(_OPERATIONS[resource_type], members | {"AlarmName": name}))
        except ServiceError as error:
            raise ValueError(error.message) from error
        # PutMetricAlarm ignores the tags of an alarm that exists; CloudFormation applies the template's full set.
        tags = {tag["Key"]: tag.get("Value", "") for tag in props.get("Tags") or []}
        ministack_cloudwatch._resource_tags[stored["AlarmArn"]] = tags
        return name, {"Arn": stored["AlarmArn"]}

    def create(logical_id: str, props: Values, stack_name: str) -> Created:
        return put_named(_name(logical_id, props, stack_name), props)

    def update(
        physical_id: str,
        old_props: Values,  # noqa: ARG001 - ministack passes these by position
        new_props: Values,
        stack_name: str,  # noqa: ARG001
    ) -> Created:
        created = put_named(new_props.get("AlarmName") or physical_id, new_props)
        if created[0] != physical_id and find(physical_id) is not None:
            delete(physical_id)
        return created

    def delete(physical_id: str, props: Values | None = None) -> None:  # noqa: ARG001 - as above
        try:
            book.delete([physical_id])
        except ServiceError as error:
            raise ValueError(error.message) from error

    return {"create": create, "update": update, "delete": delete}


def _mute_handlers(mutes: Mutes) -> dict[str, Any]:
    def put(name: str, props: Values) -> Created:
        try:
            arn = mutes.put({key: value for key, value in props.items() if key != "Tags"} | {"Name": name})["Arn"]
        except ServiceError as error:
            raise ValueError(error.message) from error
        return name, {"Arn": arn}

    def create(logical_id: str, props: Values, stack_name: str) -> Created:
        name = props.get("Name") or provisioners._physical_name(stack_name, logical_id, max_len=_NAME_CHARACTERS)
        return put(name, props)

    def update(physical_id: str, _old: Values, new_props: Values, _stack: str) -> Created:
        name = new_props.get("Name") or physical_id
        if name != physical_id:
            delete(physical_id)
        return put(name, new_props)

    def delete(physical_id: str, _props: Values | None = None) -> None:
        mutes.delete({"AlarmMuteRuleName": physical_id})

    return {"create": create, "update": update, "delete": delete}


def _name(logical_id: str, props: Values, stack_name: str) -> str:
    name: str = props.get("AlarmName") or provisioners._physical_name(stack_name, logical_id, max_len=_NAME_CHARACTERS)
    return name
