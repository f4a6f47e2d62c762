"""The functions may do what their code does: nothing in the sandbox enforces permissions, so this is where one that lacks shows."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import botocore.session
import pytest
from aws_cdk.assertions import Template
from botocore import xform_name

Templates = Callable[[str, str], Template]

# Each is allowed by the action of its single form.
_BATCH = re.compile(r"^(sqs:\w+)Batch$")


def _sources(root: Path, package: str) -> Iterator[str]:
    for folder in (package, "alert_common"):
        yield from (path.read_text() for path in sorted((root / "lambda" / folder).rglob("*.py")))


def _calls(root: Path, package: str) -> dict[str, set[str]]:
    """Methods that the package calls and that an AWS client has, each with the actions that may be meant."""
    sources = list(_sources(root, package))
    services = {name for source in sources for name in re.findall(r"""client\(\s*"([a-z0-9-]+)\"""", source)}
    assert {"sqs", "dynamodb", "ssm"} <= services
    session = botocore.session.get_session()
    actions: dict[str, set[str]] = {}
    for service in services:
        model = session.get_service_model(service)
        for operation in model.operation_names:
            prefix = {"cloudwatch": "cloudwatch", "events": "events"}.get(service, model.signing_name)
            actions.setdefault(xform_name(operation), set()).add(f"{prefix}:{operation}")
    called = {
        node.func.attr
        for source in sources
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    called -= {"search"}  # of regular expressions; SageMaker's is not used
    # Some are called by their names.
    called |= set(re.findall(r"""_call\(\s*"([a-z_]+)\"""", "\n".join(sources)))
    return {method: {_BATCH.sub(r"\1", action) for action in actions[method]} for method in called & actions.keys()}


def _allowed(template: Template, package: str) -> set[str]:
    resources = template.to_json()["Resources"]
    (role,) = (
        resource["Properties"]["Role"]["Fn::GetAtt"][0]
        for resource in resources.values()
        if resource["Type"] == "AWS::Lambda::Function"
        and resource["Properties"]["Handler"] == f"{package}.handler.handler"
    )
    statements = [
        statement
        for resource in resources.values()
        if resource["Type"] == "AWS::IAM::Policy" and {"Ref": role} in resource["Properties"]["Roles"]
        for statement in resource["Properties"]["PolicyDocument"]["Statement"]
    ]
    return {
        action
        for statement in statements
        for action in (statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]])
    }


@pytest.mark.parametrize("package", ["alert_enricher", "alert_dispatcher"])
def test_a_function_may_do_what_it_calls(root: Path, template: Templates, package: str) -> None:
    """Every call of an AWS client in its package, and in what functions share, is allowed to its role."""
    calls, allowed = _calls(root, package), _allowed(template("Alerting", "prod"), package)
    assert len(calls) >= 5
    assert {method: sorted(actions) for method, actions in calls.items() if not actions & allowed} == {}
