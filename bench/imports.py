"""CPU of importing the functions, against boto3 with two clients; and the size of what is deployed.

With a region set, as in Lambda, the functions make the clients that they always need while they are imported: the enricher five,
the dispatcher three.
"""

import io
import zipfile

from bench.measure import medians
from endpointwatch.routing.functions import packed

_FLOOR = "import boto3; boto3.client('cloudwatch', 'us-east-1'); boto3.client('sagemaker', 'us-east-1')"

_LAMBDA = {"AWS_DEFAULT_REGION": "us-east-1"}


def run(rounds: int) -> list[dict[str, object]]:
    """A row for the floor and one for each function, measured from the folder that is deployed."""
    names = ("alert_enricher", "alert_dispatcher")
    cases = {"python": "pass", "boto3 and two clients": _FLOOR}
    for name in names:
        cases[name] = f"import sys; sys.path.insert(0, {str(packed(name))!r}); import {name}.handler"
    # Compiled once before, for bytecode is no part of the question; -I keeps the checkout out of sys.path.
    commands = {name: ["-I", "-c", code] for name, code in cases.items()}
    medians(commands, rounds=1, environment=_LAMBDA)
    found = medians(commands, rounds=rounds, environment=_LAMBDA)
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
