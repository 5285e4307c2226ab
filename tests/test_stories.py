"""Stories: what staff would expect of the brain, told with a handful of records each.

In: records as departments send them. Out: who is a contact, before and after something is learnt.
Invariant: a story names its people; expectations are written out by hand from docs/rules.md.
Deliberately absent: the laws (test_laws.py) and single rules (test_oracle.py).
"""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from brain.stages import Brain
from schemas.codes import Certainty, PersonClass
from streams.packs import load_series
from tests.histories import KEY, batches

PACKS = load_series("cn")
Event = dict[str, Any]


def person(name: str) -> dict[str, str]:
    return {"id_type": "person_no", "id_no": name}


def token(name: str, kind: str = "person_no") -> int:
    return KEY.identifier(kind, name.upper())


def at(day: int, hour: int, minute: int = 0) -> str:
    return f"2022-03-{day:02d}T{hour:02d}:{minute:02d}:00+08:00"


class Desk:
    """A brain and the hand that feeds it."""

    def __init__(self) -> None:
        self.brain = Brain(PACKS)

    def send(
        self, source: str, record_id: str, body: dict[str, Any], version: int = 1, operation: str = "upsert"
    ) -> list[Event]:
        envelope = {"source_record_id": record_id, "event_time": at(8, 12), "version": version, "operation": operation}
        line = json.dumps(envelope | body).encode()
        return [event for part in batches([(source, line)]) for event in self.brain.step(part).to_pylist()]

    def case(self, name: str, onset: str, isolated: str | None = None) -> None:
        self.send(
            "health.case_report", f"case-{name}", {**person(name), "classification": "confirmed", "onset_at": onset}
        )
        if isolated:
            self.send(
                "health.isolation_admission",
                f"adm-{name}",
                {**person(name), "site_code": "S1", "admitted_at": isolated},
            )

    def view(self, name: str) -> pa.Table:
        return self.brain.view()[name]

    def contacts(self, degree: int = 1) -> dict[tuple[int, int], dict[str, Any]]:
        rows = self.view("contacts").to_pylist()
        return {(r["source_person"], r["contact_person"]): r for r in rows if r["degree"] == degree}


def tap(who: dict[str, str], on: str, off: str, **more: Any) -> dict[str, Any]:
    return {**who, "mode": "bus", "line": "240", "on_at": on, "off_at": off, **more}


def test_a_case_who_remembers_only_the_line_meets_everybody_on_it_at_the_time_with_low_certainty() -> None:
    desk = Desk()
    desk.case("sick", onset=at(8, 8))
    desk.send("transport.tap", "t0", tap(person("sick"), at(7, 7), at(7, 7, 35)))
    desk.send("transport.tap", "t1", tap(person("on-bus-1"), at(7, 7, 10), at(7, 7, 20), vehicle="B1"))
    desk.send("transport.tap", "t2", tap(person("on-bus-2"), at(7, 7, 30), at(7, 7, 50), vehicle="B2"))
    desk.send("transport.tap", "t3", tap(person("later"), at(7, 7, 35), at(7, 7, 50), vehicle="B1"))
    found = desk.contacts()
    assert {who for _, who in found} == {token("on-bus-1"), token("on-bus-2")}
    assert {row["certainty"] for row in found.values()} == {Certainty.low}


def test_passengers_of_two_buses_of_one_line_do_not_meet() -> None:
    desk = Desk()
    desk.case("sick", onset=at(8, 8))
    desk.send("transport.tap", "t0", tap(person("sick"), at(7, 7), at(7, 7, 35), vehicle="B1"))
    desk.send("transport.tap", "t1", tap(person("same-bus"), at(7, 7, 10), at(7, 7, 20), vehicle="B1"))
    desk.send("transport.tap", "t2", tap(person("other-bus"), at(7, 7, 10), at(7, 7, 20), vehicle="B2"))
    found = desk.contacts()
    assert {who for _, who in found} == {token("same-bus")}
    assert desk.view("exposures").num_rows == 1
    assert next(iter(found.values()))["certainty"] == Certainty.high


def test_a_card_that_is_linked_to_its_holder_later_moves_the_contact_to_the_holder() -> None:
    desk = Desk()
    desk.case("sick", onset=at(8, 8))
    desk.send("transport.tap", "t0", tap(person("sick"), at(7, 7), at(7, 7, 35), vehicle="B1"))
    card = {"id_type": "transit_card", "id_no": "990103001"}
    desk.send("transport.tap", "t1", tap(card, at(7, 7, 10), at(7, 7, 20), vehicle="B1"))
    assert {who for _, who in desk.contacts()} == {token("990103001", "transit_card")}
    events = desk.send("transport.card_holder", "h1", {"card_no": "990103001", **person("holder")})
    assert {who for _, who in desk.contacts()} == {token("holder")}
    assert [e["kind"] for e in events if e["kind"].startswith("contact")] == ["contact_found", "contact_retracted"]
    desk.send("transport.card_holder", "h1", {}, version=2, operation="withdraw")
    assert {who for _, who in desk.contacts()} == {token("990103001", "transit_card")}


