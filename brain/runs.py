"""Runs: growing tables of integer columns, kept as runs that are merged as they pile up, as a log-structured tree does.

In: rows as columns, keys to look for. Out: rows as columns.
Invariant: the rows that stand are those added and not removed, however they were cut into additions; each run is at
least four times as long as the next, so a row is merged a handful of times and a look-up visits few runs.
Deliberately absent: any meaning of a column, and any order of the rows that come out.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from schemas.facts import Columns
from schemas.instants import EARLIEST_MS, LATEST_MS
from schemas.keys import Ints

MERGE_RATIO = 4
Mask = npt.NDArray[np.bool_]
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


def spans(low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """All positions of the half-open ranges [low, high): (index of the range, position)."""
    counts = np.maximum(high - low, 0)
    of = np.repeat(np.arange(len(low)), counts)
    before = np.cumsum(counts) - counts
    return of, np.arange(len(of)) - before[of] + low[of]


def take(rows: Columns, at: Ints | Mask | slice) -> Columns:
    return {name: column[at] for name, column in rows.items()}


def size(rows: Columns) -> int:
    return len(next(iter(rows.values())))


def concat(names: Iterable[str], parts: list[Columns]) -> Columns:
    """Rows of all parts under the given names; no parts are no rows."""
    return {n: np.concatenate([p[n] for p in parts]) if parts else np.zeros(0, np.int64) for n in names}


class Run:
    """Some rows, and the look-up structures made for them on first use."""

    def __init__(self, rows: Columns) -> None:
        self.rows = rows
        self.count = size(rows)
        self.standing: Mask | None = None  # None: all of them
        self._sorted: dict[str, tuple[Ints, Ints]] = {}
        self._timeline: tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64], Ints] | None = None

    def find(self, column: str, values: Ints) -> tuple[Ints, Ints]:
        """(index of the value, position of the row) of every standing row whose column has one of the values."""
        if column not in self._sorted:
            order = np.argsort(self.rows[column])
            self._sorted[column] = self.rows[column][order], order
        keys, order = self._sorted[column]
        of, at = spans(np.searchsorted(keys, values, "left"), np.searchsorted(keys, values, "right"))
        return self._stand(of, order[at])

    def meet(self, places: Ints, since: Ints, until: Ints) -> tuple[Ints, Ints]:
        """(index of the query, position of the row) of every standing row at that place that overlaps [since, until).

        Rows are ordered by (half the place token, start in ticks) in one integer; beside it runs the greatest end so
        far at that place, so both ends of the candidates are binary searches. Candidates are then tested exactly.
        """
        if self._timeline is None:
            self._timeline = _timeline(self.rows)
        starts, ends, order = self._timeline
        half = places.view(np.uint64) << _HALF
        low = np.searchsorted(ends, half | _ticks(since), "left")
        high = np.searchsorted(starts, half | _ticks(until), "right")
        of, at = spans(low, high)
        at = order[at]
        rows = self.rows
        fits = (rows["place"][at] == places[of]) & (rows["since"][at] < until[of]) & (rows["until"][at] > since[of])
        return self._stand(of[fits], at[fits])

    def _stand(self, of: Ints, at: Ints) -> tuple[Ints, Ints]:
        if self.standing is None:
            return of, at
        keep = self.standing[at]
        return of[keep], at[keep]

    def remove(self, at: Ints) -> None:
        if self.standing is None:
            self.standing = np.ones(self.count, np.bool_)
        self.standing[at] = False

    def all(self) -> Columns:
        return self.rows if self.standing is None else take(self.rows, self.standing)


def _ticks(ms: Ints) -> npt.NDArray[np.uint64]:
    """Two-second ticks since 1900 (32 bits reach beyond 2100), rounded down and clipped; order is kept."""
    clipped = np.clip(ms, EARLIEST_MS, LATEST_MS)
    return ((clipped - EARLIEST_MS) // 2000).astype(np.uint64)


def _timeline(rows: Columns) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64], Ints]:
    starts = rows["place"].view(np.uint64) << _HALF | _ticks(rows["since"])
    order = np.argsort(starts)
    starts = starts[order]
    ends = (starts & ~_LOW) | _ticks(rows["until"][order])
    # The place is in the upper half, so the running maximum starts afresh with every place.
    return starts, np.maximum.accumulate(ends), order


class Table:
    """A table of runs. Shape: every column is int64; tables searched by `meet` have place, since and until."""

    def __init__(self, *names: str) -> None:
        self.names = names
        self.runs: list[Run] = []

    def __len__(self) -> int:
        return sum(r.count if r.standing is None else int(r.standing.sum()) for r in self.runs)

    def add(self, rows: Columns) -> None:
        if size(rows) == 0:
            return
        self.runs.append(Run({name: rows[name] for name in self.names}))
        first = len(self.runs) - 1
        total = self.runs[first].count
        while first > 0 and total * MERGE_RATIO >= self.runs[first - 1].count:
            first -= 1
            total += self.runs[first].count
        if first < len(self.runs) - 1:
            merged = Run(concat(self.names, [r.all() for r in self.runs[first:]]))
            self.runs[first:] = [merged] if merged.count else []

    def find(self, column: str, values: Ints) -> tuple[Ints, Columns]:
        """(index of the value, rows) of all rows whose column has one of the values; values may repeat."""
        return self._gather([run.find(column, values) for run in self.runs] if len(values) else [])

    def meet(self, places: Ints, since: Ints, until: Ints) -> tuple[Ints, Columns]:
        """(index of the query, rows) of all rows at that place that overlap [since, until)."""
        return self._gather([run.meet(places, since, until) for run in self.runs] if len(places) else [])

    def remove(self, column: str, values: Ints) -> Columns:
        """Takes out all rows whose column has one of the values, and returns them."""
        values = distinct(values)
        found = [run.find(column, values) for run in self.runs] if len(values) else []
        for run, (_, at) in zip(self.runs, found, strict=False):
            if len(at):
                run.remove(at)
        return concat(self.names, [take(r.rows, at) for r, (_, at) in zip(self.runs, found, strict=False)])

    def all(self) -> Columns:
        return concat(self.names, [run.all() for run in self.runs])

    def column(self, name: str) -> Ints:
        """One column of all rows."""
        kept = [r.rows[name] if r.standing is None else r.rows[name][r.standing] for r in self.runs]
        return np.concatenate([np.zeros(0, np.int64), *kept])

    def _gather(self, found: list[tuple[Ints, Ints]]) -> tuple[Ints, Columns]:
        rows = [take(run.rows, at) for run, (_, at) in zip(self.runs, found, strict=False)]
        of = np.concatenate([of for of, _ in found]) if found else np.zeros(0, np.int64)
        return of, concat(self.names, rows)


def among(values: Ints, ordered: Ints) -> Mask:
    """Which values are in an ascending array."""
    if len(ordered) == 0:
        return np.zeros(len(values), np.bool_)
    at = np.minimum(np.searchsorted(ordered, values), len(ordered) - 1)
    found: Mask = ordered[at] == values
    return found


def distinct(*values: Ints) -> Ints:
    """The distinct values of some arrays, ascending (sorting is faster here than numpy's hashing)."""
    ordered = np.sort(np.concatenate(values))
    fresh = np.ones(len(ordered), np.bool_)
    fresh[1:] = ordered[1:] != ordered[:-1]
    return ordered[fresh]


def groups(*keys: Ints) -> tuple[Ints, Ints, Ints]:
    """Rows by equal keys: (order that brings groups together, start of each group in it, group of each row in it)."""
    order = np.lexsort(keys[::-1])
    fresh = np.zeros(len(order), np.bool_)
    fresh[:1] = True
    for key in keys:
        fresh[1:] |= key[order][1:] != key[order][:-1]
    return order, np.flatnonzero(fresh), np.cumsum(fresh) - 1
