"""Atlas: made-up positions of a city's places, so that somebody can be driven from one to another.

In: a city. Out: microdegrees of every place, distances, times on the road.
Invariant: same city, same positions; those of a compound lie together, and those of a building are one.
Deliberately absent: streets to drive on; a road is so much longer than the straight line.
"""

from __future__ import annotations

from math import cos, hypot, radians
from typing import NamedTuple

import numpy as np

from replay.city.model import City
from replay.city.quarters import CELLS

_PURPOSE = 7_401
SOUTH, NORTH, WEST, EAST = 43_880_000, 44_050_000, 125_250_000, 125_450_000
"""The box in which the city lies, microdegrees [D]: somewhere about Changchun; nothing in it is where it is."""
DETOUR = 1.35
"""Roads are so much longer than the straight line [D]."""
SPEED_KMH = 28.0
"""In town, on roads that are empty but full of checks [D]."""
_BUILDINGS = 2_500
"""Buildings lie so far from the middle of their compound at the most, microdegrees [D]."""
_METRES_PER_DEGREE = 111_320.0


class Spot(NamedTuple):
    """Microdegrees."""

    lat: int
    lon: int


class Atlas:
    """The positions of a city's places."""

    def __init__(self, city: City) -> None:
        places = city.places
        rng = city.rng(_PURPOSE)
        high, wide = (NORTH - SOUTH) // CELLS[0], (EAST - WEST) // CELLS[1]
        cell = np.where(places.cell >= 0, places.cell, CELLS[0] // 2 * CELLS[1] + CELLS[1] // 2)
        lat, lon = SOUTH + (cell // CELLS[1]) * high, WEST + (cell % CELLS[1]) * wide
        compounds = int(places.compound.max()) + 1
        within = rng.integers(0, high, compounds), rng.integers(0, wide, compounds)
        near = np.where(places.compound >= 0, places.compound, np.maximum(places.cell, 0) % compounds)
        building = near * 131 + np.maximum(places.building, 0)
        spread = rng.integers(-_BUILDINGS, _BUILDINGS + 1, (int(building.max()) + 1, 2))
        self.lat = np.clip(lat + within[0][near] + spread[building, 0], SOUTH, NORTH)
        self.lon = np.clip(lon + within[1][near] + spread[building, 1], WEST, EAST)

    def spot(self, place: int) -> Spot:
        """Where a place is."""
        return Spot(int(self.lat[place]), int(self.lon[place]))


def road_m(a: Spot, b: Spot) -> int:
    """Metres of road between two spots."""
    north = (a.lat - b.lat) / 1e6 * _METRES_PER_DEGREE
    east = (a.lon - b.lon) / 1e6 * _METRES_PER_DEGREE * cos(radians(a.lat / 1e6))
    return round(hypot(north, east) * DETOUR)


def drive_ms(metres: int, slow: float) -> int:
    """How long so many metres take."""
    return int(metres / (SPEED_KMH / 3.6) * slow) * 1000


def between(a: Spot, b: Spot, share: float) -> Spot:
    """The spot at that share of the way."""
    return Spot(round(a.lat + (b.lat - a.lat) * share), round(a.lon + (b.lon - a.lon) * share))
