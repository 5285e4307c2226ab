"""Worker: one process of the service, an intake worker or the writer: `python -m streams.service.worker ROLE`.

In: settings from the environment. Out: its effects; exit code 0 after a stop, 2 when its settings or its lake are
wrong, 70 when something unexpected ended it, 75 from the watchdog.
Invariant: crash-only. Whatever is not expected ends the process, and starting it again is all the repair there is.
Deliberately absent: restarting (supervisor.py), and what the loops do (loops.py).
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import faust
from aiokafka import AIOKafkaProducer

from schemas.topics import FACT_BYTES_MAX
from streams.errors import CommandError
from streams.service import logs
from streams.service.chunks import Message
from streams.service.cluster import BrokerError
from streams.service.metrics import Meter
from streams.service.roles import IntakeRole, Role, WriterRole
from streams.service.security import client_options
from streams.service.settings import Settings, load_settings
from streams.service.topics import check_topics
from streams.service.watchdog import Watchdog
from streams.service.web import Web

T = TypeVar("T")
STOPPED, WRONG, FAILED = 0, 2, 70
_LOOK_S = 0.5
_SWITCH_S = 0.0005
"""So long a thread that computes lets the others wait (Python's own: 5 ms). What comes in passes through three threads,
and a question through two more (a report to its transfers at 231 records/s, p50 83 to 74 ms, p95 148 to 103)."""


class Worker:
    """What both roles share: the app, the producer, one thread for long work, the pages, the watchdog."""

    def __init__(self, settings: Settings, role: str) -> None:
        self.settings, self.name, self.log = settings, role, logs.get(f"worker.{role}")
        self.meter = Meter(role, settings.index)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=role)
        self._second = ThreadPoolExecutor(1, thread_name_prefix=f"{role}-aside")
        self._watchdog = Watchdog(settings.watchdog_s)
        self._producer = AIOKafkaProducer(
            **client_options(settings),
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            max_batch_size=1 << 20,
            max_request_size=FACT_BYTES_MAX,
        )
        self.role: Role = IntakeRole(settings, self.meter) if role == "intake" else WriterRole(settings, self.meter)
        self._stopping = asyncio.Event()
        self._failure: BaseException | None = None

    async def run(self) -> int:
        """Works until told to stop; the exit code. Errors: whatever ended it."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        self._watchdog.start()
        web = Web(
            self.settings.host, self.settings.port + self.settings.index, self.meter, self.role.status,
            self.role.ready, self._watchdog.alive, self.role.routes(self.work),
        )  # fmt: skip
        await web.start()
        await check_topics(self.settings)
        await self.work(self.role.open)
        await self._producer.start()
        app = self.role.app()
        starting, asked = asyncio.ensure_future(app.start()), asyncio.ensure_future(self._stopping.wait())
        # While its group is rebalanced an app may take long to start; who is asked to stop then has done nothing yet.
        await asyncio.wait([starting, asked], return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            return STOPPED
        starting.result()
        self.log.info("started", pid=os.getpid())
        tasks = [asyncio.ensure_future(job) for job in (self.role.loop(self), self._look(app), self._stopping.wait())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
        self.log.info("stopping")
        await self._stop(app, web)
        return STOPPED

    async def _stop(self, app: faust.App, web: Web) -> None:
        """Ends what is in hand, keeps what was done, and leaves the group, so that nobody waits for us."""
        await self.work(lambda: None)
        await self.aside(lambda: None)
        await self.role.finish(self)
        await self.work(self.role.close)
        # In the middle of a rebalance Faust may not end by itself; nothing depends on it any more.
        await asyncio.wait([asyncio.ensure_future(app.stop())], timeout=self.settings.stop_s / 3)
        await asyncio.wait([asyncio.ensure_future(self._producer.stop())], timeout=1.0)
        await asyncio.wait([asyncio.ensure_future(web.stop())], timeout=1.0)

    async def work(self, job: Callable[..., T], *arguments: Any) -> T:
        """Runs something long on the one thread that does so, in the order of asking. Once one has failed, those that
        follow fail with it: a stop may come while it runs, and must not commit what it has left half done."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._run, job, *arguments)

    async def aside(self, job: Callable[..., T], *arguments: Any) -> T:
        """Runs something long on a second thread, beside `work`."""
        return await asyncio.get_running_loop().run_in_executor(self._second, job, *arguments)

    def _run(self, job: Callable[..., T], *arguments: Any) -> T:
        if self._failure is not None:
            raise self._failure
        try:
            return job(*arguments)
        except BaseException as error:
            self._failure = error
            raise

    async def publish(self, messages: Sequence[Message]) -> None:
        """Returns when all have arrived. Errors: KafkaError when one cannot."""
        prefix = self.settings.prefix
        sent = [
            await self._producer.send(prefix + m.topic, m.value, m.key, headers=list(m.headers)) for m in messages
        ]
        if sent:
            await asyncio.gather(*sent)

    def beat(self) -> None:
        self._watchdog.beat(self.name)

    def now_s(self) -> float:
        return time.monotonic()

    async def _look(self, app: faust.App) -> None:
        """Now and then: what waits, for the watchdog and the meter; and whether Faust has given up."""
        while not (app.crashed or app.should_stop):
            lags: Mapping[Any, int] = app.transport.lags()  # type: ignore[attr-defined]
            for part, lag in self.role.lags(lags).items():
                self.meter.lag(part, lag)
            self.meter.assigned(sorted(self.role.lags(lags)))
            self.meter.waiting(len(self.role.waiting), self.role.waiting.bytes)
            self._watchdog.expect(self.name, bool(self.role.waiting) or any(lags.values()))
            await asyncio.sleep(_LOOK_S)
        raise app.crash_reason or RuntimeError("the Faust app stopped by itself")


def main(arguments: Sequence[str]) -> int:
    """The composition root of a worker process."""
    role = arguments[0] if arguments else ""
    if role not in ("intake", "writer"):
        print("usage: python -m streams.service.worker intake|writer", file=sys.stderr)
        return WRONG
    try:
        settings = load_settings()
    except CommandError as error:
        print(f"错误 error: {error}", file=sys.stderr)
        return WRONG
    logs.configure(settings.log_level, role, settings.index)
    sys.setswitchinterval(_SWITCH_S)
    asyncio.run(_work(settings, role))
    return FAILED


async def _work(settings: Settings, role: str) -> None:
    """Ends the process, whatever happens, from inside the event loop: once Faust has failed, its tasks and threads may
    never end by themselves. What was done is durable, what was not is done again."""
    try:
        _end(await Worker(settings, role).run())
    except CommandError as error:
        logs.get("worker").error("refused", why=str(error))
        _end(FAILED if isinstance(error, BrokerError) else WRONG)
    except Exception as error:
        logs.get("worker").exception("failed", exc_info=error)
        _end(FAILED)


def _end(code: int) -> None:
    logs.get("worker").info("ended", exit_code=code)
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
