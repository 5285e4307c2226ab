"""Rosters: who works, learns or is cared for where, homes, merchants, stalls and duties, as lists on file.

In: a city (as a day before the first, or a day). Out: sheets of those lists.
Invariant: as of registers.py; a list of a dormitory or a care home tells that its people stay there.
Deliberately absent: whoever left.
"""

from __future__ import annotations

import numpy as np

from replay.city.model import City, Duty, Ground, Role
from replay.city.quarters import cell_code
from replay.desks.day import Day
from replay.desks.names import Texts, absent, only, texts, working
from replay.desks.pen import Body, Pen, named
from replay.desks.registers import compounds, document, filed, numbers, rooms
from replay.sheets import Sheet, cells
from schemas.credit_codes import checked
from schemas.instants import DAY_MS, OPEN_MS, UNKNOWN_MS
from schemas.keys import Ints

_VALID = "valid_since", "valid_until"
CHRONIC_SHARE = 0.12
"""Of those of forty-five and more, so many are registered as chronically ill [D]."""
_OLD_DAYS = 45 * 365
_MERCHANTS = (Ground.shop, Ground.restaurant, Ground.pharmacy)
_TRADES = {Ground.shop: "supermarket", Ground.restaurant: "restaurant", Ground.pharmacy: "pharmacy"}


def _spread(words: dict[Ground, str], ground: Ints) -> Texts:
    table = np.full(int(max(Ground)) + 1, None, object)
    for number, word in words.items():
        table[int(number)] = word
    return table[ground]


def streets(city: City, street: Ints) -> Texts:
    return cells([*city.streets, None])[street]


def enterprise_roster(day: Day, whole: bool = True) -> Sheet:
    """The firms' people. Those of the small firms live in a shared dormitory; those of the bubble when it is closed."""
    city = day.city
    people = city.people
    workers = working(city, Ground.office, Ground.bubble)
    open_bubble = np.zeros(len(people), np.bool_)
    if day.profile == "routine":
        open_bubble[working(city, Ground.bubble)] = True
    bed = np.where(open_bubble[workers], -1, people.dorm_place[workers])

    def say(pen: Pen, person: Ints) -> Body:
        work, room = people.work_place[person], np.where(open_bubble[person], -1, people.dorm_place[person])
        return {
            **document(pen, person), "credit_code": pen.code(work), "workshop": pen.part(work),
            "enterprise_name": pen.name(work), "zone": pen.of(("north", "south"), len(person)),
            "phone": pen.phone(person, linked=True), "dorm_code": pen.code(room), "dorm_room": pen.part(room),
        }  # fmt: skip

    return filed(day, "telecom.enterprise_roster", whole, workers, say, _VALID, bed)


def class_roster(day: Day, whole: bool = True) -> Sheet:
    people = day.city.people

    def say(pen: Pen, person: Ints) -> Body:
        room, learns = people.class_place[person], people.role[person] != Role.worker
        count = len(person)
        return {
            **document(pen, person), "student_no": pen.held("person_no", person), "school_code": pen.code(room),
            "school_name": pen.of(("宽城学校",), count), "class_code": pen.part(room),
            "role": np.where(learns, "pupil", "teacher").astype(object), "seat_row": pen.between(1, 7, count),
            "seat_column": pen.between(1, 6, count),
        }  # fmt: skip

    return filed(day, "education.class_roster", whole, np.flatnonzero(people.class_place >= 0), say, _VALID)


