"""Inquiry: what the service's own processes say of themselves, and who watches over them.

In: settings. Out: for each process whether it answers, is ready, and its status; the supervisor's own word.
Invariant: nobody's word is kept: each question is asked anew, and an answer that does not come is told as such.
Deliberately absent: the broker's view of the same (cluster.py).
"""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import dataclass
from typing import Any

import aiohttp

from streams.errors import CommandError
from streams.service.settings import Settings

ANSWER_S = 3.0
SERVICE_FILE = "service.json"


@dataclass(frozen=True)
class Supervisor:
    """Who `brain serve` is, from LAKE/service.json."""

    pid: int
    host: str
    port: int
    workers: int

    def alive(self) -> bool:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:  # it is there, and another user's
            return True
        return True


@dataclass(frozen=True)
class Answer:
    """What one process says. `status`: None when it does not answer. `why`: why it is not ready."""

    role: str
    index: int
    address: str
    ready: bool
    why: str
    status: dict[str, Any] | None


def supervisor_of(settings: Settings) -> Supervisor | None:
    """The supervisor that says it serves this lake; None when there is none, or it has gone."""
    try:
        told = json.loads((settings.lake / SERVICE_FILE).read_text(encoding="utf-8"))
        found = Supervisor(int(told["pid"]), str(told["host"]), int(told["port"]), int(told["workers"]))
    except (FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError):
        return None
    return found if found.alive() else None


async def ask_workers(settings: Settings, workers: int | None = None) -> list[Answer]:
    """The writer's answer and those of the intake workers: as many as the supervisor has. Without a supervisor on this
    machine the writer alone is asked, at the address of the settings."""
    supervisor = supervisor_of(settings)
    host, port = (supervisor.host, supervisor.port) if supervisor else (settings.host, settings.port)
    count = workers if workers is not None else supervisor.workers if supervisor else 0
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_S)) as session:
        return list(await asyncio.gather(*(_ask(session, host, port, index) for index in range(count + 1))))


async def ask_writer(settings: Settings) -> Answer:
    """The writer's answer alone."""
    return (await ask_workers(settings, workers=0))[0]


async def ask_replay(settings: Settings) -> dict[str, Any]:
    """Has the writer read its open rejects again. Errors: CommandError when it does not answer."""
    supervisor = supervisor_of(settings)
    host, port = (supervisor.host, supervisor.port) if supervisor else (settings.host, settings.port)
    try:
        async with aiohttp.ClientSession() as session, session.post(f"http://{host}:{port}/rejects/replay") as told:
            told.raise_for_status()
            outcome: dict[str, Any] = await told.json()
            return outcome
    except (aiohttp.ClientError, ValueError) as error:
        hint = "see brain status; stopped (brain drain), the lake can be asked without it"
        raise CommandError(f"写入进程无应答 the writer did not answer ({type(error).__name__}); {hint}") from None


async def _ask(session: aiohttp.ClientSession, host: str, port: int, index: int) -> Answer:
    address, role = f"{host}:{port + index}", "intake" if index else "writer"
    try:
        async with session.get(f"http://{address}/status") as told:
            status = await told.json() if told.status == 200 else {}
        async with session.get(f"http://{address}/readyz") as said:
            ready, why = said.status == 200, (await said.text()).strip()
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        return Answer(role, index, address, False, f"no answer ({type(error).__name__})", None)
    if not isinstance(status, dict) or status.get("role") != role:
        return Answer(role, index, address, False, "another program answers at this address", None)
    return Answer(role, index, address, ready, "" if ready else why, status)
