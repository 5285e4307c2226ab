"""Fleet: the transfer vehicles of a city, where they stand, and the crews that drive them by turns.

In: a city, how many vehicles, the first midnight. Out: `Vehicle`s, and `Shift`s of people who live nowhere else.
Invariant: crews are nobody of the city's residents: they live apart from it while they drive, so that their registers
tell of no home.
Deliberately absent: where a vehicle is at a time (replay/transfers/world.py).
"""

from __future__ import annotations

from dataclasses import dataclass

from replay.city.model import City
from replay.city.shares import RESIDENTS
from replay.transfers.atlas import Atlas, Spot
from schemas.instants import DAY_MS, HOUR_MS

VEHICLES, VEHICLES_MIN = 40, 3
"""Of a full city [D]."""
KINDS = ((4, 1, True), (7, 0, False), (19, 0, False), (7, 2, False))
"""Seats for people who are taken, places for wheelchairs among them, negative pressure: ambulance, van, bus, and a van
with a lift [D]. Every fourth vehicle is of each."""
DEPOTS = 3
SHIFT_HOURS = 12
"""By day from 08:00 and by night from 20:00; every second vehicle has a crew at night [D]."""
BEGINS_HOUR = 8
TESTED_HOURS = (2, 20)
"""Crews were last swabbed so many hours before their shift [D]; the packs ask for no more than 24."""
CREWS_A_VEHICLE = 4
"""Driver and escort, by day and by night."""
_PURPOSE = 7_403


@dataclass(frozen=True)
class Vehicle:
    code: str
    seats: int
    wheelchairs: int
    sealed: bool
    depot: Spot
    nights: bool


@dataclass(frozen=True)
class Shift:
    """Driver and escort of a vehicle. Units: UTC epoch milliseconds; `tested_ms`: the older of their last swabs."""

    vehicle: int
    driver: int
    escort: int
    since_ms: int
    until_ms: int
    tested_ms: int


def buy_vehicles(city: City, atlas: Atlas, number: int) -> list[Vehicle]:
    """`number`: 0 as many as a city of its size has."""
    number = number or max(VEHICLES_MIN, round(VEHICLES * city.residents / RESIDENTS))
    rng = city.rng(_PURPOSE, 0)
    depots = [atlas.spot(int(place)) for place in rng.integers(0, len(city.places.ground), DEPOTS)]
    made = []
    for at in range(number):
        seats, wheelchairs, sealed = KINDS[at % len(KINDS)]
        made.append(Vehicle(f"ZY-{at + 1:03d}", seats, wheelchairs, sealed, depots[at % DEPOTS], at % 2 == 0))
    return made


def roster(city: City, vehicles: list[Vehicle], first_ms: int, days: int, first_person: int) -> list[Shift]:
    """The shifts of the days from the evening before the first on; people are numbered from `first_person` on."""
    rng, shifts = city.rng(_PURPOSE, 1), list[Shift]()
    for number, vehicle in enumerate(vehicles):
        crew = first_person + number * CREWS_A_VEHICLE
        for turn in range(-1, 2 * days + 1):
            night = turn % 2
            if night and not vehicle.nights:
                continue
            since = first_ms + BEGINS_HOUR * HOUR_MS + turn * (DAY_MS // 2)
            tested = since - int(rng.integers(TESTED_HOURS[0] * 60, TESTED_HOURS[1] * 60)) * 60_000
            shifts.append(
                Shift(number, crew + 2 * night, crew + 2 * night + 1, since, since + SHIFT_HOURS * HOUR_MS, tested)
            )
    return shifts
