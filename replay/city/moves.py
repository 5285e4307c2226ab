"""Moves: the ways people get about and the everyday places they go to: rides, gates, checks, errands.

In: a diary, people, a day's chance. Out: stays in the diary.
Invariant: people go to places of their own street more often than to others; a vehicle is boarded only while somebody
drives it; a taxi carries one trip at a time.
Deliberately absent: who goes when and why (replay/city/routine.py, replay/city/emergency.py).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from replay.city.diary import Diary
from replay.city.model import City, Doing, Ground
from replay.city.vehicles import METRO_CARRIAGES, METRO_LINES
from schemas.keys import Ints

SERVICE_S = (19_800, 77_400)
"""Buses and metros run from half past five to half past nine [D]."""
HEADWAY_S = 240
"""One vehicle of a line after the other [D]: at the busiest time some fifty people are aboard."""
_SLOT_S = 1_200
"""A taxi takes one trip in so long [D]."""
_NEAR = 0.75
"""Share of errands in one's own street [D]."""


class Errand(NamedTuple):
    """A kind of place to go to, what is done there, and for how long. Units: seconds. All [D]."""

    ground: Ground
    doing: Doing
    low: int
    high: int


SHOP = Errand(Ground.shop, Doing.shop, 480, 2_400)
MARKET = Errand(Ground.market, Doing.shop, 900, 3_000)
EAT = Errand(Ground.restaurant, Doing.eat, 1_800, 4_800)
MEDICINE = Errand(Ground.pharmacy, Doing.medicine, 300, 900)
CLINIC = Errand(Ground.clinic, Doing.treat, 1_200, 7_200)


class Nearby:
    """The places of a ground by street."""

    def __init__(self, city: City, ground: Ground) -> None:
        found = city.places.of(ground)
        street = city.places.street[found]
        self.places = found[np.argsort(street, kind="stable")]
        self.count = np.bincount(street, minlength=len(city.streets))
        self.first = np.cumsum(self.count) - self.count

    def choose(self, street: Ints, rng: np.random.Generator) -> Ints:
        """A place for somebody from each of the streets (-1: from elsewhere)."""
        here = self.first[street] + (rng.random(len(street)) * self.count[street]).astype(np.int64)
        near = (street >= 0) & (self.count[street] > 0) & (rng.random(len(street)) < _NEAR)
        anywhere = rng.integers(0, len(self.places), len(street))
        chosen: Ints = self.places[np.where(near, here, anywhere)]
        return chosen


class Moves:
    """What can be done on a day, written into its diary."""

    def __init__(self, diary: Diary) -> None:
        self.diary = diary
        self.city = city = diary.city
        grounds = (
            Ground.shop, Ground.market, Ground.restaurant, Ground.pharmacy, Ground.clinic, Ground.checkpoint,
        )  # fmt: skip
        self._near = {ground: Nearby(city, ground) for ground in grounds}
        self._street = np.where(city.people.home >= 0, city.places.street[city.people.home], -1)
        self._compound = np.where(city.people.home >= 0, city.places.compound[city.people.home], -1)
        self._gates = city.places.of(Ground.gate)
        self._buses, self._metros = city.places.of(Ground.bus), city.places.of(Ground.metro)
        self.taxis = city.places.of(Ground.taxi)
        self._hired = np.ones((len(self.taxis), 2 * 86_400 // _SLOT_S), np.bool_)

    def out(self, people: Ints, at: Ints, staffed: int) -> None:
        """They leave at `at`, through the gate where it is staffed: in every so-manyth compound."""
        self.diary.leave(people, at)
        self._pass(people, staffed)

    def home(self, people: Ints, low: int, high: int, staffed: int) -> None:
        """The way home, in so many seconds, and through the gate."""
        self.diary.back(people, self.diary.between(low, high, people))
        self._pass(people, staffed)
        self.diary.back(people, self.diary.between(40, 160, people))

    def _pass(self, people: Ints, staffed: int) -> None:
        people = people[(self._compound[people] >= 0) & (self._compound[people] % staffed == 0)]
        gate = self._gates[self._compound[people] * 2 + people % 2]
        way, length = self.diary.between(60, 150, people), self.diary.between(40, 240, people)
        self.diary.stay(people, gate, Doing.pass_gate, way, length)

    def check(self, people: Ints) -> None:
        """A check at a checkpoint of their street, or at any."""
        at = self._near[Ground.checkpoint].choose(self._street[people], self.diary.rng)
        way, length = self.diary.between(120, 600, people), self.diary.between(90, 360, people)
        self.diary.stay(people, at, Doing.check, way, length)

    def errand(self, people: Ints, what: Errand, street: Ints | None = None) -> None:
        """An errand on foot, near home or in the streets that are given."""
        near = self._street[people] if street is None else street
        place = self._near[what.ground].choose(near, self.diary.rng)
        way, length = self.diary.between(180, 900, people), self.diary.between(what.low, what.high, people)
        self.diary.stay(people, place, what.doing, way, length)

    def ride(self, people: Ints) -> None:
        """A ride on their line, or the same way on foot where none runs. People of a line who leave at one time find
        themselves in one vehicle, day after day."""
        diary, city = self.diary, self.city
        line = city.people.line[people]
        since = diary.clock[people] + diary.between(180, 480, people)
        length = diary.between(480, 2_100, people)
        runs = (line >= 0) & (since >= SERVICE_S[0]) & (since + length <= SERVICE_S[1])
        diary.back(people[~runs], diary.between(600, 2_400, people[~runs]))
        people, line, since, length = people[runs], line[runs], since[runs], length[runs]
        buses = len(city.lines) - METRO_LINES
        per_bus, per_metro = len(self._buses) // buses, len(self._metros) // METRO_LINES
        turn = since // HEADWAY_S + line * 7
        bus = self._buses[np.minimum(line, buses - 1) * per_bus + turn % per_bus]
        metro = self._metros[np.maximum(line - buses, 0) * per_metro + turn % per_metro]
        by_metro = line >= buses
        carriage = np.where(by_metro, people * 7 % METRO_CARRIAGES + 1, 0)
        none = np.zeros(len(people), np.int64)
        diary.note(
            people, np.where(by_metro, metro, bus), Doing.ride, since, since + length, (carriage, none, none)
        )  # fmt: skip

    def on_duty(self, drivers: Ints, since: Ints, until: Ints) -> None:
        """Taxis take trips while their drivers are in them."""
        row = np.searchsorted(self.taxis, self.city.people.work_place[drivers])
        slots = np.arange(self._hired.shape[1])
        away = (slots * _SLOT_S < since[:, None]) | ((slots + 1) * _SLOT_S > until[:, None])
        self._hired[row] = away

    def hail(self, people: Ints) -> None:
        """A taxi each, in the next third of an hour, as far as one is free; the others walk."""
        diary = self.diary
        slot = (diary.clock[people] + 60) // _SLOT_S + 1
        got = np.full(len(people), -1)
        for at in np.unique(slot).tolist():
            waiting = np.flatnonzero(slot == at)
            vacant = diary.rng.permutation(np.flatnonzero(~self._hired[:, at]))
            served = min(len(waiting), len(vacant))
            got[waiting[:served]] = vacant[:served]
            self._hired[vacant[:served], at] = True
        riding = got >= 0
        diary.back(people[~riding], diary.between(900, 2_400, people[~riding]))
        people, got, slot = people[riding], got[riding], slot[riding]
        since = slot * _SLOT_S + diary.between(0, 240, people)
        diary.note(people, self.taxis[got], Doing.ride, since, since + diary.between(360, 920, people))
