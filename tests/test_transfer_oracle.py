"""The oracle on little ways of transfer, worked out by hand from docs/transfers.md, section by section.

In: records and facts written out one by one. Out: pass or fail.
Invariant: what is expected is a literal or the text's own table of the machine; nothing is read off the oracle.
Deliberately absent: the brain, which meets the oracle over random worlds (tests/test_transfer_worlds.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from schemas.codes import Result
from schemas.instants import BEGIN_MS, OPEN_MS, UNKNOWN_MS
from schemas.transfers import CrewRole, DutyRole, Purpose, SiteKind, Step, Takes, Trait, TransferFlag, TransferState
from tests.test_oracle import ANN, BOB, CASE, CID, CLOSE, DAN, EVE, HOME, SECONDARY, SHOP, History, at, pack

CENTRAL = {"management__close__isolation_mode": "central", "management__secondary__isolation_mode": "central"}
ISOLATE, HOSPITAL = Purpose.isolate, Purpose.hospital
RUN, OTHER_RUN, VAN, OTHER_VAN = 501, 502, 601, 602
HOTEL, WARD, ROOM, OTHER_ROOM, BED_ROOM = 701, 702, 801, 802, 803
BLOCK, ESTATE = 901, 902
TEXT = Path(__file__).resolve().parent.parent / "docs" / "transfers.md"


class Ways(History):
    """Ann is a case who was known on the 6th at 00:00; Bob, her close contact, must be isolated by 08:00, until the
    12th."""

    def __init__(self, **changes: Any) -> None:
        super().__init__(pack(**{**CENTRAL, **changes}))
        self.case = self.report(ANN, at(5, 12))
        self.hers = self.be(ANN, HOME, at(4, 12), at(4, 18))
        self.his = self.be(BOB, HOME, at(4, 12), at(4, 18))

    def decide(self, step: Step, when: int, run: int = 0, vehicle: int = 0, site: int = 0, room: int = 0,
               who: int = BOB, purpose: Purpose = ISOLATE) -> int:  # fmt: skip
        planned = UNKNOWN_MS, UNKNOWN_MS, 0
        return self.say(decisions=(who, step, purpose, vehicle, run, site, room, when, *planned))

    def assign(self, when: int, run: int = RUN, room: int = 0, **more: Any) -> int:
        return self.decide(Step.assign, when, run, VAN, HOTEL, room, **more)

    def told(self, step: Step, when: int, run: int = 0, vehicle: int = 0, site: int = 0, who: int = BOB) -> int:
        """A receipt; of the run alone if `who` is 0."""
        return self.say(receipts=(who, step, vehicle, run, site, when, 0))

    def site(self, site: int = HOTEL, takes: int = Takes.close | Takes.secondary, floor: dict[int, int] | None = None,
             beds: int = 1) -> None:  # fmt: skip
        rec = self.say(sites=(site, SiteKind.hotel, takes, 43_000_000, 125_000_000, BEGIN_MS, OPEN_MS))
        for room, level in (floor or {ROOM: 2}).items():
            self.say(rec=rec + 10_000 + room, rooms=(site, room, level, beds, 0))

    def van(self, seats: int, vehicle: int = VAN) -> int:
        return self.say(fleet=(vehicle, seats, 1, 1, 43_900_000, 125_300_000, BEGIN_MS, OPEN_MS))

    def tick(self, when: int) -> int:
        return self.say(ticks=(when,))

    def way(self, who: int = BOB, purpose: Purpose = ISOLATE) -> dict[str, Any]:
        (row,) = (r for r in self.answer()["transfers"].to_pylist() if (r["person"], r["purpose"]) == (who, purpose))
        return row

    def flags(self, who: int = BOB, purpose: Purpose = ISOLATE) -> set[str]:
        return {flag.name for flag in TransferFlag if self.way(who, purpose)["flags"] & flag}

    def steps(self, *columns: str, who: int = BOB, purpose: Purpose = ISOLATE) -> list[Any]:
        rows = (r for r in self.answer()["transfer_steps"].to_pylist() if (r["person"], r["purpose"]) == (who, purpose))
        return [row[columns[0]] if len(columns) == 1 else tuple(row[c] for c in columns) for row in rows]

    def raised(self, *columns: str, who: int = BOB) -> list[Any]:
        rows = [r for r in self.answer()["escalations"].to_pylist() if r["person"] == who]
        return [tuple(row[c] for c in columns) for row in rows]


def taken(history: Ways, upto: Step = Step.admit) -> None:
    """Bob's way on the 6th, a step an hour from 01:00, as far as a step."""
    way: list[tuple[Step, dict[str, int]]] = [
        (Step.order, {}), (Step.assign, {"run": RUN, "vehicle": VAN, "site": HOTEL, "room": ROOM}),
        (Step.dispatch, {"run": RUN, "vehicle": VAN, "who": 0}), (Step.pickup, {"run": RUN, "vehicle": VAN}),
        (Step.arrive, {"run": RUN, "vehicle": VAN, "site": HOTEL}),
    ]  # fmt: skip
    for hour, (step, said) in enumerate(way, 1):
        if step <= upto:
            (history.decide if step in (Step.order, Step.assign) else history.told)(step, at(6, hour), **said)
    if upto == Step.admit:
        history.admit(BOB, at(6, 6), HOTEL, ROOM)


