"""Dispatch: greedy, nearest-first and OR-tools on the same made-up situations, beside what no plan can undercut.

In: a size, seeds. Out: benchmarks/results/dispatch.json and dispatch.md: deadlines missed, person-hours, kilometres,
seconds, by planner.
Invariant: a plan that breaks a rule voids the report; all planners see the same situations.
Deliberately absent: limits on time.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console

from benchmarks.figures import Figures
from benchmarks.fleets import fleet
from benchmarks.machine import machine
from brain.dispatch.greedy import greedy, nearest_first, prompt_first
from brain.dispatch.plans import Plan, cost
from brain.dispatch.roads import Roads
from brain.dispatch.situation import Situation
from brain.dispatch.validity import breaches
from streams.dispatch.bound import bound
from streams.dispatch.planning import SECONDS, best_plan

SIZES = {"full": (500, 40, 8, 10), "tiny": (30, 4, 3, 2)}
"""People, vehicles, sites, seeds."""
RESULTS = Path(__file__).parent / "results"
_WHAT = ("missed", "hours", "km", "empty_km", "planned", "total", "seconds", "processor_s")
_HEAD = (
    "",
    "deadlines missed",
    "person-hours",
    "km",
    "of them empty",
    "people planned",
    "cost",
    "seconds",
    "of the processor",
)
_DIGITS = (0, 0, 0, 0, 0, 0, 2, 2)


def measure(size: str, seconds: Sequence[float]) -> dict[str, Any]:
    """`seconds`: how long greedy and OR-tools together may take, by turns."""
    people, vehicles, sites, seeds = SIZES[size]
    planners: dict[str, Callable[[Situation, Roads], Plan]] = {
        "nearest first": nearest_first,
        "greedy": greedy,
        "prompt first": prompt_first,
        **{f"OR-tools, {each:g} s in all": _within(each) for each in seconds},
    }
    runs: list[dict[str, Any]] = []
    for seed in range(seeds):
        situation = fleet(seed, people, vehicles, sites)
        roads = Roads(situation)
        least = vars(bound(situation, roads))
        found = {name: _planned(situation, roads, planner) for name, planner in planners.items()}
        runs.append({"seed": seed, "bound": least, "planners": found})
    return {
        "size": {"people": people, "vehicles": vehicles, "sites": sites, "seeds": seeds},
        "void": any(each["breaches"] for run in runs for each in run["planners"].values()),
        "machine": machine(),
        "runs": runs,
    }


def _within(seconds: float) -> Callable[[Situation, Roads], Plan]:
    return lambda situation, roads: best_plan(situation, roads, seconds).plan


def _planned(situation: Situation, roads: Roads, planner: Callable[[Situation, Roads], Plan]) -> dict[str, Any]:
    began_s, processor_s = time.perf_counter(), time.process_time()
    plan = planner(situation, roads)
    took = {"seconds": time.perf_counter() - began_s, "processor_s": time.process_time() - processor_s}
    costs = cost(situation, roads, plan)
    figures = {name: getattr(costs, name) for name in _WHAT if name not in took}
    return figures | took | {"breaches": len(breaches(situation, plan, roads))}


def figures(report: dict[str, Any]) -> Figures:
    """Least / median / greatest over the seeds."""
    runs, size = report["runs"], report["size"]
    rows = []
    for name in runs[0]["planners"]:
        columns = [[run["planners"][name][what] for run in runs] for what in _WHAT]
        rows.append((name, *(_spread(each, digits) for each, digits in zip(columns, _DIGITS, strict=True))))
    least = [[run["bound"][what] for run in runs] for what in ("missed", "hours", "total")]
    missed, hours, total = (_spread(each, 0) for each in least)
    rows.append(("no plan has less than", missed, hours, "", "", "", total, "", ""))
    about = f"{size['people']} people, {size['vehicles']} vehicles, {size['sites']} sites, {size['seeds']} seeds"
    told = ", ".join(f"{name} {value}" for name, value in report["machine"].items() if name in ("commit", "cpu"))
    void = "VOID: a plan breaks rules. " if report["void"] else ""
    return Figures(f"{void}{about}; least / median / greatest; {told}", _HEAD, rows)


def _spread(values: list[float], digits: int) -> str:
    return " / ".join(f"{value:,.{digits}f}" for value in (min(values), median(values), max(values)))


def main() -> None:
    about = __doc__.splitlines()[0] if __doc__ else ""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dispatch", description=about)
    parser.add_argument("--size", choices=sorted(SIZES), default="full")
    parser.add_argument("--seconds", type=float, nargs="+", default=[SECONDS, 5 * SECONDS])
    arguments = parser.parse_args()
    report = measure(arguments.size, arguments.seconds)
    told = figures(report)
    if arguments.size == "full":
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "dispatch.json").write_text(json.dumps(report, indent=1) + "\n")
        (RESULTS / "dispatch.md").write_text(told.markdown() + "\n")
    Console().print(told.table())


if __name__ == "__main__":
    main()
