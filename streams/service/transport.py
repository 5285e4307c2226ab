"""Transport: Faust's Kafka transport, a chunk at a time and with no offset but those we store.

In: a Faust app, where its partitions go on. Out: stream events whose value is a `Fetched`.
Invariant: chunks of a partition follow one another from where it was sought to: a fetch that is not handed on is sought
again. Only what was acknowledged by `Fetched.acknowledge`, under the present assignment, is ever committed.
Deliberately absent: Faust's own acknowledgements. Its consumer makes four tasks a record (4,400 records/s where chunks
do 200,000), its streams acknowledge what they skip in a rebalance, and its gaps count one offset too many.
Rests on the inside of faust-streaming 0.15.3: tests/test_transport.py fails when that changes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import faust
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from faust.types.tuples import ConsumerMessage

from streams.errors import CommandError

Starts = Callable[[Mapping[TP, int | None]], Awaitable[Mapping[TP, int | None]]]
"""Given what the group has committed for the partitions that are ours: where each goes on; None: at its beginning."""
_POSITIONS_EVERY_S = 0.25


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


@dataclass(frozen=True)
class Reading:
    """How a consumer reads. Units: milliseconds, records, bytes."""

    fetch_wait_ms: int
    chunk_records: int
    partition_bytes_max: int = 8 << 20


class _Thread(driver.AIOKafkaConsumerThread):
    """The thread in which aiokafka lives, so that heartbeats go on while chunks are worked on."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        reading: Reading = transport.reading
        consumer._fetch_max_wait_ms = reading.fetch_wait_ms
        consumer._max_partition_fetch_bytes = reading.partition_bytes_max
        consumer._isolation_level = "read_committed"
        return consumer

    async def on_thread_stop(self) -> None:
        """Leaves the group, as aiokafka does not for a static member: who stops in good order does not come back at
        once, and the others need not wait for the session to time out."""
        if self._consumer is not None and self._consumer._coordinator is not None:
            self._consumer._coordinator._group_instance_id = None
        await super().on_thread_stop()

    def position_now(self, tp: TP) -> int | None:
        """Where aiokafka will read on, also past control records; None while it does not know."""
        state = self._state(tp)
        return state.position if state is not None and state.has_valid_position else None

    def end_now(self, tp: TP) -> int | None:
        """The end that the last fetch told of; None while none has, or when the partition is not ours."""
        state = self._state(tp)
        return state.highwater if state is not None else None

    def _state(self, tp: TP) -> Any:
        assignment = self._ensure_consumer()._subscription.subscription.assignment
        return assignment.state_value(driver.ensure_aiokafka_TP(tp)) if assignment else None


