"""Grid centre desk 政法委/街道社区: doors, visits at doors, duties.

In: a day. Out: sheets of `grid_centre.*`.
Invariant: a grid member who calls at a home stays at its door, so nobody is told to be in it.
Deliberately absent: alarms and needs, which tell tracing nothing and are made up (replay/desks/forged.py).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from replay.city.model import Duty, Ground
from replay.desks.day import Day
from replay.desks.pen import SECOND_MS, Body, Pen
from replay.desks.rosters import assignment
from replay.sheets import Sheet
from schemas.instants import UNKNOWN_MS
from schemas.keys import Ints

SIGNALS_A_DAY = 30
"""Of a door with a sensor: handbook 4.3, 8,000 homes and 240,000 signals."""
_SIGNALS = (*["heartbeat"] * 24, "open", "open", "close", "close", "low_battery", "E7")
_PURPOSES = ("check", "sampling", "sampling", "supply", "unreachable")


def sheets(day: Day) -> Iterator[Sheet]:
    """The day's records of the grid centre."""
    yield _sensed(Pen(day, "grid_centre.door_sensor"))
    yield _visited(Pen(day, "grid_centre.home_visit"))
    yield assignment(day, whole=False)


def _sensed(pen: Pen) -> Sheet:
    homes = pen.city.places.of(Ground.home)
    fitted = max(1, min(len(homes), pen.volume // SIGNALS_A_DAY))
    with_sensor = np.sort(pen.city.rng(77_010).permutation(homes)[:fitted])  # the same doors every day
    device = pen.rng.integers(0, fitted, pen.volume)
    at = pen.times(pen.volume)
    body: Body = {
        "device_code": pen.serial("MC", fitted, device), "household_code": pen.code(with_sensor[device]),
        "order_code": pen.serial("GL", fitted, device), "signal": pen.of(_SIGNALS, pen.volume),
        "battery": pen.between(5, 100, pen.volume), "sensed_at": at,
    }  # fmt: skip
    return pen.write(body, at)


def _visited(pen: Pen) -> Sheet:
    """Grid members at the doors of the buildings that they answer for."""
    places, count = pen.city.places, pen.volume
    home = pen.rng.choice(places.of(Ground.home), count)
    at = pen.times(count)
    who, known = pen.shown(_answering(pen, home, at), ("person_no", "resident_id"))
    body = {
        **who, "household_code": pen.code(home), "purpose": pen.of(_PURPOSES, count),
        "entered": np.zeros(count, np.int64), "people_met": pen.between(1, 4, count), "arrived_at": at,
        "left_at": at + SECOND_MS * pen.between(60, 900, count),
    }  # fmt: skip
    sheet = pen.write(body, at, known=known, end="left_at")
    sheet.said_until_ms = np.full(len(sheet), UNKNOWN_MS)
    return sheet


def _answering(pen: Pen, home: Ints, at: Ints) -> Ints:
    """The grid member in charge of each home's building at each instant; if nobody is, anybody of the duties."""
    places, duties = pen.city.places, pen.city.duties
    members = np.flatnonzero(duties["role"] == Duty.grid_member)
    key = duties["compound"][members] * 10_000 + duties["building"][members]
    order = np.lexsort((duties["since_ms"][members], key))
    members, key = members[order], key[order]
    wanted = places.compound[home] * 10_000 + places.building[home]
    first, last = np.searchsorted(key, wanted, "left"), np.searchsorted(key, wanted, "right")
    row = np.minimum(first, len(members) - 1)
    for turn in range(1, int((last - first).max(initial=0))):
        later = np.minimum(first + turn, len(members) - 1)
        row = np.where((first + turn < last) & (duties["since_ms"][members[later]] <= at), later, row)
    found: Ints = duties["person"][members[row]]
    return found
