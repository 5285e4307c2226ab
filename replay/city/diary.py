"""Diary: what people do on one local day while it is written, stay by stay.

In: a city, a day, and stays as somebody makes them. Out: `Visits`.
Invariant: a person's stays follow one another in time, with a way between them; at night they are in their bed. The
day turns at dawn, four in the morning (at half past six where a bell wakes: in dormitories), so a night is one stay.
Deliberately absent: who does what (replay/city/routine.py, replay/city/emergency.py).
"""

from __future__ import annotations

import numpy as np

from replay.city.model import City, Doing, Ground, Visits
from schemas.keys import Ints

DAY_S = 86_400
DAWN_S = 4 * 3600
BELL_S = 23_400
_DAY = 9_100
"""Purpose of the generator of a day."""
_NO_HOUSE = (Ground.bus, Ground.metro)
"""Rides have one row, in the vehicle; its line is known from the place."""


class Diary:
    """The stays of one day. Units: seconds since the day's local midnight. Shape: `clock`, `bed`, `dawn`: one row a
    person; since when they are where they are (or have been on their way), where they sleep (-1: not in the city), and
    when their day turns."""

    def __init__(self, city: City, day: int, start_ms: int, bed: Ints) -> None:
        self.city = city
        self.day = day
        self.start_ms = start_ms
        self.rng = city.rng(_DAY, day)
        self.bed = bed
        wakes = np.isin(city.places.ground[bed], (Ground.dormitory, Ground.care_room)) & (bed >= 0)
        self.dawn = np.where(wakes, BELL_S, DAWN_S)
        self.clock = np.where(bed >= 0, 0, DAWN_S) if day == 0 else self.dawn.copy()
        self.free = bed >= 0
        """Who has nothing to do yet today."""
        self._parts: list[tuple[Ints, ...]] = []

    def note(
        self, people: Ints, place: Ints, doing: Doing | Ints, since: Ints, until: Ints,
        seat: tuple[Ints, Ints, Ints] | None = None,
    ) -> None:  # fmt: skip
        """Stays as they are; their people's clocks move on to `until`. A stay that would not last is none."""
        none = np.zeros(len(people), np.int64)
        doings = np.full(len(people), int(doing)) if isinstance(doing, Doing) else doing
        where = np.broadcast_to(place, len(people))
        rows = (people, where, doings, since, until, *(seat or (none, none, none)))
        lasting = until > since
        self._parts.append(rows if lasting.all() else tuple(column[lasting] for column in rows))
        self.clock[people] = np.maximum(since, until)

    def stay(self, people: Ints, place: Ints, doing: Doing, way: Ints, length: Ints) -> None:
        """A stay after a way to it. Units: seconds."""
        since = self.clock[people] + way
        self.note(people, place, doing, since, since + length)

    def leave(self, people: Ints, at: Ints) -> None:
        """They are up and out at `at`, or a minute from now if that is over."""
        since = self.clock[people]
        self.note(people, self.bed[people], self._resting(people), since, np.maximum(at, since + 60))
        self.free[people] = False

    def back(self, people: Ints, way: Ints) -> None:
        """They are where they sleep again, after a way."""
        self.clock[people] += way

    def some(self, people: Ints, share: float) -> Ints:
        """A random share of people, in their order."""
        chosen: Ints = people[self.rng.random(len(people)) < share]
        return chosen

    def between(self, low: int, high: int, people: Ints) -> Ints:
        """Random seconds for each of the people, from low up to high."""
        return self.rng.integers(low, high, len(people))

    def close(self, tonight: Ints) -> Visits:
        """All stays of the day. `tonight`: where each sleeps; whoever is still out is in no bed."""
        self.bed = tonight
        people = np.flatnonzero(tonight >= 0)
        self.note(people, tonight[people], self._resting(people), self.clock[people], self._wakes(people) + DAY_S)
        columns = [np.concatenate(column) for column in zip(*self._parts, strict=True)]
        self._parts = []
        house = self.city.places.house[columns[1]]
        inside = np.flatnonzero((house >= 0) & ~np.isin(self.city.places.ground[columns[1]], _NO_HOUSE))
        extra = [column[inside] for column in columns]
        extra[1] = house[inside]
        person, place, doing, since, until, *seat = (
            np.concatenate(both) for both in zip(columns, extra, strict=True)
        )  # fmt: skip
        return Visits(person, place, doing, self.start_ms + since * 1000, self.start_ms + until * 1000, *seat)

    def _wakes(self, people: Ints) -> Ints:
        slept = self.city.places.ground[self.bed[people]]
        return np.where(np.isin(slept, (Ground.dormitory, Ground.care_room)), BELL_S, DAWN_S)

    def _resting(self, people: Ints) -> Ints:
        at_home = self.city.places.ground[self.bed[people]] == Ground.home
        return np.where(at_home, int(Doing.home), int(Doing.sleep_away))
