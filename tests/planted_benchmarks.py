"""Planted benchmarks: what `python -m benchmarks` does with one that is fine, void, broken, or that never ends.

In: how it behaves. Out: modules of the shape of a benchmark, by name.
Invariant: all go the way of real ones: a process of their own, real files.
Deliberately absent: anything worth measuring.
"""

from __future__ import annotations

import subprocess
import time

from benchmarks.bench import Bench, Row
from benchmarks.figures import Figures
from benchmarks.plots import bars

REPORT: Row = {
    "name": "planted", "seeds": [1], "repeats": 3, "digest": "abc", "void": "",
    "s": {"min": 1.0, "median": 2.0, "max": 3.0},
    "budget": {"day_over_oracle": {"measured": 1.5, "least": 1.4, "greatest": 1.7, "unit": "×"}},
}  # fmt: skip


def measure(size: str, bench: Bench) -> Row:
    """`tiny`: fine; `quick`: another answer; `full`: fails; `long`: goes on, with a broker and a process of
    its own."""
    bench.tell("planted")
    if size == "full":
        raise ValueError("planted to fail")
    if size == "long":
        child = subprocess.Popen(["sleep", "1000"])
        bench.tell(f"processes {bench.broker.pid} {child.pid}")
        time.sleep(1000)
    return REPORT | ({"void": "the digests differ: abc, abd"} if size == "quick" else {})


def figures(report: Row) -> list[Figures]:
    return [Figures("Planted", ("what", "s"), [("planted", str(report["s"]["median"]))])]


def plot(report: Row) -> str:
    return bars("Planted", "s", {"planted": tuple(report["s"].values())})
