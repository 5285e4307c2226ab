"""Metrics: what a worker counts is what Prometheus reads, in bounded memory and without a value of a record.

In: what the intake and the writer tell a meter. Out: pass or fail.
Invariant: the page is read back by Prometheus' own parser.
Deliberately absent: panels and alerts (test_ops.py).
"""

from __future__ import annotations

import re
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from schemas.decode import Reject
from schemas.departments import DEPARTMENTS, sources
from schemas.topics import FACTS
from streams.service.figures import Pace, Recent, Spread
from streams.service.metrics import METRICS, Meter

SECRET = "220102199003071234"
LABELS = {
    "source", "part", "department", "reason", "kind", "degree", "purpose", "state", "quantile", "role", "index", "le",
}  # fmt: skip
COUNTS = {
    "states": {"isolate": {"needed": 4, "admitted": 9}, "hospital": {}}, "late": 2,
    "admitted_s": {"isolate": {"p50": 7_200.0, "p95": 30_000.0}},
}  # fmt: skip


def page(meter: Meter) -> dict[tuple[str, ...], float]:
    """Every sample by its name and labels in alphabetical order of the labels' names."""
    body, kind = meter.render()
    assert kind.startswith("text/plain")
    found = {}
    for family in text_string_to_metric_families(body.decode()):
        for sample in family.samples:
            found[(sample.name, *(value for _, value in sorted(sample.labels.items())))] = sample.value
    return found


def commit(meter: Meter, **changed: Any) -> None:
    told: dict[str, Any] = {
        "sources": {"transport.tap": 90, "health.nat_result": 10},
        "lateness_ms": {"transport": np.full(85, 7_200_000), "health": np.array([-5_000, 60_000])},
        "delay_s": [0.04, 0.06],
        "step_s": 0.2,
        "commit_s": 0.03,
        "events": {"contact_found": 3},
        "rejects": {("transport", "not_json"): 5},
    }
    meter.committed(**{**told, **changed})


def full(role: str) -> Meter:
    """A meter that was told everything there is to tell it."""
    meter = Meter(role, 1)
    meter.disk(Path())
    if role == "intake":
        meter.assigned(["src.transport.tap@0"])
        meter.lag("src.transport.tap@0", 7)
        refused = Reject("transport.tap", "src.transport.tap@0", 12, "not_json", SECRET, SECRET, SECRET.encode())
        meter.chunk("transport.tap", 5_000, [refused], 0.08)
        meter.hop(200_000)
        meter.gap("src.transport.tap@0", 4)
    else:
        meter.assigned([f"{FACTS}@0"])
        meter.lag(f"{FACTS}@0", 2)
        meter.gap("src.transport.tap@0", 4)
        meter.repeated(12)
        commit(meter)
        meter.published(0.5, 9)
        meter.stands(3, {"1": 20, "2": 80}, 1)
        meter.carries(COUNTS)
        meter.restored(1_000, 2.5)
    meter.waiting(2, 4_096)
    return meter


@pytest.mark.parametrize("role", ["intake", "writer"])
def test_everything_that_is_told_stands_on_the_page(role: str) -> None:
    told = {re.sub(r"_(bucket|sum|count)$", "", name) for name, *_ in page(full(role))}
    assert {metric.name for metric in METRICS if role in metric.roles} <= told
    assert not {metric.name for metric in METRICS if role not in metric.roles} & told
    assert {"process_cpu_seconds_total", "process_resident_memory_bytes", "process_start_time_seconds"} <= told


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_metric_is_named_as_prometheus_asks_for(metric: Any) -> None:
    assert re.fullmatch(r"kuancheng_[a-z_]+", metric.name)
    assert (metric.kind == "counter") == metric.name.endswith("_total")
    assert (metric.kind == "histogram") == bool(metric.bounds)
    assert list(metric.bounds) == sorted(set(metric.bounds))
    if metric.kind == "histogram":
        assert metric.name.endswith(("_seconds", "_bytes"))
    assert set(metric.labels) <= LABELS


def test_a_metric_stands_in_the_table_once() -> None:
    assert len({metric.name for metric in METRICS}) == len(METRICS)


@pytest.mark.parametrize("role", ["intake", "writer"])
def test_no_label_and_no_figure_holds_a_value_of_a_record(role: str) -> None:
    body, _ = full(role).render()
    assert SECRET not in body.decode()
    assert set(re.findall(r'(\w+)="', body.decode())) <= LABELS


