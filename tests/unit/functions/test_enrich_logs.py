"""Errors of a log: alike ones once, with how often they came; the ones that explain the others are never left out."""

import string
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alert_common.alert import Resource
from alert_enricher.enrich import job, logs
from alert_enricher.enrich.clusters import TEXT_LIMIT, cluster
from tests.unit.functions import samples
from tests.unit.functions.fakes import client_error
from tests.unit.functions.modelled import ModelledAws
from tests.unit.functions.samples import one

ALERT = one(samples.envelope(samples.sns_alarm()))
RANKER = Resource(kind="endpoint", name="ranker", variant="AllTraffic")
BEGAN = datetime(2026, 11, 23, 14, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ERROR input of 12 bytes", "ERROR input of 4,096.5 bytes"),
        ("Error at 0x7ffe12ab", "Error at 0x00000000"),
        ("request 6f1c9a52-0d0e-4e2b-9b0f-0123456789ab failed", "request 00000000-1111-2222-3333-444444444444 failed"),
        ("hash deadbeef01 unknown", "hash 0123456789abcdef unknown"),
        ("KeyError: 'user'", "KeyError: 'item id'"),
        ('cannot parse "abc" here', 'cannot parse "" here'),
        ("FileNotFoundError: /opt/ml/model/a.bin", "FileNotFoundError: /tmp/x/y"),
        ("GET https://a.example.com/x?y=1 failed", "GET https://b.example.com failed"),
        ("ERROR request of user bob failed after timeout", "ERROR request of user alice failed after timeout"),
    ],
)
def test_lines_that_differ_in_what_varies_are_alike(one: str, other: str) -> None:
    """Numbers, hex, UUIDs, quoted words, paths, addresses, and one word in many."""
    (found,) = cluster([(1, one), (2, other)])
    assert (found.count, found.first_at, found.at, found.text) == (2, 1, 2, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ERROR disk full", "ERROR disk gone"),
        ("CUDA out of memory", "CUDA illegal memory access"),
        ("KeyError: 'a'", "ValueError: 'a'"),
        ("can't open the file now", "can't find the socket now"),
        ("ERROR worker died", "ERROR worker died again"),
    ],
)
def test_lines_that_say_something_else_stay_apart(one: str, other: str) -> None:
    """Short lines are compared as they are, and long ones must share three words in four."""
    assert len(cluster([(1, one), (2, other)])) == 2


@given(st.lists(st.tuples(st.integers(0, 2**41), st.text(max_size=600)), max_size=60))
def test_counts_add_up_whatever_the_lines(lines: list[tuple[int, str]]) -> None:
    """Every line is in one cluster, which ranges from its first to its last, and shows the last."""
    lines.sort()
    found = cluster(lines)
    assert sum(c.count for c in found) == len(lines)
    assert all(c.first_at <= c.at for c in found)
    assert {c.text for c in found} <= {text for _, text in lines}


@given(st.lists(st.tuples(st.integers(0, 2**41), st.text(max_size=300)), max_size=60))
def test_what_is_told_is_little_and_in_order(events: list[tuple[int, str]]) -> None:
    """Whatever the log holds, a page has a few short lines of it, and nothing raises."""
    told = logs.errors(events)
    assert len(told) <= logs.BIGGEST + logs.NEWEST + logs.OUT_OF_MEMORY_KEPT
    assert list(told) == sorted(told, key=lambda line: line.at)
    assert sum(line.count for line in told) <= len(events)
    assert all(len(line.text) <= logs.LINE_LIMIT and (line.first_at is None) == (line.count == 1) for line in told)


@pytest.mark.parametrize("bit", ["a", "'", '"', "/", "/a", "0", "f", "1.", "-", "https://", "0x", "C:\\a"])
def test_clustering_is_quick_on_anything(bit: str) -> None:
    """No line makes the pattern run away: a page of the longest lines takes well under a second."""
    import time

    lines = [(i, (bit * TEXT_LIMIT)[i % 7 : TEXT_LIMIT]) for i in range(1_000)]
    began = time.perf_counter()
    cluster(lines)
    assert time.perf_counter() - began < 1.0


