"""Supervisor: one process that starts the writer and the intake workers, and starts again what ends.

In: settings, how many intake workers. Out: running workers, LAKE/service.json; all have ended when it returns.
Invariant: one supervisor a lake; no worker outlives it; what was asked wrongly (exit code 2) is not tried again.
Deliberately absent: what workers do, and any memory of it. It may be killed at any instant and started again.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import aiohttp
from pydantic import SecretStr

from streams.errors import USAGE, CommandError
from streams.service import logs
from streams.service.presence import present, reachable
from streams.service.settings import Settings, variable
from streams.service.watchdog import PARENT

BACKOFF_S, BACKOFF_MAX_S, STEADY_S = 0.2, 10.0, 60.0
"""The first wait before a worker is started again, the longest, and how long it must have run for a first one again."""
OPENING_S = 300.0
"""How long a worker may be silent before its first word."""
_LOOK_S, _ANSWER_S = 1.0, 2.0
_INTAKE_SHARE = 0.5
"""Of the time to stop, what the intake may take at most; the writer has the rest."""
_log = logs.get("supervisor")


def worker_command(role: str, _index: int) -> list[str]:
    """How a worker is started. Its index is in its environment."""
    return [sys.executable, "-m", "streams.service.worker", role]


@dataclass
class Post:
    """A worker's place, and the process that is in it now."""

    role: str
    index: int
    process: asyncio.subprocess.Process | None = None
    starts: int = 0

    @property
    def name(self) -> str:
        return f"{self.role}-{self.index}"

    def send(self, number: signal.Signals) -> None:
        """Nothing happens to one that has ended."""
        if self.process is not None and self.process.returncode is None:
            with suppress(ProcessLookupError):
                self.process.send_signal(number)


