"""Pairing: the join as a peer's program writes it in plain Python, and the clock that all programs carry.

In: records as dictionaries, one at a time. Out: lines `presence_id,interval_id,overlap_ms`.
Invariant: a pair is told once, by whichever of its two records comes last; a record that comes again tells nothing.
Nothing expires: how late a record may come is not bounded.
Deliberately absent: anything outside the standard library, and any peer.
"""

from __future__ import annotations

import gc
import json
import time
from pathlib import Path
from typing import Any, Protocol

HOUR_MS = 3_600_000
PAGE_ROWS = 16
Row = tuple[int, int, str, str]
"""(since_ms, until_ms, person, id)."""


def row(record: dict[str, Any], kind: str) -> Row:
    """The row of a record. `kind`: "presence" or "interval"."""
    return record["since_ms"], record["until_ms"], record["person"], record[f"{kind}_id"]


def hours(since_ms: int, until_ms: int) -> range:
    """The hours that [since, until) touches."""
    return range(since_ms // HOUR_MS, (until_ms - 1) // HOUR_MS + 1)


class Place:
    """What is known of one place, in memory: rows by the hours they touch, so that a record is held against those of
    its own hours and not against all that were ever there."""

    __slots__ = ("intervals", "presences")

    def __init__(self) -> None:
        self.presences: dict[int, dict[str, Row]] = {}
        self.intervals: dict[int, dict[str, Row]] = {}

    def take(self, new: Row, kind: str) -> list[str]:
        """Files a row. Out: the pairs it makes."""
        mine, theirs = (
            (self.presences, self.intervals) if kind == "presence" else (self.intervals, self.presences)
        )
        since, until, _, known_as = new
        first = since // HOUR_MS
        if known_as in mine.get(first, ()):
            return []
        found: list[str] = []
        for hour in range(first, (until - 1) // HOUR_MS + 1):
            if hour in mine:
                mine[hour][known_as] = new
            else:
                mine[hour] = {known_as: new}
            if hour in theirs:
                found += met(new, kind, theirs[hour].values(), hour)
        return found


def met(new: Row, kind: str, others: Any, hour: int) -> list[str]:
    """The pairs of a row with others of an hour; a pair is told in the hour in which it begins, and in no other."""
    since, until, person, known_as = new
    found = []
    for their_since, their_until, their_person, their_id in others:
        begins, ends = max(since, their_since), min(until, their_until)
        if begins < ends and begins // HOUR_MS == hour and person != their_person:
            presence, interval = (known_as, their_id) if kind == "presence" else (their_id, known_as)
            found.append(f"{presence},{interval},{ends - begins}")
    return found


class Store(Protocol):
    """State by key, as stream processors offer it: without a search."""

    def get(self, key: str, /) -> Any: ...

    def set(self, key: str, value: Any, /) -> None: ...


def take(store: Store, new: Row, kind: str) -> list[str]:
    """As Place.take, on state by key that is written to a log with every change. Rows of an hour lie in pages of 16, so
    that a change writes a page and not all that was ever at a place."""
    since, until, _, known_as = new
    seen = f"{kind}|{known_as}"
    if store.get(seen) is not None:
        return []
    store.set(seen, 1)
    other = "interval" if kind == "presence" else "presence"
    found: list[str] = []
    for hour in hours(since, until):
        _file(store, f"{kind}|{hour}", new)
        found += met(new, kind, _rows(store, f"{other}|{hour}"), hour)
    return found


def _file(store: Store, key: str, new: Row) -> None:
    full, rows = store.get(key) or (0, [])
    rows = [*rows, new]
    if len(rows) == PAGE_ROWS:
        store.set(f"{key}|{full}", rows)
        full, rows = full + 1, []
    store.set(key, [full, rows])


def _rows(store: Store, key: str) -> list[Row]:
    full, rows = store.get(key) or (0, [])
    pages = [found for page in range(full) for found in store.get(f"{key}|{page}")]
    return [*pages, *rows]


class Clock:
    """Counts records, and measures from the first of them. `over`: whether all that are wanted have come."""

    def __init__(self, wanted: int) -> None:
        self.wanted, self.count = wanted, 0
        self._wall_s = self._cpu_s = 0.0

    def tick(self, records: int = 1) -> bool:
        """To be called when records have been handed over. Out: whether they were the last."""
        if self.count == 0:
            gc.disable()  # millions of rows without a cycle: looking for some costs a peer a third of its time
            self._wall_s, self._cpu_s = time.perf_counter(), time.process_time()
        self.count += records
        return self.over

    @property
    def over(self) -> bool:
        return self.count >= self.wanted

    def tell(self) -> None:
        """Prints what was measured until now, as JSON. Units: seconds, of which `cpu_s` are the processor's, of all
        threads; MiB at the peak."""
        wall_s, cpu_s = time.perf_counter() - self._wall_s, time.process_time() - self._cpu_s
        status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
        peak_mib = int(status["VmHWM"].split()[0]) / 1024
        print(json.dumps({"records": self.count, "wall_s": wall_s, "cpu_s": cpu_s, "peak_mib": peak_mib}), flush=True)
