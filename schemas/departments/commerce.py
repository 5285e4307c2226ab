"""Commerce 商务局: supplies brought to closed households, lorries booked into a logistics park and passing its zones.

In: `src.commerce.*`. Out: presences (doors and gates, zones of a park, cabs).
Invariant: goods handed over at a door are a checkpoint, never a stay in a home; all aboard one lorry are together.
Deliberately absent: bookings as proof that anybody came, and which way through a park is allowed.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from schemas.codes import PlaceKind
from schemas.columns import Columns
from schemas.departments.forging import Expected, Hand
from schemas.facts import Columns as Rows
from schemas.keys import Ints
from schemas.rides import told
from schemas.stays import both, given, only, stay
from schemas.wire import Code, Confidence, Count, IdType, Instant, Name, Phone, Record, Vehicle

_DRIVEN_THROUGH = {"gate": 1, "channel": 1, "disinfect": 1}
"""Zones of a park that a lorry passes; in every other it waits, also in one that we have not met."""


class SupplyOrder(Record):
    """保供订单: what a household asks for, and who brought it when; amended from order to delivery. It is handed over
    at a gate, else at the household's door. Without contact, the courier had gone before the goods were fetched."""

    record: ClassVar[str] = "supply_order"
    identifiers: ClassVar = (("=phone", "courier_phone"), ("=phone", "receiver_phone"))
    household_code: Code
    colour_class: Code | None = None
    items: tuple[Code, ...] = ()
    promised_at: Instant | None = None
    delivered_at: Instant | None = None
    gate_compound: Code | None = None
    gate: Code | None = None
    contactless: bool | None = None
    courier_phone: Code | None = None
    receiver_phone: Code | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        gate, home = c.text("gate").where(given(c, "gate_compound")), c.text("household_code")
        place = c.place("checkpoint", "gate_compound", gate, home.where(~given(c, "gate_compound")))
        since = c.number("delivered_at")
        courier, receiver = c.ident("=phone", "courier_phone"), c.ident("=phone", "receiver_phone")
        met = c.number("contactless", 0) == 0
        brought = stay(c, courier, PlaceKind.checkpoint, place, since)
        return {"presences": both(brought, stay(c, receiver, PlaceKind.checkpoint, place, since, where=met))}


class TruckBooking(Record):
    """货车预约: a lorry asks to be let into a logistics park. It is a plan until the lorry passes the gate."""

    record: ClassVar[str] = "truck_booking"
    identifiers: ClassVar = (("id_type", "id_no"),)
    intervals: ClassVar = (("planned_enter_at", "planned_leave_at"),)
    id_type: IdType
    id_no: Code
    companion_phones: tuple[Phone, ...] = ()
    vehicle: Vehicle
    park_code: Code
    origin: Name | None = None
    origin_risk: Code | None = None
    cargo_code: Code | None = None
    nat_sampled_at: Instant | None = None
    nat_result: Code | None = None
    status: Code | None = None
    planned_enter_at: Instant
    planned_leave_at: Instant | None = None

    @staticmethod
    def read(_: Columns) -> dict[str, Rows]:
        return {}


class TruckPass(Record):
    """货车过区: a lorry and all aboard are in one zone of a park; amended when it leaves that zone. Those aboard share
    the cab, which is a car as a taxi is one; the escort (引导员) is in the zone alone."""

    record: ClassVar[str] = "truck_pass"
    identifiers: ClassVar = (("id_type", "id_no"), ("=person_no", "escort_no"))
    intervals: ClassVar = (("entered_at", "left_at"),)
    id_type: IdType
    id_no: Code
    companion_phones: tuple[Phone, ...] = ()
    vehicle: Vehicle
    park_code: Code
    zone: Code
    escort_no: Code | None = None
    nat_age_h: Count | None = None
    entered_at: Instant
    left_at: Instant | None = None
    confidence: Confidence | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        passes = c.choice("zone", _DRIVEN_THROUGH) == 1
        kinds = np.where(passes, int(PlaceKind.checkpoint), int(PlaceKind.venue))
        zone, cab = c.place(kinds, "park_code", "zone"), c.place("taxi", "vehicle")
        driver, since, until = c.ident("id_type", "id_no"), c.number("entered_at"), c.number("left_at")
        flags = c.bits(**told(c))
        row, phones = c.lists["companion_phones"]
        companions = phones.map(lambda p: c.tokens.identifier("phone", p), 0)
        in_zone = stay(c, driver, kinds, zone, since, until, flags=flags)
        in_cab = stay(c, driver, PlaceKind.taxi, cab, since, until, flags=flags)
        aboard = both(in_zone, in_cab, _of(in_zone, row, companions), _of(in_cab, row, companions))
        return {"presences": both(aboard, _of(in_zone, c.rows, c.ident("=person_no", "escort_no")))}


