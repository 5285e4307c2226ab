"""Produce: a folder of records published to the topics of their sources, all at once or at a pace.

In: chunks or arrivals of lines. Out: the lines as they are, acknowledged by all replicas, and how many they were.
Invariant: all lines with one `source_record_id` go to one partition, in the order they were given; memory is bounded.
Deliberately absent: judging lines. What is no record is published like any other; it is the intake that refuses it.
"""

from __future__ import annotations

import asyncio
import os
import re
import time
import zlib
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import count, islice
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError

from schemas.decode import LINE_BYTES_MAX
from schemas.departments import sources
from schemas.topics import source_topic
from streams.records import Chunk
from streams.service.arrivals import Arrival
from streams.service.cluster import BrokerError, connected
from streams.service.security import client_options
from streams.service.settings import Settings
from streams.service.topics import complain, find_topics

BATCH_BYTES = 512 << 10
"""Measured on 600,000 lines of 270 bytes: 760,000 a second in batches of 512 KiB, 510,000 of 64 KiB; one by one 98,000.
Partitions in turn instead of by record id: 820,000."""
_WAITING_BYTES = 32 << 20
_UNDERWAY_BATCHES = 64
_ACKNOWLEDGED_S = 20
_STOP_S = 5
_SOON_S = 0.001
_IDLE_MS = 24 * 3_600_000
"""A longer time in which nothing happened is passed over: it is a wrong date, or the end of another history."""
_RECORD_ID = re.compile(rb'"source_record_id"\s*:\s*"([^"]*)"')
Told = Callable[[int], None]
"""Told the bytes that were dealt with since the last call."""


@dataclass
class Published:
    """What was acknowledged. `interrupted`: the rest was left."""

    records: Counter[str] = field(default_factory=Counter)
    bytes: int = 0
    seconds: float = 0.0
    interrupted: bool = False


def partition_of(line: bytes, partitions: int) -> int:
    """Where a line goes: by its record id, or by itself if it has none. The line is searched, not decoded."""
    found = _RECORD_ID.search(line)
    return zlib.crc32(found[1] if found else line) % partitions


