"""The lake: everything that was read and everything that follows from it, in one folder with one writer.

In: fact batches, events and rejects with the offsets they came from; raw views to publish. Out: the same again after
any kill; snapshots and a catalog for readers.
Invariant: facts, events, rejects and progress are committed together or not at all; what readers see is always whole.
Deliberately absent: conclusions; the brain draws them, the lake keeps them.
"""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, replace
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from schemas.decode import Reject
from schemas.events import EVENT_SCHEMA
from schemas.facts import FACT_COLUMNS, MARKS, Columns, FactBatch
from schemas.keys import Key
from sinks import parts, snapshot
from sinks.claim import check_epoch, claim, lake_id, next_epoch
from sinks.disk import WriterLock, remove
from sinks.files import PartFiles, T
from sinks.foreign import unknown_rows
from sinks.lookup import Committed
from sinks.publication import Moment, Publisher, contacts_now, rejects_of, transfers_now
from sinks.published_events import EVENTS_PUBLISHED
from sinks.sealed import Sealer, gathered
from sinks.store import AUDIT_SCHEMA, EVENT_ROWS, Store
from sinks.tail import Tail

TAIL_RECORDS = 20_000
"""Fewer records than this stay in brain.duckdb until more have come: small commits must not make small files."""
BATCH_RECORDS = 200_000
_NO_EVENTS, _NO_EVENTS_PUBLISHED = EVENT_ROWS.empty_table(), EVENTS_PUBLISHED.empty_table()


