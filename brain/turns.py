"""Turns: the rows of a table that come and go with a batch, and whose they are.

In: tables, new rows, fallen records. Out: what changed, without what did not.
Invariant: of a table to which nothing came and from which nothing went, nothing is looked at.
Deliberately absent: any meaning of the rows.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from brain.identity import Identity
from brain.runs import Table, distinct, size, take
from schemas.facts import Columns
from schemas.keys import Ints


def turn(table: Table, new: Columns, fallen: Ints) -> list[Columns]:
    """Takes the rows of fallen records out of a table, and new ones in. Out: those that went and came, if any."""
    gone = table.remove("rec", fallen) if len(fallen) and table.runs else None
    table.add(new)
    return [rows for rows in (gone, new) if rows is not None and size(rows)]


def union(parts: list[Ints]) -> Ints:
    """The distinct values of any number of arrays, ascending."""
    return distinct(*parts) if parts else np.zeros(0, np.int64)


def found(table: Table, column: str, values: Ints) -> list[Columns]:
    """The rows of a table whose column has one of the values, if any."""
    rows = table.find(column, values)[1] if len(values) and table.runs else None
    return [rows] if rows is not None and size(rows) else []


def belonging(identity: Identity, table: Table, persons: Ints, idents: tuple[Ints, Ints], at: str) -> Columns:
    """The rows of a table that belong to these persons, with `of`, the index of the person. `idents`: as
    Identity.idents_of tells; `at`: the column of the instant."""
    hit, rows = table.find("ident", idents[1] if table.runs else idents[1][:0])
    of = idents[0][hit]
    mine = identity.resolve(rows["ident"], rows[at]) == persons[of]
    return take({**rows, "of": of}, mine)


def rows_of(rows: Columns, *names: str) -> Iterator[tuple[int, ...]]:
    """These columns row by row."""
    return zip(*(rows[name].tolist() for name in names), strict=True)
