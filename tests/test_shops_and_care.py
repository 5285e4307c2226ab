"""Shops and care: what the records of commerce, market supervision and medical insurance show, and what they do not.

In: their samples, and records made here. Out: facts, and who is a contact of whom.
Invariant: expectations are written out by hand from what each record says.
Deliberately absent: what every department owes (tests/conformance.py).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson

from schemas.codes import Flag, Medicine, PersonClass, PlaceKind
from schemas.facts import Columns, FactBatch
from schemas.instants import OPEN_MS, UNKNOWN_MS, read_instant
from schemas.intake import Intake
from tests.sources import KEY, samples
from tests.test_stories import Desk, at, person
from tests.test_stories import token as named

GRANNY, KEEPER = "990103194903070010", "99010319750101006X"
PHONE, COURIER = "10012345678", "10087654321"


def read(source: str, *bodies: dict[str, Any]) -> FactBatch:
    """What an intake makes of a source's samples, or of records made here."""
    envelope = {"event_time": "2022-03-08T12:00:00", "version": 1, "operation": "upsert"}
    made = [orjson.dumps({"source_record_id": f"R{i}", **envelope, **body}) for i, body in enumerate(bodies)]
    lines = made or samples(source)
    batch, rejects = Intake(KEY).read(source, lines, "part", np.arange(len(lines)))
    assert not rejects
    return batch


def presences(source: str, *bodies: dict[str, Any]) -> Columns:
    return read(source, *bodies).facts["presences"]


def token(value: str, kind: str = "resident_id") -> int:
    return KEY.identifier(kind, value)


def seen(rows: Columns) -> set[tuple[int, int]]:
    """Who was at which kind of place."""
    return set(zip(rows["ident"].tolist(), rows["kind"].tolist(), strict=True))


def order(**more: Any) -> dict[str, Any]:
    phones = {"courier_phone": COURIER, "receiver_phone": PHONE}
    return {"household_code": "HH-00017", "delivered_at": at(12, 17, 40), **phones, **more}


def test_who_hands_goods_over_meets_the_receiver_at_a_checkpoint_and_not_in_a_home() -> None:
    rows = presences("commerce.supply_order", order(contactless=False))
    courier, receiver = token(COURIER, "phone"), token(PHONE, "phone")
    assert seen(rows) == {(courier, PlaceKind.checkpoint), (receiver, PlaceKind.checkpoint)}
    assert len(set(rows["place"].tolist())) == 1
    assert KEY.place("household", "HH-00017") not in rows["place"]
    assert rows["until_ms"].tolist() == [UNKNOWN_MS] * 2


def test_without_contact_the_courier_alone_was_at_the_door() -> None:
    assert presences("commerce.supply_order", order(contactless=True))["ident"].tolist() == [token(COURIER, "phone")]


def test_an_order_that_is_not_delivered_yet_shows_nobody() -> None:
    assert len(presences("commerce.supply_order", order(delivered_at=None))["ident"]) == 0


def test_goods_handed_over_at_a_gate_are_where_the_gate_is_passed() -> None:
    handed = presences("commerce.supply_order", order(gate_compound="XQ-003", gate="东门"))
    passed = {"id_type": "phone", "id_no": PHONE, "passed_at": at(12, 17, 41)}
    gate = presences("housing.gate_pass", {**passed, "compound_code": "XQ-003", "gate": "东门"})
    assert set(handed["place"].tolist()) == set(gate["place"].tolist())


def test_a_door_has_no_label() -> None:
    labels = read("commerce.supply_order").places.column("label").to_pylist()
    assert set(labels) == {"", "XQ-003"}


def lorry(**more: Any) -> dict[str, Any]:
    aboard = {"id_type": "resident_id", "id_no": GRANNY, "companion_phones": [COURIER], "escort_no": "HR:7"}
    where = {"vehicle": "吉Z·C7319", "park_code": "WL-002", "zone": "buffer"}
    return {**aboard, **where, "entered_at": at(13, 5), "left_at": at(13, 7), **more}


