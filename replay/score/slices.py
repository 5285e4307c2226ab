"""Slices: what a drill's clock said when the engine had concluded what it had, for delays in drill time.

In: one row for each slice of drill time that was fed to the engine. Out: the slices file of a run, and the same again.
Invariant: slices follow each other in drill time; `events` counts all events of the lake up to and with the slice, so
that the slice in which an event was concluded is the first whose `events` exceeds the event's number.
Deliberately absent: the wall clock's part in it but for `seconds`, which no figure of the score depends on.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

SLICES = "slices.parquet"
"""Name of the file in the folder of a run."""
SCHEMA = pa.schema(
    [
        pa.field("until_ms", pa.int64(), False, {"about": "end of the slice: all that had arrived before it was read"}),
        pa.field("records", pa.int64(), False, {"about": "lines of the slice"}),
        pa.field("events", pa.int64(), False, {"about": "events of the lake once the slice was concluded"}),
        pa.field("seconds", pa.float64(), False, {"about": "how long the engine took over it"}),
    ]
)


@dataclass(frozen=True)
class Slice:
    """Units: `until_ms` UTC epoch milliseconds of drill time."""

    until_ms: int
    records: int
    events: int
    seconds: float


def write_slices(path: Path, slices: list[Slice]) -> None:
    pq.write_table(pa.Table.from_pylist([asdict(s) for s in slices], SCHEMA), path)


def read_slices(path: Path | None) -> pa.Table:
    """The table of a run; an empty one where the drill was read at once and told no times."""
    return pq.read_table(path, schema=SCHEMA) if path is not None and path.is_file() else SCHEMA.empty_table()
