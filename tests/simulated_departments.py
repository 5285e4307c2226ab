"""Simulated departments: who writes records into the sources' topics, at their own pace.

In: lines. Out: rows of the broker's logs, and where each line stands.
Invariant: a line is sent once. Transactions leave offsets without a record behind; a topic may have begun long ago.
Deliberately absent: what the lines say.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tests.histories import Line

if TYPE_CHECKING:
    from tests.simulation import Simulation


class Departments:
    def __init__(self, simulation: Simulation) -> None:
        """Of some topics the first records are gone already."""
        self._sim, self._broker = simulation, simulation.broker
        for part in self._broker.group.parts:
            if simulation.rng.random() < 0.1:
                log = self._broker.logs[part]
                log.rows = [None] * simulation.rng.randint(1, 9)
                log.start = log.end

    async def send(self, lines: Sequence[Line], seconds: float) -> None:
        """All of them, one after another or several at once, within about `seconds`."""
        rng, left = self._sim.rng, list(lines)
        while left:
            await asyncio.sleep(rng.choice((0.0, 0.1, 2 * seconds / len(lines))))
            count = rng.choice((1, 1, 2, 5))
            for source, line in left[:count]:
                self._write(source, line)
            del left[:count]
            self._broker.sources_changed.set()

    def _write(self, source: str, line: bytes) -> None:
        rng, logs = self._sim.rng, self._broker.logs
        log = logs[rng.choice([part for part in self._broker.group.parts if part.startswith(f"src.{source}@")])]
        self._sim.sent.append((log.part, log.end))
        log.rows.append((line, int(self._sim.loop.time() * 1000)))
        log.rows += [None] * rng.choice((0, 0, 0, 0, 1, 3))

    def end(self) -> None:
        """One more offset for every topic, since of a hole nobody learns before something comes after it."""
        for part in self._broker.group.parts:
            if self._broker.logs[part].end:
                self._broker.logs[part].rows.append(None)
        self._broker.sources_changed.set()
