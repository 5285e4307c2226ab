"""Drill files: what a drill's file says becomes a plan, and every mistake in one is told with its line.

In: texts of drill files, and those that come with the engine. Out: pass or fail.
Invariant: a file with mistakes never becomes a plan.
Deliberately absent: what a plan leads to.
"""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import pytest

from replay.drills.file import drills, load_drill, pace_of, read_drill
from replay.drills.positions import positions
from replay.drills.questions import DrillError, Mistake
from replay.faults.catalogue import FAULTS
from replay.transfers.troubles import TROUBLES
from schemas.instants import read_instant
from tests.drill_texts import SHORT, drill_file

NAMED = [
    "emergency-day", "feeds-at-their-worst", "jilin-2022", "peak-day", "sleeper-train", "small", "transfers",
    "workplace",
]  # fmt: skip
ROOT = Path(__file__).resolve().parent.parent


def mistakes(text: str) -> list[Mistake]:
    with pytest.raises(DrillError) as caught:
        read_drill(text, "mine.toml", "mine")
    return caught.value.mistakes


def test_eight_drills_come_with_the_engine_and_their_files_with_its_package() -> None:
    assert list(drills()) == NAMED
    for name in NAMED:
        plan = load_drill(name)
        assert plan.name == name
        assert plan.expect
        assert all(plan.title + plan.about)
    package = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["package-data"]
    assert "drills/*.toml" in package["replay"]


def test_the_worst_drill_has_every_fault_there_is() -> None:
    assert {fault.kind for fault in load_drill("feeds-at-their-worst").faults} == set(FAULTS)


def test_the_drill_of_transfers_has_every_trouble_there_is_and_the_page_tells_of_each() -> None:
    plan = load_drill("transfers").transfers
    assert plan is not None
    assert set(plan.faults) == set(TROUBLES)
    page = (ROOT / "docs" / "drills.md").read_text("utf-8")
    assert [name for name in TROUBLES if f"| `{name}` |" not in page] == []


def test_a_table_of_transfers_is_checked_as_all_others_are() -> None:
    wrong = """
[transfers]
vehicle = 3
beds = "all"
dispatch_minutes = 50

[transfers.faults]
missing_pickups = 0.1
refusal = 2
"""
    found = {(m.line, m.key) for m in mistakes(SHORT + wrong)}
    first = SHORT.count("\n")
    assert found == {
        (first + 3, "transfers.vehicle"), (first + 4, "transfers.beds"), (first + 5, "transfers.dispatch_minutes"),
        (first + 8, "transfers.faults.missing_pickups"), (first + 9, "transfers.faults.refusal"),
    }  # fmt: skip


def test_a_file_says_what_a_plan_needs(tmp_path: Path) -> None:
    plan = load_drill(str(drill_file(tmp_path, """
pace = "60x"
[wave]
swab_misses = 0.1
[[inject]]
kind = "wedding"
at = 2022-03-08T11:00:00
people = 40
[[fault]]
kind = "lost_for_good"
sources = ["police", "transport.tap"]
since = "2022-03-08 09:00"
until = 2022-03-08T10:30:00
[expect]
recall_observable = [0.9, 1]
"recall_true.kind/household" = [0.5, 1]
""")))  # fmt: skip
    assert (plan.name, plan.first_day, plan.pace, plan.pack) == ("short", date(2022, 3, 8), 60.0, "cn")
    assert plan.wave == {"swab_misses": 0.1}
    assert (plan.injects[0].people, plan.injects[0].at_ms) == (40, read_instant("2022-03-08T11:00:00"))
    fault = plan.faults[0]
    assert (fault.sources, fault.share) == (("police", "transport.tap"), 1.0)
    assert fault.options["until_ms"] - fault.options["since_ms"] == 90 * 60_000
    assert plan.expect == {"recall_observable": (0.9, 1.0), "recall_true.kind/household": (0.5, 1.0)}


def test_the_page_on_drills_has_a_file_that_is_one_and_every_fault_there_is() -> None:
    page = (ROOT / "docs" / "drills.md").read_text("utf-8")
    example = page.split("```toml\n")[1].split("```")[0]
    assert read_drill(example, "page.toml", "page").faults[0].kind == "late"
    for kind, described in FAULTS.items():
        row = next(line for line in page.splitlines() if line.startswith(f"| `{kind}` |"))
        assert all(f"`{name}`" in row for name in described.options), kind


