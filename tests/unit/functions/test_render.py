"""Pages say what matters, and fit their sinks whatever they hold."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alert_common.alert import Alert, Kind, Severity, State
from alert_common.context import Context, Link, LogLine, Missing, Sibling, Signal
from alert_common.delivery import Action, Delivery
from alert_dispatcher.brief import brief
from alert_dispatcher.sinks import email, pagerduty, slack_blocks
from alert_dispatcher.text import figure, shorten, shorten_bytes, span
from alert_dispatcher.words import headline
from tests.unit.functions import samples
from tests.unit.functions.samples import NOW, delivery, event, resolved


def texts(value: Any) -> Iterator[str]:
    """Every text in a message."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield str(name)
            yield from texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts(inner)


def test_the_five_answers_are_there() -> None:
    """What, since when, how bad, what changed and what to do first, in Slack and in PagerDuty alike."""
    for message in (slack_blocks.render(delivery()), pagerduty.render(delivery())):
        whole = "\n".join(texts(message))
        for answer in (
            "ranker is failing: 31.2 % of requests end in model errors",
            "14:08 UTC, 3 min before the alarm",
            "31.2 % against at most 1.44 %: 22x, in 3 of 5 minutes",
            "Deployed 12 min before: config ranker-config-7, model ranker-2026-11-23",
            "Look at the last error lines",
            "Could not be fetched",
        ):
            assert answer in whole, answer


def test_slack_opens_with_state_and_sentence() -> None:
    """The header's emoji is the severity; the text that a phone shows is the same sentence."""
    for severity, emoji in ((Severity.CRITICAL, "🔴"), (Severity.WARNING, "🟠"), (Severity.INFO, "🔵")):
        made = delivery()
        message = slack_blocks.render(replace(made, alert=replace(made.alert, severity=severity)))
        assert message["blocks"][0]["text"]["text"].startswith(f"{emoji} ranker is failing")
        assert message["text"].startswith(f"{emoji} ranker is failing")


def test_the_resolved_form_is_short() -> None:
    """Three blocks: that it is over and after how long, what it was and when, where to look."""
    message = slack_blocks.render_resolved(resolved(), "ranker is failing: 31.2 % of requests end in model errors")
    header, section, links = message["blocks"]
    assert header["text"]["text"] == "✅ ranker has recovered after 12 min: 0.2 % of requests end in model errors"
    assert section["text"]["text"].splitlines() == [
        "*Was* ranker is failing: 31.2 % of requests end in model errors",
        "14:08 UTC to 14:20 UTC · prod · ranker / AllTraffic · 2 x ml.g5.2xlarge",
        "*What changed* Deployed 12 min before: config ranker-config-7, model ranker-2026-11-23, image triton:25.09",
        "*Still in alarm* `ranker/AllTraffic/latency`",
    ]
    assert "|Runbook>" in links["text"]["text"]


def alarm(metric: str, *, threshold: float, value: float, **trigger: Any) -> Delivery:
    """A delivery of a one-metric alarm whose tags were not read."""
    word = "less than" if trigger.get("ComparisonOperator", "").startswith("Less") else "greater than"
    reason = f"Threshold Crossed: 1 datapoint [{value} (23/11/26 14:10:00)] was {word} the threshold ({threshold})."
    message = samples.sns_alarm(
        AlarmName="n", Trigger=samples.metric_trigger(metric, threshold=threshold, **trigger), NewStateReason=reason
    )
    return delivery(payload=samples.envelope(message), context=Context())


