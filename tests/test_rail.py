"""The timetable of 2016: ride intervals, runs past midnight, missing times, crews.

In: the published timetable where it is at hand, and small ones made here. Out: pass or fail.
Invariant: along a run no time goes back.
Deliberately absent: passengers.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from replay.importers import IMPORTERS, Report, read_timetable
from replay.importers.rail import Timetable
from schemas.instants import LOCAL
from tests.imported import DATA, needs, records_of, taken_in

SET = "rail_via_changchun_2016"
FILE = "china_hsr_2016_trains_via_changchun.csv"
HEADER = "车次,起点,终点,出发时间,到达时间,类别,服务,站序,站名,到站时间,出发时间.1,停留时间,是否开通,运行日期,variant\n"
DAY = date(2022, 3, 8)


def at(day: int, hour: int, minute: int) -> datetime:
    return datetime(2022, 3, day, hour, minute, tzinfo=LOCAL)


def made(folder: Path, *stops: str) -> tuple[Timetable, Report]:
    """A timetable of stops written as train, number, station, arrival, departure, days, variant."""
    lines = []
    for stop in stops:
        train, number, station, arrive, depart, days, variant = stop.split()
        lines.append(f"{train},A,B,,,高速,1,{number},{station},{arrive},{depart},----,True,{days},{variant}\n")
    (folder / FILE).write_text(HEADER + "".join(lines), encoding="utf-8")
    report = Report("rail")
    return read_timetable(folder, report), report


def test_a_run_past_midnight_arrives_the_next_day(tmp_path: Path) -> None:
    table, report = made(
        tmp_path,
        "D1 1 甲 ---- 22:30:00 ALL 1", "D1 2 乙 23:58:00 00:02:00 ALL 1", "D1 3 丙 06:00:00 06:00:00 ALL 1",
    )  # fmt: skip
    assert table.ride_interval("D1", DAY, "甲", "乙") == (at(8, 22, 30), at(8, 23, 58))
    assert table.ride_interval("D1", DAY, "乙", "丙") == (at(9, 0, 2), at(9, 6, 0))
    assert report.rows("past_midnight") == [3]
    assert report.rows("no_arrival") == [2]


def test_missing_times_and_stops_are_named(tmp_path: Path) -> None:
    table, report = made(
        tmp_path,
        "G1 1 甲 ---- 08:00:00 ALL 1", "G1 2 乙 ---- ---- ALL 1", "G1 3 丙 ---- 09:00:00 ALL 1",
        "G1 5 丁 10:00:00 ---- ALL 1",
    )  # fmt: skip
    assert report.rows("no_times") == [3]
    assert report.rows("no_arrival") == [2, 4]
    assert report.rows("no_departure") == report.rows("stop_missing") == [5]
    assert table.ride_interval("G1", DAY, "甲", "丁") == (at(8, 8, 0), at(8, 10, 0))
    for board, alight, said in (("乙", "丁", "does not stop at 乙"), ("丁", "甲", "before 丁")):
        with pytest.raises(ValueError, match=said):
            table.ride_interval("G1", DAY, board, alight)
    with pytest.raises(ValueError, match="no such train"):
        table.ride_interval("G2", DAY, "甲", "丁")


def test_a_train_of_two_numbers_is_one_run_with_one_crew(tmp_path: Path) -> None:
    table, report = made(tmp_path, "G1/G4 1 甲 ---- 08:00:00 ALL 7", "G1/G4 2 乙 09:00:00 09:00:00 ALL 7")
    assert table.ride_interval("G1", DAY, "甲", "乙") == table.ride_interval("G4", DAY, "甲", "乙")
    assert table.trains() == ["G1", "G4"]
    assert report.rows("two_numbers") == [2]
    IMPORTERS["rail"](tmp_path, tmp_path / "out", days=2, first_day="2016-02-28")
    duties = records_of(tmp_path / "out", "transport.crew_duty")
    assert [(d["vehicle"], d["service_date"]) for d in duties] == [
        ("G1", "2016-02-28"), ("G4", "2016-02-28"), ("G1", "2016-02-29"), ("G4", "2016-02-29"),
    ]  # fmt: skip
    assert len({duty["id_no"] for duty in duties}) == 2


def test_the_variant_of_the_day_stands_and_other_years_take_one_that_runs(tmp_path: Path) -> None:
    table, _ = made(
        tmp_path,
        "G1 1 甲 ---- 08:00:00 2016-02-01|2016-02-02 1", "G1 2 乙 09:00:00 09:00:00 2016-02-01|2016-02-02 1",
        "G1 1 甲 ---- 08:30:00 2016-03-01 2", "G1 2 乙 09:30:00 09:30:00 2016-03-01 2",
    )  # fmt: skip
    departures = [table.stop("G1", date(year, month, 1), "甲") for year, month in ((2016, 2), (2016, 3), (2022, 1))]
    assert [stop.depart.minute for stop in departures if stop is not None] == [0, 30, 30]
    assert table.stop("G1", DAY, "丙") is table.stop("G9", DAY, "甲") is None


@needs(SET)
def test_the_published_timetable_is_read_whole(tmp_path: Path) -> None:
    report = IMPORTERS["rail"](DATA / SET, tmp_path)
    assert report.read[FILE] == pq.read_table(tmp_path / "timetable.parquet").num_rows == 1_968
    assert report.counts == {"runs": 249, "train_numbers": 285}
    assert len(report.rows("no_arrival")) == 248
    assert len(report.rows("past_midnight")) == 15
    assert len(report.rows("two_numbers")) == 38
    assert len(report.rows("stop_missing")) == 11
    assert taken_in(tmp_path)[1] == []
    table = read_timetable(DATA / SET)
    assert table.ride_interval("D4604", DAY, "沈阳北", "北京") == (at(8, 23, 6), at(9, 4, 10))
    for run in table.runs:
        times = [time for _, arrive, depart in run.stops for time in (arrive, depart)]
        assert times == sorted(times)
