"""Bad settings fail where they are made, in one line that names the field, the value and the fix."""

import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import Duration, Stack, Token
from aws_cdk.aws_secretsmanager import Secret

from endpointwatch import (
    AlarmOverride,
    AlertRouting,
    CustomSink,
    DataCapture,
    Email,
    EndpointMonitoring,
    GpuEndpoint,
    Hours,
    InstanceShape,
    MetricsConfig,
    Objectives,
    Ownership,
    PagerDuty,
    Rate,
    Route,
    Severity,
    Signal,
    Slack,
    Webhook,
)

Build = Callable[[Stack], Any]

IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/ranker:1"


def _secret(stack: Stack) -> Any:
    return Secret.from_secret_name_v2(stack, f"Secret{len(stack.node.children)}", "name")


def _routing(stack: Stack, **settings: Any) -> AlertRouting:
    return AlertRouting(
        stack, "Routing", **{"environment": "prod", "sinks": [Email(addresses=("a@example.com",))], **settings}
    )


def _module(name: str, text: str) -> Path:
    path = Path(tempfile.mkdtemp()) / name
    path.write_text(text)
    return path


def _monitoring(stack: Stack, **settings: Any) -> EndpointMonitoring:
    endpoint = GpuEndpoint.from_endpoint_attributes(
        stack, "Endpoint", endpoint_name="ranker", instance_type="ml.g5.xlarge"
    )
    objectives = Objectives(latency_p99=Duration.millis(200))
    return EndpointMonitoring(stack, "Monitoring", **{"endpoint": endpoint, "objectives": objectives, **settings})


