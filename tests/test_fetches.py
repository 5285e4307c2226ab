"""Fetches in sessions, on a real broker: what is asked and what comes, whatever becomes of the session.

In: a broker. Out: pass or fail.
Invariant: a consumer with sessions gets every record of every partition once and in order.
Deliberately absent: rebalances and transactions (test_transport.py), and speed (benchmarks/third.py).
"""

from __future__ import annotations

import asyncio
import hashlib
import inspect
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.client import AIOKafkaClient
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.protocol.fetch import FetchRequest

from streams.service.broker import LocalBroker
from streams.service.fetches import Fetches
from tests.brokers import fresh_prefix

PARTITIONS = 12
RESTS_ON = (FetchRequest, Fetcher._proc_fetch_request, Fetcher._get_actions_per_node, AIOKafkaClient.send)
INSIDE = "6d69125d3d6258bb"


def test_the_inside_of_aiokafka_is_the_one_that_was_read() -> None:
    """Whoever lifts the version reads these again, then fetches.py, then changes the number here."""
    text = "".join(map(inspect.getsource, RESTS_ON))
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == INSIDE


class Watched:
    """A consumer whose requests are kept as they are sent."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self.consumer, self.asked, self.answers = consumer, list[Any](), list[Any]()
        self.got: dict[int, list[int]] = {number: [] for number in range(PARTITIONS)}
        send = consumer._client.send

        async def watched(node: int, request: Any, **options: Any) -> Any:
            answer = await send(node, request, **options)
            if isinstance(request, FetchRequest):
                self.asked.append(request.prepare({1: (4, 11)}))
                self.answers.append(answer)
            return answer

        consumer._client.send = watched
        consumer._client.send = Fetches(consumer._client).send

    async def read(self, count: int) -> None:
        """Reads on until there are so many records in all."""
        async with asyncio.timeout(30):
            while sum(map(len, self.got.values())) < count:
                for tp, records in (await self.consumer.getmany(timeout_ms=500)).items():
                    self.got[tp.partition] += [int(record.value) for record in records]

    @property
    def named(self) -> list[int]:
        """By request, how many partitions it names."""
        return [sum(len(parts) for _, parts in request.topics) for request in self.asked]


@asynccontextmanager
async def watched(broker: LocalBroker) -> AsyncIterator[tuple[Watched, _Sending]]:
    topic, access = f"{fresh_prefix()}fetches", {"bootstrap_servers": broker.bootstrap}
    admin, producer = AIOKafkaAdminClient(**access), AIOKafkaProducer(**access)
    await admin.start()
    await admin.create_topics([NewTopic(topic, PARTITIONS, 1)])
    await producer.start()
    consumer = AIOKafkaConsumer(**access, fetch_max_wait_ms=50)
    consumer.assign([TopicPartition(topic, number) for number in range(PARTITIONS)])
    await consumer.start()
    await consumer.seek_to_beginning()
    try:
        yield Watched(consumer), _Sending(producer, topic)
    finally:
        await consumer.stop()
        await producer.stop()
        await admin.delete_topics([topic])
        await admin.close()


class _Sending:
    """Sends numbers, each partition its own from 0 on."""

    def __init__(self, producer: AIOKafkaProducer, topic: str) -> None:
        self._producer, self._topic, self.sent = producer, topic, Counter[int]()

    async def send(self, *partitions: int) -> int:
        """One record to each; how many were sent in all."""
        for number in partitions:
            await self._producer.send_and_wait(self._topic, b"%d" % self.sent[number], partition=number)
            self.sent[number] += 1
        return self.sent.total()


async def test_all_comes_and_only_partitions_that_have_moved_are_named(broker: LocalBroker) -> None:
    async with watched(broker) as (consumer, sending):
        await consumer.read(await sending.send(*range(PARTITIONS)))
        quiet_from = len(consumer.asked) + 2
        for turn in range(20):
            await consumer.read(await sending.send(turn % 3, 7))
        assert consumer.got == {n: list(range(sending.sent[n])) for n in range(PARTITIONS)}
        assert consumer.named[0] == PARTITIONS
        assert max(consumer.named[quiet_from:]) <= 4
        assert {answer.session_id for answer in consumer.answers[1:]} == {consumer.answers[0].session_id} - {0}
        assert max(sum(len(parts) for _, parts in answer.topics) for answer in consumer.answers[quiet_from:]) <= 4


@pytest.mark.parametrize("spoil", ["epoch", "number", "cancelled"])
async def test_a_session_that_is_lost_begins_again_and_nothing_is_lost(broker: LocalBroker, spoil: str) -> None:
    async with watched(broker) as (consumer, sending):
        await consumer.read(await sending.send(*range(PARTITIONS)))
        fetches: Fetches = consumer.consumer._client.send.__self__
        for _ in range(3):
            (session,) = fetches._sessions.values()
            if spoil == "cancelled":
                await asyncio.sleep(0.03)  # until the next request is under way
                for task in list(consumer.consumer._fetcher._pending_tasks):
                    task.cancel()
            else:
                setattr(session, spoil, getattr(session, spoil) + 5)
            await consumer.read(await sending.send(*range(PARTITIONS)))
        assert consumer.got == {n: list(range(sending.sent[n])) for n in range(PARTITIONS)}
        errors = Counter(answer.error_code for answer in consumer.answers)
        assert errors.keys() == {"epoch": {0, 71}, "number": {0, 70}, "cancelled": {0}}[spoil]
        assert sum(request.session_epoch == 0 for request in consumer.asked) >= 4


async def test_a_seek_is_told_to_the_session(broker: LocalBroker) -> None:
    async with watched(broker) as (consumer, sending):
        await consumer.read(await sending.send(*range(PARTITIONS), 5, 5, 5))
        tp = next(tp for tp in consumer.consumer.assignment() if tp.partition == 5)
        consumer.consumer.seek(tp, 1)
        await consumer.read(sending.sent.total() + 3)
        assert consumer.got[5] == [0, 1, 2, 3, 1, 2, 3]
