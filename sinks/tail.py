"""Tail: what is committed and fills no part yet, a row of brain.duckdb for each commit.

In: the tables of a commit and how far its input is read. Out: the same again, together and at once.
Invariant: in memory stands what is committed; it is changed after the transaction that has changed the store.
Deliberately absent: a database table for each table of facts. Filling four of them took a commit of one ride 24 ms,
one row of bytes takes 2 (the same machine, the same minute).
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pyarrow as pa

from schemas.keys import Ints
from sinks.parts import EMPTY, Tables, from_bytes, joined, part_schema, stamps, to_bytes
from sinks.store import Store

COMMITS = 256
"""After so many commits they become one row: start-up must not read thousands of crumbs."""


class _Commit(msgspec.Struct, array_like=True):
    progress: dict[str, int]
    tables: dict[str, bytes]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Commit)


def _packed(tables: Tables, progress: dict[str, int]) -> bytes:
    return _encoder.encode(_Commit(progress, {t: to_bytes(rows) for t, rows in tables.items() if rows.num_rows}))


def _unpacked(commit: _Commit) -> Tables:
    found = {t: pa.Table.from_batches([from_bytes(body, part_schema(t))]) for t, body in commit.tables.items()}
    return {**EMPTY, **found}


class Tail:
    """Facts that are committed and in no part. `progress`: how far each part of the input is read."""

    def __init__(self, store: Store) -> None:
        commits = [_decoder.decode(body) for (body,) in store.rows("SELECT body FROM commits ORDER BY number")]
        self._store = store
        self.progress: dict[str, int] = dict(store.rows("SELECT part, next_offset FROM progress"))
        for commit in commits:
            self.progress.update(commit.progress)
        self._rows = len(commits)
        self._pieces = [_unpacked(commit) for commit in commits]
        self._known = {mark for tables in self._pieces for mark in stamps(tables["records"]).tolist()}
        self.records = sum(tables["records"].num_rows for tables in self._pieces)

    def knows(self, marks: Ints) -> list[bool]:
        """Of each record, whether it is here as this version of it says it."""
        return [mark in self._known for mark in marks.tolist()]

    def tables(self) -> Tables:
        """All of it, in the order of the commits."""
        if len(self._pieces) > 1:
            self._pieces = [joined(self._pieces)]
        return self._pieces[0] if self._pieces else EMPTY

    def keep(self, tables: Tables, progress: dict[str, int]) -> Callable[[], None]:
        """Within a transaction: adds a commit. Out: what is to be called when it is durable."""
        body, rows = _packed(tables, progress), self._rows + 1
        if rows > COMMITS:
            body, rows = _packed(joined([self.tables(), tables]), {**self.progress, **progress}), 1
            self._store.execute("DELETE FROM commits")
        self._store.execute("INSERT INTO commits VALUES (?, ?)", [rows, body])

        def kept() -> None:
            self._rows = rows
            self._pieces.append(tables)
            self._known.update(stamps(tables["records"]).tolist())
            self.records += tables["records"].num_rows
            self.progress.update(progress)

        return kept

    def leave(self, progress: dict[str, int]) -> Callable[[], None]:
        """Within a transaction: all of it, and a commit with it, has gone to a part. Out: as of `keep`."""
        reached = {**self.progress, **progress}
        self._store.execute("DELETE FROM commits")
        self._store.add_rows("progress", [{"part": part, "next_offset": offset} for part, offset in reached.items()])

        def left() -> None:
            self._rows, self._pieces, self._known, self.records, self.progress = 0, [], set(), 0, reached

        return left
