"""Injects: scenes that a drill asks for at a given time: who takes part, where, and who of them is the index.

In: a city, injects of a plan. Out: `Scene`, and a day's visits that have given way to it.
Invariant: a scene depends on the city's seed, its number and the inject alone; whoever takes part is nowhere else
meanwhile, nor on the way there and back.
Deliberately absent: that the index is infected (replay/wave), and what becomes of the scene.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from replay.city.diary import DAWN_S
from replay.city.model import City, Doing, Ground, Role, Visits, joined
from replay.city.travel import ZONE_S, adults_of
from replay.city.vehicles import LETTERS, ROWS
from replay.city.venues import ZONES
from replay.plan import Inject
from schemas.instants import DAY_MS, HOUR_MS, LOCAL_OFFSET_MS, MINUTE_MS
from schemas.keys import Ints

_CAST = 9_200
WAY_MS = 10 * MINUTE_MS
_KEPT = (Doing.home, Doing.sleep_away, Doing.work, Doing.learn, Doing.serve)
"""What somebody does before and after all the same; anything else that a scene cuts falls away."""
PEOPLE = {"train": 40, "wedding": 120, "market": 150, "hospital": 12, "truck_driver": 2, "household": 8}
"""Who takes part, where the inject does not say [D]."""
CARRIAGE = 9
"""The first carriage of a scene's train; day trippers and guests sit in those before it."""


@dataclass(frozen=True)
class Scene:
    """An inject come to life. `index`: the person in its midst; `people`: all who take part, ascending; `visits`: their
    stays; `day_start_ms`: the local midnight of the day to which they belong, which begins at dawn."""

    index: int
    people: Ints
    visits: Visits
    day_start_ms: int


