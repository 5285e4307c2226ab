"""Data office, industry and telecom, education: what their samples say is what they mean, and what they cannot mean.

In: the samples that ship with the models, and a few records made here. Out: pass or fail.
Invariant: expectations are written out by hand.
Deliberately absent: what every department owes (tests/conformance.py).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
import pytest

from brain.stages import Brain
from schemas.codes import Certainty, Flag, PersonClass, PlaceKind
from schemas.credit_codes import checked, read_credit_code
from schemas.facts import Columns
from schemas.instants import BEGIN_MS, OPEN_MS, UNKNOWN_MS, read_instant
from schemas.intake import Intake
from schemas.seats import row_from
from streams.packs import load_series
from tests.sources import KEY, outcome, samples

OLD, WORKER, CHILD, DRIVER = "990103194903070010", "990103198806151239", "99010320140912002X", "99010319750101006X"
PHONE, OTHER_PHONE = "10012345678", "10087654321"
HEALTH_CODE = "qr_7f3a09c251de"
FIRM = "91990103MA0Y3K6X7C"
AT = "2022-03-07T12:00:00"


def lines_of(*bodies: dict[str, Any]) -> list[bytes]:
    head = {"event_time": "2022-03-08T12:00:00", "version": 1, "operation": "upsert"}
    return [orjson.dumps({"source_record_id": f"R-{n}", **head, **body}) for n, body in enumerate(bodies)]


def facts(source: str, *bodies: dict[str, Any]) -> dict[str, Columns]:
    """The facts of these records, or of a source's samples."""
    lines = lines_of(*bodies) or samples(source)
    batch, rejects = Intake(KEY).read(source, lines, "part", np.arange(len(lines)))
    assert not rejects
    return batch.facts


def refusals(source: str, body: dict[str, Any]) -> list[tuple[str, str]]:
    """(reason, field) of the rejects that both decoders agree on."""
    fast, strict = (outcome(Intake(KEY, fast), source, lines_of(body) * 30)["rejects"] for fast in (True, False))
    assert fast == strict
    return sorted({(reason, field) for _, reason, field, _, _ in fast})


def token(kind: str, value: str) -> int:
    return KEY.identifier(kind, value)


def person(number: str = OLD) -> dict[str, str]:
    return {"id_type": "resident_id", "id_no": number}


def flagged(column: Columns, flag: Flag) -> list[bool]:
    return [bool(flags & flag) for flags in column["flags"].tolist()]


def test_who_scans_or_passes_the_sentinel_of_a_venue_is_in_one_venue_until_nobody_knows_when() -> None:
    scans, passes = facts("data_office.place_scan")["presences"], facts("data_office.sentinel_pass")["presences"]
    venue = KEY.place("venue", "CS-00102")
    assert scans["place"].tolist()[:2] == [venue, venue] == passes["place"].tolist()[:2]
    for stays in (scans, passes):
        assert set(stays["kind"].tolist()) == {PlaceKind.venue}
        assert set(stays["until_ms"].tolist()) == {UNKNOWN_MS}


def test_a_colour_type_or_temperature_that_nobody_announced_costs_no_scan() -> None:
    scan = {**person(), "place_code": "CS-1", "scanned_at": AT}
    odd = {"code_colour": "灰", "place_type": "方舱", "temperature": 4}
    assert len(facts("data_office.place_scan", scan | odd)["presences"]["row"]) == 1


def test_a_masked_scan_is_of_the_code_else_of_the_phone_else_of_nobody() -> None:
    scans = facts("data_office.place_scan_masked")["presences"]
    assert scans["ident"].tolist() == [token("code_token", HEALTH_CODE), token("phone", OTHER_PHONE)]
    assert scans["place"][0] == KEY.place("venue", "CS-00102")


def test_people_whose_masked_numbers_are_equal_are_not_taken_for_one() -> None:
    same = {"id_masked": "990***********0010", "place_code": "CS-1", "scanned_at": AT}
    told = facts("data_office.place_scan_masked", same, same | {"phone": PHONE}, same | {"phone": OTHER_PHONE})
    assert told["presences"]["ident"].tolist() == [token("phone", PHONE), token("phone", OTHER_PHONE)]


@pytest.mark.parametrize("whole", [OLD, "990103194903***010", "", "****", " "])
def test_a_number_that_is_not_masked_is_no_masked_number(whole: str) -> None:
    body = {"id_masked": whole, "phone": PHONE, "place_code": "CS-1", "scanned_at": AT}
    expected = [] if whole == "****" else [("masked_form", "id_masked")]
    assert refusals("data_office.place_scan_masked", body) == expected


