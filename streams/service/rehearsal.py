"""Rehearsal: a folder of records through the whole service on this machine, which is left running.

In: records, a lake's folder. Out: the service in the background, and a published lake that has all of the records.
Invariant: nothing is done here that the commands do not do; what runs already is used.
Deliberately absent: stopping it (brain drain, brain broker down).
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from streams.errors import FINDINGS, CommandError
from streams.records import Reader, find_parts
from streams.service.drain import wait_until_drained
from streams.service.inquiry import ask_workers, supervisor_of
from streams.service.produce import Published, publish_at_once
from streams.service.settings import Settings, variable

_START_S, _DRAIN_S = 60.0, 600.0
Say = Callable[[str], object]


def rehearse(settings: Settings, records: Path, workers: int, say: Say) -> Published:
    """Returns when the records are in a snapshot. Errors: CommandError with what to look at."""
    log = settings.lake.parent / "service.log"
    if supervisor_of(settings) is None:
        _start(settings, workers, log)
    _until_ready(settings, log)
    say(f"服务已就绪 the service is ready: http://{settings.host}:{settings.port}/status, log {log}")
    published = asyncio.run(_through(settings, records))
    rate = published.records.total() / max(published.seconds, 1e-9)
    say(f"已发布 published {published.records.total():,} 条记录 records, {rate:,.0f}/s; 已处理完 and worked off")
    return published


def _start(settings: Settings, workers: int, log: Path) -> None:
    log.parent.mkdir(parents=True, exist_ok=True)
    chosen = {name: getattr(settings, name) for name in ("lake", "bootstrap", "port", "pack")}
    # The records are of another day than today's: time is what they say themselves.
    told = {variable(name): str(value) for name, value in {"tick_s": 0, **chosen}.items()}
    environment = {**os.environ, **told}
    with log.open("ab") as said:
        subprocess.Popen(
            [sys.executable, "-m", "streams.cli", "serve", "--workers", str(workers)],
            env=environment, stdout=said, stderr=said, stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip


def _until_ready(settings: Settings, log: Path) -> None:
    end_s = time.monotonic() + _START_S
    while time.monotonic() < end_s:
        if supervisor_of(settings) is not None and all(a.ready for a in asyncio.run(ask_workers(settings))):
            return
        time.sleep(0.2)
    raise CommandError(f"服务未就绪 the service was not ready within {_START_S:g} s; see {log}", FINDINGS)


async def _through(settings: Settings, records: Path) -> Published:
    chunks = Reader(find_parts(records), {}).chunks()
    published = await publish_at_once(settings, chunks, lambda _read: None, asyncio.Event())
    await wait_until_drained(settings, _DRAIN_S, lambda _lag, _what: None)
    return published
