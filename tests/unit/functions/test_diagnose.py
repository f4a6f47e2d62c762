"""The likeliest cause: every rule where it holds, and where one fact less or more must keep it from it."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alert_common.alert import Alert, Kind, Resource, State
from alert_common.context import Change, Context, Diagnosis, Endpoint, Job, LogLine, Node, Pod, Sibling, Signal
from alert_enricher.diagnose import diagnose
from alert_enricher.diagnose.table import RULES
from tests.unit.functions import samples
from tests.unit.functions.samples import one

ALERT = one(samples.envelope(samples.sns_alarm()))
BEGAN = datetime(2026, 11, 23, 14, 8, tzinfo=UTC)
LONG_AGO = BEGAN - timedelta(days=40)
ENDPOINT = Endpoint(
    status="InService",
    instance_type="ml.g5.2xlarge",
    instance_count=2,
    config="ranker-7",
    created_at=LONG_AGO,
    config_created_at=LONG_AGO,
    modified_at=LONG_AGO,
)
UNITS = {"Requests": "/min", "Latency p50": "ms", "Latency p99": "ms"}
WELL = {
    "Requests": (1200, 1190),
    "Errors": (0.04, 0.05),
    "Latency p50": (40, 41),
    "Latency p99": (210, 220),
    "GPU": (60, 58),
    "CPU": (30, 31),
    "Memory": (55, 56),
}
FAILING = {**WELL, "Errors": (0.04, 31.24)}
SLOW = {**WELL, "Latency p99": (212, 1873)}
REFUSED = {**WELL, "Client errors (4xx)": (0.2, 40.0)}
SATURATED = {**SLOW, "Requests": (1200, 2600), "GPU": (60, 97)}
ON_CPU = {**SLOW, "GPU": (60, 0), "Latency p50": (40, 400), "CPU": (30, 95)}
OOM = "RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB"


def signals(
    figures: dict[str, tuple[float | None, float | None]] | dict[str, tuple[float, float]],
) -> tuple[Signal, ...]:
    """Figures before and after, as signals."""
    return tuple(
        Signal(name=name, unit=UNITS.get(name, "%"), before=before, after=after, sparkline="")
        for name, (before, after) in figures.items()
    )


def context(figures: Any = FAILING, **more: Any) -> Context:
    """What is known of an endpoint that has run for long."""
    return Context(**{"endpoint": ENDPOINT, "signals": signals(figures), **more})


def lines(*texts: str, count: int = 4) -> tuple[LogLine, ...]:
    """Lines of the log."""
    return tuple(LogLine(at=BEGAN, text=text, count=count) for text in texts)


def deployed(minutes: float, before: str = "ranker-6", **more: Any) -> tuple[Change, ...]:
    """A deployment so long before the alert began, by CloudTrail."""
    at = BEGAN - timedelta(minutes=minutes)
    return (Change(at=at, what="endpoint updated", kind="deployment", before=before, after="ranker-7", **more),)


def pods(*reasons: str, phase: str = "Pending", node: str = "") -> tuple[Pod, ...]:
    """Pods in trouble, beside one that is well."""
    bad = [Pod(name=f"p{i}", phase=phase, reason=reason, node=node, restarts=3) for i, reason in enumerate(reasons)]
    return (*bad, Pod(name="well", phase="Running", ready=True))


def failed_scaling(minutes: float, what: str = "scaled to 6: failed, InsufficientInstanceCapacity") -> Change:
    """A scaling activity that did not work."""
    return Change(at=BEGAN - timedelta(minutes=minutes), what=what, kind="scaling", failed=True)


def alarm(signal: str, state: State = State.ALARM) -> Alert:
    """An alarm on a signal of the endpoint."""
    return replace(ALERT, tags={"endpointwatch:signal": signal}, state=state)


FULL = "Unschedulable: 0/4 nodes are available: 4 Insufficient nvidia.com/gpu."
TAINTED = "Unschedulable: 0/4 nodes are available: 4 node(s) had untolerated taint {x: y}."
SERVICE = replace(ALERT, resource=Resource(kind="service", name="ranker", cluster="c", namespace="ml"))
JOB = replace(ALERT, kind=Kind.JOB, resource=Resource(kind="training-job", name="train-7"))
XID_79 = Node(name="ip-1", ready=True, gpus=4, problems=("AcceleratedHardwareReady: NvidiaXID79Error",))
XID_31 = Node(name="ip-1", ready=True, gpus=4, problems=("AcceleratedHardwareReady: NvidiaXID31Error",))
REFUSING = "botocore.errorfactory.ThrottlingException: Rate exceeded"
UNREACHABLE = (
    "ConnectionError: HTTPSConnectionPool(host='features.internal', port=443): Max retries exceeded with url: /v1"
)


@pytest.mark.parametrize(
    ("alert", "known", "rule", "evidence"),
    [
        (ALERT, context(logs=lines(OOM, count=41)), "out-of-memory", f"41 log lines: “{OOM}”"),
        (ALERT, context(SLOW, logs=lines(OOM, count=1)), "out-of-memory", f"1 log line: “{OOM}”"),
        (alarm("gpu-memory"), context(WELL, logs=lines(OOM)), "out-of-memory", f"4 log lines: “{OOM}”"),
        (SERVICE, Context(pods=pods("OOMKilled", "OOMKilled")), "out-of-memory", "2 of 3 pods OOMKilled, 6 restarts"),
        (
            JOB,
            Context(job=Job(status="Failed", failure=f"AlgorithmError: {OOM}")),
            "out-of-memory",
            f"“AlgorithmError: {OOM}”",
        ),
        (alarm("memory"), context({**WELL, "Memory": (60, 97.5)}), "out-of-memory", "Memory 60 % → 97.5 %"),
        (
            SERVICE,
            Context(pods=pods("Error", node="ip-1"), nodes=(XID_79,)),
            "hardware",
            "node ip-1: AcceleratedHardwareReady",
        ),
        (ALERT, context(logs=lines("NVRM: Xid (PCI:0000:00:1e): 79, pid=1, GPU has fallen off")), "hardware", "Xid"),
        (SERVICE, Context(pods=pods(FULL, FULL)), "capacity", "pod p0 is pending"),
        (ALERT, context(SLOW, changes=(failed_scaling(5),)), "capacity", "InsufficientInstanceCapacity"),
        (
            JOB,
            Context(
                job=Job(status="Failed", failure="CapacityError: Unable to provision requested ML compute capacity.")
            ),
            "capacity",
            "CapacityError",
        ),
        (
            replace(ALERT, kind=Kind.ENDPOINT, reason="ResourceLimitExceeded: the account-level service limit"),
            Context(endpoint=replace(ENDPOINT, status="Failed")),
            "capacity",
            "service limit",
        ),
        (alarm("gpu-idle"), context(ON_CPU), "cpu-fallback", "GPU 60 % → 0 %"),
        (
            ALERT,
            context({**WELL, "GPU": (60, 0)}, logs=lines("UserWarning: CUDA is not available")),
            "cpu-fallback",
            "CUDA is not",
        ),
        (ALERT, context(changes=deployed(12)), "regression", "deployed config ranker-7 12 min before it began"),
        (ALERT, context(SLOW, changes=deployed(12)), "regression", "Latency p99 212 ms → 1873 ms"),
        (ALERT, context(REFUSED, changes=deployed(12)), "regression", "Client errors (4xx) 0.2 % → 40 %"),
        (alarm("latency"), context(SATURATED), "saturation", "Requests 1200/min → 2600/min"),
        (alarm("gpu"), context({**SATURATED, "Latency p99": (210, 220)}), "saturation", "GPU 60 % → 97 %"),
        (alarm("latency"), context({**SATURATED, "GPU": (10, 12), "CPU": (60, 99)}), "saturation", "CPU 60 % → 99 %"),
        (ALERT, context(logs=lines(REFUSING, "ValueError: x")), "throttling", "4 of 8 log lines"),
        (ALERT, context(logs=lines(UNREACHABLE)), "dependency", "Errors 0.04 % → 31.2 %"),
        (alarm("client-errors"), context(REFUSED), "upstream", "Client errors (4xx) 0.2 % → 40 %"),
        (
            alarm("silence"),
            context({**WELL, "Requests": (40, None), "Errors": (0, None)}),
            "silence",
            "Requests 40/min → nothing",
        ),
        (
            alarm("errors", State.INSUFFICIENT_DATA),
            context({**WELL, "Requests": (40, 1)}),
            "silence",
            "endpoint InService",
        ),
        (alarm("silence"), context({"Memory": (50, 50)}), "silence", "no request in the half hour before either"),
    ],
)
def test_a_rule_names_its_cause_with_figures(alert: Alert, known: Context, rule: str, evidence: str) -> None:
    """The rule matches, and what it rests on is told."""
    found = diagnose(alert, known)
    assert found is not None
    assert found.rule == rule
    assert any(evidence in told for told in found.evidence), found.evidence
    assert found.cause.endswith(".")
    assert found.first


@pytest.mark.parametrize(
    ("alert", "known"),
    [
        # out-of-memory
        pytest.param(alarm("cpu"), context(WELL, logs=lines(OOM, count=1)), id="one line while all is well"),
        pytest.param(ALERT, context(logs=lines("ERROR out of stock", "memory usage 3 GB")), id="memory is not enough"),
        pytest.param(alarm("memory"), context({**WELL, "Memory": (96, 97)}), id="memory has always been full"),
        pytest.param(alarm("memory"), context({**WELL, "Memory": (60, 91)}), id="memory is not at its limit"),
        pytest.param(ALERT, context({**WELL, "GPU memory": (92, 97)}), id="GPU memory is reserved at the start"),
        pytest.param(
            SERVICE, Context(pods=pods("CrashLoopBackOff", phase="Running")), id="a crash is no lack of memory"
        ),
        pytest.param(
            JOB, Context(job=Job(status="Failed", failure="AlgorithmError: ValueError")), id="a job's own error"
        ),
        # hardware
        pytest.param(
            SERVICE, Context(pods=pods("Error", node="ip-1"), nodes=(XID_31,)), id="XID 31 is the application's"
        ),
        pytest.param(
            SERVICE, Context(pods=pods("Error", node="ip-2"), nodes=(XID_79,)), id="the bad pod runs elsewhere"
        ),
        pytest.param(
            SERVICE,
            Context(pods=(Pod(name="well", phase="Running", node="ip-1", ready=True),), nodes=(XID_79,)),
            id="the pods on the broken node are well",
        ),
        pytest.param(ALERT, context(WELL, logs=lines("Xid (PCI:0): 79")), id="a line, and nobody suffers"),
        pytest.param(ALERT, context(logs=lines("Xid (PCI:0): 43, pid=7")), id="XID 43 is the application's"),
        # capacity
        pytest.param(SERVICE, Context(pods=pods(TAINTED)), id="a taint is no lack of GPUs"),
        pytest.param(SERVICE, Context(pods=pods("ImagePullBackOff")), id="an image is no lack of GPUs"),
        pytest.param(SERVICE, Context(pods=pods(FULL, phase="Running")), id="it runs by now"),
        pytest.param(ALERT, context(SLOW, changes=(failed_scaling(90),)), id="a scaling failed long ago"),
        pytest.param(
            ALERT,
            context(SLOW, changes=(Change(at=BEGAN, what="scaled to 6", kind="scaling"), failed_scaling(9))),
            id="a scaling failed, and the next one worked",
        ),
        pytest.param(
            ALERT, context(SLOW, changes=(failed_scaling(5, "failed: ValidationError"),)), id="it failed otherwise"
        ),
        pytest.param(
            ALERT,
            context(WELL, endpoint=replace(ENDPOINT, failure="InsufficientInstanceCapacity")),
            id="an old failure of an endpoint in service",
        ),
        pytest.param(
            JOB,
            Context(job=Job(status="Completed", failure="InsufficientInstanceCapacity")),
            id="a job that ended well",
        ),
        # cpu-fallback
        pytest.param(ALERT, context({**ON_CPU, "GPU": (60, 4)}), id="the GPU works a little"),
        pytest.param(ALERT, context({k: v for k, v in ON_CPU.items() if k != "GPU"}), id="no GPU, or no count of them"),
        pytest.param(ALERT, context({**ON_CPU, "Requests": (1200, 20)}), id="there is little to do"),
        pytest.param(ALERT, context({**ON_CPU, "Requests": (1200, None)}), id="there is nothing to do"),
        pytest.param(ALERT, context({**ON_CPU, "Errors": (0, 99)}), id="what fails does not reach the GPU"),
        pytest.param(ALERT, context(WELL, logs=lines("CUDA is not available")), id="a line, and the GPU works"),
        # regression
        pytest.param(ALERT, context(changes=deployed(31)), id="the deployment is too long ago"),
        pytest.param(ALERT, context(changes=deployed(-6)), id="the deployment came after it"),
        pytest.param(ALERT, context(changes=deployed(12, failed=True)), id="the deployment failed"),
        pytest.param(ALERT, context(WELL, changes=deployed(12)), id="nothing got worse"),
        pytest.param(ALERT, context({**WELL, "Errors": (20, 31)}, changes=deployed(12)), id="it was as bad before"),
        pytest.param(ALERT, context({**WELL, "Errors": (0.01, 0.5)}, changes=deployed(12)), id="hardly anything fails"),
        pytest.param(
            ALERT, context({**SLOW, "Requests": (1200, 2600)}, changes=deployed(12)), id="latency rose with the traffic"
        ),
        pytest.param(ALERT, context({**WELL, "Errors": (None, None)}, changes=deployed(12)), id="no figures"),
        # saturation
        pytest.param(ALERT, context({**SATURATED, "Requests": (1200, 1250)}), id="traffic is as ever"),
        pytest.param(ALERT, context({**SATURATED, "GPU": (60, 70)}), id="nothing is busy"),
        pytest.param(ALERT, context({**SATURATED, "GPU": (99, 97)}), id="the GPU has always been busy"),
        pytest.param(ALERT, context({**SATURATED, "Latency p99": (210, 220)}), id="nobody waits longer"),
        pytest.param(ALERT, context({**SATURATED, "Requests": (None, 2600)}), id="nobody knows the traffic before"),
        # throttling, dependency
        pytest.param(ALERT, context(logs=lines(REFUSING, "ValueError: x", "KeyError: y")), id="a third of the lines"),
        pytest.param(ALERT, context(logs=lines(UNREACHABLE, count=2)), id="two lines are an accident"),
        pytest.param(ALERT, context(WELL, logs=lines(UNREACHABLE)), id="nobody suffers from it"),
        # upstream
        pytest.param(ALERT, context({**REFUSED, "Client errors (4xx)": (0.2, 3)}), id="few are refused"),
        pytest.param(ALERT, context({**REFUSED, "Client errors (4xx)": (30, 40)}), id="many were refused before"),
        pytest.param(alarm("client-errors"), context({**REFUSED, "Errors": (0.04, 9)}), id="the model fails as well"),
        pytest.param(
            alarm("client-errors"), context({**REFUSED, "Latency p99": (210, 900)}), id="the model is slow as well"
        ),
        pytest.param(
            alarm("client-errors"),
            context(REFUSED, siblings=(Sibling(name="ranker/AllTraffic/latency", state="ALARM"),)),
            id="another alarm says that the model is slow",
        ),
        # silence
        pytest.param(
            alarm("silence"), context({**WELL, "Requests": (40, 20)}), id="half of the traffic is not silence"
        ),
        pytest.param(
            alarm("silence"),
            context({**WELL, "Requests": (40, None)}, endpoint=replace(ENDPOINT, status="Updating")),
            id="the endpoint is not in service",
        ),
        pytest.param(
            alarm("silence"), context({"Requests": (40, None)}, endpoint=None), id="nobody knows the endpoint"
        ),
        pytest.param(alarm("silence"), context({}), id="nobody knows the figures"),
        pytest.param(alarm("cpu"), context({**WELL, "Requests": (40, None)}), id="the alarm is about something else"),
        pytest.param(
            alarm("silence"),
            context({**WELL, "Requests": (40, 0)}, siblings=(Sibling(name="ranker/AllTraffic/errors", state="ALARM"),)),
            id="what comes fails",
        ),
        # nothing at all
        pytest.param(ALERT, Context(), id="nothing is known"),
        pytest.param(one("help"), Context(), id="nothing is understood"),
        pytest.param(ALERT, context(FAILING), id="errors, and nobody knows why"),
        pytest.param(ALERT, context(SLOW), id="latency, and nobody knows why"),
    ],
)
def test_a_rule_keeps_silent_where_a_fact_is_missing_or_contradicts(alert: Alert, known: Context) -> None:
    """No other rule steps in either: nothing is invented."""
    assert diagnose(alert, known) is None


def found(known: Context, alert: Alert = ALERT) -> Diagnosis:
    """The diagnosis, which there is."""
    diagnosis = diagnose(alert, known)
    assert diagnosis is not None
    return diagnosis


def test_joined_alerts_count() -> None:
    """Another alert of the incident tells that the model fails: then callers are not to blame."""
    alert, known = alarm("client-errors"), context(REFUSED)
    assert found(known, alert).rule == "upstream"
    assert diagnose(alert, known, joined=["ranker/AllTraffic/errors"]) is None


def test_the_more_specific_cause_wins() -> None:
    """Out of memory after a deployment, with errors: memory is the cause, the deployment evidence, rolling back the remedy."""
    diagnosis = found(context(logs=lines(OOM), changes=deployed(12)))
    assert diagnosis.rule == "out-of-memory"
    assert "deployed config ranker-7 12 min before it began" in diagnosis.evidence
    assert diagnosis.first == "Roll ranker back to config ranker-6."


@pytest.mark.parametrize(
    ("text", "what"),
    [(OOM, "GPU memory"), ("Out of memory: Killed process 17 (python)", "memory"), ("MemoryError", "memory")],
)
def test_gpu_and_host_memory_are_told_apart(text: str, what: str) -> None:
    """Their remedies differ."""
    assert found(context(logs=lines(text))).cause == f"ranker runs out of {what}."


def test_quota_and_capacity_are_told_apart() -> None:
    """One asks AWS for a higher limit, the other for another type."""
    aws = found(context(SLOW, changes=(failed_scaling(5),)))
    quota = found(context(SLOW, changes=(failed_scaling(5, "failed: ResourceLimitExceeded"),)))
    assert (aws.cause, quota.cause) == (
        "AWS has no free ml.g5.2xlarge for ranker now.",
        "The account's quota of ml.g5.2xlarge is used up.",
    )


@pytest.mark.parametrize(
    ("endpoint", "changes", "told", "first"),
    [
        (
            replace(ENDPOINT, pending_config="ranker-8", pending_since=BEGAN - timedelta(minutes=100)),
            (),
            "deployment of config ranker-8 under way since 12:28 UTC",
            "Roll ranker back to config ranker-7.",
        ),
        (
            replace(
                ENDPOINT, config_created_at=BEGAN - timedelta(minutes=70), modified_at=BEGAN - timedelta(minutes=10)
            ),
            (),
            "deployed config ranker-7 10 min before it began",
            "Roll ranker back to the configuration before.",
        ),
        (
            replace(ENDPOINT, modified_at=BEGAN - timedelta(minutes=10)),
            deployed(40),
            "deployed config ranker-7 10 min before it began",
            "Roll ranker back to config ranker-6.",
        ),
        (
            replace(ENDPOINT, status="RollingBack", pending_config="r-8", pending_since=BEGAN),
            (),
            "deployment of config r-8 under way since 14:08 UTC",
            "SageMaker rolls back already: see that it ends.",
        ),
        (
            ENDPOINT,
            (*deployed(-6, before="ranker-7"), *deployed(3)),
            "deployed config ranker-7 3 min before it began",
            "Roll",
        ),
        (ENDPOINT, deployed(0), "deployed config ranker-7 as it began", "Roll ranker back to config ranker-6."),
    ],
    ids=["under way", "by times", "ended lately", "rolling back", "the one before a later one", "at once"],
)
def test_a_deployment_is_known_by_whoever_tells_of_it(
    endpoint: Endpoint, changes: tuple[Change, ...], told: str, first: str
) -> None:
    """SageMaker tells of one under way and when one ended, CloudTrail when it began and what it replaced."""
    diagnosis = found(context(endpoint=endpoint, changes=changes))
    assert (diagnosis.rule, diagnosis.evidence[0]) == ("regression", told)
    assert diagnosis.first.startswith(first)


@pytest.mark.parametrize(
    ("endpoint", "changes"),
    [
        (replace(ENDPOINT, modified_at=BEGAN - timedelta(minutes=2)), ()),
        (
            replace(
                ENDPOINT, modified_at=BEGAN - timedelta(minutes=2), config_created_at=BEGAN - timedelta(minutes=50)
            ),
            (Change(at=BEGAN - timedelta(minutes=9), what="scaled to 4", kind="scaling"),),
        ),
        (
            replace(ENDPOINT, modified_at=BEGAN - timedelta(minutes=2)),
            (Change(at=BEGAN - timedelta(minutes=9), what="scaled to 4", kind="scaling"), *deployed(60)),
        ),
        (replace(ENDPOINT, modified_at=BEGAN, config_created_at=None), ()),
        (replace(ENDPOINT, pending_since=BEGAN - timedelta(hours=3), modified_at=BEGAN), ()),
        (
            replace(
                ENDPOINT,
                config_created_at=BEGAN - timedelta(minutes=70),
                modified_at=BEGAN + timedelta(minutes=2),
                pending_since=BEGAN + timedelta(minutes=6),
            ),
            (),
        ),
    ],
    ids=[
        "an old config",
        "scaled since",
        "scaled since, by CloudTrail",
        "an unknown config",
        "under way for hours",
        "begun after the alert, which moved the time of change",
    ],
)
def test_a_scaling_is_not_taken_for_a_deployment(endpoint: Endpoint, changes: tuple[Change, ...]) -> None:
    """SageMaker moves the endpoint's time of change for every scaling: nobody is told to roll back for that."""
    assert diagnose(ALERT, context(endpoint=endpoint, changes=changes)) is None


