"""CPU of a synth of 20 endpoints, each with 8 alarms and a dashboard of at least 4 graphs.

Against the same with raw L1s (the floor of what Python and jsii cost), with cdk-monitoring-constructs (the peer), and an empty app.
"""

import tempfile
from pathlib import Path

from bench.measure import medians

CASES = {
    "empty app": "empty",
    "raw L1": "raw",
    "endpointwatch": "ours",
    "cdk-monitoring-constructs": "peer",
}


def run(rounds: int) -> list[dict[str, object]]:
    """A row for each case, with CDK's built-in validation off and on."""
    rows: list[dict[str, object]] = []
    for validation in ("off", "on"):
        with tempfile.TemporaryDirectory() as output:
            found = medians(
                {name: ["-m", f"bench.apps.{module}"] for name, module in CASES.items()},
                rounds=rounds,
                environment={
                    "CDK_OUTDIR": str(Path(output)),
                    "CDK_VALIDATION": "true" if validation == "on" else "false",
                },
            )
        for name, seconds in found.items():
            rows.append(
                {
                    "benchmark": "synth, 20 endpoints",
                    "validation": validation,
                    "case": name,
                    "cpu_seconds": round(seconds, 2),
                    "ratio_to_raw_l1": round(seconds / found["raw L1"], 2),
                    "ratio_to_raw_l1_less_empty_app": round(
                        (seconds - found["empty app"]) / (found["raw L1"] - found["empty app"]), 2
                    ),
                }
            )
    return rows
