"""Service: from a case report to its contacts and their transfers, on a real broker, at steady rates.

In: a size. Out: percentiles by rate.
Invariant: a latency whose lists were not whole is void.
Deliberately absent: the batch practices.
"""

from __future__ import annotations

from typing import Any

from benchmarks.bench import Bench, Row
from benchmarks.figures import Figures
from benchmarks.latency import latency
from benchmarks.plots import lines

SIZES = {"full": ((23.0, 231.0, 2315.0), 200), "quick": ((23.0,), 60), "tiny": ((23.0,), 3)}
"""Records a second, and reports at each rate."""


def measure(size: str, bench: Bench) -> Row:
    rates, reports = SIZES[size]
    rows = []
    for number, rate in enumerate(rates):
        bench.tell(f"{reports} reports among {rate:g} records/s")
        folder = bench.scratch / f"latency-{number}"
        rows.append(latency(bench.broker, folder, rate, reports, f"{bench.prefix}l{number}."))
    void = ", ".join(f"{row['rate']:g}" for row in rows if row["void"])
    return {
        "name": "service", "seeds": [], "repeats": 1, "digest": "", "latency": rows,
        "void": f"lists were not whole at {void} records/s" if void else "",
    }  # fmt: skip


def figures(report: Row) -> list[Figures]:
    return _latencies(report["latency"])


def plot(report: Row) -> str:
    series = {
        f"{told}, {at}": [(row["rate"], row[name][at]) for row in report["latency"]]
        for told, name in (("L1 to L2", "listed_ms"), ("L1 to L3", "transfers_ms"))
        for at in ("p50", "p95", "p99")
    }
    return lines("From a report to an answer", "records/s", "ms", series, log=True)


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
