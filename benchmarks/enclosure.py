"""Enclosure: one benchmark in a process and session of its own.

In: the benchmark's module, a size, folders. Out: its lines of progress as they come, and its tables at the end.
Invariant: whatever becomes of a benchmark, nothing that it started goes on, but for the broker that the run shares; the
memory of one is not counted to the next.
Deliberately absent: what to do about one that failed (__main__.py).
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.figures import Figures
from benchmarks.report import measured, void_of, words_of, write
from streams.service.cluster import quiet_clients

_END_S = 40.0
"""For an installation to be asked to stop, and to remove its topics."""


@dataclass(frozen=True)
class Task:
    """What is to be measured where. `kafka`: the folder of the broker that the run shares."""

    name: str
    module: str
    size: str
    scratch: Path
    kafka: Path
    results: Path


@dataclass(frozen=True)
class Found:
    """What is shown of a report."""

    void: str
    words: str
    tables: list[Figures]


def enclosed(task: Task, tell: Callable[[str], None]) -> Found | None:
    """What a benchmark found, whose files are written; None when it failed, which has then said why on standard error.
    Errors: KeyboardInterrupt, when the benchmark has ended."""
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(theirs, task), name=task.name)
    process.start()
    theirs.close()
    found: Found | None = None
    try:
        while found is None:
            told = ours.recv()
            if isinstance(told, str):
                tell(told)
            else:
                found = told
    except EOFError:
        pass
    except KeyboardInterrupt:
        tell("being stopped")
        _interrupt(process.pid)
        raise
    finally:
        process.join(_END_S)
        _end_session(process.pid)
        process.join()
        ours.close()
    return found


def _interrupt(pid: int | None) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid or 0, signal.SIGINT)


def _end_session(pid: int | None) -> None:
    """The benchmark, should it not end, and what it left behind."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid or 0, signal.SIGKILL)


def _work(pipe: Connection, task: Task) -> None:
    os.setsid()  # a Ctrl-C reaches whoever reads the pipe alone, and no process that is being measured
    signal.signal(signal.SIGINT, signal.default_int_handler)
    task.scratch.mkdir(parents=True)
    bench = Bench(task.scratch, pipe.send, f"{task.name}.", kafka=task.kafka)
    try:
        module = import_module(task.module)
        with quiet_clients():
            report = measured(module, task.name, task.size, bench)
        tables = write(module, report, task.results)
        pipe.send(Found(void_of(report), words_of(module, report), tables))
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    finally:
        bench.close()
