"""Isolation: sites and their rooms, who moved in and left, and who is to be taken there or may stay at home.

In: records of `src.health.*`, of which these are a part. Out: sites, rooms, admissions, discharges, decisions.
Invariant: a site is named by its code in every record; a room is one within its site.
Deliberately absent: how many beds are free (brain/), and which room somebody should have (streams/dispatch/).
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from schemas.columns import Columns
from schemas.conveyance import PurposeWord, decided, numbers, position
from schemas.departments.forging import Expected, Hand
from schemas.facts import Columns as Rows
from schemas.keys import Ints
from schemas.stays import lasting
from schemas.transfers import SiteKind, Takes
from schemas.wire import Code, IdType, Instant, Latitude, Longitude, Record

Beds = Annotated[int, Field(ge=1, le=1000)]
Floor = Annotated[int, Field(ge=-9, le=200)]
_TAKEN = {"case": Takes.cases, "close": Takes.close, "secondary": Takes.secondary}


def _site(c: Columns) -> Ints:
    return c.coded("site", "site_code")


def _room(c: Columns) -> Ints:
    return c.coded("site_room", "room", within=_site(c))


class IsolationSite(Record):
    """隔离场所: a hospital, cabin, hotel or health station in which people are isolated, and whom it takes."""

    record: ClassVar[str] = "isolation_site"
    intervals: ClassVar = (("open_since", "open_until"),)
    site_code: Code
    kind: Literal["hospital", "cabin", "hotel", "station"]  # 定点医院 / 方舱 / 集中隔离点 / 健康驿站
    takes: tuple[Literal["case", "close", "secondary"], ...] = ()
    lat: Latitude | None = None
    lon: Longitude | None = None
    open_since: Instant | None = None
    open_until: Instant | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        since, until = lasting(c.number("open_since"), c.number("open_until"))
        lat, lon = position(c, "lat", "lon")
        row, words = c.lists["takes"]
        takes = np.zeros(c.count, np.int64)
        np.bitwise_or.at(takes, row, words.map(lambda word: int(_TAKEN.get(word, 0)), 0))
        kind = c.choice("kind", numbers(SiteKind))
        place = {"row": c.rows, "site": _site(c), "kind": kind, "takes": takes, "lat": lat, "lon": lon}
        return {"sites": {**place, "since_ms": since, "until_ms": until}}


class IsolationRoom(Record):
    """隔离房间: a room of such a site: its floor, its beds, and whether a family may have it together."""

    record: ClassVar[str] = "isolation_room"
    site_code: Code
    room: Code
    floor: Floor | None = None
    beds: Beds
    family: bool | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        room = {"row": c.rows, "site": _site(c), "room": _room(c), "floor": c.number("floor"), "beds": c.number("beds")}
        return {"rooms": {**room, "family": (c.number("family", -1) == 1).astype(np.int64)}}


class IsolationAdmission(Record):
    """隔离收治: a person enters isolation or a designated hospital."""

    record: ClassVar[str] = "isolation_admission"
    identifiers: ClassVar = (("id_type", "id_no"),)
    id_type: IdType
    id_no: Code
    site_code: Code
    room: Code | None = None
    admitted_at: Instant

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        told = {"row": c.rows, "ident": c.ident("id_type", "id_no"), "admitted_ms": c.number("admitted_at")}
        return {"admissions": {**told, "site": _site(c), "room": _room(c)}}


class IsolationDischarge(Record):
    """解除隔离: a person leaves isolation."""

    record: ClassVar[str] = "isolation_discharge"
    identifiers: ClassVar = (("id_type", "id_no"),)
    id_type: IdType
    id_no: Code
    site_code: Code
    discharged_at: Instant

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        told = {"row": c.rows, "ident": c.ident("id_type", "id_no"), "discharged_ms": c.number("discharged_at")}
        return {"discharges": {**told, "site": _site(c)}}


class TransferOrder(Record):
    """转运指令: a human's word: somebody is to be taken, is not to be taken after all, or may be isolated at home."""

    record: ClassVar[str] = "transfer_order"
    identifiers: ClassVar = (("id_type", "id_no"),)
    id_type: IdType
    id_no: Code
    purpose: PurposeWord
    decision: Literal["order", "cancel", "home"]
    reason: Code | None = (
        None  # HomeReason: child 儿童, care 不能自理, carer 照护他人, illness 重病, site_full 已满, other
    )
    site_code: Code | None = None
    decided_at: Instant

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        return {"decisions": decided(c, c.ident("id_type", "id_no"), c.number("decided_at"))}


RECORDS: tuple[type[Record], ...] = (
    IsolationSite, IsolationRoom, IsolationAdmission, IsolationDischarge, TransferOrder,
)  # fmt: skip


def _opened(h: Hand) -> dict[str, Any]:
    kind, *takes = h.of((("hospital", "case"), ("cabin", "case"), ("hotel", "close", "secondary"), ("hotel", "close")))
    span = {"open_since": h.day(-h.between(1, 60)), "open_until": h.day(h.between(10, 90))}
    return {**span, "site_code": h.code("GL", 60), "kind": kind, "takes": takes}


def _furnished(h: Hand) -> dict[str, Any]:
    floor, family = h.between(1, 18), h.share() < 0.1
    size = h.between(2, 4) if family else 1
    return {"site_code": h.code("GL", 60), "room": f"{floor}{h.between(1, 40):02d}", "floor": floor, "beds": size,
            "family": family}  # fmt: skip


def _ordered(h: Hand) -> dict[str, Any]:
    decision = h.of((*["order"] * 8, "cancel", "home"))
    why = h.of(("child", "care", "carer")) if decision == "home" else None
    there = h.code("GL", 60) if decision == "order" else None
    purpose = h.of(("isolate", "isolate", "isolate", "hospital"))
    return {"purpose": purpose, "decision": decision, "reason": why, "site_code": there}


EXPECTED = {
    "isolation_site": Expected(
        (3600, 43_200), {"takes": 0.97, "lat": 0.9, "lon": 0.9, "open_since": 0.9, "open_until": 0.2},
        {"emergency": 30, "routine": 2}, (7, 22), draft=_opened,
    ),
    "isolation_room": Expected(
        (3600, 43_200), {"floor": 0.9, "family": 0.7}, {"emergency": 1_000, "routine": 50}, (7, 22), draft=_furnished,
    ),
    "isolation_admission": Expected((900, 7200), {"room": 0.8}, {"emergency": 1_500, "routine": 20}),
    "isolation_discharge": Expected((900, 7200), {}, {"emergency": 1_000, "routine": 20}, (8, 20)),
    "transfer_order": Expected(
        (60, 1800), {"reason": 0.09, "site_code": 0.4}, {"emergency": 800, "routine": 10}, draft=_ordered,
    ),
}  # fmt: skip
"""Volumes, fill rates and lateness: design assumptions [D]."""