class Lake:
    """A lake opened by its one writer. Made by `Lake.open`."""

    def __init__(self, folder: Path, lock: WriterLock, store: Store, key: Key) -> None:
        self.folder = folder
        self._lock, self._store, self._sealer = lock, store, Sealer(key)
        self.epoch, self.lake_id = next_epoch(store), lake_id(store)
        self._files = PartFiles(folder, store)
        self._tail = Tail(store)
        self._next_event = int(store.rows("SELECT coalesce(max(seq) + 1, 0) FROM events")[0][0])
        self._latest: tuple[int, pa.Table] = self._next_event, _NO_EVENTS  # of the last commit: asked for at once
        self._publisher = Publisher.of(folder, key.key_id)

    @staticmethod
    def open(folder: Path, key: Key, packs: str) -> Lake:
        """Creates or opens the lake as its one writer, and cleans up after a kill. `packs`: the policy series.
        Errors: ValueError saying what to do when another process writes it, or it is of another key or series."""
        folder = folder.absolute()
        if "?" in str(folder):  # DuckDB puts the name of its write-ahead log before the question mark
            raise ValueError(f"{folder}: DuckDB cannot keep a database below a name with '?'; choose another folder")
        folder.mkdir(parents=True, exist_ok=True)
        lock = WriterLock(folder)
        try:
            store = Store.open(folder / "brain.duckdb")
        except duckdb.Error as error:
            lock.release()
            raise ValueError(f"{folder}/brain.duckdb cannot be opened: {error}") from None
        try:
            claim(folder, store, key, packs)
            snapshot.clean_snapshots(folder)
            for path in folder.glob("*.tmp*"):
                remove(path)
            lake = Lake(folder, lock, store, key)
            lake._files.recover()
            return lake
        except BaseException:
            store.close()
            lock.release()
            raise

    def progress(self) -> dict[str, int]:
        """By part of the input, the next offset that was not read yet."""
        return dict(self._tail.progress)

    def commit(
        self,
        batches: Sequence[FactBatch],
        events: pa.Table | Sequence[pa.Table],
        rejects: Sequence[pa.Table],
        progress: dict[str, int],
        unknown_fields: dict[str, dict[str, int]],
    ) -> tuple[int, int]:
        """Makes all of it durable, or nothing; the numbers of its first event and of the one after its last.
        `rejects`: as `sealed` gives them. `unknown_fields`: counts since the last commit, added up here.
        Errors: ValueError when progress would go back (these offsets are committed already), or when the lake has been
        opened by another writer since; OSError or duckdb.Error when the disk fails: nothing was committed, close the
        lake and open it again."""
        back = [part for part, offset in progress.items() if offset < self._tail.progress.get(part, 0)]
        if back:
            raise ValueError(f"progress of {back[0]} would go back: those records are committed already")
        tables = parts.to_tables(batches, self._tail.knows)
        whole = self._tail.records + tables["records"].num_rows >= TAIL_RECORDS
        written = self._files.write(parts.joined([self._tail.tables(), tables])) if whole else []
        happened = self._numbered([events] if isinstance(events, pa.Table) else events)
        try:
            with self._store.transaction():
                check_epoch(self._store, self.epoch)
                durable = self._tail.leave(progress) if whole else self._tail.keep(tables, progress)
                self._store.add_rows("parts", written)
                self._store.add("events", happened)
                self._store.add("rejects", gathered(rejects))
                self._store.add_rows("unknown_fields", unknown_rows(unknown_fields))
        except BaseException:
            self._files.discard(written)
            raise
        self._files.reveal(written)
        durable()
        first, self._next_event = self._next_event, self._next_event + happened.num_rows
        self._latest = first, happened.combine_chunks()
        return first, self._next_event

    def sealed(self, rejects: Sequence[Reject]) -> pa.Table:
        """Rejects as the lake keeps them, their bytes sealed with its key."""
        return self._sealer.rows(rejects)

    def events(self, low: int, count: int) -> pa.Table:
        """At most `count` committed events from number `low` on, as published, with their numbers."""
        if low >= self._next_event:
            return _NO_EVENTS_PUBLISHED
        if low >= self._latest[0]:
            return self._publisher.published(self._latest[1].slice(low - self._latest[0], count), self._committed)
        return self._publisher.rendered_events(self._store, low, count, self._committed)

    def _committed(self) -> Committed:
        return Committed.now(self._store, self._files, self._tail.tables())

    def _numbered(self, events: Sequence[pa.Table]) -> pa.Table:
        happened = [e.cast(EVENT_SCHEMA) for e in events if e.num_rows]
        if not happened:
            return _NO_EVENTS
        plain = pa.concat_tables(happened)
        seq = pa.array(np.arange(plain.num_rows, dtype=np.int64) + self._next_event)
        return plain.add_column(0, EVENT_ROWS.field("seq"), seq)

    def facts(self) -> Iterator[FactBatch]:
        """Every committed fact again, in the order of the commits, in batches of at most 200,000 records."""

        def made(tables: parts.Tables) -> list[FactBatch]:
            return list(parts.restore(tables, BATCH_RECORDS))

        return itertools.chain.from_iterable(self._parts(made))

    def marks(self, made: Callable[[Columns], T]) -> Iterator[T]:
        """What is made of what a brain asks of every committed record, part by part. Shape: MARKS."""
        return self._parts(lambda tables: made(parts.marks(tables)), ("records",), MARKS)

    def stamped(self) -> Iterator[dict[str, Columns]]:
        """Every committed fact by its table, with the STAMP of its record, part by part: as many as `marks`."""
        return self._parts(parts.stamped, ("records", *FACT_COLUMNS), ("rec",))

    def _parts(self, made: Callable[[parts.Tables], Any], *which: Sequence[str]) -> Iterator[Any]:
        """What is made of every part and of the tail. `which`: as PartFiles.read has it."""
        yield from self._files.read(made, *which)
        yield made(self._tail.tables())

    def moment(self) -> Moment:
        """This instant, to publish from; for the thread that commits."""
        committed = Committed.now(self._store.moment(), self._files, self._tail.tables())
        return Moment(committed, self.progress(), self._files.last, self._next_event)

    def publish(
        self, raw_views: dict[str, pa.Table], packs: Sequence[str], moment: Moment | None = None
    ) -> dict[str, Any]:
        """Writes the views as a snapshot, makes it the current one and brings the catalog up to date; the manifest.
        With a `moment`, any thread may, one at a time, while commits go on: the snapshot is of that moment, as must be
        the views. Errors: ValueError when a view is missing, malformed, or names a record that was never committed."""
        moment = moment or self.moment()
        try:
            return self._publisher.publish(raw_views, packs, moment)
        finally:
            moment.committed.store.close()

    def event_kinds(self, low: int, high: int) -> dict[str, int]:
        """How many events of each kind were committed under the numbers [low, high)."""
        if (low, high) == (self._latest[0], self._next_event):
            return dict(Counter(self._latest[1]["kind"].to_pylist()))
        sql = "SELECT kind, count(*) FROM events WHERE seq >= ? AND seq < ? GROUP BY kind"
        return dict(self._store.rows(sql, [low, high])) if low < high else {}

    def contacts_now(self, source: int | None = None) -> pa.Table:
        """The contacts that follow from what is committed, of one source person or all; from any thread."""
        return contacts_now(self._store, source)

    def transfers_now(self, person: int | None = None) -> pa.Table:
        """The ways that follow from what is committed, of one person or all; from any thread."""
        return transfers_now(self._store, person)

    def published(self) -> dict[str, Any] | None:
        """The manifest of the current snapshot; None if there is none yet."""
        return snapshot.current_manifest(self.folder)

    def rejects(self) -> pa.Table:
        """All rejects, without their bytes. Shape: REJECT_SCHEMA, by reject_id."""
        return rejects_of(self._store)

    def unsealed_rejects(self) -> list[Reject]:
        """The open rejects with their bytes, by reject_id. Errors: ValueError when sealed with another key."""
        names = [f.name for f in fields(Reject)]
        columns = ", ".join("sealed AS raw" if name == "raw" else f'"{name}"' for name in names)
        rows = self._store.rows(f"SELECT {columns} FROM rejects WHERE status = 'open' ORDER BY reject_id")
        found = [Reject(**dict(zip(names, row, strict=True))) for row in rows]
        return [replace(r, raw=self._sealer.unseal(r.source, r.raw)) for r in found]

    def reject_id(self, reject: Reject) -> str:
        """The id under which the lake keeps a reject."""
        return self._sealer.reject_id(reject)

    def mark_replayed(self, reject_ids: Sequence[str]) -> None:
        """These rejects were read again after a fix; one that comes again is open again."""
        sql = "UPDATE rejects SET status = 'replayed' WHERE reject_id IN (SELECT unnest(?))"
        with self._store.transaction():
            self._store.execute(sql, [list(reject_ids)])

    def audit(self, action: str, reason: str, subject_code: str, actor: str = "") -> None:
        """Adds a line to the audit log, durable before this returns. Nothing takes a line out again."""
        at_ms = time.time_ns() // 1_000_000
        line = {"at_ms": at_ms, "actor": actor, "action": action, "reason": reason, "subject_code": subject_code}
        with self._store.transaction():
            self._store.add_rows("audit", [line])

    def audit_log(self) -> pa.Table:
        """The audit log, oldest first."""
        return self._store.query("SELECT * FROM audit ORDER BY rowid").cast(AUDIT_SCHEMA)

    def close(self) -> None:
        self._store.close()
        self._lock.release()

    def __enter__(self) -> Lake:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
