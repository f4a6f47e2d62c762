"""CPU of one alert on its way through the functions, stage by stage, without what it waits for.

The alarm's message is parsed, joins its incident, is diagnosed, and is written for PagerDuty and for Slack; in between incident and
page go through the table as JSON. Against reading the same message as JSON and writing it again: what any handler costs.
"""

import json
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from alert_common import codec
from alert_common.alert import Alert
from alert_common.incident import Incident, Told
from alert_common.page import Action, Page
from alert_common.settings import Settings
from alert_common.settings import parse as read_settings
from alert_dispatcher.sinks import pagerduty, slack_blocks
from alert_dispatcher.sinks.base import Update
from alert_enricher import grouping
from alert_enricher.diagnose import diagnose
from alert_enricher.parse import parse
from alert_enricher.policy import decide
from alert_enricher.routes import sinks
from tests.cloud import Account, WallClock
from tests.unit.functions import samples

LOOPS = 400
NOW = datetime.now(UTC)
CONTEXT = samples.context()


def run(rounds: int) -> list[dict[str, object]]:
    """A row for each stage, for their sum, and for the floor; medians."""
    settings = read_settings(
        list(Account(inbox="http://127.0.0.1", clock=WallClock()).cloud.services.parameters.values())
    )
    messages = [samples.envelope(samples.sns_alarm(AlarmName=f"alarm-{n}", AlarmArn=f"arn:{n}")) for n in range(20)]
    alerts = [_parsed(message) for message in messages]
    incidents = [_grouped(alert, settings) for alert in alerts]
    pages = [_page(alert) for alert in alerts]
    updates = [_update(incident, page) for incident, page in zip(incidents, pages, strict=True)]
    stages: Mapping[str, Sequence[Callable[[], object]]] = {
        "parse": [lambda m=message: _parsed(m) for message in messages],  # type: ignore[misc]
        "group": [lambda a=alert: _grouped(a, settings) for alert in alerts],  # type: ignore[misc]
        "diagnose": [lambda a=alert: diagnose(a, CONTEXT) for alert in alerts],  # type: ignore[misc]
        "to the table and back": [
            lambda i=incident, p=page: _carried(i, p)  # type: ignore[misc]
            for incident, page in zip(incidents, pages, strict=True)
        ],
        "render": [lambda u=update: _rendered(u) for update in updates],  # type: ignore[misc]
        "floor: JSON in and out": [lambda m=message: _floor(m) for message in messages],  # type: ignore[misc]
    }
    found = {name: statistics.median(_cpu_ms(calls) for _ in range(rounds)) for name, calls in stages.items()}
    floor = found.pop("floor: JSON in and out")
    found["all"] = sum(found.values())
    return [
        {"benchmark": "alert", "stage": name, "cpu_ms": round(ms, 3), "ratio_to_floor": round(ms / floor, 1)}
        for name, ms in {**found, "floor: JSON in and out": floor}.items()
    ]


def _parsed(message: str) -> Alert:
    (alert,) = parse(message, received=NOW, message_id="m-1")
    return alert


def _grouped(alert: Alert, settings: Settings) -> Incident:
    decision = decide(alert, None)
    assert decision.action is Action.TRIGGER
    to_know = sinks(alert, settings)
    new = grouping.opened(alert, sinks=to_know, environment="prod", is_notice=False)
    return grouping.after(new, alert, decision.action, sinks=to_know, settle=settings.settle_seconds, now=NOW)


def _page(alert: Alert) -> Page:
    context = replace(CONTEXT, diagnosis=diagnose(alert, CONTEXT), diagnosed=True)
    return Page(action=Action.TRIGGER, alert=alert, context=context)


def _carried(incident: Incident, page: Page) -> tuple[Incident, Page]:
    return codec.loads(Incident, codec.dumps(incident)), codec.loads(Page, codec.dumps(page))


def _update(incident: Incident, page: Page) -> Update:
    return Update(incident=incident, told=Told(), now=NOW, pages={incident.first.page: page})


def _rendered(update: Update) -> tuple[str, str]:
    return json.dumps(pagerduty.render(update)), json.dumps(slack_blocks.head(update))


def _floor(message: str) -> str:
    envelope = json.loads(message)
    return json.dumps({**envelope, "Message": json.dumps(json.loads(envelope["Message"]))})


def _cpu_ms(calls: Sequence[Callable[[], object]]) -> float:
    began = time.process_time()
    for _ in range(LOOPS // len(calls)):
        for call in calls:
            call()
    return (time.process_time() - began) / LOOPS * 1000
