"""Files: the Parquet files of the facts, one for each table and part, and what a kill may leave of them.

In: tables of a part. Out: facts/<table>/<number>.parquet, registered in the store.
Invariant: a registered part is on the disk, under its name or (killed in between) still under its name with .tmp, which
recovery mends; nothing unregistered is ever read back.
Deliberately absent: names by offset range: a part holds many input parts; their ranges stand in each file's footer.

A part is written under .tmp, registered in the transaction that also moves the progress, and only then renamed: so a
reader of facts/*.parquet never meets facts that are not committed. Once named, a part never changes.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from sinks.disk import TEMPORARY, read_parquet, sync, write_parquet
from sinks.parts import TABLES, Tables, offset_ranges, part_schema, with_ranges
from sinks.store import Store

FACTS = "facts"
EVENTS = "events"
PART_NAME = "{:08d}.parquet"
T = TypeVar("T")
_READERS = _AHEAD = 2
"""So many parts are read ahead of the one that is looked at, each by a thread."""
Rows = list[dict[str, Any]]
"""Rows of the parts registry."""


def _name(table: str, number: int) -> str:
    return f"{FACTS}/{table}/{PART_NAME.format(number)}"


class PartFiles:
    """The part files of one lake."""

    def __init__(self, lake: Path, store: Store) -> None:
        self._lake, self._store = lake, store
        self._next = int(store.rows("SELECT coalesce(max(number), 0) + 1 FROM parts")[0][0])

    @property
    def last(self) -> int:
        """Number of the last part; 0 is the empty one that every table begins with."""
        return self._next - 1

    def write(self, tables: Tables) -> Rows:
        """Writes the next part under temporary names; its rows for the registry come back."""
        ranges = offset_ranges(tables["records"])
        written: Rows = []
        try:
            for table in TABLES:
                rows = tables[table]
                if rows.num_rows == 0:
                    continue
                path = _name(table, self._next)
                written.append({"number": self._next, "table": table, "path": path, "rows": rows.num_rows, "bytes": 0})
                draft = self._lake / (path + TEMPORARY)
                written[-1]["bytes"] = write_parquet(draft, with_ranges(rows, ranges), bulk=True)
                sync(draft.parent)
        except OSError:
            self.discard(written)
            raise
        return written

    def discard(self, written: Rows) -> None:
        for row in written:
            (self._lake / (row["path"] + TEMPORARY)).unlink(missing_ok=True)

    def reveal(self, written: Rows) -> None:
        """Gives the files of a part that is committed now their names."""
        for row in written:
            os.replace(self._lake / (row["path"] + TEMPORARY), self._lake / row["path"])
        self._next += 1 if written else 0

    def recover(self) -> None:
        """After any kill: finishes committed renames, removes everything that is not committed.
        Errors: ValueError when a committed part is missing or torn."""
        for table in TABLES:
            folder = self._lake / FACTS / table
            folder.mkdir(parents=True, exist_ok=True)
            committed = {row["path"]: row for row in self._registry(table)}
            for path in folder.iterdir():
                name = f"{FACTS}/{table}/{path.name.removesuffix(TEMPORARY)}"
                if name not in committed:
                    path.unlink()
                elif path.name.endswith(TEMPORARY):
                    os.replace(path, self._lake / name)
            for name, row in committed.items():
                self._check(self._lake / name, row["bytes"])
            write_parquet(self._lake / _name(table, 0), part_schema(table).empty_table())
            sync(folder)

    def _check(self, path: Path, size: int) -> None:
        found = path.stat().st_size if path.exists() else None
        if found != size:
            state = "is missing" if found is None else f"has {found:,} bytes instead of {size:,}"
            raise ValueError(f"the lake is damaged: {path} {state}; restore this file from a copy of the lake")

    def _registry(self, table: str) -> Rows:
        sql = 'SELECT * FROM parts WHERE "table" = ? ORDER BY number'
        return list(self._store.query(sql, [table]).to_pylist())

    def paths(self, table: str) -> list[Path]:
        """The committed files of a table, oldest first."""
        return [self._lake / row["path"] for row in self._registry(table)]

    def read(
        self, made: Callable[[Tables], T], tables: Sequence[str] = TABLES, records: Sequence[str] | None = None
    ) -> Iterator[T]:
        """What is made of some tables of every part, oldest first. `records`: the columns of records, if not all. While
        one part is looked at, the next ones are read and made."""
        files: dict[int, dict[str, Path]] = {}
        for table in tables:
            for row in self._registry(table):
                files.setdefault(row["number"], {})[table] = self._lake / row["path"]
        none = {table: part_schema(table).empty_table() for table in tables}

        def part(number: int) -> T:
            mine = files[number].items()
            return made(none | {t: read_parquet(p, records if t == "records" else None) for t, p in mine})

        with ThreadPoolExecutor(_READERS) as pool:
            waiting: deque[Future[T]] = deque()
            for number in sorted(files):
                waiting.append(pool.submit(part, number))
                if len(waiting) > _AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
