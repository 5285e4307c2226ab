"""The benchmarks run, tiny, so that they never rot, and what is compared comes to one answer.

In: the tiny size, a broker. Out: reports that are not void.
Invariant: no time is asserted.
Deliberately absent: figures.
"""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from benchmarks import service
from benchmarks.__main__ import measure
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
    once = service.page(report, "# benchmarks\n\nWords.\n")
    assert service.page(report, once) == once, "new figures take the place of the old"
    assert once.startswith("# benchmarks\n\nWords.\n")
    assert once.count("| 23 |") == 1
