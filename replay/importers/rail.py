"""Rail via Changchun 2016: the stop times of trains as ride intervals, and crew duties of their runs.

In: the folder with `china_hsr_2016_trains_via_changchun.csv`. Out: `timetable.parquet`, a crew duty for each train
number and day asked for, and `Timetable` for whoever forges tickets.
Invariant: times along a run never go back; a time before the one that precedes it belongs to the next day.
Deliberately absent: passengers, seats and prices; stations are known by their exact names only.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from replay.importers.published import Row, day_begins, read_clock, read_day, read_table
from replay.importers.records import Records, person
from replay.importers.report import Report

FILE = "china_hsr_2016_trains_via_changchun.csv"
_DAY = timedelta(days=1)
_TIMETABLE = pa.schema(
    [
        ("train", pa.string()), ("variant", pa.string()), ("stop", pa.int32()), ("station", pa.string()),
        ("arrive_s", pa.int64()), ("depart_s", pa.int64()), ("days", pa.string()),
    ]
)  # fmt: skip


class Stop(NamedTuple):
    """A stop of a run on a day; the first stop arrives when it departs."""

    arrive: datetime
    depart: datetime


@dataclass(frozen=True)
class Run:
    """One variant of a train: its numbers (they change on the way), stops as (station, arrival, departure) since the
    midnight of the day it sets out, and the days it runs (empty: every day)."""

    name: str
    variant: str
    stops: tuple[tuple[str, timedelta, timedelta], ...]
    days: frozenset[date]

    @property
    def numbers(self) -> tuple[str, ...]:
        return tuple(self.name.split("/"))


class Timetable:
    """The runs by train number. On a day that no variant lists, one that runs daily stands, else the last one:
    the timetable is of 2016, and a drill may be of any year."""

    def __init__(self, runs: list[Run]) -> None:
        self.runs = runs
        self._by_number: dict[str, list[Run]] = defaultdict(list)
        for run in runs:
            for number in {run.name, *run.numbers}:
                self._by_number[number].append(run)

    def trains(self) -> list[str]:
        return sorted({number for run in self.runs for number in run.numbers})

    def run(self, train: str, day: date) -> Run | None:
        """The run of a train that sets out on a day; None for a number that is not in the timetable."""
        runs = sorted(self._by_number.get(train, ()), key=lambda r: (day in r.days, not r.days, r.variant))
        return runs[-1] if runs else None

    def stop(self, train: str, day: date, station: str) -> Stop | None:
        """When a train that sets out on `day` stops at a station; None if train or station is not there."""
        run = self.run(train, day)
        begins = day_begins(day)
        found = [Stop(begins + a, begins + d) for name, a, d in (run.stops if run else ()) if name == station]
        return found[0] if found else None

    def ride_interval(self, train: str, day: date, board: str, alight: str) -> tuple[datetime, datetime]:
        """Departure at `board` and arrival at `alight` of the run that sets out on `day`. Errors: ValueError for an
        unknown train or station, or stations in the wrong order."""
        run = self.run(train, day)
        if run is None:
            raise ValueError(f"{train}: no such train in the timetable of 2016")
        stations = [name for name, _, _ in run.stops]
        for station in (board, alight):
            if station not in stations:
                raise ValueError(f"{train} does not stop at {station}; it stops at {' '.join(stations)}")
        if stations.index(board) >= stations.index(alight):
            raise ValueError(f"{train} reaches {alight} before {board}; expected a ride in the direction of the run")
        depart, arrive = self.stop(train, day, board), self.stop(train, day, alight)
        assert depart is not None
        assert arrive is not None
        return depart.depart, arrive.arrive


def read_timetable(source: Path, report: Report | None = None) -> Timetable:
    """The timetable in a folder. Errors: ValueError when the file is not there."""
    report = report or Report("rail")
    variants: dict[tuple[str, str], list[Row]] = {}
    for row in read_table(source / FILE):
        report.read[FILE] += 1
        variants.setdefault((row["车次"], row["variant"]), []).append(row)
    return Timetable([_run(train, variant, rows, report) for (train, variant), rows in variants.items()])


def _run(train: str, variant: str, rows: list[Row], report: Report) -> Run:
    stops: list[tuple[str, timedelta, timedelta]] = []
    last, expected = timedelta(0), 1
    rows = sorted(rows, key=lambda r: int(r["站序"]))
    for row in rows:
        if int(row["站序"]) != expected:
            report.odd(FILE, row.number, "stop_missing", "the numbers of the stops skip one or more before this one")
        expected = int(row["站序"]) + 1
        times = [read_clock(row["到站时间"]), read_clock(row["出发时间.1"])]
        if times[0] is None and times[1] is None:
            report.left_out(FILE, row.number, "no_times", "the stop has neither arrival nor departure")
            continue
        if times[0] is None:
            why = "no arrival (----): the run begins here" if row is rows[0] else "no arrival (----) on the way"
            report.assumed(FILE, row.number, "no_arrival", f"{why}; the departure stands for it")
        elif times[1] is None:
            report.assumed(FILE, row.number, "no_departure", "no departure (----): the arrival stands for it")
        arrive, depart = times[0] or times[1] or last, times[1] or times[0] or last
        arrive = _after(last, arrive)
        depart = _after(arrive, depart)
        if depart // _DAY > last // _DAY:
            report.odd(FILE, row.number, "past_midnight", "the run passes midnight before this stop's departure")
        last = depart
        stops.append((row["站名"], arrive, depart))
    if "/" in train:
        report.odd(FILE, rows[0].number, "two_numbers", "the train changes its number on the way; both numbers find it")
    listed = rows[0]["运行日期"]
    days = () if listed == "ALL" else (read_day(day) for day in listed.split("|"))
    return Run(train, variant, tuple(stops), frozenset(day for day in days if day is not None))


def _after(earlier: timedelta, clock: timedelta) -> timedelta:
    """The first time of that clock reading that is not before `earlier`."""
    moved = earlier // _DAY * _DAY + clock
    return moved if moved >= earlier else moved + _DAY


def import_rail(source: Path, out: Path, *, days: int = 1, first_day: str = "2016-03-05") -> Report:
    """The timetable, and for each of `days` days from `first_day` one crew duty for each train number that runs.
    A crew belongs to a run: a train with two numbers has one crew with two duties. Errors: ValueError."""
    report = Report("rail")
    start = read_day(first_day)
    if start is None:
        raise ValueError(f"first_day: {first_day!r}; expected a day such as 2016-03-05")
    with Records(out, report) as records:
        timetable = read_timetable(source, report)
        report.counts["runs"], report.counts["train_numbers"] = len(timetable.runs), len(timetable.trains())
        _write_timetable(timetable, out / "timetable.parquet", report)
        for day in (start + at * _DAY for at in range(int(days))):
            for run in timetable.runs:
                if timetable.run(run.name, day) is run and (not run.days or day in run.days or day.year != start.year):
                    _write_duties(records, run, day)
    return report


def _write_duties(records: Records, run: Run, day: date) -> None:
    begins = day_begins(day)
    since, until = begins + run.stops[0][2], begins + run.stops[-1][1]
    for number in run.numbers:
        duty = {
            **person(f"RAIL16-CREW-{run.variant}-{day}"),
            "mode": "train",
            "vehicle": number,
            "service_date": day.isoformat(),
            "since_at": since,
            "until_at": until,
        }
        records.add("transport.crew_duty", FILE, 0, f"RAIL16:{run.variant}:{number}:{day}", since, duty)


def _write_timetable(timetable: Timetable, path: Path, report: Report) -> None:
    rows = [
        (run.name, run.variant, at, station, arrive // timedelta(seconds=1), depart // timedelta(seconds=1),
         "|".join(sorted(map(str, run.days))))
        for run in timetable.runs
        for at, (station, arrive, depart) in enumerate(run.stops, 1)
    ]  # fmt: skip
    columns = list(zip(*rows, strict=True))
    table = pa.Table.from_arrays(
        [pa.array(c, f.type) for c, f in zip(columns, _TIMETABLE, strict=True)], schema=_TIMETABLE
    )
    pq.write_table(table, path)
    report.written[path.name] = table.num_rows
