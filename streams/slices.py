"""Slices: a drill's records through the embedded engine in the order of their arrival, a slice of drill time at a time.

In: a folder of records and the truth beside it, an embedded engine. Out: committed slices, and when each was concluded.
Invariant: a line is read once, in the slice in which it arrived; after the last, the view is that of all at once.
Deliberately absent: what the drill is, and going on after a kill: a drill is run from its beginning.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO

import numpy as np

from replay.arrivals import slices
from replay.score.slices import Slice
from schemas.instants import HOUR_MS, MINUTE_MS
from streams.embedded import Embedded
from streams.records import CHUNK_LINES, Chunk, Part, find_parts

_STEPS = {"opened": 1, "found": 1, "retracted": -1, "closed": -1, "released": -1}
"""What an event adds to what stands of its kind."""
WHOLE_MS = HOUR_MS
"""A slice where no pace is asked for: as departments' hourly drops."""


@dataclass(frozen=True)
class Told:
    """What is told after each slice. `records`: of all slices so far; `standing`: opened less retracted, by the first
    word of the events; `last`: events of the slice by kind."""

    until_ms: int
    records: int
    standing: Counter[str]
    last: dict[str, int]


@dataclass
class Conclusions:
    """What an engine makes of a drill, slice by slice. `done`: the slices; all else: as `Told` has it."""

    engine: Embedded
    tell: Callable[[Told], None]
    done: list[Slice] = field(default_factory=list)
    records: int = 0
    standing: Counter[str] = field(default_factory=Counter)

    def conclude(self, feed: Feed, until_ms: int, arrived: dict[str, int]) -> None:
        """Reads and commits what arrived in a slice, and tells of it."""
        start = time.perf_counter()
        for chunk in feed.chunks(arrived):
            self.engine.take(chunk)
        low, high = self.engine.engine.commit()
        lines = sum(arrived.values())
        self.records += lines
        self.done.append(Slice(until_ms, lines, high, time.perf_counter() - start))
        last = self.engine.engine.lake.event_kinds(low, high)
        for kind, count in last.items():
            word, _, what = kind.partition("_")
            self.standing[word] += count * _STEPS.get(what, 0)
        self.tell(Told(until_ms, self.records, self.standing, last))


@dataclass
class Feed:
    """The lines of one folder, file by file, as far as they have arrived."""

    parts: dict[str, Part]
    _open: dict[str, IO[bytes]] = field(default_factory=dict)
    _read: Counter[str] = field(default_factory=Counter)

    @staticmethod
    def of(folder: Path) -> Feed:
        return Feed({part.name: part for part in find_parts(folder)})

    def chunks(self, arrived: dict[str, int]) -> Iterator[Chunk]:
        """The next so many lines of each file."""
        for name, count in arrived.items():
            part = self.parts[name]
            file = self._open.get(name) or self._open.setdefault(name, part.path.open("rb"))
            while count:
                lines = [line.rstrip(b"\n") for line in islice(file, min(count, CHUNK_LINES))]
                if not lines:
                    raise ValueError(f"{part.path}: shorter than its arrivals say; write the drill again")
                first = self._read[name]
                count, self._read[name] = count - len(lines), first + len(lines)
                offsets = np.arange(first, first + len(lines), dtype=np.int64)
                yield Chunk(part, lines, offsets, first + len(lines), 0)

    def close(self) -> None:
        for file in self._open.values():
            file.close()


def step_of(pace: float) -> int:
    """How long a slice is at a pace: about a second of ours, in whole minutes. Units: ms."""
    return max(1, round(pace / 60)) * MINUTE_MS if pace else WHOLE_MS


def feed_slices(
    engine: Embedded, records: Path, truth: Path, first_ms: int, pace: float, tell: Callable[[Told], None]
) -> list[Slice]:
    """Feeds a drill to the engine; the slices as they were concluded. `first_ms`: the drill's first midnight; `pace`:
    drill seconds in one, 0: as fast as it can."""
    feed, told = Feed.of(records), Conclusions(engine, tell)
    began = time.perf_counter()
    try:
        for until_ms, arrived in slices(truth, first_ms, step_of(pace)):
            if pace and until_ms > first_ms:
                time.sleep(max(0.0, began + (until_ms - first_ms) / 1000 / pace - time.perf_counter()))
            told.conclude(feed, until_ms, arrived)
    finally:
        feed.close()
    return told.done
