"""The lake is whole after any end of its writer: killed, out of disk, or cut off between any two effects.

In: children that write and are ended. Out: pass or fail.
Invariant: after reopening, facts, events, rejects and progress tell the same story, and `current` is a whole snapshot.
Deliberately absent: power loss; fsync is counted among the effects, but no disk is cut off.
"""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

import sinks.lake
from sinks.catalog import open_catalog
from sinks.digest import digest
from sinks.disk import sha256_of
from sinks.lake import Lake
from tests import lakes
from tests.lakes import KEY, PACKS, PART, commit, offsets_of

CHILDREN = multiprocessing.get_context("forkserver")
CHILDREN.set_forkserver_preload(["tests.lakes"])


def assert_whole(folder: Path) -> int:
    """Opens the lake and holds it to its own progress; how far it has come."""
    with Lake.open(folder, KEY, PACKS) as lake:
        end = lake.progress().get(PART, 0)
        assert offsets_of(lake).tolist() == list(range(end))
        assert sorted(r["offset"] for r in lake.rejects().to_pylist()) == list(range(0, end, 7))
        current = folder / "current"
        if current.exists():
            manifest = json.loads((current / "manifest.json").read_text(encoding="utf-8"))
            for name, file in manifest["files"].items():
                assert sha256_of(current / name) == file["sha256"], name
            count = manifest["files"]["contacts.parquet"]["rows"]
            assert manifest["digest"] == digest(lakes.views(count))
        left = [p.name for p in folder.rglob("*.tmp*")]
        assert left == [], "unfinished files were left behind"
        shown = lake.publish(lakes.views(max(end, 0) and 3), [PACKS])
        assert shown["unknown_fields"] == ({lakes.SOURCE: {"colour": end}} if end else {})
        with open_catalog(folder) as analyst:
            seen = analyst.execute("SELECT (SELECT count(*) FROM records), (SELECT count(*) FROM presences)").fetchone()
            assert seen == (end, end)
            assert analyst.execute("SELECT count(*), coalesce(max(seq) + 1, 0) FROM events").fetchone() == (end, end)
    return end


@pytest.mark.slow
def test_killed_at_random_instants_the_lake_is_whole(quick_disk: Path) -> None:
    tmp_path = quick_disk
    seed = random.SystemRandom().randrange(1 << 32)
    chance = random.Random(seed)
    print(f"seed {seed}")
    ends = [0]
    for _ in range(10):
        child = CHILDREN.Process(target=lakes.write_on, args=(str(tmp_path),))
        child.start()
        time.sleep(chance.uniform(0.05, 0.7))
        os.kill(child.pid or 0, signal.SIGKILL)
        child.join()
        assert child.exitcode == -signal.SIGKILL, "the writer fell by itself"
        ends.append(assert_whole(tmp_path))
        print(f"killed at {ends[-1]}")
        assert ends[-1] >= ends[-2], f"seed {seed}: something committed was lost"
    assert ends[-1] > 0


@pytest.fixture
def quick_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: a kill does not need the disk, and fsync takes its time."""
    if not Path("/dev/shm").is_dir():
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        yield Path(folder)


@pytest.mark.slow
def test_ended_before_each_single_effect_the_lake_is_whole(quick_disk: Path) -> None:
    tmp_path = quick_disk
    with Lake.open(tmp_path / "start", KEY, PACKS) as lake:
        commit(lake, 0, 20)
        lake.publish(lakes.views(7), [PACKS])
    ends = []
    for step in range(1000):
        folder = tmp_path / str(step)
        shutil.copytree(tmp_path / "start", folder, symlinks=True)
        child = CHILDREN.Process(target=lakes.die_at, args=(str(folder), step))
        child.start()
        child.join()
        ends.append(assert_whole(folder))
        shutil.rmtree(folder)
        if child.exitcode == 0:
            break
        assert child.exitcode == 9, f"step {step}"
    assert set(ends) == {20, 50, 180}, "every state that was committed, and no other"
    assert ends == sorted(ends)


def test_a_torn_part_and_leftovers_above_the_committed_state_are_cleaned_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sinks.lake, "TAIL_RECORDS", 10)
    with Lake.open(tmp_path, KEY, PACKS) as lake:
        commit(lake, 0, 50)
        lake.publish(lakes.views(2), [PACKS])
    part = tmp_path / "facts" / "presences" / "00000001.parquet"
    torn = part.read_bytes()[:100]
    for name in ("00000002.parquet", "00000002.parquet.tmp", "00000009.parquet.tmp"):
        part.with_name(name).write_bytes(torn)
    (tmp_path / "events" / "00000000.parquet.tmp").write_bytes(torn)
    (tmp_path / "catalog.duckdb.tmp").write_bytes(torn)
    draft = tmp_path / "snapshots" / "000002.tmp"
    draft.mkdir()
    (draft / "cases.parquet").write_bytes(torn)
    shutil.copytree(tmp_path / "snapshots" / "000001", tmp_path / "snapshots" / "000002")
    assert assert_whole(tmp_path) == 50


def test_a_committed_part_that_is_torn_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sinks.lake, "TAIL_RECORDS", 10)
    with Lake.open(tmp_path, KEY, PACKS) as lake:
        commit(lake, 0, 50)
    part = tmp_path / "facts" / "presences" / "00000001.parquet"
    part.write_bytes(part.read_bytes()[:100])
    with pytest.raises(ValueError, match=r"damaged: .*presences/00000001\.parquet has 100 bytes.*restore this file"):
        Lake.open(tmp_path, KEY, PACKS)
    part.unlink()
    with pytest.raises(ValueError, match=r"presences/00000001\.parquet is missing"):
        Lake.open(tmp_path, KEY, PACKS)


def test_a_full_disk_under_parquet_leaves_the_lake_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sinks.lake, "TAIL_RECORDS", 100)
    with Lake.open(tmp_path, KEY, PACKS) as lake:
        commit(lake, 0, 50)
        lake.publish(lakes.views(2), [PACKS])
        write, left = pq.write_table, [1]

        def full(table: Any, file: Any, **options: Any) -> None:
            left[0] -= 1
            if left[0] < 0:
                file.write(b"half of it")
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            write(table, file, **options)

        for attempt in (lambda: commit(lake, 50, 200), lambda: lake.publish(lakes.views(9), [PACKS])):
            left[0] = 1
            with monkeypatch.context() as patched:
                patched.setattr(pq, "write_table", full)
                with pytest.raises(OSError, match="No space left"):
                    attempt()
        assert not list(tmp_path.rglob("*.tmp"))
        commit(lake, 50, 200)  # there is room again
    assert assert_whole(tmp_path) == 200


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    mount = tmp_path / "disk"
    mount.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(mount)], capture_output=True)
    if made.returncode != 0:
        pytest.skip("needs the right to mount a small disk")
    yield mount
    subprocess.run(["umount", "-l", str(mount)], check=True)


@pytest.mark.parametrize("tail", [100, 1_000_000])
def test_a_lake_that_fills_its_disk_is_whole_when_there_is_room_again(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch, tail: int
) -> None:
    monkeypatch.setattr(sinks.lake, "TAIL_RECORDS", tail)
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"\0" * 1_500_000)
    folder, end = small_disk / "lake", 0
    fallen: Exception | None = None
    with Lake.open(folder, KEY, PACKS) as lake:
        while fallen is None:
            try:
                commit(lake, end, end + 700)
                end += 700
                lake.publish(lakes.views(4), [PACKS])
            except (OSError, duckdb.Error) as error:
                fallen = error
    assert end > 700, fallen
    ballast.unlink()
    assert assert_whole(folder) == end
