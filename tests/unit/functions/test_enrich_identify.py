"""Whose alert it is and what it is about: found in time, or done without."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from alert_common.alert import Alert, Child, Kind, Metric, MetricFacts, Resource, State
from alert_common.context import Missing
from alert_enricher.enrich import identify, tags
from alert_enricher.enrich.identify import LIMIT_SECONDS
from tests.unit.functions import samples
from tests.unit.functions.fakes import client_error
from tests.unit.functions.modelled import ModelledAws
from tests.unit.functions.samples import one

ALERT = one(samples.envelope(samples.sns_alarm()))
RANKER = Resource(kind="endpoint", name="ranker", variant="AllTraffic")
PLACE = samples.ARN.removesuffix(samples.NAME)
COMPOSITE = replace(
    ALERT,
    kind=Kind.COMPOSITE_ALARM,
    name="ranker-page",
    arn=f"{PLACE}ranker-page",
    resource=None,
    metric=None,
    rule='ALARM("ranker/AllTraffic/errors") OR ALARM(ranker/AllTraffic/latency)',
    children=(Child(arn=f"{PLACE}ranker/AllTraffic/errors", state="ALARM"),),
)


@pytest.fixture(autouse=True)
def forget() -> None:
    """Start every test without remembered tags."""
    tags._cache.clear()


@pytest.fixture
def hang() -> Iterator[Callable[..., Any]]:
    """Return a call that hangs until the test is over."""
    over = threading.Event()

    def call(**_: Any) -> dict[str, Any]:
        over.wait(30)
        return {}

    yield call
    over.set()


def tagged(**of: Mapping[str, str]) -> Callable[..., Any]:
    """Answer ListTagsForResource by the last part of the alarm's name."""

    def answer(ResourceARN: str) -> Any:  # noqa: N803
        told = of.get(ResourceARN.rsplit("/", 1)[-1].rsplit(":", 1)[-1].replace("-", "_"), {})
        return {"Tags": [{"Key": key, "Value": value} for key, value in told.items()]}

    return answer


