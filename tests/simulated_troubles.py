"""Simulated troubles: what may happen to a service, one after another, at any instant.

In: a simulation. Out: workers killed, stopped, added and asked to leave; a group moved; a disk that is full.
Invariant: whatever happens is something that happens to real ones, and an operator does only what the product's
commands allow.
Deliberately absent: lies of the broker.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, nullcontext
from typing import TYPE_CHECKING, Any
from unittest.mock import AsyncMock, patch

from streams.service.cluster import Group
from streams.service.settings import Settings
from streams.service.topics import topics
from tests.simulated_broker import FACT_PART, SESSION_S
from tests.simulated_processes import Killed, Worker
from tests.simulated_workers import IntakeWorker

if TYPE_CHECKING:
    from tests.simulation import Simulation

TROUBLES = {
    "kill": 4, "fuse": 6, "cut": 5, "halt": 4, "stop": 3, "join": 1, "rebalance": 2, "seek": 1, "disk_full": 1,
    "trim": 2, "expire": 1, "to_earliest": 1, "forward": 2,
}  # fmt: skip
WORKERS_MAX = 4


class Troubles:
    """Draws them and makes them happen."""

    def __init__(self, simulation: Simulation, count: int, until_s: float) -> None:
        self._sim = simulation
        rng = simulation.rng
        known = {name: weight for name, weight in TROUBLES.items() if name in (simulation.made.troubles or TROUBLES)}
        names = rng.choices(list(known), list(known.values()), k=count)
        self._plan = sorted((rng.uniform(0, until_s), at, name) for at, name in enumerate(names))

    async def run(self) -> None:
        for at_s, _, name in self._plan:
            await asyncio.sleep(max(0.0, at_s - self._sim.loop.time()))
            if self._sim.operator.down:
                continue
            self._sim.note("trouble", name)
            self._sim.counts[name] += 1
            happens = getattr(self, name)()
            if happens is not None:
                await happens

    def _anybody(self) -> Worker | None:
        living = [worker for worker in self._sim.workers.values() if worker.alive]
        return self._sim.rng.choice(living) if living else None

    def kill(self) -> None:
        if (worker := self._anybody()) is not None:
            worker.die(Killed("from outside"))

    def fuse(self) -> None:
        """It dies soon between two effects, or is asked to end right there."""
        if (worker := self._anybody()) is not None:
            worker.fuse, worker.fuse_kills = self._sim.rng.randint(1, 12), self._sim.rng.random() < 0.7

    def cut(self) -> None:
        """It dies with messages under way."""
        if (worker := self._anybody()) is not None:
            worker.cut = True

    def halt(self) -> None:
        """It stands still, perhaps for so long that its partitions go to others, and then goes on."""
        if (worker := self._anybody()) is not None:
            worker.stopped_until_s = self._sim.loop.time() + self._sim.rng.choice((0.5, 5.0, 15.0, 40.0))
            if isinstance(worker, IntakeWorker):
                self._sim.broker.group.expect(worker)

    def stop(self) -> None:
        """It is asked to end, and started again."""
        if (worker := self._anybody()) is not None:
            worker.stop()

    def join(self) -> None:
        number = len(self._sim.wanted)
        if number <= WORKERS_MAX:
            self._sim.wanted.append(f"intake-{number}")
            self._sim.start(f"intake-{number}")

    def rebalance(self) -> None:
        self._sim.broker.group.rebalance()

    def seek(self) -> None:
        """The writer's own group is rebalanced."""
        writer = self._sim.writer
        if writer is not None and writer.opened:
            writer.seek()

    def disk_full(self) -> None:
        self._sim.disk_full = True

    def trim(self) -> None:
        """Retention takes what has been read and committed."""
        for part, log in self._sim.broker.logs.items():
            done = min(self._sim.progress.get(part, 0), self._sim.broker.group.committed.get(part, 0))
            log.start = max(log.start, self._sim.rng.randint(0, done) if part.startswith("src.") else 0)

    def expire(self) -> None:
        """Retention takes hops that the lake may not have yet, of a writer that was away for too long."""
        log, reached = self._sim.broker.logs[FACT_PART], self._sim.progress.get(FACT_PART, 0)
        log.start = max(log.start, self._sim.rng.randint(reached, log.end))
        self._sim.hops_lost |= log.start > reached
        self._sim.may_have_holes |= self._sim.hops_lost

    async def to_earliest(self) -> None:
        """Somebody sets the intake's group to the beginning."""
        await self._sim.operator.move(dict.fromkeys(self._sim.broker.group.parts, 0))

    async def forward(self) -> None:
        """Somebody sets the intake's group to the end, or near it."""
        logs, group = self._sim.broker.logs, self._sim.broker.group
        ends = {part: logs[part].end for part in group.parts}
        at = {part: self._sim.rng.randint(min(group.committed.get(part, 0), end), end) for part, end in ends.items()}
        if any(offset > group.committed.get(part, logs[part].start) for part, offset in at.items()):
            self._sim.may_have_holes = True
        await self._sim.operator.move(at)