# Section 1


def test_a_case_is_called_for_when_the_first_report_or_positive_result_was_told() -> None:
    history = Ways()
    history.sample(CID, 1, at(5))
    result = history.say(event=at(5, 9), results=(1, Result.positive))
    history.say(event=at(5, 10), results=(1, Result.positive))
    row = history.way(CID, HOSPITAL)
    assert (row["class"], row["needed_at_ms"], row["due_at_ms"]) == (CASE, at(5, 9), at(5, 11))
    assert history.steps("step", "at_ms", "records", who=CID, purpose=HOSPITAL) == [(Step.call, at(5, 9), [result])]
    assert history.way(ANN, HOSPITAL)["due_at_ms"] == at(6, 2)
    assert (row["rule"], row["pack"], row["release_due_at_ms"]) == ("taken", "test", UNKNOWN_MS)


def test_a_contact_is_called_for_when_the_case_and_both_presences_were_told() -> None:
    history = Ways()
    assert history.way()["needed_at_ms"] == at(6)
    history.say(rec=history.his, version=2, event=at(6, 3), presences=(BOB, HOME, 1, at(4, 12), at(4, 18), 0, 0))
    row = history.way()
    assert (row["class"], row["needed_at_ms"], row["due_at_ms"]) == (CLOSE, at(6, 3), at(6, 11))
    assert history.steps("step", "records") == [(Step.call, sorted([history.hers, history.his]))]
    again = history.say(event=at(6, 2), presences=(BOB, HOME, 1, at(4, 17), at(4, 18), 0, 0))
    assert history.way()["needed_at_ms"] == at(6, 2)
    assert history.steps("records") == [sorted([history.hers, again])]


def test_who_must_not_be_isolated_in_a_centre_or_is_a_case_has_no_call_to_isolate() -> None:
    history = Ways(management__close__isolation_mode="home")
    assert history.view("transfers", "person", "purpose") == [(ANN, HOSPITAL)]
    history = Ways()
    history.report(BOB, at(7), event=at(7))
    assert history.view("transfers", "person", "purpose") == [(ANN, HOSPITAL), (BOB, HOSPITAL)]
    history = Ways()
    history.be(CID, SHOP, at(4, 20), at(4, 22))
    history.be(BOB, SHOP, at(4, 20), at(4, 22))  # Cid was at Bob's home, a contact of a contact
    assert (history.way(CID)["class"], history.way(CID)["due_at_ms"]) == (SECONDARY, at(6, 12))


# Section 2


def test_a_receipt_belongs_to_the_purpose_of_the_run_else_to_the_site_s_else_to_what_is_called_for() -> None:
    history = Ways()
    history.site()
    history.site(WARD, Takes.cases)
    history.report(CID, at(7), event=at(7))
    history.decide(Step.order, at(6), who=CID)
    history.told(Step.pickup, at(6, 23), who=CID)  # before the call to the hospital
    history.told(Step.refuse, at(7), who=CID)  # with it
    history.told(Step.pickup, at(7, 1), run=RUN, who=CID)
    history.assign(at(8), who=CID)  # told later, and yet its run
    history.admit(CID, at(7, 2), HOTEL)
    history.discharge(CID, at(7, 3), WARD)
    ways = [history.steps("step", "at_ms", who=CID, purpose=p) for p in (ISOLATE, HOSPITAL)]
    assert ways[0] == [
        (Step.order, at(6)), (Step.pickup, at(6, 23)), (Step.pickup, at(7, 1)), (Step.admit, at(7, 2)),
        (Step.assign, at(8)),
    ]  # fmt: skip
    # The discharge from the ward is of both ways; of the isolate way it is none, since that one is lodged in the hotel.
    assert ways[1] == [(Step.call, at(7)), (Step.refuse, at(7)), (Step.discharge, at(7, 3))]


