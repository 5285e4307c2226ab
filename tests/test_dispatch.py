"""Plans of rides: every hard rule on a thousand made-up situations, and each rule found out where a plan breaks it.

In: situations from a seed. Out: pass or fail.
Invariant: seeded; plans are judged by validity alone, and validity by plans that were spoilt on purpose.
Deliberately absent: how good a plan is (benchmarks/dispatch.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from benchmarks.fleets import LIMITS, NOW_MS, fleet
from brain.dispatch.greedy import greedy, nearest_first, prompt_first
from brain.dispatch.parties import parties
from brain.dispatch.plans import Plan, Run, cost
from brain.dispatch.reasons import LACKS, lacking
from brain.dispatch.roads import Roads
from brain.dispatch.situation import Rider, Room, Situation, Vehicle
from brain.dispatch.validity import RULES, breaches
from schemas.codes import PersonClass
from schemas.instants import HOUR_MS, MINUTE_MS, UNKNOWN_MS
from schemas.transfers import Purpose, Takes
from streams.dispatch.bound import bound
from streams.dispatch.planning import best_plan

SEEDS = 1_000
STEP = 50
CHILD = 2


def size(seed: int) -> tuple[int, int, int]:
    """People, vehicles, sites: many small situations, some large ones."""
    if seed % 100 == 99:
        return 200 + seed % 301, 10 + seed % 31, 3 + seed % 6
    people = 1 + seed % 30 if seed % 10 else 30 + seed % 90
    return people, 1 + seed % 7, 1 + seed % 5


@pytest.mark.parametrize("first", range(0, SEEDS, STEP))
def test_a_greedy_plan_breaks_no_rule_and_nobody_is_left_without_a_reason(first: int) -> None:
    for seed in range(first, first + STEP):
        situation = fleet(seed, *size(seed))
        roads = Roads(situation)
        for planner in (greedy, nearest_first, prompt_first):
            plan = planner(situation, roads)
            assert breaches(situation, plan, roads) == [], f"seed {seed}, {planner.__name__}"
            riding = {rider for run in plan for rider in run.riders}
            reasons = lacking(situation, plan)
            assert riding | reasons.keys() == set(range(len(situation.riders)))
            assert not riding & reasons.keys()
            assert {*reasons.values()} <= {*LACKS}


@pytest.mark.parametrize("seed", range(25))
def test_what_ortools_finds_breaks_no_rule_and_costs_no_more_than_greedy(seed: int) -> None:
    situation = fleet(seed, 20 + 3 * seed, 3 + seed % 8, 2 + seed % 4)
    roads = Roads(situation)
    found = best_plan(situation, roads, 0.5)
    assert breaches(situation, found.plan, roads) == []
    plain = cost(situation, roads, greedy(situation, roads))
    assert found.cost.total <= plain.total
    least = bound(situation, roads)
    for costs in (found.cost, plain):
        assert least.missed <= costs.missed
        assert least.hours <= costs.hours
        assert least.total <= costs.total


def test_ortools_takes_up_any_greedy_plan_as_its_start_and_returns_everybody() -> None:
    from streams.dispatch.routing import Routing

    for seed in range(5):
        situation = fleet(100 + seed, 60, 8, 4)
        roads = Roads(situation)
        first = greedy(situation, roads)
        found = Routing(situation, roads, first, range(8)).solve(0.5)
        assert found is not None, f"seed {seed}: the greedy plan is no solution of the model"
        assert {i for run in found for i in run.riders} == {i for run in first for i in run.riders}


def test_the_same_situation_gives_the_same_plan() -> None:
    assert greedy(fleet(7, 120, 12, 5)) == greedy(fleet(7, 120, 12, 5))


# What follows is made by hand: one vehicle, one site, people a few hundred metres away.


def rider(person: int, household: int = 0, level: PersonClass = PersonClass.close, **more: int) -> Rider:
    purpose = Purpose.hospital if level == PersonClass.case else Purpose.isolate
    due = NOW_MS + 8 * HOUR_MS
    return replace(
        Rider(person, purpose, level, NOW_MS, due, 0, household, 43_900_000 + 3_000 * person, 125_300_000), **more
    )


def van(number: int = 1, seats: int = 4, **more: int | bool) -> Vehicle:
    crew = {"crew_until_ms": NOW_MS + 10 * HOUR_MS, "tested_ms": NOW_MS}
    return replace(Vehicle(number, seats, 1, False, 43_910_000, 125_310_000), **{**crew, **more})


def room(number: int, site: int = 1, **more: int | bool) -> Room:
    where = {"lat": 43_950_000, "lon": 125_350_000, "takes": Takes.close | Takes.secondary | Takes.cases}
    return replace(Room(site, number, 1), **{**where, **more})


def moment(riders: list[Rider], vehicles: list[Vehicle] | None = None, rooms: list[Room] | None = None) -> Situation:
    every = [room(n + 1) for n in range(len(riders))] if rooms is None else rooms
    fleet_of = [van()] if vehicles is None else vehicles
    return Situation(NOW_MS, NOW_MS + 8 * HOUR_MS, LIMITS, tuple(riders), tuple(fleet_of), tuple(every))


def broken(situation: Situation, plan: Plan) -> set[str]:
    return {breach.rule for breach in breaches(situation, plan)}


def test_a_household_rides_together_in_one_run_and_gets_a_family_room() -> None:
    rooms = [room(1), room(2), room(3), room(9, beds=3, family=True)]
    people = [rider(1, 7), rider(2, 7), rider(3, 7, traits=CHILD)]
    (run,) = greedy(moment(people, rooms=rooms))
    assert {at for _, at in run.beds} == {3}


def test_of_a_household_that_no_vehicle_holds_no_child_rides_alone() -> None:
    people = [rider(n, 7, traits=CHILD if n > 2 else 0) for n in range(1, 7)]
    situation = moment(people, [van(seats=3)])
    cut = parties(situation)
    assert [len(party) for party in cut] == [3, 3]
    assert all(any(not situation.riders[i].child for i in party) for party in cut)
    plan = greedy(situation)
    assert breaches(situation, plan) == []
    assert len(plan) == 2


def test_infected_people_contacts_and_their_contacts_never_share_a_ride() -> None:
    levels = (PersonClass.case, PersonClass.close, PersonClass.secondary)
    plan = greedy(moment([rider(n, 7, level) for n, level in enumerate(levels, 1)]))
    assert [len(run.riders) for run in plan] == [1, 1, 1]


def test_a_case_waits_for_the_vehicle_with_negative_pressure_if_there_is_one() -> None:
    case = rider(1, level=PersonClass.case)
    sealed = van(2, sealed=True, ready_ms=NOW_MS + HOUR_MS)
    assert [run.vehicle for run in greedy(moment([case], [van(1), sealed]))] == [1]
    assert [run.vehicle for run in greedy(moment([case], [van(1)]))] == [0], "where there is none, any will do"


def test_whoever_is_due_first_goes_first_even_from_farther_away() -> None:
    far = rider(9, due_ms=NOW_MS + HOUR_MS)
    situation = moment([rider(1), far], [van(seats=1)])
    assert [run.riders for run in greedy(situation)] == [[1], [0]]
    assert [run.riders for run in nearest_first(situation)] == [[0], [1]]


def test_a_room_that_is_being_cleaned_is_not_given_before_it_is_clean() -> None:
    soon = [room(1, free_ms=NOW_MS + 5 * HOUR_MS)]
    situation = moment([rider(1)], rooms=soon)
    assert greedy(situation) == ()
    assert lacking(situation, ()) == {0: "no_time"}


LACKING: dict[str, Callable[[], Situation]] = {
    "no_position": lambda: moment([rider(1, lat=UNKNOWN_MS)]),
    "no_vehicle": lambda: moment([rider(1)], []),
    "no_crew": lambda: moment([rider(1)], [van(crew_until_ms=UNKNOWN_MS)]),
    "no_seat": lambda: moment([rider(1, 7), rider(2, 7, traits=CHILD)], [van(seats=1)]),
    "no_wheelchair": lambda: moment([rider(1, traits=1)], [van(wheelchairs=0)]),
    "no_site": lambda: moment([rider(1)], rooms=[room(1, takes=Takes.cases)]),
    "no_bed": lambda: moment([rider(1)], rooms=[room(1, held=1, level=PersonClass.close, household=-1)]),
    "no_beds_together": lambda: moment([rider(1, 7), rider(2, 7)], rooms=[room(1)]),
    "no_time": lambda: moment([rider(1)], [van(crew_until_ms=NOW_MS + 10 * MINUTE_MS)]),
}


@pytest.mark.parametrize("reason", LACKING)
def test_whoever_cannot_go_now_is_told_what_is_lacking(reason: str) -> None:
    situation = LACKING[reason]()
    plan = greedy(situation)
    assert plan == ()
    assert set(lacking(situation, plan).values()) == {reason}


def test_a_household_of_two_wheelchairs_and_one_place_is_cut_and_of_two_children_is_not() -> None:
    grown = moment([rider(1, 7, traits=1), rider(2, 7, traits=1)])
    assert len(parties(grown)) == 2
    small = moment([rider(1, 7, traits=1 | CHILD), rider(2, 7, traits=1 | CHILD)])
    assert len(parties(small)) == 1
    assert set(lacking(small, greedy(small)).values()) == {"no_wheelchair"}


def spoilt(rule: str) -> tuple[Situation, Plan]:
    """A valid plan of two runs of one vehicle, and what breaks the rule."""
    cases = [rider(1, 7), rider(2, 7, traits=CHILD), rider(3), rider(4)]
    situation = moment(cases, [van(seats=3)], [room(n, beds=1) for n in range(1, 6)])
    plan = greedy(situation)
    assert breaches(situation, plan) == []
    assert len(plan) == 2
    return SPOIL[rule](situation, plan)


def first(plan: Plan, **more: object) -> Plan:
    return replace(plan[0], **more), *plan[1:]


def people(situation: Situation, *at: int, **more: object) -> Situation:
    return replace(
        situation, riders=tuple(replace(r, **more) if i in at else r for i, r in enumerate(situation.riders))
    )


def each(situation: Situation, what: str, **more: object) -> Situation:
    return replace(situation, **{what: tuple(replace(one, **more) for one in getattr(situation, what))})


def apart(situation: Situation, plan: Plan) -> tuple[Situation, Plan]:
    """The child in the other run."""
    whole = {party: run for run in plan for party, _ in run.stops}
    home = whole[0, 1]
    other = next(run for run in plan if run is not home)
    stops = tuple((tuple(i for i in party if i != 1), at) for party, at in home.stops)
    left = replace(home, stops=stops, beds=tuple(bed for bed in home.beds if bed[0] != 1))
    taken = next(bed for bed in home.beds if bed[0] == 1)
    (door, at), *rest = other.stops
    more = replace(other, stops=(((*door, 1), at), *rest), beds=(*other.beds, taken))
    return situation, (left, more)


Spoiler = Callable[[Situation, Plan], tuple[Situation, Plan]]
SPOIL: dict[str, Spoiler] = {
    "twice": lambda s, p: (s, (*p, p[0])),
    "empty": lambda s, p: (s, first(p, stops=(), beds=())),
    "no_position": lambda s, p: (people(s, 0, lat=UNKNOWN_MS), p),
    "seats": lambda s, p: (each(s, "vehicles", seats=1), p),
    "negative_pressure": lambda s, p: (
        replace(people(s, 0, 1, 2, 3, level=6), vehicles=(*s.vehicles, van(2, 9, sealed=True))), p,
    ),
    "classes": lambda s, p: (people(s, p[0].riders[0], level=PersonClass.secondary), p),
    "household": apart,
    "child": apart,
    "site": lambda s, p: (each(s, "rooms", takes=Takes.cases), p),
    "turned_away": lambda s, p: (people(s, 0, avoid=frozenset([1])), p),
    "no_bed": lambda s, p: (s, first(p, beds=p[0].beds[1:])),
    "room": lambda s, p: (each(s, "rooms", held=1, beds=3, household=-1, level=PersonClass.close), p),
    "beds": lambda s, p: (each(s, "rooms", beds=0), p),
    "closed": lambda s, p: (each(s, "rooms", until_ms=NOW_MS + 1), p),
    "cleaning": lambda s, p: (each(s, "rooms", free_ms=p[0].arrive_ms + 1), p),
    "one_run_at_a_time": lambda s, p: (s, (p[0], replace(p[1], depart_ms=p[0].arrive_ms))),
    "disinfection": lambda s, p: (s, (p[0], replace(p[1], depart_ms=p[1].depart_ms - 1))),
    "time": lambda s, p: (s, first(p, arrive_ms=p[0].arrive_ms - 1)),
    "duty": lambda s, p: (each(s, "vehicles", tested_ms=p[0].arrive_ms - LIMITS.crew_test_ms), p),
    "horizon": lambda s, p: (replace(s, horizon_ms=p[0].arrive_ms), p),
}  # fmt: skip


@pytest.mark.parametrize("rule", RULES)
def test_a_plan_that_breaks_a_rule_is_found_out_by_its_name(rule: str) -> None:
    assert rule in broken(*spoilt(rule))


def test_a_shared_room_needs_one_household_and_a_room_for_families() -> None:
    pair = [rider(1, 7), rider(2, 7)]
    double = [room(1, beds=2), room(2, beds=1)]
    situation = moment(pair, rooms=double)
    (run,) = greedy(situation)
    together: tuple[Run, ...] = (replace(run, beds=((0, 0), (1, 0))),)
    assert broken(situation, together) == {"room"}
    family = moment(pair, rooms=[room(1, beds=2, family=True), room(2)])
    assert broken(family, together) == set()