def test_several_instances_share_the_work() -> None:
    """A model that is busy a fifth of the time on one instance is not on ten."""
    figures = {**ON_CPU, "Requests": (60, 60), "Latency p50": (40, 400)}
    assert found(context(figures, endpoint=replace(ENDPOINT, instance_count=1))).rule == "cpu-fallback"
    assert diagnose(ALERT, context(figures, endpoint=replace(ENDPOINT, instance_count=10))) is None


def test_a_cpu_fallback_after_a_deployment_is_rolled_back() -> None:
    """The deployment brought it: it is in the evidence, and undoing it comes first."""
    diagnosis = found(context(ON_CPU, changes=deployed(12)))
    assert diagnosis.rule == "cpu-fallback"
    assert diagnosis.evidence[-1] == "deployed config ranker-7 12 min before it began"
    assert diagnosis.first == "Roll ranker back to config ranker-6."


def test_the_service_that_is_called_is_named() -> None:
    """The host is in the line."""
    assert found(context(logs=lines(UNREACHABLE))).cause == (
        "ranker cannot reach a service that it calls (features.internal)."
    )


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_needed(rule: Any) -> None:
    """Each of the table has its case above, under the name that its function has."""
    cases = test_a_rule_names_its_cause_with_figures.pytestmark[0].args[1]  # type: ignore[attr-defined]
    assert rule.__name__.replace("_", "-") in {case[2] for case in cases}


MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
FIGURES = st.none() | st.floats(allow_nan=False, allow_infinity=False)
WORDS = st.sampled_from(
    ["", OOM, REFUSING, UNREACHABLE, FULL, TAINTED, "Xid 79", "ResourceLimitExceeded", "CUDA is not available"]
)
CONTEXTS = st.builds(
    Context,
    endpoint=st.none()
    | st.builds(
        Endpoint,
        status=st.sampled_from(["", "InService", "Failed", "RollingBack"]),
        failure=WORDS,
        created_at=st.none() | MOMENTS,
        modified_at=st.none() | MOMENTS,
        config_created_at=st.none() | MOMENTS,
        pending_since=st.none() | MOMENTS,
        instance_count=st.none() | st.integers(0, 9),
    ),
    signals=st.lists(
        st.builds(
            Signal,
            name=st.sampled_from([*WELL, "Client errors (4xx)"]),
            unit=st.sampled_from(["%", "ms", "/min"]),
            before=FIGURES,
            after=FIGURES,
            sparkline=st.just(""),
        )
    ).map(tuple),
    siblings=st.lists(st.builds(Sibling, name=st.text(), state=st.sampled_from(["ALARM", "OK"]))).map(tuple),
    logs=st.lists(st.builds(LogLine, at=MOMENTS, text=WORDS, count=st.integers(1, 99))).map(tuple),
    changes=st.lists(
        st.builds(Change, at=MOMENTS, what=WORDS, kind=st.sampled_from(["deployment", "scaling"]), failed=st.booleans())
    ).map(tuple),
    pods=st.lists(
        st.builds(Pod, name=st.text(), phase=st.sampled_from(["Pending", "Running"]), reason=WORDS, node=st.text())
    ).map(tuple),
    nodes=st.lists(st.builds(Node, name=st.text(), ready=st.booleans(), problems=st.lists(st.text()).map(tuple))).map(
        tuple
    ),
    job=st.none() | st.builds(Job, status=st.sampled_from(["Failed", "Completed"]), failure=WORDS),
)


