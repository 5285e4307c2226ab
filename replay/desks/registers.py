"""Registers: what departments had on file before the first day, and the few entries that they send again on any day.

In: a city (as a day before the first, or a day). Out: sheets of homes and links; the other rosters: rosters.py.
Invariant: a register links what People.linked_* says and nothing else, and tells of a home alone who has no bed
elsewhere. An entry sent again says what stands.
Deliberately absent: moves and changes of owner.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from replay.city.model import City
from replay.city.quarters import compound_code
from replay.desks.day import Day
from replay.desks.names import Texts, holds, numbered, texts
from replay.desks.pen import NOBODY, Body, Pen
from replay.sheets import Sheet, cells, told
from schemas.instants import BEGIN_MS, DAY_MS, OPEN_MS, UNKNOWN_MS
from schemas.keys import Ints

_BY_PHONE_REGISTER = 4
"""Every so-manieth phone is on file with the phones alone, all others with the residents [D]."""


def filed(
    day: Day,
    source: str,
    whole: bool,
    eligible: Ints,
    say: Any,
    span: tuple[str, str] = ("", ""),
    place: Ints | None = None,
) -> Sheet:
    """A sheet of a register: an entry for each of `eligible`, or, on a day, for as many by chance as EXPECTED states.
    `say`: (pen, those) → fields; `span`: names of the fields of its validity; `place`: by eligible, what it tells."""
    pen = Pen(day, source)
    if not whole and pen.volume < len(eligible):
        chosen = np.sort(pen.rng.choice(len(eligible), pen.volume, replace=False))
    else:
        chosen = np.arange(len(eligible) if whole or pen.volume else 0)
    entries = eligible[chosen]
    count = len(entries)
    body: Body = say(pen, entries)
    for name, low, high in ((span[0], -3000, -30), (span[1], 30, 900)):
        if name and name not in body:
            body[name] = pen.start_ms + DAY_MS * pen.between(low, high, count)
    columns: dict[str, Any] = told(count)
    sheet = Sheet(source, body, pen.times(count), np.zeros(count, np.int64), **columns)
    pen.thin(sheet)
    pen.arrive(sheet)
    if place is not None:
        sheet.person, sheet.place = np.where(place[chosen] >= 0, entries, NOBODY), place[chosen]
        sheet.said_since_ms = _known(sheet.body.get(span[0]), BEGIN_MS, count)
        sheet.said_until_ms = _known(sheet.body.get(span[1]), OPEN_MS, count)
    return sheet


def _known(column: Any, otherwise: int, count: int) -> Ints:
    if column is None:
        return np.full(count, otherwise)
    known: Ints = np.where(column == UNKNOWN_MS, otherwise, column)
    return known


def at_home(city: City) -> Ints:
    """Those of whom a register can say that they are at home: they have one, and no bed elsewhere."""
    found: Ints = np.flatnonzero((city.people.home >= 0) & (city.people.dorm_place < 0))
    return found


def document(pen: Pen, person: Ints) -> Body:
    return {"id_type": np.full(len(person), "resident_id", object), "id_no": pen.held("resident_id", person)}


def holder(pen: Pen, person: Ints) -> Body:
    """Whose it is, by document or, of every second whose phone is known, by phone."""
    by_phone = (person % 2 == 1) & (pen.city.people.linked_phone[person] == 1)
    return {
        "id_type": np.where(by_phone, "phone", "resident_id").astype(object),
        "id_no": np.where(by_phone, pen.held("phone", person), pen.held("resident_id", person)),
    }


def compounds(city: City, place: Ints) -> Texts:
    """The compound's code of each place; None where it lies in none."""
    last = int(city.places.compound.max())
    return texts([*(compound_code(c) for c in range(last + 1)), None])[city.places.compound[place]]


def numbers(column: Ints) -> Texts:
    """Numbers as texts; None for −1."""
    return texts([*(str(n) for n in range(int(column.max(initial=0)) + 1)), None])[column]


