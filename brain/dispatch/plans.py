"""Plans: runs of vehicles with their times, and what a plan costs.

In: which riders in which order in which vehicle to which site. Out: a run with its times; the cost of a plan.
Invariant: one run has one vehicle, one site and one class; its times follow from its order alone.
Deliberately absent: whether it may be so (validity.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from brain.dispatch.parties import Party
from brain.dispatch.roads import Roads
from brain.dispatch.situation import Situation, starts
from schemas.codes import PersonClass
from schemas.instants import HOUR_MS

MISSED_HOURS = {PersonClass.case: 400, PersonClass.close: 200, PersonClass.secondary: 100}
"""What a missed deadline weighs, in person-hours waited. Design assumption [D]: more than anybody can wait in one
plan, so that deadlines come first; a case, infectious for certain, counts for two close contacts."""
KM_HOURS = 0.01
"""What a kilometre weighs, in person-hours waited. Design assumption [D]: a hundred kilometres for an hour; it decides
between plans that are otherwise much the same."""


@dataclass(frozen=True)
class Run:
    """One ride. `stops`: the riders at each door, in order, with the instant at which the vehicle is there; `beds`:
    rider and index of the room."""

    vehicle: int
    site: int
    depart_ms: int
    stops: tuple[tuple[Party, int], ...]
    arrive_ms: int
    beds: tuple[tuple[int, int], ...]

    @property
    def riders(self) -> list[int]:
        return [rider for party, _ in self.stops for rider in party]


Plan = tuple[Run, ...]


@dataclass(frozen=True)
class Cost:
    """Deadlines missed by class, person-hours waited from now on, kilometres, and those without anybody aboard.
    Who is not planned waits until the horizon, and has missed a deadline that lies before it."""

    missed: int
    missed_weight: float
    hours: float
    km: float
    empty_km: float
    planned: int

    @property
    def total(self) -> float:
        """In person-hours."""
        return self.missed_weight + self.hours + KM_HOURS * self.km


def ended(run: Run, situation: Situation) -> int:
    """When everybody has been handed over at the site."""
    return run.arrive_ms + situation.limits.boarding_ms


def timed(
    situation: Situation, roads: Roads, vehicle: int, start: tuple[int, int], doors: Sequence[Party], site: int
) -> Run:
    """The run that leaves from a point at an instant (`start`), without beds. People of one household board in the
    time that one takes."""
    point, depart_ms = start
    at, stops = depart_ms, []
    for party in doors:
        at += int(roads.ms[point, party[0]])
        stops.append((party, at))
        at, point = at + situation.limits.boarding_ms, party[0]
    arrive_ms = at + int(roads.ms[point, roads.site_points[site]])
    return Run(vehicle, site, depart_ms, tuple(stops), arrive_ms, ())


def next_start(situation: Situation, roads: Roads, vehicle: int, last: Run | None) -> tuple[int, int]:
    """Point and instant from which a vehicle can leave after its last run: at that site, disinfected there."""
    if last is None:
        return roads.vehicle_point(vehicle), starts(situation.vehicles[vehicle], situation)
    return roads.site_points[last.site], ended(last, situation) + situation.limits.disinfection_ms


def cost(situation: Situation, roads: Roads, plan: Plan) -> Cost:
    """What a plan costs. Runs of a vehicle count in the order of their departure."""
    done = {rider: run for run in plan for rider in run.riders}
    missed, weight, waited_ms = 0, 0.0, 0
    for at, rider in enumerate(situation.riders):
        run = done.get(at)
        until_ms = situation.horizon_ms if run is None else ended(run, situation)
        waited_ms += until_ms - situation.now_ms
        if until_ms > rider.due_ms:
            missed += 1
            weight += MISSED_HOURS[PersonClass(rider.level)]
    km, empty_km, point = 0.0, 0.0, dict[int, int]()
    for run in sorted(plan, key=lambda each: (each.vehicle, each.depart_ms)):
        here = point.get(run.vehicle, roads.vehicle_point(run.vehicle))
        for party, _ in run.stops:
            km += roads.km[here, party[0]]
            empty_km += roads.km[here, party[0]] if party is run.stops[0][0] else 0
            here = party[0]
        point[run.vehicle] = roads.site_points[run.site]
        km += roads.km[here, point[run.vehicle]]
    return Cost(missed, weight, waited_ms / HOUR_MS, float(km), float(empty_km), len(done))