@given(known=CONTEXTS, state=st.sampled_from(State), signal=st.sampled_from(["errors", "silence", "gpu", "x"]))
def test_whatever_is_known_a_diagnosis_is_whole_or_none(known: Context, state: State, signal: str) -> None:
    """No figures and no texts make a rule raise, and none answers without evidence or without a first step."""
    diagnosis = diagnose(alarm(signal, state), known)
    if diagnosis is not None:
        assert diagnosis.cause
        assert diagnosis.first
        assert diagnosis.evidence
        assert all(diagnosis.evidence)


def test_a_diagnosis_costs_next_to_nothing() -> None:
    """The whole table on a whole context in which nothing matches until the last rule: under 0.2 ms."""
    known = context({**WELL, "Requests": (40, None)}, logs=lines(*(f"ERROR {'x' * 300} {i}" for i in range(6))))
    known = replace(known, changes=deployed(90) * 10, siblings=(Sibling(name="a/b/cpu", state="OK"),) * 20)
    alert = alarm("silence")
    assert found(known, alert).rule == "silence"
    best = min(_seconds(alert, known) for _ in range(20))
    assert best < 0.000_2


def _seconds(alert: Alert, known: Context) -> float:
    began = time.perf_counter()
    for _ in range(10):
        diagnose(alert, known)
    return (time.perf_counter() - began) / 10
