"""Simulated lake: a lake in memory, with the answers of the real one, and points at which its writer may die.

In: commits, views. Out: the same again to whoever opens the disk next.
Invariant: a commit is there whole or not at all; tests/test_simulation.py holds this lake to the real one's answers.
Deliberately absent: Parquet, the catalog, labels of places, the audit log.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from schemas.decode import Reject
from schemas.events import EVENT_SCHEMA
from schemas.facts import Columns, FactBatch
from schemas.keys import Key
from sinks import parts
from sinks.catalog import open_catalog
from sinks.digest import digest, digest_of_snapshot
from sinks.lake import Lake
from sinks.published_events import render_events
from sinks.render import Names, records_in, records_in_events
from sinks.sealed import REJECT_SCHEMA, Sealer, gathered
from streams.batches import merged
from tests.engines import KEY


@dataclass
class Disk:
    """What outlives a writer."""

    lake_id: str = "simulated"
    epoch: int = 0
    locked: bool = False
    batches: list[FactBatch] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    rejects: dict[str, dict[str, Any]] = field(default_factory=dict)
    progress: dict[str, int] = field(default_factory=dict)
    unknown: Counter[tuple[str, str]] = field(default_factory=Counter)
    manifest: dict[str, Any] = field(default_factory=dict)


class MemoryLake:
    """A disk opened by its one writer; as much of `sinks.lake.Lake` as engine and writer ask of it."""

    point: Callable[[str], None]

    def __init__(self, disk: Disk, key: Key) -> None:
        if disk.locked:
            raise ValueError("another process writes this lake")
        disk.locked = True
        disk.epoch += 1
        self.disk, self.epoch, self.lake_id, self._sealer = disk, disk.epoch, disk.lake_id, Sealer(key)

    def progress(self) -> dict[str, int]:
        return dict(self.disk.progress)

    def commit(
        self,
        batches: Sequence[FactBatch],
        events: pa.Table | Sequence[pa.Table],
        rejects: Sequence[pa.Table],
        progress: dict[str, int],
        unknown_fields: dict[str, dict[str, int]],
    ) -> tuple[int, int]:
        disk = self.disk
        if any(offset < disk.progress.get(part, 0) for part, offset in progress.items()):
            raise ValueError("progress would go back: those records are committed already")
        if disk.epoch != self.epoch:
            raise ValueError("the lake was opened by another writer: nothing was written")
        plain = [events] if isinstance(events, pa.Table) else events
        rows = [row for table in plain for row in table.cast(EVENT_SCHEMA).to_pylist()]
        sealed, first = gathered(rejects).to_pylist(), len(disk.events)
        # From here on nothing can fail: this is the transaction.
        disk.batches += [batch for batch in batches if batch.records.num_rows or batch.places.num_rows]
        disk.events += rows
        for row in sealed:
            known = disk.rejects.setdefault(row["reject_id"], {**row, "count": 0})
            known |= {"count": known["count"] + row["count"], "status": "open"}
        disk.progress |= progress
        for source, found in unknown_fields.items():
            disk.unknown.update({(source, name): count for name, count in found.items()})
        return first, len(disk.events)

    def sealed(self, rejects: Sequence[Reject]) -> pa.Table:
        return self._sealer.rows(rejects)

    def events(self, low: int, count: int) -> pa.Table:
        rows = pa.Table.from_pylist(self.disk.events[low : low + count], EVENT_SCHEMA)
        asked = set(records_in_events(rows).tolist())
        return render_events(np.arange(low, low + rows.num_rows, dtype=np.int64), rows, self._names(asked))

    def _names(self, recs: set[int]) -> Names:
        found: dict[int, str] = {}
        for batch in self.disk.batches if recs else ():
            for row in batch.records.to_pylist():
                if row["rec"] in recs:
                    name = f"{row['source']}/{row['record_id']}"
                    found[row["rec"]] = min(name, found.get(row["rec"], name))
        return Names.of_table(pa.table({"rec": list(found), "name": list(found.values())})) if found else Names.empty()

    def facts(self) -> Iterator[FactBatch]:
        if self.disk.batches:
            yield merged(self.disk.batches)

    def marks(self, made: Callable[[Columns], Any]) -> Iterator[Any]:
        return (made(parts.marks(parts.to_tables([batch]))) for batch in self.facts())

    def stamped(self) -> Iterator[dict[str, Columns]]:
        return (parts.stamped(parts.to_tables([batch])) for batch in self.facts())

    def moment(self) -> dict[str, Any]:
        return {"progress": dict(sorted(self.disk.progress.items())), "unknown": Counter(self.disk.unknown)}

    def publish(self, raw_views: dict[str, pa.Table], packs: Sequence[str], moment: dict[str, Any]) -> dict[str, Any]:
        disk, unknown = self.disk, dict[str, dict[str, int]]()
        known = [batch.column("rec") for batch in disk.batches]
        if len(np.setdiff1d(records_in(raw_views), np.concatenate([np.zeros(0, np.int64), *known]))):
            raise ValueError("the views name records that were not committed: commit facts before publishing")
        for (source, name), count in sorted(moment["unknown"].items()):
            unknown.setdefault(source, {})[name] = count
        degrees = Counter(str(degree) for degree in raw_views["contacts"]["degree"].to_pylist())
        disk.manifest = {
            "snapshot": disk.manifest.get("snapshot", 0) + 1,
            "digest": digest(raw_views),
            "packs": list(packs),
            "progress": moment["progress"],
            "unknown_fields": unknown,
            "contacts_by_degree": dict(sorted(degrees.items())),
            "files": {f"{view}.parquet": {"rows": table.num_rows} for view, table in raw_views.items()},
        }
        return disk.manifest

    def event_kinds(self, low: int, high: int) -> dict[str, int]:
        return dict(Counter(row["kind"] for row in self.disk.events[low:high]))

    def published(self) -> dict[str, Any] | None:
        return self.disk.manifest or None

    def rejects(self) -> pa.Table:
        rows = [{name: row[name] for name in REJECT_SCHEMA.names} for _, row in sorted(self.disk.rejects.items())]
        return pa.Table.from_pylist(rows, REJECT_SCHEMA)

    def close(self) -> None:
        self.disk.locked = False


class Lakes(Protocol):
    """What outlives a writer. `digest`: of the last snapshot; `kept`: part and offset of each record as it came."""

    def open(self) -> Any: ...

    def digest(self) -> str: ...

    def kept(self) -> list[tuple[str, int]]: ...


class MemoryLakes:
    def __init__(self, made: Callable[[Disk, Key], Any] = MemoryLake) -> None:
        self.disk, self._made = Disk(), made

    def open(self) -> Any:
        return self._made(self.disk, KEY)

    def digest(self) -> str:
        return str(self.disk.manifest.get("digest"))

    def kept(self) -> list[tuple[str, int]]:
        records = [batch.records for batch in self.disk.batches]
        return [at for r in records for at in zip(r["part"].to_pylist(), r["offset"].to_pylist(), strict=True)]


class RealLakes:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self) -> Lake:
        return Lake.open(self._folder, KEY, "cn")

    def digest(self) -> str:
        return digest_of_snapshot(self._folder)

    def kept(self) -> list[tuple[str, int]]:
        with open_catalog(self._folder) as catalog:
            return [(part, at) for part, at in catalog.execute('SELECT part, "offset" FROM records').fetchall()]


class Probed:
    """A lake whose writer may die right before and right after each effect. `point` is told where, and raises to kill;
    `durable` what a transaction has made so."""

    def __init__(self, lake: Any, point: Callable[[str], None], durable: Callable[[int, dict[str, int]], None]) -> None:
        self._lake, self._point, self._durable = lake, point, durable
        lake.point = point

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lake, name)

    def commit(
        self, batches: Any, events: Any, rejects: Any, progress: dict[str, int], unknown: Any
    ) -> tuple[int, int]:
        self._point("before the transaction")
        low, high = self._lake.commit(batches, events, rejects, progress, unknown)
        self._durable(high, progress)
        self._point("after the transaction")
        return low, high

    def publish(self, *arguments: Any) -> dict[str, Any]:
        self._point("before the snapshot")
        found: dict[str, Any] = self._lake.publish(*arguments)
        self._point("after the snapshot")
        return found
