"""Rides: the fields that every ride on a vehicle has, and the presence it makes, whichever department reports it.

In: the columns of tickets, taps, trips, crew duties and survey legs. Out: presence columns.
Invariant: the same trip has the same place token whoever reports it.
Deliberately absent: who is close to whom aboard (policy packs).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from schemas.codes import Flag, PlaceKind
from schemas.columns import Columns
from schemas.facts import Columns as Rows
from schemas.keys import Ints
from schemas.wire import Cabin, Code, Record, Row

Mask = npt.NDArray[np.bool_]
Mode = Literal["aircraft", "train", "coach", "bus", "metro", "ship", "taxi"]
Berth = Literal["seat", "hard_sleeper", "soft_sleeper"]
VEHICLES = {kind.name: int(kind) for kind in PlaceKind if kind >= PlaceKind.aircraft}
LINES = (PlaceKind.bus, PlaceKind.metro)
SCHEDULED = (PlaceKind.aircraft, PlaceKind.train, PlaceKind.coach, PlaceKind.ship)


class Seated(Record):
    """The fields that say where in a vehicle somebody sat; `row` and `compartment` win over what `seat` spells."""

    carriage: Cabin | None = None
    compartment: Cabin | None = None
    row: Row | None = None
    seat: Code | None = None
    berth: Berth | None = None
    sealed: bool | None = None


def told(c: Columns) -> dict[str, Mask]:
    """The flags of the fields `sealed`, `berth`, `symptomatic` and `confidence`, where the record type has them."""
    sealed, confidence = c.number("sealed", -1), c.choice("confidence", {"certain": 1, "likely": 2, "vague": 3})
    return {
        "sealed": sealed == 1,
        "ventilated": sealed == 0,
        "soft_sleeper": c.choice("berth", {"soft_sleeper": 1}) == 1,
        "symptomatic": c.number("symptomatic", 0) == 1,
        "since_inferred": confidence == 2,
        "vague": confidence == 3,
    }


def trip(c: Columns, kinds: Ints) -> Ints:
    """Place tokens of vehicle trips. Scheduled modes are a service number on a service date; buses, metros and taxis
    are the vehicle itself, whose passengers are told apart by time alone. Without a vehicle: the line, if given."""
    name = c.text("vehicle").otherwise(c.text("line"), "line ")
    return c.place(kinds, name, c.text("service_date").where(np.isin(kinds, SCHEDULED)))


def with_lines(c: Columns, kinds: Ints, rides: Rows) -> Rows:
    """The rides, and for every bus or metro whose vehicle and line are known a second presence at the line, flagged
    `aboard`: somebody of whom the line alone is known may have been in that vehicle. Two who are both flagged so do
    not meet there; their vehicles tell."""
    line = c.text("line")
    both = np.flatnonzero((c.text("vehicle").codes >= 0) & (line.codes >= 0) & np.isin(kinds, LINES))
    if len(both) == 0:
        return rides
    place = c.place(kinds, line.where(np.zeros(c.count, np.bool_)).otherwise(line, "line "))
    again = {name: column[both] for name, column in rides.items()}
    again |= {"place": place[both], "flags": again["flags"] | Flag.aboard}
    return {name: np.concatenate([column, again[name]]) for name, column in rides.items()}
