"""Pages say what matters, and fit their sinks whatever they hold."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alert_common import codec
from alert_common.alert import Alert, Kind, Severity, State
from alert_common.context import Context, Endpoint, Link, LogLine, Missing, Sibling
from alert_common.context import Signal as Figures
from alert_common.incident import Stage, Told
from alert_common.page import Action, Page
from alert_dispatcher import words
from alert_dispatcher.brief import brief
from alert_dispatcher.sinks import email, pagerduty, slack_blocks, slack_replies
from alert_dispatcher.sinks.base import Digest
from alert_dispatcher.text import figure, shorten, shorten_bytes, span
from alert_dispatcher.words import headline
from endpointwatch.sagemaker.signals import Signal
from tests.unit.functions import samples
from tests.unit.functions.samples import NOW, event, page, resolved, update

OPEN = Told(seq=1, stage=Stage.OPEN, severity=Severity.WARNING)
"""What a sink knows after the first page."""


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


def test_what_was_found_late_is_told_alone_and_leaves_the_page_as_it_was() -> None:
    """The reply has the late lines, not the answers again (it would know less); the first message keeps all that it had."""
    lines = (LogLine(at=NOW, text="boom"),)
    late = replace(page(Action.CONTEXT), context=Context(logs=lines))
    told = update(page(), late, told=OPEN)
    reply = "\n".join(texts(slack_replies.reply(told)))
    assert "boom" in reply
    for answer in ("Since", "How bad", "Do first", "Objective"):
        assert answer not in reply
    assert slack_blocks.head(told) == slack_blocks.head(update(page(), told=OPEN))


def test_the_five_answers_are_there() -> None:
    """What, since when, how bad against the objective, what changed, what to do first, in Slack and PagerDuty alike."""
    for message, since in (
        (slack_blocks.head(update(page())), "<!date^1795442880^{time}|14:08 UTC>, 3 min before the alarm"),
        (pagerduty.render(update(page())), "14:08 UTC, 3 min before the alarm"),
        (email.render(update(page())), "14:08 UTC, 3 min before the alarm"),
    ):
        whole = "\n".join(texts(message))
        for answer in (
            "ranker is failing: 31.2 % of requests end in model errors",
            since,
            "31.2 % of requests fail; the objective allows 0.1 % (312x). The alarm fires above 1.44 % in 3 of 5 minutes.",
            "99.9 % of requests answered without a failure",
            "Deployed 12 min before: config ranker-config-7, model ranker-2026-11-23",
            "Roll back: redeploy the release before ranker-config-7 (deployed 12 min before).",
            "Look at the last error lines",
            "Not in this page",
        ):
            assert answer in whole, answer


def test_slack_opens_with_state_environment_and_sentence() -> None:
    """The header's emoji is the severity; the text that a phone shows is the same sentence."""
    for severity, emoji in ((Severity.CRITICAL, "🔴"), (Severity.WARNING, "🟠"), (Severity.INFO, "🔵")):
        made = page()
        message = slack_blocks.head(update(replace(made, alert=replace(made.alert, severity=severity))))
        assert message["blocks"][0]["text"]["text"].startswith(f"{emoji} [prod] ranker is failing")
        assert message["text"].startswith(f"{emoji} [prod] ranker is failing")
    nowhere = replace(page(), context=replace(page().context, environment=""))
    assert slack_blocks.head(update(nowhere))["text"].startswith("🟠 ranker is failing")


def summary(made: Page) -> str:
    """What PagerDuty pushes, texts and says on the phone."""
    return str(pagerduty.render(update(made))["payload"]["summary"])


def test_a_phone_hears_since_when_and_what_changed() -> None:
    """PagerDuty's summary is all that a push or a call carries; its tail stays, however long the sentence is."""
    tail = ", since 14:08 UTC, deployed 12 min before"
    assert summary(page()) == f"[prod] ranker is failing: 31.2 % of requests end in model errors{tail}"
    made = page(payload="long " * 500)
    told = summary(replace(made, opened_at=page().opened_at, context=replace(made.context, tags={})))
    assert len(told) == 1024
    assert told.endswith(f"…{tail}")
    assert summary(replace(page(), context=Context())).endswith("model errors, since 14:08 UTC")
    over = update(page(), resolved(), told=OPEN)
    assert pagerduty.render(over)["payload"]["summary"].endswith("end in model errors: over after 12 min")


