"""Trips: how a run goes, step by step: it departs, stops at doors, comes back, breaks down.

In: the world, an instant, a run. Out: the world after it, with happenings told and the next step on its agenda.
Invariant: a step reads nothing of what is still to come.
Deliberately absent: who is on which run: decisions say it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from replay.transfers.gates import arrive, search
from replay.transfers.happenings import Happening, Stay, What
from replay.transfers.moves import (
    BOARDING_MINUTES,
    BREAKS_MINUTES,
    CLEANING_MINUTES,
    MENDED_MINUTES,
    PARTLY,
    PERSUADED_MINUTES,
    PROTECTED,
    fail,
    get_out,
    go,
    next_run,
    site_of,
    stand,
    waits,
    withdraw_later,
)
from schemas.instants import UNKNOWN_MS

if TYPE_CHECKING:
    from replay.transfers.world import Run, World


def depart(world: World, at_ms: int, code: str) -> None:
    """A run leaves, if its vehicle and a crew are there and anybody is left to fetch."""
    run = world.runs[code]
    vessel = world.vessels[run.vehicle]
    if run.over or run.departed_ms != UNKNOWN_MS:
        return
    if vessel.run:
        if code not in vessel.waiting:
            vessel.waiting.append(code)
        return
    if at_ms < vessel.whole_ms:
        fail(world, at_ms, run)
        return
    shifts = [s for s in world.shifts if s.vehicle == run.vehicle and s.until_ms > at_ms]
    now = next((s for s in shifts if s.since_ms <= at_ms), None)
    if now is None:
        if shifts:
            world.at(min(s.since_ms for s in shifts), "depart", code)
        else:
            _give_up(world, at_ms, run)
        return
    people = [p for p in dict.fromkeys(run.people) if waits(world, p, code)]
    if not people:
        run.over = True
        next_run(world, at_ms, run.vehicle)
        return
    safe = world.chance.of("protection", code)
    word = "full" if safe < PROTECTED else "partial" if safe < PROTECTED + PARTLY else "none"
    run.crew, run.departed_ms, vessel.run = (now.driver, now.escort, word), at_ms, code
    planned = {p: world.assigned[p].pickup_ms for p in people}
    run.stops = sorted(people, key=lambda p: (planned[p] == UNKNOWN_MS, planned[p], p))
    if world.chance.of("breakdown", -1, code) < world.share("breakdown"):
        run.breaks_ms = at_ms + world.chance.minutes(*BREAKS_MINUTES, "breaks", code)
    world.tell(
        Happening(What.departed, at_ms, run=code, vehicle=run.vehicle, site=site_of(world, people[0]), crew=run.crew)
    )
    drive(world, at_ms, code)


def drive(world: World, at_ms: int, code: str) -> None:
    """To the next stop, else to the next site; a run with nobody aboard is over where it is."""
    run = world.runs[code]
    if run.over or run.stuck:
        return
    spot = world.vessels[run.vehicle].spot
    run.stops = [p for p in run.stops if waits(world, p, code)]
    going = [p for p in run.aboard if site_of(world, p) not in run.turned.get(p, ())]
    if run.stops:
        person = run.stops[0]
        go(world, at_ms, run, world.home(person), "stop", code, person)
    elif going:
        site = site_of(world, going[0])
        found = world.wards.sites.get(site) or world.wards.nearest(spot, run.aboard[going[0]][0], at_ms)
        if found is None:
            stand(world, at_ms, run)
        else:
            go(world, at_ms, run, found.spot, "arrive", code, found.code)
    elif run.aboard:
        stand(world, at_ms, run)
    else:
        come_back(world, at_ms, code)


def stop(world: World, at_ms: int, code: str, person: int) -> None:
    """At a door: they come, refuse, find no seat, or are not there any more."""
    run = world.runs[code]
    run.stops = [p for p in run.stops if p != person]
    if not waits(world, person, code):
        drive(world, at_ms, code)
        return
    decision, seats = world.assigned[person], world.vehicles[run.vehicle].seats
    done = at_ms + world.chance.minutes(*BOARDING_MINUTES, "boarding", code, person)
    told = Happening(What.picked_up, done, person, decision.purpose, code, run.vehicle, decision.site)
    if len(run.aboard) >= seats:
        withdraw_later(world, at_ms, person)
    elif not world.refusals.get(person) and world.strikes("refusal", done, person, code):
        world.refusals[person] = 1
        del world.assigned[person]
        world.tell(replace(told, what=What.refused))
        talked = done + world.chance.minutes(*PERSUADED_MINUTES, "talk", person)
        world.at(talked, "persuade", person, decision.purpose)
    else:
        world.leave(person, done)
        world.riding[person], run.aboard[person] = code, (decision.purpose, done)
        world.taken_ms.setdefault(person, done)
        world.stranded.pop(person, None)
        world.tell(told)
    world.at(done, "drive", code)


def come_back(world: World, at_ms: int, code: str) -> None:
    """The run is over, its vehicle is disinfected where it stands; whom it has not brought, somebody orders anew."""
    run = world.runs[code]
    run.over = True
    world.tell(Happening(What.returned, at_ms, run=code, vehicle=run.vehicle, since_ms=run.departed_ms, crew=run.crew))
    if run.crew[2] != "full":
        world.stays += [Stay(person, run.place, run.departed_ms, at_ms, 1) for person in run.crew[:2]]
    for person in run.people:
        if waits(world, person, code):
            withdraw_later(world, at_ms, person)
    clean = at_ms + world.chance.minutes(*CLEANING_MINUTES, "cleaning", code)
    world.at(clean, "clean", run.vehicle)


def clean(world: World, at_ms: int, vehicle: int) -> None:
    world.tell(Happening(What.disinfected, at_ms, vehicle=vehicle))
    next_run(world, at_ms, vehicle)


def breaks(world: World, at_ms: int, code: str) -> None:
    """The vehicle stands: whoever is aboard waits beside it for another."""
    run = world.runs[code]
    vessel = world.vessels[run.vehicle]
    world.strikes("breakdown", at_ms, -1, code)
    for person in sorted(run.aboard):
        get_out(world, run, person, at_ms)
        world.stranded[person] = vessel.spot
    vessel.whole_ms = at_ms + world.chance.minutes(*MENDED_MINUTES, "mended", code)
    if run.crew[2] != "full":
        world.stays += [Stay(person, run.place, run.departed_ms, at_ms, 1) for person in run.crew[:2]]
    fail(world, at_ms, run)
    world.tell(Happening(What.returned, at_ms, run=code, vehicle=run.vehicle, since_ms=run.departed_ms, crew=run.crew))
    vessel.run, vessel.spot = "", vessel.vehicle.depot
    for waiting in vessel.waiting:
        fail(world, at_ms, world.runs[waiting])
    vessel.waiting.clear()


def _give_up(world: World, at_ms: int, run: Run) -> None:
    """Nobody drives this vehicle any more."""
    run.over = True
    for person in run.people:
        if waits(world, person, run.code):
            withdraw_later(world, at_ms, person)
    next_run(world, at_ms, run.vehicle)


def withdraw(world: World, at_ms: int, person: int) -> None:
    """A human takes an order back that came to nothing, so that somebody plans anew."""
    decision = world.assigned.get(person)
    if decision is None or not waits(world, person, decision.run) or not world.runs[decision.run].over:
        return
    del world.assigned[person]
    world.tell(Happening(What.withdrawn, at_ms, person, decision.purpose))


def persuade(world: World, at_ms: int, person: int, purpose: int) -> None:
    if not world.settled(person, purpose) and person not in world.riding and person not in world.assigned:
        world.tell(Happening(What.persuaded, at_ms, person, purpose))


def discharge(world: World, at_ms: int, person: int) -> None:
    told = world.leave(person, at_ms)
    if told is not None:
        world.return_home(person, at_ms)
        world.tell(told)


STEPS: dict[str, Callable[..., Any]] = {
    "depart": depart, "drive": drive, "stop": stop, "arrive": arrive, "search": search, "clean": clean,
    "break": breaks, "withdraw": withdraw, "persuade": persuade, "discharge": discharge,
}  # fmt: skip
