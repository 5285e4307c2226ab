"""Installation: the worker processes of one service on a real broker, and what they came to.

In: a broker, a folder, a key. Out: processes that may be killed, stopped and started; what the writer says of itself.
Invariant: workers are started as the supervisor starts them, from the environment alone.
Deliberately absent: the supervisor; here whoever measures or tests decides who lives.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient

from benchmarks.processes import peak_mib
from schemas.keys import Key
from schemas.topics import topics
from streams.service.broker import LocalBroker
from streams.service.node import free_port
from streams.service.security import client_options
from streams.service.settings import Settings, load_settings, variable

WORKER = (sys.executable, "-m", "streams.service.worker")


class Installation:
    """Workers by name: `writer`, `intake-1`, `intake-2` ... Units: seconds."""

    def __init__(self, broker: LocalBroker, folder: Path, key: Key, **choices: Any) -> None:
        self.folder, self.lake = folder, folder / "lake"
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "lake.key"
        file.write_text(key.to_json())
        self.choices: dict[str, Any] = {**broker.access, "lake": self.lake, "key": file, "tick_s": 0, **choices}
        self.settings: Settings = load_settings(**self.choices)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.ports: dict[str, int] = {}

    def environment(self, index: int) -> dict[str, str]:
        chosen = {variable(name): str(value) for name, value in self.choices.items()}
        return {**os.environ, **chosen, variable("index"): str(index), "PYTHONPATH": os.getcwd()}

    def start(self, *names: str, command: tuple[str, ...] = WORKER) -> None:
        """Starts workers; `command` runs them another way, such as one that kills itself."""
        for name in names:
            role, _, number = name.partition("-")
            index = int(number or 0)
            self.ports.setdefault(name, free_port())
            environment = self.environment(index) | {variable("port"): str(self.ports[name] - index)}
            with (self.folder / f"{name}.log").open("ab") as log:
                self.processes[name] = subprocess.Popen([*command, role], env=environment, stdout=log, stderr=log)

    def kill(self, name: str) -> None:
        self.processes[name].kill()
        self.processes[name].wait()

    def stop(self, *names: str, seconds: float = 40) -> list[int]:
        """Asks workers to stop, intake before the writer; their exit codes."""
        asked = sorted(names or self.processes, reverse=False)
        for name in asked:
            if self.processes[name].poll() is None:
                self.processes[name].send_signal(signal.SIGTERM)
        return [self.processes[name].wait(seconds) for name in asked]

    def close(self) -> None:
        for process in self.processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
                process.wait()

        asyncio.run(self._remove_topics())

    async def _remove_topics(self) -> None:
        """A broker that serves one installation after another would hold tens of thousands of partitions."""
        admin = AIOKafkaAdminClient(**client_options(self.settings))
        await admin.start()
        try:
            ours = {self.settings.prefix + topic.name for topic in topics()} & set(await admin.list_topics())
            await admin.delete_topics(sorted(ours))
        finally:
            await admin.close()

    def status(self, name: str = "writer") -> dict[str, Any]:
        """The worker's status; nothing while it does not answer."""
        return self.asked(name, "/status") or {}

    def asked(self, name: str, path: str) -> dict[str, Any] | None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[name]}{path}", timeout=5) as answer:
                found: dict[str, Any] = json.load(answer)
                return found
        except (OSError, ValueError):
            return None

    def ready(self, name: str) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[name]}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def peak_mib(self, name: str) -> float:
        """The greatest memory that the process has held."""
        return peak_mib(self.processes[name].pid)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def until(self, what: Callable[[], bool], seconds: float = 60, why: str = "") -> None:
        """Waits; a worker that has ended by itself is told with the end of its log."""
        end = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < end, f"not within {seconds} s: {why}: {self.status()} {self._ends()}"
            time.sleep(0.05)

    def _ends(self) -> str:
        return "\n".join(f"{n}: exit {p.poll()}: {self.log(n)[-1500:]}" for n, p in self.processes.items())

    def read(self) -> int:
        """Records of sources that the lake has, by their offsets; those of a topic that is sent to once."""
        return _read(self.status())

    def until_processed(self, records: int, seconds: float = 90) -> dict[str, Any]:
        """Waits until the lake has so many records, and shows them in a snapshot; the writer's status then."""
        told: dict[str, Any] = {}

        def processed() -> bool:
            told.update(self.status())
            return not told.get("dirty", True) and _read(told) >= records

        self.until(processed, seconds, "all processed")
        return told

    def __enter__(self) -> Installation:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _read(status: dict[str, Any]) -> int:
    return sum(offset for part, offset in status.get("progress", {}).items() if part.startswith("src."))
