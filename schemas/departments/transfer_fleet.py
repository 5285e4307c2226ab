"""The fleet that takes people to isolation: its vehicles, their crews and troubles, and where they are.

In: records of `src.transport.*`, of which these are a part. Out: fleet, crews, cleanings, pings, and breakdowns.
Invariant: a vehicle is named by its fleet number, which is public; a plate is not.
Deliberately absent: who was aboard (transfer_rides.py), and which vehicle should go (streams/dispatch/).
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from schemas.columns import Columns
from schemas.conveyance import cleaned, numbers, position, received
from schemas.departments.forging import Expected, Hand
from schemas.facts import Columns as Rows
from schemas.instants import UNKNOWN_MS
from schemas.stays import lasting
from schemas.transfers import CrewRole, Step
from schemas.wire import Code, IdType, Instant, Latitude, Longitude, Record, Vehicle

Seats = Annotated[int, Field(ge=1, le=100)]
Places = Annotated[int, Field(ge=0, le=100)]
Speed = Annotated[float, Field(ge=0, le=300)]
CrewWord = Literal["driver", "escort"]


class TransferVehicle(Record):
    """转运车辆: a vehicle of the fleet, named by its fleet number: seats, places for wheelchairs, negative pressure."""

    record: ClassVar[str] = "transfer_vehicle"
    intervals: ClassVar = (("since_at", "until_at"),)
    vehicle_code: Vehicle
    seats: Seats
    wheelchairs: Places | None = None
    negative_pressure: bool | None = None
    depot_lat: Latitude | None = None
    depot_lon: Longitude | None = None
    last_disinfected_at: Instant | None = None
    since_at: Instant | None = None
    until_at: Instant | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        since, until = lasting(c.number("since_at"), c.number("until_at"))
        lat, lon = position(c, "depot_lat", "depot_lon")
        fleet = {
            "row": c.rows,
            "vehicle": c.coded("fleet", "vehicle_code"),
            "seats": c.number("seats"),
            "wheelchairs": c.number("wheelchairs", 0),
            "sealed": (c.number("negative_pressure", -1) == 1).astype(np.int64),
            "lat": lat,
            "lon": lon,
            "since_ms": since,
            "until_ms": until,
        }
        clean = c.number("last_disinfected_at")
        return {"fleet": fleet, "cleanings": cleaned(c, clean, clean != UNKNOWN_MS)}


class TransferCrew(Record):
    """转运车组: who drives a vehicle of the fleet or goes with it, on which shift, and when they were last tested."""

    record: ClassVar[str] = "transfer_crew"
    identifiers: ClassVar = (("id_type", "id_no"),)
    intervals: ClassVar = (("since_at", "until_at"),)
    id_type: IdType
    id_no: Code
    vehicle_code: Vehicle
    role: CrewWord
    since_at: Instant
    until_at: Instant | None = None
    last_tested_at: Instant | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        since, until = lasting(c.number("since_at"), c.number("until_at"))
        crew = {
            "row": c.rows,
            "ident": c.ident("id_type", "id_no"),
            "vehicle": c.coded("fleet", "vehicle_code"),
            "role": c.choice("role", numbers(CrewRole)),
            "since_ms": since,
            "until_ms": until,
            "tested_ms": c.number("last_tested_at"),
        }
        return {"crews": crew}


class TransferTrouble(Record):
    """转运车况: a vehicle of the fleet broke down on a run, or has been disinfected."""

    record: ClassVar[str] = "transfer_trouble"
    vehicle_code: Vehicle
    run_code: Vehicle | None = None
    what: Code  # breakdown 故障, disinfected 已消毒, …
    happened_at: Instant

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        what, at = c.choice("what", {"breakdown": 1, "disinfected": 2}), c.number("happened_at")
        broken = received(c, None, np.full(c.count, int(Step.breakdown)), at)
        return {
            "receipts": {name: column[what == 1] for name, column in broken.items()},
            "cleanings": cleaned(c, at, what == 2),
        }


class TransferPing(Record):
    """转运车定位: where a vehicle of the fleet is."""

    record: ClassVar[str] = "transfer_ping"
    vehicle_code: Vehicle
    lat: Latitude
    lon: Longitude
    speed_kmh: Speed | None = None
    pinged_at: Instant

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        vehicle, at = c.coded("fleet", "vehicle_code"), c.number("pinged_at")
        return {
            "pings": {"row": c.rows, "vehicle": vehicle, "at_ms": at, "lat": c.number("lat"), "lon": c.number("lon")}
        }


RECORDS: tuple[type[Record], ...] = (TransferVehicle, TransferCrew, TransferTrouble, TransferPing)


def fleet(h: Hand) -> str:
    """The number of a vehicle of the fleet."""
    return f"ZY-{h.between(1, 80):03d}"


def run_number(h: Hand) -> str:
    """The number of a run of the day."""
    return f"{h.day().replace('-', '')}-{h.between(1, 400):03d}"


def _bought(h: Hand) -> dict[str, Any]:
    size = h.of(((4, 1), (7, 1), (11, 2), (19, 0), (19, 0), (45, 0)))
    used = {"since_at": h.day(-h.between(1, 900)), "until_at": h.day(h.between(1, 900))}
    return {**used, "vehicle_code": fleet(h), "seats": size[0], "wheelchairs": size[1]}


def _rostered(h: Hand) -> dict[str, Any]:
    shift = {"until_at": h.time(h.between(6, 12) * 3600), "last_tested_at": h.time(-h.between(2, 30) * 3600)}
    return {**shift, "vehicle_code": fleet(h)}


def _troubled(h: Hand) -> dict[str, Any]:
    what = h.of((*["disinfected"] * 12, "breakdown", "flat_tyre"))
    return {"vehicle_code": fleet(h), "run_code": run_number(h), "what": what}


EXPECTED = {
    "transfer_vehicle": Expected(
        (3600, 43_200),
        {"wheelchairs": 0.8, "negative_pressure": 0.8, "depot_lat": 0.9, "depot_lon": 0.9, "last_disinfected_at": 0.6,
         "since_at": 0.9, "until_at": 0.1},
        {"emergency": 100, "routine": 10}, (7, 20), draft=_bought,
    ),
    "transfer_crew": Expected(
        (600, 7200), {"until_at": 0.9, "last_tested_at": 0.9}, {"emergency": 400, "routine": 20}, draft=_rostered,
    ),
    "transfer_trouble": Expected((60, 1800), {"run_code": 0.5}, {"emergency": 500, "routine": 20}, draft=_troubled),
    "transfer_ping": Expected(
        (2, 30), {"speed_kmh": 0.9}, {"emergency": 115_000, "routine": 2_000},
        draft=lambda h: {"vehicle_code": fleet(h)},
    ),
}  # fmt: skip
"""Positions (80 vehicles, one a minute): handbook 4.3. All else: design assumptions [D]."""
