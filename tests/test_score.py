"""The score: every figure of an evening worked out by hand; names, bounds and forms; the same drill, the same score.

In: tests/scored.py. Out: what somebody who reads a score relies on.
Invariant: the numbers here were counted from the rows of tests/scored.py, not from a score.
Deliberately absent: the city's own drills (tests/test_score_drill.py).
"""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from replay.score.definitions import DEFINITIONS, reason_words
from replay.score.tally import score_drill, write_score
from replay.score.tree import Score
from schemas.keys import pseudonym
from tests.scored import at, token, write_sides

ROOT = Path(__file__).resolve().parent.parent
EXPECT = {"recall_observable": (0.7, 0.8), "recall_true.kind/bus": (0.6, 1.0), "no_such_figure": (0.0, 1.0)}


@pytest.fixture(scope="module")
def score(tmp_path_factory: pytest.TempPathFactory) -> Score:
    return score_drill(write_sides(tmp_path_factory.mktemp("evening"), EXPECT))


SHARES = [
    ("case_recall", "", 1, 3), ("confirmed_recall", "", 1, 1), ("case_precision", "", 1, 1),
    # Truly near the case: 1 at home; 2, 3, 6 at work; 4, 5 on the bus. Shown: not 6 (destroyed), not 4 (unlinked).
    ("observable_share", "", 4, 6), ("observable_share", "kind/room", 2, 3), ("observable_share", "kind/bus", 1, 2),
    ("recall_true", "", 3, 6), ("recall_true", "kind/household", 1, 1), ("recall_true", "kind/room", 1, 3),
    ("recall_true", "degree/0", 1, 1), ("recall_true", "degree/2", 1, 1),
    # 3 was shown, but the record was not read.
    ("recall_observable", "", 3, 4), ("recall_observable", "rule/CC-4.4-room", 1, 2),
    ("recall_observable", "kind/bus", 1, 1),
    # Listed: 1, 2, 5, 4 under the phone, and 11 of another bus of the line, for whom records do speak.
    ("precision_true", "", 4, 5), ("precision_true", "certainty/low", 0, 1), ("precision_true", "degree/0", 1, 2),
    ("precision_observable", "", 5, 5), ("precision_observable", "degree/0", 2, 2),
    ("listed_by_hours", "00.50", 0, 5), ("listed_by_hours", "01.00", 3, 5),
    ("listed_within_24h", "", 5, 5), ("lost_to_follow_up", "", 2, 5),
    # 2 was infected by 0 before 0 was known; 8 by 2, who was listed by then but never became a case.
    ("infections_undetected", "", 1, 2), ("infections_unseen", "", 1, 2),
    ("holds_needless", "", 1, 2), ("leads_near", "", 1, 2),
]  # fmt: skip


@pytest.mark.parametrize(("name", "group", "numerator", "denominator"), SHARES)
def test_a_share_is_what_was_counted_by_hand(
    score: Score, name: str, group: str, numerator: int, denominator: int
) -> None:
    found = score.of(name, group)
    assert found is not None
    assert (found.numerator, found.denominator) == (numerator, denominator)
    assert found.value == pytest.approx(numerator / denominator)


VALUES = [
    ("infected", "", 3), ("pairs_true", "", 6), ("pairs_observable", "", 4), ("pairs_listed", "", 5),
    ("pairs_listed", "certainty/medium", 2), ("infected_on", "2022-03-10", 2), ("found_on", "2022-03-10", 1),
    # The swab at 19:00, its result at 20:30, the report and the case at 21:00; three listed at 21:15, two at 22:15.
    ("hours_result_to_listed", "p50", 0.75), ("hours_result_to_listed", "max", 1.75),
    ("hours_sampled_to_listed", "p50", 2.25), ("hours_sampled_to_listed", "max", 3.25),
    ("hours_reported_to_listed", "p50", 0.25), ("hours_reported_to_listed", "p95", 1.25),
    ("minutes_opened_to_listed", "p50", 15), ("minutes_opened_to_listed", "max", 75),
    ("fault_records", "late", 1), ("fault_records_destroyed", "lost", 1), ("fault_pairs_lost", "lost", 1),
    # The tap of 11 came at 22:00, an hour after the case, and the listing waited for it.
    ("late_decisions", "transport.tap", 1), ("late_hours", "transport.tap", 1), ("fault_hours_lost", "late", 1),
    ("moment", "first_infected", at(10)), ("moment", "first_opened", at(21)), ("moment", "half_listed", at(21.25)),
    ("moment", "last_listed", at(22.25)),
    ("holds", "", 2), ("hold_hours_won", "p50", 1), ("leads", "", 2), ("people", "close", 5),
    ("isolation_people", "close", 5), ("records", "transport.tap", 4), ("unexplained", "", 0),
]  # fmt: skip


@pytest.mark.parametrize(("name", "group", "value"), VALUES)
def test_a_value_is_what_was_worked_out_by_hand(score: Score, name: str, group: str, value: float) -> None:
    found = score.of(name, group)
    assert found is not None
    assert found.value == pytest.approx(value)


