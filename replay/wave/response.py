"""Response: what the field does about those who are found, by itself: reports, isolation, households, questions.

In: who turned out positive on a day. Out: reports, contacts put under control, what cases tell, further admissions.
Invariant: it knows what tests found and what people told, and nothing of a tracing engine; nobody is found twice.
Deliberately absent: the chance of infection, and records.
"""

from __future__ import annotations

import numpy as np

from replay.city.model import AT_LARGE_MS, City
from replay.plan import Profile
from replay.wave.course import Legs, Orders, Reports, Stays
from replay.wave.diary import Diary
from replay.wave.illness import Illness
from replay.wave.isolation import CASE, CONTACT, OTHER, Isolation
from replay.wave.parameters import Parameters
from replay.wave.testing import Positives
from schemas.codes import Discovery
from schemas.departments import health
from schemas.departments.drafting import PEOPLE
from schemas.instants import DAY_MS, HOUR_MS, MINUTE_MS, UNKNOWN_MS, day_start, local_day
from schemas.keys import Ints

LOOK_BACK_DAYS = 4
"""How far back cases are asked. Source: local practice of spring 2022 (domain CC-2, S26) [B]."""


class Response:
    """Everybody's standing: `found_ms`, `known_ms`, `reported_ms`, one row a person."""

    def __init__(self, city: City, parameters: Parameters, illness: Illness, profile: Profile) -> None:
        self._city, self._p, self._illness = city, parameters, illness
        self.isolation, self.diary = Isolation(city), Diary(city)
        people = len(city.people)
        self.found_ms, self.known_ms, self.reported_ms = (np.full(people, UNKNOWN_MS) for _ in range(3))
        self._discovery = np.zeros(people, np.int64)
        self._told_ms = np.full(people, UNKNOWN_MS)
        per_day = health.EXPECTED["isolation_admission"].per_day[profile]
        self._others = per_day * city.residents / PEOPLE * parameters["others_isolated"] * parameters["tests"]

    def begin(self, first_ms: int, spared: Ints, rng: np.random.Generator) -> Stays:
        """Who is in isolation already before the first day, for reasons from elsewhere; when and where they came."""
        days = int(self._p["contact_stay_d"])
        count = min(round(self._others * days), self.isolation.spare)
        people = np.setdiff1d(rng.choice(self._city.residents, count, replace=False), spared)
        at = first_ms - rng.integers(1, days * 86_400, len(people)) * 1000
        self.isolation.admit(people, at, self._p["contact_stay_d"], OTHER, rng)
        return Stays(people, self.isolation.place[people], at, np.zeros(len(people), np.int64))

    def find(self, positives: Positives, rng: np.random.Generator) -> Orders:
        """Reports and isolates those who were not known before, and who lives with them; that evening and the next
        morning."""
        order = np.lexsort((positives.found_ms, positives.known_ms, positives.person))
        rows = order[np.unique(positives.person[order], return_index=True)[1]]
        rows = rows[self.known_ms[positives.person[rows]] == UNKNOWN_MS]
        people, found = positives.person[rows], positives.known_ms[rows]
        self.found_ms[people], self.known_ms[people] = positives.found_ms[rows], found
        kept = np.isin(self.isolation.role[people], (CONTACT, OTHER))
        clinic = np.where(positives.sought[rows] == 1, int(Discovery.clinic), int(Discovery.screening))
        self._discovery[people] = np.where(kept, int(Discovery.contact), clinic)
        minutes = rng.integers(20, 120, len(people))
        self.reported_ms[people] = reported = found + minutes * MINUTE_MS
        self._told_ms[people] = reported + rng.integers(60, 600, len(people)) * MINUTE_MS
        taken = reported + rng.integers(30, 120, len(people)) * MINUTE_MS
        self.isolation.admit(people, taken, self._p["case_stay_d"], CASE, rng)
        return self._households(people, found, rng)

    def _households(self, cases: Ints, found: Ints, rng: np.random.Generator) -> Orders:
        """Who lives with them, at home or in a room they sleep in, is isolated within 12 hours (ed. 8, S74 [B])."""
        none = np.zeros(0, np.int64)
        pairs: list[tuple[Ints, Ints]] = [(none, none)]
        for rooms in (self._city.people.home, self._city.people.dorm_place):
            case_of = np.full(len(self._city.places.kind), -1)
            housed = np.flatnonzero(rooms[cases] >= 0)
            case_of[rooms[cases[housed]]] = housed
            mates = np.flatnonzero((rooms >= 0) & (case_of[rooms] >= 0))
            pairs.append((mates, case_of[rooms[mates]]))
        mate, row = (np.concatenate([pair[i] for pair in pairs]) for i in range(2))
        mate, first = np.unique(mate, return_index=True)
        row = row[first]
        free = (self.isolation.isolated_ms[mate] == AT_LARGE_MS) & (self.known_ms[mate] == UNKNOWN_MS)
        mate, row = mate[free], row[free]
        ordered = found[row] + rng.integers(60, 180, len(mate)) * MINUTE_MS
        latest = found[row] + 12 * HOUR_MS
        earliest = ordered + 30 * MINUTE_MS
        at = earliest + ((latest - earliest) * rng.random(len(mate))).astype(np.int64) // 1000 * 1000
        self.isolation.admit(mate, at, self._p["contact_stay_d"], CONTACT, rng)
        together = np.minimum(self.isolation.isolated_ms[cases[row]], at)
        return Orders(mate, cases[row], ordered, together, at, self.isolation.place[mate])

    def admit_others(self, next_ms: int, spared: Ints, rng: np.random.Generator) -> None:
        """Those who are isolated on the next day for reasons from elsewhere, as far as there are rooms for the wave's
        own as well."""
        count = min(int(rng.poisson(self._others)), self.isolation.spare)
        chosen = np.unique(rng.integers(0, self._city.residents, count))
        chosen = chosen[(self.isolation.isolated_ms[chosen] == AT_LARGE_MS) & ~np.isin(chosen, spared)]
        chosen = chosen[self._illness.infected_ms[chosen] == UNKNOWN_MS]
        at = next_ms + rng.integers(9 * 3600, 21 * 3600, len(chosen)) * 1000
        self.isolation.admit(chosen, at, self._p["contact_stay_d"], OTHER, rng)

    def reports(self, start_ms: int) -> Reports:
        """The day's."""
        people = _within(self.reported_ms, start_ms)
        reported, onset = self.reported_ms[people], self._illness.onset_ms[people]
        ill = (onset != UNKNOWN_MS) & (onset <= reported)
        return Reports(
            people, reported, np.where(ill, onset, UNKNOWN_MS), ill.astype(np.int64), self._discovery[people]
        )

    def legs(self, start_ms: int) -> Legs:
        """What those tell who are asked on the day: where they were in the days before onset or sampling and since."""
        people = _within(self._told_ms, start_ms)
        onset, told = self._illness.onset_ms[people], self._told_ms[people]
        swabbed = self.found_ms[people]
        anchor = np.where((onset != UNKNOWN_MS) & (onset <= told), np.minimum(onset, swabbed), swabbed)
        since = day_start(local_day(anchor) - LOOK_BACK_DAYS)
        visits = self.diary.of(people, since)
        told_of = np.zeros(len(self.known_ms), np.int64)
        told_of[people] = told
        before = visits.since_ms < np.minimum(told_of, self.isolation.isolated_ms)[visits.person]
        visits = visits.where(before & (visits.until_ms <= told_of[visits.person]))
        return Legs(visits, told_of[visits.person])


def _within(at_ms: Ints, start_ms: int) -> Ints:
    return np.flatnonzero((at_ms >= start_ms) & (at_ms < start_ms + DAY_MS))
