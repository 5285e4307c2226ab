"""Simulated consumer: partitions that are read, of which some readings come to nobody.

In: where partitions begin, what the broker has. Out: spans that may be handed on.
Invariant: what may be handed on is the product's own decision (streams/service/succession.py). The position moves on
whenever something is read, also when nobody gets what was read.
Deliberately absent: aiokafka and Faust (streams/service/spans.py and transport.py; tests/test_transport.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.service.succession import Span, Succession
from tests.simulated_time import Signal

if TYPE_CHECKING:
    from tests.simulation import Simulation


class Consumer:
    """Partitions that are read as spans. Of the first readings after an assignment some may come to nobody, as happens
    where a rebalance has come between who asks and who reads."""

    def __init__(self, simulation: Simulation, changed: Signal) -> None:
        self._sim, self._changed = simulation, changed
        self._succession: Succession[str] = simulation.made.succession()
        self._positions: dict[str, int] = {}
        self._shaky = 0

    def assign(self, starts: dict[str, int]) -> None:
        """Seeks. A reading of before may be under way still."""
        beginnings = {part: self._sim.broker.logs[part].start for part in starts}
        self._positions = {part: max(start, beginnings[part]) for part, start in starts.items()}
        self._succession.begin(self._positions, beginnings)
        self._shaky = self._sim.rng.choice((0, 0, 2, 8))

    def ready(self) -> list[str]:
        """Where there is something to read."""
        logs = self._sim.broker.logs
        return [part for part, position in self._positions.items() if logs[part].end > position]

    def read(self, part: str, count: int) -> Span | None:
        """The next span; none when it came to nobody, or when it does not follow and is sought again."""
        log = self._sim.broker.logs[part]
        first = max(self._positions[part], log.start)
        offsets, self._positions[part] = log.read(first, count)
        if self._is_lost():
            self._sim.counts["lost readings"] += 1
            self._sim.loop.call_later(self._sim.rng.uniform(0, 0.5), self._look)
            return None
        span = self._succession.take(part, Span(first, self._positions[part], offsets))
        if span is None:
            self._read_again(part)
        return span

    def _is_lost(self) -> bool:
        self._shaky = max(0, self._shaky - 1)
        return self._shaky > 0 and self._sim.rng.random() < 0.5

    def _look(self) -> None:
        """The transport looks all the time; it sees something only when something was lost."""
        for part, position in self._positions.items():
            if not self._succession.follows(part, position):
                self._read_again(part)
        self._changed.set()

    def _read_again(self, part: str) -> None:
        self._sim.counts["read again"] += 1
        again = self._succession.again(part, self._sim.broker.logs[part].start)
        assert again is not None, "it reads what is not its own"
        self._positions[part] = again

    def at_beginning(self, part: str, span: Span) -> bool:
        return self._succession.at_beginning(part, span)