def test_a_joint_check_is_at_the_checkpoint_that_the_police_pass_too() -> None:
    checks, passes = facts("data_office.joint_check")["presences"], facts("police.checkpoint_pass")["presences"]
    assert set(checks["place"].tolist()) == {int(passes["place"][0])}
    assert set(checks["kind"].tolist()) == {PlaceKind.checkpoint}


def test_a_health_code_belongs_to_a_document_or_to_a_phone() -> None:
    links = facts("data_office.identity_map")["links"]
    assert links["carried"].tolist()[:2] == [token("code_token", HEALTH_CODE), token("code_token", "qr_00c4e1a95b20")]
    assert links["owner"].tolist()[:2] == [token("resident_id", OLD), token("phone", OTHER_PHONE)]
    assert links["until_ms"].tolist() == [OPEN_MS, OPEN_MS, read_instant("2022-03-11T18:00:00")]
    assert refusals("data_office.identity_map", {"id_type": "plate", "id_no": "吉ZC7319", "code_token": HEALTH_CODE})


@pytest.mark.parametrize(
    "source",
    ["data_office.code_change", "data_office.elder_declaration", "telecom.travel_card", "telecom.plan_version",
     "education.absence"],
)  # fmt: skip
def test_what_tells_nothing_of_a_contact_is_a_record_without_facts(source: str) -> None:
    lines = samples(source)
    batch, rejects = Intake(KEY).read(source, lines, "part", np.arange(len(lines)))
    assert batch.records.num_rows == len(lines)
    assert not rejects
    assert not batch.facts


def test_a_dwell_in_a_cell_is_no_presence() -> None:
    told = facts("telecom.grid_dwell")
    assert set(told) == {"dwells"}
    assert told["dwells"]["place"][0] == told["dwells"]["place"][1] == KEY.place("grid", "KC-08-15")
    assert told["dwells"]["ident"].tolist()[0] == token("phone", PHONE)
    assert told["dwells"]["since_ms"].tolist()[0] == read_instant("2022-03-07T11:50:00")
    assert told["dwells"]["until_ms"].tolist()[0] == read_instant("2022-03-07T13:10:00")


def test_a_dwell_that_has_not_ended_is_not_a_dwell_yet() -> None:
    body = {"id_type": "phone", "id_no": PHONE, "grid_code": "KC-08-15", "entered_at": AT}
    assert refusals("telecom.grid_dwell", body) == [("missing", "left_at")]


def test_who_is_on_the_roster_of_a_dormitory_room_meets_who_stays_there() -> None:
    roster, stays = facts("telecom.enterprise_roster"), facts("telecom.dorm_stay")["presences"]
    room = KEY.place("room", "SS-007\x1f312")
    assert set(roster["presences"]["place"].tolist()) == {room} == set(stays["place"].tolist())
    assert set(roster["presences"]["kind"].tolist()) == {PlaceKind.room} == set(stays["kind"].tolist())
    assert roster["presences"]["since_ms"].tolist() == [read_instant("2021-06-01"), BEGIN_MS]
    assert roster["presences"]["until_ms"].tolist() == [OPEN_MS, read_instant("2022-04-30")]
    assert stays["until_ms"].tolist() == [UNKNOWN_MS, read_instant("2022-03-20T08:30:00"), UNKNOWN_MS]


def test_a_roster_links_the_phone_it_gives_and_gives_no_room_of_which_half_is_known() -> None:
    links = facts("telecom.enterprise_roster")["links"]
    assert links["carried"].tolist() == [token("phone", OTHER_PHONE)]
    assert links["owner"].tolist() == [token("resident_id", WORKER)]
    half = facts("telecom.enterprise_roster", {**person(WORKER), "credit_code": FIRM, "dorm_code": "SS-007"})
    assert len(half["presences"]["row"]) == len(half["links"]["row"]) == 0


def test_a_shift_is_in_its_workshop_or_on_the_ground_and_as_sure_as_its_clock() -> None:
    shifts = facts("telecom.shift")["presences"]
    assert shifts["kind"].tolist() == [PlaceKind.room, PlaceKind.room, PlaceKind.room, PlaceKind.venue]
    assert set(shifts["place"][:3].tolist()) == {KEY.place("room", f"{FIRM}\x1fA")}
    assert shifts["place"][3] == KEY.place("venue", FIRM)
    for flag in (Flag.since_inferred, Flag.until_inferred):
        assert flagged(shifts, flag) == [False, True, True, False]


def test_a_shuttle_is_one_trip_for_riders_and_driver_who_serves_all_of_it() -> None:
    rides = facts("telecom.shuttle_ride")["presences"]
    assert set(rides["kind"].tolist()) == {PlaceKind.coach}
    assert set(rides["place"].tolist()) == {KEY.place("coach", "吉ZB0031\x1f2022-03-07")}
    assert flagged(rides, Flag.crew) == [False, True, True]
    assert row_from(rides["seat"]).tolist()[0] == 6
    assert rides["seat"].tolist()[1:] == [0, 0]
    assert flagged(rides, Flag.sealed) == [True, False, False]
    assert flagged(rides, Flag.ventilated) == [False, False, True]


