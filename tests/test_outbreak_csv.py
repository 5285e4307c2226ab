"""One's own files: cases, presences and links as anybody may write them become records, row by row.

In: small CSV files made here. Out: pass or fail.
Invariant: what cannot be read is named with what to do; the rows around it stand.
Deliberately absent: published sets.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from replay.importers import Report, import_csv
from replay.importers.outbreak_csv import read_time
from schemas.instants import UNKNOWN_MS
from streams.packs import load_series
from tests.imported import JUDGES, records_of, taken_in, token, views

CASES = "person,onset_at,sampled_at,reported_at,isolated_at,classification\n"
PRESENCES = "person,place,kind,since,until,vehicle,carriage,seat\n"
LINKS = "identifier,identifier,since,until\n"


def imported(folder: Path, cases: str = "", presences: str = "", links: str | None = None) -> Report:
    """The report on files of those rows below their headers; records go to `out`."""
    files = {"cases": CASES + cases, "presences": PRESENCES + presences, "links": LINKS + (links or "")}
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    paths = [folder / f"{name}.csv" for name in files]
    return import_csv(paths[0], paths[1], None if links is None else paths[2], folder / "out")


@pytest.mark.parametrize("judge", JUDGES)
def test_an_outbreak_of_three_files_is_traced(judge: str, tmp_path: Path) -> None:
    report = imported(
        tmp_path,
        "A1,,2022-03-08T09:00:00+08:00,2022-03-09,2022-03-09T12:00:00+08:00,confirmed\n",
        "A1,dumpling house,restaurant,2022-03-08T12:00:00,2022-03-08T13:00:00,,,\n"
        "phone:13900000001,dumpling house,restaurant,1646714400,1646716200,,,\n"  # 12:40 to 13:10 at +08:00
        "A1,,train,2022-03-07T08:00:00,2022-03-07T10:00:00,G123,14,010F\n"
        "B2,,train,2022-03-07T08:00:00,2022-03-07T10:00:00,g123,14,3A\n"
        "C3,,train,2022-03-07T08:00:00,2022-03-07T10:00:00,G123,15,3A\n",
        "phone:13900000001,D4,2022-01-01,\n",
    )
    assert report.findings == []
    batches, rejects = taken_in(tmp_path / "out")
    assert rejects == []
    view = views(judge, batches, load_series())
    contacts = dict(
        zip(*(view["contacts"].column(n).to_pylist() for n in ("contact_person", "overlap_ms")), strict=True)
    )
    assert contacts == {token("D4"): 20 * 60_000, token("B2"): 7_200_000}
    case = view["cases"].to_pylist()[0]
    assert case["onset_at_ms"] == UNKNOWN_MS
    assert (case["first_positive_at_ms"], case["isolated_at_ms"]) == (1646701200000, 1646798400000)


def test_times_are_iso_or_epoch_seconds_and_days_before_1970_are_days() -> None:
    one = read_time("1646714400")
    assert one is not None
    assert one.moment.isoformat() == "2022-03-08T12:40:00+08:00"
    old = read_time("1918-10-03")
    assert old is not None
    assert (old.moment.isoformat(), old.end.isoformat()) == ("1918-10-03T00:00:00+08:00", "1918-10-04T00:00:00+08:00")
    early, negative = read_time("1969-12-31T23:00:00Z"), read_time("-3600")
    assert early is not None
    assert negative is not None
    assert early.moment == negative.moment
    assert [read_time(text) for text in ("20220308", "08/03/2022", "yesterday", "2022-02-30", "99999999999")] == [
        None
    ] * 5


def test_a_sample_is_a_single_positive_specimen_and_a_day_of_isolation_is_over(tmp_path: Path) -> None:
    imported(tmp_path, "A1,2022-03-06,2022-03-08,2022-03-09,2022-03-09,\n")
    out = tmp_path / "out"
    (sample,), (result,) = (records_of(out, f"health.nat_{what}") for what in ("sample", "result"))
    assert (sample["pool_size"], result["result"]) == (1, "positive")
    assert sample["tube_code"] == result["tube_code"]
    assert records_of(out, "health.isolation_admission")[0]["admitted_at"] == "2022-03-10T00:00:00+08:00"
    assert records_of(out, "health.case_report")[0]["classification"] == "confirmed"


def test_rows_that_cannot_be_read_are_named_and_the_others_go_on(tmp_path: Path) -> None:
    report = imported(
        tmp_path,
        "A1,soon,2022-03-08,,,confirmed\n,2022-03-08,,,,\nB2,2022-03-08,,,,cured\nC3,,,,,suspected\nD4,,2022-03-08,,,excluded\n"
        "two words,2022-03-08,,,,confirmed\n",
        "A1,x,palace,2022-03-08,,,,\nA1,x,venue,,,,,\nA1,,venue,2022-03-08T08:00:00,,,,\nA1,x,venue,2022-03-08T08:00:00,"
        "2022-03-08T07:00:00,,,\nA1,,bus,2022-03-08T08:00:00,,,,\nA1,x,venue,2022-03-08T08:00:00,,,,\n",
        "phone:139,B2,,\nplate:吉A12345,transit_card:ABC123,,\nphone:13900000001,,,\nB2,C3,2022-03-01,2022-02-01\n",
    )
    assert report.rows("time_form") == [2]
    assert report.rows("nobody") == [3, 4]
    assert report.rows("classification_unknown") == [4]
    assert report.rows("no_window") == [5]
    assert report.rows("excluded_sample") == [6]
    assert report.rows("kind_unknown") == [2]
    assert report.rows("no_time") == [3]
    assert report.rows("no_place") == [4, 6]
    refused = {(f.file, f.row) for f in report.findings if f.what == "no_record"}
    assert refused == {("cases.csv", 7), ("presences.csv", 5), ("links.csv", 2), ("links.csv", 3), ("links.csv", 5)}
    assert [r["id_no"] for r in records_of(tmp_path / "out", "health.case_report")] == ["A1", "C3", "D4"]
    assert [r["source_record_id"] for r in records_of(tmp_path / "out", "health.survey_leg")] == ["CSV:presences:7"]
    said = report.to_json()
    assert "household, hotel_room" in said
    assert "excluded, suspected, asymptomatic, confirmed" in said
    assert not any(value in said for value in ("139", "A12345", "two words", "cured"))


def test_a_presence_with_a_day_alone_is_that_day_and_vague(tmp_path: Path) -> None:
    header = "Person,Place,Kind,Since,Until,Vehicle,Carriage,Seat,Date\n"
    rows = (
        "A1,x,venue,2022-03-08,,,,,\nA1,x,venue,2022-03-08,2022-03-09,,,,\n"
        "A1,x,venue,,2022-03-08T10:00:00,,,,\nA1,x,venue,,,,,,2022-03-08\n"
    )
    (tmp_path / "p.csv").write_bytes((header + rows).encode())
    (tmp_path / "c.csv").write_text(CASES, encoding="utf-8")
    report = import_csv(tmp_path / "c.csv", tmp_path / "p.csv", None, tmp_path / "out")
    assert report.rows("day_only") == [2, 3, 4, 5]
    spans = [
        (leg["since_at"][8:16], leg["until_at"][8:16], leg["confidence"])
        for leg in records_of(tmp_path / "out", "health.survey_leg")
    ]
    ends = ["09T00:00", "10T00:00", "08T10:00", "09T00:00"]
    assert spans == [("08T00:00", end, "vague") for end in ends]


def test_files_of_any_encoding_with_columns_too_few_or_too_many(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_bytes(
        b"\xef\xbb\xbfperson ,onset_at,classification,name\nA1,2022-03-08,confirmed,J\xfcrg\n"
    )
    (tmp_path / "p.csv").write_bytes("person,place,kind,since\nA1,饺子馆,restaurant,2022-03-08T12:00:00\n".encode())
    (tmp_path / "l.csv").write_bytes(b"identifier_1,identifier_2,since,until\nphone:13900000001,A1,,\n")
    report = import_csv(tmp_path / "c.csv", tmp_path / "p.csv", tmp_path / "l.csv", tmp_path / "out")
    missing = [(f.file, f.why.split()[4].rstrip(";")) for f in report.findings if f.what == "column_missing"]
    assert missing == [
        *(("c.csv", name) for name in ("sampled_at", "reported_at", "isolated_at")),
        *(("p.csv", name) for name in ("until", "vehicle", "carriage", "seat")),
    ]
    assert {f.what for f in report.findings} >= {"byte_order_mark", "latin_1", "column_name_spaces", "column_unknown"}
    assert report.written == {"health.case_report": 1, "health.survey_leg": 1, "police.identity_link": 1}
    assert "until_at" not in records_of(tmp_path / "out", "health.survey_leg")[0]
    assert taken_in(tmp_path / "out")[1] == []
    assert not any("Jürg" in file.read_text("utf-8") for file in (tmp_path / "out").iterdir())
