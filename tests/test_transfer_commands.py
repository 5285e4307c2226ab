"""Transfers as staff meet them: the queue, one person's way, the beds, the vehicles, in two languages.

In: one moment of a district, by hand. Out: pass or fail.
Invariant: what is shown is what the views say; what is late is so by the last tick.
Deliberately absent: whether the moment is right (the brain's tests).
"""

from __future__ import annotations

import json
from enum import IntEnum
from pathlib import Path
from typing import Any

import pytest

from brain import transfer_words
from schemas.instants import HOUR_MS, MINUTE_MS
from schemas.keys import place_code, pseudonym
from schemas.transfers import DutyRole, Purpose, Step, Takes, Trait, TransferFlag, TransferState
from schemas.views import VIEWS
from sinks.catalog import open_catalog
from streams.cli import main
from streams.current import Current
from tests.transfer_lakes import NOW, PLACES, code, made_lake

LISTS: list[tuple[type[IntEnum], transfer_words.Words]] = [
    (Purpose, transfer_words.PURPOSES), (TransferState, transfer_words.STATES), (Step, transfer_words.STEPS),
    (TransferFlag, transfer_words.FLAGS), (DutyRole, transfer_words.ROLES), (Trait, transfer_words.TRAITS),
    (Takes, transfer_words.TAKES),
]  # fmt: skip
COMMANDS = ("transfers", "beds", "fleet")


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_lake(tmp_path_factory.mktemp("transfers") / "lake")


