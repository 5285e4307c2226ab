"""The topics: one table, from which they are created, checked, read and written.

In: DEPARTMENTS. Out: every topic with its partitions, retention and compaction.
Invariant: a topic's name says what it holds: `src.` as it came, `dead.` what was refused,
`brain.` inside, `events.` out.
Deliberately absent: how topics are made and read (streams/service/), and the prefix of an installation.
"""

from __future__ import annotations

from dataclasses import dataclass

from schemas.departments import DEPARTMENTS, EXPECTED
from schemas.events import EVENT_KINDS

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
FACTS = "brain.facts"
"""From the intake to the writer (streams/service/hops.py), all with one key: the writer reads them in their order."""
FACT_BYTES_MAX = 16 << 20
"""Size of the largest message inside. Chunks are bundled so that it is not reached."""

BUSY_PER_DAY = 50_000
"""Sources with fewer records a day, 0.6 a second, have one partition [D]: every fetch of a worker names all partitions
that it reads, and naming four for each of 60 sources took more of a processor than the records did."""


@dataclass(frozen=True)
class Topic:
    """One topic. Units: milliseconds, bytes. `scaled`: it has as many partitions as the installation chooses; others
    have one, since their order over all keys matters, or since one worker reads all of it without noticing."""

    name: str
    scaled: bool
    retention_ms: int
    about: str
    message_bytes_max: int = 1 << 20

    def partitions(self, chosen: int) -> int:
        return chosen if self.scaled else 1

    def config(self) -> dict[str, str]:
        """What the broker is told. Nothing is compacted: of a compacted topic only the last word on a key is left, and
        every one of these is a history that somebody may have to read again."""
        return {
            "cleanup.policy": "delete",
            "retention.ms": str(self.retention_ms),
            "max.message.bytes": str(self.message_bytes_max),
        }


def families() -> dict[str, tuple[str, ...]]:
    """Event kinds by family, the first word of their name: case, contact, person, review."""
    names = sorted({kind.split("_")[0] for kind in EVENT_KINDS})
    return {name: tuple(kind for kind in EVENT_KINDS if kind.startswith(name + "_")) for name in names}


def _busy(source: str) -> bool:
    """Whether so many records are expected; a source of which nothing is known may be."""
    return source not in EXPECTED or max(EXPECTED[source].per_day.values()) >= BUSY_PER_DAY


def source_topic(source: str) -> str:
    return f"src.{source}"


def dead_topic(source: str) -> str:
    """Where a department's refused records go, sealed."""
    return f"dead.{source.split('.')[0]}"


def event_topic(kind: str) -> str:
    return f"events.{kind.split('_')[0]}"


def topics() -> tuple[Topic, ...]:
    """Every topic there is. A department that is added adds its own."""
    found = [
        Topic(
            source_topic(name := f"{department}.{model.record}"), _busy(name), 3 * DAY_MS,
            f"{model.__doc__ or ''}".split("\n")[0],
        )
        for department, models in DEPARTMENTS.items()
        for model in models
    ]
    # Raw records hold identifiers: three days are enough to read them again after a week-end's failure, and no more.
    found += [
        Topic(f"dead.{department}", False, 14 * DAY_MS, f"refused records of {department}, sealed")
        for department in DEPARTMENTS
    ]
    found.append(Topic(FACTS, False, 3 * DAY_MS, "facts of chunks, from intake to writer", FACT_BYTES_MAX))
    found += [
        Topic(f"events.{family}", False, 14 * DAY_MS, f"what was concluded: {', '.join(kinds)}")
        for family, kinds in families().items()
    ]
    return tuple(found)
