"""Tables: what the comparison found, as a table and a plot.

In: a report. Out: one table, one SVG.
Invariant: a side that came to other pairs has no figures, and the title says that it is void.
Deliberately absent: measuring (comparison.py).
"""

from __future__ import annotations

from typing import Any

from benchmarks import plots
from benchmarks.figures import Figures

_HEAD = ("side", "state", "records", "records/s", "records per processor second", "CPU s", "peak MiB", "same hash")


def figures(report: dict[str, Any]) -> list[Figures]:
    """The table: least / median / greatest of the turns."""
    title = f"The same interval join from the same topics: {report['records']:,} records, {report['pairs']:,} pairs"
    if report["void"]:
        title += f"; VOID: {report['void']}"
    elif "budget" in report:
        ratio = report["budget"]["peers_per_core"]["measured"]
        title += f"; ours is {ratio:.2f} times {report['fastest_peer']}, the fastest peer, per core"
    return [Figures(title, _HEAD, [_row(name, side) for name, side in report["sides"].items()])]


def _row(name: str, side: dict[str, Any]) -> tuple[str, ...]:
    state = "survives a kill" if side["keeping"] == "kept" else "in memory"
    told = f"{side['records']:,.0f}" + (f" (1/{side['part']})" if side["part"] > 1 else "")
    if not side["same_hash"]:
        return name, state, told, *["void"] * 4, "no"
    figures = (
        _spread(side["records_s"], ",.0f"), _spread(side["per_core_s"], ",.0f"), _spread(side["cpu_s"], ",.2f"),
        _spread(side["peak_mib"], ",.0f"),
    )  # fmt: skip
    return name, state, told, *figures, "yes"


def _spread(of: dict[str, float], form: str) -> str:
    return " / ".join(f"{of[name]:{form}}" for name in ("min", "median", "max"))


def plot(report: dict[str, Any]) -> str:
    """Records per processor second by side, but for those that are void."""
    rates = {name: side["per_core_s"] for name, side in report["sides"].items() if side["same_hash"]}
    bars = {name: (rate["min"], rate["median"], rate["max"]) for name, rate in rates.items()}
    return plots.bars("One interval join, by side", "records per processor second", bars)
