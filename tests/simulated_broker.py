"""Simulated broker: topics with their offsets, a consumer group with its generations, producers with their retries.

In: what is appended, sent, joined, committed. Out: the same to whoever reads; every breach of what must hold, at once.
Invariant: a row never changes; a producer's messages reach a partition in the order of sending, if need be twice; an
offset is committed by its owner alone, and never before what it stands for has arrived.
Deliberately absent: brokers that lose what they have acknowledged (acks=all is what the service asks for).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from schemas.topics import FACTS
from streams.service.chunks import Message
from streams.service.hops import decode
from streams.service.intake import HOP_KEY
from tests.simulated_time import Signal

if TYPE_CHECKING:
    from asyncio import Future, TimerHandle

    from tests.simulated_processes import Worker
    from tests.simulated_workers import IntakeWorker
    from tests.simulation import Simulation

SESSION_S = 10.0
FACT_PART = f"{FACTS}@0"
_TWICE = 0.03


@dataclass
class Log:
    """One partition. A row is what was written, at its offset; None: a control record, or an aborted one."""

    part: str
    rows: list[Any] = field(default_factory=list)
    start: int = 0

    @property
    def end(self) -> int:
        return len(self.rows)

    def read(self, position: int, count: int) -> tuple[list[int], int]:
        """Offsets of at most `count` rows that can be read from `position` on, and where reading goes on. Control
        records behind the last one come with the next reading, as they do from a broker."""
        found = [at for at in range(max(position, self.start), self.end) if self.rows[at] is not None][:count]
        return found, found[-1] + 1 if found else self.end


class Group:
    """The consumer group of the intake: eager, with static members."""

    def __init__(self, simulation: Simulation, parts: Sequence[str]) -> None:
        self._sim, self.parts = simulation, list(parts)
        self.members: dict[str, IntakeWorker] = {}
        self.shares: dict[str, list[str]] = {}
        self.generation = 0
        self.committed: dict[str, int] = {}

    def join(self, worker: IntakeWorker) -> None:
        """A member that comes back under its name has its share again, and its former self is fenced off."""
        known = worker.name in self.members
        self.members[worker.name] = worker
        if known and self._sim.rng.random() < 0.7:
            self._tell(worker)
        else:
            self.rebalance()

    def leave(self, worker: IntakeWorker) -> None:
        if self.members.get(worker.name) is worker:
            del self.members[worker.name]
            self.rebalance()

    def expect(self, worker: IntakeWorker) -> None:
        """It is silent: unless it is heard of within the session, its share goes to others."""
        self._sim.loop.call_later(SESSION_S, self._expire, worker)

    def _expire(self, worker: IntakeWorker) -> None:
        if self.members.get(worker.name) is worker and not worker.heard:
            self._sim.note("group", f"{worker.name} is silent")
            self.leave(worker)

    def rebalance(self) -> None:
        """Everything is taken from everybody and shared out anew; members that are heard may commit before."""
        rng = self._sim.rng
        for worker in self.members.values():
            if worker.heard and rng.random() < 0.5:
                worker.commit()
        self.generation += 1
        parts = rng.sample(self.parts, len(self.parts))
        names = list(self.members)
        self.shares = {name: parts[at :: len(names)] for at, name in enumerate(names)}
        self._sim.note("group", f"generation {self.generation}: {', '.join(names)}")
        for worker in self.members.values():
            self._tell(worker)

    def _tell(self, worker: IntakeWorker) -> None:
        delay_s = self._sim.rng.uniform(0, 0.5)
        self._sim.loop.call_later(delay_s, worker.learn, self.generation, self.shares[worker.name])

    def commit(self, worker: IntakeWorker, generation: int, offsets: dict[str, int]) -> bool:
        """Whether it was accepted."""
        if self.members.get(worker.name) is not worker or generation != self.generation:
            self._sim.note("group", f"refused {worker} generation {generation}")
            self._sim.counts["refused"] += 1
            return False
        for part, offset in sorted(offsets.items()):
            before = max(self.committed.get(part, 0), self._sim.broker.logs[part].start)
            self._sim.demand(offset >= self.committed.get(part, 0), f"{part}: acknowledged {offset} after {before}")
            missing = set(range(before, offset)) - self._sim.broker.arrived[part]
            self._sim.demand(not missing, f"{part}: acknowledged {offset}, but no hop of {sorted(missing)} has arrived")
            self.committed[part] = offset
        if offsets:
            self._sim.note("group", f"{worker.name} commits {sorted(offsets.items())}")
        return True


class Broker:
    """All topics, and the group."""

    def __init__(self, simulation: Simulation, sources: Sequence[str], partitions: int) -> None:
        self._sim = simulation
        parts = [f"src.{source}@{n}" for source in sources for n in range(partitions)]
        self.logs = {part: Log(part) for part in (*parts, FACT_PART)}
        self.arrived: dict[str, set[int]] = {part: set() for part in parts}
        self.group = Group(simulation, parts)
        self.sources_changed, self.facts_changed = Signal(simulation.loop), Signal(simulation.loop)
        self.events: dict[int, Message] = {}
        self.letters: dict[str, Message] = {}

    def append(self, message: Message) -> None:
        """A message has arrived."""
        family = message.topic.split(".")[0]
        if message.topic == FACTS:
            self._append_hop(message)
        elif family == "events":
            self._append_event(message)
        else:
            self.letters[message.key.decode()] = message

    def _append_hop(self, message: Message) -> None:
        log, spans = self.logs[FACT_PART], decode(message.value).spans
        self._sim.demand(message.key == HOP_KEY, "a hop that may come to stand in another partition")
        told = ", ".join(f"{span.part} [{span.first}, {span.next})" for span in spans)
        self._sim.note(log.part, f"{log.end}: {told}")
        log.rows.append(message.value)
        if self._sim.rng.random() < 0.05:
            log.rows.append(None)
        for span in spans:
            self.arrived[span.part].update(range(span.first, span.next))
        self.facts_changed.set()

    def _append_event(self, message: Message) -> None:
        number = int(dict(message.headers)["seq"])
        self._sim.note(message.topic, f"event {number}")
        self._sim.demand(number < self._sim.durable_events, f"event {number} was published before it was committed")
        self._sim.counts["events again"] += number in self.events
        self._sim.demand(self.events.setdefault(number, message) == message, f"event {number} came in two shapes")


@dataclass
class _Flight:
    message: Message
    arrival: TimerHandle | None
    told: Future[None]


class Sender:
    """An idempotent producer of one process."""

    def __init__(self, simulation: Simulation, worker: Worker) -> None:
        self._sim, self._worker = simulation, worker
        self._lanes: dict[str, deque[_Flight]] = {}
        self._last_s: dict[str, float] = {}

    def send(self, message: Message) -> Future[None]:
        """Done when the message has arrived and its sender knows."""
        loop, rng = self._sim.loop, self._sim.rng
        lane = message.topic
        at_s = max(self._last_s.get(lane, 0.0), loop.time() + self._sim.travel_s())
        self._last_s[lane] = at_s
        flight = _Flight(message, None, loop.create_future())
        flight.arrival = loop.call_at(at_s, self._arrive, lane)
        self._lanes.setdefault(lane, deque()).append(flight)
        if rng.random() < _TWICE:
            self._sim.counts["sent twice"] += 1
            loop.call_at(at_s + rng.choice((0.0, 0.1, 2.0)), self._again, flight)
        return flight.told

    def _arrive(self, lane: str) -> None:
        # What is due at one instant comes in any order: the first that was sent is the one that arrives.
        flight = self._lanes[lane].popleft()
        self._sim.broker.append(flight.message)
        flight.arrival = None
        self._sim.loop.call_later(self._sim.travel_s(), partial(_tell, flight.told, lambda: self._worker.alive))

    def _again(self, flight: _Flight) -> None:
        """A retry of what had arrived. It comes no sooner than what it repeats, if that came at all."""
        if flight.arrival is None:
            self._sim.broker.append(flight.message)

    def die(self) -> None:
        """Of what is under way, some still arrives: in every partition what was sent first."""
        for lane in self._lanes.values():
            kept = self._sim.rng.randint(0, len(lane))
            self._sim.counts["arrived after death"] += kept
            for flight in list(lane)[kept:]:
                assert flight.arrival is not None
                flight.arrival.cancel()
                lane.pop()


def _tell(told: Future[None], lives: Callable[[], bool]) -> None:
    if lives() and not told.done():
        told.set_result(None)
