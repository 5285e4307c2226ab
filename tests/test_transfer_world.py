"""The world of transfers: it answers decisions alike however time is sliced, loses nobody, and names every trouble.

In: a small city, decisions by hand. Out: pass or fail.
Invariant: where somebody is said to be, they are nowhere else.
Deliberately absent: records (tests/test_transfer_drill.py) and the dispatcher.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise

import pytest

from replay.transfers.happenings import Decision, Happening, Verdict, What
from replay.transfers.trips import STEPS
from replay.transfers.troubles import TROUBLES
from replay.transfers.world import World
from schemas.instants import HOUR_MS, MINUTE_MS
from tests.transfer_drills import BEGINS_MS, END_MS, FIRST_MS, city_of, fetch, happen, plan_with

CITY = city_of()
PEOPLE = 40


def world_of(**troubles: float) -> World:
    return World(CITY, plan_with(faults=troubles, beds=10, cabins_after_hours=0), FIRST_MS, STEPS)


def played(troubles: dict[str, float] | None = None, step_ms: int = HOUR_MS) -> tuple[World, list[Happening]]:
    """Forty people are to be fetched from nine o'clock on."""
    world = world_of(**(troubles or {}))
    told = happen(world, BEGINS_MS)
    world.decide(fetch(world, PEOPLE))
    at_ms = BEGINS_MS
    while at_ms < END_MS:
        at_ms += step_ms
        told += world.pass_time(at_ms)
    return world, told


def test_the_same_decisions_give_the_same_answers_however_time_is_sliced() -> None:
    troubles = dict.fromkeys(TROUBLES, 0.3)
    hourly, told = played(troubles)
    finer, again = played(troubles, 10 * MINUTE_MS)
    assert told == again
    assert hourly.struck == finer.struck
    assert hourly.stays == finer.stays


def test_without_troubles_everybody_is_fetched_driven_and_lodged_in_this_order() -> None:
    world, told = played()
    way = defaultdict(list)
    for h in told:
        if 0 <= h.person < world.first_crew:
            way[h.person].append((h.what, h.at_ms))
    assert len(way) == PEOPLE
    for steps in way.values():
        assert [what for what, _ in steps] == [What.picked_up, What.arrived, What.admitted]
        assert [at for _, at in steps] == sorted(at for _, at in steps)
    assert world.assigned == {}


@pytest.mark.parametrize("trouble", ["breakdown", "site_full", "refusal"])
def test_whatever_goes_wrong_nobody_is_lost_and_nobody_is_in_two_places(trouble: str) -> None:
    world, told = played({trouble: 0.6})
    world.end(END_MS)
    assert any(name == trouble for name, *_ in world.struck)
    people = {d.person for d in fetch(world_of(), PEOPLE)}
    for person in people:
        where = [person in world.riding, world.wards.of(person) is not None]
        assert sum(where) <= 1
        if not any(where) and person not in world.assigned:  # somebody must have been told to plan anew
            last = [h.what for h in told if h.person == person or (h.what is What.broke_down and _of(world, h, person))]
            assert last[-1] in (What.refused, What.persuaded, What.set_down, What.withdrawn, What.broke_down)
    stays = defaultdict(list)
    for stay in world.stays:
        stays[stay.person].append((stay.since_ms, stay.until_ms))
    for spans in stays.values():
        ordered = sorted(spans)
        assert all(before[1] <= after[0] for before, after in pairwise(ordered))


def _of(world: World, happening: Happening, person: int) -> bool:
    return person in world.runs[happening.run].people


def test_a_room_never_holds_more_than_its_beds_and_a_closed_cabin_nobody() -> None:
    world, told = played({"site_full": 0.3})
    held = Counter((h.site, h.room) for h in told if h.what is What.admitted)
    beds = {(site.code, room.code): room.beds for site in world.sites for room in site.rooms}
    assert all(number <= beds[room] for room, number in held.items())
    for h in told:
        assert h.what is not What.admitted or world.wards.sites[h.site].since_ms <= h.at_ms


def test_who_refused_is_ordered_again_when_they_have_been_talked_round() -> None:
    world, told = played({"refusal": 1.0})
    refused = {h.person: h.at_ms for h in told if h.what is What.refused}
    assert len(refused) == PEOPLE
    persuaded = {h.person: h.at_ms for h in told if h.what is What.persuaded}
    assert persuaded.keys() == refused.keys()
    assert all(persuaded[p] > at for p, at in refused.items())
    again = [Decision(**{**vars(d), "run": f"{d.run}-2", "at_ms": END_MS}) for d in fetch(world, PEOPLE)]
    world.decide(again)
    told = world.pass_time(END_MS + 6 * HOUR_MS)
    assert not [h for h in told if h.what is What.refused]


def test_whom_nobody_takes_is_brought_back_and_whom_a_run_missed_is_ordered_anew() -> None:
    world = world_of(site_full=1.0)
    happen(world, BEGINS_MS)
    world.decide(fetch(world, 2))
    told = world.pass_time(BEGINS_MS + 12 * HOUR_MS)
    assert {h.what for h in told if h.person >= 0} >= {What.turned_away, What.set_down}
    crowd = [Decision(**{**vars(d), "run": "R-all", "vehicle": 0}) for d in fetch(world_of(), 10)]
    world = world_of()
    happen(world, BEGINS_MS)
    world.decide(crowd)
    told = world.pass_time(BEGINS_MS + 12 * HOUR_MS)
    seats = world.vehicles[0].seats
    assert sum(h.what is What.picked_up for h in told) == seats
    assert {h.person for h in told if h.what is What.withdrawn} == {d.person for d in crowd} - {
        h.person for h in told if h.what is What.picked_up
    }


def test_who_may_stay_at_home_and_whose_order_is_cancelled_is_not_fetched() -> None:
    world = world_of()
    happen(world, BEGINS_MS)
    orders = fetch(world, 3)
    world.decide(orders)
    first, second, third = orders
    world.decide([
        Decision(first.person, first.purpose, Verdict.cancel, BEGINS_MS),
        Decision(second.person, second.purpose, Verdict.home, BEGINS_MS),
    ])  # fmt: skip
    told = world.pass_time(BEGINS_MS + 6 * HOUR_MS)
    assert {h.person for h in told if h.what is What.picked_up} == {third.person}
    assert second.person in world.kept_ms
