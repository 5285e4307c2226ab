"""Emergency: a day of lockdown: most stay at home, one of a household fetches what it needs, the district keeps going.

In: a diary that has just been opened. Out: the diary, filled.
Invariant: no school but for boarders, no restaurant, no office but the district's and the closed loops of firms.
Deliberately absent: queues at swabbing points (when people are swabbed is replay/wave's to say), and zones: all of the
city is under the same rules.
"""

from __future__ import annotations

import numpy as np

from replay.city.doorsteps import deliver, inspect, one_each, visit_homes
from replay.city.model import Doing, Ground, Role
from replay.city.moves import CLINIC, MARKET, MEDICINE, SHOP, Moves
from replay.city.routine import go_together, habits, learn_at_school, work
from replay.city.shifts import Turns, roster
from replay.city.travel import (
    Rails,
    adults_of,
    day_trips,
    host_guests,
    run_trains,
    send_lorries,
    share_shuttles,
)  # fmt: skip
from schemas.keys import Ints

HOUR_S = 3600
STAFFED = 30
"""Passes are written down at the gate of every so-manyth compound [D]: 12,000 a day."""
RIDES = 0.95
"""Of the workers with a line who still work [D]."""
ERRANDS = ((SHOP, 0.74), (MARKET, 0.08), (MEDICINE, 0.04), (CLINIC, 0.016))
"""Share of households from which somebody goes on such an errand on a day [D]: with that, 240,000 scans of places and
180,000 checks (handbook 4.3)."""
ALSO_A_SHOP, BY_BUS, BY_TAXI = 0.28, 0.055, 0.006
"""Share of them who go to a shop after that; who ride, as far as they have a line; who hail a taxi [D]."""
VISITS, STOPS, FETCHING = 30, 6, 2.6
"""Of a grid member, of a courier, and how many come down to each stop [D]: 50,000 visits, 60,000 orders."""
GREEN_CHANNEL = 0.0015
AWAY = 40
"""Of every so many day trips of a routine day, one is still made [D]."""


def fill_emergency(moves: Moves) -> None:
    """The stays of a day of lockdown."""
    diary, city = moves.diary, moves.city
    rails = Rails(moves)
    run_trains(rails, city.posts["train_crew"])
    host_guests(moves, rails, "emergency")
    send_lorries(moves, "emergency")
    share_shuttles(moves)
    _keep_the_bubble(moves)
    boarders = np.flatnonzero(city.people.role == Role.boarder)
    boarders = boarders[np.isin(city.places.ground[diary.bed[boarders]], (Ground.dormitory,))]
    learn_at_school(diary, boarders, short=False)
    adults = adults_of(city, diary.start_ms)
    adults = adults[diary.free[adults]]
    visit_homes(moves, VISITS)
    inspect(moves, 13)
    _serve_the_district(moves)
    workers = adults[(city.people.work_place[adults] >= 0) & diary.free[adults]]
    work(moves, roster(diary, workers, "emergency", habits(diary)), RIDES, STAFFED, lives=False)
    couriers = city.posts["courier"]
    rest = np.setdiff1d(adults[diary.free[adults]], couriers)
    go_together(moves, rest, GREEN_CHANNEL, STAFFED)
    rest = rest[diary.free[rest]]
    day_trips(moves, rails, rest[rest % AWAY == 0], STAFFED)
    _fetch_supplies(moves, rest[diary.free[rest]])
    deliver(moves, STOPS, FETCHING, rest[diary.free[rest]])


def _keep_the_bubble(moves: Moves) -> None:
    """The rail-car maker's workers go from their rooms to the workshops and back, every day."""
    diary, city = moves.diary, moves.city
    people = city.posts["bubble_worker"]
    diary.leave(people, 7 * HOUR_S + 1_500 + diary.between(0, 1_500, people))
    since = diary.clock[people] + diary.between(240, 600, people)
    diary.note(people, city.people.work_place[people], Doing.work, since, 18 * HOUR_S + diary.between(0, 900, people))
    diary.back(people, diary.between(240, 600, people))


def _serve_the_district(moves: Moves) -> None:
    """Leaders and cadres are at their posts."""
    diary, city = moves.diary, moves.city
    people = np.concatenate([city.posts["cadre"], city.posts["district_leader"]])
    people = people[diary.free[people]]
    since = 8 * HOUR_S + diary.between(0, 30, people) * 60
    until = 19 * HOUR_S + diary.between(0, 60, people) * 60
    work(moves, Turns(people, since, until, np.full(len(people), int(Doing.work))), RIDES, STAFFED, lives=False)


def _fetch_supplies(moves: Moves, adults: Ints) -> None:
    """One of a household goes, at some time of the day, through the checkpoint of the neighbourhood."""
    diary = moves.diary
    shoppers = one_each(diary, adults)
    luck, low = diary.rng.random(len(shoppers)), 0.0
    for what, share in ERRANDS:
        group = shoppers[(luck >= low) & (luck < low + share)]
        low += share
        moves.out(group, 7 * HOUR_S + diary.between(0, 10 * HOUR_S, group), STAFFED)
        riders = diary.some(group, BY_BUS)
        moves.ride(riders)
        moves.hail(diary.some(np.setdiff1d(group, riders), 0.4 if what is CLINIC else BY_TAXI))
        moves.check(group)
        moves.errand(group, what)
        moves.errand(diary.some(group, ALSO_A_SHOP), SHOP)
        moves.ride(riders)
        moves.home(group, 180, 1_200, STAFFED)
