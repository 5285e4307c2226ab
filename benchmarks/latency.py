"""Latency: from a case report that is published to its contacts (L1 to L2) and to their transfers (L1 to L3) in an
answer, on a real broker, at a steady rate.

In: a broker, traffic, perhaps a lake that holds a history. Out: percentiles, whether every list was complete, and what
the service answers at the end.
Invariant: what is waited for is the whole list: every guest of the room and nobody else; a way for each of them, to
isolation, and one for the case, to a hospital. Who waits hears of it from the topics of events, and asks then: to ask a
hundred times a second for what has not come would take the machine from the service.
Deliberately absent: the time a department takes before it publishes.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from benchmarks.installation import Installation
from benchmarks.processes import Span
from benchmarks.traffic import GUESTS, KEY, Traffic, people, percentiles
from schemas.topics import event_topic
from streams.service.broker import LocalBroker
from streams.service.security import client_options
from streams.service.settings import Settings
from streams.service.topics import ensure_topics

Answer = dict[str, list[tuple[str, str, str]]]
"""`contacts`: source, subject and class; `ways`: person, purpose and state. Sorted."""
_WAIT_S = 60.0
_RESTORE_S = 900.0


def steady(
    broker: LocalBroker, folder: Path, traffic: Traffic, prefix: str, history: Path | None = None
) -> tuple[dict[str, Any], Answer]:
    """One installation with one intake worker, at steady traffic; what it answers when all of it is in. `history`: a
    lake to start from; it stays as it is."""
    with Installation(broker, folder, KEY, prefix=prefix) as service:
        if history is not None:
            shutil.copytree(history, service.lake, symlinks=True)
        asyncio.run(ensure_topics(service.settings))
        service.start("writer", "intake-1")
        service.until(lambda: service.ready("writer"), _RESTORE_S, "the history restored")
        service.until(lambda: bool(service.status("intake-1").get("assigned")), 60, "partitions assigned")
        before = service.read()
        span = Span({name: process.pid for name, process in service.processes.items()})
        taken, acknowledged, whole = asyncio.run(_measure(service, traffic, before))
        service.until(lambda: service.read() >= before + traffic.records, _RESTORE_S, "all of the traffic committed")
        spent, answer = span.spent(), _answer(service)
        service.stop()
    shutil.rmtree(service.lake)
    return {
        "rate": traffic.rate, "reports": traffic.reports, "rides": traffic.rides, "void": not whole,
        "seconds": traffic.measured(taken), "processes": spent,
        "acknowledged_ms": percentiles(acknowledged[2 * traffic.warm_up :]),
    }, answer  # fmt: skip


def _answer(service: Installation) -> Answer:
    listed, carried = service.asked("writer", "/contacts"), service.asked("writer", "/transfers")
    assert listed is not None, "the writer does not answer"
    assert carried is not None, "the writer does not answer"
    return {
        "contacts": sorted((row["source"], row["subject"], row["class_after"]) for row in listed["contacts"]),
        "ways": sorted((row["subject"], row["source"], row["class_after"]) for row in carried["transfers"]),
    }


async def _measure(service: Installation, traffic: Traffic, before: int) -> tuple[list[float], list[float], bool]:
    settings = service.settings
    async with _producer(settings) as producer, aiohttp.ClientSession() as asking, _news(settings) as news:

        async def send(source: str, body: dict[str, Any]) -> None:
            key = body["source_record_id"].encode()
            sent = await producer.send(f"{settings.prefix}src.{source}", orjson.dumps(body), key)
            if source != "transport.tap":  # nobody waits for a ride to be acknowledged
                await sent

        async def settled() -> None:
            while await asyncio.to_thread(service.read) < before + traffic.stays:
                await asyncio.sleep(0.1)

        async def watch(number: int, _sent_s: float) -> bool:
            right, who = (_carried, people(number)[-1]) if number % 2 else (_listed, people(number)[0])
            try:
                async with asyncio.timeout(_WAIT_S):
                    await news.of(who)
                    while not await right(asking, service, number):
                        await news.of(who)
            except TimeoutError:
                return False
            return True

        taken, acknowledged, whole = await traffic.play(send, settled, watch)
        return taken, acknowledged, whole and all([await _whole(asking, service, n) for n in range(traffic.cases)])


async def _whole(asking: aiohttp.ClientSession, service: Installation, number: int) -> bool:
    """At the end: whether the list of a case is right, and everybody has their way."""
    wanted = [{("hospital", "needed")}, *[{("isolate", "needed")}] * (GUESTS - 1)]
    return await _listed(asking, service, number) and wanted == [
        await _ways(asking, service, person) for person in people(number)
    ]


async def _listed(asking: aiohttp.ClientSession, service: Installation, number: int) -> bool:
    """Whether the list of a case is there, and right."""
    case, *guests = people(number)
    address = f"http://127.0.0.1:{service.ports['writer']}/contacts"
    async with asking.get(address, params={"source": case}) as answer:
        return {row["subject"] for row in (await answer.json())["contacts"]} == set(guests)


async def _carried(asking: aiohttp.ClientSession, service: Installation, number: int) -> bool:
    """Whether the way of the last guest is there, since all ways come at once."""
    return await _ways(asking, service, people(number)[-1]) == {("isolate", "needed")}


async def _ways(asking: aiohttp.ClientSession, service: Installation, person: str) -> set[tuple[str, str]]:
    address = f"http://127.0.0.1:{service.ports['writer']}/transfers"
    async with asking.get(address, params={"person": person}) as answer:
        return {(row["source"], row["class_after"]) for row in (await answer.json())["transfers"]}


class _News:
    """Events, as the service publishes them, by whom they are about: a contact's case, a transfer's person."""

    def __init__(self) -> None:
        self._told: set[str] = set()
        self._changed = asyncio.Condition()

    async def hear(self, consumer: AIOKafkaConsumer) -> None:
        async for message in consumer:
            event = orjson.loads(message.value)
            async with self._changed:
                self._told.add(event["subject" if event["kind"].startswith("transfer") else "source"])
                self._changed.notify_all()

    async def of(self, person: str) -> None:
        """Returns when there is an event that was not waited for before."""
        async with self._changed:
            await self._changed.wait_for(lambda: person in self._told)
            self._told.remove(person)


@asynccontextmanager
async def _news(settings: Settings) -> AsyncIterator[_News]:
    topics = [settings.prefix + event_topic(kind) for kind in ("contact_found", "transfer_changed")]
    consumer, news = AIOKafkaConsumer(*topics, **client_options(settings), auto_offset_reset="latest"), _News()
    await consumer.start()
    await consumer.seek_to_end()
    hearing = asyncio.ensure_future(news.hear(consumer))
    try:
        yield news
    finally:
        hearing.cancel()
        await consumer.stop()


@asynccontextmanager
async def _producer(settings: Settings) -> AsyncIterator[AIOKafkaProducer]:
    made = AIOKafkaProducer(**client_options(settings), enable_idempotence=True, acks="all", linger_ms=0)
    await made.start()
    try:
        yield made
    finally:
        await made.stop()
