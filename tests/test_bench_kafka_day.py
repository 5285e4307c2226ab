"""The day through Kafka and the floor: both read every record, and what is compared comes to one answer.

In: the tiny size, a broker; lines. Out: a report that is not void, and one that is.
Invariant: no time is asserted.
Deliberately absent: figures.
"""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pytest

from benchmarks import kafka_day
from benchmarks.bench import Bench
from benchmarks.day import plan_of
from benchmarks.flames import Flames
from benchmarks.floor import read_lines
from benchmarks.processes import Span
from streams.service.broker import LocalBroker
from tests.brokers import fresh_prefix


@pytest.mark.slow
def test_a_tiny_day_through_kafka_gives_the_embedded_engines_view_and_another_view_is_void(
    broker: LocalBroker, tmp_path: Path
) -> None:
    told: list[str] = []
    report = kafka_day.measure("tiny", Bench(tmp_path, told.append, fresh_prefix(), broker))
    assert not report["void"]
    assert told, "a long measurement shows how far it is"
    for turn in report["turns"]:
        assert turn["service"]["digest"] == report["digest"]
        assert turn["floor"]["rows"] + turn["floor"]["refused"] == turn["service"]["records"] == report["records"]
        assert turn["floor"]["refused"] > 0, "the day has lines that are no JSON"
        intakes = {f"intake-{number + 1}" for number in range(turn["service"]["intakes"])}
        assert turn["service"]["processes"].keys() == {"broker", "writer"} | intakes
        assert turn["floor"]["processes"].keys() == {"broker", "floor"}
        for side in turn.values():
            for process in side["processes"].values():
                assert process["cpu_s"] > 0
                assert process["peak_mib"] > 0
    sides, processes = kafka_day.figures(report)
    assert [row[0] for row in sides.rows] == ["service, 1 intake", "service, 2 intake", "floor"]
    assert {row[1] for row in processes.rows} == {"broker", "writer", "intake-1", "intake-2", "floor"}
    assert kafka_day.plot(report).lstrip().startswith("<")
    assert report["budget"]["kafka_day_over_floor"]["measured"] > 0
    plan, digest = plan_of(2_000), report["digest"]
    report["turns"][0]["service"]["digest"] = "0" * len(digest)
    other = kafka_day.report_of(plan, report["turns"], digest)
    assert "not the embedded engine's" in other["void"]
    assert all("VOID" in told.title for told in kafka_day.figures(other))
    assert "VOID" not in sides.title
    report["turns"][0]["service"]["digest"] = digest
    report["turns"][1]["floor"]["rows"] -= 1
    assert "not every record" in kafka_day.report_of(plan, report["turns"], digest)["void"]


def test_the_floor_reads_what_it_can_around_lines_that_are_no_records() -> None:
    schema = pa.schema([("a", pa.int64()), ("b", pa.string())])
    good = [b'{"a":%d,"b":"x","c":{"d":1}}' % number for number in range(100)]
    bad = [b"", b"{", b'{"a":', b"[1]", b'{"a":"x"}', b'{"b":"\xff"}', b'{"a":1}{"a":2}']
    lines = [*good[:7], bad[0], bad[1], *good[7:50], *bad[2:6], *good[50:], bad[6]]
    tables, refused = read_lines(schema, lines)
    assert sum(table.num_rows for table in tables) == len(good)
    assert sorted(pa.concat_tables(tables)["a"].to_pylist()) == list(range(100))
    assert len(refused) == len(lines) - len(good)
    assert sorted(refused) == sorted(bad)


def test_a_process_that_works_has_spent_time_and_held_memory() -> None:
    span = Span({"this": os.getpid()})
    while span.spent()["this"]["cpu_s"] == 0:
        sum(range(10_000))
    assert span.spent()["this"]["peak_mib"] > 0


def test_where_no_flame_graph_can_be_made_the_report_says_why(tmp_path: Path) -> None:
    flames = Flames(tmp_path, "none")
    flames.start({"nobody": 1 << 30})
    assert flames.stop() == []
    assert flames.why["nobody"]