def test_many_different_lines_take_linear_time() -> None:
    """Nine thousand lines of which none is like another: the most that a search returns."""
    import time

    letters = string.ascii_lowercase
    lines = [(i, " ".join(letters[(i // 26**k) % 26] * 3 for k in range(5)) + " end") for i in range(9_000)]
    began = time.perf_counter()
    assert sum(c.count for c in cluster(lines)) == 9_000
    assert time.perf_counter() - began < 3.0


def test_log_lines_are_few_distinct_and_clean() -> None:
    """Alike ones count once, metric lines (EMF) and blanks are left out; order stays, secrets do not."""
    events = [(i * 1000, f"ERROR input of {i} bytes") for i in range(40)]
    events += [(50_000, '{"_aws": {}, "ModelErrors": 1}'), (51_000, "  ")]
    events += [(60_000, "Exception: token AKIAABCDEFGHIJKLMNOP")]
    first, second = logs.errors(events)
    assert (first.text, first.count) == ("ERROR input of 39 bytes", 40)
    assert (first.first_at, first.at) == (datetime.fromtimestamp(0, UTC), datetime.fromtimestamp(39, UTC))
    assert (second.text, second.count, second.first_at) == ("Exception: token [redacted AWS key]", 1, None)


def test_the_biggest_the_newest_and_the_one_about_memory_are_kept() -> None:
    """Of ten kinds: three by size, two by time, and the one line that says that the GPU's memory ran out."""
    events = [(i * 100 + n, f"ERROR {'abcdefgh'[i] * 3}") for i in range(8) for n in range(8 - i)]
    events += [(1, "RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB")]
    told = [(line.text, line.count) for line in logs.errors(events)]
    assert told == [
        ("RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB", 1),
        ("ERROR aaa", 8),
        ("ERROR bbb", 7),
        ("ERROR ccc", 6),
        ("ERROR ggg", 2),
        ("ERROR hhh", 1),
    ]


def test_a_stack_trace_is_told_by_what_it_says() -> None:
    """Where it happened is for the log; unless there is nothing else to tell. One message may hold all of it."""
    trace = [(1, "Traceback (most recent call last):"), (2, "    raise ValueError(x)"), (3, "ValueError: too long")]
    assert [line.text for line in logs.errors(trace)] == ["ValueError: too long"]
    assert [line.text for line in logs.errors([(1, "\n".join(text for _, text in trace))])] == ["ValueError: too long"]
    assert [line.text for line in logs.errors(trace[:2])] == [
        "Traceback (most recent call last):",
        "raise ValueError(x)",
    ]


def test_a_search_reads_on_but_not_for_ever() -> None:
    """Three pages at most, and none after the time is up."""
    pages: dict[str, Any] = {"events": [{"timestamp": 1, "message": "ERROR x"}], "nextToken": "more"}
    aws = ModelledAws({"filter_log_events": pages})
    found = logs.of_endpoint(ALERT, RANKER, aws.client("logs"), float("inf")).values["logs"]
    assert (len(aws.calls), found[0].count) == (3, 3)
    aws.calls.clear()
    logs.of_endpoint(ALERT, RANKER, aws.client("logs"), 0.0)
    assert len(aws.calls) == 1


def machines(kind: str) -> dict[str, Any]:
    """Where each kind of job says what it runs on."""
    told = {"InstanceType": "ml.p5.48xlarge", "InstanceCount": 2}
    places: dict[str, dict[str, Any]] = {
        "Training": {"ResourceConfig": told},
        "Processing": {"ProcessingResources": {"ClusterConfig": told}},
        "Transform": {"TransformResources": told},
    }
    return places[kind]


@pytest.mark.parametrize("kind", ["Training", "Processing", "Transform"])
def test_a_job_tells_how_it_ended_and_why(kind: str) -> None:
    """Status, SageMaker's reason without secrets, machines and times."""
    answer = {
        f"{kind}JobStatus": "Failed",
        "FailureReason": "AlgorithmError: password=hunter2hunter2",
        f"{kind}StartTime": BEGAN - timedelta(hours=3),
        f"{kind}EndTime": BEGAN,
        **machines(kind),
    }
    aws = ModelledAws({f"describe_{kind.lower()}_job": answer})
    resource = Resource(kind=f"{kind.lower()}-job", name="job-7")
    found = job.fetch(resource, aws.client("sagemaker")).values["job"]
    assert found.status == "Failed"
    assert found.failure == "AlgorithmError: password=[redacted]"
    assert (found.instance_type, found.instance_count) == ("ml.p5.48xlarge", 2)
    assert (found.started_at, found.ended_at) == (BEGAN - timedelta(hours=3), BEGAN)


def test_a_training_job_with_groups_of_machines_tells_the_first() -> None:
    """A heterogeneous cluster has no instance type of its own."""
    groups = [{"InstanceType": "ml.p4d.24xlarge", "InstanceCount": 4, "InstanceGroupName": "gpu"}]
    aws = ModelledAws({"describe_training_job": {"ResourceConfig": {"InstanceGroups": groups, "VolumeSizeInGB": 1}}})
    found = job.fetch(Resource(kind="training-job", name="j"), aws.client("sagemaker")).values["job"]
    assert (found.instance_type, found.instance_count) == ("ml.p4d.24xlarge", 4)


@pytest.mark.parametrize(
    ("messages", "told"),
    [
        (["epoch 1", "RuntimeError: CUDA out of memory.", "bye"], ["RuntimeError: CUDA out of memory."]),
        (["epoch one", "step two", "the end"], ["step two", "the end"]),
        ([], []),
    ],
)
def test_a_job_tells_its_errors_or_how_its_log_ends(messages: list[str], told: list[str]) -> None:
    """Every host of the job has a stream of its own."""
    events = [{"timestamp": i, "message": message} for i, message in enumerate(messages)]
    aws = ModelledAws(
        {
            "describe_log_streams": {"logStreams": [{"logStreamName": "train-7/algo-1-17"}]},
            "get_log_events": {"events": events},
        }
    )
    found = job.lines(Resource(kind="training-job", name="train-7"), aws.client("logs")).values["logs"]
    assert [line.text for line in found] == told
    (streams,) = aws.called("describe_log_streams")
    assert (streams["logGroupName"], streams["logStreamNamePrefix"]) == ("/aws/sagemaker/TrainingJobs", "train-7/")


def test_a_job_without_a_log_is_named() -> None:
    """What failed before it started has no log group: the error is the enricher's, and named by it."""
    aws = ModelledAws({"describe_log_streams": client_error("ResourceNotFoundException")})
    with pytest.raises(Exception, match="ResourceNotFound"):
        job.lines(Resource(kind="training-job", name="train-7"), aws.client("logs"))
