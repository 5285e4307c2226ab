"""Reasons: why somebody goes when they go, and why somebody cannot go now; nobody is left without one.

In: a situation and a plan. Out: a word for each rider.
Invariant: a reason is found by what is lacking, in this order: position, vehicle, seat, site, bed, time.
Deliberately absent: sentences (streams/dispatch/words.py).
"""

from __future__ import annotations

from brain.dispatch.lodgings import Lodgings
from brain.dispatch.parties import Party, carriers, parties, seated
from brain.dispatch.plans import Plan
from brain.dispatch.situation import Situation, positioned, usable
from schemas.transfers import Takes

LACKS = (
    "no_position", "no_vehicle", "no_crew", "no_wheelchair", "no_seat", "no_site", "no_bed", "no_beds_together",
    "no_time",
)  # fmt: skip


def lacking(situation: Situation, plan: Plan) -> dict[int, str]:
    """What everybody lacks who has no place in the plan, by index."""
    lodgings = Lodgings(situation)
    gone = set()
    for run in plan:
        lodgings.take(run.beds)
        gone.update(run.riders)
    sites = {int(bit): _sites(situation, bit) for bit in Takes}
    found: dict[int, str] = {}
    alike: dict[tuple[object, ...], str] = {}
    for party in parties(situation):
        if party[0] in gone:
            continue
        riders = [situation.riders[i] for i in party]
        # What is lacking is lacking for all parties that are alike: at a peak there are thousands.
        own = riders[0].household if lodgings.known(riders[0].household) else 0
        traits = tuple(sorted(rider.traits for rider in riders))
        kind = (riders[0].takes, traits, positioned(riders[0]), own, *(rider.avoid for rider in riders))
        if kind not in alike:
            alike[kind] = _lack(situation, lodgings, party, sites.get(riders[0].takes, set()))
        found |= dict.fromkeys(party, alike[kind])
    return found


def _sites(situation: Situation, bit: int) -> set[int]:
    return {room.site for room in situation.rooms if room.takes & bit and positioned(room)}


def _lack(situation: Situation, lodgings: Lodgings, party: Party, sites: set[int]) -> str:
    riders = [situation.riders[i] for i in party]
    if not positioned(riders[0]):
        return "no_position"
    if not carriers(situation, party):
        return _no_carrier(situation, party)
    if not sites:
        return "no_site"
    times = (situation.now_ms, situation.horizon_ms)
    if any(lodgings.find(party, site, at) for site in sites for at in times):
        return "no_time"
    alone = any(lodgings.find((i,), site, at) for site in sites for at in times for i in party)
    return "no_beds_together" if alone else "no_bed"


def _no_carrier(situation: Situation, party: Party) -> str:
    ready = [vehicle for vehicle in situation.vehicles if usable(vehicle, situation)]
    if not ready:
        return "no_crew" if situation.vehicles else "no_vehicle"
    riders = [situation.riders[i] for i in party]
    walking = len(riders) - sum(rider.wheelchair for rider in riders)
    enough = any(vehicle.seats >= len(riders) for vehicle in ready)
    chairs = any(seated(vehicle, [r for r in riders if r.wheelchair]) for vehicle in ready)
    return "no_wheelchair" if walking < len(riders) and (enough or not chairs) else "no_seat"


def leading(situation: Situation, plan: Plan) -> dict[int, str]:
    """Of everybody who rides: whether the run is made for their deadline (`deadline`), or they ride along with a
    household that is due sooner (`along`)."""
    found: dict[int, str] = {}
    for run in plan:
        dues = [(min(situation.riders[i].due_ms for i in party), at) for at, (party, _) in enumerate(run.stops)]
        first = min(dues)[1]
        for at, (party, _) in enumerate(run.stops):
            found |= dict.fromkeys(party, "deadline" if at == first else "along")
    return found
