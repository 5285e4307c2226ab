"""Broker: one Kafka node on this machine, from jars, for trying the service out and for tests.

In: a folder, a port. Out: a running broker at 127.0.0.1 whose data outlives it, or a CommandError with what to do.
Invariant: a folder has one broker at most, whoever starts it; a process is ended only if it is that broker.
Deliberately absent: anything that a district's records deserve: copies, TLS, quotas, access lists. Whoever runs the
service for real brings a cluster (docs/kafka.md).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from streams.errors import CommandError
from streams.service.cluster import connected, quiet_clients
from streams.service.jars import ensure_jars, find_java, jars_folder, locked
from streams.service.node import DATA, HOST, Sasl, check_free, format_arguments, free_port, port_of, properties
from streams.service.settings import load_settings

DEFAULT_FOLDER = Path("out/kafka/broker")
DEFAULT_PORT = 9092
START_S, STOP_S, FORMAT_S = 90.0, 30.0, 60.0
_PROPERTIES, _PID, _LOCK, _LOG, _LOG_BEFORE = "server.properties", "pid", "lock", "broker.log", "broker.log.1"
_LOG_LINES = 8
_HEAP = ("-Xms256m", "-Xmx512m", "-XX:+UseSerialGC")
_LOGGED = ("defaultLogLevel=warn", "showDateTime=true", "dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ")
_QUIET = tuple(f"-Dorg.slf4j.simpleLogger.{option}" for option in _LOGGED)


class LocalBroker:
    """A broker that lives in `folder`. `jars`: where its jars are or will be; default: as the environment says."""

    def __init__(
        self, folder: Path, port: int = DEFAULT_PORT, sasl: Sasl | None = None, jars: Path | None = None
    ) -> None:
        self.folder, self.port, self.sasl, self.jars = folder.resolve(), port, sasl, jars
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def found(cls, folder: Path) -> LocalBroker:
        """The broker of a folder as it was last started."""
        path = folder / _PROPERTIES
        return cls(folder, (port_of(path.read_text("ascii")) if path.is_file() else None) or DEFAULT_PORT)

    @property
    def bootstrap(self) -> str:
        return f"{HOST}:{self.port}"

    @property
    def access(self) -> dict[str, Any]:
        """What `load_settings` must be told to reach it."""
        if self.sasl is None:
            return {"bootstrap": self.bootstrap, "security_protocol": "PLAINTEXT"}
        who = {f"sasl_{name}": value for name, value in vars(self.sasl).items()}
        return {"bootstrap": self.bootstrap, "security_protocol": "SASL_PLAINTEXT", **who}

    @property
    def log(self) -> Path:
        return self.folder / _LOG

    @property
    def pid(self) -> int | None:
        """Its process, whoever started it; None when there is none, or its number is by now another's."""
        if self._process is not None and self._process.poll() is not None:
            self._process = None
        try:
            pid = int((self.folder / _PID).read_text("ascii"))
        except (FileNotFoundError, ValueError):
            return None
        return pid if os.fsencode(" ".join(self._main)) in _command_line(pid) else None

    @property
    def running(self) -> bool:
        return self.pid is not None

    def start(self) -> Self:
        """Returns when it serves; at once if it does already. Errors: CommandError saying what to do."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with locked(self.folder / _LOCK):
            if not (adopted := self.running):
                java, jars = find_java(), ensure_jars(self.jars or jars_folder())
                check_free(self.port)
                launch = [str(java), *_HEAP, *_QUIET, "-cp", f"{jars.resolve()}/*"]
                if not (self.folder / DATA).exists():
                    self._format(launch)
                self._spawn(launch)
            elif (other := LocalBroker.found(self.folder).port) != self.port:
                hint = "stop it first (brain broker down), or use that"
                raise CommandError(f"已在别的端口运行 it runs already, at {HOST}:{other}: {hint}")
            self._wait_until_served(adopted)
        return self

    def serves(self) -> bool:
        """Whether a client that logs in gets an answer."""
        try:
            with socket.create_connection((HOST, self.port), timeout=1):
                pass
            # In a thread of its own, since the caller may be inside an event loop.
            with ThreadPoolExecutor(1) as thread:
                return thread.submit(asyncio.run, self._ask()).result()
        except OSError:
            return False

    def size_bytes(self) -> int:
        """What its topics take on the disk: blocks, since Kafka's indices are mostly holes."""
        total = 0
        for folder, _, names in os.walk(self.folder / DATA):
            for name in names:
                with contextlib.suppress(FileNotFoundError):  # removed meanwhile
                    total += os.lstat(os.path.join(folder, name)).st_blocks * 512
        return total

    def stop(self) -> None:
        """Asks it to end, and makes it when it does not."""
        if not self._end(signal.SIGTERM, STOP_S):
            self.kill()

    def kill(self) -> None:
        """Ends it as a power cut would: at once."""
        if not self._end(signal.SIGKILL, STOP_S):
            raise CommandError(f"无法停止 the broker does not end, even when killed: process {self.pid}")

    def wipe(self) -> None:
        """Removes all that it holds, and nothing else that may lie in the folder. Errors: CommandError if it runs."""
        if self.running:
            raise CommandError(f"仍在运行 it runs: process {self.pid}; stop it first (brain broker down)")
        shutil.rmtree(self.folder / DATA, ignore_errors=True)
        for path in self.folder.glob("*") if self.folder.is_dir() else ():
            if path.name in {_PROPERTIES, _PID, _LOG, _LOG_BEFORE, _LOCK}:
                path.unlink()
        if self.folder.is_dir() and not any(self.folder.iterdir()):
            self.folder.rmdir()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def _main(self) -> list[str]:
        """How the command line of this folder's broker ends, and no other's."""
        return [f"-Dkuancheng.broker={self.folder}", "kafka.Kafka", _PROPERTIES]

    def _format(self, launch: list[str]) -> None:
        """A new data folder: whole or absent, whenever this is ended."""
        draft = f"{DATA}.tmp"
        shutil.rmtree(self.folder / draft, ignore_errors=True)
        told, arguments = self.folder / "format.properties", self.folder / "format.arguments"
        _write_private(told, properties(self.port, free_port(), self.sasl, draft))
        _write_private(arguments, format_arguments(told.name, self.sasl))
        try:
            done = subprocess.run(
                [*launch, f"@{arguments.name}"], cwd=self.folder, env=_environment(), stdin=subprocess.DEVNULL,
                capture_output=True, text=True, timeout=FORMAT_S, check=False,
            )  # fmt: skip
            if done.returncode:
                said = _last(done.stdout + done.stderr)
                raise CommandError(f"无法初始化 {self.folder} cannot become a broker's: {said}")
            os.rename(self.folder / draft, self.folder / DATA)
        except subprocess.TimeoutExpired:
            raise CommandError(f"无法初始化 {self.folder}: not done after {FORMAT_S:.0f} s; try again") from None
        finally:
            told.unlink()
            arguments.unlink()

    def _spawn(self, launch: list[str]) -> None:
        """In a session of its own. A shell notes its number before it becomes the broker: none runs unrecorded."""
        _write_private(self.folder / _PROPERTIES, properties(self.port, free_port(), self.sasl))
        if self.log.exists():
            self.log.replace(self.folder / _LOG_BEFORE)
        become = ["sh", "-c", f'echo $$ > {_PID} && exec "$@"', "broker"]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [*become, *launch, *self._main], cwd=self.folder, env=_environment(),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def _wait_until_served(self, adopted: bool) -> None:
        until = time.monotonic() + START_S
        while not self.serves():
            gone = not self.running and self._process is None  # before it is written down, a child is there
            if gone or time.monotonic() > until:
                if not adopted:
                    self.kill()
                why = "ended at once" if gone else f"does not serve after {START_S:.0f} s"
                said = _last(self.log.read_text("utf-8", errors="replace")).replace(str(self.folder), self.folder.name)
                raise CommandError(f"Kafka 未能启动 the broker {why}; the end of {self.log}: {said or 'nothing'}")
            time.sleep(0.05)

    async def _ask(self) -> bool:
        with quiet_clients():
            try:
                async with connected(load_settings(**self.access)) as cluster:
                    return bool((await cluster.admin.describe_cluster())["brokers"])
            except CommandError:
                return False

    def _end(self, how: signal.Signals, seconds: float) -> bool:
        """Whether it is gone, within the time."""
        until = time.monotonic() + seconds
        if (pid := self.pid) is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, how) if how == signal.SIGKILL else os.kill(pid, how)
        while self.running:
            if time.monotonic() > until:
                return False
            time.sleep(0.02)
        (self.folder / _PID).unlink(missing_ok=True)
        return True


def _environment() -> dict[str, str]:
    """Ours, without the settings and secrets of the service; UTF-8, so that a folder may have any name."""
    return {name: value for name, value in os.environ.items() if not name.startswith("BRAIN_")} | {"LC_ALL": "C.UTF-8"}


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(text)


def _last(text: str) -> str:
    """The last lines, as one, without Java's own addresses."""
    lines = (line.strip() for line in text.splitlines())
    return " | ".join(deque((line for line in lines if line and not line.startswith("at ")), _LOG_LINES))


def _command_line(pid: int) -> bytes:
    """Empty for a process that has ended, or whom nobody has waited for."""
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
        except OSError:
            return b""
    return subprocess.run(["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, check=False).stdout