def test_all_aboard_a_lorry_share_its_cab_and_the_escort_only_the_zone() -> None:
    driver, companion, escort = token(GRANNY), token(COURIER, "phone"), token("HR:7", "person_no")
    rows = presences("commerce.truck_pass", lorry())
    in_cab = {(driver, PlaceKind.taxi), (companion, PlaceKind.taxi)}
    assert seen(rows) == {*in_cab, *((who, PlaceKind.venue) for who in (driver, companion, escort))}
    assert set(rows["place"][rows["kind"] == PlaceKind.taxi].tolist()) == {KEY.place("taxi", "吉ZC7319")}


def test_a_lorry_passes_the_channel_and_waits_in_the_buffer_or_where_nobody_knows() -> None:
    for zone, kind in (("channel", "checkpoint"), ("disinfect", "checkpoint"), ("buffer", "venue"), ("E7", "venue")):
        rows = presences("commerce.truck_pass", lorry(zone=zone))
        assert KEY.place(kind, f"WL-002\x1f{zone}") in rows["place"], zone


def test_the_plate_of_a_lorry_is_no_label() -> None:
    labels = read("commerce.truck_pass").places.column("label").to_pylist()
    assert set(labels) == {"", "WL-002"}


def test_a_vague_time_of_a_lorry_is_vague_for_all_aboard() -> None:
    rows = presences("commerce.truck_pass", lorry(confidence="vague"))
    assert ((rows["flags"] & Flag.vague) > 0).all()


def test_a_booking_is_no_visit() -> None:
    assert not read("commerce.truck_booking").facts


def test_a_shop_visit_and_a_scan_of_its_door_are_at_one_place() -> None:
    visits = presences("market_supervision.shop_visit")
    who = {"id_type": "phone", "id_no": PHONE}
    scan = presences("data_office.place_scan", {**who, "place_code": "CS-0042", "scanned_at": at(7, 10)})
    assert scan["place"].tolist() == visits["place"].tolist()[:1]
    assert UNKNOWN_MS in visits["until_ms"]
    assert read_instant("2022-03-07T10:30:00") in visits["until_ms"]


def test_an_inspector_was_in_the_shop_too() -> None:
    rows = presences("market_supervision.inspection")
    assert set(rows["ident"].tolist()) == {token("HR:2022-0042", "person_no")}
    assert KEY.place("venue", "CS-0042") in rows["place"]


def test_keepers_of_one_stall_share_it_and_all_share_the_market() -> None:
    rows = presences("market_supervision.stall_shift")
    stalls, markets = (rows["place"][rows["kind"] == kind].tolist() for kind in (PlaceKind.room, PlaceKind.venue))
    assert set(markets) == {KEY.place("venue", "SC-001")}
    assert set(stalls) == {KEY.place("room", "SC-001\x1fA12"), KEY.place("room", "SC-001\x1fA13")}


def test_a_medicine_is_read_in_the_words_of_both_tills_and_an_unlisted_one_is_unknown() -> None:
    said = ("antipyretic", "退热", "止咳", "antiviral", "抗生素", "vitamins")
    made = {"id_type": "phone", "id_no": PHONE, "place_code": "YD-017", "bought_at": at(8, 9)}
    bought = read("market_supervision.medicine_purchase", *({**made, "medicine": word} for word in said))
    assert bought.facts["purchases"]["category"].tolist() == [
        Medicine.antipyretic, Medicine.antipyretic, Medicine.cough, Medicine.antiviral, Medicine.antibiotic, 0,
    ]  # fmt: skip
    assert set(bought.facts["purchases"]["bought_ms"].tolist()) == {read_instant(at(8, 9))}