def family_link(day: Day, whole: bool = True) -> Sheet:
    """The first adult of a pupil's household cares for them."""
    people = day.city.people
    adults = np.flatnonzero((people.home >= 0) & ~np.isin(people.role, [Role.toddler, Role.pupil, Role.boarder]))
    carer = np.full(len(day.city.places.ground), -1)
    carer[people.home[adults][::-1]] = adults[::-1]
    pupils = np.flatnonzero(np.isin(people.role, [Role.pupil, Role.boarder]) & (people.home >= 0))
    pupils = pupils[carer[people.home[pupils]] >= 0]

    def say(pen: Pen, person: Ints) -> Body:
        guardian = carer[people.home[person]]
        return {
            **document(pen, person), "guardian_id_type": np.full(len(person), "resident_id", object),
            "guardian_id_no": pen.held("resident_id", guardian), "guardian_phone": pen.phone(guardian, linked=True),
            "relation": pen.of(("mother", "father", "guardian"), len(person)),
        }  # fmt: skip

    return filed(day, "education.family_link", whole, pupils, say, _VALID)


def care_home_roster(day: Day, whole: bool = True) -> Sheet:
    city = day.city
    people = city.people
    staff = city.posts.get("nurse", np.zeros(0, np.int64))
    lives = np.flatnonzero(people.role == Role.care_resident)
    listed = np.concatenate([lives, staff])
    bed = np.concatenate([people.dorm_place[lives], np.full(len(staff), -1)])

    def say(pen: Pen, person: Ints) -> Body:
        inside = people.role[person] == Role.care_resident
        room = np.where(inside, people.dorm_place[person], people.work_place[person])
        return {
            **document(pen, person), "home_code": pen.code(room), "home_name": pen.of(("宽城颐养院",), len(person)),
            "role": np.where(inside, "elder", "nurse").astype(object),
            "room": only(inside, pen.part(room)),
            "bed": only(inside, numbers(1 + person % 2)),
        }  # fmt: skip

    span = "moved_in_at", "moved_out_at"
    return filed(day, "civil_affairs.care_home_roster", whole, listed, say, span, bed)


def care_roster(day: Day, whole: bool = True) -> Sheet:
    """Old people who live alone."""
    city = day.city
    people = city.people
    together = np.bincount(people.home[people.home >= 0], minlength=len(city.places.ground))
    alone = np.flatnonzero((people.role == Role.retired) & (people.home >= 0))
    alone = alone[together[people.home[alone]] == 1]

    def say(pen: Pen, person: Ints) -> Body:
        home = people.home[person]
        relative = pen.rng.integers(0, city.residents, len(person))
        return {
            **document(pen, person),
            "category": pen.of(("solitary_elderly", "solitary_elderly", "disabled"), len(person)),
            "street": streets(city, city.places.street[home]), "household_code": pen.code(home),
            "phone": pen.phone(person, linked=True), "relative_phone": pen.phone(relative),
            "calls_per_day": np.full(len(person), 2),
        }  # fmt: skip

    return filed(day, "civil_affairs.care_roster", whole, alone, say, ("listed_since", "listed_until"))


def dwelling(day: Day, whole: bool = True) -> Sheet:
    city, places = day.city, day.city.places
    cells_named = texts([*(cell_code(c) for c in range(int(places.cell.max(initial=0)) + 1)), ""])

    def say(pen: Pen, home: Ints) -> Body:
        count = len(home)
        compound = compounds(city, home)
        return {
            "compound_code": compound, "compound_name": np.array([f"花园{c[3:]}期" for c in compound], object),
            "building": numbers(places.building[home]), "unit": numbers(places.unit[home]), "room": rooms(city, home),
            "floors": pen.between(6, 33, count), "use": np.full(count, "home", object),
            "street": streets(city, places.street[home]), "grid_code": cells_named[places.cell[home]],
            "household_code": pen.code(home), **_where(city, home),
        }  # fmt: skip

    return filed(day, "housing.dwelling", whole, places.of(Ground.home), say)


def _where(city: City, home: Ints) -> Body:
    """Where homes lie, if anybody is to be fetched there."""
    if not city.positions:
        return {}
    degrees = {name: column[home] / 1e6 for name, column in city.positions.items()}
    return {"community": cells([*city.communities, None])[city.places.community[home]], **degrees}


