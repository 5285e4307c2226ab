"""Civil affairs desk 民政局: whom it shelters, and its lists.

In: a day. Out: sheets of `civil_affairs.*`.
Invariant: whoever is sheltered is in a room of a station; other aid tells of no place.
Deliberately absent: daily calls and passes, which tell tracing nothing and are made up (replay/desks/forged.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from replay.city.model import Ground
from replay.desks.day import Day
from replay.desks.pen import Body, Pen, at_ground
from replay.desks.rosters import care_home_roster, care_roster
from replay.sheets import Sheet, picked, stacked, told
from schemas.instants import UNKNOWN_MS


def sheets(day: Day) -> Iterator[Sheet]:
    """The day's records of civil affairs."""
    yield _aided(Pen(day, "civil_affairs.temporary_aid"))
    for register in (care_roster, care_home_roster):
        yield register(day, whole=False)


def _aided(pen: Pen) -> Sheet:
    """A third of those helped are sheltered, as far as so many are; the others get food, money or a ticket home."""
    places, visits = pen.city.places, pen.day.visits
    in_room = at_ground(pen.day, Ground.shelter) & (places.house[visits.place] >= 0)
    v = pen.some(visits, in_room, max(1, pen.volume * pen.expected.fill["station_code"]))
    house = places.house[v.place]
    body = {
        **pen.shown(v.person, ("resident_id",))[0], "aid": np.full(len(v), "lodging", object),
        "station_code": pen.code(v.place), "station_name": pen.name(house), "room": pen.part(v.place),
        "sheltered_since": v.since_ms, "sheltered_until": v.until_ms,
    }  # fmt: skip
    sheltered = pen.write(body, v.since_ms, visits=v, end="sheltered_until")
    count = max(1, pen.volume - len(v))
    person = pen.rng.integers(0, pen.city.residents, count)
    nothing, never = np.full(count, None, object), np.full(count, UNKNOWN_MS)
    other: Body = {
        **pen.shown(person, ("resident_id",))[0], "aid": pen.of(("food", "cash", "journey"), count),
        "station_code": nothing, "station_name": nothing, "room": nothing, "sheltered_since": never,
        "sheltered_until": never,
    }  # fmt: skip
    columns: dict[str, Any] = told(count)
    helped = Sheet(pen.source, other, pen.times(count), never, **columns)
    pen.arrive(helped)
    sheet = stacked([sheltered, helped])
    sheet.number = np.arange(len(sheet))
    return picked(sheet, pen.rng.permutation(len(sheet)))
