"""`python -m benchmarks.scale [--size SIZE] [--part PART]`: what grows with days, people and workers, and by which law.

In: a size. Out: results/scale.json (of other sizes scale-<size>.json) with its plot, docs/scale.md; tables.
Invariant: what is measured is kept at once, part by part, each with its machine and commit; a part whose digests differ
says so, and no law is fitted to it.
Deliberately absent: what follows for a province (provinces.py, scale_page.py).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import inf
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.bench import Bench, Row
from benchmarks.day import plan_of
from benchmarks.days import days_in_a_row
from benchmarks.intakes import intakes
from benchmarks.machine import machine
from benchmarks.populations import population
from benchmarks.report import stem, write
from benchmarks.scale_figures import PARTS, figures, plot, summary
from benchmarks.scale_page import PAGE, RESULTS, page, reports
from schemas.keys import Key

__all__ = ["figures", "measure", "plot"]
KILLS = (1, 2, 4, 8, 14)
"""Days of state with which an engine is killed."""
ORACLE_PEOPLE = 20_000
"""Of as many the oracle is asked, too: the records of all days stay on the disk until then."""
KEY = Key("bench", bytes(range(32)))
Keep = Callable[[Row], None]


@dataclass(frozen=True)
class Size:
    """`residents`, `days`: of the days in a row; one day more is played, in which the last engine is killed. `people`:
    populations of one day. `workers`: numbers of intake workers, over a day of `worker_people`, `repeats` times."""

    residents: int
    days: int
    people: tuple[int, ...]
    workers: tuple[int, ...]
    worker_people: int
    repeats: int


SIZES = {
    "tiny": Size(2_000, 2, (500, 1_000, 2_000), (1, 2), 500, 1),
    "quick": Size(20_000, 4, (5_000, 10_000, 20_000), (1, 2, 3), 10_000, 1),
    "full": Size(65_000, 14, (65_000, 130_000, 260_000), (1, 2, 3), 65_000, 1),
    "long": Size(650_000, 14, (650_000, 2_000_000, 6_000_000), (1, 2, 3), 65_000, 3),
}


def measure(size: str, bench: Bench) -> Row:
    """All parts. Errors: KeyError for a size that there is not; OSError where the disk has no room."""
    return run(size, bench)


def run(
    size: str, bench: Bench, parts: tuple[str, ...] = (), keep: Keep = lambda _: None, before: Row | None = None,
    minutes: float = inf,
) -> Row:  # fmt: skip
    """Some parts (none: all) of a size, the others as they were `before`. `keep`: told the report after every step.
    After so many `minutes` no day and no population is begun."""
    chosen, ends = SIZES[size], time.monotonic() + 60 * minutes
    report: Row = {"name": "scale", "seeds": [plan_of().seed], "parts": dict((before or {}).get("parts", {}))}
    key = bench.scratch / "key.json"
    key.write_text(KEY.to_json())

    def put(name: str, found: Row) -> None:
        report["parts"][name] = found
        keep(report | summary(report))

    for name in parts or PARTS:
        if time.monotonic() > ends:
            bench.tell(f"no time left for {name}: it stays as it was")
            continue
        about = {
            "size": size, "machine": machine(), "date": time.strftime("%Y-%m-%d", time.gmtime()),
            "load_before": os.getloadavg()[0],
        }  # fmt: skip

        def told(found: Row, name: str = name, about: Row = about) -> None:
            put(name, about | found | {"load_after": os.getloadavg()[0]})

        left = (ends - time.monotonic()) / 60
        told(_MEASURE[name](chosen, bench, key, told, left))
    return report | summary(report)


def _days(size: Size, bench: Bench, key: Path, keep: Keep, minutes: float) -> Row:
    folder = bench.scratch / "days"
    folder.mkdir()

    def tell(report: Row) -> None:
        keep(days_part(report, size))
        if report["restart"] is None:
            row = report["days"][-1]
            bench.tell(f"{row['day']}: {row['records']:,} records, {row['whole_s']:.1f} s, {row['resident_mib']:,} MiB")

    kills = [day for day in KILLS if day <= size.days]
    plan = plan_of(size.residents, size.days + 1)
    asked = size.residents <= ORACLE_PEOPLE
    beside = size.days - 1, size.days
    return days_part(days_in_a_row(plan, folder, key, asked, tell, minutes, kills, again=beside), size)


def days_part(report: Row, size: Size) -> Row:
    """Days in a row as a part: each with the records `held` at its end; what was read when the last engine was killed
    apart, as `closing`. Also of a report that knew of no kills and did not read the first day again."""
    held, rows = report["registers"]["records"], []
    for row in report["days"]:
        held += row["records"]
        rows.append(row | {"held": held})
    found = report.get("recoveries", [])
    said = [f"killed with {each['days']} days of state: {each['void']}" for each in found if each["void"]]
    if report["void"]:
        said.append("an engine that was started again says another thing" if report["restart"] else "not at its end")
    return {
        "residents": size.residents, "registers": report["registers"], "days": rows[: size.days],
        "closing": rows[size.days :], "first_again": report.get("first_again", []),
        "recoveries": found, "restart": report["restart"],
        "digest": report["days"][-1]["digest"], "void": "; ".join(said),
    }  # fmt: skip


def _people(size: Size, bench: Bench, key: Path, keep: Keep, minutes: float) -> Row:
    ends, rows = time.monotonic() + 60 * minutes, list[Row]()
    for residents in size.people:
        if time.monotonic() > ends:
            break
        rows.append(population(residents, bench.scratch, key))
        keep(_populations(rows))
        bench.tell(f"{residents:,} people: {rows[-1]['day']['whole_s']:.1f} s, {rows[-1]['day']['peak_mib']:,} MiB")
    return _populations(rows)


def _populations(rows: list[Row]) -> Row:
    void = "; ".join(f"{row['residents']:,} people: {row['void']}" for row in rows if row["void"])
    return {"rows": rows, "digest": rows[-1]["digest"] if rows else "", "void": void}


def _workers(size: Size, bench: Bench, _key: Path, _keep: Keep, _minutes: float) -> Row:
    return intakes(size.workers, size.worker_people, size.repeats, bench.scratch, KEY, bench)


_MEASURE: dict[str, Callable[[Size, Bench, Path, Keep, float], Row]] = {
    "days": _days, "people": _people, "workers": _workers,
}  # fmt: skip


def earlier(report: Row) -> Row:
    """A report of benchmarks.day over days in a row, as the part of days that it is."""
    size = Size(report["residents"], len(report["days"]), (), (), 0, 0)
    load = {name: report[name][0] for name in ("load_before", "load_after")}
    return {"size": "long", "machine": report["machine"], "date": "", **load, **days_part(report, size)}


def _target(size: str) -> Path:
    return RESULTS / f"{stem('scale', size)}.json"


def _write(size: str, report: Row) -> None:
    """The report, its tables and its plots. What it must be read with is that of its first part."""
    part: Row = next(iter(report["parts"].values()))
    about = {name: part[name] for name in ("machine", "date", "load_before", "load_after")}
    write(sys.modules[__name__], report | about | {"size": size}, RESULTS)


def write_page() -> None:
    """docs/scale.md, and the plots that it shows beside those of the reports."""
    found = reports(RESULTS)
    for size, report in found.items():
        if "people" in report["parts"]:
            target = _target(size)
            target.with_name(f"{target.stem}-people.svg").write_text(plot(report, "people"), "utf-8")
    PAGE.write_text(page(found), "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--size", choices=[*SIZES], default="full")
    parser.add_argument("--part", choices=PARTS, action="append", help="this alone; the others stay as they are")
    parser.add_argument("--minutes", type=float, default=inf, help="after which no day and no population is begun")
    parser.add_argument("--page", action="store_true", help="measure nothing: write docs/scale.md from the results")
    parser.add_argument("--days-of", type=Path, help="measure nothing: take the days of a report of benchmarks.day")
    given: Any = parser.parse_args()
    console, target = Console(), _target(given.size)
    before: Row = json.loads(target.read_text("utf-8")) if target.is_file() else {}
    if given.days_of:
        days = earlier(json.loads(given.days_of.read_text("utf-8")))
        report: Row = {"name": "scale", "seeds": [plan_of().seed], "parts": {**before.get("parts", {}), "days": days}}
        _write(given.size, report | summary(report))
    elif not given.page:
        with tempfile.TemporaryDirectory() as scratch:
            bench = Bench(Path(scratch), lambda line: console.print(line, markup=False))
            try:
                keep = partial(_write, given.size)
                report = run(given.size, bench, tuple(given.part or ()), keep, before, given.minutes)
            finally:
                bench.close()
        for told in figures(report):
            console.print(told.table())
    write_page()
    console.print(f"written: {'' if given.page else f'benchmarks/results/{target.name}, '}docs/{PAGE.name}")


if __name__ == "__main__":
    main()
