"""Schools: classes with their pupils, boarders with their dormitory rooms, and kindergarten groups.

In: the families, where their homes are, chance. Out: places in the gazetteer, and who belongs where.
Invariant: a class is of one school and one age; a pupil has one class.
Deliberately absent: teachers (replay/city/jobs.py) and timetables.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from replay.city.families import Families
from replay.city.gazetteer import Gazetteer
from replay.city.model import Ground, Role
from replay.city.shares import RESIDENTS
from schemas.keys import Ints

PUPILS, BOARDERS, INFANTS = 42, 42, 26
"""The most of a class [D]."""
BEDS = 6
"""Of a boarders' room [D]."""
FIRST_YEARS = 3
"""Age at which a child goes to the kindergarten."""


class School(NamedTuple):
    """A kind of school: how many at full size [D], from which number on, and the most of a class."""

    schools: int
    first: int
    most: int


DAY_SCHOOLS = School(70, 0, PUPILS)
BOARDING_SCHOOLS = School(6, 100, BOARDERS)
KINDERGARTENS = School(160, 200, INFANTS)


def fill_schools(families: Families, home_community: Ints, communities: int, g: Gazetteer) -> tuple[Ints, Ints]:
    """Class and dormitory room of every resident, -1 where there is none."""
    residents = len(families.age)
    class_place, dorm_place = np.full(residents, -1), np.full(residents, -1)
    infants = (families.role == Role.toddler) & (families.age >= FIRST_YEARS)
    for chosen, school in (
        (families.role == Role.pupil, DAY_SCHOOLS),
        (families.role == Role.boarder, BOARDING_SCHOOLS),
        (infants, KINDERGARTENS),
    ):
        people = np.flatnonzero(chosen)
        number = max(1, round(school.schools * residents / RESIDENTS))
        zone = home_community[families.household[people]] * number // communities
        class_place[people] = _classes(people, zone, families.age[people], school, g)
        if school is BOARDING_SCHOOLS:
            dorm_place[people] = rooms(people, zone, "SY-{:03d}", BEDS, g)
    return class_place, dorm_place


def _classes(people: Ints, zone: Ints, age: Ints, school: School, g: Gazetteer) -> Ints:
    """The class of each of the people, by school and age; classes of one age are of like size."""
    key = zone * 100 + age
    order = np.argsort(key, kind="stable")
    groups, starts, sizes = np.unique(key[order], return_index=True, return_counts=True)
    parts = -(-sizes // school.most)
    rank = np.arange(len(people)) - starts.repeat(sizes)
    part = rank * parts.repeat(sizes) // sizes.repeat(sizes)
    number = (np.cumsum(parts) - parts).repeat(sizes) + part
    codes, names = [], []
    for group, count in zip(groups.tolist(), parts.tolist(), strict=True):
        codes += [f"XX-{school.first + group // 100:03d}"] * count
        names += [f"{max(1, group % 100 - (5 if school is not KINDERGARTENS else 2))}-{n + 1}" for n in range(count)]
    places = g.add(Ground.classroom, codes, names)
    found = np.zeros(len(people), np.int64)
    found[order] = places[number]
    return found


def rooms(people: Ints, house: Ints, code: str, beds: int, g: Gazetteer, zone: int = -1) -> Ints:
    """A dormitory room for each of the people, in the house of their number; neighbours in the list share one."""
    order = np.argsort(house, kind="stable")
    groups, starts, sizes = np.unique(house[order], return_index=True, return_counts=True)
    parts = -(-sizes // beds)
    rank = np.arange(len(people)) - starts.repeat(sizes)
    number = (np.cumsum(parts) - parts).repeat(sizes) + rank // beds
    first, second = [], []
    for group, count in zip(groups.tolist(), parts.tolist(), strict=True):
        first += [code.format(group)] * count
        second += [f"{1 + n // 40}{n % 40 + 1:02d}" for n in range(count)]
    places = g.add(Ground.dormitory, first, second, house=zone)
    found = np.zeros(len(people), np.int64)
    found[order] = places[number]
    return found
