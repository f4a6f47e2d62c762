"""The settings document that both functions read (docs/seams.md), in SSM parameters: a function's environment holds 4 KB only."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_ssm as ssm

from constructs import Construct
from endpointwatch.routing.permissions import allow

# An advanced parameter holds 8 KB. What CloudFormation fills in is longer than its token: an ARN or a queue's URL.
_LONGEST = 8192
_FILLED_IN = 150
_SHORT = {"AWS::Region": 16, "AWS::Partition": 10, "AWS::AccountId": 12, "AWS::URLSuffix": 20}
"""Bytes of what CloudFormation fills in, at most."""


class SettingsDocument(Construct):
    """Parameters that hold one JSON object together, each some of its fields.

    Args:
        routes: the field `routes`, and everything that is short.
        sinks: the field `sinks`.

    Attributes:
        names: names of the parameters, comma-separated.

    Raises:
        ValueError: one is too long.
    """

    def __init__(self, scope: Construct, id: str, *, routes: Mapping[str, Any], sinks: Mapping[str, Any]) -> None:
        super().__init__(scope, id)
        texts = {"Routes": _json(routes), "Sinks": _json({"sinks": sinks})}
        for name, text in texts.items():
            length = _length(Stack.of(self).resolve(text))
            if length > _LONGEST:
                raise ValueError(
                    f"{name.lower()}: take {length} bytes of settings, of {_LONGEST}; use fewer, or a second AlertRouting"
                )
        self._parameters = [
            ssm.StringParameter(
                self,
                name,
                string_value=text,
                description=f"endpointwatch: {name.lower()}",
                # Standard up to 4 KB, which costs nothing; advanced (0.05 USD a month) only where it takes more.
                tier=ssm.ParameterTier.INTELLIGENT_TIERING,
            )
            for name, text in texts.items()
        ]
        self.names = ",".join(parameter.parameter_name for parameter in self._parameters)
        # Of what is synthesized: tokens have other names every time, what they stand for has not.
        resolved = json.dumps(Stack.of(self).resolve(list(texts.values())), sort_keys=True)
        self._version = hashlib.sha256(resolved.encode()).hexdigest()[:16]

    def give_to(self, function: lambda_.Function) -> None:
        """Lets `function` read the document, and tells it where it is."""
        function.add_environment("SETTINGS", self.names)
        function.add_environment("SETTINGS_VERSION", self._version)
        allow(function, "Settings", ["ssm:GetParameters"], [parameter.parameter_arn for parameter in self._parameters])


def _length(resolved: Any) -> int:
    """Bytes of a text, with what CloudFormation fills in."""
    if isinstance(resolved, str):
        return len(resolved.encode())
    if isinstance(resolved, dict) and "Fn::Join" in resolved:
        return sum(_length(part) for part in resolved["Fn::Join"][1])
    return _SHORT.get(resolved.get("Ref", ""), _FILLED_IN)


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
