"""CPU of importing each function as Lambda does at a cold start, its clients included; and the size of what is deployed.

Against boto3 making the same clients: what a function costs that does nothing yet.
"""

import io
import json
import subprocess
import sys
import zipfile

from bench.measure import ROOT, medians
from endpointwatch.routing.functions import packed

FUNCTIONS = ("alert_enricher", "alert_dispatcher")
_LAMBDA = {"AWS_DEFAULT_REGION": "us-east-1"}


def run(rounds: int) -> list[dict[str, object]]:
    """A row for each function and one for each floor, measured from the folder that is deployed."""
    cases = {"python": "pass"}
    for name in FUNCTIONS:
        cases[name] = _import(name)
        made = "; ".join(f"boto3.client({service!r}, 'us-east-1')" for service in _services(name))
        cases[f"boto3 for {name}"] = f"import boto3; {made}"
    # Compiled once before, for bytecode is no part of the question; -I keeps the checkout out of sys.path.
    commands = {name: ["-I", "-c", code] for name, code in cases.items()}
    medians(commands, rounds=1, environment=_LAMBDA)
    found = medians(commands, rounds=max(rounds, 7), environment=_LAMBDA)
    rows: list[dict[str, object]] = []
    for name in FUNCTIONS:
        ours, floor = (found[case] - found["python"] for case in (name, f"boto3 for {name}"))
        rows.append(
            {
                "benchmark": "imports",
                "function": name,
                "clients": " ".join(_services(name)),
                "cpu_ms": round(ours * 1000),
                "boto3_ms": round(floor * 1000),
                "ratio_to_boto3": round(ours / floor, 2),
                "zip_kb": _zip_kb(name),
            }
        )
    return rows


def _import(name: str) -> str:
    return f"import sys; sys.path.insert(0, {str(packed(name))!r}); import {name}.handler"


def _services(name: str) -> list[str]:
    """The services whose clients the function makes while it is imported."""
    code = f"{_import(name)}; import json; from alert_common.aws import _clients; print(json.dumps([s for s, _ in _clients]))"
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], check=True, cwd=ROOT, env=_LAMBDA, stdout=subprocess.PIPE, text=True
    )
    found: list[str] = json.loads(done.stdout)
    return found


def _zip_kb(name: str) -> int:
    folder = packed(name)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*.py")):
            archive.write(path, path.relative_to(folder))
    return len(target.getvalue()) // 1024
