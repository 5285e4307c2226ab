"""`python -m benchmarks [--quick]`: every benchmark in turn, a table, and a JSON file with what is needed to judge it.

In: sizes. Out: benchmarks/results/<commit>.json and the table on the terminal.
Invariant: a result whose digests differ is printed as void.
Deliberately absent: comparisons with figures of another machine.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.machine import machine
from benchmarks.whole import correction, engine_and_oracle

SIZES = {"full": (1_000_000, 200_000, 200, 3), "quick": (100_000, 20_000, 50, 1), "tiny": (2_000, 500, 5, 1)}


def measure(size: str) -> dict[str, Any]:
    presences, people, cases, repeats = SIZES[size]
    with tempfile.TemporaryDirectory() as scratch:
        results = [
            engine_and_oracle(Path(scratch), presences, people, cases, repeats),
            correction(Path(scratch), presences, people, cases, repeats * 5),
        ]
    return {"size": size, "machine": machine(), "results": results}


def _table(report: dict[str, Any]) -> Table:
    table = Table("benchmark", "what", "min", "median", "max")
    whole, amended = report["results"]
    title = f"{whole['records']:,} records, {whole['cases']} cases" + (
        ", VOID: digests differ" if whole["void"] else ""
    )
    for who in ("engine", "oracle"):
        for unit, v in whole[who].items():
            table.add_row(title, f"{who} {unit}", *(f"{v[k]:,.2f}" for k in ("min", "median", "max")))
    table.add_row(title, "engine / oracle, wall", *(f"{whole['ratio'][k]:.2f}" for k in ("min", "median", "max")))
    v = amended["correction_s"]
    about = f"one onset amended among {amended['presences']:,}"
    table.add_row(about, "milliseconds", *(f"{1000 * v[k]:,.1f}" for k in ("min", "median", "max")))
    table.add_row(about, "share of taking in everything", "", f"{amended['ratio']['median']:.5f}", "")
    return table


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    parser.add_argument("--size", choices=sorted(SIZES), default="full")
    size = parser.parse_args().size
    report = measure(size)
    folder = Path(__file__).parent / "results"
    folder.mkdir(exist_ok=True)
    target = folder / f"{size}.json"
    target.write_text(json.dumps(report, indent=1) + "\n")
    console = Console()
    console.print(_table(report))
    console.print(f"{report['machine']}\nwritten: benchmarks/results/{target.name}")


if __name__ == "__main__":
    main()
