"""`python -m benchmarks.analysts [--residents N] [--days N]`: what analysts ask, while the engine writes.

In: a size, or `--cookbook`. Out: results/analysts.json and a table; or docs/cookbook.md.
Invariant: each question is asked as an analyst does, through the catalog opened anew; its answer has rows.
Deliberately absent: questions of the engine itself; the command line answers those.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from rich.console import Console

from benchmarks.day import plan_of
from benchmarks.days import parts_of
from benchmarks.figures import Figures
from benchmarks.machine import machine
from benchmarks.workers import Row, apart, read, write
from replay.plan import Plan
from replay.play import day_name
from replay.sheets import REGISTERS_DAY
from schemas.keys import Key

_HERE = Path(__file__).parent
COOKBOOK = _HERE.parent / "docs" / "cookbook.md"
ROUNDS_MIN = 5


@dataclass(frozen=True)
class Question:
    """A question with the SQL that answers it. `notes`: what to know about the answer."""

    name: str
    zh: str
    en: str
    notes: str
    sql: str


def questions() -> list[Question]:
    """All questions, in order. Errors: ValueError naming a file whose first two lines ask nothing."""
    found = []
    for path in sorted((_HERE / "questions").glob("*.sql")):
        lines = path.read_text("utf-8").splitlines()
        words = [line[3:] for line in lines if line.startswith("-- ")]
        if len(words) < 2:
            raise ValueError(f"{path.name}: begin with two comment lines, the question in Chinese and in English")
        sql = "\n".join(lines[len(words) :])
        found.append(Question(path.stem, words[0], words[1], " ".join(words[2:]), sql))
    return found


def cookbook() -> str:
    """docs/cookbook.md, from the questions."""
    parts = [(_HERE / "questions" / "head.md").read_text("utf-8").strip()]
    for number, asked in enumerate(questions(), 1):
        notes = f"\n{asked.notes}\n" if asked.notes else ""
        parts.append(f"## {number}. {asked.zh}\n{asked.en}\n{notes}\n```sql\n{asked.sql}\n```")
    return "\n\n".join(parts) + "\n"


def ask(catalog: Path, asked: Question) -> tuple[float, int]:
    """Seconds from opening the catalog to the last row, and the number of rows."""
    began = time.perf_counter()
    with duckdb.connect(str(catalog), read_only=True) as opened:
        rows = len(opened.execute(asked.sql).fetchall())
    return time.perf_counter() - began, rows


def measure(plan: Plan, scratch: Path) -> Row:
    """Every question round by round: at rest, and while the last of the plan's days is taken in."""
    records, lake, key = scratch / "records", scratch / "lake", scratch / "key.json"
    key.write_text(Key("bench", bytes(range(32))).to_json())
    names = [day_name(plan.first_day, number) for number in (REGISTERS_DAY, *range(plan.days))]
    with apart(write, plan, records) as writer:
        for _ in range(plan.days):
            writer.recv()
            writer.send(None)
        writer.recv()
    held = 0
    with apart(read, lake, key, plan.pack) as engine:
        engine.recv()
        for name in names[:-1]:
            engine.send(parts_of(records, name))
            held += engine.recv()["records"]
        rest = _rounds(lake, lambda done: done < ROUNDS_MIN)
        engine.send(parts_of(records, names[-1]))
        beside = _rounds(lake, lambda done: done < ROUNDS_MIN or not engine.poll())
        engine.recv()
        engine.send(None)
    return {
        "name": "analysts", "drill": "emergency-day", "residents": plan.residents, "days": plan.days - 1,
        "records": held, "machine": machine(), "load_after": os.getloadavg(), "at_rest": rest, "while_writing": beside,
    }  # fmt: skip


def _rounds(lake: Path, more: Callable[[int], bool]) -> dict[str, Any]:
    taken: dict[str, list[float]] = {asked.name: [] for asked in questions()}
    rows: dict[str, int] = {}
    done = 0
    while more(done):
        for asked in questions():
            seconds, rows[asked.name] = ask(lake / "catalog.duckdb", asked)
            taken[asked.name].append(seconds)
        done += 1
    return {name: {"rows": rows[name], "asked": len(s), **_spread(s)} for name, s in taken.items()}


def _spread(seconds: list[float]) -> dict[str, float]:
    return {name: round(float(np.percentile(seconds, at)) * 1000, 1) for name, at in (("p50_ms", 50), ("p95_ms", 95))}


def figures(report: Row) -> Figures:
    shown = [(when, at) for when in ("at_rest", "while_writing") for at in ("p50_ms", "p95_ms")]
    rows = []
    for asked in questions():
        beside = report["while_writing"][asked.name]["rows"]
        rows.append((asked.en, f"{beside:,}", *(f"{report[when][asked.name][at]:,}" for when, at in shown)))
    head = ("question", "rows", "at rest p50, ms", "p95", "while writing p50, ms", "p95")
    title = f"{report['records']:,} records of {report['days']} days, {report['residents']:,} people"
    return Figures(title, head, rows)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.analysts", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--residents", type=int, default=65_000)
    parser.add_argument("--days", type=int, default=14)
    parser.add_argument("--out", type=Path, default=_HERE / "results", help="folder of the JSON file")
    parser.add_argument("--cookbook", action="store_true", help="write docs/cookbook.md and end")
    given = parser.parse_args()
    if given.cookbook:
        COOKBOOK.write_text(cookbook(), "utf-8")
        return
    with tempfile.TemporaryDirectory() as scratch:
        report = measure(plan_of(given.residents, given.days + 1), Path(scratch))
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "analysts.json").write_text(json.dumps(report, indent=1) + "\n")
    told = figures(report)
    (given.out / "analysts.md").write_text(f"# What analysts ask\n\n{told.markdown()}\n", "utf-8")
    Console().print(told.table())


if __name__ == "__main__":
    main()