@dataclass
class _Batch:
    """Lines for one partition. Units: `size` in bytes, of the lines alone."""

    builder: Any
    count: int = 0
    size: int = 0

    def add(self, line: bytes) -> bool:
        """Whether there was room. The broker's time of a line is when it is added."""
        if self.builder.append(timestamp=time.time_ns() // 1_000_000, key=None, value=line) is None:
            return False
        self.count += 1
        self.size += len(line)
        return True


class Outbox:
    """Lines on their way, gathered in one batch for each partition."""

    def __init__(self, producer: AIOKafkaProducer, prefix: str, partitions: dict[str, int]) -> None:
        self.producer, self._prefix, self._partitions = producer, prefix, partitions
        self._open: dict[tuple[str, int], _Batch] = {}
        self._open_bytes = 0
        self._underway: deque[tuple[str, _Batch, asyncio.Future[Any]]] = deque()
        self.published = Published()

    async def put(self, source: str, line: bytes) -> None:
        """Adds a line; sends what is full."""
        if len(line) > LINE_BYTES_MAX:
            line = line[: LINE_BYTES_MAX + 1]  # still too long to be a record, and no longer too long for the topic
        where = source, partition_of(line, self._partitions[source])
        batch = self._open.get(where)
        if batch is None or not batch.add(line):
            if batch is not None:
                await self._send(where)
            self._open[where] = _Batch(self.producer.create_batch())
            self._open[where].add(line)
        self._open_bytes += len(line)
        if self._open_bytes > _WAITING_BYTES:
            await self.send()

    async def send(self) -> None:
        """Sends everything that was put, without waiting for its acknowledgement."""
        for where in list(self._open):
            await self._send(where)
        self._open_bytes = 0

    async def flush(self) -> None:
        """Sends everything, and waits until it is acknowledged. Errors: KafkaError."""
        await self.send()
        await self._settle(0)

    async def _send(self, where: tuple[str, int]) -> None:
        batch, (source, partition) = self._open.pop(where), where
        topic = self._prefix + source_topic(source)
        future = await self.producer.send_batch(batch.builder, topic, partition=partition)
        self._underway.append((source, batch, future))
        await self._settle(_UNDERWAY_BATCHES)
        await asyncio.sleep(0)  # else the sender would not get a turn while everything is due

    async def _settle(self, at_most: int) -> None:
        while self._underway and (len(self._underway) > at_most or self._underway[0][-1].done()):
            source, batch, future = self._underway[0]
            if not future.done():  # an idempotent producer tries for ever, and would never say so
                await asyncio.wait([future], timeout=_ACKNOWLEDGED_S)
            if not future.done():
                raise KafkaTimeoutError
            future.result()
            self._underway.popleft()
            self.published.records[source] += batch.count
            self.published.bytes += batch.size


async def source_partitions(settings: Settings) -> dict[str, int]:
    """By source the partitions of its topic. Errors: CommandError where one is missing or wrong."""
    async with connected(settings) as cluster:
        found = {each.topic.name: each for each in await find_topics(cluster)}
    mine = {source: found[source_topic(source)] for source in sources()}
    complain(mine.values(), settings)
    return {source: each.partitions for source, each in mine.items()}


@asynccontextmanager
async def outbox(settings: Settings, transactional_id: str | None = None) -> AsyncIterator[Outbox]:
    """An outbox to topics that are there and right. Errors: CommandError, with how far it got."""
    partitions = await source_partitions(settings)
    producer = AIOKafkaProducer(
        **client_options(settings), acks="all", enable_idempotence=True, max_batch_size=BATCH_BYTES,
        request_timeout_ms=_ACKNOWLEDGED_S * 1000, transactional_id=transactional_id,
    )  # fmt: skip
    box = Outbox(producer, settings.prefix, partitions)
    start = time.perf_counter()
    try:
        await producer.start()
        yield box
        await box.flush()
        box.published.seconds = time.perf_counter() - start
    except KafkaError as error:
        done = box.published.records.total()
        raise BrokerError(
            f"发布中断 publishing to {settings.bootstrap} failed after {done:,} acknowledged records "
            f"({type(error).__name__}); once Kafka is well, publish it all again: what comes twice changes nothing"
        ) from None
    finally:
        with suppress(TimeoutError):  # what cannot be sent, it would wait for
            await asyncio.wait_for(producer.stop(), _STOP_S)


async def publish_at_once(settings: Settings, chunks: Iterable[Chunk], told: Told, stop: asyncio.Event) -> Published:
    """Publishes the lines of all chunks as fast as they are taken. Errors: CommandError."""
    async with outbox(settings) as box:
        position, part = 0, None
        for chunk in chunks:
            for line in chunk.lines:
                await box.put(chunk.part.source, line)
            told(chunk.position - (position if chunk.part is part else 0))
            position, part = chunk.position, chunk.part
            await asyncio.sleep(0)  # for Ctrl-C
            if stop.is_set():
                break
    box.published.interrupted = stop.is_set()
    return box.published


async def publish_paced(
    settings: Settings, arrivals: Iterable[Arrival], pace: float, told: Told, stop: asyncio.Event
) -> Published:
    """Publishes each line when it is due: `pace` seconds of what happened take one. Arrivals come oldest first.
    Errors: CommandError."""
    clock = asyncio.get_running_loop().time
    async with outbox(settings) as box:
        started_s, gone_ms, last_ms = clock(), 0, None
        for arrival in arrivals:
            since_ms = arrival.at_ms - (arrival.at_ms if last_ms is None else last_ms)
            gone_ms, last_ms = gone_ms + (since_ms if since_ms <= _IDLE_MS else 0), arrival.at_ms
            wait_s = started_s + gone_ms / 1000 / pace - clock()
            if wait_s > _SOON_S:
                await box.send()
                await _stopped(stop, wait_s)
            if stop.is_set():
                break
            await box.put(arrival.source, arrival.line)
            told(len(arrival.line))
    box.published.interrupted = stop.is_set()
    return box.published


async def _stopped(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return


async def publish_transactions(
    settings: Settings, arrivals: Iterable[Arrival], size: int, aborted: Callable[[int], bool] = lambda _number: False
) -> Published:
    """Publishes in transactions of `size` lines, of which some are aborted: their lines are in the topic, and nobody
    may read them. For tests and drills; what is aborted does not count as published. Errors: CommandError."""
    name = f"{settings.prefix}produce-{os.getpid()}-{time.time_ns()}"
    async with outbox(settings, name) as box:
        producer, lines = box.producer, iter(arrivals)
        for number in count():
            page, before = list(islice(lines, size)), replace(box.published, records=Counter(box.published.records))
            if not page:
                break
            await producer.begin_transaction()
            for arrival in page:
                await box.put(arrival.source, arrival.line)
            await box.flush()
            if aborted(number):
                await producer.abort_transaction()
                box.published = before
            else:
                await producer.commit_transaction()
    return box.published
