"""The drill command: a drill from its name to a scored lake, at any pace, embedded and through Kafka; pinned digests.

    name, folder, key, digest = pinned
    score = score_drill(Sides(folder / "records-truth", folder / "lake", key, PACKS, folder / "slices.parquet"))
Invariant: a digest that changes is a reviewed difference: `python -m tests.test_drill_command` prints them anew.
Deliberately absent: what a score counts (tests/test_score.py).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest

from replay.drills.file import drills, load_drill
from replay.plan import Plan
from replay.play import write_drill
from replay.score.ground import Sides
from replay.score.tally import score_drill
from schemas.keys import Key
from streams.cli import main
from streams.drills import RunFolder, run_loop
from streams.keyfile import find_key
from streams.service.broker import LocalBroker
from tests.drill_texts import drill_file
from tests.engines import KEY, PACKS
from tests.engines import run as run_engine
from tests.services import installation, publish_folder

RESIDENTS = 1_500
Pinned = tuple[str, Path, Key, str]
"""Name, folder, key and digest of a drill."""
_PATIENCE_S = 180
"""For workers to start and read a drill: about 10 s on two idle cores."""
DIGESTS = {
    "emergency-day": "1c4dc3a5cd68ddfedbc89bf00cc7588146c772132add6278f103a5bb3d912fa0",
    "feeds-at-their-worst": "b498d4949878aba9d54247bc5f80a7e7dc3427958cb5824a7624ad4627763d71",
    "jilin-2022": "2719c4c99dcac95d2d1d9cdb0209ef0baa90cc478c5cb6c5dcbcdd2cd4aecfb6",
    "peak-day": "f6efabf5a927b8aa1a160ea97f990790b809be456e6958ebafc4acde6bf69046",
    "sleeper-train": "787e477e8421d37cc4ca6785e777e0566786a0cb622ad02280f49998f674d90e",
    "small": "81d4a8861d5bee58115cd2e7cc6d07bdf8573be9135bc410bae43715f92c6b02",
    "transfers": "7f81ae1d20083734d67aa0216a7a134e86ccb50d576e03c696b1cd3ef0e6e6b2",
    "workplace": "bdd5b0229dbaecf9fe6c7b7e2dfb5701061c3f8c281d46db52d64ba46a8c8a44",
}


def small(name: str) -> Plan:
    """A drill with few people, and its seeds with them."""
    plan = load_drill(name)
    return replace(plan, residents=RESIDENTS, seeds=min(plan.seeds, 12))


def digest_of(name: str, folder: Path) -> str:
    plan = small(name)
    if plan.transfers is not None:
        return run_loop(plan, RunFolder(folder), None, 0.0, lambda *_: None, lambda _told: None)
    write_drill(plan, folder / "records")
    return run_engine(folder / "records", folder / "lake").digest


@pytest.fixture(scope="module", params=sorted(drills()))
def pinned(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Pinned:
    """A drill that was read embedded; the other way of running reads the same records."""
    name, folder = request.param, tmp_path_factory.mktemp(request.param)
    digest = digest_of(name, folder)
    key = find_key(folder / "lake", None) if load_drill(name).transfers else KEY
    return name, folder, key, digest


def test_each_drill_gives_the_view_that_it_gave_when_it_was_last_looked_at_and_holds_its_bounds(
    pinned: Pinned,
) -> None:
    name, folder, key, digest = pinned
    score = score_drill(Sides(folder / "records-truth", folder / "lake", key, PACKS, folder / "slices.parquet"))
    assert score.bounds
    unexplained = [e for e in score.examples if e.reason == "unexplained"]
    assert unexplained == []
    assert [bound for bound in score.bounds if not bound.held] == []
    assert digest == DIGESTS[name]


def test_through_kafka_each_drill_gives_the_view_that_is_pinned(pinned: Pinned, broker: LocalBroker) -> None:
    name, folder, key, _ = pinned
    with installation(broker, folder / "service", key, pack=small(name).pack) as service:
        service.start("writer", "intake-1", "intake-2")
        sent = publish_folder(service, folder / "records").total()
        told = service.until_processed(sent, _PATIENCE_S)
        assert told["digest"] == DIGESTS[name]
        assert service.read() == sent


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drill that was run by the command."""
    folder = tmp_path_factory.mktemp("drill")
    assert main(["drill", "run", str(drill_file(folder)), "--out", str(folder)]) == 0
    return folder


def test_a_run_leaves_records_truth_lake_slices_score_and_report(short: Path) -> None:
    run = short / "short"
    names = {path.name for path in run.iterdir()}
    assert names == {
        "records", "records-truth", "lake", "lake.key", "slices.parquet", "score.json", "score.parquet", "report.html",
    }  # fmt: skip
    assert any(run.glob("records/src.market_supervision.*"))
    assert orjson.loads((run / "score.json").read_bytes())["figures"]["recall_observable"][""]["value"] == 1


def test_slices_tell_when_everything_was_concluded(short: Path) -> None:
    slices = pq.read_table(short / "short" / "slices.parquet").to_pydict()
    lines = sum(len(p.read_bytes().splitlines()) for p in (short / "short" / "records").iterdir())
    assert sum(slices["records"]) == lines
    assert slices["until_ms"] == sorted(set(slices["until_ms"]))
    assert slices["events"] == sorted(slices["events"])


def test_the_report_is_named_first_and_then_a_proof_and_where_to_look(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["drill", "run", str(drill_file(tmp_path)), "--out", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[0] == f"报告 report: {tmp_path / 'short' / 'report.html'}"
    for part in ("the truth", "病例 cases", "密接 close contacts", "反事实", "counterfactual", "catalog.duckdb"):
        assert part in out


def test_slices_and_files_give_one_view(short: Path, tmp_path: Path) -> None:
    key = short / "short" / "lake.key"
    records = str(short / "short" / "records")
    assert main(["run", records, "--lake", str(tmp_path / "lake"), "--key", str(key)]) == 0
    assert manifest(tmp_path / "lake")["digest"] == manifest(short / "short" / "lake")["digest"]


def manifest(lake: Path) -> dict[str, Any]:
    return dict(orjson.loads((lake / "current" / "manifest.json").read_bytes()))


def test_a_run_begins_from_nothing_and_leaves_alone_what_is_no_drills(tmp_path: Path) -> None:
    path = drill_file(tmp_path)
    (tmp_path / "short").mkdir()
    (tmp_path / "short" / "notes.txt").write_text("mine")
    assert main(["drill", "run", str(path), "--out", str(tmp_path)]) == 2
    assert [p.name for p in (tmp_path / "short").iterdir()] == ["notes.txt"]


def test_a_bound_that_is_not_held_is_an_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = drill_file(tmp_path, "[expect]\ninfected = [100000, 200000]\n")
    assert main(["drill", "run", str(path), "--out", str(tmp_path)]) == 1
    assert "NOT HELD" in capsys.readouterr().out


def test_drills_are_listed_and_shown(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["drill", "list"]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in drills())
    assert main(["drill", "show", "feeds-at-their-worst"]) == 0
    shown = capsys.readouterr().out
    assert "lost_for_good" in shown
    assert "2022-03-13 08:00" in shown
    assert main(["drill", "show", str(drill_file(tmp_path, "pais = 3\nsead = 4"))]) == 2
    error = capsys.readouterr().err
    assert "short.toml" in error
    assert len([line for line in error.splitlines() if "unknown key" in line]) == 2


if __name__ == "__main__":
    from tempfile import TemporaryDirectory

    for drill in sorted(drills()):
        with TemporaryDirectory() as made:
            print(f'    "{drill}": "{digest_of(drill, Path(made))}",')
