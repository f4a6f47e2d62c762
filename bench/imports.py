"""CPU of importing the enricher, against boto3 with two clients; and the size of what is deployed."""

import io
import zipfile

from bench.measure import medians
from endpointwatch.routing.functions import packed

_FLOOR = "import boto3; boto3.client('cloudwatch', 'us-east-1'); boto3.client('sagemaker', 'us-east-1')"


def run(rounds: int) -> list[dict[str, object]]:
    """A row for the floor and one for each function, measured from the folder that is deployed."""
    names = ("alert_enricher", "alert_dispatcher")
    cases = {"python": "pass", "boto3 and two clients": _FLOOR}
    for name in names:
        cases[name] = f"import sys; sys.path.insert(0, {str(packed(name))!r}); import {name}.handler"
    # Compiled once before, as Lambda's snapshot of the runtime is; -I keeps the checkout out of sys.path.
    medians({name: ["-c", code] for name, code in cases.items()}, rounds=1)
    found = medians({name: ["-I", "-c", code] for name, code in cases.items()}, rounds=rounds)
    return [
        {
            "benchmark": "import",
            "case": name,
            "cpu_seconds": round(seconds, 3),
            "ratio_to_boto3": round(
                (seconds - found["python"]) / (found["boto3 and two clients"] - found["python"]), 2
            ),
            **({"zip_kb": _zip_kb(name)} if name in names else {}),
        }
        for name, seconds in found.items()
    ]


def _zip_kb(name: str) -> int:
    folder = packed(name)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*.py")):
            archive.write(path, path.relative_to(folder))
    return len(target.getvalue()) // 1024
