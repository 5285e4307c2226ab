"""Records of transfers: what they say is what they mean, and what cannot be so is refused with a word on why.

In: samples, and bodies written by hand. Out: pass or fail.
Invariant: one vehicle, run, site, room or person is one number, by whatever code it is called.
Deliberately absent: what follows from it (docs/transfers.md).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
import pytest

from schemas.codes import Flag, PlaceKind
from schemas.facts import Columns
from schemas.instants import BEGIN_MS, OPEN_MS, UNKNOWN_MS, read_instant
from schemas.intake import Intake
from schemas.keys import place_code, pseudonym
from schemas.transfers import CrewRole, DutyRole, HomeReason, Purpose, Step, Takes, Trait
from tests.sources import KEY

WHO = {"id_type": "resident_id", "id_no": "990103194903070010"}
ME = KEY.identifier("resident_id", WHO["id_no"])
AT = "2022-03-09T12:00:00"
SITE, RUN, VAN = KEY.place("site", "GL-01"), KEY.place("transfer", "R-1"), KEY.place("fleet", "ZY-007")
ROOM = KEY.place("site_room", f"{place_code(SITE)}\x1f1204")


def read(source: str, *bodies: dict[str, Any], fast: bool = True) -> tuple[dict[str, Columns], list[Any]]:
    envelope = {"event_time": AT, "version": 1, "operation": "upsert"}
    lines = [orjson.dumps({"source_record_id": f"R{n}", **envelope, **body}) for n, body in enumerate(bodies)]
    batch, rejects = Intake(KEY, fast).read(source, lines, "part", np.arange(len(lines)))
    return batch.facts, rejects


def facts(source: str, *bodies: dict[str, Any]) -> dict[str, Columns]:
    """The facts of bodies, as either decoder makes them."""
    found, rejects = read(source, *bodies)
    assert not rejects
    many, _ = read(source, *bodies * 30)
    for table, columns in found.items():
        for name in columns.keys() - {"row"}:
            assert np.isin(many[table][name], columns[name]).all()
    return found


def refused(source: str, body: dict[str, Any]) -> tuple[str, str, str]:
    _, rejects = read(source, body)
    assert len(rejects) == 1
    return rejects[0].reason, rejects[0].field, rejects[0].hint


def decision(**said: Any) -> dict[str, Any]:
    return {"person_code": pseudonym(ME), "purpose": "isolate", "decided_at": AT, **said}


def ride(**said: Any) -> dict[str, Any]:
    return {**WHO, "role": "driver", "run_code": "R-1", "vehicle_code": "ZY-007", "departed_at": AT, **said}


def test_a_decision_names_the_same_things_by_their_own_codes_and_by_those_that_we_publish() -> None:
    own = {"vehicle_code": "zy-007", "run_code": "r-1", "site_code": "GL-01", "room": "1204"}
    ours = {"vehicle_code": place_code(VAN), "run_code": place_code(RUN), "site_code": place_code(SITE)}
    told = facts("command.transfer_decision", *(
        decision(decision="assign", **named)
        for named in (own, {**ours, "room": place_code(ROOM)}, {**ours, "room": "1204"})
    ))["decisions"]  # fmt: skip
    for name, token in (("ident", ME), ("vehicle", VAN), ("run", RUN), ("site", SITE), ("room", ROOM)):
        assert set(told[name].tolist()) == {token}, name
    assert set(told["step"].tolist()) == {Step.assign}
    assert set(told["purpose"].tolist()) == {Purpose.isolate}


def test_what_a_decision_does_not_name_is_nothing_and_a_room_without_its_site_is_no_room() -> None:
    bodies = decision(decision="order"), decision(decision="home", reason="carer", room="1204")
    told = facts("command.transfer_decision", *bodies)["decisions"]
    assert all(told[name].tolist() == [0, 0] for name in ("vehicle", "run", "site", "room"))
    assert told["reason"].tolist() == [HomeReason.unknown, HomeReason.carer]
    assert told["pickup_ms"].tolist() == [UNKNOWN_MS] * 2


def test_a_humans_order_and_a_decision_of_ours_make_the_same_fact() -> None:
    human = facts("health.transfer_order", {**WHO, "purpose": "hospital", "decision": "cancel", "decided_at": AT})
    ours = facts("command.transfer_decision", decision(purpose="hospital", decision="cancel"))
    for name, column in human["decisions"].items():
        assert column.tolist() == ours["decisions"][name].tolist(), name


@pytest.mark.parametrize(("worn", "met"), [("full", False), ("partial", True), ("none", True), (None, True)])
def test_of_the_crew_of_a_run_only_who_is_fully_protected_meets_nobody(worn: str | None, met: bool) -> None:
    told = facts("transport.transfer_run", ride(protection=worn, returned_at="2022-03-09T13:00:00"))
    assert told["receipts"]["step"].tolist() == [Step.dispatch]
    assert (told["receipts"]["ident"].tolist(), told["receipts"]["run"].tolist()) == ([0], [RUN])
    there = told["presences"]
    assert there["place"].tolist() == [RUN] * met
    assert there["kind"].tolist() == [PlaceKind.transfer] * met
    assert there["flags"].tolist() == [Flag.crew] * met


def test_who_is_fetched_is_aboard_from_the_pickup_to_the_arrival_where_a_run_is_told() -> None:
    first, last = read_instant("2022-03-09T11:00:00"), read_instant(AT)
    bodies = (
        {**WHO, "step": "picked_up", "run_code": "R-1", "happened_at": "2022-03-09T11:00:00"},
        {**WHO, "step": "arrived", "run_code": "R-1", "happened_at": AT, "boarded_at": "2022-03-09T11:00:00"},
        {**WHO, "step": "arrived", "happened_at": AT, "boarded_at": "2022-03-09T11:00:00"},
        {**WHO, "step": "refused", "run_code": "R-1", "happened_at": AT, "boarded_at": "2022-03-09T11:00:00"},
    )
    told = facts("transport.transfer_receipt", *bodies)
    assert told["receipts"]["step"].tolist() == [Step.pickup, Step.arrive, Step.arrive, Step.refuse]
    there = told["presences"]
    spans = set(zip(there["since_ms"].tolist(), there["until_ms"].tolist(), strict=True))
    assert spans == {(first, UNKNOWN_MS), (first, last)}
    assert there["place"].tolist() == [RUN, RUN]


def test_a_leg_that_names_the_run_was_in_the_same_vehicle() -> None:
    leg = {**WHO, "place_kind": "transfer", "vehicle": "R-1", "since_at": AT}
    assert facts("health.survey_leg", leg)["presences"]["place"].tolist() == [RUN]


def test_a_broken_vehicle_is_told_of_its_run_and_a_clean_one_of_itself() -> None:
    bodies = [{"vehicle_code": "ZY-007", "run_code": "R-1", "what": w, "happened_at": AT}
              for w in ("breakdown", "disinfected", "flat_tyre")]  # fmt: skip
    told = facts("transport.transfer_trouble", *bodies)
    assert (told["receipts"]["row"].tolist(), told["receipts"]["step"].tolist()) == ([0], [Step.breakdown])
    assert (told["cleanings"]["row"].tolist(), told["cleanings"]["vehicle"].tolist()) == ([1], [VAN])


def test_the_fleet_its_crews_and_where_it_is() -> None:
    van = {"vehicle_code": "ZY-007", "seats": 11, "depot_lat": 43.88, "last_disinfected_at": AT}
    told = facts("transport.transfer_vehicle", van)
    assert (told["fleet"]["lat"].tolist(), told["fleet"]["lon"].tolist()) == ([UNKNOWN_MS], [UNKNOWN_MS])
    assert (told["fleet"]["since_ms"].tolist(), told["fleet"]["until_ms"].tolist()) == ([BEGIN_MS], [OPEN_MS])
    assert told["cleanings"]["at_ms"].tolist() == [read_instant(AT)]
    ping = facts("transport.transfer_ping", {"vehicle_code": "zy-007", "lat": 43.8874125, "lon": 125, "pinged_at": AT})
    assert (ping["pings"]["lat"].tolist(), ping["pings"]["lon"].tolist()) == ([43_887_412], [125_000_000])
    crew = facts("transport.transfer_crew", {**WHO, "vehicle_code": "ZY-007", "role": "escort", "since_at": AT})[
        "crews"
    ]
    assert (crew["ident"].tolist(), crew["role"].tolist()) == ([ME], [CrewRole.escort])
    assert (crew["until_ms"].tolist(), crew["tested_ms"].tolist()) == ([OPEN_MS], [UNKNOWN_MS])


def test_sites_rooms_and_who_moves_in_are_one_place_each() -> None:
    site = {"site_code": "GL-01", "kind": "hotel", "takes": ["secondary", "close"]}
    assert facts("health.isolation_site", site)["sites"]["takes"].tolist() == [Takes.close | Takes.secondary]
    rooms = facts("health.isolation_room", {"site_code": "GL-01", "room": "1204", "beds": 2, "floor": -1})["rooms"]
    moved = facts("health.isolation_admission", {**WHO, "site_code": "GL-01", "room": "1204", "admitted_at": AT})
    left = facts("health.isolation_discharge", {**WHO, "site_code": place_code(SITE), "discharged_at": AT})
    assert rooms["room"].tolist() == moved["admissions"]["room"].tolist() == [ROOM]
    assert moved["admissions"]["site"].tolist() == left["discharges"]["site"].tolist() == [SITE]
    order = facts("health.contact_order", {**WHO, "degree": "close", "site_code": place_code(SITE)})
    assert order["orders"]["site"].tolist() == [SITE]


def test_a_home_is_put_in_the_middle_of_a_coarse_cell_and_a_compound_in_no_building() -> None:
    flat = {"compound_code": "XQ-7", "building": "3", "household_code": "HH-7", "lat": 43.90123, "lon": 125.33871,
            "community": "一心社区"}  # fmt: skip
    told = facts("housing.dwelling", flat)["dwellings"]
    building = KEY.place("building", "XQ-7\x1f3")
    assert told["place"].tolist() == [KEY.place("household", "HH-7"), KEY.place("compound", "XQ-7")]
    assert told["building"].tolist() == [building, 0]
    assert (told["lat"].tolist(), told["lon"].tolist()) == ([43_902_500] * 2, [125_337_500] * 2)
    duty = {**WHO, "role": "grid_head", "compound_code": "XQ-7", "community": "一心社区", "valid_since": AT}
    for more, area in (({"building": "3"}, building), ({}, told["compound"][0])):
        duties = facts("grid_centre.assignment", {**duty, **more})["duties"]
        assert (duties["area"].tolist(), duties["role"].tolist()) == ([area], [DutyRole.grid_member])
    alone = facts("grid_centre.assignment", {**WHO, "role": "secretary", "community": "一心社区", "valid_since": AT})
    assert alone["duties"]["area"].tolist() == [told["community"][0]]


@pytest.mark.parametrize(
    ("born", "grown"), [("2007-03-10", "2022-03-10"), ("2008-02-29", "2023-03-01"), ("2007-03-09", None)]
)
def test_a_child_is_one_until_the_fifteenth_birthday_and_of_who_had_it_nothing_is_kept(born: str, grown: Any) -> None:
    told = facts("police.resident_register", {**WHO, "household_code": "HH-7", "born_on": born})["traits"]
    assert told["until_ms"].tolist() == ([read_instant(grown)] if grown else [])
    assert told["trait"].tolist() == [Trait.child] * bool(grown)


def test_who_needs_a_place_for_a_wheelchair_and_who_cares_for_somebody() -> None:
    listed = [{**WHO, "category": c, "disability": d} for c, d in (("disabled", "physical_1"), ("disabled", "visual_1"),
              ("carer", None), ("carer", "wheelchair"))]  # fmt: skip
    told = facts("civil_affairs.care_roster", *listed)["traits"]
    found = set(zip(told["row"].tolist(), told["trait"].tolist(), strict=True))
    assert found == {(0, Trait.wheelchair), (2, Trait.carer), (3, Trait.carer), (3, Trait.wheelchair)}


def test_an_answer_for_a_late_transfer_names_the_person_by_our_number() -> None:
    ack = {"person_code": pseudonym(ME), "purpose": "hospital", **WHO, "acknowledged_at": AT}
    told = facts("grid_centre.transfer_ack", ack)["acks"]
    assert (told["ident"].tolist(), told["by"].tolist(), told["purpose"].tolist()) == ([ME], [ME], [Purpose.hospital])


@pytest.mark.parametrize(
    ("source", "body", "field", "hint"),
    [
        ("transport.transfer_vehicle", {"vehicle_code": "V", "seats": 0}, "seats", "greater than or equal to 1"),
        ("health.isolation_room", {"site_code": "S", "room": "1", "beds": 0}, "beds", "greater than or equal to 1"),
        ("transport.transfer_ping", {"vehicle_code": "V", "lat": 91, "lon": 0, "pinged_at": AT}, "lat", "equal to 90"),
        ("transport.transfer_ping", {"vehicle_code": "V", "lat": 0, "lon": -181, "pinged_at": AT}, "lon", "-180"),
        ("transport.transfer_run", ride(returned_at=AT), "returned_at", "after departed_at"),
        ("command.transfer_decision", decision(decision="assign", run_code="R"), "vehicle_code", "the run and the veh"),
        ("command.transfer_decision", decision(decision="order", person_code="990103194903070010"), "person_code",
         "P and 16 hex digits"),
        ("command.transfer_decision", decision(decision="order", person_code="P" + "f" * 16), "person_code", "P and"),
    ],
)  # fmt: skip
def test_what_cannot_be_so_is_refused_and_it_is_said_where(source: str, body: Any, field: str, hint: str) -> None:
    _, at, told = refused(source, body)
    assert at == field
    assert hint in told