def test_an_admission_to_a_site_of_cases_alone_is_of_both_ways() -> None:
    history = Ways()
    history.site(WARD, Takes.cases)
    history.decide(Step.order, at(6))
    history.admit(BOB, at(6, 4), WARD)
    history.decide(Step.cancel, at(9), purpose=HOSPITAL)
    assert history.steps("step", "site")[-1] == (Step.admit, WARD)
    assert history.steps("step", "site", purpose=HOSPITAL)[0] == (Step.admit, WARD)


def test_what_is_told_of_a_run_concerns_those_whose_last_assignment_it_is() -> None:
    history = Ways()
    for who in (CID, DAN, EVE):
        history.assign(at(6, 2), who=who)
    history.assign(at(6, 2), run=OTHER_RUN, who=CID)  # of the same instant, but the later record
    history.assign(at(6, 4), run=OTHER_RUN, who=DAN)  # after the dispatch
    history.assign(at(6, 3), run=OTHER_RUN, who=EVE)
    history.assign(at(6, 3), who=EVE)
    rec = history.told(Step.dispatch, at(6, 3), run=RUN, vehicle=VAN, who=0)
    history.told(Step.breakdown, at(6, 9), who=0)  # of no run
    told = [history.steps("step", who=who) for who in (CID, DAN, EVE)]
    assert [Step.dispatch in steps for steps in told] == [False, True, True]
    assert not any(Step.breakdown in steps for steps in told)
    assert (Step.dispatch, RUN, VAN, [rec]) in history.steps("step", "run", "vehicle", "records", who=EVE)


# Section 3

STATES = [state.name for state in TransferState][: TransferState.home + 1]
PATHS: dict[str, tuple[Step, ...]] = {
    "none": (), "needed": (Step.order, Step.cancel), "ordered": (Step.order,), "assigned": (Step.assign,),
    "dispatched": (Step.dispatch,), "aboard": (Step.pickup,), "arrived": (Step.arrive,), "admitted": (Step.admit,),
    "released": (Step.admit, Step.discharge), "refused": (Step.refuse,), "home": (Step.home,),
}  # fmt: skip
DECISIONS = (Step.order, Step.cancel, Step.home, Step.assign)


def table() -> dict[tuple[str, str], str]:
    """The cells of the machine as the text has them."""
    lines = TEXT.read_text("utf-8").split("| item \\ state |")[1].splitlines()[2:]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return {
        (row[0], head): cell
        for row in rows[: len(Step)]
        if row[0] in Step.__members__
        for head, cell in zip(STATES, row[1:], strict=True)
    }


CELLS = table()


def say(history: Ways, step: Step, when: int) -> None:
    if step == Step.admit:
        history.admit(BOB, when)
    elif step == Step.discharge:
        history.discharge(BOB, when)
    elif step in DECISIONS:
        history.decide(step, when)
    else:
        history.told(step, when)


@pytest.mark.parametrize("before", STATES)
def test_every_cell_of_the_machine_is_that_of_the_text(before: str) -> None:
    assert len(CELLS) == len(Step) * len(STATES)
    for step in Step:
        history = Ways()  # Bob's call comes on the 6th; all else is told on the 5th
        for hour, path in enumerate(PATHS[before]):
            say(history, path, at(5, hour))
        if step != Step.call:
            say(history, step, at(5, 20))
        cell = CELLS[step.name, before]
        what, after, impossible, start = history.steps("step", "after", "impossible", "before")[len(PATHS[before])]
        flags = {"r": "rerouted", "f": "refused", "t": "turned_away", "b": "broke_down", "m": "moved"}
        expected = before if cell[0] in "=!" else cell.split()[0].rstrip("*")
        assert (what, STATES[start], STATES[after]) == (step, before, expected), (step, before)
        assert impossible == (cell == "!")
        if step != Step.call and after != TransferState.released:  # the call would begin anew
            assert ("impossible" in history.flags()) == (cell == "!")
            letter = cell.split()[1] if " " in cell else ""
            assert {flags[letter]} <= history.flags() if letter in ("r", "f", "t", "b") else True
            assert "moved" not in history.flags()  # no site was given


