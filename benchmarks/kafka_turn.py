"""Kafka turn: one installation takes in a day that becomes readable at once, then the floor reads the same topics.

In: a broker, registers read into a lake, the day's parts. Out: a row for each side: seconds, memory, steps, the digest.
Invariant: the sides do not run beside each other; both read the same offsets of the same topics.
Deliberately absent: which turns there are, and what they say together (kafka_day.py).
"""

from __future__ import annotations

import asyncio
import shutil
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.at_once import publish_at_once
from benchmarks.bench import Row
from benchmarks.flames import Flames
from benchmarks.floor import floor
from benchmarks.installation import Installation
from benchmarks.processes import Span
from benchmarks.workers import apart
from schemas.keys import Key
from schemas.topics import source_topic
from streams.records import Part
from streams.service.broker import LocalBroker
from streams.service.produce import source_partitions
from streams.service.security import client_options
from streams.service.topics import ensure_topics

KEY = Key("bench", bytes(range(32)))
_PATIENCE_S = 1800.0
_ASK_EVERY_S = 0.5
_STEPS = {
    "intake": {"read": "kuancheng_intake_chunk_seconds"},
    "writer": {
        "brain": "kuancheng_step_seconds", "lake": "kuancheng_commit_seconds", "publish": "kuancheng_publish_seconds",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Day:
    """What every turn takes in. `registers`: a lake that has the registers, of KEY; it is copied."""

    broker: LocalBroker
    scratch: Path
    pack: str
    registers: Path
    parts: list[Part]
    partitions: int = 4

    def installation(self, prefix: str) -> Installation:
        """A workers' place of its own. Filling may take long; the watchdog shall not take it for a standstill."""
        made = Installation(
            self.broker, self.scratch / prefix, KEY, prefix=prefix, pack=self.pack, watchdog_s=_PATIENCE_S,
            partitions=self.partitions,
        )  # fmt: skip
        asyncio.run(ensure_topics(made.settings))
        return made


def service_turn(day: Day, service: Installation, intakes: int, flames: Flames | None = None) -> Row:
    """The day through the workers. Units: `wall_s` until the lake has every record, `published_s` until a snapshot
    shows them all; processor time until then; seconds of `steps` by process. With `flames` its times mean nothing."""
    shutil.copytree(day.registers, service.lake, symlinks=True)
    names = ["writer", *(f"intake-{number}" for number in range(1, intakes + 1))]
    every = sum(asyncio.run(source_partitions(service.settings)).values())
    service.start(*names)
    service.until(lambda: all(map(service.ready, names)) and _assigned(service, names, every), _PATIENCE_S, "ready")
    pids = {"broker": day.broker.pid or 0} | {name: service.processes[name].pid for name in names}
    found: dict[str, Any] = {}

    def ready() -> None:
        if flames is not None:
            flames.start({"writer": pids["writer"], "intake": pids["intake-1"]})
        found["steps"] = {name: _steps(service, name) for name in names}
        found["span"], found["began"] = Span(pids), time.time()

    written = asyncio.run(publish_at_once(service.settings, day.parts, ready))
    told = _until_in_lake(service, written)
    processes = found["span"].spent()
    pictures = flames.stop() if flames is not None else []
    for name in names:
        before = found["steps"][name]
        processes[name]["steps"] = {step: round(s - before[step], 3) for step, s in _steps(service, name).items()}
    return {
        "records": sum(written.values()), "intakes": intakes, "wall_s": told["committed_at_ms"] / 1000 - found["began"],
        "published_s": told["published_at_ms"] / 1000 - found["began"], "processes": processes,
        "digest": told["digest"], "flames": pictures,
        "cpu_s": round(sum(row["cpu_s"] for row in processes.values()), 2),
    }  # fmt: skip


def floor_turn(day: Day, service: Installation, records: int) -> Row:
    """The same topics into a plain DuckDB file, by a process that is gone afterwards."""
    settings, path = service.settings, service.folder / "floor.duckdb"
    partitions = asyncio.run(source_partitions(settings))
    read = {settings.prefix + source_topic(source): source for source in partitions}
    starts = {(topic, number): 0 for topic, source in read.items() for number in range(partitions[source])}
    path.unlink(missing_ok=True)
    with apart(floor, client_options(settings), read, starts, records, path) as reader:
        pids = {"broker": day.broker.pid or 0, "floor": reader.recv()}
        span = Span(pids)
        reader.send(None)
        row: Row = reader.recv()
        processes = span.spent()
        reader.send(None)
    path.unlink()
    processes["floor"]["steps"] = {step: round(s, 3) for step, s in row.pop("seconds").items()}
    return row | {
        "records": records, "processes": processes, "cpu_s": round(sum(p["cpu_s"] for p in processes.values()), 2)
    }


def _assigned(service: Installation, names: list[str], every: int) -> bool:
    """Whether every intake worker has partitions, and together they have all: `every`, of all sources."""
    held = [len(service.status(name).get("assigned", ())) for name in names if name != "writer"]
    return all(held) and sum(held) == every


def _until_in_lake(service: Installation, wanted: dict[str, int]) -> Row:
    """The writer's status once the lake has all, and a snapshot shows it. Asked rarely: answering costs the writer."""
    told: Row = {}

    def reached() -> bool:
        time.sleep(_ASK_EVERY_S)
        told.update(service.status())
        progress = told.get("progress", {})
        return not told.get("dirty", True) and all(progress.get(part, 0) >= end for part, end in wanted.items())

    service.until(reached, _PATIENCE_S, "all in the lake")
    return told


def _steps(service: Installation, name: str) -> dict[str, float]:
    """Seconds that a worker has spent on each step since it started, as it tells them to Prometheus."""
    page = f"http://127.0.0.1:{service.ports[name]}/metrics"
    with urllib.request.urlopen(page, timeout=30) as answer:
        lines = [line.rpartition(" ") for line in answer.read().decode().splitlines() if not line.startswith("#")]
    return {
        step: sum(float(value) for named, _, value in lines if named.split("{")[0] == f"{metric}_sum")
        for step, metric in _STEPS[name.split("-")[0]].items()
    }
