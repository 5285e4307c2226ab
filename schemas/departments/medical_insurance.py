"""Medical insurance 医保局 + hospitals: who is chronically ill, who was treated where, who comes for dialysis or birth.

In: `src.medical_insurance.*`. Out: presences (departments of hospitals, pharmacies) and links from phones to people.
Invariant: people meet in a department of a hospital; to be in one hospital alone is not to be together.
Deliberately absent: diagnoses and bills, and the psychological support line: its figures name nobody.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np

from schemas.codes import PlaceKind
from schemas.columns import Columns
from schemas.departments.forging import Expected, Hand
from schemas.facts import Columns as Rows
from schemas.instants import UNKNOWN_MS
from schemas.keys import Ints
from schemas.stays import both, link, only, stay
from schemas.wire import Code, IdType, Instant, Name, Record


class ChronicRegister(Record):
    """慢病名册: who is chronically ill and may leave home for treatment (蓝色通行证). A phone is theirs from the moment
    they proved it; a number that was only written down is often a child's."""

    record: ClassVar[str] = "chronic_register"
    identifiers: ClassVar = (("id_type", "id_no"), ("=phone", "phone"))
    intervals: ClassVar = (("valid_since", "valid_until"),)
    id_type: Literal["resident_id", "passport", "person_no"]
    id_no: Code
    disease_code: Code | None = None
    pass_code: Code | None = None
    pass_colour: Code | None = None
    phone: Code | None = None
    phone_proved_at: Instant | None = None
    valid_since: Instant | None = None
    valid_until: Instant | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        who, phone, proved = c.ident("id_type", "id_no"), c.ident("=phone", "phone"), c.number("phone_proved_at")
        held = link(c.rows, phone, who, proved, np.full(c.count, UNKNOWN_MS))
        return {"links": only(held, (proved != UNKNOWN_MS)[held["row"]])}


class PharmacyVisit(Record):
    """药店结算: somebody pays at a pharmacy by insurance. They are at the pharmacy as the insurance knows it and, where
    told, at the code of its door, so that they also meet those whom the insurance does not know."""

    record: ClassVar[str] = "pharmacy_visit"
    identifiers: ClassVar = (("id_type", "id_no"),)
    id_type: IdType
    id_no: Code
    pharmacy_code: Code
    place_code: Code | None = None
    paid_at: Instant

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        who, paid = c.ident("id_type", "id_no"), c.number("paid_at")
        pharmacy = c.place("venue", "pharmacy_code")
        door = c.place("venue", c.text("place_code").otherwise(c.text("pharmacy_code"), ""))
        inside = stay(c, who, PlaceKind.venue, pharmacy, paid)
        return {"presences": both(inside, stay(c, who, PlaceKind.venue, door, paid, where=door != pharmacy))}


class OutpatientVisit(Record):
    """门诊就诊: a patient is in a department of a hospital; the doctor who saw them was there with them. Amended when
    they leave."""

    record: ClassVar[str] = "outpatient_visit"
    identifiers: ClassVar = (("id_type", "id_no"), ("=person_no", "doctor_no"))
    intervals: ClassVar = (("arrived_at", "left_at"),)
    id_type: IdType
    id_no: Code
    hospital_code: Code
    hospital_name: Name | None = None
    department_code: Code
    visit_type: Code | None = None
    doctor_no: Code | None = None
    arrived_at: Instant
    left_at: Instant | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        return {"presences": _treated(c, c.ident("id_type", "id_no"), c.ident("=person_no", "doctor_no"))}


