"""Police 公安分局: the resident register, hotel stays, checkpoint passes, who holds a phone, who is one person.

In: `src.police.*`. Out: presences (households, hotels, checkpoints), links, who lives where, and who is a child.
Invariant: a link says who held an identifier when; whether two people are one is decided in the brain.
Deliberately absent: names, relations' free text, and any judgement of a contradiction.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from schemas.codes import PlaceKind
from schemas.columns import Columns
from schemas.conveyance import child
from schemas.departments.forging import Expected, Hand
from schemas.facts import Columns as Rows
from schemas.keys import ANCHOR_KINDS, IDENTIFIER_KINDS, PHONE_RANK
from schemas.orders import home
from schemas.stays import both, lasting, link, stay
from schemas.wire import Code, Day, IdType, Instant, Name, Phone, Record


class ResidentRegister(Record):
    """人口登记: where a person lives and the phones they hold."""

    record: ClassVar[str] = "resident_register"
    identifiers: ClassVar = (("id_type", "id_no"),)
    intervals: ClassVar = (("valid_since", "valid_until"),)
    id_type: Literal["resident_id", "passport", "person_no"]
    id_no: Code
    household_code: Code
    residence: Literal["registered", "permanent", "floating"] | None = None  # 户籍 / 常住 / 流动
    compound_code: Code | None = None
    building: Code | None = None
    room: Code | None = None
    phones: tuple[Phone, ...] = ()
    valid_since: Instant | None = None
    valid_until: Instant | None = None
    born_on: Day | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        ident, since, until = c.ident("id_type", "id_no"), c.number("valid_since"), c.number("valid_until")
        row, phones = c.lists["phones"]
        numbers = phones.map(lambda p: c.tokens.identifier("phone", p), 0)
        place = c.place("household", "household_code")
        there = stay(c, ident, PlaceKind.household, place, *lasting(since, until))
        named = (("household", "household_code"), ("compound", "compound_code"))
        homes = both(*(home(c, ident, *place_named, since, until) for place_named in named))
        links = link(row, numbers, ident[row], since[row], until[row])
        return {"presences": there, "links": links, "homes": homes, "traits": child(c, ident)}


class HotelStay(Record):
    """旅馆住宿: a guest in a room; guests of one room are together, guests of one hotel share the house."""

    record: ClassVar[str] = "hotel_stay"
    identifiers: ClassVar = (("id_type", "id_no"),)
    intervals: ClassVar = (("check_in_at", "check_out_at"),)
    id_type: IdType
    id_no: Code
    hotel_code: Code
    hotel_name: Name | None = None
    room: Code
    check_in_at: Instant
    check_out_at: Instant | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        ident, since, until = c.ident("id_type", "id_no"), c.number("check_in_at"), c.number("check_out_at")
        room = stay(c, ident, PlaceKind.hotel_room, c.place("hotel_room", "hotel_code", "room"), since, until)
        house = stay(c, ident, PlaceKind.hotel, c.place("hotel", "hotel_code"), since, until)
        return {"presences": both(room, house)}


class CheckpointPass(Record):
    """卡口通行: a person passes a checkpoint."""

    record: ClassVar[str] = "checkpoint_pass"
    identifiers: ClassVar = (("id_type", "id_no"),)
    id_type: IdType
    id_no: Code
    checkpoint_code: Code
    passed_at: Instant
    code_status: Literal["none", "ok", "red", "yellow"] | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        ident, place = c.ident("id_type", "id_no"), c.place("checkpoint", "checkpoint_code")
        return {"presences": stay(c, ident, PlaceKind.checkpoint, place, c.number("passed_at"))}


class PhoneOwnership(Record):
    """机主登记: who holds a phone number, from when to when."""

    record: ClassVar[str] = "phone_ownership"
    identifiers: ClassVar = (("id_type", "id_no"), ("=phone", "phone"))
    intervals: ClassVar = (("held_since", "held_until"),)
    phone: Code
    id_type: Literal["resident_id", "passport", "person_no"]
    id_no: Code
    held_since: Instant | None = None
    held_until: Instant | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        owner, phone = c.ident("id_type", "id_no"), c.ident("=phone", "phone")
        return {"links": link(c.rows, phone, owner, c.number("held_since"), c.number("held_until"))}


class IdentityLink(Record):
    """身份关联: two identifiers of one person: two documents, or something held for a time by a document or a phone."""

    record: ClassVar[str] = "identity_link"
    identifiers: ClassVar = (("id_type", "id_no"), ("other_id_type", "other_id_no"))
    intervals: ClassVar = (("held_since", "held_until"),)
    id_type: IdType
    id_no: Code
    other_id_type: IdType
    other_id_no: Code
    held_since: Instant | None = None
    held_until: Instant | None = None

    @model_validator(mode="after")
    def _somebody_holds_it(self) -> Self:
        ranks = sorted(IDENTIFIER_KINDS.index(kind) for kind in (self.id_type, self.other_id_type))
        if ranks[0] >= len(ANCHOR_KINDS) and (ranks[0] != PHONE_RANK or ranks[1] == PHONE_RANK):
            hint = "one side must be a resident_id, passport or person_no, or a phone that holds something else"
            raise PydanticCustomError("link_kinds", "{hint}", {"hint": hint, "field": "other_id_type"})
        if (self.id_type, self.id_no) == (self.other_id_type, self.other_id_no):
            raise PydanticCustomError(
                "link_to_itself", "{hint}", {"hint": "two different identifiers are expected", "field": "other_id_no"}
            )
        return self

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        one, other = c.ident("id_type", "id_no"), c.ident("other_id_type", "other_id_no")
        return {"links": link(c.rows, one, other, c.number("held_since"), c.number("held_until"))}


RECORDS: tuple[type[Record], ...] = (
    ResidentRegister, HotelStay, CheckpointPass, PhoneOwnership, IdentityLink,
)  # fmt: skip


def _registered(h: Hand) -> dict[str, Any]:
    where = {"household_code": h.household(), "compound_code": h.compound()}
    born = h.day(-h.between(0, 36_000) if h.share() < 0.9 else -h.between(0, 5_000))
    return {
        **where,
        "born_on": born,
        "valid_since": h.day(-h.between(30, 9000)),
        "valid_until": h.day(h.between(30, 900)),
    }


def _lodged(h: Hand) -> dict[str, Any]:
    hotel, who = h.below(180), h.who(h.of(("resident_id", "resident_id", "passport")))
    named = {"hotel_code": f"HT-{hotel:03d}", "hotel_name": f"宽城旅馆{hotel}店"}
    return {**who, **named, "room": str(h.between(101, 960))}


def _passed(h: Hand) -> dict[str, Any]:
    who = h.who(h.of(("resident_id", "resident_id", "phone", "plate")))
    return {**who, "checkpoint_code": h.code("CP", 120), "code_status": h.of((*["ok"] * 8, "none", "yellow", "red"))}


def _held(h: Hand) -> dict[str, Any]:
    return {"held_since": h.day(-h.between(200, 4000)), "held_until": h.day(-h.between(0, 100))}


def _linked(h: Hand) -> dict[str, Any]:
    kind = h.of(("passport", "plate", "code_token"))
    return {"other_id_type": kind, "other_id_no": h.held(kind), **_held(h)}


_NIGHTLY = (28_800, 86_400)
_HOME = {"residence": 0.95, "compound_code": 0.9, "building": 0.9, "room": 0.85, "phones": 0.8}
_HELD = {"held_since": 0.9, "held_until": 0.05}
_FORM = "{} {}"
EXPECTED = {
    "resident_register": Expected(
        _NIGHTLY, _HOME | {"valid_since": 0.7, "valid_until": 0.05, "born_on": 0.9},
        {"emergency": 5_000, "routine": 3_000}, (9, 18), _FORM, _registered,
    ),
    "hotel_stay": Expected(
        (300, 3600), {"hotel_name": 0.9, "check_out_at": 0.3}, {"emergency": 1_500, "routine": 6_000},
        (10, 24), _FORM, _lodged,
    ),
    "checkpoint_pass": Expected(
        (5, 60), {"code_status": 0.9}, {"emergency": 50_000, "routine": 20_000}, (5, 24), _FORM, _passed,
    ),
    "phone_ownership": Expected(_NIGHTLY, _HELD, {"emergency": 5_000, "routine": 2_000}, (9, 18), _FORM, _held),
    "identity_link": Expected(_NIGHTLY, _HELD, {"emergency": 2_000, "routine": 1_000}, (9, 18), _FORM, _linked),
}  # fmt: skip
"""Volumes, fill rates and lateness: design assumptions [D]; registers come over night."""
