"""Drops: the three practices of departments around the batch: every hour, every quarter of an hour, back to back.

In: a typed history, traffic. Out: how long a report waited for the answer that holds its whole list; runs of the job.
Invariant: a drop is a rename into the folder, one file a source; a run takes what is there when it begins, and when it
ends the next begins. The back-to-back job is handed its drop at the instant it asks: nothing waits for a file.
Deliberately absent: departments that are late with their drop, and transfers of files between machines.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections import defaultdict
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.batch import CONTACTS, WAYS, Batch
from benchmarks.latency import Answer
from benchmarks.traffic import GUESTS, KEY, Traffic, hours, people
from benchmarks.workers import apart, memory
from streams.records import Part, find_parts

Row = dict[str, Any]
_LOOK_AGAIN_S = 0.002
_WAIT_S = 120.0
_IDLE_S = 0.001
_LINES_AT_ONCE = 50_000


def fill(pipe: Connection, file: Path, pack: str, records: Path) -> None:
    """A process that decodes a folder of records into typed tables."""
    began = time.perf_counter()
    batch = Batch(file, KEY, pack)
    count = batch.load(find_parts(records))
    batch.close()
    pipe.send({"records": count, "seconds": round(time.perf_counter() - began, 1), **memory()})


def repeat(pipe: Connection, file: Path, pack: str, answers: Path) -> None:
    """A process that runs the job again and again: asks for a drop, takes it, answers; until it is sent None."""
    batch, runs = Batch(file, KEY, pack), list[Row]()
    batch.answer(answers)
    while True:
        began, cpu = time.perf_counter(), time.process_time()
        pipe.send(None)
        parts = pipe.recv()
        if parts is None:
            break
        if not parts:
            time.sleep(_IDLE_S)
            continue
        records = batch.load(parts)
        listed_s, told_s = batch.answer(answers)
        runs.append({
            "records": records, "listed_s": listed_s - began, "whole_s": told_s - began,
            "load_s": batch.seconds["whole load"], "cpu_s": time.process_time() - cpu,
        })  # fmt: skip
        for part in parts:
            part.path.unlink()
    batch.close()
    pipe.send({"runs": runs, **memory()})


def once(pipe: Connection, file: Path, pack: str, inbox: Path, answers: Path) -> None:
    """A process that runs the job once over what lies in the inbox."""
    batch = Batch(file, KEY, pack)
    records = batch.load(find_parts(inbox))
    listed_s, told_s = batch.answer(answers)
    pipe.send({"records": records, "listed_s": listed_s, "whole_s": told_s, **memory()})
    batch.close()


class _Inbox:
    """Lines that wait for the next drop. One file a source and drop."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._drops = folder, 0
        self._lines: dict[str, list[bytes]] = defaultdict(list)

    async def send(self, source: str, body: dict[str, Any]) -> None:
        self._lines[source].append(orjson.dumps(body))

    def drop(self) -> list[Part]:
        self._drops += 1
        lines, self._lines = self._lines, defaultdict(list)
        return [drop_of(self._folder, source, self._drops, found) for source, found in lines.items()]


def drop_of(folder: Path, source: str, number: int, lines: list[bytes]) -> Part:
    """A drop of one source."""
    target = folder / f"src.{source}.{number}.ndjson"
    unfinished = target.with_suffix(".tmp")
    unfinished.write_bytes(b"\n".join(lines) + b"\n")
    os.replace(unfinished, target)
    return Part(source, target)