def test_a_whole_way_in_order_has_every_time_and_no_flag() -> None:
    history = Ways()
    taken(history)
    history.discharge(BOB, at(12), HOTEL)
    history.tick(at(13))
    row = history.way()
    hours = [row[f"{name}_at_ms"] for name in ("ordered", "assigned", "dispatched", "picked_up", "arrived", "admitted")]
    assert hours == [at(6, hour) for hour in range(1, 7)]
    assert (row["state"], row["flags"], row["breached"]) == (TransferState.released, 0, 0)
    assert (row["ended_at_ms"], row["released_at_ms"], row["release_due_at_ms"]) == (at(6, 6), at(12), at(12))
    assert (row["run"], row["vehicle"], row["site"], row["room"]) == (RUN, VAN, HOTEL, ROOM)
    assert history.steps("number", "step") == [(1, Step.call), *enumerate(
        (Step.order, Step.assign, Step.dispatch, Step.pickup, Step.arrive, Step.admit, Step.discharge), 2)]  # fmt: skip
    assert history.raised("level") == []


def test_steps_that_were_never_told_are_flagged_once_a_later_one_is() -> None:
    history = Ways()
    history.admit(BOB, at(6, 6))
    assert history.flags() == {"skipped_assign", "skipped_dispatch", "skipped_pickup", "skipped_arrival"}
    history.told(Step.pickup, at(6, 4))
    assert history.flags() == {"skipped_assign", "skipped_dispatch", "skipped_arrival"}
    history.assign(at(6, 1))
    history.told(Step.dispatch, at(6, 2), run=RUN, who=0)
    history.told(Step.arrive, at(6, 5), site=HOTEL)
    assert history.flags() == set()
    history = Ways()
    taken(history, Step.pickup)
    history.decide(Step.cancel, at(6, 5))  # cannot be: aboard
    assert history.flags() == {"impossible"}


def test_who_was_admitted_before_the_call_is_already_there() -> None:
    history = Ways()
    history.admit(BOB, at(6), HOTEL)
    assert history.flags() == {"already_there"}  # judged at the end: the call comes first at an equal instant
    assert history.steps("step", "before") == [(Step.call, TransferState.none), (Step.admit, TransferState.needed)]
    history = Ways()
    history.decide(Step.home, at(5))
    history.admit(BOB, at(5, 12), HOTEL)
    assert history.flags() == {"already_there"}
    history = Ways()
    history.decide(Step.cancel, at(9), who=CID)
    history.admit(CID, at(5, 12), HOTEL)  # nobody calls for Cid
    assert history.flags(CID) == {"already_there", "without_ground", "impossible"}


def test_another_run_than_the_assigned_one_is_flagged_where_both_are_named() -> None:
    history = Ways()
    taken(history, Step.dispatch)
    history.told(Step.pickup, at(6, 4), run=OTHER_RUN, vehicle=OTHER_VAN)
    assert history.flags() == {"other_run"}
    row = history.way()
    assert (row["run"], row["vehicle"], row["site"], row["room"]) == (OTHER_RUN, OTHER_VAN, HOTEL, ROOM)
    for run, assigned in ((0, RUN), (RUN, 0), (RUN, RUN)):
        history = Ways()
        history.assign(at(6, 1), run=assigned)
        history.told(Step.pickup, at(6, 4), run=run)
        assert "other_run" not in history.flags()


def test_an_assignment_to_the_same_run_is_no_rerouting() -> None:
    history = Ways()
    history.assign(at(6, 1))
    history.decide(Step.assign, at(6, 2), RUN, VAN, WARD)
    row = history.way()
    assert (row["assigned_at_ms"], row["site"], row["room"], history.flags()) == (at(6, 2), WARD, 0, set())
    history.decide(Step.assign, at(6, 3), OTHER_RUN, VAN, WARD)
    assert history.flags() == {"rerouted"}
    taken(history, Step.arrive)
    history.assign(at(6, 9), run=OTHER_RUN)  # from the door of the full site to another
    row = history.way()
    assert (row["state"], row["run"], row["assigned_at_ms"]) == (TransferState.aboard, OTHER_RUN, at(6, 3))
    assert row["picked_up_at_ms"] == at(6, 4)


def test_who_is_turned_away_is_aboard_without_a_site_and_who_is_broken_down_waits_for_another_run() -> None:
    history = Ways()
    taken(history, Step.arrive)
    history.told(Step.turn_away, at(6, 5), site=HOTEL)  # of the same instant: before the arrival, on the way
    assert history.way()["site"] == HOTEL
    history.told(Step.turn_away, at(6, 6), site=HOTEL)
    row = history.way()
    assert (row["state"], row["run"], row["vehicle"], row["site"], row["room"]) == (
        TransferState.aboard, RUN, VAN, 0, 0)  # fmt: skip
    assert history.flags() == {"turned_away"}
    history.told(Step.breakdown, at(6, 7), run=RUN, who=0)
    row = history.way()
    assert (row["state"], row["run"], row["vehicle"]) == (TransferState.ordered, 0, 0)
    assert (row["ordered_at_ms"], history.flags()) == (at(6, 1), {"turned_away", "broke_down"})


