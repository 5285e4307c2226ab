"""Beds: where everybody sleeps on a night: at home, in a dormitory, a care home, a shelter.

In: a city, the day of the week of the evening, the profile. Out: a place for everybody, -1 for those elsewhere.
Invariant: whoever is given no dormitory by this page sleeps at home.
Deliberately absent: hotels: a guest's night is a stay that begins at check-in (replay/city/travel.py).
"""

from __future__ import annotations

import numpy as np

from replay.city.model import City, Ground, Role
from replay.plan import Profile
from schemas.keys import Ints

FRIDAY, SATURDAY, SUNDAY = 4, 5, 6
STILL_BOARDING = 3
"""Of every five boarders, so many stay at school in an emergency (boarding nights: 5,000 and 3,000 a day) [D]."""


def weekday(start_ms: int) -> int:
    """The day of the week of a local midnight; 0 is Monday."""
    return int((start_ms // 3_600_000 + 8) // 24 + 3) % 7


def beds(city: City, evening: int, profile: Profile) -> Ints:
    """The bed of everybody in the night that begins on the evening of a day of the week."""
    people, posts = city.people, city.posts
    bed = people.home.copy()
    cared_for = np.flatnonzero(people.role == Role.care_resident)
    away = [cared_for, posts["lanjia_worker"]]
    boarders = np.flatnonzero((people.role == Role.boarder) & (people.dorm_place >= 0))
    if profile == "emergency":
        away += [posts["bubble_worker"], boarders[boarders % 5 < STILL_BOARDING]]
    elif evening not in (FRIDAY, SATURDAY):
        away.append(boarders)
    for group in away:
        bed[group] = people.dorm_place[group]
    shelters = city.places.of(Ground.shelter)
    rooms = shelters[city.places.house[shelters] >= 0]
    bed[posts["sheltered"]] = rooms[np.arange(len(posts["sheltered"])) * 3 % len(rooms)]
    return bed