def test_the_intake_counts_lines_rejects_and_messages() -> None:
    found = page(full("intake"))
    assert found["kuancheng_intake_records_total", "transport.tap"] == 5_000
    assert found["kuancheng_intake_records_total", "police.phone_ownership"] == 0
    assert found["kuancheng_intake_rejects_total", "transport", "not_json"] == 1
    assert found["kuancheng_intake_chunk_seconds_bucket", "transport", "0.1"] == 1
    assert found["kuancheng_intake_chunk_seconds_bucket", "transport", "0.05"] == 0
    assert found["kuancheng_hop_bytes_sum",] == 200_000


def test_the_writer_counts_what_was_committed() -> None:
    meter = full("writer")
    commit(meter)
    found = page(meter)
    assert found["kuancheng_records_total", "transport.tap"] == 180
    assert found["kuancheng_rejects_total", "transport", "not_json"] == 10
    assert found["kuancheng_events_total", "contact_found"] == 6
    assert found["kuancheng_events_total", "case_opened"] == 0
    assert found["kuancheng_repeated_records_total",] == 12
    assert found["kuancheng_delay_seconds_count",] == 4
    assert found["kuancheng_delay_seconds_bucket", "0.05"] == 2
    assert found["kuancheng_commit_seconds_sum",] == pytest.approx(0.06)
    assert found["kuancheng_lateness_seconds_bucket", "transport", "10800.0"] == 170
    assert found["kuancheng_lateness_seconds_bucket", "transport", "3600.0"] == 0
    assert found["kuancheng_snapshot",] == 9
    assert found["kuancheng_contacts", "2"] == 80


def test_a_record_from_the_future_is_seen_and_takes_nothing_from_the_sum() -> None:
    found = page(full("writer"))
    assert found["kuancheng_lateness_seconds_bucket", "health", "0.0"] == 1
    assert found["kuancheng_lateness_seconds_sum", "health"] == 60


def test_a_snapshot_replaces_what_stood_before() -> None:
    meter = full("writer")
    meter.stands(0, {"1": 2}, 0)
    found = page(meter)
    assert found["kuancheng_contacts", "1"] == 2
    assert ("kuancheng_contacts", "2") not in found


def test_transfers_are_counted_by_purpose_and_state_with_how_long_an_admission_took() -> None:
    meter = full("writer")
    found = page(meter)
    assert found["kuancheng_transfers", "isolate", "admitted"] == 9
    assert found["kuancheng_transfers_late",] == 2
    assert found["kuancheng_admission_seconds", "isolate", "p95"] == 30_000
    meter.carries({"states": {"isolate": {"needed": 1}}, "late": 0, "admitted_s": {}})
    names = {key: value for key, value in page(meter).items() if key[0].startswith(("kuancheng_tr", "kuancheng_adm"))}
    assert names["kuancheng_transfers", "isolate", "needed"] == 1
    assert ("kuancheng_transfers", "isolate", "admitted") not in names
    assert "kuancheng_admission_seconds" not in {name for name, *_ in names}


def test_the_delay_to_a_transfer_counts_commits_that_changed_one_alone() -> None:
    meter = full("writer")
    assert page(meter)["kuancheng_transfer_delay_seconds_count",] == 0
    commit(meter, events={"transfer_changed": 2})
    assert page(meter)["kuancheng_transfer_delay_seconds_count",] == 2
    assert page(meter)["kuancheng_delay_seconds_count",] == 4


def test_the_instants_of_the_last_commit_and_snapshot_move_on() -> None:
    before = time.time()
    meter = Meter("writer", 0)
    first = page(meter)["kuancheng_committed_timestamp_seconds",]
    commit(meter)
    found = page(meter)
    assert before - 0.01 <= first < found["kuancheng_committed_timestamp_seconds",] <= time.time()
    assert found["kuancheng_published_timestamp_seconds",] < found["kuancheng_committed_timestamp_seconds",]


def test_what_nobody_knows_yet_is_not_told_as_zero() -> None:
    names = {name for name, *_ in page(Meter("writer", 0))}
    assert not names & {
        "kuancheng_cases",
        "kuancheng_snapshot",
        "kuancheng_disk_free_bytes",
        "kuancheng_lag_records",
        "kuancheng_transfers_late",
    }
    assert {"kuancheng_repeated_records_total", "kuancheng_records_total"} <= names