def test_a_stay_elsewhere_moves_the_lodging_and_a_discharge_elsewhere_is_nobody_s() -> None:
    history = Ways()
    taken(history)
    history.admit(BOB, at(6, 8))  # says no site
    history.discharge(BOB, at(6, 9), WARD)
    assert (history.way()["state"], history.flags()) == (TransferState.admitted, set())
    assert Step.discharge not in history.steps("step")
    history.admit(BOB, at(7), HOTEL, OTHER_ROOM)
    assert (history.way()["room"], history.way()["admitted_at_ms"], history.flags()) == (
        OTHER_ROOM, at(6, 6), {"moved"})  # fmt: skip
    history.admit(BOB, at(8), WARD)
    assert (history.way()["site"], history.way()["room"]) == (WARD, 0)
    history.discharge(BOB, at(9), WARD)
    assert (history.way()["state"], history.flags()) == (TransferState.released, {"moved", "released_early"})


def test_a_call_or_an_admission_after_the_release_begins_a_new_episode() -> None:
    history = Ways()
    taken(history)
    history.told(Step.refuse, at(6, 9))  # cannot be
    history.discharge(BOB, at(7), HOTEL)
    assert history.flags() == {"impossible", "released_early"}
    history.be(CID, SHOP, at(4, 19), at(4, 20))
    history.be(BOB, SHOP, at(4, 19), at(4, 20))
    history.report(CID, at(5), event=at(8))  # known on the 8th: a second call for Bob
    row = history.way()
    assert (row["state"], row["needed_at_ms"], row["due_at_ms"]) == (TransferState.needed, at(8), at(8, 8))
    assert (row["flags"], row["run"], row["site"], row["admitted_at_ms"]) == (0, 0, 0, UNKNOWN_MS)
    assert len(history.steps("step")) == 10
    history = Ways()
    taken(history)
    history.discharge(BOB, at(12), HOTEL)
    history.admit(BOB, at(14), WARD)
    row = history.way()  # no call since: all of them count
    assert (row["state"], row["needed_at_ms"], row["ended_at_ms"]) == (TransferState.admitted, at(6), at(14))
    assert (row["run"], row["site"], row["room"]) == (0, WARD, 0)
    assert history.flags() == {"skipped_assign", "skipped_dispatch", "skipped_pickup", "skipped_arrival"}


def test_a_way_that_has_lost_its_ground_asks_a_human_where_somebody_is_under_way() -> None:
    def withdrawn(upto: Step | None) -> Ways:
        history = Ways()
        if upto is not None:
            taken(history, upto)
        history.say(rec=history.case, version=2, withdrawn=True)
        return history

    assert withdrawn(None).view("transfers", "person") == []
    for upto in (Step.order, Step.assign, Step.dispatch):
        assert (withdrawn(upto).way()["state"], withdrawn(upto).flags()) == (TransferState.cancelled, set())
    for upto in (Step.pickup, Step.arrive):
        assert (withdrawn(upto).way()["state"], withdrawn(upto).flags()) == (
            TransferState.returning, {"without_ground"})  # fmt: skip
    row = withdrawn(Step.admit).way()
    assert (row["state"], row["flags"], row["class"]) == (TransferState.admitted, TransferFlag.without_ground, 0)
    assert (row["needed_at_ms"], row["release_due_at_ms"], row["pack"]) == (UNKNOWN_MS, UNKNOWN_MS, "test")
    assert (row["ended_at_ms"], row["rule"], row["site"]) == (at(6, 6), "taken", HOTEL)


def test_a_contact_who_is_a_case_is_superseded_and_goes_to_a_hospital() -> None:
    history = Ways()
    taken(history, Step.pickup)
    history.report(BOB, at(6), event=at(6, 5))
    row = history.way()
    assert (row["state"], row["flags"], row["class"]) == (TransferState.superseded, 0, 0)
    assert history.way(BOB, HOSPITAL)["due_at_ms"] == at(6, 7)
    history = Ways()
    history.site()
    taken(history)
    history.report(BOB, at(6), event=at(6, 5))
    assert (history.way()["state"], history.way()["flags"]) == (TransferState.admitted, 0)