def dwell(phone: str, entered: str, left: str, cell: str = "KC-08-15") -> dict[str, Any]:
    return {"id_type": "phone", "id_no": phone, "grid_code": cell, "entered_at": entered, "left_at": left}


def test_a_phone_beside_a_case_for_long_is_a_question_to_a_human_and_changes_no_class() -> None:
    desk = Desk()
    desk.case("sick", onset=at(8, 8), isolated=at(8, 20))
    for name, phone in (("sick", "10000000001"), ("neighbour", "10000000002")):
        desk.send("police.phone_ownership", f"p-{name}", {"phone": phone, **person(name)})
    desk.send("telecom.grid_dwell", "d0", dwell("10000000001", at(6, 18), at(8, 7)))
    events = desk.send("telecom.grid_dwell", "d1", dwell("10000000002", at(7, 9), at(7, 9, 20)))
    assert [(e["kind"], e["subject"], e["source"], e["class_after"]) for e in events] == [
        ("lead_opened", token("neighbour"), token("sick"), PersonClass.none)
    ]
    assert desk.view("persons")["person"].to_pylist() == [token("sick")]
    assert desk.contacts() == {}
    # The human asks, and learns that they shared a room: now there is a contact, and nothing left to ask.
    stay = {"place_kind": "room", "place_code": "R1", "since_at": at(7, 9), "until_at": at(7, 9, 20)}
    desk.send("health.survey_leg", "l0", {**person("sick"), **stay})
    events = desk.send("health.survey_leg", "l1", {**person("neighbour"), **stay})
    assert {e["kind"] for e in events} == {"contact_found", "person_raised", "lead_closed", "transfer_changed"}
    assert desk.view("leads").num_rows == 0


def test_stays_that_come_late_open_a_lead_and_their_withdrawal_closes_it() -> None:
    desk = Desk()
    desk.send("telecom.grid_dwell", "d0", dwell("10000000001", at(7, 8), at(7, 10)))
    desk.send("telecom.grid_dwell", "d1", dwell("10000000002", at(7, 8), at(7, 10)))
    phone = {"id_type": "phone", "id_no": "10000000001"}
    report = {**phone, "classification": "confirmed", "onset_at": at(8, 8)}
    opened = [e["kind"] for e in desk.send("health.case_report", "c1", report)]
    assert opened == ["case_opened", "person_raised", "transfer_changed"]
    events = desk.send("telecom.grid_dwell", "d2", dwell("10000000002", at(1, 0), at(2, 7)))
    assert [e["kind"] for e in events] == ["lead_opened"]
    events = desk.send("telecom.grid_dwell", "d2", {}, version=2, operation="withdraw")
    assert [e["kind"] for e in events] == ["lead_closed"]


def test_a_red_tube_holds_its_members_until_each_has_a_single_tube_of_their_own() -> None:
    desk = Desk()
    for name in ("one", "two", "three"):
        sample = {**person(name), "tube_code": "T1", "sampled_at": at(8, 9), "pool_size": 10}
        desk.send("health.nat_sample", f"s-{name}", sample)
    events = desk.send("health.nat_result", "r1", {"tube_code": "T1", "result": "positive", "reported_at": at(8, 18)})
    assert {(e["kind"], e["subject"], e["rule"]) for e in events} == {
        ("hold_opened", token(name), "pool") for name in ("one", "two", "three")
    }
    assert desk.view("cases").num_rows == desk.view("persons").num_rows == 0
    for name, result, why in (("one", "negative", "pool/negative"), ("two", "positive", "pool/case")):
        again = {**person(name), "tube_code": f"T-{name}", "sampled_at": at(8, 19), "pool_size": 1}
        assert desk.send("health.nat_sample", f"again-{name}", again) == []
        events = desk.send(
            "health.nat_result", f"r-{name}", {"tube_code": f"T-{name}", "result": result, "reported_at": at(9, 6)}
        )
        assert [e["rule"] for e in events if e["kind"] == "hold_released"] == [why]
    assert desk.view("cases")["case_person"].to_pylist() == [token("two")]
    events = desk.send(
        "health.nat_result", "r1", {"tube_code": "T1", "result": "negative", "reported_at": at(9, 8)}, version=2
    )
    assert [(e["subject"], e["rule"]) for e in events] == [(token("three"), "pool/retracted")]


def test_who_buys_fever_medicine_is_held_until_tested_afterwards() -> None:
    desk = Desk()
    buyer = {**person("buyer"), "place_code": "YD-1", "medicine": "antipyretic", "bought_at": at(8, 10)}
    assert [e["kind"] for e in desk.send("market_supervision.medicine_purchase", "m1", buyer)] == ["hold_opened"]
    for number, sampled in enumerate((at(8, 9), at(8, 11))):
        sample = {**person("buyer"), "tube_code": f"T{number}", "sampled_at": sampled, "pool_size": 1}
        desk.send("health.nat_sample", f"s{number}", sample)
        assert desk.view("holds")["reason"].to_pylist() == ["medicine"]
        events = desk.send(
            "health.nat_result",
            f"r{number}",
            {"tube_code": f"T{number}", "result": "negative", "reported_at": at(9, 6)},
        )
    assert [(e["kind"], e["rule"]) for e in events] == [("hold_released", "medicine/negative")]