class GreenChannel(Record):
    """绿色通道: dialysis, chemotherapy or birth in a closed city: booked, then amended when the patient, and who came
    with them, arrive and leave. Without an arrival nobody was there."""

    record: ClassVar[str] = "green_channel"
    identifiers: ClassVar = (("id_type", "id_no"), ("=resident_id", "companion_id_no"))
    intervals: ClassVar = (("arrived_at", "left_at"),)
    id_type: IdType
    id_no: Code
    companion_id_no: Code | None = None
    channel: Code
    hospital_code: Code
    department_code: Code
    booked_at: Instant
    arrived_at: Instant | None = None
    left_at: Instant | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        return {"presences": _treated(c, c.ident("id_type", "id_no"), c.ident("=resident_id", "companion_id_no"))}


def _treated(c: Columns, patient: Ints, other: Ints) -> Rows:
    """The stays of a patient, and of whoever was with them, in a department of a hospital."""
    room = c.place("room", "hospital_code", "department_code")
    since, until = c.number("arrived_at"), c.number("left_at")
    return both(*(stay(c, who, PlaceKind.room, room, since, until) for who in (patient, other)))


RECORDS: tuple[type[Record], ...] = (ChronicRegister, PharmacyVisit, OutpatientVisit, GreenChannel)


def _registered(h: Hand) -> dict[str, Any]:
    card = {"disease_code": h.of(("I10", "E11", "N18", "J44", "C50")), "pass_colour": "blue"}
    proved = {"phone_proved_at": h.time(-h.between(1, 900) * 86_400)}
    return {**card, **proved, "valid_since": h.day(-h.between(30, 900)), "valid_until": h.day(h.between(30, 365))}


def _paid(h: Hand) -> dict[str, Any]:
    pharmacy = h.below(180)
    return {"pharmacy_code": f"P{pharmacy:04d}", "place_code": f"CS-{1000 + pharmacy:05d}"}


def _hospital(h: Hand) -> dict[str, Any]:
    hospital = h.below(15)
    wards = ("internal", "surgery", "paediatrics", "obstetrics", "emergency", "dialysis", "oncology")
    return {"hospital_code": f"YY-{hospital:02d}", "department_code": h.of(wards)}


def _seen(h: Hand) -> dict[str, Any]:
    where, visit = _hospital(h), {"visit_type": h.of(("clinic", "clinic", "clinic", "emergency"))}
    named = {"hospital_name": f"宽城{where['hospital_code'][3:]}医院", "doctor_no": f"HR:{h.below(900):07d}"}
    return {**where, **visit, **named, "left_at": h.time(h.between(900, 14_400))}


def _booked(h: Hand) -> dict[str, Any]:
    channel = h.of(("dialysis", "dialysis", "chemotherapy", "birth"))
    came = {"booked_at": h.time(-h.between(1, 5) * 86_400), "left_at": h.time(h.between(3600, 18_000))}
    return {**_hospital(h), **came, "channel": channel, "companion_id_no": h.another()}


_NIGHTLY = (28_800, 86_400)
_CARD = {"disease_code": 0.9, "pass_code": 0.6, "pass_colour": 0.6, "phone": 0.8}
EXPECTED = {
    "chronic_register": Expected(
        _NIGHTLY, _CARD | {"phone_proved_at": 0.45, "valid_since": 0.9, "valid_until": 0.5},
        {"emergency": 800, "routine": 400}, (9, 18), draft=_registered,
    ),
    "pharmacy_visit": Expected(
        (5, 120), {"place_code": 0.75}, {"emergency": 4_000, "routine": 12_000}, (7, 22), draft=_paid,
    ),
    "outpatient_visit": Expected(
        (30, 3600), {"hospital_name": 0.95, "visit_type": 0.9, "doctor_no": 0.85, "left_at": 0.75},
        {"emergency": 4_000, "routine": 15_000}, (0, 24), draft=_seen,
    ),
    "green_channel": Expected(
        (60, 1800), {"companion_id_no": 0.5, "arrived_at": 0.8, "left_at": 0.7},
        {"emergency": 1_000, "routine": 400}, (5, 22), draft=_booked,
    ),
}  # fmt: skip
"""Medicines and visits of all departments: 27k on an emergency day (handbook 4.3). All else: design assumptions [D]."""
