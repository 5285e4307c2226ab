"""Succession: of what was read of partitions, what may be handed on, so that nothing is left out between two chunks.

In: where each partition begins; spans as they were read. Out: the span to hand on, or where to read again.
Invariant: what is handed on of a partition is one chain, each span beginning where the last one ended. A span that
begins elsewhere is dropped and its partition read again, whatever the reason: a rebalance may swallow what was read, a
seek may be lost or come late. No offset is ever passed over because nothing was seen at it; only who reads can know
that there is nothing, and says so with a span that holds it.
Deliberately absent: Kafka, and who reads and seeks (transport.py; in simulated runs tests/simulated_workers.py).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Part = TypeVar("Part", bound=Hashable)


@dataclass(frozen=True)
class Span:
    """What one reading met at [first, next) of a partition's offsets. `records` are all that are there: of the other
    offsets the reader knows that they hold none, since they are control records or were aborted."""

    first: int
    next: int
    records: list[Any]


class Succession(Generic[Part]):
    """The chains of all partitions that are ours."""

    def __init__(self) -> None:
        self._reached: dict[Part, int] = {}
        self._beginnings: dict[Part, int] = {}

    def begin(self, starts: Mapping[Part, int], beginnings: Mapping[Part, int]) -> None:
        """These partitions are ours, and no others. `beginnings`: the first offset that the broker has of each."""
        self._reached, self._beginnings = dict(starts), dict(beginnings)

    def __iter__(self) -> Iterator[Part]:
        return iter(list(self._reached))

    def reached(self, part: Part) -> int | None:
        """The offset at which the next span has to begin; None: the partition is not ours."""
        return self._reached.get(part)

    def follows(self, part: Part, offset: int) -> bool:
        """Whether reading that goes on at this offset leaves nothing out."""
        return self._reached.get(part) == offset

    def take(self, part: Part, span: Span) -> Span | None:
        """The span to hand on; the next one follows it. None: it does not follow, and its partition has to be read
        again, unless it is no longer ours."""
        if not self.follows(part, span.first):
            return None
        self._reached[part] = span.next
        return span

    def again(self, part: Part, beginning: int) -> int | None:
        """From where a partition has to be read again, given the first offset that the broker has; None: it is not
        ours. Where the broker let records go before they were read the chain begins anew, for the writer to count."""
        reached = self._reached.get(part)
        if reached is not None and beginning > reached:
            self._reached[part] = self._beginnings[part] = beginning
        return self._reached.get(part)

    def at_beginning(self, part: Part, span: Span) -> bool:
        """Whether the broker had nothing before this span."""
        return self._beginnings.get(part) == span.first