@pytest.mark.parametrize(
    ("made", "sentence", "how_bad"),
    [
        (
            alarm("ModelLatency", threshold=400_000.0, value=1_873_000.0, ExtendedStatistic="p99"),
            "ranker is slow: p99 latency is 1.87 s",
            "1.87 s against at most 400 ms: 4.7x, in 3 of 3 minutes",
        ),
        (
            alarm("OverheadLatency", threshold=100_000.0, value=240_000.0),
            "ranker is slow outside the model: SageMaker adds 240 ms to a request",
            "240 ms against at most 100 ms: 2.4x, in 3 of 3 minutes",
        ),
        (
            alarm("Invocation5XXErrors", threshold=0.01, value=0.312),
            "ranker is failing: 31.2 % of requests end in server errors",
            "31.2 % against at most 1 %: 31x, in 3 of 3 minutes",
        ),
        (
            alarm("MemoryUtilization", threshold=90.0, value=97.0, Namespace="/aws/sagemaker/Endpoints"),
            "ranker is short of memory: 97 % used",
            "97 % against at most 90 %, in 3 of 3 minutes",
        ),
        (
            alarm("Invocations", threshold=1.0, value=0.0, Statistic="SUM", ComparisonOperator="LessThanThreshold"),
            "ranker gets no requests",
            "0 against at least 1, in 3 of 3 minutes",
        ),
    ],
)
def test_figures_are_in_units_people_use(made: Delivery, sentence: str, how_bad: str) -> None:
    """Microseconds become ms or s, shares percent, and a factor says how far off it is."""
    told = brief(made)
    assert (told.headline, told.how_bad) == (sentence, how_bad)


def test_silence_without_data_says_so() -> None:
    """Missing data that counts as breaching has no datapoint to show."""
    reason = "Threshold Crossed: no datapoints were received for 3 periods and 3 missing datapoints were treated as [Breaching]."
    trigger = samples.metric_trigger(
        "Invocations", threshold=1.0, Statistic="SUM", ComparisonOperator="LessThanThreshold"
    )
    made = delivery(
        payload=samples.envelope(samples.sns_alarm(Trigger=trigger, NewStateReason=reason)), context=Context()
    )
    told = brief(replace(made, alert=replace(made.alert, name="ranker/AllTraffic/silence")))
    assert (told.headline, told.how_bad) == ("ranker gets no requests", "No data, in 3 of 3 minutes")


@pytest.mark.parametrize(
    ("payload", "action", "sentence"),
    [
        (
            event("SageMaker Endpoint State Change", {"EndpointName": "ranker", "EndpointStatus": "FAILED"}),
            Action.TRIGGER,
            "Endpoint ranker has failed",
        ),
        (
            event("SageMaker Endpoint State Change", {"EndpointName": "ranker", "EndpointStatus": "IN_SERVICE"}),
            Action.INFORM,
            "Endpoint ranker is in service",
        ),
        (
            event("SageMaker Training Job State Change", {"TrainingJobName": "nightly", "TrainingJobStatus": "Failed"}),
            Action.TRIGGER,
            "Training job nightly has failed",
        ),
        (
            event(
                "SageMaker Training Job State Change", {"TrainingJobName": "nightly", "TrainingJobStatus": "Completed"}
            ),
            Action.INFORM,
            "Training job nightly is completed",
        ),
        (
            event("CloudWatch Alarm Configuration Change", {"alarmName": "a", "operation": "delete"}),
            Action.INFORM,
            "Alarm a was deleted",
        ),
        ("help", Action.TRIGGER, "Message that the router does not understand: help"),
    ],
)
def test_every_kind_has_its_sentence(payload: object, action: Action, sentence: str) -> None:
    """Endpoints, jobs, configuration and unknown messages in words."""
    assert headline(delivery(action, payload, context=Context())) == sentence


@pytest.mark.parametrize(
    ("ago", "told"),
    [
        (timedelta(minutes=12), "Deployed 12 min before: config ranker-config-7"),
        (timedelta(minutes=-4), "Deployed 14:12 UTC, as it began: config ranker-config-7"),
        (timedelta(minutes=-9), "Deployed 9 min after it began: config ranker-config-7"),
        (timedelta(days=3), "No deployment in the 24 h before; the last was 3 d before"),
    ],
)
def test_what_changed_is_told_from_when_it_began(ago: timedelta, told: str) -> None:
    """A deployment shortly before, one since, and none lately are three different answers."""
    made = delivery()
    endpoint = made.context.endpoint
    assert endpoint is not None
    assert made.opened_at is not None
    changed = replace(made.context, endpoint=replace(endpoint, modified_at=made.opened_at - ago))
    assert brief(replace(made, context=changed)).changed.startswith(told)


