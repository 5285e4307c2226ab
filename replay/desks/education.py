"""Education desk 教育局: who came to which class, who slept at school, and its lists.

In: a day. Out: sheets of `education.*`.
Invariant: whoever was checked in the morning was in the classroom from then on.
Deliberately absent: pupils who stayed away, whose list tells tracing nothing (replay/desks/forged.py).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from replay.city.model import Ground
from replay.desks.day import Day
from replay.desks.pen import Pen, at_ground
from replay.desks.rosters import class_roster, family_link
from replay.sheets import Sheet

_SYMPTOMS = (("cough",), ("fever",), ("rash",))


def sheets(day: Day) -> Iterator[Sheet]:
    """The day's records of education."""
    yield _came(Pen(day, "education.morning_check"))
    yield _slept(Pen(day, "education.boarding_night"))
    for register in (class_roster, family_link):
        yield register(day, whole=False)


def _came(pen: Pen) -> Sheet:
    """Classes in the morning. When school ends is known beforehand, so no record waits for it."""
    v = pen.some(pen.day.visits, at_ground(pen.day, Ground.classroom), pen.volume)
    who, known = pen.shown(v.person, ("resident_id", "person_no", "resident_id"))
    count = len(v)
    body = {
        **who, "school_code": pen.code(v.place), "class_code": pen.part(v.place),
        "status": pen.of((*["present"] * 30, "late"), count), "checked_at": v.since_ms, "dismissed_at": v.until_ms,
        "temperature": np.round(pen.rng.normal(36.4, 0.3, count), 1), "symptoms": pen.of(_SYMPTOMS, count),
    }  # fmt: skip
    sheet = pen.write(body, v.since_ms, visits=v, known=known, end="dismissed_at")
    sheet.arrival_ms += v.since_ms - sheet.event_ms
    sheet.event_ms = v.since_ms
    return sheet


def _slept(pen: Pen) -> Sheet:
    people = pen.city.people
    pupils = (people.class_place >= 0)[pen.day.visits.person]
    v = pen.some(pen.day.visits, at_ground(pen.day, Ground.dormitory) & pupils, pen.volume)
    body = {
        **pen.shown(v.person, ("resident_id",))[0], "school_code": pen.code(people.class_place[v.person]),
        "dorm_code": pen.code(v.place), "dorm_room": pen.part(v.place), "since_at": v.since_ms,
        "until_at": v.until_ms,
    }  # fmt: skip
    return pen.write(body, v.since_ms, visits=v, end="until_at")
