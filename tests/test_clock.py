"""The clock: ticks at even instants, each one record however often it is told.

In: a clock and a carrier that the test holds. Out: pass or fail.
Invariant: what the clock tells is read by the intake like any other record.
Deliberately absent: a broker (test_transfer_service.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from schemas.intake import Intake
from schemas.topics import topics
from streams.service.chunks import Message
from streams.service.clock import TICKS, clock_loop, tick
from tests.engines import KEY

NOON_S = 1_646_712_000
"""2022-03-08 12:00 at +08:00."""


class Carried(list[Message]):
    """Messages as they come; with the last one that is awaited, the loop is at its end."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._left = count

    async def publish(self, messages: Sequence[Message]) -> None:
        self.extend(messages)
        self._left -= 1
        if self._left == 0:
            raise EndedError


class EndedError(Exception):
    """The test has seen enough."""


def told(every_s: int, instants: Sequence[float]) -> list[bytes]:
    """The names of the ticks while the clock shows these instants; it is looked at before and after each tick."""
    clock: Iterator[float] = iter(instants)
    carried = Carried(-(-len(instants) // 2))
    with pytest.raises(EndedError):
        asyncio.run(clock_loop(carried, every_s, lambda: next(clock)))
    return [message.key for message in carried]


def test_each_even_instant_is_told_once_it_has_come_and_the_last_one_at_once() -> None:
    seen = [NOON_S + 31.2, NOON_S + 59.99, NOON_S + 60.0, NOON_S + 119.99, NOON_S + 120.7]
    assert told(60, seen) == [b"tick-%d" % (NOON_S + n) for n in (0, 60, 120)]


def test_instants_that_were_slept_through_are_not_made_up_for() -> None:
    assert told(60, [NOON_S + 1, NOON_S + 59.99, NOON_S + 3_605]) == [b"tick-%d" % (NOON_S + n) for n in (0, 3_600)]


def test_a_clock_that_is_put_back_tells_what_it_has_told_before() -> None:
    assert told(60, [NOON_S + 1.0, NOON_S + 59.99, NOON_S - 2.0]) == [b"tick-%d" % NOON_S, b"tick-%d" % (NOON_S - 60)]


def test_without_an_interval_no_time_is_told() -> None:
    asyncio.run(clock_loop(Carried(1), 0, lambda: NOON_S))


def test_a_tick_is_a_record_of_its_source_and_the_same_whenever_it_is_told() -> None:
    message = tick(NOON_S)
    assert message == tick(NOON_S)
    assert message.topic in {topic.name for topic in topics()}
    intake = Intake(KEY)
    batch, rejects = intake.read(TICKS, [message.value, message.value], "p", np.arange(2))
    assert not rejects
    assert not intake.take_unknown(TICKS)
    assert batch.facts["ticks"]["at_ms"].tolist() == [NOON_S * 1000] * 2
    assert batch.column("event_ms").tolist() == [NOON_S * 1000] * 2
    assert len(set(batch.column("rec").tolist())) == len(set(batch.column("digest").tolist())) == 1
