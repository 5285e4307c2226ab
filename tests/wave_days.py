"""Days for the wave's tests: a small city whose people are at home, at work or at school, and shop, whatever the day.

In: a city, who is isolated. Out: true visits of a day; a wave run over some days.
Invariant: nobody has a stay after they are isolated, or while they are.
Deliberately absent: what replay/city makes of weekdays, lockdowns and vehicles.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from replay.city.founding import found_city
from replay.city.model import City, Doing, Ground, Visits
from replay.plan import Plan
from replay.wave.course import Course
from replay.wave.wave import Wave
from schemas.instants import DAY_MS, HOUR_MS, day_number, day_start

FIRST = date(2022, 3, 7)
FIRST_MS = day_start(day_number(FIRST))


@dataclass(frozen=True)
class Run:
    city: City
    wave: Wave
    visits: list[Visits]
    courses: list[Course]


def plan(days: int = 8, residents: int = 2_000, **changed: Any) -> Plan:
    whole: dict[str, Any] = {
        "seed": 5,
        "profile": "emergency",
        "seeds": 12,
        "wave": {"incubation_mean_d": 2.0, "incubation_sd_d": 0.8},
    }
    whole |= changed
    return Plan("t", ("测", "test"), ("", ""), first_day=FIRST, days=days, residents=residents, **whole)


def visits(city: City, number: int, isolated_ms: Any) -> Visits:
    people, start = city.people, FIRST_MS + number * DAY_MS
    chance = city.rng(1, number)
    sleeps = np.where(people.dorm_place >= 0, people.dorm_place, people.home)
    away = np.where(people.class_place >= 0, people.class_place, people.work_place)
    shops = city.places.of(Ground.shop)
    shop = np.where(chance.random(len(people)) < 0.3, shops[chance.integers(0, len(shops), len(people))], -1)
    parts = []
    for place, doing, since, until in (
        (sleeps, Doing.home, 0, 8),
        (away, Doing.work, 9, 17),
        (shop, Doing.shop, 17.25, 17.75),
        (sleeps, Doing.home, 18, 24),
    ):
        person = np.flatnonzero(place >= 0)
        begins = np.full(len(person), start + int(since * HOUR_MS))
        ends = np.minimum(start + int(until * HOUR_MS), isolated_ms[person])
        there = begins < ends
        zero = np.zeros(int(there.sum()), np.int64)
        rows = (person[there], place[person[there]], zero + int(doing), begins[there], ends[there], zero, zero, zero)
        parts.append(rows)
    return Visits(*(np.concatenate([part[i] for part in parts]) for i in range(8)))


def run(made: Plan) -> Run:
    city = found_city(made.seed, made.residents)
    wave = Wave(city, made)
    days, courses = [], []
    for number in range(made.days):
        days.append(visits(city, number, wave.isolated_ms))
        courses.append(wave.step(number, FIRST_MS + number * DAY_MS, days[-1]))
    return Run(city, wave, days, courses)
