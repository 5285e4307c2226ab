"""`python -m benchmarks.service [--size SIZE]`: what the service costs on a real broker of this machine.

In: sizes. Out: benchmarks/results/service-<size>.json and tables on the terminal.
Invariant: a latency whose lists were not whole is printed as void.
Deliberately absent: the floor, the batch practices and the peers.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.latency import latency
from benchmarks.machine import machine
from benchmarks.recovery import recovery
from benchmarks.transport import WAYS, transport
from streams.service.broker import LocalBroker
from streams.service.node import free_port

SIZES = {
    "full": {"rates": [23.0, 231.0, 2315.0], "reports": 200, "presences": 500_000, "records": 2_000_000, "repeats": 3},
    "quick": {"rates": [23.0], "reports": 60, "presences": 50_000, "records": 400_000, "repeats": 1},
    "tiny": {"rates": [23.0], "reports": 3, "presences": 1_000, "records": 8_000, "repeats": 1},
}


def measure(broker: LocalBroker, scratch: Path, size: str, prefix: str = "") -> dict[str, Any]:
    chosen: dict[str, Any] = SIZES[size]
    return {
        "size": size,
        "machine": machine(),
        "latency": [
            latency(broker, scratch / f"latency-{number}", rate, chosen["reports"], f"{prefix}l{number}.")
            for number, rate in enumerate(chosen["rates"])
        ],
        "recovery": recovery(broker, scratch / "recovery", chosen["presences"], f"{prefix}r."),
        "transport": transport(broker.bootstrap, f"{prefix}transport", chosen["records"], chosen["repeats"]),
    }


def tables(report: dict[str, Any]) -> list[Table]:
    percentiles = ("p50 ms", "p95 ms", "p99 ms", "max ms")
    listed = Table("records/s", "reports", *percentiles, title="report published → contacts listed")
    for row in report["latency"]:
        figures = [f"{row['listed_ms'][name]:,}" for name in ("p50", "p95", "p99", "max")]
        listed.add_row(f"{row['rate']:,.0f}", f"{row['reports']}{' VOID' if row['void'] else ''}", *figures)
    steps = ("ready s", "first commit s", "caught up s")
    back = Table("history", "burst", *steps, "peak MiB", title="writer killed and started")
    told = report["recovery"]
    peaks = ", ".join(f"{name} {mib:,.0f}" for name, mib in told["peak_mib"].items())
    seconds = [f"{told[name]:,}" for name in ("ready_s", "first_commit_s", "caught_up_s")]
    back.add_row(f"{told['history']:,}", f"{told['burst']:,}", *seconds, peaks)
    way = Table("way", "min", "median", "max", title="records/s to an agent that does nothing")
    for name in WAYS:
        rates = report["transport"]["rate"][name]
        way.add_row(name, *(f"{round(v):,}" for v in (min(rates), statistics.median(rates), max(rates))))
    return [listed, back, way]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.service", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--size", choices=sorted(SIZES), default="full")
    size = parser.parse_args().size
    with tempfile.TemporaryDirectory() as scratch, LocalBroker(Path(scratch) / "kafka", free_port()) as broker:
        report = measure(broker, Path(scratch), size)
    target = Path(__file__).parent / "results" / f"service-{size}.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(report, indent=1) + "\n")
    console = Console()
    for table in tables(report):
        console.print(table)
    console.print(f"{report['machine']}\nwritten: benchmarks/results/{target.name}")


if __name__ == "__main__":
    main()
