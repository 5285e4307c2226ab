"""Simulation: the service in one process, with a broker, a clock and troubles of its own; one seed is one run, exactly.

In: a seed. Out: a trace, and every breach of what must hold. `python -m tests.simulation --seed N` tells the run N.
Invariant: the loops, desks, engine and brain are the product's; what surrounds them is drawn from the seed alone.
Deliberately absent: Kafka, Faust, threads, the time of day, chance.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import sys
import time
from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any

from streams.service.chunks import Waiting
from streams.service.hops import decode
from streams.service.writer import HoleError
from tests.simulated_broker import Broker
from tests.simulated_departments import Departments
from tests.simulated_faults import PLANTED, Made
from tests.simulated_histories import drawn
from tests.simulated_lake import Lakes, MemoryLakes, Probed
from tests.simulated_processes import DiskFullError, Killed, Tally, Worker
from tests.simulated_time import StalledError, VirtualLoop, run_virtual
from tests.simulated_troubles import Operator, Troubles
from tests.simulated_verdict import judge
from tests.simulated_workers import IntakeWorker, WriterWorker

TROUBLED_S = 40.0
REST_S = 900.0
"""Time in which a service that is left alone must have come to rest."""


class BreachError(AssertionError):
    """Something that must hold does not."""


class Simulation:
    """One run. `lakes`: what outlives its writers."""

    def __init__(self, seed: int, made: Made | None = None, lakes: Lakes | None = None) -> None:
        self.seed, self.rng, self.loop = seed, Random(seed), VirtualLoop()
        self.made = made or Made()
        self.trace: list[str] = []
        self.counts: Counter[str] = Counter()
        self.breaches: list[str] = []
        self.lakes = lakes or MemoryLakes(self.made.lake)
        self.tally = Tally(self.counts, self.note)
        self.durable_events = 0
        self.progress: dict[str, int] = {}
        self.disk_full = self.may_have_holes = self.hops_lost = self.calm = False
        self.wanted = ["writer", *(f"intake-{n}" for n in range(1, self.rng.randint(1, 3) + 1))]
        self.workers: dict[str, Worker] = {}
        self.lines = drawn(self.rng)
        self.sent: list[tuple[str, int]] = []
        sources = list(dict.fromkeys(source for source, _ in self.lines))
        self.broker = Broker(self, sources, self.rng.choice((1, 1, 2)))
        self.operator = Operator(self)

    # What everybody may ask.

    def note(self, who: str, what: str) -> None:
        self.trace.append(f"{self.loop.time():9.3f} {who:<12} {what}")

    def demand(self, holds: bool, what: str) -> None:
        if not holds:
            self.note("BREACH", what)
            self.breaches.append(what)

    def delay_s(self) -> float:
        return self.rng.choice((0.0, 0.001, 0.01, 0.03, 0.2))

    def travel_s(self) -> float:
        """How long a message is under way."""
        return self.rng.choice((0.001, 0.01, 0.1, 1.0))

    def bounded(self, waiting: Waiting[Any], bytes_max: int) -> None:
        self.demand(len(waiting) <= 1 or waiting.bytes <= bytes_max, f"{waiting.bytes} bytes wait, bound {bytes_max}")

    def demand_durable(self, part: str, reached: int, bodies: Sequence[bytes]) -> None:
        self.demand(self.progress.get(part, 0) >= reached, f"{part}: acknowledged {reached} before it was committed")
        for span in (span for body in bodies for span in decode(body).spans):
            durable = self.progress.get(span.part, 0) >= span.next
            self.demand(durable, f"{span.part}: {span.next} acknowledged, not durable")

    def open_lake(self, worker: Worker) -> Any:
        def point(where: str) -> None:
            if where == "before the transaction" and self.disk_full:
                self.disk_full = False
                raise DiskFullError("nothing was committed")
            worker.point(where)

        def durable(events: int, progress: dict[str, int]) -> None:
            self.note(worker.name, f"commits up to event {events}: {sorted(progress.items())}")
            self.durable_events = max(self.durable_events, events)
            self.progress |= progress

        return Probed(self.lakes.open(), point, durable)

    # Who starts what has died.

    @property
    def writer(self) -> WriterWorker | None:
        worker = self.workers.get("writer")
        return worker if isinstance(worker, WriterWorker) and worker.alive else None

    def start(self, name: str) -> None:
        if self.operator.down or (name in self.workers and self.workers[name].alive):
            return
        self.note(name, "starts")
        self.counts["starts"] += 1
        worker = self.workers[name] = (WriterWorker if name == "writer" else IntakeWorker)(self, name)
        worker.start()

    def died(self, worker: Worker, why: BaseException) -> None:
        if isinstance(why, HoleError):
            self.demand(self.may_have_holes, f"a hole that nobody made: {why}")
            self.counts["holes"] += 1
            if not self.operator.down:
                self.loop.create_task(self.operator.rewind())
            return
        self.demand(isinstance(why, Killed | DiskFullError), f"{worker} died of {why!r}")
        self.ended(worker)

    def ended(self, worker: Worker) -> None:
        self.loop.call_later(self.rng.uniform(0.2, 3.0), self.start, worker.name)

    def end_all(self) -> None:
        self.operator.down = True
        for worker in self.workers.values():
            if worker.alive:
                worker.die(Killed("the end"))

    # The run.

    def run(self) -> Simulation:
        """Errors: BreachError that says how to see this run again."""
        try:
            run_virtual(self._run(), self.loop)
        except StalledError as error:
            self.demand(False, str(error))
        for failure in self.loop.failures:
            self.demand(False, failure)
        if self.breaches:
            fault = next((f' --fault "{name}"' for name, made in PLANTED.items() if made is self.made), "")
            replay = f"python -m tests.simulation --seed {self.seed}{fault}"
            raise BreachError(f"seed {self.seed}: {'; '.join(self.breaches[:5])}\nreplay: {replay}")
        return self

    async def _run(self) -> None:
        departments = Departments(self)
        troubles = Troubles(self, self.rng.choice((0, 1, 3, 8, 12)), TROUBLED_S)
        for name in self.wanted:
            self.loop.call_later(self.rng.uniform(0, 2), self.start, name)
        late = self.rng.randint(0, len(self.lines) // 3)
        early = self.loop.create_task(departments.send(self.lines[: len(self.lines) - late], TROUBLED_S))
        await troubles.run()
        await early
        self.calm = True
        for worker in self.workers.values():
            worker.pace = 1.0
        await departments.send(self.lines[len(self.lines) - late :], 5.0)
        departments.end()
        await self._rest()
        if not self.breaches:
            self.end_all()
            judge(self)

    async def _rest(self) -> None:
        until_s = self.loop.time() + REST_S
        while (lacking := self._lacking()) and not self.breaches:
            if self.loop.time() > until_s:
                self.demand(False, f"does not come to rest: {lacking}")
                return
            await asyncio.sleep(1.0)

    def _lacking(self) -> str:
        """What is still to be done."""
        for part, log in self.broker.logs.items():
            if log.end and self.progress.get(part, 0) != log.end:
                return f"{part}: {self.progress.get(part, 0)} of {log.end} is committed"
            if part in self.broker.group.parts and log.end and self.broker.group.committed.get(part, 0) != log.end:
                return f"{part}: {self.broker.group.committed.get(part, 0)} of {log.end} is acknowledged"
        if len(self.broker.events) != self.durable_events:
            return f"{len(self.broker.events)} of {self.durable_events} events are published"
        if self.writer is None or not self.writer.opened or self.writer.writer.dirty:
            return "the writer has not published"
        return ""

    @property
    def digest(self) -> str:
        """Of the trace."""
        return hashlib.sha256("\n".join(self.trace).encode()).hexdigest()


def main(arguments: Sequence[str]) -> int:
    """Tells one run, or tries many."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description="Simulated runs of the service.")
    parser.add_argument("--seed", type=int, help="tell this run")
    parser.add_argument("--first", type=int, default=0, help="first seed of many")
    parser.add_argument("--count", type=int, default=300, help="how many")
    parser.add_argument("--fault", choices=sorted(PLANTED), help="plant this fault")
    chosen = parser.parse_args(arguments)
    fault = PLANTED[chosen.fault] if chosen.fault else None
    if chosen.seed is not None:
        simulation = Simulation(chosen.seed, fault)
        try:
            simulation.run()
            verdict = 0
        except BreachError:
            verdict = 1
        print("\n".join([*simulation.trace, str(dict(simulation.counts)), f"trace {simulation.digest}"]))
        return verdict
    began, counts, failed = time.perf_counter(), Counter[str](), 0
    for seed in range(chosen.first, chosen.first + chosen.count):
        simulation = Simulation(seed, fault)
        try:
            simulation.run()
        except BreachError as error:
            failed += 1
            print(str(error).split("\n")[0])
        counts += simulation.counts
    spent = time.perf_counter() - began
    print(dict(counts))
    print(f"{chosen.count} seeds, {failed} failed, {spent:.1f} s, {60 * chosen.count / spent:,.0f} seeds a minute")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
