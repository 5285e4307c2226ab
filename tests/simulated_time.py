"""Simulated time: an event loop whose clock is a number that jumps to whatever is due next.

In: coroutines. Out: what they return, at once, however long they sleep.
Invariant: what runs when follows from what was scheduled alone; two runs of the same coroutines are the same.
Deliberately absent: sockets, threads, signals and the time of day.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class StalledError(Exception):
    """Everybody waits for somebody, and nothing is due."""


class VirtualLoop(asyncio.BaseEventLoop):
    """asyncio's own loop, with its selector replaced by a jump in time."""

    def __init__(self) -> None:
        super().__init__()
        self._now_s = 0.0
        self._clock_resolution = 1e-9
        self._selector = self
        self.failures: list[str] = []
        self.set_exception_handler(self._failed)

    def time(self) -> float:
        return self._now_s

    def select(self, timeout: float | None) -> list[Any]:
        """What the loop asks of its selector: to wait until something comes, here: until the next timer."""
        if timeout is None:
            raise StalledError("nothing is due any more, and the run has not come to its end")
        if timeout > 0:
            self._now_s = max(self._now_s, self._scheduled[0].when())
        return []

    def _process_events(self, event_list: list[Any]) -> None:
        """There are none."""

    def _write_to_self(self) -> None:
        """Nobody is asleep."""

    def _failed(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.failures.append(f"{context['message']}: {context.get('exception')!r}")


class Signal:
    """Wakes all that wait for it. What is set while nobody waits is forgotten: look first, then wait."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: list[asyncio.Future[None]] = []

    async def wait(self) -> None:
        woken = self._loop.create_future()
        self._waiting.append(woken)
        await woken

    def set(self) -> None:
        waiting, self._waiting = self._waiting, []
        for woken in waiting:
            if not woken.done():
                woken.set_result(None)


def run_virtual(job: Coroutine[Any, Any, T], loop: VirtualLoop) -> T:
    """Runs to the end of `job`; what else goes on then is cancelled. Errors: those of `job`, StalledError."""
    try:
        return loop.run_until_complete(job)
    finally:
        loop.run_until_complete(_cancelled(loop))
        loop.close()


async def _cancelled(loop: VirtualLoop) -> None:
    left = [task for task in asyncio.all_tasks(loop) if task is not asyncio.current_task()]
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
