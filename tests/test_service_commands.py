"""Lag, status, drain and rewind as operations staff type them, against a real service.

In: a broker, the workers. Out: pass or fail.
Invariant: the answer is on standard output, a complaint is one line on standard error, whatever is down.
Deliberately absent: how positions are counted (test_positions.py), and the supervisor's own ways (test_supervisor.py).
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.installation import Installation
from replay.scenes.drill import write_drill
from schemas.departments import sources
from schemas.topics import source_topic
from streams.records import Reader, find_parts
from streams.service.agents import intake_group
from streams.service.arrivals import in_order, timed
from streams.service.broker import LocalBroker
from streams.service.cluster import connected
from streams.service.inquiry import supervisor_of
from streams.service.node import free_port
from streams.service.produce import publish_transactions
from streams.service.settings import Settings
from tests.engines import KEY, run
from tests.services import installation, publish_folder

ROOT = Path(__file__).resolve().parent.parent
Answer = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def drill(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("commands") / "records"
    write_drill(folder, people=200)
    return folder


@pytest.fixture
def service(broker: LocalBroker, tmp_path: Path) -> Iterator[Installation]:
    with installation(broker, tmp_path / "service", port=free_port(5)) as made:
        yield made


class Serving:
    """`brain serve`, as it is started by hand."""

    def __init__(self, service: Installation) -> None:
        self.service = service
        command = [sys.executable, "-m", "streams.cli", "serve", "--workers", "2"]
        with (service.folder / "serve.log").open("ab") as log:
            self.process = subprocess.Popen(command, env=service.environment(0), stdout=log, stderr=log)

    def until_ready(self) -> None:
        end = time.monotonic() + 60
        while brain(self.service, "status").returncode:
            assert time.monotonic() < end, (self.service.folder / "serve.log").read_text()[-3_000:]
            time.sleep(0.2)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(40)


@pytest.fixture
def serving(service: Installation) -> Iterator[Serving]:
    made = Serving(service)
    yield made
    made.close()


def brain(service: Installation, *arguments: str) -> Answer:
    """A command of somebody who has the service's settings; where its writer was started alone, also its port."""
    ports = {"BRAIN_PORT": str(service.ports["writer"])} if service.ports else {}
    command = [sys.executable, "-m", "streams.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env={**service.environment(0), **ports}, check=False)


def asked(service: Installation, *arguments: str) -> Any:
    found = brain(service, *arguments, "--json")
    assert found.stderr == ""
    return json.loads(found.stdout)


def digest_of(records: Path, lake: Path) -> str:
    return run(records, lake).digest


def test_before_anything_runs_all_that_was_published_lags(service: Installation, drill: Path) -> None:
    published = publish_folder(service, drill)
    told = asked(service, "lag")
    assert told["lake_word"] == "none"
    assert {source: row["lag"] for source, row in told["sources"].items() if row["lag"]} == published
    assert told["total"]["intake_lag"] == told["total"]["lag"] == published.total()
    assert 0 < told["total"]["oldest_age_s"] < 600
    found = brain(service, "lag")
    assert found.returncode == 0
    assert f"{published.total():,}" in found.stdout
    found = brain(service, "status")
    assert found.returncode == 1, "no writer answers"
    assert "no answer" in found.stdout


@pytest.mark.slow
def test_a_service_is_watched_drained_and_stopped(serving: Serving, drill: Path, tmp_path: Path) -> None:
    service = serving.service
    serving.until_ready()
    published = publish_folder(service, drill)
    assert asked(service, "drain", "--keep") == {"drained": True, "stopped": False}
    assert serving.process.poll() is None
    _all_is_told(asked(service, "status"), published)
    assert asked(service, "lag")["total"] == {"intake_lag": 0, "lag": 0, "lost": 0, "oldest_age_s": None}
    shown = brain(service, "status")
    assert shown.returncode == 0
    assert all(word in shown.stdout for word in ("transport", "intake 2", "src.transport.tap@1", "检查点"))
    found = brain(service, "drain")
    assert found.returncode == 0, found.stderr
    assert serving.process.wait(5) == 0
    assert supervisor_of(service.settings) is None
    told = asked(service, "lag")
    assert (told["lake_word"], told["total"]["lag"]) == ("snapshot", 0)
    manifest = json.loads((service.lake / "current" / "manifest.json").read_text())
    assert manifest["digest"] == digest_of(drill, tmp_path / "embedded")


def _all_is_told(told: dict[str, Any], published: Counter[str]) -> None:
    ends = Counter[str]()
    for row in told["partitions"]:
        ends[row["part"].split("@")[0]] += row["end"] or 0
    assert {source: ends[source_topic(source)] for source in published} == published
    owners = {row["owner"] for row in told["partitions"] if row["part"].startswith("src.")}
    assert all(owners)
    assert told["lake_word"] == "writer"
    assert told["checkpoint"]["dirty"] is False
    departments = {source.split(".")[0] for source in published}
    assert set(told["departments"]) >= departments
    read = {name: told["departments"][name]["read"] for name in departments}
    assert sum(read.values()) == published.total()
    assert told["departments"]["transport"]["rejected"]
    assert [(w["role"], w["index"], w["ready"]) for w in told["workers"]] == [
        ("writer", 0, True), ("intake", 1, True), ("intake", 2, True),
    ]  # fmt: skip


@pytest.mark.slow
def test_what_transactions_leave_behind_is_drained_too(service: Installation, drill: Path, tmp_path: Path) -> None:
    arrivals = list(in_order(timed(Reader(find_parts(drill), {}).chunks())))[:3_000]
    asyncio.run(publish_transactions(service.settings, arrivals, 250, lambda number: number % 4 == 3))
    service.start("writer", "intake-1")
    service.until(lambda: bool(service.status().get("progress")))
    found = brain(service, "drain", "--keep", "--json")
    assert found.returncode == 0, found.stderr + service.log("writer")
    told = asked(service, "lag")
    assert (told["lake_word"], told["total"]["lag"], told["total"]["intake_lag"]) == ("writer", 0, 0)
    kept = [a for n, a in enumerate(arrivals) if n // 250 % 4 != 3]
    folder = tmp_path / "kept"
    folder.mkdir()
    for source in {a.source for a in kept}:
        lines = b"".join(a.line + b"\n" for a in kept if a.source == source)
        (folder / f"src.{source}.ndjson").write_bytes(lines)
    assert service.status()["digest"] == digest_of(folder, tmp_path / "embedded")


@pytest.mark.slow
def test_a_drain_that_takes_too_long_says_what_lags(service: Installation, drill: Path) -> None:
    publish_folder(service, drill)
    service.start("writer")
    service.until(lambda: "progress" in service.status())
    found = brain(service, "drain", "--keep", "--timeout", "1")
    assert (found.returncode, found.stdout) == (1, "")
    assert "src.transport.tap@" in found.stderr
    assert len(found.stderr.splitlines()) == 1


def test_without_a_writer_a_drain_says_so(service: Installation) -> None:
    found = brain(service, "drain", "--keep", "--timeout", "1")
    assert found.returncode == 1
    assert "brain status" in found.stderr
    found = brain(service, "drain")
    assert (found.returncode, found.stdout) == (2, "")
    assert "--keep" in found.stderr


@pytest.mark.slow
def test_a_group_that_was_moved_by_mistake_loses_nothing(service: Installation, drill: Path, tmp_path: Path) -> None:
    """Half a day is read, the rest arrives while the service is down, and somebody moves the group to the end."""
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    for path in drill.glob("src.*"):
        lines = path.read_bytes().splitlines(keepends=True)
        (first / path.name).write_bytes(b"".join(lines[::2]))
        (second / path.name).write_bytes(b"".join(lines[1::2]))
    publish_folder(service, first)
    service.start("writer", "intake-1")
    service.until(lambda: bool(service.status().get("progress")))
    assert not brain(service, "drain", "--keep").returncode
    busy = brain(service, "rewind")
    assert busy.returncode == 2
    assert "another process" in busy.stderr
    assert service.stop() == [0, 0]
    publish_folder(service, second)
    ends = asyncio.run(moved_to_the_end(service.settings))
    found = brain(service, "rewind", "--json")
    assert found.returncode == 0, found.stderr
    moved = {row["part"]: row for row in json.loads(found.stdout)}
    assert any(row["to"] < row["before"] == ends[part] for part, row in moved.items())
    assert "无须移动 nothing to move" in brain(service, "rewind").stdout
    service.start("writer", "intake-1")
    status = service.until_processed(sum(ends.values()))
    assert status["digest"] == digest_of(drill, tmp_path / "embedded")


async def moved_to_the_end(settings: Settings) -> dict[str, int]:
    async with connected(settings) as cluster:
        there = await cluster.partitions(source_topic(source) for source in sources())
        parts = [f"{topic}@{n}" for topic, count in there.items() for n in range(count)]
        ends = await cluster.ends(parts)
        await cluster.group(intake_group(settings))
        await cluster.commit(intake_group(settings), ends)
    return ends


@pytest.mark.parametrize(
    "arguments", [["topics"], ["lag"], ["status"], ["drain", "--keep"], ["rewind"], ["produce", "DRILL"]]
)
def test_without_kafka_every_command_says_where_it_looked_in_one_line_within_seconds(
    arguments: list[str], drill: Path, tmp_path: Path
) -> None:
    run(drill, tmp_path / "lake")
    (tmp_path / "lake.key").write_text(KEY.to_json())
    words = [str(drill) if word == "DRILL" else word for word in arguments]
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT), "BRAIN_BOOTSTRAP": "127.0.0.1:1", "BRAIN_LAKE": str(tmp_path / "lake"),
    }  # fmt: skip
    start = time.monotonic()
    command = [sys.executable, "-m", "streams.cli", *words]
    found = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert time.monotonic() - start < 15
    assert (found.returncode, found.stdout) == (2, "")
    assert "127.0.0.1:1" in found.stderr
    assert "brain broker up" in found.stderr
    assert len(found.stderr.splitlines()) == 1