class Supervisor:
    """The processes of one installation on this machine. `command`: how a worker of a role and index is started."""

    def __init__(
        self, settings: Settings, workers: int, command: Callable[[str, int], list[str]] = worker_command
    ) -> None:
        self._settings, self._command = settings, command
        self._writer = Post("writer", 0)
        self._intake = [Post("intake", index) for index in range(1, workers + 1)]
        self._stop, self._hurry = asyncio.Event(), asyncio.Event()
        self._refused: Post | None = None

    async def run(self, prepare: Callable[[], Awaitable[object]] | None = None) -> None:
        """Runs until a signal; `prepare` is waited for before any worker is started. Errors: CommandError when the
        lake is served already, or when a worker says that it was asked wrongly."""
        self._listen()
        with present(self._settings, len(self._intake)):
            if prepare is not None:
                await self._before(prepare)
            connector = aiohttp.TCPConnector(force_close=True)
            timeout = aiohttp.ClientTimeout(total=_ANSWER_S)
            async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
                await self._serve(session)
        if self._refused is not None:
            hint = "its reason stands in the last line that it logged, above; mend it and start again"
            raise CommandError(f"工作进程拒绝运行 {self._refused.name} was asked wrongly, all have stopped: {hint}")

    def _listen(self) -> None:
        """Asks for an end on SIGTERM, Ctrl-C and when the terminal goes, unless that is ignored, as under nohup."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:
                asyncio.get_running_loop().add_signal_handler(number, self._asked_to_stop, number.name)

    def _asked_to_stop(self, why: str) -> None:
        """Asked again, nothing is waited for."""
        _log.info("stopping", why=why, at_once=self._stop.is_set())
        (self._hurry if self._stop.is_set() else self._stop).set()

    async def _before(self, prepare: Callable[[], Awaitable[object]]) -> None:
        """Waits for what must come first, unless it is time to stop."""
        prepared, stop = asyncio.ensure_future(prepare()), asyncio.ensure_future(self._stop.wait())
        await asyncio.wait([prepared, stop], return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if prepared.done():
            prepared.result()
        else:
            prepared.cancel()
            await asyncio.wait([prepared])

    async def _serve(self, session: aiohttp.ClientSession) -> None:
        posts = [self._writer, *self._intake]
        kept = {post.name: asyncio.ensure_future(self._keep(post, session)) for post in posts}
        stop = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait([stop, *kept.values()], return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._stop.set()
            now_s, stop_s = asyncio.get_running_loop().time(), self._settings.stop_s
            await self._end([kept[post.name] for post in self._intake], self._intake, now_s + _INTAKE_SHARE * stop_s)
            await self._end([kept[self._writer.name]], [self._writer], now_s + stop_s)
            await stop
        for task in kept.values():
            task.result()
        _log.info("stopped")

    async def _end(self, kept: Sequence[asyncio.Future[None]], posts: Sequence[Post], until_s: float) -> None:
        """Ends these; those that have not ended until then, or when it is urgent, are killed."""
        hurry = asyncio.ensure_future(self._hurry.wait())
        for post in posts:
            post.send(signal.SIGTERM)
        everyone = asyncio.ensure_future(asyncio.wait(kept) if kept else asyncio.sleep(0))
        left_s = max(0.0, until_s - asyncio.get_running_loop().time())
        await asyncio.wait([everyone, hurry], timeout=left_s, return_when=asyncio.FIRST_COMPLETED)
        hurry.cancel()
        for post, task in zip(posts, kept, strict=True):
            if not task.done():
                _log.warning("worker killed", worker=post.name, why="it did not stop in time")
                post.send(signal.SIGKILL)
        await everyone

    async def _keep(self, post: Post, session: aiohttp.ClientSession) -> None:
        """Keeps a post filled until it is time to stop."""
        loop, wait_s = asyncio.get_running_loop(), BACKOFF_S
        while not self._stop.is_set():
            process = await self._start(post)
            began_s = loop.time()
            watch = asyncio.ensure_future(self._watch(post, process, session))
            code = await process.wait()
            watch.cancel()
            ran_s = loop.time() - began_s
            told = {"worker": post.name, "pid": process.pid, "exit_code": code, "ran_s": round(ran_s, 1)}
            if self._stop.is_set():
                _log.info("worker ended", **told)
                return
            if code == USAGE:
                _log.error("worker refused", **told)
                self._refused = self._refused or post
                return
            wait_s = BACKOFF_S if ran_s >= STEADY_S else wait_s
            _log.warning("worker ended", **told, again_in_s=wait_s)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), wait_s)
            wait_s = min(2 * wait_s, BACKOFF_MAX_S)

    async def _start(self, post: Post) -> asyncio.subprocess.Process:
        post.process = await asyncio.create_subprocess_exec(
            *self._command(post.role, post.index),
            env=self._environment(post.index),
            stdin=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the supervisor, which stops workers in their order
        )
        post.starts += 1
        _log.info("worker started", worker=post.name, pid=post.process.pid, starts=post.starts)
        if self._stop.is_set():  # the order to stop came meanwhile; it has done nothing yet
            post.send(signal.SIGKILL)
        return post.process

    def _environment(self, index: int) -> dict[str, str]:
        """What was chosen, by whatever way, reaches a worker by its environment."""
        chosen = {name: getattr(self._settings, name) for name in self._settings.model_fields_set}
        plain = {
            variable(name): value.get_secret_value() if isinstance(value, SecretStr) else str(value)
            for name, value in chosen.items()
            if value is not None
        }
        return {**os.environ, **plain, variable("index"): str(index), PARENT: str(os.getpid())}

    async def _watch(self, post: Post, process: asyncio.subprocess.Process, session: aiohttp.ClientSession) -> None:
        """Kills a worker that is silent for too long: one that was stopped, or whose interpreter hangs, cannot end
        itself. Time counts as far as this process has seen it pass."""
        settings, loop = self._settings, asyncio.get_running_loop()
        address = f"http://{reachable(settings.host)}:{settings.port + post.index}/healthz"
        silent_s, limit_s, before_s = 0.0, max(OPENING_S, settings.watchdog_s), loop.time()
        while silent_s < limit_s:
            await asyncio.sleep(_LOOK_S)
            answers = await _answers(session, address)
            now_s = loop.time()
            silent_s = 0.0 if answers else silent_s + min(now_s - before_s, _LOOK_S + _ANSWER_S)
            limit_s, before_s = settings.watchdog_s if answers else limit_s, now_s
        _log.error("worker silent", worker=post.name, pid=process.pid, silent_s=round(silent_s, 1))
        post.send(signal.SIGKILL)


async def _answers(session: aiohttp.ClientSession, address: str) -> bool:
    """Whether anything is said at all. What is said of its health is for others: a worker that is ill ends itself."""
    try:
        async with session.get(address):
            return True
    except (aiohttp.ClientError, OSError):  # a timeout is one of these
        return False
