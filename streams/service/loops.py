"""Loops: what a worker does from chunk to effect to acknowledgement, whatever brings chunks and carries messages.

In: queues, desks, a way to publish. Out: nothing; they run until they are cancelled or something fails.
Invariant: an effect comes before its acknowledgement, and nothing is caught: what fails ends the worker, which is
started again where its effects ended.
Deliberately absent: Kafka, Faust, threads and the clock, which are handed in; tests/simulation.py hands in its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from streams.service.chunks import Chunk, Delivery, Message, Waiting, joined
from streams.service.intake import IntakeDesk
from streams.service.writer import Writer

T = TypeVar("T")


class Means(Protocol):
    """What a loop cannot do by itself. `work` runs something long beside the event loop; `publish` returns when all
    have arrived; `beat` tells the watchdog that something was finished; `now_s` only ever grows."""

    async def work(self, job: Callable[..., T], *arguments: Any) -> T: ...

    async def publish(self, messages: Sequence[Message]) -> None: ...

    def beat(self) -> None: ...

    def now_s(self) -> float: ...


def _read(desk: IntakeDesk, chunks: Sequence[Chunk]) -> list[Message]:
    return [message for chunk in joined(chunks) for message in desk.read(chunk)]


async def intake_loop(waiting: Waiting[Chunk], desk: IntakeDesk, means: Means, bytes_max: int) -> None:
    """Chunks to hops."""
    while True:
        chunks = await waiting.take(bytes_max)
        await means.publish(await means.work(_read, desk, chunks))
        for chunk in chunks:
            chunk.acknowledge()
        means.beat()


async def writer_loop(
    waiting: Waiting[Delivery], writer: Writer, means: Means, bytes_max: int, publish_s: float
) -> None:
    """Deliveries to commits, commits to events, and now and then a snapshot: when something changed, and no sooner
    than `publish_s` after the last one, nor ten times as long as that one took."""
    due_s = means.now_s()
    while True:
        await publish_events(writer, means)
        if writer.dirty and means.now_s() >= due_s:
            began_s = means.now_s()
            await means.work(writer.publish)
            ended_s = means.now_s()
            due_s = ended_s + max(publish_s, 10 * (ended_s - began_s))
            means.beat()
        patience_s = max(0.0, due_s - means.now_s()) if writer.dirty else None
        deliveries = await _taken(waiting, bytes_max, patience_s)
        if deliveries:
            await means.work(writer.take, deliveries)
            for delivery in deliveries:
                delivery.acknowledge()
            means.beat()


async def publish_events(writer: Writer, means: Means) -> None:
    """Every committed event that was not published."""
    while messages := await means.work(writer.events):
        await means.publish(messages)
        writer.sent(messages)


async def _taken(waiting: Waiting[Delivery], bytes_max: int, patience_s: float | None) -> list[Delivery]:
    try:
        return await asyncio.wait_for(waiting.take(bytes_max), patience_s)
    except TimeoutError:
        return []
