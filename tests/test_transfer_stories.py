"""Stories of transfers: what staff of a command centre would expect, told with a handful of records each.

In: records as departments send them. Out: where somebody stands, who is told, what a human is asked.
Invariant: a story names its people; expectations are written out by hand from docs/transfers.md.
Deliberately absent: the laws (test_transfer_laws.py), deadlines (test_transfer_deadlines.py), the machine as a whole
(test_transfer_machine.py).
"""

from __future__ import annotations

from random import Random

from schemas.codes import PersonClass, PlaceKind
from schemas.instants import OPEN_MS, UNKNOWN_MS
from schemas.transfers import Purpose, Step
from tests.histories import batches, brain_view, differences
from tests.transfer_desk import PACKS, TransferDesk, at, kinds, ms, person, token, turns


def met() -> TransferDesk:
    """`sick` is known as a case at 10:00, and met `friend` the day before."""
    desk = TransferDesk()
    desk.meet("sick", "friend")
    desk.case("sick")
    return desk


def on_the_bus() -> TransferDesk:
    """As before, and friend is aboard since 10:45."""
    desk = met()
    desk.assign("friend", at(10, 10))
    desk.depart("R1", at(10, 20))
    desk.receipt("friend", "picked_up", at(10, 45))
    return desk


def test_a_contact_is_ordered_assigned_fetched_brought_admitted_and_released() -> None:
    desk = TransferDesk()
    desk.meet("sick", "friend")
    story = [
        (desk.case("sick"), "needed"),
        (desk.order("friend", at(10, 5)), "ordered"),
        (desk.assign("friend", at(10, 10), room="101"), "assigned"),
        (desk.depart("R1", at(10, 20)), "dispatched"),
        (desk.receipt("friend", "picked_up", at(10, 45)), "aboard"),
        (desk.receipt("friend", "arrived", at(11, 5), boarded_at=at(10, 45)), "arrived"),
        (desk.admit("friend", at(11, 10), room="101"), "admitted"),
    ]
    before = "none"
    for events, after in story:
        assert (before, after, False) in turns(events)
        before = after
    way = desk.way("friend")
    assert (way["class"], way["flags"], way["breached"]) == (PersonClass.close, 0, 0)
    assert (way["needed_at_ms"], way["due_at_ms"], way["ended_at_ms"]) == (ms(10), ms(22), ms(11, 10))
    assert way["release_due_at_ms"] == ms(0, day=22), "14 days after the day on which they met"
    assert turns(desk.discharge("friend", at(9, day=22))) == [("admitted", "released", False)]
    assert desk.stands("friend") == ("released", set())
    assert [word for word, _ in desk.steps("friend")] == [
        "call", "order", "assign", "dispatch", "pickup", "arrive", "admit", "discharge",
    ]  # fmt: skip


def test_a_case_is_to_be_in_a_hospital_within_two_hours_of_the_report() -> None:
    desk = met()
    way = desk.way("sick", Purpose.hospital)
    assert (way["class"], way["needed_at_ms"], way["due_at_ms"]) == (PersonClass.case, ms(10), ms(12))
    desk.case("sick", known=at(7), version=2)
    assert desk.way("sick", Purpose.hospital)["due_at_ms"] == ms(9), "the report says that it was known at seven"
    assert desk.way("friend")["due_at_ms"] == ms(21), "the survey of whom they met was made at nine"


def test_an_admission_without_a_pickup_is_believed_and_says_what_is_missing_until_it_comes() -> None:
    desk = met()
    desk.assign("friend", at(10, 10))
    assert turns(desk.admit("friend", at(11, 10))) == [("assigned", "admitted", False)]
    skipped = {"skipped_dispatch", "skipped_pickup", "skipped_arrival"}
    assert desk.stands("friend") == ("admitted", skipped)
    desk.receipt("friend", "picked_up", at(10, 45))
    assert desk.stands("friend") == ("admitted", {"skipped_dispatch", "skipped_arrival"})
    desk.depart("R1", at(10, 20))
    desk.receipt("friend", "arrived", at(11, 5))
    assert desk.stands("friend") == ("admitted", set())


