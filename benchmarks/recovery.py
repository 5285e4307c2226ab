"""Recovery: a killed writer until it works again, and how much memory a burst takes that comes while it is away.

In: a broker, a history, a burst. Out: seconds to each step of the way back; of each process how much
may wait in it, and its memory at the peak.
Invariant: nothing is lost: the end is measured when the lake has every record that was sent.
Deliberately absent: the time until somebody notices; the supervisor starts a worker again within 0.2 s.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.bench import Bench, Row
from benchmarks.figures import Figures
from benchmarks.installation import Installation
from benchmarks.million import Million
from benchmarks.plots import bars
from benchmarks.traffic import KEY
from streams.records import Chunk, Reader, find_parts
from streams.service.broker import LocalBroker
from streams.service.produce import publish_at_once
from streams.service.topics import ensure_topics

SIZES = {"full": 500_000, "quick": 50_000, "tiny": 1_000}
"""Presences of the history, and of the burst."""
_STEPS = {"ready_s": "ready", "first_commit_s": "first commit", "caught_up_s": "caught up"}
_SEEDS = (1, 2)


def measure(size: str, bench: Bench) -> Row:
    bench.tell(f"{SIZES[size]:,} presences as history, as many again as the burst")
    found = recovery(bench.broker, bench.scratch, SIZES[size], bench.prefix)
    return {"name": "recovery", "seeds": [*_SEEDS], "repeats": 1, "digest": "", "void": "", **found}


def figures(report: Row) -> list[Figures]:
    head = ["history", "burst", *(f"{told}, s" for told in _STEPS.values())]
    row = [f"{report[name]:,}" for name in ("history", "burst", *_STEPS)]
    for name, peak in report["peak_mib"].items():
        head.append(f"{name}: may wait / peak, MiB")
        row.append(f"{report['waiting_mib'][name]:,.0f} / {peak:,.0f}")
    title = "The writer killed with signal 9, a burst while it is away, the writer started again"
    return [Figures(title, tuple(head), [tuple(row)])]


def plot(report: Row) -> str:
    values = {told: (report[name],) * 3 for name, told in _STEPS.items()}
    return bars(f"A killed writer's way back, behind a burst of {report['burst']:,} records", "s", values)


def recovery(broker: LocalBroker, folder: Path, presences: int, prefix: str) -> dict[str, Any]:
    """`presences` rides and what belongs to them as history; as many again as the burst that comes in one go while the
    writer is dead."""
    Million(presences, presences // 5, 20, _SEEDS[0]).write(folder / "history")
    Million(presences, presences // 5, 20, _SEEDS[1]).write(folder / "burst")
    with Installation(broker, folder / "service", KEY, prefix=prefix) as service:
        asyncio.run(ensure_topics(service.settings))
        service.start("writer", "intake-1")
        before = sent = _publish(service, Reader(find_parts(folder / "history"), {}).chunks())
        service.until_processed(sent, 900)
        service.kill("writer")
        sent += _publish(service, Reader(find_parts(folder / "burst"), {}).chunks())
        began_s = time.monotonic()
        service.start("writer")
        service.until(lambda: service.ready("writer"), 300, "ready")
        ready_s = time.monotonic() - began_s
        service.until(lambda: service.read() > before, 300, "first commit")
        working_s = time.monotonic() - began_s
        service.until(lambda: service.read() >= sent, 900, "caught up")
        whole_s = time.monotonic() - began_s
        peak = {name: service.peak_mib(name) for name in ("writer", "intake-1")}
        waiting = service.settings.waiting_bytes / (1 << 20)
        service.stop()
    return {
        "history": before, "burst": sent - before, "ready_s": round(ready_s, 2), "first_commit_s": round(working_s, 2),
        "caught_up_s": round(whole_s, 2), "peak_mib": peak,
        "waiting_mib": {"writer": waiting, "intake-1": waiting / 4},
    }  # fmt: skip


def _publish(service: Installation, chunks: Iterator[Chunk]) -> int:
    told = asyncio.run(publish_at_once(service.settings, chunks, lambda _: None, asyncio.Event()))
    return told.records.total()
