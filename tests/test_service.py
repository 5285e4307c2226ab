"""The service on a real broker: however many workers and partitions, the digest of the embedded run.

In: a drill, published sets, a broker. Out: pass or fail.
Invariant: what went through Kafka equals what was read from files, byte for byte, and every record is accounted for.
Deliberately absent: failures (test_faults.py).
"""

from __future__ import annotations

import asyncio
import json
import urllib.request
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from aiokafka import AIOKafkaConsumer

from schemas.topics import FACTS, families, topics
from sinks.lake import Lake
from streams.engine import Summary
from streams.records import Chunk, Part, Reader, find_parts
from streams.service.broker import LocalBroker
from streams.service.hops import decode
from streams.service.security import client_options
from streams.service.settings import Settings
from tests.engines import KEY
from tests.privacy import Grep, identifiers_of
from tests.services import installation, publish, publish_folder
from tests.test_privacy import MISPLACED, misplaced

PEOPLE = 600
NO_OFFSETS = np.zeros(0, np.int64)


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
        names = [f"events.{family}" for family in families()]
        told = [json.loads(message.value) for message in asyncio.run(_read(service.settings, names))]
    assert sorted(m["seq"] for m in told) == [e["seq"] for e in committed]
    assert {m["seq"]: m for m in told} == {e["seq"]: e for e in committed}


async def _read(settings: Settings, names: list[str]) -> list[Any]:
    """Every message of these topics."""
    topics = [settings.prefix + name for name in names]
    consumer = AIOKafkaConsumer(*topics, **client_options(settings), auto_offset_reset="earliest")
    await consumer.start()
    try:
        found: list[Any] = []
        while batch := await consumer.getmany(timeout_ms=1500):
            found += [record for records in batch.values() for record in records]
        return found
    finally:
        await consumer.stop()


def test_no_identifier_is_in_any_message_log_metric_or_page(broker: LocalBroker, drill: Path, tmp_path: Path) -> None:
    found = Grep(identifiers_of(drill) | MISPLACED)
    lines = [Chunk(Part(s, drill / f"{s}.ndjson"), rows, NO_OFFSETS, 0, 0) for s, rows in misplaced().items()]
    with installation(broker, tmp_path) as service:
        service.start("writer", "intake-1")
        sent = publish_folder(service, drill).total() + publish(service, lines).total()
        service.until_processed(sent)
        for name, port in service.ports.items():
            for page in ("/metrics", "/status", "/readyz", "/healthz", *(["/contacts"] if name == "writer" else [])):
                with urllib.request.urlopen(f"http://127.0.0.1:{port}{page}", timeout=20) as answer:
                    assert not found.blob(answer.read()), (name, page)
        service.stop()
        own = [topic.name for topic in topics() if not topic.name.startswith("src.")]
        messages = asyncio.run(_read(service.settings, own))
        assert {m.topic.removeprefix(service.settings.prefix).split(".")[0] for m in messages} == {
            "brain", "dead", "events",
        }  # fmt: skip
        for message in messages:
            said = [message.key or b"", message.value, *(value for _, value in message.headers)]
            assert not found.blob(b"\n".join(said)), message.topic
            if message.topic.endswith(FACTS):
                batch = decode(message.value).content().batch
                assert not found.table(batch.records)
                for rows in batch.facts.values():
                    assert not found.table(pa.table(rows))
        for name in service.processes:
            assert not found.text(service.log(name)), name
    assert not found.folder(service.lake)


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
