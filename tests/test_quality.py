"""The scoreboard of feeds and the list of findings, as staff meet them.

In: a handful of records in files. Out: pass or fail.
Invariant: the same records twice, in another order, give the same board.
Deliberately absent: whether a finding is right (test_findings.py).
"""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from brain.faults import WORDS
from schemas.instants import read_instant
from schemas.keys import pseudonym
from schemas.statements import FindingRules
from sinks.catalog import open_catalog
from streams.cli import main
from streams.errors import USAGE
from streams.keyfile import find_key
from tests.test_stories import at, person

DOOR = "grid_centre.door_sensor"


def signal(number: int, hour: int, late_s: int | None = None, **said: Any) -> dict[str, Any]:
    event = at(8, hour)
    took = {} if late_s is None else {"ingest_time": at(8, hour, 0).replace(":00:00", f":{late_s // 60:02d}:00")}
    device = {"source_record_id": f"r{number}", "device_code": "MC-1", "signal": "open", "sensed_at": event}
    return {**device, "event_time": event, **took, **said}


ORDER = {
    **person("bob"), "degree": "close", "case_id_type": "person_no", "case_id_no": "ANN", "province": "吉林省",
    "trace_status": "controlled", "last_contact_at": at(7, 0), "street": "东街",
}  # fmt: skip
RECORDS: dict[str, list[dict[str, Any]]] = {
    DOOR: [
        signal(0, 9, 60, household_code="HH-1", battery=50), signal(1, 9, 120), signal(2, 9, 300), signal(3, 11),
        signal(4, 10, version=2, operation="withdraw"), {"source_record_id": "bad"},
    ],
    "health.contact_order": [ORDER | {"event_time": at(8, 14)}],
    "police.resident_register": [
        {**person("bob"), "household_code": "1", "compound_code": "X", "event_time": at(8, 14)},
    ],
    "grid_centre.assignment": [
        {**person("cadre"), "role": "cadre", "compound_code": "X", "street": "西街", "valid_since": at(1, 0),
         "event_time": at(8, 0)},
    ],
}  # fmt: skip


def lake_of(folder: Path, rng: Random | None = None) -> Path:
    """A lake of the records; shuffled, and each copied later with a later ingest time, if there is chance."""
    (folder / "records").mkdir(parents=True)
    for source, bodies in RECORDS.items():
        envelope = {"source_record_id": "r0", "version": 1, "operation": "upsert"}
        lines = [envelope | body for body in bodies]
        if rng is not None:
            lines += [line | {"ingest_time": at(9, 0)} for line in lines if "event_time" in line]
            rng.shuffle(lines)
        text = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
        (folder / "records" / f"src.{source}.ndjson").write_text(text + "\n", encoding="utf-8")
    assert main(["run", str(folder / "records"), "--lake", str(folder / "lake")]) == 0
    return folder / "lake"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lake_of(tmp_path_factory.mktemp("quality"))


