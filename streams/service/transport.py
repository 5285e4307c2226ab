"""Transport: Faust's Kafka transport, a chunk at a time and with no offset but those we store.

In: a Faust app, where its partitions go on. Out: stream events whose value is a `Fetched`.
Invariant: chunks of a partition follow one another from where it was sought to, without a hole (succession.py). Only
what was acknowledged by `Fetched.acknowledge`, under the present assignment, is ever committed.
Deliberately absent: Faust's own acknowledgements. Its consumer makes four tasks a record (4,400 records/s where chunks
do 200,000), its streams acknowledge what they skip in a rebalance, and its gaps count one offset too many.
Rests on the inside of faust-streaming 0.15.3: tests/test_transport.py fails when that changes.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import faust
from aiokafka.errors import IllegalStateError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from faust.types.tuples import ConsumerMessage

from streams.errors import CommandError
from streams.service.spans import Reading, SpanThread
from streams.service.succession import Span, Succession

Starts = Callable[[Mapping[TP, int | None]], Awaitable[Mapping[TP, int | None]]]
"""Given what the group has committed for the partitions that are ours: where each goes on; None: at its beginning."""
_LOOK_EVERY_S = 0.25


class TopicReplacedError(CommandError):
    """A stored offset lies beyond the end of its topic: the topic was made anew, or it is another cluster's."""


@dataclass(frozen=True)
class Fetched:
    """Records of one partition, [first, next) of its offsets. Without records the offsets are control records, of
    transactions. `earliest`: `first` was the first offset that the broker has."""

    tp: TP
    first: int
    next: int
    records: list[Any]
    earliest: bool
    acknowledge: Callable[[], None]


