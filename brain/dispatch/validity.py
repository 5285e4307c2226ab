"""Validity: every rule that a plan breaks, by name; none if it may be carried out.

In: a situation, a plan. Out: breaches.
Invariant: greedy, solver and tests are judged here and nowhere else; a plan is judged by its own times, not by how it
was made.
Deliberately absent: whether it is a good one (plans.cost).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from brain.dispatch.lodgings import may_lodge
from brain.dispatch.parties import carriers, parties, seated
from brain.dispatch.plans import Plan, Run, ended, next_start
from brain.dispatch.roads import Roads
from brain.dispatch.situation import Situation, fit_for_duty, positioned
from schemas.codes import PersonClass

RULES = (
    "twice", "empty", "no_position", "seats", "negative_pressure", "classes", "household", "child", "site",
    "turned_away", "no_bed", "room", "beds", "closed", "cleaning", "one_run_at_a_time", "disinfection", "time", "duty",
    "horizon",
)  # fmt: skip


@dataclass(frozen=True)
class Breach:
    """A rule that is broken, by which run (index in the plan; -1: by no single one) and which rider (-1: none)."""

    rule: str
    run: int = -1
    rider: int = -1


def breaches(situation: Situation, plan: Plan, roads: Roads | None = None) -> list[Breach]:
    """Everything that is wrong with a plan."""
    roads = roads or Roads(situation)
    found = list(_of_riders(situation, plan))
    for number, run in enumerate(plan):
        names = [*_of_load(situation, run), *_of_times(situation, roads, run)]
        found += [Breach(rule, number, rider) for rule, rider in names]
    found += _of_households(situation, plan)
    found += _of_rooms(situation, plan)
    found += _of_vehicles(situation, roads, plan)
    return found


def _of_riders(situation: Situation, plan: Plan) -> Iterator[Breach]:
    counts = Counter(rider for run in plan for rider in run.riders)
    yield from (Breach("twice", rider=rider) for rider, count in counts.items() if count > 1)
    yield from (Breach("no_position", rider=rider) for rider in counts if not positioned(situation.riders[rider]))


def _of_load(situation: Situation, run: Run) -> Iterator[tuple[str, int]]:
    """Seats, class, negative pressure, and that everybody has one bed at the site."""
    if not run.riders:
        yield "empty", -1
        return
    vehicle, riders = situation.vehicles[run.vehicle], [situation.riders[i] for i in run.riders]
    if not seated(vehicle, riders):
        yield "seats", -1
    if len({(rider.level, rider.purpose) for rider in riders}) > 1:
        yield "classes", -1
    for party, _ in run.stops:
        infected = any(situation.riders[i].level == PersonClass.case for i in party)
        if infected and not vehicle.sealed and any(situation.vehicles[v].sealed for v in carriers(situation, party)):
            yield "negative_pressure", party[0]
    bedded = Counter(rider for rider, _ in run.beds)
    for rider in run.riders:
        if bedded[rider] != 1:
            yield "no_bed", rider
        if run.site in situation.riders[rider].avoid:
            yield "turned_away", rider
    yield from (("no_bed", rider) for rider in bedded if rider not in run.riders)


def _of_times(situation: Situation, roads: Roads, run: Run) -> Iterator[tuple[str, int]]:
    """That the vehicle can be where it is said to be, with its crew, within the horizon."""
    if run.site not in roads.site_points or run.depart_ms < situation.now_ms or not run.stops:
        yield "time", -1
        return
    doors = [(party[0], at_ms) for party, at_ms in run.stops]
    points = [*doors, (roads.site_points[run.site], run.arrive_ms)]
    for (here, since), (there, at) in pairwise(points):
        if at < since + situation.limits.boarding_ms + roads.ms[here, there]:
            yield "time", -1
    end_ms = ended(run, situation)
    if not fit_for_duty(situation.vehicles[run.vehicle], run.depart_ms, end_ms, situation.limits):
        yield "duty", -1
    if end_ms > situation.horizon_ms:
        yield "horizon", -1


def _of_households(situation: Situation, plan: Plan) -> Iterator[Breach]:
    """A party rides together or not at all; no child rides alone while others of its household ride."""
    run_of = {rider: number for number, run in enumerate(plan) for rider in run.riders}
    for party in parties(situation):
        if len({run_of.get(rider, -1) for rider in party}) > 1:
            yield Breach("household", rider=party[0])
    riders = situation.riders
    for at, number in run_of.items():
        child = riders[at]
        if not child.child or not child.household:
            continue
        others = [
            other for other in run_of
            if other != at and (riders[other].household, riders[other].purpose, riders[other].level)
            == (child.household, child.purpose, child.level)
        ]  # fmt: skip
        if others and number not in {run_of[other] for other in others}:
            yield Breach("child", number, at)


def _of_rooms(situation: Situation, plan: Plan) -> Iterator[Breach]:
    """Each room with everybody whom the plan sends there."""
    guests: dict[int, list[int]] = {}
    for number, run in enumerate(plan):
        for rider, at in run.beds:
            room = situation.rooms[at]
            guests.setdefault(at, []).append(rider)
            if room.site != run.site or not room.takes & situation.riders[rider].takes:
                yield Breach("site", number, rider)
            if not room.since_ms <= run.arrive_ms < room.until_ms:
                yield Breach("closed", number, rider)
            if run.arrive_ms < room.free_ms:
                yield Breach("cleaning", number, rider)
    for at, riders in guests.items():
        room = situation.rooms[at]
        if room.held + len(riders) > room.beds:
            yield Breach("beds", rider=riders[0])
        if not may_lodge(room, [situation.riders[i] for i in riders], situation.limits.single_rooms):
            yield Breach("room", rider=riders[0])


def _of_vehicles(situation: Situation, roads: Roads, plan: Plan) -> Iterator[Breach]:
    """The runs of each vehicle one after another, with the disinfection and the way between them."""
    numbers = sorted(range(len(plan)), key=lambda i: (plan[i].vehicle, plan[i].depart_ms))
    last: Run | None = None
    for number in numbers:
        run = plan[number]
        if not run.stops or run.site not in roads.site_points:
            continue
        last = last if last and last.vehicle == run.vehicle else None
        point, ready_ms = next_start(situation, roads, run.vehicle, last)
        if last and run.depart_ms < ended(last, situation):
            yield Breach("one_run_at_a_time", number)
        elif run.depart_ms < ready_ms:
            yield Breach("disinfection", number)
        if run.stops[0][1] < run.depart_ms + roads.ms[point, run.stops[0][0][0]]:
            yield Breach("time", number)
        last = run
