"""Simulated workers: intake workers and the writer, each the product's own loop and desk on a simulated process.

In: what the broker has. Out: messages, acknowledgements, commits.
Invariant: what is done between chunk and effect is the product's own code; what stands here is the transport around it,
as streams/service/transport.py promises it: chunks of a partition follow one another from where it was sought to.
Deliberately absent: Faust.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from streams.engine import Engine
from streams.service.chunks import Chunk, Delivery, Waiting
from streams.service.intake import IntakeDesk
from streams.service.loops import publish_events
from streams.service.succession import Span
from streams.service.writer import Writer
from tests.engines import KEY, PACKS
from tests.simulated_broker import FACT_PART
from tests.simulated_consumer import Consumer
from tests.simulated_processes import Killed, Worker
from tests.simulated_time import Signal

if TYPE_CHECKING:
    from tests.simulation import Simulation


class IntakeWorker(Worker):
    """Consumes the sources' topics as a member of the group."""

    def __init__(self, simulation: Simulation, name: str) -> None:
        super().__init__(simulation, name)
        rng = simulation.rng
        self.bytes_max = rng.choice((400, 2_000, 1 << 20))
        self.waiting: Waiting[Chunk] = simulation.made.waiting(self.bytes_max)
        self.desk = IntakeDesk(KEY, simulation.tally)
        self.generation = -1
        self._chunk_records = rng.choice((1, 3, 8, 50))
        self._consumer = Consumer(simulation, simulation.broker.sources_changed)
        self._done: dict[str, int] = {}
        self._acknowledged = Signal(simulation.loop)

    def start(self) -> None:
        taken_bytes = self.sim.rng.choice((1, 1_000, 1 << 20))
        self.begin(self.sim.made.intake_loop(self.waiting, self.desk, self, taken_bytes))
        self.begin(self._commit_now_and_then())
        departments = dict.fromkeys(part.split(".")[1] for part in self.sim.broker.group.parts)
        for department in departments:
            self.begin(self._fetch(department))
        self.sim.broker.group.join(self)

    def learn(self, generation: int, parts: list[str]) -> None:
        """Partitions are assigned: seek to what the group has committed."""
        if self.alive and not self.heard:
            self._later(partial(self.learn, generation, parts))
        if not self.heard or generation < self.generation:
            return
        broker = self.sim.broker
        self.generation, self._done = generation, {}
        self._consumer.assign({part: broker.group.committed.get(part, 0) for part in parts})
        broker.sources_changed.set()

    async def _fetch(self, department: str) -> None:
        """An agent: chunks of its department, one after another."""
        broker, rng = self.sim.broker, self.sim.rng
        while True:
            await self.turn()
            ready = [part for part in self._consumer.ready() if part.split(".")[1] == department]
            if not ready:
                await broker.sources_changed.wait()
                continue
            part = rng.choice(ready)
            span = self._consumer.read(part, rng.randint(1, self._chunk_records))
            if span is not None:
                await self.waiting.put(self._chunk(part, span))
                self.sim.bounded(self.waiting, self.bytes_max)

    def _chunk(self, part: str, span: Span) -> Chunk:
        rows = [self.sim.broker.logs[part].rows[n] for n in span.records]
        lines, at = [line for line, _ in rows], [at for _, at in rows] or [0]
        source = part.removeprefix("src.").split("@")[0]
        acknowledge = partial(self._acknowledge, self.generation, part, span.next)
        earliest = self._consumer.at_beginning(part, span)
        found = np.array(span.records, np.int64)
        return Chunk(source, part, span.first, span.next, lines, found, earliest, at[0], at[-1], acknowledge)

    def _acknowledge(self, generation: int, part: str, reached: int) -> None:
        if generation == self.generation or self.sim.made.stale_acknowledgements:
            self._done[part] = max(reached, self._done.get(part, 0))
            self._acknowledged.set()

    async def _commit_now_and_then(self) -> None:
        while True:
            await self._acknowledged.wait()
            await asyncio.sleep(self.sim.rng.uniform(0.05, 1.5))
            await self.turn()
            self.commit()

    def commit(self) -> None:
        """What was acknowledged goes to the group; refused, it joins again, unless somebody else has its name."""
        group = self.sim.broker.group
        if not group.commit(self, self.generation, self._done) and group.members.get(self.name) is not self:
            if self.name in group.members:
                self.die(Killed("fenced off"))
            else:
                self.sim.loop.call_soon(self._rejoin)

    def _rejoin(self) -> None:
        if self.alive and self.name not in self.sim.broker.group.members:
            self.sim.broker.group.join(self)

    def stop(self) -> None:
        self._tasks[0].cancel()
        self.begin(self._finish())

    async def _finish(self) -> None:
        """Ends what is in hand, keeps what was done, leaves the group."""
        await self.work(lambda: None)
        self.commit()
        if self.alive:
            self.sim.broker.group.leave(self)
            self.end()

    def let_go(self) -> None:
        self.sim.broker.group.expect(self)