def test_times_of_long_incidents_have_their_day() -> None:
    """A time of day alone would be yesterday's; Slack shows both in the reader's zone."""
    made = replace(page(), opened_at=NOW - timedelta(days=2))
    assert "since 2026-11-21 14:11 UTC" in summary(made)
    assert (
        f"<!date^{int((NOW - timedelta(days=2)).timestamp())}^{{date_short_pretty}} {{time}}|2026-11-21 14:11 UTC>"
        in ("".join(texts(slack_blocks.head(update(made)))))
    )


def test_the_resolved_form_is_short() -> None:
    """Three blocks: that it is over and after how long, what it is like now and when it was, where to look."""
    header, section, links = slack_blocks.head(update(page(), resolved(), told=OPEN))["blocks"]
    began, ended = "<!date^1795442880^{time}|14:08 UTC>", "<!date^1795443604^{time}|14:20 UTC>"
    assert header["text"]["text"] == (
        "✅ [prod] ranker is failing: 31.2 % of requests end in model errors: over after 12 min"
    )
    assert section["text"]["text"].splitlines() == [
        f"{began} to {ended} · prod · ranker / AllTraffic · 2 x ml.g5.2xlarge",
        "*Now* ranker has recovered after 12 min: 0.2 % of requests end in model errors",
        "*What changed* Deployed 12 min before: config ranker-config-7, model ranker-2026-11-23, image triton:25.09",
        "*Still in alarm* `ranker/AllTraffic/latency`",
    ]
    assert "|Runbook>" in links["text"]["text"]


def alarm(metric: str, *, threshold: float, value: float, **trigger: Any) -> Page:
    """A delivery of a one-metric alarm whose tags were not read."""
    word = "less than" if trigger.get("ComparisonOperator", "").startswith("Less") else "greater than"
    reason = f"Threshold Crossed: 1 datapoint [{value} (23/11/26 14:10:00)] was {word} the threshold ({threshold})."
    message = samples.sns_alarm(
        AlarmName="n", Trigger=samples.metric_trigger(metric, threshold=threshold, **trigger), NewStateReason=reason
    )
    return page(payload=samples.envelope(message), context=Context())


@pytest.mark.parametrize(
    ("made", "sentence", "how_bad"),
    [
        (
            alarm("ModelLatency", threshold=400_000.0, value=1_873_000.0, ExtendedStatistic="p99"),
            "ranker is slow: p99 latency is 1.87 s",
            "1.87 s; the alarm fires above 400 ms (4.7x) in 3 of 3 minutes",
        ),
        (
            alarm("OverheadLatency", threshold=100_000.0, value=240_000.0),
            "ranker is slow outside the model: SageMaker adds 240 ms to a request",
            "240 ms; the alarm fires above 100 ms (2.4x) in 3 of 3 minutes",
        ),
        (
            alarm("Invocation5XXErrors", threshold=0.01, value=0.312),
            "ranker is failing: 31.2 % of requests end in server errors",
            "31.2 % of requests fail; the alarm fires above 1 % (31x) in 3 of 3 minutes",
        ),
        (
            alarm("MemoryUtilization", threshold=90.0, value=97.0, Namespace="/aws/sagemaker/Endpoints"),
            "ranker is short of memory: 97 % used",
            "97 %; the alarm fires above 90 % in 3 of 3 minutes",
        ),
        (
            alarm("Invocations", threshold=1.0, value=0.0, Statistic="SUM", ComparisonOperator="LessThanThreshold"),
            "ranker gets no requests",
            "0; the alarm fires below 1 in 3 of 3 minutes",
        ),
    ],
)
def test_figures_are_in_units_people_use(made: Page, sentence: str, how_bad: str) -> None:
    """Microseconds become ms or s, shares percent, and a factor says how far off it is."""
    told = brief(made)
    assert (told.headline, told.how_bad) == (sentence, how_bad)


@pytest.mark.parametrize(
    ("made", "objective", "how_bad"),
    [
        (
            alarm("ModelLatency", threshold=200_000.0, value=1_873_000.0, ExtendedStatistic="p99"),
            "200000",
            "1.87 s; the objective allows 200 ms (9.4x). The alarm fires above that in 3 of 3 minutes.",
        ),
        (
            alarm("Invocations", threshold=5.0, value=1.0, Statistic="SUM", ComparisonOperator="LessThanThreshold"),
            "10",
            "1; the objective asks for 10 (10x below). The alarm fires below 5 in 3 of 3 minutes.",
        ),
        (
            alarm("MemoryUtilization", threshold=90.0, value=97.0),
            "a lot",
            "97 %; the alarm fires above 90 % in 3 of 3 minutes",
        ),
    ],
)
def test_the_objective_is_not_the_alarms_threshold(made: Page, objective: str, how_bad: str) -> None:
    """The page compares with the promise, which the tag tells in the metric's unit, and names the threshold as such."""
    promised = replace(made.context, tags={"endpointwatch:objective-value": objective})
    assert brief(replace(made, context=promised)).how_bad == how_bad


