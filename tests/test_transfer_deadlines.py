"""Deadlines of transfers: who is told that somebody waits too long, whose it is now, and what stops the clock.

In: records as departments send them; time itself arrives as ticks. Out: escalations, and the events of them.
Invariant: expectations are written out by hand from docs/transfers.md, section 6, and the pack's minutes.
Deliberately absent: how a way comes to its end (test_transfer_stories.py).
"""

from __future__ import annotations

from schemas.instants import OPEN_MS, UNKNOWN_MS
from tests.transfer_desk import Event, TransferDesk, at, kinds, ms, token


def waiting(*duties: str) -> TransferDesk:
    """`friend` is needed since 10:00 and due at 22:00, lives in the one building, where these duties are held."""
    desk = TransferDesk()
    desk.home("friend")
    for role in duties:
        desk.duty(f"the-{role}", role)
    desk.meet("sick", "friend")
    desk.case("sick")
    return desk


def of_friend(events: list[Event]) -> list[tuple[str, int, int]]:
    """(kind, level, owner) of the escalations of friend."""
    mine = [event for event in events if event["subject"] == token("friend")]
    return [(e["kind"], e["degree"], e["source"]) for e in mine if e["kind"].startswith("escalation")]


def test_each_level_is_told_when_the_one_below_has_not_answered() -> None:
    desk = waiting("building_head", "grid_member", "secretary", "cadre", "district_leader")
    head, member, secretary, cadre, leader = (
        token(f"the-{role}") for role in ("building_head", "grid_member", "secretary", "cadre", "district_leader")
    )
    assert of_friend(desk.tick(at(20, 59))) == []
    told = []
    for when in (at(21), at(22), at(22, 15), at(22, 30), at(23), at(0, day=9)):
        told += of_friend(desk.tick(when))
    assert told == [
        ("escalation_raised", level, owner)
        for level, owner in enumerate((head, head, member, secretary, cadre, leader))
    ]
    raised = [ms(21), ms(22), ms(22, 15), ms(22, 30), ms(23), ms(0, day=9)]
    assert [(row[3], row[4], row[5]) for row in desk.told("friend")] == [(at_ms, at_ms, OPEN_MS) for at_ms in raised]
    assert desk.way("friend")["breached"] == 1


def test_nothing_passes_by_itself_and_a_tick_taken_back_takes_back_what_it_raised() -> None:
    desk = waiting("building_head")
    assert (desk.told("friend"), desk.way("friend")["breached"]) == ([], 0)
    raised = of_friend(desk.tick(at(22, 1)))
    events = desk.send("command.tick", f"tick-{at(22, 1)}", {}, version=2, operation="withdraw")
    assert [(level, owner) for _, level, owner in raised] == [(level, owner) for _, level, owner in of_friend(events)]
    assert {kind for kind, _, _ in of_friend(events)} == {"escalation_closed"}
    assert desk.told("friend") == []


def test_a_role_that_nobody_holds_is_passed_over_at_once() -> None:
    desk = waiting("building_head", "secretary")
    desk.tick(at(22, 15))
    told = {level: (owner, raised) for level, _, owner, raised, _, _ in desk.told("friend")}
    assert told == {
        0: (token("the-building_head"), ms(21)),
        1: (token("the-building_head"), ms(22)),
        2: (0, ms(22, 15)),
        3: (token("the-secretary"), ms(22, 15)),
    }


def test_of_whom_nobody_knows_the_home_every_level_is_told_at_the_deadline() -> None:
    desk = TransferDesk()
    desk.duty("somebody", "building_head")
    desk.meet("sick", "friend")
    desk.case("sick")
    desk.tick(at(22))
    assert [(level, owner) for level, _, owner, *_ in desk.told("friend")] == [(level, 0) for level in range(6)]


def test_who_takes_it_on_stops_the_clock_for_the_levels_above() -> None:
    desk = waiting("building_head", "grid_member")
    desk.tick(at(22, 20))
    events = desk.acknowledge("friend", "the-grid_member", at(22, 20))
    assert sorted(kinds(events)) == ["escalation_closed"] * 3 + ["escalation_raised"] * 3, "their ends are known now"
    assert of_friend(desk.tick(at(12, day=9))) == [], "nobody else is told"
    assert {until for *_, until in desk.told("friend")} == {ms(22, 20)}
    desk.acknowledge("friend", "the-grid_member", at(22, 20), version=2, operation="withdraw")
    assert [level for level, *_ in desk.told("friend")] == list(range(6)), "it was not taken on after all"


