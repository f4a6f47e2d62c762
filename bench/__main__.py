"""Prints figures, each beside its peer or its floor, and writes them to out/bench.json."""

import argparse
import importlib
import json
import sys
from typing import Any

from bench.measure import ROOT

NAMES = ("imports", "alert", "dispatch", "latency", "storm", "synth", "alarms", "nab")


def main() -> int:
    """Runs the benchmarks that are named, else all."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(NAMES)}; without one, all")
    parser.add_argument(
        "--rounds", type=int, default=5, help="how often each case runs; medians count (default: %(default)s)"
    )
    options = parser.parse_args()
    if unknown := [name for name in options.names if name not in NAMES]:
        parser.error(f"there is no benchmark {unknown[0]!r}; choose from {', '.join(NAMES)}")
    if options.rounds < 1:
        parser.error(f"--rounds: {options.rounds} is not a number from 1 up")
    rows: list[dict[str, Any]] = []
    for name in options.names or NAMES:
        benchmark = importlib.import_module(f"bench.{name}")
        print(f"{name}: {str(benchmark.__doc__).strip()}\n", flush=True)
        found = benchmark.run(options.rounds)
        _show(found)
        rows += found
    path = ROOT / "out" / "bench.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(rows, indent=2) + "\n")
    print(f"the same is in {path.relative_to(ROOT)}")
    return 0


def _show(rows: list[dict[str, Any]]) -> None:
    columns = list(dict.fromkeys(column for row in rows for column in row if column != "benchmark"))
    widths = {column: max(len(column), *(len(str(row.get(column, ""))) for row in rows)) for column in columns}
    heading: dict[str, object] = {column: column.replace("_", " ") for column in columns}
    for row in (heading, *rows):
        print("  ".join(str(row.get(column, "")).ljust(widths[column]) for column in columns).rstrip())
    print(flush=True)


if __name__ == "__main__":
    sys.exit(main())
