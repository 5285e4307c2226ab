"""Transfers through the service on a real broker: workers that are killed, decisions in between, time that passes.

In: the records of a small drill with transfers, decisions and ticks; a broker. Out: pass or fail.
Invariant: the lake comes to the digest of the embedded run over the very records that are in the topics.
Deliberately absent: whether transfers are right (their own tests), and single points of a kill (test_kills.py).
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer

from benchmarks.installation import Installation
from replay.drills.file import load_drill
from replay.transfers.names import drill_key
from schemas.departments import sources
from schemas.topics import source_topic
from sinks.catalog import open_catalog
from sinks.lake import Lake
from streams.dispatch.reading import SOURCE as DECISIONS
from streams.drills import RunFolder, run_loop
from streams.embedded import Embedded
from streams.engine import Summary
from streams.packs import load_series
from streams.records import Chunk, Reader, find_parts
from streams.service.arrivals import event_ms
from streams.service.broker import LocalBroker
from streams.service.clock import TICKS
from streams.service.security import client_options
from tests.faults import Feed, came_to, chunks_of
from tests.services import installation, publish

PLAN = replace(load_drill("transfers"), residents=1_200, seeds=12)
KEY = drill_key(PLAN.seed, PLAN.name)


def embedded(records: Path, lake: Path) -> Summary:
    with Lake.open(lake, KEY, "cn") as opened:
        return Embedded(opened, KEY, load_series("cn")).run(Reader(find_parts(records), {}))


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a drill left behind: departments' records, decisions and ticks."""
    folder = RunFolder(tmp_path_factory.mktemp("loop"))
    run_loop(PLAN, folder, None, 0.0, lambda *_: None, lambda _told: None)
    return folder.records


@pytest.fixture(scope="module")
def expected(records: Path, tmp_path_factory: pytest.TempPathFactory) -> Summary:
    found = embedded(records, tmp_path_factory.mktemp("whole") / "lake")
    assert min(found.read[source] for source in (DECISIONS, TICKS)) > 20
    assert found.transfers["states"]["isolate"]["admitted"] > 3
    return found


def opened(broker: LocalBroker, folder: Path, **choices: Any) -> Installation:
    return installation(broker, folder, KEY, **choices)


def messages(service: Installation, *wanted: str) -> dict[str, list[bytes]]:
    """Everything that is in the topics of these sources, or of all, at this instant."""
    return asyncio.run(_messages(service, wanted or tuple(sources())))


async def _messages(service: Installation, wanted: tuple[str, ...]) -> dict[str, list[bytes]]:
    prefix = service.settings.prefix
    topics = {prefix + source_topic(source): source for source in wanted}
    consumer = AIOKafkaConsumer(*topics, **client_options(service.settings), auto_offset_reset="earliest")
    found: dict[str, list[bytes]] = {}
    await consumer.start()
    try:
        ends = await consumer.end_offsets(sorted(consumer.assignment()))
        while any([await consumer.position(tp) < end for tp, end in ends.items()]):
            for tp, rows in (await consumer.getmany(timeout_ms=1_000)).items():
                found.setdefault(topics[tp.topic], []).extend(row.value for row in rows)
    finally:
        await consumer.stop()
    return found


def embedded_again(service: Installation, folder: Path) -> Summary:
    """The embedded run over what is in the topics."""
    (folder / "again").mkdir()
    for source, lines in messages(service).items():
        (folder / "again" / f"src.{source}.ndjson").write_bytes(b"".join(line + b"\n" for line in lines))
    return embedded(folder / "again", folder / "again-lake")


def now_or_later(chunks: list[Chunk], at_ms: int) -> tuple[list[Chunk], list[Chunk]]:
    """The lines of what had happened by then, and the others."""

    def some(past: bool) -> list[Chunk]:
        found = []
        for chunk in chunks:
            kept = [n for n, line in enumerate(chunk.lines) if ((event_ms(line) or 0) <= at_ms) == past]
            if kept:
                found.append(replace(chunk, lines=[chunk.lines[n] for n in kept], offsets=chunk.offsets[kept]))
        return found

    return some(True), some(False)


@pytest.mark.parametrize("workers", [1, 3])
def test_a_history_with_transfers_gives_the_embedded_digest_and_its_ways_can_be_asked_for(
    broker: LocalBroker, records: Path, expected: Summary, tmp_path: Path, workers: int
) -> None:
    with opened(broker, tmp_path, partitions=4) as service:
        service.start("writer", *(f"intake-{n + 1}" for n in range(workers)))
        sent = publish(service, chunks_of(records, 700, workers)).total()
        status = came_to(service, sent, expected)
        assert status["transfers"] == expected.transfers
        told = service.asked("writer", "/transfers")
        assert told is not None
        states = Counter((row["source"], row["class_after"]) for row in told["transfers"])
        counted = expected.transfers["states"]
        assert states == {(to, at): n for to, found in counted.items() for at, n in found.items()}
        one = told["transfers"][0]
        asked = service.asked("writer", f"/transfers?person={one['subject']}")
        assert asked is not None
        assert one in asked["transfers"]
        assert {row["subject"] for row in asked["transfers"]} == {one["subject"]}


