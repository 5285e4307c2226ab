"""Industry and telecom 工信局 + 运营商: dwells in cells of the network, travel cards, work and life in the firms.

In: `src.telecom.*`. Out: dwells, presences (workrooms, dormitories, zones, shuttles), links from phones to people.
Invariant: a cell of the network is a dwell and never a presence; it leads to people, it does not make a contact.
Deliberately absent: which moves between zones are allowed, and what a plan asks of a firm.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np

from schemas.codes import PlaceKind
from schemas.columns import Columns
from schemas.credit_codes import CreditCode, checked
from schemas.departments.forging import Expected, Hand
from schemas.facts import Columns as Rows
from schemas.rides import trip
from schemas.stays import given, lasting, link, stay
from schemas.wire import Code, Count, Day, IdType, Instant, Name, Record, Row, Vehicle


class GridDwell(Record):
    """通信网格驻留: a phone stayed in a cell of 800 m; sent when it has left, under its number or a pseudonym."""

    record: ClassVar[str] = "grid_dwell"
    identifiers: ClassVar = (("id_type", "id_no"),)
    intervals: ClassVar = (("entered_at", "left_at"),)
    id_type: Literal["phone", "code_token"]
    id_no: Code
    grid_code: Code
    entered_at: Instant
    left_at: Instant

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        dwell = {"row": c.rows, "ident": c.ident("id_type", "id_no"), "place": c.place("grid", "grid_code")}
        return {"dwells": {**dwell, "since_ms": c.number("entered_at"), "until_ms": c.number("left_at")}}


class TravelCard(Record):
    """通信行程卡: the cities in which a phone was in the last fourteen days; a star marks those with an outbreak."""

    record: ClassVar[str] = "travel_card"
    identifiers: ClassVar = (("id_type", "id_no"),)
    id_type: Literal["phone", "code_token"]
    id_no: Code
    cities: tuple[Name, ...] = ()
    starred: bool | None = None
    queried_at: Instant

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:  # noqa: ARG004
        return {}


class EnterpriseRoster(Record):
    """企业花名册: who works for a firm, their phone, and the dormitory room in which they live while they do."""

    record: ClassVar[str] = "enterprise_roster"
    identifiers: ClassVar = (("id_type", "id_no"), ("=phone", "phone"))
    intervals: ClassVar = (("valid_since", "valid_until"),)
    id_type: Literal["resident_id", "passport", "person_no"]
    id_no: Code
    credit_code: CreditCode
    enterprise_name: Name | None = None
    workshop: Code | None = None
    zone: Code | None = None
    phone: Code | None = None
    dorm_code: Code | None = None
    dorm_room: Code | None = None
    valid_since: Instant | None = None
    valid_until: Instant | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        who, phone = c.ident("id_type", "id_no"), c.ident("=phone", "phone")
        since, until = c.number("valid_since"), c.number("valid_until")
        dorm, lives = c.place("room", "dorm_code", "dorm_room"), given(c, "dorm_code") & given(c, "dorm_room")
        home = stay(c, who, PlaceKind.room, dorm, *lasting(since, until), where=lives)
        return {"presences": home, "links": link(c.rows, phone, who, since, until)}


class Shift(Record):
    """企业班次: a shift in a workshop, or somewhere on the firm's ground; as planned, if nobody clocked it."""

    record: ClassVar[str] = "shift"
    identifiers: ClassVar = (("id_type", "id_no"),)
    intervals: ClassVar = (("started_at", "ended_at"),)
    id_type: IdType
    id_no: Code
    credit_code: CreditCode
    workshop: Code | None = None
    clocked: bool | None = None
    started_at: Instant
    ended_at: Instant | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        kinds = np.where(given(c, "workshop"), int(PlaceKind.room), int(PlaceKind.venue))
        planned = c.number("clocked", -1) != 1
        flags = c.bits(since_inferred=planned, until_inferred=planned)
        place, who = c.place(kinds, "credit_code", "workshop"), c.ident("id_type", "id_no")
        return {"presences": stay(c, who, kinds, place, c.number("started_at"), c.number("ended_at"), flags=flags)}


class DormStay(Record):
    """集中居住点住宿: a night or more in a dormitory that several firms share."""

    record: ClassVar[str] = "dorm_stay"
    identifiers: ClassVar = (("id_type", "id_no"),)
    intervals: ClassVar = (("check_in_at", "check_out_at"),)
    id_type: IdType
    id_no: Code
    dorm_code: Code
    dorm_room: Code
    check_in_at: Instant
    check_out_at: Instant | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        room, who = c.place("room", "dorm_code", "dorm_room"), c.ident("id_type", "id_no")
        return {"presences": stay(c, who, PlaceKind.room, room, c.number("check_in_at"), c.number("check_out_at"))}


class ShuttleRide(Record):
    """共享通勤车: a ride on a shuttle that several firms hired together, or its driver's duty."""

    record: ClassVar[str] = "shuttle_ride"
    identifiers: ClassVar = (("id_type", "id_no"),)
    intervals: ClassVar = (("boarded_at", "alighted_at"),)
    id_type: IdType
    id_no: Code
    vehicle: Vehicle
    service_date: Day
    route: Code | None = None
    role: Literal["passenger", "driver"] | None = None
    seat: Code | None = None
    row: Row | None = None
    sealed: bool | None = None
    boarded_at: Instant
    alighted_at: Instant | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        kinds = np.full(c.count, int(PlaceKind.coach))
        sealed, drives = c.number("sealed", -1), c.choice("role", {"driver": 1}) == 1
        flags = c.bits(sealed=sealed == 1, ventilated=sealed == 0, crew=drives)
        seat = np.where(drives, 0, c.seat("", "", "seat", "row", "row"))
        ride = (c.ident("id_type", "id_no"), kinds, trip(c, kinds), c.number("boarded_at"), c.number("alighted_at"))
        return {"presences": stay(c, *ride, flags=flags, seat=seat)}


