"""The benchmark of scale runs, tiny; a kill that loses or doubles something would be seen; the page is what the
command makes.

In: the tiny size, a broker, the results that are there. Out: pass or fail.
Invariant: whoever is killed is killed by signal 9; no time is asserted.
Deliberately absent: figures.
"""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks import scale
from benchmarks.bench import Bench, Row
from benchmarks.day import plan_of
from benchmarks.days import days_in_a_row, parts_of
from benchmarks.provinces import BUSY, PLACES, SERVER_GIB, limits, measured, needs
from benchmarks.recoveries import branch, complaint, holding, recover
from benchmarks.scale_figures import summary
from benchmarks.scale_page import PAGE, RESULTS, best, page, reports
from benchmarks.workers import apart, read, write
from replay.play import day_name
from replay.sheets import REGISTERS_DAY
from sinks.parts import EMPTY
from sinks.store import Store
from sinks.tail import Tail
from streams.records import Part
from streams.service.broker import LocalBroker
from tests.brokers import fresh_prefix


@pytest.mark.slow
def test_every_part_runs_tiny_and_none_is_void_and_each_step_is_kept(broker: LocalBroker, tmp_path: Path) -> None:
    kept: list[Row] = []
    bench = Bench(tmp_path, prefix=fresh_prefix(), _broker=broker)
    report = scale.run("tiny", bench, keep=lambda told: kept.append(json.loads(json.dumps(told))))
    days, people, workers = (report["parts"][name] for name in ("days", "people", "workers"))
    assert report["void"] == ""
    assert [len(told["parts"]["days"]["days"]) for told in kept[:2]] == [1, 2], "a broken-off run leaves what it had"
    assert "not at its end" in kept[0]["void"]
    assert [row["days"] for row in days["recoveries"]] == [1, 2]
    assert all(row["signal"] == signal.SIGKILL for row in days["recoveries"])
    assert all(0 < row["killed"]["committed"] < row["killed"]["taken"] for row in days["recoveries"])
    assert [row["oracle"]["digest"] == row["digest"] for row in people["rows"]] == [True] * 3
    assert {run["digest"] for row in workers["rows"] for run in row["runs"]} == {workers["digest"]}
    assert {"memory held", "processor time of a record", "lake", "recovery"} <= {*report["laws"]["days"]}
    assert {"memory held", "processor time of a record", "lake", "start again"} <= {*report["laws"]["people"]}
    assert report["budget"] == {}, "of so few people nothing was promised"
    assert [len(told.rows) > 0 for told in scale.figures(report)] == [True] * 4
    assert "<svg" in scale.plot(report)
    told = page({"full": report})
    assert "not measured" not in told
    assert all(zh in told for zh, _ in PLACES)
    without = page({"full": report | {"parts": {**report["parts"], "workers": workers | {"void": "digests differ"}}}})
    assert "workers: not measured" in without, "what is void is reckoned with nowhere"


@dataclass
class Killed:
    """A lake with two days, the third day's files, and what they come to undisturbed."""

    lake: Path
    key: Path
    pack: str
    parts: list[Part]
    expected: Row

    def recovered(self, folder: Path, meddle: Callable[[Path], None] = lambda _: None) -> Row:
        shutil.copytree(self.lake, folder, symlinks=True)
        return recover(folder, self.key, self.pack, self.parts, self.expected, meddle)


@pytest.fixture(scope="module")
def two_days(tmp_path_factory: pytest.TempPathFactory) -> Killed:
    folder = tmp_path_factory.mktemp("two days")
    records, lake, key, plan = folder / "records", folder / "lake", folder / "key.json", plan_of(2_000, 3)
    key.write_text(scale.KEY.to_json())
    with apart(write, plan, records) as writer:
        for _ in range(plan.days):
            writer.recv()
            writer.send(None)
        writer.recv()
    registers, first, second, third = (
        parts_of(records, day_name(plan.first_day, number)) for number in (REGISTERS_DAY, 0, 1, 2)
    )
    with apart(read, lake, key, plan.pack) as engine:
        engine.recv()
        engine.send([*registers, *first, *second])
        engine.recv()
        branch(lake, folder / "before")
        engine.send(third)
        digest = engine.recv()["digest"]
        engine.send(None)
    return Killed(folder / "before", key, plan.pack, third, {"digest": digest, "holding": holding(lake)})


def test_a_killed_engine_that_is_started_again_has_everything_once(two_days: Killed, tmp_path: Path) -> None:
    row = two_days.recovered(tmp_path / "lake")
    assert row["void"] == ""
    assert row["signal"] == signal.SIGKILL
    assert row["ready_s"] <= row["read_on_s"] <= row["committed_s"], "they are told in the order in which they happen"
    assert "digest" in complaint(row, 0, two_days.expected | {"digest": "0"})
    assert "signal 15" in complaint(row | {"signal": signal.SIGTERM}, 0, two_days.expected)


