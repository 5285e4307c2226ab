"""The benchmarks run, tiny, so that they never rot, and engine and oracle come to one digest on their records.

In: the tiny size. Out: a report that is not void.
Invariant: no time is asserted.
Deliberately absent: figures.
"""

from __future__ import annotations

from benchmarks.__main__ import measure


def test_every_benchmark_runs_and_none_is_void() -> None:
    report = measure("tiny")
    whole, amended = report["results"]
    assert not whole["void"]
    assert whole["engine"]["wall_s"]["median"] > 0
    assert amended["events"] > 0, "an amended onset must have consequences"
