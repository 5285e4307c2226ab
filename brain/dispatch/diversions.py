"""Diversions: where a run goes on to whose site has turned people away who are still aboard.

In: what stands. Out: what stands with the beds that were found for them, and a line for each of them.
Invariant: everybody of a run goes on together, in the vehicle they sit in, to a site that has not turned them away.
Deliberately absent: seats and crews. They are on the road already, and cannot be left there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from brain.dispatch.lines import Line
from brain.dispatch.lodgings import Beds, Lodgings
from brain.dispatch.roads import Roads
from brain.dispatch.rows import Row
from brain.dispatch.situation import Rider, Room, Situation
from brain.dispatch.standing import Lake, Standing
from schemas.instants import HOUR_MS, UNKNOWN_MS
from schemas.keys import place_code


def divert(standing: Standing, lake: Lake) -> tuple[Standing, list[Line]]:
    """Each such run goes on to the nearest site with beds for all of it."""
    runs: dict[tuple[int, int], list[Row]] = {}
    for way in standing.stranded:
        if way["run"] and way["vehicle"]:
            runs.setdefault((way["run"], way["vehicle"]), []).append(way)
    situation, lines = standing.situation, list[Line]()
    for (run, vehicle), ways in sorted(runs.items()):
        there = replace(situation, riders=_aboard(standing, lake, vehicle, ways))
        found = _nearest_beds(there)
        if found is None:
            continue
        site, arrive_ms, beds = found
        situation = replace(situation, rooms=_lodged(there, beds))
        rooms = {i: situation.rooms[at].room for i, at in beds}
        lines += [
            Line(
                rider.person, rider.purpose, rider.level, 0, rider.due_ms, "diverted", vehicle, site, rooms[i],
                place_code(run), 0, len(ways), UNKNOWN_MS, arrive_ms,
            )
            for i, rider in enumerate(there.riders)
        ]  # fmt: skip
    gone = {(line.person, line.purpose) for line in lines}
    left = [way for way in standing.stranded if (way["person"], way["purpose"]) not in gone]
    return replace(standing, situation=situation, stranded=left), lines


def _aboard(standing: Standing, lake: Lake, vehicle: int, ways: Sequence[Row]) -> tuple[Rider, ...]:
    """Those who sit in a vehicle, where it is; where one was turned away none of them goes."""
    avoid = frozenset(site for way in ways for site in standing.avoided.get((way["person"], way["purpose"]), ()))
    here = [(v.lat, v.lon) for v in standing.situation.vehicles if v.vehicle == vehicle]
    lat, lon = here[0] if here else (UNKNOWN_MS, UNKNOWN_MS)
    return tuple(
        Rider(
            way["person"], way["purpose"], way["class"], way["needed_at_ms"], way["due_at_ms"], way["traits"],
            way["home"] if way["home"] in lake.households else 0, lat, lon, avoid,
        )
        for way in ways
    )  # fmt: skip


def _nearest_beds(there: Situation) -> tuple[int, int, Beds] | None:
    roads = Roads(there)
    # Each household looks for itself, one after another, at one site.
    homes: dict[int, list[int]] = {}
    for i in range(len(there.riders)):
        homes.setdefault(there.riders[i].household or -i - 1, []).append(i)
    for site in sorted(roads.site_points, key=lambda each: int(roads.ms[0, roads.site_points[each]])):
        arrive_ms = there.now_ms + int(min(roads.ms[0, roads.site_points[site]], HOUR_MS))
        beds: Beds = ()
        lodgings = Lodgings(there)
        for members in homes.values():
            mine = lodgings.find(members, site, arrive_ms)
            if mine is None:
                break
            lodgings.take(mine)
            beds += mine
        if len(beds) == len(there.riders):
            return site, arrive_ms, beds
    return None


def _lodged(there: Situation, beds: Beds) -> tuple[Room, ...]:
    rooms = list(there.rooms)
    for i, at in beds:
        rider, room = there.riders[i], rooms[at]
        alike = not room.held or (room.household, room.level) == (rider.household, rider.level)
        home, level = (rider.household or -1, rider.level) if alike else (-1, -1)
        rooms[at] = replace(room, held=room.held + 1, household=home, level=level)
    return tuple(rooms)
