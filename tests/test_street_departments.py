"""Civil affairs, housing and the grid centre: what their samples say is what they mean, and what they cannot mean.

In: the samples that ship with the models, and a few records made here. Out: pass or fail.
Invariant: expectations are written out by hand.
Deliberately absent: what every department owes (tests/conformance.py).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
import pytest

from schemas.codes import Flag, PlaceKind
from schemas.departments import DEPARTMENTS
from schemas.facts import Columns
from schemas.instants import BEGIN_MS, DAY_MS, OPEN_MS, UNKNOWN_MS, read_instant
from schemas.intake import Intake
from tests.sources import KEY, samples

OLD = "990103194903070010"
GUARD = "990103198806151239"
PHONE, OTHER_PHONE = "10012345678", "10087654321"


def facts(source: str, *bodies: dict[str, Any]) -> dict[str, Columns]:
    """The facts of these records, or of a source's samples."""
    head = {"event_time": "2022-03-08T12:00:00", "version": 1, "operation": "upsert"}
    made = [orjson.dumps({"source_record_id": f"R-{n}", **head, **body}) for n, body in enumerate(bodies)]
    lines = made or samples(source)
    batch, rejects = Intake(KEY).read(source, lines, "part", np.arange(len(lines)))
    assert not rejects
    return batch.facts


def token(kind: str, value: str) -> int:
    return KEY.identifier(kind, value)


def person(number: str = OLD) -> dict[str, str]:
    return {"id_type": "resident_id", "id_no": number}


def test_the_phone_of_a_relative_is_linked_to_nobody() -> None:
    links = facts("civil_affairs.care_roster")["links"]
    assert set(links["carried"].tolist()) == {token("phone", PHONE)}
    assert set(links["owner"].tolist()) == {token("resident_id", OLD)}


def test_who_shares_a_room_of_a_care_home_is_in_one_room_until_they_move_out() -> None:
    stays = facts("civil_affairs.care_home_roster")["presences"]
    room = KEY.place("room", "YL-003\x1f204")
    assert stays["place"].tolist().count(room) == 3
    assert set(stays["kind"].tolist()) == {PlaceKind.room}
    assert BEGIN_MS in stays["since_ms"]
    assert stays["until_ms"].tolist().count(OPEN_MS) == 3
    assert read_instant("2022-03-08T15:30:00") in stays["until_ms"]


def test_who_works_in_a_care_home_without_a_room_is_in_none() -> None:
    assert token("resident_id", GUARD) not in facts("civil_affairs.care_home_roster")["presences"]["ident"]


def test_a_shelter_without_a_room_is_its_hall_and_other_aid_shows_nobody() -> None:
    stays = facts("civil_affairs.temporary_aid")["presences"]
    kinds = dict(zip(stays["ident"].tolist(), stays["kind"].tolist(), strict=True))
    assert kinds == {
        token("resident_id", "990103200002290145"): PlaceKind.room,
        token("person_no", "HR:2022-0042"): PlaceKind.venue,
    }


def test_a_gate_is_a_checkpoint_of_the_compound_and_no_home() -> None:
    passed = facts("housing.gate_pass")["presences"]
    assert set(passed["kind"].tolist()) == {PlaceKind.checkpoint}
    assert KEY.place("checkpoint", "XQ-003\x1f南") in passed["place"]
    assert KEY.place("checkpoint", "XQ-003") in passed["place"]
    assert set(passed["until_ms"].tolist()) == {UNKNOWN_MS}
    assert {token("phone", PHONE), token("plate", "吉ZC7319")} <= set(passed["ident"].tolist())


def test_the_phone_in_a_register_of_staff_is_theirs_for_as_long_as_they_are_employed() -> None:
    links = facts("housing.property_staff")["links"]
    assert set(links["owner"].tolist()) == {token("resident_id", GUARD)}
    assert set(links["carried"].tolist()) == {token("phone", OTHER_PHONE)}
    assert sorted(links["until_ms"].tolist()) == [read_instant("2022-03-10"), OPEN_MS]


