"""Planning: the best plan within a time, and never one that is invalid or worse than greedy.

In: a situation, seconds. Out: a plan, and by what it was made.
Invariant: what OR-tools found counts only if no rule is broken and it costs less, by the same judge as all plans.
Deliberately absent: rules and costs (brain/dispatch).
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from brain.dispatch.decisions import Planner
from brain.dispatch.greedy import greedy, prompt_first
from brain.dispatch.plans import Cost, Plan, cost
from brain.dispatch.roads import Roads
from brain.dispatch.situation import Situation
from brain.dispatch.validity import breaches
from schemas.instants import OPEN_MS

SECONDS = 2.0
"""How long a round may look for something better. Design assumption [D]: nobody notices two seconds."""
_WORTHWHILE_S = 0.1
_SHARE = 0.6
"""Of the time that is left, for each group of vehicles."""
_DOORS = 70
"""In a group. Measured on 500 people and 40 vehicles: the search finds nothing in two seconds among all 250 doors, and
saves a tenth of the cost among the 50 on which deadlines depend (benchmarks/README.md)."""


@dataclass(frozen=True)
class Found:
    """`by`: greedy, prompt_first or ortools."""

    plan: Plan
    cost: Cost
    by: str


def best_plan(situation: Situation, roads: Roads, seconds: float = SECONDS) -> Found:
    """The better of the two greedy plans, and a better one yet if OR-tools finds one in what is left of the time."""
    began_s = time.monotonic()
    first = greedy(situation, roads)
    found = Found(first, cost(situation, roads, first), greedy.__name__)
    if not first or seconds <= 0:
        return found
    found = _better(situation, roads, found, prompt_first(situation, roads), prompt_first.__name__)
    for vehicles in _batches(situation, found.plan):
        left_s = seconds - (time.monotonic() - began_s)
        if left_s > _WORTHWHILE_S:
            routed = _routed(situation, roads, found.plan, vehicles, max(_WORTHWHILE_S, left_s * _SHARE))
            found = _better(situation, roads, found, routed, "ortools")
    return found


def _batches(situation: Situation, plan: Plan) -> list[list[int]]:
    """Vehicles in groups that are small enough, those first on which the nearest deadlines depend that can be met."""
    first: dict[int, int] = {}
    doors: dict[int, int] = {}
    for run in plan:
        dues = [due for i in run.riders if (due := situation.riders[i].due_ms) > situation.now_ms]
        first[run.vehicle] = min([first.get(run.vehicle, OPEN_MS), *dues])
        doors[run.vehicle] = doors.get(run.vehicle, 0) + len(run.stops)
    found: list[list[int]] = [[]]
    for vehicle in sorted(first, key=lambda v: (first[v], v)):
        if sum(doors[v] for v in found[-1]) + doors[vehicle] > _DOORS and found[-1]:
            found.append([])
        found[-1].append(vehicle)
    return [sorted(batch) for batch in found if batch]


def _routed(situation: Situation, roads: Roads, plan: Plan, vehicles: list[int], seconds: float) -> Plan:
    """The plan with the runs of some vehicles made anew."""
    # Imported here, since it takes seconds and a greedy plan does without.
    from streams.dispatch.routing import Routing

    mine = tuple(run for run in plan if run.vehicle in vehicles)
    found = Routing(situation, roads, mine, vehicles).solve(seconds)
    return (*(run for run in plan if run.vehicle not in vehicles), *(mine if found is None else found))


def _better(situation: Situation, roads: Roads, found: Found, plan: Plan, by: str) -> Found:
    costs = cost(situation, roads, plan)
    if costs.total >= found.cost.total or breaches(situation, plan, roads):
        return found
    return Found(plan, costs, by)


def planner(seconds: float = SECONDS) -> Planner:
    """As `brain.dispatch.decisions.decide` takes it."""
    return lambda situation, roads: best_plan(situation, roads, seconds).plan