def _cut(lake: Path, _parts: list[Part]) -> None:
    """The last part file, half of it; a file of its own, since the lake that goes on is linked to it."""
    last: Path = max((lake / "facts" / "records").glob("*.parquet"))
    whole = last.read_bytes()
    last.unlink()
    last.write_bytes(whole[: len(whole) // 2])


def _moved(lake: Path, part: Part, lines: int) -> None:
    """What the lake says of how far a part was read is wrong by some lines."""
    store = Store.open(lake / "brain.duckdb")
    tail = Tail(store)
    with store.transaction():
        tail.keep(EMPTY, {part.name: tail.progress.get(part.name, 0) + lines})
    store.close()


def _lose(lake: Path, parts: list[Part]) -> None:
    _moved(lake, parts[-1], 1)


def _double(lake: Path, parts: list[Part]) -> None:
    _moved(lake, parts[0], -1)


@pytest.mark.parametrize(
    ("meddle", "said"),
    [(_cut, "did not come to its end"), (_lose, "changed: 1 fewer than"), (_double, "changed: -1 fewer than")],
)
def test_what_is_lost_or_doubled_makes_the_recovery_void(
    two_days: Killed, tmp_path: Path, meddle: Callable[[Path, list[Part]], None], said: str
) -> None:
    row = two_days.recovered(tmp_path / "lake", lambda lake: meddle(lake, two_days.parts))
    assert said in row["void"]


def test_an_engine_that_ends_before_it_is_killed_makes_the_recovery_void(two_days: Killed, tmp_path: Path) -> None:
    idle = Killed(two_days.lake, two_days.key, two_days.pack, [], two_days.expected)
    assert "not killed in the middle" in idle.recovered(tmp_path / "lake")["void"]


def test_a_void_recovery_makes_the_report_void_and_leaves_no_law(tmp_path: Path) -> None:
    key = tmp_path / "key.json"
    key.write_text(scale.KEY.to_json())

    def _moved_on(lake: Path) -> None:
        _lose(lake, parts_of(tmp_path / "records", day_name(plan_of(2_000).first_day, 1)))

    found = days_in_a_row(plan_of(2_000, 2), tmp_path, key, False, lambda _: None, kills=(1,), meddle=_moved_on)
    part = scale.days_part(found, scale.Size(2_000, 2, (), (), 0, 0))
    assert "killed with 1 days of state: records were lost" in part["void"]
    told = summary({"parts": {"days": part}})
    assert "lost" in told["void"]
    assert "days" not in told["laws"]
    assert not found["void"], "the engine that went on was not disturbed"
    assert not list(tmp_path.glob("lake-*"))


def test_the_first_day_is_read_again_beside_the_last_and_must_say_the_same(tmp_path: Path) -> None:
    key = tmp_path / "key.json"
    key.write_text(scale.KEY.to_json())
    found = days_in_a_row(plan_of(2_000, 3), tmp_path, key, False, lambda _: None, again=(1, 2))
    first, *_ = found["days"]
    assert [row["digest"] for row in found["first_again"]] == [first["digest"]] * 2
    assert [row["records"] for row in found["first_again"]] == [first["records"]] * 2
    assert not found["void"]
    assert not (tmp_path / "lake-first").exists()


def test_a_first_day_that_says_another_thing_when_read_again_is_void(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = tmp_path / "key.json"
    key.write_text(scale.KEY.to_json())
    monkeypatch.setattr("benchmarks.days._first_again", lambda *_: {"digest": "another"})
    assert days_in_a_row(plan_of(500, 1), tmp_path, key, False, lambda _: None, again=(1,))["void"]


def test_the_last_day_is_compared_with_the_first_as_it_was_read_beside_it() -> None:
    days = json.loads((RESULTS / "scale-long.json").read_text("utf-8"))["parts"]["days"]
    first = days["days"][0]
    slow, slower = (first | {"processor_s": first["processor_s"] * factor} for factor in (2, 4))
    plain = summary({"parts": {"days": days | {"first_again": []}}})["budget"]["cost_14_over_1"]
    told = summary({"parts": {"days": days | {"first_again": [slow, slower]}}})["budget"]["cost_14_over_1"]
    assert plain["least"] == plain["measured"] == plain["greatest"]
    assert told["measured"] == pytest.approx(plain["measured"] / 3)
    assert told["least"] == pytest.approx(plain["measured"] / 4)
    assert told["greatest"] == pytest.approx(plain["measured"])


def test_the_page_is_what_the_command_makes_of_the_results() -> None:
    hint = "write it anew: python -m benchmarks.scale --page"
    assert page(reports(RESULTS)) == PAGE.read_text("utf-8"), hint


def test_without_results_the_page_says_so() -> None:
    assert "Not measured yet" in page({})


def test_a_limit_of_one_writer_is_met_where_its_law_says_and_districts_add_up() -> None:
    of = measured(best(reports(RESULTS)))
    found = {limit.part: limit.people for limit in limits(of)}
    assert [*found.values()] == sorted(found.values()), "the first to be met comes first"
    assert of.memory_gib(found["memory of the writer"]) == pytest.approx(SERVER_GIB, rel=1e-3)
    assert of.writer_cores(found["records/s of the writer"]) == pytest.approx(BUSY, rel=1e-3)
    one, ten = needs(of, 650_000), needs(of, 6_500_000)
    assert (one.districts, ten.districts) == (1, 10)
    assert ten.memory_gib == pytest.approx(10 * one.memory_gib)
    assert ten.recovery_s == pytest.approx(one.recovery_s), "districts recover side by side"


def test_days_in_a_row_of_an_earlier_report_are_the_part_that_they_were() -> None:
    days = json.loads((RESULTS / "days-14.json").read_text("utf-8"))
    part = scale.earlier(days)
    assert part["machine"]["commit"] == days["machine"]["commit"]
    assert part["days"][-1]["held"] == days["written"]["records"]
    told = summary({"parts": {"days": part}})
    assert told["budget"]["memory_14_days_mib"]["measured"] == days["days"][-1]["peak_mib"]
    assert told["budget"]["cost_14_over_1"]["measured"] == pytest.approx(days["cost_last_to_first"]["processor_s"])
    assert "recovery_s" not in told["budget"], "nobody was killed"
