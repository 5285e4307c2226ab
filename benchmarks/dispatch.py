"""Dispatch: greedy, nearest-first and OR-tools on the same made-up situations, beside what no plan can undercut.

In: a size. Out: deadlines missed, person-hours, kilometres, seconds, by planner.
Invariant: a plan that breaks a rule voids the report; all planners see the same situations.
Deliberately absent: limits on time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any

from benchmarks.bench import Bench, Row
from benchmarks.figures import Figures
from benchmarks.fleets import fleet
from benchmarks.plots import bars
from brain.dispatch.greedy import greedy, nearest_first, prompt_first
from brain.dispatch.plans import Plan, cost
from brain.dispatch.roads import Roads
from brain.dispatch.situation import Situation
from brain.dispatch.validity import breaches
from streams.dispatch.bound import bound
from streams.dispatch.planning import SECONDS, best_plan

SIZES: dict[str, tuple[int, int, int, int, tuple[float, ...]]] = {
    "full": (500, 40, 8, 10, (SECONDS, 5 * SECONDS)),
    "quick": (500, 40, 8, 3, (SECONDS,)),
    "tiny": (30, 4, 3, 2, (0.3,)),
}
"""People, vehicles, sites, seeds; how long greedy and OR-tools together may take, by turns, in seconds."""
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


def measure(size: str, bench: Bench) -> Row:
    people, vehicles, sites, seeds, seconds = SIZES[size]
    planners: dict[str, Callable[[Situation, Roads], Plan]] = {
        "nearest first": nearest_first,
        "greedy": greedy,
        "prompt first": prompt_first,
        **{f"OR-tools, {each:g} s in all": _within(each) for each in seconds},
    }
    runs: list[dict[str, Any]] = []
    for seed in range(seeds):
        bench.tell(f"situation {seed + 1} of {seeds}")
        situation = fleet(seed, people, vehicles, sites)
        roads = Roads(situation)
        least = vars(bound(situation, roads))
        found = {name: _planned(situation, roads, planner) for name, planner in planners.items()}
        runs.append({"seed": seed, "bound": least, "planners": found})
    broken = any(each["breaches"] for run in runs for each in run["planners"].values())
    return {
        "name": "dispatch", "seeds": [*range(seeds)], "repeats": 1, "digest": "",
        "void": "a plan breaks rules" if broken else "",
        "situations": {"people": people, "vehicles": vehicles, "sites": sites, "seeds": seeds},
        "runs": runs,
    }  # fmt: skip


def _within(seconds: float) -> Callable[[Situation, Roads], Plan]:
    return lambda situation, roads: best_plan(situation, roads, seconds).plan


def _planned(situation: Situation, roads: Roads, planner: Callable[[Situation, Roads], Plan]) -> dict[str, Any]:
    began_s, processor_s = time.perf_counter(), time.process_time()
    plan = planner(situation, roads)
    took = {"seconds": time.perf_counter() - began_s, "processor_s": time.process_time() - processor_s}
    costs = cost(situation, roads, plan)
    figures = {name: getattr(costs, name) for name in _WHAT if name not in took}
    return figures | took | {"breaches": len(breaches(situation, plan, roads))}


def figures(report: Row) -> list[Figures]:
    """Least / median / greatest over the seeds."""
    runs, size = report["runs"], report["situations"]
    rows = []
    for name in runs[0]["planners"]:
        columns = [[run["planners"][name][what] for run in runs] for what in _WHAT]
        rows.append((name, *(_spread(each, digits) for each, digits in zip(columns, _DIGITS, strict=True))))
    least = [[run["bound"][what] for run in runs] for what in ("missed", "hours", "total")]
    missed, hours, total = (_spread(each, 0) for each in least)
    rows.append(("no plan has less than", missed, hours, "", "", "", total, "", ""))
    about = f"{size['people']} people, {size['vehicles']} vehicles, {size['sites']} sites, {size['seeds']} seeds"
    return [Figures(f"{about}; least / median / greatest", _HEAD, rows)]


def _spread(values: list[float], digits: int) -> str:
    return " / ".join(f"{value:,.{digits}f}" for value in (min(values), median(values), max(values)))


def plot(report: Row) -> str:
    """Deadlines missed, by planner."""
    runs, size = report["runs"], report["situations"]
    missed = {name: [run["planners"][name]["missed"] for run in runs] for name in runs[0]["planners"]}
    missed["no plan has less than"] = [run["bound"]["missed"] for run in runs]
    values = {name: (min(each), median(each), max(each)) for name, each in missed.items()}
    return bars(f"Deadlines missed of {size['people']} people, by {size['vehicles']} vehicles", "people", values)
