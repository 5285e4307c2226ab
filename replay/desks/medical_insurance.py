"""Medical insurance desk 医保局 + hospitals: who paid at a pharmacy, who was treated where.

In: a day. Out: sheets of `medical_insurance.*`.
Invariant: a pharmacy goes by its door's code and by the insurance's, one for one; a doctor who is named was there.
Deliberately absent: bookings of the green channel as stays: without an arrival nobody came.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from replay.city.model import Doing, Ground, Visits
from replay.desks.company import covering
from replay.desks.day import Day
from replay.desks.names import knows, only, texts
from replay.desks.pen import NOBODY, SECOND_MS, Pen, at_ground, named
from replay.desks.rosters import chronic_register
from replay.sheets import Sheet
from schemas.instants import DAY_MS, UNKNOWN_MS
from schemas.keys import Ints

GREEN = {"dialysis": "dialysis", "oncology": "chemotherapy", "obstetrics": "birth"}
"""Departments of a hospital with a green channel, and its name."""
_BOOKED_AHEAD_DAYS = (1, 5)


def sheets(day: Day) -> Iterator[Sheet]:
    """The day's records of the insurance and the hospitals."""
    yield _paid(Pen(day, "medical_insurance.pharmacy_visit"))
    yield _seen(Pen(day, "medical_insurance.outpatient_visit"))
    yield _green(Pen(day, "medical_insurance.green_channel"))
    yield chronic_register(day, whole=False)


def _paid(pen: Pen) -> Sheet:
    mask = at_ground(pen.day, Ground.pharmacy) & (pen.day.visits.doing == Doing.medicine)
    v = pen.some(pen.day.visits, mask, pen.volume)
    paid = v.since_ms + (v.until_ms - v.since_ms) * 2 // 3 // SECOND_MS * SECOND_MS
    who, known = pen.shown(v.person, ("resident_id",))
    door = pen.code(v.place)
    body = {**who, "pharmacy_code": texts([f"P{code[4:]}" for code in door]), "place_code": door, "paid_at": paid}
    return pen.write(body, paid, visits=v, since_ms=paid, known=known)


def _patients(pen: Pen, green: bool) -> Ints:
    """Which visits are of patients, of departments with a green channel or of the others."""
    with_channel = np.isin(named(pen.city, "second").astype(str), list(GREEN))
    mask: Ints = at_ground(pen.day, Ground.clinic) & (pen.day.visits.doing == Doing.treat)
    chosen: Ints = mask & (with_channel[pen.day.visits.place] == green)
    return chosen


def _seen(pen: Pen) -> Sheet:
    v = pen.some(pen.day.visits, _patients(pen, green=False), pen.volume)
    staff = pen.day.visits.where(
        np.flatnonzero(at_ground(pen.day, Ground.clinic) & (pen.day.visits.doing == Doing.work))
    )
    row = covering((staff.place, staff.since_ms, staff.until_ms), (v.place, v.since_ms, v.until_ms), pen.rng)
    doctor = np.where(row >= 0, staff.person[row], NOBODY) if len(staff) else row
    doctor = np.where(pen.share(len(v), pen.expected.fill["doctor_no"]), doctor, NOBODY)
    who, known = pen.shown(v.person, ("resident_id",))
    body = {
        **who, "hospital_code": pen.code(v.place), "hospital_name": pen.name(v.place),
        "department_code": pen.part(v.place), "visit_type": pen.of(("clinic", "clinic", "emergency"), len(v)),
        "doctor_no": only(doctor >= 0, pen.held("person_no", doctor)), "arrived_at": v.since_ms,
        "left_at": v.until_ms,
    }  # fmt: skip
    also = _doctors(pen, v, doctor)
    return pen.write(body, v.since_ms, visits=v, known=known, end="left_at", also=also)


def _doctors(pen: Pen, v: Visits, doctor: Ints) -> dict[str, Ints]:
    row = np.flatnonzero(doctor >= 0)
    return {
        "row": row, "person": doctor[row], "place": v.place[row], "said_since_ms": v.since_ms[row],
        "said_until_ms": v.until_ms[row], "knows": knows(pen.city, "person_no", doctor[row]),
    }  # fmt: skip


def _green(pen: Pen) -> Sheet:
    """Dialysis, chemotherapy, births: most came, some booked alone."""
    fill = pen.expected.fill
    v = pen.some(pen.day.visits, _patients(pen, green=True), pen.volume)
    came = pen.share(len(v), fill["arrived_at"])
    left = np.where(came & pen.share(len(v), fill["left_at"] / fill["arrived_at"]), v.until_ms, UNKNOWN_MS)
    department = pen.part(v.place)
    who, known = pen.shown(v.person, ("resident_id",))
    body = {
        **who, "channel": texts([GREEN[name] for name in department]), "hospital_code": pen.code(v.place),
        "department_code": department,
        "booked_at": v.since_ms - DAY_MS * pen.between(*_BOOKED_AHEAD_DAYS, len(v)),
        "arrived_at": np.where(came, v.since_ms, UNKNOWN_MS), "left_at": left,
    }  # fmt: skip
    event = np.where(left != UNKNOWN_MS, left, v.since_ms)
    sheet = pen.write(body, event, visits=v, known=known, until_ms=left)
    gone = np.asarray(sheet.body["arrived_at"]) == UNKNOWN_MS
    sheet.body["left_at"] = np.where(gone, UNKNOWN_MS, sheet.body["left_at"])
    sheet.person, sheet.place = np.where(gone, NOBODY, v.person), np.where(gone, NOBODY, v.place)
    return sheet
