"""Faults: what each of them does to the records of a drill, what it destroys, and that no more is lost than that.

In: one small drill, played with and without faults. Out: pass or fail.
Invariant: what is said to be destroyed is what the intake refuses or what says something else; what is not, changes no
conclusion.
Deliberately absent: how a drill's file names them (tests/test_drill_files.py).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from replay.city.founding import found_city
from replay.city.model import City
from replay.faults.catalogue import FAULTS, spoil
from replay.faults.fields import _swapped
from replay.plan import Fault, Inject, Plan
from replay.play import write_drill
from replay.sheets import Sheet, told
from schemas.departments.drafting import identifier
from schemas.identifiers import read_identifier
from schemas.instants import HOUR_MS, day_number, day_start
from tests.engines import run as run_engine
from tests.played import FIRST_DAY, plan_of

START_MS = day_start(day_number(FIRST_DAY))
SPAN = {"since_ms": START_MS + 9 * HOUR_MS, "until_ms": START_MS + 12 * HOUR_MS}
LATER = {"since_ms": START_MS + 14 * HOUR_MS, "until_ms": START_MS + 16 * HOUR_MS}
OPTIONS: dict[str, dict[str, Any]] = {
    "clock_skew": {"minutes": 7}, "late": {"factor": 5}, "lost_and_back": SPAN, "lost_for_good": LATER,
}  # fmt: skip
REFUSED = {"swapped_digits", "masked_ids", "unknown_codes", "broken_lines"}
HARMLESS = ("late", "out_of_order", "lost_and_back", "duplicated_lines", "duplicated_day", "amended_onsets")
AIMS = {"clock_skew": ("housing", "education")}
SHARES = {"duplicated_day": 0.5, "shared_phones": 0.02, "broken_lines": 0.02, "amended_onsets": 1.0}


def fault(kind: str, **more: Any) -> Fault:
    share = FAULTS[kind].share or SHARES.get(kind, 0.1)
    return Fault(kind, AIMS.get(kind, ()), share, OPTIONS.get(kind, {}) | more)


PLAN = plan_of(
    "emergency", 1_500, days=2, seeds=40,
    injects=(Inject("train", START_MS + 9 * HOUR_MS), Inject("hospital", START_MS + 10 * HOUR_MS)),
)  # fmt: skip


def played(folder: Path, *faults: Fault, plan: Plan = PLAN) -> Path:
    write_drill(replace(plan, faults=faults), folder / "records")
    return folder


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = played(tmp_path_factory.mktemp("clean"))
    run_engine(folder / "records", folder / "lake")
    return folder


@pytest.fixture(scope="module")
def worst(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every fault at once."""
    folder = played(tmp_path_factory.mktemp("worst"), *(fault(kind) for kind in FAULTS))
    run_engine(folder / "records", folder / "lake")
    return folder


def struck(folder: Path, *kinds: str, destroyed: bool | None = None) -> set[str]:
    rows = duckdb.execute("SELECT * FROM read_parquet(?)", [str(folder / "records-truth/faults.parquet")]).fetchall()
    chosen = (row for row in rows if (not kinds or row[2] in kinds) and destroyed in (None, row[3]))
    return {f"{source}/{record_id}" for source, record_id, *_ in chosen}


def view(folder: Path, name: str, columns: str = "*", where: str = "true") -> list[tuple[Any, ...]]:
    path = folder / "lake/current" / f"{name}.parquet"
    return duckdb.execute(f"SELECT {columns} FROM read_parquet('{path}') WHERE {where}").fetchall()


def test_every_fault_strikes_something(worst: Path) -> None:
    path = str(worst / "records-truth/faults.parquet")
    rows = duckdb.execute("SELECT kind, destroyed, count(*) FROM read_parquet(?) GROUP BY ALL", [path]).fetchall()
    found = {(kind, destroyed) for kind, destroyed, _ in rows}
    assert {kind for kind, _ in found} == set(FAULTS)
    for kind, described in FAULTS.items():
        ways = {destroyed for k, destroyed in found if k == kind}
        assert described.destroys == "some" or ways == {described.destroys == "always"}, kind


def test_what_is_refused_is_what_faults_made_no_records_of(worst: Path, clean: Path) -> None:
    assert view(clean, "rejects") == []
    reasons = {row[0] for row in view(worst, "rejects", "reason")}
    assert reasons == {"not_json", "identifier_form", "literal_error"}
    with duckdb.connect(str(worst / "lake/current/catalog.duckdb"), read_only=True) as db:
        rows = db.execute("SELECT source || '/' || record_id FROM records WHERE NOT withdrawn").fetchall()
    standing = {row[0] for row in rows}
    refused, lost, gone = (struck(worst, *kinds) for kinds in (REFUSED, ["lost_for_good"], ["withdrawn_positives"]))
    assert refused
    assert standing & refused == set()
    assert (struck(worst) - refused - lost - gone) <= standing


@pytest.mark.parametrize("kind", HARMLESS)
def test_a_fault_that_destroys_nothing_changes_no_conclusion(kind: str, clean: Path, tmp_path: Path) -> None:
    folder = played(tmp_path, fault(kind))
    assert struck(folder)
    run_engine(folder / "records", folder / "lake")
    for name, columns in (
        ("contacts", "* EXCLUDE (last_exposure_at_ms), last_exposure_at_ms"), ("persons", "*"), ("holds", "*"),
        ("cases", "* EXCLUDE (records)"), ("reviews", "*"),
    ):  # fmt: skip
        assert view(folder, name, columns) == view(clean, name, columns), name


