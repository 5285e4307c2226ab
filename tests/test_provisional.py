"""Leads and holds worked out by hand from docs/rules.md, sections 9 and 10, put to the oracle and to the brain.

In: records and facts written out one by one. Out: pass or fail.
Invariant: what is expected is a literal; the two must give it, and each other's whole view.
Deliberately absent: the order of arrival and corrections at random (test_laws.py).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from schemas.codes import Medicine, PersonClass, PlaceKind, Result
from schemas.facts import FACT_COLUMNS, RECORD_SCHEMA, FactBatch
from schemas.instants import BEGIN_MS, HOUR_MS, MINUTE_MS, OPEN_MS, UNKNOWN_MS
from tests.histories import brain_view, differences
from tests.test_oracle import ANN, BOB, CID, DAN, HOME, PHONE, PHONE_2, History, at, pack

CELL, CELL_2 = 301, 302
LOOKBACK = pack(companion__together_in__value="lookback")


class World(History):
    """A history that is put to both."""

    def dwell(self, ident: int, since: int, until: int, where: int = CELL) -> int:
        return self.say(dwells=(ident, where, since, until))

    def buy(self, ident: int, what: Medicine, when: int) -> int:
        return self.say(purchases=(ident, what, when))

    def test(self, what: Result, tube: int, when: int, *members: int) -> tuple[int, list[int]]:
        """A tube of these people and its result. Out: the record of the result, those of the samples."""
        samples = [self.sample(member, tube, when, len(members)) for member in members]
        return self.result(tube, what), samples

    def answer(self) -> dict[str, pa.Table]:
        views = super().answer()
        facts = {}
        for table, rows in self.facts.items():
            columns = np.array(rows, np.int64).reshape(len(rows), 1 + len(FACT_COLUMNS[table])).T
            facts[table] = dict(zip(("row", *FACT_COLUMNS[table]), columns, strict=True))
        batch = FactBatch(pa.RecordBatch.from_pylist(self.records, RECORD_SCHEMA), facts)
        found = differences(views, brain_view([batch], self.packs))
        assert not found, "\n".join(found)
        return views

    def leads(self, *columns: str) -> list[Any]:
        return self.view("leads", *columns)


def infectious(*packs: Any) -> World:
    """Ann fell ill at noon on the 20th, so look-back from the 6th and window from the 18th; she lives at the cell."""
    world = World(*packs)
    world.report(ANN, at(20, 12), event=at(20, 12))
    world.dwell(ANN, at(18), at(19, 12))
    return world


def test_a_lead_has_every_column_of_the_rules() -> None:
    world = World()
    world.report(ANN, at(20, 12))
    night = world.dwell(ANN, at(18), at(19, 7))  # 31 hours
    stroll = world.dwell(BOB, at(18, 9), at(18, 9, 11))
    world.dwell(BOB, at(10), at(10, 1))
    lead = (
        ANN, BOB, 1, CELL, 11 * MINUTE_MS, 31 * HOUR_MS, 71 * MINUTE_MS, at(18, 9), at(18, 9, 11), "near", "test",
        night, stroll,
    )  # fmt: skip
    assert [tuple(row.values()) for row in world.answer()["leads"].to_pylist()] == [lead]


def test_a_lead_is_no_contact_and_no_class() -> None:
    world = infectious()
    world.dwell(BOB, at(18), at(19))
    assert world.leads("person") == [BOB]
    assert world.view("persons", "person", "class") == [(ANN, PersonClass.case)]
    assert world.view("exposures", "contact_person") == world.view("contacts", "contact_person") == []


@pytest.mark.parametrize(("longer_ms", "people"), [(0, []), (1, [BOB])])
def test_exactly_ten_minutes_together_are_not_more_than_ten(longer_ms: int, people: list[int]) -> None:
    world = infectious()
    world.dwell(BOB, at(18), at(18, 0, 10) + longer_ms)
    assert world.leads("person") == people


@pytest.mark.parametrize(("longer_ms", "people"), [(0, []), (1, [BOB])])
def test_exactly_thirty_hours_of_stay_are_not_more_than_thirty(longer_ms: int, people: list[int]) -> None:
    world = World()
    world.report(ANN, at(20, 12))
    world.dwell(ANN, at(18), at(18, 1))
    world.dwell(BOB, at(17), at(18, 6) + longer_ms)
    assert world.leads("person") == people


def test_the_stay_of_either_is_enough() -> None:
    world = World()
    world.report(ANN, at(20, 12))
    world.dwell(ANN, at(18), at(18, 1))
    world.dwell(BOB, at(18), at(18, 1))
    assert world.leads("person") == []
    world.dwell(BOB, at(8), at(9, 6))
    assert world.leads("person", "case_stay_ms", "stay_ms") == [(BOB, HOUR_MS, 31 * HOUR_MS)]
    world.dwell(ANN, at(8), at(9, 7))
    assert world.leads("person", "case_stay_ms", "stay_ms") == [(BOB, 32 * HOUR_MS, 31 * HOUR_MS)]


def test_times_together_add_up_and_two_phones_of_one_person_count_once() -> None:
    world = infectious()
    world.link(PHONE, BOB)
    world.link(PHONE_2, BOB)
    world.dwell(PHONE, at(18), at(18, 0, 6))
    world.dwell(PHONE_2, at(18), at(18, 0, 6))
    assert world.leads("person") == []
    world.dwell(PHONE, at(18, 5), at(18, 5, 5))
    assert world.leads("person", "together_ms", "stay_ms") == [(BOB, 11 * MINUTE_MS, 11 * MINUTE_MS)]


def test_a_phone_leads_to_whoever_held_it_when_the_dwell_began() -> None:
    world = infectious()
    world.link(PHONE, BOB, BEGIN_MS, at(18, 12))
    world.link(PHONE, CID, at(18, 12), OPEN_MS)
    world.dwell(PHONE, at(18, 11), at(18, 13))
    assert world.leads("person") == [BOB]
    world.dwell(PHONE, at(18, 12), at(18, 13))
    assert world.leads("person") == [BOB, CID]
    world.link(PHONE, ANN)
    assert world.leads("person") == [PHONE], "contested from the start"


def test_time_together_before_the_window_counts_only_where_the_pack_says_so() -> None:
    for packs, people in (((), []), ((LOOKBACK,), [BOB])):
        world = infectious(*packs)
        world.dwell(ANN, at(12), at(12, 1))
        world.dwell(BOB, at(12), at(12, 1))
        assert world.leads("person") == people


def test_nothing_counts_before_the_look_back_or_after_the_window() -> None:
    world = World(LOOKBACK)
    world.report(ANN, at(20, 12))
    world.admit(ANN, at(20, 18))
    world.dwell(ANN, at(5), at(6))
    world.dwell(BOB, at(5), at(6))
    world.dwell(ANN, at(20, 17), at(20, 23))
    world.dwell(BOB, at(20, 17, 50), at(22, 23))
    world.dwell(CID, at(20, 17, 49), at(20, 18))
    world.dwell(CID, at(8), at(9, 6))
    assert world.leads("person", "together_ms", "stay_ms") == [(CID, 11 * MINUTE_MS, 30 * HOUR_MS + 11 * MINUTE_MS)]


def test_cells_are_judged_one_by_one_and_the_longest_time_together_leads() -> None:
    world = infectious()
    world.dwell(ANN, at(19, 12), at(19, 13), CELL_2)
    world.dwell(BOB, at(18), at(18, 0, 9))
    world.dwell(BOB, at(19, 12), at(19, 12, 9), CELL_2)
    assert world.leads("person") == [], "nine minutes in each"
    world.dwell(BOB, at(18, 1), at(18, 1, 9))
    assert world.leads("cells", "place", "together_ms") == [(1, CELL, 18 * MINUTE_MS)]
    hers = world.dwell(ANN, at(19, 13), at(20, 20), CELL_2)
    his = world.dwell(BOB, at(19, 14), at(19, 15), CELL_2)
    columns = ("cells", "place", "together_ms", "first_together_at_ms", "last_together_at_ms", "case_record",
               "person_record")  # fmt: skip
    assert world.leads(*columns) == [(2, CELL_2, 69 * MINUTE_MS, at(18), at(19, 15), hers, his)]


def test_a_case_or_a_close_contact_is_no_lead_but_a_general_one_may_be() -> None:
    world = infectious()
    for person in (BOB, CID, DAN):
        world.dwell(person, at(18), at(18, 1))
    world.be(ANN, 401, at(18), at(18, 2), PlaceKind.venue)
    world.be(BOB, 401, at(18), at(18, 2), PlaceKind.venue)
    assert world.leads("person") == [BOB, CID, DAN]
    world.be(ANN, HOME, at(18), at(18, 2))
    world.be(CID, HOME, at(18), at(18, 2))
    world.report(DAN)
    assert world.leads("person") == [BOB]
    assert (CID, PersonClass.close) in world.view("persons", "person", "class")


def test_a_pack_that_knows_no_leads_gives_none() -> None:
    world = infectious(pack(companion__enabled__value=False))
    world.dwell(BOB, at(18), at(19))
    assert world.leads("person") == []


# Section 10

POSITIVE, NEGATIVE = Result.positive, Result.negative
ROW = ("person", "reason", "since_ms", "release", "sampled_from_ms", "rule", "pack", "records")


def test_everybody_in_a_positive_pool_is_held_and_is_neither_case_nor_contact() -> None:
    world = World()
    result, samples = world.test(POSITIVE, 1, at(8, 9), ANN, BOB)
    assert world.view("holds", *ROW) == [
        (who, "pool", at(8, 9), "single_negative", at(8, 9), "pooled", "test", [sample, result])
        for who, sample in zip((ANN, BOB), samples, strict=True)
    ]
    assert world.view("cases", "case_person") == world.view("persons", "person") == []


@pytest.mark.parametrize(
    ("when", "what", "others", "held"),
    [
        (at(8, 9), NEGATIVE, (), [BOB]),
        (at(8, 9) - 1, NEGATIVE, (), [ANN, BOB]),
        (at(8, 12), NEGATIVE, (CID,), [ANN, BOB]),
        (at(8, 12), Result.inconclusive, (), [ANN, BOB]),
        (at(8, 12), POSITIVE, (), [BOB]),
    ],
    ids=["negative", "sampled too early", "negative pool", "inconclusive", "positive"],
)
def test_a_pool_holds_until_a_single_tube_sampled_then_or_later_is_known(
    when: int, what: Result, others: tuple[int, ...], held: list[int]
) -> None:
    world = World()
    world.test(POSITIVE, 1, at(8, 9), ANN, BOB)
    world.test(what, 2, when, ANN, *others)
    assert world.view("holds", "person") == held
    assert world.view("cases", "case_person") == ([ANN] if what == POSITIVE else [])


def test_a_tube_declared_single_that_holds_two_people_holds_them_both() -> None:
    world = World()
    for who in (ANN, BOB):
        world.sample(who, 1, at(8))
    world.result(1, POSITIVE)
    assert world.view("holds", "person", "reason") == [(ANN, "pool"), (BOB, "pool")]
    assert world.view("reviews", "kind") == ["tube_conflict"]


def test_of_two_pools_the_first_says_since_when_and_the_last_which_test_ends_it() -> None:
    world = World()
    first, samples = world.test(POSITIVE, 1, at(8), ANN, BOB)
    second, more = world.test(POSITIVE, 2, at(10), ANN, CID)
    hold = (ANN, at(8), at(10), sorted([samples[0], first, more[0], second]))
    assert hold in world.view("holds", "person", "since_ms", "sampled_from_ms", "records")
    world.test(NEGATIVE, 3, at(9), ANN)
    assert (ANN, at(10), at(10), [more[0], second]) in world.view(
        "holds", "person", "since_ms", "sampled_from_ms", "records"
    )
    world.test(NEGATIVE, 4, at(10), ANN)
    assert world.view("holds", "person") == [BOB, CID]


def test_who_buys_a_medicine_of_the_pack_is_held_until_a_later_single_tube_is_negative() -> None:
    world = World()
    bought = world.buy(ANN, Medicine.cough, at(8))
    world.buy(BOB, Medicine.antiviral, at(8))
    world.buy(CID, Medicine.unknown, at(8))
    hold = (ANN, "medicine", at(8), "single_negative", at(8) + 1, "medicine", "test", [bought])
    assert world.view("holds", *ROW) == [hold]
    world.test(NEGATIVE, 1, at(8), ANN)
    assert world.view("holds", *ROW) == [hold], "sampled at the till is not sampled afterwards"
    world.test(NEGATIVE, 2, at(8) + 1, ANN)
    assert world.view("holds", *ROW) == []


def test_a_hold_is_whose_the_identifier_is_at_that_instant() -> None:
    world = World()
    world.link(PHONE, BOB, BEGIN_MS, at(8))
    world.link(PHONE, CID, at(8), OPEN_MS)
    world.buy(PHONE, Medicine.cough, at(8))
    world.test(POSITIVE, 1, at(8) - 1, PHONE, DAN)
    assert world.view("holds", "person", "reason") == [(BOB, "pool"), (CID, "medicine"), (DAN, "pool")]


def test_one_person_may_be_held_for_both_reasons_and_a_case_for_none() -> None:
    world = World()
    world.buy(ANN, Medicine.cough, at(7))
    world.test(POSITIVE, 1, at(8), ANN, BOB)
    assert world.view("holds", "person", "reason") == [(ANN, "medicine"), (ANN, "pool"), (BOB, "pool")]
    world.report(ANN, UNKNOWN_MS, event=at(9))
    assert world.view("holds", "person", "reason") == [(BOB, "pool")]


def test_grounds_are_judged_by_the_pack_in_force_at_each() -> None:
    off = {"pool_hold__enabled": False, "medicine_hold__enabled": False}
    world = World(pack("before", "2022-01-01", "2022-03-09", **off), pack("after", "2022-03-09"))
    for day in (8, 10):
        world.buy(ANN, Medicine.cough, at(day))
        world.test(POSITIVE, day, at(day), BOB, CID)
    held = [(ANN, at(10), "after"), (BOB, at(10), "after"), (CID, at(10), "after")]
    assert world.view("holds", "person", "since_ms", "pack") == held


def test_a_positive_result_taken_back_lets_the_pool_go() -> None:
    world = World()
    result, _ = world.test(POSITIVE, 1, at(8), ANN, BOB)
    assert world.view("holds", "person") == [ANN, BOB]
    world.say(rec=result, version=2, withdrawn=True, digest=2)
    assert world.view("holds", "person") == []
