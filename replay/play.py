"""Play: a drill from its plan: the city, its days, the wave, the records as files, and the truth beside them.

In: a plan, an empty folder. Out: `src.<source>.<day>.ndjson` in it, in order of arrival; `<folder>-truth` beside it.
Invariant: same plan and sets, same bytes. Nothing of the truth lies in the folder of records. One sheet is in memory at
a time.
Deliberately absent: the pace at which records are played, and any judgement of what was found (replay/score).
"""

from __future__ import annotations

import platform
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from functools import partial
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any
from zlib import crc32

import numpy as np

from replay.arrivals import Arrivals
from replay.city.founding import found_city
from replay.city.living import cut_short, live
from replay.city.model import City
from replay.desks import health
from replay.desks.day import Day, before
from replay.desks.table import REGISTERS, sheets, unplayed
from replay.faults.catalogue import spoil
from replay.lines import lines
from replay.plan import Plan
from replay.sheets import REGISTERS_DAY, Sheet
from replay.truth import Truth
from replay.wave.wave import Wave
from schemas.departments import NAMES
from schemas.instants import DAY_MS, day_number, day_start

DIVISIONS, TIMETABLE = "kuancheng_divisions", "rail_via_changchun_2016"
"""Published sets that a plan may name: of streets and communities, and of trains."""
FAULTS = 7_300
"""Purpose of the generators of faults."""
_BYTES_OF = ("numpy", "pyarrow")
"""Libraries on whose versions a drill's bytes depend."""
Progress = Callable[[int, str, float], None]


@dataclass
class Played:
    """What was written. `lines`: by source and day (`registers` for what was on file before); `sha256`: by file;
    `unplayed`: sources that tell of people and have no desk; `seconds`: by step."""

    lines: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    sha256: dict[str, str] = field(default_factory=dict)
    unplayed: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    def timed(self, step: str, make: Callable[[], Any]) -> Any:
        """What `make` gives; the time it took is counted to the step."""
        began = perf_counter()
        made = make()
        self.seconds[step] += perf_counter() - began
        return made

    @property
    def records(self) -> int:
        return sum(sum(days.values()) for days in self.lines.values())

    def told(self, plan: Plan) -> dict[str, Any]:
        """What stands in played.json; without seconds, so that it is the same whenever it is made."""
        versions = {"python": platform.python_version()} | {name: version(name) for name in _BYTES_OF}
        return {
            "plan": asdict(plan), "lines": self.lines, "records": self.records, "unplayed": self.unplayed,
            "sha256": self.sha256, "versions": versions,
        }  # fmt: skip


def write_drill(
    plan: Plan, folder: Path, sets: Path | None = None, progress: Progress = lambda _day, _step, _share: None
) -> Played:
    """Plays a plan into an empty folder. `sets`: where published sets lie; without, names are made up. `progress`: told
    the day, the step and the share of the day that is done. Errors: FileExistsError where the folder holds something;
    ValueError for a set that lacks a file."""
    if plan.transfers is not None:
        raise ValueError(
            f"{plan.name}: its records depend on what is decided while it goes on; run it: brain drill run"
        )
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(f"{folder}: a drill is written into an empty folder; remove it or name another")
    truth = Truth(folder.parent / f"{folder.name}-truth", plan)
    drill = _Drill(plan, folder, truth, progress)
    progress(REGISTERS_DAY, "city", 0.0)
    city = drill.played.timed("city", lambda: found_city(plan.seed, plan.residents, *published(plan, sets)))
    truth.begin(city)
    wave = drill.played.timed("wave", lambda: Wave(city, plan))
    first_ms = day_start(day_number(plan.first_day))
    drill.file(city, before(city, first_ms, plan.profile), wave)
    for number in range(plan.days):
        drill.play(city, wave, number, first_ms + number * DAY_MS)
    drill.played.unplayed = [source for name in NAMES for source in unplayed(name, drill.written)]
    drill.arrivals.write(truth.folder)
    truth.end(wave.infections(first_ms + plan.days * DAY_MS), drill.played.told(plan))
    return drill.played