def test_a_zone_is_a_venue_of_its_site_and_outside_is_nowhere() -> None:
    moves = facts("telecom.bubble_transition")["presences"]
    zones = [KEY.place("venue", f"BH-012\x1f{zone}") for zone in ("production", "production", "缓冲区二")]
    assert moves["place"].tolist() == zones
    assert moves["until_ms"].tolist() == [UNKNOWN_MS, read_instant("2022-03-15T20:04:10"), UNKNOWN_MS]
    assert moves["ident"].tolist()[2] == token("plate", "吉ZC7319")


@pytest.mark.parametrize("code", [FIRM, "91350100M000100Y43", " 91990103ma0y3k6x7c "])
def test_a_credit_code_is_read_in_any_notation(code: str) -> None:
    assert read_credit_code(code) == checked(code.strip().upper()[:17])


@pytest.mark.parametrize(
    "slip", ["91990103MA0Y3K6X7D", "91990103MA0Y3K67XC", "91990103MA0Y3K6X7", "9199O103MA0Y3K6X7C", ""]
)
def test_a_slip_in_a_credit_code_makes_no_second_workplace(slip: str) -> None:
    body = {**person(WORKER), "credit_code": slip, "workshop": "A", "started_at": AT}
    assert refusals("telecom.shift", body) == [("credit_code_form", "credit_code")]


def test_who_came_to_school_was_in_the_classroom_until_an_end_that_nobody_watched() -> None:
    checks = facts("education.morning_check")["presences"]
    room = KEY.place("room", "XX-012\x1f2-3")
    assert checks["place"].tolist() == [room] * 3
    assert checks["ident"].tolist() == [token("person_no", f"XJ:2020-{n}") for n in ("0117", "0118", "0118")]
    ends = [read_instant("2022-03-07T15:30:00"), UNKNOWN_MS, read_instant("2022-03-07T10:00:00")]
    assert checks["until_ms"].tolist() == ends
    assert flagged(checks, Flag.until_inferred) == [True, False, True]


def test_who_was_absent_was_not_in_the_classroom() -> None:
    there = {**person(CHILD), "school_code": "XX-012", "class_code": "2-3", "checked_at": AT}
    told = facts("education.morning_check", *({**there, "status": word} for word in ("present", "late", "absent")))
    assert told["presences"]["row"].tolist() == [0, 1]
    assert refusals("education.morning_check", {**there, "status": "在校"}) == [("literal_error", "status")]


def test_a_pupil_number_is_the_pupils_and_a_roster_that_has_no_other_links_nothing() -> None:
    links = facts("education.class_roster")["links"]
    assert links["owner"].tolist() == [token("resident_id", CHILD)]
    assert links["carried"].tolist() == [token("person_no", "XJ:2020-0117")]


def test_boarders_of_a_room_sleep_in_one_room() -> None:
    nights = facts("education.boarding_night")["presences"]
    rooms = [KEY.place("room", f"SY-003\x1f{room}") for room in ("214", "214", "216")]
    assert nights["place"].tolist() == rooms


def test_a_guardians_phone_is_the_guardians_and_a_child_is_linked_to_nobody() -> None:
    told = facts("education.family_link")
    assert set(told) == {"links"}
    links = told["links"]
    assert links["carried"].tolist() == [token("phone", OTHER_PHONE), token("phone", PHONE)]
    assert links["owner"].tolist() == [token("resident_id", WORKER), token("passport", "ZE9907319")]


def contacts(sick: str, *records: tuple[str, dict[str, Any]]) -> dict[int, tuple[PersonClass, Certainty]]:
    """Class and certainty of everybody whom a case, ill on 8 March, may have infected; in either order of records."""
    ill = {**person(sick), "classification": "confirmed", "onset_at": "2022-03-08T08:00:00"}
    told = [*records, ("health.case_report", ill)]
    lines = [(source, lines_of({"source_record_id": f"R-{n}", **body})) for n, (source, body) in enumerate(told)]
    found = []
    for order in (lines, lines[::-1]):
        brain = Brain(load_series("cn"))
        for source, line in order:
            batch, rejects = Intake(KEY).read(source, line, "part", np.arange(1))
            assert not rejects
            brain.step(batch)
        rows = brain.view()["contacts"].to_pylist()
        found.append({r["contact_person"]: (PersonClass(r["class"]), Certainty(r["certainty"])) for r in rows})
    assert found[0] == found[1]
    return found[0]


