"""The batch transport: what it rests on inside Faust, and what it promises, on a real broker.

In: a broker. Out: pass or fail.
Invariant: every record of a partition comes once, in order, with offsets that leave no hole, whatever is rebalanced.
Deliberately absent: speed (benchmarks/transport.py).
"""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version

import faust
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.consumer import fetcher
from faust.app.base import App
from faust.tables.recovery import Recovery
from faust.transport import conductor, consumer
from faust.transport.drivers import aiokafka as driver

from schemas.topics import source_topic
from streams.service.agents import intake_app, intake_group
from streams.service.broker import LocalBroker
from streams.service.chunks import Chunk, Waiting
from streams.service.settings import Settings, load_settings
from streams.service.topics import ensure_topics
from streams.service.transport import TopicReplacedError
from tests.brokers import fresh_prefix

TOPIC = source_topic("transport.tap")
RESTS_ON: dict[str, Callable[..., object]] = {
    "create": driver.AIOKafkaConsumerThread._create_worker_consumer,
    "committed": driver.AIOKafkaConsumerThread.seek_to_committed,
    "seek": driver.AIOKafkaConsumerThread._seek_wait,
    "fetch": driver.AIOKafkaConsumerThread._fetch_records,
    "perform_seek": consumer.Consumer.perform_seek,
    "getmany": consumer.Consumer.getmany,
    "next_records": consumer.Consumer._wait_next_records,
    "drain": consumer.Consumer._drain_messages,
    "ack": consumer.Consumer.ack,
    "new_offset": consumer.Consumer._new_offset,
    "pending": consumer.Consumer._filter_tps_with_pending_acks,
    "committable": consumer.Consumer._filter_committable_offsets,
    "should_commit": consumer.Consumer._should_commit,
    "resume": Recovery._resume_streams,
    "revoked": App._on_partitions_revoked,
    "assigned": App._on_partitions_assigned,
    "conductor": conductor.ConductorCompiler.build,
    "buffer": fetcher.Fetcher.fetched_records,
    "buffer_seek": fetcher.Fetcher.seek_to,
    "buffer_of_partition": fetcher.FetchResult.getall,
    "buffer_fits": fetcher.FetchResult.check_assignment,
    "unpack": fetcher.PartitionRecords._unpack_records,
}
INSIDE = "fb5987ceb4eb9149"


def test_the_inside_of_faust_and_aiokafka_is_the_one_that_was_read() -> None:
    """Whoever lifts a version reads these again, then transport.py and spans.py, then changes the number here."""
    assert (version("faust-streaming"), version("aiokafka")) == ("0.15.3", "0.14.0")
    text = "".join(inspect.getsource(RESTS_ON[name]) for name in sorted(RESTS_ON))
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == INSIDE


@pytest.fixture
async def settings(broker: LocalBroker) -> Settings:
    found = load_settings(**broker.access, prefix=fresh_prefix(), partitions=2, chunk_records=50, session_timeout_s=6)
    await ensure_topics(found)
    return found


@asynccontextmanager
async def producer(settings: Settings, **options: object) -> AsyncIterator[AIOKafkaProducer]:
    made = AIOKafkaProducer(bootstrap_servers=settings.bootstrap, **options)
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


async def send(settings: Settings, low: int, high: int, partition: int = 0) -> None:
    async with producer(settings) as made:
        sent = [await made.send(settings.prefix + TOPIC, b"%d" % n, partition=partition) for n in range(low, high)]
        await asyncio.gather(*sent)


class Reader:
    """A worker's app and what it was handed."""

    def __init__(self, settings: Settings, index: int = 1) -> None:
        self.waiting: Waiting[Chunk] = Waiting(1 << 24)
        self.app: faust.App = intake_app(settings.model_copy(update={"index": index}), self.waiting)
        self.chunks: list[Chunk] = []

    async def __aenter__(self) -> Reader:
        await self.app.start()
        self._task = asyncio.ensure_future(self._take())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await self.app.stop()

    async def _take(self) -> None:
        while True:
            for chunk in await self.waiting.take(1):
                self.chunks.append(chunk)
                chunk.acknowledge()

    def lines(self, part: str) -> list[int]:
        return [int(line) for c in self.chunks if c.part == part for line in c.lines]