def _of(stays: Rows, row: Ints, ident: Ints) -> Rows:
    """The stays of the records in `row`, as those of other people; every record has one."""
    return only({name: column[row] for name, column in stays.items()} | {"ident": ident}, ident > 0)


RECORDS: tuple[type[Record], ...] = (SupplyOrder, TruckBooking, TruckPass)


def _supplied(h: Hand) -> dict[str, Any]:
    items = sorted({h.of(("rice", "vegetables", "eggs", "milk", "medicine", "formula")) for _ in range(3)})
    asked = {"household_code": h.household(), "items": items, "colour_class": h.of(("red", "yellow", "blue"))}
    times = {"promised_at": h.time(-h.between(0, 7200)), "delivered_at": h.time()}
    phones = {"courier_phone": h.another("phone"), "receiver_phone": h.held("phone")}
    return {**asked, **times, **phones, "gate_compound": h.compound(), "gate": "1", "contactless": h.share() < 0.8}


def _lorry(h: Hand) -> dict[str, Any]:
    who = h.who(h.of(("resident_id", "resident_id", "resident_id", "phone")))
    return {**who, "companion_phones": [h.another("phone")], "vehicle": h.held("plate"), "park_code": h.code("WL", 6)}


def _booked(h: Hand) -> dict[str, Any]:
    enter = h.between(3600, 86_400)
    plan = {"planned_enter_at": h.time(enter), "planned_leave_at": h.time(enter + h.between(3600, 28_800))}
    tested = {"nat_sampled_at": h.time(-h.between(3600, 172_800)), "nat_result": h.of((*["negative"] * 30, "none"))}
    origin = {"origin": h.of(("沈阳", "哈尔滨", "四平", "大连")), "origin_risk": h.of(("low", "low", "medium", "high"))}
    return {**_lorry(h), **plan, **tested, **origin, "status": h.of(("accepted", "accepted", "refused", "cancelled"))}


def _in_zone(h: Hand) -> dict[str, Any]:
    zone = h.of(("gate", "channel", "buffer", "disinfect", "yard"))
    return {**_lorry(h), "zone": zone, "escort_no": f"HR:{h.between(2000, 2059):07d}", "nat_age_h": h.between(1, 48)}


_LOCAL = "{} {}"
_ORDER = {"colour_class": 0.9, "items": 0.98, "promised_at": 0.9, "delivered_at": 0.95, "contactless": 0.7}
_HANDED = {"gate_compound": 0.6, "gate": 0.5, "courier_phone": 0.95, "receiver_phone": 0.9}
_ROUTE = {"origin": 0.95, "origin_risk": 0.85, "cargo_code": 0.6, "planned_leave_at": 0.7, "status": 0.9}
EXPECTED = {
    "supply_order": Expected(
        (60, 3600), _ORDER | _HANDED, {"emergency": 60_000, "routine": 2_000}, (6, 22), _LOCAL, _supplied,
    ),
    "truck_booking": Expected(
        (5, 120), _ROUTE | {"companion_phones": 0.25, "nat_sampled_at": 0.97, "nat_result": 0.9},
        {"emergency": 2_000, "routine": 1_000}, (0, 24), _LOCAL, _booked,
    ),
    "truck_pass": Expected(
        (10, 300), {"companion_phones": 0.25, "escort_no": 0.5, "nat_age_h": 0.9, "left_at": 0.85, "confidence": 0.1},
        {"emergency": 8_000, "routine": 4_000}, (0, 24), _LOCAL, _in_zone,
    ),
}  # fmt: skip
"""Volumes: supplies 60k and lorries 10k on an emergency day (handbook 4.3). All else: design assumptions [D]."""
