"""The benchmarks run, tiny, so that they never rot, and what is compared comes to one answer.

In: the tiny size, a broker. Out: reports that are not void.
Invariant: no time is asserted.
Deliberately absent: figures.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from types import ModuleType

from benchmarks import analysts, day, dispatch, recovery, report, transport, whole
from benchmarks.bench import Bench, Row
from benchmarks.whole import differing
from streams.service.broker import LocalBroker
from tests.brokers import fresh_prefix


def measured(module: ModuleType, bench: Bench) -> Row:
    """The tiny report, after it was told as tables, words and a plot."""
    name = module.__name__.split(".")[-1]
    bench.scratch.mkdir(exist_ok=True)
    found = report.measured(module, name, "tiny", bench)
    tables = report.write(module, found, bench.scratch / "results")
    assert all(len(row) == len(table.head) for table in tables for row in table.rows)
    assert (bench.scratch / "results" / f"{name}-tiny.json").is_file()
    ET.fromstring((bench.scratch / "results" / f"{name}-tiny.svg").read_text("utf-8"))
    page = (bench.scratch / "results" / f"{name}-tiny.md").read_text("utf-8")
    assert "VOID" not in page
    assert "VOID: another" in report.page(found | {"void": "another"}, tables, "")
    assert not found["void"]
    assert found["budget"] == {} if "budget" in found else True, "a tiny size says nothing of a budget"
    return found


def test_engine_and_oracle_come_to_one_answer_and_an_amended_onset_has_consequences(tmp_path: Path) -> None:
    found = measured(whole, Bench(tmp_path))
    assert found["digest"]
    assert found["whole"]["engine"]["wall_s"]["median"] > 0
    assert found["correction"]["events"] > 0


def test_digests_that_differ_make_a_report_void_and_say_both() -> None:
    assert differing({"a"}) == ""
    assert "a, b" in differing({"a", "b"})


def test_a_killed_writer_comes_back_and_has_everything(broker: LocalBroker, tmp_path: Path) -> None:
    found = measured(recovery, Bench(tmp_path / "recovery", prefix=fresh_prefix(), _broker=broker))
    assert found["burst"] > 0


def test_every_way_from_a_topic_to_an_agent_is_measured(broker: LocalBroker, tmp_path: Path) -> None:
    found = measured(transport, Bench(tmp_path / "transport", prefix=fresh_prefix(), _broker=broker))
    assert all(rate > 0 for rates in found["rate"].values() for rate in rates)


def test_engine_and_oracle_come_to_one_answer_over_a_tiny_day(tmp_path: Path) -> None:
    found = measured(day, Bench(tmp_path))
    assert found["registers"]["records"] + found["runs"][0]["records"] == found["written"]["records"]
    assert "engine to oracle" in day.words(found)


def test_planners_are_compared_on_the_same_situations_and_none_breaks_a_rule_or_undercuts_the_bound(
    tmp_path: Path,
) -> None:
    found = measured(dispatch, Bench(tmp_path))
    for run in found["runs"]:
        assert {"nearest first", "greedy"} < {*run["planners"]}
        for planned in run["planners"].values():
            assert run["bound"]["total"] <= planned["total"]
    assert "no plan has less than" in dispatch.figures(found)[0].markdown()


def test_every_way_to_a_page_of_contacts_gives_as_many(tmp_path: Path) -> None:
    page = analysts.contacts_page("tiny", Bench(tmp_path))
    rows = {way["rows"] for way in page["ways"].values()}
    assert len(rows) == 1
    assert rows.pop() > 0
    assert not page["budget"], "it is no page of 100,000"