def test_whoever_is_in_a_site_already_when_they_are_found_has_skipped_nothing() -> None:
    desk = TransferDesk()
    desk.admit("friend", at(9))
    desk.meet("sick", "friend")
    desk.case("sick")
    assert desk.stands("friend") == ("admitted", {"already_there"})


def test_who_will_not_come_stands_as_refused_until_somebody_orders_again() -> None:
    desk = met()
    desk.assign("friend", at(10, 10))
    desk.depart("R1", at(10, 20))
    assert turns(desk.receipt("friend", "refused", at(10, 40))) == [("dispatched", "refused", False)]
    assert (desk.way("friend")["run"], desk.way("friend")["ended_at_ms"]) == (0, UNKNOWN_MS), "the deadline runs on"
    desk.order("friend", at(11))
    desk.assign("friend", at(11, 5), run="R2")
    assert desk.stands("friend") == ("assigned", {"refused"})


def test_a_site_that_is_full_sends_the_vehicle_on_with_everybody_aboard() -> None:
    desk = on_the_bus()
    desk.receipt("friend", "arrived", at(11, 5))
    desk.receipt("friend", "turned_away", at(11, 10), reason="site_full")
    way = desk.way("friend")
    assert (way["site"], way["run"] > 0) == (0, True)
    assert desk.stands("friend") == ("aboard", {"turned_away"})
    desk.assign("friend", at(11, 15), site="H2")
    desk.admit("friend", at(11, 50), site="H2")
    assert desk.stands("friend") == ("admitted", {"turned_away", "rerouted"})
    assert desk.way("friend")["site"] == desk.rows("transfer_steps")[-1]["site"]


def test_a_breakdown_puts_everybody_of_the_run_back_to_wait_for_another_vehicle() -> None:
    desk = TransferDesk()
    desk.meet("sick", "friend", "late")
    desk.case("sick")
    for name in ("friend", "late"):
        desk.assign(name, at(10, 10))
    desk.depart("R1", at(10, 20))
    desk.receipt("friend", "picked_up", at(10, 45))
    desk.assign("late", at(10, 48), run="R2")
    broken = {"vehicle_code": "V-R1", "run_code": "R1", "what": "breakdown", "happened_at": at(10, 50)}
    assert turns(desk.send("transport.transfer_trouble", "t1", broken)) == [("aboard", "ordered", False)]
    assert desk.stands("friend") == ("ordered", {"broke_down"})
    assert desk.stands("late") == ("assigned", {"rerouted"}), "on another run by then"


def test_a_contact_who_is_one_no_more_is_not_let_off_the_bus_by_a_program() -> None:
    desk = on_the_bus()
    # The survey was of another room: friend never met sick, and is aboard.
    events = desk.meet("friend", room="R2", version=2)
    assert kinds(events).count("contact_retracted") == 1
    assert turns(events) == [("aboard", "returning", True)], "a human is asked"
    way = desk.way("friend")
    assert (way["class"], way["due_at_ms"], way["run"] > 0) == (PersonClass.none, UNKNOWN_MS, True)
    assert desk.stands("friend") == ("returning", {"without_ground"})
    # A human decides, the vehicle brings them back, and the way is over.
    assert turns(desk.receipt("friend", "set_down", at(11, 30))) == [("returning", "cancelled", False)]
    # They had met after all: the way is needed as it was, and what happened stands.
    events = desk.meet("friend", version=3)
    assert turns(events) == [("cancelled", "needed", False)]
    assert desk.steps("friend")[-1] == ("set_down", "needed")


def test_a_contact_who_is_one_no_more_before_the_vehicle_comes_is_cancelled_and_nobody_is_asked() -> None:
    desk = met()
    desk.assign("friend", at(10, 10))
    assert turns(desk.meet("friend", room="R2", version=2)) == [("assigned", "cancelled", False)]
    desk.tick(at(23))
    assert desk.told("friend") == []


