"""`python -m benchmarks.day [--residents N] [--days N]`: the drill emergency-day, from its plan to a published lake.

In: a size. Out: day.json, or days-<days>.json of days in a row; the tables on the terminal and, of the full size,
in README.md.
Invariant: engine and oracle read the same files; where their digests differ every figure of theirs is called void.
Deliberately absent: the score of a drill (brain drill run), and slices of its time.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import tempfile
import time
from dataclasses import replace
from functools import partial
from math import inf
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.days import days_figures, days_in_a_row, days_words, parts_of
from benchmarks.figures import Figures, put
from benchmarks.machine import machine
from benchmarks.whole import Timed, command
from benchmarks.workers import Row, apart, read, write
from replay.drills.file import load_drill
from replay.plan import Plan
from replay.play import day_name
from replay.sheets import REGISTERS_DAY
from schemas.keys import Key
from streams.records import Part

DRILL = "emergency-day"
REPEATS = 3
_FIGURES = ("whole_s", "processor_s", "process_s", "restore_s", "peak_mib")
_HERE = Path(__file__).parent


def plan_of(residents: int | None = None, days: int = 1) -> Plan:
    """The drill's plan at a size; those infected at the beginning are as many in a thousand."""
    plan = load_drill(DRILL)
    residents = residents or plan.residents
    return replace(plan, residents=residents, days=days, seeds=max(1, plan.seeds * residents // plan.residents))


def _name(plan: Plan) -> str:
    return "day" if plan.days == 1 else f"days-{plan.days}"


def measure(
    plan: Plan, scratch: Path, repeats: int, oracle: bool, tell: Any = lambda _: None, minutes: float = inf
) -> Row:
    """One day, or several in a row. `tell`: told the report as far as it is; `minutes`: after which no day is begun."""
    key = scratch / "key.json"
    key.write_text(Key("bench", bytes(range(32))).to_json())
    about: Row = {
        "name": _name(plan), "drill": DRILL, "residents": plan.residents,
        "seed": plan.seed, "machine": machine(), "load_before": os.getloadavg(),
    }  # fmt: skip
    if plan.days > 1:
        found = days_in_a_row(plan, scratch, key, oracle, lambda report: tell(about | report), minutes)
    else:
        found = _day(plan, scratch, key, repeats, oracle)
    if plan.days > 1:
        about["name"] = _name(replace(plan, days=len(found["days"])))
    report = about | found | {"load_after": os.getloadavg()}
    tell(report)
    return report


def _day(plan: Plan, scratch: Path, key: Path, repeats: int, oracle: bool) -> Row:
    records, registers, lake = scratch / "records", scratch / "registers", scratch / "lake"
    with apart(write, plan, records) as writer:
        day = writer.recv()
        writer.send(None)
        whole = writer.recv()
    before = _delivery(registers, key, plan, parts_of(records, day_name(plan.first_day, REGISTERS_DAY)))
    runs = []
    for _ in range(repeats):
        shutil.copytree(registers, lake, symlinks=True)
        runs.append(_delivery(lake, key, plan, parts_of(records, day_name(plan.first_day, 0))))
        shutil.rmtree(lake)
    digests = {run["digest"] for run in runs}
    report: Row = {
        "written": {"registers_s": day["registers_s"], "day_s": day["day_s"], **whole},
        "registers": before, "repeats": repeats, "engine": _spread(runs), "runs": runs, "oracle": None,
    }  # fmt: skip
    if oracle:
        took = Timed()
        told = command("oracle", str(records), "--key", str(key), "--pack", plan.pack, into=took)
        digests.add(told["digest"])
        report["oracle"] = took.summary() | {"records": whole["records"], "rows": told["rows"]}
    return report | {"digest": sorted(digests)[0], "void": len(digests) != 1}


def _delivery(lake: Path, key: Path, plan: Plan, parts: list[Part]) -> Row:
    """Some parts read into a lake by a process of their own. `process_s`: from its start to the published lake."""
    began = time.perf_counter()
    with apart(read, lake, key, plan.pack) as engine:
        restored: Row = engine.recv()
        engine.send(parts)
        row: Row = engine.recv()
        process_s = time.perf_counter() - began
        engine.send(None)
    return row | {"restore_s": restored["restore_s"], "restored": restored["restored"], "process_s": process_s}


def _spread(runs: list[Row]) -> Row:
    """Least, median and greatest of every figure."""
    columns = {name: [float(run[name]) for run in runs] for name in _FIGURES}
    columns |= {f"{step}_s": [run["steps_s"][step] for run in runs] for step in runs[0]["steps_s"]}
    columns["records_per_s"] = [run["records"] / run["whole_s"] for run in runs]
    return {name: {"min": min(v), "median": statistics.median(v), "max": max(v)} for name, v in columns.items()}


def _three(found: Row, digits: int = 1) -> str:
    return " / ".join(f"{found[name]:,.{digits}f}" for name in ("min", "median", "max"))


def day_figures(report: Row) -> Figures:
    records, engine, oracle = report["runs"][0]["records"], report["engine"], report["oracle"]
    steps = ("whole", "processor", "read", "brain", "lake", "publish")
    head = ("", "records", *(f"{step}, s" for step in steps), "records/s", "memory at the peak, MiB")
    row = (f"{records:,}", *(_three(engine[f"{step}_s"]) for step in steps))
    rows = [("engine, the day", *row, _three(engine["records_per_s"], 0), _three(engine["peak_mib"], 0))]
    if oracle:
        wall = oracle["wall_s"]["median"]
        peak = f"{oracle['peak_mib']['median']:,.0f}"
        rate = f"{oracle['records'] / wall:,.0f}"
        cpu = f"{oracle['cpu_s']['median']:.1f}"
        rows.append(("oracle, registers and day", f"{oracle['records']:,}", f"{wall:.1f}", cpu, *[""] * 4, rate, peak))
    void = " (VOID: digests differ)" if report["void"] else ""
    return Figures(f"A day of {report['residents']:,} people, least / median / greatest{void}", head, rows)


def day_words(report: Row) -> str:
    """What no table says."""
    written, before, engine = report["written"], report["registers"], report["engine"]
    shares = {step: engine[f"{step}_s"]["median"] / engine["whole_s"]["median"] for step in before["steps_s"]}
    told = ", ".join(f"{step} {share:.0%}" for step, share in shares.items())
    ratio = ""
    if report["oracle"] and not report["void"]:
        dearer = (before["processor_s"] + engine["processor_s"]["median"]) / report["oracle"]["cpu_s"]["median"]
        ratio = f" Registers and day: engine to oracle {dearer:.2f} in processor time, one digest."
    return (
        f"Of the day: {told}. Before it, a process of its own reads the {before['records']:,} records of registers in "
        f"{before['whole_s']:.1f} s ({before['processor_s']:.1f} s of processor time); a new one restores them in "
        f"{_three(engine['restore_s'])} s, which the day is not charged for.{ratio} City, registers and day "
        f"took {written['registers_s']:.1f} + {written['day_s']:.1f} s to write, with {written['peak_mib']:,} MiB."
    )


def page(report: Row, before: str) -> str:
    """The README with these figures in the place of the last ones of as many days."""
    once = "restart" not in report
    told, words = (day_figures(report), day_words(report)) if once else (days_figures(report), days_words(report))
    made, load = report["machine"], (report["load_before"][0], report["load_after"][0])
    kinds = ", ".join(f"{name} {made[name]}" for name in ("python", "duckdb", "pyarrow", "numpy"))
    when = f"commit {made['commit']}, {made['cpu']}, {kinds}, load {load[0]:.1f} before and {load[1]:.1f} after"
    told = replace(told, title=f"{words} {told.title}; {when}")
    return put(before, "the day" if once else "days in a row", told.markdown())


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.day", description=(__doc__ or "").splitlines()[0])
    full = plan_of().residents
    parser.add_argument("--residents", type=int, default=full)
    parser.add_argument("--days", type=int, default=1, help="more than 1: days in a row through one engine")
    parser.add_argument("--minutes", type=float, default=inf, help="after which no further day in a row is begun")
    parser.add_argument("--repeats", type=int, default=REPEATS, help="runs of the engine over the one day")
    parser.add_argument("--out", type=Path, default=_HERE / "results", help="folder of the JSON file")
    parser.add_argument("--oracle", action=argparse.BooleanOptionalAction, help="default: with one day alone")
    given = parser.parse_args()
    plan = plan_of(given.residents, given.days)
    size = "" if plan.residents == full else f"-of-{plan.residents}"
    target = given.out / f"{_name(plan)}{size}.json"
    given.out.mkdir(parents=True, exist_ok=True)
    console = Console()
    with tempfile.TemporaryDirectory() as scratch:
        oracle = plan.days == 1 if given.oracle is None else given.oracle
        report = measure(plan, Path(scratch), given.repeats, oracle, partial(_keep, target, console), given.minutes)
    if report["name"] != _name(plan):
        target = target.rename(target.with_name(f"{report['name']}{size}.json"))
    if plan.residents == full:
        readme = _HERE / "README.md"
        readme.write_text(page(report, readme.read_text("utf-8")), "utf-8")
    console.print(page(report, ""), markup=False, soft_wrap=True)
    console.print(f"written: {target.name}")


def _keep(target: Path, console: Console, report: Row) -> None:
    """A long run that is broken off leaves what it had measured."""
    target.write_text(json.dumps(report, indent=1) + "\n")
    for day in report.get("days", [])[-1:] if "load_after" not in report else []:
        console.print(f"{day['day']}: {day['records']:,} records, {day['whole_s']:.1f} s, {day['resident_mib']:,} MiB")


if __name__ == "__main__":
    main()
