"""A third of the time: the batch practices answer what the service and the oracle answer, or the figures are void.

In: a tiny history, a broker; small drills. Out: pass or fail.
Invariant: no time is asserted.
Deliberately absent: figures.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import third
from benchmarks.batch import CONTACTS, WAYS, Batch
from benchmarks.bench import Bench, Row
from benchmarks.drops import answered, drop_of
from benchmarks.latency import Answer
from benchmarks.traffic import KEY
from replay.drills.file import load_drill
from replay.oracle.answer import answer
from replay.plan import Plan
from replay.play import write_drill
from replay.transfers.names import drill_key
from schemas.codes import PersonClass
from schemas.intake import Intake
from schemas.keys import Key, pseudonym
from schemas.transfers import Purpose, TransferState
from streams.batches import as_tables
from streams.commands.oracle import read_all
from streams.drills import RunFolder, run_loop
from streams.packs import load_series
from streams.records import Reader, find_parts
from streams.service.broker import LocalBroker
from tests.brokers import fresh_prefix

SMALL = replace(load_drill("small"), residents=800, days=2)
CARRIED = replace(load_drill("transfers"), residents=1_500, seeds=14)


@pytest.fixture(scope="module")
def report(broker: LocalBroker, tmp_path_factory: pytest.TempPathFactory) -> Row:
    return third.measure("tiny", Bench(tmp_path_factory.mktemp("third"), prefix=fresh_prefix(), _broker=broker))


def test_service_and_batch_come_to_one_answer_and_every_list_is_whole(report: Row) -> None:
    assert report["void"] == ""
    assert len(report["digest"]) == 64
    assert report["history"]["cases"] > 0, "the history must have cases of its own"
    assert {"l3_p95_23", "third_of_batch"} <= {*report["budget"]}


def test_the_tables_name_every_practice_at_every_rate(report: Row) -> None:
    latencies, jobs = third.figures(report)
    drops = ["batch, every 0.15 min", "batch, every 0.6 min"]
    assert [row[0] for row in latencies.rows] == [third.OURS, third.FASTEST, *drops]
    assert len(jobs.rows) == 3
    assert "batch, back to back" in third.plot(report)
    assert "VOID" in third.figures(report | {"void": "the ways differ"})[0].title


def planted() -> Answer:
    return {"contacts": [("P1", "P2", "close")], "ways": [("P1", "hospital", "needed")]}


def test_a_row_that_one_side_alone_has_voids_the_figures_and_is_counted() -> None:
    assert third.differences(planted(), planted()) == []
    other = planted() | {"contacts": [("P1", "P3", "close")]}
    assert third.differences(planted(), other) == [
        "the contacts differ: 1 rows the service's alone, 1 the batch's alone"
    ]
    assert third.differences(planted() | {"ways": []}, planted()) == [
        "the ways differ: 0 rows the service's alone, 1 the batch's alone"
    ]
    twice = planted() | {"ways": planted()["ways"] * 2}
    assert third.differences(planted(), twice) != [], "a row twice is another answer"
    assert third.digest_of([planted()]) != third.digest_of([other])


def expected(records: Path, pack: str, key: Key = KEY) -> Answer:
    """What the oracle says, in the words of an answer."""
    views = answer(*as_tables(read_all(Reader(find_parts(records), {}), Intake(key))), load_series(pack))
    listed, carried = views["contacts"].to_pylist(), views["transfers"].to_pylist()
    return {
        "contacts": sorted(
            (pseudonym(row["source_person"]), pseudonym(row["contact_person"]), PersonClass(row["class"]).name)
            for row in listed
        ),
        "ways": sorted(
            (pseudonym(row["person"]), Purpose(row["purpose"]).name, TransferState(row["state"]).name)
            for row in carried
        ),
    }


def said(batch: Batch, folder: Path) -> Answer:
    batch.answer(folder)
    return {"contacts": sorted(answered(folder, CONTACTS)), "ways": sorted(answered(folder, WAYS))}


def in_drops(records: Path, folder: Path, pack: str, drops: int, key: Key = KEY) -> Answer:
    """The answer of a batch that got the lines of all sources in so many drops, and answered after each."""
    batch = Batch(folder / "typed.duckdb", key, pack)
    inbox = folder / "inbox"
    inbox.mkdir()
    lines = {part: part.path.read_bytes().splitlines() for part in find_parts(records)}
    for number in range(drops):
        shares = {part: some[number::drops] for part, some in lines.items()}
        names = [drop_of(inbox, p.source, 1000 * number + at, s) for at, (p, s) in enumerate(shares.items()) if s]
        batch.load(names)
        found = said(batch, folder)
    batch.close()
    return found


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    records = tmp_path_factory.mktemp("small") / "records"
    write_drill(SMALL, records, None, lambda _number, _step, _share: None)
    return records


def test_the_batch_answers_what_the_oracle_answers_in_however_many_drops(small: Path, tmp_path: Path) -> None:
    wanted = expected(small, SMALL.pack)
    assert len(wanted["contacts"]) > 20
    for drops in (1, 4):
        folder = tmp_path / str(drops)
        folder.mkdir()
        assert in_drops(small, folder, SMALL.pack, drops) == wanted


def test_the_batch_started_again_over_its_tables_answers_the_same(small: Path, tmp_path: Path) -> None:
    first = in_drops(small, tmp_path, SMALL.pack, 1)
    again = Batch(tmp_path / "typed.duckdb", KEY, SMALL.pack)
    assert said(again, tmp_path) == first
    again.close()


def carried_records(plan: Plan, folder: Path) -> Path:
    run = RunFolder(folder)
    run_loop(plan, run, None, 0.0, lambda *_: None, lambda _told: None)
    return run.records


def test_ways_that_were_decided_on_and_carried_out_stand_as_the_oracle_says(tmp_path: Path) -> None:
    records = carried_records(CARRIED, tmp_path / "run")
    states = set[str]()
    for name, key in (("its own key", drill_key(CARRIED.seed, CARRIED.name)), ("another: decisions on nobody", KEY)):
        folder = tmp_path / name
        folder.mkdir()
        wanted = expected(records, CARRIED.pack, key)
        states |= {state for _, _, state in wanted["ways"]}
        assert in_drops(records, folder, CARRIED.pack, 2, key) == wanted, name
    assert {"admitted", "cancelled", "needed", "ordered"} <= states
