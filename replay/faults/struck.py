"""Struck: which records of a sheet a fault strikes, and what is told of it afterwards.

In: a sheet, a fault, chance. Out: chosen records, the sheet changed in place, `FaultRow`s.
Invariant: a record is struck as a whole, in every version and copy of it, so that what was destroyed can be counted by
records. Copies tell the truth nothing that the first did not.
Deliberately absent: what a fault does (the modules beside this one).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from replay.city.model import City
from replay.plan import Fault
from replay.sheets import COLUMNS, Sheet, picked, stacked
from schemas.departments import sources
from schemas.instants import UNKNOWN_MS
from schemas.keys import Ints
from schemas.wire import Record

Mask = npt.NDArray[np.bool_]
SECOND_MS, MINUTE_MS, HOUR_MS = 1000, 60_000, 3_600_000


@dataclass(frozen=True)
class FaultRow:
    """What one fault did to some records of one sheet. `numbers`: of the records within source and day, ascending
    (replay.sheets.record_ids makes ids of them). `destroyed`: they are no records any more, or no longer name the
    person, the place or the time that they were to name. `what`: which part of them was changed: `line`, `arrival`,
    `copy`, `times`, or a field."""

    source: str
    numbers: Ints
    kind: str
    destroyed: bool
    what: str


@dataclass(frozen=True)
class Blow:
    """One fault about to strike one sheet, with chance of its own and the options it was given or has by default."""

    fault: Fault
    options: dict[str, Any]
    city: City
    seed: int
    day: int
    rng: np.random.Generator

    def chosen(self, sheet: Sheet, eligible: Mask | None = None) -> Mask:
        """The rows of the records that are struck: the fault's share of those with a row that is eligible."""
        able = sheet.number if eligible is None else sheet.number[eligible]
        numbers = np.unique(able)
        struck = numbers[self.rng.random(len(numbers)) < self.fault.share]
        found: Mask = np.isin(sheet.number, struck)
        return found

    def told(self, sheet: Sheet, rows: Mask, destroyed: bool, what: str) -> list[FaultRow]:
        """What is told of it, if anything was struck."""
        numbers = np.unique(sheet.number[rows])
        return [FaultRow(sheet.source, numbers, self.fault.kind, destroyed, what)] if len(numbers) else []


def model_of(sheet: Sheet) -> type[Record]:
    """What a record of the sheet is to be like."""
    return sources()[sheet.source]


def become(sheet: Sheet, other: Sheet) -> None:
    """The sheet has the rows of the other one from now on."""
    for name in ("body", "broken", "also", *COLUMNS):
        setattr(sheet, name, getattr(other, name))


def keep(sheet: Sheet, rows: Mask) -> None:
    """The other rows are gone."""
    become(sheet, picked(sheet, np.flatnonzero(rows)))


def copy_rows(sheet: Sheet, rows: Ints) -> Sheet:
    """These rows once more, telling the truth nothing: it has been told by the first."""
    copy = picked(sheet, rows)
    copy.person, copy.place = np.full(len(rows), -1), np.full(len(rows), -1)
    copy.said_since_ms, copy.said_until_ms = np.full(len(rows), UNKNOWN_MS), np.full(len(rows), UNKNOWN_MS)
    copy.also = {}
    return copy


def append(sheet: Sheet, parts: Sequence[Sheet]) -> None:
    """The sheet has these rows as well."""
    become(sheet, stacked([sheet, *parts]))


def own(sheet: Sheet, name: str, kind: type | None = None) -> npt.NDArray[Any]:
    """A field's column, made the sheet's own so that cells can be written over. `kind`: object, where other things than
    the column's own are to be written."""
    column = sheet.body[name]
    if not isinstance(column, np.ndarray):
        array = np.empty(len(column), object)
        array[:] = column
        column = array
    made = column.astype(kind) if kind is not None else column.copy()
    sheet.body[name] = made
    return made