class BubbleTransition(Record):
    """闭环区域转换: somebody, or a lorry, enters a zone of a closed site, any but `outside`; amended on leaving."""

    record: ClassVar[str] = "bubble_transition"
    identifiers: ClassVar = (("id_type", "id_no"),)
    intervals: ClassVar = (("moved_at", "left_at"),)
    id_type: IdType
    id_no: Code
    site_code: Code
    zone_from: Code | None = None
    zone_to: Code
    moved_at: Instant
    left_at: Instant | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        inside = c.choice("zone_to", {"outside": 1}) == 0
        zone, times = c.place("venue", "site_code", "zone_to"), (c.number("moved_at"), c.number("left_at"))
        return {"presences": stay(c, c.ident("id_type", "id_no"), PlaceKind.venue, zone, *times, where=inside)}


class PlanVersion(Record):
    """一企一策: an edition of a firm's own plan, as it was approved."""

    record: ClassVar[str] = "plan_version"
    intervals: ClassVar = (("approved_at", "valid_until"),)
    credit_code: CreditCode
    plan_no: Code
    edition: Count
    closed_loop: bool | None = None
    approved_at: Instant
    valid_until: Instant | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:  # noqa: ARG004
        return {}


RECORDS: tuple[type[Record], ...] = (
    GridDwell, TravelCard, EnterpriseRoster, Shift, DormStay, ShuttleRide, BubbleTransition, PlanVersion,
)  # fmt: skip


def _dwelt(h: Hand) -> dict[str, Any]:
    who, cell = h.who(h.of(("phone", "phone", "code_token"))), f"KC-{h.below(25):02d}-{h.below(40):02d}"
    return {**who, "grid_code": cell, "entered_at": h.time(-h.between(600, 30_000)), "left_at": h.time()}


def _room(h: Hand) -> dict[str, Any]:
    return {"dorm_code": f"SS-{h.below(60):03d}", "dorm_room": str(h.between(101, 520))}


def _firm(h: Hand) -> dict[str, Any]:
    return {"credit_code": checked(f"91990103MA{h.below(400):07d}")}


def _employed(h: Hand) -> dict[str, Any]:
    valid = {"valid_since": h.day(-h.between(30, 900)), "valid_until": h.day(h.between(1, 300))}
    return {**_firm(h), "workshop": h.of("ABC"), **_room(h), **valid}


def _worked(h: Hand) -> dict[str, Any]:
    who, times = h.who(h.of(("resident_id", "person_no"))), {"started_at": h.time(-28_800), "ended_at": h.time()}
    return {**who, **_firm(h), "workshop": h.of("ABC"), **times, "clocked": h.share() < 0.8}


_WORK = {"enterprise_name": 0.9, "workshop": 0.7, "zone": 0.3, "phone": 0.85, "valid_since": 0.8, "valid_until": 0.1}
EXPECTED = {
    "grid_dwell": Expected((900, 7200), {}, {"emergency": 200_000, "routine": 40_000}, (9, 24), draft=_dwelt),
    "travel_card": Expected(
        (2, 20), {"cities": 0.97, "starred": 0.99}, {"emergency": 4_000, "routine": 3_000},
        draft=lambda h: {"cities": ["长春市", h.of(("吉林市", "四平市", "沈阳市"))]},
    ),
    "enterprise_roster": Expected(
        (28_800, 86_400), _WORK | {"dorm_code": 0.4, "dorm_room": 0.35}, {"emergency": 2_000, "routine": 800},
        draft=_employed,
    ),
    "shift": Expected(
        (600, 21_600), {"workshop": 0.8, "clocked": 0.9, "ended_at": 0.7}, {"emergency": 4_000, "routine": 20_000},
        (12, 24), draft=_worked,
    ),
    "dorm_stay": Expected((600, 7200), {"check_out_at": 0.3}, {"emergency": 1_000, "routine": 1_500}, draft=_room),
    "shuttle_ride": Expected(
        (60, 3600), {"route": 0.9, "role": 0.9, "seat": 0.2, "row": 0.3, "sealed": 0.6, "alighted_at": 0.8},
        {"emergency": 1_500, "routine": 3_000}, (5, 22),
        draft=lambda h: {"vehicle": f"吉ZB{h.below(40):04d}", "role": h.of((*["passenger"] * 30, "driver"))},
    ),
    "bubble_transition": Expected(
        (5, 120), {"zone_from": 0.95, "left_at": 0.5}, {"emergency": 4_000, "routine": 300},
        draft=lambda h: {"zone_from": h.of(("living", "channel")), "zone_to": h.of(("production", "outside"))},
    ),
    "plan_version": Expected(
        (3600, 86_400), {"closed_loop": 0.9, "valid_until": 0.5}, {"emergency": 40, "routine": 5}, draft=_firm,
    ),
}  # fmt: skip
"""The volume of dwells in an emergency: handbook 4.3. All else: design assumptions [D]; operators send in batches."""