async def until(what: Callable[[], bool], seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not what():
            await asyncio.sleep(0.02)


async def until_committed(settings: Settings, offset: int) -> None:
    """Until the group has committed so much of the first partition."""
    asking = AIOKafkaConsumer(bootstrap_servers=settings.bootstrap, group_id=intake_group(settings))
    await asking.start()
    try:
        async with asyncio.timeout(30):
            while await asking.committed(TopicPartition(settings.prefix + TOPIC, 0)) != offset:
                await asyncio.sleep(0.1)
    finally:
        await asking.stop()


async def test_records_come_once_in_order_and_in_chunks_that_leave_no_hole(settings: Settings) -> None:
    await send(settings, 0, 500)
    await send(settings, 500, 700, partition=1)
    async with Reader(settings) as reader:
        await until(lambda: sum(len(c.lines) for c in reader.chunks) == 700)
        await send(settings, 700, 800)
        await until(lambda: sum(len(c.lines) for c in reader.chunks) == 800)
        assert reader.lines(f"{TOPIC}@0") == [*range(500), *range(700, 800)]
        assert reader.lines(f"{TOPIC}@1") == list(range(500, 700))
        for part in (f"{TOPIC}@0", f"{TOPIC}@1"):
            mine = [c for c in reader.chunks if c.part == part]
            assert [c.first for c in mine] == [0, *(c.next for c in mine[:-1])]
            assert all(len(c.lines) <= 50 for c in mine)
            assert mine[0].earliest
            assert not mine[-1].earliest
        await until_committed(settings, 600)


async def test_what_is_not_acknowledged_comes_again_and_nothing_else(settings: Settings) -> None:
    await send(settings, 0, 100)
    async with Reader(settings) as reader:
        await until(lambda: len(reader.lines(f"{TOPIC}@0")) == 100)
        await until_committed(settings, 100)
    await send(settings, 100, 150)
    silent: Waiting[Chunk] = Waiting(1 << 24)
    app = intake_app(settings, silent)
    await app.start()
    await until(lambda: len(silent) > 0)
    await asyncio.sleep(2.5)
    await app.stop()
    async with Reader(settings) as reader:
        await until(lambda: len(reader.lines(f"{TOPIC}@0")) >= 50)
        assert reader.lines(f"{TOPIC}@0") == list(range(100, 150))


async def test_offsets_of_transactions_leave_no_lag_and_aborted_records_are_not_read(settings: Settings) -> None:
    async with (
        producer(settings, transactional_id=settings.prefix + "t", enable_idempotence=True) as made,
        Reader(settings) as reader,
    ):
        for start in range(0, 60, 20):
            async with made.transaction():
                for n in range(start, start + 20):
                    await made.send(settings.prefix + TOPIC, b"%d" % n, partition=0)
            await made.begin_transaction()
            await made.send(settings.prefix + TOPIC, b"-1", partition=0)
            await made.abort_transaction()
        part = f"{TOPIC}@0"
        end = 3 * (20 + 1 + 1 + 1)
        await until(lambda: bool(reader.chunks) and reader.chunks[-1].next == end)
        assert reader.lines(part) == list(range(60))
        mine = [c for c in reader.chunks if c.part == part]
        assert [c.first for c in mine] == [0, *(c.next for c in mine[:-1])]
        await until_committed(settings, end)


async def test_what_was_read_and_came_to_nobody_is_read_again_and_not_taken_for_control_records(
    settings: Settings,
) -> None:
    """As when a rebalance comes: the consumer's thread goes on with a reading, and whoever asked for it is gone. The
    last that is there is lost too, so that nothing comes after it."""
    part, sent, end, lost = f"{TOPIC}@0", 0, 0, 0
    async with (
        producer(settings, transactional_id=settings.prefix + "t", enable_idempotence=True) as made,
        Reader(settings) as reader,
    ):
        await until(lambda: bool(reader.app.consumer._get_active_partitions()))
        while lost < 20 or (reader.chunks and reader.chunks[-1].next == end):
            consumer = reader.app.consumer
            nobody = [asyncio.ensure_future(consumer._getmany(consumer._get_active_partitions(), 0.5)) for _ in "ab"]
            await made.begin_transaction()
            for n in range(sent, sent + 5):
                await made.send(settings.prefix + TOPIC, b"%d" % n, partition=0)
            await made.commit_transaction()
            await made.begin_transaction()
            await made.send(settings.prefix + TOPIC, b"-1", partition=0)
            await made.abort_transaction()
            sent, end = sent + 5, end + 5 + 1 + 1 + 1
            lost += sum(len(spans) for spans in await asyncio.gather(*nobody))
        await until(lambda: bool(reader.chunks) and reader.chunks[-1].next == end)
        assert reader.lines(part) == list(range(sent))
        mine = [c for c in reader.chunks if c.part == part]
        assert [c.first for c in mine] == [0, *(c.next for c in mine[:-1])]


async def test_workers_that_come_and_go_lose_nothing_and_repeat_only_what_was_not_committed(settings: Settings) -> None:
    stop, sent = asyncio.Event(), 0

    async def feed() -> None:
        nonlocal sent
        async with producer(settings) as made:
            while not stop.is_set():
                await made.send_and_wait(settings.prefix + TOPIC, b"%d" % (sent // 2), partition=sent % 2)
                sent += 1

    feeding = asyncio.ensure_future(feed())
    async with Reader(settings) as first:
        readers = [first]
        for index in range(2, 6):
            async with Reader(settings, index) as other:
                readers.append(other)
                await asyncio.sleep(2.5)
        stop.set()
        await feeding
        for number in range(2):
            part, count = f"{TOPIC}@{number}", (sent + 1 - number) // 2
            await until(lambda p=part, n=count: {x for r in readers for x in r.lines(p)} == set(range(n)))  # type: ignore[misc]
            for reader in readers:
                mine = [c for c in reader.chunks if c.part == part]
                for before, after in itertools.pairwise(mine):
                    assert after.first <= before.next or after.first == min(
                        c.next for r in readers for c in r.chunks if c.part == part and c.next >= after.first
                    )


async def test_records_that_the_broker_let_go_before_they_were_read_are_told_as_a_new_beginning(
    settings: Settings,
) -> None:
    count, kept = 2_000, 1_800
    async with producer(settings) as made:
        sent = [await made.send(settings.prefix + TOPIC, b"%d" % n + b" " * 10_000, partition=0) for n in range(count)]
        await asyncio.gather(*sent)
    waiting: Waiting[Chunk] = Waiting(1)
    app = intake_app(settings, waiting)
    await app.start()
    try:
        await until(lambda: len(waiting) > 0)
        await asyncio.sleep(2)  # it fetches ahead as far as it may, and stops
        admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap)
        await admin.start()
        await admin.delete_records({TopicPartition(settings.prefix + TOPIC, 0): RecordsToDelete(kept)})
        await admin.close()
        chunks: list[Chunk] = []
        async with asyncio.timeout(30):
            while not chunks or chunks[-1].next < count:
                chunks += [c for c in await waiting.take(1) if c.part == f"{TOPIC}@0"]
    finally:
        await app.stop()
    read = [int(line) for chunk in chunks for line in chunk.lines]
    assert len(read) < count
    breaks = [after for before, after in itertools.pairwise(chunks) if after.first != before.next]
    assert [(chunk.first, chunk.earliest) for chunk in breaks] == [(kept, True)]
    assert read[-(count - kept) :] == list(range(kept, count))


async def test_a_topic_that_was_made_anew_stops_the_worker(settings: Settings) -> None:
    group = AIOKafkaConsumer(
        bootstrap_servers=settings.bootstrap, group_id=intake_group(settings), enable_auto_commit=False
    )
    await group.start()
    partition = TopicPartition(settings.prefix + TOPIC, 0)
    group.assign([partition])
    await group.commit({partition: 1_000})
    await group.stop()
    app = intake_app(settings, Waiting(1 << 20))
    await app.start()
    try:
        await until(lambda: app.crashed)
        assert isinstance(app.crash_reason, TopicReplacedError)
    finally:
        await app.stop()
