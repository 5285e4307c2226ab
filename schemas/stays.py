"""Stays: what most departments say, as fact columns: somebody was at a place, somebody held an identifier.

In: the columns of a record type. Out: presence and link columns.
Invariant: a record that names nobody, or no place, shows nobody anywhere; it is still a record.
Deliberately absent: rides and seats (schemas/rides.py), and how long an unrecorded stay lasts (policy packs).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from schemas.codes import PlaceKind
from schemas.columns import Columns
from schemas.facts import Columns as Rows
from schemas.instants import BEGIN_MS, OPEN_MS, UNKNOWN_MS
from schemas.keys import Ints

Mask = npt.NDArray[np.bool_]


def given(c: Columns, name: str) -> Mask:
    """Which records give a text field."""
    there: Mask = c.text(name).codes >= 0
    return there


def stay(
    c: Columns,
    ident: Ints,
    kinds: PlaceKind | Ints,
    place: Ints,
    since: Ints,
    until: Ints | None = None,
    *,
    flags: Ints | None = None,
    seat: Ints | None = None,
    where: Mask | None = None,
) -> Rows:
    """Presence columns, one row a record, without those that have no identifier, no known start, or lie outside
    `where`. `until` None: no end was recorded."""
    none = np.zeros(c.count, np.int64)
    rows = {
        "row": c.rows,
        "ident": ident,
        "place": place,
        "kind": np.full(c.count, int(kinds)) if isinstance(kinds, PlaceKind) else kinds,
        "since_ms": since,
        "until_ms": np.full(c.count, UNKNOWN_MS) if until is None else until,
        "flags": none if flags is None else flags,
        "seat": none if seat is None else seat,
    }
    there = (ident > 0) & (since != UNKNOWN_MS)
    return only(rows, there if where is None else there & where)


def only(rows: Rows, where: Mask) -> Rows:
    """The rows where the mask is true."""
    return rows if where.all() else {name: column[where] for name, column in rows.items()}


def both(*parts: Rows) -> Rows:
    """Rows of one table one after the other, such as a stay in a room and in the house it is in."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def lasting(since: Ints, until: Ints) -> tuple[Ints, Ints]:
    """A span whose unknown ends lie beyond all others: it held before anybody asked, and still does."""
    return np.where(since == UNKNOWN_MS, BEGIN_MS, since), np.where(until == UNKNOWN_MS, OPEN_MS, until)


def link(row: Ints, one: Ints, other: Ints, since: Ints, until: Ints) -> Rows:
    """Link columns, without those that name only one side; the greater token is carried by the lesser one (kinds rank
    within tokens)."""
    since, until = lasting(since, until)
    carried, owner = np.maximum(one, other), np.minimum(one, other)
    rows = {"row": row, "carried": carried, "owner": owner, "since_ms": since, "until_ms": until}
    return only(rows, owner > 0)
