"""World: what truly happens after decisions: who is fetched, driven, turned away, lodged, and when.

In: a city, a plan, decisions as they are made, discharges. Out: happenings in order of time, and for the truth where
people were.
Invariant: same seed, same decisions, same answers, however time is sliced. Whoever is told of is in one place: at home
(or stranded on the way), aboard one run, or in one bed.
Deliberately absent: how a run goes (replay/transfers/trips.py), what is told of it (receipts.py), and any tracing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from typing import Any

from replay.city.model import City
from replay.plan import Plan, Transfers
from replay.transfers.atlas import Atlas, Spot, drive_ms, road_m
from replay.transfers.chance import Chance
from replay.transfers.fleet import CREWS_A_VEHICLE, Shift, Vehicle, buy_vehicles, roster
from replay.transfers.happenings import Decision, Happening, Leg, Stay, Verdict, What
from replay.transfers.lodging import Site, found_sites
from replay.transfers.wards import Wards
from schemas.instants import DAY_MS, HOUR_MS, UNKNOWN_MS
from schemas.transfers import SiteKind

LODGED_SHARE, LODGED_DAYS = 0.3, 14
"""Of the rooms of health stations, so many are taken on the first day by people from elsewhere [D], for 14 days (8th
edition, S35 [M])."""
READY_MINUTES = (5, 20)
"""How long crews take to be off [D]."""


@dataclass
class Vessel:
    """A vehicle as it truly is. `run`: on which run it is; `waiting`: runs that it has yet to make."""

    vehicle: Vehicle
    spot: Spot
    run: str = ""
    waiting: list[str] = field(default_factory=list)
    whole_ms: int = UNKNOWN_MS


@dataclass
class Run:
    """A run. `aboard`: person → (purpose, since); `stops`: whom it has yet to fetch; `turned`: sites that turned away
    whom it carries."""

    code: str
    vehicle: int
    place: int
    people: list[int] = field(default_factory=list)
    departs_ms: int = UNKNOWN_MS
    departed_ms: int = UNKNOWN_MS
    breaks_ms: int = 1 << 62
    stops: list[int] = field(default_factory=list)
    aboard: dict[int, tuple[int, int]] = field(default_factory=dict)
    turned: dict[int, set[str]] = field(default_factory=dict)
    crew: tuple[int, int, str] = (-1, -1, "full")
    legs: int = 0
    stuck: bool = False
    over: bool = False


class World:
    """The world of one drill. `steps`: what each word on the agenda does (trips.py); `lodgers`: people from elsewhere,
    numbered after the crews."""

    def __init__(self, city: City, plan: Plan, first_ms: int, steps: Mapping[str, Callable[..., Any]]) -> None:
        self._steps = steps
        self.city, self.plan = city, plan.transfers or Transfers()
        self.atlas, self.chance = Atlas(city), Chance(plan.seed)
        self.sites: list[Site] = found_sites(city, self.atlas, self.plan, first_ms)
        self.wards = Wards(self.sites)
        self.vehicles = buy_vehicles(city, self.atlas, self.plan.vehicles)
        self.first_crew = len(city.people)
        self.first_lodger = self.first_crew + CREWS_A_VEHICLE * len(self.vehicles)
        self.shifts: list[Shift] = roster(city, self.vehicles, first_ms, plan.days, self.first_crew)
        self.vessels = [Vessel(vehicle, vehicle.depot) for vehicle in self.vehicles]
        self.runs: dict[str, Run] = {}
        self.assigned: dict[int, Decision] = {}
        self.riding: dict[int, str] = {}
        self.stranded: dict[int, Spot] = {}
        self.taken_ms: dict[int, int] = {}
        self.away: list[tuple[int, int, int]] = []  # person, since, until: who has come back
        self.kept_ms: dict[int, int] = {}
        self.refusals: dict[int, int] = {}
        self.lodged_ms: dict[int, int] = {}
        self.stays: list[Stay] = []
        self.legs: list[Leg] = []
        self.struck: list[tuple[str, int, str, int]] = []  # trouble, person, run, instant
        self.told: list[Happening] = []
        self.lodgers: list[Happening] = []
        self._agenda: list[tuple[int, int, str, tuple[object, ...]]] = []
        self._turn, self._next_place = count(), 1 + max(room.place for site in self.sites for room in site.rooms)
        self._next_place = max(self._next_place, len(city.places.ground))
        self.first_run_place = self._next_place
        self._lodge_others(first_ms)

    def _lodge_others(self, first_ms: int) -> None:
        """Who is in health stations already, from elsewhere, and when they may leave."""
        person = self.first_lodger
        for site in self.sites:
            for room in site.rooms:
                if site.kind == SiteKind.station and self.chance.of("lodged", site.code, room.code) < LODGED_SHARE:
                    came = first_ms - self.chance.minutes(60, LODGED_DAYS * 1440, "came", person)
                    self.lodge(person, site.code, room.code, came)
                    self.discharge(person, came + LODGED_DAYS * DAY_MS + HOUR_MS)
                    self.lodgers.append(Happening(What.admitted, came, person, site=site.code, room=room.code))
                    person += 1

    def at(self, at_ms: int, step: str, *about: object) -> None:
        """Puts something on the agenda, in whole seconds; at one instant things happen in the order of putting."""
        heappush(self._agenda, (at_ms // 1000 * 1000, next(self._turn), step, about))

    def decide(self, decisions: Iterable[Decision]) -> None:
        """Decisions of one instant: who is already aboard or in a bed is not called back."""
        for decision in decisions:
            person = decision.person
            if person in self.riding:
                self._redirect(decision)
            elif not self.settled(person, decision.purpose) and decision.verdict != Verdict.order:
                self.assigned.pop(person, None)
                if decision.verdict == Verdict.assign and 0 <= decision.vehicle < len(self.vessels):
                    self.assigned[person] = decision
                    self._plan(decision)
                elif decision.verdict == Verdict.home:
                    self.kept_ms.setdefault(person, decision.at_ms)

    def _redirect(self, decision: Decision) -> None:
        """Whoever is aboard goes to another site."""
        run = self.runs[self.riding[decision.person]]
        if decision.verdict == Verdict.assign:
            self.assigned[decision.person] = decision
            if run.stuck:
                run.stuck = False
                run.turned.pop(decision.person, None)
                self.at(decision.at_ms + self.chance.minutes(2, 8, "redirect", run.code), "drive", run.code)

    def _plan(self, decision: Decision) -> None:
        """A run gets one more to fetch: it departs as soon as the earliest pickup asks, some minutes on at the least; a
        run that is under way makes one more stop."""
        run = self.runs.get(decision.run)
        if run is None:
            run = self.runs[decision.run] = Run(decision.run, decision.vehicle, self._next_place)
            self._next_place += 1
        run.people.append(decision.person)
        if run.departed_ms != UNKNOWN_MS:
            if not run.over:
                run.stops.append(decision.person)
            else:
                self.at(decision.at_ms + self.chance.minutes(10, 40, "missed", run.code), "withdraw", decision.person)
            return
        ready = decision.at_ms + self.chance.minutes(*READY_MINUTES, "ready", run.code)
        asked = ready
        if decision.pickup_ms != UNKNOWN_MS:
            away = road_m(self.vessels[run.vehicle].spot, self.home(decision.person))
            asked = decision.pickup_ms - drive_ms(away, 1.0)
        departs = max(ready, asked)
        if run.departs_ms == UNKNOWN_MS or departs < run.departs_ms:
            run.departs_ms = departs
            self.at(departs, "depart", run.code)

    def settled(self, person: int, purpose: int) -> bool:
        """Whether somebody lies where people are taken for that purpose."""
        held = self.wards.of(person)
        return held is not None and self.wards.takes(held[0], purpose)

    def home(self, person: int) -> Spot:
        """Where somebody is fetched: in bed, at home, in their dormitory, at a depot; where they were stranded."""
        if (held := self.wards.of(person)) is not None:
            return self.wards.sites[held[0]].spot
        if person in self.stranded:
            return self.stranded[person]
        if person >= self.first_crew:
            return self.vehicles[(person - self.first_crew) // CREWS_A_VEHICLE % len(self.vehicles)].depot
        return self.atlas.spot(max(self.bed(person), 0))

    def bed(self, person: int) -> int:
        """The place where somebody of the city sleeps; −1 for none."""
        if person >= self.first_crew:
            return -1
        people = self.city.people
        dorm, home = int(people.dorm_place[person]), int(people.home[person])
        return dorm if dorm >= 0 else home

    def share(self, trouble: str) -> float:
        return self.plan.faults.get(trouble, 0.0)

    def strikes(self, trouble: str, at_ms: int, person: int, run: str, *about: object) -> bool:
        """Whether a trouble strikes; if it does, the truth knows."""
        struck = self.share(trouble) > 0 and self.chance.of(trouble, person, run, *about) < self.share(trouble)
        if struck:
            self.struck.append((trouble, person, run, at_ms))
        return struck

    def tell(self, happening: Happening) -> None:
        self.told.append(happening)

    def pass_time(self, until_ms: int) -> list[Happening]:
        """What happens before that instant, and has not been told yet."""
        while self._agenda and self._agenda[0][0] < until_ms:
            at_ms, _, step, about = heappop(self._agenda)
            self._steps[step](self, at_ms, *about)
        told = sorted((h for h in self.told if h.at_ms < until_ms), key=lambda h: (h.at_ms, h.what, h.person, h.run))
        self.told = [h for h in self.told if h.at_ms >= until_ms]
        return told

    def lodge(self, person: int, site: str, room: str, at_ms: int) -> None:
        """Somebody is in a bed from then on; told by whoever calls."""
        self.wards.lay(person, site, room)
        self.lodged_ms[person] = at_ms
        self.taken_ms.setdefault(person, at_ms)

    def discharge(self, person: int, at_ms: int) -> None:
        """Somebody may go home, if they are in a bed then."""
        self.at(at_ms, "discharge", person)

    def leave(self, person: int, at_ms: int) -> Happening | None:
        """Somebody leaves their bed; the caller tells of it, or not."""
        held = self.wards.of(person)
        if held is None:
            return None
        self.stays.append(Stay(person, self.wards.place(*held), self.lodged_ms.pop(person), at_ms))
        self.wards.leave(person)
        return Happening(What.discharged, at_ms, person, site=held[0], room=held[1])

    def return_home(self, person: int, at_ms: int) -> None:
        """Somebody is at home again, and stays there."""
        self.away.append((person, self.taken_ms.pop(person, at_ms), at_ms))
        self.kept_ms[person] = at_ms

    def end(self, at_ms: int) -> None:
        """The drill is over: whoever is aboard or in a bed is there until then."""
        for person, code in sorted(self.riding.items()):
            run = self.runs[code]
            self.stays.append(Stay(person, run.place, run.aboard[person][1], at_ms))
        for person in sorted(self.lodged_ms):
            site, room = self.wards.of(person) or ("", "")
            self.stays.append(Stay(person, self.wards.place(site, room), self.lodged_ms[person], at_ms))
