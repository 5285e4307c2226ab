"""Peers: Bytewax, Quix Streams and stock Faust beside this engine, one keyed interval join from the same topics.

In: a size and a broker. Out: a report, its tables, its plot.
Invariant: importing this package needs the standard library alone, since the peers' programs in it run in a virtual
environment that has none of ours.
Deliberately absent: the comparison itself (comparison.py), and what is compared (*_program.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks.bench import Bench
    from benchmarks.figures import Figures


def measure(size: str, bench: Bench) -> dict[str, Any]:
    """The report of one run. Errors: CommandError when there is no broker or the peers cannot be installed."""
    from benchmarks.peers import comparison

    return comparison.compare(size, bench)


def figures(report: dict[str, Any]) -> list[Figures]:
    """The tables of a report."""
    from benchmarks.peers import tables

    return tables.figures(report)


def plot(report: dict[str, Any]) -> str:
    """The plot of a report, as SVG."""
    from benchmarks.peers import tables

    return tables.plot(report)
