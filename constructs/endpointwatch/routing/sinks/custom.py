"""A sink of your own: a module that runs in the dispatcher."""

import ast
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager

from constructs import Construct
from endpointwatch import _checks
from endpointwatch.routing.sinks.base import Rate, Settings, check_secret, check_sink
from endpointwatch.severity import Severity

_HANDLER = re.compile(r"([A-Za-z_]\w*):([A-Za-z_]\w*)")
_OURS = ("type", "secret", "secret_field")


@dataclass(frozen=True, kw_only=True)
class CustomSink:
    """A sink of your own. Its class is in a module that is copied into the dispatcher; see `examples/custom_sink`.

    Args:
        name: unique among the sinks of a routing.
        code: the module's file, or a package's folder. It may import the standard library, `urllib3` and what the dispatcher
            has (`alert_dispatcher`, `alert_common`).
        handler: `MODULE:CLASS`, the module being the name of `code`.
        secret: what the class needs to sign in, such as an API key; None for nothing.
        secret_field: the field that holds it, when the secret is a JSON object.
        settings: what else the class is to know; JSON values, no secrets.
        severities: what goes here when no routes are given.
        takes_digests: whether the class has `send_digest`, with which one message tells of many incidents.
        rate: how fast it may be told; None for no limit.
        fallback: name of the sink that is told instead while this one fails.
    """

    name: str
    code: Path
    handler: str
    secret: secretsmanager.ISecret | None = None
    secret_field: str | None = None
    settings: Mapping[str, object] = field(default_factory=dict)
    severities: frozenset[Severity] = frozenset(Severity)
    takes_digests: bool = False
    rate: Rate | None = None
    fallback: str | None = None

    def __post_init__(self) -> None:
        check_sink(self)
        _checks.instance("code", self.code, Path, fix='write Path(__file__).parent / "opsgenie.py"')
        is_module = self.code.is_file() and self.code.suffix == ".py"
        if not is_module and not (self.code / "__init__.py").is_file():
            raise ValueError(f"code: {str(self.code)!r} is no Python file and no package; give the path of one")
        if not self.code.stem.isidentifier():
            raise ValueError(f"code: {self.code.name!r} is no name of a module; use letters, digits and underscores")
        handler = _HANDLER.fullmatch(_checks.text("handler", self.handler, fix="write opsgenie:Opsgenie"))
        if handler is None or handler[1] != self.code.stem:
            raise ValueError(
                f"handler: {self.handler!r} is not MODULE:CLASS of the code {self.code.name!r}; "
                f"write {self.code.stem}:NAME_OF_THE_CLASS"
            )
        _check_class(self.code if is_module else self.code / "__init__.py", handler[2])
        if self.secret is not None:
            check_secret("secret", self.secret, self.secret_field)
        _checks.instance("takes_digests", self.takes_digests, bool, fix="write True or False")
        _checks.instance("settings", self.settings, Mapping, fix='write {"region": "eu"}')
        if taken := [name for name in self.settings if name in _OURS]:
            raise ValueError(f"settings: {taken[0]!r} is set by the sink itself; give it another name")
        try:
            json.dumps(dict(self.settings))
        except (TypeError, ValueError) as error:
            raise TypeError(f"settings: holds something that JSON does not ({error}); use texts and numbers") from None

    def bind(self, scope: Construct, *, dispatcher: iam.IGrantable, encryption_key: kms.IKey) -> Settings:  # noqa: ARG002
        """See `Sink`."""
        settings: dict[str, object] = {**self.settings, "type": self.handler}
        if self.secret is not None:
            self.secret.grant_read(dispatcher)
            settings |= {"secret": self.secret.secret_arn, "secret_field": self.secret_field}
        return settings


def _check_class(module: Path, name: str) -> None:
    """Refuses a module that does not parse or does not name the class: the dispatcher would tell only when it sends."""
    try:
        nodes = list(ast.walk(ast.parse(module.read_bytes())))
    except (SyntaxError, ValueError) as error:
        raise ValueError(f"code: {module.name!r} does not parse ({error}); mend it") from None
    classes = [node.name for node in nodes if isinstance(node, ast.ClassDef)]
    imported = [node.asname or node.name for node in nodes if isinstance(node, ast.alias)]
    assigned = [node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    if not {name, "*"} & {*classes, *imported, *assigned}:
        there = f"it has {', '.join(classes)}" if classes else "it has no class"
        raise ValueError(f"handler: {name!r} is no class of {module.name!r}; {there}")
