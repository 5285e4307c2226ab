"""`python -m benchmarks.service [--size SIZE]`: what the service costs on a real broker of this machine.

In: sizes. Out: benchmarks/results/service-<size>.json, and tables: service-<size>.md beside it, and on the terminal.
Invariant: a latency whose lists were not whole is printed as void; no table of figures is written by hand.
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

from benchmarks.figures import Figures
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


def figures(report: dict[str, Any]) -> list[Figures]:
    return [*_latencies(report["latency"]), _recovery(report["recovery"]), _transport(report["transport"])]


def _latencies(rows: list[dict[str, Any]]) -> list[Figures]:
    titles = {
        "listed_ms": "L1 to L2: from a report's publishing to the whole list of its contacts in an answer",
        "transfers_ms": "L1 to L3: from a report's publishing to the ways of the case and its contacts in an answer",
    }
    return [_latency(title, rows, name) for name, title in titles.items()]


def _latency(title: str, rows: list[dict[str, Any]], measured: str) -> Figures:
    names = ("p50", "p95", "p99", "max")
    told = [
        (
            f"{r['rate']:,.0f}",
            f"{r['reports']}{' VOID' if r['void'] else ''}",
            *(f"{r[measured][n]:,}" for n in names),
        )
        for r in rows
    ]
    head = ("records/s", "reports", *(f"{name}, ms" for name in names))
    return Figures(title, head, told)


def _recovery(told: dict[str, Any]) -> Figures:
    seconds = [f"{told[name]:,}" for name in ("ready_s", "first_commit_s", "caught_up_s")]
    head = ["history", "burst", "ready, s", "first commit, s", "caught up, s"]
    row = [f"{told['history']:,}", f"{told['burst']:,}", *seconds]
    for name, peak in told["peak_mib"].items():
        head.append(f"{name}: may wait / peak, MiB")
        row.append(f"{told['waiting_mib'][name]:,.0f} / {peak:,.0f}")
    title = "The writer killed with signal 9, a burst while it is away, the writer started again"
    return Figures(title, tuple(head), [tuple(row)])


def _transport(told: dict[str, Any]) -> Figures:
    middle = {way: statistics.median(told["rate"][way]) for way in WAYS}
    rows = [
        (way, *(f"{round(v):,}" for v in (min(rates), middle[way], max(rates))), f"{middle[way] / middle['faust']:.1f}")
        for way, rates in told["rate"].items()
    ]
    title = f"Records/s of {told['record_bytes']} bytes to an agent that does nothing"
    return Figures(title, ("way", "min", "median", "max", "times stock Faust"), rows)


def page(report: dict[str, Any]) -> str:
    """The figures as a page."""
    machine = report["machine"]
    when = f"`python -m benchmarks.service`, commit {machine['commit']}, {machine['cpu']}, Python {machine['python']}."
    parts = [f"# What the service costs, {report['size']} size", when, *(told.markdown() for told in figures(report))]
    return "\n\n".join(parts) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.service", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--size", choices=sorted(SIZES), default="full")
    size = parser.parse_args().size
    with tempfile.TemporaryDirectory() as scratch, LocalBroker(Path(scratch) / "kafka", free_port()) as broker:
        report = measure(broker, Path(scratch), size)
    target = Path(__file__).parent / "results" / f"service-{size}.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(report, indent=1) + "\n")
    target.with_suffix(".md").write_text(page(report), "utf-8")
    console = Console()
    for told in figures(report):
        console.print(told.table())
    console.print(f"{report['machine']}\nwritten: benchmarks/results/{target.name}, {target.stem}.md")


if __name__ == "__main__":
    main()
