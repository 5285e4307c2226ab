"""The quality of feeds in a score: every figure of tests/scored_feeds.py worked out by hand, and which faults it shows.

In: the evening of tests/scored.py. Out: what somebody who reads a score relies on.
Invariant: the numbers here were counted from the rows there, not from a score.
Deliberately absent: what the scoreboard counts of real records (tests/test_quality.py), and whole drills
(tests/test_score_drill.py).
"""

from __future__ import annotations

import pytest

from replay.faults.catalogue import FAULTS
from replay.score.quality import SHOWN_BY, SIGNS, UNSEEN
from replay.score.tally import score_drill
from replay.score.tree import Score
from schemas.departments import EXPECTED
from tests.scored import write_sides
from tests.scored_feeds import TAP, at


@pytest.fixture(scope="module")
def score(tmp_path_factory: pytest.TempPathFactory) -> Score:
    return score_drill(write_sides(tmp_path_factory.mktemp("feeds")))


# A district of 6,500 on an ordinary day: 1,600 taps in 18 hours are 88.9 an hour. Scans come at 18:00, a swab at 22:00,
# so that two sources have reached 18:00; the last tap was at 8:00.
VALUES = [
    ("records_expected", TAP, 978), ("silent_hours", TAP, 10), ("silent_missed", TAP, 889),
    ("records_withdrawn", "health.case_report", 2),
    # Of four taps three name their vehicle, one its end; 0.93, 0.25, 0.8, 0.6 and 0.2 of five fields are expected.
    ("completeness", TAP, 1 / 2.78), ("field_told", f"{TAP}/off_at", 0.25), ("field_told", f"{TAP}/carriage", 0),
    # They took 3, 6, 6 and 840 minutes.
    ("feed_late_minutes", f"{TAP}/p50", 6), ("feed_late_minutes", f"{TAP}/p95", 840),
    ("refused", TAP, 4), ("refused_for", f"{TAP}/not_json", 1), ("refused_for", f"{TAP}/identifier_form id_no", 1),
    ("findings", "", 1), ("findings", "kind/case_unknown", 1), ("findings", "kind/trace_missing", 0),
    ("findings", "department/health", 1), ("findings_opened", "", 2),
    ("findings_opened", "department/health/trace_missing", 1), ("finding_hours", "max", 0.25),
]  # fmt: skip


@pytest.mark.parametrize(("name", "group", "value"), VALUES)
def test_a_value_is_what_was_worked_out_by_hand(score: Score, name: str, group: str, value: float) -> None:
    found = score.of(name, group)
    assert found is not None
    assert found.value == pytest.approx(value, abs=1e-4)


SHARES = [
    ("sources_heard", "", 7, len(EXPECTED)), ("findings_closed", "", 1, 2),
    ("findings_closed", "department/health/case_unknown", 0, 1),
    ("refused_planted", "", 2, 3),
    # Taps from 9:00 to 18:00, the register's office hours, the factory from noon to 18:00; nine o'clock was taken.
    ("silent_planted", "", 1, 10 + 9 + 7),
    ("fault_shown", "reject/broken_lines", 1, 1),
    # The tap with a masked number was refused; of the scan with one nothing is to be seen.
    ("fault_shown", "reject/masked_ids", 1, 2),
    ("fault_shown", "late/late", 1, 1), ("fault_shown", "field/missing_ends", 1, 1),
    # From 7:30 to 10:30 there are two whole hours; a tap was at 8:25, none from 9 to 10.
    ("fault_shown", "silence/lost_for_good", 1, 2),
    ("fault_shown", "withdrawn/withdrawn_positives", 2, 2), ("fault_shown", "finding/withdrawn_positives", 1, 2),
    ("fault_shown", "review/shared_phones", 1, 2),
]  # fmt: skip


@pytest.mark.parametrize(("name", "group", "numerator", "denominator"), SHARES)
def test_a_share_is_what_was_counted_by_hand(
    score: Score, name: str, group: str, numerator: int, denominator: int
) -> None:
    found = score.of(name, group)
    assert found is not None
    assert (found.numerator, found.denominator) == (numerator, denominator)


def test_what_was_lost_for_good_is_not_expected_to_be_refused_and_copies_to_show_nowhere(score: Score) -> None:
    assert score.of("fault_records", "unknown_codes") is not None
    kinds = {group.split("/")[1] for group in score.groups("fault_shown")}
    assert not {"unknown_codes", "duplicated_lines"} & kinds


def test_hours_of_each_source_are_told_within_the_drill(score: Score) -> None:
    feed = {feed.source: feed for feed in score.feeds}[TAP]
    assert (feed.first_at_ms, feed.expected) == (at(0), 88.89)
    assert feed.records == (0,) * 8 + (4,) + (0,) * 15
    assert feed.silent_at_ms == tuple(at(hour) for hour in range(9, 19))
    assert Score.from_json(score.to_json()).feeds == score.feeds


def test_of_every_kind_of_fault_it_is_said_where_it_shows_or_why_nowhere() -> None:
    assert {*SHOWN_BY, *UNSEEN} == set(FAULTS)
    assert not set(SHOWN_BY) & set(UNSEEN)
    assert {sign for signs in SHOWN_BY.values() for sign in signs} == set(SIGNS)
