"""Spread: who infects whom on a day.

In: the day's visits, everybody's infection, isolations. Out: new infections with infector, place and time.
Invariant: an infection happens while both were truly together, the one infectious and at large, the other susceptible.
Deliberately absent: chance of its own; the generator is given.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from replay.city.model import City, Visits
from replay.wave.illness import Illness
from replay.wave.meetings import Meetings, meetings
from replay.wave.parameters import SETTINGS, Parameters, settings
from schemas.instants import UNKNOWN_MS
from schemas.keys import Ints


@dataclass(frozen=True)
class Infected:
    """New infections: who, when, by whom, where."""

    person: Ints
    at_ms: Ints
    infector: Ints
    place: Ints


class Spread:
    """How the places of a city carry the wave."""

    def __init__(self, city: City, parameters: Parameters) -> None:
        self._city = city
        self._setting = settings(city.places.ground, city.places.kind)
        self.apart = (self._setting < 0).astype(np.int64)
        self._rate = np.array([parameters[f"rate_{name}"] for name in SETTINGS])
        self._crowd = np.array([parameters[f"crowd_{name}"] for name in SETTINGS])

    def infected(self, visits: Visits, illness: Illness, isolated_ms: Ints, rng: np.random.Generator) -> Infected:
        """The day's infections; of several that could have been, the earliest."""
        until = np.minimum(illness.until_ms, isolated_ms)
        met = meetings(self._city, visits, illness.since_ms, until, self.apart)
        found = [self._of(part, illness, isolated_ms, rng) for part in met]
        none = np.zeros(0, np.int64)
        person, at, infector, place = (np.concatenate([none, *(row[i] for row in found)]) for i in range(4))
        order = np.lexsort((infector, at, person))
        first = order[np.unique(person[order], return_index=True)[1]]
        return Infected(person[first], at[first], infector[first], place[first])

    def _of(
        self, met: Meetings, illness: Illness, isolated_ms: Ints, rng: np.random.Generator
    ) -> tuple[Ints, Ints, Ints, Ints]:
        """Chance strikes at a constant rate while two are together: the waiting time is exponential."""
        setting = self._setting[met.place]
        rate = self._rate[setting] * np.minimum(1.0, self._crowd[setting] / met.crowd)
        hazard = rate * illness.exposure(met.one, met.since_ms, met.until_ms)
        waited = rng.exponential(size=len(hazard))
        struck = np.flatnonzero((waited < hazard) & (illness.infected_ms[met.other] == UNKNOWN_MS))
        since, until = met.since_ms[struck], met.until_ms[struck]
        passed = waited[struck] / hazard[struck] * (until - since)
        at = since + passed.astype(np.int64) // 1000 * 1000
        free = at < isolated_ms[met.other[struck]]
        struck, at = struck[free], at[free]
        return met.other[struck], at, met.one[struck], met.place[struck]