@pytest.mark.parametrize(
    ("unit", "told"),
    [
        ("share", "50 %"),
        ("percent", "0.5 %"),
        ("microseconds", "0.0005 ms"),
        ("count", "0.5"),
        ("", "0.5"),
        ("ell", "0.5"),
    ],
)
def test_the_tag_tells_the_unit(unit: str, told: str) -> None:
    """Neither names nor labels have to; without a tag that is known, they do."""
    made = alarm("Anything", threshold=0.1, value=0.5)
    tagged = replace(made.context, tags={"endpointwatch:unit": unit})
    assert brief(replace(made, context=tagged)).how_bad.startswith(f"{told};")


def test_every_signal_has_its_words() -> None:
    """A signal that the library watches is told in a sentence of its own, broken and recovered."""
    assert set(Signal) <= set(words._BROKEN)
    assert set(words._FINE) == set(words._BROKEN)


def test_an_alarm_set_by_hand_claims_no_missing_data() -> None:
    """A state that a person set has no datapoint in its reason: told is that reason, from when it was set."""
    made = page(payload=samples.envelope(samples.sns_alarm(NewStateReason="a test", NewStateReasonData=None)))
    told = brief(made)
    assert (told.how_bad, told.why, told.since) == ("", "a test", "14:11 UTC")
    over = replace(resolved(), opened_at=made.opened_at)
    over = replace(over, alert=replace(over.alert, at=made.alert.at + timedelta(seconds=3)))
    assert headline(over).startswith("ranker has recovered after 3 s")


def test_silence_without_data_says_so() -> None:
    """Missing data that counts as breaching has no datapoint to show."""
    reason = "Threshold Crossed: no datapoints were received for 3 periods and 3 missing datapoints were treated as [Breaching]."
    trigger = samples.metric_trigger(
        "Invocations", threshold=1.0, Statistic="SUM", ComparisonOperator="LessThanThreshold"
    )
    made = page(payload=samples.envelope(samples.sns_alarm(Trigger=trigger, NewStateReason=reason)), context=Context())
    told = brief(replace(made, alert=replace(made.alert, name="ranker/AllTraffic/silence")))
    assert (told.headline, told.how_bad) == ("ranker gets no requests", "No data in 3 of 3 minutes")


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
    assert headline(page(action, payload, context=Context())) == sentence


BEGAN = datetime(2026, 11, 23, 14, 8, tzinfo=UTC)


def history(*, modified: float, config: float | None, created: float = 90 * 24 * 60) -> Page:
    """A delivery whose endpoint was modified, configured and created so many minutes before the alert began."""
    made = page()

    def ago(minutes: float) -> datetime:
        return BEGAN - timedelta(minutes=minutes)

    endpoint = Endpoint(
        config="seven",
        created_at=ago(created),
        modified_at=ago(modified),
        config_created_at=None if config is None else ago(config),
    )
    return replace(made, opened_at=BEGAN, context=replace(made.context, endpoint=endpoint))


DAY = 24 * 60