def metric_alarm(name: str, endpoint: str, variant: str = "AllTraffic") -> dict[str, Any]:
    """An alarm on one metric of a variant, as DescribeAlarms tells it."""
    return {
        "AlarmName": name,
        "StateValue": "ALARM",
        "Namespace": "AWS/SageMaker",
        "MetricName": "Invocation5XXErrors",
        "Dimensions": [{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": variant}],
    }


def test_the_messages_own_tags_win() -> None:
    """What is looked up fills in what the message does not say."""
    aws = ModelledAws({"list_tags_for_resource": tagged(errors={"team": "looked-up", "cost": "c", "x": "looked-up"})})
    alert, missing = identify(replace(ALERT, tags={"x": "own"}), aws.client)
    assert (dict(alert.tags), missing) == ({"team": "looked-up", "cost": "c", "x": "own"}, ())


def test_a_message_that_carries_ours_costs_no_call() -> None:
    """Propagated tags hold all there is to know."""
    aws = ModelledAws()
    alert, missing = identify(replace(ALERT, tags={"team": "ml"}), aws.client)
    assert (dict(alert.tags), missing, aws.calls) == ({"team": "ml"}, (), [])


def test_tags_are_read_once() -> None:
    """Two alerts of one alarm within five minutes ask for its tags once."""
    aws = ModelledAws({"list_tags_for_resource": tagged(errors={"team": "ml"})})
    for _ in range(2):
        identify(ALERT, aws.client)
    assert len(aws.called("list_tags_for_resource")) == 1


def test_old_tags_are_better_than_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six minutes on, throttled: the tags of before. Two hours on they are too old, and named as missing."""
    now = 1_000.0
    monkeypatch.setattr("alert_enricher.enrich.tags.time.monotonic", lambda: now)
    aws = ModelledAws({"list_tags_for_resource": tagged(errors={"team": "ml"})})
    identify(ALERT, aws.client)
    aws.answers["list_tags_for_resource"] = client_error("Throttling")
    now += 360
    alert, missing = identify(ALERT, aws.client)
    assert (dict(alert.tags), missing) == ({"team": "ml"}, ())
    now += 7_200
    alert, missing = identify(ALERT, aws.client)
    assert (dict(alert.tags), missing) == ({}, (Missing(what="alarm tags", why="throttled"),))


def test_a_secret_in_a_tag_is_redacted() -> None:
    """Tags go into pages as everything else does."""
    aws = ModelledAws({"list_tags_for_resource": tagged(errors={"note": "password=hunter2hunter2"})})
    assert identify(ALERT, aws.client)[0].tags["note"] == "password=[redacted]"


@pytest.mark.parametrize("alert", [ALERT, COMPOSITE], ids=["metric", "composite"])
def test_what_hangs_is_given_up_within_its_limit(alert: Alert, hang: Callable[..., Any]) -> None:
    """Everything hangs: identification ends after 1.2 s for tags and children together, and says so."""
    aws = ModelledAws({"list_tags_for_resource": hang, "describe_alarms": hang})
    began = time.monotonic()
    found, missing = identify(alert, aws.client)
    assert time.monotonic() - began < LIMIT_SECONDS + 0.5
    assert missing == (Missing(what="alarm tags", why="timed out"),)
    assert found.resource == alert.resource


@pytest.mark.parametrize("code", ["Throttling", "AccessDenied"])
def test_a_refusal_costs_no_time(code: str) -> None:
    """Throttled or denied: at once, and the resource that the message names stays."""
    aws = ModelledAws({"list_tags_for_resource": client_error(code)})
    aws.client("cloudwatch")
    began = time.monotonic()
    alert, (missing,) = identify(ALERT, aws.client)
    assert time.monotonic() - began < 0.5
    assert (alert.resource, missing.what) == (RANKER, "alarm tags")


def test_a_deleted_alarm_is_not_asked_for_its_tags() -> None:
    """They went with it."""
    deleted = replace(ALERT, kind=Kind.ALARM_CONFIGURATION, state=State.EVENT, status="delete")
    aws = ModelledAws({"list_tags_for_resource": client_error("ResourceNotFoundException")})
    assert (identify(deleted, aws.client)[1], aws.calls) == ((), [])


def test_tags_name_the_resource_of_an_alarm_without_dimensions() -> None:
    """A composite alarm with an endpoint tag needs no look at its children."""
    told = {"endpointwatch:endpoint": "ranker", "endpointwatch:variant": "AllTraffic"}
    aws = ModelledAws({"list_tags_for_resource": tagged(ranker_page=told)})
    assert identify(COMPOSITE, aws.client)[0].resource == RANKER
    assert aws.called("describe_alarms") == []


def test_a_composite_alarm_is_about_what_its_children_measure() -> None:
    """Their dimensions are what their own messages name, so that all join one incident; also children in the rule only."""
    alarms = [metric_alarm("a", "ranker"), metric_alarm("b", "ranker")]
    aws = ModelledAws({"describe_alarms": {"MetricAlarms": alarms}})
    assert identify(COMPOSITE, aws.client)[0].resource == RANKER
    (asked,) = aws.called("describe_alarms")
    assert asked["AlarmNames"] == ["ranker/AllTraffic/errors", "ranker/AllTraffic/latency"]


@pytest.mark.parametrize(
    ("others", "resource"),
    [
        (("ranker", "Shadow"), Resource(kind="endpoint", name="ranker")),
        (("search", "AllTraffic"), None),
    ],
)
def test_children_of_several_kinds_have_in_common_what_they_have(
    others: tuple[str, str], resource: Resource | None
) -> None:
    """Two variants share the endpoint; two endpoints share nothing, and no tag of one child decides for the other."""
    children = [metric_alarm("a", "ranker"), metric_alarm("b", *others)]
    ours = {"endpointwatch:endpoint": "ranker", "endpointwatch:variant": "AllTraffic"}
    aws = ModelledAws({"describe_alarms": {"MetricAlarms": children}, "list_tags_for_resource": tagged(errors=ours)})
    assert identify(COMPOSITE, aws.client)[0].resource == resource


def test_children_are_known_by_their_tags_when_they_cannot_be_described() -> None:
    """DescribeAlarms allows nine calls a second, and tags are remembered."""
    ours = {"endpointwatch:endpoint": "ranker", "endpointwatch:variant": "AllTraffic"}
    aws = ModelledAws({"describe_alarms": client_error("Throttling"), "list_tags_for_resource": tagged(errors=ours)})
    assert identify(COMPOSITE, aws.client)[0].resource == RANKER


@pytest.mark.parametrize(("tag", "resource"), [("endpointwatch:severity", RANKER), ("cost", None)])
def test_names_count_where_a_tag_confirms_that_they_are_ours(tag: str, resource: Resource | None) -> None:
    """All is throttled: `ranker/AllTraffic/errors` is an endpoint and a variant in our alarms, anything in others'."""
    aws = ModelledAws(dict.fromkeys(("describe_alarms", "list_tags_for_resource"), client_error("Throttling")))
    assert identify(replace(COMPOSITE, tags={tag: "x"}), aws.client)[0].resource == resource


def insights(dimensions: Mapping[str, str]) -> Alert:
    """An alarm of Container Insights on cluster `c`, as the parser leaves it."""
    of = {"ClusterName": "c", **dimensions}
    metric = Metric(namespace="ContainerInsights", name="pod_gpu_utilization", dimensions=of)
    cluster = Resource(kind="cluster", name="c")
    return replace(ALERT, arn="", resource=cluster, metric=MetricFacts(metrics=(metric,)))


@pytest.mark.parametrize(
    ("dimensions", "resource"),
    [
        (
            {"Namespace": "ml", "Service": "ranker"},
            Resource(kind="service", name="ranker", cluster="c", namespace="ml"),
        ),
        (
            {"Namespace": "ml", "PodName": "ranker"},
            Resource(kind="service", name="ranker", cluster="c", namespace="ml"),
        ),
        ({"ServiceName": "ranker"}, Resource(kind="service", name="ranker", cluster="c")),
        ({"Namespace": "ml"}, Resource(kind="cluster", name="c", namespace="ml")),
        ({"NodeName": "ip-10-0-0-1"}, Resource(kind="cluster", name="c")),
    ],
)
def test_container_insights_name_the_workload(dimensions: dict[str, str], resource: Resource) -> None:
    """Service and pod of EKS, service of ECS; a node or a namespace is about the cluster."""
    assert identify(insights(dimensions), ModelledAws().client)[0].resource == resource


def test_labels_of_prometheus_name_the_workload() -> None:
    """Alertmanager's alerts name cluster, namespace and pod in their labels."""
    labels = {"cluster": "c", "namespace": "ml", "pod": "ranker-7f-x"}
    alert = replace(ALERT, kind=Kind.ALERTMANAGER, arn="", metric=None, tags=labels, resource=None)
    assert identify(alert, ModelledAws().client)[0].resource == Resource(
        kind="service", name="ranker-7f-x", cluster="c", namespace="ml"
    )


def test_tags_of_others_are_no_labels() -> None:
    """Somebody's tags `cluster` and `service` on a composite alarm do not say that it is about a cluster."""
    own = {"cluster": "eu", "service": "shop", "endpointwatch:endpoint": "ranker"}
    assert identify(replace(COMPOSITE, tags=own), ModelledAws().client)[0].resource == Resource(
        kind="endpoint", name="ranker"
    )


def test_a_named_resource_stays() -> None:
    """A message that names its endpoint is about that, whatever its alarm's tags say."""
    aws = ModelledAws({"list_tags_for_resource": tagged(errors={"endpointwatch:endpoint": "other"})})
    assert identify(ALERT, aws.client)[0].resource == RANKER
