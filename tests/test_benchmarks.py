"""The benchmarks run, tiny, so that they never rot, and what is compared comes to one answer.

In: the tiny size, a broker. Out: reports that are not void.
Invariant: no time is asserted.
Deliberately absent: figures.
"""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from benchmarks import day, dispatch, service
from benchmarks.__main__ import measure
from benchmarks.days import days_figures
from streams.service.broker import LocalBroker
from tests.brokers import fresh_prefix


def test_every_benchmark_runs_and_none_is_void() -> None:
    report = measure("tiny")
    whole, amended = report["results"]
    assert not whole["void"]
    assert whole["engine"]["wall_s"]["median"] > 0
    assert amended["events"] > 0, "an amended onset must have consequences"


def test_the_benchmarks_of_the_service_run_and_every_list_is_whole(broker: LocalBroker, tmp_path: Path) -> None:
    report = service.measure(broker, tmp_path, "tiny", fresh_prefix())
    assert not any(row["void"] for row in report["latency"])
    assert report["recovery"]["burst"] > 0
    assert all(rate > 0 for rates in report["transport"]["rate"].values() for rate in rates)
    with Console(record=True, quiet=True) as console:
        for told in service.figures(report):
            console.print(told.table())
    assert service.page(report).count("| 23 |") == 2


def test_engine_and_oracle_come_to_one_answer_over_a_tiny_day_and_the_page_says_so(tmp_path: Path) -> None:
    report = day.measure(day.plan_of(2_000), tmp_path, repeats=1, oracle=True)
    assert not report["void"]
    assert report["registers"]["records"] + report["runs"][0]["records"] == report["written"]["records"]
    once = day.page(report, "# benchmarks\n\nWords.\n")
    assert day.page(report, once) == once, "new figures take the place of the old"
    assert "Words." in once
    assert "one digest" in once
    assert "VOID" in day.page(report | {"void": True}, once)


def test_an_engine_that_is_started_again_after_days_in_a_row_says_what_it_said_and_what_the_oracle_says(
    tmp_path: Path,
) -> None:
    said: list[int] = []
    plan = day.plan_of(2_000, days=2)
    report = day.measure(plan, tmp_path, 1, oracle=True, tell=lambda told: said.append(len(told["days"])))
    assert not report["void"]
    assert said[:2] == [1, 2], "each day is told when it is over, not at the end"
    assert report["restart"]["restored"] > 0
    first, second = report["days"]
    assert second["records"] > first["records"] * 0.9
    assert {"1", "2"} < {*days_figures(report).head}
    once = day.page(report, "Words.\n")
    assert day.page(report, once) == once


def test_records_of_days_in_a_row_do_not_pile_up_on_the_disk(tmp_path: Path) -> None:
    day.measure(day.plan_of(500, days=2), tmp_path, 1, oracle=False)
    assert not list((tmp_path / "records").iterdir())


def test_planners_are_compared_on_the_same_situations_and_none_breaks_a_rule_or_undercuts_the_bound() -> None:
    report = dispatch.measure("tiny", [0.3])
    assert not report["void"]
    for run in report["runs"]:
        assert {"nearest first", "greedy"} < {*run["planners"]}
        for found in run["planners"].values():
            assert run["bound"]["total"] <= found["total"]
    told = dispatch.figures(report).markdown()
    assert "no plan has less than" in told
    assert "VOID" in dispatch.figures(report | {"void": True}).markdown()
