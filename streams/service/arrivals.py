"""Arrivals: the records of a folder in the order in which they are to arrive, and that order disturbed on purpose.

In: chunks of lines. Out: lines with the time at which they happened, oldest first, in bounded memory.
Invariant: every line that the reader hands over arrives once; lines of one instant keep the order they were read in.
Deliberately absent: waiting for anything (produce.py), and any judgement of a line: one without a readable time goes
with the line before it.
"""

from __future__ import annotations

import heapq
import marshal
import random
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import IO, NamedTuple

from schemas.instants import EARLIEST_MS, read_instant
from streams.records import Chunk

RUN_RECORDS = 100_000
"""Lines that are sorted at once. More are sorted in runs of as many, kept unnamed on the disk and merged."""
_PAGE_RECORDS = 2_000
_EVENT_TIME = re.compile(rb'"event_time"\s*:\s*(?:"([^"]{1,40})"|(-?\d{1,12})\b)')


class Arrival(NamedTuple):
    """One line on its way. Sorts by time, then as read. Units: `at_ms` is when it happened; UTC."""

    at_ms: int
    number: int
    source: str
    line: bytes


def event_ms(line: bytes) -> int | None:
    """The event time that a line tells, if it tells one. It is searched for, since the line may be no JSON."""
    found = _EVENT_TIME.search(line)
    return _instant(found[1] or found[2], found[2] is not None) if found else None


@lru_cache(maxsize=1 << 16)
def _instant(text: bytes, seconds: bool) -> int | None:
    try:
        return read_instant(int(text) if seconds else text.decode())
    except ValueError:
        return None


def timed(chunks: Iterable[Chunk]) -> Iterator[Arrival]:
    """Every line with its time, as read."""
    number, part, at_ms = 0, None, EARLIEST_MS
    for chunk in chunks:
        if chunk.part is not part:
            part, at_ms = chunk.part, next((ms for line in chunk.lines if (ms := event_ms(line)) is not None), at_ms)
        for line in chunk.lines:
            told = event_ms(line)
            at_ms = at_ms if told is None else told
            yield Arrival(at_ms, number, chunk.part.source, line)
            number += 1


def in_order(arrivals: Iterable[Arrival], run_records: int = RUN_RECORDS) -> Iterator[Arrival]:
    """Oldest first. What does not fit into one run goes through a nameless file of the temporary folder, which ends
    with this process."""
    rest, runs = iter(arrivals), list[Iterator[Arrival]]()
    while run := sorted(islice(rest, run_records)):
        if len(run) < run_records:
            return heapq.merge(*runs, run)
        runs.append(_laid_down(run))
    return heapq.merge(*runs)


def _laid_down(run: list[Arrival]) -> Iterator[Arrival]:
    file = tempfile.TemporaryFile()  # noqa: SIM115 - open until its last line was taken up
    for start in range(0, len(run), _PAGE_RECORDS):
        marshal.dump([tuple(arrival) for arrival in run[start : start + _PAGE_RECORDS]], file)
    file.seek(0)
    return _taken_up(file)


def _taken_up(file: IO[bytes]) -> Iterator[Arrival]:
    with file:
        while True:
            try:
                page = marshal.load(file)
            except EOFError:
                return
            for row in page:
                yield Arrival(*row)


def disturbed(
    arrivals: Sequence[Arrival],
    seed: int,
    shuffle: bool = False,
    reverse: bool = False,
    duplicate: float = 0.0,
    late: tuple[float, int] = (0.0, 0),
) -> list[Arrival]:
    """The same lines as a bad day brings them: a share of them late by so many ms, a share doubled, the second one
    anywhere, all of them in reverse or in any order. For tests and drills; the same seed gives the same order. Arrivals
    get the times at which they are to come, so that they may be paced like any others."""
    chance = random.Random(seed)
    share, late_ms = late
    rows = sorted(a._replace(at_ms=a.at_ms + late_ms) if chance.random() < share else a for a in arrivals)
    times = [arrival.at_ms for arrival in rows]
    if reverse:
        rows.reverse()
    if shuffle:
        chance.shuffle(rows)
    rows = [row._replace(at_ms=at_ms) for row, at_ms in zip(rows, times, strict=True)]
    again = [row._replace(at_ms=chance.choice(times)) for row in rows if chance.random() < duplicate]
    return sorted(rows + again, key=lambda row: row.at_ms)
