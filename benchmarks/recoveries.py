"""Recoveries: an engine that is killed with signal 9 in the middle of a day, and the new one that reads on.

In: a lake that nobody has open, the files of the next day, what an undisturbed engine came to with them. Out: seconds
until the new process has read on, and whether it came to the same.
Invariant: the kill is the kernel's, with records taken and not committed; the lake of the run that goes on stays as it
is.
Deliberately absent: kills within a commit or a publication, and workers of the service (tests).
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.workers import Row, memory
from streams.embedded import COMMIT_RECORDS, Embedded
from streams.opening import open_lake
from streams.records import CHUNK_LINES, Part, Reader

Meddle = Callable[[Path], None]
"""Told the lake of the killed engine before the new one starts."""


def branch(lake: Path, copy: Path) -> float:
    """The lake as it is now, to be written to by somebody else. Parquet never changes once it is named, so that it is
    linked; databases and their logs are copied. The engine that has it open must be idle. Units: seconds it took."""
    began = time.perf_counter()

    def linked_or_copied(source: str, target: str) -> None:
        (os.link if source.endswith(".parquet") else shutil.copy2)(source, target)

    shutil.copytree(lake, copy, symlinks=True, copy_function=linked_or_copied)
    return time.perf_counter() - began


def holding(lake: Path) -> Row:
    """How many records a published lake has, and a sum over them that does not ask for their order: one that is lost,
    doubled or another changes it."""
    files = [*(lake / "facts" / "records").glob("*.parquet"), *(lake / "current" / "tail").glob("records.parquet")]
    each = 'hash(part, "offset", rec, version, withdrawn, digest)::HUGEINT'
    question = f"SELECT count(*), sum({each}) FROM read_parquet(?)"
    with duckdb.connect() as connection:
        found = connection.execute(question, [[str(path) for path in files]]).fetchone()
    assert found is not None
    return {"records": int(found[0]), "sum": str(found[1])}


def recover(
    lake: Path, key: Path, pack: str, parts: list[Part], expected: Row, meddle: Meddle = lambda _lake: None
) -> Row:
    """Has an engine read half of the parts into the lake and be killed, and another read the rest. `expected`: `digest`
    and `holding` of one that read them undisturbed. Units: seconds from the start of the new process; `committed_s`:
    until records that it read itself are durable."""
    half = sum(_lines(part) for part in parts) // 2
    killed, code, _ = _child(_die_midway, lake, key, pack, parts, half)
    meddle(lake)
    told, again, ended = _child(_read_on, lake, key, pack, parts, half)
    row: Row = {"killed": killed.get("killed", {}), "signal": -code, **told.get("ready", {}), **told.get("done", {})}
    row |= {f"{step}_s": said["at_s"] for step, said in told.items() if "at_s" in said}
    row |= {"holding": holding(lake) if again == 0 else {}, "process_s": ended}
    return row | {"void": complaint(row, again, expected)}


def complaint(row: Row, code: int, expected: Row) -> str:
    """Why the figures of a recovery do not count; empty if they do."""
    if row["signal"] != signal.SIGKILL or not row["killed"]:
        return f"the engine was not killed in the middle of reading: signal {row['signal']}"
    if code != 0:
        return f"the new engine did not come to its end: exit {code}"
    if row["troubles"]:
        return f"the new engine met troubles: {row['troubles'][0]}"
    if row["holding"] != expected["holding"]:
        lost = expected["holding"]["records"] - row["holding"]["records"]
        return f"records were lost, doubled or changed: {lost:,} fewer than undisturbed"
    return "" if row["digest"] == expected["digest"] else "the digest is another than that of an undisturbed engine"


def _child(work: Callable[..., None], *arguments: Any) -> tuple[dict[str, Row], int, float]:
    """Runs `work(pipe, *arguments)` in a new process to its end: what it said by name, its exit code (minus the signal
    that killed it), and how long it lived. `at_s` of what it said: since its start."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=work, args=(theirs, *arguments))
    began, said = time.perf_counter(), dict[str, Row]()
    process.start()
    theirs.close()
    try:
        while True:
            name, row = ours.recv()
            said[name] = row | {"at_s": time.perf_counter() - began}
    except EOFError:
        process.join()
    except BaseException:
        process.kill()
        raise
    finally:
        ours.close()
    return said, process.exitcode or 0, time.perf_counter() - began


def _lines(part: Part) -> int:
    with part.path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


def _sizes(half: int) -> tuple[int, int]:
    """Records of a commit and lines of a chunk: the product's own, or as many fewer as little input asks for."""
    return min(COMMIT_RECORDS, max(half // 3, 1)), min(CHUNK_LINES, max(half // 10, 1))


def _die_midway(pipe: Connection, lake: Path, key: Path, pack: str, parts: list[Part], half: int) -> None:
    commit, chunk = _sizes(half)
    with open_lake(lake, key, pack) as opened:
        embedded = Embedded(opened.lake, opened.key, opened.packs, commit)
        engine = embedded.engine

        def progress(_bytes: int, _part: str) -> None:
            taken, pending = engine.summary.read.total(), engine.pending_lines
            if taken >= half and 0 < pending < taken:
                pipe.send(("killed", {"taken": taken, "committed": taken - pending}))
                os.kill(os.getpid(), signal.SIGKILL)

        embedded.read(Reader(parts, engine.lake.progress()), progress, chunk)


def _read_on(pipe: Connection, lake: Path, key: Path, pack: str, parts: list[Part], half: int) -> None:
    commit, chunk = _sizes(half)
    with open_lake(lake, key, pack) as opened:
        embedded = Embedded(opened.lake, opened.key, opened.packs, commit)
        engine, said = embedded.engine, set[str]()

        def say(name: str, row: Row) -> None:
            if name not in said:
                said.add(name)
                pipe.send((name, row))

        def progress(_bytes: int, _part: str) -> None:
            say("read_on", {})
            if engine.pending_lines < engine.summary.read.total():
                say("committed", {})

        say("ready", {"restored": engine.summary.restored, "ready_processor_s": time.process_time(), **memory()})
        embedded.read(Reader(parts, engine.lake.progress()), progress, chunk)
        say("read_on", {})
        say("committed", {})
        summary = engine.publish()
        read = {"read": summary.read.total(), "digest": summary.digest, "troubles": summary.troubles}
        say("done", read | {"peak_mib": memory()["peak_mib"]})
