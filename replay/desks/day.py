"""Day: what every desk is given to write from.

In: a city, a day's visits, the wave's course. Out: `Day`.
Invariant: desks read it and change nothing; each draws from a generator of its own.
Deliberately absent: records.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, TypeVar

import numpy as np

from replay.city.model import AT_LARGE_MS, City, Visits
from replay.plan import Profile
from replay.sheets import REGISTERS_DAY
from replay.wave.course import Course, Infections, Legs, Orders, Reports, Stays, Swabs
from schemas.instants import DAY_MS

REGISTERS_DAYS = 7
"""So long before the first day are registers filed, that the slowest of them is there."""
Table = TypeVar("Table")


@dataclass(frozen=True)
class Day:
    """One day in the city. `number` 0 is the first; `start_ms` its local midnight."""

    city: City
    number: int
    start_ms: int
    profile: Profile
    visits: Visits
    course: Course


def before(city: City, first_ms: int, profile: Profile) -> Day:
    """The day on which registers are filed: nobody is seen anywhere, nothing has happened. `first_ms`: local midnight
    of the drill's first day."""
    visits = _none(Visits)
    course = Course(
        np.full(len(city.people), AT_LARGE_MS), _none(Infections), _none(Swabs), _none(Stays), _none(Reports),
        Legs(visits, np.zeros(0, np.int64)), _none(Orders),
    )  # fmt: skip
    return Day(city, REGISTERS_DAY, first_ms - REGISTERS_DAYS * DAY_MS, profile, visits, course)


def _none(table: type[Table]) -> Table:
    """A table of columns without rows."""
    columns: dict[str, Any] = {f.name: np.zeros(0, np.int64) for f in fields(table)}  # type: ignore[arg-type]
    return table(**columns)