class _Reader:
    """What the last answer says; read again when another is there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: dict[str, tuple[int, int]] = {}
        self._rows: dict[str, dict[str, set[tuple[str, str]]]] = {CONTACTS: {}, WAYS: {}}

    def told(self, name: str) -> dict[str, set[tuple[str, str]]]:
        """By the first column, what the two others say."""
        stat = (self._folder / name).stat()
        if self._seen.get(name) != (seen := (stat.st_ino, stat.st_mtime_ns)):
            rows: dict[str, set[tuple[str, str]]] = defaultdict(set)
            for first, second, third in answered(self._folder, name):
                rows[first].add((second, third))
            self._rows[name], self._seen[name] = rows, seen
        return self._rows[name]

    def listed(self, number: int) -> bool | None:
        """Whether the list of a report is the right one; None while it is not there."""
        those = people(number)
        found = {subject for subject, _ in self.told(CONTACTS).get(those[0], ())}
        return found == set(those[1:]) if len(found) >= GUESTS - 1 else None

    def carried(self, number: int) -> bool | None:
        """Whether the ways of a report are the right ones; None while they are not there."""
        case, *others = people(number)
        told = self.told(WAYS)
        if others[-1] not in told:
            return None
        return told.get(case) == {("hospital", "needed")} and all(told[p] == {("isolate", "needed")} for p in others)


def answered(folder: Path, name: str) -> list[tuple[str, str, str]]:
    """The rows of an answer, in one reading: the next may take its place at any time."""
    table = pq.read_table(pa.BufferReader((folder / name).read_bytes()))
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def back_to_back(folder: Path, traffic: Traffic, history: Path, pack: str) -> tuple[Row, Answer]:
    """The job again and again beside traffic; what it answers when all of it is in."""
    inbox, answers, file = folder / "inbox", folder / "answers", folder / "typed.duckdb"
    inbox.mkdir(parents=True)
    answers.mkdir()
    shutil.copy(history, file)
    with apart(repeat, file, pack, answers) as job:
        job.recv()  # it has answered once, and asks for its first drop
        taken, right, told = asyncio.run(_beside(job, _Inbox(inbox), _Reader(answers), traffic))
    answer: Answer = {"contacts": sorted(answered(answers, CONTACTS)), "ways": sorted(answered(answers, WAYS))}
    shutil.rmtree(folder)
    return {"rate": traffic.rate, "void": not right, "seconds": traffic.measured(taken), **told}, answer


async def _beside(job: Connection, inbox: _Inbox, reader: _Reader, traffic: Traffic) -> tuple[list[float], bool, Row]:
    loop, idle, failed = asyncio.get_running_loop(), asyncio.Event(), False

    def asked() -> None:
        nonlocal failed
        try:
            job.recv()
        except EOFError:
            failed = True
            loop.remove_reader(job.fileno())
            return
        hand_over()

    def hand_over() -> None:
        parts = inbox.drop()
        job.send(parts)
        (idle.clear if parts else idle.set)()

    async def watch(number: int, sent_s: float) -> bool:
        look = reader.carried if number % 2 else reader.listed
        while (found := look(number)) is None:
            if failed or time.perf_counter() - sent_s > _WAIT_S:
                return False
            await asyncio.sleep(_LOOK_AGAIN_S)
        return found

    async def settled() -> None:
        idle.clear()
        await asyncio.wait_for(idle.wait(), _WAIT_S)

    loop.add_reader(job.fileno(), asked)
    hand_over()
    taken, _, right = await traffic.play(inbox.send, settled, watch)
    await settled()
    loop.remove_reader(job.fileno())
    job.recv()  # it asks once more
    job.send(None)
    told: Row = job.recv()
    checks = [reader.listed(n) is True and reader.carried(n) is True for n in range(traffic.cases)]
    return taken, right and all(checks), told


def dropped(folder: Path, rate: float, seconds: float, reports: int, runs: int, history: Path, pack: str) -> Row:
    """Some runs of the job, each a process of its own, over a drop of so many seconds."""
    inbox, found, records = folder / "inbox", list[Row](), 0
    inbox.mkdir(parents=True)
    traffic = hours(rate, seconds, reports)
    while chunk := list(islice(traffic, _LINES_AT_ONCE)):
        records += len(chunk)
        lines: dict[str, list[bytes]] = defaultdict(list)
        for source, body in chunk:
            lines[source].append(orjson.dumps(body))
        for source, told in lines.items():
            with (inbox / f"src.{source}.ndjson").open("ab") as file:
                file.write(b"\n".join(told) + b"\n")
    for number in range(runs):
        answers, typed = folder / f"answers-{number}", folder / "typed.duckdb"
        answers.mkdir()
        shutil.copy(history, typed)
        began = time.perf_counter()
        with apart(once, typed, pack, inbox, answers) as job:
            told_ = job.recv()
        assert told_["records"] == records, "a drop was not read whole"
        found.append(told_ | {name: round(told_[name] - began, 3) for name in ("listed_s", "whole_s")})
        typed.unlink()
    shutil.rmtree(folder)
    return {"rate": rate, "seconds": seconds, "records": records, "runs": found}
