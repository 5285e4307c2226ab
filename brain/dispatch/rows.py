"""Rows: the rows of a view as plain numbers, whether they come raw from the brain or published from a lake.

In: a table of schemas/views.py, raw or published. Out: the columns that a plan needs, by name, as raw numbers.
Invariant: a raw row and the same row published come out alike, but that an unknown
end is then null like one that has not come.
Deliberately absent: lists of records, texts and labels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import Any

import pyarrow as pa

from schemas import views
from schemas.codes import PersonClass
from schemas.instants import BEGIN_MS, OPEN_MS, UNKNOWN_MS
from schemas.keys import parse_code
from schemas.transfers import Purpose, Step, Takes, Trait, TransferFlag, TransferState
from schemas.views import VIEWS

Row = dict[str, int]
_WORDS: dict[str, type[IntEnum]] = {
    views.CLASS: PersonClass, views.PURPOSE: Purpose, views.STATE: TransferState, views.STEP: Step,
}  # fmt: skip
_BITS: dict[str, dict[str, int]] = {
    views.MARKS: {flag.name: int(flag) for flag in TransferFlag},
    views.TRAITS: {trait.name: 1 << (trait - 1) for trait in Trait},
    views.TAKES: {bit.name: int(bit) for bit in Takes},
}
_NULLS = {"until_ms": OPEN_MS, "since_ms": BEGIN_MS}
_KEPT = {*_WORDS, *_BITS, views.PERSON, views.PLACE, views.TIME, views.NUMBER, views.FLAG, views.ANGLE}


def rows_of(view: str, table: pa.Table | Iterable[Mapping[str, Any]]) -> list[Row]:
    """The rows of a view in their order."""
    columns = [(name, holds) for name, holds, _ in VIEWS[view] if holds in _KEPT]
    found = table.select([name for name, _ in columns]).to_pylist() if isinstance(table, pa.Table) else table
    return [{name: _number(name, holds, row[name]) for name, holds in columns} for row in found]


def _number(name: str, holds: str, value: Any) -> int:
    if value is None:
        return _NULLS.get(name, UNKNOWN_MS)
    if isinstance(value, str):
        if holds in _WORDS:
            return int(_WORDS[holds][value])
        return parse_code(value, value[0]) if value else 0
    if isinstance(value, list):
        return sum(_BITS[holds][word] for word in value)
    return round(value * 1e6) if isinstance(value, float) else int(value)
