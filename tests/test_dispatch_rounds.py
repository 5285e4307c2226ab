"""Rounds of planning over what stands: decided once, left alone while in time, planned anew when it went wrong.

In: a district told by hand, the brain's own views, a lake. Out: pass or fail.
Invariant: decisions go back into the brain as records, by the door that all records use.
Deliberately absent: the rules of a plan (test_dispatch.py).
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from brain.dispatch.decisions import Round, decide
from brain.dispatch.lines import Line
from brain.dispatch.reasons import LACKS
from brain.dispatch.standing import Lake, Promise
from schemas.codes import PersonClass
from schemas.instants import MINUTE_MS, read_instant
from schemas.keys import parse_code, pseudonym
from schemas.transfers import Purpose, TransferState
from streams.cli import main
from streams.dispatch.recording import recorded
from streams.dispatch.words import REASONS, reason
from tests.dispatch_desk import LIMITS, NOW, Dispatcher, busy
from tests.histories import KEY
from tests.transfer_desk import at, ms, token


@pytest.fixture
def desk() -> Dispatcher:
    return busy()


def whom(round_: Round, decision: str = "assign") -> set[str]:
    return {said["person_code"] for said in round_.decisions if said["decision"] == decision}


def why(round_: Round, name: str) -> str:
    (line,) = (line for line in round_.lines if line.person == token(name) and line.purpose == Purpose.isolate)
    return line.why


def code(name: str) -> str:
    return pseudonym(token(name))


def test_everybody_who_is_needed_is_ordered_and_assigned_and_a_second_round_decides_nothing(desk: Dispatcher) -> None:
    first = desk.plan()
    assert whom(first, "order") == whom(first) == {code("anna"), code("bert")}
    desk.tell(first)
    assert [desk.stands(name)[0] for name in ("anna", "bert")] == ["assigned", "assigned"]
    second = desk.plan(NOW + MINUTE_MS)
    assert second.decisions == []
    assert why(second, "anna") == "assigned"


def test_the_same_round_gives_the_same_records_and_another_instant_others(desk: Dispatcher) -> None:
    one, again, later = (recorded(desk.plan(now).decisions) for now in (NOW, NOW, NOW + MINUTE_MS))
    assert one == again
    ids = [{body["source_record_id"] for body in records} for records in (one, later)]
    assert len(ids[0]) == len(one)
    assert not ids[0] & ids[1]


def test_whoever_was_decided_about_is_left_alone_with_vehicle_and_bed_until_the_lake_has_seen_it(
    desk: Dispatcher,
) -> None:
    first = desk.plan()
    mine = [said for said in first.decisions if said["person_code"] == code("anna") and said["decision"] == "assign"]
    vehicle, site, room = (parse_code(mine[0][name], "L") for name in ("vehicle_code", "site_code", "room"))
    arrive_ms = mine[0]["planned_arrival_at"]
    promise = Promise(token("anna"), Purpose.isolate, vehicle, site, room, arrive_ms)
    second = desk.plan(NOW + MINUTE_MS, (promise,))
    assert whom(second) == {code("bert")}
    assert why(second, "anna") == "decided"
    (other,) = (said for said in second.decisions if said["decision"] == "assign")
    assert other["room"] != mine[0]["room"]
    assert other["vehicle_code"] != mine[0]["vehicle_code"] or other["planned_pickup_at"] > arrive_ms


def test_of_two_people_and_one_bed_one_goes_and_the_other_is_told_why_round_after_round() -> None:
    desk = Dispatcher()
    desk.van("V1")
    desk.hotel("S1", 1)
    desk.contacts("anna", "bert")
    desk.lives("anna", "HH1")
    desk.lives("bert", "HH2")
    first = desk.plan()
    desk.tell(first)
    assert len(whom(first)) == 1
    second = desk.plan(NOW + MINUTE_MS)
    assert second.decisions == []
    assert sorted(why(second, name) for name in ("anna", "bert")) == ["assigned", "no_bed"]


def test_after_a_breakdown_another_vehicle_comes_and_the_decision_follows_what_was_told(desk: Dispatcher) -> None:
    first = desk.plan()
    desk.tell(first)
    (before,) = (s for s in first.decisions if s["person_code"] == code("anna") and s["decision"] == "assign")
    trouble = {"vehicle_code": before["vehicle_code"], "run_code": before["run_code"], "what": "breakdown"}
    told_ms = NOW + 20 * MINUTE_MS
    body = trouble | {"happened_at": at(12, 20)}
    desk.send("transport.transfer_trouble", "trouble", body, event_time=at(12, 20))
    assert desk.stands("anna")[0] == "ordered"
    # The tick is older than the trouble: a decision at that instant would be folded before it.
    second = desk.plan(NOW + 10 * MINUTE_MS)
    (after,) = (s for s in second.decisions if s["person_code"] == code("anna"))
    assert after["vehicle_code"] != before["vehicle_code"]
    assert after["decided_at"] > told_ms
    desk.tell(second)
    assert desk.stands("anna")[0] == "assigned"


def test_a_ride_that_never_came_is_given_up_and_planned_anew(desk: Dispatcher) -> None:
    first = desk.plan()
    desk.tell(first)
    pickups = [said["planned_pickup_at"] for said in first.decisions if said["decision"] == "assign"]
    assert desk.plan(min(pickups) + LIMITS.late_ms).decisions == []
    pickup_ms = max(pickups)
    late = desk.plan(pickup_ms + LIMITS.late_ms + MINUTE_MS)
    assert whom(late) == {code("anna"), code("bert")}
    assert whom(late, "order") == set()
    desk.tell(late)
    assert desk.plan(pickup_ms + LIMITS.late_ms + 2 * MINUTE_MS).decisions == []


def test_whoever_was_turned_away_goes_to_another_site_from_home_or_from_the_road(desk: Dispatcher) -> None:
    desk.hotel("S2", 2, north=43.99)
    first = desk.plan()
    desk.tell(first)
    rides = {said["person_code"]: said for said in first.decisions if said["decision"] == "assign"}
    site = KEY.place("site", "S1")
    assert {parse_code(said["site_code"], "L") for said in rides.values()} == {site}
    desk.receipt("anna", "turned_away", at(12, 40), rides[code("anna")]["run_code"], site_code="S1")
    desk.receipt("bert", "picked_up", at(12, 30), rides[code("bert")]["run_code"])
    desk.receipt("bert", "turned_away", at(12, 50), rides[code("bert")]["run_code"], site_code="S1")
    assert desk.stands("bert")[0] == "aboard"
    second = desk.plan(ms(13))
    other = {parse_code(said["site_code"], "L") for said in second.decisions if said["decision"] == "assign"}
    assert whom(second) == {code("anna"), code("bert")}
    assert other == {KEY.place("site", "S2")}
    assert why(second, "bert") == "diverted"
    desk.tell(second)
    assert desk.way("bert")["site"] == KEY.place("site", "S2")
    assert desk.way("bert")["run"] == KEY.place("transfer", rides[code("bert")]["run_code"])
    assert desk.plan(ms(13, 1)).decisions == []


def test_a_site_that_turned_somebody_away_is_tried_again_for_them_after_some_hours(desk: Dispatcher) -> None:
    desk.tell(first := desk.plan())
    rides = {said["person_code"]: said["run_code"] for said in first.decisions if said["decision"] == "assign"}
    desk.receipt("anna", "turned_away", at(12, 40), rides[code("anna")])
    desk.receipt("bert", "arrived", at(12, 40), rides[code("bert")])
    soon, later = desk.plan(ms(13)), desk.plan(ms(18, 41))
    assert whom(soon) == set()
    assert why(soon, "anna") == "no_bed"
    assert whom(later) == {code("anna")}


def test_a_household_is_taken_together_and_people_of_one_compound_are_not_one_household() -> None:
    desk = Dispatcher()
    desk.van("V1", seats=2)
    desk.hotel("S1", 6)
    desk.contacts("anna", "bert", "carl")
    for name in ("anna", "bert"):
        desk.lives(name, "HH1")
    desk.lives("carl", "HH2")
    rides = [said for said in desk.plan().decisions if said["decision"] == "assign"]
    runs = {said["person_code"]: said["run_code"] for said in rides}
    assert runs[code("anna")] == runs[code("bert")] != runs[code("carl")]
    lake = desk.lake()
    alone = decide(Lake(lake.transfers, lake.steps, lake.vehicles, lake.beds), LIMITS, NOW)
    assert all(rider.household == 0 for rider in alone.situation.riders)


def test_who_rides_later_than_the_time_ahead_is_ordered_and_told_and_not_assigned_yet() -> None:
    desk = Dispatcher()
    desk.van("V1", seats=1)
    desk.hotel("S1", 3)
    desk.contacts("anna", "bert")
    desk.lives("anna", "HH1")
    desk.lives("bert", "HH2")
    desk.reaches(NOW)
    found = decide(desk.lake(), LIMITS, NOW, ahead_ms=30 * MINUTE_MS)
    assert len(whom(found, "order")) == 2
    assert len(whom(found)) == 1
    assert sorted(why(found, name) for name in ("anna", "bert")) == ["deadline", "later"]


def test_the_command_decides_once_writes_records_that_a_run_takes_in_and_then_leaves_everybody_alone(
    desk: Dispatcher, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.tick(at(12))
    records, decided, lake = desk.write(tmp_path / "records"), tmp_path / "decided", tmp_path / "lake"
    assert main(["run", str(records), "--lake", str(lake)]) == 0
    arguments = ["dispatch", "--lake", str(lake), "--records", str(decided), "--seconds", "0"]
    capsys.readouterr()
    assert main([*arguments, "--dry-run", "--json"]) == 0
    dry = json.loads(capsys.readouterr().out)
    assert not decided.exists()
    assert main([*arguments, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["decisions"] == dry["decisions"]
    assert said["decisions"] == recorded(desk.plan().decisions), "published rows say what raw ones say"
    assert {line["why"] for line in said["lines"]} <= {*REASONS}
    assert read_instant(said["decisions"][0]["decided_at"]) >= NOW
    # Not in the lake yet: a second round must not decide again.
    assert main([*arguments, "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert again["decisions"] == []
    assert {line["why"] for line in again["lines"]} == {"decided"}
    (file,) = decided.iterdir()
    (records / file.name).write_bytes(file.read_bytes())
    assert main(["run", str(records), "--lake", str(lake)]) == 0
    capsys.readouterr()
    assert main([*arguments, "--json"]) == 0
    third = json.loads(capsys.readouterr().out)
    assert third["decisions"] == []
    assert {line["why"] for line in third["lines"]} == {"assigned"}
    assert main(arguments) == 0
    shown = capsys.readouterr().out
    assert "assigned to a run" in shown
    assert "anna" not in shown


def test_without_a_tick_the_command_asks_for_an_instant(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    desk = Dispatcher()
    desk.van("V1")
    records = desk.write(tmp_path / "records")
    assert main(["run", str(records), "--lake", str(tmp_path / "lake")]) == 0
    lake = ["--lake", str(tmp_path / "lake"), "--records", str(tmp_path / "decided")]
    assert main(["dispatch", *lake]) == 2
    assert "--at" in capsys.readouterr().err
    assert main(["dispatch", *lake, "--at", "2022-03-08T12:00"]) == 0
    assert main(["dispatch", *lake, "--at", "noon"]) == 2


def test_every_reason_and_every_state_has_a_sentence_in_both_languages() -> None:
    for why in (*LACKS, "deadline", "along", "diverted", "later", "decided", "stranded", *TransferState.__members__):
        zh, en = reason(Line(1, Purpose.isolate, PersonClass.close, 1, NOW, why))
        assert zh
        assert en.isascii()
