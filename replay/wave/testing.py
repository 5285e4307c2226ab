"""Testing: who is swabbed on a day, into which tube, and what the laboratory finds.

In: the city, everybody's infection, who is isolated and as what. Out: `Swabs`, and who turns out positive by a swab of
their own.
Invariant: a tube's result follows from its members' swabs; nobody isolated is in a mixed tube; whoever was in a tube
that is not negative is swabbed alone the same evening.
Deliberately absent: what becomes of those found (replay/wave/response.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from replay.city.model import City, Ground
from replay.plan import Profile
from replay.wave.course import Swabs
from replay.wave.illness import Illness, seconds
from replay.wave.parameters import Parameters
from schemas.codes import Result
from schemas.departments import health
from schemas.departments.drafting import PEOPLE
from schemas.instants import DAY_MS, HOUR_MS, MINUTE_MS, UNKNOWN_MS
from schemas.keys import Ints

POOL = 10
TUBES_A_DAY = 1_000_000
_KEY_GROUNDS = (
    Ground.clinic, Ground.hotel, Ground.logistics, Ground.bus, Ground.taxi, Ground.train, Ground.market, Ground.stall,
    Ground.shop, Ground.pharmacy, Ground.restaurant, Ground.checkpoint, Ground.bubble,
)  # fmt: skip
_CLINICS = 9_000
"""Swab stands of fever clinics and isolation sites have numbers from here on; below, they are those of compounds."""
EVENING_MS = 23 * HOUR_MS + 45 * MINUTE_MS


@dataclass(frozen=True)
class Positives:
    """Who is found by a swab of their own, when it was taken and when the result is known. `sought` 1: at a fever
    clinic, `kept` 1: in isolation."""

    person: Ints
    found_ms: Ints
    known_ms: Ints
    sought: Ints


class Testing:
    """The day's swabs. Shape of the draft tables: person, sampled_ms, site and, of mixed tubes, tube number."""

    def __init__(self, city: City, parameters: Parameters, profile: Profile, illness: Illness) -> None:
        self._city, self._p, self._profile, self._illness = city, parameters, profile, illness
        home = city.people.home
        self._compound = np.where(home >= 0, city.places.compound[home], -1)
        rng = city.rng(_PURPOSE, 0)
        people = len(city.people)
        self.seeks = rng.random(people) < parameters["seeks_care"]
        self._delay = seconds(rng.exponential(parameters["care_delay_mean_d"], people))
        work = city.people.work_place
        key = (work >= 0) & np.isin(city.places.ground[work], [int(g) for g in _KEY_GROUNDS])
        self._turns = np.argsort(np.where(key[: city.residents], 0.0, 10.0) + rng.random(city.residents))
        self._key_count = int(key[: city.residents].sum())

    def swabs(
        self, day: int, start_ms: int, isolated_ms: Ints, kept: Ints, rng: np.random.Generator
    ) -> tuple[Swabs, Positives]:
        """`kept`: who is swabbed alone in isolation that day."""
        mixed = self._mixed(day, start_ms, isolated_ms, rng)
        again = _chosen(mixed, mixed.result != Result.negative)
        alone = [self._alone(kept, start_ms + 8 * HOUR_MS, 3 * HOUR_MS, start_ms + 14 * HOUR_MS, 4 * HOUR_MS, rng)]
        seekers = self._seekers(start_ms, isolated_ms, rng)
        alone += [self._alone(seekers, start_ms + 8 * HOUR_MS, 9 * HOUR_MS, start_ms + 19 * HOUR_MS, 3 * HOUR_MS, rng)]
        waits = rng.integers(20, 90, len(again.person)) * MINUTE_MS
        sampled = again.reported_ms + waits
        known = np.minimum(sampled + rng.integers(90, 150, len(waits)) * MINUTE_MS, start_ms + EVENING_MS)
        alone += [(again.person, sampled, known)]
        person, sampled, known = (np.concatenate([part[i] for part in alone]) for i in range(3))
        site = np.repeat([_CLINICS + 1, _CLINICS, 0], [len(part[0]) for part in alone])
        site[len(site) - len(again.person) :] = again.site
        tube = (day + 1) * TUBES_A_DAY + TUBES_A_DAY // 2 + np.arange(len(person))
        single = self._analysed(person, tube, sampled, np.ones(len(person), np.int64), site, known, rng)
        positive = single.result == Result.positive
        sought = (single.site == _CLINICS).astype(np.int64)
        found = Positives(person[positive], sampled[positive], known[positive], sought[positive])
        return _joined(mixed, single), found

    def _mixed(self, day: int, start_ms: int, isolated_ms: Ints, rng: np.random.Generator) -> Swabs:
        """Tubes of ten from one compound, taken between 7 and 13 h, known between 12 and 20 h."""
        people = self._called(day)
        people = people[isolated_ms[people] >= start_ms + 13 * HOUR_MS]
        compound = self._compound[people]
        order = np.lexsort((rng.random(len(people)), compound))
        people, compound = people[order], compound[order]
        starts = np.flatnonzero(np.diff(compound, prepend=-2))
        within = np.arange(len(people)) - np.repeat(starts, np.diff(starts, append=len(people)))
        tube = np.cumsum(within % POOL == 0) - 1
        count = int(tube[-1]) + 1 if len(tube) else 0
        opened = start_ms + rng.integers(7 * 3600, 13 * 3600 - 30 * POOL, count) * 1000
        sampled = opened[tube] + within % POOL * 25_000
        known = np.maximum(opened + 4 * HOUR_MS, start_ms + 12 * HOUR_MS)
        known += ((start_ms + 20 * HOUR_MS - known) * rng.random(count) ** 1.5).astype(np.int64) // 1000 * 1000
        size = np.full(len(people), POOL)
        number = (day + 1) * TUBES_A_DAY + tube
        return self._analysed(people, number, sampled, size, compound, known[tube], rng)

    def _called(self, day: int) -> Ints:
        """In an emergency every resident; else as many as is expected, the key groups in turn and some others."""
        residents = self._city.residents
        if not self._p["tests"]:
            return np.zeros(0, np.int64)
        if self._profile == "emergency":
            return np.arange(residents)
        count = round(health.EXPECTED["nat_sample"].per_day["routine"] * 0.98 * residents / PEOPLE)
        keyed = min(self._key_count, count * 9 // 10)
        others = residents - self._key_count
        turn = self._turns[(day * keyed + np.arange(keyed)) % max(1, self._key_count)]
        rest = (day * (count - keyed) + np.arange(count - keyed)) % max(1, others)
        return np.unique(np.concatenate([turn, self._turns[self._key_count + rest]]))

    def _seekers(self, start_ms: int, isolated_ms: Ints, rng: np.random.Generator) -> Ints:
        """Who comes to a fever clinic: some of the ill, a while after onset, and others with fevers."""
        if not self._p["tests"]:
            return np.zeros(0, np.int64)
        onset = self._illness.onset_ms
        comes = onset + np.where(onset == UNKNOWN_MS, 0, self._delay)
        ill = np.flatnonzero(self.seeks & (comes >= start_ms) & (comes < start_ms + DAY_MS))
        residents = self._city.residents
        others = rng.integers(0, residents, rng.poisson(self._p["feverish_share"] * residents))
        found = np.unique(np.concatenate([ill, others]))
        at_large: Ints = found[isolated_ms[found] >= start_ms + DAY_MS]
        return at_large

    @staticmethod
    def _alone(
        people: Ints, from_ms: int, spread_ms: int, known_ms: int, known_spread_ms: int, rng: np.random.Generator
    ) -> tuple[Ints, Ints, Ints]:
        sampled = from_ms + rng.integers(0, spread_ms // 1000, len(people)) * 1000
        return people, sampled, known_ms + rng.integers(0, known_spread_ms // 1000, len(people)) * 1000

    def _analysed(
        self, person: Ints, tube: Ints, sampled: Ints, size: Ints, site: Ints, known: Ints, rng: np.random.Generator
    ) -> Swabs:
        """What the laboratory finds: the least Ct of a tube's swabs, later by what the other swabs dilute it."""
        ct = self._illness.ct(person, sampled) + np.where(size > 1, self._p["ct_pool_loss"], 0.0)
        ct[rng.random(len(ct)) < self._p["swab_misses"]] = 99.0
        tubes, inverse = np.unique(tube, return_inverse=True)
        least = np.full(len(tubes), 99.0)
        np.minimum.at(least, inverse, ct)
        result = np.where(least < self._p["ct_limit"], int(Result.positive), int(Result.negative))
        unclear = rng.random(len(tubes)) < self._p["inconclusive_share"]
        mixed = np.zeros(len(tubes), np.bool_)
        mixed[inverse] = size > 1
        result[unclear & mixed & (result == Result.negative)] = int(Result.inconclusive)
        tenths = np.where(result == Result.positive, np.round(np.maximum(least, 8) * 10), -1).astype(np.int64)
        return Swabs(person, tube, sampled, size, site, result[inverse], known, tenths[inverse])


_PURPOSE = 702
"""Of the generator that says who seeks care and whose turn it is."""


def _chosen(swabs: Swabs, mask: Ints) -> Swabs:
    return Swabs(**{name: column[mask] for name, column in vars(swabs).items()})


def _joined(one: Swabs, other: Swabs) -> Swabs:
    columns = vars(one).items()
    return Swabs(**{name: np.concatenate([column, getattr(other, name)]) for name, column in columns})
