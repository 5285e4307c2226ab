"""The importers as a whole, and InVS15: no reject, the same bytes twice, a report on every row, exact time together.

In: published sets where they are at hand, and small files made here. Out: pass or fail.
Invariant: what an importer writes, the intake takes; what it does not write, the report names.
Deliberately absent: the oddities of single sets, each in a file of its own.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from replay.importers import IMPORTERS
from replay.importers.published import read_day, read_table
from replay.importers.report import REPORT_FILE, Report
from streams.packs import load_series
from tests.imported import DATA, JUDGES, needs, records_of, taken_in, token, views

FOLDERS = {
    "invs15": "workplace_invs15",
    "itineraries": "official_itineraries",
    "rail": "rail_via_changchun_2016",
    "ds4c": "ds4c_korea_2020",
    "taiwan": "taiwan_2020",
    "tianjin-singapore": "tianjin_singapore_2020",
}
LARGE = {"invs15"}
SETS = [
    pytest.param(name, marks=[needs(FOLDERS[name]), *([pytest.mark.slow] if name in LARGE else [])])
    for name in IMPORTERS
]
INVS15 = "workplace_invs15"


def tiny_invs15(folder: Path, seconds: int = 600) -> Path:
    """Two people together for some seconds, a third alone."""
    folder.mkdir(parents=True)
    presences = (
        f"person,place,from_s,to_s\n7,c1,28800,{28800 + seconds}\n12,c1,28800,{28800 + seconds}\n30,c2,28800,29000\n"
    )
    truth = f"a,b,copresence_s,contact_s\n7,12,{seconds},{seconds}\n"
    for name, text in (("component_presence", presences), ("truth_pairs", truth)):
        (folder / f"invs15_{name}.csv.gz").write_bytes(gzip.compress(text.encode()))
    return folder


def together_s(view: dict[str, Any]) -> Counter[tuple[int, int]]:
    """Seconds of exposure by (case, other)."""
    table = view["exposures"]
    columns = (table.column(n).to_pylist() for n in ("case_person", "contact_person", "since_ms", "until_ms"))
    total: Counter[tuple[int, int]] = Counter()
    for case, other, since, until in zip(*columns, strict=True):
        total[case, other] += (until - since) // 1000
    return total


@pytest.mark.parametrize("name", SETS)
def test_every_record_of_every_importer_is_taken_in(name: str, tmp_path: Path) -> None:
    report = IMPORTERS[name](DATA / FOLDERS[name], tmp_path)
    batches, rejects = taken_in(tmp_path)
    assert rejects == []
    assert report.rows("no_record") == []
    written = sum(count for source, count in report.written.items() if "." in source and "csv" not in source)
    assert sum(b.records.num_rows for b in batches) == written - report.written["timetable.parquet"] > 0


@pytest.mark.parametrize("name", SETS)
def test_an_import_writes_the_same_bytes_twice_and_says_so_in_a_report(name: str, tmp_path: Path) -> None:
    for turn in ("one", "two", "two"):
        report = IMPORTERS[name](DATA / FOLDERS[name], tmp_path / turn)
    names = sorted(file.name for file in (tmp_path / "one").iterdir())
    assert names == sorted(file.name for file in (tmp_path / "two").iterdir())
    for file in names:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes(), file
    body = json.loads((tmp_path / "one" / REPORT_FILE).read_text(encoding="utf-8"))
    assert body["set"] == report.dataset
    assert all(f["count"] == len(f["rows"]) > 0 and f["why"] for f in body["findings"])
    console = Console(width=160, record=True, file=(tmp_path / "terminal").open("w", encoding="utf-8"))
    console.print(report.render())
    assert "rows read" in console.export_text()


def test_a_folder_of_other_records_is_not_overwritten(tmp_path: Path) -> None:
    source, out = tiny_invs15(tmp_path / "set"), tmp_path / "out"
    IMPORTERS["invs15"](source, out)
    (out / REPORT_FILE).write_text('{"set": "something else"}', encoding="utf-8")
    with pytest.raises(ValueError, match=r"out: holds records of something else"):
        IMPORTERS["invs15"](source, out)
    (out / REPORT_FILE).unlink()
    with pytest.raises(ValueError, match=r"records that no import wrote"):
        IMPORTERS["invs15"](source, out)


def test_a_set_without_its_file_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    for name in IMPORTERS:
        with pytest.raises(ValueError, match=r"\.csv.*: no such file; expected"):
            IMPORTERS[name](tmp_path, tmp_path / "out" / name)


def test_a_body_that_is_no_record_is_reported_with_its_row(tmp_path: Path) -> None:
    source = tiny_invs15(tmp_path / "set", seconds=0)
    report = IMPORTERS["invs15"](source, tmp_path / "out")
    assert report.rows("no_record") == [2, 3]
    assert report.written["health.survey_leg"] == 1
    assert "until_at must come after since_at" in report.to_json()


def test_tables_are_read_whatever_their_encoding_and_header(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(b'\xef\xbb\xbfname ,n\nZ\xfcrich,NA\n\n"two\nlines",3\n')
    table = read_table(path)
    assert [what for what, _ in table.oddities] == ["byte_order_mark", "latin_1", "column_name_spaces"]
    assert table.columns == ("name", "n")
    assert [(row.number, row["name"], row["n"]) for row in table] == [(2, "Zürich", ""), (4, "two\nlines", "3")]


def test_days_are_read_day_first_and_never_guessed() -> None:
    assert str(read_day("03/02/2020")) == "2020-02-03"
    assert str(read_day("2020-04-19 00:00:00")) == "2020-04-19"
    assert [read_day(text) for text in ("2020-04", "1990", "31/02/2020", "2020-03-14, 2020-03-16", "")] == [None] * 5


def test_a_row_named_twice_for_one_reason_counts_once() -> None:
    report = Report("x")
    for row in (3, 3, 2):
        report.odd("f.csv", row, "strange", "for a reason")
    report.left_out("f.csv", 3, "strange", "for another")
    assert list(report.grouped().values()) == [[3], [2, 3]]
    assert report.rows("strange") == [2, 3]


@pytest.mark.parametrize("judge", JUDGES)
def test_the_judges_see_the_seconds_that_two_people_were_together(judge: str, tmp_path: Path) -> None:
    IMPORTERS["invs15"](tiny_invs15(tmp_path / "set"), tmp_path / "out", cases=1)
    batches, _ = taken_in(tmp_path / "out")
    view = views(judge, batches, load_series())
    assert together_s(view) == {(token("INVS15-7"), token("INVS15-12")): 600}


def test_cases_are_all_or_a_number(tmp_path: Path) -> None:
    source = tiny_invs15(tmp_path / "set")
    assert IMPORTERS["invs15"](source, tmp_path / "out", cases="2").written["health.case_report"] == 2
    with pytest.raises(ValueError, match="expected `all` or a number"):
        IMPORTERS["invs15"](source, tmp_path / "out", cases="some")


@needs(INVS15)
def test_invs15_is_read_whole(tmp_path: Path) -> None:
    report = IMPORTERS["invs15"](DATA / INVS15, tmp_path, cases=20)
    assert report.written["health.survey_leg"] == 70_354
    assert report.written["health.case_report"] == 20
    assert report.counts == {"persons": 217, "cases": 20}
    assert report.findings == []
    with (tmp_path / "truth.csv").open(encoding="utf-8") as stream:
        truth = [int(row["copresence_s"]) for row in csv.DictReader(stream)]
    assert (len(truth), sum(s >= 600 for s in truth)) == (5_657, 729)
    legs = records_of(tmp_path, "health.survey_leg")
    assert {(leg["since_at"][8:10] == leg["until_at"][8:10]) for leg in legs} == {True}


@pytest.mark.slow
@needs(INVS15)
@pytest.mark.parametrize("judge", JUDGES)
@pytest.mark.parametrize("cases", ["all", 20])
def test_every_pair_is_together_for_exactly_the_true_time(judge: str, cases: str | int, tmp_path: Path) -> None:
    IMPORTERS["invs15"](DATA / INVS15, tmp_path, cases=cases)
    batches, rejects = taken_in(tmp_path)
    assert rejects == []
    found = together_s(views(judge, batches, load_series()))
    infectious = {token(r["id_no"]) for r in records_of(tmp_path, "health.case_report")}
    expected: dict[tuple[int, int], int] = {}
    with (tmp_path / "truth.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            a, b = token(row["a"]), token(row["b"])
            expected |= {pair: int(row["copresence_s"]) for pair in ((a, b), (b, a)) if pair[0] in infectious}
    assert found == expected
    if cases == "all":
        assert len(found) == 2 * 5_657
        assert sum(s >= 600 for s in found.values()) == 2 * 729
