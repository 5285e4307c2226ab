"""The table of budgets: made from the reports alone, and honest where something was not measured, is void or is missed.

In: planted reports, and those of this tree. Out: pass or fail.
Invariant: README.md shows what the command makes of the reports beside it, and nothing that somebody typed.
Deliberately absent: whether budgets are met; a slow machine is not a wrong one.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.budgets import BUDGETS, MARK, README, budgets, verdict, write_budgets
from benchmarks.figures import marks, put
from benchmarks.report import RESULTS

MADE = {"commit": "abc1234"}


def planted(folder: Path, name: str, key: str, measured: float, unit: str, **more: Any) -> None:
    row = {"measured": measured, "least": measured * 0.9, "greatest": measured * 1.1, "unit": unit}
    told = {"date": "2026-11-26T22:00:00+00:00", "machine": MADE, "void": "", "budget": {key: row}} | more
    (folder / f"{name}.json").write_text(json.dumps(told), "utf-8")


def row_of(folder: Path, key: str) -> tuple[str, ...]:
    at = next(number for number, budget in enumerate(BUDGETS) if budget.key == key)
    return budgets(folder).rows[at]


def test_the_readme_shows_the_table_that_the_command_makes_of_the_results() -> None:
    page = README.read_text("utf-8")
    begin, end = marks(MARK)
    shown = page.partition(begin)[2].partition(end)[0].strip()
    assert shown == budgets(RESULTS).markdown(), "brain bench budgets"
    assert put(page, MARK, budgets(RESULTS).markdown()) == page


def test_a_figure_that_keeps_to_its_budget_is_met_and_one_that_does_not_says_by_how_much(tmp_path: Path) -> None:
    planted(tmp_path, "day", "day_over_oracle", 1.5, "×")
    planted(tmp_path, "kafka_day", "kafka_day_over_floor", 5.0, "×")
    *_, spread, met, when, command = row_of(tmp_path, "day_over_oracle")
    assert (spread, met, when) == ("1.35× to 1.65×", "met", "2026-11-26, abc1234")
    assert command == "`brain bench day`"
    assert "missed by ×2.50" in row_of(tmp_path, "kafka_day_over_floor")


def test_where_more_is_better_less_is_missed(tmp_path: Path) -> None:
    budget = next(budget for budget in BUDGETS if budget.at_least)
    assert verdict(budget, budget.limit) == "met"
    planted(tmp_path, "peers", budget.key, budget.limit / 4, budget.unit)
    assert "missed by ×4.00" in row_of(tmp_path, budget.key)


def test_what_was_not_measured_is_called_so_and_a_void_report_shows_no_figure(tmp_path: Path) -> None:
    assert {row[4] for row in budgets(tmp_path).rows} == {"not measured"}
    planted(tmp_path, "day", "day_over_oracle", 1.5, "×", void="the digests differ: a, b")
    what, limit, measured, spread, told, *_ = row_of(tmp_path, "day_over_oracle")
    assert what
    assert limit
    assert told == "VOID: the digests differ: a, b"
    assert (measured, spread) == ("", "")


def test_a_figure_in_another_unit_than_its_budget_or_without_its_spread_is_refused(tmp_path: Path) -> None:
    planted(tmp_path, "day", "day_over_oracle", 1.5, "s")
    with pytest.raises(ValueError, match="day_over_oracle"):
        budgets(tmp_path)

    bare = {"machine": MADE, "budget": {"day_over_oracle": {"unit": "×"}}}
    (tmp_path / "day.json").write_text(json.dumps(bare), "utf-8")
    with pytest.raises(ValueError, match="lacks greatest, least, measured"):
        budgets(tmp_path)


def test_the_table_takes_the_place_of_the_last_one_and_leaves_the_words(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text("# benchmarks\n\nWords.\n", "utf-8")
    write_budgets(tmp_path, page)
    once = page.read_text("utf-8")
    write_budgets(tmp_path, page)
    assert page.read_text("utf-8") == once
    assert once.startswith("# benchmarks\n\nWords.\n")