def test_a_part_that_went_to_another_worker_takes_its_lag_along() -> None:
    meter = Meter("intake", 1)
    meter.assigned(["src.transport.tap@0", "src.transport.tap@1", "src.health.nat_result@0"])
    meter.lag("src.transport.tap@0", 10)
    meter.lag("src.transport.tap@1", 20)
    meter.assigned(["src.transport.tap@1"])
    found = page(meter)
    lags = {key[1:]: value for key, value in found.items() if key[0] == "kuancheng_lag_records"}
    assert lags == {("src.transport.tap@1", "transport.tap"): 20}
    parts = {key[1]: value for key, value in found.items() if key[0] == "kuancheng_assigned_parts"}
    assert parts == {**dict.fromkeys(sources(), 0), "transport.tap": 1}


def test_what_a_role_has_no_part_in_cannot_be_counted_by_it() -> None:
    with pytest.raises(KeyError, match="kuancheng_hop_bytes"):
        Meter("writer", 0).hop(1)
    with pytest.raises(KeyError, match="janitor"):
        Meter("janitor", 0)


def test_the_disk_is_that_of_the_lake(tmp_path: Path) -> None:
    meter = Meter("writer", 0)
    meter.disk(tmp_path)
    found = page(meter)
    assert 0 < found["kuancheng_disk_free_bytes",] <= found["kuancheng_disk_size_bytes",]


def test_the_departments_tell_counts_pace_and_lateness() -> None:
    now = [0.0]
    meter = Meter("writer", 0, lambda: now[0])
    now[0] = 10.0
    commit(meter)
    found = meter.departments()
    assert set(found) == set(DEPARTMENTS)
    transport = {"read": 90, "rejected": {"not_json": 5}, "rate_per_s": 9.0}
    assert found["transport"] == {**transport, "lateness_s_p50": 7_200.0, "lateness_s_p95": 7_200.0}
    assert found["police"] == {
        "read": 0, "rejected": {}, "rate_per_s": 0.0, "lateness_s_p50": None, "lateness_s_p95": None
    }  # fmt: skip
    now[0] = 70.0
    commit(meter)
    now[0] = 71.0
    assert meter.departments()["transport"]["rate_per_s"] == 1.5
    now[0] = 131.0
    assert meter.departments()["transport"]["rate_per_s"] == 0.0
    assert meter.departments()["transport"]["read"] == 180


def test_counting_from_many_threads_loses_nothing_and_leaves_the_page_readable() -> None:
    meter = Meter("writer", 0)
    threads = [threading.Thread(target=lambda: [commit(meter) for _ in range(50)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    pages = [page(meter) for _ in range(20)]
    for thread in threads:
        thread.join()
    totals = [found["kuancheng_records_total", "transport.tap"] for found in (*pages, page(meter))]
    assert totals == sorted(totals)
    assert totals[-1] == 4 * 50 * 90


def test_a_histogram_counts_many_as_it_counts_one_by_one() -> None:
    values = np.random.default_rng(7).choice([-1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0], 1_000)
    at_once, single = Spread((0, 1, 2)), Spread((0, 1, 2))
    at_once.add(values)
    at_once.add([])
    for value in values:
        single.add([float(value)])
    assert at_once.buckets() == single.buckets()
    assert at_once.sum == pytest.approx(single.sum)
    expected = [("0.0", (values <= 0).sum()), ("1.0", (values <= 1).sum()), ("2.0", (values <= 2).sum())]
    assert at_once.buckets() == [*expected, ("+Inf", 1_000)]


def test_quantiles_are_of_what_came_last_however_much_came() -> None:
    recent = Recent(size=100, each=50)
    recent.add(np.zeros(0))
    assert recent.quantiles(0.5) == [None]
    recent.add(np.full(1_000_000, 5.0))
    assert recent.quantiles(0.5, 0.95) == [5.0, 5.0]
    recent.add(np.arange(200.0))
    recent.add(np.arange(200.0))
    assert recent.quantiles(0.5)[0] == pytest.approx(100, abs=5)


def test_the_pace_forgets_what_is_older_than_a_minute() -> None:
    pace = Pace(1_000.0)
    for second in range(1_000):
        pace.add(1_000.0 + second, 30)
    assert pace.per_s(1_999.0) == pytest.approx(30)
    assert pace.per_s(2_100.0) == 0