def resident_register(day: Day, whole: bool = True) -> Sheet:
    """Who lives where, with most of the phones that are on file."""
    city = day.city
    people, places = city.people, city.places

    def say(pen: Pen, person: Ints) -> Body:
        home = people.home[person]
        named = (people.linked_phone[person] == 1) & (person % _BY_PHONE_REGISTER != 0)
        phones = pen.held("phone", person)
        listed = cells([(phone,) if on_file else None for phone, on_file in zip(phones, named.tolist(), strict=True)])
        return {
            **document(pen, person), "household_code": pen.code(home),
            "residence": pen.of(("registered", "registered", "permanent", "floating"), len(person)),
            "compound_code": compounds(city, home), "building": numbers(places.building[home]),
            "room": rooms(city, home), "phones": listed, **_births(city, person),
        }  # fmt: skip

    residents = at_home(city)
    span = "valid_since", "valid_until"
    return filed(day, "police.resident_register", whole, residents, say, span, people.home[residents])


def _births(city: City, person: Ints) -> Body:
    """When they were born, if anybody is to be fetched: children do not go alone."""
    days = city.people.born[person].astype("datetime64[D]")
    return {"born_on": texts(np.datetime_as_string(days).tolist())} if city.positions else {}


def rooms(city: City, home: Ints) -> Texts:
    """Unit and room of homes, such as 2-501."""
    unit, room = city.places.unit[home], city.places.room[home]
    distinct, inverse = np.unique(unit * 100_000 + room, return_inverse=True)
    return texts([f"{n // 100_000}-{n % 100_000}" for n in distinct.tolist()])[inverse]


def phone_ownership(day: Day, whole: bool = True) -> Sheet:
    """Phones that are on file, but not with the residents."""
    people = day.city.people
    elsewhere = np.ones(len(people), np.bool_)
    residents = at_home(day.city)
    elsewhere[residents[residents % _BY_PHONE_REGISTER != 0]] = False

    def say(pen: Pen, person: Ints) -> Body:
        return {**document(pen, person), "phone": pen.held("phone", person)}

    eligible = np.flatnonzero(elsewhere & (people.linked_phone == 1))
    return filed(day, "police.phone_ownership", whole, eligible, say, ("held_since", "held_until"))


def identity_link(day: Day, whole: bool = True) -> Sheet:
    """Whose car, passport and staff number it is. Pupils' numbers stand in the rosters of classes."""
    city, count = day.city, len(day.city.people)
    owned = {
        "plate": np.flatnonzero(city.people.linked_plate == 1),
        "passport": np.flatnonzero(holds(city, "passport") == 1),
        "person_no": np.flatnonzero((numbered(city) == 1) & (city.people.class_place < 0)),
    }
    kinds = list(owned)
    pairs = np.concatenate([number * count + person for number, person in enumerate(owned.values())])

    def say(pen: Pen, pair: Ints) -> Body:
        person, kind = pair % count, pair // count
        held = np.full(len(pair), None, object)
        for number, name in enumerate(kinds):
            rows = np.flatnonzero(kind == number)
            held[rows] = pen.held(name, person[rows])
        return {**document(pen, person), "other_id_type": cells(kinds)[kind], "other_id_no": held}

    return filed(day, "police.identity_link", whole, pairs, say, ("held_since", "held_until"))


def card_holder(day: Day, whole: bool = True) -> Sheet:
    def say(pen: Pen, person: Ints) -> Body:
        return {**holder(pen, person), "card_no": pen.held("transit_card", person)}

    eligible = np.flatnonzero(day.city.people.linked_card == 1)
    return filed(day, "transport.card_holder", whole, eligible, say, ("held_since", "held_until"))


def identity_map(day: Day, whole: bool = True) -> Sheet:
    def say(pen: Pen, person: Ints) -> Body:
        return {**holder(pen, person), "code_token": pen.held("code_token", person)}

    eligible = np.flatnonzero(day.city.people.linked_token == 1)
    return filed(day, "data_office.identity_map", whole, eligible, say, ("held_since", "held_until"))
