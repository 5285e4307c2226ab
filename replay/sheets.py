"""Sheets: the records of one source on one day as columns, before they are lines.

In: columns of wire fields by desks. Out: `Sheet`, parts of it, and the ids of its records.
Invariant: a sheet's fields are fields of its record model; same columns, same bytes. What only the truth may know
(`person`, `place`, `said_*`, `knows`, `also`) never reaches a line.
Deliberately absent: what is written down (replay/desks), what goes wrong on the way (replay/faults), and the bytes
(replay/lines.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from schemas.instants import UNKNOWN_MS
from schemas.keys import Ints

Cells = Ints | Sequence[Any] | npt.NDArray[Any]
"""A wire field's column: instants as UTC epoch milliseconds with UNKNOWN_MS for none, all else as it stands on the wire
with None for none. Desks give numpy arrays: int64 for instants, whole numbers and booleans (UNKNOWN_MS for none), float
(NaN for none), and objects for texts and lists; so rows can be chosen, and single cells be written over."""
NUMBER_DIGITS = 7
REGISTERS_DAY = -1
"""The day of what stood in registers before the first."""


@dataclass
class Sheet:
    """Records of one source. Shape: every column one row a record. `number`: of the record within source and day; an
    amended record has rows of several `version`s under one number. `withdraw`: 1 where the row withdraws.

    For the truth alone: `person`, `place`: of whom and of which place the record tells, by their numbers in the city,
    -1 where it tells of no stay; `said_since_ms`, `said_until_ms`: the stay as the record tells it (BEGIN_MS, OPEN_MS
    for registers; UNKNOWN_MS: no end told, the pack's dwell applies); `knows`: 1 where what registers have said leads
    from the identifier given to the person. `also`: further stays that rows tell of, of the house of a room or of
    somebody else named, with columns `row` (into the sheet), `person`, `place`, `said_since_ms`, `said_until_ms` and
    `knows`; empty where there are none."""

    source: str
    body: dict[str, Cells]
    event_ms: Ints
    arrival_ms: Ints
    number: Ints
    version: Ints
    withdraw: Ints
    person: Ints
    place: Ints
    said_since_ms: Ints
    said_until_ms: Ints
    knows: Ints
    broken: dict[int, bytes] = field(default_factory=dict)
    """Rows whose line is no record any more, as a fault has left it."""
    also: dict[str, Ints] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.event_ms)


COLUMNS = tuple(f.name for f in fields(Sheet) if f.name not in ("source", "body", "broken", "also"))
"""The columns of a sheet beside its body."""


def told(count: int) -> dict[str, Ints]:
    """The columns of a sheet that most have alike: first versions, of no stay."""
    ones, none, unknown = np.ones(count, np.int64), np.full(count, -1), np.full(count, UNKNOWN_MS)
    return {
        "number": np.arange(count), "version": ones, "withdraw": np.zeros(count, np.int64), "person": none,
        "place": none.copy(),
        "said_since_ms": unknown, "said_until_ms": unknown.copy(), "knows": ones.copy(),
    }  # fmt: skip


def cells(column: Cells) -> npt.NDArray[Any]:
    """A column as an array; a list of whatever stands on the wire is one of objects."""
    if isinstance(column, np.ndarray):
        return column
    array = np.empty(len(column), object)
    array[:] = column
    return array


def picked(sheet: Sheet, rows: Ints) -> Sheet:
    """The sheet with these rows in this order, some perhaps twice; `broken` and `also` go with their rows."""
    body: dict[str, Cells] = {name: cells(column)[rows] for name, column in sheet.body.items()}
    columns: dict[str, Ints] = {name: getattr(sheet, name)[rows] for name in COLUMNS}
    found = rows.tolist() if sheet.broken else []
    broken = {at: sheet.broken[row] for at, row in enumerate(found) if row in sheet.broken}
    return Sheet(sheet.source, body, **columns, broken=broken, also=_moved(sheet.also, rows))


def _moved(also: dict[str, Ints], rows: Ints) -> dict[str, Ints]:
    """The further stays of the rows, by their new places in the sheet."""
    if not also:
        return {}
    order = np.argsort(also["row"], kind="stable")
    held = also["row"][order]
    first, last = np.searchsorted(held, rows, "left"), np.searchsorted(held, rows, "right")
    counts = last - first
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    chosen = order[np.repeat(first, counts) + within]
    return {name: column[chosen] for name, column in also.items()} | {"row": np.repeat(np.arange(len(rows)), counts)}


def stacked(sheets: Sequence[Sheet]) -> Sheet:
    """Sheets of one source, with the same fields, one below the other; numbers stay as they are."""
    starts = np.cumsum([0, *(len(sheet) for sheet in sheets)]).tolist()
    body: dict[str, Cells] = {
        name: np.concatenate([cells(sheet.body[name]) for sheet in sheets]) for name in sheets[0].body
    }
    columns: dict[str, Ints] = {name: np.concatenate([getattr(sheet, name) for sheet in sheets]) for name in COLUMNS}
    broken = {
        row + start: line for sheet, start in zip(sheets, starts, strict=False) for row, line in sheet.broken.items()
    }
    telling = [(s.also | {"row": s.also["row"] + at}) for s, at in zip(sheets, starts, strict=False) if s.also]
    also = {name: np.concatenate([part[name] for part in telling]) for name in telling[0]} if telling else {}
    return Sheet(sheets[0].source, body, **columns, broken=broken, also=also)


def record_id(source: str, day: int, number: int) -> str:
    """The id of a record. `day`: of the drill, from 0; REGISTERS_DAY for registers."""
    return f"{prefix(source, day)}{number:0{NUMBER_DIGITS}d}"


def record_ids(source: str, day: int, numbers: Ints) -> list[str]:
    """As `record_id`, for many."""
    return [record_id(source, day, number) for number in numbers.tolist()]


@cache
def prefix(source: str, day: int) -> str:
    """What the ids of a source's records of one day begin with."""
    department, record = source.split(".")
    letters = "".join(word[0] for word in (*department.split("_"), *record.split("_"))).upper()
    return f"{letters}-{'R' if day == REGISTERS_DAY else f'{day:02d}'}-"