def test_an_acknowledgement_before_the_warning_is_none_of_this_deadline() -> None:
    desk = waiting("building_head")
    desk.acknowledge("friend", "the-building_head", at(20))
    desk.tick(at(22))
    assert {level for level, *_ in desk.told("friend")} >= {0, 1}


def test_an_admission_stops_the_clock_and_one_that_comes_late_is_a_breach_all_the_same() -> None:
    desk = waiting("building_head")
    desk.tick(at(22, 10))
    desk.admit("friend", at(21, 30))
    assert [(level, until) for level, *_, until in desk.told("friend")] == [(0, ms(21, 30))]
    assert desk.way("friend")["breached"] == 0, "the record came late, the person did not"
    desk.admit("friend", at(22, 5))
    desk.send("health.isolation_admission", f"adm-friend-{at(21, 30)}", {}, version=2, operation="withdraw")
    assert [(level, until) for level, *_, until in desk.told("friend")] == [
        (0, ms(22, 5)), (1, ms(22, 5)),
    ]  # fmt: skip
    assert desk.way("friend")["breached"] == 1


def test_isolation_at_home_by_exception_stops_the_clock() -> None:
    desk = waiting("building_head")
    desk.order("friend", at(15), decision="home", reason="carer")
    assert of_friend(desk.tick(at(12, day=9))) == []
    way = desk.way("friend")
    assert (way["home_at_ms"], way["ended_at_ms"], way["breached"]) == (ms(15), ms(15), 0)


def test_a_handover_in_the_middle_of_an_alert_loses_no_instant_of_it() -> None:
    desk = waiting()
    desk.duty("evening", "building_head", until=at(22, 5))
    desk.duty("night", "building_head", since=at(22, 5))
    before = of_friend(desk.tick(at(22, 1)))
    assert before == [("escalation_raised", 0, token("evening")), ("escalation_raised", 1, token("evening"))]
    after = of_friend(desk.tick(at(22, 5)))
    assert after == [("escalation_raised", 0, token("night")), ("escalation_raised", 1, token("night"))]
    first = [row for row in desk.told("friend") if row[0] == 1]
    assert {(owner, since, until) for _, _, owner, _, since, until in first} == {
        (token("evening"), ms(22), ms(22, 5)),
        (token("night"), ms(22, 5), OPEN_MS),
    }


def test_somebody_who_comes_on_duty_later_is_told_of_what_nobody_answered_for() -> None:
    desk = waiting()
    desk.tick(at(23))
    assert (1, token("late")) not in {(level, owner) for level, _, owner, *_ in desk.told("friend")}
    events = desk.duty("late", "building_head", since=at(22, 30))
    assert ("escalation_raised", 1, token("late")) in of_friend(events)
    nobody = [row for row in desk.told("friend") if row[:3] == (1, "building_head", 0)]
    assert [(since, until) for *_, since, until in nobody] == [(ms(22), ms(22, 30))]


def test_who_turns_out_to_be_another_persons_neighbour_is_told_of_by_others() -> None:
    desk = waiting("building_head")
    desk.tick(at(22))
    home = {"id_type": "person_no", "id_no": "friend", "household_code": "HH-friend"}
    desk.send("police.resident_register", "home-friend", home | {"valid_until": at(0, day=2)}, version=2)
    assert {owner for _, _, owner, *_ in desk.told("friend")} == {0}, "moved away, nobody knows where to"
    assert (desk.way("friend")["home"], desk.way("friend")["home_lat"]) == (0, UNKNOWN_MS)
    where = {"compound_code": "C1", "building": "1", "street": "东街", "community": "第一社区"}
    desk.send("police.resident_register", "home-2", home | {"household_code": "HH-2", "valid_since": at(0, day=2)})
    desk.send("housing.dwelling", "dwelling-2", {**where, "household_code": "HH-2", "lat": 43.871, "lon": 125.352})
    assert token("the-building_head") in {owner for _, _, owner, *_ in desk.told("friend")}
    assert desk.way("friend")["home_lat"] == 43_872_500, "no finer than the cell"
