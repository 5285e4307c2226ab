"""The supervisor: workers are started, started again and stopped in their order, and none outlives it.

In: a real supervisor process; stand-in workers that answer /healthz and write down what happens to them. Out: pass or
fail.
Invariant: every process of a test has ended when it ends.
Deliberately absent: real workers (test_service.py); here they fail in ways that those hopefully do not.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from streams.service.inquiry import SERVICE_FILE
from streams.service.node import free_port
from streams.service.presence import reachable
from streams.service.supervisor import BACKOFF_MAX_S, BACKOFF_S

pytestmark = pytest.mark.alone
ROOT = Path(__file__).resolve().parent.parent
SECRET = "hunter2-hunter2"
WORKERS_MAX = 4
_WORKER = """
import json, os, signal, sys, threading, time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from streams.service.watchdog import Watchdog

class Health(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(503)
        self.end_headers()
    def log_message(self, *_):
        pass

def write(what):
    with open(folder / "journal", "a") as journal:
        journal.write(json.dumps([what, name, os.getpid(), time.time()]) + "\\n")

def stop(*_):
    if not (folder / f"{name}.stubborn").exists():
        write("stopped")
        os._exit(0)

folder, role, index = Path(sys.argv[1]), sys.argv[2], int(os.environ["BRAIN_INDEX"])
name = f"{role}-{index}"
signal.signal(signal.SIGTERM, stop)
Watchdog(60).start()
(folder / f"{name}.env").write_text(json.dumps(dict(os.environ)))
write("started")
if (folder / f"{name}.code").exists():
    os._exit(int((folder / f"{name}.code").read_text()))
if not (folder / f"{name}.mute").exists():
    server = HTTPServer(("127.0.0.1", int(os.environ["BRAIN_PORT"]) + index), Health)
    threading.Thread(target=server.serve_forever, daemon=True).start()
while True:
    time.sleep(60)
"""
_DRIVER = """
import asyncio, os, sys
from streams.errors import CommandError
from streams.service import logs, supervisor
from streams.service.settings import load_settings
supervisor.OPENING_S = 3.0
supervisor.STEADY_S = float(os.environ.get("STEADY_S", supervisor.STEADY_S))
folder, workers = sys.argv[1], int(sys.argv[2])
command = lambda role, index: [sys.executable, folder + "/worker.py", folder, role]
logs.configure("INFO", "supervisor", 0)
try:
    asyncio.run(supervisor.Supervisor(load_settings(lake=folder + "/lake"), workers, command).run())
except CommandError as error:
    sys.exit(str(error))
"""


def _heeds_hangups() -> None:
    """Whoever runs the tests under nohup has it ignored, which a supervisor would respect."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


class Service:
    """A supervisor over stand-ins."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port(WORKERS_MAX + 1)
        (folder / "worker.py").write_text(_WORKER)
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, workers: int = 1, **env: str) -> subprocess.Popen[bytes]:
        given = {**os.environ, "BRAIN_PORT": str(self.port), "BRAIN_STOP_S": "4", "PYTHONPATH": str(ROOT), **env}
        with (self.folder / "log").open("ab") as log:
            command = [sys.executable, "-c", _DRIVER, str(self.folder), str(workers)]
            process = subprocess.Popen(
                command, cwd=ROOT, env=given, stdout=log, stderr=log, start_new_session=True, preexec_fn=_heeds_hangups
            )
        self.processes.append(process)
        return process

    def up(self, workers: int = 1, **env: str) -> subprocess.Popen[bytes]:
        """Started, and every worker answers."""
        process = self.start(workers, **env)
        wait_until(lambda: all(self.answers(index) for index in range(workers + 1)), self.log)
        return process

    def answers(self, index: int) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port + index), timeout=1):
                return True
        except OSError:
            return False

    def journal(self, what: str, name: str = "") -> list[tuple[str, int, float]]:
        path = self.folder / "journal"
        rows = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        return [(row[1], row[2], row[3]) for row in rows if row[0] == what and row[1].startswith(name)]

    def pid(self, name: str) -> int:
        """Of the process that is in this place now."""
        return self.journal("started", name)[-1][1]

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def told(self, event: str) -> list[dict[str, Any]]:
        lines = (json.loads(line) for line in self.log().splitlines() if line.startswith("{"))
        return [line for line in lines if line["event"] == event]

    def close(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()
        wait_until(lambda: not any(running(pid) for _, pid, _ in self.journal("started")), self.log)


def wait_until(holds: Callable[[], bool], log: Callable[[], str], limit_s: float = 20) -> None:
    until = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < until, log()[-3000:]
        time.sleep(0.02)


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    made = Service(tmp_path)
    yield made
    made.close()


def test_the_writer_and_the_intake_run_with_what_was_chosen(service: Service) -> None:
    supervisor = service.up(2, BRAIN_SASL_PASSWORD=SECRET, BRAIN_PREFIX="t.")
    told = json.loads((service.folder / "lake" / SERVICE_FILE).read_text())
    assert told == {"pid": supervisor.pid, "host": "127.0.0.1", "port": service.port, "workers": 2}
    for index, name in enumerate(("writer-0", "intake-1", "intake-2")):
        env = json.loads((service.folder / f"{name}.env").read_text())
        assert (env["BRAIN_INDEX"], env["BRAIN_PARENT"]) == (str(index), str(supervisor.pid))
        assert (env["BRAIN_LAKE"], env["BRAIN_PREFIX"]) == (str(service.folder / "lake"), "t.")
        assert env["BRAIN_SASL_PASSWORD"] == SECRET
    assert SECRET not in service.log()
    assert [line["worker"] for line in service.told("worker started")] == ["writer-0", "intake-1", "intake-2"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_the_intake_and_then_the_writer(service: Service, number: signal.Signals) -> None:
    supervisor = service.up(2)
    supervisor.send_signal(number)
    assert supervisor.wait(10) == 0
    assert [name for name, _, _ in service.journal("stopped")][-1] == "writer-0"
    assert len(service.journal("stopped")) == 3
    assert not (service.folder / "lake" / SERVICE_FILE).exists()
    assert service.told("stopped")


def test_a_worker_that_ends_is_started_again_and_the_others_go_on(service: Service) -> None:
    service.up(2)
    others = (service.pid("writer-0"), service.pid("intake-2"))
    os.kill(service.pid("intake-1"), signal.SIGKILL)
    killed_s = time.time()
    wait_until(lambda: len(service.journal("started", "intake-1")) == 2, service.log)
    assert service.journal("started", "intake-1")[-1][2] - killed_s < BACKOFF_S + 3
    assert (service.pid("writer-0"), service.pid("intake-2")) == others
    [line] = service.told("worker ended")
    assert (line["worker"], line["exit_code"]) == ("intake-1", -signal.SIGKILL)


def test_one_that_ends_again_and_again_is_started_ever_less_often(service: Service) -> None:
    (service.folder / "intake-1.code").write_text("70")
    service.start(1)
    wait_until(lambda: len(service.told("worker ended")) >= 4, service.log)
    waits = [line["again_in_s"] for line in service.told("worker ended")[:4]]
    assert waits == [BACKOFF_S, 2 * BACKOFF_S, 4 * BACKOFF_S, 8 * BACKOFF_S]
    assert max(waits) < BACKOFF_MAX_S
    assert {line["exit_code"] for line in service.told("worker ended")} == {70}
    (service.folder / "intake-1.code").unlink()
    wait_until(lambda: service.answers(1), service.log)


def test_one_that_ran_steadily_is_started_again_at_once_as_at_first(service: Service) -> None:
    (service.folder / "intake-1.code").write_text("70")
    service.start(1, STEADY_S="1")
    wait_until(lambda: len(service.told("worker ended")) >= 3, service.log)
    (service.folder / "intake-1.code").unlink()
    wait_until(lambda: service.answers(1), service.log)
    time.sleep(1)
    os.kill(service.pid("intake-1"), signal.SIGKILL)
    wait_until(lambda: service.told("worker ended")[-1]["exit_code"] == -signal.SIGKILL, service.log)
    assert service.told("worker ended")[-1]["again_in_s"] == BACKOFF_S


def test_what_was_asked_wrongly_is_not_tried_again_and_stops_everything(service: Service) -> None:
    (service.folder / "intake-2.code").write_text("2")
    supervisor = service.start(2)
    assert supervisor.wait(15) == 1
    assert "intake-2 was asked wrongly" in service.log()
    assert len(service.journal("started", "intake-2")) == 1
    assert {name for name, _, _ in service.journal("stopped")} <= {"writer-0", "intake-1"}
    assert not any(running(pid) for _, pid, _ in service.journal("started"))
    assert not (service.folder / "lake" / SERVICE_FILE).exists()


def test_a_worker_that_does_not_stop_is_killed_in_time(service: Service) -> None:
    (service.folder / "intake-1.stubborn").touch()
    (service.folder / "writer-0.stubborn").touch()
    supervisor = service.up(1)
    began_s = time.monotonic()
    supervisor.terminate()
    assert supervisor.wait(15) == 0
    assert 3.5 < time.monotonic() - began_s < 6
    assert [line["worker"] for line in service.told("worker killed")] == ["intake-1", "writer-0"]


def test_whoever_asks_twice_waits_no_longer(service: Service) -> None:
    (service.folder / "writer-0.stubborn").touch()
    supervisor = service.up(1, BRAIN_STOP_S="60")
    supervisor.send_signal(signal.SIGINT)
    wait_until(lambda: bool(service.journal("stopped", "intake-1")), service.log)
    supervisor.send_signal(signal.SIGINT)
    assert supervisor.wait(5) == 0


def test_an_order_to_stop_is_heard_while_a_worker_waits_to_be_started_again(service: Service) -> None:
    (service.folder / "intake-1.code").write_text("70")
    supervisor = service.start(1)
    wait_until(lambda: len(service.told("worker ended")) >= 4, service.log)
    supervisor.terminate()
    assert supervisor.wait(3) == 0


def test_a_worker_that_was_stopped_is_silent_and_is_replaced(service: Service) -> None:
    service.up(1, BRAIN_WATCHDOG_S="2")
    time.sleep(1.5)  # the supervisor has heard it
    stopped = service.pid("intake-1")
    os.kill(stopped, signal.SIGSTOP)
    wait_until(lambda: service.pid("intake-1") != stopped, service.log)
    assert not running(stopped)
    [line] = service.told("worker silent")
    assert (line["worker"], line["silent_s"] >= 2) == ("intake-1", True)
    assert len(service.journal("started", "writer-0")) == 1


def test_a_worker_that_never_says_a_word_is_replaced_after_the_time_to_open(service: Service) -> None:
    (service.folder / "intake-1.mute").touch()
    service.start(1, BRAIN_WATCHDOG_S="1")
    wait_until(lambda: len(service.journal("started", "intake-1")) == 2, service.log)
    first, second = (at_s for _, _, at_s in service.journal("started", "intake-1"))
    assert second - first > 2.9  # of OPENING_S in the driver, not of the watchdog's second


@pytest.mark.slow
def test_a_supervisor_that_was_stopped_itself_blames_no_worker(service: Service) -> None:
    supervisor = service.up(1, BRAIN_WATCHDOG_S="2")
    time.sleep(1.5)
    supervisor.send_signal(signal.SIGSTOP)
    time.sleep(5)
    supervisor.send_signal(signal.SIGCONT)
    time.sleep(2)
    assert len(service.journal("started")) == 2
    assert not service.told("worker silent")


def test_a_second_supervisor_of_the_same_lake_is_refused(service: Service) -> None:
    first = service.up(1)
    second = service.start(1)
    assert second.wait(10) == 1
    assert f"process {first.pid}" in service.log()
    assert json.loads((service.folder / "lake" / SERVICE_FILE).read_text())["pid"] == first.pid
    assert len(service.journal("started")) == 2


def test_after_a_kill_no_worker_is_left_and_the_next_supervisor_takes_over(service: Service) -> None:
    first = service.up(2)
    first.kill()
    first.wait()
    wait_until(lambda: not any(running(pid) for _, pid, _ in service.journal("started")), service.log)
    assert (service.folder / "lake" / SERVICE_FILE).exists()
    second = service.up(1)
    assert json.loads((service.folder / "lake" / SERVICE_FILE).read_text())["pid"] == second.pid


def test_a_service_without_intake_runs_the_writer_alone(service: Service) -> None:
    supervisor = service.up(0)
    supervisor.terminate()
    assert supervisor.wait(10) == 0
    assert [name for name, _, _ in service.journal("started")] == ["writer-0"]


@pytest.mark.parametrize(
    ("host", "expected"),
    [("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("10.1.2.3", "10.1.2.3"), ("fe80::1", "[fe80::1]"), ("kc-1", "kc-1")],
)
def test_an_address_for_listening_becomes_one_for_asking(host: str, expected: str) -> None:
    assert reachable(host) == expected
