"""Roles: what an intake worker and the writer each bring to a worker process.

In: settings, a meter. Out: the app, the loop, the status, what to do at the end.
Invariant: only the writer opens the lake; an intake worker needs the key alone.
Deliberately absent: the process around them (worker.py).
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack
from typing import Any, Protocol

import faust
import pyarrow as pa
from aiohttp import web
from faust.types import TP

from schemas.keys import parse_code
from schemas.topics import FACTS
from streams.engine import Engine
from streams.keyfile import find_key
from streams.opening import Opened, open_lake
from streams.service.agents import intake_app, part_of, writer_app
from streams.service.chunks import Chunk, Delivery, Waiting
from streams.service.clock import clock_loop
from streams.service.intake import IntakeDesk
from streams.service.loops import Means, intake_loop, publish_events, writer_loop
from streams.service.metrics import Meter
from streams.service.settings import Settings
from streams.service.writer import Writer

Work = Callable[..., Awaitable[Any]]
_TAKEN_BYTES = 32 << 20
"""Bytes that are taken from a queue at once: what one step holds beside the queue."""


class Role(Protocol):
    """What a worker process asks of its role."""

    waiting: Waiting[Any]

    def open(self) -> None: ...
    def app(self) -> faust.App: ...
    async def loop(self, means: Means) -> None: ...
    def status(self) -> dict[str, Any]: ...
    def ready(self) -> tuple[bool, str]: ...
    def lags(self, lags: Mapping[TP, int]) -> dict[str, int]: ...
    def routes(self, work: Work) -> Mapping[str, Any]: ...
    async def finish(self, means: Means) -> None: ...
    def close(self) -> None: ...


class _Common:
    def __init__(self, settings: Settings, meter: Meter) -> None:
        self.settings, self.meter = settings, meter
        self._assigned: dict[str, int] = {}
        self._opened = False

    def lags(self, lags: Mapping[TP, int]) -> dict[str, int]:
        """By part that is ours, what waits at the broker."""
        self._assigned = {part_of(self.settings, tp): lag for tp, lag in lags.items()}
        return self._assigned

    def ready(self) -> tuple[bool, str]:
        if not self._opened:
            return False, "opening"
        # More workers than partitions is no fault: those without stand by.
        return (True, "ok") if self._assigned or self.settings.index > 1 else (False, "no partitions assigned yet")


class IntakeRole(_Common):
    """Reads strictly, pseudonymises, passes on."""

    def __init__(self, settings: Settings, meter: Meter) -> None:
        super().__init__(settings, meter)
        self.waiting: Waiting[Chunk] = Waiting(settings.waiting_bytes // 4)

    def open(self) -> None:
        self._desk = IntakeDesk(find_key(self.settings.lake, self.settings.key, may_create=False), self.meter)
        self._opened = True

    def app(self) -> faust.App:
        return intake_app(self.settings, self.waiting)

    async def loop(self, means: Means) -> None:
        await intake_loop(self.waiting, self._desk, means, _TAKEN_BYTES)

    def status(self) -> dict[str, Any]:
        return {
            "role": "intake",
            "pid": os.getpid(),
            "index": self.settings.index,
            "assigned": sorted(self._assigned),
            "read": self._desk.lines if self._opened else 0,
            "rejected": self._desk.refused if self._opened else 0,
        }

    def routes(self, work: Work) -> Mapping[str, Any]:  # noqa: ARG002
        return {}

    async def finish(self, means: Means) -> None:
        """Nothing: what was read is at the broker, what was not is not acknowledged."""

    def close(self) -> None:
        """Nothing is held."""


class WriterRole(_Common):
    """Steps the brain, commits, publishes."""

    def __init__(self, settings: Settings, meter: Meter) -> None:
        super().__init__(settings, meter)
        self.waiting: Waiting[Delivery] = Waiting(settings.waiting_bytes)
        self._held = ExitStack()

    def open(self) -> None:
        settings = self.settings
        began_s = time.monotonic()
        self._lake: Opened = self._held.enter_context(open_lake(settings.lake, settings.key, settings.pack, True))
        engine = Engine(self._lake.lake, self._lake.packs, settings.step_records)
        self._writer = Writer(engine, self._lake.key, self.meter)
        self.meter.restored(engine.summary.restored, time.monotonic() - began_s)
        self.meter.disk(settings.lake)
        summary = engine.summary
        self.meter.stands(summary.cases, summary.contacts, summary.reviews)
        self.meter.carries(summary.transfers)
        self._opened = True

    def app(self) -> faust.App:
        return writer_app(self.settings, self._lake.lake.lake_id, self.waiting, self._starts)

    async def _starts(self, committed: Mapping[TP, int | None]) -> Mapping[TP, int | None]:
        """Where the lake ends, whatever the group says."""
        reached = self._writer.progress()
        return {tp: reached.get(f"{FACTS}@{tp.partition}") for tp in committed}

    async def loop(self, means: Means) -> None:
        """Beside its own work the writer tells the time: there is one of it, and without it ticks serve nobody."""
        work = writer_loop(self.waiting, self._writer, means, _TAKEN_BYTES, self.settings.publish_s)
        await asyncio.gather(work, clock_loop(means, self.settings.tick_s, time.time))

    def status(self) -> dict[str, Any]:
        waiting = len(self.waiting)
        found = {"role": "writer", "pid": os.getpid(), "lake": str(self.settings.lake), "waiting_hops": waiting}
        if not self._opened:
            return found
        own = {"epoch": self._lake.lake.epoch, "lake_id": self._lake.lake.lake_id}
        return found | own | self._writer.standing | {"departments": self.meter.departments()}

    def routes(self, work: Work) -> Mapping[str, Any]:
        async def contacts(request: web.Request) -> web.Response:
            return await self._listed(request, "contacts", "source", self._lake.lake.contacts_now)

        async def transfers(request: web.Request) -> web.Response:
            return await self._listed(request, "transfers", "person", self._lake.lake.transfers_now)

        async def mend(_request: web.Request) -> web.Response:
            return web.json_response(await work(self._replay))

        return {"/contacts": contacts, "/transfers": transfers, "/rejects/replay": ("POST", mend)}

    async def _listed(
        self, request: web.Request, name: str, whose: str, find: Callable[[int | None], pa.Table]
    ) -> web.Response:
        """What is committed now. Not on the writing thread: it must be there also while a step is under way; nor in the
        event loop, which brings the facts."""
        code = request.query.get(whose, "")
        try:
            person = parse_code(code, "P") if code else None
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)
        committed_ms = self._writer.committed_ms
        rows = await asyncio.get_running_loop().run_in_executor(None, lambda: find(person).to_pylist())
        return web.json_response({name: rows, "committed_at_ms": committed_ms})

    def _replay(self) -> dict[str, Any]:
        return self._writer.replay(self._lake.key)

    async def finish(self, means: Means) -> None:
        """Publishes what is committed, so that readers see all of it while nobody works."""
        await publish_events(self._writer, means)
        if self._writer.dirty:
            await means.work(self._writer.publish)
        else:
            await means.work(self._writer.engine.commit)

    def close(self) -> None:
        self._held.close()
