"""Routine: an ordinary day: school, work, errands, meals, rides.

In: a diary that has just been opened. Out: the diary, filled.
Invariant: everybody is somewhere at every time but on their ways; on Saturdays and Sundays there is no school.
Deliberately absent: weather, holidays, seasons.
"""

from __future__ import annotations

import numpy as np

from replay.city.beds import FRIDAY, SATURDAY, SUNDAY
from replay.city.diary import Diary
from replay.city.doorsteps import deliver, inspect, one_each, visit_homes
from replay.city.model import Doing, Ground, Role
from replay.city.moves import CLINIC, EAT, MARKET, MEDICINE, SHOP, Errand, Moves
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
STAFFED = 9
"""The gate is watched in every so-manyth compound [D]: with that, 90,000 passes a day."""
RIDES, HAILS, OUT_BY_TAXI, CHECKED = 0.36, 0.03, 0.16, 0.45
"""Of workers with a line, who takes it to work; of workers and of those at leisure, who looks for a taxi, as far as one
is free; of errands, through a checkpoint [D]."""
AFTER_WORK: tuple[tuple[Errand, float], ...] = ((SHOP, 0.22), (MARKET, 0.05), (EAT, 0.07), (MEDICINE, 0.025))
AT_LEISURE: tuple[tuple[Errand, float], ...] = (
    (SHOP, 0.25), (MARKET, 0.1), (EAT, 0.06), (MEDICINE, 0.055), (CLINIC, 0.06),
)  # fmt: skip
"""Share of people who do so on a day, after work or when they have no work [D]."""
LUNCH_OUT = 0.06
"""Of those who work in an office [D]."""
SECOND_ERRAND = 0.25
GREEN_CHANNEL = 0.0006
"""Share of the residents who come with somebody to a hospital for dialysis, chemotherapy or birth [D]."""


def fill_routine(moves: Moves, evening: int) -> None:
    """The stays of an ordinary day. `evening`: its day of the week."""
    diary, city = moves.diary, moves.city
    workday = evening not in (SATURDAY, SUNDAY)
    rails = Rails(moves)
    run_trains(rails, city.posts["train_crew"])
    host_guests(moves, rails, "routine")
    send_lorries(moves, "routine")
    share_shuttles(moves)
    _board(moves, evening)
    adults = adults_of(city, diary.start_ms)
    adults = adults[diary.free[adults]]
    idle = np.setdiff1d(adults[city.people.work_place[adults] < 0], city.posts["courier"])
    go_together(moves, idle, GREEN_CHANNEL, STAFFED)
    staying = np.concatenate([city.posts[name] for name in ("courier", "grid_member", "inspector")])
    loose = np.isin(city.places.ground[city.people.work_place[adults]], (Ground.office,))
    loose |= city.people.work_place[adults] < 0
    day_trips(moves, rails, np.setdiff1d(adults[loose & diary.free[adults]], staying), STAFFED)
    deliver(moves, 2, 0.35, idle[diary.free[idle]])
    inspect(moves, 3)
    if workday:
        visit_homes(moves, 3)
        _learn(moves)
    workers = adults[(city.people.work_place[adults] >= 0) & diary.free[adults]]
    work(moves, roster(diary, workers, "workday" if workday else "free_day", habits(diary)))
    _leisure(moves, adults[diary.free[adults]], 1.0 if workday else 1.3)


def habits(diary: Diary) -> Ints:
    """For everybody a number from 0 to 999, the same on all days: how early they are."""
    everybody: Ints = np.arange(len(diary.clock)) * 0x9E3779B1 % 1_000
    return everybody


def _board(moves: Moves, evening: int) -> None:
    """Boarders: class and evening class, their dormitory, and home from Friday to Sunday."""
    diary, people = moves.diary, moves.city.people
    boarders = np.flatnonzero((people.role == Role.boarder) & (people.dorm_place >= 0))
    if evening == SATURDAY:
        return
    if evening == SUNDAY:
        moves.out(boarders, 16 * HOUR_S + diary.between(0, 5_400, boarders), STAFFED)
        moves.ride(boarders)
        diary.back(boarders, diary.between(300, 900, boarders))
        return
    learn_at_school(diary, boarders, evening == FRIDAY)
    if evening == FRIDAY:
        moves.ride(boarders)
        moves.home(boarders, 300, 1_200, STAFFED)


def learn_at_school(diary: Diary, boarders: Ints, short: bool) -> None:
    """A day of those who live at school, or its shorter form."""
    room = diary.city.people.class_place[boarders]
    diary.leave(boarders, 7 * HOUR_S + diary.between(0, 1_500, boarders))
    ends = [12 * HOUR_S, 16 * HOUR_S] if short else [12 * HOUR_S, 17 * HOUR_S + 1_800, 20 * HOUR_S + 1_200]
    begins = [7 * HOUR_S + 2_700, 13 * HOUR_S, 18 * HOUR_S + 2_400]
    for since, until in zip(begins, ends, strict=False):
        late = diary.between(0, 240, boarders)
        diary.note(boarders, room, Doing.learn, since + late, until + diary.between(0, 120, boarders))
    diary.back(boarders, diary.between(120, 600, boarders))


