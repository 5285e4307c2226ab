"""Days: emergency days in a row through one engine that goes on, and what starting it again costs.

In: a plan of several days, a scratch folder. Out: a row for each day, the restart, the digest before and after it; what
kills of engines with some days of state cost; what the first day costs a new engine beside the later ones.
Invariant: a day's records are gone from the disk before the next day is written, unless the oracle is asked, too, or
it is the first, which is to be read again.
Who is killed works on a copy of the lake: the engine that goes on is never disturbed.
Deliberately absent: slices of time; a day is read file by file.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Collection
from math import inf
from pathlib import Path
from typing import Any

from benchmarks.recoveries import Meddle, branch, holding, recover
from benchmarks.whole import Timed, command
from benchmarks.workers import Row, apart, read, write
from replay.plan import Plan
from replay.play import day_name
from replay.sheets import REGISTERS_DAY
from streams.records import Part, find_parts

_COSTS = ("whole_s", "processor_s")


def parts_of(records: Path, day: str) -> list[Part]:
    """The files of a day, or of `registers`."""
    return [part for part in find_parts(records) if part.name.endswith(f".{day}.ndjson")]


def days_in_a_row(
    plan: Plan, scratch: Path, key: Path, oracle: bool, tell: Callable[[Row], None], minutes: float = inf,
    kills: Collection[int] = (), meddle: Meddle = lambda _lake: None, again: Collection[int] = (),
) -> Row:  # fmt: skip
    """`tell`: told what is known so far, after each day. With `oracle`, all records are answered at once at the end.
    No day is begun after so many `minutes`; the restart is measured all the same. `kills`: numbers of days of state
    with which an engine is killed in the middle of the next day, on a copy of the lake that `meddle` is told of.
    `again`: numbers of days after which a new engine reads the registers and the first day: a machine changes by a
    fifth within minutes, and the later days are to be compared with a first one that was read beside them."""
    ends = time.monotonic() + 60 * minutes
    records, lake = scratch / "records", scratch / "lake"
    report: Row = {"days": [], "recoveries": [], "first_again": [], "restart": None, "void": True}
    registers = first = list[Part]()
    with apart(write, plan, records) as writer, apart(read, lake, key, plan.pack) as engine:
        engine.recv()
        for number in range(plan.days):
            written = writer.recv()
            name, copy = day_name(plan.first_day, number), scratch / f"lake-{number}"
            parts, keep = parts_of(records, name), oracle or (number == 0 and bool(again))
            if number == 0:
                registers, first = parts_of(records, day_name(plan.first_day, REGISTERS_DAY)), parts
                report["registers"] = {"written_s": written["registers_s"]} | _read_day(engine, registers, keep)
            if number in kills:
                branch(lake, copy)
            row = _read_day(engine, parts, keep or number in kills) | {
                "day": name, "written_s": written["day_s"], "writer_mib": written["resident_mib"],
            }  # fmt: skip
            report["days"].append(row)
            if number in kills:
                undisturbed = {"digest": row["digest"], "holding": holding(lake)}
                found = recover(copy, key, plan.pack, parts, undisturbed, meddle)
                report["recoveries"].append({"days": number, **found})
                shutil.rmtree(copy)
                _remove(parts, keep)
            if number + 1 in again:
                report["first_again"].append(_first_again(scratch, key, plan.pack, registers, first))
            tell(report)
            if time.monotonic() > ends:
                break
            writer.send(None)
        else:
            report["written"] = writer.recv()
        engine.send(None)
    return _judged(report, scratch, key, plan.pack, oracle, tell)


def _judged(report: Row, scratch: Path, key: Path, pack: str, oracle: bool, tell: Callable[[Row], None]) -> Row:
    """What is known when all days are read: what the last costs against the first, the restart, who says the same."""
    last, first = report["days"][-1], report["days"][0]
    report["cost_last_to_first"] = {name: _cost_us(last, name) / _cost_us(first, name) for name in _COSTS}
    report["restart"] = restart(scratch / "lake", key, pack)
    digests = {report["days"][-1]["digest"], report["restart"]["digest"]}
    same = {report["days"][0]["digest"], *(row["digest"] for row in report["first_again"])}
    if oracle:
        took = Timed()
        told = command("oracle", str(scratch / "records"), "--key", str(key), "--pack", pack, into=took)
        digests.add(told["digest"])
        report["oracle"] = took.summary()
    report["void"] = len(digests) != 1 or len(same) != 1
    tell(report)
    return report


def _first_again(scratch: Path, key: Path, pack: str, registers: list[Part], first: list[Part]) -> Row:
    """What the first day costs an engine that has read the registers alone. The files stay."""
    lake = scratch / "lake-first"
    with apart(read, lake, key, pack) as engine:
        engine.recv()
        _read_day(engine, registers, True)
        row = _read_day(engine, first, True)
        engine.send(None)
    shutil.rmtree(lake)
    return row


def _read_day(engine: Any, parts: list[Part], keep: bool) -> Row:
    engine.send(parts)
    row: Row = engine.recv()
    _remove(parts, keep)
    return row


def _remove(parts: list[Part], keep: bool) -> None:
    for part in [] if keep else parts:
        part.path.unlink()


def restart(lake: Path, key: Path, pack: str) -> Row:
    """A new process that stands where the last one ended, and publishes. Units: `ready_s` from its start on."""
    began = time.perf_counter()
    with apart(read, lake, key, pack) as engine:
        restored: Row = engine.recv()
        ready = time.perf_counter() - began
        engine.send([])
        again: Row = engine.recv()
        engine.send(None)
    return {**restored, "ready_s": ready, "publish_s": again["whole_s"], "digest": again["digest"]}


def _cost_us(row: Row, of: str = "whole_s") -> float:
    """What a record costs, publishing included, by the clock or of processors. Units: µs."""
    return float(row[of]) / max(int(row["records"]), 1) * 1e6