class Consumer(driver.Consumer):
    """A consumer of chunks."""

    _thread: _Thread

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._delivered: dict[TP, int] = {}
        self._beginnings: dict[TP, int] = {}
        self._done: dict[TP, int] = {}
        self._holes: dict[TP, tuple[int, int]] = {}
        self._seek_again = False
        self._looked_s = 0.0

    def _new_consumer_thread(self) -> _Thread:
        return _Thread(self, loop=self.loop, beacon=self.beacon)

    async def perform_seek(self) -> None:
        """Faust calls this when partitions have been assigned and before it resumes."""
        committed = await self.seek_to_committed()
        ours = {tp: (offset if offset is not None and offset >= 0 else None) for tp, offset in committed.items()}
        starts: Mapping[TP, int | None] = await self.transport.starts(ours)  # type: ignore[attr-defined]
        beginnings = await self.earliest_offsets(*starts)
        ends = await self.highwaters(*starts)
        found: dict[TP, int] = {}
        for tp, start in starts.items():
            if start is not None and start > ends[tp]:
                raise TopicReplacedError(
                    f"{tp.topic}, partition {tp.partition}: {start} records were read, it holds {ends[tp]}: the topic "
                    "was made anew or this is another cluster. Give the service a prefix or a lake of its own"
                )
            found[tp] = max(start if start is not None else 0, beginnings[tp])
        await self.seek_wait(found)
        self._delivered, self._beginnings = dict(found), {TP(*tp): at for tp, at in beginnings.items()}
        self._done, self._seek_again = {}, False
        self._committed_offset.update({tp: offset for tp, offset in ours.items() if offset is not None})

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:
        """Chunks as they come, in order for each partition."""
        if self._seek_again and self.flow_active:
            await self.perform_seek()
        generation = self.app.consumer_generation_id
        records, _ = await self._next_records(timeout)
        for tp, found in records.items():
            if not self._may_deliver(generation):
                return
            if tp not in self._delivered:
                continue  # no longer ours
            fresh = [record for record in found if record.offset >= self._delivered[tp]]
            if fresh and not await self._follows(tp, fresh[0].offset):
                continue
            if fresh:
                yield tp, self._message(tp, fresh, fresh[-1].offset + 1)
        if time.monotonic() - self._looked_s >= _POSITIONS_EVERY_S:
            self._looked_s = time.monotonic()
            for tp, delivered in list(self._delivered.items()):
                position = self._thread.position_now(tp)
                if position is None or position <= delivered or not await self._follows(tp, position):
                    continue
                if self._may_deliver(generation) and self._delivered[tp] < position:
                    yield tp, self._message(tp, [], position)

    async def _follows(self, tp: TP, offset: int) -> bool:
        """Whether what was fetched follows what was delivered. A hole is sought once more: if it is there again, its
        offsets are control records, and no fetch that a rebalance has swallowed."""
        hole = self._delivered[tp], offset
        if hole[0] == offset or self._holes.get(tp) == hole:
            if hole[0] != offset:
                await self._look_for_loss(tp)
            return True
        self._holes[tp] = hole
        await self._seek(tp, hole[0])
        return False

    async def _look_for_loss(self, tp: TP) -> None:
        """Offsets are missing: they are control records, or the broker let records go before they were read. Then
        aiokafka has gone on at the topic's beginning; the chunk begins there too, for the writer to count the loss."""
        beginning = (await self.earliest_offsets(tp))[tp]
        if beginning > self._delivered[tp]:
            self._delivered[tp] = self._beginnings[tp] = beginning

    async def _next_records(self, timeout: float) -> tuple[Mapping[TP, list[Any]], Any]:
        if self.flow_active and not self._get_active_partitions():
            await asyncio.sleep(0.005)  # all are paused for a moment; Faust would sleep a second
            return {}, None
        records, active = await self._wait_next_records(timeout)
        return records or {}, active

    def _may_deliver(self, generation: int) -> bool:
        """Whether what was fetched belongs to the present assignment; else it is sought once more."""
        if self.flow_active and generation == self.app.consumer_generation_id and not self.should_stop:
            return True
        self._seek_again = True
        return False

    def _message(self, tp: TP, records: list[Any], reached: int) -> ConsumerMessage:
        first, generation = self._delivered[tp], self.app.consumer_generation_id
        self._delivered[tp] = reached

        def acknowledge() -> None:
            if generation == self.app.consumer_generation_id:
                self._done[tp] = max(reached, self._done.get(tp, 0))

        value: Any = Fetched(tp, first, reached, records, first == self._beginnings[tp], acknowledge)
        stamp = records[-1].timestamp / 1000 if records else 0.0
        return ConsumerMessage(
            tp.topic, tp.partition, reached - 1, stamp, 0, [], None, value, None, tp=tp, generation_id=generation
        )

    async def _drain_messages(self, fetcher: Any) -> None:
        """Fetches until stopped, one chunk after another, without a task for each."""
        self._seek_again = bool(self._delivered)
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


class Transport(driver.Transport):
    """To be set as `app.transport`. `starts` says where partitions go on."""

    Consumer = Consumer

    def __init__(self, app: faust.App, reading: Reading, starts: Starts) -> None:
        super().__init__(app.conf.broker_consumer, app, loop=app.loop)
        self.reading, self.starts = reading, starts

    def lags(self) -> dict[TP, int]:
        """By partition that is ours: records at the broker that were not handed on."""
        consumer: Any = self.app.consumer
        ends = {tp: consumer._thread.end_now(tp) for tp in list(consumer._delivered)}
        return {tp: max(0, (end or 0) - consumer._delivered.get(tp, 0)) for tp, end in ends.items()}
