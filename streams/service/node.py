"""Node: what a local broker is told: its server.properties, its ports, and who may log in.

In: ports, perhaps a user. Out: text for Kafka.
Invariant: it listens on this machine alone; paths are relative to the broker's folder, whatever that is called.
Deliberately absent: processes and files (broker.py).
"""

from __future__ import annotations

import base64
import random
import re
import socket
import time
import uuid
from dataclasses import dataclass, field
from typing import Literal

from schemas.topics import FACT_BYTES_MAX
from streams.errors import CommandError

HOST = "127.0.0.1"
DATA = "data"
MESSAGE_BYTES_MAX = FACT_BYTES_MAX + (1 << 20)
"""The largest message inside, and the head of its batch."""
_FREE_PORTS = range(20_000, 30_000)
"""Below the ports that the kernel gives to outgoing connections: a broker that is down for a moment keeps its own."""
_PORT_S = 2.0
_PLAIN_WORD = re.compile(r"[A-Za-z0-9._-]+")
FIXED = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "inter.broker.listener.name": "CLIENTS",
    "controller.listener.names": "CONTROLLER",
    # One node: nothing can be copied, and nobody else needs to be waited for.
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    # Few partitions inside: a start, and the first group, are quick.
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.num.partitions": "4",
    "group.min.session.timeout.ms": "2000",
    # A broker that was killed and starts again is taken for a second one until its first self has been silent for this.
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "500",
    "auto.create.topics.enable": "false",
    "message.max.bytes": str(MESSAGE_BYTES_MAX),
    "replica.fetch.max.bytes": str(MESSAGE_BYTES_MAX),
}
"""What does not depend on folder, port and user; docker-compose.kafka.yml says the same."""


@dataclass(frozen=True)
class Sasl:
    """The one user of a broker that asks who is there."""

    username: str
    password: str = field(repr=False)
    mechanism: Literal["SCRAM-SHA-256", "PLAIN"] = "SCRAM-SHA-256"

    def __post_init__(self) -> None:
        if not (_PLAIN_WORD.fullmatch(self.username) and _PLAIN_WORD.fullmatch(self.password)):
            raise CommandError("用户名或密码有误 user and password of a local broker: letters, digits and . _ - alone")

    @property
    def scram(self) -> str | None:
        """What a new data folder is told of the user; PLAIN users stand in the properties instead."""
        who = f"name={self.username},password={self.password}"
        return None if self.mechanism == "PLAIN" else f"{self.mechanism}=[{who}]"

    @property
    def jaas(self) -> str:
        """How the broker itself logs in to its listener, and with PLAIN whom it lets in."""
        plain = self.mechanism == "PLAIN"
        module = "plain.PlainLoginModule" if plain else "scram.ScramLoginModule"
        users = f' user_{self.username}="{self.password}"' if plain else ""
        who = f'username="{self.username}" password="{self.password}"'
        return f"org.apache.kafka.common.security.{module} required {who}{users};"


def properties(port: int, controller_port: int, sasl: Sasl | None, data: str = DATA) -> str:
    """The text of server.properties."""
    found = {
        "listeners": f"CLIENTS://{HOST}:{port},CONTROLLER://{HOST}:{controller_port}",
        "controller.quorum.bootstrap.servers": f"{HOST}:{controller_port}",
        "listener.security.protocol.map": f"CLIENTS:{'SASL_PLAINTEXT' if sasl else 'PLAINTEXT'},CONTROLLER:PLAINTEXT",
        "log.dirs": data,
        **FIXED,
    }
    if sasl is not None:
        found["sasl.enabled.mechanisms"] = found["sasl.mechanism.inter.broker.protocol"] = sasl.mechanism
        found[f"listener.name.clients.{sasl.mechanism.lower()}.sasl.jaas.config"] = sasl.jaas
    return "".join(f"{name}={value}\n" for name, value in found.items())


def port_of(text: str) -> int | None:
    """The port that clients of a server.properties use."""
    found = re.search(r"^listeners=CLIENTS://[^:]+:(\d+)", text, re.MULTILINE)
    return int(found[1]) if found else None


def format_arguments(told: str, sasl: Sasl | None) -> str:
    """What Java is told to make a data folder: in a file, since `ps` shows a command line, and there may be a password.
    A quick compiler alone: this ends before a thorough one pays (0.6 s of processor time instead of 1.0)."""
    words = ["-XX:TieredStopAtLevel=1", "kafka.tools.StorageTool", "format", "--standalone", "-t", _cluster_id()]
    words += ["-c", told, *(["--add-scram", sasl.scram] if sasl is not None and sasl.scram else [])]
    return "".join(f'"{word}"\n' for word in words)


def _cluster_id() -> str:
    """A new one, as Kafka writes it."""
    return base64.urlsafe_b64encode(b"\0" + uuid.uuid4().bytes[1:])[:22].decode()


def free_port(count: int = 1) -> int:
    """A port that nobody listens at, and at the `count` - 1 after it neither."""
    for port in random.sample(_FREE_PORTS, len(_FREE_PORTS)):
        if all(is_free(port + after) for after in range(count)):
            return port
    raise CommandError(f"没有空闲端口 no port is free on {HOST} in {_FREE_PORTS.start}-{_FREE_PORTS.stop - 1}")


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def check_free(port: int) -> None:
    """Patient for a moment: a process that was just killed lets go of its port a little after it has ended."""
    until = time.monotonic() + _PORT_S
    while not is_free(port):
        if time.monotonic() > until:
            raise CommandError(
                f"端口被占用 port {port} on {HOST} is in use by another program: if it is a Kafka of yours, set "
                f"BRAIN_BOOTSTRAP={HOST}:{port} and start none; else stop it, or choose another port (--port)"
            )
        time.sleep(0.05)
