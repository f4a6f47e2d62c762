"""`make bench`: prints ratios, and writes them to out/bench.json."""

import argparse
import json
import sys

from bench import imports, synth
from bench.measure import ROOT


def main() -> int:
    """Runs every benchmark."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--rounds", type=int, default=5, help="how often each case runs; medians count (default: %(default)s)"
    )
    options = parser.parse_args()
    rows: list[dict[str, object]] = []
    for benchmark in (imports, synth):
        found = benchmark.run(options.rounds)
        _show(found)
        rows += found
    path = ROOT / "out" / "bench.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(rows, indent=2) + "\n")
    print(f"the same is in {path.relative_to(ROOT)}")
    return 0


def _show(rows: list[dict[str, object]]) -> None:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    widths = {column: max(len(column), *(len(str(row.get(column, ""))) for row in rows)) for column in columns}
    heading: dict[str, object] = {column: column.replace("_", " ") for column in columns}
    for row in (heading, *rows):
        print("  ".join(str(row.get(column, "")).ljust(widths[column]) for column in columns).rstrip())
    print()


if __name__ == "__main__":
    sys.exit(main())
