"""A drill with transfers: the loop closes, nobody is lost; its folder read again gives the same view, deciding nothing.

In: a small drill with all troubles, played by the engine, the dispatcher and the world. Out: pass or fail.
Invariant: the judge of the view is the oracle; that of the world, the truth.
Deliberately absent: how good a plan is (tests/test_dispatch.py).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from replay.drills.file import load_drill
from replay.oracle.answer import answer
from replay.report.page import render_report
from replay.score.tree import Score
from replay.transfers.names import drill_key
from replay.transfers.troubles import TROUBLES
from schemas.intake import Intake
from schemas.keys import Key
from schemas.views import VIEWS
from sinks.catalog import CATALOG
from sinks.digest import canonical, combined, digest_of_view
from sinks.lake import Lake
from streams.batches import as_tables
from streams.commands.oracle import read_all
from streams.drills import RunFolder, run_loop, score_run
from streams.embedded import Embedded
from streams.packs import load_series
from streams.records import Reader, find_parts

PLAN = replace(load_drill("transfers"), residents=1_500, seeds=14)
KEY = drill_key(PLAN.seed, PLAN.name)


class Played:
    """One run of the drill. `digest`: of what was concluded in the loop."""

    def __init__(self, path: Path) -> None:
        self.folder = RunFolder(path)
        self.digest = run_loop(PLAN, self.folder, None, 0.0, lambda *_: None, lambda _told: None)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """The lake as `lake`, truth tables by name."""
        with duckdb.connect() as db:
            db.execute(f"ATTACH '{(self.folder.lake / 'current').resolve() / CATALOG}' AS lake (READ_ONLY)")
            for path in self.folder.truth.glob("transfer_*.parquet"):
                db.execute(f"CREATE VIEW {path.stem} AS FROM read_parquet('{path}')")
            return db.execute(query).fetchall()


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    return Played(tmp_path_factory.mktemp("loop"))


@pytest.fixture(scope="module")
def score(played: Played) -> Score:
    return score_run(PLAN, played.folder, lambda _section: None)


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_folder_read_again_gives_the_same_view_and_decides_nothing(played: Played, tmp_path: Path) -> None:
    before = files(played.folder.records)
    packs = load_series(PLAN.pack)
    with Lake.open(tmp_path / "lake", KEY, PLAN.pack) as lake:
        engine = Embedded(lake, KEY, packs)
        again = engine.run(Reader(find_parts(played.folder.records), {}))
    assert again.digest == played.digest
    assert files(played.folder.records) == before
    assert any("command.transfer_decision" in name for name in before)


def test_the_oracle_sees_what_the_loop_concluded(played: Played) -> None:
    batch = read_all(Reader(find_parts(played.folder.records), {}), Intake(KEY))
    views = answer(*as_tables(batch), load_series(PLAN.pack))
    assert combined({v: digest_of_view(v, canonical(v, views[v])) for v in VIEWS}) == played.digest
    assert views["transfers"].num_rows > 20
    assert views["escalations"].num_rows > 20


def test_the_same_drill_gives_the_same_records_truth_and_view(played: Played, tmp_path: Path) -> None:
    again = Played(tmp_path)
    assert again.digest == played.digest
    assert files(again.folder.records) == files(played.folder.records)
    assert files(again.folder.truth) == files(played.folder.truth)


def test_every_line_is_a_record_and_no_identifier_stands_in_a_decision(played: Played) -> None:
    intake, key = Intake(Key("other", b"\3" * 32)), b"990103"
    for name, text in files(played.folder.records).items():
        source = ".".join(name.split(".")[1:3])
        lines = text.splitlines()
        _, rejects = intake.read(source, lines, name, np.arange(len(lines), dtype=np.int64))
        assert rejects == [], name
        assert not (source.startswith("command.") and key in text)


def test_everybody_who_was_called_for_is_in_one_place_and_whoever_is_admitted_lies_there(played: Played) -> None:
    states = dict(played.ask("SELECT state, count(*) FROM lake.transfers GROUP BY 1"))
    assert states.get("none", 0) == 0
    twice = played.ask("SELECT person, purpose FROM lake.transfers GROUP BY ALL HAVING count(*) > 1")
    assert twice == []
    # Who the lake says is admitted truly was; the truth may be ahead by receipts that have not come.
    told = played.ask("SELECT count(*) FROM lake.transfers WHERE state = 'admitted'")[0][0]
    truly = played.ask(
        "SELECT DISTINCT person, purpose FROM transfer_happenings WHERE what = 'admitted' AND purpose > 0"
    )
    assert 10 < told <= len(truly)


def test_whoever_waits_at_the_end_was_told_of_in_the_last_round_with_a_place_in_the_queue_and_a_reason(
    played: Played,
) -> None:
    told = played.ask("""
        SELECT t.person FROM lake.transfers t
        WHERE t.state IN ('needed', 'ordered') AND t.needed_at_ms < (SELECT max(at_ms) FROM transfer_lines) - 7200000
          AND NOT EXISTS (FROM transfer_lines l WHERE l.code = t.person AND l.why <> '')""")
    assert told == []
    ranks = played.ask("SELECT at_ms, list(rank ORDER BY rank) FROM transfer_lines WHERE rank > 0 GROUP BY 1")
    assert ranks
    assert all(found == list(range(1, len(found) + 1)) for _, found in ranks)


def test_nobody_is_in_a_record_of_a_stay_that_began_after_they_were_fetched(played: Played) -> None:
    with duckdb.connect() as db:
        truth = played.folder.truth
        db.execute(f"CREATE VIEW told AS FROM read_parquet('{truth}/told.2*.parquet')")
        db.execute(f"CREATE VIEW happened AS FROM read_parquet('{truth}/transfer_happenings.parquet')")
        late = db.execute("""
            WITH fetched AS (SELECT person, min(at_ms) AS at_ms FROM happened WHERE what = 'picked_up' GROUP BY 1)
            SELECT t.source, count(*) FROM told t JOIN fetched f USING (person)
            WHERE t.since_ms > f.at_ms AND t.source NOT LIKE 'transport.transfer%' GROUP BY 1""").fetchall()
    assert late == []


def test_the_score_counts_deadlines_waits_and_every_trouble_and_finds_all_that_records_show(score: Score) -> None:
    assert score.held
    people, in_time = score.of("transfer_people"), score.of("transfer_in_time")
    assert people is not None
    assert in_time is not None
    assert in_time.denominator
    causes = {name: f.value for name, f in score.groups("transfer_breaches").items()}
    assert sum(v or 0 for name, v in causes.items() if name) == causes.get("", 0)
    assert in_time.denominator - (in_time.numerator or 0) == causes.get("", 0)
    assert score.groups("transfer_troubles").keys() <= TROUBLES.keys()
    assert len(score.groups("transfer_troubles")) >= 3
    kilometres = score.groups("vehicle_km")
    assert kilometres[""].value == pytest.approx(sum(f.value or 0 for name, f in kilometres.items() if name))


def test_the_report_has_a_part_on_transfers_with_a_plot(score: Score) -> None:
    page = render_report(score)
    for words in ("Why deadlines were missed", "为何超时", 'id="admitted-t"', "What went wrong, and what it cost"):
        assert words in page


def test_troubles_are_named_in_the_truth(played: Played) -> None:
    struck = Counter(row[0] for row in played.ask("SELECT trouble FROM transfer_troubles"))
    assert struck
    missing = played.ask("""SELECT count(*) FROM transfer_troubles WHERE trouble = 'missing_pickup'""")[0][0]
    told = played.ask("SELECT count(*) FROM transfer_happenings WHERE what = 'picked_up'")[0][0]
    receipts = b"".join(text for name, text in files(played.folder.records).items() if "transfer_receipt" in name)
    assert receipts.count(b'"picked_up"') <= told - missing + 2 * struck["wrong_list"]
