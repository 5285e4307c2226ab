"""Intakes: one, two, three intake workers before the one writer, over the same records on a real broker.

In: numbers of workers, a day, a broker. Out: records a second, and processor time of every process.
Invariant: registers are read before the clock starts; each installation comes to the embedded engine's digest, or its
figures are void.
Deliberately absent: more than one machine, and more than one writer.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.day import plan_of
from benchmarks.days import parts_of
from benchmarks.installation import Installation
from benchmarks.processes import Span
from benchmarks.workers import Row, apart, read, written
from replay.play import day_name
from replay.sheets import REGISTERS_DAY
from schemas.keys import Key
from streams.records import Part, Reader
from streams.service.produce import publish_at_once
from streams.service.topics import ensure_topics

PARTITIONS = 6
"""Of each source: as many for each of one, two or three workers."""
_PATIENCE_S = 1800.0
_NAMES = ("records_per_s", "records_per_cpu_s", "intake_us", "writer_us", "broker_us", "writer_share", "cores")


def intakes(numbers: tuple[int, ...], residents: int, repeats: int, scratch: Path, key: Key, bench: Bench) -> Row:
    """A row for each number of workers. Units: records a second and a second of processor time of intake and writer; µs
    of processor time a record; `writer_share`: of the clock that the writer was at work; `cores`: at work, the mean."""
    folder = scratch / "intakes"
    folder.mkdir()
    plan, records = plan_of(residents), folder / "records"
    written(plan, records)
    registers, day = (parts_of(records, day_name(plan.first_day, number)) for number in (REGISTERS_DAY, 0))
    (folder / "key.json").write_text(key.to_json())
    with apart(read, folder / "lake", folder / "key.json", plan.pack) as engine:
        engine.recv()
        engine.send([*registers, *day])
        digest = engine.recv()["digest"]
        engine.send(None)
    rows = []
    for workers in numbers:
        runs = []
        for turn in range(repeats):
            prefix = f"{bench.prefix}s{workers}.{turn}."
            runs.append(_run(workers, registers, day, folder / prefix, key, bench, prefix))
            bench.tell(f"{workers} intake workers: {runs[-1]['records_per_s']:,.0f} records/s")
        same = {run["digest"] for run in runs} == {digest}
        rows.append({"workers": workers, "void": "" if same else "digests differ", **_spread(runs), "runs": runs})
    void = "; ".join(f"{row['workers']} workers: {row['void']}" for row in rows if row["void"])
    return {"residents": residents, "repeats": repeats, "digest": digest, "void": void, "rows": rows}


def _run(
    workers: int, registers: list[Part], day: list[Part], folder: Path, key: Key, bench: Bench, prefix: str
) -> Row:
    names = [f"intake-{n + 1}" for n in range(workers)]
    with Installation(bench.broker, folder, key, prefix=prefix, partitions=PARTITIONS) as service:
        asyncio.run(ensure_topics(service.settings))
        service.start("writer", *names)
        service.until(lambda: all(service.status(name).get("assigned") for name in names), 90, "all have partitions")
        before = _publish(service, registers)
        service.until_processed(before, _PATIENCE_S)
        pids = {name: process.pid for name, process in service.processes.items()}
        span, began = Span(pids | {"broker": bench.broker.pid or 0}), time.perf_counter()
        sent = _publish(service, day)
        service.until(lambda: service.read() >= before + sent, _PATIENCE_S, "all read")
        wall_s, spent = time.perf_counter() - began, span.spent()
        digest = service.until_processed(before + sent, _PATIENCE_S)["digest"]
        service.stop()
    intake_s = sum(spent[name]["cpu_s"] for name in names)
    writer_s, broker_s = spent["writer"]["cpu_s"], spent["broker"]["cpu_s"]
    return {
        "records": sent, "wall_s": wall_s, "digest": digest, "spent": spent, "records_per_s": sent / wall_s,
        "records_per_cpu_s": sent / max(intake_s + writer_s, 0.01), "intake_us": intake_s / sent * 1e6,
        "writer_us": writer_s / sent * 1e6, "broker_us": broker_s / sent * 1e6, "writer_share": writer_s / wall_s,
        "cores": sum(each["cpu_s"] for each in spent.values()) / wall_s,
    }  # fmt: skip


def _publish(service: Installation, parts: list[Part]) -> int:
    chunks = Reader(parts, {}).chunks()
    return asyncio.run(publish_at_once(service.settings, chunks, lambda _: None, asyncio.Event())).records.total()


def _spread(runs: list[Row]) -> Row:
    columns = {name: [float(run[name]) for run in runs] for name in _NAMES}
    return {n: {"min": min(v), "median": statistics.median(v), "max": max(v)} for n, v in columns.items()}
