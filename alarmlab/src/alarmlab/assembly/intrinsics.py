"""CloudFormation's functions, as far as they can be worked out without deploying.

What only the deployment decides becomes a stand-in, a text that is the same every time and that a suite can write:

- `${Queue}` for `!Ref Queue` and `${Queue.QueueName}` for `!GetAtt Queue.QueueName`, unless the template itself gives
  that name. The eight hexadecimal digits at the end of a logical id that CDK made up are left out where that stays unique:
  `${RoutingDispatcher}`, not `${RoutingDispatcherF3C4B9A0}`. Where several stacks have a resource of that name, they are told
  apart: `${Prod/Queue}`.
- `${Stage}` for a parameter without a Default, `${AWS::Region}` for a pseudo parameter that the assembly does not fix.
- `${Shared:TopicArn}` for an import of what no stack here exports.
- `${Fn::If IsProd}` for a choice by a condition that depends on any of these, `${Listener}[/1]` for the second of the parts
  that a `/` splits it into, `${Fn::GetAZs ""}` and the like for functions whose answer depends on the account.

Functions of several parts keep what is known: `!Sub "${AWS::StackName}-queue"` of a template file is
`${AWS::StackName}-queue`.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from alarmlab.assembly.conditions import all_of, any_of
from alarmlab.assembly.stacks import Stack, mapping_in
from alarmlab.assembly.standins import NO_VALUE, PSEUDO, Pieces, StandIn, joined, pseudo_parameter, split_known, text_of
from alarmlab.errors import InputError
from alarmlab.model.read import ALARM, COMPOSITE_ALARM

REFERENCE = "alarmlab-reference:"
"""What begins a reference to an alarm, where it is written as one; its stack and its logical id follow, quoted."""
Exports = Mapping[str, tuple[Stack, Any]]
"""What stacks export: the stack and the value, not yet worked out, by name."""
_SUB = re.compile(r"\$\{(!?)([^{}]+)\}")
_MAX_DEPTH = 60
_MISUSE = (LookupError, TypeError, ValueError, AttributeError)
"""What comes of arguments of another kind than a function takes."""
# Resources whose Ref is the name that their properties may give.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
_NAMES = {
    "AWS::AutoScaling::AutoScalingGroup": "AutoScalingGroupName",
    ALARM: "AlarmName",
    COMPOSITE_ALARM: "AlarmName",
    "AWS::DynamoDB::GlobalTable": "TableName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::ECS::Cluster": "ClusterName",
    "AWS::EKS::Cluster": "Name",
    "AWS::Events::Rule": "Name",
    "AWS::Kinesis::Stream": "Name",
    "AWS::KinesisFirehose::DeliveryStream": "DeliveryStreamName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::RDS::DBCluster": "DBClusterIdentifier",
    "AWS::RDS::DBInstance": "DBInstanceIdentifier",
    "AWS::S3::Bucket": "BucketName",
    "AWS::Serverless::Function": "FunctionName",
    "AWS::Serverless::SimpleTable": "TableName",
}


class Resolver:
    """Works out values of one stack.

    Args:
        stack: whose values.
        exports: of all stacks.
        references: write a reference to an alarm as one, for whoever looks the alarm up.
    """

    def __init__(self, stack: Stack, exports: Exports, *, references: bool = False, depth: int = 0) -> None:
        self._stack = stack
        self._exports = exports
        self._references = references
        self._depth = depth
        self._functions: Mapping[str, Callable[[Any], Any]] = {
            "Fn::Base64": self._base64,
            "Fn::FindInMap": self._find_in_map,
            "Fn::GetAtt": self._get_att,
            "Fn::If": self._if,
            "Fn::ImportValue": self._import_value,
            "Fn::Join": self._join,
            "Fn::Select": self._select,
            "Fn::Split": self._split,
            "Fn::Sub": self._sub,
        }

    def value(self, value: Any) -> Any:
        """`value` with its functions worked out.

        Raises:
            InputError: a function is not understood, or leads back to itself.
        """
        with self._deeper():
            return self._value(value)

    def condition(self, name: str) -> bool | None:
        """Whether a condition of the template holds, None where only the deployment decides it.

        Raises:
            InputError: it is not declared, or not understood.
        """
        conditions = self._stack.template.section("Conditions")
        if not isinstance(name, str) or name not in conditions:
            raise InputError(f"Condition: {name!r} is not declared in Conditions")
        with self._deeper():
            try:
                return self._truth(conditions[name])
            except InputError:
                raise
            except _MISUSE as error:
                raise InputError(f"Conditions: {name} is not understood") from error

    @contextmanager
    def _deeper(self) -> Iterator[None]:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise InputError("functions are nested too deeply, or lead back to themselves")
        try:
            yield
        finally:
            self._depth -= 1

    def _value(self, value: Any) -> Any:
        if isinstance(value, list):
            return [found for item in value if (found := self.value(item)) is not NO_VALUE]
        if not isinstance(value, Mapping):
            return value
        if len(value) == 1:
            name, argument = next(iter(value.items()))
            if name == "Ref":
                return self._ref(argument)
            if isinstance(name, str) and name.startswith("Fn::"):
                return self._function(name, argument)
        return {name: found for name, item in value.items() if (found := self.value(item)) is not NO_VALUE}

    def _function(self, name: str, argument: Any) -> Any:
        function = self._functions.get(name)
        if function is None:
            return StandIn(f"${{{name} {json.dumps(argument, sort_keys=True, default=str)}}}")
        try:
            return function(argument)
        except InputError:
            raise
        except _MISUSE as error:
            raise InputError(f"{name}: {argument!r} is not understood") from error

    def _elsewhere(self, stack: Stack) -> "Resolver":
        return Resolver(stack, self._exports, references=self._references, depth=self._depth)

    def _ref(self, name: Any) -> Any:
        if not isinstance(name, str):
            raise InputError(f"Ref: {name!r} is not a name")
        if name in PSEUDO:
            return pseudo_parameter(name, self._stack)
        parameters = self._stack.template.section("Parameters")
        if name in parameters:
            return self._parameter(name, parameters[name])
        resource = self._stack.resource(name)
        if resource is None:
            if self._stack.template.body.get("Transform"):
                return StandIn(f"${{{name}}}")
            raise InputError(f"Ref: {name!r} is neither a parameter nor a resource")
        if self._references and resource.get("Type") in (ALARM, COMPOSITE_ALARM):
            return self._reference(name)
        return self._given(resource, _NAMES.get(str(resource.get("Type")), "")) or StandIn(
            f"${{{self._stack.short(name)}}}"
        )

    def _reference(self, id: str) -> str:
        return REFERENCE + quote(f"{self._stack.name}|{id}", safe="")

    def _given(self, resource: Mapping[str, Any], member: str) -> str:
        """A name that the properties give, empty where they do not."""
        properties = resource.get("Properties")
        given = properties.get(member) if isinstance(properties, Mapping) and member else None
        found = None if given is None else self.value(given)
        return found if isinstance(found, str) else ""

    def _parameter(self, name: str, declared: Any) -> Any:
        if not isinstance(declared, Mapping):
            raise InputError(f"Parameters: {name!r} is not a mapping")
        kind = str(declared.get("Type", "String"))
        value = self._stack.parameters.get(name, declared.get("Default"))
        if self._stack.parent is not None:
            nesting = self._stack.parent.resource(self._stack.nested_id) or {}
            given = mapping_in(mapping_in(nesting, "Properties"), "Parameters")
            if name in given:
                value = self._elsewhere(self._stack.parent).value(given[name])
        if value is None or kind.startswith("AWS::SSM::Parameter::Value"):
            return StandIn(f"${{{name}}}")
        if isinstance(value, str) and (kind == "CommaDelimitedList" or kind.startswith("List<")):
            return [item.strip() for item in value.split(",")]
        return value

    def _get_att(self, argument: Any) -> Any:
        id, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
        attribute = self.value(attribute)
        if id in self._stack.nested and attribute.startswith("Outputs."):
            nested = self._stack.nested[id]
            output = nested.template.section("Outputs")[attribute.removeprefix("Outputs.")]
            return self._elsewhere(nested).value(output["Value"])
        resource = self._stack.resource(id)
        if resource is None:
            if self._stack.template.body.get("Transform"):
                return StandIn(f"${{{id}.{attribute}}}")
            raise InputError(f"Fn::GetAtt: {id!r} is no resource")
        if self._references and attribute == "Arn" and resource.get("Type") in (ALARM, COMPOSITE_ALARM):
            return self._reference(id)
        return self._given(resource, attribute) or StandIn(f"${{{self._stack.short(id)}.{attribute}}}")

    def _sub(self, argument: Any) -> Any:
        template, variables = (argument, {}) if isinstance(argument, str) else argument
        parts: list[Any] = []
        end = 0
        for found in _SUB.finditer(template):
            literal, name = found[1], found[2].strip()
            parts.append(template[end : found.start()])
            if literal:
                parts.append(f"${{{name}}}")
            elif name in variables:
                parts.append(self.value(variables[name]))
            else:
                parts.append(self._get_att(name) if "." in name else self._ref(name))
            end = found.end()
        return joined("", [*parts, template[end:]])

    def _join(self, argument: Any) -> Any:
        delimiter, items = argument
        found = self.value(items)
        return found if isinstance(found, StandIn) else joined(delimiter, found)

    def _split(self, argument: Any) -> Any:
        delimiter, text = argument[0], self.value(argument[1])
        return split_known(delimiter, text) if isinstance(text, StandIn) else text.split(delimiter)

    def _select(self, argument: Any) -> Any:
        index, items = self.value(argument[0]), self.value(argument[1])
        if isinstance(items, Pieces):
            return items.piece(index)
        if isinstance(items, StandIn) or isinstance(index, StandIn):
            return StandIn(f"{items}[{index}]")
        return items[int(index)]

    def _if(self, argument: Any) -> Any:
        name, then, otherwise = argument
        holds = self.condition(name)
        if holds is None:
            return StandIn(f"${{Fn::If {name}}}")
        return self.value(then if holds else otherwise)

    def _find_in_map(self, argument: Any) -> Any:
        name, first, second, *rest = (self.value(item) for item in argument)
        if any(isinstance(key, StandIn) for key in (name, first, second)):
            inside = ".".join(str(key).removeprefix("${").removesuffix("}") for key in (name, first, second))
            return StandIn(f"${{{inside}}}")
        found = self._stack.template.section("Mappings").get(name, {}).get(str(first), {})
        if second in found:
            return self.value(found[second])
        if rest and "DefaultValue" in rest[0]:
            return rest[0]["DefaultValue"]
        raise InputError(f"Fn::FindInMap: Mappings have no {name}.{first}.{second}")

    def _import_value(self, argument: Any) -> Any:
        name = self.value(argument)
        if name in self._exports:
            stack, value = self._exports[name]
            return self._elsewhere(stack).value(value)
        return StandIn(f"${{{name}}}")

    def _base64(self, argument: Any) -> Any:
        text = self.value(argument)
        return text if isinstance(text, StandIn) else base64.b64encode(text.encode()).decode()

    def _truth(self, condition: Any) -> bool | None:
        ((name, argument),) = condition.items()
        match name:
            case "Condition":
                return self.condition(argument)
            case "Fn::Equals":
                left, right = (self.value(item) for item in argument)
                if text_of(left) == text_of(right):
                    return True
                return None if isinstance(left, StandIn) or isinstance(right, StandIn) else False
            case "Fn::And":
                return all_of(self._truth(item) for item in argument)
            case "Fn::Or":
                return any_of(self._truth(item) for item in argument)
            case "Fn::Not":
                found = self._truth(argument[0])
                return None if found is None else not found
            case _:
                raise InputError(f"Conditions: {name} is not understood")
