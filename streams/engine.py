"""Engine: the brain over one open lake, fed with facts from wherever they come.

In: fact batches with what was refused and how far their input is read. Out: committed facts and events, snapshots.
Invariant: killed anywhere and made again, it stands where it last committed; nothing is concluded that is not durable
with what it rests on.
Deliberately absent: where facts come from (embedded.py reads files, service/writer.py topics), and the terminal.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import pyarrow as pa

from brain.packed import length
from brain.refill import Part, spread
from brain.stages import Brain
from schemas.facts import FactBatch
from schemas.policy import PackSeries
from sinks.lake import Lake
from streams.batches import merged
from streams.memory import give_back, uncollected

STEP_RECORDS = 100_000
"""Records in a step of the brain: 371,000 took it 3.1 s in steps of 5,000, 2.1 s in 25,000, 1.2 s in 100,000."""
SWEEP_RECORDS = 1_000_000
"""After so many records, what their reading has left of free memory is given back."""
_SORTERS = 2
"""Threads that put records in order when a brain is restored; numpy lets them work at once."""


_STEPS = ("restore", "read", "brain", "lake", "publish")


@dataclass
class Summary:
    """What a run read and what stands now. Units: seconds by step of the work."""

    read: Counter[str] = field(default_factory=Counter)
    accepted: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    unknown_fields: dict[str, dict[str, int]] = field(default_factory=dict)
    restored: int = 0
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(_STEPS, 0.0))
    cases: int = 0
    contacts: dict[str, int] = field(default_factory=dict)
    reviews: int = 0
    transfers: dict[str, Any] = field(default_factory=dict)
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
    rejects: list[pa.Table] = field(default_factory=list)
    progress: dict[str, int] = field(default_factory=dict)
    unknown: dict[str, Counter[str]] = field(default_factory=dict)
    lines: int = 0
    stepped: int = 0
    since: float = field(default_factory=time.monotonic)


@dataclass
class Draft:
    """Views and the moment whose they are, to be published. `number`: the later, the greater."""

    number: int
    views: dict[str, pa.Table]
    moment: Any


class Engine:
    """The stages over one open lake. Making one restores the brain from the lake's facts."""

    def __init__(self, lake: Lake, packs: PackSeries, step_records: int = STEP_RECORDS) -> None:
        self.lake, self.packs = lake, packs
        self._step_records = step_records
        self.brain = Brain(packs)
        self.summary = Summary()
        self._pending = _Pending()
        with self.summary.timed("restore"), uncollected(), ThreadPoolExecutor(_SORTERS) as pool:
            self.brain.restore(self._counted(lake.marks(spread)), lake.stamped(), pool.map)
            give_back()
        self._unswept = self._drafts = self._shown = 0
        self._showing = Lock()

    def _counted(self, marks: Iterator[Part]) -> Iterator[Part]:
        for rows in marks:
            self.summary.restored += length(rows["rec"])
            yield rows

    @property
    def pending_lines(self) -> int:
        """Lines taken and not committed."""
        return self._pending.lines

    @property
    def pending_s(self) -> float:
        """Time since the last commit. Units: s."""
        return time.monotonic() - self._pending.since

    def add(
        self,
        lines: Mapping[str, int],
        batch: FactBatch,
        sealed: pa.Table,
        progress: Mapping[str, int],
        unknown: Mapping[str, Mapping[str, int]],
    ) -> None:
        """Takes what intake made of some lines; the brain sees it with the next step. `lines`, `unknown`: by source."""
        pending, summary = self._pending, self.summary
        pending.batches.append(batch)
        if sealed.num_rows:
            pending.rejects.append(sealed)
        pending.progress.update(progress)
        for source, found in unknown.items():
            pending.unknown.setdefault(source, Counter()).update(found)
        for source, count in lines.items():
            pending.lines += count
            summary.read[source] += count
            summary.accepted[source] += count
        for row in sealed.select(["source", "reason", "count"]).to_pylist():
            summary.rejected[row["source"]] += row["count"]
            summary.accepted[row["source"]] -= row["count"]
            summary.reasons[row["reason"]] += row["count"]
        if sum(b.records.num_rows for b in pending.batches[pending.stepped :]) >= self._step_records:
            self._step()

    def add_facts(self, batch: FactBatch) -> None:
        """Facts that came another way, such as rejects that are records now."""
        self._pending.batches.append(batch)

    def mark(self, progress: Mapping[str, int]) -> None:
        """How far an input or output is, to be committed with the rest."""
        self._pending.progress.update(progress)

    def reached(self, part: str) -> int:
        """How far a part is, with what waits for the next commit."""
        return self._pending.progress.get(part, self.lake.progress().get(part, 0))

    def _step(self) -> None:
        pending = self._pending
        new = pending.batches[pending.stepped :]
        pending.stepped = len(pending.batches)
        if count := sum(b.records.num_rows for b in new):
            self._unswept += count
            with self.summary.timed("brain"):
                pending.events.append(self.brain.step(merged(new)))

    def commit(self) -> tuple[int, int]:
        """Makes durable what was taken since the last commit, if anything was; the range of its events' numbers."""
        self._step()
        pending, self._pending = self._pending, _Pending()
        if not pending.progress and not pending.batches:
            return 0, 0
        unknown = {source: dict(found) for source, found in pending.unknown.items()}
        with self.summary.timed("lake"):
            numbers = self.lake.commit(pending.batches, pending.events, pending.rejects, pending.progress, unknown)
        del pending
        self._sweep(SWEEP_RECORDS)
        return numbers

    def publish(self) -> Summary:
        """Publishes the current view and fills in the summary."""
        return self.shown(self.show(self.draft()))

    def draft(self) -> Draft:
        """What is to be published; what is committed must be all that was taken."""
        with self.summary.timed("publish"), uncollected():
            self._drafts += 1
            return Draft(self._drafts, self.brain.view(), self.lake.moment())

    def show(self, draft: Draft) -> dict[str, Any]:
        """Publishes a draft, from any thread, while this one goes on; the manifest of what is published then: a draft
        that comes after a later one is left."""
        with self._showing, self.summary.timed("publish"), uncollected():
            if draft.number < self._shown:
                return self.lake.published() or {}
            manifest = self.lake.publish(draft.views, [pack.name for pack in self.packs.packs], draft.moment)
            self._shown = draft.number
            return manifest

    def shown(self, manifest: dict[str, Any]) -> Summary:
        """Fills in the summary from what was published."""
        self._sweep(self._step_records)
        return self._describe(manifest)

    def _sweep(self, least: int) -> None:
        """Gives back what memory is free, if so many records were taken since it last did."""
        if self._unswept >= least:
            self._unswept = 0
            give_back()

    def recall(self) -> Summary:
        """The summary of what was last published, as far as something was."""
        manifest = self.lake.published()
        return self._describe(manifest) if manifest is not None else self.summary

    def _describe(self, manifest: dict[str, Any]) -> Summary:
        summary, rows = self.summary, manifest["files"]
        summary.cases, summary.reviews = rows["cases.parquet"]["rows"], rows["reviews.parquet"]["rows"]
        summary.contacts = manifest.get("contacts_by_degree", {})
        summary.transfers = manifest.get("transfers", {})
        summary.digest, summary.snapshot = manifest["digest"], manifest["snapshot"]
        summary.unknown_fields = manifest["unknown_fields"]
        return summary