def published(plan: Plan, sets: Path | None) -> tuple[Path | None, Path | None]:
    """The folders of divisions and timetable that the plan names, where they are at hand."""

    def at_hand(name: str) -> Path | None:
        return sets / name if sets is not None and name in plan.sets and (sets / name).is_dir() else None

    return at_hand(DIVISIONS), at_hand(TIMETABLE)


class _Drill:
    """A drill that is being written."""

    def __init__(self, plan: Plan, folder: Path, truth: Truth, progress: Progress) -> None:
        self.plan, self.folder, self.truth, self.progress = plan, folder, truth, progress
        self.played, self.arrivals = Played(), Arrivals()
        self.written: set[str] = set()

    def file(self, city: City, day: Day, wave: Wave) -> None:
        """What was on file before the first day: all of it has come before that begins."""
        last_ms = day_start(day_number(self.plan.first_day)) - 1000
        for at, register in enumerate((_standing(wave), *REGISTERS)):
            sheet: Sheet = self.played.timed("desks", partial(register, day))
            self.progress(REGISTERS_DAY, sheet.source, at / (1 + len(REGISTERS)))
            sheet.arrival_ms = np.minimum(sheet.arrival_ms, last_ms)
            self._write(city, sheet, REGISTERS_DAY)
        self.truth.isolate(wave.standing)

    def play(self, city: City, wave: Wave, number: int, start_ms: int) -> None:
        """One day: how people lived, what the wave did, what departments wrote."""
        self.progress(number, "city", 0.0)
        plan = self.plan
        visits = self.played.timed(
            "visits", lambda: live(city, number, start_ms, plan.profile, wave.isolated_ms, plan.injects)
        )
        course = self.played.timed("wave", lambda: wave.step(number, start_ms, visits))
        visits = cut_short(visits, course.isolated_ms)  # whoever is found in the day is isolated the same evening
        self.played.timed("truth", lambda: self.truth.day(number, visits))
        self.truth.isolate(course.stays)
        day = Day(city, number, start_ms, plan.profile, visits, course)
        for at, department in enumerate(NAMES):
            self.progress(number, department, at / len(NAMES))
            written = iter(sheets(day, department))
            while (sheet := self.played.timed("desks", partial(next, written, None))) is not None:
                self._write(city, sheet, number)
        self.progress(number, "done", 1.0)

    def _write(self, city: City, sheet: Sheet, number: int) -> None:
        """A sheet becomes a file; what it tells, and what faults did to it, becomes truth."""
        self.written.add(sheet.source)
        struck = []
        if self.plan.faults:
            rng = city.rng(FAULTS, crc32(sheet.source.encode()), number + 1)
            struck = self.played.timed("faults", lambda: spoil(sheet, self.plan, city, rng, number))
        self.played.timed("truth", lambda: self.truth.tell(sheet, number, struck))
        if len(sheet):
            name = day_name(self.plan.first_day, number)
            self.played.lines[sheet.source][name] = len(sheet)
            path = self.folder / f"src.{sheet.source}.{name}.ndjson"
            self.arrivals.add(path.name, sheet.arrival_ms)
            self.played.sha256[path.name] = self.played.timed("lines", lambda: _save(path, lines(sheet, number)))


def _standing(wave: Wave) -> Callable[[Day], Sheet]:
    """The register of those who were isolated before."""
    return lambda day: health.standing(day, wave.standing)


def day_name(first_day: date, number: int) -> str:
    """A day of a drill as files are named by it."""
    return "registers" if number == REGISTERS_DAY else (first_day + timedelta(days=number)).isoformat()


def _save(path: Path, blocks: Iterable[bytes]) -> str:
    """Writes a file; its digest."""
    digest = sha256()
    with path.open("wb") as file:
        for block in blocks:
            digest.update(block)
            file.write(block)
    return digest.hexdigest()