class WriterWorker(Worker):
    """Consumes the facts and owns the lake."""

    paces = (1.0, 1.0, 8.0, 40.0)

    writer: Writer

    def __init__(self, simulation: Simulation, name: str) -> None:
        super().__init__(simulation, name)
        rng = simulation.rng
        self.bytes_max = rng.choice((4_000, 12_000, 1 << 20))
        self.waiting: Waiting[Delivery] = simulation.made.waiting(self.bytes_max)
        self._taken_bytes, self._publish_s = rng.choice((1, 8_000, 1 << 20)), rng.choice((0.2, 2.0, 5.0))
        self._consumer = Consumer(simulation, simulation.broker.facts_changed)
        self._lake: Any = None

    def start(self) -> None:
        self.begin(self._run())

    async def _run(self) -> None:
        await self.work(self._open)
        self.seek()
        self.begin(self._fetch())
        await self.sim.made.writer_loop(self.waiting, self.writer, self, self._taken_bytes, self._publish_s)

    def _open(self) -> None:
        self._lake = self.sim.open_lake(self)
        engine = Engine(self._lake, PACKS, self.sim.rng.choice((1, 7, 100_000)))
        self.writer = self.sim.made.writer(engine, KEY, self.sim.tally)
        self.sim.note(self.name, f"opens the lake, epoch {self._lake.epoch}")

    def seek(self) -> None:
        """Goes on where the lake ends, also when it was rebalanced."""
        reached = self.writer.progress()
        self._consumer.assign({part: reached.get(part, 0) for part in (FACT_PART,)})
        self.sim.broker.facts_changed.set()

    @property
    def opened(self) -> bool:
        return hasattr(self, "writer")

    async def _fetch(self) -> None:
        broker, rng = self.sim.broker, self.sim.rng
        while True:
            await self.turn()
            ready = self._consumer.ready()
            if not ready:
                await broker.facts_changed.wait()
                continue
            part = rng.choice(ready)
            span = self._consumer.read(part, rng.choice((1, 3, 50)))
            if span is None:
                continue
            bodies = [broker.logs[part].rows[n] for n in span.records]
            acknowledge = partial(self._acknowledge, part, span.next, bodies)
            await self.waiting.put(Delivery(part, span.first, span.next, bodies, acknowledge))
            self.sim.bounded(self.waiting, self.bytes_max)

    def _acknowledge(self, part: str, reached: int, bodies: list[bytes]) -> None:
        self.sim.demand_durable(part, reached, bodies)

    def stop(self) -> None:
        if not self.opened:
            self.die(Killed("stopped while it opened"))
            return
        for task in self._tasks:
            task.cancel()
        self.begin(self._finish())

    async def _finish(self) -> None:
        """As the writer's role finishes: what is committed is published, then the lake is let go."""
        await self.work(lambda: None)
        await publish_events(self.writer, self)
        await self.work(self.writer.publish if self.writer.dirty else self.writer.engine.commit)
        self.end()

    def let_go(self) -> None:
        if self._lake is not None:
            self._lake.close()