# Section 4


def test_isolation_at_home_stops_the_clock_until_somebody_is_taken_after_all() -> None:
    history = Ways()
    history.tick(at(7))
    assert history.way()["breached"] == 1
    history.decide(Step.home, at(6, 5))
    row = history.way()
    assert (row["state"], row["ended_at_ms"], row["home_at_ms"], row["breached"]) == (
        TransferState.home, at(6, 5), at(6, 5), 0)  # fmt: skip
    history.decide(Step.order, at(6, 6))
    assert (history.way()["ended_at_ms"], history.way()["breached"]) == (UNKNOWN_MS, 1)
    history.decide(Step.home, at(6, 9))
    assert (history.way()["ended_at_ms"], history.way()["breached"]) == (at(6, 9), 1)
    history.admit(BOB, at(6, 20), HOTEL)
    assert history.way()["ended_at_ms"] == at(6, 9)  # from home to a bed: the clock stood still


def test_a_breach_is_told_by_the_admission_or_else_by_the_last_tick() -> None:
    history = Ways()
    assert history.way()["breached"] == 0
    history.tick(at(6, 8))
    assert history.way()["breached"] == 0
    history.admit(BOB, at(6, 9))
    assert history.way()["breached"] == 1  # though no tick says that nine has come


def test_traits_and_home_are_those_of_the_time_of_the_call() -> None:
    history = Ways()
    history.say(traits=(BOB, Trait.wheelchair, BEGIN_MS, OPEN_MS), homes=(BOB, HOME, BEGIN_MS, OPEN_MS))
    history.say(traits=(BOB, Trait.child, BEGIN_MS, at(6)), homes=(BOB, SHOP, at(1), at(6)))
    history.say(traits=(BOB, Trait.carer, at(6), OPEN_MS))
    assert (history.way()["traits"], history.way()["home"], history.way()["home_lat"]) == (5, 0, UNKNOWN_MS)
    history.say(dwellings=(HOME, 0, ESTATE, 0, 0, 43_902_500, 125_302_500, BEGIN_MS, OPEN_MS))
    history.say(dwellings=(SHOP, 0, ESTATE, 0, 0, 1, 2, BEGIN_MS, OPEN_MS))
    row = history.way()
    assert (row["home"], row["home_lat"], row["home_lon"]) == (HOME, 43_902_500, 125_302_500)
    history.say(homes=(BOB, 77, at(2), OPEN_MS))  # later, but nobody knows where that is
    assert history.way()["home"] == HOME


def test_a_case_on_a_floor_near_by_starts_the_isolation_anew() -> None:
    history = Ways()
    history.site(floor={ROOM: 2, OTHER_ROOM: 3, BED_ROOM: 4})
    history.admit(BOB, at(6, 6), HOTEL, ROOM)
    for who, room, tube in ((CID, BED_ROOM, 1), (DAN, OTHER_ROOM, 2)):
        history.admit(who, at(8), HOTEL, room)
        history.sample(who, tube, at(9, 8))
    history.result(1, Result.positive)
    assert history.way()["release_due_at_ms"] == at(12)  # two floors away
    history.result(2, Result.positive)
    assert history.way()["release_due_at_ms"] == at(17)  # the 9th and seven days
    history.admit(BOB, at(9, 8), HOTEL)  # moved to a room that nobody knows
    history.say(rec=99, discharges=(BOB, at(9, 7), HOTEL))
    assert history.way()["release_due_at_ms"] == at(17)
    history = Ways()
    history.site(floor={ROOM: 2, OTHER_ROOM: 9})
    history.admit(BOB, at(6, 6), HOTEL, ROOM)
    history.admit(DAN, at(8), HOTEL)
    history.sample(DAN, 2, at(9, 8))
    history.result(2, Result.positive)
    assert history.way()["release_due_at_ms"] == at(17)  # a floor that is not known is near every floor


# Section 5


