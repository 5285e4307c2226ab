"""Greedy: a first plan that is always valid, the nearest deadline first; and nearest-first, to compare it with.

In: a situation. Out: a plan.
Invariant: every run is made by the same steps that validity asks for: seats, class, beds, duty, horizon.
Deliberately absent: looking ahead. What is given away is not taken back; that is the solver's (streams/dispatch).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import pairwise

import numpy as np

from brain.dispatch.lodgings import Lodgings
from brain.dispatch.parties import Party, carriers, parties
from brain.dispatch.plans import Plan, Run, ended, next_start, timed
from brain.dispatch.roads import Roads
from brain.dispatch.situation import Situation, fit_for_duty, positioned
from schemas.codes import PersonClass
from schemas.instants import MINUTE_MS

ROUNDABOUT_MS = 15 * MINUTE_MS
"""The longest way round for one more door. Design assumption [D]: a quarter of an hour; beyond it, another run."""
Choice = tuple[int, int]
"""Vehicle and site."""


class Draft:
    """A plan as it grows: what is free yet, and who waits yet."""

    def __init__(self, situation: Situation, roads: Roads | None = None) -> None:
        self.situation, self.roads = situation, roads or Roads(situation)
        self.lodgings = Lodgings(situation)
        self.carriers = {party: carriers(situation, party) for party in parties(situation)}
        self.left = [party for party in self.carriers if positioned(situation.riders[party[0]])]
        self.last: dict[int, Run] = {}
        self.plan: list[Run] = []
        self._steady = {
            site: all(max(situation.rooms[r].since_ms, situation.rooms[r].free_ms) <= situation.now_ms for r in rooms)
            for site, rooms in situation.sites.items()
        }

    def start(self, vehicle: int) -> tuple[int, int]:
        return next_start(self.situation, self.roads, vehicle, self.last.get(vehicle))

    def opened(self, party: Party, choices: Iterable[Choice]) -> Run | None:
        """The run of the first choice that can be made with this party."""
        full: set[int] = set()
        for vehicle, site in choices:
            if site in full:
                continue
            run = timed(self.situation, self.roads, vehicle, self.start(vehicle), [party], site)
            if not self._feasible(run):
                continue
            beds = self.lodgings.find(party, site, run.arrive_ms)
            if beds is not None:
                return replace(run, beds=beds)
            if self._steady[site]:
                full.add(site)
        return None

    def filled(self, run: Run, heed_deadlines: bool) -> Run:
        """The run with further parties, the shortest way round first, as long as it makes nobody late who need not be.
        Their beds are taken."""
        self.lodgings.take(run.beds)
        refused: set[Party] = set()
        while more := self._nearest(run, refused):
            party, position = more
            doors = [each for each, _ in run.stops]
            doors.insert(position, party)
            longer = timed(self.situation, self.roads, run.vehicle, self.start(run.vehicle), doors, run.site)
            beds = self._admitted(run, longer, party, heed_deadlines)
            if beds is None:
                refused.add(party)
                continue
            self.lodgings.take(beds)
            run = replace(longer, beds=run.beds + beds)
        return run

    def keep(self, run: Run) -> None:
        self.plan.append(run)
        self.last[run.vehicle] = run
        gone = {party for party, _ in run.stops}
        self.left = [party for party in self.left if party not in gone]

    def _feasible(self, run: Run) -> bool:
        end_ms = ended(run, self.situation)
        vehicle = self.situation.vehicles[run.vehicle]
        return end_ms <= self.situation.horizon_ms and fit_for_duty(
            vehicle, run.depart_ms, end_ms, self.situation.limits
        )

    def _admitted(self, run: Run, longer: Run, party: Party, heed: bool) -> tuple[tuple[int, int], ...] | None:
        """The beds of one more party, if the longer run may be."""
        if not self._feasible(longer):
            return None
        rooms, riders = self.situation.rooms, self.situation.riders
        if any(rooms[at].until_ms <= longer.arrive_ms for _, at in run.beds):
            return None
        end_ms, before_ms = ended(longer, self.situation), ended(run, self.situation)
        if heed and any(before_ms <= riders[i].due_ms < end_ms for i in (*run.riders, *party)):
            return None
        return self.lodgings.find(party, run.site, longer.arrive_ms)

    def _nearest(self, run: Run, refused: set[Party]) -> tuple[Party, int] | None:
        """The party with the shortest way round, and where in the order of the doors."""
        riders, vehicle = self.situation.riders, self.situation.vehicles[run.vehicle]
        first, aboard = riders[run.riders[0]], run.riders
        seats = vehicle.seats - len(aboard)
        chairs = vehicle.wheelchairs - sum(riders[i].wheelchair for i in aboard)
        doors = {party for party, _ in run.stops}
        parties = [
            party for party in self.left
            if len(party) <= seats and party not in refused and party not in doors
            and riders[party[0]].level == first.level and riders[party[0]].purpose == first.purpose
            and run.vehicle in self.carriers[party] and sum(riders[i].wheelchair for i in party) <= chairs
        ]  # fmt: skip
        if not parties:
            return None
        points = [self.start(run.vehicle)[0], *(p[0] for p, _ in run.stops), self.roads.site_points[run.site]]
        ms, homes = self.roads.ms, np.array([party[0] for party in parties])
        legs = [ms[a, homes] + ms[homes, b] - ms[a, b] for a, b in pairwise(points)]
        added = np.array(legs)
        position, at = np.unravel_index(int(np.argmin(added)), added.shape)
        return (parties[int(at)], int(position)) if added[position, at] <= ROUNDABOUT_MS else None


def urgency(situation: Situation, party: Party) -> tuple[int, ...]:
    """The order of the queue: nearest deadline, then the graver class, then who has waited longest."""
    riders = [situation.riders[i] for i in party]
    return min(r.due_ms for r in riders), -max(r.level for r in riders), min(r.needed_ms for r in riders), party[0]


def greedy(situation: Situation, roads: Roads | None = None) -> Plan:
    """Whoever is due first gets the vehicle and the site with which they are there first, and others on the way."""
    draft = Draft(situation, roads)
    _serve(draft, late_too=True)
    return tuple(draft.plan)


def prompt_first(situation: Situation, roads: Roads | None = None) -> Plan:
    """As greedy, but those who would be late in any case go after all those who can be in time."""
    draft = Draft(situation, roads)
    _serve(draft, late_too=False)
    _serve(draft, late_too=True)
    return tuple(draft.plan)


def _serve(draft: Draft, late_too: bool) -> None:
    situation = draft.situation
    for party in sorted(draft.left, key=lambda each: urgency(situation, each)):
        if party not in draft.left:
            continue
        run = draft.opened(party, _soonest(draft, party))
        if run is None or (not late_too and any(ended(run, situation) > situation.riders[i].due_ms for i in party)):
            continue
        draft.keep(draft.filled(run, heed_deadlines=True))


def _soonest(draft: Draft, party: Party) -> list[Choice]:
    """Every vehicle and site for a party, the first to arrive first; vehicles with negative pressure are left to
    cases as long as some wait."""
    situation, roads = draft.situation, draft.roads
    spare = situation.riders[party[0]].level != PersonClass.case and any(
        situation.riders[each[0]].level == PersonClass.case for each in draft.left
    )
    found = []
    for vehicle in draft.carriers[party]:
        point, start_ms = draft.start(vehicle)
        there_ms = start_ms + int(roads.ms[point, party[0]])
        for site, at in roads.site_points.items():
            ms = there_ms + int(roads.ms[party[0], at])
            found.append((spare and situation.vehicles[vehicle].sealed, ms, vehicle, site))
    return [(vehicle, site) for _, _, vehicle, site in sorted(found)]


def nearest_first(situation: Situation, roads: Roads | None = None) -> Plan:
    """The vehicle that is free first fetches whoever is nearest, to the nearest site, and so on; no look at deadlines.
    This is how it is done where nobody plans, and what a plan is compared with."""
    draft = Draft(situation, roads)
    idle = {v for found in draft.carriers.values() for v in found}
    while idle and draft.left:
        vehicle = min(idle, key=lambda v: (draft.start(v)[1], v))
        run = _near(draft, vehicle)
        if run is None:
            idle.discard(vehicle)
        else:
            draft.keep(draft.filled(run, heed_deadlines=False))
    return tuple(draft.plan)


def _near(draft: Draft, vehicle: int) -> Run | None:
    ms, point = draft.roads.ms, draft.start(vehicle)[0]
    mine = sorted((int(ms[point, p[0]]), p) for p in draft.left if vehicle in draft.carriers[p])
    for _, party in mine:
        sites = sorted((int(ms[party[0], at]), site) for site, at in draft.roads.site_points.items())
        run = draft.opened(party, [(vehicle, site) for _, site in sites])
        if run is not None:
            return run
    return None


Planner = Callable[[Situation, Roads | None], Plan]
