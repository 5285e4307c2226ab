"""Analysts read through the catalog, in processes of their own, while the writer publishes and cleans up under them.

In: one writer, two analysts. Out: pass or fail.
Invariant: a connection sees one instant of the lake for as long as it is open; a new one never an older instant.
Deliberately absent: speed (benchmarks/).
"""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import duckdb
import pytest

import sinks.lake
from sinks.catalog import open_catalog
from sinks.lake import Lake
from tests import lakes
from tests.lakes import KEY, PACKS, PART, batch, commit

CHILDREN = multiprocessing.get_context("forkserver")
CHILDREN.set_forkserver_preload(["tests.lakes"])
_QUESTION = """SELECT (SELECT count(*) FROM contacts), (SELECT min(pack) FROM persons),
                      (SELECT max(rule) FROM exposures), (SELECT count(*) FROM records),
                      (SELECT count(*) FROM presences), (SELECT count(*) FROM events)"""


def ask(folder: str, stays: bool, ends: Connection) -> None:
    """A child: asks until told to stop, then once more; tells how often, the last answer, and what went wrong."""
    asked, seen, wrong, stop = 0, 0, "", False
    analyst = open_catalog(Path(folder))
    ends.send("ready")
    while not stop and not wrong:
        stop = ends.poll()
        try:
            if not stays:
                analyst.close()
                analyst = open_catalog(Path(folder))
            count, pack, rule, *facts = analyst.execute(_QUESTION).fetchone() or (0, "", "", 0)
        except duckdb.Error as error:
            wrong = str(error)
            break
        if (pack, rule) != (f"rule {count}",) * 2 or set(facts) != {50 + 10 * count} or count < seen:
            wrong = f"after {seen}: {count}, {pack}, {rule}, {facts}"
        asked, seen = asked + 1, count
    ends.send((asked, seen, wrong))
    ends.recv()


def analyst_of(folder: Path, stays: bool) -> tuple[Any, Connection]:
    mine, theirs = CHILDREN.Pipe()
    child = CHILDREN.Process(target=ask, args=(str(folder), stays, theirs))
    child.start()
    assert mine.recv() == "ready"
    return child, mine


def answers_of(child: Any, mine: Connection) -> tuple[int, int]:
    """How often an analyst asked and what it saw last, once it has told that nothing went wrong."""
    mine.send("stop")
    asked, seen, wrong = mine.recv()
    mine.send("bye")
    child.join()
    assert wrong == ""
    assert asked > 10
    return asked, seen


def test_analysts_keep_querying_while_snapshots_are_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sinks.lake, "TAIL_RECORDS", 60)
    monkeypatch.setattr("sinks.publication.EVENTS_PER_FILE", 70)
    with Lake.open(tmp_path, KEY, PACKS) as lake:
        commit(lake, 0, 60)
        lake.publish(lakes.views(1), [PACKS])
        staying, coming = analyst_of(tmp_path, stays=True), analyst_of(tmp_path, stays=False)
        for count in range(2, 20):
            commit(lake, 40 + 10 * count, 50 + 10 * count)
            lake.publish(lakes.views(count), [PACKS])
        assert answers_of(*staying)[1] == 1, "who stays sees the same instant all the time"
        assert answers_of(*coming)[1] == 19
        lake.publish(lakes.EMPTY, [PACKS])
        assert len(list((tmp_path / "snapshots").iterdir())) == 3, "a snapshot goes when its last reader has gone"


def test_a_connection_keeps_its_instant_and_a_new_one_sees_the_next(tmp_path: Path) -> None:
    with Lake.open(tmp_path, KEY, PACKS) as lake:
        commit(lake, 0, 10)
        lake.publish(lakes.views(3), [PACKS])
        with open_catalog(tmp_path) as before:
            lake.commit([batch(10, 30_000)], [], [], {PART: 30_000}, {})
            lake.publish(lakes.views(5), [PACKS])
            question = "SELECT (SELECT count(*) FROM contacts), (SELECT count(*) FROM presences)"
            with open_catalog(tmp_path) as after:
                assert after.execute(question).fetchone() == (5, 30_000)
            assert before.execute(question).fetchone() == (3, 10)


def test_nothing_can_be_written_through_the_catalog(tmp_path: Path) -> None:
    with Lake.open(tmp_path, KEY, PACKS) as lake:
        with pytest.raises(ValueError, match="no catalog yet: publish"):
            open_catalog(tmp_path)
        lake.publish(lakes.EMPTY, [PACKS])
    with open_catalog(tmp_path) as analyst, pytest.raises(duckdb.InvalidInputException, match="read-only"):
        analyst.execute("CREATE TABLE mine (a INT)")


def test_columns_are_described_in_the_catalog(tmp_path: Path) -> None:
    with Lake.open(tmp_path, KEY, PACKS) as lake:
        lake.publish(lakes.EMPTY, [PACKS])
    with open_catalog(tmp_path) as analyst:
        described = analyst.execute(
            "SELECT count(*), count(c.comment) FROM duckdb_columns() c JOIN duckdb_views() v ON table_name = view_name "
            "WHERE NOT v.internal"
        ).fetchone()
    assert described is not None
    assert described[0] == described[1] > 100