def attended(**times: str) -> tuple[int, int, int]:
    """(since, until, flags) of a day on a site."""
    body = {**person(), "site_code": "GD-001", "work_date": "2022-03-07", **times}
    seen = facts("housing.site_attendance", body)["presences"]
    return int(seen["since_ms"][0]), int(seen["until_ms"][0]), int(seen["flags"][0])


def test_a_logged_day_on_a_site_has_its_times_and_an_unlogged_one_is_the_day_and_vague() -> None:
    day, morning, evening = read_instant("2022-03-07"), "2022-03-07T07:30:00", "2022-03-07T17:50:00"
    assert attended(entered_at=morning, left_at=evening) == (read_instant(morning), read_instant(evening), 0)
    assert attended(entered_at=morning) == (read_instant(morning), UNKNOWN_MS, 0)
    assert attended(left_at=evening) == (day, read_instant(evening), Flag.vague)
    assert attended() == (day, day + DAY_MS, Flag.vague)
    assert attended(left_at="2022-03-06T17:00:00") == (day, day + DAY_MS, Flag.vague)


def test_a_visitor_who_went_in_is_in_the_home_and_one_at_the_door_is_not() -> None:
    home = {**person(GUARD), "household_code": "HH-00017", "arrived_at": "2022-03-08T10:00:00"}
    for entered, homes in ((True, 1), (None, 1), (False, 0)):
        seen = facts("grid_centre.home_visit", home | {"entered": entered, "left_at": "2022-03-08T10:20:00"})
        assert seen["presences"]["place"].tolist() == [KEY.place("household", "HH-00017")] * homes


def test_a_home_visited_is_the_home_of_the_resident_register() -> None:
    register, visits = facts("police.resident_register"), facts("grid_centre.home_visit")
    assert set(register["presences"]["place"].tolist()) & set(visits["presences"]["place"].tolist())


def test_the_dwelling_table_and_the_grid_tell_in_which_street_is_what_the_register_calls_a_home() -> None:
    flat = {"compound_code": "XQ-7", "building": "1", "household_code": "HH-7", "street": "站前街道办事处"}
    duty = {**person(GUARD), "role": "cadre", "compound_code": "XQ-7", "street": "站前街", "valid_since": "2022-03-01"}
    lives = facts("police.resident_register", {**person(GUARD), "household_code": "HH-7", "compound_code": "XQ-7"})
    told, grid = facts("housing.dwelling", flat), facts("grid_centre.assignment", duty)
    assert told["streets"]["place"].tolist() == lives["homes"]["place"].tolist()
    assert set(told["streets"]["place"].tolist()) > set(grid["streets"]["place"].tolist())
    assert {*told["streets"]["street"].tolist(), *grid["streets"]["street"].tolist()} == {KEY.place("street", "站前")}
    assert grid["streets"]["since_ms"].tolist() == [read_instant("2022-03-01")]
    for lacking in (flat | {"street": None}, {"compound_code": "XQ-7", "building": "1"}):
        assert not len(facts("housing.dwelling", lacking)["streets"]["row"])


TOLD = ("home_visit", "assignment", "transfer_ack")
UNTRACED = [
    *(f"grid_centre.{m.record}" for m in DEPARTMENTS["grid_centre"] if m.record not in TOLD),
    "civil_affairs.health_call", "civil_affairs.red_pass",
]  # fmt: skip


@pytest.mark.parametrize("source", UNTRACED)
def test_a_record_that_shows_nobody_anywhere_is_taken_and_counted_all_the_same(source: str) -> None:
    lines = samples(source)
    batch, _ = Intake(KEY).read(source, lines, "part", np.arange(len(lines)))
    assert batch.records.num_rows == len(lines)
    assert batch.facts == {}
