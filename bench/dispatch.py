"""Deliveries a second of one dispatcher process at a sink that takes 50 ms, without rate limits.

The deployed handler, batches of 50 as the deployed queue hands them over, AWS in memory in the same process; against a sender of
the same events that waits for each answer before it sends the next, as the most used notifiers do.
"""

import logging
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import urllib3

from bench.measure import ROOT
from tests.cloud import Account, WallClock
from tests.unit.functions import samples

SINK_SECONDS = 0.05
DELIVERIES = 500
PEER_EVENTS = 40


def run(rounds: int) -> list[dict[str, object]]:
    """A row for the dispatcher and one for the sequential sender; medians of the rounds."""
    logging.disable(logging.CRITICAL)
    try:
        ours, peers = [], []
        with _slow_sink() as url:
            for _ in range(min(rounds, 3)):
                ours.append(_dispatch(url))
                peers.append(_one_by_one(url))
    finally:
        logging.disable(logging.NOTSET)
    peer = statistics.median(rate for rate, _ in peers)
    cases = {"dispatcher, one process": ours, "sequential sender": peers}
    return [
        {
            "benchmark": "dispatch",
            "case": case,
            "a_second": round(statistics.median(rate for rate, _ in found)),
            "cpu_ms_each": round(statistics.median(cpu for _, cpu in found), 2),
            "ratio_to_sequential": round(statistics.median(rate for rate, _ in found) / peer, 1),
        }
        for case, found in cases.items()
    ]


def _dispatch(url: str) -> tuple[float, float]:
    """Deliveries a second and CPU milliseconds of each, of openings of as many incidents."""
    account = Account(inbox=url, clock=WallClock())
    with account.deployed():
        for number in range(DELIVERIES):
            account.publish(_alarm(number))
        while account.poll(account.alerts):
            pass
        queue = account.sinks["pagerduty"]
        assert len(queue.messages) == DELIVERIES
        began, cpu = time.perf_counter(), time.process_time()
        while account.poll(queue):
            pass
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        assert not queue.messages, "a delivery went back"
    return DELIVERIES / seconds, cpu / DELIVERIES * 1000


def _one_by_one(url: str) -> tuple[float, float]:
    pool = urllib3.PoolManager()
    began, cpu = time.perf_counter(), time.process_time()
    for number in range(PEER_EVENTS):
        assert pool.request("POST", f"{url}/pagerduty/v2/enqueue", json=_alarm(number)).status == 202
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    return PEER_EVENTS / seconds, cpu / PEER_EVENTS * 1000


def _alarm(number: int) -> dict[str, object]:
    name = f"endpoint-{number}"
    trigger = samples.metric_trigger("ModelLatency", threshold=4e5)
    trigger["Dimensions"] = [
        {"name": "EndpointName", "value": name},
        {"name": "VariantName", "value": "AllTraffic"},
    ]
    at = samples.NOW + timedelta(seconds=number)
    return samples.sns_alarm(
        AlarmName=f"{name}/AllTraffic/latency",
        AlarmArn=f"{samples.ARN}-{number}",
        StateChangeTime=at.isoformat(),
        Trigger=trigger,
    )


@contextmanager
def _slow_sink() -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.slow_sink", str(SINK_SECONDS)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(10)
