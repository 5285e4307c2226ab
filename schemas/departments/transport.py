"""Transport 交通局: tickets, bus and metro taps, taxi trips, crew duties, holders of transit cards.

In: `src.transport.*`. Out: presences in vehicles, and links from cards to people.
Invariant: everybody aboard one trip is at one place; seats say how near.
Deliberately absent: who counts as near (policy packs), and routes: a ride lasts from boarding to alighting.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from schemas.codes import PlaceKind
from schemas.columns import Columns
from schemas.departments.police import link
from schemas.facts import Columns as Rows
from schemas.keys import Ints
from schemas.rides import VEHICLES, Mode, Seated, told, trip, with_lines
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


RECORDS: tuple[type[Record], ...] = (Ticket, Tap, TaxiTrip, CrewDuty, CardHolder)
