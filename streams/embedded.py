"""Embedded: the whole engine in one process, from a folder of records to a published lake.

In: the parts of a folder, an open lake, policy packs. Out: committed facts and events, a published view, a summary.
Invariant: killed anywhere and run again, the view is the one of a run that was never killed: what was committed is in
the lake with its progress, what was not is read again.
Deliberately absent: rules, formats of files, and the terminal.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from brain.stages import Brain
from schemas.decode import Reject
from schemas.facts import FactBatch
from schemas.intake import Intake
from schemas.keys import Key
from schemas.policy import PackSeries
from sinks.lake import Lake
from streams.batches import merged
from streams.records import CHUNK_LINES, Chunk, Reader

COMMIT_RECORDS = 100_000
"""Records in a commit. Fewer make more and smaller files, more cost a longer repetition after a kill."""
COMMIT_S = 5.0
STEP_RECORDS = 100_000
"""Records in a step of the brain: 371,000 took it 3.1 s in steps of 5,000, 2.1 s in 25,000, 1.2 s in 100,000."""
Progress = Callable[[int, str], None]
"""Told the bytes read since the last call, and the part they are of."""


@dataclass
class Summary:
    """What a run read and what stands now. Units: seconds by step of the work."""

    read: Counter[str] = field(default_factory=Counter)
    accepted: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    unknown_fields: dict[str, dict[str, int]] = field(default_factory=dict)
    restored: int = 0
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(("restore", "read", "brain", "lake"), 0.0))
    cases: int = 0
    contacts: dict[str, int] = field(default_factory=dict)
    reviews: int = 0
    digest: str = ""
    snapshot: int = 0
    troubles: list[str] = field(default_factory=list)

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[step] += time.perf_counter() - start


@dataclass
class _Pending:
    """What the next commit makes durable."""

    batches: list[FactBatch] = field(default_factory=list)
    events: list[pa.Table] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    progress: dict[str, int] = field(default_factory=dict)
    records: int = 0
    stepped: int = 0
    since: float = field(default_factory=time.monotonic)


class Engine:
    """The stages over one open lake. Making one restores the brain from the lake's facts."""

    def __init__(
        self,
        lake: Lake,
        key: Key,
        packs: PackSeries,
        commit_records: int = COMMIT_RECORDS,
        step_records: int = STEP_RECORDS,
    ) -> None:
        self.lake, self.packs = lake, packs
        self._commit_records, self._step_records = commit_records, step_records
        self.intake = Intake(key)
        self.brain = Brain(packs)
        self.summary = Summary()
        self._pending = _Pending()
        with self.summary.timed("restore"):
            for batch in lake.facts():
                self.brain.step(batch)
                self.summary.restored += batch.records.num_rows

    def run(self, reader: Reader, progress: Progress = lambda _bytes, _part: None, lines: int = CHUNK_LINES) -> Summary:
        """Reads everything that is unread, and publishes. Errors: CommandError and OSError; run again after them."""
        position, last = 0, None
        for chunk in self._timed_chunks(reader.chunks(lines)):
            position = position if chunk.part is last else 0
            self.take(chunk)
            progress(chunk.position - position, chunk.part.name)
            position, last = chunk.position, chunk.part
            pending = self._pending
            if pending.records >= self._commit_records or time.monotonic() - pending.since >= COMMIT_S:
                self.commit()
        self.commit()
        self.summary.troubles = reader.troubles
        return self.publish()

    def _timed_chunks(self, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
        while True:
            with self.summary.timed("read"):
                chunk = next(chunks, None)
            if chunk is None:
                return
            yield chunk

    def take(self, chunk: Chunk) -> None:
        """Intake of one chunk; the brain sees it with the next step."""
        source, pending = chunk.part.source, self._pending
        with self.summary.timed("read"):
            batch, rejects = self.intake.read(source, chunk.lines, chunk.part.name, chunk.offsets)
        self.count(source, len(chunk.lines), rejects)
        pending.batches.append(batch)
        pending.rejects += rejects
        pending.progress[chunk.part.name] = chunk.next_offset
        pending.records += len(chunk.lines)
        if sum(b.records.num_rows for b in pending.batches[pending.stepped :]) >= self._step_records:
            self._step()

    def take_batch(self, batch: FactBatch) -> None:
        """Facts that were read elsewhere, such as rejects that are records now."""
        self._pending.batches.append(batch)

    def count(self, source: str, read: int, rejects: list[Reject]) -> None:
        self.summary.read[source] += read
        self.summary.rejected[source] += len(rejects)
        self.summary.accepted[source] += read - len(rejects)
        self.summary.reasons.update(reject.reason for reject in rejects)

    def _step(self) -> None:
        pending = self._pending
        new = pending.batches[pending.stepped :]
        pending.stepped = len(pending.batches)
        if sum(b.records.num_rows for b in new):
            with self.summary.timed("brain"):
                pending.events.append(self.brain.step(merged(new)))

    def commit(self) -> None:
        """Makes durable what was taken since the last commit, if anything was."""
        self._step()
        pending, self._pending = self._pending, _Pending()
        unknown = {source: dict(found) for source, found in self.intake.unknown_fields.items() if found}
        if not pending.progress and not pending.batches:
            return
        for found in self.intake.unknown_fields.values():
            found.clear()
        with self.summary.timed("lake"):
            self.lake.commit(pending.batches, pending.events, pending.rejects, pending.progress, unknown)

    def publish(self) -> Summary:
        """Publishes the current view and fills in the summary."""
        with self.summary.timed("brain"):
            views = self.brain.view()
        with self.summary.timed("lake"):
            manifest = self.lake.publish(views, [pack.name for pack in self.packs.packs])
        return self._describe(views, manifest)

    def _describe(self, views: dict[str, pa.Table], manifest: dict[str, Any]) -> Summary:
        summary = self.summary
        summary.cases = views["cases"].num_rows
        degrees, counts = np.unique(views["contacts"]["degree"].to_numpy(), return_counts=True)
        summary.contacts = {str(d): n for d, n in zip(degrees.tolist(), counts.tolist(), strict=True)}
        summary.reviews = views["reviews"].num_rows
        summary.digest, summary.snapshot = manifest["digest"], manifest["snapshot"]
        summary.unknown_fields = manifest["unknown_fields"]
        return summary