def test_who_buys_online_was_not_in_the_pharmacy_and_still_bought() -> None:
    facts = read("market_supervision.medicine_purchase").facts
    online = token(COURIER, "phone")
    assert online in facts["purchases"]["ident"]
    assert online not in facts["presences"]["ident"]
    assert len(facts["presences"]["ident"]) == len(facts["purchases"]["ident"]) - 1


def test_registers_of_shops_stalls_and_lots_show_nobody() -> None:
    for record in ("merchant", "stall_map", "cold_chain_lot"):
        assert not read(f"market_supervision.{record}").facts, record


def test_a_phone_is_somebodys_only_from_when_they_proved_it() -> None:
    links = read("medical_insurance.chronic_register").facts["links"]
    assert links["carried"].tolist() == [token(PHONE, "phone")]
    assert links["owner"].tolist() == [token(GRANNY)]
    assert links["since_ms"].tolist() == [read_instant("2021-04-02T10:15:00")]
    assert links["until_ms"].tolist() == [OPEN_MS]


def test_who_pays_by_insurance_meets_who_bought_without_it() -> None:
    paid, bought = presences("medical_insurance.pharmacy_visit"), presences("market_supervision.medicine_purchase")
    assert set(bought["place"].tolist()) & set(paid["place"].tolist()) == {KEY.place("venue", "YD-017")}
    assert paid["row"].tolist().count(3) == 1, "a door with the pharmacy's own code is one place, not two"


def test_patients_and_doctor_share_a_department_and_not_the_hospital() -> None:
    rows = presences("medical_insurance.outpatient_visit")
    fever, surgery = (KEY.place("room", f"YY-03\x1f{department}") for department in ("fever", "surgery"))
    assert set(rows["place"].tolist()) == {fever, surgery}
    assert token("HR:2022-0042", "person_no") in rows["ident"][rows["place"] == fever]
    assert set(rows["kind"].tolist()) == {PlaceKind.room}


def test_nobody_was_at_an_appointment_to_which_nobody_came() -> None:
    rows = presences("medical_insurance.green_channel")
    came = {token(GRANNY), token(KEEPER), token("ZE9907319", "passport")}
    assert set(rows["ident"].tolist()) == came
    assert set(rows["place"].tolist()) == {KEY.place("room", "YY-03\x1fdialysis")}


def test_a_sick_driver_makes_close_contacts_in_the_cab_and_exposes_who_waits_beside_them() -> None:
    desk = Desk()
    desk.case("driver", onset=at(13, 8))
    where = {"park_code": "WL-002", "zone": "buffer", "entered_at": at(13, 5), "left_at": at(13, 7)}
    desk.send("commerce.truck_pass", "t1", {**person("driver"), **where, "vehicle": "吉ZC7319"})
    desk.send("commerce.truck_pass", "t2", {**person("mate"), **where, "vehicle": "吉Z·C7319"})
    desk.send("commerce.truck_pass", "t3", {**person("other"), **where, "vehicle": "吉ZC0042"})
    found = {who: row["class"] for (_, who), row in desk.contacts().items()}
    found |= {who: row["class"] for (_, who), row in desk.contacts(degree=0).items()}
    assert found == {named("mate"): PersonClass.close, named("other"): PersonClass.venue_exposed}


def test_a_sick_patient_makes_a_close_contact_of_the_doctor_and_of_who_waited_there() -> None:
    desk = Desk()
    desk.case("patient", onset=at(8, 8))
    visit = {"hospital_code": "YY-03", "department_code": "internal", "arrived_at": at(8, 9), "left_at": at(8, 10)}
    desk.send("medical_insurance.outpatient_visit", "v1", {**person("patient"), **visit, "doctor_no": "DOC"})
    desk.send("medical_insurance.outpatient_visit", "v2", {**person("waiting"), **visit})
    desk.send("medical_insurance.outpatient_visit", "v3", {**person("upstairs"), **visit, "department_code": "surgery"})
    assert {who for _, who in desk.contacts()} == {named("doc"), named("waiting")}
