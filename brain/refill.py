"""Refill: a new ledger filled with all records of a lake at once, and the facts of those that stand.

In: the records and the facts of a lake, part by part. Out: the ledger as record by record; the facts that stand.
Invariant: of a record told more than once that version stands, as that part tells it, which would have stood if the
parts had come one after the other.
Deliberately absent: what is done with the facts (brain/stages.py).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from typing import Any

import numpy as np

from brain.ledger import Ledger
from brain.orders import Positions, spans
from brain.packed import Column, ascending, length, pack
from brain.runs import Mask, among, concat, distinct, groups, take
from schemas.facts import FACT_COLUMNS, MARKS, STAMP, Columns
from schemas.keys import Ints, mix

BUCKET_ROWS = 262_144
"""So many records are sorted at once: what stays in a processor's cache is sorted five times as fast."""
FILED_ROWS = 5_000_000
"""As many facts are filed at once: few runs to merge, and little memory beside what is kept."""
_BITS = 63
_SPREAD = 8
"""Bits by which the records of a part are spread before it is known into how many buckets they go."""
_SKETCH = 22
"""Bits of a record by which most of those that stand alone are told from the others without a search."""
Part = dict[str, Column]
Each = Callable[..., Iterable[Any]]
"""As `map`: what a function makes of each, in their order; it may make several at once."""


class Chosen:
    """Which facts stand of the records that were told more than once or withdrawn; all others do."""

    def __init__(self, rows: Columns, stands: Ints) -> None:
        """`rows`: all that was told of these records, with `part`; `stands`: the rows that stand."""
        stamps = mix(*(rows[name] for name in STAMP))
        order, starts, _ = groups(stamps, rows["part"])
        known, part = stamps[order[starts]], rows["part"][order[starts]]
        self._stamps = np.sort(stamps[stands])
        self._parts = part[np.searchsorted(known, self._stamps)]
        self._recs = distinct(rows["rec"])
        self._sketch = np.zeros(1 << _SKETCH, np.bool_)
        self._sketch[_sketched(self._recs)] = True

    def standing(self, part: int, rows: Columns) -> Columns:
        """Those facts of a part that stand. Shape: `rows` with STAMP."""
        at = np.flatnonzero(self._sketch[_sketched(rows["rec"])])
        at = at[among(rows["rec"][at], self._recs)]
        if len(at) == 0:
            return rows
        stamps = mix(*(rows[name][at] for name in STAMP))
        keep: Mask = np.ones(len(rows["rec"]), np.bool_)
        keep[at] = among(stamps, self._stamps)
        told = at[keep[at]]
        keep[told] = self._parts[np.searchsorted(self._stamps, stamps[keep[at]])] == part
        return take(rows, keep)


def _sketched(recs: Ints) -> Ints:
    return recs >> (_BITS - _SKETCH) & ((1 << _SKETCH) - 1)


def refilled(
    ledger: Ledger, marks: Iterable[Part], stamped: Iterable[dict[str, Columns]], dated: Collection[str], each: Each
) -> Iterator[dict[str, Columns]]:
    """Fills the ledger; the facts that stand, by table, in a few pieces. `marks`: all records, as `spread` gives them,
    `stamped`: of every fact its columns and STAMP, both by part; `dated`: tables whose facts have `event_ms`, too."""
    chosen = fill(ledger, marks, each)
    waiting: dict[str, list[Columns]] = {}
    rows = 0
    for number, tables in enumerate(stamped):
        for name, told in tables.items():
            waiting.setdefault(name, []).append(chosen.standing(number, told))
            rows += len(told["rec"])
        if rows >= FILED_ROWS:
            yield _piece(ledger, waiting, dated)
            waiting, rows = {}, 0
    if waiting:
        yield _piece(ledger, waiting, dated)


def _piece(ledger: Ledger, waiting: dict[str, list[Columns]], dated: Collection[str]) -> dict[str, Columns]:
    piece = {}
    for name, columns in FACT_COLUMNS.items():
        piece[name] = concat(("rec", *columns), waiting.pop(name, []))
        if name in dated:
            piece[name]["event_ms"] = ledger.event_ms(piece[name]["rec"])
    return piece


def fill(ledger: Ledger, marks: Iterable[Part], each: Each) -> Chosen:
    """Takes in all records. Those that were told once and not withdrawn stand; of the others the ledger judges."""
    parts = list(marks)
    lengths = np.array([length(part["rec"]) for part in parts], np.int64)
    ends = np.cumsum(lengths)
    bits = min(_SPREAD, (int(lengths.sum()) // BUCKET_ROWS).bit_length())
    edges = np.arange(1, 1 << bits, dtype=np.int64) << (_BITS - bits)
    bounds = np.zeros((len(edges) + 2, len(parts)), np.int64)
    for number, part in enumerate(parts):
        bounds[1:, number] = *np.searchsorted(part["rec"][:], edges), lengths[number]
    bounds += ends - lengths
    column = _whole(parts, "rec")
    withdrawn = np.concatenate([np.zeros(0, np.bool_), *(part["withdrawn"][:] != 0 for part in parts)])
    found = list(each(partial(_sorted, column, withdrawn), bounds[:-1], bounds[1:]))
    alone, others = (np.concatenate(rows) for rows in zip(*found, strict=True))
    del found, withdrawn
    kept: dict[str, Column] = {}
    told = {"part": np.searchsorted(ends, others, "right")}
    for name in MARKS:
        column = column if name == "rec" else _whole(parts, name)
        told[name] = column[others]
        kept[name] = pack(column[alone])
    del parts, column
    ledger.take(kept)
    verdict = ledger.judge(*(told[name] for name in MARKS))
    return Chosen(told, verdict.stands)


def _whole(parts: list[Part], name: str) -> Ints:
    """A column of all parts, which have it no longer."""
    return np.concatenate([np.zeros(0, np.int64), *(part.pop(name)[:] for part in parts)])


def _sorted(rec: Ints, withdrawn: Mask, low: Ints, high: Ints) -> tuple[Positions, Positions]:
    """Of a bucket, which is [low, high) of each part: (its rows that stand alone, by record; the others, in their
    order)."""
    _, at = spans(low, high)
    order = at[ascending(rec[at])]
    again = rec[order][1:] == rec[order][:-1]
    apart = withdrawn[order]
    apart[1:] |= again
    apart[:-1] |= again
    return order[~apart].astype(np.uint32), np.sort(order[apart]).astype(np.uint32)


def spread(rows: Columns) -> Part:
    """The records of a part, those of a bucket side by side. Shape: MARKS."""
    order = np.argsort((rows["rec"] >> (_BITS - _SPREAD)).astype(np.uint8), kind="stable")
    return {name: pack(rows[name][order]) for name in MARKS}