class Operator:
    """Stops and starts the service, and mends what only people may mend."""

    def __init__(self, simulation: Simulation) -> None:
        self._sim = simulation
        self.down = False
        self.rewinds = 0

    async def move(self, offsets: dict[str, int]) -> None:
        """Sets what the group has acknowledged, as Kafka's own tools do for an empty group."""
        await self._stop_all()
        self._sim.broker.group.committed = {part: offset for part, offset in offsets.items() if offset}
        self._start_all()

    async def rewind(self) -> None:
        """`brain rewind`, by its own code."""
        from streams.service import rewind

        if self.down:
            return
        self.rewinds += 1
        self._sim.note("operator", "rewinds")
        self._sim.demand(self.rewinds <= 4, "rewinding does not mend the hole")
        await self._stop_all()
        lake = self._sim.lakes.open()
        leave = patch.object(rewind, "_pass_over_hops", AsyncMock()) if self._sim.made.hops_stay else nullcontext()
        with patch.object(rewind, "connected", self._connected), leave:
            await rewind.rewind(Settings(), lake)
        self._sim.progress |= lake.progress()
        lake.close()
        self._start_all()

    @asynccontextmanager
    async def _connected(self, settings: Settings) -> Any:
        yield SimulatedCluster(self._sim, settings)

    async def _stop_all(self) -> None:
        self.down = True
        for worker in list(self._sim.workers.values()):
            if worker.alive and self._sim.rng.random() < 0.5:
                worker.stop()
        await asyncio.sleep(5.0)
        for worker in list(self._sim.workers.values()):
            if worker.alive:
                worker.die(Killed("with the service"))
        await asyncio.sleep(SESSION_S + 1.0)

    def _start_all(self) -> None:
        self.down = False
        for name in self._sim.wanted:
            self._sim.start(name)


class SimulatedCluster:
    """As much of `streams.service.cluster.Cluster` as rewinding asks."""

    def __init__(self, simulation: Simulation, settings: Settings) -> None:
        self._broker, self.settings = simulation.broker, settings

    async def group(self, _name: str) -> Group:
        owners = {part: name for name, parts in self._broker.group.shares.items() for part in parts}
        return Group("Stable", owners) if self._broker.group.members else Group("Empty", {})

    async def partitions(self, names: Any) -> dict[str, int]:
        counts = {t.name: sum(part.startswith(f"{t.name}@") for part in self._broker.logs) for t in topics()}
        return {name: counts[name] for name in names if counts[name]}

    async def starts(self, parts: Any) -> dict[str, int]:
        return {part: self._broker.logs[part].start for part in parts}

    async def ends(self, parts: Any) -> dict[str, int]:
        return {part: self._broker.logs[part].end for part in parts}

    async def committed(self, _group: str) -> dict[str, int]:
        return dict(self._broker.group.committed)

    async def commit(self, _group: str, offsets: dict[str, int]) -> None:
        self._broker.group.committed = dict(offsets)
