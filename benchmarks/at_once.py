"""At once: the lines of a day in their topics, all of which become readable in the same moment.

In: settings, parts. Out: the lines in one transaction, and the moment in which it was ended.
Invariant: until the moment nobody who reads what is committed gets a line, however long the filling takes; so those who
are measured stand ready beforehand, and neither their start nor the publishing counts.
Deliberately absent: pace (streams/service/produce.py has it), and aborted transactions.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiokafka import AIOKafkaProducer

from schemas.topics import source_topic
from streams.records import Part, Reader
from streams.service.cluster import connected
from streams.service.produce import BATCH_BYTES, Outbox, source_partitions
from streams.service.security import client_options
from streams.service.settings import Settings

OPEN_MS = 840_000
"""Longest time that filling may take. Kafka's own limit is 900,000 (transaction.max.timeout.ms)."""


async def publish_at_once(settings: Settings, parts: list[Part], ready: Callable[[], None]) -> dict[str, int]:
    """Publishes the lines of all parts to topics that are empty; by part of a source how many they were. `ready` is
    called when all are there and none can be read, right before they can. Errors: CommandError, KafkaError."""
    partitions = await source_partitions(settings)
    producer = AIOKafkaProducer(
        **client_options(settings), acks="all", enable_idempotence=True, max_batch_size=BATCH_BYTES,
        transactional_id=f"{settings.prefix}at-once", transaction_timeout_ms=OPEN_MS,
    )  # fmt: skip
    await producer.start()
    try:
        await producer.begin_transaction()
        box = Outbox(producer, settings.prefix, partitions)
        for chunk in Reader(parts, {}).chunks():
            for line in chunk.lines:
                await box.put(chunk.part.source, line)
            await asyncio.sleep(0)
        await box.flush()
        async with connected(settings) as cluster:
            every = [f"{source_topic(s)}@{number}" for s, count in partitions.items() for number in range(count)]
            written = await cluster.written(every)
        ready()
        await producer.commit_transaction()
    finally:
        await producer.stop()
    return written
