"""Isolation: who is isolated since when, in which room, as what, and until when.

In: admissions and discharges that were decided. Out: the day's stays, and who is to be swabbed in isolation.
Invariant: a room holds one person. Whoever is isolated is nowhere else until they are discharged.
Deliberately absent: why (replay/wave/response.py).
"""

from __future__ import annotations

import numpy as np

from replay.city.model import AT_LARGE_MS, City, Ground
from replay.wave.course import Stays
from replay.wave.illness import seconds
from schemas.instants import DAY_MS, HOUR_MS, UNKNOWN_MS, day_start, local_day
from schemas.keys import Ints

OTHER, CONTACT, CASE = 1, 2, 3
OTHERS_SHARE = 0.6
"""Of the rooms, as many may be taken for reasons from elsewhere [D]."""
SWAB_DAYS = (1, 4, 7, 14)
"""Days after admission on which contacts are swabbed. Source: 8th edition (domain 2.5, S35) [M]."""


class Isolation:
    """Columns have one row a person. `isolated_ms`: AT_LARGE_MS where not; `first_ms`: since when they were first;
    `role`: as what, 0 not at all; `place`: their room, -1 none."""

    def __init__(self, city: City) -> None:
        people = len(city.people)
        self.isolated_ms, self.first_ms = np.full(people, AT_LARGE_MS), np.full(people, UNKNOWN_MS)
        self.role, self.place = np.zeros(people, np.int64), np.full(people, -1)
        self.admitted_ms, self.discharge_ms = np.full(people, UNKNOWN_MS), np.full(people, AT_LARGE_MS)
        rooms = city.places.of(Ground.isolation_room)
        self._free = rooms[np.argsort(city.rng(_PURPOSE, 0).random(len(rooms)))]
        self._rooms = len(rooms)

    @property
    def spare(self) -> int:
        """How many more may be isolated for reasons from elsewhere, so that the wave's own find rooms."""
        others = int((self.role == OTHER).sum())
        return max(0, int(self._rooms * OTHERS_SHARE) - others)

    def admit(self, people: Ints, at_ms: Ints, days: float, role: int, rng: np.random.Generator) -> None:
        """These are isolated from then on, for so many days. Whoever is already, moves."""
        self._release(people)
        given = np.full(len(people), -1)
        count = min(len(people), len(self._free))
        given[:count], self._free = self._free[:count], self._free[count:]
        self.place[people], self.role[people], self.admitted_ms[people] = given, role, at_ms
        at_large = self.isolated_ms[people] == AT_LARGE_MS
        self.isolated_ms[people] = np.where(at_large, at_ms, self.isolated_ms[people])
        self.first_ms[people] = np.where(self.first_ms[people] == UNKNOWN_MS, at_ms, self.first_ms[people])
        leaves = day_start(local_day(at_ms + seconds(np.full(len(people), days)))) + 8 * HOUR_MS
        self.discharge_ms[people] = leaves + rng.integers(0, 10 * 3600, len(people)) * 1000

    def take(self, people: Ints, at_ms: Ints, days: float) -> None:
        """These are taken away, or kept at home, by somebody who dispatches; whoever was isolated already stays so."""
        new = self.isolated_ms[people] == AT_LARGE_MS
        people, at_ms = people[new], at_ms[new]
        self.role[people], self.admitted_ms[people] = CONTACT, at_ms
        self.isolated_ms[people] = at_ms
        self.first_ms[people] = np.where(self.first_ms[people] == UNKNOWN_MS, at_ms, self.first_ms[people])
        self.discharge_ms[people] = day_start(local_day(at_ms) + int(days) + 1) + 8 * HOUR_MS

    def stays(self, start_ms: int) -> Stays:
        """What begins and ends on the day. Whoever is discharged is at large from the next day on."""
        came = _within(self.admitted_ms, start_ms)
        left = _within(self.discharge_ms, start_ms)
        ended = np.repeat([0, 1], [len(came), len(left)])
        person = np.concatenate([came, left])
        at = np.concatenate([self.admitted_ms[came], self.discharge_ms[left]])
        stays = Stays(person, self.place[person], at, ended)
        self._release(left)
        self.isolated_ms[left], self.discharge_ms[left], self.role[left] = AT_LARGE_MS, AT_LARGE_MS, 0
        return stays

    def swabbed(self, start_ms: int) -> Ints:
        """Who in isolation is swabbed on the day: those who are no case yet, some days after they came."""
        inside = np.flatnonzero((self.role == CONTACT) | (self.role == OTHER))
        since = local_day(np.full(len(inside), start_ms)) - local_day(self.admitted_ms[inside])
        found: Ints = inside[np.isin(since, SWAB_DAYS)]
        return found

    def _release(self, people: Ints) -> None:
        rooms = self.place[people]
        self._free = np.concatenate([self._free, rooms[rooms >= 0]])
        self.place[people] = -1


_PURPOSE = 703


def _within(at_ms: Ints, start_ms: int) -> Ints:
    return np.flatnonzero((at_ms >= start_ms) & (at_ms < start_ms + DAY_MS))
