"""Scores of whole drills: without faults the engine finds what records show; with faults every loss has a name.

In: small drills through `brain drill run`, read by the engine in slices. Out: what somebody who runs a drill relies on.
Invariant: what is expected follows from the drill's plan, never from an earlier run.
Deliberately absent: figures worked out by hand (tests/test_score.py) and the city's own realism.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from replay.score.definitions import DEFINITIONS
from replay.score.tree import Score
from streams.cli import main

_PLAN = """
title_zh = "小演练"
title_en = "Small"
about_zh = "平时四天。"
about_en = "Four ordinary days."
seed = 7
first_day = 2022-03-12
days = 4
residents = 4000
profile = "routine"
pack = "{pack}"
seeds = 12

[[inject]]
kind = "wedding"
at = 2022-03-12T12:00:00
people = 40
"""
_FAULTS = """
[[fault]]
kind = "lost_for_good"
sources = ["data_office", "police", "transport"]
since = 2022-03-12T00:00:00
until = 2022-03-14T00:00:00

[[fault]]
kind = "late"
sources = ["transport", "market_supervision"]
factor = 20

[[fault]]
kind = "broken_lines"
share = 0.02
"""


def run(folder: Path, pack: str = "cn-8", more: str = "") -> Path:
    """The folder of a run."""
    plan = folder / "whole.toml"
    plan.write_text(_PLAN.format(pack=pack) + more, encoding="utf-8")
    assert main(["drill", "run", str(plan), "--out", str(folder), "--json"]) == 0
    return folder / "whole"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module")
def ninth(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(tmp_path_factory.mktemp("ninth"), "cn-9")


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(tmp_path_factory.mktemp("faulty"), more=_FAULTS)


def score_of(folder: Path) -> Score:
    return Score.from_json((folder / "score.json").read_bytes())


def value(score: Score, name: str, group: str = "") -> Any:
    figure = score.of(name, group)
    return None if figure is None else figure.value


@pytest.mark.parametrize("degree", ["0", "1", "2"])
def test_without_faults_all_that_records_show_is_found_and_nothing_else(whole: Path, degree: str) -> None:
    score = score_of(whole)
    observable = score.of("pairs_observable", f"degree/{degree}")
    assert observable is not None
    assert (observable.value or 0) > 0
    assert value(score, "recall_observable", f"degree/{degree}") == 1.0
    assert value(score, "precision_observable", f"degree/{degree}") == 1.0
    assert value(score, "unexplained") == 0


def test_who_is_reported_is_a_case_and_every_case_was_infected(whole: Path) -> None:
    score = score_of(whole)
    assert (value(score, "infected"), value(score, "confirmed_recall"), value(score, "case_precision")) >= (12, 1, 1)


def test_listing_takes_no_longer_than_the_records(whole: Path) -> None:
    score = score_of(whole)
    # Both happen in one slice, or a later record brings the contact: never before the case is opened.
    assert value(score, "minutes_opened_to_listed", "p50") == 0
    assert value(score, "hours_sampled_to_listed", "p50") >= value(score, "hours_result_to_listed", "p50") >= 0


def test_faults_cost_what_they_destroyed_and_every_loss_is_named(whole: Path, faulty: Path) -> None:
    clean, score = score_of(whole), score_of(faulty)
    assert value(score, "unexplained") == 0
    assert value(score, "recall_observable") == 1.0
    destroyed = score.groups("fault_records_destroyed")
    assert {"lost_for_good", "broken_lines"} <= set(destroyed)
    assert "late" not in destroyed
    lost = [g for g in score.groups("unrecorded") if "/fault:" in g]
    assert lost
    assert {g.split("fault:")[1] for g in lost} <= set(destroyed)
    assert not any("/fault:" in g for g in clean.groups("unrecorded"))
    assert sum(f.value or 0 for f in score.groups("refused").values()) > 0


def test_every_refused_line_is_a_planted_fault_s_and_every_fault_that_makes_one_is_shown(
    whole: Path, faulty: Path
) -> None:
    clean, score = score_of(whole), score_of(faulty)
    assert (clean.groups("refused"), clean.groups("refused_for"), clean.groups("fault_shown")) == ({}, {}, {})
    assert value(score, "refused_planted") == 1
    shown = score.groups("fault_shown")
    assert set(shown) == {"reject/broken_lines", "late/late", "silence/lost_for_good"}
    assert shown["reject/broken_lines"].value == 1
    assert (shown["late/late"].value or 0) > 0.9
    for name in ("silent_hours", "records_expected", "completeness"):
        assert score.groups(name), name
    assert value(clean, "silent_planted") == 0


def test_every_run_has_its_report(whole: Path, faulty: Path) -> None:
    for folder in (whole, faulty):
        text = (folder / "report.html").read_text("utf-8")
        assert "after-action report" in text
        assert len(text.encode()) < 1_500_000
    assert "lost_for_good" in (faulty / "report.html").read_text("utf-8")


def test_two_packs_on_one_drill_are_compared_person_by_person(
    whole: Path, ninth: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["drill", "compare", str(whole), str(ninth), "--out", str(tmp_path), "--json"]) == 0
    told = orjson.loads(capsys.readouterr().out)
    assert told == orjson.loads((tmp_path / "comparison.json").read_bytes())
    first, second = told["runs"]
    assert (first["packs"], second["packs"]) == ("cn-8", "cn-9")
    # The 9th edition isolates for 7 days instead of 14, and secondary contacts at home.
    assert 0 < second["person_days"]["central"] < first["person_days"]["central"]
    assert first["person_days"].get("home") is None
    cases = {(row["first"], row["second"]): row["people"] for row in told["moved"]}
    assert cases["case", "case"] == first["people"]["case"] == second["people"]["case"]
    assert 0 < sum(n for (_, other), n in cases.items() if other == "close") <= second["people"]["close"]
    assert main(["drill", "compare", str(whole), str(ninth)]) == 0
    assert "集中隔离" in capsys.readouterr().out


def test_a_folder_without_a_score_is_no_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drill", "compare", str(tmp_path), str(tmp_path)]) == 2
    assert "score.json" in capsys.readouterr().err


def test_every_figure_of_a_drill_has_its_definition(whole: Path, faulty: Path) -> None:
    for folder in (whole, faulty):
        assert {f.figure for f in score_of(folder).figures} <= set(DEFINITIONS)
