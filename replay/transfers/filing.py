"""Filing: what was on file of transfers before the first day: vehicles, crews, sites, rooms.

In: a world. Out: records on the rolls.
Invariant: all of it has come before the first day begins.
Deliberately absent: homes and who answers for them, which the registers of every drill hold (replay/desks).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from replay.sheets import REGISTERS_DAY
from replay.transfers.fleet import Shift
from replay.transfers.names import Names
from replay.transfers.rolls import Rolls
from replay.transfers.world import World
from schemas.instants import DAY_MS, HOUR_MS
from schemas.transfers import Takes

_WORDS = {Takes.cases: "case", Takes.close: "close", Takes.secondary: "secondary"}
TOLD_BEFORE_MS = HOUR_MS
_FILED_DAYS, _IN_SERVICE_DAYS = 2, 90


def file_world(world: World, names: Names, rolls: Rolls, first_ms: int) -> None:
    """Writes down what there is, two days before the first; and each crew, once it has been tested, before a shift."""
    at_ms = first_ms - _FILED_DAYS * DAY_MS
    for source, body in (*_fleet(world, first_ms), *_sites(world)):
        rolls.write((source, REGISTERS_DAY), body, at_ms, first_ms - 2 * HOUR_MS)
    for shift in world.shifts:
        told_ms = shift.since_ms - TOLD_BEFORE_MS
        pile = "transport.transfer_crew", max((told_ms - first_ms) // DAY_MS, REGISTERS_DAY)
        for body in _crew(world, names, shift):
            rolls.write(pile, body, told_ms, told_ms + TOLD_BEFORE_MS // 2)


def _fleet(world: World, first_ms: int) -> Iterator[tuple[str, dict[str, Any]]]:
    for vehicle in world.vehicles:
        yield "transport.transfer_vehicle", {
            "vehicle_code": vehicle.code, "seats": vehicle.seats, "wheelchairs": vehicle.wheelchairs,
            "negative_pressure": vehicle.sealed, "depot_lat": vehicle.depot.lat / 1e6,
            "depot_lon": vehicle.depot.lon / 1e6, "last_disinfected_at": first_ms - 3 * HOUR_MS,
            "since_at": first_ms - _IN_SERVICE_DAYS * DAY_MS,
        }  # fmt: skip


def _crew(world: World, names: Names, shift: Shift) -> Iterator[dict[str, Any]]:
    for role, person in (("driver", shift.driver), ("escort", shift.escort)):
        kind, number = names.shown(person)
        yield {
            "id_type": kind, "id_no": number, "vehicle_code": world.vehicles[shift.vehicle].code, "role": role,
            "since_at": shift.since_ms, "until_at": shift.until_ms, "last_tested_at": shift.tested_ms,
        }  # fmt: skip


def _sites(world: World) -> Iterator[tuple[str, dict[str, Any]]]:
    for site in world.sites:
        takes = [word for bit, word in _WORDS.items() if site.takes & bit]
        yield "health.isolation_site", {
            "site_code": site.code, "kind": site.kind.name, "takes": takes, "lat": site.spot.lat / 1e6,
            "lon": site.spot.lon / 1e6, "open_since": site.since_ms,
        }  # fmt: skip
        for room in site.rooms:
            yield "health.isolation_room", {
                "site_code": site.code, "room": room.code, "floor": room.floor, "beds": room.beds,
                "family": room.family,
            }  # fmt: skip
