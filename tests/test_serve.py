"""`brain serve`: the command that operations staff start, on a real broker, with real workers.

In: a broker, an empty folder. Out: pass or fail.
Invariant: nothing is left running.
Deliberately absent: what the service concludes (test_service.py), and stand-in workers (test_supervisor.py).
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from streams.service.broker import LocalBroker
from streams.service.handbook import settings_page
from streams.service.inquiry import SERVICE_FILE, ask_workers
from streams.service.node import free_port
from streams.service.settings import Settings, load_settings, variable
from tests.brokers import fresh_prefix
from tests.test_supervisor import running, wait_until

ROOT = Path(__file__).resolve().parent.parent
_BRAIN = """
import sys
from streams import cli
from streams.commands import serve
serve.add_to(cli.app)
sys.exit(cli.main())
"""


class Served:
    """A `brain serve`, and what it logs."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.lake, self.port = folder, folder / "lake 库", free_port(5)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *arguments: str, **choices: Any) -> subprocess.Popen[bytes]:
        plain = {name: value for name, value in os.environ.items() if not name.startswith("BRAIN_")}
        soon = {"partitions": 2, "session_timeout_s": 6}
        chosen = {"port": self.port, "lake": self.lake, "prefix": fresh_prefix(), **soon, **choices}
        env = plain | {variable(name): str(value) for name, value in chosen.items()}
        with (self.folder / "log").open("ab") as log:
            command = [sys.executable, "-c", _BRAIN, "serve", *arguments]
            self.process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log)
        return self.process

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def told(self, event: str) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self.log().splitlines() if line.startswith("{")]
        return [line for line in lines if line["event"] == event]

    def asked(self, index: int, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port + index}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    def until(self, holds: Callable[[], bool]) -> None:
        wait_until(holds, self.log, 60)

    def until_ready(self, workers: int) -> None:
        self.until(lambda: all(self.asked(index, "/readyz") == (200, "ok\n") for index in range(workers + 1)))

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    made = Served(tmp_path)
    yield made
    made.close()


@pytest.mark.slow
def test_the_service_comes_up_from_nothing_goes_down_on_a_signal_and_logs_nothing_but_json(
    served: Served, broker: LocalBroker
) -> None:
    process = served.start("--workers", "2", **broker.access)
    served.until_ready(2)
    assert (served.folder / "lake 库.key").is_file()
    status = json.loads(served.asked(0, "/status")[1])
    assert (status["role"], status["lake"]) == ("writer", str(served.lake))
    pids = [json.loads(served.asked(index, "/status")[1])["pid"] for index in range(3)]
    for index, role in enumerate(("writer", "intake", "intake")):
        assert f'kuancheng_process_info{{index="{index}",role="{role}"}} 1.0' in served.asked(index, "/metrics")[1]
    answers = asyncio.run(ask_workers(load_settings(lake=served.lake)))
    assert [(each.role, each.index, each.ready) for each in answers] == [
        ("writer", 0, True), ("intake", 1, True), ("intake", 2, True)
    ]  # fmt: skip
    process.terminate()
    assert process.wait(20) == 0
    assert not any(running(pid) for pid in pids)
    assert not (served.lake / SERVICE_FILE).exists()
    assert {line["exit_code"] for line in served.told("worker ended")} == {0}
    lines = [json.loads(line) for line in served.log().splitlines()]
    assert {"supervisor", "writer", "intake"} == {line["role"] for line in lines}
    assert all(line["timestamp"] and line["level"] and line["event"] for line in lines)
    assert str(ROOT) not in served.log()


@pytest.mark.slow
@pytest.mark.parametrize("index", [0, 1])
def test_a_worker_that_is_killed_is_at_work_again_soon(served: Served, broker: LocalBroker, index: int) -> None:
    served.start("--workers", "1", **broker.access)
    served.until_ready(1)
    killed = json.loads(served.asked(index, "/status")[1])["pid"]
    os.kill(killed, signal.SIGKILL)
    served.until(lambda: not running(killed))
    served.until_ready(1)
    assert json.loads(served.asked(index, "/status")[1])["pid"] != killed


@pytest.mark.slow
def test_without_a_broker_it_waits_and_says_for_what(served: Served, private_broker: LocalBroker) -> None:
    private_broker.stop()
    process = served.start(**private_broker.access)
    served.until(lambda: bool(served.told("waiting for Kafka")))
    assert private_broker.access["bootstrap"] in served.told("waiting for Kafka")[0]["why"]
    assert not served.told("worker started")
    private_broker.start()
    served.until_ready(1)
    process.terminate()
    assert process.wait(20) == 0


def test_one_that_waits_for_a_broker_can_be_stopped(served: Served) -> None:
    process = served.start("--bootstrap", f"127.0.0.1:{free_port()}")
    served.until(lambda: bool(served.told("waiting for Kafka")))
    process.terminate()
    assert process.wait(10) == 0


@pytest.mark.parametrize(
    ("arguments", "choices", "told"),
    [
        ([], {"port": "six"}, "BRAIN_PORT"),
        (["--pack", "cn-99"], {}, "cn-99"),
        (["--workers", "99"], {}, "--workers"),
    ],
)
def test_what_is_wrong_is_told_in_one_line_before_anything_is_started(
    served: Served, arguments: list[str], choices: dict[str, Any], told: str
) -> None:
    assert served.start(*arguments, **choices).wait(30) == 2
    assert told in served.log()
    assert len(served.log().splitlines()) == 1
    assert not served.lake.exists()


@pytest.mark.slow
def test_what_only_a_worker_finds_wrong_stops_the_service_with_its_reason(served: Served, broker: LocalBroker) -> None:
    process = served.start("--pack", "cn", **broker.access)
    served.until_ready(1)
    process.terminate()
    assert process.wait(20) == 0
    assert served.start("--pack", "who-2021", **broker.access).wait(60) == 2
    assert "'cn'" in served.told("refused")[-1]["why"]
    assert "writer-0" in served.log().splitlines()[-1]


@pytest.mark.slow
def test_a_port_that_is_taken_stops_the_service_and_names_the_variable(served: Served, broker: LocalBroker) -> None:
    with socket.create_server(("127.0.0.1", served.port + 1)):
        assert served.start(**broker.access).wait(60) == 2
    assert "BRAIN_PORT" in served.told("refused")[-1]["why"]


def test_the_settings_are_listed_without_starting_anything() -> None:
    command = [sys.executable, "-c", _BRAIN, "serve", "--settings"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == settings_page()
    assert all(variable(name) in done.stdout for name in Settings.model_fields)


@pytest.mark.slow
def test_a_service_that_was_killed_goes_on_when_it_is_started_again(served: Served, broker: LocalBroker) -> None:
    access = {**broker.access, "prefix": fresh_prefix()}
    first = served.start(**access)
    served.until_ready(1)
    epoch = json.loads(served.asked(0, "/status")[1])["epoch"]
    pids = [json.loads(served.asked(index, "/status")[1])["pid"] for index in range(2)]
    first.kill()
    first.wait()
    served.until(lambda: not any(running(pid) for pid in pids))
    began_s = time.monotonic()
    served.start(**access)
    served.until_ready(1)
    assert json.loads(served.asked(0, "/status")[1])["epoch"] == epoch + 1
    assert time.monotonic() - began_s < 30
