"""Explanations: everything a human asks of a contact, and counterfactuals that hold when they are tried.

In: a small drill in a lake. Out: pass or fail.
Invariant: what an explanation says of a record can be looked up in the file it names.
Deliberately absent: whether the contact is right (test_laws.py, test_oracle.py).
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from brain.arithmetic import case_claim, deadlines_claim
from brain.claims import CERTAINTIES, CLASSES, CLASSIFICATIONS, KINDS, Claim, Grounds, render_text
from brain.counterfactual import REMOVED, decisive, together_ms
from brain.explain import explain
from brain.stages import Brain
from replay.scenes.drill import write_drill
from schemas.codes import Certainty, Classification, PersonClass, PlaceKind
from schemas.instants import read_instant
from schemas.intake import Intake
from schemas.keys import parse_code
from streams.commands.oracle import read_all
from streams.current import Current
from streams.packs import load_pack, load_series
from streams.proof import grounds_of
from streams.records import Reader, find_parts
from tests.engines import KEY, PACKS, run

CN8 = load_pack("cn-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explain")
    write_drill(folder / "records", people=220)
    run(folder / "records", folder / "lake")
    return folder


@pytest.fixture(scope="module")
def grounds(folder: Path) -> list[Grounds]:
    current = Current(folder / "lake")
    return grounds_of(current, current.rows("contacts"), load_series("cn"), load_pack)


def some(grounds: list[Grounds], degree: int, count: int) -> list[Grounds]:
    chosen = [g for g in grounds if g.contact["degree"] == degree]
    return random.Random(5).sample(chosen, min(count, len(chosen)))


def test_every_code_has_words_in_both_languages() -> None:
    for words, codes in (
        (CLASSES, PersonClass), (CLASSIFICATIONS, Classification), (CERTAINTIES, Certainty), (KINDS, PlaceKind),
    ):  # fmt: skip
        missing = {code.name for code in codes} - set(words)
        assert missing <= {"none", "excluded"}


def test_every_contact_has_an_explanation_with_all_its_parts(grounds: list[Grounds]) -> None:
    assert {g.contact["degree"] for g in grounds} == {0, 1, 2}
    for g in grounds:
        claim = explain(g)
        kinds = [c.kind for c in claim.walk()]
        assert {"contact", "rule", "case", "window", "evidence", "record", "certainty", "together"} <= set(kinds)
        assert [c.kind for c in claim.children].count("evidence") == g.contact["exposures"]
        assert ("window_2" in kinds) == (g.contact["degree"] == 2)
        assert kinds.count("counterfactual") == kinds.count("deadlines") == 1
        assert all(c.zh and c.en for c in claim.walk())


def test_a_record_stands_where_the_explanation_says(folder: Path, grounds: list[Grounds]) -> None:
    lines = {path.name: path.read_bytes().splitlines() for path in (folder / "records").glob("src.*")}
    for record, (part, offset) in grounds[0].origins.items():
        assert record == f"{part[4:-7]}/{orjson.loads(lines[part][offset])['source_record_id']}"
    assert len(grounds[0].origins) > 40
    for g in some(grounds, 1, 15) + some(grounds, 2, 5):
        text = render_text(explain(g), "zh")
        for row in g.evidence:
            for record in (row["source_record"], row["contact_record"]):
                part, offset = g.origins[record]
                assert f"{record}，{part} 第 {offset} 行" in text


def case(**changed: Any) -> dict[str, Any]:
    body = {
        "case_person": "P0123456789abcdef", "classification": "confirmed", "onset_at_ms": at("2022-03-06T14:00"),
        "first_positive_at_ms": None, "reported_at_ms": None, "isolated_at_ms": at("2022-03-08T15:30"),
        "anchor_at_ms": at("2022-03-06T14:00"), "window_since_ms": at("2022-03-04T00:00"),
        "window_until_ms": at("2022-03-08T15:30"), "window_rule": "CC-1-onset", "pack": "cn-8",
        "records": ["health.case_report/R-1"],
    }  # fmt: skip
    return {**body, **changed}


def at(text: str) -> int:
    return read_instant(text)


def test_the_window_is_written_out_number_by_number() -> None:
    text = render_text(case_claim(case(), CN8), "en")
    assert "onset 2022-03-06 14:00 → its day starts 2022-03-06 00:00 +08:00, − 2 d = 2022-03-04 00:00" in text
    assert "closes: isolation 2022-03-08 15:30" in text
    assert "health.case_report/R-1" in text


@pytest.mark.parametrize(
    ("changed", "pack", "words"),
    [
        ({"window_until_ms": None, "isolated_at_ms": None}, "cn-8", "still open"),
        ({"window_since_ms": None}, "cn-8", "up for review"),
        (
            {"window_rule": "CC-3", "window_since_ms": at("2022-03-05T09:00")},
            "cn-9",
            "last negative specimen 2022-03-05 09:00",
        ),
        ({"window_rule": "CC-1-sampling"}, "cn-8", "first positive specimen"),
        (
            {"isolated_at_ms": at("2022-03-01T00:00"), "window_until_ms": at("2022-03-04T00:00")},
            "cn-8",
            "isolated before",
        ),
        ({"isolated_at_ms": None, "window_until_ms": at("2022-03-17T00:00")}, "who-2021", "+ 10 d → 2022-03-17 00:00"),
    ],
)
def test_every_way_a_window_can_open_and_close_has_its_words(changed: dict[str, Any], pack: str, words: str) -> None:
    assert words in render_text(case_claim(case(**changed), load_pack(pack)), "en")


def test_deadlines_count_whole_days_from_day_0(grounds: list[Grounds]) -> None:
    g = next(g for g in grounds if g.contact["class"] == "close" and g.contact["last_exposure_at_ms"] is not None)
    claim = deadlines_claim(g.contact, g.pack)
    assert {"isolation", "monitoring", "tests"} == {c.kind for c in claim.children}
    assert "+ 14 d = " in claim.children[0].en
    assert claim.children[0].en.endswith("00:00")
    assert "(+14)" in render_text(claim, "en")


def test_an_exposure_that_goes_on_has_no_deadlines(grounds: list[Grounds]) -> None:
    g = next(g for g in grounds if g.contact["last_exposure_at_ms"] is None)
    assert "no deadlines yet" in render_text(explain(g), "en")


def test_the_tree_as_plain_values_says_what_the_text_says(grounds: list[Grounds]) -> None:
    claim = explain(grounds[0])
    plain = orjson.loads(orjson.dumps(claim.to_dict()))

    def rebuilt(body: dict[str, Any]) -> Claim:
        children = tuple(rebuilt(child) for child in body["children"])
        return Claim(body["kind"], body["zh"], body["en"], tuple(body["records"]), children)

    assert rebuilt(plain) == claim
    assert render_text(claim, "both") == render_text(claim, "zh") + "\n" + render_text(claim, "en")


def test_time_together_counts_overlapping_evidence_once() -> None:
    rows = [{"since_ms": s, "until_ms": u} for s, u in ((0, 10), (5, 20), (30, 40), (32, 35))]
    assert together_ms(rows) == 30
    assert together_ms([*rows, {"since_ms": 90, "until_ms": None}]) == float("inf")


def test_a_record_that_is_said_to_decide_does_when_it_is_withdrawn(folder: Path, grounds: list[Grounds]) -> None:
    """Named records: the contact is gone, or its class is lower. Others of the evidence: it still stands."""
    batch = read_all(Reader(find_parts(folder / "records"), {}), Intake(KEY))
    tried = 0
    for g in some(grounds, 1, 6) + some(grounds, 2, 6) + some(grounds, 0, 4):
        named = decisive(g)
        others = {r for e in g.evidence for r in (e["source_record"], e["contact_record"])} - set(named)
        for record in [*sorted(named)[:3], *sorted(others)[:1]]:
            brain = Brain(PACKS)
            brain.step(batch)
            withdraw(brain, record)
            contact = next((row for row in brain.view()["contacts"].to_pylist()
                            if row["contact_id"] == parse_code(g.contact["contact_id"], "C")), None)  # fmt: skip
            class_ = PersonClass[g.contact["class"]]
            if named.get(record) == REMOVED:
                assert contact is None, (g.contact, record)
            elif record in named:
                assert contact is None or contact["class"] < class_, (g.contact, record)
            else:
                assert contact is not None, (g.contact, record)
                assert contact["class"] == class_
            tried += 1
    assert tried > 20


def withdraw(brain: Brain, record: str) -> None:
    source, _, record_id = record.partition("/")
    body = {"source_record_id": record_id, "event_time": "2022-03-20T00:00:00", "version": 99, "operation": "withdraw"}
    batch, rejects = Intake(KEY).read(source, [orjson.dumps(body)], "test", np.zeros(1, np.int64))
    assert rejects == []
    brain.step(batch)