def said(lake: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    assert main([*arguments, "--lake", str(lake)]) == 0
    return capsys.readouterr().out


def board(lake: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, dict[str, Any]]:
    found = json.loads(said(lake, capsys, "quality", "--json", *arguments))
    return {row["source"]: row for row in found["sources"]}


def test_a_feed_is_counted_by_hour_with_what_it_lacks_and_how_late_it_is(
    lake: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = board(lake, capsys, "--source", DOOR)[DOOR]
    assert (row["records"], row["withdrawn"], row["rejects"]) == (4, 1, {"missing event_time": 1})
    assert (row["timed"], row["late_median_s"], row["late_p95_s"]) == (3, 120, 300)
    assert [(h["hour_at_ms"], h["records"], h["timed"]) for h in row["hours"]] == [
        (read_instant(at(8, 9)), 3, 3), (read_instant(at(8, 11)), 1, 0),
    ]  # fmt: skip
    # One of four gives a household and a battery, none an order; 0.9, 0.95 and 0.8 are expected of a door sensor.
    assert row["completeness"] == pytest.approx((0.25 + 0.25) / (0.9 + 0.95 + 0.8), abs=1e-4)
    assert row["fields"]["order_code"] == {"told": 0.0, "expected": 0.8}


def test_a_feed_that_stopped_is_silent_since_then(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """240,000 signals a day are 10,000 an hour; the two other departments have come to 14:00."""
    row = board(lake, capsys)[DOOR]
    assert (row["silent_hours"], row["silent_since_ms"], row["missed"]) == (4, read_instant(at(8, 12)), 30_000)
    assert row["expected"] == 60_000
    assert "hours" not in row
    small = board(lake, capsys, "--people", "50")[DOOR]
    assert (small["silent_hours"], small["silent_since_ms"]) == (0, None), "less than one an hour is expected"
    assert board(lake, capsys)["health.nat_sample"]["records"] == 0


def test_copies_that_differ_in_when_they_were_taken_in_and_any_order_change_nothing(
    lake: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = lake_of(tmp_path, Random(1))
    once, twice = (board(where, capsys, "--source", DOOR)[DOOR] for where in (lake, again))
    # The record without an ingest time has one now, a day late; all else is as it was.
    assert (twice["records"], twice["completeness"], twice["timed"]) == (once["records"], once["completeness"], 4)
    assert twice["hours"][0] == once["hours"][0]
    assert said(lake, capsys, "quality", "--json", "--department", "health").count('"record"') == 2


def test_findings_are_listed_with_the_records_and_the_department_to_mend_them(
    lake: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = json.loads(said(lake, capsys, "quality", "--json"))["findings"]
    bob = pseudonym(find_key(lake, None).identifier("person_no", "BOB"))
    assert [(f["kind"], f["department"], f["record"], f["person"]) for f in found] == [
        ("case_unknown", "health", "health.contact_order/r0", bob),
        ("wrong_street", "health", "health.contact_order/r0", bob),
    ]
    assert sorted(found[1]["records"]) == [
        "grid_centre.assignment/r0", "health.contact_order/r0", "police.resident_register/r0",
    ]  # fmt: skip
    for asked, kinds in (
        (("--rule", "wrong_street"), ["wrong_street"]), (("--rule", "DQ-street"), ["wrong_street"]),
        (("--department", "police"), []), (("--source", "health.contact_order", "--limit", "1"), ["case_unknown"]),
    ):  # fmt: skip
        assert [f["kind"] for f in json.loads(said(lake, capsys, "quality", "--json", *asked))["findings"]] == kinds
    assert board(lake, capsys)["health.contact_order"]["findings"] == {"case_unknown": 1, "wrong_street": 1}


def test_the_board_is_shown_in_chinese_and_english_without_an_identifier(
    lake: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = said(lake, capsys, "quality")
    words = ("来源 feeds", DOOR, "missing", "120 / 2 s", "300 / 45 s", "4 / 60,000", "待更正 findings: 2", "从未收到")
    assert all(word in shown for word in words), shown
    assert "街道与住址不符" in shown
    assert "BOB" not in shown.upper()
    assert "2022-03-08 09:00" in said(lake, capsys, "quality", "--source", DOOR)


def test_an_unknown_department_or_source_is_an_error_that_says_which_there_are(lake: Path) -> None:
    assert main(["quality", "--department", "nobody", "--lake", str(lake)]) == USAGE
    assert main(["quality", "--source", "health", "--lake", str(lake)]) == USAGE


def test_a_finding_is_explained_to_whoever_asks_of_the_person(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bob = pseudonym(find_key(lake, None).identifier("person_no", "BOB"))
    for lang, words in (
        ("zh", ("数据问题：街道与住址不符", "请 health 更正", "DQ-street", "补报该病例")),
        ("en", ("the street is not that of the home", "a late report of that case", "Baiyun", "offset 0")),
    ):
        shown = said(lake, capsys, "explain", bob, "--lang", lang)
        assert all(word in shown for word in words), shown


def test_events_of_findings_are_published_to_the_department(lake: Path) -> None:
    with open_catalog(lake) as db:
        rows = db.execute("SELECT kind, subject, rule, department FROM events WHERE starts_with(kind, 'finding_')")
        assert {row for row in rows.fetchall() if row[0] == "finding_opened"} >= {
            ("finding_opened", "health.contact_order/r0", "case_unknown", "health")
        }


def test_every_kind_of_finding_has_words() -> None:
    assert list(WORDS) == list(FindingRules.model_fields)