@pytest.fixture(scope="module")
def timeless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same without a tick."""
    return made_lake(tmp_path_factory.mktemp("timeless") / "lake", ticks=())


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_lake(tmp_path_factory.mktemp("bare") / "lake", without=tuple(VIEWS))


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Any:
    def call(lake: Path, *arguments: str) -> str:
        capsys.readouterr()
        assert main([*arguments, "--lake", str(lake)]) == 0
        return capsys.readouterr().out

    return call


@pytest.fixture
def rows(ask: Any) -> Any:
    return lambda lake, *arguments: json.loads(ask(lake, *arguments, "--json"))


@pytest.mark.parametrize(("vocabulary", "words"), LISTS, ids=[vocabulary.__name__ for vocabulary, _ in LISTS])
def test_every_word_of_a_list_is_told_in_both_languages(vocabulary: type[IntEnum], words: transfer_words.Words) -> None:
    assert set(words) == set(vocabulary.__members__)
    assert all("\u4e00" <= zh[0] <= "\u9fff" and en.isascii() for zh, en in words.values())
    assert len({zh for zh, _ in words.values()}) == len(words)


def test_the_queue_has_those_who_wait_the_nearest_deadline_first_and_at_one_deadline_cases_first(
    lake: Path, rows: Any
) -> None:
    found = rows(lake, "transfers")
    assert [row["person"] for row in found] == [code(name) for name in ("late", "sick", "soon", "later", "leaving")]
    assert [row["number"] for row in found] == [1, 2, 3, 4, 5]
    assert [row["why_en"] for row in found] == [
        "due first", "due later", "same, lesser class", "due later", "no deadline",
    ]  # fmt: skip
    assert [row["late_ms"] for row in found] == [2 * HOUR_MS, -HOUR_MS, -HOUR_MS, -6 * HOUR_MS, None]
    assert not any(name.startswith("home_l") for row in found for name in row)


def test_the_queue_is_cut_to_the_late_to_a_vehicle_or_to_a_site_and_keeps_its_numbers(lake: Path, rows: Any) -> None:
    for chosen, people in (
        (("--late",), {"late": 1}),
        (("--vehicle", "V1"), {"late": 1, "soon": 3}),
        (("--vehicle", place_code(PLACES["V1"])), {"late": 1, "soon": 3}),
        (("--site", "HOTEL-1", "--late"), {"late": 1}),
        (("--vehicle", "V2"), {}),
    ):
        found = {row["person"]: row["number"] for row in rows(lake, "transfers", *chosen)}
        assert found == {code(name): number for name, number in people.items()}


def test_the_queue_on_the_terminal_says_state_deadline_lateness_flags_and_why_it_stands_there(
    lake: Path, ask: Any
) -> None:
    shown = ask(lake, "transfers").replace("\n", " ")
    for word in (
        "待转运 transfers: 5 / 5",
        "截至 as of 2022-03-08 12:00",
        "2022-03-08 10:00",
        "逾期 120 min",
        "缺发车记录",
        "期限最早",
    ):
        assert word in shown
    assert "合计 in all 7：待下单" in shown
    assert "居家隔离 home 1" in shown


def test_without_a_tick_nobody_is_late_and_it_is_said_why(timeless: Path, ask: Any, rows: Any) -> None:
    assert {row["late_ms"] for row in rows(timeless, "transfers")} == {None}
    assert "尚无时刻记录" in ask(timeless, "transfers")
    assert {site["occupied_3"] for site in rows(timeless, "beds")["sites"]} == {1, 0}
    assert {row["silent_ms"] for row in rows(timeless, "fleet")["vehicles"]} == {None}


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("zh", (
            "转运（集中隔离）：已上车", "依据：密接", "时限", "逾期 120 分钟",
            "车辆 V1，车次 run-7，地点 hotel-1，房间 room-101",
            "注意：缺发车记录", "派车 V1 run-7 hotel-1 room-101（待下单 → 已派车）",
            "依据 command.transfer_decision/d0，src.command.transfer_decision.ndjson 第 3 行",
            "不可能如此，请人工核实", "第 1 级 2022-03-08 10:00：告知楼栋长", "告知网格长 无人担任", "认领",
        )),
        ("en", (
            "transfer to isolation at a site: aboard", "because: close contact", "120 min late",
            "note: no departure was told",
            "src.command.transfer_decision.ndjson offset 4", "cannot have been so: ask a human",
            "told the grid member, nobody holds the role", "has taken it on", "by grid_centre.transfer_ack/a0",
        )),
    ],
)  # fmt: skip
def test_a_way_is_told_whole_with_the_lines_that_prove_it(
    lake: Path, ask: Any, lang: str, words: tuple[str, ...]
) -> None:
    shown = ask(lake, "transfer", code("late"), "--lang", lang)
    assert [word for word in words if word not in shown] == []
    assert code("head") in shown


def test_a_way_as_json_has_every_record_of_its_steps(lake: Path, rows: Any) -> None:
    (claim,) = rows(lake, "transfer", code("late"))
    assert claim["records"] == ["health.survey/s0", "command.transfer_decision/d0", "command.transfer_decision/d1"]
    assert [child["kind"] for child in claim["children"]].count("step") == 4


def test_who_is_told_of_nobody_since_the_home_is_not_known_is_said_to_be_so(
    tmp_path: Path, lake: Path, ask: Any
) -> None:
    homeless = made_lake(tmp_path / "lake", homes=False)
    assert "住处不详" in ask(homeless, "transfer", code("late"), "--lang", "zh")
    assert "住处不详" not in ask(lake, "transfer", code("late"), "--lang", "zh")


def test_a_stay_says_when_it_may_end(lake: Path, ask: Any) -> None:
    assert "最早解除 2022-03-09 18:00" in ask(lake, "transfer", code("inside"))
    assert "提前 60 分钟" in ask(lake, "transfer", code("inside"))


def test_beds_are_counted_by_site_with_the_days_to_come(lake: Path, rows: Any) -> None:
    told = rows(lake, "beds")
    assert told["at_ms"] == NOW
    first, second = told["sites"]
    assert (first["site_label"], first["beds"], first["planned"], first["lodged"]) == ("hotel-1", 4, 2, 1)
    assert (first["free"], first["cleaning"], first["takes"]) == (0, 1, ["close"])
    # Two come within a day; whoever is inside may go in thirty hours.
    assert [first[f"occupied_{n}"] for n in (1, 2, 3)] == [3, 2, 2]
    assert (second["open"], second["free"], second["occupied_1"]) == (False, 0, 0)
    assert told["without_a_site"] == 2
    assert rows(lake, "beds", "--site", "hotel-2")["sites"] == [second]


def test_what_brain_beds_counts_an_analyst_finds_in_the_catalog(lake: Path, rows: Any) -> None:
    with open_catalog(lake) as db:
        found = db.execute("SELECT site_label, sum(planned + lodged) FROM beds GROUP BY ALL ORDER BY ALL").fetchall()
    assert found == [(row["site_label"], row["planned"] + row["lodged"]) for row in rows(lake, "beds")["sites"]]


def test_a_vehicle_says_where_it_is_how_long_it_was_silent_its_crew_and_who_is_aboard(
    lake: Path, rows: Any, ask: Any
) -> None:
    first, second = rows(lake, "fleet")["vehicles"]
    assert (first["vehicle_label"], first["lat"], first["silent_ms"]) == ("V1", 43.88, 25 * MINUTE_MS)
    (run,) = first["runs"]
    assert (run["run_label"], run["site_label"], run["people"], run["aboard"]) == (
        "run-7", "hotel-1", 2, [code("late")],
    )  # fmt: skip
    assert (second["vehicle_label"], second["runs"], second["silent_ms"]) == ("V2", [], None)
    shown = ask(lake, "fleet", "--vehicle", "V1")
    for word in ("2 / 6", "25 min", "2022-03-08 16:00", "2022-03-07 16:00", "负压 sealed", "run-7"):
        assert word in shown
    assert "V2" not in shown


def test_a_vehicle_that_nobody_registered_is_shown_with_whom_it_carries(tmp_path: Path, ask: Any) -> None:
    lake = made_lake(tmp_path / "lake", without=("vehicles",))
    shown = ask(lake, "fleet")
    assert "V1" in shown
    assert "未登记" in shown


def test_the_manifest_counts_ways_the_late_ones_and_how_long_admissions_took(lake: Path, bare: Path) -> None:
    told = Current(lake).manifest["transfers"]
    assert told["states"]["isolate"] == {
        "needed": 1, "assigned": 1, "aboard": 1, "admitted": 1, "home": 1, "returning": 1,
    }  # fmt: skip
    assert told["states"]["hospital"] == {"ordered": 1}
    assert told["late"] == 1
    assert told["admitted_s"] == {"isolate": {"p50": 7 * 3600.0, "p95": 7 * 3600.0}}
    nothing = {"states": {"isolate": {}, "hospital": {}}, "late": 0, "admitted_s": {}}
    assert Current(bare).manifest["transfers"] == nothing


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("transfers", ("待转运 transfers: 0 / 0", "尚无转运 no transfers yet")),
        ("beds", ("尚无隔离点和房间",)),
        ("fleet", ("尚无转运车",)),
    ],
)
def test_a_lake_without_transfers_says_so(bare: Path, ask: Any, command: str, words: tuple[str, ...]) -> None:
    shown = ask(bare, command)
    assert all(word in shown for word in words)


@pytest.mark.parametrize(
    ("arguments", "exit_code", "words"),
    [
        (("transfers", "--vehicle", "V9"), 2, "没有此车辆 vehicle: no such vehicle; known: V1, V2"),
        (("beds", "--site", "nowhere"), 2, "没有此地点 site: no such site; known: hotel-1, hotel-2"),
        (("transfer", "P123"), 2, "不是编号 no such code"),
        (("transfer", pseudonym(5)), 1, "没有转运"),
    ],
)
def test_what_is_not_known_is_told_in_one_line(
    lake: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], exit_code: int, words: str
) -> None:
    assert main([*arguments, "--lake", str(lake)]) == exit_code
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_a_lake_that_is_not_there_is_told_of(tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert main([command, "--lake", str(tmp_path)]) == 2
    assert "没有已发布的数据湖" in capsys.readouterr().err
