"""Chunks: what agents are handed and what they hand on, in words that no broker and no framework has a part in.

In: nothing. Out: `Chunk`, `Delivery`, `Message`, and the bounded queue in which they wait.
Invariant: what is acknowledged has had its effect; a part's chunks follow one another without a hole.
Deliberately absent: Faust (transport.py) and what is done with them (intake.py, writer.py).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Generic, Protocol, TypeVar

from schemas.keys import Ints

_BUNDLE_RECORDS, _BUNDLE_BYTES = 5_000, 2 << 20
"""What fills a message. The chunk that fills it has no more (BRAIN_CHUNK_RECORDS; 1 MiB, or one record), and a line
that is refused is sealed beside some 500 bytes of words: so the message stays below FACT_BYTES_MAX."""


def _nothing() -> None:
    return None


@dataclass(frozen=True)
class Chunk:
    """Records of one partition of a source, [first, next) of its offsets; there may be fewer records than offsets, even
    none. `part`: topic and partition, without the installation's prefix. Units: `oldest_ms`, `newest_ms` are the
    broker's times of the first and the last record; 0 without records."""

    source: str
    part: str
    first: int
    next: int
    lines: list[bytes]
    offsets: Ints
    earliest: bool = False
    oldest_ms: int = 0
    newest_ms: int = 0
    acknowledge: Callable[[], None] = field(default=_nothing, compare=False)

    @cached_property
    def size(self) -> int:
        """Bytes."""
        return sum(map(len, self.lines))


def bundles(chunks: Sequence[Chunk]) -> Iterator[Sequence[Chunk]]:
    """The same in order, as many at once as one message to the writer may hold."""
    taken, records, size = list[Chunk](), 0, 0
    for chunk in chunks:
        taken.append(chunk)
        records, size = records + len(chunk.lines), size + chunk.size
        if records >= _BUNDLE_RECORDS or size >= _BUNDLE_BYTES:
            yield taken
            taken, records, size = [], 0, 0
    if taken:
        yield taken


@dataclass(frozen=True)
class Delivery:
    """Messages of one partition of the facts topic, [first, next) of its offsets."""

    part: str
    first: int
    next: int
    bodies: list[bytes]
    acknowledge: Callable[[], None] = field(default=_nothing, compare=False)

    @cached_property
    def size(self) -> int:
        """Bytes."""
        return sum(map(len, self.bodies))


@dataclass(frozen=True)
class Message:
    """What is to be published. `topic` without the installation's prefix."""

    topic: str
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()


class Sized(Protocol):
    @property
    def size(self) -> int: ...


T = TypeVar("T", bound=Sized)


class Waiting(Generic[T]):
    """What has come and is not taken yet, in order. Holds `bytes_max`, or a single larger item; whoever puts more
    waits, so that the broker, not this process, holds a burst."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._items: deque[T] = deque()
        self._changed = asyncio.Condition()
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._items)

    async def put(self, item: T) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: not self._items or self.bytes + item.size <= self._bytes_max)
            self._items.append(item)
            self.bytes += item.size
            self._changed.notify_all()

    async def some(self) -> None:
        """Returns when there is something."""
        async with self._changed:
            await self._changed.wait_for(lambda: bool(self._items))

    async def take(self, bytes_max: int) -> list[T]:
        """What waits, as far as it is no more than `bytes_max`, but at least one; waits until there is one."""
        async with self._changed:
            await self._changed.wait_for(lambda: bool(self._items))
            taken = [self._items.popleft()]
            size = taken[0].size
            while self._items and size + self._items[0].size <= bytes_max:
                taken.append(self._items.popleft())
                size += taken[-1].size
            self.bytes -= size
            self._changed.notify_all()
        return taken
