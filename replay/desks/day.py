"""Day: what every desk is given to write from.

In: a city, a day's visits, the wave's course. Out: `Day`.
Invariant: desks read it and change nothing; each draws from a generator of its own.
Deliberately absent: records.
"""

from __future__ import annotations

from dataclasses import dataclass

from replay.city.model import City, Visits
from replay.plan import Profile
from replay.wave.course import Course


@dataclass(frozen=True)
class Day:
    """One day in the city. `number` 0 is the first; `start_ms` its local midnight."""

    city: City
    number: int
    start_ms: int
    profile: Profile
    visits: Visits
    course: Course
