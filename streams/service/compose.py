"""Compose: the Kafka of docker-compose.kafka.yml, where a Docker engine answers.

In: the compose file of this folder, the `docker` command. Out: a Kafka that runs, is stopped or removed.
Invariant: only the kafka service and its volume are touched: the lake and its key are other volumes.
Deliberately absent: the service's own containers; `docker compose` itself is the tool for those (docs/kafka.md).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from streams.errors import CommandError

COMPOSE_FILE = Path("docker-compose.kafka.yml")
SERVICE, VOLUME = "kafka", "kuancheng-kafka"
INSIDE_PORT = 9092
_ASK_S, _UP_S = 10, 600
"""Seconds to answer; seconds to fetch the image and start."""


@dataclass(frozen=True)
class Compose:
    """Docker Compose with an engine behind it."""

    file: Path

    @classmethod
    def find(cls, file: Path = COMPOSE_FILE) -> Compose | str:
        """It, or why it cannot be used."""
        if shutil.which("docker") is None:
            return "no docker on the PATH"
        if not file.is_file():
            return f"no {file} here"
        if not _run(["docker", "info"], _ASK_S)[0]:
            return "no Docker engine answers"
        if not _run(["docker", "compose", "version"], _ASK_S)[0]:
            return "docker has no compose plugin"
        return cls(file)

    def port(self) -> int | None:
        """Where its Kafka can be reached on this machine; None when it does not run."""
        done, told = self._compose("port", SERVICE, str(INSIDE_PORT))
        found = re.search(r":(\d+)\s*$", told) if done else None
        return int(found[1]) if found and int(found[1]) else None

    def up(self, port: int) -> None:
        """Returns when it is healthy. Errors: CommandError with what Docker said last."""
        done, told = self._compose("up", "--detach", "--wait", SERVICE, port=port, seconds=_UP_S)
        if not done:
            hint = f"docker compose -f {self.file} logs {SERVICE} has more; without Docker: brain broker up --jars"
            raise CommandError(f"Docker 未能启动 Kafka Docker could not start Kafka: {_last(told)}; {hint}")

    def down(self) -> None:
        self._must("stop", SERVICE)

    def wipe(self) -> None:
        """Removes the container and the volume with its data."""
        self._must("rm", "--force", "--stop", SERVICE)
        done, told = _run(["docker", "volume", "rm", "--force", VOLUME], _ASK_S)
        if not done:
            raise CommandError(f"无法删除 the volume {VOLUME} could not be removed: {_last(told)}")

    def _must(self, *arguments: str) -> None:
        done, told = self._compose(*arguments, seconds=_UP_S)
        if not done:
            raise CommandError(f"Docker 出错 docker compose {' '.join(arguments)} failed: {_last(told)}")

    def _compose(self, *arguments: str, port: int = INSIDE_PORT, seconds: int = _ASK_S) -> tuple[bool, str]:
        return _run(["docker", "compose", "-f", str(self.file), *arguments], seconds, port)


def _run(command: list[str], seconds: int, port: int = INSIDE_PORT) -> tuple[bool, str]:
    """Whether it went well, and what it said."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=seconds, check=False, env=os.environ | {"KAFKA_PORT": str(port)},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return False, f"no answer after {seconds} s"
    return done.returncode == 0, done.stdout


def _last(told: str) -> str:
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    return lines[-1] if lines else "nothing"
