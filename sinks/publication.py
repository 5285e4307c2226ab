"""Publication: raw views become the published tables, with the digests that vouch for them.

In: raw views, the store, the part files. Out: tables by file name, what the manifest says of them; event files.
Invariant: the digest is taken over what was rendered, before it was rendered.
Deliberately absent: the clock, but for `created_at` in the manifest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa

from schemas.events import EVENT_SCHEMA
from schemas.keys import Ints
from schemas.views import VIEWS
from sinks.catalog import TAIL, write_catalog
from sinks.claim import product_version
from sinks.dictionary import dictionary
from sinks.digest import canonical, combined, digest_of_view
from sinks.disk import TEMPORARY, sync, write_parquet
from sinks.files import EVENTS, PART_NAME
from sinks.lookup import Committed, place_labels, record_names
from sinks.published_events import render_events
from sinks.render import Names, places_in, published_schema, records_in, records_in_events, render
from sinks.sealed import REJECT_SCHEMA
from sinks.snapshot import write_snapshot
from sinks.store import FORMAT, Store
from sinks.transfer_counts import transfer_counts

EVENTS_PER_FILE = 50_000
_CONTACTS_NOW = """
SELECT * FROM events WHERE class_after > 0 AND seq IN (
  SELECT max(seq) FROM events WHERE starts_with(kind, 'contact_') AND (?::BIGINT IS NULL OR source = ?)
  GROUP BY subject, source, degree = 2 -- a pair of degree 0 may come to be one of degree 1, and back
) ORDER BY seq
"""
_TRANSFERS_NOW = """
SELECT * FROM events WHERE class_after > 0 AND seq IN (
  SELECT max(seq) FROM events WHERE kind = 'transfer_changed' AND (?::BIGINT IS NULL OR subject = ?)
  GROUP BY subject, source
) ORDER BY seq
"""
REJECT_COLUMNS = ", ".join(f'"{name}"' for name in REJECT_SCHEMA.names)


def fingerprint(schema: pa.Schema) -> str:
    """A version of a schema: it changes with its columns and types."""
    return sha256(";".join(f"{f.name} {f.type} {f.nullable}" for f in schema).encode()).hexdigest()[:12]


def rejects_of(store: Store) -> pa.Table:
    """All rejects without their bytes, by id."""
    return store.query(f"SELECT {REJECT_COLUMNS} FROM rejects ORDER BY reject_id").cast(REJECT_SCHEMA)


@dataclass(frozen=True)
class Moment:
    """One instant of the lake, from which another thread may publish while the writer goes on. `events`: how many were
    committed; `part`: number of the last part."""

    committed: Committed
    progress: dict[str, int]
    part: int
    events: int


@dataclass
class Publisher:
    """Renders; remembers the names of records it has looked up, and which events it has written. What it remembers may
    be looked up twice by two threads, and is the same for both."""

    folder: Path
    key_id: str
    names: Names
    whole_event_files: int
    form: bytes | None = None

    @staticmethod
    def of(folder: Path, key_id: str) -> Publisher:
        (folder / EVENTS).mkdir(exist_ok=True)
        for draft in (folder / EVENTS).glob("*" + TEMPORARY):
            draft.unlink()
        whole = len(list((folder / EVENTS).glob("*.parquet")))
        return Publisher(folder, key_id, Names.empty(), whole)

    def publish(self, raw_views: dict[str, pa.Table], packs: Sequence[str], moment: Moment) -> dict[str, Any]:
        """Writes the snapshot of a moment and makes it the current one; its manifest."""
        tables, digests = self.tables(raw_views, moment.committed)
        about = self.about(digests, packs, moment)
        degrees = Counter(raw_views["contacts"]["degree"].to_pylist())
        about["contacts_by_degree"] = {str(degree): count for degree, count in sorted(degrees.items())}
        about["transfers"] = transfer_counts(raw_views["transfers"])
        tail = {f"{TAIL}/{name}": rows for name, rows in moment.committed.tail.items() if rows.num_rows}
        tail[f"{TAIL}/{EVENTS}"], last_events = self.events(moment)

        def catalog(folder: Path) -> None:
            self.form = write_catalog(self.folder, folder, moment.part, last_events, self.form)

        return write_snapshot(self.folder, {**tables, **tail}, dictionary(), about, catalog)

    def tables(
        self, raw_views: dict[str, pa.Table], committed: Committed
    ) -> tuple[dict[str, pa.Table], dict[str, str]]:
        """The published tables and the digest of each view. Errors: ValueError when a view is missing or malformed."""
        missing = [view for view in VIEWS if view not in raw_views]
        if missing:
            raise ValueError(f"a snapshot needs every view; missing: {', '.join(missing)}")
        ordered = {view: canonical(view, raw_views[view]) for view in VIEWS}
        digests = {view: digest_of_view(view, table) for view, table in ordered.items()}
        names = self._named(records_in(ordered), lambda: committed)
        labels = place_labels(committed, places_in(ordered))
        made = {view: render(view, table, names, labels) for view, table in ordered.items()}
        return {**made, "rejects": rejects_of(committed.store)}, digests

    def _named(self, recs: Ints, committed: Callable[[], Committed]) -> Names:
        """Names enough for these records."""
        names = self.names
        new = names.lacks(recs)
        if len(new):
            self.names = names = names.plus(record_names(committed(), new))
        return names

    def about(self, digests: dict[str, str], packs: Sequence[str], moment: Moment) -> dict[str, Any]:
        """What the manifest says beside its files."""
        store = moment.committed.store
        unknown: dict[str, dict[str, int]] = {}
        for source, name, count in store.rows("SELECT source, field, count FROM unknown_fields ORDER BY ALL"):
            unknown.setdefault(source, {})[name] = count
        rejected = store.rows("SELECT status, count(*), sum(count)::BIGINT FROM rejects GROUP BY ALL ORDER BY ALL")
        return {
            "digest": combined(digests),
            "digests": digests,
            "key_id": self.key_id,
            "packs": list(packs),
            "progress": dict(sorted(moment.progress.items())),
            "product_version": product_version(),
            "schemas": {"lake": FORMAT, **{view: fingerprint(published_schema(view)) for view in VIEWS}},
            "rejects": {status: {"distinct": lines, "lines": count} for status, lines, count in rejected},
            "unknown_fields": unknown,
            "created_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        }

    def events(self, moment: Moment) -> tuple[pa.Table, int]:
        """The events that fill no file yet, as published, and the number of the last whole file in events/ (-1: none).
        Writes the files that have become whole."""
        whole, store = moment.events // EVENTS_PER_FILE, moment.committed.store

        def rendered(number: int) -> pa.Table:
            return self.rendered_events(store, number * EVENTS_PER_FILE, EVENTS_PER_FILE, lambda: moment.committed)

        for number in range(self.whole_event_files, whole):
            path = self.folder / EVENTS / PART_NAME.format(number)
            draft = path.with_name(path.name + TEMPORARY)
            write_parquet(draft, rendered(number))
            draft.replace(path)
        sync(self.folder / EVENTS)
        self.whole_event_files = whole
        return rendered(whole), whole - 1

    def rendered_events(self, store: Store, low: int, count: int, committed: Callable[[], Committed]) -> pa.Table:
        """At most `count` events from number `low` on, as published."""
        rows = store.query("SELECT * FROM events WHERE seq >= ? AND seq < ? ORDER BY seq", [low, low + count])
        return self.published(rows, committed)

    def published(self, rows: pa.Table, committed: Callable[[], Committed]) -> pa.Table:
        """Events as published. Shape: EVENT_ROWS."""
        events = rows.select(EVENT_SCHEMA.names).cast(EVENT_SCHEMA)
        names = self._named(records_in_events(events), committed)
        return render_events(rows["seq"].to_numpy(), events, names)


def contacts_now(store: Store, source: int | None) -> pa.Table:
    """The last event on each contact that still is one, as published. Uses a connection of its own."""
    return _now(store, _CONTACTS_NOW, source)


def transfers_now(store: Store, person: int | None) -> pa.Table:
    """The last event on each way that still is one, as published. Uses a connection of its own."""
    return _now(store, _TRANSFERS_NOW, person)


def _now(store: Store, question: str, whose: int | None) -> pa.Table:
    rows = store.aside(question, [whose, whose])
    return render_events(rows["seq"].to_numpy(), rows.select(EVENT_SCHEMA.names).cast(EVENT_SCHEMA), Names.empty())
