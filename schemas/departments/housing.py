"""Housing 住建局/物业: buildings and homes, property staff, gates of compounds, building sites.

In: `src.housing.*`. Out: presences (gates, building sites), links from phones to people, and in which
street a home is.
Invariant: a gate is a checkpoint: who passes it was there, and not at anybody's home.
Deliberately absent: who lives where (the resident register says that), and areas or prices of homes.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np

from schemas.codes import PlaceKind
from schemas.columns import Columns
from schemas.conveyance import dwelt
from schemas.departments.forging import Expected, Hand
from schemas.facts import Columns as Rows
from schemas.instants import DAY_MS, UNKNOWN_MS
from schemas.orders import located
from schemas.stays import both, link, stay
from schemas.wire import Code, Count, IdType, Instant, Latitude, Longitude, Name, Record

Document = Literal["resident_id", "passport", "person_no"]


class Dwelling(Record):
    """楼盘表: a home in a compound, by building, unit and room, and the household and grid that it belongs to."""

    record: ClassVar[str] = "dwelling"
    compound_code: Code
    compound_name: Name | None = None
    building: Code
    unit: Code | None = None
    room: Code | None = None
    floors: Count | None = None
    use: Code | None = None  # home 住宅, shop 商铺, office 办公, vacant 空置, …
    street: Name | None = None
    grid_code: Code | None = None
    household_code: Code | None = None
    lat: Latitude | None = None  # of the building; no finer than 0.005 degrees is kept
    lon: Longitude | None = None
    community: Name | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        always = np.full(c.count, UNKNOWN_MS), np.full(c.count, UNKNOWN_MS)
        named = (("household", "household_code"), ("compound", "compound_code"))
        return {"streets": both(*(located(c, *place, *always) for place in named)), "dwellings": dwelt(c)}


class PropertyStaff(Record):
    """物业人员名册: who works for a compound, at which post, and their phone."""

    record: ClassVar[str] = "property_staff"
    identifiers: ClassVar = (("id_type", "id_no"), ("=phone", "phone"))
    intervals: ClassVar = (("employed_since", "employed_until"),)
    id_type: Document
    id_no: Code
    compound_code: Code
    post: Code | None = None  # guard 保安, cleaner 保洁, repairs 维修, …
    phone: Code | None = None
    employed_since: Instant | None = None
    employed_until: Instant | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        person, phone = c.ident("id_type", "id_no"), c.ident("=phone", "phone")
        return {"links": link(c.rows, phone, person, c.number("employed_since"), c.number("employed_until"))}


class GatePass(Record):
    """小区出入登记: a person or a car passes the gate of a compound, in or out."""

    record: ClassVar[str] = "gate_pass"
    identifiers: ClassVar = (("id_type", "id_no"),)
    id_type: IdType
    id_no: Code
    compound_code: Code
    gate: Code | None = None
    direction: Code | None = None  # in 进, out 出
    purpose: Code | None = None  # dweller 居民, courier 快递, repairs 维修, medical 就医, …
    code_status: Code | None = None
    passed_at: Instant

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        ident, gate = c.ident("id_type", "id_no"), c.place("checkpoint", "compound_code", "gate")
        return {"presences": stay(c, ident, PlaceKind.checkpoint, gate, c.number("passed_at"))}


class SiteAttendance(Record):
    """工地实名考勤: a day of a worker on a building site. Some sites log every gate, some only that somebody came; then
    the day stands in for the times, and is vague."""

    record: ClassVar[str] = "site_attendance"
    identifiers: ClassVar = (("id_type", "id_no"),)
    intervals: ClassVar = (("entered_at", "left_at"),)
    id_type: Document
    id_no: Code
    site_code: Code
    site_name: Name | None = None
    employer_code: Code | None = None  # 统一社会信用代码
    team: Code | None = None
    trade: Code | None = None
    work_date: Instant
    entered_at: Instant | None = None
    left_at: Instant | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        entered, left, day = c.number("entered_at"), c.number("left_at"), c.number("work_date")
        vague = entered == UNKNOWN_MS
        since = np.where(vague, day, entered)
        until = np.where(vague & (left <= since), since + DAY_MS, left)
        ident, site = c.ident("id_type", "id_no"), c.place("venue", "site_code")
        return {"presences": stay(c, ident, PlaceKind.venue, site, since, until, flags=c.bits(vague=vague))}


RECORDS: tuple[type[Record], ...] = (Dwelling, PropertyStaff, GatePass, SiteAttendance)


def _built(h: Hand) -> dict[str, Any]:
    where = {"compound_code": h.compound(), "compound_name": f"{h.of(('凯旋', '柳影', '欣园'))}花园{h.below(30)}期"}
    use = h.of(("home", "home", "home", "shop", "vacant", "99"))
    rooms = {"building": str(h.between(1, 30)), "unit": str(h.between(1, 4)), "room": str(h.between(101, 1804))}
    known = {"household_code": h.household(), "street": h.street(), "community": h.community()}
    return {**where, **rooms, **known, "use": use, "floors": h.between(5, 33)}


def _employed(h: Hand) -> dict[str, Any]:
    since = {"employed_since": h.day(-h.between(20, 3000)), "employed_until": h.day(h.between(1, 300))}
    return {**since, "compound_code": h.compound(), "post": h.of(("guard", "guard", "cleaner", "repairs"))}


def _went(h: Hand) -> dict[str, Any]:
    who = h.who(h.of(("resident_id", "phone", "phone", "code_token", "plate")))
    gate = {"compound_code": h.compound(), "gate": h.of("东南西北"), "direction": h.of(("in", "out"))}
    return {**who, **gate, "purpose": h.of(("dweller", "dweller", "courier", "medical")), "code_status": "ok"}


def _worked(h: Hand) -> dict[str, Any]:
    site, hours = h.below(60), h.between(6, 11) * 3600
    named = {"site_code": f"GD-{site:03d}", "site_name": f"宽城工地{site}", "team": str(h.between(1, 12))}
    trade = h.of(("carpenter", "welder", "scaffolder", "07"))
    return {**named, "trade": trade, "work_date": h.day(), "entered_at": h.time(-hours), "left_at": h.time()}


_HOME = {"compound_name": 0.9, "unit": 0.9, "room": 0.97, "floors": 0.6, "use": 0.9, "street": 0.8, "grid_code": 0.7}
_WHERE = {"household_code": 0.7, "lat": 0.8, "lon": 0.8, "community": 0.8}
_GATE = {"gate": 0.9, "direction": 0.95, "purpose": 0.6, "code_status": 0.7}
_SITE = {"site_name": 0.9, "employer_code": 0.8, "team": 0.7, "trade": 0.6, "entered_at": 0.85, "left_at": 0.75}
EXPECTED = {
    "dwelling": Expected(
        (28_800, 86_400), _HOME | _WHERE, {"emergency": 1_500, "routine": 1_000}, (9, 18),
        draft=_built,
    ),
    "property_staff": Expected(
        (28_800, 86_400), {"post": 0.9, "phone": 0.85, "employed_since": 0.8, "employed_until": 0.1},
        {"emergency": 300, "routine": 100}, (9, 18), draft=_employed,
    ),
    "gate_pass": Expected((10, 1200), _GATE, {"emergency": 12_000, "routine": 90_000}, (5, 24), draft=_went),
    "site_attendance": Expected((1800, 43_200), _SITE, {"emergency": 600, "routine": 9_000}, (16, 22), draft=_worked),
}  # fmt: skip
"""Volumes, fill rates and lateness: design assumptions [D]; under lockdown few pass a gate."""
