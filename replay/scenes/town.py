"""The synthetic city: people with homes, offices, phones and cards, and the ordinary days they live.

In: a seeded generator and a number of residents. Out: people, and the visits that are true about them.
Invariant: same seed, same city; every identifier has a valid form that is issued to nobody (area 990103, 吉Z, 100…).
Deliberately absent: what any department records of it (replay/scenes/desks.py), and who is ill (replay/outbreak.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np

from schemas.identifiers import check_digit
from schemas.instants import DAY_MS, LOCAL_OFFSET_MS, MINUTE_MS, day_number

FIRST_DAY = date(2022, 3, 3)
DAYS = 9
HOUR_MS = 60 * MINUTE_MS
AT_LARGE_MS = 1 << 60
"""Start of an isolation that does not come."""
LINES = ("6", "62", "88", "106", "159", "228", "283", "306")
TRAINS = (("G8127", 13), ("G8041", 9), ("G400", 18))
"""Service numbers and the hour at which each leaves; every one runs daily for 100 minutes."""
CARRIAGES = 8


class Visit(NamedTuple):
    """One person truly at one place. `place` tells apart everything that separates people, carriages too."""

    person: int
    kind: str
    place: str
    since_ms: int
    until_ms: int


@dataclass
class Person:
    """One inhabitant or traveller. `household` and `office` are -1 where there is none."""

    number: int
    id_type: str
    id_no: str
    phone: str
    household: int = -1
    office: int = -1
    line: str = ""
    card: str = ""
    code_token: str = ""
    plate: str = ""
    passport: str = ""
    isolated_ms: int = AT_LARGE_MS


@dataclass
class City:
    """Residents first, then travellers. `visits` grows as the days are lived."""

    rng: np.random.Generator
    people: list[Person] = field(default_factory=list)
    households: list[list[int]] = field(default_factory=list)
    offices: list[list[int]] = field(default_factory=list)
    taxis: list[tuple[str, int, int]] = field(default_factory=list)
    residents: int = 0
    visits: list[Visit] = field(default_factory=list)

    def visit(self, person: int, kind: str, place: str, since_ms: int, until_ms: int) -> Visit | None:
        """Notes a visit unless isolation has begun; gives it back so that a department may record it."""
        if since_ms >= self.people[person].isolated_ms:
            return None
        seen = Visit(person, kind, place, since_ms, min(until_ms, self.people[person].isolated_ms))
        self.visits.append(seen)
        return seen

    def some(self, count: int, of: int) -> list[int]:
        """Distinct numbers below `of`, ascending."""
        drawn: list[int] = self.rng.choice(of, size=min(count, of), replace=False).tolist()
        return sorted(drawn)


def at(day: int, hour: float) -> int:
    """The instant of an hour of a day; day 0 is FIRST_DAY."""
    return (day_number(FIRST_DAY) + day) * DAY_MS - LOCAL_OFFSET_MS + int(hour * HOUR_MS)


def weekday(day: int) -> bool:
    return (FIRST_DAY + timedelta(days=day)).weekday() < 5


def found_city(seed: int, residents: int) -> City:
    """The city before its first day: `residents` people in households, and an eighth as many travellers."""
    city = City(np.random.Generator(np.random.PCG64(seed)), residents=residents)
    for number, id_no in enumerate(_resident_ids(city.rng, residents + max(160, residents // 8))):
        city.people.append(Person(number, "resident_id", id_no, f"100{10_000_000 + number * 37:08d}"))
    _move_in(city)
    _employ(city)
    _equip(city)
    for number in range(max(4, residents // 75)):
        drivers = city.some(2, residents)
        city.taxis.append((f"吉ZT{number:04d}", drivers[0], drivers[1]))
    return city


def _resident_ids(rng: np.random.Generator, count: int) -> list[str]:
    first = date(1930, 1, 1)
    births = rng.integers(0, (date(2018, 1, 1) - first).days, count).tolist()
    seen: dict[str, None] = {}
    for number, birth in enumerate(births):
        sequence = number % 1000
        while True:
            digits = f"990103{first + timedelta(days=birth):%Y%m%d}{sequence:03d}"
            if digits + check_digit(digits) not in seen:
                break
            birth += 1
        seen[digits + check_digit(digits)] = None
    return list(seen)


def _move_in(city: City) -> None:
    sizes = city.rng.choice([1, 2, 3, 4, 5], size=city.residents, p=[0.15, 0.3, 0.33, 0.15, 0.07]).tolist()
    person = 0
    for size in sizes:
        members = list(range(person, min(person + size, city.residents)))
        if not members:
            break
        for member in members:
            city.people[member].household = len(city.households)
        city.households.append(members)
        person = members[-1] + 1


def _employ(city: City) -> None:
    """A fifth of the residents work in offices of some twenty."""
    staff = city.rng.permutation(city.residents)[: max(30, city.residents // 5)].tolist()
    for first in range(0, len(staff), 20):
        for person in staff[first : first + 20]:
            city.people[person].office = len(city.offices)
        city.offices.append(sorted(staff[first : first + 20]))


def _equip(city: City) -> None:
    """Cards, ride codes, cars and passports. Two in five ride the bus; one rider in six shows a code instead."""
    luck = city.rng.random((len(city.people), 3))
    lines = city.rng.integers(0, len(LINES), len(city.people)).tolist()
    for person, (rides, drives, travels) in zip(city.people, luck.tolist(), strict=True):
        number = person.number
        if number < city.residents:
            if rides < 0.45 or person.office >= 0:
                person.line = LINES[lines[number]]
                person.card = f"99031000{number * 7919 % 10**8:08d}"
            if rides < 0.07:
                person.card, person.code_token = "", f"qr_{number * 2654435761 % 2**32:08x}{number:06x}"
            if drives < 0.08:
                person.plate = f"吉ZC{number:04d}" if number < 10_000 else f"吉ZD{number % 10_000:04d}"
            if travels < 0.01:
                person.passport = f"ZE99{number:06d}"
        elif travels < 0.06:
            person.id_type, person.id_no = "passport", f"ZF99{number:06d}"


def nights(city: City, person: int) -> list[Visit]:
    """The nights a resident truly spent at home, for those who want to compare."""
    home, isolated = city.people[person].household, city.people[person].isolated_ms
    spans = [(at(day, 19), at(day, 31)) for day in range(-1, DAYS)]
    return [
        Visit(person, "household", f"home {home}", since, min(until, isolated))
        for since, until in spans
        if home >= 0 and since < isolated
    ]
