"""Departments: every record model of every department conforms, and what their samples say is what they mean.

In: DEPARTMENTS and the samples that ship with it. Out: pass or fail.
Invariant: one list of checks judges them all; a thirteenth department adds no test here.
Deliberately absent: the decoders (tests/test_intake.py).
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from schemas.codes import Flag, PlaceKind, Result
from schemas.departments import DEPARTMENTS, EXPECTED
from schemas.facts import FACT_COLUMNS, Columns
from schemas.instants import BEGIN_MS, OPEN_MS, UNKNOWN_MS, read_instant
from schemas.intake import Intake
from schemas.keys import Ints
from schemas.seats import carriage, row_from
from schemas.wire import Record
from tests.conformance import CHECKS
from tests.sources import KEY, SOURCES, samples


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("source", list(SOURCES))
def test_a_record_model_conforms(source: str, check: Callable[[str, type[Record]], None]) -> None:
    check(source, SOURCES[source])


def test_every_sample_file_belongs_to_a_model() -> None:
    with resources.as_file(resources.files("schemas.departments") / "samples") as folder:
        found = {f"{path.parent.name}.{path.stem}" for path in Path(folder).rglob("*.ndjson")}
    assert found == set(SOURCES)


def test_a_department_publishes_each_record_type_once() -> None:
    assert len(SOURCES) == sum(len(models) for models in DEPARTMENTS.values())


def test_nothing_is_expected_of_records_that_nobody_publishes() -> None:
    assert set(EXPECTED) <= set(SOURCES)


def test_a_day_of_mass_testing_comes_to_two_million_records() -> None:
    total = sum(expected.per_day["emergency"] for expected in EXPECTED.values())
    assert 1_900_000 <= total <= 2_200_000, f"{total:,} records a day"


def test_every_fact_table_is_filled_by_somebody() -> None:
    assert {table for source in SOURCES for table in facts(source)} == set(FACT_COLUMNS)


def facts(source: str) -> dict[str, Columns]:
    """The facts of a source's samples."""
    lines = samples(source)
    batch, _ = Intake(KEY).read(source, lines, "part", np.arange(len(lines)))
    return batch.facts


def flagged(column: Ints, flag: Flag) -> list[bool]:
    return ((column & flag) > 0).tolist()


def token(kind: str, value: str) -> int:
    return KEY.identifier(kind, value)


def test_a_case_report_says_who_since_when_and_how_it_was_found() -> None:
    reports = facts("health.case_report")["reports"]
    assert reports["ident"][0] == token("resident_id", "990103194903070010")
    assert reports["onset_ms"].tolist()[:4] == [
        read_instant("2022-03-07"), read_instant("2022-03-06T18:00:00"), UNKNOWN_MS, UNKNOWN_MS,
    ]  # fmt: skip
    assert reports["classification"].tolist() == [4, 4, 3, 2]
    assert reports["discovery"].tolist() == [3, 3, 1, 0]


def test_samples_and_results_meet_in_the_tube_alone() -> None:
    swabs, results = facts("health.nat_sample")["samples"], facts("health.nat_result")["results"]
    assert swabs["tube"][0] == swabs["tube"][1] == results["tube"][0] == KEY.place("tube", "HJ-60001")
    assert set(results["result"].tolist()) == {int(Result.positive), int(Result.negative), int(Result.inconclusive)}
    assert sorted(swabs["pool_size"].tolist()) == [1, 10, 10, 10]


def test_a_survey_leg_and_a_ticket_for_one_train_are_at_one_place() -> None:
    legs, tickets = facts("health.survey_leg")["presences"], facts("transport.ticket")["presences"]
    on_train = legs["kind"] == PlaceKind.train
    assert legs["place"][on_train].tolist() == [tickets["place"][0]] == [tickets["place"][1]]
    assert carriage(legs["seat"][on_train]).tolist() == [4]
    assert row_from(tickets["seat"][:2]).tolist() == [7, 8]
    assert tickets["place"][2] != tickets["place"][0]


def test_a_leg_on_a_line_without_a_vehicle_is_vague() -> None:
    legs = facts("health.survey_leg")["presences"]
    bus = legs["kind"] == PlaceKind.bus
    assert bus.any()
    assert all(flagged(legs["flags"][bus], Flag.vague))


def test_guests_of_one_room_are_together_in_the_room_and_in_the_house() -> None:
    stays = facts("police.hotel_stay")["presences"]
    assert set(stays["kind"].tolist()) == {PlaceKind.hotel_room, PlaceKind.hotel}
    assert len(set(stays["place"].tolist())) == 2
    assert UNKNOWN_MS in stays["until_ms"]


def test_the_register_gives_a_home_and_a_link_for_each_phone() -> None:
    told = facts("police.resident_register")
    assert told["presences"]["until_ms"].tolist().count(OPEN_MS) == 3
    assert told["presences"]["since_ms"].tolist().count(BEGIN_MS) == 2
    carried = {token("phone", "10012345678"), token("phone", "10087654321")}
    assert set(told["links"]["carried"].tolist()) == carried
    assert set(told["links"]["owner"].tolist()) == {token("resident_id", "990103194903070010")}


def test_a_link_names_the_lesser_anchor_or_the_holder_as_owner() -> None:
    links = facts("police.identity_link")["links"]
    assert (links["owner"] < links["carried"]).all()
    assert token("code_token", "qr_7f3a09c251de") in links["carried"]
    assert token("phone", "10012345678") in links["owner"]


def test_a_plate_is_one_place_in_every_notation_and_crew_are_flagged() -> None:
    trips, duties = facts("transport.taxi_trip")["presences"], facts("transport.crew_duty")["presences"]
    taxi = duties["kind"] == PlaceKind.taxi
    assert set(trips["place"].tolist()) == set(duties["place"][taxi].tolist())
    assert len(set(trips["place"].tolist())) == 1
    assert all(flagged(duties["flags"], Flag.crew))


def test_a_tap_with_the_line_alone_is_vague() -> None:
    taps = facts("transport.tap")["presences"]
    assert True in flagged(taps["flags"], Flag.vague)
    assert set(taps["kind"].tolist()) == {PlaceKind.bus, PlaceKind.metro}
