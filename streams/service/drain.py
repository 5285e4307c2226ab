"""Drain: everything that was published before a moment is worked off and can be read; then the service is stopped.

In: settings. Out: nothing, once it is so; a CommandError that says what still lags when time runs out.
Invariant: what counts is the lake's own progress, and a snapshot that was begun after it.
Deliberately absent: keeping departments from publishing; what they send meanwhile waits in the topics.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from schemas.departments import sources
from schemas.topics import source_topic
from streams.errors import FINDINGS, CommandError
from streams.service.cluster import connected
from streams.service.inquiry import Answer, Supervisor, ask_writer, supervisor_of
from streams.service.settings import Settings

_EVERY_S = 0.2
_SHOWN = 5
Told = Callable[[int, str], None]
"""Told how many offsets still lag, and what is waited for."""


@dataclass
class _Watch:
    """What has to be reached, and the snapshot at which it was first seen to be. Snapshots follow one another, so a
    snapshot with a number two higher was begun after that, whatever has been committed since."""

    wanted: Mapping[str, int]
    reached_at: int | None = None
    lagging: dict[str, int] = field(default_factory=dict)

    def done(self, writer: Answer) -> bool:
        status = writer.status or {}
        progress = status.get("progress", {})
        self.lagging = {part: end - progress.get(part, 0) for part, end in self.wanted.items()}
        self.lagging = {part: lag for part, lag in self.lagging.items() if lag > 0}
        if self.lagging or "progress" not in status:
            return False
        if self.reached_at is None:
            self.reached_at = status["snapshot"]
        return not status["dirty"] or status["snapshot"] >= self.reached_at + 2


async def wait_until_drained(settings: Settings, timeout_s: float, told: Told) -> None:
    """Returns when all that stood in the sources' topics when this was called is in a published snapshot. Errors:
    CommandError naming what still lags after the time."""
    until = asyncio.get_running_loop().time() + timeout_s
    async with connected(settings) as cluster:
        there = await cluster.partitions(source_topic(source) for source in sources())
        parts = [f"{topic}@{n}" for topic, count in there.items() for n in range(count)]
        watch = _Watch(await cluster.written(parts))
    while True:
        writer = await ask_writer(settings)
        if watch.done(writer):
            return
        if asyncio.get_running_loop().time() > until:
            raise CommandError(_overdue(watch, writer, timeout_s), FINDINGS)
        waiting = "committed" if watch.lagging else "a snapshot" if writer.status else "the writer"
        told(sum(watch.lagging.values()), waiting)
        await asyncio.sleep(_EVERY_S)


def _overdue(watch: _Watch, writer: Answer, timeout_s: float) -> str:
    start = f"未排空 not drained after {timeout_s:g} s"
    if writer.status is None:
        return f"{start}: no writer at {writer.address}: {writer.why}; is the service up? brain status"
    if not watch.lagging:
        return f"{start}: everything is committed, but not in a snapshot yet; wait longer, --timeout"
    worst = sorted(watch.lagging.items(), key=lambda item: (-item[1], item[0]))
    names = ", ".join(f"{part} ({lag:,})" for part, lag in worst[:_SHOWN])
    more = f" … {len(worst) - _SHOWN} more" if len(worst) > _SHOWN else ""
    return f"{start}: still lagging: {names}{more}; wait longer, --timeout, or see why: brain status"


def running(settings: Settings) -> Supervisor:
    """The supervisor of this lake's service. Errors: CommandError where there is none."""
    found = supervisor_of(settings)
    if found is None:
        raise CommandError(
            f"没有在运行 no service of {settings.lake} is supervised on this machine; `brain drain --keep` waits for "
            "one that runs elsewhere, and leaves it running"
        )
    return found


async def stop_service(settings: Settings, supervisor: Supervisor) -> None:
    """Asks the supervisor to stop and waits until it has gone. Errors: CommandError when it has not in time."""
    os.kill(supervisor.pid, signal.SIGTERM)
    # Intake and writer each have `stop_s`, one after the other, and are killed after that.
    until = asyncio.get_running_loop().time() + 2 * settings.stop_s + 5
    while supervisor_of(settings) == supervisor:
        if asyncio.get_running_loop().time() > until:
            raise CommandError(
                f"未停止 process {supervisor.pid} was asked to stop and has not; see its log; everything is worked "
                "off, so it may be killed",
                FINDINGS,
            )
        await asyncio.sleep(_EVERY_S)