@pytest.mark.parametrize(
    ("made", "changed", "suspect", "undo"),
    [
        (history(modified=12, config=20), "Deployed 12 min before: config seven", "deployed 12 min before", True),
        (history(modified=-4, config=5), "Deployed as it began: config seven", "deployed as it began", True),
        (history(modified=-9, config=0), "Deployed 9 min after it began: config seven", "", False),
        (history(modified=300, config=310), "Deployed 5 h before: config seven", "", False),
        (
            history(modified=3 * DAY, config=3 * DAY + 5),
            "No deployment in the 24 h before; the last was 3 d before",
            "",
            False,
        ),
        # Autoscaling moves the endpoint's time of change, and is no release to go back from.
        (
            history(modified=12, config=3 * DAY),
            "Scaled or updated 12 min before. No deployment in the 24 h before; the last was 3 d before",
            "scaled or updated 12 min before",
            False,
        ),
        (
            history(modified=5, config=20 * 60),
            "Scaled or updated 5 min before. Deployed 20 h before: config seven",
            "scaled or updated 5 min before",
            False,
        ),
        (
            history(modified=-3, config=3 * DAY),
            "Scaled or updated as it began. No deployment in the 24 h before; the last was 3 d before",
            "scaled or updated as it began",
            False,
        ),
        # Its first configuration is older than an endpoint: nothing to go back to.
        (
            history(modified=12, config=19, created=18),
            "Created 12 min before: config seven",
            "created 12 min before",
            False,
        ),
        (
            history(modified=12, config=9 * DAY, created=8 * DAY),
            "Scaled or updated 12 min before. No deployment in the 24 h before; created 8 d before",
            "scaled or updated 12 min before",
            False,
        ),
        # A configuration newer than the endpoint is a deployment, however young the endpoint is.
        (
            history(modified=12, config=13, created=18),
            "Deployed 12 min before: config seven",
            "deployed 12 min before",
            True,
        ),
        # Nobody told when the configuration was made.
        (
            history(modified=12, config=None),
            "Scaled or updated 12 min before: config seven",
            "scaled or updated 12 min before",
            False,
        ),
        (
            history(modified=12, config=None, created=18),
            "Created 12 min before: config seven",
            "created 12 min before",
            False,
        ),
    ],
)
def test_only_a_new_configuration_is_a_deployment(made: Page, changed: str, suspect: str, undo: bool) -> None:
    """What changed, told from when it began; a roll-back is the first step only after a deployment shortly before."""
    told = brief(made)
    assert (told.changed, told.suspect) == (changed, suspect)
    steps = ("Look at the last error lines.",)
    assert told.first == ((f"Roll back: redeploy the release before seven ({suspect}).", *steps) if undo else steps)


def test_a_deployment_under_way_is_a_deployment() -> None:
    """Its canary takes traffic while the endpoint still names the old configuration."""
    made = history(modified=3, config=3 * DAY)
    assert made.context.endpoint is not None
    pending = replace(made.context.endpoint, pending_config="eight", pending_since=BEGAN - timedelta(minutes=3))
    told = brief(replace(made, context=replace(made.context, endpoint=pending)))
    assert told.changed == "Deployment started 3 min before: config eight"
    assert told.first[0] == "Roll back: redeploy the release before eight (deployment started 3 min before)."


def test_no_data_leaves_the_incident_open() -> None:
    """The note says since when nothing is known, and that nobody closed it."""
    assert headline(page(Action.NOTE)) == "ranker: no data since 14:11 UTC; the incident stays open"


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
    told = brief(page(payload=samples.envelope(message), context=Context()))
    assert (told.headline, told.why) == (
        "ranker down: ranker/AllTraffic/latency",
        "Set off by ranker/AllTraffic/latency",
    )


def test_a_deployment_says_what_it_changes() -> None:
    """The configs, old and new, are what changed."""
    detail = {"EndpointName": "ranker", "EndpointStatus": "UPDATING", "EndpointConfigName": "six"}
    pending = {"PendingDeploymentSummary": {"EndpointConfigName": "seven"}}
    told = brief(page(Action.INFORM, event("SageMaker Endpoint Deployment", detail | pending)))
    assert told.changed == "Endpoint config six → seven"


def test_an_alarm_cannot_ping_or_link() -> None:
    """Mentions, links and entities in names, reasons and logs stay text."""
    evil = "<!channel> <https://evil.example|click> & `code` ``` @here"
    made = page()
    context = replace(
        made.context,
        logs=(LogLine(at=NOW, text=evil),),
        siblings=(Sibling(name=evil, state="ALARM"),),
        owner=evil,
        links=(Link(text=evil, href="https://a.example/|<>"), Link(text=evil, href="https://ok.example/?a=1&b=2")),
        missing=(Missing(what=evil, why=evil),),
    )
    alert = replace(made.alert, name=evil, first_action=evil, resource=None, metric=None, description=evil, reason=evil)
    evil_page = replace(made, alert=alert, context=context)
    over = replace(resolved(), alert=replace(resolved().alert, name=evil), context=context)
    for message in (
        slack_blocks.head(update(evil_page)),
        slack_blocks.head(update(evil_page, over, told=replace(OPEN, headline=evil))),
        slack_replies.reply(update(evil_page, over, told=OPEN)),
        slack_replies.reply(update(page(), evil_page, told=OPEN)),
        slack_replies.reply(update(page(), *[evil_page] * 3, told=OPEN)),
        slack_replies.reply(update(page(), *[evil_page] * 9, told=OPEN)),
        slack_replies.happened(evil_page),
        slack_replies.digest(Digest(id="d", told=Told(), updates=(update(evil_page), update(over)))),
    ):
        for block in message["blocks"]:
            if block["type"] == "header":
                continue
            for text in texts(block):
                assert "<!" not in text.replace("<!date^", "")
                assert "<https://evil" not in text
        assert "<" not in message["text"].replace("<!date^", "")
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
            Figures, name=TEXT, unit=st.sampled_from(["%", "ms", "/min"]), before=NUMBERS, after=NUMBERS, sparkline=TEXT
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
def pages(draw: st.DrawFn) -> Page:
    """Pages with anything in them, too long and in every script."""
    alert: Alert = draw(
        st.builds(
            replace,
            st.just(samples.page().alert),
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
            metric=st.sampled_from([samples.page().alert.metric, None]),
            resource=st.sampled_from([samples.page().alert.resource, None]),
        )
    )
    made = Page(
        action=draw(st.sampled_from(Action)),
        alert=alert,
        context=draw(CONTEXTS),
        opened_at=draw(st.sampled_from([None, NOW - timedelta(days=400), NOW])),
    )
    assert codec.loads(Page, codec.dumps(made)) == made
    return made


