"""Leads and holds as staff meet them: lists, explanations in two languages, events.

In: a handful of records in files. Out: pass or fail.
Invariant: what is shown names the records and where they stand.
Deliberately absent: whether a lead or a hold is right (test_provisional.py).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.keys import pseudonym
from sinks.catalog import open_catalog
from streams.cli import main
from streams.keyfile import find_key
from tests.test_stories import at, dwell, person

RECORDS: dict[str, list[dict[str, Any]]] = {
    "health.case_report": [{**person("sick"), "classification": "confirmed", "onset_at": at(8, 8)}],
    "police.phone_ownership": [
        {"phone": "10000000001", **person("sick")}, {"phone": "10000000002", **person("neighbour")},
    ],
    "telecom.grid_dwell": [
        dwell("10000000001", at(6, 18), at(8, 7)), dwell("10000000002", at(7, 9), at(7, 9, 20)),
    ],
    "health.nat_sample": [
        {**person(name), "tube_code": "T1", "sampled_at": at(8, 9), "pool_size": 10} for name in ("one", "two")
    ],
    "health.nat_result": [{"tube_code": "T1", "result": "positive", "reported_at": at(8, 18)}],
    "market_supervision.medicine_purchase": [
        {**person("buyer"), "place_code": "YD-1", "medicine": "cough", "bought_at": at(8, 10)}
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("provisional")
    (folder / "records").mkdir()
    for source, bodies in RECORDS.items():
        envelope = {"event_time": at(8, 12), "version": 1, "operation": "upsert"}
        lines = [json.dumps({"source_record_id": f"r{n}", **envelope, **body}) for n, body in enumerate(bodies)]
        (folder / "records" / f"src.{source}.ndjson").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert main(["run", str(folder / "records"), "--lake", str(folder / "lake")]) == 0
    return folder / "lake"


def code(lake: Path, name: str) -> str:
    return pseudonym(find_key(lake, None).identifier("person_no", name.upper()))


def said(lake: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    assert main([*arguments, "--lake", str(lake)]) == 0
    return capsys.readouterr().out


def test_leads_are_listed_with_the_case_and_the_times(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sick, neighbour = code(lake, "sick"), code(lake, "neighbour")
    for more in ((), ("--case", sick)):
        found = json.loads(said(lake, capsys, "leads", "--json", *more))
        assert [(r["case_person"], r["person"], r["together_ms"]) for r in found] == [(sick, neighbour, 1_200_000)]
    shown = said(lake, capsys, "leads")
    assert all(word in shown for word in (sick, neighbour, "20 min", "V-2", "KC-08-15", "线索 leads: 1"))
    assert json.loads(said(lake, capsys, "leads", "--json", "--case", neighbour)) == []


def test_holds_are_listed_by_reason(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    held = {"pool": {code(lake, "one"), code(lake, "two")}, "medicine": {code(lake, "buyer")}}
    assert len(json.loads(said(lake, capsys, "holds", "--json"))) == 3
    for reason, people in held.items():
        found = json.loads(said(lake, capsys, "holds", "--reason", reason, "--json"))
        assert {row["person"] for row in found} == people
    shown = said(lake, capsys, "holds")
    assert all(word in shown for word in (*held["pool"], "PH-pool, cn-8", "PH-medicine, cn-8", "2022-03-08 09:00"))


@pytest.mark.parametrize(
    ("name", "zh", "en"),
    [
        ("one", ("混管阳性", "2022-03-08 09:00 起采样的单管检测阴性即解除", "规则 PH-pool"),
         ("a pool of theirs is positive", "a negative single tube sampled at 2022-03-08 09:00 or later")),
        ("buyer", ("购买四类药", "2022-03-08 10:00 之后采样的单管检测阴性即解除", "规则 PH-medicine"),
         ("bought a medicine", "a negative single tube sampled after 2022-03-08 10:00")),
        ("neighbour", ("时空伴随线索，请人工核实", "同处 20 分钟", "病例 37 小时，此人 0 小时"),
         ("for a human to ask", "20 min together", "the case 37 h, this person 0 h")),
    ],
)  # fmt: skip
def test_whoever_is_held_or_a_lead_is_told_why_and_what_would_end_it(
    lake: Path, capsys: pytest.CaptureFixture[str], name: str, zh: tuple[str, ...], en: tuple[str, ...]
) -> None:
    for lang, words in (("zh", zh), ("en", en)):
        shown = said(lake, capsys, "explain", code(lake, name), "--lang", lang)
        assert all(word in shown for word in words), shown


def test_an_explanation_names_the_lines_that_hold_somebody(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (claim,) = json.loads(said(lake, capsys, "explain", code(lake, "two"), "--json"))
    assert claim["kind"] == "hold"
    assert sorted(claim["records"]) == ["health.nat_result/r0", "health.nat_sample/r1"]
    shown = said(lake, capsys, "explain", code(lake, "two"), "--lang", "en")
    assert "health.nat_sample/r1, src.health.nat_sample.ndjson offset 1" in shown


def test_events_of_leads_and_holds_are_published_with_whom_they_concern(lake: Path) -> None:
    with open_catalog(lake) as db:
        rows = db.execute("SELECT kind, subject, source, rule FROM events WHERE kind SIMILAR TO '(lead|hold)_.*'")
        assert set(rows.fetchall()) == {
            ("lead_opened", code(lake, "neighbour"), code(lake, "sick"), "V-2"),
            ("hold_opened", code(lake, "one"), None, "pool"),
            ("hold_opened", code(lake, "two"), None, "pool"),
            ("hold_opened", code(lake, "buyer"), None, "medicine"),
        }
