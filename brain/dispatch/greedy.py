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
from brain.dispatch.situation import Situation, duty_end, fit_for_duty, positioned
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
        riders = situation.riders
        self.left = {party: None for party in self.carriers if positioned(riders[party[0]])}
        self.last: dict[int, Run] = {}
        self.plan: list[Run] = []
        self.cases = sum(riders[party[0]].level == PersonClass.case for party in self.left)
        starts = [self.start(v) for v in range(len(situation.vehicles))]
        self.points, self.starts = (np.array([each[i] for each in starts], np.int64) for i in range(2))
        self.until = np.array([duty_end(vehicle, situation) for vehicle in situation.vehicles], np.int64)
        self._closes = {
            site: min(situation.horizon_ms, *(situation.rooms[r].until_ms - 1 for r in rooms))
            for site, rooms in situation.sites.items()
        }
        self._full: set[tuple[int, int, int, int]] = set()
        self._columns()

    def _columns(self) -> None:
        """Everybody who is left, as columns: at a peak there are thousands, and every door asks for the nearest."""
        riders = self.situation.riders
        self._parties = [*self.left]
        self._row = {party: at for at, party in enumerate(self._parties)}
        self._homes = np.array([party[0] for party in self._parties], np.int64)
        self._size = np.array([len(party) for party in self._parties], np.int64)
        self._chairs = np.array([sum(riders[i].wheelchair for i in p) for p in self._parties], np.int64)
        self._kind = np.array([riders[p[0]].level * 8 + riders[p[0]].purpose for p in self._parties], np.int64)
        self._waits = np.ones(len(self._parties), np.bool_)
        self._may = np.zeros((len(self.situation.vehicles), len(self._parties)), np.bool_)
        for at, party in enumerate(self._parties):
            self._may[self.carriers[party], at] = True

    def start(self, vehicle: int) -> tuple[int, int]:
        return next_start(self.situation, self.roads, vehicle, self.last.get(vehicle))

    def opened(self, party: Party, choices: Iterable[Choice]) -> Run | None:
        """The run of the first choice that can be made with this party."""
        sites = {site for site in self.roads.site_points if self._has_beds(party, site)}
        for vehicle, site in choices:
            if site not in sites:
                continue
            run = timed(self.situation, self.roads, vehicle, self.start(vehicle), [party], site)
            if self._feasible(run):
                beds = self.lodgings.find(party, site, run.arrive_ms)
                if beds is not None:
                    return replace(run, beds=beds)
        return None

    def _has_beds(self, party: Party, site: int) -> bool:
        """Whether a site has beds for a party at any time. Beds are only ever given away, so that a site which has none
        for parties of a kind is not asked again."""
        riders = self.situation.riders
        if any(site in riders[i].avoid for i in party):
            return False
        own = riders[party[0]].household
        kind = site, riders[party[0]].takes, len(party), own if self.lodgings.known(own) else 0
        if kind not in self._full and self.lodgings.find(party, site, self._closes[site]) is None:
            self._full.add(kind)
        return kind not in self._full

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
        self.points[run.vehicle], self.starts[run.vehicle] = self.start(run.vehicle)
        for party, _ in run.stops:
            del self.left[party]
            self._waits[self._row[party]] = False
            self.cases -= self.situation.riders[party[0]].level == PersonClass.case

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
        chairs = vehicle.wheelchairs - sum(riders[i].wheelchair for i in aboard)
        fits = self._waits & self._may[run.vehicle] & (self._size <= vehicle.seats - len(aboard))
        fits &= (self._chairs <= chairs) & (self._kind == first.level * 8 + first.purpose)
        fits[[self._row[party] for party in (*refused, *(party for party, _ in run.stops))]] = False
        rows = np.flatnonzero(fits)
        if len(rows) == 0:
            return None
        points = [int(self.points[run.vehicle]), *(p[0] for p, _ in run.stops), self.roads.site_points[run.site]]
        ms, homes = self.roads.ms, self._homes[rows]
        added = np.array([ms[a, homes] + ms[homes, b] - ms[a, b] for a, b in pairwise(points)])
        position, at = np.unravel_index(int(np.argmin(added)), added.shape)
        return (self._parties[int(rows[at])], int(position)) if added[position, at] <= ROUNDABOUT_MS else None


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
    """The vehicles and sites with which a party is there in time of shift and plan, the first to arrive first; vehicles
    with negative pressure are left to cases as long as some wait."""
    situation, ms, home = draft.situation, draft.roads.ms, party[0]
    able = np.array(draft.carriers[party], np.int64)
    sites = [*draft.roads.site_points]
    if len(able) == 0 or not sites:
        return []
    there = draft.starts[able] + ms[draft.points[able], home]
    ends = there[:, None] + ms[home, [draft.roads.site_points[site] for site in sites]][None, :]
    ends += 2 * situation.limits.boarding_ms
    spare = situation.riders[home].level != PersonClass.case and draft.cases > 0
    last = np.array([spare and situation.vehicles[v].sealed for v in able.tolist()])
    rows, columns = np.nonzero(ends <= np.minimum(draft.until[able], situation.horizon_ms)[:, None])
    order = np.lexsort((columns, rows, ends[rows, columns], last[rows]))
    return [(int(able[rows[at]]), sites[columns[at]]) for at in order.tolist()]


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
