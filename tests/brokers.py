"""Brokers for the tests: one real Kafka that a whole session shares, and private ones that a test may kill.

In: Java, and Maven for the first time. Out: running brokers.
Invariant: no broker outlives the session, however that ends; without Java or Maven tests fail, and say what is missing.
Deliberately absent: skipping, and any stand-in for a broker. Tests keep out of each other's way by `fresh_prefix`.
"""

from __future__ import annotations

import os
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from streams.errors import CommandError
from streams.service.broker import LocalBroker
from streams.service.jars import JARS_VARIABLE, broker_jar
from streams.service.node import Sasl, free_port

USER = Sasl("brain", "not-a-secret")


def jars() -> Path:
    """Kept from one session to the next."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get(JARS_VARIABLE) or caches / "kuancheng-brain" / Path(broker_jar()).stem)


def fresh_prefix() -> str:
    """For topics and groups that no other test has."""
    return f"t{uuid.uuid4().hex[:10]}."


@contextmanager
def running_broker(folder: Path, sasl: Sasl | None = None) -> Iterator[LocalBroker]:
    """A broker of its own on a free port; its data goes with it."""
    made = LocalBroker(folder, free_port(), sasl, jars())
    folder.mkdir(parents=True, exist_ok=True)
    with _undertaker(made.folder):
        try:
            _start(made)
            yield made
        finally:
            made.kill()
            made.wipe()


def _start(made: LocalBroker) -> None:
    try:
        made.start()
    except CommandError as error:
        pytest.fail(f"this test needs a broker: {error}", pytrace=False)


@contextmanager
def _undertaker(folder: Path) -> Iterator[None]:
    """A shell that reads from us until we are gone, and then ends the broker: also after a kill of the tests."""
    last_will = 'cat > /dev/null; test -f pid && kill -9 "$(cat pid)"'
    with subprocess.Popen(
        ["sh", "-c", last_will], cwd=folder, stdin=subprocess.PIPE, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ):  # fmt: skip
        yield


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalBroker]:
    """The broker of the session: never stop it."""
    with running_broker(tmp_path_factory.mktemp("kafka")) as made:
        yield made


@pytest.fixture
def private_broker(tmp_path: Path) -> Iterator[LocalBroker]:
    """A broker that the test may kill, stop and start."""
    with running_broker(tmp_path / "private kafka 库") as made:
        yield made


@pytest.fixture(scope="session")
def sasl_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalBroker]:
    """A broker that asks who is there: USER. It is the session's: never stop it."""
    with running_broker(tmp_path_factory.mktemp("kafka-with-users"), USER) as made:
        yield made
