"""Finds a deployed routing: the outputs of its stack, and its settings document."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from endpointwatch.cli.errors import CommandError

_OUTPUT = re.compile(r"(.*)Endpointwatch([A-Z][A-Za-z]*)[0-9A-F]{8}")
"""Key of an output of an `AlertRouting`, which it begins with; CloudFormation's ids end with eight hexadecimal digits."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """The outputs of a stack that has a routing."""

    stack: str
    environment: str
    settings: tuple[str, ...]
    """Names of the SSM parameters that hold the settings document."""
    table: str
    alerts_queue: str
    alerts_dead_letters: str
    undelivered: str
    """Dead letters of SNS and EventBridge."""
    enricher_logs: str
    dispatcher_logs: str


@dataclass(frozen=True, kw_only=True)
class Sink:
    """One sink of a routing."""

    queue: str
    dead_letters: str


@dataclass(frozen=True, kw_only=True)
class Routing:
    """A deployed routing."""

    found: Found
    topics: Mapping[str, str]
    """ARN by severity."""
    sinks: Mapping[str, Sink]
    settle_seconds: float


def find(session: Any, *, stack: str | None, environment: str | None) -> Routing:
    """The routing of `stack`, or of `environment`, or the only one there is.

    Raises:
        CommandError: there is none, or more than one.
    """
    cloudformation = session.client("cloudformation")
    request = {"StackName": stack} if stack else {}
    pages = cloudformation.get_paginator("describe_stacks").paginate(**request)
    found = read_stacks(described for page in pages for described in page["Stacks"])
    chosen = choose(found, stack=stack, environment=environment, region=session.region_name)
    parameters = session.client("ssm").get_parameters(Names=list(chosen.settings))
    if absent := parameters.get("InvalidParameters"):
        raise CommandError(f"{chosen.stack}: its parameters {', '.join(absent)} are not there; deploy it again")
    return read_settings(chosen, [parameter["Value"] for parameter in parameters["Parameters"]])


def read_stacks(stacks: Iterable[Mapping[str, Any]]) -> list[Found]:
    """The routings of the described stacks."""
    found = []
    for stack in stacks:
        routings: dict[str, dict[str, str]] = {}
        for output in stack.get("Outputs", ()):
            if match := _OUTPUT.fullmatch(output["OutputKey"]):
                routings.setdefault(match[1], {})[match[2]] = output["OutputValue"]
        found += [
            Found(
                stack=stack["StackName"],
                environment=values["Environment"],
                settings=tuple(values["Settings"].split(",")),
                table=values["StateTable"],
                alerts_queue=values["AlertsQueue"],
                alerts_dead_letters=values["AlertsDeadLetters"],
                undelivered=values["Undelivered"],
                enricher_logs=values["EnricherLogs"],
                dispatcher_logs=values["DispatcherLogs"],
            )
            for values in routings.values()
            if "StateTable" in values
        ]
    return found


def choose(found: list[Found], *, stack: str | None, environment: str | None, region: str | None) -> Found:
    """The one that is meant.

    Raises:
        CommandError: none, or more than one is.
    """
    meant = [one for one in found if environment in (None, one.environment)]
    if len(meant) == 1:
        return meant[0]
    if meant:
        one_stack = len({one.stack for one in meant}) == 1
        names = ", ".join(
            f"--environment {one.environment}" if one_stack else f"--stack {one.stack} ({one.environment})"
            for one in meant
        )
        raise CommandError(f"there are {len(meant)} routings in {region}; choose one: {names}")
    if found:
        there = ", ".join(sorted({one.environment for one in found}))
        raise CommandError(f"--environment: {environment!r} has no routing in {region}; there is one for {there}")
    where = f"the stack {stack} has no routing" if stack else "no stack has a routing"
    raise CommandError(f"{where} in {region}; `make deploy` makes one, --region and --profile look elsewhere")


def read_settings(found: Found, parts: Iterable[str]) -> Routing:
    """The routing that these parts of a settings document describe."""
    document: dict[str, Any] = {}
    for part in parts:
        document |= json.loads(part)
    return Routing(
        found=found,
        topics={severity: arn for arn, severity in document["topics"].items()},
        sinks={
            name: Sink(queue=sink["queue"], dead_letters=sink["dead_letters"])
            for name, sink in document["sinks"].items()
        },
        settle_seconds=document["settle_seconds"],
    )
