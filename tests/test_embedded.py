"""The embedded engine: one view, however the records were cut, ordered, doubled, packed or interrupted.

In: a small drill. Out: pass or fail.
Invariant: every way of running the same records gives the same digest, and the oracle's.
Deliberately absent: the laws on random histories (test_laws.py).
"""

from __future__ import annotations

import gzip
import multiprocessing
import os
import random
import shutil
import signal
import time
from pathlib import Path

import pytest
import zstandard

from replay.oracle import answer
from replay.scenes.drill import write_drill
from schemas.intake import Intake
from sinks.digest import digest
from sinks.lake import Lake
from streams.batches import as_tables
from streams.commands.oracle import read_all
from streams.current import Current
from streams.engine import Engine
from streams.mending import replay_rejects
from streams.records import Reader, find_parts
from tests.engines import KEY, PACKS, run, run_child

CHILDREN = multiprocessing.get_context("forkserver")
CHILDREN.set_forkserver_preload(["tests.engines"])
INSTANTS = 30


@pytest.fixture(scope="module")
def drill(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drill") / "records"
    write_drill(folder, people=220)
    return folder


@pytest.fixture(scope="module")
def expected(drill: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    return run(drill, tmp_path_factory.mktemp("whole") / "lake").digest


def files_of(folder: Path) -> dict[str, list[bytes]]:
    return {path.name: path.read_bytes().splitlines() for path in sorted(folder.glob("src.*"))}


def write(folder: Path, files: dict[str, list[bytes]]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in files.items():
        (folder / name).write_bytes(b"".join(line + b"\n" for line in lines))
    return folder


def test_the_engine_finds_what_the_oracle_finds(drill: Path, expected: str) -> None:
    batch = read_all(Reader(find_parts(drill), {}), Intake(KEY))
    assert digest(answer(*as_tables(batch), PACKS)) == expected


def test_accepted_and_rejected_are_all_that_was_sent(drill: Path, tmp_path: Path) -> None:
    summary = run(drill, tmp_path / "lake")
    assert summary.read == {name[4:-7]: len(lines) for name, lines in files_of(drill).items()}
    assert summary.accepted + summary.rejected == summary.read
    assert summary.rejected.total() > 20
    assert summary.cases > 0
    assert min(summary.contacts.values()) > 0


def test_run_again_it_reads_nothing_and_says_the_same(drill: Path, expected: str, tmp_path: Path) -> None:
    run(drill, tmp_path / "lake")
    again = run(drill, tmp_path / "lake")
    assert again.read.total() == 0
    assert again.restored > 0
    assert again.digest == expected


def test_files_that_grow_are_read_on_from_where_they_ended(drill: Path, expected: str, tmp_path: Path) -> None:
    files = files_of(drill)
    total = 0
    for share in (0.3, 0.31, 1.0):
        grown = {name: lines[: int(len(lines) * share)] for name, lines in files.items()}
        summary = run(write(tmp_path / "records", grown), tmp_path / "lake")
        total += summary.read.total()
    assert summary.digest == expected
    assert total == sum(map(len, files.values()))


@pytest.mark.parametrize(("commit", "step", "lines"), [(1, 1, 700), (900, 333, 17), (10**9, 10**9, 10**6)])
def test_how_the_records_are_cut_changes_nothing(
    drill: Path, expected: str, tmp_path: Path, commit: int, step: int, lines: int
) -> None:
    assert run(drill, tmp_path / "lake", commit, step, lines).digest == expected


def test_shuffled_doubled_and_dealt_over_packed_files_they_say_the_same(
    drill: Path, expected: str, tmp_path: Path
) -> None:
    chance = random.Random(3)
    folder = tmp_path / "records"
    folder.mkdir()
    for name, lines in files_of(drill).items():
        dealt = lines + chance.sample(lines, len(lines) // 5)
        chance.shuffle(dealt)
        half, stem = len(dealt) // 2, name.removesuffix(".ndjson")
        (folder / f"{stem}-2022-03-08.ndjson.gz").write_bytes(gzip.compress(b"\n".join(dealt[:half])))
        (folder / f"{stem}.2.ndjson.zst").write_bytes(zstandard.compress(b"\r\n".join(dealt[half:]) + b"\r\n"))
    assert run(folder, tmp_path / "lake", commit=2_000).digest == expected


def test_a_torn_file_keeps_nobody_else_from_being_read(drill: Path, expected: str, tmp_path: Path) -> None:
    folder = write(tmp_path / "records", files_of(drill))
    tap = folder / "src.transport.tap.ndjson"
    whole = gzip.compress(tap.read_bytes())
    tap.unlink()
    packed = folder / "src.transport.tap.ndjson.gz"
    packed.write_bytes(whole[: len(whole) // 2])
    torn = run(folder, tmp_path / "lake")
    assert [packed.name in trouble for trouble in torn.troubles] == [True]
    assert 0 < torn.read["transport.tap"] < len(files_of(drill)["src.transport.tap.ndjson"])
    packed.write_bytes(whole)
    mended = run(folder, tmp_path / "lake")
    assert mended.troubles == []
    assert mended.digest == expected


def test_rejects_that_are_records_now_are_committed_once(drill: Path, tmp_path: Path) -> None:
    """The mend is made by sealing good lines as if an older engine had not understood them."""
    files = files_of(drill)
    lines = files.pop("src.health.case_report.ndjson")
    folder = write(tmp_path / "records", files)
    run(folder, tmp_path / "lake")
    with Lake.open(tmp_path / "lake", KEY, "cn") as lake:
        engine = Engine(lake, PACKS)
        found = lake.unsealed_rejects()
        foreign = [
            type(found[0])("health.case_report", "src.health.case_report.ndjson", n, "old", "", "", raw=line)
            for n, line in enumerate(lines)
        ]
        lake.commit([], [], [lake.sealed(foreign)], {"src.health.case_report.ndjson": len(lines)}, {})
        mended = replay_rejects(engine, Intake(KEY), lake.unsealed_rejects())
        summary = engine.publish()
        left = lake.unsealed_rejects()
    assert mended > 5
    assert summary.cases > 0
    assert all(reject.reason != "old" or reject.raw in lines for reject in left)
    whole = run(write(tmp_path / "all", files_of(drill)), tmp_path / "other")
    assert summary.digest == whole.digest


@pytest.mark.slow
def test_killed_at_any_instant_and_run_again_it_says_the_same(drill: Path, expected: str, tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    chance = random.Random(seed)
    lake = tmp_path / "lake"
    run_in_child(drill, lake, None)  # the first child waits for the fork server
    shutil.rmtree(lake)
    start = time.monotonic()
    run_in_child(drill, lake, None)
    length = time.monotonic() - start
    shutil.rmtree(lake)
    for _ in range(INSTANTS):
        if not run_in_child(drill, lake, chance.uniform(0.0, length / 2)):
            continue
        assert Current(lake).manifest["digest"] == expected, f"seed {seed}"
        shutil.rmtree(lake)
    assert run(drill, lake).digest == expected, f"seed {seed}"


def run_in_child(records: Path, lake: Path, delay: float | None) -> bool:
    """Whether the child came to its end before it was killed."""
    child = CHILDREN.Process(target=run_child, args=(str(records), str(lake)))
    child.start()
    child.join(delay)
    if child.is_alive():
        os.kill(child.pid or 0, signal.SIGKILL)
        child.join()
        return False
    assert child.exitcode == 0
    return True