def _learn(moves: Moves) -> None:
    """Pupils and the older infants go to their class; a class is dismissed at one time."""
    diary, people = moves.diary, moves.city.people
    learners = np.flatnonzero(
        (people.class_place >= 0) & np.isin(people.role, (Role.pupil, Role.toddler)) & diary.free
    )  # fmt: skip
    learners = diary.some(learners, 0.97)
    moves.out(learners, 7 * HOUR_S + diary.between(0, 1_800, learners), STAFFED)
    riders = diary.some(learners[people.role[learners] == Role.pupil], 0.14)
    moves.ride(riders)
    diary.back(np.setdiff1d(learners, riders), diary.between(300, 1_200, np.setdiff1d(learners, riders)))
    room = people.class_place[learners]
    until = 15 * HOUR_S + 1_800 + room % 5 * 900
    begins = np.maximum(diary.clock[learners] + 60, 7 * HOUR_S + 1_800)
    diary.note(learners, room, Doing.learn, begins, until + diary.between(0, 120, learners))
    moves.errand(diary.some(learners, 0.03), SHOP)
    moves.ride(riders)
    moves.home(learners, 300, 1_500, STAFFED)


def work(moves: Moves, turns: Turns, rides: float = RIDES, staffed: int = STAFFED, lives: bool = True) -> None:
    """People go to work, and home again. `lives`: with lunches out and errands afterwards."""
    diary, city = moves.diary, moves.city
    everybody, since, until, doing = turns
    place = city.people.work_place[everybody]
    taxi = city.places.ground[place] == Ground.taxi
    moves.on_duty(everybody[taxi], since[taxi], until[taxi])
    luck = diary.rng.random(len(everybody))
    by_line = (luck < rides) & (city.people.line[everybody] >= 0) & (doing != Doing.drive)
    by_taxi = (luck > 1 - HAILS) & ~by_line & (doing != Doing.drive)
    on_foot = ~by_line & ~by_taxi
    moves.out(everybody, since - np.where(on_foot, 2_700, 3_300) + diary.between(0, 600, everybody), staffed)
    moves.check(diary.some(everybody[on_foot & (doing != Doing.drive)], 0.08 if lives else 0.9))
    moves.ride(everybody[by_line])
    moves.hail(everybody[by_taxi])
    diary.back(everybody[on_foot], diary.between(300, 1_500, everybody[on_foot]))
    begins = np.maximum(diary.clock[everybody] + 120, since)
    eats = lives & (diary.rng.random(len(everybody)) < LUNCH_OUT) & (city.places.ground[place] == Ground.office)
    noon = 11 * HOUR_S + 600 + diary.between(0, 5_400, everybody)
    eats &= (begins < noon - HOUR_S) & (until > noon + 2 * HOUR_S)
    diary.note(everybody, place, doing, begins, np.where(eats, noon, until))
    lunch = everybody[eats]
    moves.errand(lunch, EAT, city.places.street[place[eats]])
    again = diary.clock[lunch] + diary.between(180, 900, lunch)
    diary.note(lunch, place[eats], doing[eats], again, np.maximum(until[eats], again + 1_800))
    if lives:
        early = everybody[diary.clock[everybody] < 20 * HOUR_S]
        _errands(moves, early, AFTER_WORK, 1.0)
    moves.ride(everybody[by_line])
    moves.hail(everybody[by_taxi])
    moves.home(everybody, 300, 1_800, staffed)


def _errands(moves: Moves, people: Ints, kinds: tuple[tuple[Errand, float], ...], busy: float) -> Ints:
    """Each person does one of the errands at the most; those who do come back."""
    diary = moves.diary
    luck, low, went = diary.rng.random(len(people)), 0.0, []
    for what, share in kinds:
        group = people[(luck >= low) & (luck < low + share * busy)]
        moves.check(diary.some(group, CHECKED))
        moves.errand(group, what)
        went.append(group)
        low += share * busy
    return np.concatenate(went)


def _leisure(moves: Moves, people: Ints, busy: float) -> None:
    """Errands of those without work today: they set out in the morning or in the afternoon."""
    diary = moves.diary
    goers = diary.some(people, min(1.0, sum(share for _, share in AT_LEISURE) * busy))
    moves.out(goers, 7 * HOUR_S + diary.between(0, 10 * HOUR_S, goers), STAFFED)
    by_line = diary.some(goers, 0.16)
    moves.ride(by_line)
    by_taxi = diary.some(np.setdiff1d(goers, by_line), OUT_BY_TAXI)
    moves.hail(by_taxi)
    whole = sum(share for _, share in AT_LEISURE)
    _errands(moves, goers, tuple((what, share / whole) for what, share in AT_LEISURE), 1.0)
    _errands(moves, diary.some(goers, SECOND_ERRAND), ((SHOP, 0.7), (EAT, 0.3)), 1.0)
    moves.ride(by_line)
    moves.hail(diary.some(by_taxi, 0.6))
    moves.home(goers, 300, 1_500, STAFFED)


def go_together(moves: Moves, adults: Ints, share: float, staffed: int) -> None:
    """Some patients go to a hospital with somebody of their household, and are there together."""
    diary, city = moves.diary, moves.city
    first = one_each(diary, adults)
    others = np.setdiff1d(adults, first)
    at_home = np.full(city.residents, -1)
    second = one_each(diary, others)
    at_home[city.people.home[second]] = second
    patients = first[at_home[city.people.home[first]] >= 0]
    patients = patients[: round(share * city.residents)] if len(patients) else patients
    mates = at_home[city.people.home[patients]]
    both = np.concatenate([patients, mates])
    at = np.tile(7 * HOUR_S + diary.between(0, 6 * HOUR_S, patients), 2)
    moves.out(both, at, staffed)
    diary.back(both, np.tile(diary.between(900, 2_700, patients), 2))
    wards = city.places.of(Ground.clinic)
    wards = wards[[city.places.second[w] in ("dialysis", "oncology", "obstetrics") for w in wards.tolist()]]
    since = np.tile(np.maximum(diary.clock[patients], diary.clock[mates]), 2)
    length = np.tile(diary.between(3_600, 15_000, patients), 2)
    diary.note(both, np.tile(diary.rng.choice(wards, len(patients)), 2), Doing.treat, since, since + length)
    moves.home(both, 900, 2_700, staffed)
