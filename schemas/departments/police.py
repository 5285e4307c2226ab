"""Police 公安分局: the resident register, hotel stays, checkpoint passes, who holds a phone, who is one person.

In: `src.police.*`. Out: presences (households, hotels, checkpoints) and links.
Invariant: a link says who held an identifier when; whether two people are one is decided in the brain.
Deliberately absent: names, relations' free text, and any judgement of a contradiction.
"""

from __future__ import annotations

from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import model_validator
from pydantic_core import PydanticCustomError

from schemas.codes import PlaceKind
from schemas.columns import Columns
from schemas.facts import Columns as Rows
from schemas.instants import BEGIN_MS, OPEN_MS, UNKNOWN_MS
from schemas.keys import ANCHOR_KINDS, IDENTIFIER_KINDS, PHONE_RANK, Ints
from schemas.wire import Code, IdType, Instant, Name, Phone, Record


def link(row: Ints, one: Ints, other: Ints, since: Ints, until: Ints) -> Rows:
    """Link columns; the greater token is carried by the lesser one (kinds rank within tokens)."""
    return {
        "row": row,
        "carried": np.maximum(one, other),
        "owner": np.minimum(one, other),
        "since_ms": np.where(since == UNKNOWN_MS, BEGIN_MS, since),
        "until_ms": np.where(until == UNKNOWN_MS, OPEN_MS, until),
    }


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

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        ident, since, until = c.ident("id_type", "id_no"), c.number("valid_since"), c.number("valid_until")
        row, phones = c.lists["phones"]
        numbers = phones.map(lambda p: c.tokens.identifier("phone", p), 0)
        home = {
            "row": c.rows,
            "ident": ident,
            "place": c.place("household", "household_code"),
            "kind": np.full(c.count, int(PlaceKind.household)),
            "since_ms": np.where(since == UNKNOWN_MS, BEGIN_MS, since),
            "until_ms": np.where(until == UNKNOWN_MS, OPEN_MS, until),
            "flags": np.zeros(c.count, np.int64),
            "seat": np.zeros(c.count, np.int64),
        }
        return {"presences": home, "links": link(row, numbers, ident[row], since[row], until[row])}


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
        room = c.place("hotel_room", "hotel_code", "room")
        house = c.place("hotel", "hotel_code")
        twice = np.concatenate([c.rows, c.rows])
        kinds = np.repeat([int(PlaceKind.hotel_room), int(PlaceKind.hotel)], c.count)
        stay = {
            "row": twice,
            "ident": ident[twice],
            "place": np.concatenate([room, house]),
            "kind": kinds,
            "since_ms": since[twice],
            "until_ms": until[twice],
            "flags": np.zeros(2 * c.count, np.int64),
            "seat": np.zeros(2 * c.count, np.int64),
        }
        return {"presences": stay}


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
        presence = {
            "row": c.rows,
            "ident": c.ident("id_type", "id_no"),
            "place": c.place("checkpoint", "checkpoint_code"),
            "kind": np.full(c.count, int(PlaceKind.checkpoint)),
            "since_ms": c.number("passed_at"),
            "until_ms": np.full(c.count, UNKNOWN_MS),
            "flags": np.zeros(c.count, np.int64),
            "seat": np.zeros(c.count, np.int64),
        }
        return {"presences": presence}


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
