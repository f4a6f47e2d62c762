"""From the publication to the topic until PagerDuty has the page, in the deployed sandbox, unloaded: one alert after the other.

With enrichment: alarms about endpoints, whose context is gathered first. Without: test alerts, which have none. Lambda and SQS are
those of the embedded AWS, which gathers the dispatcher's batches for as long as the deployed queue asks.
"""

import json
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.integration.embedded_aws import eventually
from tests.integration.router_sandbox import Router, deployed_router

ALERTS = 100
APART_SECONDS = 0.1
"""PagerDuty takes 120 events a minute."""


def run(rounds: int) -> list[dict[str, object]]:  # noqa: ARG001 - of a hundred alerts the percentiles count
    """A row for each kind of alert."""
    makers: Mapping[str, Callable[[Router, str], Any]] = {
        "with enrichment": lambda router, name: router.alarm(name),
        "without": lambda _, name: {
            "endpointwatch": "test",
            "id": name,
            "state": "ALARM",
            "by": "bench",
            "at": datetime.now(UTC).isoformat(),
        },
    }
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder, deployed_router(Path(folder), speed=1) as router:
        for case, make in makers.items():
            for number in range(3):  # cold starts are another question
                _seconds(router, make, f"warm-up-{number}-{case.partition(' ')[0]}")
            waits = sorted(
                _seconds(router, make, f"case-{number:02}-{case.partition(' ')[0]}") for number in range(ALERTS)
            )
            rows.append(
                {
                    "benchmark": "latency",
                    "case": case,
                    "alerts": len(waits),
                    "p50_ms": round(statistics.median(waits) * 1000),
                    "p99_ms": round(waits[-1 - len(waits) // 100] * 1000),
                }
            )
    for row in rows:
        row["ratio_to_without"] = round(int(str(row["p50_ms"])) / int(str(rows[-1]["p50_ms"])), 2)
    return rows


def _seconds(router: Router, make: Callable[[Router, str], Any], name: str) -> float:
    message = json.dumps(make(router, name))
    published = time.time()
    router.publish(message)
    event = eventually(lambda: [e for e in router.events("pagerduty", name) if e["accepted"]], within=30)[0]
    time.sleep(APART_SECONDS)
    return datetime.fromisoformat(event["at"]).timestamp() - published
