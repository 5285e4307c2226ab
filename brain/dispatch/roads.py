"""Roads: how far and how long it is between homes, vehicles and sites.

In: a situation. Out: kilometres and milliseconds between any two of its points.
Invariant: symmetric; of two points without a known position nothing is said, and it is infinitely far.
Deliberately absent: a map. A closed network has none, and homes are known to a cell of half a kilometre only.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from brain.dispatch.situation import Rider, Room, Situation, Vehicle
from schemas.instants import HOUR_MS, UNKNOWN_MS
from schemas.keys import Ints

DETOUR = 1.3
"""Road to great circle. Design assumption [D]: towns on a grid lie between 1.2 and 1.4."""
EARTH_KM = 6371.0
FAR_KM = 1e6


def great_circle_km(lat: Ints, lon: Ints, other_lat: Ints, other_lon: Ints) -> npt.NDArray[np.float64]:
    """Great-circle distances. Units: microdegrees in, kilometres out."""
    a, b, c, d = (np.radians(np.asarray(x, np.float64) / 1e6) for x in (lat, lon, other_lat, other_lon))
    half = np.sin((c - a) / 2) ** 2 + np.cos(a) * np.cos(c) * np.sin((d - b) / 2) ** 2
    return np.asarray(2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(half, 0, 1))))


class Roads:
    """Points: the riders, then the vehicles, then the sites in the order of `situation.sites`."""

    def __init__(self, situation: Situation) -> None:
        rooms = [situation.rooms[rooms[0]] for rooms in situation.sites.values()]
        points: list[Rider | Vehicle | Room] = [*situation.riders, *situation.vehicles, *rooms]
        lat = np.array([p.lat for p in points], np.int64)
        lon = np.array([p.lon for p in points], np.int64)
        # Homes are known by cell, so that there are far fewer places than people.
        (lat, lon), at = np.unique(np.stack([lat, lon]), axis=1, return_inverse=True)
        known = (lat != UNKNOWN_MS) & (lon != UNKNOWN_MS)
        km = great_circle_km(lat[:, None], lon[:, None], lat[None, :], lon[None, :]) * DETOUR
        km[~known] = FAR_KM
        km[:, ~known] = FAR_KM
        every = np.ix_(at.ravel(), at.ravel())
        self.km = km[every]
        self.ms = np.asarray(np.ceil(km / situation.limits.speed_kmh * HOUR_MS), np.int64)[every]
        riders, vehicles = len(situation.riders), len(situation.vehicles)
        self._vehicle_from = riders
        self.site_points = {site: riders + vehicles + at for at, site in enumerate(situation.sites)}

    def vehicle_point(self, vehicle: int) -> int:
        return self._vehicle_from + vehicle