def test_a_new_endpoint_was_created_and_has_nothing_to_go_back_to() -> None:
    """Changed within minutes of its creation: the page says created, and hints at no roll-back."""
    made = delivery()
    endpoint = made.context.endpoint
    assert endpoint is not None
    assert endpoint.modified_at is not None
    new = replace(endpoint, created_at=endpoint.modified_at - timedelta(minutes=6))
    told = brief(replace(made, context=replace(made.context, endpoint=new)))
    assert told.changed.startswith("Created 12 min before: config ranker-config-7")
    assert len(told.first) == 1


def test_an_update_minutes_after_the_creation_is_a_deployment() -> None:
    """A configuration newer than the endpoint is a deployment, however young the endpoint: the first thing to do is to roll it back."""
    made = delivery()
    endpoint = made.context.endpoint
    assert endpoint is not None
    assert endpoint.modified_at is not None
    young = replace(
        endpoint,
        created_at=endpoint.modified_at - timedelta(minutes=6),
        config_created_at=endpoint.modified_at - timedelta(minutes=1),
    )
    told = brief(replace(made, context=replace(made.context, endpoint=young)))
    assert told.changed.startswith("Deployed 12 min before: config ranker-config-7")
    assert told.first[0].startswith("Roll back: the deployment of ranker-config-7 came 12 min before.")


def test_a_recovery_never_boasts_a_bad_figure() -> None:
    """When the newest figure still breaches (missing data ended the alarm), only the recovery is told."""
    made = resolved()
    assert made.alert.metric is not None
    bad = replace(made, alert=replace(made.alert, metric=replace(made.alert.metric, values=(0.3,))))
    assert headline(bad) == "ranker has recovered after 12 min"


def test_a_composite_alarm_says_what_set_it_off() -> None:
    """The children's names stand for the long sentence of ARNs that CloudWatch writes."""
    arn = "arn:aws:cloudwatch:eu-west-1:1:alarm:ranker/AllTraffic/latency"
    message = samples.sns_alarm(
        AlarmRule="ALARM(a)",
        AlarmDescription=None,
        NewStateReason=f"{arn} transitioned to ALARM at Monday 23 November, 2026 14:11:04 UTC",
        TriggeringChildren=[{"Arn": arn, "State": {"Value": "ALARM"}}],
        AlarmName="ranker down",
    )
    del message["Trigger"]
    told = brief(delivery(payload=samples.envelope(message), context=Context()))
    assert (told.headline, told.why) == (
        "ranker down: ranker/AllTraffic/latency",
        "Set off by ranker/AllTraffic/latency",
    )


def test_a_deployment_says_what_it_changes() -> None:
    """The configs, old and new, are what changed."""
    detail = {"EndpointName": "ranker", "EndpointStatus": "UPDATING", "EndpointConfigName": "six"}
    pending = {"PendingDeploymentSummary": {"EndpointConfigName": "seven"}}
    told = brief(delivery(Action.INFORM, event("SageMaker Endpoint Deployment", detail | pending)))
    assert told.changed == "Endpoint config six → seven"


def test_a_rollback_is_only_hinted_at_when_a_deployment_preceded() -> None:
    """Twelve minutes after a deployment the page says how to undo it; three days after it does not."""
    made = delivery()
    endpoint = made.context.endpoint
    assert endpoint is not None
    old = replace(made.context, endpoint=replace(endpoint, modified_at=NOW - timedelta(days=3)))
    assert len(brief(made).first) == 2
    assert len(brief(replace(made, context=old)).first) == 1


