"""Figures: a wave's attack rates, times and spread, as they come out, beside the published ones.

In: a city with a wave run over days. Out: `Figure`s.
Invariant: each figure is counted from what happened, never from a parameter; who cannot be judged yet is left out.
Deliberately absent: running the wave (replay/wave/trial.py), and the table (replay/wave/__main__.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from replay.city.model import City, Visits
from replay.wave.course import Infections
from replay.wave.meetings import meetings
from schemas.codes import PlaceKind
from schemas.instants import DAY_MS, MINUTE_MS, UNKNOWN_MS
from schemas.keys import Ints

_CLOSE = (PlaceKind.household, PlaceKind.hotel_room, PlaceKind.room, PlaceKind.restaurant, PlaceKind.entertainment)
LONG_MS = 15 * MINUTE_MS
"""Together for so long in all, somebody counts as a close contact to WHO as well (S54) [M]."""
SPREADERS = 0.09


@dataclass(frozen=True)
class Figure:
    """One figure. `of`: how many it rests on."""

    name: str
    value: float
    of: int


class Contacts:
    """Who was close to infected people while those could infect them, in the kinds of places in which the packs make
    close contacts, and how long; collected day by day, after the wave has run."""

    def __init__(self, city: City, infections: Infections) -> None:
        self._city = city
        people = len(city.people)
        self._since, self._until = np.full(people, UNKNOWN_MS), np.full(people, UNKNOWN_MS)
        until = np.where(infections.isolated_ms == UNKNOWN_MS, infections.until_ms, infections.isolated_ms)
        self._since[infections.person] = infections.since_ms
        self._until[infections.person] = np.minimum(infections.until_ms, until)
        self._infected = np.full(people, 1 << 62)
        self._infected[infections.person] = infections.infected_ms
        kind = city.places.kind
        close = np.isin(kind, [int(k) for k in _CLOSE]) | (kind >= PlaceKind.aircraft)
        self._apart = (~close).astype(np.int64)
        self._pairs: list[Ints] = []
        self._lengths: list[Ints] = []

    def add(self, visits: Visits) -> None:
        """The pairs of another day; whoever was infected before they met cannot be infected."""
        for met in meetings(self._city, visits, self._since, self._until, self._apart):
            able = np.flatnonzero(self._infected[met.other] >= met.since_ms)
            pair, row = np.unique(met.one[able] * len(self._city.people) + met.other[able], return_inverse=True)
            self._pairs.append(pair)
            lasted = np.bincount(row, (met.until_ms - met.since_ms)[able], len(pair))
            self._lengths.append(lasted.astype(np.int64))

    def pairs(self) -> tuple[Ints, Ints, Ints]:
        """Infected, contact, milliseconds together: each pair once."""
        none = np.zeros(0, np.int64)
        found, row = np.unique(np.concatenate([none, *self._pairs]), return_inverse=True)
        lasted = np.bincount(row, np.concatenate([none, *self._lengths]), len(found)).astype(np.int64)
        return found // len(self._city.people), found % len(self._city.people), lasted


def attack_rates(city: City, infections: Infections, contacts: Contacts, judged: Ints) -> list[Figure]:
    """Of those close to the judged, how many they infected: at home (whose first case they were), and in all."""
    one, other, lasted = (column[np.isin(contacts.pairs()[0], judged)] for column in contacts.pairs())
    infector = np.full(len(city.people), -2)
    infector[infections.person] = infections.infector
    struck = infector[other] == one
    home = city.people.home
    infected = np.full(len(city.people), 1 << 62)
    infected[infections.person] = infections.infected_ms
    first = np.full(len(city.places.kind), 1 << 62)
    housed = infections.person[home[infections.person] >= 0]
    np.minimum.at(first, home[housed], infected[housed])
    mates = (home[one] >= 0) & (home[one] == home[other]) & (infected[one] == first[home[one]])
    return [
        _share("household_attack_rate", struck[mates]),
        _share("contact_attack_rate", struck[lasted >= LONG_MS]),
        _share("contact_attack_rate_however_short", struck),
        Figure("contacts_per_case", int((lasted >= LONG_MS).sum()) / max(1, len(judged)), len(judged)),
        Figure("contacts_per_case_however_short", len(one) / max(1, len(judged)), len(judged)),
    ]


def times(infections: Infections, judged: Ints) -> list[Figure]:
    """Days between events of infector and infectee; of judged infectors."""
    row = np.full(int(infections.person.max()) + 1 if len(infections.person) else 1, -1)
    row[infections.person] = np.arange(len(infections.person))
    inside = np.flatnonzero((infections.infector >= 0) & np.isin(infections.infector, judged))
    by = row[infections.infector[inside]]
    ill = infections.onset_ms != UNKNOWN_MS
    incubated = ill & np.isin(infections.infector, judged)
    incubation = (infections.onset_ms - infections.infected_ms)[incubated] / DAY_MS
    generation = (infections.infected_ms[inside] - infections.infected_ms[by]) / DAY_MS
    both = ill[inside] & ill[by]
    serial = (infections.onset_ms[inside] - infections.onset_ms[by])[both] / DAY_MS
    early = infections.infected_ms[inside] < infections.onset_ms[by]
    return [
        _mean("incubation_mean_d", incubation),
        _mean("generation_time_mean_d", generation),
        Figure("serial_interval_median_d", float(np.median(serial)) if len(serial) else np.nan, len(serial)),
        _share("presymptomatic_share", early[ill[by]]),
    ]


def spread(infections: Infections, judged: Ints) -> list[Figure]:
    """How many each of the judged infected, and how unevenly."""
    known = infections.infector[np.isin(infections.infector, judged)]
    seeded = np.sort(np.bincount(np.searchsorted(np.sort(judged), known), minlength=len(judged)))[::-1]
    total = int(seeded.sum())
    most = seeded[: max(1, round(SPREADERS * len(judged)))]
    needed = int(np.searchsorted(np.cumsum(seeded), 0.8 * total)) + 1
    return [
        Figure("reproduction_number", total / max(1, len(judged)), len(judged)),
        Figure("share_seeded_by_9_percent", int(most.sum()) / max(1, total), total),
        Figure("share_that_seeds_80_percent", needed / max(1, len(judged)), len(judged)),
    ]


def growth(counts: Ints) -> float:
    """Daily growth rate of a curve: slope of a line through the logarithms of its days with cases, by least squares
    weighted with the counts."""
    day = np.flatnonzero(counts > 0)
    if len(day) < 3:
        return float("nan")
    weight, log = counts[day].astype(float), np.log(counts[day])
    middle = np.average(day, weights=weight)
    spread_of = np.average((day - middle) ** 2, weights=weight)
    return float(np.average((day - middle) * (log - np.average(log, weights=weight)), weights=weight) / spread_of)


def pooled(figures: list[dict[str, Figure]]) -> dict[str, Figure]:
    """The same figures of several runs as one: means weighted by what each rests on."""
    found = {}
    for name in figures[0]:
        parts = [run[name] for run in figures if run[name].of and not np.isnan(run[name].value)]
        of = sum(part.of for part in parts)
        value = sum(part.value * part.of for part in parts) / of if of else float("nan")
        found[name] = Figure(name, value, of)
    return found


def _share(name: str, hits: Ints) -> Figure:
    return Figure(name, float(hits.mean()) if len(hits) else float("nan"), len(hits))


def _mean(name: str, values: Ints) -> Figure:
    return Figure(name, float(values.mean()) if len(values) else float("nan"), len(values))
