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

SECONDS = 2.0
"""How long a round may look for something better. Design assumption [D]: nobody notices two seconds."""
_WORTHWHILE_S = 0.2


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
    left_s = seconds - (time.monotonic() - began_s)
    if left_s > _WORTHWHILE_S:
        # Imported here, since it takes seconds and a greedy plan does without.
        from streams.dispatch.routing import Routing

        routed = Routing(situation, roads, found.plan).solve(left_s)
        if routed is not None:
            found = _better(situation, roads, found, routed, "ortools")
    return found


def _better(situation: Situation, roads: Roads, found: Found, plan: Plan, by: str) -> Found:
    costs = cost(situation, roads, plan)
    if costs.total >= found.cost.total or breaches(situation, plan, roads):
        return found
    return Found(plan, costs, by)


def planner(seconds: float = SECONDS) -> Planner:
    """As `brain.dispatch.decisions.decide` takes it."""
    return lambda situation, roads: best_plan(situation, roads, seconds).plan