def test_a_case_who_showed_a_health_code_meets_who_is_known_by_a_phone_in_a_firms_roster() -> None:
    shop, masked = {"place_code": "CS-1"}, {"id_masked": "990***********1239"}
    found = contacts(
        OLD,
        ("data_office.place_scan", {"id_type": "code_token", "id_no": HEALTH_CODE, **shop, "scanned_at": AT}),
        ("data_office.identity_map", {**person(), "code_token": HEALTH_CODE}),
        ("data_office.place_scan_masked", {**masked, **shop, "phone": PHONE, "scanned_at": "2022-03-07T12:20:00"}),
        ("data_office.place_scan_masked", {**masked, **shop, "scanned_at": "2022-03-07T12:21:00"}),
        ("telecom.enterprise_roster", {**person(WORKER), "credit_code": FIRM, "phone": PHONE}),
        ("data_office.sentinel_pass", {**person(DRIVER), **shop, "passed_at": "2022-03-07T18:00:00"}),
    )
    assert found == {token("resident_id", WORKER): (PersonClass.venue_exposed, Certainty.medium)}


def test_who_scanned_at_the_door_of_a_restaurant_ate_where_a_case_says_they_ate() -> None:
    scan, lunch = {"place_code": "CS-1", "scanned_at": "2022-03-07T12:20:00"}, {"place_code": "CS-1", "since_at": AT}
    found = contacts(
        OLD,
        ("health.survey_leg", {**person(), **lunch, "place_kind": "restaurant", "until_at": "2022-03-07T13:00:00"}),
        ("data_office.place_scan", {**person(WORKER), **scan}),
    )
    assert found == {token("resident_id", WORKER): (PersonClass.close, Certainty.medium)}


def test_a_case_at_work_meets_who_works_sleeps_and_rides_with_them_and_no_one_in_the_same_cell() -> None:
    room, ride = {"dorm_code": "SS-1", "dorm_room": "101"}, {"vehicle": "吉ZB0031", "service_date": "2022-03-07"}
    dwell = {"grid_code": "KC-01-01", "entered_at": AT, "left_at": "2022-03-07T13:00:00"}
    shift = {"credit_code": FIRM, "workshop": "A", "started_at": AT}
    found = contacts(
        OLD,
        ("telecom.shift", {**person(), **shift, "clocked": True, "ended_at": "2022-03-07T20:00:00"}),
        ("telecom.shift", {**person(WORKER), **shift, "ended_at": "2022-03-07T20:00:00"}),
        ("telecom.enterprise_roster", {**person(), "credit_code": FIRM, **room}),
        ("telecom.dorm_stay", {**person(CHILD), **room, "check_in_at": AT, "check_out_at": "2022-03-08T07:00:00"}),
        ("telecom.shuttle_ride", {**person(), **ride, "boarded_at": "2022-03-07T20:10:00"}),
        ("telecom.shuttle_ride", {**person(DRIVER), **ride, "role": "driver", "boarded_at": "2022-03-07T20:00:00",
                                  "alighted_at": "2022-03-07T21:00:00"}),
        ("telecom.grid_dwell", {"id_type": "phone", "id_no": PHONE, **dwell}),
        ("telecom.grid_dwell", {"id_type": "phone", "id_no": OTHER_PHONE, **dwell}),
        ("police.phone_ownership", {**person(), "phone": PHONE}),
    )  # fmt: skip
    assert found == {
        token("resident_id", WORKER): (PersonClass.close, Certainty.medium),
        token("resident_id", CHILD): (PersonClass.close, Certainty.high),
        token("resident_id", DRIVER): (PersonClass.close, Certainty.medium),
    }


def test_a_pupil_known_by_number_meets_the_class_of_that_day_and_a_guardian_is_not_the_pupil() -> None:
    school = {"school_code": "XX-1", "class_code": "2-3"}
    came = {"status": "present", "checked_at": "2022-03-07T07:40:00"}
    number = {"id_type": "person_no", "id_no": "XJ:1"}
    guardian = {"guardian_id_type": "resident_id", "guardian_id_no": WORKER, "guardian_phone": PHONE}
    found = contacts(
        CHILD,
        ("education.class_roster", {**person(CHILD), **school, "student_no": "XJ:1"}),
        ("education.morning_check", {**number, **school, **came}),
        ("education.morning_check", {**person(OLD), **school, **came}),
        ("education.morning_check", {**person(DRIVER), **school, **came, "status": "absent"}),
        ("education.family_link", {**number, **guardian}),
        ("education.boarding_night", {"id_type": "passport", "id_no": "ZE9907319", "school_code": "XX-1",
                                      "dorm_code": "XX-1", "dorm_room": "2-4", "since_at": AT}),
    )  # fmt: skip
    assert found == {token("resident_id", OLD): (PersonClass.close, Certainty.medium)}
