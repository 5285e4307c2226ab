"""Metrics: what a worker counts, in one table, as Prometheus reads it.

In: what the intake and the writer tell of their work. Out: the page /metrics, and the departments of /status.
Invariant: a label is a source, part, department, reason, kind or degree, never a value of a record; a metric stands in
`METRICS` once, and ops/ may ask for no other.
Deliberately absent: thresholds and panels (ops/), and sums over workers; whoever scrapes them adds up.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

from schemas.decode import Reject
from schemas.departments import DEPARTMENTS, sources
from schemas.events import EVENT_KINDS
from schemas.keys import Ints
from schemas.topics import FACTS
from streams.service.figures import Figures, Metric, Pace, Recent

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""The oldest form of the page, which every Prometheus reads; our names need no newer one."""
INTAKE, WRITER = ("intake",), ("writer",)
ROLES = (*INTAKE, *WRITER)
_WORK_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_DELAY_S = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 7200.0)
_HOURS = (0, 1 / 60, 1 / 12, 1 / 4, 1, 3, 6, 12, 24, 48, 72, 168, 336)
_LATENESS_S = tuple(round(hours * 3_600.0) for hours in _HOURS)
_HOP_BYTES = tuple(float(1 << power) for power in range(10, 25, 2))
_PART, _REASON = ("source", "part"), ("department", "reason")
METRICS = (
    Metric("kuancheng_process_info", "gauge", "1, with what this worker is", ("role", "index"), ROLES),
    Metric("kuancheng_assigned_parts", "gauge", "partitions that this worker reads", ("source",), ROLES),
    Metric("kuancheng_lag_records", "gauge", "records in the broker that were not read yet", _PART, ROLES),
    Metric("kuancheng_gap_records_total", "counter", "offsets gone before they were read", _PART, ROLES),
    Metric("kuancheng_waiting_hops", "gauge", "chunks that were fetched and not taken yet", (), ROLES),
    Metric("kuancheng_waiting_bytes", "gauge", "their bytes", (), ROLES),
    Metric("kuancheng_disk_free_bytes", "gauge", "free bytes of the disk that holds the lake", (), ROLES),
    Metric("kuancheng_disk_size_bytes", "gauge", "all bytes of the disk that holds the lake", (), ROLES),
    Metric("kuancheng_intake_records_total", "counter", "lines read, repeated ones too", ("source",), INTAKE),
    Metric("kuancheng_intake_rejects_total", "counter", "lines refused, repeated ones too", _REASON, INTAKE),
    Metric("kuancheng_intake_chunk_seconds", "histogram", "time that a chunk took", ("department",), INTAKE, _WORK_S),
    Metric("kuancheng_hop_bytes", "histogram", "sizes of the messages to the writer", (), INTAKE, _HOP_BYTES),
    Metric("kuancheng_records_total", "counter", "lines committed, refused ones too, each once", ("source",), WRITER),
    Metric("kuancheng_rejects_total", "counter", "refused lines committed, each once", _REASON, WRITER),
    Metric("kuancheng_repeated_records_total", "counter", "lines that came again and were dropped", (), WRITER),
    Metric("kuancheng_events_total", "counter", "events committed", ("kind",), WRITER),
    Metric("kuancheng_delay_seconds", "histogram", "from a record in its topic to its commit", (), WRITER, _DELAY_S),
    Metric("kuancheng_lateness_seconds", "histogram", "from what happened to its record in its topic",
           ("department",), WRITER, _LATENESS_S),
    Metric("kuancheng_step_seconds", "histogram", "time of a step of the brain", (), WRITER, _WORK_S),
    Metric("kuancheng_commit_seconds", "histogram", "time of a transaction of the lake", (), WRITER, _WORK_S),
    Metric("kuancheng_publish_seconds", "histogram", "time of a snapshot", (), WRITER, _WORK_S),
    Metric("kuancheng_committed_timestamp_seconds", "gauge", "last commit; the start until there is one", (), WRITER),
    Metric("kuancheng_published_timestamp_seconds", "gauge", "last snapshot; the start until there is one", (), WRITER),
    Metric("kuancheng_snapshot", "gauge", "number of the last snapshot", (), WRITER),
    Metric("kuancheng_cases", "gauge", "cases in the last snapshot", (), WRITER),
    Metric("kuancheng_contacts", "gauge", "contacts in the last snapshot", ("degree",), WRITER),
    Metric("kuancheng_reviews", "gauge", "reviews for a human in the last snapshot", (), WRITER),
    Metric("kuancheng_transfers", "gauge", "ways in the last snapshot", ("purpose", "state"), WRITER),
    Metric("kuancheng_transfers_late", "gauge", "of these, past their deadline and not there yet", (), WRITER),
    Metric("kuancheng_transfer_delay_seconds", "histogram", "L3: from a record in its topic to the commit of a way "
           "that it changed", (), WRITER, _DELAY_S),
    Metric("kuancheng_admission_seconds", "gauge", "L4: from what made a transfer needed to the admission, of those in "
           "the last snapshot, by event time", ("purpose", "quantile"), WRITER),
    Metric("kuancheng_restored_records", "gauge", "records read back from the lake at the start", (), WRITER),
    Metric("kuancheng_restore_seconds", "gauge", "time that took", (), WRITER),
)  # fmt: skip


