"""Vehicles: bus and metro lines with what runs on them, taxis, shuttles, trains and their timetable.

In: a number of residents, the published timetable where it is at hand, chance. Out: places in the gazetteer, `Trains`.
Invariant: what runs on a line has the line as its house; a vehicle is nowhere in the city.
Deliberately absent: routes: a line serves whoever uses it, from boarding to alighting.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from replay.city.gazetteer import Gazetteer
from replay.city.model import Ground, Trains
from replay.city.shares import count
from replay.importers.rail import read_timetable
from schemas.codes import PlaceKind
from schemas.keys import Ints

STATION = "长春"
METRO_LINES = 2
METRO_CARRIAGES = 6
CARRIAGES, ROWS, LETTERS = 8, 17, (1, 2, 3, 4, 6)
"""Of a train: eight carriages of seventeen rows of five, A B C D F."""
SHUTTLE_SEATS = 35
_DAY_S = 86_400
_RIDE_S = (1_200, 14_400)
"""Rides on a train between 20 minutes and 4 hours [D]."""


def set_rolling(residents: int, g: Gazetteer) -> list[str]:
    """The vehicles of a city of so many residents; names of its lines come back, buses first."""
    buses = count("bus_line", residents)
    per_line = max(3, min(20, round(count("bus", residents) / buses)))
    lines = [str(i + 1) for i in range(buses)] + [f"M{i + 1}" for i in range(METRO_LINES)]
    roads = g.add(Ground.line, [f"line {name}" for name in lines[:buses]])
    rails = g.add(Ground.line, [f"line {name}" for name in lines[buses:]], kind=PlaceKind.metro)
    fleet = [f"{name}{n:02d}B" for name in lines[:buses] for n in range(per_line)]
    g.add(Ground.bus, fleet, house=roads.repeat(per_line))
    sets = count("metro_train", residents)
    fleet = [f"{name}{n:02d}D" for name in lines[buses:] for n in range(sets)]
    g.add(Ground.metro, fleet, house=rails.repeat(sets))
    g.add(Ground.taxi, [f"吉ZT{n:04d}" for n in range(count("taxi", residents))])
    g.add(Ground.shuttle, [f"吉ZW{n:04d}" for n in range(math.ceil(count("lanjia_worker", residents) / SHUTTLE_SEATS))])
    return lines


def schedule(residents: int, timetable: Path | None, rng: np.random.Generator, g: Gazetteer) -> Trains:
    """The services that call here, from the published timetable or made up. Errors: ValueError if the folder lacks its
    file."""
    if timetable is None:
        return _made_up(count("train", residents), rng, g)
    found: dict[str, tuple[int, int, int, int, str, str]] = {}
    for run in read_timetable(timetable).runs:
        names = [name for name, _, _ in run.stops]
        if STATION not in names:
            continue
        at = names.index(STATION)
        seconds = [(round(a.total_seconds()), round(d.total_seconds())) for _, a, d in run.stops]
        starts = [i for i in range(at) if _fits(seconds[i][1], seconds[at][0])]
        ends = [i for i in range(at + 1, len(names)) if _fits(seconds[at][1], seconds[i][0])]
        inward = (seconds[starts[0]][1], seconds[at][0]) if starts else (-1, -1)
        outward = (seconds[at][1], seconds[ends[-1]][0]) if ends else (-1, -1)
        origin, terminus = names[starts[0]] if starts else "", names[ends[-1]] if ends else ""
        if starts or ends:
            found.setdefault(run.numbers[0], (*inward, *outward, origin, terminus))
    place = g.add(Ground.train, list(found))
    a, b, c, d = np.array([row[:4] for row in found.values()], np.int64).T
    return Trains(place, a, b, c, d, [row[4] for row in found.values()], [row[5] for row in found.values()])


def _fits(depart_s: int, arrive_s: int) -> bool:
    """Whether a ride is neither too short nor too long, and over before the day ends."""
    return _RIDE_S[0] <= arrive_s - depart_s <= _RIDE_S[1] and arrive_s < _DAY_S


def _made_up(services: int, rng: np.random.Generator, g: Gazetteer) -> Trains:
    """Services that arrive evenly through the day and go on a few minutes later."""
    arrive = np.linspace(8 * 3600, 20.5 * 3600, services).astype(np.int64) // 60 * 60
    before, after = rng.integers(40, 120, services) * 60, rng.integers(40, 120, services) * 60
    depart = arrive + 240
    # The first train of the day begins here, the last one ends here.
    before[0] = after[-1] = 0
    none = np.full(services, -1)
    inward, outward = before > 0, after > 0
    origin, terminus = ([f"第{n % k + 1}站" for n in range(services)] for k in (7, 5))
    return Trains(
        g.add(Ground.train, [f"G{9001 + n}" for n in range(services)]),
        np.where(inward, arrive - before, none), np.where(inward, arrive, none),
        np.where(outward, depart, none), np.where(outward, depart + after, none), origin, terminus,
    )  # fmt: skip


def seats(riders: Ints) -> tuple[Ints, Ints, Ints]:
    """Carriage, row and seat letter of the riders of one direction of one run, by their order (0, 1, 2 …) as they were
    sold; whoever comes after the last seat stands in some carriage."""
    whole = CARRIAGES * ROWS * len(LETTERS)
    sold = riders % whole
    # Spread over the carriages first, then seat beside seat, as tickets are sold.
    carriage, seat = sold % CARRIAGES + 1, sold // CARRIAGES
    row = np.where(riders < whole, seat // len(LETTERS) + 1, 0)
    return carriage, row, np.where(riders < whole, np.array(LETTERS)[seat % len(LETTERS)], 0)
