"""Writer: hops become committed facts and events; the one process that steps the brain and owns the lake.

In: deliveries of the facts topic. Out: what is durable, the events to publish, snapshots.
Invariant: every offset of every part takes effect once: a hop that the lake has is dropped, one that overlaps is cut,
one that leaves a hole stops the writer. How far each topic is read is committed with what was read.
Deliberately absent: reading raw records, and trust in any consumer group's offsets.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import orjson

from schemas.keys import Ints, Key
from schemas.topics import event_topic
from sinks.claim import key_check
from streams.engine import Draft, Engine, Summary
from streams.errors import CommandError
from streams.mending import replay
from streams.service.chunks import Delivery, Message
from streams.service.hops import Content, Hop, Span, decode

EVENTS_OUT = "events"
"""The part under which the lake remembers which event is the next to be published."""
_EVENTS_AT_ONCE = 5_000


class WriterMeter(Protocol):
    """Who counts what the writer does."""

    def repeated(self, records: int) -> None: ...

    def gap(self, part: str, records: int) -> None: ...

    def committed(
        self,
        sources: Mapping[str, int],
        lateness_ms: Mapping[str, Ints],
        delay_s: Sequence[float],
        step_s: float,
        commit_s: float,
        events: Mapping[str, int],
        rejects: Mapping[tuple[str, str], int],
    ) -> None: ...

    def published(self, seconds: float, snapshot: int) -> None: ...

    def stands(self, cases: int, contacts: Mapping[str, int], reviews: int) -> None: ...

    def carries(self, transfers: Mapping[str, Any]) -> None: ...


class HoleError(CommandError):
    """Offsets that no hop has brought are missing before this one."""


@dataclass
class _Taken:
    """What one transaction took in, for the meter."""

    sources: Counter[str] = field(default_factory=Counter)
    lateness_ms: dict[str, list[Ints]] = field(default_factory=dict)
    reached_ms: list[int] = field(default_factory=list)
    rejects: Counter[tuple[str, str]] = field(default_factory=Counter)


class Writer:
    """The engine, fed from hops."""

    def __init__(self, engine: Engine, key: Key, meter: WriterMeter) -> None:
        self.engine, self._check, self._meter = engine, key_check(key), meter
        engine.recall()
        self.dirty = self._differs(engine.lake.published() or {"progress": {}})
        self.committed_ms = self.published_ms = 0
        self.standing: dict[str, Any] = {}
        self._stand()

    def _differs(self, manifest: Mapping[str, Any]) -> bool:
        """Whether more is committed than a snapshot shows."""
        shown, read = manifest["progress"], self.progress()
        return any(shown.get(part) != offset for part, offset in read.items() if part != EVENTS_OUT)

    def _stand(self) -> None:
        """What stands, in one piece: whoever asks meanwhile gets the state before or the state after, and never a
        digest beside the progress of something else."""
        summary = self.engine.summary
        self.standing = {
            "progress": self.progress(),
            "committed_at_ms": self.committed_ms,
            "published_at_ms": self.published_ms,
            "snapshot": summary.snapshot,
            "digest": summary.digest,
            "dirty": self.dirty,
            "cases": summary.cases,
            "contacts": dict(summary.contacts),
            "transfers": dict(summary.transfers),
        }

    def progress(self) -> dict[str, int]:
        """By part, of sources and of the facts topic, the next offset that is not committed."""
        return self.engine.lake.progress()

    def take(self, deliveries: Sequence[Delivery]) -> None:
        """Commits all of it in one transaction. Errors: CommandError, and whatever a full disk raises; then
        nothing of it is committed and the process must end."""
        before, taken = self.progress(), _Taken()
        reached = dict(before)
        for delivery in deliveries:
            for body in delivery.bodies:
                self._hop(decode(body), reached, taken)
            reached[delivery.part] = max(reached.get(delivery.part, 0), delivery.next)
        self.engine.mark({part: offset for part, offset in reached.items() if offset != before.get(part)})
        spent = dict(self.engine.summary.seconds)
        low, high = self.engine.commit()
        self._tell(taken, spent, low, high)
        self._stand()

    def _hop(self, hop: Hop, reached: dict[str, int], taken: _Taken) -> None:
        if hop.key_check != self._check:
            parts = ", ".join(span.part for span in hop.spans)
            raise CommandError(f"{parts}: read with another key than this lake's: give all workers one key file")
        begins = [self._begins(span, reached) for span in hop.spans]
        if all(begin == span.next for begin, span in zip(begins, hop.spans, strict=True)):
            self._meter.repeated(sum(span.lines for span in hop.spans))
            if (named := hop.named()).places.num_rows:
                self.engine.add_facts(named)
            return
        content = hop.content()
        cut = [begin > span.first for begin, span in zip(begins, hop.spans, strict=True)]
        if any(cut):
            content = content.since(np.array(begins, np.int64))
        lines = [content.lines(at) if cut[at] else span.lines for at, span in enumerate(hop.spans)]
        self._meter.repeated(sum(span.lines for span in hop.spans) - sum(lines))
        # Of what is cut nobody knows which lines had the fields; the count, of interest alone, goes without them.
        unclear = {span.source for at, span in enumerate(hop.spans) if cut[at]}
        unknown = {source: found for source, found in hop.unknown.items() if source not in unclear}
        told: Counter[str] = Counter()
        for span, count in zip(hop.spans, lines, strict=True):
            if count:
                told[span.source] += count
                taken.reached_ms.append(span.oldest_ms)
        self.engine.add(told, content.batch, content.rejects, {}, unknown)
        taken.sources.update(told)
        self._count(hop.spans, content, taken)

    def _begins(self, span: Span, reached: dict[str, int]) -> int:
        """From which offset on a span is new; its end if it is not."""
        since = reached.get(span.part, 0)
        if span.first > since:
            self._meter.gap(span.part, span.first - since)
            if not span.earliest:
                raise HoleError(
                    f"{span.part}: offsets {since} to {span.first} were never read; the intake's group was moved on. "
                    "Stop the service, run `brain rewind`, start it again"
                )
        reached[span.part] = max(since, span.next)
        return min(max(since, span.first), span.next)

    @staticmethod
    def _count(spans: Sequence[Span], content: Content, taken: _Taken) -> None:
        newest_ms = np.array([span.newest_ms for span in spans], np.int64)
        late_ms = newest_ms[content.span] - content.batch.column("event_ms")
        departments = [span.source.split(".")[0] for span in spans]
        for department in dict.fromkeys(departments):
            mine = np.array([name == department for name in departments])[content.span]
            if mine.any():
                taken.lateness_ms.setdefault(department, []).append(late_ms[mine])
        for row in content.rejects.select(["source", "reason", "count"]).to_pylist():
            taken.rejects[row["source"].split(".")[0], row["reason"]] += row["count"]

    def _tell(self, taken: _Taken, spent: dict[str, float], low: int, high: int) -> None:
        now_ms, seconds = time.time_ns() // 1_000_000, self.engine.summary.seconds
        if not taken.sources and low == high:
            return
        self.dirty, self.committed_ms = True, now_ms
        self._meter.committed(
            taken.sources,
            {department: np.concatenate(found) for department, found in taken.lateness_ms.items()},
            [(now_ms - reached) / 1000 for reached in taken.reached_ms],
            seconds["brain"] - spent["brain"],
            seconds["lake"] - spent["lake"],
            self.engine.lake.event_kinds(low, high),
            taken.rejects,
        )

    def events(self) -> list[Message]:
        """The next committed events that were not published, oldest first; none when all were. Each has the number
        under which the lake keeps it, so that whoever gets it twice can tell."""
        lake = self.engine.lake
        rows = lake.events(self._unsent(), _EVENTS_AT_ONCE).to_pylist()
        return [
            Message(event_topic(r["kind"]), str(r["subject"]).encode(), orjson.dumps(r), (("seq", b"%d" % r["seq"]),))
            for r in rows
        ]

    def sent(self, messages: Sequence[Message]) -> None:
        """These events have arrived. The lake learns it with the next commit; until then a kill sends them again."""
        self.engine.mark({EVENTS_OUT: self._unsent() + len(messages)})

    def _unsent(self) -> int:
        return self.engine.reached(EVENTS_OUT)

    def replay(self, key: Key) -> dict[str, Any]:
        """Reads the open rejects again; what came of it."""
        outcome = replay(self.engine, key)
        self.dirty = False
        self._stand()
        return outcome

    def publish(self) -> Summary:
        """Publishes what stands as a snapshot."""
        return self.shown(self.show(self.draft()))

    def draft(self) -> Draft:
        """What stands, to be published."""
        self.engine.commit()
        return self.engine.draft()

    def show(self, draft: Draft) -> tuple[dict[str, Any], float]:
        """Publishes a draft, in another thread while this one goes on; the manifest, and the seconds it took."""
        start = time.perf_counter()
        return self.engine.show(draft), time.perf_counter() - start

    def shown(self, told: tuple[dict[str, Any], float]) -> Summary:
        """A draft is published."""
        manifest, seconds = told
        summary = self.engine.shown(manifest)
        self.dirty, self.published_ms = self._differs(manifest), time.time_ns() // 1_000_000
        self._stand()
        self._meter.published(seconds, summary.snapshot)
        self._meter.stands(summary.cases, summary.contacts, summary.reviews)
        self._meter.carries(summary.transfers)
        return summary
