"""Positions: how far each partition has been written, read and committed to the lake, and what waits in between.

In: settings, the broker's and the writer's word. Out: a `Position` for every partition of every topic.
Invariant: a lag counts offsets that can be read and were not; offsets of control records and of aborted transactions
are passed by whoever reads on, so no lag stays that nobody can work off.
Deliberately absent: changing anything.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from schemas.topics import FACTS, topics
from streams.current import Current
from streams.errors import CommandError
from streams.service.cluster import Cluster, Group
from streams.service.inquiry import Answer, ask_writer
from streams.service.settings import Settings

AGE_S = 2.0
"""Longest time that is spent on looking for the oldest waiting records."""


@dataclass(frozen=True)
class Position:
    """One partition. `part`: topic@partition; `end`: after the last record that can be read; `intake`: acknowledged by
    the intake workers; `lake`: committed. None: nothing yet, or nobody reads this topic. `oldest_at_ms`: when the
    first record that the lake lacks reached the topic; None also where that was not found out in time."""

    part: str
    start: int
    end: int
    intake: int | None
    lake: int | None
    owner: str
    oldest_at_ms: int | None = None

    @property
    def topic(self) -> str:
        return self.part.rpartition("@")[0]

    @property
    def source(self) -> str | None:
        """Of a department's topic, the source."""
        return self.topic.removeprefix("src.") if self.topic.startswith("src.") else None

    @property
    def read(self) -> bool:
        """Whether the service reads this topic; others are read by other people's programs."""
        return self.source is not None or self.topic == FACTS

    @property
    def lake_lag(self) -> int:
        """Offsets that the lake lacks and can still get."""
        return max(0, self.end - max(self.lake or 0, self.start)) if self.read else 0

    @property
    def intake_lag(self) -> int:
        """Offsets of a source that no intake worker has acknowledged."""
        return max(0, self.end - max(self.intake or 0, self.start)) if self.source else 0

    @property
    def lost(self) -> int:
        """Offsets that the broker has let go before the lake had them; of a part that it has read before."""
        return max(0, self.start - self.lake) if self.read and self.lake is not None else 0

    def row(self, now_ms: int) -> dict[str, Any]:
        """For JSON. Units: ages in seconds."""
        age_s = None if self.oldest_at_ms is None else max(0, now_ms - self.oldest_at_ms) / 1000
        return {
            "part": self.part, "start": self.start, "end": self.end, "intake": self.intake, "lake": self.lake,
            "intake_lag": self.intake_lag, "lag": self.lake_lag, "lost": self.lost, "oldest_age_s": age_s,
            "owner": self.owner,
        }  # fmt: skip


@dataclass(frozen=True)
class Standing:
    """All positions at one time. `lake_word`: whose word the lake's positions are: `writer`, which is exact,
    `snapshot`, which may be older than what is committed, or `none`. `group`: the intake workers'."""

    at_ms: int
    positions: tuple[Position, ...]
    lake_word: str
    writer: Answer
    group: Group

    @property
    def sources(self) -> list[Position]:
        return [position for position in self.positions if position.source]


async def standing(cluster: Cluster, ages: bool = True) -> Standing:
    """Where everything stands now. `ages`: also look at the oldest waiting records, for at most AGE_S.
    Errors: CommandError by way of the cluster's."""
    from streams.service.agents import intake_group  # here: it brings all of Faust, and every command would wait for it

    settings = cluster.settings
    group = await cluster.group(intake_group(settings))
    acknowledged = await cluster.committed(intake_group(settings))
    writer = await ask_writer(settings)
    progress, word = lake_progress(settings, writer)
    # The ends come last: what was read and committed before cannot lie beyond them.
    there = await cluster.partitions(topic.name for topic in topics())
    parts = [f"{topic.name}@{n}" for topic in topics() for n in range(there.get(topic.name, 0))]
    starts, ends = await cluster.starts(parts), await cluster.ends(parts)
    owners = dict(group.owners)
    if writer.status is not None:
        owners |= {part: f"writer {writer.address}" for part in parts if part.startswith(FACTS + "@")}
    found = [Position(p, starts[p], ends[p], acknowledged.get(p), progress.get(p), owners.get(p, "")) for p in parts]
    if ages:
        found = await _aged(cluster, found)
    return Standing(time.time_ns() // 1_000_000, tuple(found), word, writer, group)


async def _aged(cluster: Cluster, found: list[Position]) -> list[Position]:
    lagging = {p.part: max(p.lake or 0, p.start) for p in found if p.lake_lag and p.source}
    times = await cluster.times(lagging, AGE_S) if lagging else {}
    return [replace(position, oldest_at_ms=times.get(position.part)) for position in found]


def lake_progress(settings: Settings, writer: Answer) -> tuple[Mapping[str, int], str]:
    """How far the lake has read, by part, and whose word that is."""
    if writer.status is not None and "progress" in writer.status:
        return writer.status["progress"], "writer"
    try:
        progress: dict[str, int] = Current(settings.lake).manifest["progress"]
    except CommandError:
        return {}, "none"
    return progress, "snapshot"
