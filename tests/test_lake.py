"""The lake keeps what it was given: facts come back, rejects stay sealed, and a second writer is told so.

In: small lakes. Out: pass or fail.
Invariant: what a lake gives back is what was committed to it.
Deliberately absent: kills and full disks (tests/test_lake_crash.py).
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import sinks.lake
from schemas.facts import FACT_COLUMNS, RECORD_SCHEMA, FactBatch
from schemas.keys import Key
from schemas.views import VIEWS
from sinks.catalog import open_catalog
from sinks.digest import digest, digest_of_snapshot
from sinks.disk import sha256_of
from sinks.lake import Lake
from sinks.lookup import record_names
from sinks.parts import TABLES
from sinks.render import published_schema
from tests import lakes
from tests.lakes import KEY, PACKS, PART, SOURCE, batch, commit, offsets_of, reject


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    with Lake.open(tmp_path / "lake", KEY, PACKS) as opened:
        yield opened


def reopened(lake: Lake) -> Lake:
    lake.close()
    return Lake.open(lake.folder, KEY, PACKS)


@pytest.mark.parametrize("tail", [1, 100, 1_000_000])
def test_every_committed_fact_comes_back_with_its_own_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tail: int
) -> None:
    monkeypatch.setattr(sinks.lake, "TAIL_RECORDS", tail)
    with Lake.open(tmp_path, KEY, PACKS) as lake:
        for low in range(0, 400, 40):
            commit(lake, low, low + 40)
        with reopened(lake) as again:
            assert again.progress() == {PART: 400}
            assert offsets_of(again).tolist() == list(range(400))
            first = next(again.facts())
            assert first.records.schema.equals(RECORD_SCHEMA)
            assert first.records.column("record_id")[0].as_py() == "r0"


def test_facts_come_in_batches_of_a_limited_size(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sinks.lake, "BATCH_RECORDS", 64)
    lake.commit([batch(0, 100), batch(100, 200, "other.jsonl")], [], [], {PART: 100, "other.jsonl": 200}, {})
    assert [b.records.num_rows for b in lake.facts()] == [64, 64, 64, 8]
    assert offsets_of(lake).tolist() == list(range(200))


@pytest.mark.parametrize("table", list(FACT_COLUMNS))
def test_every_fact_table_comes_back_column_by_column(lake: Lake, table: str) -> None:
    given = batch(0, 20, table=table)
    lake.commit([given], [], [], {PART: 20}, {})
    back = next(lake.facts())
    assert list(back.facts) == [table]
    order = np.argsort(back.facts[table]["row"])
    for name, values in given.facts[table].items():
        assert back.facts[table][name][order].tolist() == values.tolist()


def test_a_record_repeated_exactly_keeps_its_facts_once_and_another_version_keeps_its_own(lake: Lake) -> None:
    lake.commit([batch(0, 5), batch(0, 5), batch(0, 5, version=2)], [], [], {PART: 5}, {})
    pieces = list(lake.facts())
    assert [p.records.num_rows for p in pieces] == [10]
    rows = pieces[0].facts["presences"]["row"]
    assert sorted(rows.tolist()) == list(range(10))
    versions = pieces[0].column("version")[rows]
    idents = pieces[0].facts["presences"]["ident"]
    assert np.array_equal(idents, pieces[0].column("offset")[rows] * 2 + versions)


def test_a_withdrawn_record_comes_back_without_facts(lake: Lake) -> None:
    given = batch(0, 3)
    withdrawn = given.records.set_column(4, RECORD_SCHEMA.field(4), pa.array([True] * 3))
    lake.commit([FactBatch(withdrawn)], [], [], {PART: 3}, {})
    back = next(lake.facts())
    assert back.facts == {}
    assert back.records.column("withdrawn").to_pylist() == [True] * 3


def test_progress_never_goes_back(lake: Lake) -> None:
    commit(lake, 0, 10)
    with pytest.raises(ValueError, match="committed already"):
        commit(lake, 0, 5)
    assert offsets_of(lake).tolist() == list(range(10))


def test_two_writers_are_refused_with_what_to_do(lake: Lake) -> None:
    with pytest.raises(ValueError, match=r"written by another process \(pid \d+\): stop it first, or read .*catalog"):
        Lake.open(lake.folder, KEY, PACKS)
    code = "import sys; from tests.lakes import *; Lake.open(Path(sys.argv[1]), KEY, PACKS)"
    other = subprocess.run(
        [sys.executable, "-c", code, str(lake.folder)], capture_output=True, text=True, cwd=Path(__file__).parent.parent
    )
    assert "written by another process" in other.stderr


def test_a_lake_of_an_older_layout_is_refused_before_anything_of_it_is_touched(lake: Lake) -> None:
    lake.close()
    with duckdb.connect(str(lake.folder / "brain.duckdb")) as db:
        db.execute("UPDATE meta SET value = '2' WHERE name = 'format'")
        db.execute("ALTER TABLE parts DROP COLUMN bytes")
    with pytest.raises(ValueError, match="has layout 2, this version writes layout 4: run it into a new folder"):
        Lake.open(lake.folder, KEY, PACKS)


@pytest.mark.parametrize(
    ("key", "packs", "message"),
    [
        (replace(KEY, key_id="k00002"), PACKS, "belongs to key k00001, not k00002: pass that key's file"),
        (Key(KEY.key_id, b"\2" * 32), PACKS, "belongs to another key of the id k00001"),
        (KEY, "who", "was made with packs 'cn', not 'who'"),
    ],
)
def test_a_lake_of_another_key_or_other_packs_is_refused(lake: Lake, key: Key, packs: str, message: str) -> None:
    lake.close()
    with pytest.raises(ValueError, match=message):
        Lake.open(lake.folder, key, packs)
    Lake.open(lake.folder, KEY, PACKS).close()


def test_the_same_bad_line_twice_is_one_reject_with_a_count(lake: Lake) -> None:
    raw = b'{"phone": "13800138000"}'
    lake.commit([], [], [lake.sealed([reject(3, raw), reject(9, raw), reject(4, b"else")])], {PART: 10}, {})
    lake.commit([], [], [lake.sealed([reject(12, raw)])], {PART: 13}, {})
    rows = {r["offset"]: r for r in lake.rejects().to_pylist()}
    assert {at: row["count"] for at, row in rows.items()} == {3: 3, 4: 1}
    assert [r.raw for r in sorted(lake.unsealed_rejects(), key=lambda r: r.offset)] == [raw, b"else"]


def test_a_replayed_reject_is_closed_until_it_comes_again(lake: Lake) -> None:
    lake.commit([], [], [lake.sealed([reject(3)])], {PART: 4}, {})
    lake.mark_replayed([lake.reject_id(r) for r in lake.unsealed_rejects()])
    assert lake.unsealed_rejects() == []
    assert lake.rejects()["status"].to_pylist() == ["replayed"]
    lake.commit([], [], [lake.sealed([reject(3)])], {PART: 5}, {})
    assert lake.rejects()["status"].to_pylist() == ["open"]


def test_rejected_bytes_stand_nowhere_in_the_lake(lake: Lake) -> None:
    raw = b"the line of 13800138000, 220102199003078888"
    unknown = {SOURCE: {"13800138000": 1, "colour": 2}}
    lake.commit([batch(0, 30)], [], [lake.sealed([reject(1, raw)])], {PART: 30}, unknown)
    manifest = lake.publish(lakes.EMPTY, [PACKS])
    lake.close()
    for path in lake.folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert b"13800138000" not in content, path
            assert b"220102199003078888" not in content, path
    assert manifest["unknown_fields"] == {SOURCE: {"(not shown)": 1, "colour": 2}}
    columns = pq.read_schema(lake.folder / "current" / "rejects.parquet").names
    assert "sealed" not in columns
    assert "raw" not in columns


def test_the_audit_log_is_kept_in_order(lake: Lake) -> None:
    lake.audit("reveal", "a hospital asked", "P0000000000000001", actor="desk 4")
    lake.audit("erase", "by request", "P0000000000000002")
    with reopened(lake) as again:
        log = again.audit_log().to_pylist()
    assert [(line["actor"], line["action"]) for line in log] == [("desk 4", "reveal"), ("", "erase")]
    assert log[0]["at_ms"] <= log[1]["at_ms"]


def test_an_empty_lake_publishes_readable_views(lake: Lake) -> None:
    manifest = lake.publish(lakes.EMPTY, [PACKS])
    assert manifest["digest"] == digest(lakes.EMPTY) == digest_of_snapshot(lake.folder)
    with open_catalog(lake.folder) as analyst:
        for view in (*VIEWS, *TABLES, "rejects", "events"):
            assert analyst.execute(f"SELECT count(*) FROM {view}").fetchone() == (0,)
    for view in VIEWS:
        assert pq.read_schema(lake.folder / "current" / f"{view}.parquet").equals(published_schema(view))


def test_a_folder_name_with_glob_and_quote_characters_is_only_a_name(tmp_path: Path) -> None:
    with Lake.open(tmp_path / "l[a]ke '7' *", KEY, PACKS) as lake:
        lake.commit([batch(0, 10)], lakes.events(0, 10), [], {PART: 10}, {})
        lake.publish(lakes.views(3), [PACKS])
        with open_catalog(lake.folder) as analyst:
            assert analyst.execute("SELECT count(*), count(DISTINCT case_record) FROM exposures").fetchone() == (3, 1)
            assert analyst.execute("SELECT count(*) FROM records JOIN presences USING (rec)").fetchone() == (10,)


def test_a_folder_name_with_a_question_mark_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="choose another folder"):
        Lake.open(tmp_path / "why?", KEY, PACKS)


def test_the_manifest_vouches_for_every_file_and_three_snapshots_are_kept(lake: Lake) -> None:
    commit(lake, 0, 50)
    for count in range(2, 7):
        lake.publish(lakes.views(count), [PACKS])
    assert sorted(p.name for p in (lake.folder / "snapshots").iterdir()) == ["000003", "000004", "000005"]
    manifest = json.loads((lake.folder / "current" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["snapshot"] == 5
    assert manifest["progress"] == {PART: 50}
    assert manifest["rejects"] == {"open": {"distinct": 8, "lines": 8}}
    for name, file in manifest["files"].items():
        path = lake.folder / "current" / name
        assert (file["sha256"], file["bytes"]) == (sha256_of(path), path.stat().st_size)
    assert manifest["files"]["contacts.parquet"]["rows"] == 6
    assert (lake.folder / "current" / "dictionary.md").exists()


def test_the_catalog_shows_facts_and_events_of_the_tail_and_of_parts_alike(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sinks.lake, "TAIL_RECORDS", 100)
    for low in range(0, 250, 25):
        commit(lake, low, low + 25)
        lake.publish(lakes.EMPTY, [PACKS])
        with open_catalog(lake.folder) as analyst:
            for view in ("records", "presences", "events"):
                assert analyst.execute(f"SELECT count(*) FROM {view}").fetchone() == (low + 25,)
    with open_catalog(lake.folder) as analyst:
        event = analyst.execute(
            "SELECT kind, subject, source, class_after, until_ms FROM events WHERE seq = 1"
        ).fetchone()
        assert event == ("case_opened", "P0000000000000001", None, "case", None)
        label = "SELECT label FROM presences p JOIN places USING (place) WHERE place_code(place) = 'L0000000000000002'"
        assert set(analyst.execute(label).fetchall()) <= {("Bus 1",)}


def test_event_files_are_cut_at_a_number_of_events(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sinks.publication.EVENTS_PER_FILE", 30)
    for low in (0, 40, 70):
        commit(lake, low, low + 30 + (10 if low == 0 else 0))
        lake.publish(lakes.EMPTY, [PACKS])
    with reopened(lake) as again:
        commit(again, 100, 101)
        again.publish(lakes.EMPTY, [PACKS])
        assert len(list((lake.folder / "events").iterdir())) == 3, "whole files; the rest is in the snapshot"
        with open_catalog(lake.folder) as analyst:
            assert analyst.execute("SELECT list(seq ORDER BY seq) FROM events").fetchone() == (list(range(101)),)


def test_views_that_name_an_uncommitted_record_are_not_published(lake: Lake) -> None:
    with pytest.raises(ValueError, match="name 2 records that were not committed"):
        lake.publish(lakes.views(3), [PACKS])
    with pytest.raises(ValueError, match="missing: cases, exposures"):
        lake.publish({}, [PACKS])
    assert not (lake.folder / "current").exists()


@pytest.mark.parametrize("parts", range(1, 11))
def test_a_record_is_named_whichever_part_it_stands_in(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, parts: int
) -> None:
    monkeypatch.setattr(sinks.lake, "TAIL_RECORDS", 1)
    for low in range(0, 4 * parts, 4):
        commit(lake, low, low + 4)
    committed = lake.moment().committed
    assert len(committed.records) == parts
    recs = np.concatenate([b.column("rec") for b in lake.facts()])
    for some in (recs[:4], recs[-4:], recs[len(recs) // 2 :][:4], recs):
        assert record_names(committed, some).of(some).to_pylist() == [
            f"{SOURCE}/r{n}" for n in np.flatnonzero(np.isin(recs, some))
        ]


def test_only_the_writer_opens_brain_duckdb(lake: Lake) -> None:
    code = "import sys, duckdb; duckdb.connect(sys.argv[1], read_only=True)"
    other = subprocess.run(
        [sys.executable, "-c", code, str(lake.folder / "brain.duckdb")], capture_output=True, text=True
    )
    assert "lock" in other.stderr


def test_a_record_repeated_in_a_later_commit_keeps_its_facts_once_also_in_a_part_of_both(tmp_path: Path) -> None:
    with Lake.open(tmp_path / "lake", KEY, "cn") as lake:
        lake.commit([batch(0, 5)], [], [], {PART: 5}, {})
        lake.commit([batch(3, 8)], [], [], {PART: 8}, {})
    with Lake.open(tmp_path / "lake", KEY, "cn") as lake:
        lake.commit([batch(4, 6)], [], [], {PART: 9}, {})
        assert [(f.records.num_rows, len(f.facts["presences"]["row"])) for f in lake.facts()] == [(8, 8)]
        lake.commit([batch(2, 30_000)], [], [], {PART: 30_000}, {})
        assert [(f.records.num_rows, len(f.facts["presences"]["row"])) for f in lake.facts()] == [(30_000, 30_000)]
