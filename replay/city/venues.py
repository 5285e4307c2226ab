"""Venues: shops, markets, hospitals, hotels, homes of care, sites, checkpoints, stations: where people meet, other than
at home, at work in a firm, or on the way.

In: a number of residents, the quarters, chance. Out: places in the gazetteer.
Invariant: every street has one of each kind of everyday venue, as far as there are as many; codes name one place alone.
Deliberately absent: who works there (replay/city/jobs.py).
"""

from __future__ import annotations

import math

import numpy as np

from replay.city.gazetteer import Gazetteer
from replay.city.model import Ground
from replay.city.quarters import Quarters
from replay.city.shares import count, stalls
from schemas.codes import PlaceKind
from schemas.keys import Ints

DEPARTMENTS = (
    "internal", "surgery", "paediatrics", "obstetrics", "emergency", "dialysis", "oncology", "fever", "dental", "eye",
)  # fmt: skip
PARK, ZONES = "WL-0000", ("gate", "channel", "buffer", "disinfect", "yard")
At = dict[str, Ints | int]
"""Where places are, by column."""
BUBBLE, BUBBLE_ZONES = "QP-0", ("production", "living", "isolation", "buffer")
HOTEL_ROOMS = 40
SHELTER_ROOMS = 20
_PASSED = ("gate", "channel", "disinfect")
_TRADES = (Ground.shop, Ground.restaurant, Ground.shop, Ground.pharmacy, Ground.shop, Ground.restaurant, Ground.shop)
"""Of every seven merchants four are shops, two restaurants, one a pharmacy [D]."""


def open_venues(residents: int, q: Quarters, rng: np.random.Generator, g: Gazetteer) -> None:
    """All venues of a city of so many residents."""
    _merchants(residents, q, rng, g)
    _markets(residents, q, rng, g)
    hospitals = count("hospital", residents)
    _parts(g, Ground.clinic, [f"YY-{i:02d}" for i in range(hospitals)], DEPARTMENTS, _at(q, hospitals, rng), "第{}医院")
    hotels = count("hotel", residents)
    _houses(g, Ground.hotel, Ground.hotel_room, "HT-{:03d}", "第{}旅馆", _labels(HOTEL_ROOMS), _at(q, hotels, rng))
    homes = count("care_home", residents)
    rooms = math.ceil(count("care_resident", residents) / 2 / homes)
    _parts(g, Ground.care_room, [f"YL-{i:03d}" for i in range(homes)], _labels(rooms), _at(q, homes, rng), "")
    for ground, name, code, title in (
        (Ground.building_site, "building_site", "GD-{:03d}", "第{}工地"),
        (Ground.checkpoint, "checkpoint", "CP-{:04d}", "第{}卡口"),
        (Ground.banquet, "banquet", "YX-{:02d}", "第{}宴会厅"),
    ):
        number = count(name, residents)
        titles = [title.format(i + 1) for i in range(number)]
        g.add(ground, [code.format(i) for i in range(number)], name=titles, at=_at(q, number, rng))
    shelters = count("shelter", residents)
    numbered = [str(n + 1) for n in range(SHELTER_ROOMS)]
    at = _at(q, shelters, rng)
    _houses(g, Ground.shelter, Ground.shelter, "JZ-{}", "第{}救助站", numbered, at)
    sites = count("isolation_site", residents)
    rooms = math.ceil(count("isolation_room", residents) / sites)
    _parts(g, Ground.isolation_room, [f"JK-{i}" for i in range(sites)], _labels(rooms), _at(q, sites, rng), "")
    _closed_sites(q, rng, g)


def _each(at: At, times: int) -> At:
    return {name: np.repeat(column, times) for name, column in at.items()}


def _at(q: Quarters, number: int, rng: np.random.Generator) -> At:
    """Where so many venues are: near some compound, in every street once before in any twice."""
    streets = q.street_of[q.community_of]
    by_street = [np.flatnonzero(streets == s) for s in range(len(q.streets))]
    first = np.array([rng.choice(by_street[s]) for s in range(min(number, len(by_street)))], np.int64)
    spots = np.concatenate([first, rng.integers(0, len(streets), number - len(first))])
    return {"cell": q.cell_of[spots], "street": streets[spots], "community": q.community_of[spots]}


def _labels(rooms: int) -> list[str]:
    """Numbers of rooms, fifty a floor."""
    return [f"{1 + n // 50}{n % 50 + 1:02d}" for n in range(rooms)]


def _parts(
    g: Gazetteer, ground: Ground, houses: list[str], parts: tuple[str, ...] | list[str], at: At, title: str
) -> Ints:
    """Parts of houses that are no place themselves, house by house."""
    first = [house for house in houses for _ in parts]
    names = [title.format(h + 1) for h in range(len(houses)) for _ in parts]
    return g.add(ground, first, list(parts) * len(houses), names, at=_each(at, len(parts)))


def _houses(g: Gazetteer, house: Ground, part: Ground, code: str, title: str, parts: list[str], at: At) -> None:
    """Houses that are places themselves, and their parts."""
    number = len(np.atleast_1d(at["cell"]))
    codes = [code.format(i) for i in range(number)]
    numbers = g.add(house, codes, name=[title.format(i + 1) for i in range(number)], at=at)
    kind = PlaceKind.room if part is Ground.shelter else None
    first = [c for c in codes for _ in parts]
    g.add(part, first, parts * number, kind=kind, house=numbers.repeat(len(parts)), at=_each(at, len(parts)))


def _merchants(residents: int, q: Quarters, rng: np.random.Generator, g: Gazetteer) -> None:
    merchants = count("merchant", residents)
    trade = np.resize(np.array(_TRADES), merchants)
    for ground in (Ground.shop, Ground.restaurant, Ground.pharmacy):
        numbers = np.flatnonzero(trade == ground)
        codes = [f"CS-{i:05d}" for i in numbers.tolist()]
        g.add(ground, codes, name=[f"第{i + 1}号商户" for i in numbers.tolist()], at=_at(q, len(numbers), rng))


def _markets(residents: int, q: Quarters, rng: np.random.Generator, g: Gazetteer) -> None:
    labels = [f"{'ABCDE'[n // 27]}{n % 27 + 1:02d}" for n in range(stalls(residents))]
    at = _at(q, count("market", residents), rng)
    _houses(g, Ground.market, Ground.stall, "SC-{:03d}", "第{}市场", labels, at)


def _closed_sites(q: Quarters, rng: np.random.Generator, g: Gazetteer) -> None:
    """The logistics park, and the zones of the rail-car maker's bubble."""
    at = _at(q, 2, rng)
    park, works = ({k: int(np.atleast_1d(v)[i]) for k, v in at.items()} for i in range(2))
    for zone in ZONES:
        kind = PlaceKind.checkpoint if zone in _PASSED else PlaceKind.venue
        g.add(Ground.logistics, [PARK], zone, "东北亚物流园", kind, at={**park})
    for zone in BUBBLE_ZONES:
        g.add(Ground.bubble_zone, [BUBBLE], zone, "", None, at={**works})
