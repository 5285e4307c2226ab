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

from streams.service.chunks import Chunk, Delivery, Message, Waiting, bundles
from streams.service.intake import IntakeDesk
from streams.service.writer import Writer

T = TypeVar("T")
_MOMENTS_S = 0.002
"""So long the first of what a fetch has brought waits for the others: a message costs the same for one as for all."""


class Means(Protocol):
    """What a loop cannot do by itself. `work` runs something long beside the event loop, one after another; `aside`
    runs something beside those, too; `publish` returns when all have arrived; `beat` tells the watchdog that something
    was finished; `now_s` only ever grows."""

    async def work(self, job: Callable[..., T], *arguments: Any) -> T: ...

    async def aside(self, job: Callable[..., T], *arguments: Any) -> T: ...

    async def publish(self, messages: Sequence[Message]) -> None: ...

    def beat(self) -> None: ...

    def now_s(self) -> float: ...


def _read(desk: IntakeDesk, chunks: Sequence[Chunk]) -> list[Message]:
    return [message for bundle in bundles(chunks) for message in desk.read(bundle)]


async def intake_loop(waiting: Waiting[Chunk], desk: IntakeDesk, means: Means, bytes_max: int) -> None:
    """Chunks to hops. What one fetch has brought comes one after another, within moments."""
    while True:
        await waiting.some()
        await asyncio.sleep(_MOMENTS_S)
        chunks = await waiting.take(bytes_max)
        await means.publish(await means.work(_read, desk, chunks))
        for chunk in chunks:
            chunk.acknowledge()
        means.beat()


async def writer_loop(
    waiting: Waiting[Delivery], writer: Writer, means: Means, bytes_max: int, publish_s: float
) -> None:
    """Deliveries to commits, commits to events; and beside that, snapshots."""
    changed = asyncio.Event()
    both = [
        asyncio.ensure_future(_commits(waiting, writer, means, bytes_max, changed)),
        asyncio.ensure_future(_snapshots(writer, means, publish_s, changed)),
    ]
    try:
        await asyncio.gather(*both)
    finally:
        for one in both:
            one.cancel()


async def _commits(
    waiting: Waiting[Delivery], writer: Writer, means: Means, bytes_max: int, changed: asyncio.Event
) -> None:
    while True:
        if writer.dirty:
            changed.set()
        await publish_events(writer, means)
        deliveries = await waiting.take(bytes_max)
        await means.work(writer.take, deliveries)
        for delivery in deliveries:
            delivery.acknowledge()
        means.beat()


async def _snapshots(writer: Writer, means: Means, publish_s: float, changed: asyncio.Event) -> None:
    """A snapshot now and then: when something changed, and no sooner than `publish_s` after the last one, nor ten times
    as long as that one took. Commits wait while the views are drawn up, and not while they are written."""
    while True:
        await changed.wait()
        changed.clear()
        began_s = means.now_s()
        draft = await means.work(writer.draft)
        told = await means.aside(writer.show, draft)
        del draft
        await means.work(writer.shown, told)
        means.beat()
        await asyncio.sleep(max(publish_s, 10 * (means.now_s() - began_s)))
        if writer.dirty:
            changed.set()


async def publish_events(writer: Writer, means: Means) -> None:
    """Every committed event that was not published."""
    while messages := await means.work(writer.events):
        await means.publish(messages)
        writer.sent(messages)
