"""Education 教育局: who is in which class, who came to school, who slept there, and who cares for a child.

In: `src.education.*`. Out: presences (classrooms, dormitory rooms), links from pupil numbers and guardians' phones.
Invariant: a guardian's phone is the guardian's; a child and its guardian are two people and are never linked.
Deliberately absent: symptoms and reasons of absence as evidence of anything, and timetables: a school day ends when the
school says so.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from schemas.codes import PlaceKind
from schemas.columns import Columns
from schemas.departments.drafting import PEOPLE, identifier
from schemas.departments.forging import Expected, Hand
from schemas.facts import Columns as Rows
from schemas.instants import UNKNOWN_MS
from schemas.stays import link, only, stay
from schemas.wire import Code, Count, Day, Instant, Name, Record

Document = Literal["resident_id", "passport", "person_no"]
Temperature = Annotated[float, Field(ge=0, le=100)]
"""As the device showed it."""


class ClassRoster(Record):
    """班级名册: a pupil or teacher belongs to a class; the pupil number (学籍号) by which the school calls them."""

    record: ClassVar[str] = "class_roster"
    identifiers: ClassVar = (("id_type", "id_no"), ("=person_no", "student_no"))
    intervals: ClassVar = (("valid_since", "valid_until"),)
    id_type: Document
    id_no: Code
    student_no: Code | None = None
    school_code: Code
    school_name: Name | None = None
    class_code: Code
    role: Code | None = None
    seat_row: Count | None = None
    seat_column: Count | None = None
    valid_since: Instant | None = None
    valid_until: Instant | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        who, number = c.ident("id_type", "id_no"), c.ident("=person_no", "student_no")
        links = link(c.rows, number, who, c.number("valid_since"), c.number("valid_until"))
        return {"links": only(links, links["owner"] != links["carried"])}


class MorningCheck(Record):
    """晨检: who came to school, and how they were; amended when a pupil is sent home. Whoever came was in the classroom
    until the school day ended, which nobody watched; if the school does not say when, the pack does."""

    record: ClassVar[str] = "morning_check"
    identifiers: ClassVar = (("id_type", "id_no"),)
    intervals: ClassVar = (("checked_at", "dismissed_at"),)
    id_type: Document
    id_no: Code
    school_code: Code
    class_code: Code
    status: Literal["present", "late", "absent"]
    checked_at: Instant
    dismissed_at: Instant | None = None
    temperature: Temperature | None = None
    symptoms: tuple[Code, ...] = ()

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        came = c.choice("status", {"present": 1, "late": 1}) == 1
        room, who = c.place("room", "school_code", "class_code"), c.ident("id_type", "id_no")
        since, until = c.number("checked_at"), c.number("dismissed_at")
        flags = c.bits(until_inferred=until != UNKNOWN_MS)
        return {"presences": stay(c, who, PlaceKind.room, room, since, until, flags=flags, where=came)}


class Absence(Record):
    """缺课登记: a pupil is away on a day, and why."""

    record: ClassVar[str] = "absence"
    identifiers: ClassVar = (("id_type", "id_no"),)
    id_type: Document
    id_no: Code
    school_code: Code
    class_code: Code
    absent_on: Day
    reason_code: Code | None = None
    symptoms: tuple[Code, ...] = ()
    reported_at: Instant | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:  # noqa: ARG004
        return {}


class BoardingNight(Record):
    """住校登记: a boarder sleeps in a dormitory room."""

    record: ClassVar[str] = "boarding_night"
    identifiers: ClassVar = (("id_type", "id_no"),)
    intervals: ClassVar = (("since_at", "until_at"),)
    id_type: Document
    id_no: Code
    school_code: Code
    dorm_code: Code
    dorm_room: Code
    since_at: Instant
    until_at: Instant | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        room, who = c.place("room", "dorm_code", "dorm_room"), c.ident("id_type", "id_no")
        return {"presences": stay(c, who, PlaceKind.room, room, c.number("since_at"), c.number("until_at"))}


class FamilyLink(Record):
    """家校联系: who cares for a pupil, and the phone at which they are called. Whether they live together is for
    the resident register to say."""

    record: ClassVar[str] = "family_link"
    identifiers: ClassVar = (
        ("id_type", "id_no"), ("guardian_id_type", "guardian_id_no"), ("=phone", "guardian_phone"),
    )  # fmt: skip
    intervals: ClassVar = (("valid_since", "valid_until"),)
    id_type: Document
    id_no: Code
    guardian_id_type: Document
    guardian_id_no: Code
    guardian_phone: Code | None = None
    relation: Code | None = None
    valid_since: Instant | None = None
    valid_until: Instant | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        guardian, phone = c.ident("guardian_id_type", "guardian_id_no"), c.ident("=phone", "guardian_phone")
        return {"links": link(c.rows, phone, guardian, c.number("valid_since"), c.number("valid_until"))}


RECORDS: tuple[type[Record], ...] = (ClassRoster, MorningCheck, Absence, BoardingNight, FamilyLink)


Draft = dict[str, Any]


def _class(h: Hand) -> Draft:
    return {"school_code": f"XX-{h.below(70):03d}", "class_code": f"{h.between(1, 9)}-{h.between(1, 12)}"}


def _valid(h: Hand) -> Draft:
    return {"valid_since": h.day(-h.between(1, 190)), "valid_until": h.day(h.between(60, 150))}


def _listed(h: Hand) -> Draft:
    return {**_class(h), **_valid(h), "role": h.of((*["pupil"] * 12, "teacher"))}


def _came(h: Hand) -> Draft:
    who, status = h.who(h.of(("resident_id", "person_no"))), h.of((*["present"] * 30, "late", "absent"))
    ends = h.time(h.between(25_000, 33_000))
    return {**who, **_class(h), "status": status, "dismissed_at": ends, "symptoms": [h.of(("cough", "fever", "rash"))]}


def _missed(h: Hand) -> Draft:
    why = {"reason_code": h.of(("illness", "quarantine", "other")), "symptoms": [h.of(("cough", "fever"))]}
    return {**_class(h), "absent_on": h.day(), **why}


def _slept(h: Hand) -> Draft:
    school, until = h.below(6), h.time(h.between(28_000, 36_000))
    house = {"school_code": f"XX-{school:03d}", "dorm_code": f"SY-{school:03d}", "dorm_room": str(h.between(101, 640))}
    return {**house, "until_at": until}


def _cared_for(h: Hand) -> Draft:
    number = h.below(PEOPLE)
    guardian = {"guardian_id_no": identifier("resident_id", number), "guardian_phone": identifier("phone", number)}
    return {**guardian, **_valid(h), "relation": h.of(("mother", "father", "grandparent"))}


_VALID = {"valid_since": 0.8, "valid_until": 0.1}
_SITS = {"student_no": 0.9, "school_name": 0.9, "role": 0.8, "seat_row": 0.3, "seat_column": 0.3}
EXPECTED = {
    "class_roster": Expected(
        (28_800, 130_000), _VALID | _SITS, {"emergency": 200, "routine": 300}, (8, 18), draft=_listed,
    ),
    "morning_check": Expected(
        (600, 7200), {"dismissed_at": 0.6, "temperature": 0.95, "symptoms": 0.02},
        {"emergency": 3_000, "routine": 60_000}, (7, 9), draft=_came,
    ),
    "absence": Expected(
        (3600, 28_800), {"reason_code": 0.9, "symptoms": 0.3, "reported_at": 0.9},
        {"emergency": 200, "routine": 1_500}, (7, 12), draft=_missed,
    ),
    "boarding_night": Expected(
        (600, 36_000), {"until_at": 0.7}, {"emergency": 3_000, "routine": 5_000}, (20, 23), draft=_slept,
    ),
    "family_link": Expected(
        (28_800, 130_000), _VALID | {"guardian_phone": 0.95, "relation": 0.9}, {"emergency": 200, "routine": 200},
        (8, 18), draft=_cared_for,
    ),
}  # fmt: skip
"""Volumes, fill rates and lateness: design assumptions [D]; in an emergency all but boarders learn at home."""
