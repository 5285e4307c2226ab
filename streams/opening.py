"""Opening: a lake as its one writer, with its key and its policy packs.

In: the lake's folder, perhaps a key file, a pack's or series' name. Out: `Opened`, or an error that says what to do.
Invariant: nothing is made before the pack is found and the key is on the disk.
Deliberately absent: reading; readers open LAKE/current (streams/current.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from schemas.keys import Key
from schemas.policy import PackSeries
from sinks.lake import Lake
from streams.errors import asked
from streams.keyfile import find_key
from streams.packs import load_series


@dataclass(frozen=True)
class Opened:
    lake: Lake
    key: Key
    packs: PackSeries


@contextmanager
def open_lake(folder: Path, key_file: Path | None, pack: str, may_create: bool = False) -> Iterator[Opened]:
    """The lake, closed again at the end. Errors: CommandError."""
    with asked():
        packs = load_series(pack)
    key = find_key(folder, key_file, may_create)
    # The lake remembers the name as given; for a file, the name that the pack carries.
    name = packs.packs[0].name if Path(pack).suffix == ".toml" else pack
    with asked():
        lake = Lake.open(folder, key, name)
    with lake:
        yield Opened(lake, key, packs)
