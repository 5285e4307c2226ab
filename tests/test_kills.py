"""Kills: workers and brokers that die, stand still, come and go, and disks that are full or torn.

In: a drill, a broker, worker processes. Out: pass or fail.
Invariant: each fault has its seed; whatever breaks, the lake comes to the embedded digest, nothing lost or doubled.
Deliberately absent: random failures by the thousand (test_simulation.py), and feeds that are at fault (test_feeds.py).
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from benchmarks.installation import Installation
from streams.engine import Summary
from streams.records import Chunk
from streams.service.broker import LocalBroker
from tests.faults import Analyst, Feed, Watched, came_to, chunks_of
from tests.faulty_worker import POINTS
from tests.services import installation, publish

KILLS = 20
OFTEN = {point for point in POINTS if point.startswith("intake") or "taken" in point or "commit" in point}
PEOPLE = 1_200
"""More than 20,000 records, so that facts leave brain.duckdb as Parquet."""


def test_kill_minus_nine_of_each_worker_at_random_instants_with_an_analyst_at_the_catalog(
    broker: LocalBroker, drill: Path, expected: Summary, tmp_path: Path
) -> None:
    rng = random.Random(4)
    with installation(broker, tmp_path) as service, Analyst(service.lake) as analyst:
        workers = ["writer", "intake-1", "intake-2"]
        service.start(*workers)
        kills = dict.fromkeys(("writer", "intake"), 0)
        with Feed(service, chunks_of(drill, 150, 1), 0.1) as feed:
            while min(kills.values()) < KILLS:
                # Of the last kills each leaves the writer time for a snapshot, on a slow machine too, for the analyst.
                time.sleep(rng.uniform(0.2, 2.2) if min(kills.values()) < KILLS - 2 else 6.0)
                name = rng.choice(["writer", *workers])
                service.kill(name)
                service.start(name)
                kills[name.split("-")[0]] += 1
        came_to(service, feed.sent, expected)
        assert analyst.answers > 3
        assert analyst.troubles == []


@pytest.mark.parametrize("point", POINTS)
def test_a_kill_at_this_very_point_changes_nothing(
    broker: LocalBroker, drill: Path, expected: Summary, tmp_path: Path, point: str
) -> None:
    name = {"intake": "intake-1", "writer": "writer"}[point.split(":")[0]]
    with installation(broker, tmp_path) as service:
        times = 3 if point in OFTEN else 1
        faulty = (sys.executable, "-m", "tests.faulty_worker", point, str(times))
        service.start(*({"intake-1", "writer"} - {name}))
        service.start(name, command=faulty)
        singles, rest = _apart(chunks_of(drill, 400, 5), times - 1)
        sent = 0
        for single in singles:  # what waits is joined and worked on at once; what comes alone reaches the point alone
            sent += publish(service, [single]).total()
            service.until(lambda n=sent: service.read() >= n or service.processes[name].poll() is not None)
        sent += publish(service, rest).total()
        assert _ended(service, name) == -signal.SIGKILL
        service.start(name)
        came_to(service, sent, expected)


def _ended(service: Installation, name: str) -> int | None:
    """Its exit code. One that does not end is told of with its log, in which the watchdog says what it was doing."""
    service.until(lambda: service.processes[name].poll() is not None, 90, f"{name} has ended")
    return service.processes[name].returncode


def _apart(chunks: list[Chunk], count: int) -> tuple[list[Chunk], list[Chunk]]:
    """The first lines as a chunk each, and what is left."""
    first, *rest = chunks
    cuts = [slice(n, n + 1) for n in range(count)] + [slice(count, None)]
    *singles, left = [replace(first, lines=first.lines[cut], offsets=first.offsets[cut]) for cut in cuts]
    return singles, [left, *rest]


def test_a_worker_that_joins_and_leaves_every_two_seconds_for_a_minute(
    broker: LocalBroker, drill: Path, expected: Summary, tmp_path: Path
) -> None:
    with installation(broker, tmp_path) as service:
        service.start("writer", "intake-1")
        with Feed(service, chunks_of(drill, 60, 2), 0.1) as feed:
            for turn in range(15):
                service.start("intake-2")
                time.sleep(2)
                if turn % 3:
                    service.stop("intake-2")
                else:
                    service.kill("intake-2")
                time.sleep(2)
        came_to(service, feed.sent, expected)


@pytest.mark.parametrize("name", ["writer", "intake-1"])
def test_a_worker_that_stood_still_longer_than_its_session_writes_nothing_twice(
    broker: LocalBroker, drill: Path, expected: Summary, tmp_path: Path, name: str
) -> None:
    with installation(broker, tmp_path) as service:
        service.start("writer", "intake-1", "intake-2")
        with Feed(service, chunks_of(drill, 60, 3), 0.05) as feed:
            service.until(lambda: service.read() > 500)
            service.processes[name].send_signal(signal.SIGSTOP)
            time.sleep(service.settings.session_timeout_s * 2)
            service.processes[name].send_signal(signal.SIGCONT)
            if name == "writer":
                time.sleep(1)
                if service.processes[name].poll() is not None:
                    service.start(name)
        if service.processes[name].poll() is not None:
            service.start(name)
        came_to(service, feed.sent, expected)


def test_a_broker_that_is_killed_and_comes_back(
    private_broker: LocalBroker, drill: Path, expected: Summary, tmp_path: Path
) -> None:
    with installation(private_broker, tmp_path) as service, Watched(service):
        service.start("writer", "intake-1")
        chunks = chunks_of(drill, 400, 4)
        half = len(chunks) // 2
        sent = publish(service, chunks[:half]).total()
        private_broker.kill()
        time.sleep(3)
        private_broker.start()
        sent += publish(service, chunks[half:]).total()
        came_to(service, sent, expected)


@dataclass(frozen=True)
class Disk:
    """A disk at `folder` in a mount namespace of its own. `enter`: what a command begins with that is to see it."""

    folder: Path
    enter: tuple[str, ...]

    def fill(self) -> None:
        """To the last byte, with something that is nobody's."""
        filled = subprocess.run(
            [*self.enter, "sh", "-c", f"cat /dev/zero > '{self.folder}/ballast'"], stderr=subprocess.PIPE
        )
        assert b"No space left" in filled.stderr

    def clear(self) -> None:
        subprocess.run([*self.enter, "rm", f"{self.folder}/ballast"], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """One of 64 MiB at tmp_path/lake."""
    (tmp_path / "lake").mkdir()
    mount = f"mount -t tmpfs -o size=64m tmpfs '{tmp_path}/lake' && echo mounted && exec sleep 600"
    with subprocess.Popen(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", mount], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "mounted\n", "this test needs unshare(1) and user namespaces"
        target = ("--target", str(holder.pid), f"--wd={os.getcwd()}")
        yield Disk(tmp_path / "lake", ("nsenter", "--preserve-credentials", "--user", "--mount", *target))
        holder.kill()


def test_a_full_disk_loses_nothing_and_the_writer_goes_on_when_there_is_room(
    broker: LocalBroker, drill: Path, expected: Summary, tmp_path: Path, disk: Disk
) -> None:
    with installation(broker, tmp_path) as service:
        command = (*disk.enter, sys.executable, "-m", "streams.service.worker")
        service.start("intake-1")
        service.start("writer", command=command)
        chunks = chunks_of(drill, 400, 7)
        sent = publish(service, chunks[:8]).total()
        service.until(lambda: service.read() > 0)
        disk.fill()
        sent += publish(service, chunks[8:]).total()
        assert _ended(service, "writer") == 70
        service.start("writer", command=command)
        with contextlib.suppress(subprocess.TimeoutExpired):  # what a start cleans up may be room enough for a while
            assert service.processes["writer"].wait(20) == 70
        disk.clear()
        if service.processes["writer"].poll() is not None:
            service.start("writer", command=command)
        status = service.until_processed(sent, 120)
        assert status["digest"] == expected.digest
        assert service.read() == sent


def test_a_torn_parquet_file_is_named_and_put_right_from_a_copy_nothing_is_lost(
    broker: LocalBroker, drill: Path, expected: Summary, tmp_path: Path
) -> None:
    with installation(broker, tmp_path) as service:
        service.start("writer", "intake-1")
        chunks = chunks_of(drill, 400, 6)
        sent = publish(service, chunks[:-3]).total()
        service.until_processed(sent)
        service.kill("writer")
        torn = max(service.lake.glob("facts/*/*.parquet"), key=lambda path: path.stat().st_size, default=None)
        if torn is None:  # all facts are still in the tail
            torn = service.lake / "brain.duckdb"
        whole = torn.read_bytes()
        torn.write_bytes(whole[: len(whole) // 2])
        service.start("writer")
        assert _ended(service, "writer") in (2, 70)
        sent += publish(service, chunks[-3:]).total()
        torn.write_bytes(whole)
        service.start("writer")
        came_to(service, sent, expected)