def test_a_positive_that_is_withdrawn_and_sent_again_stands(clean: Path, tmp_path: Path) -> None:
    folder = played(tmp_path, Fault("withdrawn_positives", (), 1.0, {"again_after_hours": 3}))
    assert struck(folder, destroyed=False)
    run_engine(folder / "records", folder / "lake")
    assert view(folder, "cases", "case_person") == view(clean, "cases", "case_person")


def test_no_fault_loses_more_than_the_records_it_destroyed(clean: Path, worst: Path) -> None:
    """Each close contact that is no longer found rests on records of which one was destroyed: in each of its
    exposures, or among those that prove the case."""
    destroyed = struck(worst, destroyed=True)
    assert destroyed
    pairs = "source_person, contact_person"
    lost = set(view(clean, "contacts", pairs, "degree = 1")) - set(view(worst, "contacts", pairs, "degree = 1"))
    with duckdb.connect(str(clean / "lake/current/catalog.duckdb"), read_only=True) as db:
        proof = db.execute("SELECT source_person, contact_person, source_record, contact_record FROM contact_evidence")
        rows = [(row[:2], set(row[2:])) for row in proof.fetchall()]
        proven = db.execute("SELECT case_person, records FROM cases").fetchall()
        cases = {case: set(records) for case, records in proven}
    assert lost
    for pair in lost:
        gone = all(records & destroyed for of, records in rows if of == pair)
        assert gone or cases[pair[0]] & destroyed, pair


def test_one_more_fault_does_not_move_what_the_others_strike(tmp_path: Path) -> None:
    one, two = fault("swapped_digits"), fault("duplicated_lines")
    for folder in (tmp_path / "a", tmp_path / "b"):
        folder.mkdir()
    alone, both = played(tmp_path / "a", one), played(tmp_path / "b", one, two)
    assert struck(alone, "swapped_digits") == struck(both, "swapped_digits")


def test_a_resident_id_with_two_swapped_digits_is_never_somebody_elses() -> None:
    for number in range(0, 650_000, 97):
        with pytest.raises(ValueError, match=r"check character|date of birth"):
            read_identifier("resident_id", _swapped(identifier("resident_id", number)))


@pytest.fixture(scope="module")
def city() -> City:
    return found_city(1, 1_000)


def taps() -> Sheet:
    """Rides of an hour: 100, one each five minutes, of people with resident ids."""
    event = START_MS + np.arange(100) * 300_000
    people = np.arange(100)
    ids = np.array([identifier("resident_id", n) for n in range(100)], object)
    body: dict[str, Any] = {
        "id_type": np.full(100, "resident_id", object), "id_no": ids, "mode": np.full(100, "bus", object),
        "line": np.full(100, "7", object), "on_at": event, "off_at": event + HOUR_MS,
    }  # fmt: skip
    columns = told(100) | {
        "person": people, "place": np.full(100, 3), "said_since_ms": event, "said_until_ms": event + HOUR_MS,
    }  # fmt: skip
    return Sheet("transport.tap", body, event, event + 60_000, **columns)


def spoilt(city: City, *faults: Fault) -> Sheet:
    sheet = taps()
    spoil(sheet, replace(PLAN, faults=faults), city, np.random.default_rng(1), 0)
    return sheet


def test_what_is_late_takes_so_many_times_as_long(city: City) -> None:
    sheet = spoilt(city, Fault("late", ("transport",), 1.0, {"factor": 5}))
    assert set((sheet.arrival_ms - sheet.event_ms).tolist()) == {300_000}


def test_a_feed_that_is_lost_and_back_sends_its_records_in_their_order(city: City) -> None:
    since, until = START_MS + HOUR_MS, START_MS + 3 * HOUR_MS
    sheet = spoilt(city, Fault("lost_and_back", (), 1.0, {"since_ms": since, "until_ms": until}))
    assert not ((sheet.arrival_ms >= since) & (sheet.arrival_ms < until)).any()
    plain = taps().arrival_ms
    moved = (plain >= since) & (plain < until)
    assert (np.diff(sheet.arrival_ms[moved]) >= 0).all()
    assert sheet.arrival_ms[~moved].tolist() == plain[~moved].tolist()


def test_a_feed_that_is_lost_for_good_lacks_just_those_hours(city: City) -> None:
    since, until = START_MS + HOUR_MS, START_MS + 3 * HOUR_MS
    arrivals = taps().arrival_ms
    sheet = spoilt(city, Fault("lost_for_good", (), 1.0, {"since_ms": since, "until_ms": until}))
    assert sheet.arrival_ms.tolist() == arrivals[(arrivals < since) | (arrivals >= until)].tolist()


def test_a_skewed_clock_moves_all_that_a_record_tells_and_not_when_it_arrives(city: City) -> None:
    plain, sheet = taps(), spoilt(city, Fault("clock_skew", (), 1.0, {"minutes": -6}))
    for name in ("on_at", "off_at"):
        assert set((np.asarray(sheet.body[name]) - np.asarray(plain.body[name])).tolist()) == {-360_000}
    assert set((sheet.said_until_ms - plain.said_until_ms).tolist()) == {-360_000}
    assert sheet.arrival_ms.tolist() == plain.arrival_ms.tolist()


def test_a_copy_tells_the_truth_nothing(city: City) -> None:
    sheet = spoilt(city, Fault("duplicated_day", (), 1.0, {"hours": 2}))
    assert len(sheet) == 200
    assert (sheet.person >= 0).sum() == 100
    assert sheet.arrival_ms[100:].min() >= sheet.arrival_ms[:100].max() + 2 * HOUR_MS


def test_a_fault_strikes_only_the_sources_it_is_aimed_at(city: City) -> None:
    sheet = spoilt(city, Fault("late", ("police", "transport.ticket"), 1.0, {"factor": 5}))
    assert sheet.arrival_ms.tolist() == taps().arrival_ms.tolist()
