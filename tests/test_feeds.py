"""Feeds: groups that are moved, records in any order, doubled, late, in transactions, and a broker with a login.

In: a drill, a broker, worker processes. Out: pass or fail.
Invariant: the lake comes to the embedded digest, nothing lost and nothing doubled.
Deliberately absent: workers that die (test_kills.py).
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from benchmarks.installation import Installation
from streams.engine import Summary
from streams.records import Reader, find_parts
from streams.service.agents import intake_group
from streams.service.arrivals import disturbed, timed
from streams.service.broker import LocalBroker
from streams.service.produce import publish_paced, publish_transactions
from streams.service.security import client_options
from tests.faults import came_to
from tests.services import installation, publish_folder

HOUR_MS = 3_600_000
PEOPLE = 250


def test_a_group_that_is_set_back_to_the_beginning_adds_no_row(
    broker: LocalBroker, drill: Path, expected: Summary, tmp_path: Path
) -> None:
    with installation(broker, tmp_path) as service:
        service.start("writer", "intake-1")
        sent = publish_folder(service, drill).total()
        before = service.until_processed(sent)
        service.stop("intake-1")
        parts = {p: 0 for p in before["progress"] if p.startswith("src.")}
        asyncio.run(_set_group(service, parts))
        service.start("intake-1")
        service.until(lambda: service.status("intake-1").get("read", 0) >= sent, 60, "read again")
        hops = sum(o for p, o in before["progress"].items() if p.startswith("brain.facts"))
        service.until(lambda: sum(o for p, o in service.status()["progress"].items() if "facts" in p) > hops, 60)
        time.sleep(2)
        after = came_to(service, sent, expected)
        assert {d: r["read"] for d, r in after["departments"].items()} == {
            d: r["read"] for d, r in before["departments"].items()
        }
        assert _fact_rows(service.lake) == _fact_rows(service.lake)


def test_a_group_that_is_moved_on_stops_the_writer_and_rewinding_loses_nothing(
    broker: LocalBroker, drill: Path, expected: Summary, tmp_path: Path
) -> None:
    with installation(broker, tmp_path) as service:
        sent = publish_folder(service, drill).total()
        taps = "src.transport.tap"
        asyncio.run(_set_group(service, {f"{taps}@0": 40, f"{taps}@1": 40}))
        service.start("writer", "intake-1")
        assert service.processes["writer"].wait(60) == 2
        assert "brain rewind" in service.log("writer")
        service.stop("intake-1")
        _brain(service, "rewind")
        service.start("writer", "intake-1")
        came_to(service, sent, expected)


def _brain(service: Installation, *words: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-m", "streams.cli", *words], env=service.environment(0), capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


async def _set_group(service: Installation, offsets: dict[str, int]) -> None:
    settings = service.settings
    consumer = AIOKafkaConsumer(
        **client_options(settings), group_id=intake_group(settings), enable_auto_commit=False
    )
    await consumer.start()
    chosen = {}
    for part, offset in offsets.items():
        topic, _, number = part.partition("@")
        chosen[TopicPartition(settings.prefix + topic, int(number))] = offset
    consumer.assign(list(chosen))
    await consumer.commit(chosen)
    await consumer.stop()


def _fact_rows(lake: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect(str((lake / "catalog.duckdb").resolve()), read_only=True) as db:
        return db.execute("SELECT count(*), count(DISTINCT rec) FROM records").fetchall()


@pytest.mark.parametrize("how", ["shuffled", "reversed", "doubled", "an hour late"])
def test_records_that_come_in_any_order_doubled_or_late(
    broker: LocalBroker, drill: Path, expected: Summary, tmp_path: Path, how: str
) -> None:
    arrivals = [a for part in find_parts(drill) for a in timed(Reader([part], {}).chunks())]
    options: dict[str, Any] = {
        "shuffled": {"shuffle": True},
        "reversed": {"reverse": True},
        "doubled": {"duplicate": 0.3},
        "an hour late": {"late": (0.2, HOUR_MS)},
    }[how]
    rows = disturbed(sorted(arrivals, key=lambda a: a.at_ms), 5, **options)
    with installation(broker, tmp_path) as service:
        service.start("writer", "intake-1")
        told = asyncio.run(publish_paced(service.settings, rows, 1e9, lambda _: None, asyncio.Event()))
        assert told.records.total() == len(rows)
        status = service.until_processed(len(rows), 180)
        assert status["digest"] == expected.digest


def test_transactions_leave_no_lag_and_what_was_aborted_is_never_read(
    broker: LocalBroker, drill: Path, expected: Summary, tmp_path: Path
) -> None:
    arrivals = [a for part in find_parts(drill) for a in timed(Reader([part], {}).chunks())]
    with installation(broker, tmp_path) as service:
        service.start("writer", "intake-1")
        doubled = [*arrivals[:1000], *arrivals]  # the first thousand are aborted, and come again
        asyncio.run(publish_transactions(service.settings, doubled, 500, lambda number: number < 2))
        service.until(lambda: service.status().get("digest") == expected.digest, 120, "the digest")
        ends = asyncio.run(_ends(service, [p for p in service.status()["progress"] if p.startswith("src.")]))
        service.until(lambda: {p: service.status()["progress"].get(p) for p in ends} == ends, 10, "no lag")
        assert sum(d["read"] for d in service.status()["departments"].values()) == len(arrivals)


async def _ends(service: Installation, parts: list[str]) -> dict[str, int]:
    consumer = AIOKafkaConsumer(**client_options(service.settings), isolation_level="read_committed")
    await consumer.start()
    try:
        named = {p: TopicPartition(service.settings.prefix + p.split("@")[0], int(p.split("@")[1])) for p in parts}
        ends = await consumer.end_offsets(list(named.values()))
        return {part: ends[tp] for part, tp in named.items()}
    finally:
        await consumer.stop()


def test_workers_speak_to_a_broker_that_asks_who_is_there(
    sasl_broker: LocalBroker, drill: Path, expected: Summary, tmp_path: Path
) -> None:
    with installation(sasl_broker, tmp_path) as service:
        service.start("writer", "intake-1")
        sent = publish_folder(service, drill).total()
        came_to(service, sent, expected)
