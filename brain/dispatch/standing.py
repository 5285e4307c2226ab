"""Standing: from what stands in the lake to the situation that a plan is made for.

In: rows of the views transfers, transfer_steps, vehicles and beds; what was planned before; crews; households.
Out: a situation, and everybody else who is not yet where they belong, with the reason why no ride is planned for them.
Invariant: whoever is on a ride that is in time is left alone, with vehicle, seat and bed; nobody is left out unnamed.
Deliberately absent: the plan.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from brain.dispatch.rows import Row
from brain.dispatch.situation import TAKES_OF, Key, Limits, Rider, Room, Situation, Vehicle
from schemas.instants import HOUR_MS, UNKNOWN_MS
from schemas.transfers import CrewRole, Step, TransferState

REPAIR_MS = 4 * HOUR_MS
"""How long a vehicle that broke down is not sent out, unless it is told to have been disinfected since. Design
assumption [D]: nobody tells of a repair."""
TURNED_AWAY_MS = 6 * HOUR_MS
"""How long a site is not tried again for somebody whom it turned away. Design assumption [D]: a full house has beds
again when people are discharged, which is by day."""
_S = TransferState
_WAITS = (_S.needed, _S.ordered)
_RIDES = (_S.assigned, _S.dispatched, _S.aboard)
_SETTLED = (_S.none, _S.admitted, _S.released, _S.home, _S.cancelled, _S.superseded)
Planned = Mapping[tuple[int, int, int], tuple[int, int]]
"""By person, purpose and instant of the decision: planned pickup and arrival."""


@dataclass(frozen=True)
class Promise:
    """A decision that was taken and is not in the lake yet. `vehicle` 0: an order alone."""

    person: int
    purpose: int
    vehicle: int = 0
    site: int = 0
    room: int = 0
    arrive_ms: int = UNKNOWN_MS


@dataclass(frozen=True)
class Lake:
    """What a round of planning reads. `households`: the homes that are a household's, not a whole compound's."""

    transfers: list[Row]
    steps: list[Row]
    vehicles: list[Row]
    beds: list[Row]
    planned: Planned = field(default_factory=dict)
    households: Collection[int] = ()
    crews: list[Row] | None = None
    promises: tuple[Promise, ...] = ()


@dataclass(frozen=True)
class Standing:
    """`kept`: who is not planned for, and why; `stranded`: aboard a run whose site turned them away; `told`: by way,
    the instant of the last step."""

    situation: Situation
    kept: dict[Key, str]
    stranded: list[Row]
    told: dict[Key, int]
    needed: frozenset[Key]
    avoided: Mapping[Key, Collection[int]]


def stand(lake: Lake, limits: Limits, now_ms: int, horizon_ms: int) -> Standing:
    """Who can be planned for at this instant, and with what."""
    told: dict[Key, int] = {}
    for step in lake.steps:
        key = step["person"], step["purpose"]
        told[key] = max(told.get(key, step["at_ms"]), step["at_ms"])
    avoid = _avoided(lake.steps, now_ms)
    kept: dict[Key, str] = {}
    waiting, riding, stranded = [], [], []
    promised = {(p.person, p.purpose) for p in lake.promises}
    for way in lake.transfers:
        key, state = (way["person"], way["purpose"]), way["state"]
        if state in _SETTLED or (state == _S.arrived and way["site"]):
            continue
        if key in promised:
            kept[key] = "decided"
        elif way["class"] not in TAKES_OF:  # nothing says where to
            kept[key] = _S(state).name
        elif state in _WAITS or (state == _S.assigned and _given_up(way, lake.planned, limits, now_ms)):
            waiting.append(way)
        elif state in (_S.aboard, _S.arrived) and not way["site"]:
            stranded.append(way)
        else:
            kept[key] = _S(state).name
    waits = {(way["person"], way["purpose"]) for way in waiting}
    riding = [way for way in lake.transfers if (way["person"], way["purpose"]) not in waits]
    rooms = _rooms(lake, riding, waiting)
    places = {room.site: (room.lat, room.lon) for room in rooms}
    situation = Situation(
        now_ms=now_ms,
        horizon_ms=horizon_ms,
        limits=limits,
        riders=tuple(_rider(way, avoid, lake.households) for way in waiting),
        vehicles=tuple(_vehicles(lake, riding, places, limits, now_ms)),
        rooms=tuple(rooms),
    )
    needed = frozenset((way["person"], way["purpose"]) for way in waiting if way["state"] == _S.needed)
    return Standing(situation, kept, stranded, told, needed, avoid)


def _given_up(way: Row, planned: Planned, limits: Limits, now_ms: int) -> bool:
    """Whether the ride of an assigned way should have come long ago."""
    pickup_ms = planned.get((way["person"], way["purpose"], way["assigned_at_ms"]), (UNKNOWN_MS, 0))[0]
    return now_ms > (way["assigned_at_ms"] if pickup_ms == UNKNOWN_MS else pickup_ms) + limits.late_ms


def _avoided(steps: list[Row], now_ms: int) -> dict[Key, set[int]]:
    """By way the sites that turned the person away not long ago: those named, or else where the run was to go."""
    found: dict[Key, set[int]] = {}
    heading: dict[Key, int] = {}
    for step in sorted(steps, key=lambda each: (each["person"], each["purpose"], each["number"])):
        key = step["person"], step["purpose"]
        if step["step"] == Step.assign:
            heading[key] = step["site"]
        if (
            step["step"] == Step.turn_away
            and now_ms < step["at_ms"] + TURNED_AWAY_MS
            and (site := step["site"] or heading.get(key, 0))
        ):
            found.setdefault(key, set()).add(site)
    return found


def _rider(way: Row, avoid: Mapping[Key, set[int]], households: Collection[int]) -> Rider:
    return Rider(
        person=way["person"], purpose=way["purpose"], level=way["class"], needed_ms=way["needed_at_ms"],
        due_ms=way["due_at_ms"], traits=way["traits"], household=way["home"] if way["home"] in households else 0,
        lat=way["home_lat"], lon=way["home_lon"], avoid=frozenset(avoid.get((way["person"], way["purpose"]), ())),
    )  # fmt: skip


def _rooms(lake: Lake, riding: list[Row], waiting: list[Row]) -> list[Room]:
    """Every room with who has a bed in it, be it lodged, on the way, or promised a moment ago."""
    guests: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for way in riding:
        if way["room"] and way["state"] in (*_RIDES, _S.arrived, _S.admitted):
            home = way["home"] if way["home"] in lake.households else -1
            guests.setdefault((way["site"], way["room"]), []).append((home, way["class"]))
    given: dict[tuple[int, int], int] = {}
    for way in waiting:  # the bed of a ride that is given up is free again
        given[way["site"], way["room"]] = given.get((way["site"], way["room"]), 0) - (way["room"] > 0)
    for promise in lake.promises:
        given[promise.site, promise.room] = given.get((promise.site, promise.room), 0) + (promise.room > 0)
    found = []
    for row in lake.beds:
        at = row["site"], row["room"]
        held, known = max(0, row["planned"] + row["lodged"] + given.get(at, 0)), guests.get(at, [])
        homes, levels = {home for home, _ in known}, {level for _, level in known}
        alike = len(known) == held
        found.append(
            Room(
                site=row["site"], room=row["room"], beds=row["beds"], family=bool(row["family"]), takes=row["takes"],
                lat=row["lat"], lon=row["lon"], since_ms=row["since_ms"], until_ms=row["until_ms"], held=held,
                household=(homes.pop() if alike and len(homes) == 1 else -1) if held else 0,
                level=(levels.pop() if alike and len(levels) == 1 else -1) if held else 0,
                free_ms=row["free_at_ms"], floor=row["floor"],
            )
        )  # fmt: skip
    return found


def _vehicles(
    lake: Lake, riding: list[Row], places: Mapping[int, tuple[int, int]], limits: Limits, now_ms: int
) -> list[Vehicle]:
    """Every vehicle as it will be after the rides that it has already."""
    rides: dict[int, list[tuple[int, int]]] = {}
    used: dict[int, int] = {}
    for way in riding:
        v = way["vehicle"]
        used[v] = max(used.get(v, UNKNOWN_MS), way["arrived_at_ms"], _handed_over(way))
        if way["state"] in _RIDES:
            plan = lake.planned.get((way["person"], way["purpose"], way["assigned_at_ms"]), (UNKNOWN_MS, UNKNOWN_MS))
            rides.setdefault(v, []).append((plan[1], way["site"]))
    for promise in lake.promises:
        rides.setdefault(promise.vehicle, []).append((promise.arrive_ms, promise.site))
    broken: dict[int, int] = {}
    for step in lake.steps:
        if step["step"] == Step.breakdown:
            broken[step["vehicle"]] = max(broken.get(step["vehicle"], UNKNOWN_MS), step["at_ms"])
    found = []
    for row in lake.vehicles:
        v, ready_ms = row["vehicle"], now_ms
        made = Vehicle(
            vehicle=v, seats=row["seats"], wheelchairs=row["wheelchairs"], sealed=bool(row["sealed"]), lat=row["lat"],
            lon=row["lon"], since_ms=row["since_ms"], until_ms=row["until_ms"], tested_ms=row["crew_tested_at_ms"],
            crew_until_ms=_shift_end(row, lake.crews, limits, now_ms),
            broken=now_ms < broken.get(v, UNKNOWN_MS) + REPAIR_MS and broken[v] > row["disinfected_at_ms"],
        )  # fmt: skip
        if v in rides:
            # A ride without a plan of ours is taken to end in the time after which one would be given up.
            ends = [(now_ms + limits.late_ms if ms == UNKNOWN_MS else ms, site) for ms, site in rides[v]]
            end_ms, site = max(ends)
            ready_ms = max(end_ms, now_ms) + limits.boarding_ms + limits.disinfection_ms
            lat, lon = places.get(site, (row["lat"], row["lon"]))
            made = replace(made, lat=lat, lon=lon)
        elif used.get(v, UNKNOWN_MS) > row["disinfected_at_ms"]:
            ready_ms = used[v] + limits.disinfection_ms
        found.append(replace(made, ready_ms=ready_ms))
    return found


def _handed_over(way: Row) -> int:
    return way["admitted_at_ms"] if way["state"] in (_S.admitted, _S.released) else UNKNOWN_MS


def _shift_end(row: Row, crews: list[Row] | None, limits: Limits, now_ms: int) -> int:
    """How long the driver on duty may go on: until the end of the shift, and no longer than a shift may last."""
    if crews is None:
        until_ms = row["crew_until_ms"]
        return min(until_ms, now_ms + limits.crew_ms)
    ends = [
        min(crew["until_ms"], crew["since_ms"] + limits.crew_ms)
        for crew in crews
        if crew["vehicle"] == row["vehicle"] and crew["role"] == CrewRole.driver
        and crew["since_ms"] <= now_ms < crew["until_ms"]
    ]  # fmt: skip
    return max(ends, default=UNKNOWN_MS)
