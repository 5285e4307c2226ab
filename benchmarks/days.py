"""Days: emergency days in a row through one engine that goes on, and what starting it again costs.

In: a plan of several days, a scratch folder. Out: a row for each day, the restart, the digest before and after it.
Invariant: a day's records are gone from the disk before the next day is written, unless the oracle is asked, too.
Deliberately absent: slices of time; a day is read file by file.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import Any

from benchmarks.figures import Figures
from benchmarks.whole import Timed, command
from benchmarks.workers import Row, apart, read, write
from replay.plan import Plan
from replay.play import day_name
from replay.sheets import REGISTERS_DAY
from streams.records import Part, find_parts

_COSTS = ("whole_s", "processor_s")
_STEPS = ("read", "brain", "lake", "publish")


def parts_of(records: Path, day: str) -> list[Part]:
    """The files of a day, or of `registers`."""
    return [part for part in find_parts(records) if part.name.endswith(f".{day}.ndjson")]


def days_in_a_row(
    plan: Plan, scratch: Path, key: Path, oracle: bool, tell: Callable[[Row], None], minutes: float = inf
) -> Row:
    """`tell`: told what is known so far, after each day. With `oracle`, all records are answered at once at the end.
    No day is begun after so many `minutes`; the restart is measured all the same."""
    ends = time.monotonic() + 60 * minutes
    records, lake = scratch / "records", scratch / "lake"
    report: Row = {"days": [], "restart": None, "void": True}
    with apart(write, plan, records) as writer, apart(read, lake, key, plan.pack) as engine:
        engine.recv()
        for number in range(plan.days):
            written = writer.recv()
            if number == 0:
                report["registers"] = {"written_s": written["registers_s"]} | _read_day(
                    engine, records, day_name(plan.first_day, REGISTERS_DAY), oracle
                )
            name = day_name(plan.first_day, number)
            row = _read_day(engine, records, name, oracle) | {
                "day": name, "written_s": written["day_s"], "writer_mib": written["resident_mib"],
            }  # fmt: skip
            report["days"].append(row)
            tell(report)
            if time.monotonic() > ends:
                break
            writer.send(None)
        else:
            report["written"] = writer.recv()
        engine.send(None)
    last, first = report["days"][-1], report["days"][0]
    report["cost_last_to_first"] = {name: _cost_us(last, name) / _cost_us(first, name) for name in _COSTS}
    report["restart"] = _restart(lake, key, plan.pack)
    digests = {report["days"][-1]["digest"], report["restart"]["digest"]}
    if oracle:
        took = Timed()
        told = command("oracle", str(records), "--key", str(key), "--pack", plan.pack, into=took)
        digests.add(told["digest"])
        report["oracle"] = took.summary()
    report["void"] = len(digests) != 1
    tell(report)
    return report


def _read_day(engine: Any, records: Path, day: str, keep: bool) -> Row:
    parts = parts_of(records, day)
    engine.send(parts)
    row: Row = engine.recv()
    if not keep:
        for part in parts:
            part.path.unlink()
    return row


def _restart(lake: Path, key: Path, pack: str) -> Row:
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


def days_figures(report: Row) -> Figures:
    """A column for each day: a page must not be longer for more days."""
    rows: list[tuple[str, Callable[[Row], str]]] = [
        ("records, thousands", lambda d: f"{d['records'] / 1000:,.0f}"),
        *((f"{step}, s", lambda d, step=step: f"{d['steps_s'][step]:.1f}") for step in _STEPS),
        ("a record, µs", lambda d: f"{_cost_us(d):.1f}"),
        ("its processor time, µs", lambda d: f"{_cost_us(d, 'processor_s'):.1f}"),
        ("memory held, MiB", lambda d: f"{d['resident_mib']:,}"),
        ("lake, MiB", lambda d: f"{d['lake_mib']:,}"),
        ("cases / close contacts", lambda d: f"{d['cases']:,} / {d['contacts'].get('1', 0):,}"),
    ]
    days = report["days"]
    head = ("day", *(str(number + 1) for number in range(len(days))))
    void = " (VOID: digests differ, or it did not end)" if report["void"] else ""
    title = f"Days in a row of {report['residents']:,} people, one engine{void}"
    return Figures(title, head, [(name, *(tell(day) for day in days)) for name, tell in rows])


def days_words(report: Row) -> str:
    """What no table says."""
    again, held, dearer = report["restart"], report["days"][-1]["peak_mib"], report["cost_last_to_first"]
    return (
        f"A record costs {dearer['whole_s']:.2f} times as much on the last day as on the first (of processor time "
        f"{dearer['processor_s']:.2f} times); the engine held {held:,} MiB at the most. Started again it restores "
        f"{again['restored']:,} records and is ready after {again['ready_s']:.1f} s (processor "
        f"{again['restore_processor_s']:.1f} s), with {again['peak_mib']:,} MiB at the most, and publishes in "
        f"{again['publish_s']:.1f} s: the digest is "
        f"{'another (VOID)' if report['void'] else 'the same'}."
    )
