"""Engines for the tests: a small drill, and runs of it into lakes, also in a child that may be killed.

In: folders. Out: digests.
Invariant: one key and one pack for all, so that equal views have equal digests.
Deliberately absent: anything that the command line does not do as well.
"""

from __future__ import annotations

from pathlib import Path

from schemas.keys import Key
from sinks.lake import Lake
from streams.embedded import Embedded
from streams.engine import Summary
from streams.packs import load_series
from streams.records import Reader, find_parts

KEY = Key("k00007", b"\7" * 32)
PACKS = load_series("cn")


def run(records: Path, lake: Path, commit: int = 100_000, step: int = 25_000, lines: int = 5_000) -> Summary:
    """A run of a folder into a lake, cut as told."""
    with Lake.open(lake, KEY, "cn") as opened:
        engine = Embedded(opened, KEY, PACKS, commit, step)
        return engine.run(Reader(find_parts(records), opened.progress()), lines=lines)


def run_child(records: str, lake: str) -> None:
    """The same in small commits, for a child process."""
    run(Path(records), Path(lake), commit=1_000, step=500, lines=250)
