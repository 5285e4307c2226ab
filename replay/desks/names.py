"""Names: the identifiers of everybody in a city as columns, and whether registers lead from one to its holder.

In: a city. Out: identifiers by person, and `knows`.
Invariant: the same strings as schemas/departments/drafting.py gives one by one.
Deliberately absent: who shows what where (the desks).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from replay.city.model import City, Ground
from schemas.departments.drafting import identifier
from schemas.keys import Ints

Mask = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]
"""A column of texts, None for none."""
_BIRTHS = 25_000
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
PASSPORTS = 11
"""Of the travellers, every so-manieth shows a passport where one may; the register of links knows whose it is."""
NUMBERED_POSTS = ("inspector", "doctor", "escort")
"""Posts whose people are written down by their staff number alone."""


def texts(values: Sequence[str | None]) -> Texts:
    """A column of texts."""
    column = np.empty(len(values), object)
    column[:] = values
    return column


def only(mask: Any, column: Texts) -> Texts:
    """The column where the mask is true, None elsewhere."""
    return np.where(mask, column, None)  # type: ignore[call-overload,no-any-return]


def absent(column: Any) -> Mask:
    """Where nothing stands in a column of texts."""
    return np.equal(column, None)  # type: ignore[call-overload,no-any-return]


@cache
def identifiers(kind: str, people: int) -> Texts:
    """The identifiers of a kind of the persons 0 to `people` − 1."""
    return texts(_FORMS[kind](people) if kind in _FORMS else [identifier(kind, n) for n in range(people)])


def _resident_ids(people: int) -> list[str]:
    """Serial by serial: the dates of birth come again every 25,000 people, with their share of the check character."""
    births = [f"990103{date(1940, 1, 1) + timedelta(days=n):%Y%m%d}" for n in range(min(people, _BIRTHS))]
    sums = [sum(w * int(c) for w, c in zip(_WEIGHTS, birth, strict=False)) for birth in births]
    made: list[str] = []
    for serial in range(-(-people // _BIRTHS)):
        digits = f"{700 + serial:03d}"
        own = sum(w * int(c) for w, c in zip(_WEIGHTS[-3:], digits, strict=True))
        tails = [digits + _CHECKS[(rest + own) % 11] for rest in range(11)]
        made += [birth + tails[total % 11] for birth, total in zip(births, sums, strict=True)]
    return made[:people]


_FORMS: dict[str, Callable[[int], list[str]]] = {
    "resident_id": _resident_ids,
    "phone": lambda people: [f"100{n}" for n in range(50_000_000, 50_000_000 + 53 * people, 53)],
    "code_token": lambda people: [f"qr_{n * 0x9E3779B1 & 0xFFFFFFFF:08x}" for n in range(people)],
    "transit_card": lambda people: [f"9903{n:012d}" for n in range(people)],
    "person_no": lambda people: [f"HR:{n:07d}" for n in range(people)],
}
"""Those that whole cities show, made together."""


def knows(city: City, kind: str, person: Ints) -> Ints:
    """1 where registers lead from that identifier of a person to them."""
    people = city.people
    column = {
        "phone": people.linked_phone, "transit_card": people.linked_card, "code_token": people.linked_token,
        "plate": people.linked_plate,
    }.get(kind)  # fmt: skip
    if column is None:
        column = numbered(city) if kind == "person_no" else np.ones(len(people), np.int64)
    linked: Ints = column[person]
    return linked


def holds(city: City, kind: str) -> Ints:
    """1 where a person can show such an identifier."""
    people = city.people
    held: Ints | None = {
        "phone": people.holds_phone, "transit_card": people.holds_card, "code_token": people.holds_token,
        "plate": people.holds_plate,
    }.get(kind)  # fmt: skip
    if held is not None:
        return held
    if kind == "passport":
        number = np.arange(len(people))
        shown: Ints = ((number >= city.residents) & (number % PASSPORTS == 0)).astype(np.int64)
        return shown
    return numbered(city) if kind == "person_no" else np.ones(len(people), np.int64)


def numbered(city: City) -> Ints:
    """1 for whoever has a staff or pupil number that some register explains: pupils, and those of numbered posts and
    duties."""
    found = np.zeros(len(city.people), np.int64)
    classed = city.people.class_place >= 0
    found[classed] = 1
    for post in NUMBERED_POSTS:
        found[city.posts.get(post, np.zeros(0, np.int64))] = 1
    found[city.duties["person"][city.duties["person"] >= 0]] = 1
    return found


def working(city: City, *grounds: Ground) -> Ints:
    """The people whose place of work is on these grounds, ascending."""
    place = city.people.work_place
    found: Ints = np.flatnonzero((place >= 0) & np.isin(city.places.ground[place], [int(g) for g in grounds]))
    return found
