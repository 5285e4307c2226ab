"""Analysts: what analysts ask, at rest and while the engine writes; and a page of a hundred thousand contacts.

In: a size. Out: percentiles of each question; with `python -m benchmarks.analysts --cookbook` docs/cookbook.md instead.
Invariant: each question is asked as an analyst does, through the catalog opened anew; its answer has rows, or is void.
Deliberately absent: questions of the engine itself; the command line answers those.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.bench import Bench
from benchmarks.contacts import contacts_page, page_figures, percentiles
from benchmarks.day import plan_of
from benchmarks.days import parts_of
from benchmarks.figures import Figures
from benchmarks.plots import bars
from benchmarks.workers import Row, apart, read, written
from replay.drills.file import load_drill
from replay.plan import Plan
from replay.play import day_name
from replay.sheets import REGISTERS_DAY
from schemas.keys import Key

_HERE = Path(__file__).parent
COOKBOOK = _HERE.parent / "docs" / "cookbook.md"
SIZES = {"full": (65_000, 14), "long": (650_000, 14), "quick": (8_000, 3)}
"""Residents, and days that are held when the last one comes. Tiny is a drill of its own: a smaller town than that of
`quick` has nobody whom some questions ask for."""
_TINY = "small"
DAYS = 14
"""For which the budget of a question holds."""
ROUNDS_MIN = 5
_REST, _BESIDE = "at_rest", "while_writing"


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


def measure(size: str, bench: Bench) -> Row:
    residents, days = SIZES.get(size, (0, 0))
    plan = plan_of(residents, days + 1) if size in SIZES else load_drill(_TINY)
    asked = ask_all(plan, bench.scratch, bench.tell)
    page = contacts_page("full" if size == "long" else size, bench)
    slowest = max(asked[_BESIDE].values(), key=lambda found: float(found["p95_ms"]))
    measured, least, greatest = (slowest[f"{at}_ms"] / 1000 for at in ("p95", "least", "greatest"))
    budget: Row = {"analyst_p95_s": {"measured": measured, "least": least, "greatest": greatest, "unit": "s"}}
    budget["analyst_p95_s"]["of"] = f"{residents:,} people"
    silent = sorted({name for when in (_REST, _BESIDE) for name, found in asked[when].items() if not found["rows"]})
    void = [f"no rows answer {', '.join(silent)}"] if silent else []
    void += ["the ways to a page of contacts differ in rows"] if page["void"] else []
    return {
        "name": "analysts", "repeats": min(found["asked"] for found in asked[_BESIDE].values()), "digest": "",
        "seeds": [asked["seed"], page["seed"]], "void": "; ".join(void),
        **asked, "page": page, "budget": budget | page["budget"] if days >= DAYS else {},
    }  # fmt: skip


def ask_all(plan: Plan, scratch: Path, tell: Callable[[str], None] = lambda _: None) -> Row:
    """Every question round by round: at rest, and while the last of the plan's days is taken in."""
    tell(f"writing {plan.days} days of {plan.residents:,} people")
    records, lake, key = scratch / "records", scratch / "lake", scratch / "key.json"
    key.write_text(Key("bench", bytes(range(32))).to_json())
    names = [day_name(plan.first_day, number) for number in (REGISTERS_DAY, *range(plan.days))]
    written(plan, records)
    held = 0
    with apart(read, lake, key, plan.pack) as engine:
        engine.recv()
        for name in names[:-1]:
            engine.send(parts_of(records, name))
            held += engine.recv()["records"]
            tell(f"{name}: {held:,} records held")
        rest = _rounds(lake, lambda done: done < ROUNDS_MIN)
        engine.send(parts_of(records, names[-1]))
        beside = _rounds(lake, lambda done: done < ROUNDS_MIN or not engine.poll())
        engine.recv()
        engine.send(None)
    return {
        "residents": plan.residents, "days": plan.days - 1, "seed": plan.seed,
        "records": held, _REST: rest, _BESIDE: beside,
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
    return {name: {"rows": rows[name], "asked": len(s), **percentiles(s)} for name, s in taken.items()}


def figures(report: Row) -> list[Figures]:
    shown = [(when, at) for when in (_REST, _BESIDE) for at in ("p50_ms", "p95_ms")]
    rows = []
    for asked in questions():
        beside = report[_BESIDE][asked.name]["rows"]
        rows.append((asked.en, f"{beside:,}", *(f"{report[when][asked.name][at]:,}" for when, at in shown)))
    head = ("question", "rows", "at rest p50, ms", "p95", "while writing p50, ms", "p95")
    title = f"{report['records']:,} records of {report['days']} days, {report['residents']:,} people"
    return [Figures(title, head, rows), page_figures(report["page"])]


def plot(report: Row) -> str:
    beside = report[_BESIDE]
    values = {name: (found["least_ms"], found["p50_ms"], found["p95_ms"]) for name, found in beside.items()}
    return bars("What analysts ask while the engine writes (whisker: to p95)", "ms", values)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.analysts", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cookbook", action="store_true", required=True, help="write docs/cookbook.md and end")
    parser.parse_args()
    COOKBOOK.write_text(cookbook(), "utf-8")


if __name__ == "__main__":
    main()