def test_an_alarm_cannot_ping_or_link() -> None:
    """Mentions, links and entities in names, reasons and logs stay text."""
    evil = "<!channel> <https://evil.example|click> & `code` ``` @here"
    made = delivery()
    context = replace(
        made.context,
        logs=(LogLine(at=NOW, text=evil),),
        siblings=(Sibling(name=evil, state="ALARM"),),
        owner=evil,
        links=(Link(text=evil, href="https://a.example/|<>"), Link(text=evil, href="https://ok.example/?a=1&b=2")),
        missing=(Missing(what=evil, why=evil),),
    )
    alert = replace(made.alert, name=evil, first_action=evil, resource=None, metric=None, description=evil, reason=evil)
    for message in (
        slack_blocks.render(replace(made, alert=alert, context=context)),
        slack_blocks.render_resolved(replace(resolved(), context=context), evil),
        slack_blocks.render_reply(replace(resolved(), context=context)),
    ):
        for block in message["blocks"]:
            if block["type"] == "header":
                continue
            for text in texts(block):
                assert "<!" not in text
                assert "<https://evil" not in text
        assert "<" not in message["text"]
        mrkdwn = [
            v for b in message["blocks"] for v in (b.get("text"), *b.get("fields", ()), *b.get("elements", ())) if v
        ]
        assert all(v.get("verbatim") for v in mrkdwn if v["type"] == "mrkdwn")
        assert message["link_names"] is False


TEXT = st.one_of(
    st.text(max_size=60),
    st.sampled_from(["&" * 4_000, "é😀" * 3_000, "<@U1>" * 900, "`" * 5_000, "\n" * 3_500, "x" * 6_000, ""]),
)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.none()
CONTEXTS = st.builds(
    Context,
    environment=TEXT,
    owner=TEXT,
    objective=TEXT,
    signals=st.lists(
        st.builds(
            Signal, name=TEXT, unit=st.sampled_from(["%", "ms", "/min"]), before=NUMBERS, after=NUMBERS, sparkline=TEXT
        ),
        max_size=12,
    ).map(tuple),
    siblings=st.lists(st.builds(Sibling, name=TEXT, state=st.sampled_from(["ALARM", "OK"])), max_size=60).map(tuple),
    logs=st.lists(st.builds(LogLine, at=st.just(NOW), text=TEXT), max_size=5).map(tuple),
    links=st.lists(st.builds(Link, text=TEXT, href=TEXT.map(lambda t: f"https://a.example/{t}")), max_size=8).map(
        tuple
    ),
    missing=st.lists(st.builds(Missing, what=TEXT, why=TEXT), max_size=8).map(tuple),
)


@st.composite
def deliveries(draw: st.DrawFn) -> Delivery:
    """Deliveries with anything in them, too long and in every script."""
    alert: Alert = draw(
        st.builds(
            replace,
            st.just(samples.delivery().alert),
            kind=st.sampled_from(Kind),
            state=st.sampled_from(State),
            severity=st.sampled_from(Severity),
            understood=st.booleans(),
            name=TEXT,
            description=TEXT,
            first_action=TEXT,
            reason=TEXT,
            status=TEXT,
            raw=TEXT,
            metric=st.sampled_from([samples.delivery().alert.metric, None]),
            resource=st.sampled_from([samples.delivery().alert.resource, None]),
        )
    )
    made = Delivery(
        sink="s",
        action=draw(st.sampled_from(Action)),
        dedup_key=alert.dedup_key,
        alert=alert,
        context=draw(CONTEXTS),
        opened_at=draw(st.sampled_from([None, NOW - timedelta(days=400), NOW])),
    )
    assert Delivery.from_json(made.to_json()) == made
    return made


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None, max_examples=60)
@given(made=deliveries())
def test_slack_takes_whatever_is_in_it(made: Delivery) -> None:
    """Blocks, sections, headers, fields and the whole stay within Slack's limits; the header is never empty."""
    for message in (
        slack_blocks.render(made),
        slack_blocks.render_resolved(made, made.alert.raw),
        slack_blocks.render_reply(made),
    ):
        blocks = message["blocks"]
        assert 0 < len(blocks) <= 50
        assert 0 < len(message["text"]) <= 4_000
        total = 0
        for block in blocks:
            parts = [block["text"]] if "text" in block else block.get("fields") or block["elements"]
            limit = {"header": 150, "section": 3_000 if "text" in block else 2_000, "context": 3_000}[block["type"]]
            assert 0 < len(parts) <= 10
            for part in parts:
                assert 0 < len(part["text"]) <= limit
                total += len(part["text"])
        assert total <= 13_000
        json.dumps(message).encode()


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None, max_examples=60)
@given(made=deliveries())
def test_pagerduty_takes_whatever_is_in_it(made: Delivery) -> None:
    """Summary, dedup key and body stay within PagerDuty's limits, and a known severity is set."""
    body = pagerduty.render(made, picture="https://charts.example/x.png")
    assert 0 < len(body["payload"]["summary"]) <= 1024
    assert body["payload"]["source"]
    assert len(json.dumps({**body, "routing_key": "r" * 32}).encode()) <= 512_000
    if made.action is not Action.INFORM:
        assert body["payload"]["severity"] in {"critical", "error", "warning", "info"}
        assert 0 < len(body["dedup_key"]) <= 255


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None, max_examples=60)
@given(made=deliveries())
def test_sns_takes_whatever_is_in_it(made: Delivery) -> None:
    """The subject is one line of printable ASCII of at most 100 characters; the mail is under 256 KiB."""
    mail = email.render(made)
    assert 0 < len(mail["Subject"]) <= 100
    assert mail["Subject"].isascii()
    assert mail["Subject"].isprintable()
    assert 0 < len(mail["Message"].encode()) <= 262_144


