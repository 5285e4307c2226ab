"""Transfer drills: small drills with transfers, and decisions by hand, for tests.

In: troubles, sizes. Out: plans, worlds, decisions.
Invariant: seeded; people are numbers of a made-up city.
Deliberately absent: a dispatcher; drills as a whole have the real one.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np

from replay.city.founding import found_city
from replay.city.model import City
from replay.plan import Plan, Transfers
from replay.transfers.furnishing import furnish
from replay.transfers.happenings import Decision, Happening, Verdict
from replay.transfers.world import World
from schemas.instants import DAY_MS, HOUR_MS, MINUTE_MS, day_number, day_start
from schemas.transfers import Purpose

FIRST_DAY = date(2022, 4, 2)
FIRST_MS = day_start(day_number(FIRST_DAY))
RESIDENTS = 2_000
BEGINS_MS = FIRST_MS + 9 * HOUR_MS
"""When vehicles by day are on the road."""


def plan_with(days: int = 2, residents: int = RESIDENTS, **transfers: Any) -> Plan:
    words = ("转运", "transfers")
    return Plan("transfers", words, words, 7, FIRST_DAY, days, residents, seeds=20, transfers=Transfers(**transfers))


def city_of(residents: int = RESIDENTS) -> City:
    return furnish(found_city(7, residents))


def fetch(world: World, count: int, at_ms: int = BEGINS_MS, seats: int = 4) -> list[Decision]:
    """Decisions for so many people of the city, a run of so many for each vehicle by turns, to the nearest site."""
    people = np.flatnonzero(world.city.people.home >= 0)[:: max(1, world.city.residents // count - 20)][:count]
    made = []
    for at, person in enumerate(people.tolist()):
        run, purpose = at // seats, Purpose.hospital if at // seats % 5 == 0 else Purpose.isolate
        vehicle = run % len(world.vehicles)
        site = world.wards.nearest(world.home(person), purpose, at_ms)
        assert site is not None
        room = world.wards.free(site.code, at_ms)
        assert room is not None
        pickup = at_ms + (20 + 60 * (run // len(world.vehicles)) + 5 * (at % seats)) * MINUTE_MS
        made.append(Decision(
            person, int(purpose), Verdict.assign, at_ms, vehicle, f"R-{run:03d}", site.code, room.code, pickup,
        ))  # fmt: skip
    return made


def happen(world: World, until_ms: int, step_ms: int = HOUR_MS) -> list[Happening]:
    """What happens until then, slice by slice."""
    told: list[Happening] = []
    at_ms = FIRST_MS
    while at_ms < until_ms:
        at_ms = min(at_ms + step_ms, until_ms)
        told += world.pass_time(at_ms)
    return told


END_MS = FIRST_MS + 2 * DAY_MS