def test_a_run_holds_a_seat_a_person_and_says_when_there_are_too_few() -> None:
    history = Ways()
    history.van(1)
    history.assign(at(6, 1))
    assert (history.view("vehicles", "held"), history.flags()) == ([1], set())
    history.assign(at(6, 2), who=ANN, run=OTHER_RUN, purpose=HOSPITAL)
    assert (history.view("vehicles", "held"), history.flags()) == ([2], set())  # two runs of one vehicle
    history.assign(at(6, 2), who=CID)  # nobody calls for Cid, so that no seat is held
    assert (history.view("vehicles", "held"), history.flags()) == ([2], set())
    history.report(CID, at(6), event=at(6))
    history.decide(Step.assign, at(6, 2), RUN, OTHER_VAN, who=CID, purpose=HOSPITAL)
    assert history.view("vehicles", "held") == [2]  # Cid's is another vehicle, but the run holds two
    assert [history.flags(*way) for way in ((BOB,), (ANN, HOSPITAL), (CID, HOSPITAL))] == [{"overfull"}, set(), set()]
    history.say(rec=99_999, fleet=(VAN, 2, 1, 1, 0, 0, at(6), OPEN_MS))
    assert history.flags() == set()


def test_a_room_holds_a_bed_a_person_and_says_when_there_are_too_few() -> None:
    history = Ways()
    history.site()
    history.assign(at(6, 1), room=ROOM)
    assert (history.view("beds", "room", "planned", "lodged"), history.flags()) == ([(ROOM, 1, 0)], set())
    history.assign(at(6, 2), who=ANN, run=OTHER_RUN, room=ROOM, purpose=HOSPITAL)
    assert (history.view("beds", "planned", "lodged"), history.flags()) == ([(2, 0)], {"overfull"})
    assert history.flags(ANN, HOSPITAL) == {"overfull"}
    history.say(rec=5, rooms=(HOTEL, ROOM, 2, 2, 0))  # an older record
    assert history.flags() == {"overfull"}
    history.say(rec=99_999, rooms=(HOTEL, ROOM, 2, 2, 0))
    assert history.flags() == set()
    history.admit(EVE, at(6, 1), HOTEL, ROOM)  # nobody calls for Eve, but she has a bed
    assert history.view("beds", "planned", "lodged") == [(2, 1)]
    assert history.flags() == {"overfull"}


def test_a_contact_who_is_found_to_be_a_case_takes_one_bed_by_two_ways() -> None:
    history = Ways()
    history.site(HOTEL, Takes.cases | Takes.close)
    history.decide(Step.order, at(6))
    history.admit(BOB, at(6, 1), HOTEL, ROOM)
    history.report(BOB, at(7), event=at(7))
    history.admit(BOB, at(7, 1), HOTEL, ROOM)
    assert [history.way(BOB, purpose)["state"] for purpose in Purpose] == [TransferState.admitted] * 2
    assert history.view("beds", "planned", "lodged") == [(0, 1)]
    history.assign(at(7, 2), who=ANN, room=ROOM, purpose=HOSPITAL)
    assert [history.flags(BOB, purpose) >= {"overfull"} for purpose in Purpose] == [True, True]


def test_a_vehicle_is_where_it_was_last_seen_with_the_crew_that_is_on_duty_now() -> None:
    history = Ways()
    columns = ("seats", "lat", "lon", "pinged_at_ms", "disinfected_at_ms", "crew_until_ms", "crew_tested_at_ms")
    history.van(4)
    assert history.view("vehicles", *columns) == [(4, 43_900_000, 125_300_000, *[UNKNOWN_MS] * 4)]
    history.say(pings=(VAN, at(6, 2), 10, 20))
    history.say(pings=(VAN, at(6, 2), 11, 21))
    history.say(pings=(VAN, at(6, 1), 12, 22))
    history.say(cleanings=(VAN, at(6, 1)))
    history.say(crews=(CID, VAN, CrewRole.driver, at(6), at(6, 8), at(5, 20)))
    history.say(crews=(DAN, VAN, CrewRole.escort, at(6), at(6, 9), at(5, 10)))
    history.say(crews=(EVE, VAN, CrewRole.driver, at(6, 8), at(6, 16), UNKNOWN_MS))
    seen = (4, 11, 21, at(6, 2), at(6, 1))
    assert history.view("vehicles", *columns) == [(*seen, UNKNOWN_MS, UNKNOWN_MS)]
    history.tick(at(6, 7))
    assert history.view("vehicles", *columns) == [(*seen, at(6, 8), at(5, 10))]
    history.tick(at(6, 8))
    assert history.view("vehicles", *columns) == [(*seen, at(6, 16), UNKNOWN_MS)]
    history.tick(at(6, 6))  # an instant that had come already
    assert history.view("vehicles", "crew_until_ms") == [at(6, 16)]


