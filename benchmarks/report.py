"""Report: what a benchmark found, with what it must be read with, as files.

In: a benchmark's name and size, what it measured. Out: <name>.json, .md and .svg (sizes other than full:
<name>-<size>), and the tables.
Invariant: the JSON is written before anything is drawn from it; a report that is void says so first, on its page, too.
Deliberately absent: what the figures mean (budgets.py).
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from benchmarks.bench import Bench, Row
from benchmarks.figures import Figures
from benchmarks.machine import machine

RESULTS = Path(__file__).parent / "results"
FULL = "full"


def stem(name: str, size: str) -> str:
    return name if size == FULL else f"{name}-{size}"


def measured(module: ModuleType, name: str, size: str, bench: Bench) -> Row:
    """The benchmark's report with size, date, machine and load. Units: load: processes that run or wait, the mean of a
    minute."""
    about: Row = {"name": name, "size": size, "date": _now(), "machine": machine(), "load_before": os.getloadavg()[0]}
    found: Row = module.measure(size, bench)
    report = {"seeds": [], "repeats": 1, "digest": "", **found, **about, "load_after": os.getloadavg()[0]}
    return report | {"void": void_of(report)}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def void_of(report: Row) -> str:
    """Why the figures do not count; nothing where they do."""
    told = report.get("void")
    return told if isinstance(told, str) else "the digests differ" if told else ""


def words_of(module: ModuleType, report: Row) -> str:
    """What no table of it says; most benchmarks have nothing to add."""
    tell: Any = getattr(module, "words", None)
    return str(tell(report)) if tell else ""


def page(report: Row, tables: list[Figures], words: str) -> str:
    """The report as Markdown, beside its plot."""
    name, size, made = report["name"], report["size"], report["machine"]
    what = f"brain bench {name}" + ("" if size == FULL else f" --size {size}")
    versions = ", ".join(f"{part} {version}" for part, version in made.items() if part not in ("commit", "cpu"))
    load = "load unknown"
    if "load_before" in report:
        load = f"load {report['load_before']:.1f} before and {report['load_after']:.1f} after"
    seeds = f"seeds {', '.join(map(str, report['seeds']))}; " if report["seeds"] else ""
    digest = f"; output {report['digest']}" if report["digest"] else ""
    parts = [
        f"# {name}",
        f"`{what}`, {report['date'][:10] or 'no date'}, commit {made['commit']}, {made['cpu']}, {versions}; {load}; "
        f"{seeds}repeats {report['repeats']}{digest}.",
    ]
    if void := void_of(report):
        parts.append(f"**VOID: {void}.** None of these figures counts.")
    parts += [words] if words else []
    parts += [table.markdown() for table in tables]
    return "\n\n".join([*parts, f"![{name}]({stem(name, size)}.svg)"]) + "\n"


def write(module: ModuleType, report: Row, folder: Path) -> list[Figures]:
    """Writes the files; the tables. Shape: JSON in lines of a readable length."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{stem(report['name'], report['size'])}.json"
    target.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", "utf-8")
    tables: list[Figures] = module.figures(report)
    target.with_suffix(".md").write_text(page(report, tables, words_of(module, report)), "utf-8")
    target.with_suffix(".svg").write_text(module.plot(report), "utf-8")
    return tables
