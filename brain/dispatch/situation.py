"""Situation: who waits for a ride, and the vehicles and rooms there are for it, at one instant.

In: people, vehicles and rooms as the views say. Out: the same as values that a plan can be judged by.
Invariant: nothing here changes while a plan is made; people and vehicles are named by their place in the tuples.
Deliberately absent: where the values come from (reading.py), and any judgement.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from schemas.codes import PersonClass
from schemas.instants import BEGIN_MS, HOUR_MS, MINUTE_MS, OPEN_MS, UNKNOWN_MS
from schemas.statements import TransferRules
from schemas.transfers import Takes, Trait

Key = tuple[int, int]
"""Of a way: person and purpose."""
TAKES_OF = {PersonClass.case: Takes.cases, PersonClass.close: Takes.close, PersonClass.secondary: Takes.secondary}


@dataclass(frozen=True)
class Rider:
    """One way that waits for a ride. `household`: 0 if unknown. Units: `lat`, `lon` in microdegrees."""

    person: int
    purpose: int
    level: int  # PersonClass: case, close or secondary
    needed_ms: int
    due_ms: int
    traits: int = 0
    household: int = 0
    lat: int = UNKNOWN_MS
    lon: int = UNKNOWN_MS
    avoid: frozenset[int] = frozenset()  # sites that have turned this person away

    @property
    def key(self) -> Key:
        return self.person, self.purpose

    @property
    def child(self) -> bool:
        return bool(self.traits & 1 << (Trait.child - 1))

    @property
    def wheelchair(self) -> bool:
        return bool(self.traits & 1 << (Trait.wheelchair - 1))

    @property
    def takes(self) -> int:
        """The bit that a site must have to take this person; 0: nobody takes them."""
        return int(TAKES_OF.get(PersonClass(self.level), 0))


@dataclass(frozen=True)
class Vehicle:
    """A vehicle as it will be when it is free and disinfected: then, at `ready_ms`, it stands at `lat`, `lon`.
    `crew_until_ms`, `tested_ms`: UNKNOWN_MS if there is no crew, or no test."""

    vehicle: int
    seats: int
    wheelchairs: int = 0
    sealed: bool = False
    lat: int = UNKNOWN_MS
    lon: int = UNKNOWN_MS
    ready_ms: int = BEGIN_MS
    since_ms: int = BEGIN_MS
    until_ms: int = OPEN_MS
    crew_until_ms: int = UNKNOWN_MS
    tested_ms: int = UNKNOWN_MS
    broken: bool = False


@dataclass(frozen=True)
class Room:
    """A room of a site. `held`: beds lodged in or promised; `household`, `level`: of everybody who holds one, 0 if
    nobody does, -1 if that is not one and the same or unknown."""

    site: int
    room: int
    beds: int
    family: bool = False
    takes: int = 0
    lat: int = UNKNOWN_MS
    lon: int = UNKNOWN_MS
    since_ms: int = BEGIN_MS
    until_ms: int = OPEN_MS
    held: int = 0
    household: int = 0
    level: int = 0
    free_ms: int = UNKNOWN_MS
    floor: int = UNKNOWN_MS


@dataclass(frozen=True)
class Limits:
    """What a plan must respect, from the pack. Units: milliseconds and km/h."""

    single_rooms: bool
    disinfection_ms: int
    crew_ms: int
    crew_test_ms: int
    boarding_ms: int
    late_ms: int
    speed_kmh: int

    @staticmethod
    def of(rules: TransferRules) -> Limits:
        """`late_ms`: how long after its planned pickup a ride is given up that has not left; it is the time of
        warning before a deadline, since then somebody is told anyway."""
        return Limits(
            single_rooms=rules.single_rooms.value,
            disinfection_ms=rules.disinfection_minutes.value * MINUTE_MS,
            crew_ms=rules.crew_hours_max.value * HOUR_MS,
            crew_test_ms=rules.crew_test_hours_max.value * HOUR_MS,
            boarding_ms=rules.boarding_minutes.value * MINUTE_MS,
            late_ms=rules.warning_minutes.value * MINUTE_MS,
            speed_kmh=rules.speed_kmh.value,
        )


@dataclass(frozen=True)
class Situation:
    """All of it at `now_ms`; rides that would end after `horizon_ms` are not planned yet."""

    now_ms: int
    horizon_ms: int
    limits: Limits
    riders: tuple[Rider, ...]
    vehicles: tuple[Vehicle, ...]
    rooms: tuple[Room, ...]

    @cached_property
    def sites(self) -> dict[int, tuple[int, ...]]:
        """By site the indices of its rooms, in the order of sites and rooms."""
        found: dict[int, list[int]] = {}
        for at in sorted(range(len(self.rooms)), key=lambda i: (self.rooms[i].site, self.rooms[i].room)):
            found.setdefault(self.rooms[at].site, []).append(at)
        return {site: tuple(rooms) for site, rooms in found.items()}

    @cached_property
    def room_at(self) -> dict[tuple[int, int], int]:
        return {(room.site, room.room): at for at, room in enumerate(self.rooms)}


def positioned(thing: Rider | Vehicle | Room) -> bool:
    return UNKNOWN_MS not in (thing.lat, thing.lon)


def fit_for_duty(vehicle: Vehicle, since_ms: int, until_ms: int, limits: Limits) -> bool:
    """Whether vehicle and crew may be on the road from one instant to another."""
    return (
        not vehicle.broken
        and vehicle.since_ms <= since_ms
        and until_ms <= vehicle.until_ms
        and vehicle.crew_until_ms != UNKNOWN_MS
        and until_ms <= vehicle.crew_until_ms
        and vehicle.tested_ms != UNKNOWN_MS
        and until_ms <= vehicle.tested_ms + limits.crew_test_ms
    )


def duty_end(vehicle: Vehicle, situation: Situation) -> int:
    """The last instant at which vehicle and crew may be on the road; BEGIN_MS: they may not."""
    if vehicle.broken or UNKNOWN_MS in (vehicle.crew_until_ms, vehicle.tested_ms):
        return BEGIN_MS
    return min(vehicle.until_ms, vehicle.crew_until_ms, vehicle.tested_ms + situation.limits.crew_test_ms)


def starts(vehicle: Vehicle, situation: Situation) -> int:
    """The first instant at which it could leave."""
    return max(vehicle.ready_ms, vehicle.since_ms, situation.now_ms)


def usable(vehicle: Vehicle, situation: Situation) -> bool:
    """Whether it could leave at all."""
    at = starts(vehicle, situation)
    return vehicle.seats > 0 and positioned(vehicle) and fit_for_duty(vehicle, at, at, situation.limits)
