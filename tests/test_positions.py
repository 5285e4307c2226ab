"""Positions and rewinding: what waits is counted rightly, and a group that was moved is set back without a loss.

In: a broker, groups made by hand, lakes that have read so far. Out: pass or fail.
Invariant: nothing that may be read and is not in the lake is missing in a count.
Deliberately absent: the workers (test_service_commands.py); here nobody reads but the test.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import NewTopic, RecordsToDelete

from schemas.topics import FACTS, topics
from sinks.lake import Lake
from streams.engine import Engine
from streams.errors import FINDINGS, CommandError
from streams.service.agents import intake_group
from streams.service.broker import LocalBroker
from streams.service.cluster import Cluster, connected
from streams.service.node import free_port
from streams.service.positions import Position, Standing, standing
from streams.service.rewind import LOSS_ACCEPTED, Rewound, rewind
from streams.service.security import client_options
from streams.service.settings import Settings, load_settings
from streams.service.topics import ensure_topics
from tests.brokers import fresh_prefix
from tests.engines import KEY, PACKS

TAP, EVENTS = "src.transport.tap", "events.case"


@pytest.fixture
async def settings(broker: LocalBroker, tmp_path: Path) -> Settings:
    choices = {**broker.access, "prefix": fresh_prefix(), "partitions": 2, "lake": tmp_path / "lake"}
    settings = load_settings(**choices, port=free_port(), session_timeout_s=6)
    wanted = [
        NewTopic(settings.prefix + topic.name, topic.partitions(2), 1, topic_configs=topic.config())
        for topic in topics()
        if topic.name in (TAP, FACTS, EVENTS)
    ]
    async with connected(settings) as cluster:
        await cluster.admin.create_topics(wanted)
        while len(await cluster.partitions((TAP, FACTS, EVENTS))) < 3:
            await asyncio.sleep(0.02)
    return settings


@asynccontextmanager
async def producing(settings: Settings, transactional_id: str | None = None) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(**client_options(settings), transactional_id=transactional_id)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def publish(settings: Settings, count: int, partition: int = 0, topic: str = TAP) -> list[int]:
    """The broker's time of each."""
    async with producing(settings) as producer:
        sent = [
            await producer.send_and_wait(settings.prefix + topic, b"%d" % n, partition=partition) for n in range(count)
        ]
    return [record.timestamp for record in sent]


@asynccontextmanager
async def reading(settings: Settings, client: str = "a worker") -> AsyncIterator[AIOKafkaConsumer]:
    """A member of the intake workers' group that reads what may be read."""
    consumer = AIOKafkaConsumer(
        settings.prefix + TAP, **client_options(settings), group_id=intake_group(settings), client_id=client,
        enable_auto_commit=False, auto_offset_reset="earliest", isolation_level="read_committed", fetch_max_wait_ms=20,
    )  # fmt: skip
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


def lake_has(settings: Settings, **progress: int) -> None:
    """A published lake that has read so far: `tap_0` is partition 0 of the taps, `facts_0` of the facts."""
    named = {"tap": TAP, "facts": FACTS}
    parts = {f"{named[name.split('_')[0]]}@{name.split('_')[1]}": offset for name, offset in progress.items()}
    with Lake.open(settings.lake, KEY, "cn") as lake:
        engine = Engine(lake, PACKS)
        engine.mark(parts)
        engine.commit()
        engine.publish()


async def stand(settings: Settings) -> Standing:
    async with connected(settings) as cluster:
        return await standing(cluster)


async def taps(settings: Settings, partition: int = 0) -> Position:
    return next(p for p in (await stand(settings)).positions if p.part == f"{TAP}@{partition}")


async def until_end(cluster: Cluster, end: int) -> None:
    """A broker writes the last word on a transaction a moment after it was given."""
    while (await cluster.ends([f"{TAP}@0"]))[f"{TAP}@0"] < end:
        await asyncio.sleep(0.02)


