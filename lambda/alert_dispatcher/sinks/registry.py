"""Which types of sinks there are, and what each must be told; a bad one stops nobody but itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from alert_common.settings import SinkSettings
from alert_dispatcher.errors import RejectedError
from alert_dispatcher.sinks.base import Sink, Tools
from alert_dispatcher.sinks.email import Email
from alert_dispatcher.sinks.pagerduty import PagerDuty
from alert_dispatcher.sinks.slack import Slack
from alert_dispatcher.sinks.slack_webhook import SlackWebhook
from alert_dispatcher.sinks.webhook import Webhook

CUSTOM = "custom_sinks"
"""The package that the construct copies sinks of one's own into."""


@dataclass(frozen=True, kw_only=True)
class _Type:
    needs: tuple[str, ...]
    make: Callable[[Mapping[str, Any], Tools], Sink]


_TYPES: Mapping[str, _Type] = {
    "pagerduty": _Type(needs=("secret",), make=PagerDuty),
    "slack": _Type(needs=("secret", "channel"), make=Slack),
    "slack-webhook": _Type(needs=("secret",), make=SlackWebhook),
    "email": _Type(needs=("topic",), make=Email),
    "webhook": _Type(needs=("url", "secret"), make=Webhook),
}


def make(name: str, sinks: Mapping[str, SinkSettings], tools: Tools) -> Sink:
    """Make the sink that is called `name`.

    Raises:
        RejectedError: there is no such sink, or it is of an unknown type, or it lacks a setting, or it cannot be made; the
            message names the sink and the fix. Its deliveries go to the dead letters, those of other sinks do not.
    """
    if name not in sinks:
        raise RejectedError(f"there is no sink {name!r}; there are {', '.join(sinks) or 'none'}")
    settings = sinks[name].settings
    kind = str(settings.get("type", ""))
    if ":" in kind:
        return _custom(name, kind, settings, tools)
    if kind not in _TYPES:
        raise RejectedError(f"sink {name!r} has type {kind!r}; it must be one of {', '.join(_TYPES)}, or MODULE:CLASS")
    if absent := [needed for needed in _TYPES[kind].needs if not settings.get(needed)]:
        raise RejectedError(f"sink {name!r} of type {kind!r} lacks {', '.join(absent)}; add it")
    return _TYPES[kind].make(settings, tools)


def _custom(name: str, kind: str, settings: Mapping[str, Any], tools: Tools) -> Sink:
    module, _, of = kind.partition(":")
    try:
        made = getattr(import_module(f"{CUSTOM}.{module}"), of)(settings, tools)
    except Exception as error:  # somebody else's code
        raise RejectedError(f"sink {name!r} of type {kind!r} cannot be made: {error!r}; mend {module}.py") from error
    if not isinstance(made, Sink):
        raise RejectedError(f"sink {name!r} of type {kind!r} is no sink; it must have messages, send and probe")
    return made
