"""Which types of sinks there are, and what each must be told; a bad one stops nobody but itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from alert_dispatcher.charts import Charts
from alert_dispatcher.errors import RejectedError
from alert_dispatcher.secrets import Secrets
from alert_dispatcher.sinks.base import Sink
from alert_dispatcher.sinks.email import Email
from alert_dispatcher.sinks.pagerduty import PagerDuty
from alert_dispatcher.sinks.slack import Slack
from alert_dispatcher.sinks.slack_webhook import SlackWebhook

Settings = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What sinks work with."""

    secrets: Secrets
    charts: Charts
    sns: Callable[[], Any]

    def secret(self, settings: Settings) -> Callable[[bool], str]:
        """Return how a sink reads its secret; True reads it afresh."""
        return lambda fresh: self.secrets.get(settings["secret"], settings.get("secret_field"), fresh=fresh)


@dataclass(frozen=True, kw_only=True)
class _Type:
    needs: tuple[str, ...]
    make: Callable[[Settings, Tools], Sink]


def _pagerduty(settings: Settings, tools: Tools) -> Sink:
    url = settings.get("api_url") or "https://events.pagerduty.com"
    return PagerDuty(api_url=url, routing_key=tools.secret(settings), picture=tools.charts.address)


def _slack(settings: Settings, tools: Tools) -> Sink:
    url = settings.get("api_url") or "https://slack.com/api"
    return Slack(api_url=url, channel=settings["channel"], token=tools.secret(settings), chart=tools.charts.read)


_TYPES: Mapping[str, _Type] = {
    "pagerduty": _Type(needs=("secret",), make=_pagerduty),
    "slack": _Type(needs=("secret", "channel"), make=_slack),
    "slack-webhook": _Type(needs=("secret",), make=lambda settings, tools: SlackWebhook(url=tools.secret(settings))),
    "email": _Type(needs=("topic",), make=lambda settings, tools: Email(topic=settings["topic"], sns=tools.sns())),
}


def make(name: str, sinks: Mapping[str, Any], tools: Tools) -> Sink:
    """Make the sink that is called `name`.

    Raises:
        RejectedError: SINKS has no such sink, or one of an unknown type, or one that lacks a setting; the message
            names the sink and the fix. Its deliveries go to the dead letters, those of other sinks do not.
    """
    if name not in sinks:
        raise RejectedError(f"SINKS has no {name!r}; it has {', '.join(sinks) or 'none'}")
    settings = sinks[name]
    kind = str(settings.get("type")) if isinstance(settings, dict) else ""
    if kind not in _TYPES:
        raise RejectedError(f"SINKS: {name!r} has type {kind!r}; it must be one of {', '.join(_TYPES)}")
    if absent := [needed for needed in _TYPES[kind].needs if not settings.get(needed)]:
        raise RejectedError(f"SINKS: {name!r} of type {kind!r} lacks {', '.join(absent)}; add it")
    return _TYPES[kind].make(settings, tools)
