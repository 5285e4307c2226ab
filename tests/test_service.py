"""The service on a real broker: however many workers and partitions, the digest of the embedded run.

In: a drill, published sets, a broker. Out: pass or fail.
Invariant: what went through Kafka equals what was read from files, byte for byte, and every record is accounted for.
Deliberately absent: failures (test_faults.py).
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer

from schemas.topics import families
from sinks.lake import Lake
from streams.engine import Summary
from streams.records import Reader, find_parts
from streams.service.broker import LocalBroker
from streams.service.security import client_options
from streams.service.settings import Settings
from tests.engines import KEY
from tests.services import installation, publish, publish_folder

PEOPLE = 600


@pytest.mark.parametrize(("workers", "partitions"), [(1, 1), (2, 12), (3, 4)])
def test_any_number_of_workers_and_partitions_gives_the_embedded_digest(
    broker: LocalBroker, drill: Path, expected: Summary, tmp_path: Path, workers: int, partitions: int
) -> None:
    with installation(broker, tmp_path, partitions=partitions) as service:
        service.start("writer", *(f"intake-{n + 1}" for n in range(workers)))
        sent = publish_folder(service, drill)
        status = service.until_processed(sent.total())
        assert status["digest"] == expected.digest
        told = status["departments"]
        assert sum(d["read"] for d in told.values()) == sent.total()
        assert service.stop() == [0] * (workers + 1)


def test_what_is_committed_is_published_once_as_events_and_the_list_of_this_instant_is_that_of_the_snapshot(
    broker: LocalBroker, drill: Path, tmp_path: Path
) -> None:
    with installation(broker, tmp_path) as service:
        service.start("writer", "intake-1")
        service.until_processed(publish_folder(service, drill).total())
        listed = service.asked("writer", "/contacts")
        assert listed is not None
        service.stop()
        with Lake.open(service.lake, KEY, "cn") as lake:
            committed = lake.events(0, 1_000_000).to_pylist()
        manifest = json.loads((service.lake / "current" / "manifest.json").read_text())
        rows = {(r["subject"], r["source"], r["degree"]) for r in listed["contacts"]}
        assert len(rows) == len(listed["contacts"]) == manifest["files"]["contacts.parquet"]["rows"]
        told = asyncio.run(_read_events(service.settings))
    assert sorted(m["seq"] for m in told) == [e["seq"] for e in committed]
    assert {m["seq"]: m for m in told} == {e["seq"]: e for e in committed}


async def _read_events(settings: Settings) -> list[dict[str, object]]:
    names = [f"{settings.prefix}events.{family}" for family in families()]
    consumer = AIOKafkaConsumer(*names, **client_options(settings), auto_offset_reset="earliest")
    await consumer.start()
    try:
        found = []
        while batch := await consumer.getmany(timeout_ms=1500):
            found += [json.loads(r.value) for records in batch.values() for r in records]
        return found
    finally:
        await consumer.stop()


def test_poison_among_the_records_is_refused_counted_and_sealed_and_stops_nobody(
    broker: LocalBroker, drill: Path, expected: Summary, tmp_path: Path
) -> None:
    poison = [b"", b"{", b"\xff\xfe", b'{"source_record_id":"x"}', b"[]" * 20_000]
    with installation(broker, tmp_path) as service:
        service.start("writer", "intake-1", "intake-2")
        chunks = [chunk for part in find_parts(drill) for chunk in Reader([part], {}).chunks(1_000)]
        spoilt = [replace(c, lines=[*c.lines, poison[n % len(poison)]]) for n, c in enumerate(chunks)]
        sent = publish(service, spoilt).total()
        status = service.until_processed(sent)
        assert status["digest"] == expected.digest
        refused = sum(sum(d["rejected"].values()) for d in status["departments"].values())
        assert refused == expected.rejected.total() + len(chunks)
        service.stop()
        with Lake.open(service.lake, KEY, "cn") as lake:
            assert sum(lake.rejects()["count"].to_pylist()) == refused
            assert {r.raw for r in lake.unsealed_rejects()} >= set(poison)
