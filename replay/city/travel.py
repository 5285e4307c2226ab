"""Travel: trains and who rides on them, guests of hotels, lorries in the logistics park, shuttles of the small firms.

In: a diary, its moves, the profile. Out: stays in the diary.
Invariant: on a train everybody has a seat of their own until all are sold; a guest is in the city from one day to the
next, by the parity of their number, so that no day needs to know the one before.
Deliberately absent: where people are while they are elsewhere.
"""

from __future__ import annotations

import numpy as np

from replay.city.diary import DAY_S
from replay.city.model import City, Doing, Ground
from replay.city.moves import EAT, SHOP, Moves
from replay.city.vehicles import SHUTTLE_SEATS, seats
from replay.city.venues import ZONES
from replay.plan import Profile
from schemas.keys import Ints

HOUR_S = 3600
DAY_TRIPS = 0.019
"""Share of the free adults who go to another town for the day [D]: with guests, 25,000 tickets a routine day."""
BY_TRAIN = 0.6
ZONE_S = {"gate": (120, 420), "channel": (300, 900), "buffer": (1_800, 5_400), "disinfect": (300, 900),
           "yard": (3_600, 9_000)}  # fmt: skip
"""How long a lorry is in each zone [D]."""


class Rails:
    """The trains of a day, with the seats sold so far."""

    def __init__(self, moves: Moves) -> None:
        self.diary = moves.diary
        self.trains = moves.city.trains
        self._sold = np.zeros((2, len(self.trains.place)), np.int64)

    def between(self, outward: bool, low_s: int, high_s: int) -> Ints:
        """Numbers of the services whose outward (inward) part begins after `low_s` and ends before `high_s`."""
        t = self.trains
        begins, ends = (t.out_depart_s, t.out_arrive_s) if outward else (t.in_depart_s, t.in_arrive_s)
        found: Ints = np.flatnonzero((begins >= low_s) & (ends <= high_s) & (begins >= 0))
        return found

    def times(self, outward: bool, train: Ints) -> tuple[Ints, Ints]:
        t = self.trains
        begins, ends = (t.out_depart_s, t.out_arrive_s) if outward else (t.in_depart_s, t.in_arrive_s)
        return begins[train], ends[train]

    def ride(self, outward: bool, people: Ints, train: Ints) -> None:
        """They ride on the services of those numbers, each on a seat of their own."""
        order = np.argsort(train, kind="stable")
        _, starts, counts = np.unique(train[order], return_index=True, return_counts=True)
        rank = np.zeros(len(people), np.int64)
        rank[order] = np.arange(len(people)) - starts.repeat(counts)
        sold = self._sold[int(outward)]
        seat = seats(rank + sold[train])
        sold += np.bincount(train, minlength=len(sold))
        since, until = self.times(outward, train)
        self.diary.note(people, self.trains.place[train], Doing.ride, since, until, seat)