async def test_what_nobody_has_read_lags_from_the_beginning(settings: Settings) -> None:
    times = await publish(settings, 7)
    found = await stand(settings)
    position = await taps(settings)
    assert (position.start, position.end, position.intake, position.lake) == (0, 7, None, None)
    assert (position.intake_lag, position.lake_lag, position.lost, position.owner) == (7, 7, 0, "")
    assert position.oldest_at_ms == times[0]
    assert (found.lake_word, found.writer.ready, found.group.empty) == ("none", False, True)
    assert sum(p.lake_lag for p in found.positions) == 7


async def test_the_intakes_and_the_lakes_positions_are_two_things(settings: Settings) -> None:
    times = await publish(settings, 9)
    await publish(settings, 4, partition=1)
    lake_has(settings, tap_0=2, tap_1=4)
    async with connected(settings) as cluster:
        await cluster.commit(intake_group(settings), {f"{TAP}@0": 6})
    position, other = await taps(settings), await taps(settings, 1)
    assert (position.intake, position.intake_lag) == (6, 3)
    assert (position.lake, position.lake_lag) == (2, 7)
    assert position.oldest_at_ms == times[2]
    assert (other.intake, other.intake_lag, other.lake_lag, other.oldest_at_ms) == (None, 4, 0, None)
    assert (await stand(settings)).lake_word == "snapshot"


async def test_the_facts_lag_and_what_others_read_does_not(settings: Settings) -> None:
    await publish(settings, 3, topic=FACTS)
    await publish(settings, 5, topic=EVENTS)
    lake_has(settings, facts_0=1)
    found = {p.part: p for p in (await stand(settings)).positions}
    assert (found[f"{FACTS}@0"].lake_lag, found[f"{FACTS}@0"].intake_lag) == (2, 0)
    assert (found[f"{EVENTS}@0"].end, found[f"{EVENTS}@0"].lake_lag, found[f"{EVENTS}@0"].lost) == (5, 0, 0)


async def test_an_open_transaction_does_not_lag_and_a_closed_one_leaves_nothing_behind(settings: Settings) -> None:
    async with producing(settings, f"{settings.prefix}id") as producer, connected(settings) as cluster:
        await producer.begin_transaction()
        for _ in range(3):
            await producer.send(settings.prefix + TAP, b"kept", partition=0)
        await producer.flush()
        assert (await taps(settings)).lake_lag == 0
        assert (await cluster.written([f"{TAP}@0"]))[f"{TAP}@0"] == 3
        await producer.commit_transaction()
        await producer.begin_transaction()
        await producer.send_and_wait(settings.prefix + TAP, b"taken back", partition=0)
        await producer.abort_transaction()
        await until_end(cluster, 6)
    assert (await taps(settings)).lake_lag == 6, "offsets, not records: nobody can tell before they are read"
    async with reading(settings) as consumer:
        values: list[bytes] = []
        while (await taps(settings)).intake_lag:
            values += [r.value for found in (await consumer.getmany(timeout_ms=200)).values() for r in found]
            reached = {where: await consumer.position(where) for where in consumer.assignment()}
            await consumer.commit({where: offset for where, offset in reached.items() if offset})
    assert values == [b"kept"] * 3
    lake_has(settings, tap_0=reached[next(where for where in reached if where.partition == 0)])
    position = await taps(settings)
    assert (position.end, position.lake, position.lake_lag, position.oldest_at_ms) == (6, 6, 0, None)


async def test_control_records_alone_have_no_age_and_do_not_hold_up_the_answer(settings: Settings) -> None:
    async with producing(settings, f"{settings.prefix}id") as producer, connected(settings) as cluster:
        await producer.begin_transaction()
        await producer.send_and_wait(settings.prefix + TAP, b"kept", partition=0)
        await producer.commit_transaction()
        await until_end(cluster, 2)
    lake_has(settings, tap_0=1)
    start = time.monotonic()
    position = await taps(settings)
    assert (position.lake_lag, position.oldest_at_ms) == (1, None)
    assert time.monotonic() - start < 5


async def test_what_the_broker_let_go_before_it_was_read_is_told_as_lost(settings: Settings) -> None:
    await publish(settings, 10)
    lake_has(settings, tap_0=3)
    await let_go(settings, 8)
    position = await taps(settings)
    assert (position.start, position.lost, position.lake_lag) == (8, 5, 2)
    assert (await taps(settings, 1)).lost == 0


