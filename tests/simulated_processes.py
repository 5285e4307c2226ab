"""Simulated processes: what a worker's process does around its loop: one thread, a producer, being stopped and killed.

In: jobs, messages. Out: their outcome; its death, to the simulation.
Invariant: a dead process does nothing any more; one that stands still goes on later as if nothing had been; after a
job that failed none is begun (streams/service/worker.py).
Deliberately absent: signals and real threads, and what the worker's role is (simulated_workers.py).
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from streams.service.chunks import Message
from tests.simulated_broker import Sender

if TYPE_CHECKING:
    from tests.simulation import Simulation


class Killed(BaseException):
    """A process ended without a word. Nothing may catch it."""


class DiskFullError(OSError):
    """The disk is full."""


class Tally:
    """Counts what desks do."""

    def __init__(self, counts: Counter[str], note: Callable[[str, str], None]) -> None:
        self._counts, self._note = counts, note

    def chunk(self, _source: str, records: int, _rejects: Any, _seconds: float) -> None:
        self._counts["read"] += records

    def hop(self, _size_bytes: int) -> None:
        self._counts["hops"] += 1

    def repeated(self, records: int) -> None:
        self._counts["repeated"] += records

    def gap(self, _part: str, records: int) -> None:
        self._counts["gap"] += records

    def committed(self, sources: Mapping[str, int], *_: Any) -> None:
        self._counts["taken"] += sum(sources.values())

    def published(self, _seconds: float, snapshot: int) -> None:
        self._note("writer", f"publishes snapshot {snapshot}")

    def carries(self, transfers: Mapping[str, Any]) -> None:
        """Nobody asks."""

    def stands(self, cases: int, contacts: Mapping[str, int], reviews: int) -> None:
        self._note("writer", f"{cases} cases, contacts {dict(contacts)}, {reviews} reviews")


class Worker:
    """A process: `Means` for the product's loops. `fuse`: at so many points from now it dies, or is
    asked to end. `pace`: how many times as long as others it takes for everything."""

    paces = (1.0, 1.0, 1.0, 8.0)

    def __init__(self, simulation: Simulation, name: str) -> None:
        self.sim, self.name = simulation, name
        self.alive, self.stopped_until_s = True, 0.0
        self.fuse, self.fuse_kills, self.cut = -1, True, False
        self.pace = 1.0 if simulation.calm else simulation.rng.choice(self.paces)
        self._tasks: list[asyncio.Task[None]] = []
        self._jobs: deque[tuple[Callable[..., Any], tuple[Any, ...], asyncio.Future[Any]]] = deque()
        self._working = False
        self._failure: BaseException | None = None
        self.sender = Sender(simulation, self)

    def __str__(self) -> str:
        return self.name

    @property
    def heard(self) -> bool:
        """Whether it sends heartbeats."""
        return self.alive and self.sim.loop.time() >= self.stopped_until_s

    # What the loops are given.

    async def work(self, job: Callable[..., Any], *arguments: Any) -> Any:
        """On the one thread, in the order of asking; the thread ends its job also when nobody waits any more."""
        await self.turn()
        done = self.sim.loop.create_future()
        self._jobs.append((job, arguments, done))
        if not self._working:
            self._working = True
            self._later(self._run_job)
        found = await done
        await self.turn()
        return found

    async def aside(self, job: Callable[..., Any], *arguments: Any) -> Any:
        """On a second thread; whatever else the process does may come before it."""
        await self.turn()
        self.point("before a job aside")
        found = job(*arguments)
        await self.turn()
        return found

    async def publish(self, messages: Sequence[Message]) -> None:
        await self.turn()
        self.point("before sending")
        sent = [self.sender.send(message) for message in messages]
        if self.cut and sent:
            raise Killed("while sending")
        for told in sent:
            await told
        self.point("after sending")
        await self.turn()

    def beat(self) -> None:
        self.sim.counts["beats"] += 1

    def now_s(self) -> float:
        return self.sim.loop.time()

    # What happens to it.

    async def turn(self) -> None:
        """Goes on after a moment, and not while it is stopped."""
        await asyncio.sleep(self.sim.delay_s() * self.pace)
        while (left_s := self.stopped_until_s - self.sim.loop.time()) > 0:
            await asyncio.sleep(left_s)

    def _later(self, job: Callable[[], None]) -> None:
        now_s = self.sim.loop.time()
        at_s = max(now_s + self.sim.delay_s() * self.pace, self.stopped_until_s)
        self.sim.loop.call_at(at_s, job)

    def _run_job(self) -> None:
        if not self.alive:
            return
        if not self.heard:
            self._later(self._run_job)
            return
        job, arguments, done = self._jobs.popleft()
        self._working = bool(self._jobs)
        try:
            if self._failure is not None:
                raise self._failure
            self.point("before a job")
            found = job(*arguments)
        except BaseException as error:  # what it does to the process is what this is about
            if isinstance(error, Killed):
                self.die(error)
                return
            if self._failure is None:
                self._fail(error)
            if not done.cancelled():  # else nobody learns of it, as with a thread
                done.set_exception(error)
        else:
            if not done.cancelled():
                done.set_result(found)
        if self._working:
            self._later(self._run_job)

    def _fail(self, error: BaseException) -> None:
        """A job has failed; it may be that the process was asked to end while it ran."""
        if not self.sim.made.goes_on_after_failing:
            self._failure = error
        if self.sim.rng.random() < 0.3:
            self.sim.note(self.name, f"is asked to end while failing: {type(error).__name__}")
            self.stop()

    def point(self, where: str) -> None:
        """A place between two effects, where it may die or be asked to end."""
        self.fuse -= 1
        if self.fuse == 0 and self.fuse_kills:
            raise Killed(where)
        if self.fuse == 0:
            self.sim.note(self.name, f"is asked to end {where}")
            self.stop()
            if not self.alive:
                raise Killed(where)

    def begin(self, job: Coroutine[Any, Any, None]) -> None:
        task = self.sim.loop.create_task(job)
        task.add_done_callback(self._ended)
        self._tasks.append(task)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self.die(error)

    def die(self, why: BaseException) -> None:
        if not self.alive:
            return
        self.sim.note(self.name, f"dies: {type(why).__name__} {why}")
        self.alive = False
        for task in self._tasks:
            task.cancel()
        self.sender.die()
        self.let_go()
        self.sim.died(self, why)

    def end(self) -> None:
        """Ends as asked to."""
        self.sim.note(self.name, "ends")
        self.alive = False
        for task in self._tasks:
            task.cancel()
        self.let_go()
        self.sim.ended(self)

    def stop(self) -> None:
        """Asks it to end."""
        raise NotImplementedError

    def let_go(self) -> None:
        """What the operating system takes back from a process that has ended."""
