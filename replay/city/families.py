"""Families: households, and the people in them with their ages and roles.

In: a number of residents, chance. Out: `Families`.
Invariant: people are numbered household by household; everybody has a household, at first.
Deliberately absent: names, sexes, and kinship beyond who lives with whom.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from replay.city.model import Role
from replay.city.shares import EMPLOYED, HOUSEHOLDS, STILL_EMPLOYED, count
from schemas.keys import Ints

REFERENCE_DAY = 19_052
"""2022-03-01 as days since 1970-01-01; ages are of that day."""


@dataclass(frozen=True)
class Families:
    """One row a resident: `household` (from 0, ascending), `age` in years, `born` as days since 1970-01-01, `role`.
    `households`: how many there are."""

    household: Ints
    age: Ints
    born: Ints
    role: Ints
    households: int


def raise_families(residents: int, rng: np.random.Generator) -> Families:
    """The residents by household; the last household may be smaller than its kind, so that the number is met."""
    shares = np.array([kind.share for kind in HOUSEHOLDS])
    sizes = np.array([1 + len(kind.others) for kind in HOUSEHOLDS])
    mean = float((shares * sizes).sum())
    kinds = rng.choice(len(HOUSEHOLDS), int(residents / mean * 1.02) + 20, p=shares)
    ends = np.cumsum(sizes[kinds])
    households = int(np.searchsorted(ends, residents)) + 1
    kinds = kinds[:households]
    household = np.repeat(np.arange(households), sizes[kinds])
    member = np.arange(len(household)) - (ends[:households] - sizes[kinds])[household]
    age = _ages(kinds[household], household, member, households, rng)
    household, age = household[:residents], age[:residents]
    born = REFERENCE_DAY - (age * 365.25 + rng.integers(0, 365, residents)).astype(np.int64)
    return Families(household, age, born, _roles(age, residents, rng), households)


def _ages(kind: Ints, household: Ints, member: Ints, households: int, rng: np.random.Generator) -> Ints:
    low = np.array([k.ages[0] for k in HOUSEHOLDS])
    high = np.array([k.ages[1] for k in HOUSEHOLDS])
    heads = np.searchsorted(household, np.arange(households))
    head = rng.integers(low[kind[heads]], high[kind[heads]])[household]
    words = np.array([list(f"-{k.others:-<5}") for k in HOUSEHOLDS])
    word = words[kind, member]
    draw, gap = rng.random(len(member)), rng.integers(24, 34, households)[household]
    child = head - gap
    older = np.clip(head + rng.integers(22, 33, households)[household], 58, 95)
    age = np.select(
        [word == "p", word == "c", word == "d", word == "g", word == "h", word == "o"],
        [
            np.maximum(20, head + np.round(6 * draw - 3)),
            np.maximum(0, child),
            np.maximum(0, child - 2 - np.floor(4 * draw)),
            older,
            np.maximum(56, older + np.round(6 * draw - 3)),
            19 + np.floor(27 * draw),
        ],
        head,
    )
    whole: Ints = age.astype(np.int64)
    return whole


def _roles(age: Ints, residents: int, rng: np.random.Generator) -> Ints:
    luck = rng.random(residents)
    working = ((age >= 18) & (age < 60) & (luck < EMPLOYED)) | ((age >= 60) & (age < 65) & (luck < STILL_EMPLOYED))
    role = np.select(
        [age < 6, age < 18, working, age < 60], [Role.toddler, Role.pupil, Role.worker, Role.home], Role.retired
    ).astype(np.int64)
    oldest = np.flatnonzero(age >= 76)
    cared_for = rng.permutation(oldest)[: count("care_resident", residents)]
    role[cared_for] = Role.care_resident
    teens = np.flatnonzero((age >= 15) & (age < 18))
    role[rng.permutation(teens)[: count("boarder", residents)]] = Role.boarder
    return role
