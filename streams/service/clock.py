"""Clock: that time has passed, told to the topics as a record, so that deadlines are a matter of records alone.

In: how often, and a clock that is handed in. Out: ticks at even instants.
Invariant: a tick is named by its instant: told twice, by whomever, it is one record.
Deliberately absent: a tick that has come late; the last one stands for all before it. Runs over files read theirs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

import orjson

from schemas.topics import source_topic
from streams.service.chunks import Message

TICKS = "command.tick"
_BREATH_S = 0.05
"""The shortest wait, whatever the clock says."""


class Carrier(Protocol):
    """What brings messages to their topics."""

    async def publish(self, messages: Sequence[Message]) -> None: ...


def tick(at_s: int) -> Message:
    """The record that an instant has come. Units: s since 1970, UTC."""
    name = f"tick-{at_s}"
    body = {"source_record_id": name, "event_time": at_s, "version": 1, "operation": "upsert", "ticked_at": at_s}
    return Message(source_topic(TICKS), name.encode(), orjson.dumps(body))


async def clock_loop(carrier: Carrier, every_s: int, now_s: Callable[[], float]) -> None:
    """Tells each instant that is a multiple of `every_s`, the last one at once; 0: none. Ends when it is cancelled."""
    while every_s:
        at_s = int(now_s()) // every_s * every_s
        await carrier.publish([tick(at_s)])
        await asyncio.sleep(max(_BREATH_S, at_s + every_s - now_s()))
