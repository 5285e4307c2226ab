"""Transport 交通局: tickets, bus and metro taps, taxi trips, crew duties, holders of transit cards, transfers 转运.

In: `src.transport.*`. Out: presences in vehicles, links from cards to people, and what transfers need
(transfer_fleet.py, transfer_rides.py).
Invariant: everybody aboard one trip is at one place; seats say how near.
Deliberately absent: who counts as near (policy packs), and routes: a ride lasts from boarding to alighting.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np

from schemas.codes import PlaceKind
from schemas.columns import Columns
from schemas.departments import transfer_fleet, transfer_rides
from schemas.departments.forging import Expected, Hand
from schemas.facts import Columns as Rows
from schemas.keys import Ints
from schemas.rides import VEHICLES, Mode, Seated, told, trip, with_lines
from schemas.stays import link
from schemas.wire import Cabin, Code, Confidence, Day, IdType, Instant, Name, Record, Row, Vehicle


def _presence(c: Columns, kinds: Ints, place: Ints, since: str, until: str, flags: Ints, seat: Ints | None) -> Rows:
    return {
        "row": c.rows,
        "ident": c.ident("id_type", "id_no"),
        "place": place,
        "kind": kinds,
        "since_ms": c.number(since),
        "until_ms": c.number(until),
        "flags": flags,
        "seat": np.zeros(c.count, np.int64) if seat is None else seat,
    }


class Ticket(Seated):
    """客票: a seat or berth on a train, coach, flight or ship."""

    record: ClassVar[str] = "ticket"
    identifiers: ClassVar = (("id_type", "id_no"),)
    intervals: ClassVar = (("depart_at", "arrive_at"),)
    id_type: IdType
    id_no: Code
    mode: Literal["train", "coach", "aircraft", "ship"]
    vehicle: Vehicle
    service_date: Day
    board: Name | None = None
    alight: Name | None = None
    depart_at: Instant
    arrive_at: Instant | None = None
    confidence: Confidence | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        kinds, flags = c.choice("mode", VEHICLES), c.bits(**told(c))
        seat = c.seat("carriage", "compartment", "seat", "row", "row")
        return {"presences": _presence(c, kinds, trip(c, kinds), "depart_at", "arrive_at", flags, seat)}


class Tap(Record):
    """刷卡乘车: on and off a bus or metro. The ride is reported at boarding and amended at alighting. With the line
    alone, everybody on that line at the time may have been aboard, and the presence is vague."""

    record: ClassVar[str] = "tap"
    identifiers: ClassVar = (("id_type", "id_no"),)
    intervals: ClassVar = (("on_at", "off_at"),)
    id_type: IdType
    id_no: Code
    mode: Literal["bus", "metro"]
    line: Code
    vehicle: Vehicle | None = None
    carriage: Cabin | None = None
    sealed: bool | None = None
    on_at: Instant
    off_at: Instant | None = None
    confidence: Confidence | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        kinds, flags = c.choice("mode", VEHICLES), told(c)
        flags["vague"] |= c.text("vehicle").codes < 0
        seat = c.seat("carriage", "", "", "", "")
        rides = _presence(c, kinds, trip(c, kinds), "on_at", "off_at", c.bits(**flags), seat)
        return {"presences": with_lines(c, kinds, rides)}


class TaxiTrip(Record):
    """出租车行程: a passenger in a taxi or ride-hail; the driver's shift is a crew duty on the same vehicle."""

    record: ClassVar[str] = "taxi_trip"
    identifiers: ClassVar = (("id_type", "id_no"),)
    intervals: ClassVar = (("pickup_at", "dropoff_at"),)
    id_type: IdType
    id_no: Code
    vehicle: Vehicle
    pickup_at: Instant
    dropoff_at: Instant | None = None
    confidence: Confidence | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        kinds = np.full(c.count, int(PlaceKind.taxi))
        flags = c.bits(**told(c))
        return {"presences": _presence(c, kinds, trip(c, kinds), "pickup_at", "dropoff_at", flags, None)}


class CrewDuty(Record):
    """乘务值乘: a driver or crew member serves a vehicle, or some of its carriages, cabins or rows."""

    record: ClassVar[str] = "crew_duty"
    identifiers: ClassVar = (("id_type", "id_no"),)
    intervals: ClassVar = (("since_at", "until_at"),)
    id_type: IdType
    id_no: Code
    mode: Mode
    vehicle: Vehicle
    line: Code | None = None
    service_date: Day | None = None
    carriage: Cabin | None = None
    compartment: Cabin | None = None
    row_from: Row | None = None
    row_until: Row | None = None
    since_at: Instant
    until_at: Instant | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        kinds = c.choice("mode", VEHICLES)
        flags = c.bits(crew=np.ones(c.count, np.bool_))
        seat = c.seat("carriage", "compartment", "", "row_from", "row_until")
        rides = _presence(c, kinds, trip(c, kinds), "since_at", "until_at", flags, seat)
        return {"presences": with_lines(c, kinds, rides)}


