"""The truth folder: it adds up, and its record ids are those that stand in the lines.

In: a small wave told to a truth folder, with sheets that were amended, withdrawn and struck. Out: verdicts.
Invariant: what is read back is compared with what happened, by value.
Deliberately absent: whole drills (tests of replay/play.py).
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import orjson
import pytest

from replay.city.living import cut_short
from replay.desks import health
from replay.desks.day import Day, before
from replay.faults.struck import FaultRow
from replay.lines import lines
from replay.sheets import REGISTERS_DAY, Sheet, record_id, told
from replay.truth import Truth, open_truth
from schemas.instants import DAY_MS, UNKNOWN_MS
from tests.wave_days import FIRST_MS, Run, plan, run

DAYS = 3
MADE = plan(days=DAYS, seeds=25, residents=1_500)
SOURCE = "health.survey_leg"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path, Counter[str]]:
    """A drill's truth, and the ids of the records by source, as they stood in their lines."""
    r, folder = run(MADE), tmp_path_factory.mktemp("drill") / "t-truth"
    truth, ids = Truth(folder, MADE), Counter[str]()
    truth.begin(r.city)
    truth.tell(health.standing(before(r.city, FIRST_MS, MADE.profile), r.wave.standing), REGISTERS_DAY)
    truth.isolate(r.wave.standing)
    for number, course in enumerate(r.courses):
        visits = cut_short(r.visits[number], course.isolated_ms)
        truth.day(number, visits)
        truth.isolate(course.stays)
        for sheet in health.sheets(Day(r.city, number, FIRST_MS + number * DAY_MS, MADE.profile, visits, course)):
            for line in b"".join(lines(sheet, number)).splitlines():
                ids[f"{sheet.source} {orjson.loads(line)['source_record_id']}"] += 1
            truth.tell(sheet, number)
    truth.end(r.wave.infections(FIRST_MS + DAYS * DAY_MS), {"plan": {"name": "t"}})
    return r, folder, ids


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[Any]:
    return connection.execute(query).fetchall()


def test_a_record_id_of_the_truth_is_the_one_in_the_line(written: tuple[Run, Path, Counter[str]]) -> None:
    _, folder, ids = written
    found = rows(open_truth(folder), "SELECT source || ' ' || record_id FROM told WHERE record_id NOT LIKE '%-R-%'")
    assert Counter(text for (text,) in found) == ids
    assert len(ids) > 4_000


def test_whoever_is_told_to_have_been_somewhere_was(written: tuple[Run, Path, Counter[str]]) -> None:
    _, folder, _ = written
    truth = open_truth(folder)
    said = "FROM told WHERE person >= 0"
    assert rows(truth, f"SELECT count(*) {said}")[0][0] > 30
    strange = f"""SELECT * {said} AND NOT EXISTS (FROM visits v WHERE v.person = told.person AND v.place = told.place
        AND v.since_ms = told.since_ms AND v.until_ms = coalesce(told.until_ms, v.until_ms))"""
    assert rows(truth, strange) == []


def test_infections_of_the_truth_happened_at_visits_of_the_truth(written: tuple[Run, Path, Counter[str]]) -> None:
    r, folder, _ = written
    truth = open_truth(folder)
    count = rows(truth, "SELECT count(*) FROM infections")[0][0]
    assert count == len(r.courses[-1].infections.person)
    there = """SELECT count(*) FROM visits v
        WHERE v.place = i.place AND v.since_ms <= i.infected_ms AND i.infected_ms < v.until_ms"""
    strange = f"""FROM infections i WHERE i.infector >= 0
        AND (({there} AND v.person = i.person) = 0 OR ({there} AND v.person = i.infector) = 0)"""
    assert rows(truth, strange) == []
    assert rows(truth, "FROM infections WHERE found_ms IS NULL AND reported_ms IS NOT NULL") == []
    assert rows(truth, "FROM infections WHERE NOT (found_ms < known_ms AND known_ms < reported_ms)") == []


def test_the_tables_have_everybody_and_every_place_and_every_stay(written: tuple[Run, Path, Counter[str]]) -> None:
    r, folder, _ = written
    truth = open_truth(folder)
    counts = {name: rows(truth, f"SELECT count(*) FROM {name}")[0][0] for name in ("people", "places", "visits")}
    visits = sum(len(cut_short(v, c.isolated_ms)) for v, c in zip(r.visits, r.courses, strict=True))
    assert counts == {"people": len(r.city.people), "places": len(r.city.places.kind), "visits": visits}
    stays = len(r.wave.standing.person) + sum(len(c.stays.person) for c in r.courses)
    assert rows(truth, "SELECT count(*) FROM isolations")[0][0] == stays
    assert (
        rows(truth, "SELECT count(*) FROM visits v JOIN people p USING (person) JOIN places l USING (place)")[0][0]
        == visits
    )
    assert json.loads((folder / "played.json").read_text("utf-8")) == {"plan": {"name": "t"}}


