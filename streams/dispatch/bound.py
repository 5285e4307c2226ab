"""Bound: what no plan can undercut, from a relaxation that OR-tools solves exactly as a flow of least cost.

In: a situation. Out: at least so many missed deadlines, person-hours and, together, so much cost.
Invariant: everything that is left out makes plans cheaper: households, classes in one ride, rooms, the time at further
doors, kilometres, and that a vehicle cannot take everybody's shortest way at once.
Deliberately absent: a plan.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from ortools.graph.python import min_cost_flow

from brain.dispatch.parties import carriers, parties
from brain.dispatch.plans import MISSED_HOURS
from brain.dispatch.roads import Roads
from brain.dispatch.situation import Situation, fit_for_duty, positioned, starts
from schemas.codes import PersonClass
from schemas.instants import HOUR_MS
from schemas.keys import Ints

_UNIT = 1000
"""Costs are whole thousandths of an hour."""
Costs = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Bound:
    """Each for itself: the plan with the fewest missed deadlines is not the one with the least waiting."""

    missed: int
    hours: float
    total: float


def bound(situation: Situation, roads: Roads) -> Bound:
    """Everybody takes a seat in the n-th run of some vehicle, or none."""
    waits = np.array([situation.horizon_ms - situation.now_ms] * len(situation.riders))
    capacities, rows, slots, ends = _seats(situation, roads)
    due = np.array([rider.due_ms - situation.now_ms for rider in situation.riders])
    weight = np.array([MISSED_HOURS[PersonClass(rider.level)] for rider in situation.riders])
    late, never = ends > due[rows], waits > due

    def least(seated: Costs, unseated: Costs) -> float:
        return _flow(capacities, rows, slots, seated, unseated)

    return Bound(
        missed=round(least(late.astype(float), never.astype(float))),
        hours=least(ends / HOUR_MS, waits / HOUR_MS),
        total=least(ends / HOUR_MS + late * weight[rows], waits / HOUR_MS + never * weight),
    )


def _seats(situation: Situation, roads: Roads) -> tuple[list[int], Ints, Ints, Ints]:
    """Seats of every possible run; and who could take one in which, handed over when at the earliest, from now."""
    limits, ms, points = situation.limits, roads.ms, np.array([*roads.site_points.values()])
    able: dict[int, list[int]] = {}
    for party in parties(situation):
        if positioned(situation.riders[party[0]]):
            for v in carriers(situation, party):
                able.setdefault(v, []).extend(party)
    onward = _onward(situation, roads)
    capacities: list[int] = []
    found: list[tuple[Ints, Ints, Ints]] = []
    for v, who in able.items():
        riders = np.array(who)
        start = starts(situation.vehicles[v], situation) - situation.now_ms
        ends = start + ms[roads.vehicle_point(v), riders] + onward[riders]
        again = limits.disinfection_ms + ms[np.ix_(points, riders)].min(axis=0) + onward[riders]
        while True:
            earliest = int(ends.min())
            if not fit_for_duty(situation.vehicles[v], situation.now_ms, earliest + situation.now_ms, limits):
                break
            if earliest > situation.horizon_ms - situation.now_ms:
                break
            found.append((riders, np.full(len(riders), len(capacities)), ends))
            capacities.append(situation.vehicles[v].seats)
            ends = earliest + again
    if not found:
        return [], *(np.zeros(0, np.int64),) * 3
    rows, slots, all_ends = (np.concatenate([each[i] for each in found]) for i in range(3))
    in_time = all_ends <= situation.horizon_ms - situation.now_ms
    return capacities, rows[in_time], slots[in_time], all_ends[in_time]


def _onward(situation: Situation, roads: Roads) -> Ints:
    """From everybody's door to the handover at the nearest site that takes them."""
    takes = dict.fromkeys(roads.site_points, 0)
    for room in situation.rooms:
        takes[room.site] |= room.takes
    nearest = []
    for at, rider in enumerate(situation.riders):
        sites = (site for site in roads.site_points if takes[site] & rider.takes)
        nearest.append(min((int(roads.ms[at, roads.site_points[site]]) for site in sites), default=1 << 40))
    return np.array(nearest) + 2 * situation.limits.boarding_ms


def _flow(capacities: list[int], rows: Ints, slots: Ints, seated: Costs, unseated: Costs) -> float:
    """The least cost at which everybody has a seat or none. Nodes: the riders, the runs, no seat, the sink."""
    people, runs = len(unseated), len(capacities)
    none, sink = people + runs, people + runs + 1
    tails = np.concatenate([rows, np.arange(people), people + np.arange(runs), [none]])
    heads = np.concatenate([people + slots, np.full(people, none), np.full(runs + 1, sink)])
    room = np.concatenate([np.ones(len(rows) + people), capacities, [people]]).astype(np.int64)
    cost = np.floor(np.concatenate([seated, unseated, np.zeros(runs + 1)]) * _UNIT).astype(np.int64)
    flow = min_cost_flow.SimpleMinCostFlow()
    flow.add_arcs_with_capacity_and_unit_cost(tails, heads, room, cost)
    flow.set_nodes_supplies(np.arange(sink + 1), np.array([*[1] * people, *[0] * (runs + 1), -people]))
    status = flow.solve()
    if status != flow.OPTIMAL:
        raise RuntimeError(f"a flow that always exists was not found: status {status}")
    return float(flow.optimal_cost()) / _UNIT
