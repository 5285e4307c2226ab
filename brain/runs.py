"""Runs: growing tables of integer columns, kept as runs that are merged as they pile up, as a log-structured tree does.

In: rows as columns, keys to look for. Out: rows as columns.
Invariant: the rows that stand are those added and not removed, however they were cut into additions; of each order of
length there are few runs, so a row is merged a handful of times and a look-up visits not many.
Deliberately absent: any meaning of a column, and any order of the rows that come out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from brain.orders import Order, Timeline, searched
from brain.packed import FEW, Column, ascending, code, holding, joined, length, pack
from schemas.facts import Columns
from schemas.keys import Ints

MERGE_RATIO = 4
LAZY_ROWS, LAZY_RATIO, LONGEST_ROWS = 20_000, 3, 8_000_000
"""Longer runs wait for three times as many rows: to write them again costs more than to look into some more of them.
None grows beyond the longest: the batch that merged 30 million rows took as long as a day of others."""
SCANS, SCANNED_VALUES, SCANNED_RATIO = 16, 8192, 64
"""A scan for few values costs a hundredth of a look-up structure."""
Mask = npt.NDArray[np.bool_]
_NOWHERE: Ints = np.zeros(0, np.int64)
_REPEATING = {"ident", "place", "tube", "spot", "seat", "street"}
"""Columns of tokens of which many rows have the same."""


def take(rows: Columns, at: Ints | Mask | slice) -> Columns:
    return {name: column[at] for name, column in rows.items()}


def size(rows: Columns) -> int:
    return len(next(iter(rows.values())))


def concat(names: Iterable[str], parts: list[Columns]) -> Columns:
    """Rows of all parts under the given names; no parts are no rows."""
    return {n: np.concatenate([p[n] for p in parts]) if parts else np.zeros(0, np.int64) for n in names}


class Run:
    """Some rows, and the look-up structures made for them on first use. `by`: the column that they are sorted by, if
    they are: looking that up needs no structure."""

    def __init__(self, columns: dict[str, Column], count: int, by: str | None = None) -> None:
        self.columns, self.count, self._by = columns, count, by
        self.standing: Mask | None = None  # None: all of them
        self._orders: dict[str, Order] = {by: Order.of_sorted(columns[by][:])} if by is not None else {}
        self._timeline: Timeline | None = None
        self._scans: dict[str, int] = {}

    def find(self, column: str, values: Ints) -> tuple[Ints, Ints]:
        """(index of the value, position of the row) of every standing row whose column has one of the values."""
        if column not in self._orders:
            if self._scanned(column, values):
                at = holding(self.columns[column], values)
                of, few = Order.of(self.columns[column][at]).find(values)
                return self.stand(of, at[few])
            self._orders[column] = Order.of(self.columns[column])
        order = self._orders[column]
        if column != self._by:
            return self.stand(*order.find(values))
        some = order.perhaps(values)
        of, at = order.find(values[some])
        return self.stand(some[of], at)

    def meet(self, places: Ints, since: Ints, until: Ints) -> tuple[Ints, Ints]:
        """(index of the query, position of the row) of every standing row at that place that overlaps [since, until):
        the candidates that the timeline gives are tested exactly."""
        asked = [self.columns[name] for name in ("place", "since", "until")]
        if self._timeline is None and self._scanned("", places):
            some = holding(asked[0], places)
            of, few = Timeline(*(column[some] for column in asked)).meet(places, since, until)
            at = some[few]
        else:
            self._timeline = self._timeline or Timeline(*asked)
            of, at = self._timeline.meet(places, since, until)
        fits = (self.columns["since"][at] < until[of]) & (self.columns["until"][at] > since[of])
        return self.stand(of[fits], at[fits])

    def _scanned(self, column: str, values: Ints) -> bool:
        """Whether this look-up is better done by a scan; there are so many, and most runs do not live to see more."""
        scans = self._scans.get(column, 0)
        self._scans[column] = scans + 1
        return scans < SCANS and len(values) <= min(SCANNED_VALUES, self.count // SCANNED_RATIO)

    def stand(self, of: Ints, at: Ints) -> tuple[Ints, Ints]:
        if self.standing is None:
            return of, at
        keep = self.standing[at]
        return of[keep], at[keep]

    def remove(self, at: Ints) -> None:
        if self.standing is None:
            self.standing = np.ones(self.count, np.bool_)
        self.standing[at] = False

    @property
    def kept(self) -> Any:
        """Where the standing rows are."""
        return slice(None) if self.standing is None else self.standing


class Table:
    """A table of runs. Shape: every column is int64; tables searched by `meet` have place, since and until. `by`: the
    column that rows are kept in order of."""

    def __init__(self, *names: str, by: str | None = None) -> None:
        self.names, self._by = names, by
        self.runs: list[Run] = []
        self._none = concat(names, [])

    def __len__(self) -> int:
        return sum(r.count if r.standing is None else int(r.standing.sum()) for r in self.runs)

    def add(self, rows: Mapping[str, Column]) -> None:
        count = length(rows[self.names[0]])
        if count == 0:
            return
        self.runs.append(self._run({name: rows[name] for name in self.names}, count))
        first, total = len(self.runs) - 1, 0
        for at in range(len(self.runs) - 1, 0, -1):
            total += self.runs[at].count
            before = self.runs[at - 1].count
            if before + total > LONGEST_ROWS:
                break
            if total >= before * LAZY_RATIO or (before < LAZY_ROWS and total * MERGE_RATIO >= before):
                first = at - 1
        if first < len(self.runs) - 1:
            self._merge(first)

    def _merge(self, first: int) -> None:
        """Makes one run of all from a position on; column by column, as both hardly fit into memory at once."""
        runs = self.runs[first:]
        kept = [run.kept for run in runs]
        count = sum(r.count if r.standing is None else int(r.standing.sum()) for r in runs)
        parts = [run.columns for run in runs]
        del self.runs[first:]
        if count:
            self.runs.append(self._run({n: joined([part.pop(n) for part in parts], kept) for n in self.names}, count))

    def _run(self, columns: dict[str, Column], count: int) -> Run:
        if self._by is not None:
            keys = columns[self._by][:]
            if (keys[1:] < keys[:-1]).any():
                # Runs that are merged are in order already, which a stable sort makes use of.
                order = np.argsort(keys, kind="stable")
                columns = {name: column[order] for name, column in columns.items()}
        for name, column in columns.items():
            if isinstance(column, np.ndarray):
                columns[name] = code(column) if name in _REPEATING else pack(column)
        return Run(columns, count, self._by)

    def find(self, column: str, values: Ints) -> tuple[Ints, Columns]:
        """(index of the value, rows) of all rows whose column has one of the values; values may repeat."""
        if len(values) == 0 or not self.runs:
            return _NOWHERE, self.none()
        return self._gather([run.find(column, values) for run in self.runs])

    def meet(self, places: Ints, since: Ints, until: Ints) -> tuple[Ints, Columns]:
        """(index of the query, rows) of all rows at that place that overlap [since, until)."""
        if len(places) == 0 or not self.runs:
            return _NOWHERE, self.none()
        return self._gather([run.meet(places, since, until) for run in self.runs])

    def remove(self, column: str, values: Ints) -> Columns:
        """Takes out all rows whose column has one of the values, and returns them."""
        if len(values) == 0 or not self.runs:
            return self.none()
        values = distinct(values)
        found = [run.find(column, values) for run in self.runs]
        for run, (_, at) in zip(self.runs, found, strict=True):
            if len(at):
                run.remove(at)
        return self._gather(found)[1]

    def between(self, column: str, over: int, upto: int) -> Columns:
        """All rows whose column lies in (over, upto]."""
        found = []
        for run in self.runs if over < upto else ():
            values = run.columns[column][:]
            at = np.flatnonzero((values > over) & (values <= upto))
            found.append(self._rows(run, run.stand(at, at)[1]))
        return concat(self.names, found)

    def all(self) -> Columns:
        return concat(self.names, [self._rows(run, run.kept) for run in self.runs])

    def none(self) -> Columns:
        """No rows, under all names."""
        return dict(self._none)

    def _rows(self, run: Run, at: Any) -> Columns:
        return {name: run.columns[name][at] for name in self.names}

    def column(self, name: str) -> Ints:
        """One column of all rows."""
        return np.concatenate([np.zeros(0, np.int64), *(run.columns[name][run.kept] for run in self.runs)])

    def _gather(self, found: list[tuple[Ints, Ints]]) -> tuple[Ints, Columns]:
        hits = [(of, self._rows(run, at)) for run, (of, at) in zip(self.runs, found, strict=True) if len(at)]
        if len(hits) == 1:
            return hits[0]
        if not hits:
            return _NOWHERE, self.none()
        return np.concatenate([of for of, _ in hits]), concat(self.names, [rows for _, rows in hits])


def among(values: Ints, ordered: Ints) -> Mask:
    """Which values are in an ascending array."""
    if len(ordered) == 0:
        return np.zeros(len(values), np.bool_)
    at = np.minimum(searched(ordered, values), len(ordered) - 1)
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
    if len(keys[0]) < FEW:
        order = np.lexsort(keys[::-1])
    else:
        order = ascending(keys[-1])
        for key in keys[-2::-1]:
            order = order[ascending(key[order])]
    fresh = np.zeros(len(order), np.bool_)
    fresh[:1] = True
    for key in keys:
        fresh[1:] |= key[order][1:] != key[order][:-1]
    return order, np.flatnonzero(fresh), np.cumsum(fresh) - 1
