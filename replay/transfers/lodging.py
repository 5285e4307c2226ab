"""Lodging: the sites of isolation of a city: health stations, hotels, hospitals, and cabins that open at a time.

In: a city, the plan's share of beds, its first midnight. Out: `Site`s with their `Room`s, and which are places.
Invariant: a room of a health station is one of the city's isolation rooms; all others are places beyond the city's.
Deliberately absent: who is in them (replay/transfers/wards.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from replay.city.model import City, Ground
from replay.city.shares import RESIDENTS
from replay.plan import Transfers
from replay.transfers.atlas import Atlas, Spot
from schemas.instants import DAY_MS, HOUR_MS
from schemas.transfers import SiteKind, Takes

HOTELS, HOTEL_ROOMS = 4, 4_000
"""Requisitioned hotels 集中隔离点 of a full city, for contacts, and their single rooms [D]."""
HOSPITALS, HOSPITAL_BEDS, WARD_BEDS = 2, 1_200, 2
"""Designated hospitals of a full city, their beds, and those of a room [D]."""
CABINS, CABIN_BEDS, HALL_BEDS = 2, 3_000, 50
"""方舱 of a full city, their beds, and those of a hall: at the scale of Changchun's of March 2022 [D]."""
FAMILY_EVERY, FAMILY_BEDS = 10, 3
"""Every so-manieth room of a health station is for a family, with so many beds [D]."""
FLOOR_ROOMS = 50
_SINCE_DAYS = 30
CONTACTS = Takes.close | Takes.secondary


@dataclass(frozen=True)
class Room:
    """`place`: its number in the truth; `code`: as records name it."""

    code: str
    place: int
    floor: int
    beds: int
    family: bool = False


@dataclass(frozen=True)
class Site:
    """Units: `since_ms` UTC epoch milliseconds, from when on it takes people."""

    code: str
    kind: SiteKind
    takes: int
    spot: Spot
    since_ms: int
    rooms: tuple[Room, ...]


def found_sites(city: City, atlas: Atlas, plan: Transfers, first_ms: int) -> list[Site]:
    """All sites of a city, health stations first. Numbers of new places go on where the city's end."""
    long_ago, scale = first_ms - _SINCE_DAYS * DAY_MS, city.residents / RESIDENTS * plan.beds
    sites, next_place = _stations(city, atlas, plan.beds, long_ago), len(city.places.ground)
    hotels = max(1, round(HOTELS * city.residents / RESIDENTS))
    wanted = [
        ("JD", SiteKind.hotel, hotels, HOTEL_ROOMS, 1, long_ago),
        ("DD", SiteKind.hospital, HOSPITALS, HOSPITAL_BEDS, WARD_BEDS, long_ago),
    ]
    if plan.cabins_after_hours >= 0:
        opens = first_ms + plan.cabins_after_hours * HOUR_MS
        wanted.append(("FC", SiteKind.cabin, CABINS, CABIN_BEDS, HALL_BEDS, opens))
    for letters, kind, number, beds, each, since_ms in wanted:
        rooms = max(1, ceil(beds * scale / number / each))
        for at in range(number):
            made = tuple(
                Room(f"{1 + n // 20}{n % 20 + 1:02d}", next_place + n, 1 + n // 20, each) for n in range(rooms)
            )
            next_place += rooms
            place = int(city.rng(_PURPOSE, int(kind), at).integers(0, len(city.places.ground)))
            takes = CONTACTS if kind is SiteKind.hotel else Takes.cases
            sites.append(Site(f"{letters}-{at}", kind, int(takes), atlas.spot(place), since_ms, made))
    return sites


def _stations(city: City, atlas: Atlas, share: float, since_ms: int) -> list[Site]:
    """The health stations, each with that share of its rooms, floor by floor."""
    places, found = city.places, dict[str, list[int]]()
    for place in places.of(Ground.isolation_room).tolist():
        found.setdefault(places.first[place], []).append(place)
    sites = []
    for code, numbers in found.items():
        kept = numbers[: max(1, round(len(numbers) * share))]
        rooms = []
        for at, place in enumerate(kept):
            family = at % FAMILY_EVERY == FAMILY_EVERY - 1
            beds = FAMILY_BEDS if family else 1
            rooms.append(Room(places.second[place], place, 1 + at // FLOOR_ROOMS, beds, family))
        sites.append(Site(code, SiteKind.station, int(CONTACTS), atlas.spot(kept[0]), since_ms, tuple(rooms)))
    return sites


_PURPOSE = 7_402