@dataclass(frozen=True)
class Stage:
    """What a scene is set with."""

    city: City
    rng: np.random.Generator
    at_ms: int
    number: int

    def extras(self, number: int) -> Ints:
        """So many adults on whom nothing else depends: without work, or in an office."""
        city = self.city
        adults = adults_of(city, self.at_ms)
        work = city.people.work_place[adults]
        loose = (city.people.dorm_place[adults] < 0) & (city.people.home[adults] >= 0)
        loose &= (work < 0) | (city.places.ground[work] == Ground.office)
        busy = np.concatenate([city.posts[name] for name in ("courier", "grid_member", "inspector")])
        adults = np.setdiff1d(adults[loose], busy)
        drawn: Ints = self.rng.choice(adults, min(number, len(adults)), replace=False)
        return drawn

    def stays(self, people: Ints, place: Ints | int, doing: Doing, since: Ints | int, until: Ints | int) -> Visits:
        """Stays of people; times in milliseconds after the scene begins, in whole seconds."""
        count = len(people)
        begin, end = (self.at_ms + np.broadcast_to(t, count) // 1000 * 1000 for t in (since, until))
        none = np.zeros(count, np.int64)
        where = np.broadcast_to(place, count).copy()
        return Visits(people, where, np.full(count, int(doing)), begin, end, none, none, none)

    def within(self, people: Ints, place: int, doing: Doing, hours: float, low_min: int, high_min: int) -> Visits:
        """Stays at some time within the hours, the first of the people all along."""
        length = self.rng.integers(low_min, high_min, len(people)) * MINUTE_MS
        whole = round(hours * HOUR_MS)
        since = (self.rng.random(len(people)) * (whole - length)).astype(np.int64)
        since[0], length[0] = 0, whole
        return self.stays(people, place, doing, since, since + length)


def cast(city: City, number: int, inject: Inject) -> Scene:
    """The scene of the `number`th inject of a plan. Errors: ValueError if the city has no place for it."""
    stage = Stage(city, city.rng(_CAST, number), inject.at_ms, inject.people or PEOPLE.get(inject.kind, 0))
    index, visits = _SCENES[inject.kind](stage)
    local = inject.at_ms + LOCAL_OFFSET_MS - DAWN_S * 1000
    return Scene(index, np.unique(visits.person), visits, local // DAY_MS * DAY_MS - LOCAL_OFFSET_MS)


def give_way(visits: Visits, scene: Visits) -> Visits:
    """The visits without what their people do while they take part in a scene or are on their way."""
    people, first = np.unique(scene.person, return_inverse=True)
    begins, ends = np.full(len(people), 1 << 62), np.zeros(len(people), np.int64)
    np.minimum.at(begins, first, scene.since_ms - WAY_MS)
    np.maximum.at(ends, first, scene.until_ms + WAY_MS)
    taking_part = np.isin(visits.person, people)
    theirs = visits.where(taking_part)
    at = np.searchsorted(people, theirs.person)
    touched = (theirs.since_ms < ends[at]) & (theirs.until_ms > begins[at])
    kept, cut, at = theirs.where(~touched), theirs.where(touched), at[touched]
    lasting = np.isin(cut.doing, _KEPT)
    cut, at = cut.where(lasting), at[lasting]
    before = Visits(**{**vars(cut), "until_ms": np.minimum(cut.until_ms, begins[at])})
    after = Visits(**{**vars(cut), "since_ms": np.maximum(cut.since_ms, ends[at])})
    pieces = [piece.where(piece.until_ms > piece.since_ms) for piece in (before, after)]
    return joined([visits.where(~taking_part), kept, *pieces])


def _train(stage: Stage) -> tuple[int, Visits]:
    trains = stage.city.trains
    clock = (stage.at_ms + LOCAL_OFFSET_MS) % DAY_MS // 1000
    begins = np.where(trains.in_depart_s >= 0, trains.in_depart_s, trains.out_depart_s)
    ends = np.where(trains.in_depart_s >= 0, trains.in_arrive_s, trains.out_arrive_s)
    train = int(np.argmin(np.abs(begins - clock)))
    people = stage.extras(stage.number)
    visits = stage.stays(people, int(trains.place[train]), Doing.ride, 0, int(ends[train] - begins[train]) * 1000)
    sold = np.arange(len(people))
    carriage, seat = sold // (ROWS * len(LETTERS)) + CARRIAGE, sold % (ROWS * len(LETTERS))
    row, letter = seat // len(LETTERS) + 1, np.array(LETTERS)[seat % len(LETTERS)]
    middle = min(len(people), ROWS * len(LETTERS)) // 2
    return int(people[middle]), Visits(**{**vars(visits), "carriage": carriage, "row": row, "seat": letter})


def _wedding(stage: Stage) -> tuple[int, Visits]:
    people = stage.extras(stage.number)
    hall = int(stage.rng.choice(stage.city.places.of(Ground.banquet)))
    return int(people[0]), stage.within(people, hall, Doing.celebrate, 3, 120, 180)


def _market(stage: Stage) -> tuple[int, Visits]:
    city = stage.city
    keepers = np.flatnonzero(city.places.ground[city.people.work_place] == Ground.stall)
    keepers = keepers[city.people.work_place[keepers] >= 0]
    index = int(stage.rng.choice(keepers))
    stall = int(city.people.work_place[index])
    market = int(city.places.house[stall])
    one = np.array([index])
    parts = [stage.stays(one, place, Doing.serve, 0, 3 * HOUR_MS) for place in (stall, market)]
    customers = stage.within(np.append(index, stage.extras(stage.number)), market, Doing.shop, 3, 15, 50)
    return index, joined([*parts, customers.where(customers.person != index)])


def _school(stage: Stage) -> tuple[int, Visits]:
    city = stage.city
    pupils = np.flatnonzero((city.people.role == Role.pupil) & (city.people.class_place >= 0))
    index = int(stage.rng.choice(pupils))
    return index, _room(stage, index, city.people.class_place, Doing.learn)


def _workplace(stage: Stage) -> tuple[int, Visits]:
    city = stage.city
    workers = np.flatnonzero(city.places.ground[city.people.work_place] == Ground.office)
    officials = np.concatenate([city.posts[n] for n in ("grid_member", "cadre", "district_leader", "inspector")])
    workers = np.setdiff1d(workers[city.people.work_place[workers] >= 0], officials)
    index = int(stage.rng.choice(workers[city.people.dorm_place[workers] < 0]))
    return index, _room(stage, index, city.people.work_place, Doing.work)


def _room(stage: Stage, index: int, place_of: Ints, doing: Doing) -> Visits:
    """A day of all who belong to the index's room; of so many, if the inject says how many."""
    room = int(place_of[index])
    others = np.setdiff1d(np.flatnonzero(place_of == room), [index])
    people = np.append(index, others[: stage.number - 1] if stage.number else others)
    late = stage.rng.integers(0, 10, len(people)) * MINUTE_MS
    return stage.stays(people, room, doing, late, 8 * HOUR_MS + late)


def _hospital(stage: Stage) -> tuple[int, Visits]:
    people = stage.extras(stage.number)
    ward = int(stage.rng.choice(stage.city.places.of(Ground.clinic)))
    return int(people[0]), stage.within(people, ward, Doing.treat, 2, 20, 100)


def _truck_driver(stage: Stage) -> tuple[int, Visits]:
    city = stage.city
    at = int(stage.rng.integers(0, len(city.posts["companion"])))
    aboard = np.array([city.posts["trucker"][at], city.posts["companion"][at]])[: max(1, stage.number)]
    parts, clock = [], 60_000
    for zone, place in zip(ZONES, city.places.of(Ground.logistics).tolist(), strict=True):
        until = clock + int(stage.rng.integers(*ZONE_S[zone])) * 1000
        parts.append(stage.stays(aboard, place, Doing.haul, clock, until))
        clock = until + 2 * MINUTE_MS
    cab = int(city.people.work_place[aboard[0]])
    return int(aboard[0]), joined([*parts, stage.stays(aboard, cab, Doing.drive, 0, clock)])


def _household(stage: Stage) -> tuple[int, Visits]:
    """Relatives come to the index's home for some hours."""
    people = stage.extras(stage.number)
    index, home = int(people[0]), int(stage.city.people.home[people[0]])
    family = np.flatnonzero(stage.city.people.home == home)
    guests = np.setdiff1d(people, family)
    at_home = stage.stays(family, home, Doing.home, 0, 4 * HOUR_MS)
    late = stage.rng.integers(0, 40, len(guests)) * MINUTE_MS
    return index, joined([at_home, stage.stays(guests, home, Doing.visit, late, 3 * HOUR_MS + late)])


_SCENES: dict[str, Callable[[Stage], tuple[int, Visits]]] = {
    "train": _train, "wedding": _wedding, "market": _market, "school": _school, "hospital": _hospital,
    "truck_driver": _truck_driver, "household": _household, "workplace": _workplace,
}  # fmt: skip
