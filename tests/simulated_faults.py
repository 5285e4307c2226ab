"""Simulated faults: flaws of the product planted on purpose, to see that the simulation finds them.

In: nothing. Out: what a run is made of, whole or with one flaw.
Invariant: each flaw is one that a careless change could bring back.
Deliberately absent: flaws that no run could show, such as a slow one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from schemas.facts import FactBatch
from streams.service import loops
from streams.service.chunks import Chunk, Delivery, Waiting
from streams.service.hops import Span
from streams.service.intake import IntakeDesk
from streams.service.succession import Succession
from streams.service.writer import Writer
from tests.simulated_lake import MemoryLake


@dataclass(frozen=True)
class Made:
    """What a run is made of. `troubles`: those alone; none: all that there are."""

    intake_loop: Callable[..., Any] = loops.intake_loop
    writer_loop: Callable[..., Any] = loops.writer_loop
    writer: type[Writer] = Writer
    waiting: type[Waiting[Any]] = Waiting
    lake: type[MemoryLake] = MemoryLake
    succession: type[Succession[str]] = Succession
    stale_acknowledgements: bool = False
    goes_on_after_failing: bool = False
    hops_stay: bool = False
    troubles: tuple[str, ...] = ()


async def _acknowledges_first(waiting: Waiting[Chunk], desk: IntakeDesk, means: loops.Means, bytes_max: int) -> None:
    while True:
        chunks = await waiting.take(bytes_max)
        for chunk in chunks:
            chunk.acknowledge()
        await means.publish([message for chunk in chunks for message in desk.read([chunk])])


async def _does_not_wait_for_arrival(
    waiting: Waiting[Chunk], desk: IntakeDesk, means: loops.Means, bytes_max: int
) -> None:
    sent = []
    while True:
        chunks = await waiting.take(bytes_max)
        messages = [message for chunk in chunks for message in desk.read([chunk])]
        sent.append(asyncio.ensure_future(means.publish(messages)))
        for chunk in chunks:
            chunk.acknowledge()


def _writer_loop(
    take: Callable[[Waiting[Delivery], int, float], Any] | None = None,
    acknowledges_first: bool = False,
    marks_first: bool = False,
) -> Callable[..., Any]:
    async def publish_events(writer: Writer, means: loops.Means) -> None:
        while messages := await means.work(writer.events):
            if marks_first:
                writer.sent(messages)
                await means.work(writer.engine.commit)
            await means.publish(messages)
            if not marks_first:
                writer.sent(messages)

    async def loop(
        waiting: Waiting[Delivery], writer: Writer, means: loops.Means, bytes_max: int, publish_s: float
    ) -> None:
        while True:
            await publish_events(writer, means)
            if writer.dirty:
                await means.work(writer.publish)
            deliveries = await (take(waiting, bytes_max, publish_s) if take else waiting.take(bytes_max))
            for delivery in deliveries if acknowledges_first else ():
                delivery.acknowledge()
            await means.work(writer.take, deliveries)
            for delivery in () if acknowledges_first else deliveries:
                delivery.acknowledge()

    return loop


async def _takes_and_forgets(waiting: Waiting[Delivery], bytes_max: int, patience_s: float) -> list[Delivery]:
    """Time runs out, but what was under way goes on taking."""
    taking = asyncio.ensure_future(waiting.take(bytes_max))
    try:
        return await asyncio.wait_for(asyncio.shield(taking), patience_s)
    except TimeoutError:
        return []


class _TakesLossForControl(Succession[str]):
    """Where the position has moved on without a record, it takes it that there was none."""

    def take(self, part: str, span: Span) -> Span | None:
        reached = self.reached(part)
        if reached is not None and reached < span.first:
            span = replace(span, first=reached)
        return super().take(part, span)


class _TakesLossForControlTheSecondTime(Succession[str]):
    """It reads again, once: what is missing twice is taken for control records."""

    def __init__(self) -> None:
        super().__init__()
        self._missed: dict[str, tuple[int, int]] = {}

    def take(self, part: str, span: Span) -> Span | None:
        reached = self.reached(part)
        if reached is not None and reached < span.first:
            hole = reached, span.first
            if self._missed.get(part) == hole:
                span = replace(span, first=reached)
            self._missed[part] = hole
        return super().take(part, span)


class _Unfenced(Writer):
    """Takes a hop whatever the lake has."""

    def _begins(self, span: Span, reached: dict[str, int]) -> int:
        reached[span.part] = max(span.next, reached.get(span.part, 0))
        return span.first


class _Uncut(_Unfenced):
    """Drops a hop that the lake has, and takes one that it has in part as a whole."""

    def _begins(self, span: Span, reached: dict[str, int]) -> int:
        return super()._begins(span, reached) if span.next > reached.get(span.part, 0) else span.next


class _BlindToHoles(Writer):
    def _begins(self, span: Span, reached: dict[str, int]) -> int:
        reached[span.part] = max(span.first, reached.get(span.part, 0))
        return super()._begins(span, reached)


class _ForgetsToPublish(Writer):
    def take(self, deliveries: Any) -> None:
        was = self.dirty
        super().take(deliveries)
        self.dirty = was and self.dirty


class _Unbounded(Waiting[Any]):
    async def put(self, item: Any) -> None:
        async with self._changed:
            self._items.append(item)
            self.bytes += item.size
            self._changed.notify_all()


class _ProgressApart(MemoryLake):
    """Two transactions where there must be one."""

    def commit(self, batches: Any, events: Any, rejects: Any, progress: Any, unknown: Any) -> tuple[int, int]:
        found = super().commit(batches, events, rejects, {}, unknown)
        self.point("between two transactions")
        super().commit([], [], [], progress, {})
        return found


class _ProgressFirst(MemoryLake):
    def commit(self, batches: Any, events: Any, rejects: Any, progress: Any, unknown: Any) -> tuple[int, int]:
        super().commit([], [], [], progress, {})
        self.point("between two transactions")
        return super().commit(batches, events, rejects, {}, unknown)


class _LosesTheLast(MemoryLake):
    """Opened again it lacks the last batch, as a disk does that was not told to sync."""

    def facts(self) -> Any:
        batches: list[FactBatch] = list(super().facts())
        return iter(batches[:-1] if self.epoch > 1 else batches)


PLANTED = {
    "intake acknowledges before it sends": Made(intake_loop=_acknowledges_first),
    "intake acknowledges before all has arrived": Made(intake_loop=_does_not_wait_for_arrival),
    "intake acknowledges what it held from a former assignment": Made(stale_acknowledgements=True),
    "what was read and lost counts as control records": Made(succession=_TakesLossForControl),
    "what was read and lost twice counts as control records": Made(succession=_TakesLossForControlTheSecondTime),
    "writer acknowledges before it commits": Made(writer_loop=_writer_loop(acknowledges_first=True)),
    "writer marks events before they have arrived": Made(writer_loop=_writer_loop(marks_first=True)),
    "writer loses what comes as its patience ends": Made(writer_loop=_writer_loop(take=_takes_and_forgets)),
    "writer takes what the lake has": Made(writer=_Unfenced),
    "writer takes a hop whole that the lake has in part": Made(writer=_Uncut),
    "writer passes over holes": Made(writer=_BlindToHoles, troubles=("forward",)),
    "writer forgets to publish": Made(writer=_ForgetsToPublish),
    "writer goes on after a step has failed": Made(goes_on_after_failing=True, troubles=("forward", "disk_full")),
    "queue has no bound": Made(waiting=_Unbounded),
    "progress is committed after the facts": Made(lake=_ProgressApart),
    "progress is committed before the facts": Made(lake=_ProgressFirst),
    "lake loses what it has confirmed": Made(lake=_LosesTheLast),
    "rewinding leaves the hops behind the hole": Made(hops_stay=True, troubles=("forward",)),
}