def test_two_documents_of_one_person_are_merged_and_split_again() -> None:
    desk = Desk()
    desk.case("sick", onset=at(8, 8))
    stay = {"place_kind": "room", "place_code": "R1", "since_at": at(7, 9), "until_at": at(7, 17)}
    desk.send("health.survey_leg", "l0", {**person("sick"), **stay})
    desk.send("health.survey_leg", "l1", {**person("zhang"), **stay})
    desk.send("health.survey_leg", "l2", {"id_type": "passport", "id_no": "E1234567", **stay})
    assert len(desk.contacts()) == 2
    other = {"other_id_type": "passport", "other_id_no": "E1234567"}
    desk.send("police.identity_link", "i1", {**person("zhang"), **other})
    assert {who for _, who in desk.contacts()} == {min(token("zhang"), token("E1234567", "passport"))}
    desk.send("police.identity_link", "i1", {}, version=2, operation="withdraw")
    assert len(desk.contacts()) == 2


def test_a_case_turns_out_to_be_the_very_person_it_met() -> None:
    desk = Desk()
    desk.case("sick", onset=at(8, 8))
    stay = {"place_kind": "room", "place_code": "R1", "since_at": at(7, 9), "until_at": at(7, 17)}
    desk.send("health.survey_leg", "l0", {**person("sick"), **stay})
    desk.send("health.survey_leg", "l1", {"id_type": "passport", "id_no": "E1234567", **stay})
    assert len(desk.contacts()) == 1
    same = {**person("sick"), "other_id_type": "passport", "other_id_no": "E1234567"}
    desk.send("police.identity_link", "i1", same)
    assert desk.contacts() == {}
    desk.send("police.identity_link", "i1", {}, version=2, operation="withdraw")
    assert len(desk.contacts()) == 1


def test_an_onset_entered_later_opens_the_window_further_and_finds_earlier_contacts() -> None:
    desk = Desk()
    desk.case("sick", onset=at(8, 8), isolated=at(9, 10))
    for day, name in ((4, "early"), (6, "late")):
        stay = {"place_kind": "room", "place_code": name, "since_at": at(day, 9), "until_at": at(day, 17)}
        desk.send("health.survey_leg", f"s{day}", {**person("sick"), **stay})
        desk.send("health.survey_leg", f"c{day}", {**person(name), **stay})
    assert {who for _, who in desk.contacts()} == {token("late")}
    report = {**person("sick"), "classification": "confirmed", "onset_at": at(6, 8)}
    desk.send("health.case_report", "case-sick", report, version=2)
    assert {who for _, who in desk.contacts()} == {token("early"), token("late")}


def test_a_withdrawn_case_sets_everybody_free_but_asks_a_human_about_whoever_is_isolated() -> None:
    desk = Desk()
    desk.case("sick", onset=at(8, 8))
    stay = {"place_kind": "room", "place_code": "R1", "since_at": at(7, 9), "until_at": at(7, 17)}
    for name in ("sick", "isolated", "at-home"):
        desk.send("health.survey_leg", f"l-{name}", {**person(name), **stay})
    desk.send("health.isolation_admission", "a1", {**person("isolated"), "site_code": "S1", "admitted_at": at(8, 20)})
    events = desk.send("health.case_report", "case-sick", {}, version=2, operation="withdraw")
    assert desk.view("persons").num_rows == 0
    lowered = {e["subject"]: e["confirm"] for e in events if e["kind"] == "person_lowered"}
    assert lowered == {token("sick"): False, token("isolated"): True, token("at-home"): False}


def test_the_household_of_a_close_contact_is_secondary_until_the_contact_is_isolated() -> None:
    desk = Desk()
    desk.case("sick", onset=at(8, 8))
    stay = {"place_kind": "room", "place_code": "R1", "since_at": at(7, 9), "until_at": at(7, 17)}
    for name in ("sick", "colleague"):
        desk.send("health.survey_leg", f"l-{name}", {**person(name), **stay})
    for name in ("colleague", "spouse"):
        desk.send("police.resident_register", f"r-{name}", {**person(name), "household_code": "H1"})
    assert {who for _, who in desk.contacts(2)} == {token("spouse")}
    row = next(iter(desk.contacts(2).values()))
    assert row["class"] == PersonClass.secondary
    assert row["test_days"] == [], "still together: the clock has not started"
    desk.send("health.isolation_admission", "a1", {**person("colleague"), "site_code": "S1", "admitted_at": at(8, 20)})
    assert len(next(iter(desk.contacts(2).values()))["test_days"]) == 3
    desk.send(
        "health.isolation_admission",
        "a1",
        {**person("colleague"), "site_code": "S1", "admitted_at": at(6, 20)},
        version=2,
    )
    assert desk.contacts(2) == {}, "isolated before the exposure: nothing to pass on"