def several(made: Page) -> list[Page]:
    """An incident of many alerts: this one, and others like it."""
    return [
        made,
        *(replace(made, alert=replace(made.alert, arn=f"{i}", name=f"{made.alert.name}{i}")) for i in range(20)),
    ]


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None, max_examples=60)
@given(made=pages())
def test_slack_takes_whatever_is_in_it(made: Page) -> None:
    """Blocks, sections, headers, fields and the whole stay within Slack's limits; the header is never empty."""
    alike, over = several(made), replace(resolved(), context=made.context)
    for message in (
        slack_blocks.head(update(*alike, stands_in=made.alert.raw[:900])),
        slack_blocks.head(update(*alike, over, told=replace(OPEN, headline=made.alert.raw))),
        slack_replies.reply(update(*alike, over, told=OPEN)),
        slack_replies.reply(update(page(), made, told=OPEN)),
        slack_replies.reply(update(page(), *alike, told=OPEN)),
        slack_replies.digest(Digest(id="d", told=Told(), updates=(update(*alike),) * 60)),
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
@given(made=pages())
def test_pagerduty_takes_whatever_is_in_it(made: Page) -> None:
    """Summary, dedup key and body stay within PagerDuty's limits, and a known severity is set."""
    body = pagerduty.render(update(*several(made)), picture="https://charts.example/x.png")
    change = pagerduty.render_change(update(made), made)
    assert 0 < len(change["payload"]["summary"]) <= 1024
    assert len(json.dumps({**change, "routing_key": "r" * 32}).encode()) <= 512_000
    assert 0 < len(body["payload"]["summary"]) <= 1024
    assert body["payload"]["source"]
    assert len(json.dumps({**body, "routing_key": "r" * 32}).encode()) <= 512_000
    assert body["payload"]["severity"] in {"critical", "error", "warning", "info"}
    assert 0 < len(body["dedup_key"]) <= 255


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None, max_examples=60)
@given(made=pages())
def test_sns_takes_whatever_is_in_it(made: Page) -> None:
    """The subject is one line of printable ASCII of at most 100 characters; the mail is under 256 KiB."""
    updates = update(*several(made)), update(made, resolved(), told=OPEN)
    mails = [*(email.render(one) for one in updates), email.render_digest(Digest(id="d", told=Told(), updates=updates))]
    for mail in mails:
        check_mail(mail)


def check_mail(mail: Mapping[str, str]) -> None:
    """What SNS asks for."""
    assert 0 < len(mail["Subject"]) <= 100
    assert mail["Subject"].isascii()
    assert mail["Subject"].isprintable()
    assert 0 < len(mail["Message"].encode()) <= 262_144


def test_an_oversized_page_keeps_its_links() -> None:
    """Logs and signals go before the runbook does."""
    made = page()
    context = replace(
        made.context,
        objective="o" * 6_000,
        logs=tuple(LogLine(at=NOW, text="é" * 400) for _ in range(5)),
        siblings=tuple(Sibling(name="n" * 250, state="ALARM") for _ in range(40)),
        missing=(Missing(what="w" * 5_000, why="x"),),
    )
    alert = replace(made.alert, first_action="f" * 6_000, raw="r" * 6_000, understood=False)
    message = slack_blocks.head(update(replace(made, alert=alert, context=context)))
    assert any("|Runbook>" in text for text in texts(message))


def test_pictures_only_over_https() -> None:
    """PagerDuty takes https pictures only; the sandbox's http ones are left out."""
    assert "images" not in pagerduty.render(update(page()), picture="http://127.0.0.1/x.png")
    assert (
        pagerduty.render(update(page()), picture="https://a.example/x.png")["images"][0]["src"]
        == "https://a.example/x.png"
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