async def let_go(settings: Settings, before: int) -> None:
    """As retention does."""
    async with connected(settings) as cluster:
        await cluster.admin.delete_records({cluster.outside(f"{TAP}@0"): RecordsToDelete(before_offset=before)})


async def test_who_reads_a_partition_is_its_owner(settings: Settings) -> None:
    async with reading(settings, "worker-1") as consumer:
        while len(consumer.assignment()) < 2:
            await consumer.getmany(timeout_ms=50)
        found = await stand(settings)
    assert not found.group.empty
    assert {p.owner for p in found.positions if p.topic == TAP} == {"worker-1 127.0.0.1"}


async def test_everything_is_asked_within_a_second(settings: Settings) -> None:
    """The best of three, since others may be at work here. Topics that are learnt one by one take 0.1 s each."""
    await ensure_topics(settings)
    spent: list[float] = []
    for _ in range(3):
        start = time.monotonic()
        await stand(settings)
        spent.append(time.monotonic() - start)
    assert min(spent) < 1


async def rewound(settings: Settings, reason: str | None = None) -> dict[str, Rewound]:
    with Lake.open(settings.lake, KEY, "cn") as lake:
        return {each.part: each for each in await rewind(settings, lake, reason, "the operator")}


async def move(settings: Settings, offset: int) -> None:
    async with connected(settings) as cluster:
        await cluster.commit(intake_group(settings), {f"{TAP}@0": offset})


async def test_a_group_that_was_moved_forward_is_set_back_to_where_the_lake_ends(settings: Settings) -> None:
    await publish(settings, 10)
    await publish(settings, 5, partition=1)
    lake_has(settings, tap_0=4)
    await move(settings, 10)
    found = await rewound(settings)
    assert found[f"{TAP}@0"] == Rewound(f"{TAP}@0", 10, 4, 0)
    assert found[f"{TAP}@1"] == Rewound(f"{TAP}@1", None, 0, 0), "what the lake never read is read from its beginning"
    async with reading(settings) as consumer:
        values: list[bytes] = []
        while len(values) < 11:
            values += [r.value for found in (await consumer.getmany(timeout_ms=200)).values() for r in found]
    assert sorted(values) == sorted([b"%d" % n for n in range(4, 10)] + [b"%d" % n for n in range(5)])
    assert all(each.before == each.to for each in (await rewound(settings)).values())


async def test_a_group_with_members_is_left_alone(settings: Settings) -> None:
    await publish(settings, 10)
    lake_has(settings, tap_0=4)
    await move(settings, 10)
    async with reading(settings, "worker-1") as consumer:
        while len(consumer.assignment()) < 2:
            await consumer.getmany(timeout_ms=50)
        with pytest.raises(CommandError, match=r"worker-1 .*brain drain"):
            await rewound(settings)
    assert (await taps(settings)).intake == 10


async def test_a_loss_is_told_and_nothing_is_moved_until_it_is_accepted_with_a_reason(settings: Settings) -> None:
    await publish(settings, 10)
    lake_has(settings, tap_0=4)
    await move(settings, 10)
    await let_go(settings, 7)
    with pytest.raises(CommandError, match=r"src\.transport\.tap@0 \(3\).*--accept-loss") as caught:
        await rewound(settings)
    assert caught.value.exit_code == FINDINGS
    assert (await taps(settings)).intake == 10
    found = await rewound(settings, "a power cut")
    assert found[f"{TAP}@0"] == Rewound(f"{TAP}@0", 10, 7, 3)
    with Lake.open(settings.lake, KEY, "cn") as lake:
        line = lake.audit_log().to_pylist()[-1]
    told = (line["action"], line["reason"], line["actor"], line["subject_code"])
    assert told == (LOSS_ACCEPTED, "a power cut", "the operator", f"{TAP}@0: 4 to 7")


async def test_a_group_is_not_set_to_offsets_of_another_topic(settings: Settings) -> None:
    await publish(settings, 3)
    lake_has(settings, tap_0=4)
    with pytest.raises(CommandError, match="read up to 4, it ends at 3"):
        await rewound(settings)
    assert (await taps(settings)).intake is None