def test_a_bed_is_free_once_the_room_was_cleaned_after_the_last_discharge() -> None:
    history = Ways()
    history.site()
    history.admit(BOB, at(6, 6), HOTEL, ROOM)
    columns = ("room", "floor", "beds", "takes", "lodged", "free_at_ms")
    assert history.view("beds", *columns) == [(ROOM, 2, 1, 6, 1, UNKNOWN_MS)]
    history.discharge(BOB, at(12), HOTEL)
    assert history.view("beds", *columns) == [(ROOM, 2, 1, 6, 0, at(12, 1, 30))]


# Section 6


def housed(history: Ways) -> None:
    """Bob's home is known: a block of an estate."""
    history.say(homes=(BOB, HOME, BEGIN_MS, OPEN_MS))
    history.say(dwellings=(HOME, BLOCK, ESTATE, 0, 0, 1, 2, BEGIN_MS, OPEN_MS))


def test_every_level_is_raised_when_the_one_below_did_not_answer_in_time() -> None:
    history = Ways()
    housed(history)
    history.say(duties=(CID, DutyRole.building_head, BLOCK, at(1), at(6, 7, 30)))
    history.say(duties=(DAN, DutyRole.building_head, BLOCK, at(6, 7, 30), OPEN_MS))
    history.say(duties=(EVE, DutyRole.secretary, ESTATE, at(6, 8, 20), OPEN_MS))
    assert history.raised("level") == []  # no tick, no time
    history.tick(at(6, 8, 39))
    columns = ("level", "role", "owner", "raised_at_ms", "since_ms", "until_ms")
    warned, due, grid = at(6, 7), at(6, 8), at(6, 8, 10)
    expected = [
        (0, 1, CID, warned, warned, at(6, 7, 30)),
        (0, 1, DAN, warned, at(6, 7, 30), OPEN_MS),
        (1, 1, DAN, due, due, OPEN_MS),
        (2, 2, 0, grid, grid, OPEN_MS),  # nobody is a grid member there: the secretary is told at once
        (3, 3, 0, grid, grid, at(6, 8, 20)),  # and takes up the post only at 20 past
        (3, 3, EVE, grid, at(6, 8, 20), OPEN_MS),
        (4, 4, 0, grid, grid, OPEN_MS),  # nobody held it as it was raised
        (5, 5, 0, grid, grid, OPEN_MS),
    ]
    assert history.raised(*columns) == expected
    history.say(acks=(BOB, ISOLATE, DAN, at(6, 6)))  # before there was anything to take on
    history.say(acks=(BOB, HOSPITAL, DAN, at(6, 8, 5)))
    assert history.raised(*columns) == expected
    history.say(acks=(BOB, ISOLATE, DAN, at(6, 8, 5)))
    assert history.raised("level", "owner", "until_ms") == [
        (0, CID, at(6, 7, 30)), (0, DAN, at(6, 8, 5)), (1, DAN, at(6, 8, 5))]  # fmt: skip
    assert {row[0] for row in history.raised("rule")} == {"taken"}
    history.say(acks=(BOB, ISOLATE, DAN, at(6, 7)))  # as the warning came: nobody else need be told
    assert history.raised("level") == []


def test_a_level_that_somebody_holds_has_its_minutes_to_answer() -> None:
    history = Ways()
    housed(history)
    for role in DutyRole:
        if role:
            history.say(duties=(20 + role, role, ESTATE, BEGIN_MS, OPEN_MS))
    history.tick(at(6, 9, 39))
    assert history.raised("level", "owner", "raised_at_ms") == [
        (0, 21, at(6, 7)), (1, 21, at(6, 8)), (2, 22, at(6, 8, 10)), (3, 23, at(6, 8, 30)), (4, 24, at(6, 9)),
    ]  # fmt: skip
    history.tick(at(6, 9, 40))
    assert history.raised("level", "owner", "raised_at_ms")[-1] == (5, 25, at(6, 9, 40))
    history.admit(BOB, at(6, 8, 30))
    assert history.raised("level", "until_ms") == [(level, at(6, 8, 30)) for level in (0, 1, 2)]


def test_somebody_without_a_known_home_is_everybody_s_at_the_deadline() -> None:
    history = Ways()
    history.tick(at(6, 7))
    assert history.raised("level", "owner") == [(0, 0)]
    history.tick(at(6, 8))
    assert history.raised("level", "owner", "raised_at_ms") == [
        (0, 0, at(6, 7)), *((level, 0, at(6, 8)) for level in range(1, 6))]  # fmt: skip
    history.say(rec=history.case, version=2, withdrawn=True)
    assert history.raised("level") == []
