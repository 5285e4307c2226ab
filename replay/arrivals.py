"""Arrivals: how many lines of each file of a drill have come by which minute, which no line tells.

In: the arrivals of sheets, file by file. Out: a Parquet file beside the truth, and slices of drill time from it.
Invariant: a file's lines stand in order of arrival, so that a count says which they are.
Deliberately absent: the lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from schemas.instants import MINUTE_MS
from schemas.keys import Ints

ARRIVALS = "arrivals.parquet"
SCHEMA = pa.schema(
    [
        pa.field("file", pa.string(), False, {"about": "name of the file of records"}),
        pa.field("minute_ms", pa.int64(), False, {"about": "start of the minute, UTC epoch milliseconds"}),
        pa.field("lines", pa.int64(), False, {"about": "lines of the file that arrived in it"}),
    ]
)


@dataclass
class Arrivals:
    """Of a drill that is being written."""

    tables: list[pa.Table] = field(default_factory=list)

    def add(self, file: str, arrival_ms: Ints) -> None:
        minutes, lines = np.unique(arrival_ms // MINUTE_MS * MINUTE_MS, return_counts=True)
        columns = [pa.repeat(file, len(minutes)), pa.array(minutes), pa.array(lines.astype(np.int64))]
        self.tables.append(pa.Table.from_arrays(columns, schema=SCHEMA))

    def write(self, folder: Path) -> None:
        pq.write_table(pa.concat_tables([SCHEMA.empty_table(), *self.tables]), folder / ARRIVALS, compression="zstd")


def slices(truth: Path, first_ms: int, step_ms: int) -> Iterator[tuple[int, dict[str, int]]]:
    """The end of each slice in which anything arrives, and how many lines of which files do, in order of time. What
    came before `first_ms` is one slice; slices end at `first_ms` and every `step_ms` from there."""
    rows = pq.read_table(truth / ARRIVALS, schema=SCHEMA)
    minute, lines = (rows[name].to_numpy() for name in ("minute_ms", "lines"))
    files, number = np.unique(rows["file"].to_numpy(zero_copy_only=False), return_inverse=True)
    end = np.where(minute < first_ms, first_ms, first_ms + ((minute - first_ms) // step_ms + 1) * step_ms)
    for until_ms in np.unique(end).tolist():
        there = end == until_ms
        counts = np.bincount(number[there], weights=lines[there], minlength=len(files)).astype(np.int64)
        yield until_ms, {str(files[at]): int(counts[at]) for at in np.flatnonzero(counts)}