def test_a_way_that_nobody_decided_upon_goes_with_its_ground() -> None:
    desk = met()
    assert turns(desk.meet("friend", room="R2", version=2)) == [("needed", "none", False)]
    assert [row["person"] for row in desk.rows("transfers")] == [token("sick")]


def test_a_contact_found_positive_on_the_bus_goes_to_hospital_and_whoever_is_aboard_is_a_contact() -> None:
    desk = on_the_bus()
    desk.meet("other", "stranger", room="R3")
    desk.case("other", known=at(9, 30))
    desk.assign("stranger", at(10, 12))
    desk.depart("R1", at(10, 20), protection="partial")
    desk.receipt("stranger", "picked_up", at(10, 55))
    assert not [r for r in desk.rows("contacts") if r["source_person"] == token("friend")]
    desk.send("health.nat_sample", "s1", {**person("friend"), "tube_code": "T1", "sampled_at": at(9), "pool_size": 1})
    result = {"tube_code": "T1", "result": "positive", "reported_at": at(11)}
    events = desk.send("health.nat_result", "r1", result, event_time=at(11))
    assert desk.stands("friend") == ("superseded", set())
    assert desk.stands("friend", Purpose.hospital) == ("needed", set())
    assert desk.way("friend", Purpose.hospital)["due_at_ms"] == ms(13)
    exposed = [row for row in desk.rows("exposures") if row["case_person"] == token("friend")]
    aboard = {row["contact_person"] for row in exposed if row["place_kind"] == PlaceKind.transfer}
    assert aboard == {token("stranger"), token("driver")}, "who wore no full protection was aboard as well"
    assert ("none", "needed", False) in turns(events)
    assert desk.way("driver")["needed_at_ms"] == ms(11)


def test_receipts_that_come_late_and_in_no_order_give_what_they_would_have_given_in_time() -> None:
    desk = on_the_bus()
    desk.receipt("friend", "arrived", at(11, 5))
    desk.admit("friend", at(11, 10))
    desk.tick(at(23))
    view = desk.brain.view()
    for seed in range(20):
        lines = list(desk.lines)
        Random(seed).shuffle(lines)
        assert not differences(view, brain_view(batches(lines, [1] * len(lines)), PACKS)), seed


def test_a_receipt_that_is_sent_twice_says_nothing_new_and_one_that_is_told_twice_is_a_step_and_no_oddity() -> None:
    desk = on_the_bus()
    assert desk.receipt("friend", "picked_up", at(10, 45)) == []
    desk.receipt("friend", "picked_up", at(10, 46))
    assert desk.steps("friend")[-2:] == [("pickup", "aboard"), ("pickup", "aboard")]
    assert desk.stands("friend") == ("aboard", set())
    assert desk.way("friend")["picked_up_at_ms"] == ms(10, 45)


def test_what_cannot_have_been_is_put_before_a_human_and_changes_nothing() -> None:
    desk = on_the_bus()
    desk.admit("friend", at(11, 10))
    assert turns(desk.receipt("friend", "refused", at(11, 20))) == [("admitted", "admitted", True)]
    impossible = [row for row in desk.rows("transfer_steps") if row["impossible"]]
    assert [(row["step"], row["at_ms"]) for row in impossible] == [(Step.refuse, ms(11, 20))]


def test_a_room_and_a_vehicle_with_one_too_many_are_flagged_until_somebody_goes_elsewhere() -> None:
    desk = TransferDesk()
    desk.meet("sick", "friend", "mate")
    desk.case("sick")
    desk.site("H1", ["close"], {"101": (1, 1), "102": (1, 1)})
    desk.assign("friend", at(10, 10), room="101")
    events = desk.assign("mate", at(10, 11), room="101")
    assert {e["subject"] for e in events} == {token("friend"), token("mate")}, "both are told of it"
    assert desk.stands("friend")[1] == desk.stands("mate")[1] == {"overfull"}
    assert [(r["beds"], r["planned"]) for r in desk.rows("beds")] in ([(1, 2), (1, 0)], [(1, 0), (1, 2)])
    desk.assign("mate", at(10, 12), room="102")
    assert desk.stands("friend")[1] == desk.stands("mate")[1] == set()
    desk.vehicle("R1", seats=1)
    assert desk.stands("friend")[1] == desk.stands("mate")[1] == {"overfull"}
    assert desk.rows("vehicles")[0]["held"] == 2


