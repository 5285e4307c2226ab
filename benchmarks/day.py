"""Day: the drill emergency-day, from files to a published lake, by the embedded engine and by the oracle.

In: a size. Out: seconds by step, processor time, memory; engine to oracle, turn by turn.
Invariant: engine and oracle read the same files and take turns; where their digests differ every figure is void.
Deliberately absent: the score of a drill (brain drill run), slices of its time, and days in a row (days.py).
"""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.days import parts_of
from benchmarks.figures import Figures, three
from benchmarks.plots import bars
from benchmarks.whole import Timed, command, differing, spread
from benchmarks.workers import Row, apart, read, write
from replay.drills.file import load_drill
from replay.plan import Plan
from replay.play import day_name
from replay.sheets import REGISTERS_DAY
from schemas.keys import Key
from streams.records import Part

DRILL = "emergency-day"
SIZES: dict[str, tuple[int | None, int]] = {"full": (None, 2), "quick": (65_000, 1), "tiny": (2_000, 1)}
"""Residents (none: as many as the drill has), and turns."""
_FIGURES = ("whole_s", "processor_s", "process_s", "restore_s", "peak_mib")
_RATIOS = {"wall": ("whole_s", "wall_s"), "processor": ("processor_s", "cpu_s")}


def plan_of(residents: int | None = None, days: int = 1) -> Plan:
    """The drill's plan at a size; those infected at the beginning are as many in a thousand."""
    plan = load_drill(DRILL)
    residents = residents or plan.residents
    return replace(plan, residents=residents, days=days, seeds=max(1, plan.seeds * residents // plan.residents))


def measure(size: str, bench: Bench) -> Row:
    residents, repeats = SIZES[size]
    plan, scratch = plan_of(residents), bench.scratch
    records, registers, lake, key = scratch / "records", scratch / "registers", scratch / "lake", scratch / "key.json"
    key.write_text(Key("bench", bytes(range(32))).to_json())
    bench.tell(f"writing city, registers and day of {plan.residents:,} people")
    with apart(write, plan, records) as writer:
        day = writer.recv()
        writer.send(None)
        whole = writer.recv()
    bench.tell(f"the engine reads the registers of {whole['records']:,} records in all")
    before = _delivery(registers, key, plan, parts_of(records, day_name(plan.first_day, REGISTERS_DAY)))
    runs, answers, took = [], [], Timed()
    for turn in range(repeats):
        bench.tell(f"turn {turn + 1} of {repeats}: the engine reads the day")
        shutil.copytree(registers, lake, symlinks=True)
        runs.append(_delivery(lake, key, plan, parts_of(records, day_name(plan.first_day, 0))))
        shutil.rmtree(lake)
        bench.tell(f"turn {turn + 1} of {repeats}: the oracle reads registers and day")
        answers.append(command("oracle", str(records), "--key", str(key), "--pack", plan.pack, into=took))
    digests = {told["digest"] for told in (*runs, *answers)}
    report: Row = {
        "name": "day", "seeds": [plan.seed], "repeats": repeats, "digest": min(digests), "void": differing(digests),
        "drill": DRILL, "residents": plan.residents,
        "written": {"registers_s": day["registers_s"], "day_s": day["day_s"], **whole},
        "registers": before, "engine": _spread(runs), "runs": runs,
        "oracle": took.summary() | {"records": whole["records"], "rows": answers[0]["rows"]}, "oracle_runs": vars(took),
    }  # fmt: skip
    return report | _judged(report, size)


def _judged(report: Row, size: str) -> Row:
    """Engine to oracle turn by turn, both over registers and day; the row of the budgets where it is the whole day."""
    before, runs, oracle = report["registers"], report["runs"], report["oracle_runs"]
    ratios = {
        name: spread([(before[ours] + run[ours]) / theirs for run, theirs in zip(runs, oracle[other], strict=True)])
        for name, (ours, other) in _RATIOS.items()
    }
    wall = {"measured": ratios["wall"]["median"], "least": ratios["wall"]["min"], "greatest": ratios["wall"]["max"]}
    budget = {"day_over_oracle": wall | {"unit": "×"}} if size == "full" else {}
    return {"ratio": ratios, "budget": budget}


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
    return {name: spread(values) for name, values in columns.items()}


def figures(report: Row) -> list[Figures]:
    records, engine, oracle = report["runs"][0]["records"], report["engine"], report["oracle"]
    steps = ("whole", "processor", "read", "brain", "lake", "publish")
    head = ("", "records", *(f"{step}, s" for step in steps), "records/s", "memory at the peak, MiB")
    row = (f"{records:,}", *(three(engine[f"{step}_s"]) for step in steps))
    rate = f"{oracle['records'] / oracle['wall_s']['median']:,.0f}"
    rows = [
        ("engine, the day", *row, three(engine["records_per_s"], 0), three(engine["peak_mib"], 0)),
        (
            "oracle, registers and day", f"{oracle['records']:,}", three(oracle["wall_s"]), three(oracle["cpu_s"]),
            *[""] * 4, rate, three(oracle["peak_mib"], 0),
        ),
    ]  # fmt: skip
    return [Figures(f"A day of {report['residents']:,} people, least / median / greatest", head, rows)]


def words(report: Row) -> str:
    """What no table says."""
    written, before, engine = report["written"], report["registers"], report["engine"]
    shares = {step: engine[f"{step}_s"]["median"] / engine["whole_s"]["median"] for step in before["steps_s"]}
    told = ", ".join(f"{step} {share:.0%}" for step, share in shares.items())
    ratios = "; ".join(f"{three(found, 2)} by {name}" for name, found in report["ratio"].items())
    return (
        f"Of the day: {told}. Before it, a process of its own reads the {before['records']:,} records of registers in "
        f"{before['whole_s']:.1f} s ({before['processor_s']:.1f} s of processor time); a new one restores them in "
        f"{three(engine['restore_s'])} s, which the day is not charged for. Registers and day, engine to oracle: "
        f"{ratios}. City, registers and day took {written['registers_s']:.1f} + {written['day_s']:.1f} s to write, "
        f"with {written['peak_mib']:,} MiB."
    )


def plot(report: Row) -> str:
    """Where the engine's time goes, beside the oracle."""
    engine, oracle = report["engine"], report["oracle"]
    values = {f"engine, the day: {step}": engine[f"{step}_s"] for step in ("whole", "read", "brain", "lake", "publish")}
    values["oracle, registers and day"] = oracle["wall_s"]
    shown = {name: (found["min"], found["median"], found["max"]) for name, found in values.items()}
    return bars(f"A day of {report['residents']:,} people, from files", "s", shown)