MISTAKES: dict[str, tuple[Build, str]] = {
    "percent for ratio": (
        lambda _: Objectives(latency_p99=Duration.millis(1), availability=99.9),
        "availability: 99.9",
    ),
    "number for duration": (lambda _: Objectives(latency_p99=200), "latency_p99: 200"),  # type: ignore[arg-type]
    "zero latency": (lambda _: Objectives(latency_p99=timedelta(0)), "latency_p99: 0 ms"),
    "short silence": (
        lambda _: Objectives(latency_p99=Duration.millis(1), silence=Duration.seconds(90)),
        "silence: 1.5 minutes",
    ),
    "unknown type": (lambda s: GpuEndpoint(s, "E", image=IMAGE, instance_type="ml.g99.xlarge"), "'ml.g99.xlarge'"),
    "forgotten ml": (
        lambda s: GpuEndpoint(s, "E", image=IMAGE, instance_type="g5.xlarge"),
        "did you mean 'ml.g5.xlarge'?",
    ),
    "no gpu": (
        lambda s: GpuEndpoint(s, "E", image=IMAGE, instance_type="ml.m5.large", instance_shape=InstanceShape(vcpus=2)),
        "has no GPU",
    ),
    "foreign image": (lambda s: GpuEndpoint(s, "E", image="nginx", instance_type="ml.g5.xlarge"), "image: 'nginx'"),
    "bad name": (
        lambda s: GpuEndpoint.from_endpoint_attributes(s, "E", endpoint_name="my endpoint"),
        "endpoint_name: 'my endpoint'",
    ),
    "bad weights": (
        lambda s: GpuEndpoint(s, "E", image=IMAGE, instance_type="ml.g5.xlarge", model_data_url="/tmp/model.tar.gz"),
        "model_data_url: '/tmp/model.tar.gz'",
    ),
    "sampling": (lambda _: DataCapture(sampling_percentage=101), "sampling_percentage: 101"),
    "nothing captured": (lambda _: DataCapture(captured=()), "captured: is empty"),
    "frequency": (lambda _: MetricsConfig(publish_frequency_seconds=45), "publish_frequency_seconds: 45"),
    "environment": (lambda s: _routing(s, environment="eu: prod"), "environment: 'eu: prod'"),
    "too many sinks": (
        lambda s: _routing(s, sinks=[Email(addresses=("a@example.com",), name=f"mail{n}") for n in range(9)]),
        "sinks: 9 are more than 8",
    ),
    "override as text": (lambda _: AlarmOverride(datapoints="3"), "datapoints: '3' is not a number"),  # type: ignore[arg-type]
    "override halved": (lambda _: AlarmOverride(periods=2.5), "periods: 2.5 is not a whole"),  # type: ignore[arg-type]
    "override as dict": (
        lambda s: _monitoring(s, overrides={Signal.GPU: {"threshold": 95}}),
        "overrides[gpu]: {'threshold': 95}",
    ),
    "endpoint as name": (lambda s: _monitoring(s, endpoint="ranker"), "endpoint: 'ranker' is of type str"),
    "alerts as arn": (lambda s: _monitoring(s, alerts="arn:aws:sns"), "alerts: 'arn:aws:sns' has no topics"),
    "one sink for a list": (lambda s: _routing(s, sinks=Email(addresses=("a@example.com",))), "sinks: Email("),
    "sink as name": (lambda s: _routing(s, sinks=["slack"]), "sinks: 'slack' is no sink"),
    "hyphens": (
        lambda s: _routing(s, sinks=[Email(addresses=("a@example.com",), name=name) for name in ("x1a", "x1-a")]),
        "two are named 'x1a'",
    ),
    "severity": (
        lambda _: Route(severities=frozenset({"page"}), sinks=("slack",)),  # type: ignore[arg-type]
        "severities: 'page'",
    ),
    "address twice": (lambda _: Email(addresses=("a@example.com", "a@example.com")), "names one twice"),
    "number in environment": (
        lambda s: GpuEndpoint(s, "E", image=IMAGE, instance_type="ml.g5.xlarge", environment={"A": 1}),  # type: ignore[dict-item]
        "environment['A']: 1 is of type int",
    ),
    "no sinks": (lambda s: _routing(s, sinks=[]), "sinks: is empty"),
    "two alike": (lambda s: _routing(s, sinks=[Email(addresses=("a@example.com",))] * 2), "two are named 'email'"),
    "route to nowhere": (
        lambda s: _routing(s, routes=[Route(severities=frozenset(Severity), sinks=("pager",))]),
        "routes[0]: sinks: 'pager'",
    ),
    "route missing": (
        lambda s: _routing(s, routes=[Route(severities=frozenset({Severity.CRITICAL}), sinks=("email",))]),
        "routes: an alert of severity warning, info may match none",
    ),
    "deadline": (lambda s: _routing(s, enrichment_deadline=Duration.seconds(30)), "enrichment_deadline: 30"),
    "condition on the last route": (
        lambda s: _routing(s, routes=[Route(sinks=("email",), teams=("search",))]),
        "severity critical, warning, info may match none",
    ),
    "route after one that takes everything": (
        lambda s: _routing(s, routes=[Route(sinks=("email",)), Route(sinks=("email",), teams=("search",))]),
        "routes[1]: is never looked at, since routes[0]",
    ),
    "route without sinks": (lambda _: Route(sinks=()), "sinks: is empty"),
    "sinks as text": (lambda _: Route(sinks="slack"), "sinks: 'slack' is of type str"),  # type: ignore[arg-type]
    "unknown zone": (lambda _: Hours(start="09:00", end="17:00", zone="Europe/Berln"), "zone: 'Europe/Berln'"),
    "zone as path": (lambda _: Hours(start="09:00", end="17:00", zone="../zone"), "zone: '../zone'"),
    "no time of day": (lambda _: Hours(start="9am", end="17:00", zone="UTC"), "start: '9am'"),
    "starts at its end": (lambda _: Hours(start="09:00", end="09:00", zone="UTC"), "end: '09:00' is also the start"),
    "no day": (lambda _: Hours(days=("Monday",), start="09:00", end="17:00", zone="UTC"), "days: 'Monday'"),
    "digest for pagers": (
        lambda s: _routing(
            s,
            sinks=[PagerDuty(secret=_secret(s))],
            routes=[Route(sinks=("pagerduty",), digest=Duration.hours(1))],
        ),
        "routes[0]: digest: 'pagerduty' takes no digests",
    ),
    "digest that falls back to pagers": (
        lambda s: _routing(
            s,
            sinks=[PagerDuty(secret=_secret(s)), Email(addresses=("a@example.com",), fallback="pagerduty")],
            routes=[Route(sinks=("email",), digest=timedelta(hours=1))],
        ),
        "routes[0]: digest: 'pagerduty' takes no digests",
    ),
    "long digest": (lambda _: Route(sinks=("email",), digest=Duration.days(1)), "digest: 86400"),
    "fractional digest": (lambda _: Route(sinks=("email",), digest=Duration.millis(1500)), "digest: 1500 ms"),
    "fallback to nowhere": (
        lambda s: _routing(s, sinks=[Email(addresses=("a@example.com",), fallback="slack")]),
        "sinks['email']: fallback: 'slack'",
    ),
    "fallbacks in a circle": (
        lambda s: _routing(
            s,
            sinks=[
                Email(addresses=("a@example.com",), name=name, fallback=other)
                for name, other in (("one", "two"), ("two", "one"))
            ],
        ),
        "fallback: one -> two -> one is a circle",
    ),
    "rate of nothing": (lambda _: Rate(messages=0, per=Duration.seconds(1)), "rate: messages: 0"),
    "rate as number": (lambda _: Email(addresses=("a@example.com",), rate=5), "rate: 5 is of type int"),  # type: ignore[arg-type]
    "settle too long": (lambda s: _routing(s, settle=Duration.hours(2)), "settle: 7200"),
    "no window": (lambda s: _routing(s, group_window=Duration.seconds(0)), "group_window: 0 ms"),
    "impatient": (lambda s: _routing(s, remind=Duration.seconds(10)), "remind: 10"),
    "half a minute": (lambda s: _routing(s, heartbeat=Duration.seconds(30)), "heartbeat: 0.5 minutes are not whole"),
    "seldom": (lambda s: _routing(s, heartbeat=Duration.hours(2)), "heartbeat: 120"),
    "webhook in the clear": (
        lambda s: Webhook(url="http://example.com/alerts", secret=_secret(s)),
        "url: 'http://example.com/alerts'",
    ),
    "code that is not there": (
        lambda _: CustomSink(name="own", code=Path("nowhere.py"), handler="nowhere:Own"),
        "code: 'nowhere.py'",
    ),
    "class of another module": (
        lambda _: CustomSink(name="own", code=Path(__file__), handler="elsewhere:Own"),
        "handler: 'elsewhere:Own'",
    ),
    "class that is not there": (
        lambda _: CustomSink(name="own", code=Path(__file__), handler="test_settings:Own"),
        "handler: 'Own' is no class of 'test_settings.py'; it has no class",
    ),
    "code that does not parse": (
        lambda _: CustomSink(name="own", code=_module("broken.py", "class Own(:"), handler="broken:Own"),
        "code: 'broken.py' does not parse",
    ),
    "code that cannot be imported": (
        lambda _: CustomSink(name="own", code=_module("my-sink.py", "class Own: ..."), handler="my-sink:Own"),
        "code: 'my-sink.py' is no name of a module; use letters, digits and underscores",
    ),
    "digests in words": (
        lambda _: CustomSink(
            name="own",
            code=Path(__file__),
            handler="test_settings:Build",
            takes_digests="yes",  # type: ignore[arg-type]
        ),
        "takes_digests: 'yes' is of type str; write True or False",
    ),
    "password in a URL": (
        lambda s: Webhook(url="https://me:hunter2@example.com/", secret=_secret(s)),
        "url: holds a user or a password, which templates and logs would show; leave them out",
    ),
    "port that is none": (
        lambda s: Webhook(url="https://example.com:99999/", secret=_secret(s)),
        "url: 'https://example.com:99999/' is no https:// URL",
    ),
    "secret field that is none": (
        lambda s: PagerDuty(secret=_secret(s), secret_field=""),
        "secret_field: is empty; name a field",
    ),
    "operator as string": (
        lambda s: _routing(s, operators="me@example.com"),
        "operators: 'me@example.com' is no list of addresses",
    ),
    "operator that is no address": (lambda s: _routing(s, operators=("me",)), "operators: 'me' is no e-mail address"),
    "operator twice": (
        lambda s: _routing(s, operators=("me@example.com",) * 2),
        "operators: ('me@example.com', 'me@example.com') names one twice",
    ),
    "addresses as number": (lambda _: Email(addresses=5), "addresses: 5 is no list of addresses"),  # type: ignore[arg-type]
    "no address at all": (lambda _: Email(addresses=()), "addresses: is empty"),
    "class of a sink": (lambda s: _routing(s, sinks=[Email]), "sinks: <class"),
    "zone of this machine only": (
        lambda _: Hours(start="09:00", end="17:00", zone="localtime"),
        "zone: 'localtime' is not in the IANA database",
    ),
    "time that is a token": (
        lambda s: _routing(s, settle=Duration.seconds(Token.as_number({"Ref": "Settle"}))),
        "settle: is a token, which has no value at synth; give 0 up to 1 hour",
    ),
    "setting that is taken": (
        lambda _: CustomSink(name="own", code=Path(__file__), handler="test_settings:Build", settings={"type": "x"}),
        "settings: 'type'",
    ),
    "setting that is no JSON": (
        lambda _: CustomSink(name="own", code=Path(__file__), handler="test_settings:Build", settings={"at": Path()}),
        "settings: holds something that JSON does not",
    ),
    "more settings than fit": (
        lambda s: _routing(
            s, routes=[*(Route(sinks=("email",), teams=("t" * 900,)) for _ in range(9)), Route(sinks=("email",))]
        ),
        "routes: take",
    ),
    "no jobs": (lambda s: _routing(s).route_job_events(name_prefixes=[]), "name_prefixes: is empty"),
    "endpoint as text": (
        lambda s: _routing(s).route_endpoint_events(endpoint_names="ranker"),
        "endpoint_names: 'ranker' is of type str",
    ),
    "channel name": (lambda s: Slack(bot_token=_secret(s), channel="#alerts"), "channel: '#alerts'"),
    "both tokens": (lambda s: Slack(bot_token=_secret(s), webhook=_secret(s), channel="C0123456789"), "exactly one"),
    "plain http": (
        lambda s: PagerDuty(secret=_secret(s), api_url="http://example.com"),
        "api_url: 'http://example.com'",
    ),
    "no address": (lambda _: Email(addresses=("oncall",)), "addresses: 'oncall'"),
    "address as string": (lambda _: Email(addresses="a@example.com"), "no list of addresses"),  # type: ignore[arg-type]
    "runbook": (lambda _: Ownership(runbook="https://wiki/x?id=1"), "runbook: 'https://wiki/x?id=1'"),
    "unknown signal": (lambda s: _monitoring(s, overrides={"cost": AlarmOverride()}), "overrides: 'cost'"),
    "m over n": (
        lambda s: _monitoring(s, overrides={Signal.ERRORS: AlarmOverride(datapoints=6)}),
        "6 datapoints of 5 periods",
    ),
    "over a day": (
        lambda s: _monitoring(s, overrides={Signal.CPU: AlarmOverride(periods=1441)}),
        "look back 86460 s",
    ),
}


def test_a_secret_given_by_value_is_not_shown() -> None:
    """A likely first mistake: the key itself where its secret belongs. The message does not repeat it."""
    with pytest.raises(TypeError, match="secret: is no secret of Secrets Manager") as error:
        PagerDuty(secret="R0123456789")  # type: ignore[arg-type]
    assert "R0123456789" not in str(error.value)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_clear_line(mistake: str) -> None:
    """The message names what is wrong, and is one line."""
    build, told = MISTAKES[mistake]
    with pytest.raises((ValueError, TypeError)) as error:
        build(Stack())
    assert told in str(error.value)
    assert "\n" not in str(error.value)
