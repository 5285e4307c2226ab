"""Spans: aiokafka in its thread, and what it reads, told so that what gets lost on the way is missed.

In: partitions that may be read. Out: of each what was read, from which offset to which.
Invariant: a span holds every record at its offsets. Control records and a reading that was lost look alike from
outside: the position has moved on and no record came. A reading is lost when nobody takes its result: a rebalance has
come between, or whoever asked was cancelled while it went on in this thread. So positions are compared here alone,
before and after records are taken out of aiokafka's buffer, in one step in which neither a seek nor a rebalance nor
another reading comes between. A reading that was lost then shows as a span that does not begin where the last one
ended; what is done about it is said in succession.py.
Deliberately absent: the main thread's concerns (transport.py); seeking from anywhere but this thread.
Rests on the inside of aiokafka 0.14 and faust-streaming 0.15.3: tests/test_transport.py fails when that changes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiokafka.errors import ConsumerStoppedError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from streams.service.fetches import Fetches
from streams.service.succession import Span


@dataclass(frozen=True)
class Reading:
    """How a consumer reads. Units: milliseconds, records, bytes."""

    fetch_wait_ms: int
    chunk_records: int
    partition_bytes_max: int = 8 << 20


_RESUMED_S = 0.05
"""A partition whose records wait may be paused, since its agent has enough. That it is resumed nobody tells us."""


def _as_it_is(_tp: Any, record: Any) -> Any:
    """The record as it was unpacked, with offset, timestamp, key, value, headers. What aiokafka would make of it says
    its partition as well, and takes as long to make as the unpacking."""
    return record


class SpanThread(driver.AIOKafkaConsumerThread):
    """The thread in which aiokafka lives, so that heartbeats go on while chunks are worked on."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        reading: Reading = transport.reading
        consumer._fetch_max_wait_ms = reading.fetch_wait_ms
        consumer._max_partition_fetch_bytes = reading.partition_bytes_max
        consumer._isolation_level = "read_committed"
        consumer._client.send = Fetches(consumer._client).send
        return consumer

    async def on_thread_stop(self) -> None:
        """Leaves the group, as aiokafka does not for a static member: who stops in good order does not come back at
        once, and the others need not wait for the session to time out."""
        if self._consumer is not None and self._consumer._coordinator is not None:
            self._consumer._coordinator._group_instance_id = None
        await super().on_thread_stop()

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Errors: IllegalStateError when the assignment has changed meanwhile, which Faust expects."""
        consumer = self._ensure_consumer()
        ours = consumer.assignment()
        found: Mapping[TP, int] = await self.call_thread(consumer.seek_to_committed, *ours) if ours else {}
        return found

    async def seek_if_ours(self, tp: TP, offset: int) -> None:
        """Seeks, unless the partition was taken from us meanwhile."""

        async def seek() -> None:
            if self._state(tp) is not None:
                self.seek(tp, offset)

        await self.call_thread(seek)

    async def _fetch_records(  # type: ignore[override]
        self, consumer: Any, active_partitions: set[TP], timeout: float | None = None, max_records: int | None = None
    ) -> dict[TP, Span]:
        """Waits until something was read. Runs in the thread, as everything does that moves a position."""
        fetcher, until_s = consumer._fetcher, time.monotonic() + (timeout or 0.0)
        while self.consumer.flow_active:
            if consumer._closed or fetcher._closed:
                raise ConsumerStoppedError
            with fetcher._subscriptions.fetch_context():
                spans = await self._drained(fetcher, active_partitions, max_records)
                left_s = until_s - time.monotonic()
                if spans or left_s <= 0:
                    return spans
                waiter = fetcher._create_fetch_waiter()
                await asyncio.wait([waiter], timeout=min(left_s, _RESUMED_S))
                if not waiter.cancel():
                    waiter.result()  # errors, of authorization above all
        return {}

    async def _drained(self, fetcher: Any, active: set[TP], count: int | None) -> dict[TP, Span]:
        """What lies in aiokafka's buffer. Without a timeout, and while no assignment is awaited, aiokafka takes it out
        without letting anybody else run."""
        if not active or fetcher._subscriptions.reassignment_in_progress:
            return {}
        before = {tp: self.position_now(tp) for tp in list(fetcher._records)}
        for found in fetcher._records.values():
            if getattr(found, "_partition_records", None) is not None:
                found._partition_records._consumer_record = _as_it_is
        records = await fetcher.fetched_records(active, timeout=0, max_records=count)
        spans = {}
        for tp, first in before.items():
            reached = self.position_now(tp)
            if first is not None and reached is not None and reached > first:
                spans[TP(*tp)] = Span(first, reached, records.get(tp, []))
        return spans

    def position_now(self, tp: TP) -> int | None:
        """Where aiokafka reads on; None while it does not know."""
        state = self._state(tp)
        return state.position if state is not None and state.has_valid_position else None

    def end_now(self, tp: TP) -> int | None:
        """The end that the last fetch told of; None while none has, or when the partition is not ours."""
        state = self._state(tp)
        return state.highwater if state is not None else None

    def _state(self, tp: TP) -> Any:
        assignment = self._ensure_consumer()._subscription.subscription.assignment
        return assignment.state_value(driver.ensure_aiokafka_TP(tp)) if assignment else None