def test_an_oversized_page_keeps_its_links() -> None:
    """Logs and signals go before the runbook does."""
    made = delivery()
    context = replace(
        made.context,
        objective="o" * 6_000,
        logs=tuple(LogLine(at=NOW, text="é" * 400) for _ in range(5)),
        siblings=tuple(Sibling(name="n" * 250, state="ALARM") for _ in range(40)),
        missing=(Missing(what="w" * 5_000, why="x"),),
    )
    alert = replace(made.alert, first_action="f" * 6_000, raw="r" * 6_000, understood=False)
    message = slack_blocks.render(replace(made, alert=alert, context=context))
    assert any("|Runbook>" in text for text in texts(message))


def test_pictures_only_over_https() -> None:
    """PagerDuty takes https pictures only; the sandbox's http ones are left out."""
    assert "images" not in pagerduty.render(delivery(), picture="http://127.0.0.1/x.png")
    assert (
        pagerduty.render(delivery(), picture="https://a.example/x.png")["images"][0]["src"] == "https://a.example/x.png"
    )


@given(text=st.text(), limit=st.integers(0, 40))
def test_cut_texts_fit_and_stay_whole_characters(text: str, limit: int) -> None:
    """Neither by characters nor by bytes is a text longer than its limit, or a character split."""
    assert len(shorten(text, limit)) <= limit
    assert len(shorten_bytes(text, limit).encode()) <= limit


@given(text=st.text(alphabet=st.sampled_from("&<>aé😀")), limit=st.integers(8, 60))
def test_escaped_texts_fit_and_keep_whole_entities(text: str, limit: int) -> None:
    """A cut never leaves half an entity behind."""
    told = slack_blocks.fit(text, limit)
    assert len(told) <= limit
    assert "&" not in told.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")


@pytest.mark.parametrize(
    ("value", "unit", "told"),
    [
        (0.0, "%", "0 %"),
        (0.04, "%", "0.04 %"),
        (31.24, "%", "31.2 %"),
        (1.44, "%", "1.44 %"),
        (100.0, "%", "100 %"),
        (212.4, "ms", "212 ms"),
        (1873.0, "ms", "1.87 s"),
        (90_000.0, "ms", "2 min"),
        (1204.4, "/min", "1,204/min"),
        (3.0, "", "3"),
    ],
)
def test_figures_are_short(value: float, unit: str, told: str) -> None:
    """Three significant digits at most, the unit that fits the size."""
    assert figure(value, unit) == told


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "0 s"), (89, "89 s"), (90, "2 min"), (720, "12 min"), (7500, "2 h 5 min"), (266_400, "3 d 2 h")],
)
def test_spans_are_short(seconds: int, told: str) -> None:
    """Two units at most."""
    assert span(timedelta(seconds=seconds)) == told
