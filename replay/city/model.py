"""Model: the city as columns: people, the places where they can be together, and the visits of a day.

In: nothing. Out: `People`, `Places`, `City`, `Visits`.
Invariant: a person and a place are row numbers; every column of a table has one length; -1 is none. Whoever is at one
place at one time is truly together there.
Deliberately absent: identifiers (schemas/departments/drafting.py derives them from the person's number), records of
any kind (replay/desks), and who is ill (replay/wave).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from schemas.keys import Ints

AT_LARGE_MS = 1 << 60
"""Start of an isolation that does not come."""


class Role(IntEnum):
    """What somebody does on an ordinary day."""

    toddler = 0
    pupil = 1
    boarder = 2
    worker = 3
    home = 4
    retired = 5
    care_resident = 6


class Ground(IntEnum):
    """What a place is to the city; its PlaceKind says how people meet there, this says who writes it down."""

    home = 0
    office = 1  # a workroom; first code: the firm's credit code, second: workshop
    bubble = 2  # a workroom of the rail-car maker's closed loop
    classroom = 3  # school code, class code
    dormitory = 4  # dorm code, room (boarders, bubble workers, shared dormitories of the small firms)
    care_room = 5  # care home code, room
    shop = 6  # place code CS-…; merchants 0 to 1,267
    restaurant = 7  # place code CS-…
    pharmacy = 8
    market = 9  # place code SC-…
    stall = 10  # market code, stall code
    building_site = 11
    clinic = 12  # hospital code, department
    hotel = 13
    hotel_room = 14  # hotel code, room
    gate = 15  # compound code, gate: a checkpoint
    checkpoint = 16  # checkpoint code
    bus = 17  # fleet number
    metro = 18
    taxi = 19  # plate
    train = 20  # service number, service date
    shuttle = 21  # vehicle, service date
    isolation_room = 22  # site code, room: single rooms
    logistics = 23  # a zone of the logistics park
    shelter = 24
    banquet = 25  # a hall of weddings
    line = 26  # a bus or metro line; the house of its vehicles
    bubble_zone = 27  # site code, zone (production, living, …); the house of its workrooms and dormitory rooms
    cab = 28  # plate: the cab of a lorry, with the driver and whoever comes along


class Duty(IntEnum):
    """Who answers for what (三级包保): streets, communities, buildings; and the head of each building (楼栋长)."""

    district_leader = 0
    cadre = 1
    grid_member = 2
    building_head = 3
    secretary = 4  # of a community, where a drill has transfers


@dataclass(frozen=True)
class Places:
    """Shape: one row a place. `kind`: PlaceKind. `first`, `second`: the codes by which departments call it, as they
    stand in records. `name`: public name, "" for homes and rooms. `cell`: telecom grid cell of 800 m, `street`,
    `community`, `compound`: numbers; -1 for what moves or has none. `house`: the place it is part of (a hotel of a
    hotel room, a market of a stall, a line of a bus), else -1. `building` (from 1 within its compound), `unit`, `room`:
    of homes, else -1.

    Trains and shuttles have one place for all days: no two runs of a service overlap, and a stay aboard begins on its
    service date, so the date in a record is the local day of `since_ms`. `second` of them is "". A pharmacy CS-00123
    is P0123 to the insurance."""

    ground: Ints
    kind: Ints
    first: list[str]
    second: list[str]
    name: list[str]
    cell: Ints
    street: Ints
    community: Ints
    compound: Ints
    house: Ints
    building: Ints
    unit: Ints
    room: Ints

    def of(self, ground: Ground) -> Ints:
        """The numbers of all places of a ground, ascending."""
        found: Ints = np.flatnonzero(self.ground == ground)
        return found


@dataclass(frozen=True)
class People:
    """Shape: one row a person; residents first, then travellers from elsewhere (`home` -1). Who lives in a care home
    has no other home: `home` -1, `dorm_place` the room. Whoever has a `dorm_place` may sleep there (boarders on school
    nights, the small firms' workers always, bubble workers in an emergency), so of them no register can truly say
    that they are at home. Columns that end in `_place` are place numbers. `line`: number of their bus or metro line.
    `holds_*`: what they own; `linked_*`: whether a register says so, without which a record by that identifier names
    nobody that can be found."""

    born: Ints  # day number (days since 1970-01-01)
    role: Ints
    home: Ints  # place number of the household
    work_place: Ints  # workroom, stall, shop or site where they work; the vehicle they drive
    class_place: Ints  # classroom, of pupils and teachers
    dorm_place: Ints
    line: Ints
    holds_phone: Ints  # 0 or 1, as all below
    holds_card: Ints
    holds_token: Ints  # a health code shown under its token
    holds_plate: Ints
    linked_phone: Ints
    linked_card: Ints
    linked_token: Ints
    linked_plate: Ints

    def __len__(self) -> int:
        return len(self.born)


@dataclass(frozen=True)
class Trains:
    """The services that call at this city's station. Shape: one row a service. `place`: its place; the inward part of a
    run begins at `origin` and ends here, the outward part begins here and ends at `terminus`. Units: seconds since the
    local midnight of the service date; -1: the run has no such part."""

    place: Ints
    in_depart_s: Ints
    in_arrive_s: Ints
    out_depart_s: Ints
    out_arrive_s: Ints
    origin: list[str]
    terminus: list[str]
    station: str = "长春"


@dataclass(frozen=True)
class City:
    """The city before its first day. `lines`: names of the bus lines, then of the metro lines; `streets`,
    `communities`: names. `duties`: who answers for what, by validity: columns role (Duty), person, street, community,
    compound, building, since_ms, until_ms (OPEN_MS: until further notice), -1 where a column does not apply. `posts`:
    the people of a post by its name, such as courier, inspector, doctor, guard, escort, trucker, companion.
    `positions`: columns lat and lon of all places, microdegrees, where a drill has transfers; else empty."""

    seed: int
    residents: int
    people: People
    places: Places
    lines: list[str]
    streets: list[str]
    communities: list[str]
    duties: dict[str, Ints]
    street_codes: list[str]
    community_codes: list[str]
    street_of: Ints  # of communities
    trains: Trains
    posts: dict[str, Ints] = field(default_factory=dict)
    positions: dict[str, Ints] = field(default_factory=dict)

    def rng(self, *purpose: int) -> np.random.Generator:
        """A generator of its own for each purpose and day, so that one does not move the draws of another."""
        return np.random.Generator(np.random.PCG64([self.seed, *purpose]))


class Doing(IntEnum):
    """Why somebody is at a place; desks choose by it what is written down."""

    home = 0
    work = 1
    learn = 2
    sleep_away = 3  # dormitory, hotel, care home
    shop = 4
    eat = 5
    ride = 6
    drive = 7  # crew of a vehicle
    pass_gate = 8
    check = 9
    treat = 10  # clinic, dialysis
    medicine = 11  # pharmacy
    visit = 12  # at somebody else's home; grid members, couriers at the door do not count
    celebrate = 13
    inspect = 14
    serve = 15  # staff of shops, restaurants, markets
    haul = 16  # drivers in the logistics park, and in their cabs
    deliver = 17  # couriers who hand goods over at a gate
    fetch = 18  # whoever comes to a gate for them, while the courier is there


@dataclass(frozen=True)
class Visits:
    """True stays, in no order. Shape: one row a stay. Units: UTC epoch milliseconds, whole seconds. `carriage`, `row`:
    0 none; `seat`: letter's number (A 1, B 2, C 3, D 4, F 6), 0 none. A stay at a part of a house (stall, hotel room,
    room of the bubble) has a row for the house as well; a ride has one row, in the vehicle. A lorry's driver is in the
    cab and in the zone it stands in."""

    person: Ints
    place: Ints
    doing: Ints
    since_ms: Ints
    until_ms: Ints
    carriage: Ints
    row: Ints
    seat: Ints

    def __len__(self) -> int:
        return len(self.person)

    def where(self, mask: Ints | npt.NDArray[np.bool_]) -> Visits:
        """Those of a mask, or of row numbers."""
        return Visits(**{name: column[mask] for name, column in vars(self).items()})


def joined(parts: list[Visits]) -> Visits:
    """All of them as one."""
    names = Visits.__dataclass_fields__
    return Visits(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})
