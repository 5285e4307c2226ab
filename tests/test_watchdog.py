"""The watchdog: what stands still is ended, what has nothing to do or was stopped for a while is not.

In: real processes that work, hang, are stopped and orphaned. Out: pass or fail.
Invariant: a process is judged by its exit code and by what it wrote.
Deliberately absent: what counts as work (the workers say so).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from streams.service.watchdog import ORPHANED, PARENT, STALLED, Watchdog

ROOT = Path(__file__).resolve().parent.parent
_START = """
import asyncio, os, sys, threading, time
from streams.service import logs
from streams.service.watchdog import Watchdog
logs.configure("INFO", "writer", 0)
"""

pytestmark = pytest.mark.alone


def start(script: str, parent: int | None = None) -> subprocess.Popen[str]:
    env = {**os.environ, **({PARENT: str(parent)} if parent else {})}
    command = [sys.executable, "-c", _START + textwrap.dedent(script)]
    return subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def end(process: subprocess.Popen[str], limit_s: float = 20) -> tuple[int, list[dict[str, object]]]:
    _, err = process.communicate(timeout=limit_s)
    return process.returncode, [json.loads(line) for line in err.splitlines()]


def wait_until(holds: Callable[[], bool], limit_s: float = 10) -> None:
    until = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < until, "it did not come to hold"
        time.sleep(0.02)


def test_work_without_progress_ends_the_process_and_tells_what_every_thread_did() -> None:
    code, lines = end(start("""
        secret = "".join(["138", "0013", "8000"])
        dog = Watchdog(0.5)
        dog.start()
        dog.expect("lake", True)
        def stuck_in_the_lake(value):
            time.sleep(60)
        threading.Thread(target=stuck_in_the_lake, args=(secret,), name="lake").start()
        time.sleep(60)
    """))  # fmt: skip
    assert code == STALLED
    assert lines[0]["event"] == "no progress"
    assert lines[0]["work"][0].startswith("lake: no progress for ")
    stacks = {line["thread"]: line["stack"] for line in lines if line["event"] == "thread"}
    assert "stuck_in_the_lake" in str(stacks["lake"])
    assert "MainThread" in stacks
    assert "13800138000" not in json.dumps(lines)


def test_a_task_that_waits_for_ever_is_shown_where_it_waits() -> None:
    code, lines = end(start("""
        async def wait_for_nobody():
            await asyncio.Event().wait()
        async def main():
            dog = Watchdog(0.5)
            dog.start()
            dog.expect("intake", True)
            waiting = asyncio.ensure_future(wait_for_nobody())
            await waiting
        asyncio.run(main())
    """))  # fmt: skip
    assert code == STALLED
    assert any("wait_for_nobody" in str(line["stack"]) for line in lines if line["event"] == "task")


def test_a_process_that_makes_progress_or_has_no_work_goes_on() -> None:
    code, lines = end(start("""
        dog = Watchdog(0.4)
        dog.start()
        dog.expect("idle", True)
        dog.expect("idle", False)
        dog.expect("busy", True)
        for _ in range(30):
            time.sleep(0.05)
            dog.beat("busy")
            dog.expect("busy", True)
            dog.expect("idle", False)
        assert dog.alive() == (True, "")
        dog.stop()
        time.sleep(0.8)
    """))  # fmt: skip
    assert (code, lines) == (0, [])


def test_to_say_again_that_there_is_work_is_no_progress() -> None:
    code, _ = end(start("""
        dog = Watchdog(0.4)
        dog.start()
        for _ in range(200):
            dog.expect("busy", True)
            time.sleep(0.05)
    """))  # fmt: skip
    assert code == STALLED


def test_work_that_nobody_looks_after_any_more_ends_the_process_even_if_there_was_none() -> None:
    code, lines = end(start("""
        dog = Watchdog(0.4)
        dog.start()
        async def look():
            for _ in range(10):
                dog.expect("intake", False)
                await asyncio.sleep(0.05)
            raise ValueError
        async def main():
            looking = asyncio.ensure_future(look())
            await asyncio.Event().wait()
        asyncio.run(main())
    """))  # fmt: skip
    assert code == STALLED
    assert lines[0]["work"][0].startswith("intake: no word for ")


def test_one_line_of_work_that_stands_still_is_not_hidden_by_another() -> None:
    code, lines = end(start("""
        dog = Watchdog(0.4)
        dog.start()
        for _ in range(200):
            dog.expect("stuck", True)
            dog.expect("busy", True)
            dog.beat("busy")
            time.sleep(0.05)
    """))  # fmt: skip
    assert code == STALLED
    assert [said.split(":")[0] for said in lines[0]["work"]] == ["stuck"]


def test_a_process_that_was_stopped_and_goes_on_is_not_late() -> None:
    process = start("""
        dog = Watchdog(1.0)
        dog.start()
        dog.expect("busy", True)
        print("up", flush=True)
        for _ in range(20):
            time.sleep(0.1)
            dog.beat("busy")
            dog.expect("busy", True)
    """)
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    os.kill(process.pid, signal.SIGSTOP)
    time.sleep(2.5)
    os.kill(process.pid, signal.SIGCONT)
    assert end(process) == (0, [])


def test_who_asks_is_told_before_the_end() -> None:
    codes: list[int] = []
    dog = Watchdog(1.0, codes.append)
    dog.start()
    assert dog.alive() == (True, "")
    dog.expect("lake", True)
    wait_until(lambda: not dog.alive()[0])
    assert codes == []
    assert "lake" in dog.alive()[1]
    wait_until(lambda: codes == [STALLED])
    dog.stop()


def test_a_process_whose_messages_nobody_takes_is_ended_all_the_same() -> None:
    reader, writer = os.pipe()
    script = _START + textwrap.dedent("""
        dog = Watchdog(0.5)
        dog.start()
        dog.expect("log", True)
        while True:
            sys.stderr.write("x" * 10_000 + "\\n")
    """)
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stderr=writer) as process:
        os.close(writer)
        assert process.wait(timeout=20) != 0
    os.close(reader)


@pytest.mark.parametrize("holds_the_interpreter", [False, True])
def test_no_worker_outlives_its_supervisor(holds_the_interpreter: bool) -> None:
    """A middle process starts a worker as its child, and is killed."""
    busy = "import ctypes; ctypes.PyDLL(None).sleep(60)" if holds_the_interpreter else "time.sleep(60)"
    worker = _START + f"Watchdog(60).start()\nprint(os.getpid(), flush=True)\n{busy}"
    middle = f"""
        import subprocess
        os.environ["{PARENT}"] = str(os.getpid())
        subprocess.Popen([sys.executable, "-c", {worker!r}])
        time.sleep(60)
    """
    supervisor = start(middle)
    assert supervisor.stdout is not None
    pid = int(supervisor.stdout.readline())
    assert running(pid)
    supervisor.kill()
    supervisor.wait()
    wait_until(lambda: not running(pid))


def test_a_worker_whose_supervisor_went_before_it_was_up_ends_itself() -> None:
    code, lines = end(start("Watchdog(60).start(); time.sleep(60)", parent=999_999_999))
    assert code == ORPHANED
    assert lines[-1]["event"] == "the supervisor has gone"


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
