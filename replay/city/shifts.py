"""Shifts: when people of each kind of work place are there, and whether they come at all.

In: a diary, its moves, workers, whether it is a working day or an emergency. Out: stays at work in the diary.
Invariant: a bus has a driver whenever it runs, changing at half past one.
Deliberately absent: what workers do before and after (replay/city/routine.py, replay/city/emergency.py).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from replay.city.diary import Diary
from replay.city.model import Doing, Ground
from replay.city.moves import SERVICE_S
from schemas.keys import Ints


class Shift(NamedTuple):
    """When work begins, how far that spreads, how long it lasts, in hours; how much later the second of two shifts
    begins (0: there is one); what is done; the share of people who come on a working day, on a free day, and in an
    emergency. All [D]."""

    begins: float
    spread: float
    lasts: float
    second: float
    doing: Doing
    workday: float
    free_day: float
    emergency: float


SHIFTS = {
    Ground.office: Shift(8.5, 0.8, 8.4, 0, Doing.work, 0.95, 0.12, 0.0),
    Ground.bubble: Shift(8.0, 0.3, 9.5, 0, Doing.work, 0.95, 0.3, 1.0),
    Ground.classroom: Shift(7.75, 0.3, 8.6, 0, Doing.work, 0.97, 0.0, 0.0),
    Ground.building_site: Shift(7.0, 0.5, 9.5, 0, Doing.work, 0.95, 0.7, 0.06),
    Ground.clinic: Shift(7.6, 0.4, 8.5, 0, Doing.work, 0.85, 0.5, 0.9),
    Ground.shop: Shift(7.5, 0.4, 7.0, 6.5, Doing.serve, 0.85, 0.85, 0.7),
    Ground.restaurant: Shift(9.0, 0.5, 6.5, 5.5, Doing.serve, 0.85, 0.85, 0.0),
    Ground.pharmacy: Shift(7.8, 0.3, 7.0, 6.0, Doing.serve, 0.85, 0.85, 0.8),
    Ground.stall: Shift(5.0, 1.0, 7.5, 5.0, Doing.serve, 0.95, 0.95, 0.55),
    Ground.hotel: Shift(7.0, 0.2, 8.0, 7.5, Doing.serve, 0.85, 0.85, 0.6),
    Ground.gate: Shift(6.5, 0.2, 8.0, 7.5, Doing.work, 0.95, 0.95, 0.95),
    Ground.checkpoint: Shift(6.5, 0.2, 8.0, 7.5, Doing.work, 0.95, 0.95, 0.95),
    Ground.care_room: Shift(7.0, 0.2, 10.0, 0, Doing.serve, 0.85, 0.85, 0.95),
    Ground.logistics: Shift(6.0, 0.0, 8.0, 8.0, Doing.work, 0.9, 0.9, 0.95),
    Ground.taxi: Shift(6.0, 0.5, 10.0, 7.0, Doing.drive, 0.9, 0.9, 0.12),
    Ground.bus: Shift(SERVICE_S[0] / 3600, 0.0, 8.0, 8.0, Doing.drive, 1.0, 1.0, 1.0),
}


class Turns(NamedTuple):
    """Who works today, from when to when, and doing what. Units: seconds since local midnight."""

    people: Ints
    since: Ints
    until: Ints
    doing: Ints


def roster(diary: Diary, workers: Ints, share: str, usual: Ints) -> Turns:
    """The shifts of a day. `share`: the field of Shift that says how many come; `usual`: for everybody a number from 0
    to 999, the same on all days, that says how early they are by habit."""
    ground = diary.city.places.ground[diary.city.people.work_place[workers]]
    parts = []
    for kind, shift in SHIFTS.items():
        people = diary.some(workers[ground == kind], getattr(shift, share))
        early = usual[people] / 1000 - 0.5 + (diary.rng.random(len(people)) - 0.5) * 0.2
        turn = people % 2 if kind is not Ground.bus else _turn_of_the_pair(diary, people)
        begins = shift.begins + shift.spread * early + np.where(turn == 1, shift.second, 0)
        since = np.round(begins * 60).astype(np.int64) * 60
        until = since + round(shift.lasts * 3600)
        if shift.spread > 0:
            until += np.round((diary.rng.random(len(people)) - 0.5) * 40).astype(np.int64) * 60
        parts.append((people, since, until, np.full(len(people), int(shift.doing))))
    return Turns(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _turn_of_the_pair(diary: Diary, drivers: Ints) -> Ints:
    """0 for the first driver of each bus, 1 for the second."""
    order = np.lexsort((drivers, diary.city.people.work_place[drivers]))
    bus = diary.city.people.work_place[drivers][order]
    turn = np.zeros(len(drivers), np.int64)
    turn[order] = np.append(0, (bus[1:] == bus[:-1]).astype(np.int64))
    return turn