class CardHolder(Record):
    """实名公交卡: who holds a transit card, from when to when."""

    record: ClassVar[str] = "card_holder"
    identifiers: ClassVar = (("id_type", "id_no"), ("=transit_card", "card_no"))
    intervals: ClassVar = (("held_since", "held_until"),)
    card_no: Code
    id_type: Literal["resident_id", "passport", "person_no", "phone"]
    id_no: Code
    held_since: Instant | None = None
    held_until: Instant | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        holder, card = c.ident("id_type", "id_no"), c.ident("=transit_card", "card_no")
        return {"links": link(c.rows, card, holder, c.number("held_since"), c.number("held_until"))}


RECORDS: tuple[type[Record], ...] = (
    Ticket, Tap, TaxiTrip, CrewDuty, CardHolder, *transfer_fleet.RECORDS, *transfer_rides.RECORDS,
)  # fmt: skip


def _booked(h: Hand) -> dict[str, Any]:
    mode, service = h.of((("train", "G"), ("train", "K"), ("coach", "JK"), ("aircraft", "CZ"), ("ship", "S")))
    row, depart = h.between(1, 20), h.between(600, 3 * 86_400)
    train = {"mode": mode, "vehicle": f"{service}{h.between(1000, 1060)}", "service_date": h.day(1)}
    seat = {"row": row, "seat": f"{row:02d}{h.of('ABCDF')}", "berth": h.of(("seat", "seat", "hard_sleeper"))}
    return {**train, **seat, "depart_at": h.time(depart), "arrive_at": h.time(depart + h.between(1800, 14_400))}


def _tapped(h: Hand) -> dict[str, Any]:
    who, line = h.who(h.of(("transit_card", "transit_card", "code_token"))), h.between(1, 60)
    return {**who, "line": str(line), "vehicle": f"{line}{h.below(30):02d}B", "off_at": h.time(h.between(240, 3000))}


def _hailed(h: Hand) -> dict[str, Any]:
    ride = {"vehicle": f"吉ZT{h.below(3000):04d}", "pickup_at": h.time(-h.between(300, 2700)), "dropoff_at": h.time()}
    return {**h.who("phone"), **ride}


def _served(h: Hand) -> dict[str, Any]:
    line, row = h.between(1, 60), h.between(1, 40)
    mode = h.of(("bus", "bus", "metro", "train"))
    vehicle = {"mode": mode, "vehicle": f"{line}{h.below(30):02d}B", "line": str(line)}
    return {**vehicle, "row_from": row, "row_until": row + h.below(20), "until_at": h.time(h.between(4, 9) * 3600)}


def _issued(h: Hand) -> dict[str, Any]:
    held = {"held_since": h.day(-h.between(200, 4000)), "held_until": h.day(-h.between(0, 100))}
    return {**h.who(h.of(("resident_id", "phone"))), **held}


_SEAT = {"carriage": 0.9, "compartment": 0.1, "row": 0.3, "seat": 0.85, "berth": 0.8, "sealed": 0.6}
_TRAIN = {"board": 0.95, "alight": 0.95, "arrive_at": 0.9, "confidence": 0.3}
_CREW = {"line": 0.6, "service_date": 0.7, "carriage": 0.3, "compartment": 0.05, "row_from": 0.05, "row_until": 0.05}
_FORM = "{}T{}+08:00"
EXPECTED = {
    "ticket": Expected((20, 300), _SEAT | _TRAIN, {"emergency": 2_000, "routine": 25_000}, (6, 24), _FORM, _booked),
    "tap": Expected(
        (8, 900), {"vehicle": 0.93, "carriage": 0.25, "sealed": 0.8, "off_at": 0.6, "confidence": 0.2},
        {"emergency": 20_000, "routine": 160_000}, (5, 23), _FORM, _tapped,
    ),
    "taxi_trip": Expected(
        (60, 1800), {"dropoff_at": 0.97, "confidence": 0.2}, {"emergency": 3_000, "routine": 30_000},
        (0, 24), _FORM, _hailed,
    ),
    "crew_duty": Expected(
        (3600, 43_200), _CREW | {"until_at": 0.8}, {"emergency": 2_000, "routine": 4_000}, (4, 20), _FORM, _served,
    ),
    "card_holder": Expected(
        (28_800, 86_400), {"held_since": 0.9, "held_until": 0.05}, {"emergency": 1_000, "routine": 1_000},
        (9, 18), _FORM, _issued,
    ),
    **transfer_fleet.EXPECTED,
    **transfer_rides.EXPECTED,
}  # fmt: skip
"""Volumes, fill rates and lateness: design assumptions [D]; under lockdown few ride."""