def property_staff(day: Day, whole: bool = True) -> Sheet:
    people = day.city.people
    guards = working(day.city, Ground.gate)

    def say(pen: Pen, person: Ints) -> Body:
        return {
            **document(pen, person), "compound_code": pen.code(people.work_place[person]),
            "post": pen.of(("guard", "guard", "cleaner"), len(person)), "phone": pen.phone(person, linked=True),
        }  # fmt: skip

    return filed(day, "housing.property_staff", whole, guards, say, ("employed_since", "employed_until"))


def chronic_register(day: Day, whole: bool = True) -> Sheet:
    """The chronically ill; a phone is proved only where a register may link it."""
    people = day.city.people
    today = (day.start_ms + 8 * 3_600_000) // DAY_MS
    old = np.flatnonzero(people.born[: day.city.residents] < today - _OLD_DAYS)
    ill = old[day.city.rng(77_120).random(len(old)) < CHRONIC_SHARE]

    def say(pen: Pen, person: Ints) -> Body:
        count = len(person)
        phone = pen.phone(person, linked=True)
        proved = pen.start_ms - DAY_MS * pen.between(8, 900, count)
        return {
            **document(pen, person), "disease_code": pen.of(("I10", "E11", "N18", "J44"), count),
            "pass_code": pen.serial("LT", 10_000, person % 10_000), "pass_colour": np.full(count, "blue", object),
            "phone": phone, "phone_proved_at": np.where(absent(phone), UNKNOWN_MS, proved),
        }  # fmt: skip

    return filed(day, "medical_insurance.chronic_register", whole, ill, say, _VALID)


def merchant(day: Day, whole: bool = True) -> Sheet:
    places = day.city.places
    codes = named(day.city, "first")

    def say(pen: Pen, place: Ints) -> Body:
        return {
            "credit_code": cells([checked(f"92990103MA{code[3:]:0>7}") for code in codes[place]]),
            "place_code": codes[place], "merchant_name": pen.name(place),
            "trade": _spread(_TRADES, places.ground[place]),
            "camera_codes": cells([(f"SX-{code[3:]}",) for code in codes[place]]),
        }  # fmt: skip

    every = np.concatenate([places.of(ground) for ground in _MERCHANTS])
    return filed(day, "market_supervision.merchant", whole, every, say, _VALID)


def stall_map(day: Day, whole: bool = True) -> Sheet:
    def say(pen: Pen, stall: Ints) -> Body:
        count = len(stall)
        return {
            "place_code": pen.code(stall), "stall_code": pen.part(stall), "section": pen.of("ABCDE", count),
            "stall_row": pen.between(1, 12, count), "stall_column": pen.between(1, 12, count),
            "credit_code": cells([checked(f"92990103MB{n:07d}") for n in stall.tolist()]),
        }  # fmt: skip

    return filed(day, "market_supervision.stall_map", whole, day.city.places.of(Ground.stall), say, _VALID)


def assignment(day: Day, whole: bool = True) -> Sheet:
    """The duties that have begun."""
    city, duties = day.city, day.city.duties
    roles = cells([duty.name for duty in Duty])
    communities = cells([*city.communities, None])

    def say(pen: Pen, row: Ints) -> Body:
        person, compound = duties["person"][row], duties["compound"][row]
        last = int(compound.max(initial=0))
        coded = texts([f"XQ-{c:03d}" for c in range(last + 1)] + [""])
        until = duties["until_ms"][row]
        return {
            **document(pen, person), "role": roles[duties["role"][row]], "phone": pen.phone(person),
            "street": streets(city, duties["street"][row]), "community": communities[duties["community"][row]],
            "compound_code": only(compound >= 0, coded[compound]),
            "building": numbers(duties["building"][row]), "valid_since": duties["since_ms"][row],
            "valid_until": np.where(until >= OPEN_MS, UNKNOWN_MS, until),
        }  # fmt: skip

    begun = np.flatnonzero(duties["since_ms"] < day.start_ms + DAY_MS)
    return filed(day, "grid_centre.assignment", whole, begun, say)
