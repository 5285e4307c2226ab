"""Workers: what is measured runs in a process of its own: one that writes a drill, one that is the engine.

In: a plan and a folder; a lake and the parts to read. Out: seconds and memory, over a pipe.
Invariant: a process is asked for one thing at a time, so that nothing measured runs beside what measures.
Deliberately absent: what is played and compared (day.py, days.py).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from replay.plan import Plan
from replay.play import write_drill
from streams.embedded import Embedded
from streams.opening import open_lake
from streams.records import Part, Reader

Row = dict[str, Any]


@contextmanager
def apart(work: Callable[..., None], *arguments: Any) -> Iterator[Connection]:
    """Runs `work(pipe, *arguments)` in a new process; our end of the pipe. Errors: EOFError from its `recv` when the
    process has failed, which has then said why on standard error."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=work, args=(theirs, *arguments))
    process.start()
    theirs.close()
    try:
        yield ours
    except BaseException:
        process.terminate()
        raise
    finally:
        ours.close()
        process.join()


def memory() -> Row:
    """Memory of this process now, and the most it has held. Units: MiB."""
    told = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return {
        "resident_mib": int(told["VmRSS"].split()[0]) // 1024,
        "peak_mib": int(told["VmHWM"].split()[0]) // 1024,
    }


def write(pipe: Connection, plan: Plan, folder: Path) -> None:
    """Writes a drill; tells each day when it is written, waits to be asked for the next; at last tells the whole."""
    days, since = [0.0] * plan.days, [time.perf_counter()]

    def progress(number: int, step: str, _share: float) -> None:
        if step == "city" and number == 0:
            days[0] = time.perf_counter()
        if step == "done":
            now = time.perf_counter()
            pipe.send({"registers_s": days[0] - since[0], "day_s": now - max(since[-1], days[0]), **memory()})
            try:
                pipe.recv()
            except EOFError:  # nobody wants another day
                raise SystemExit from None
            since.append(time.perf_counter())

    played = write_drill(plan, folder, None, progress)
    files = "\n".join(f"{name} {digest}" for name, digest in sorted(played.sha256.items()))
    pipe.send({"records": played.records, "sha256": sha256(files.encode()).hexdigest(), **memory()})


def written(plan: Plan, folder: Path) -> Row:
    """Writes a drill in a process that is gone afterwards; what it tells of the whole."""
    with apart(write, plan, folder) as writer:
        for _ in range(plan.days):
            writer.recv()
            writer.send(None)
        whole: Row = writer.recv()
    return whole


def read(pipe: Connection, lake: Path, key: Path, pack: str) -> None:
    """An engine: opens the lake and tells what that took; then reads the parts it is sent, until it is sent None."""
    began, processor = time.perf_counter(), time.process_time()
    with open_lake(lake, key, pack, may_create=True) as opened:
        engine = Embedded(opened.lake, opened.key, opened.packs)
        pipe.send({
            "restore_s": time.perf_counter() - began, "restored": engine.engine.summary.restored,
            "restore_processor_s": time.process_time() - processor, **memory(),
        })  # fmt: skip
        while (parts := pipe.recv()) is not None:
            pipe.send(_delivered(engine, parts) | {"lake_mib": _size(lake) >> 20})


def _delivered(engine: Embedded, parts: list[Part]) -> Row:
    """What it took to read some parts and to publish what follows. Units: seconds by step; `publish`: the views drawn
    up by the brain and written as a snapshot."""
    summary, lines = engine.engine.summary, engine.engine.summary.read.total()
    before, rejected = dict(summary.seconds), summary.rejected.total()
    began, processor = time.perf_counter(), time.process_time()
    engine.read(Reader(parts, engine.engine.lake.progress()))
    steps = {step: summary.seconds[step] - before[step] for step in ("read", "brain", "lake")}
    published = time.perf_counter()
    engine.engine.publish()
    now = time.perf_counter()
    return {
        "records": summary.read.total() - lines, "rejected": summary.rejected.total() - rejected,
        "whole_s": now - began, "processor_s": time.process_time() - processor,
        "steps_s": steps | {"publish": now - published},
        "cases": summary.cases, "contacts": summary.contacts, "reviews": summary.reviews, "digest": summary.digest,
        **memory(),
    }  # fmt: skip


def _size(folder: Path) -> int:
    """Bytes of all files below, each once."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