class Consumer(driver.Consumer):
    """A consumer of chunks."""

    _thread: SpanThread

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._succession: Succession[TP] = Succession()
        self._done: dict[TP, int] = {}
        self._seek_again = False
        self._looked_s = 0.0

    def _new_consumer_thread(self) -> SpanThread:
        return SpanThread(self, loop=self.loop, beacon=self.beacon)

    async def perform_seek(self) -> None:
        """Faust calls this when partitions have been assigned and before it resumes."""
        generation = self.app.consumer_generation_id
        committed = await self.seek_to_committed()
        ours = {tp: (offset if offset is not None and offset >= 0 else None) for tp, offset in committed.items()}
        starts: Mapping[TP, int | None] = await self.transport.starts(ours)  # type: ignore[attr-defined]
        beginnings, ends = await self._bounds(*starts)
        found: dict[TP, int] = {}
        for tp, start in starts.items():
            _demand_within(tp, start or 0, ends[tp])
            found[tp] = max(start or 0, beginnings[tp])
        await self.seek_wait(found)
        if generation != self.app.consumer_generation_id:
            return  # Faust seeks for the next assignment itself
        self._succession.begin(found, beginnings)
        self._done, self._seek_again = {}, False
        self._committed_offset.update({tp: offset for tp, offset in ours.items() if offset is not None})

    async def _bounds(self, *tps: TP) -> tuple[dict[TP, int], dict[TP, int]]:
        beginnings, ends = await self.earliest_offsets(*tps), await self.highwaters(*tps)
        return {TP(*tp): at for tp, at in beginnings.items()}, {TP(*tp): at for tp, at in ends.items()}

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:
        """Chunks as they come, in order for each partition."""
        if self._seek_again and self.flow_active:
            with contextlib.suppress(IllegalStateError):  # partitions go at this moment: Faust seeks those that come
                await self.perform_seek()
            if self._seek_again:
                return
        generation = self.app.consumer_generation_id
        for tp, read in (await self._next_spans(timeout)).items():
            if not self._may_deliver(generation):
                return
            span = self._succession.take(tp, read)
            if span is None:
                await self._read_again(tp)
            else:
                yield tp, self._message(tp, span)
        await self._look()

    async def _look(self) -> None:
        """What got lost may be the last there was, so that no span comes which does not follow. Nobody is reading at
        this moment; so a position is where we left it, or something was read that did not come to us."""
        if self._seek_again or time.monotonic() - self._looked_s < _LOOK_EVERY_S:
            return
        self._looked_s = time.monotonic()
        for tp in self._succession:
            position = self._thread.position_now(tp)
            if position is not None and not self._succession.follows(tp, position):
                await self._read_again(tp)

    async def _read_again(self, tp: TP) -> None:
        """What was read does not follow what was handed on. Meanwhile the broker may have let records go."""
        beginnings, ends = await self._bounds(tp)
        offset = self._succession.again(tp, beginnings[tp])
        if offset is not None:
            _demand_within(tp, offset, ends[tp])
            await self._thread.seek_if_ours(tp, offset)

    async def _next_spans(self, timeout: float) -> Mapping[TP, Span]:
        if self.flow_active and not self._get_active_partitions():
            await asyncio.sleep(0.005)  # all are paused for a moment; Faust would sleep a second
            return {}
        spans: Any = (await self._wait_next_records(timeout))[0]
        return spans or {}

    def _may_deliver(self, generation: int) -> bool:
        """Whether what was read belongs to the present assignment, and nothing before it was given up; else all is
        sought once more."""
        present = self.flow_active and generation == self.app.consumer_generation_id
        if present and not self._seek_again and not self.should_stop:
            return True
        self._seek_again = True
        return False

    def _message(self, tp: TP, span: Span) -> ConsumerMessage:
        generation, records = self.app.consumer_generation_id, span.records

        def acknowledge() -> None:
            if generation == self.app.consumer_generation_id:
                self._done[tp] = max(span.next, self._done.get(tp, 0))

        earliest = self._succession.at_beginning(tp, span)
        value: Any = Fetched(tp, span.first, span.next, records, earliest, acknowledge)
        stamp = records[-1].timestamp / 1000 if records else 0.0
        return ConsumerMessage(
            tp.topic, tp.partition, span.next - 1, stamp, 0, [], None, value, None, tp=tp, generation_id=generation
        )

    async def _drain_messages(self, fetcher: Any) -> None:
        """Fetches until stopped, one chunk after another, without a task for each."""
        self._seek_again = bool(list(self._succession))
        stopped = self.consumer_stopped_errors
        try:
            while not (self.should_stop or fetcher.should_stop):
                async for _, message in self.getmany(timeout=1.0):
                    await self.wait_first(self.callback(message), self.suspend_flow.wait())
                    if not self.flow_active:
                        self._seek_again = True
                        break
                await asyncio.sleep(0)
        except stopped:
            if not self.transport.app.should_stop:
                raise

    def ack(self, message: Any) -> bool:
        """Faust's acknowledgement, which also comes for what was skipped: it says nothing."""
        message.acked = True
        self._unacked_messages.discard(message)
        return True

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterable[TP]:  # type: ignore[override]
        return [tp for tp in self._done if topics is None or tp in topics or tp.topic in topics]

    def _new_offset(self, tp: TP) -> int | None:
        return self._done.get(tp)


def _demand_within(tp: TP, offset: int, end: int) -> None:
    if offset > end:
        raise TopicReplacedError(
            f"{tp.topic}, partition {tp.partition}: {offset} records were read, it holds {end}: the topic "
            "was made anew or this is another cluster. Give the service a prefix or a lake of its own"
        )


class Transport(driver.Transport):
    """To be set as `app.transport`. `starts` says where partitions go on."""

    Consumer = Consumer

    def __init__(self, app: faust.App, reading: Reading, starts: Starts) -> None:
        super().__init__(app.conf.broker_consumer, app, loop=app.loop)
        self.reading, self.starts = reading, starts

    def lags(self) -> dict[TP, int]:
        """By partition that is ours: records at the broker that were not handed on."""
        consumer: Any = self.app.consumer
        reached = {tp: consumer._succession.reached(tp) for tp in consumer._succession}
        ends = {tp: consumer._thread.end_now(tp) for tp in reached}
        return {tp: max(0, (end or 0) - reached[tp]) for tp, end in ends.items()}
