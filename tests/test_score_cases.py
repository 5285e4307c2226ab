"""Lost cases: each infected person who is no case has a named reason, worked out by hand.

In: the evening of tests/scored.py with further infections and what records were to tell of them. Out: pass or fail.
Invariant: the reasons follow from the rows written here and there, not from a score.
Deliberately absent: whole drills (tests/test_score_drill.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from replay.report.page import render_report
from replay.score.tally import score_drill
from replay.score.tree import Score
from schemas.keys import pseudonym
from tests.scored import write_sides
from tests.scored_feeds import REPORTS, at, token

SWABS, RESULTS = "health.nat_sample", "health.nat_result"
# person, swab, result, report: hours, None where there was none. 2 and 8 of the evening were found by nobody.
_FOUND = [
    (3, None, None, 12.25), (4, 13, 14, 15), (5, 22, 23, None), (6, None, None, 12), (7, 16, 17, None),
    (10, None, None, 18.5), (12, None, None, 19.25),
]  # fmt: skip
# source, record, hour, fault, destroyed. The swab of 5, n5, is in the lake; c9 is, and was withdrawn by nobody's fault.
_SAID = [
    (REPORTS, "c3", 12.25, "broken_lines", True),
    (SWABS, "n4", 13, "swapped_digits", True), (RESULTS, "r4", 14, "masked_ids", True),
    (REPORTS, "c4", 15, "withdrawn_positives", True),
    (SWABS, "n5", 22, "", False), (RESULTS, "r5", 23, "", False),
    (REPORTS, "c9", 12, "", True),
    (REPORTS, "c12", 19.25, "late", False),
]  # fmt: skip
REASONS = {
    2: "never_found", 8: "never_found",
    3: "fault:broken_lines",
    4: "fault:withdrawn_positives",  # the report comes before the swab
    5: "record_not_read",  # the swab was read, its result was not
    6: "record_withdrawn",
    7: "fault:lost_for_good",  # nothing is told of a swab that never came
    10: "not_yet_told",
    12: "record_not_read",  # late, and that destroys nothing
}  # fmt: skip


def more(path: Path, rows: list[dict[str, Any]]) -> None:
    """Further rows of a table; what they do not say is null."""
    table = pq.read_table(path)
    pq.write_table(pa.concat_tables([table, pa.Table.from_pylist(rows, table.schema)]), path)


@pytest.fixture(scope="module")
def score(tmp_path_factory: pytest.TempPathFactory) -> Score:
    sides = write_sides(tmp_path_factory.mktemp("cases"))
    infected = [
        {"person": person, "infected_ms": at(1), "infector": 0, "place": -1, **{
            name: None if hour is None else at(hour)
            for name, hour in zip(("found_ms", "known_ms", "reported_ms"), hours, strict=True)
        }}
        for person, *hours in _FOUND
    ]  # fmt: skip
    more(sides.truth / "infections.parquet", infected)
    more(sides.truth / "told.2022-03-10.parquet", [
        {"source": source, "record_id": name, "person": -1, "place": -1, "knows": True, "fault": fault,
         "destroyed": gone, "event_ms": at(hour), "arrival_ms": at(hour)} for source, name, hour, fault, gone in _SAID
    ])  # fmt: skip
    lost = {"record_id": "n7", "kind": "lost_for_good", "destroyed": True, "what": "line"}
    more(sides.truth / "faults.parquet", [{"source": SWABS, **lost}])
    return score_drill(sides)


@pytest.mark.parametrize("person", sorted(REASONS))
def test_a_lost_case_has_the_first_reason_that_fits(score: Score, person: int) -> None:
    found = [e.reason for e in score.examples if e.side == "case_lost" and e.source_person == pseudonym(token(person))]
    assert found == [REASONS[person]]


def test_the_records_that_were_to_prove_it_are_named(score: Score) -> None:
    records = {e.source_person: e.records for e in score.examples if e.side == "case_lost"}
    assert records[pseudonym(token(4))] == ("health.case_report/c4", "health.nat_sample/n4")
    assert records[pseudonym(token(5))] == ("health.nat_result/r5",)
    assert records[pseudonym(token(2))] == ()


def test_every_lost_case_is_counted_once_and_none_is_unexplained(score: Score) -> None:
    counts = {group: figure.value for group, figure in score.groups("case_lost").items()}
    assert counts == {reason: list(REASONS.values()).count(reason) for reason in REASONS.values()}
    recall, unexplained = score.of("case_recall"), score.of("unexplained")
    assert recall is not None
    assert unexplained is not None
    assert (recall.denominator or 0) - (recall.numerator or 0) == len(REASONS)
    assert unexplained.value == 0


def test_a_report_that_was_read_and_opened_no_case_is_a_defect(tmp_path: Path) -> None:
    sides = write_sides(tmp_path)
    infected = {"person": 5, "infected_ms": at(1), "infector": 0, "place": -1, "reported_ms": at(12)}
    more(sides.truth / "infections.parquet", [infected])
    told = {"source": REPORTS, "record_id": "c9", "person": -1, "place": -1, "knows": True, "fault": ""}
    at_noon = {"destroyed": False, "event_ms": at(12), "arrival_ms": at(12)}
    more(sides.truth / "told.2022-03-10.parquet", [told | at_noon])
    found = score_drill(sides).of("unexplained")
    assert found is not None
    assert found.value == 1


def test_the_report_names_them(score: Score) -> None:
    text = render_report(score)
    for shown in ("感染而未成病例的人", "没有人查出", "health.case_report/c3", "演练结束时尚未报送"):
        assert shown in text
