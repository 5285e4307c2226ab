"""The rows of the published itineraries: what their words become as places, times, people and cases.

In: the transcribed itineraries where they are at hand, and rows made here. Out: pass or fail.
Invariant: what a notice leaves open stays vague and is named in the report.
Deliberately absent: who is a contact (test_itineraries.py).
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from replay.importers import IMPORTERS, Report
from replay.importers.itinerary_legs import read_span
from tests.imported import DATA, needs, records_of

SET, RAIL = "official_itineraries", "rail_via_changchun_2016"
HEADER = "case_id,date,from,to,kind,what,car,seat,board,alight,companion,source\n"
PLATE = re.compile(r"[吉鲁][A-Z][A-Z0-9]{5}")
DAY = date(2022, 2, 19)
Imported = tuple[Path, Report]


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Imported:
    out = tmp_path_factory.mktemp("itineraries")
    return out, IMPORTERS["itineraries"](DATA / SET, out)


def told(since: str, until: str) -> tuple[str, str, str]:
    span = read_span(DAY, since, until)
    assert span is not None
    return f"{span.since:%d %H:%M}", f"{span.until:%d %H:%M}" if span.until else "", span.confidence


def test_times_are_as_sure_as_the_notice() -> None:
    assert told("08:30", "10:30") == ("19 08:30", "19 10:30", "certain")
    assert told("12:00左右", "") == ("19 12:00", "", "likely")
    assert told("10:00", "18:00左右") == ("19 10:00", "19 18:00", "likely")
    assert told("中午", "") == ("19 11:00", "19 13:00", "vague")
    assert told("", "19:20") == ("19 00:00", "19 19:20", "vague")
    assert told("", "") == ("19 00:00", "20 00:00", "vague")
    assert read_span(DAY, "evening", "") is read_span(DAY, "08:00", "late") is None


@needs(SET)
def test_every_row_is_written_or_named(imported: Imported) -> None:
    out, report = imported
    assert report.read["itineraries_transcribed.csv"] == 57
    sources = ("health.survey_leg", "transport.ticket", "transport.tap", "transport.taxi_trip")
    ids = [record["source_record_id"] for source in sources for record in records_of(out, source)]
    assert sorted({int(i.split(":")[1]) for i in ids}) == list(range(2, 59))
    assert len(ids) == len(set(ids)) == 94
    assert report.rows("no_record") == report.rows("vehicle_unknown") == report.rows("time_form") == []


@needs(SET)
def test_vague_rows_are_vague_and_tickets_without_times_last_the_day(imported: Imported) -> None:
    out, report = imported
    legs = {int(leg["source_record_id"].split(":")[1]): leg for leg in records_of(out, "health.survey_leg")}
    assert sorted(row for row, leg in legs.items() if leg["confidence"] == "vague") == [3, 12, 14, 20, 21, 22]
    assert sorted(row for row, leg in legs.items() if leg["confidence"] == "likely") == [6, 7, 39]
    assert report.rows("vague_time") == [3, 12, 14, 20, 21, 22]
    assert report.rows("whole_day") == [26, 27, 28, 29, 30, 31, 32, 41, 42, 44]
    assert report.rows("departure_unknown") == [43]
    ticket = next(t for t in records_of(out, "transport.ticket") if t["vehicle"] == "G4731" and t["carriage"] == "14")
    assert (ticket["depart_at"], ticket["arrive_at"]) == ("2020-01-20T00:00:00+08:00", "2020-01-21T00:00:00+08:00")
    assert (ticket["seat"], ticket["sealed"], ticket["service_date"]) == ("010F", True, "2020-01-20")
    t168 = next(t for t in records_of(out, "transport.ticket") if t["vehicle"] == "T168")
    assert t168["sealed"] is True
    assert report.rows("sealed_assumed") == [26]


@needs(SET)
def test_kinds_of_place_follow_the_words(imported: Imported) -> None:
    legs = records_of(imported[0], "health.survey_leg")
    kinds = {leg["place_name"]: leg["place_kind"] for leg in legs}
    assert kinds["蓝海豚补习班(世纪广场对面)"] == kinds["茂业天地一楼会场"] == "room"
    assert kinds["清和传家饺子馆中海店"] == kinds["欧亚商都"] == kinds["世纪广场地下"] == "restaurant"
    assert kinds["雾凇清水湾度假酒店"] == "entertainment"
    assert kinds["银座佳驿酒店(戴花园店)二楼"] == "hotel"
    assert kinds["儿童医院"] == kinds["欧亚奥莱"] == kinds["大连轻轨海湾高中站"] == "venue"


@needs(SET)
def test_a_plate_stands_in_the_vehicle_field_alone(imported: Imported) -> None:
    out, report = imported
    for file in out.iterdir():
        for line in file.read_text(encoding="utf-8").splitlines():
            assert not PLATE.search(re.sub(r'"vehicle":"[^"]*"', "", line)), file.name
    taxis = {trip["vehicle"] for trip in records_of(out, "transport.taxi_trip")}
    coaches = {t["vehicle"] for t in records_of(out, "transport.ticket") if t["mode"] == "coach"}
    assert (len(taxis), len(coaches)) == (2, 1)
    assert all(PLATE.fullmatch(vehicle) for vehicle in taxis | coaches)
    assert "mother" not in report.to_json()


@needs(SET)
def test_companions_who_are_cases_share_the_place_and_others_are_named(imported: Imported) -> None:
    out, report = imported
    of_mother = [leg for leg in records_of(out, "health.survey_leg") if leg["id_no"] == "OI-JLC-2022-0302-2"]
    assert [int(leg["source_record_id"].split(":")[1]) for leg in of_mother] == [2, 3, 6, 14, 18, 19, 23]
    of_case = {leg["source_record_id"].split(":")[1]: leg for leg in records_of(out, "health.survey_leg")}
    for leg in of_mother:
        twin = of_case[leg["source_record_id"].split(":")[1]]
        assert (leg["place_name"], leg["since_at"]) == (twin["place_name"], twin["since_at"])
    assert report.rows("companion") == [3, 4, 6, 8, 9, 10, 11, 13, 14, 18, 19, 21, 22, 23]
    rides = [(t["id_no"], t["vehicle"]) for t in records_of(out, "transport.ticket") if "SONGYUAN" in t["id_no"]]
    assert len(rides) == len(set(rides)) == 7
    assert report.rows("infector_named") == [28]
    truth = (out / "truth.csv").read_text(encoding="utf-8").splitlines()
    assert truth == ["infectee,infector,status", "OI-SONGYUAN-2020-SUNB,OI-SONGYUAN-2020-SUNA,named"]


@needs(SET)
def test_pairs_and_merged_people_are_told_apart_as_far_as_the_notice_does(imported: Imported) -> None:
    out, report = imported
    tickets = [t for t in records_of(out, "transport.ticket") if "DAXING" in t["id_no"]]
    seats = {(t["id_no"][-1], t["vehicle"]): (t["carriage"], t["seat"]) for t in tickets}
    assert seats == {
        ("1", "G323"): ("14", "08B"), ("2", "G323"): ("13", "05C"),
        ("1", "G356"): ("02", "02B"), ("2", "G356"): ("02", "02A"),
    }  # fmt: skip
    assert report.rows("which_of_pair") == [41, 42]
    assert len(records_of(out, "transport.taxi_trip")) == 4
    assert report.rows("merged_people") == list(range(46, 53))
    taps = [t for t in records_of(out, "transport.tap") if "MANZHOULI" in t["id_no"]]
    assert len(taps) == 27
    assert report.rows("range_of_days") == [56, 57, 58]
    assert report.rows("occasional") == [58]


@needs(SET)
def test_cases_are_sampled_when_the_bulletin_says_or_early_enough_for_their_rides(tmp_path: Path) -> None:
    report = IMPORTERS["itineraries"](DATA / SET, tmp_path / "covered")
    days = {s["id_no"]: s["sampled_at"][:10] for s in records_of(tmp_path / "covered", "health.nat_sample")}
    assert len(days) == report.counts["persons"] == 13
    assert days["OI-JLC-2022-0302-1"] == days["OI-JLC-2022-0302-2"] == "2022-03-02"
    assert days["OI-CHANGCHUN-2022-1008-3TO5"] == "2022-10-06"
    assert days["OI-SONGYUAN-2020-SUNA"] == "2020-01-18"
    assert report.rows("sampling_moved") == [26, 44, 46, 53, 56]
    assert report.rows("bulletin_unknown") == [26, 28, 33, 34, 56]
    admitted = {
        a["id_no"]: a["admitted_at"][:10] for a in records_of(tmp_path / "covered", "health.isolation_admission")
    }
    assert admitted["OI-CHANGCHUN-2022-1008-3TO5"] == "2022-10-09"
    plain = IMPORTERS["itineraries"](DATA / SET, tmp_path / "plain", cover_rides=False)
    days = {s["id_no"]: s["sampled_at"][:10] for s in records_of(tmp_path / "plain", "health.nat_sample")}
    assert days["OI-CHANGCHUN-2022-1008-3TO5"] == "2022-10-08"
    assert plain.rows("sampling_moved") == []


@needs(SET)
@needs(RAIL)
def test_train_times_can_be_completed_where_train_and_station_are_known(tmp_path: Path) -> None:
    report = IMPORTERS["itineraries"](DATA / SET, tmp_path, rail=DATA / RAIL)
    assert report.rows("timetable_2016") == [25, 27, 28]
    times = {
        t["vehicle"]: (t["depart_at"][5:16], t.get("arrive_at", "")[5:16])
        for t in records_of(tmp_path, "transport.ticket")
    }
    assert times["C1009"] == ("02-28T10:39", "02-28T11:19")
    assert times["G4731"] == ("01-20T02:05", "01-20T07:42")
    assert times["T168"] == ("01-16T00:00", "01-17T00:00")


def test_rows_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    rows = "X-2022-0302,someday,,,place,商场,,,,,,S\nX-2022-0302,2022-03-01,dawn,,place,商场,,,,,,S\n"
    rows += "X-2022-0302,2022-03-01,08:00,,ride,雪橇,,,,,,S\nX-2022-0302,2022-03-01,08:00,,place,商场,,,,,,S\n"
    (tmp_path / "itineraries_transcribed.csv").write_text(HEADER + rows, encoding="utf-8")
    report = IMPORTERS["itineraries"](tmp_path, tmp_path / "out")
    assert [report.rows(what) for what in ("no_day", "time_form", "vehicle_unknown")] == [[2], [3], [4]]
    assert len(records_of(tmp_path / "out", "health.survey_leg")) == 1
