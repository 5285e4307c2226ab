"""Rides: the fields that every ride on a vehicle has, and the presence it makes, whichever department reports it.

In: the columns of tickets, taps, trips, crew duties and survey legs. Out: presence columns.
Invariant: the same trip has the same place token whoever reports it.
Deliberately absent: who is close to whom aboard (policy packs).
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from schemas.codes import PlaceKind
from schemas.columns import Columns
from schemas.keys import Ints

Mode = Literal["aircraft", "train", "coach", "bus", "metro", "ship", "taxi"]
Berth = Literal["seat", "hard_sleeper", "soft_sleeper"]
VEHICLES = {kind.name: int(kind) for kind in PlaceKind if kind >= PlaceKind.aircraft}
SCHEDULED = (PlaceKind.aircraft, PlaceKind.train, PlaceKind.coach, PlaceKind.ship)


def trip(c: Columns, kinds: Ints) -> Ints:
    """Place tokens of vehicle trips. Scheduled modes are a service number on a service date; buses, metros and taxis
    are the vehicle itself, whose passengers are told apart by time alone. Without a vehicle: the line, if given."""
    name = c.text("vehicle").otherwise(c.text("line"), "line ")
    return c.place(kinds, name, c.text("service_date").where(np.isin(kinds, SCHEDULED)))
