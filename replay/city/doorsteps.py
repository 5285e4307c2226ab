"""Doorsteps: what is done for people where they live: visits by grid members, goods handed over at the gate.

In: a diary, its moves. Out: stays in the diary.
Invariant: whoever fetches goods meets the courier: their stay at the gate lies within the courier's.
Deliberately absent: visits that end at the door, and goods that are left there: nobody is together then.
"""

from __future__ import annotations

import numpy as np

from replay.city.diary import Diary
from replay.city.model import Doing, Duty, Ground
from replay.city.moves import Moves
from schemas.keys import Ints

ENTERED = 0.6
"""Share of home visits that go beyond the door [D]."""
_NOON_MS = 43_200_000
_KEY = 10_000
_UNSTAFFED = 1_000_000
"""No gate is watched: those who come on duty are not written down at it."""


def one_each(diary: Diary, people: Ints) -> Ints:
    """One of the people of each household, by chance."""
    mixed = diary.rng.permutation(people)
    _, first = np.unique(diary.city.people.home[mixed], return_index=True)
    chosen: Ints = mixed[first]
    return chosen


def visit_homes(moves: Moves, times: int) -> None:
    """Grid members go round homes of the buildings that they answer for on this day, so many each, from nine on."""
    diary, city = moves.diary, moves.city
    d, noon = city.duties, diary.start_ms + _NOON_MS
    held = (d["role"] == Duty.grid_member) & (d["since_ms"] <= noon) & (noon < d["until_ms"])
    person, key = d["person"][held], d["compound"][held] * _KEY + d["building"][held]
    order = np.argsort(person, kind="stable")
    person, key = person[order], key[order]
    members, first, count = np.unique(person, return_index=True, return_counts=True)
    homes = city.places.compound[: _homes(moves)] * _KEY + city.places.building[: _homes(moves)]
    able = diary.free[members]
    members, first, count = members[able], first[able], count[able]
    moves.out(members, 8 * 3600 + diary.between(0, 2_400, members), _UNSTAFFED)
    diary.back(members, diary.between(900, 2_400, members))
    for _ in range(times):
        building = key[first + diary.rng.integers(0, count)]
        low, high = np.searchsorted(homes, building), np.searchsorted(homes, building, side="right")
        home = low + diary.rng.integers(0, high - low)
        way, length = diary.between(60, 240, members), diary.between(180, 600, members)
        enters = (diary.rng.random(len(members)) < ENTERED) & (home != city.people.home[members])
        diary.stay(members[enters], home[enters], Doing.visit, way[enters], length[enters])
        diary.back(members[~enters], (way + length)[~enters])
    office = city.people.work_place[members]
    until = np.maximum(diary.clock[members] + 1_800, 17 * 3600)
    diary.note(members, office, Doing.work, diary.clock[members] + 600, until)
    moves.home(members, 900, 2_400, _UNSTAFFED)


def deliver(moves: Moves, stops: int, fetching: float, adults: Ints) -> None:
    """Couriers stand at the gates of so many compounds, one after another; `fetching`: of those who live there come
    down to each, on average, while everybody else finds the goods at their door."""
    diary, city = moves.diary, moves.city
    couriers = city.posts["courier"][diary.free[city.posts["courier"]]]
    moves.out(couriers, 7 * 3600 + diary.between(0, 3_600, couriers), _UNSTAFFED)
    gates = city.places.of(Ground.gate)
    met: list[tuple[Ints, Ints, Ints]] = []
    for _ in range(stops):
        gate = diary.rng.choice(gates, len(couriers))
        way, length = diary.between(300, 1_200, couriers), diary.between(1_200, 2_700, couriers)
        diary.stay(couriers, gate, Doing.deliver, way, length)
        met.append((gate, diary.clock[couriers] - length, diary.clock[couriers]))
    moves.home(couriers, 900, 2_400, _UNSTAFFED)
    gate, since, until = (np.concatenate(column) for column in zip(*met, strict=True))
    calls = diary.rng.poisson(fetching, len(gate))
    gate, since, until = gate.repeat(calls), since.repeat(calls), until.repeat(calls)
    compound = city.places.compound[: _homes(moves)]
    low = np.searchsorted(compound, city.places.compound[gate])
    high = np.searchsorted(compound, city.places.compound[gate], side="right")
    home = low + (diary.rng.random(len(low)) * (high - low)).astype(np.int64)
    _, once = np.unique(home, return_index=True)
    takers = one_each(diary, adults[diary.free[adults]])
    at_home = np.full(_homes(moves), -1)
    at_home[city.people.home[takers]] = takers
    once = once[(low[once] < high[once]) & (at_home[np.minimum(home[once], len(at_home) - 1)] >= 0)]
    people, gate, since, until = at_home[home[once]], gate[once], since[once], until[once]
    at = since + (diary.rng.random(len(people)) * (until - since - 300)).astype(np.int64)
    diary.leave(people, at)
    begins = np.maximum(diary.clock[people] + 60, since)
    diary.note(people, gate, Doing.fetch, begins, np.minimum(begins + diary.between(60, 200, people), until))
    diary.back(people, diary.between(60, 200, people))


def inspect(moves: Moves, times: int) -> None:
    """Inspectors look at so many shops and pharmacies each."""
    diary, city = moves.diary, moves.city
    people = city.posts["inspector"][diary.free[city.posts["inspector"]]]
    moves.out(people, 8 * 3600 + diary.between(0, 1_800, people), _UNSTAFFED)
    shops = np.concatenate([city.places.of(g) for g in (Ground.shop, Ground.pharmacy)])
    for _ in range(times):
        way, length = diary.between(300, 1_200, people), diary.between(600, 1_500, people)
        diary.stay(people, diary.rng.choice(shops, len(people)), Doing.inspect, way, length)
    moves.home(people, 900, 2_400, _UNSTAFFED)


def _homes(moves: Moves) -> int:
    """How many of the places are homes; they come first."""
    return int(np.count_nonzero(moves.city.places.ground == Ground.home))
