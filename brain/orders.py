"""Orders: where in a run the rows of a value are, and those of a place and a time.

In: columns of a run. Out: positions of rows.
Invariant: an order says where rows are, never whether they still stand.
Deliberately absent: the rows themselves (brain/runs.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from brain.packed import FEW, Coded, Column, ascending, coded
from schemas.instants import EARLIEST_MS, LATEST_MS
from schemas.keys import Ints

Positions = npt.NDArray[np.uint32]
_LARGE = 50_000
"""So many keys no cache near the processor holds."""
_MARKS_A_KEY = 16
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


def spans(low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """All positions of the half-open ranges [low, high): (index of the range, position)."""
    counts = np.maximum(high - low, 0)
    of = np.repeat(np.arange(len(low)), counts)
    before = np.cumsum(counts) - counts
    return of, np.arange(len(of)) - before[of] + low[of]


def searched(keys: Ints, tokens: Ints) -> Ints:
    """Where the tokens are or would be among ascending keys. Many are looked for in their order, since a search at
    random misses every cache (100,000 of 10,000,000: 0.23 instead of 1.41 µs each)."""
    if len(tokens) < FEW or len(keys) < _LARGE or (tokens[1:] >= tokens[:-1]).all():
        return np.searchsorted(keys, tokens)
    order = ascending(tokens)
    at = np.empty(len(tokens), np.int64)
    at[order] = np.searchsorted(keys, tokens[order])
    return at


@dataclass(frozen=True)
class Order:
    """Rows by a column. Shape: ascending `keys`, all different; `starts`: where in `rows` those of each key begin, None
    if each has one; `rows`: None if they are in this order themselves."""

    keys: Ints
    starts: Positions | None
    rows: Positions | None

    @cached_property
    def _marks(self) -> Marks:
        return Marks(self.keys)

    def perhaps(self, values: Ints) -> Ints:
        """Positions of the values that may have a row, a sixteenth of the others among them. Where most are new, few
        are left to be searched (100,000 among 8 million: 6 instead of 18 ms)."""
        if len(values) < FEW or len(self.keys) < _LARGE:
            return np.arange(len(values))
        return self._marks.found(values)

    @staticmethod
    def of(column: Column) -> Order:
        if isinstance(column, Coded):
            counts = np.bincount(column.codes, minlength=len(column.keys))
            starts = np.append(0, np.cumsum(counts)).astype(np.uint32)
            return Order(column.keys, starts, ascending(column.codes).astype(np.uint32))
        values = column[:]
        rows = ascending(values)
        return Order.of_sorted(values[rows], rows.astype(np.uint32))

    @staticmethod
    def of_sorted(values: Ints, rows: Positions | None = None) -> Order:
        fresh = np.ones(len(values), np.bool_)
        fresh[1:] = values[1:] != values[:-1]
        if fresh.all():
            return Order(values, None, rows)
        return Order(values[fresh], np.append(np.flatnonzero(fresh), len(values)).astype(np.uint32), rows)

    def find(self, values: Ints) -> tuple[Ints, Ints]:
        """(index of the value, position of the row) of every row that has one of the values."""
        asked, key = _hits(self.keys, values)
        if self.starts is not None:
            of, key = spans(*_bounds(self.starts, key))
            asked = asked[of]
        return asked, key if self.rows is None else self.rows[key].astype(np.int64)


class Marks:
    """A bit for each stretch of the space of tokens, set where there is one: sixteen stretches or more for each token,
    and tokens are spread evenly."""

    def __init__(self, keys: Ints) -> None:
        self._shift = 63 - (_MARKS_A_KEY * len(keys)).bit_length()
        at = keys >> self._shift
        bits = np.left_shift(1, at & 7).astype(np.uint8)
        byte = at >> 3
        first = np.flatnonzero(np.append(True, byte[1:] != byte[:-1]))
        self._bits = np.zeros(1 << (60 - self._shift), np.uint8)
        self._bits[byte[first]] = np.bitwise_or.reduceat(bits, first)

    def found(self, values: Ints) -> Ints:
        """Positions of the values whose stretch has a token."""
        at = values >> self._shift
        return np.flatnonzero(self._bits[at >> 3] >> (at & 7).astype(np.uint8) & 1)


class Timeline:
    """The rows of each place by their starts, and the greatest end so far; times in ticks of two seconds."""

    def __init__(self, place: Column, since: Column, until: Column) -> None:
        places = place if isinstance(place, Coded) else Coded(*coded(place[:]))
        ticks = _ticks(since[:])
        rows = ascending(ticks)
        rows = rows[ascending(places.codes[rows])]
        at = places.codes[rows].astype(np.uint64) << _HALF | ticks[rows]
        self._keys = places.keys
        self._first = np.searchsorted(at >> _HALF, np.arange(len(places.keys) + 1, dtype=np.uint64)).astype(np.uint32)
        self._starts = (at & _LOW).astype(np.uint32)
        # The place is in the upper half, so the running maximum starts afresh with every place.
        ends = np.maximum.accumulate((at & ~_LOW) | _ticks(until[rows]))
        self._ends = (ends & _LOW).astype(np.uint32)
        self._rows = rows.astype(np.uint32)

    def meet(self, places: Ints, since: Ints, until: Ints) -> tuple[Ints, Ints]:
        """(index of the query, position of the row) of the rows at a place that may overlap [since, until): both ends
        of the candidates are binary searches."""
        asked, key = _hits(self._keys, places)
        first, last = _bounds(self._first, key)
        low = _bisect(self._ends, first, last, _ticks(since[asked]))
        high = _bisect(self._starts, first, last, _ticks(until[asked]) + np.uint32(1))
        of, at = spans(low, high)
        return asked[of], self._rows[at].astype(np.int64)


def _hits(keys: Ints, values: Ints) -> tuple[Ints, Ints]:
    """(index of the value, number of its key) of the values that are among ascending keys, all different."""
    if len(keys) == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    at = np.minimum(searched(keys, values), len(keys) - 1)
    asked = np.flatnonzero(keys[at] == values)
    return asked, at[asked]


def _bounds(starts: Positions, key: Ints) -> tuple[Ints, Ints]:
    return starts[key].astype(np.int64), starts[key + 1].astype(np.int64)


def _bisect(ordered: Positions, low: Ints, high: Ints, values: Positions) -> Ints:
    """The first position in each [low, high) whose number is at least the value; high if there is none."""
    while (searched := low < high).any():
        middle = (low + high) >> 1
        below = searched & (ordered[np.where(searched, middle, 0)] < values)
        low, high = np.where(below, middle + 1, low), np.where(searched & ~below, middle, high)
    return low


def _ticks(ms: Ints) -> Positions:
    """Two-second ticks since 1900 (32 bits reach beyond 2100), rounded down and clipped; order is kept."""
    clipped = np.clip(ms, EARLIEST_MS, LATEST_MS)
    return ((clipped - EARLIEST_MS) // 2000).astype(np.uint32)
