"""Conveyance: how people are taken from where they are to where they are isolated, as fact columns.

In: the columns of a record type. Out: columns of decisions, receipts, cleanings, dwellings, duties and traits.
Invariant: a run is one place, whoever tells of it; a home's position is coarse before anybody else sees it.
Deliberately absent: what may follow on what, and what is late (docs/transfers.md, brain/).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import IntEnum
from typing import Literal

import numpy as np

from schemas.codes import PlaceKind
from schemas.columns import Columns
from schemas.facts import Columns as Rows
from schemas.instants import DAY_MS, LOCAL_OFFSET_MS, UNKNOWN_MS, day_number
from schemas.keys import Ints
from schemas.orders import street
from schemas.stays import Mask, both, lasting, only
from schemas.transfers import DutyRole, HomeReason, Purpose, Step, Trait

PurposeWord = Literal["isolate", "hospital"]
CELL_MICRO = 5_000
"""Side of the cell in whose middle a home is put: 0.005 degrees, 400 to 560 m here. Source: docs/transfers.md, 5."""
_CHILD_YEARS = 15
"""A child is up to 14 years old. Source: 8th edition, who may be isolated at home (hunanyuer.com 22155) [B]."""


def numbers(words: type[IntEnum]) -> dict[str, int]:
    """The number of each word of a code list."""
    return {word.name: int(word) for word in words}


def run(c: Columns) -> Ints:
    """Tokens of the runs; a run is also the place where those aboard are together."""
    return c.coded(PlaceKind.transfer.name, "run_code")


def decided(c: Columns, ident: Ints, at: Ints) -> Rows:
    """Columns of `decisions`. What a record type has no field for was not decided by it."""
    site = c.coded("site", "site_code")
    return {
        "row": c.rows,
        "ident": ident,
        "step": c.choice("decision", numbers(Step)),
        "purpose": c.choice("purpose", numbers(Purpose)),
        "vehicle": c.coded("fleet", "vehicle_code"),
        "run": run(c),
        "site": site,
        "room": c.coded("site_room", "room", within=site),
        "at_ms": at,
        "pickup_ms": c.number("planned_pickup_at"),
        "arrive_ms": c.number("planned_arrival_at"),
        "reason": c.choice("reason", numbers(HomeReason)),
    }


def received(c: Columns, ident: Ints | None, steps: Ints, at: Ints) -> Rows:
    """Columns of `receipts`. `ident` None: told of the run."""
    return {
        "row": c.rows,
        "ident": np.zeros(c.count, np.int64) if ident is None else ident,
        "step": steps,
        "vehicle": c.coded("fleet", "vehicle_code"),
        "run": run(c),
        "site": c.coded("site", "site_code"),
        "at_ms": at,
        "reason": c.choice("reason", numbers(HomeReason)),
    }


def cleaned(c: Columns, at: Ints, where: Mask) -> Rows:
    """Columns of `cleanings`."""
    return only({"row": c.rows, "vehicle": c.coded("fleet", "vehicle_code"), "at_ms": at}, where)


def position(c: Columns, lat: str, lon: str) -> tuple[Ints, Ints]:
    """Microdegrees of two fields, both unknown unless both are given."""
    north, east = c.number(lat), c.number(lon)
    known = (north != UNKNOWN_MS) & (east != UNKNOWN_MS)
    return np.where(known, north, UNKNOWN_MS), np.where(known, east, UNKNOWN_MS)


def areas(c: Columns) -> dict[str, Ints]:
    """Tokens of the building, compound, community and street that the fields of those names name; 0 where not given."""
    compound, building, community = (c.text(name).codes >= 0 for name in ("compound_code", "building", "community"))
    return {
        "building": np.where(compound & building, c.place("building", "compound_code", "building"), 0),
        "compound": np.where(compound, c.place("compound", "compound_code"), 0),
        "community": np.where(community, c.place("community", "community"), 0),
        "street": street(c, "street"),
    }


def dwelt(c: Columns) -> Rows:
    """Columns of `dwellings`: where a household is, and where its compound is, which has many buildings."""
    within = areas(c)
    since, until = lasting(np.full(c.count, UNKNOWN_MS), np.full(c.count, UNKNOWN_MS))
    known = dict(zip(("lat", "lon"), map(_coarse, position(c, "lat", "lon")), strict=True))
    span = {"since_ms": since, "until_ms": until}
    household = np.where(c.text("household_code").codes >= 0, c.place("household", "household_code"), 0)
    parts = (household, within["building"]), (within["compound"], np.zeros(c.count, np.int64))
    rows = (
        {"row": c.rows, "place": place, **within, "building": building, **known, **span} for place, building in parts
    )
    return both(*(only(part, part["place"] > 0) for part in rows))


def _coarse(micro: Ints) -> Ints:
    return np.where(micro == UNKNOWN_MS, micro, micro // CELL_MICRO * CELL_MICRO + CELL_MICRO // 2)


def answering(c: Columns, ident: Ints, roles: Mapping[str, int], since: Ints, until: Ints) -> Rows:
    """Columns of `duties`: who answers for the smallest area that is named. `roles`: words beside those of DutyRole."""
    within, area = areas(c), np.zeros(c.count, np.int64)
    for name in ("street", "community", "compound", "building"):
        area = np.where(within[name] > 0, within[name], area)
    since, until = lasting(since, until)
    role = c.choice("role", {**numbers(DutyRole), **roles})
    rows = {"row": c.rows, "ident": ident, "role": role, "area": area, "since_ms": since, "until_ms": until}
    return only(rows, (ident > 0) & (area > 0))


def trait(c: Columns, ident: Ints, traits: Ints, since: Ints, until: Ints) -> Rows:
    """Columns of `traits`, of those for whom there is one."""
    since, until = lasting(since, until)
    rows = {"row": c.rows, "ident": ident, "trait": traits, "since_ms": since, "until_ms": until}
    return only(rows, (ident > 0) & (traits > 0))


def child(c: Columns, ident: Ints) -> Rows:
    """Columns of `traits`: a child from the day of birth to the 15th birthday. Of who had grown up when the record was
    written nothing is kept: a date of birth is nobody's business here."""
    since = c.text("born_on").map(_born, UNKNOWN_MS)
    until = c.text("born_on").map(_grown, UNKNOWN_MS)
    young = (since != UNKNOWN_MS) & (until > c.number("event_time"))
    return trait(c, ident, np.where(young, int(Trait.child), 0), since, until)


def _born(day: str) -> int:
    return _start(day, 0)


def _grown(day: str) -> int:
    return _start(day, _CHILD_YEARS)


def _start(day: str, years: int) -> int:
    """Start of the local day so many years later; 29 February becomes 1 March. UNKNOWN_MS for a text that is no day,
    which is refused beside this."""
    try:
        born = date.fromisoformat(day)
    except ValueError:
        return UNKNOWN_MS
    leap = years % 4 != 0 and (born.month, born.day) == (2, 29)
    moved = date(born.year + years, 3, 1) if leap else born.replace(year=born.year + years)
    return day_number(moved) * DAY_MS - LOCAL_OFFSET_MS