def legs(versions: list[tuple[int, int, bool, int, int]]) -> Sheet:
    """A sheet with rows (number, version, withdrawn, person, since)."""
    count = len(versions)
    columns = told(count)
    number, version, gone, person, since = (np.array(column, np.int64) for column in zip(*versions, strict=True))
    columns |= {
        "number": number,
        "version": version,
        "withdraw": gone,
        "person": person,
        "place": person,
        "said_since_ms": since,
    }
    return Sheet(SOURCE, {}, np.arange(count), np.arange(count), **columns)


def opened(tmp_path: Path, sheet: Sheet, struck: list[FaultRow]) -> duckdb.DuckDBPyConnection:
    r = run(plan(days=1, residents=1_000, seeds=0))
    truth = Truth(tmp_path / "t", plan(days=1))
    truth.begin(r.city)
    truth.day(0, r.visits[0])
    truth.tell(sheet, 0, struck)
    truth.end(r.wave.infections(FIRST_MS), {})
    return open_truth(tmp_path / "t")


def test_a_record_tells_what_its_last_version_tells_and_copies_tell_nothing_more(tmp_path: Path) -> None:
    sheet = legs([
        (0, 1, False, 7, 100), (0, 2, False, 7, 150), (0, 2, False, -1, UNKNOWN_MS),  # amended, then copied
        (1, 1, False, 8, 200), (1, 2, True, 8, 200),  # withdrawn
        (2, 1, False, 9, 300),
    ])  # fmt: skip
    found = rows(
        opened(tmp_path, sheet, []), "SELECT record_id, person, since_ms, destroyed, fault FROM told ORDER BY record_id"
    )
    ids = [record_id(SOURCE, 0, number) for number in range(3)]
    assert found == [(ids[0], 7, 150, False, ""), (ids[1], 8, 200, True, ""), (ids[2], 9, 300, False, "")]


def test_what_a_fault_struck_is_named_in_both_tables_and_one_that_destroyed_wins(tmp_path: Path) -> None:
    sheet = legs([(number, 1, False, number + 1, 100) for number in range(4)])
    struck = [
        FaultRow(SOURCE, np.array([0, 1]), "late", False, "arrival"),
        FaultRow(SOURCE, np.array([1, 2]), "swapped_digits", True, "id_no"),
    ]
    truth = opened(tmp_path, sheet, struck)
    found = rows(truth, "SELECT fault, destroyed FROM told ORDER BY record_id")
    assert found == [("late", False), ("swapped_digits", True), ("swapped_digits", True), ("", False)]
    faults = rows(truth, "SELECT record_id, kind, destroyed, what FROM faults ORDER BY ALL")
    ids = [record_id(SOURCE, 0, number) for number in range(3)]
    assert faults == [
        (ids[0], "late", False, "arrival"), (ids[1], "late", False, "arrival"),
        (ids[1], "swapped_digits", True, "id_no"), (ids[2], "swapped_digits", True, "id_no"),
    ]  # fmt: skip


def test_further_stays_of_a_record_are_told_under_its_id(tmp_path: Path) -> None:
    sheet = legs([(0, 1, False, 1, 100), (1, 1, False, 2, 100)])
    more = {name: np.array([value]) for name, value in (
        ("row", 1), ("person", 2), ("place", 40), ("said_since_ms", 120), ("said_until_ms", 130), ("knows", 0),
    )}  # fmt: skip
    sheet.also = more
    found = rows(opened(tmp_path, sheet, []), "SELECT record_id, place, until_ms, knows FROM told ORDER BY ALL")
    ids = [record_id(SOURCE, 0, number) for number in range(2)]
    assert found == [(ids[0], 1, None, True), (ids[1], 2, None, True), (ids[1], 40, 130, False)]


def test_a_folder_that_is_no_truth_or_holds_something_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no people"):
        open_truth(tmp_path)
    (tmp_path / "left").write_text("x")
    with pytest.raises(FileExistsError, match="empty folder"):
        Truth(tmp_path, MADE)