@pytest.mark.parametrize("workers", [1, 3])
def test_kills_in_between_change_no_way_and_no_deadline(
    broker: LocalBroker, records: Path, expected: Summary, tmp_path: Path, workers: int
) -> None:
    chance, names = random.Random(workers), ["writer", *(f"intake-{n + 1}" for n in range(workers))]
    with opened(broker, tmp_path) as service:
        service.start(*names)
        with Feed(service, chunks_of(records, 120, 9), 0.05) as feed:
            for name in [*names, "writer", *names]:
                time.sleep(chance.uniform(0.5, 2.0))
                service.kill(name)
                service.start(name)
        came_to(service, feed.sent, expected)


def brain(service: Installation, *arguments: str) -> Any:
    """A command of the command line as somebody beside the service types it; its JSON."""
    command = [sys.executable, "-m", "streams.cli", *arguments, "--lake", str(service.lake), "--json"]
    ran = subprocess.run(command, env=service.environment(0), cwd=os.getcwd(), capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def test_decisions_in_between_are_read_back_and_never_decided_twice(
    broker: LocalBroker, records: Path, tmp_path: Path
) -> None:
    chunks = [chunk for chunk in chunks_of(records, 2_000, 3) if chunk.part.source != DECISIONS]
    instants = sorted(ms for chunk in chunks if chunk.part.source == TICKS for line in chunk.lines
                      if (ms := event_ms(line)))  # fmt: skip
    early, late = now_or_later(chunks, instants[len(instants) // 2])
    with opened(broker, tmp_path) as service:
        service.start("writer", "intake-1")
        sent = publish(service, early).total()
        service.until_processed(sent, 180)
        made = brain(service, "dispatch", "--kafka", "--seconds", "0")["decisions"]
        assert {said["decision"] for said in made} == {"order", "assign"}
        # Asked again at once, while the lake may not have seen them, and with the writer gone.
        service.kill("writer")
        assert brain(service, "dispatch", "--kafka", "--seconds", "0")["decisions"] == []
        service.start("writer")
        service.until_processed(sent + len(made), 180)
        waiting = {(row["person"], row["purpose"]): row for row in brain(service, "transfers", "--limit", "0")}
        for said in made:
            way = waiting[said["person_code"], said["purpose"]]
            assert way["state"] in ("ordered", "assigned")
        assert brain(service, "dispatch", "--kafka", "--seconds", "0")["decisions"] == []
        sent += publish(service, late).total() + len(made)
        status = service.until_processed(sent, 180)
        lines = messages(service, DECISIONS)[DECISIONS]
        assert len(lines) == len({json.loads(line)["source_record_id"] for line in lines}) == len(made)
        again = embedded_again(service, tmp_path)
        assert again.read.total() == sent
        assert again.digest == status["digest"]


def test_time_that_passes_is_told_once_an_instant_whoever_is_killed(
    broker: LocalBroker, records: Path, tmp_path: Path
) -> None:
    chunks = [chunk for chunk in chunks_of(records, 5_000, 1) if chunk.part.source != TICKS]
    with opened(broker, tmp_path, tick_s=1) as service:
        service.start("writer", "intake-1")
        sent = publish(service, chunks).total()
        service.until(lambda: service.read() > sent, 120, "records and ticks are in the lake")
        for _ in range(3):
            service.kill("writer")
            service.start("writer")
            service.until(lambda: service.ready("writer"), 60, "the writer is back")
        service.until(lambda: len(messages(service, TICKS)[TICKS]) > 5, 60, "some ticks more")
        assert service.stop() == [0, 0]
        service.choices["tick_s"] = 0  # from now on nobody tells the time
        service.start("writer", "intake-1")
        lines = [json.loads(line) for line in messages(service, TICKS)[TICKS]]
        assert all(line["source_record_id"] == f"tick-{line['ticked_at']}" for line in lines)
        status = service.until_processed(sent + len(lines), 120)
        assert status["transfers"]["late"] > 0, "by the clock of today every open way of that drill is late"
        instants = {line["ticked_at"] * 1000 for line in lines}
        with open_catalog(service.lake) as db:
            assert set(db.execute("SELECT at_ms FROM ticks").fetchnumpy()["at_ms"].tolist()) == instants
            assert db.execute("SELECT count(DISTINCT rec) FROM ticks").fetchone() == (len(instants),)
        again = embedded_again(service, tmp_path)
        assert again.digest == status["digest"]
