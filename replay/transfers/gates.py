"""Gates: what happens with people at the site: a bed, or none, and what a crew does then.

In: the world, an instant, a run, a site. Out: the world after it, and the next step on its agenda.
Invariant: nobody is admitted without a bed that is free and open.
Deliberately absent: the road (trips.py).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from replay.transfers.happenings import Happening, What
from replay.transfers.moves import ADMITTING_MINUTES, TURNING_MINUTES, get_out, go, room_of, site_of
from schemas.instants import MINUTE_MS

if TYPE_CHECKING:
    from replay.transfers.world import World


def arrive(world: World, at_ms: int, code: str, site: str) -> None:
    """At a site: whoever is to go there gets out, and a bed if there is one."""
    run, last = world.runs[code], at_ms
    for person in [
        p for p in run.aboard if site_of(world, p) in (site, "") or site_of(world, p) not in world.wards.sites
    ]:
        purpose, since = run.aboard[person]
        told = Happening(What.arrived, at_ms, person, purpose, code, run.vehicle, site, since_ms=since)
        world.tell(told)
        full = world.strikes("site_full", at_ms, person, code, site)
        room = (
            None
            if full or not world.wards.takes(site, purpose)
            else world.wards.free(site, at_ms, room_of(world, person))
        )
        if room is None:
            no = at_ms + world.chance.minutes(*TURNING_MINUTES, "turned", code, person, site)
            run.turned.setdefault(person, set()).update((site, site_of(world, person)))
            world.tell(replace(told, what=What.turned_away, at_ms=no))
            last = max(last, no)
            continue
        inside = at_ms + world.chance.minutes(*ADMITTING_MINUTES, "admitting", code, person)
        get_out(world, run, person, at_ms)
        world.assigned.pop(person, None)
        world.lodge(person, site, room.code, inside)
        world.tell(Happening(What.admitted, inside, person, purpose, site=site, room=room.code))
        last = max(last, inside)
    world.at(last, "drive", code)


def search(world: World, at_ms: int, code: str, legs: int) -> None:
    """A crew that nobody told where to go looks for a bed itself, and brings back whom nobody takes."""
    run = world.runs[code]
    if run.over or not run.stuck or run.legs != legs:
        return
    run.stuck, spot = False, world.vessels[run.vehicle].spot
    person = min(run.aboard)
    purpose = run.aboard[person][0]
    found = world.wards.nearest(spot, purpose, at_ms, run.turned.get(person, ()))
    if found is not None:
        for p in [p for p, of in run.aboard.items() if of[0] == purpose]:
            world.assigned.pop(p, None)
        go(world, at_ms, run, found.spot, "arrive", code, found.code)
        return
    for p in sorted(run.aboard):
        (purpose, since), back = run.aboard[p], at_ms + world.chance.minutes(20, 50, "back", code, p)
        get_out(world, run, p, back)
        world.assigned.pop(p, None)
        world.return_home(p, back)
        world.tell(Happening(What.set_down, back, p, purpose, code, run.vehicle, since_ms=since))
    world.at(at_ms + 50 * MINUTE_MS, "drive", code)
