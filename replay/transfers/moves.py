"""Moves: the parts that runs are made of: to drive a stretch, to get out, to fail, and how long each takes.

In: the world, an instant, a run. Out: the world after it, and the next step on its agenda.
Invariant: a vehicle is where its last stretch ended.
Deliberately absent: which part comes next (trips.py, gates.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from replay.transfers.atlas import Spot, between, drive_ms, road_m
from replay.transfers.happenings import Happening, Leg, Stay, What
from schemas.instants import MINUTE_MS

if TYPE_CHECKING:
    from replay.transfers.world import Run, World

BOARDING_MINUTES = (4, 12)
ADMITTING_MINUTES = (8, 30)
TURNING_MINUTES = (5, 20)
STUCK_MINUTES = 60
"""How long crews take to take somebody aboard, to hand somebody over; how long a site takes to say no; and
how long they stand there before they look for another themselves [D]."""
CLEANING_MINUTES = (30, 50)
"""Disinfection after a run [D]; the packs ask for 30."""
BREAKS_MINUTES, MENDED_MINUTES = (10, 60), (240, 720)
PINGS_MINUTES = 10
HUMAN_MINUTES, PERSUADED_MINUTES = (15, 60), (90, 300)
"""Until a human takes back an order that nobody carried out; until somebody has been talked round [D]."""
PROTECTED = 0.95
PARTLY = 0.04
"""Of crews: fully protected, partly; the others not at all [D]."""


def waits(world: World, person: int, code: str) -> bool:
    decision = world.assigned.get(person)
    if decision is None or decision.run != code or person in world.riding:
        return False
    return not world.settled(person, decision.purpose)


def site_of(world: World, person: int) -> str:
    decision = world.assigned.get(person)
    return decision.site if decision else ""


def room_of(world: World, person: int) -> str:
    decision = world.assigned.get(person)
    return decision.room if decision else ""


def stand(world: World, at_ms: int, run: Run) -> None:
    run.stuck = True
    world.at(at_ms + STUCK_MINUTES * MINUTE_MS, "search", run.code, run.legs)


def go(world: World, at_ms: int, run: Run, to: Spot, step: str, *about: object) -> None:
    """A stretch of road; positions are told on the way."""
    vessel, run.legs = world.vessels[run.vehicle], run.legs + 1
    metres = road_m(vessel.spot, to)
    takes = drive_ms(metres, 0.8 + 0.5 * world.chance.of("traffic", run.code, run.legs)) + MINUTE_MS
    until = at_ms + takes
    if run.breaks_ms <= until:
        share = max(0.0, (run.breaks_ms - at_ms) / takes)
        until, to, step, about = (
            max(run.breaks_ms, at_ms + MINUTE_MS),
            between(vessel.spot, to, share),
            "break",
            (run.code,),
        )
        metres = round(metres * share)
    if world.chance.of("gps_gap", -1, run.code) >= world.share("gps_gap"):
        for n in range(1 + (until - at_ms) // (PINGS_MINUTES * MINUTE_MS)):
            seen = at_ms + n * PINGS_MINUTES * MINUTE_MS
            here = between(vessel.spot, to, (seen - at_ms) / max(until - at_ms, 1))
            world.tell(Happening(What.seen, seen, run=run.code, vehicle=run.vehicle, spot=here))
    elif run.legs == 1:
        world.strikes("gps_gap", at_ms, -1, run.code)
    world.legs.append(Leg(run.vehicle, run.code, at_ms, until, metres, len(run.aboard)))
    vessel.spot = to
    world.at(until, step, *about)


def get_out(world: World, run: Run, person: int, at_ms: int) -> None:
    _, since = run.aboard.pop(person)
    run.turned.pop(person, None)
    del world.riding[person]
    world.stays.append(Stay(person, run.place, since, at_ms))


def fail(world: World, at_ms: int, run: Run) -> None:
    """The run is told to have broken down: whoever it has not brought is to be planned anew."""
    run.over = True
    for person in run.people:
        decision = world.assigned.get(person)
        if decision is not None and decision.run == run.code:
            del world.assigned[person]
    world.tell(Happening(What.broke_down, at_ms, run=run.code, vehicle=run.vehicle))


def next_run(world: World, at_ms: int, vehicle: int) -> None:
    vessel = world.vessels[vehicle]
    vessel.run = ""
    if vessel.waiting:
        world.at(at_ms, "depart", vessel.waiting.pop(0))


def withdraw_later(world: World, at_ms: int, person: int) -> None:
    world.at(at_ms + world.chance.minutes(*HUMAN_MINUTES, "human", person, at_ms), "withdraw", person)
