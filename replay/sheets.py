"""Sheets: the records of one source on one day as columns, before they are lines.

In: columns of wire fields by desks. Out: `Sheet`, and its lines in order of arrival.
Invariant: a sheet's fields are fields of its record model; same columns, same bytes. What only the truth may know
(`person`, `place`, `said_*`, `knows`) never reaches a line.
Deliberately absent: what is written down (replay/desks), and what goes wrong on the way (replay/faults).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from schemas.instants import UNKNOWN_MS
from schemas.keys import Ints

Cells = Ints | Sequence[Any]
"""A wire field's column: instants as UTC epoch milliseconds with UNKNOWN_MS for none, all else as it stands on the wire
with None for none."""


@dataclass
class Sheet:
    """Records of one source. Shape: every column one row a record. `number`: of the record within source and day; an
    amended record has rows of several `version`s under one number. `withdraw`: 1 where the row withdraws.

    For the truth alone: `person`, `place`: of whom and of which place the record tells, by their numbers in the city,
    -1 where it tells of no stay; `said_since_ms`, `said_until_ms`: the stay as the record tells it (BEGIN_MS, OPEN_MS
    for registers; UNKNOWN_MS: no end told, the pack's dwell applies); `knows`: 1 where what registers have said leads
    from the identifier given to the person."""

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

    def __len__(self) -> int:
        return len(self.event_ms)


def told(count: int) -> dict[str, Ints]:
    """The columns of a sheet that most have alike: first versions, of no stay."""
    ones, none, unknown = np.ones(count, np.int64), np.full(count, -1), np.full(count, UNKNOWN_MS)
    return {
        "number": np.arange(count), "version": ones, "withdraw": np.zeros(count, np.int64), "person": none,
        "place": none.copy(),
        "said_since_ms": unknown, "said_until_ms": unknown.copy(), "knows": ones.copy(),
    }  # fmt: skip