def test_a_contact_who_becomes_a_case_takes_one_bed_not_two() -> None:
    desk = on_the_bus()
    desk.site("H1", ["close"], {"101": (1, 1)})
    desk.site("Y1", ["case"], {"1": (1, 1)})
    desk.admit("friend", at(11, 10), room="101")
    desk.case("friend", known=at(12))
    desk.admit("friend", at(13), site="Y1", room="1")
    assert desk.stands("friend", Purpose.hospital)[0] == "admitted"
    assert "moved" in desk.stands("friend")[1]
    beds = {r["site"]: (r["lodged"], r["beds"]) for r in desk.rows("beds")}
    assert sorted(beds.values()) == [(0, 1), (1, 1)]
    assert "overfull" not in desk.stands("friend")[1]


def test_whoever_is_released_and_meets_another_case_is_fetched_anew() -> None:
    desk = on_the_bus()
    desk.admit("friend", at(11, 10))
    desk.discharge("friend", at(9, day=22))
    stay = {"place_kind": "room", "place_code": "R9", "since_at": at(9, day=23), "until_at": at(17, day=23)}
    for name in ("friend", "new"):
        desk.send("health.survey_leg", f"leg-again-{name}", {**person(name), **stay}, event_time=at(18, day=23))
    desk.case("new", onset=at(8, day=24), known=at(10, day=24))
    way = desk.way("friend")
    assert desk.stands("friend") == ("needed", set())
    assert (way["needed_at_ms"], way["due_at_ms"]) == (ms(10, day=24), ms(22, day=24))
    assert (way["picked_up_at_ms"], way["run"]) == (UNKNOWN_MS, 0), "the earlier way is forgotten, its steps are not"
    assert len(desk.steps("friend")) == 7


def test_a_case_found_on_the_floor_makes_its_neighbours_wait_and_nobody_two_floors_off() -> None:
    desk = TransferDesk()
    desk.meet("sick", "friend", "near", "far")
    desk.case("sick")
    desk.site("H1", ["close"], {"301": (3, 1), "401": (4, 1), "501": (5, 1)})
    for name, room in (("friend", "301"), ("near", "401"), ("far", "501")):
        desk.admit(name, at(12), room=room)
    assert {desk.way(n)["release_due_at_ms"] for n in ("friend", "near", "far")} == {ms(0, day=22)}
    sample = {**person("friend"), "tube_code": "T1", "sampled_at": at(9, day=12), "pool_size": 1}
    desk.send("health.nat_sample", "s1", sample)
    result = {"tube_code": "T1", "result": "positive", "reported_at": at(20, day=12)}
    desk.send("health.nat_result", "r1", result, event_time=at(20, day=12))
    assert desk.way("near")["release_due_at_ms"] == ms(0, day=27), "14 days after the sampling, from the next day"
    assert desk.way("far")["release_due_at_ms"] == ms(0, day=22)
    desk.send("health.nat_result", "r1", {}, version=2, operation="withdraw")
    assert desk.way("near")["release_due_at_ms"] == ms(0, day=22)


def test_an_exposure_that_goes_on_has_no_end_of_isolation() -> None:
    desk = TransferDesk()
    for name in ("sick", "spouse"):
        desk.send("police.resident_register", f"r-{name}", {**person(name), "household_code": "HH"})
    desk.case("sick")
    desk.admit("spouse", at(12))
    assert desk.way("spouse")["release_due_at_ms"] == OPEN_MS
