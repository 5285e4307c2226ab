"""Civil affairs 民政局: whom it cares for, who lives in its homes, daily calls, red passes, temporary aid.

In: `src.civil_affairs.*`. Out: presences (rooms of care homes and shelters) and links from phones to people.
Invariant: only a phone that is a person's own is linked to them; that of a relative names somebody else.
Deliberately absent: why somebody is cared for in words, incomes, diagnoses, and what an answer on the phone entails.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from schemas.codes import PlaceKind
from schemas.columns import Columns
from schemas.conveyance import trait
from schemas.departments.forging import Expected, Hand
from schemas.facts import Columns as Rows
from schemas.stays import both, given, lasting, link, stay
from schemas.transfers import Trait
from schemas.wire import Code, Count, IdType, Instant, Name, Record

Document = Literal["resident_id", "passport", "person_no"]
Temperature = Annotated[float, Field(ge=30, le=45)]
Share = Annotated[float, Field(ge=0, le=1)]
_SEATED = ("wheelchair", "physical_1", "physical_2")
"""Of whom a ride needs a place for a wheelchair; that grades 1 and 2 of physical disability do is an assumption [D]."""


class CareRoster(Record):
    """关爱对象名册: a person who is looked after at home: living alone, disabled, or bringing up an orphan."""

    record: ClassVar[str] = "care_roster"
    identifiers: ClassVar = (("id_type", "id_no"), ("=phone", "phone"), ("=phone", "relative_phone"))
    intervals: ClassVar = (("listed_since", "listed_until"),)
    id_type: Document
    id_no: Code
    category: Code  # solitary_elderly 独居, empty_nest 空巢, disabled 残疾, orphan 孤儿, carer 照护他人, …
    street: Name | None = None
    household_code: Code | None = None
    phone: Code | None = None
    relative_phone: Code | None = None
    calls_per_day: Count | None = None
    listed_since: Instant | None = None
    listed_until: Instant | None = None
    disability: Code | None = None  # kind and grade of the card: physical_1 肢体一级, …; or wheelchair 轮椅

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        person, phone = c.ident("id_type", "id_no"), c.ident("=phone", "phone")
        span = c.number("listed_since"), c.number("listed_until")
        seated = trait(c, person, c.choice("disability", dict.fromkeys(_SEATED, int(Trait.wheelchair))), *span)
        caring = trait(c, person, c.choice("category", {"carer": int(Trait.carer)}), *span)
        return {"links": link(c.rows, phone, person, *span), "traits": both(seated, caring)}


class CareHomeRoster(Record):
    """养老机构名册: somebody lives in a care home, in a room with others, or works there. Who works there is listed
    without a room."""

    record: ClassVar[str] = "care_home_roster"
    identifiers: ClassVar = (("id_type", "id_no"),)
    intervals: ClassVar = (("moved_in_at", "moved_out_at"),)
    id_type: Document
    id_no: Code
    home_code: Code
    home_name: Name | None = None
    role: Code | None = None  # elder 老人, nurse 护理员, kitchen 后厨, …
    room: Code | None = None
    bed: Code | None = None
    moved_in_at: Instant | None = None
    moved_out_at: Instant | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        span = lasting(c.number("moved_in_at"), c.number("moved_out_at"))
        ident, place = c.ident("id_type", "id_no"), c.place("room", "home_code", "room")
        return {"presences": stay(c, ident, PlaceKind.room, place, *span, where=given(c, "room"))}


class HealthCall(Record):
    """每日健康询访: a call to somebody who is looked after: reached or not, and what they answered."""

    record: ClassVar[str] = "health_call"
    identifiers: ClassVar = (("id_type", "id_no"),)
    id_type: IdType
    id_no: Code
    called_at: Instant
    outcome: Code  # answered 已接, unreachable 未接, refused 拒答, …
    temperature: Temperature | None = None
    symptoms: bool | None = None
    needs_visit: bool | None = None
    asr_confidence: Share | None = None
    confirmed_by: Code | None = None

    @staticmethod
    def read(_: Columns) -> dict[str, Rows]:
        return {}


class RedPass(Record):
    """红色通行证: the household of somebody who lives alone may be supplied at its door every day."""

    record: ClassVar[str] = "red_pass"
    identifiers: ClassVar = (("id_type", "id_no"),)
    intervals: ClassVar = (("valid_since", "valid_until"),)
    id_type: Document
    id_no: Code
    pass_code: Code
    household_code: Code | None = None
    colour: Code | None = None
    valid_since: Instant | None = None
    valid_until: Instant | None = None

    @staticmethod
    def read(_: Columns) -> dict[str, Rows]:
        return {}


class TemporaryAid(Record):
    """临时救助: somebody is helped, and may be sheltered in a station, in a room or in its hall."""

    record: ClassVar[str] = "temporary_aid"
    identifiers: ClassVar = (("id_type", "id_no"),)
    intervals: ClassVar = (("sheltered_since", "sheltered_until"),)
    id_type: IdType
    id_no: Code
    aid: Code  # lodging 安置, food 食品, cash 救助金, journey 返乡, …
    station_code: Code | None = None
    station_name: Name | None = None
    room: Code | None = None
    sheltered_since: Instant | None = None
    sheltered_until: Instant | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        in_room = given(c, "room")
        kinds = np.where(in_room, int(PlaceKind.room), int(PlaceKind.venue))
        place = c.place(kinds, "station_code", "room")
        span = c.number("sheltered_since"), c.number("sheltered_until")
        ident, where = c.ident("id_type", "id_no"), given(c, "station_code")
        return {"presences": stay(c, ident, kinds, place, *span, where=where)}


RECORDS: tuple[type[Record], ...] = (CareRoster, CareHomeRoster, HealthCall, RedPass, TemporaryAid)


def _listed(h: Hand) -> dict[str, Any]:
    category = h.of(("solitary_elderly", "solitary_elderly", "empty_nest", "disabled", "orphan", "carer", "09"))
    card = h.of(("physical_1", "physical_2", "physical_3", "visual_1")) if category == "disabled" else None
    home = {"street": h.of(("凯旋街道", "柳影街道", "欣园街道", "群英街道")), "household_code": h.household()}
    since = {"listed_since": h.day(-h.between(30, 3000)), "listed_until": h.day(h.between(1, 400))}
    return {
        **home,
        **since,
        "category": category,
        "disability": card,
        "relative_phone": h.another("phone"),
        "calls_per_day": 2,
    }


def _housed(h: Hand) -> dict[str, Any]:
    home, resident = h.below(24), h.share() < 0.8
    lives = {"room": str(h.between(101, 420)), "bed": str(h.between(1, 4))} if resident else {"room": None, "bed": None}
    since = {"moved_in_at": h.day(-h.between(10, 2500)), "moved_out_at": h.day(h.between(1, 400))}
    role = "elder" if resident else h.of(("nurse", "kitchen", "guard"))
    return {**lives, **since, "role": role, "home_code": f"YL-{home:03d}", "home_name": f"宽城颐养院{home}"}


def _called(h: Hand) -> dict[str, Any]:
    if h.share() < 0.12:
        unsaid = dict.fromkeys(("temperature", "symptoms", "asr_confidence"))
        return {**unsaid, "outcome": h.of(("unreachable", "refused")), "needs_visit": True}
    return {"outcome": "answered", "symptoms": h.share() < 0.02, "needs_visit": h.share() < 0.05}


def _passed(h: Hand) -> dict[str, Any]:
    return {"household_code": h.household(), "colour": "red", "valid_since": h.day(), "valid_until": h.day(14)}


def _aided(h: Hand) -> dict[str, Any]:
    who, station = h.who(h.of(("resident_id", "resident_id", "person_no"))), h.below(3)
    if h.share() < 0.6:
        nowhere = ("station_code", "station_name", "room", "sheltered_since", "sheltered_until")
        return {**who, **dict.fromkeys(nowhere), "aid": h.of(("food", "cash", "journey"))}
    until = h.time(h.between(8, 200) * 3600)
    named = {"station_code": f"JZ-{station}", "station_name": f"宽城救助站{station}"}
    return {**who, **named, "aid": "lodging", "room": str(h.between(1, 40)), "sheltered_until": until}


_NIGHTLY = (28_800, 86_400)
_CARED = {"street": 0.95, "household_code": 0.8, "phone": 0.7, "relative_phone": 0.6, "calls_per_day": 0.5}
_ANSWER = {"temperature": 0.6, "symptoms": 0.85, "needs_visit": 0.9, "asr_confidence": 0.7, "confirmed_by": 0.3}
_SHELTER = {"station_code": 0.35, "station_name": 0.3, "room": 0.2, "sheltered_since": 0.35, "sheltered_until": 0.2}
EXPECTED = {
    "care_roster": Expected(
        _NIGHTLY, _CARED | {"listed_since": 0.9, "listed_until": 0.1, "disability": 0.12},
        {"emergency": 600, "routine": 200}, (9, 18), draft=_listed,
    ),
    "care_home_roster": Expected(
        _NIGHTLY, {"home_name": 0.9, "role": 0.9, "room": 0.75, "bed": 0.7, "moved_in_at": 0.9, "moved_out_at": 0.1},
        {"emergency": 300, "routine": 100}, (9, 18), draft=_housed,
    ),
    "health_call": Expected((60, 900), _ANSWER, {"emergency": 9_000, "routine": 600}, (9, 17), draft=_called),
    "red_pass": Expected(
        (600, 14_400), {"household_code": 0.97, "colour": 0.9, "valid_since": 0.95, "valid_until": 0.8},
        {"emergency": 800, "routine": 0}, (9, 20), draft=_passed,
    ),
    "temporary_aid": Expected((1800, 43_200), _SHELTER, {"emergency": 200, "routine": 30}, (8, 22), draft=_aided),
}  # fmt: skip
"""Volumes, fill rates and lateness: design assumptions [D]; two calls a day to those who live alone."""
