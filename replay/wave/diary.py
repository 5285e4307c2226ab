"""Diary: the visits of the last days, to be asked for when somebody is found.

In: each day's visits. Out: the visits of some people since an instant.
Invariant: what is asked for within `days` of now is complete.
Deliberately absent: who is asked (replay/wave/response.py), and what they leave out (replay/desks/health_legs.py).
"""

from __future__ import annotations

import numpy as np

from replay.city.model import City, Visits, joined
from schemas.keys import Ints

DAYS = 5
"""The look-back of 2 days in the packs, the 4 of some places (domain CC-2) and the day itself."""
_INSTANTS = ("since_ms", "until_ms")


class Diary:
    """Visits by day, in columns as narrow as they can be: all of a city are too many to keep as they are."""

    def __init__(self, city: City) -> None:
        self._people = len(city.people)
        self._days: list[dict[str, Ints]] = []
        self._zero: list[int] = []

    def keep(self, visits: Visits, start_ms: int) -> None:
        """One more day; the oldest is forgotten."""
        columns = {}
        for name, column in vars(visits).items():
            seconds = (column - start_ms) // 1000 if name in _INSTANTS else column
            columns[name] = seconds.astype(np.int16 if name in ("carriage", "row", "seat", "doing") else np.int32)
        self._days, self._zero = [*self._days, columns][-DAYS:], [*self._zero, start_ms][-DAYS:]

    def of(self, people: Ints, since_ms: Ints) -> Visits:
        """Their visits that end after `since_ms` (one each)."""
        from_ms = np.full(self._people, 1 << 62)
        from_ms[people] = since_ms
        parts = []
        for columns, zero in zip(self._days, self._zero, strict=True):
            rows = np.flatnonzero(columns["until_ms"] * np.int64(1000) + zero > from_ms[columns["person"]])
            wide = {name: column[rows].astype(np.int64) for name, column in columns.items()}
            parts.append(Visits(**wide | {name: wide[name] * 1000 + zero for name in _INSTANTS}))
        return joined(parts)
