"""Fleets: made-up situations of people who wait, vehicles and sites, from a seed.

In: a seed, how many people, vehicles and sites. Out: a situation.
Invariant: same seed, same situation; every hard rule of a plan has something to bite on.
Deliberately absent: people. These are numbers on a map of a district.
"""

from __future__ import annotations

from random import Random

from brain.dispatch.situation import TAKES_OF, Limits, Rider, Room, Situation, Vehicle
from schemas.codes import PersonClass
from schemas.instants import HOUR_MS, MINUTE_MS, UNKNOWN_MS
from schemas.transfers import Purpose

NOW_MS = 1_648_000_000_000
SOUTH, WEST = 43_900_000, 125_250_000
SPAN = 200_000
"""About 22 by 16 km, the size of the district."""
HOURS = {PersonClass.case: 2, PersonClass.close: 8, PersonClass.secondary: 12}
"""Deadlines for made-up people; the field's are in the packs."""
LIMITS = Limits(
    single_rooms=True, disinfection_ms=30 * MINUTE_MS, crew_ms=12 * HOUR_MS, crew_test_ms=48 * HOUR_MS,
    boarding_ms=5 * MINUTE_MS, late_ms=60 * MINUTE_MS, speed_kmh=30,
)  # fmt: skip


def fleet(seed: int, people: int, vehicles: int, sites: int, hours: int = 8, flawed: float = 0.05) -> Situation:
    """A situation. `flawed`: the share of people, vehicles and rooms that lack something."""
    chance = Random(seed)
    limits = LIMITS if chance.random() < 0.8 else Limits(**(vars(LIMITS) | {"single_rooms": False}))
    riders = _riders(chance, people, flawed, sites)
    return Situation(
        now_ms=NOW_MS,
        horizon_ms=NOW_MS + hours * HOUR_MS,
        limits=limits,
        riders=tuple(riders),
        vehicles=tuple(_vehicle(chance, v + 1, flawed) for v in range(vehicles)),
        rooms=tuple(_rooms(chance, people, sites, flawed)),
    )


def _riders(chance: Random, people: int, flawed: float, sites: int) -> list[Rider]:
    found: list[Rider] = []
    household = 0
    while len(found) < people:
        household += 1
        lat, lon = SOUTH + chance.randrange(SPAN), WEST + chance.randrange(SPAN)
        if chance.random() < flawed:
            lat = lon = UNKNOWN_MS
        level = chance.choices(list(HOURS), [2, 5, 3])[0]
        size = min(chance.choices([1, 2, 3, 4, 5, 9], [30, 30, 20, 12, 6, 2])[0], people - len(found))
        for member in range(size):
            own = level if chance.random() < 0.9 else chance.choice(list(HOURS))
            needed_ms = NOW_MS - chance.randrange(HOUR_MS)
            traits = 2 * (member > 1 and chance.random() < 0.6) + (chance.random() < flawed)
            found.append(
                Rider(
                    person=len(found) + 1,
                    purpose=Purpose.hospital if own == PersonClass.case else Purpose.isolate,
                    level=own,
                    needed_ms=needed_ms,
                    due_ms=needed_ms + HOURS[own] * HOUR_MS,
                    traits=traits,
                    household=household if size > 1 else chance.choice([0, household]),
                    lat=lat,
                    lon=lon,
                    avoid=frozenset([chance.randrange(sites) + 1]) if chance.random() < flawed else frozenset(),
                )
            )
    return found


def _vehicle(chance: Random, number: int, flawed: float) -> Vehicle:
    seats = chance.choices([1, 4, 7, 12, 20], [5, 25, 40, 20, 10])[0]
    good = chance.random() >= flawed
    return Vehicle(
        vehicle=number,
        seats=seats,
        wheelchairs=chance.choice([0, 0, 1, 2]) if seats > 1 else 0,
        sealed=chance.random() < 0.25,
        lat=SOUTH + chance.randrange(SPAN),
        lon=WEST + chance.randrange(SPAN),
        ready_ms=NOW_MS + chance.choice([0, 0, chance.randrange(2 * HOUR_MS)]),
        crew_until_ms=NOW_MS + chance.randrange(3, 12) * HOUR_MS if good else UNKNOWN_MS,
        tested_ms=NOW_MS - chance.randrange(20) * HOUR_MS,
        broken=chance.random() < flawed,
    )


def _rooms(chance: Random, people: int, sites: int, flawed: float) -> list[Room]:
    found: list[Room] = []
    for site in range(1, sites + 1):
        levels = [*HOURS][(site - 1) % 3 :][:1] if chance.random() < 0.8 else [PersonClass.close, PersonClass.secondary]
        takes = sum(TAKES_OF[level] for level in levels)
        lat, lon = SOUTH + chance.randrange(SPAN), WEST + chance.randrange(SPAN)
        until_ms = NOW_MS + (chance.randrange(1, 8) if chance.random() < flawed else 100) * HOUR_MS
        for number in range(1, 2 + chance.randrange(1 + 4 * people // sites)):
            family = chance.random() < 0.3
            beds = chance.randrange(2, 6) if family else chance.choice([1, 1, 2])
            held = chance.randrange(beds + 1) if chance.random() < 4 * flawed else 0
            free_ms = NOW_MS + chance.randrange(3 * HOUR_MS) if chance.random() < 2 * flawed else UNKNOWN_MS
            found.append(
                Room(
                    site=site, room=site * 10_000 + number, beds=beds, family=family, takes=takes, lat=lat, lon=lon,
                    until_ms=until_ms, held=held, household=chance.randrange(-1, 9) or -1 if held else 0,
                    level=chance.choice(levels) if held else 0, free_ms=free_ms,
                )
            )  # fmt: skip
    return found