def run_trains(rails: Rails, crews: Ints) -> None:
    """The crews: two a service, aboard from its first to its last hour."""
    t = rails.trains
    train = np.arange(len(t.place)).repeat(len(crews) // max(1, len(t.place)))
    since = np.where(t.in_depart_s >= 0, t.in_depart_s, t.out_depart_s)[train]
    until = np.where(t.out_depart_s >= 0, t.out_arrive_s, t.in_arrive_s)[train]
    rails.diary.note(crews, t.place[train], Doing.drive, since, until)


def day_trips(moves: Moves, rails: Rails, adults: Ints, staffed: int) -> None:
    """Some of the adults go away by a morning train and come back by an evening one."""
    diary = moves.diary
    out = rails.between(True, 6 * HOUR_S + 1_800, 14 * HOUR_S)
    back = rails.between(False, 15 * HOUR_S, 22 * HOUR_S + 1_800)
    if not len(out) or not len(back):
        return
    people = diary.some(adults, DAY_TRIPS)
    train = diary.rng.choice(out, len(people))
    departs, _ = rails.times(True, train)
    moves.out(people, departs - HOUR_S - diary.between(0, 1_200, people), staffed)
    moves.check(diary.some(people, 0.6))
    rails.ride(True, people, train)
    rails.ride(False, people, diary.rng.choice(back, len(people)))
    moves.home(people, 1_500, 3_600, staffed)


def host_guests(moves: Moves, rails: Rails, profile: Profile) -> None:
    """Travellers come to hotels for a night, and those of yesterday leave."""
    diary, city, rng = moves.diary, moves.city, moves.diary.rng
    guests = city.posts["guest"]
    if profile == "emergency":
        guests = guests[np.arange(len(guests)) % 8 < 2]
    comes = (guests - city.residents + diary.day) % 2 == 0
    coming, leaving = guests[comes], guests[~comes]
    trains = rails.between(False, 6 * HOUR_S, 20 * HOUR_S)
    by_train = diary.some(coming, BY_TRAIN if len(trains) else 0)
    rails.ride(False, by_train, rng.choice(trains, len(by_train)) if len(trains) else by_train)
    by_road = np.setdiff1d(coming, by_train)
    diary.clock[by_road] = diary.between(9 * HOUR_S, 19 * HOUR_S, by_road)
    moves.check(diary.some(coming, 0.85))
    moves.errand(diary.some(coming, 0.3), SHOP)
    if profile == "routine":
        moves.errand(diary.some(coming, 0.5), EAT)
    rooms = rng.permutation(city.places.of(Ground.hotel_room))
    pairs = len(coming) // 4
    number = np.append(np.arange(pairs) // 2, pairs + np.arange(len(coming) - pairs))
    since = np.maximum(diary.clock[coming] + diary.between(600, 2_400, coming), 12 * HOUR_S)
    until = DAY_S + diary.between(7 * HOUR_S, 10 * HOUR_S + 1_800, coming)
    diary.note(coming, rooms[number % len(rooms)], Doing.sleep_away, since, until)
    diary.clock[leaving] = 11 * HOUR_S
    if profile == "routine":
        moves.errand(diary.some(leaving, 0.3), EAT)
    moves.check(diary.some(leaving, 0.5))
    trains = rails.between(True, 13 * HOUR_S + 1_800, DAY_S)
    if len(trains):
        by_train = diary.some(leaving, BY_TRAIN)
        rails.ride(True, by_train, rng.choice(trains, len(by_train)))


def send_lorries(moves: Moves, profile: Profile) -> None:
    """Lorries pass the zones of the logistics park; who is in the cab is in every zone with it."""
    diary, city = moves.diary, moves.city
    truckers, companions = city.posts["trucker"], city.posts["companion"]
    turn = 2 if profile == "emergency" else 4
    number = np.flatnonzero((np.arange(len(truckers)) + diary.day) % turn == 0)
    drivers = truckers[number]
    second = number < len(companions)
    mates = companions[number[second]]
    diary.clock[drivers] = diary.between(6 * HOUR_S, 20 * HOUR_S, drivers)
    moves.check(diary.some(drivers, 0.7))
    zones = city.places.of(Ground.logistics)
    begins = diary.clock[drivers] + 60
    for zone, place in zip(ZONES, zones.tolist(), strict=True):
        since = diary.clock[drivers] + diary.between(60, 300, drivers)
        until = since + diary.between(*ZONE_S[zone], drivers)
        diary.note(drivers, np.full(len(drivers), place), Doing.haul, since, until)
        diary.note(mates, np.full(len(mates), place), Doing.haul, since[second], until[second])
    until = diary.clock[drivers]
    cab = city.people.work_place[drivers]
    diary.note(drivers, cab, Doing.drive, begins, until)
    diary.note(mates, cab[second], Doing.drive, begins[second], until[second])


def share_shuttles(moves: Moves) -> None:
    """The small firms' workers: from the shared dormitory by shuttle to work, and back."""
    diary, city = moves.diary, moves.city
    workers, shuttles = city.posts["lanjia_worker"], city.places.of(Ground.shuttle)
    number = np.arange(len(workers))
    shuttle = number // SHUTTLE_SEATS % len(shuttles)
    seat = (number * 0, number % SHUTTLE_SEATS // 4 + 1, number % 4 + 1)
    diary.leave(workers, 7 * HOUR_S + diary.between(0, 480, workers))
    arrives = 7 * HOUR_S + 2_100 + shuttle % 4 * 120
    diary.note(workers, shuttles[shuttle], Doing.ride, diary.clock[workers] + 60, arrives, seat)
    work = city.people.work_place[workers]
    diary.note(workers, work, Doing.work, arrives + 300, 17 * HOUR_S + diary.between(600, 1_800, workers))
    home = 17 * HOUR_S + 4_200 + shuttle % 4 * 120
    diary.note(workers, shuttles[shuttle], Doing.ride, diary.clock[workers] + 120, home, seat)
    diary.back(workers, diary.between(60, 300, workers))
    drive_shuttles(moves, shuttles)


def drive_shuttles(moves: Moves, shuttles: Ints) -> None:
    """Their drivers, from before the first has boarded until the last has alighted; at home in between."""
    diary, work = moves.diary, moves.city.people.work_place[: moves.city.residents]
    drivers = np.flatnonzero(np.isin(work, shuttles))
    drivers = drivers[diary.free[drivers]]
    for begins, ends in ((7 * HOUR_S - 300, 7 * HOUR_S + 2_700), (17 * HOUR_S + 600, 17 * HOUR_S + 4_800)):
        diary.leave(drivers, np.full(len(drivers), begins - 2_400))
        diary.note(drivers, work[drivers], Doing.drive, np.full(len(drivers), begins), np.full(len(drivers), ends))
        diary.back(drivers, diary.between(900, 2_400, drivers))


def adults_of(city: City, start_ms: int) -> Ints:
    """The residents of eighteen years and more."""
    day = start_ms // 86_400_000 + 1
    grown: Ints = np.flatnonzero(city.people.born[: city.residents] < day - 18 * 365)
    return grown
