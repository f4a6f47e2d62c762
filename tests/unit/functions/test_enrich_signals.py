"""Figures, chart and links: what raw minutes, metrics and tags become."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alert_common.alert import Alert, Metric, MetricFacts, Resource
from alert_common.context import Missing
from alert_common.units import unit_of
from alert_enricher.enrich import chart, links, signals
from tests.unit.functions import samples
from tests.unit.functions.samples import one

ALERT = one(samples.envelope(samples.sns_alarm()))
RANKER = Resource(kind="endpoint", name="ranker", variant="AllTraffic")
BEGAN = datetime(2026, 11, 23, 14, 8, tzinfo=UTC)


def test_errors_count_once_and_not_the_clients() -> None:
    """A model's 5xx is in two metrics, its 4xx in the model errors: 10 failures and 5 refusals of 100 are 10 %."""
    at = [BEGAN]
    raw = {
        "invocations": dict.fromkeys(at, 100.0),
        "server_errors": dict.fromkeys(at, 8.0),
        "model_errors": dict.fromkeys(at, 15.0),
        "client_errors": dict.fromkeys(at, 5.0),
    }
    told = {s.name: s.after for s in signals.summarize(ALERT, raw, {})[0]}
    assert (told["Errors"], told["Client errors (4xx)"]) == (10, 5)


def test_sums_over_gpus_and_cores_become_percent() -> None:
    """The tags count 4 GPUs and 48 vCPUs: 200 and 2400 are both 50 %."""
    raw = {"gpu": {BEGAN: 200.0}, "gpu_memory": {BEGAN: 100.0}, "cpu": {BEGAN: 2400.0}}
    told, missing = signals.summarize(ALERT, raw, {"endpointwatch:gpus": "4", "endpointwatch:vcpus": "48"})
    assert {s.name: s.after for s in told} == {"GPU": 50, "GPU memory": 25, "CPU": 50}
    assert missing == ()


@pytest.mark.parametrize("tagged", [{}, {"endpointwatch:gpus": "0"}, {"endpointwatch:gpus": "many"}])
def test_a_sum_over_an_unknown_number_is_left_out_and_named(tagged: dict[str, str]) -> None:
    """380 % of a GPU would mislead; memory is a percentage of its own. What has no data is not missed."""
    raw = {"gpu": {BEGAN: 380.0}, "memory": {BEGAN: 61.0}}
    told, missing = signals.summarize(ALERT, raw, tagged)
    assert [(s.name, s.after) for s in told] == [("Memory", 61)]
    assert missing == (Missing(what="GPU and GPU memory", why="number of GPUs unknown"),)


def test_a_sparkline_shows_height_and_gaps() -> None:
    """The greatest value is a full block, no data a dot, and it has one character a slice."""
    start, end = BEGAN, BEGAN + timedelta(minutes=16)
    line = signals.sparkline({BEGAN: 0.0, BEGAN + timedelta(minutes=15): 9.0}, start, end)
    assert line == "▁" + "·" * 14 + "█"
    assert signals.sparkline({}, start, end) == ""


def drawn(alert: Alert, tags: Mapping[str, str]) -> Any:
    """The widget of an alert whose alarm has these tags."""
    assert alert.metric is not None
    return chart.widget(alert, alert.metric, unit_of(alert.metric, tags))


def test_the_chart_is_in_the_unit_a_person_reads() -> None:
    """A latency alarm is drawn in milliseconds: metric hidden, its thousandth shown, threshold to match, start marked."""
    trigger = samples.metric_trigger("ModelLatency", threshold=400_000.0, ExtendedStatistic="p99", Statistic=None)
    widget = drawn(one(samples.envelope(samples.sns_alarm(Trigger=trigger))), {})
    assert [line[-1]["visible"] for line in widget["metrics"][:1]] == [False]
    assert widget["metrics"][1][0] == {"id": "shown", "expression": "m1*0.001", "label": "ModelLatency p99 (ms)"}
    assert widget["annotations"]["horizontal"][0]["value"] == pytest.approx(400)
    assert widget["annotations"]["vertical"][0]["value"] == "2026-11-23T14:08:04Z", "three minutes before the change"


def test_a_line_of_the_chart_has_one_unit() -> None:
    """The label's own unit gives way to the one that is drawn."""
    (shown,) = [
        line[0] for line in drawn(ALERT, {})["metrics"] if line[0] != "AWS/SageMaker" and line[0]["id"] == "shown"
    ]
    assert shown == {"id": "shown", "expression": "value*100", "label": "failed requests (%)"}


def test_links_are_encoded_and_only_to_the_web() -> None:
    """Names with blanks and slashes survive the console's double encoding; a runbook that is no URL is no link."""
    told = {
        link.text: link.href
        for link in links.links(
            replace(ALERT, name="a b/c"), RANKER, {"runbook": "javascript:alert(1)", "endpointwatch:dashboard": "x y"}
        )
    }
    assert "Runbook" not in told
    assert told["Alarm"].endswith("#alarmsV2:alarm/a%20b%2Fc")
    assert told["Logs"].endswith("log-group/$252Faws$252Fsagemaker$252FEndpoints$252Franker")
    assert told["Dashboard"].endswith("#dashboards/dashboard/x%20y")


def test_jobs_and_clusters_have_links_of_their_own() -> None:
    """A training job leads to itself and to its own log streams, a service to its cluster."""
    job = Resource(kind="training-job", name="train-7")
    told = {link.text: link.href for link in links.links(ALERT, job, {})}
    assert told["Job"].endswith("/sagemaker/home?region=eu-west-1#/jobs/train-7")
    assert told["Logs"].endswith(
        "log-group/$252Faws$252Fsagemaker$252FTrainingJobs$3FlogStreamNameFilter$3Dtrain-7$252F"
    )
    service = Resource(kind="service", name="ranker", cluster="gpu prod", namespace="ml")
    pod = MetricFacts(metrics=(Metric(namespace="ContainerInsights", name="pod_gpu_utilization"),))
    alert = replace(ALERT, resource=service, metric=pod)
    told = {link.text: link.href for link in links.links(alert, service, {})}
    assert told["Cluster"] == "https://eu-west-1.console.aws.amazon.com/eks/clusters/gpu%20prod?region=eu-west-1"
