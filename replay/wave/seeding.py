"""Seeding: who brings the infection in, and from when on they can infect others.

In: a city, a plan. Out: people with instants.
Invariant: nobody is chosen twice; whoever an inject is about is infectious at its time, and was not found before.
Deliberately absent: what happens at an inject (replay/city/injects.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from replay.city.injects import cast
from replay.city.model import City
from replay.plan import Plan
from schemas.instants import DAY_MS, day_number, day_start
from schemas.keys import Ints

_PURPOSE = 701


@dataclass(frozen=True)
class Seeds:
    """`since_ms`: when each can infect others; `about` 1: of an inject."""

    person: Ints
    since_ms: Ints
    about: Ints


def seeds(city: City, plan: Plan) -> Seeds:
    """The plan's residents, infectious between two days before the first and its noon, and one for each inject, some
    hours before its time: too short for any test to have found them."""
    rng = city.rng(_PURPOSE, 0)
    first_ms = day_start(day_number(plan.first_day))
    indices = [cast(city, number, inject).index for number, inject in enumerate(plan.injects)]
    begins = [inject.at_ms - hours * 3_600_000 for inject, hours in zip(plan.injects, _hours(rng, plan), strict=True)]
    able = np.setdiff1d(np.flatnonzero(city.people.home[: city.residents] >= 0), indices)
    residents = rng.choice(able, min(plan.seeds, len(able)), replace=False)
    since = first_ms + rng.integers(-2 * DAY_MS // 1000, DAY_MS // 2000, len(residents)) * 1000
    person = np.concatenate([residents, np.array(indices, np.int64)])
    since = np.concatenate([since, np.array(begins, np.int64)])
    about = np.repeat([0, 1], [len(residents), len(indices)])
    kept = np.unique(person, return_index=True)[1]
    return Seeds(person[kept], since[kept], about[kept])


def _hours(rng: np.random.Generator, plan: Plan) -> list[int]:
    found: list[int] = rng.integers(2, 12, len(plan.injects)).tolist()
    return found