WRONG = """title_zh = "名"
title_en = 5
about_zh = "一"
seed = -1
sead = 3
first_day = "2022-03-08"
days = 3
residents = 100
profile = "emergencie"
pack = "cn-7"
pace = "fast"
sets = ["../etc"]

[wave]
incubation = 3
swab_misses = "many"

[[inject]]
kind = "weding"
at = 2022-03-08T10:00:00

[[fault]]
kind = "late"
sources = ["polise"]
share = 1.5

[[fault]]
kind = "lost_for_good"
since = 2022-03-09T10:00:00
until = 2022-03-09T08:00:00

[[fault]]
kind = "wrongseat"

[[fault]]
kind = "shared_phones"
sources = ["police"]

[expect]
recall_observable = [1, 0.5]
recal_true = [0, 1]
"""


def test_all_mistakes_are_told_at_once_each_with_line_and_key() -> None:
    found = [(m.line, m.key) for m in mistakes(WRONG)]
    assert found == [
        (1, "文件 file"), (2, "title_en"), (4, "seed"), (5, "sead"), (6, "first_day"), (8, "residents"), (9, "profile"),
        (10, "pack"), (11, "pace"), (12, "sets"), (15, "wave.incubation"), (16, "wave.swab_misses"),
        (19, "inject[1].kind"), (22, "fault[1]"), (24, "fault[1].sources"), (25, "fault[1].share"),
        (30, "fault[2].until"), (33, "fault[3].kind"), (35, "fault[4]"), (37, "fault[4].sources"),
        (40, "expect.recall_observable"), (41, "expect.recal_true"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("sead = 3", ("未知键 an unknown key", "是否 seed", "did you mean seed?")),
        ("share = 1.5", ("1.5", "0 到 1 的数", "a number from 0 to 1")),
        ('pack = "cn-7"', ("'cn-7'", "cn-8", "one of these")),
        ('sources = ["polise"]', ("polise", "是否 police", "did you mean police?")),
        ("recal_true = [0, 1]", ("recal_true", "是否 recall_true", "did you mean recall_true?")),
    ],
)
def test_a_mistake_says_what_was_found_and_expected_in_both_languages(line: str, expected: tuple[str, ...]) -> None:
    number = WRONG.splitlines().index(line) + 1
    told = next(str(m) for m in mistakes(WRONG) if m.line == number)
    assert told.startswith(f"mine.toml:{number}: ")
    for part in expected:
        assert part in told


@pytest.mark.parametrize("at", ["2022-03-07T23:59:59", "2022-03-09T00:00:00"])
def test_a_time_outside_the_days_is_a_mistake(at: str) -> None:
    found = mistakes(f'{SHORT}\n[[inject]]\nkind = "market"\nat = {at}\n')
    assert [m.key for m in found] == ["inject[1].at"]
    assert "2022-03-08 00:00 – 2022-03-09 00:00" in found[0].expected[0]


def test_what_is_no_toml_is_told_with_its_line() -> None:
    found = mistakes(f"{SHORT}\nseeds = = 3\n")
    assert [(m.line, m.key) for m in found] == [(len(SHORT.splitlines()) + 2, "TOML")]


def test_a_name_that_no_file_may_have_and_a_drill_that_is_not_there_are_told(tmp_path: Path) -> None:
    path = tmp_path / "My Drill.toml"
    path.write_text(SHORT, "utf-8")
    with pytest.raises(DrillError, match="file name"):
        load_drill(str(path))
    with pytest.raises(ValueError, match="known: emergency-day"):
        load_drill("smal")
    with pytest.raises(ValueError, match="cannot be read"):
        load_drill(str(tmp_path / "none.toml"))


def test_lines_are_found_past_texts_and_lists_of_several_lines() -> None:
    several = 'a = """\nb = 1\n[[c]]\n"""\nd = [\n  "[x]", # ]\n  "e = 2",\n]\n'
    text = several + '[f.g]\n"h.i" = 1\n[[j]]\nk = 1\n[[j]]\nk = 2\n'
    found = positions(text)
    assert found[("a",)] == 1
    assert found[("d",)] == 5
    assert ("b",) not in found
    assert found[("f", "g", "h.i")] == 10
    assert (found[("j", 0, "k")], found[("j", 1, "k")]) == (12, 14)


@pytest.mark.parametrize(("text", "pace"), [("max", 0.0), ("1x", 1.0), ("60x", 60.0), ("0.5x", 0.5)])
def test_a_pace_is_how_many_times_as_fast(text: str, pace: float) -> None:
    assert pace_of(text) == pace
    with pytest.raises(ValueError, match="no such pace"):
        pace_of(f"-{text}")