def test_isolation_days_run_from_the_last_exposure_to_the_end(score: Score) -> None:
    ends = (20, 17, 8.5, 8.5, 8.5)  # hours of the day on which the five exposures ended; all isolate for 14 days after
    found = score.of("isolation_days", "close")
    assert found is not None
    assert found.value == pytest.approx(sum(15 - hour / 24 for hour in ends))


def test_every_exception_is_named_with_the_two_people_and_the_records(score: Score) -> None:
    named = {(e.side, e.reason, e.degree, e.contact_person) for e in score.examples}
    assert named == {
        ("missing", "record_not_read", 1, pseudonym(token(3))),
        ("extra", "line_without_vehicle", 1, pseudonym(token(11))),
        ("extra", "inferred_stay", 0, pseudonym(token(10))),
        ("unrecorded", "fault:lost", 1, pseudonym(token(6))),
        ("unrecorded", "unlinked_identifier", 1, pseudonym(token(4))),
        ("case_lost", "never_found", 0, ""),
    }
    pairs = {e.source_person for e in score.examples if e.side != "case_lost"}
    assert pairs == {pseudonym(token(0))}
    assert {e.source_person for e in score.examples} - pairs == {pseudonym(token(n)) for n in (2, 8)}
    extra = next(e for e in score.examples if e.reason == "line_without_vehicle")
    assert "transport.tap/t11" in extra.records


def test_counts_of_exceptions_add_up_to_what_is_lacking_and_too_much(score: Score) -> None:
    def total(name: str, degree: int) -> float:
        return sum(f.value or 0 for group, f in score.groups(name).items() if group.startswith(f"{degree}/"))

    for degree in (0, 1, 2):
        names = ("recall_observable", "precision_true", "observable_share")
        shown, listed, recorded = (score.of(name, f"degree/{degree}") for name in names)
        for figure, name in ((shown, "missing"), (listed, "extra"), (recorded, "unrecorded")):
            assert figure is not None
            assert figure.denominator is not None
            assert figure.numerator is not None
            assert figure.denominator - figure.numerator == total(name, degree), (name, degree)


def test_a_bound_is_held_broken_or_about_nothing(score: Score) -> None:
    assert {bound.name: bound.held for bound in score.bounds} == {
        "recall_observable": True, "recall_true.kind/bus": False, "no_such_figure": False,
    }  # fmt: skip
    assert not score.held


def test_a_score_comes_back_from_its_json_and_stands_in_parquet(score: Score, tmp_path: Path) -> None:
    write_score(score, tmp_path)
    assert Score.from_json((tmp_path / "score.json").read_bytes()) == score
    table = pq.read_table(tmp_path / "score.parquet")
    assert table.column_names == ["figure", "group", "value", "numerator", "denominator"]
    assert table.num_rows == len(score.figures)
    with pytest.raises(ValueError, match="version"):
        Score.from_json(b'{"version": 99}')


def test_the_same_drill_has_the_same_score_byte_for_byte(score: Score, tmp_path: Path) -> None:
    again = score_drill(write_sides(tmp_path, EXPECT))
    assert again.figures == score.figures
    assert again.examples == score.examples


def test_who_was_listed_before_they_were_a_case_was_known(tmp_path: Path) -> None:
    sides = write_sides(tmp_path)
    path = sides.truth / "infections.parquet"
    rows = pq.read_table(path)
    infected_here = pa.array([by if by >= 0 else 1 for by in rows["infector"].to_pylist()])
    pq.write_table(rows.set_column(rows.schema.get_field_index("infector"), "infector", infected_here), path)
    # The one case was never listed before; whoever infected them was, but not by the time.
    found = {name: score_drill(sides).of(name) for name in ("known_before_case", "infections_undetected")}
    assert [(f.numerator, f.denominator) for f in found.values() if f] == [(0, 1), (2, 3)]


def test_no_identifier_stands_in_a_score(score: Score) -> None:
    text = score.to_json().decode()
    assert not re.search(r"990103\d{11}|\b100\d{8}\b|qr_[0-9a-f]{8}|9903\d{12}", text)


def test_every_figure_has_words_and_a_definition(score: Score) -> None:
    text = (ROOT / "docs" / "scoring.md").read_text("utf-8")
    assert {f.figure for f in score.figures} <= set(DEFINITIONS)
    assert [name for name in DEFINITIONS if f"`{name}`" not in text] == []
    assert all(all(reason_words(e.reason)) for e in score.examples)


def test_without_slices_the_figures_of_drill_time_are_left_out(tmp_path: Path) -> None:
    sides = write_sides(tmp_path)
    assert sides.slices is not None
    sides.slices.unlink()
    plain = score_drill(sides)
    assert plain.of("hours_reported_to_listed", "p50") is None
    assert plain.of("infections_undetected") is None
    recall = plain.of("recall_true")
    assert recall is not None
    assert recall.value == pytest.approx(0.5)