def source_of(part: str) -> str:
    """The source of a part: `health.nat_result` of `src.health.nat_result@3`."""
    return part.split("@")[0].removeprefix("src.")


def department_of(source: str) -> str:
    return source.split(".")[0]


class Meter:
    """The figures of one worker. Every method may be called from any thread; `clock` counts seconds."""

    def __init__(self, role: str, index: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._sources = {"intake": tuple(sources()), "writer": (FACTS,)}[role]
        known = {"source": tuple(sources()), "department": tuple(DEPARTMENTS), "kind": EVENT_KINDS}
        self._figures = Figures([metric for metric in METRICS if role in metric.roles], known)
        self.registry = CollectorRegistry()
        self.registry.register(self._figures)
        ProcessCollector(registry=self.registry)
        self._figures.set("kuancheng_process_info", 1, role, str(index))
        self.assigned(())
        if role in WRITER:
            self._now("kuancheng_committed_timestamp_seconds")
            self._now("kuancheng_published_timestamp_seconds")
        self._folder: Path | None = None
        self._lock, self._clock = threading.Lock(), clock
        self._pace = {name: Pace(clock()) for name in DEPARTMENTS}
        self._lateness = {name: Recent() for name in DEPARTMENTS}
        self._read: Counter[str] = Counter()
        self._rejected: dict[str, Counter[str]] = {name: Counter() for name in DEPARTMENTS}

    def _now(self, name: str) -> None:
        self._figures.set(name, time.time())

    def chunk(self, source: str, records: int, rejects: Sequence[Reject], seconds: float) -> None:
        """The intake read a chunk."""
        department = department_of(source)
        self._figures.add("kuancheng_intake_records_total", records, source)
        for reason, count in Counter(reject.reason for reject in rejects).items():
            self._figures.add("kuancheng_intake_rejects_total", count, department, reason)
        self._figures.spread("kuancheng_intake_chunk_seconds", [seconds], department)

    def hop(self, size_bytes: int) -> None:
        """The intake made a message for the writer."""
        self._figures.spread("kuancheng_hop_bytes", [size_bytes])

    def repeated(self, records: int) -> None:
        """The writer dropped lines that the lake has already."""
        self._figures.add("kuancheng_repeated_records_total", records)

    def committed(
        self,
        sources: Mapping[str, int],
        lateness_ms: Mapping[str, Ints],
        delay_s: Sequence[float],
        step_s: float,
        commit_s: float,
        events: Mapping[str, int],
        rejects: Mapping[tuple[str, str], int],
    ) -> None:
        """The writer committed. `sources`: lines of each; `lateness_ms`: of the records of each department; `delay_s`:
        from each chunk's first record in its topic until now; `rejects`: by department and reason."""
        figures, now = self._figures, self._clock()
        for source, count in sources.items():
            figures.add("kuancheng_records_total", count, source)
        for department, late_ms in lateness_ms.items():
            figures.spread("kuancheng_lateness_seconds", late_ms / 1000, department)
        for (department, reason), count in rejects.items():
            figures.add("kuancheng_rejects_total", count, department, reason)
        for kind, count in events.items():
            figures.add("kuancheng_events_total", count, kind)
        figures.spread("kuancheng_delay_seconds", delay_s)
        if events.get("transfer_changed"):
            figures.spread("kuancheng_transfer_delay_seconds", delay_s)
        figures.spread("kuancheng_step_seconds", [step_s])
        figures.spread("kuancheng_commit_seconds", [commit_s])
        self._now("kuancheng_committed_timestamp_seconds")
        with self._lock:
            for source, count in sources.items():
                self._read[department_of(source)] += count
                self._pace[department_of(source)].add(now, count)
            for department, late_ms in lateness_ms.items():
                self._lateness[department].add(late_ms / 1000)
            for (department, reason), count in rejects.items():
                self._rejected[department][reason] += count

    def published(self, seconds: float, snapshot: int) -> None:
        """The writer published a snapshot."""
        self._figures.spread("kuancheng_publish_seconds", [seconds])
        self._figures.set("kuancheng_snapshot", snapshot)
        self._now("kuancheng_published_timestamp_seconds")

    def stands(self, cases: int, contacts: Mapping[str, int], reviews: int) -> None:
        """What the last snapshot holds. `contacts`: by degree."""
        self._figures.set("kuancheng_cases", cases)
        self._figures.set("kuancheng_reviews", reviews)
        self._figures.replace("kuancheng_contacts", {(degree,): float(n) for degree, n in contacts.items()})

    def carries(self, transfers: Mapping[str, Any]) -> None:
        """What the last snapshot holds of transfers (sinks/transfer_counts.py); nothing while there is none."""
        if not transfers:
            return
        self._figures.set("kuancheng_transfers_late", transfers["late"])
        for name, by in (("kuancheng_transfers", "states"), ("kuancheng_admission_seconds", "admitted_s")):
            found: dict[tuple[str, ...], float] = {
                (to, at): float(n) for to, ways in transfers[by].items() for at, n in ways.items()
            }
            self._figures.replace(name, found)

    def assigned(self, parts: Sequence[str]) -> None:
        """These parts, and no others, are this worker's; the lag of a part that went to another is no longer told."""
        counts = Counter(map(source_of, parts))
        reads = (*self._sources, *counts)
        self._figures.replace("kuancheng_assigned_parts", {(source,): float(counts[source]) for source in reads})
        self._figures.keep("kuancheng_lag_records", "part", parts)

    def lag(self, part: str, records: int) -> None:
        """Records of a part that wait in the broker."""
        self._figures.set("kuancheng_lag_records", records, source_of(part), part)

    def waiting(self, hops: int, bytes: int) -> None:
        """What was fetched and waits here."""
        self._figures.set("kuancheng_waiting_hops", hops)
        self._figures.set("kuancheng_waiting_bytes", bytes)

    def restored(self, records: int, seconds: float) -> None:
        """What was read back from the lake at the start."""
        self._figures.set("kuancheng_restored_records", records)
        self._figures.set("kuancheng_restore_seconds", seconds)

    def gap(self, part: str, records: int) -> None:
        """Offsets of a part were gone before they were read."""
        self._figures.add("kuancheng_gap_records_total", records, source_of(part), part)

    def disk(self, folder: Path) -> None:
        """From now on the disk of this folder is told of."""
        self._folder = folder

    def render(self) -> tuple[bytes, str]:
        """The page, and its type."""
        if self._folder is not None:
            usage = shutil.disk_usage(self._folder)
            self._figures.set("kuancheng_disk_free_bytes", usage.free)
            self._figures.set("kuancheng_disk_size_bytes", usage.total)
        return generate_latest(self.registry), CONTENT_TYPE

    def departments(self) -> dict[str, dict[str, Any]]:
        """Of each department what was committed since the start: lines, refused ones by reason, lines per second of
        the last minute, and how late the latest records came (a sample)."""
        with self._lock:
            return {name: self._department(name, self._clock()) for name in DEPARTMENTS}

    def _department(self, name: str, now: float) -> dict[str, Any]:
        p50, p95 = self._lateness[name].quantiles(0.5, 0.95)
        return {
            "read": self._read[name],
            "rejected": dict(sorted(self._rejected[name].items())),
            "rate_per_s": self._pace[name].per_s(now),
            "lateness_s_p50": p50,
            "lateness_s_p95": p95,
        }
