"""Telecom desk 工信局 + 运营商: phones in cells, and work and life in the firms.

In: a day. Out: sheets of `telecom.*`.
Invariant: a dwell lasts as long as its phone was in the cell; a firm's records tell of the rooms it runs.
Deliberately absent: phones of those who stayed at home all day, of whom operators send a few alone.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from replay.city.model import Doing, Ground
from replay.city.quarters import cell_code
from replay.desks.day import Day
from replay.desks.names import only, texts
from replay.desks.pen import Pen, at_ground
from replay.desks.rosters import enterprise_roster
from replay.desks.transport import service_date
from replay.sheets import Sheet, cells
from schemas.instants import MINUTE_MS
from schemas.keys import Ints

DWELL_MS_MIN = 10 * MINUTE_MS
"""A stay in a cell that is sent at all [D]."""
_MOVES_TWICE = 0.5
"""Of the stays in a zone whose end is told, so many were told at entering and are amended [D]."""


def sheets(day: Day) -> Iterator[Sheet]:
    """The day's records of the firms and operators."""
    yield _dwelt(Pen(day, "telecom.grid_dwell"))
    yield _worked(Pen(day, "telecom.shift"))
    yield _slept(Pen(day, "telecom.dorm_stay"))
    yield _shuttled(Pen(day, "telecom.shuttle_ride"))
    yield _moved(Pen(day, "telecom.bubble_transition"))
    yield enterprise_roster(day, whole=False)


def dwells(day: Day) -> tuple[Ints, Ints, Ints, Ints]:
    """Person, cell, since and until of every stay of a phone in a cell of the network: visits that follow each other
    in one cell are one stay."""
    v, places = day.visits, day.city.places
    rows = np.flatnonzero((places.cell[v.place] >= 0) & (day.city.people.holds_phone[v.person] == 1))
    rows = rows[np.lexsort((v.since_ms[rows], v.person[rows]))]
    person, cell = v.person[rows], places.cell[v.place[rows]]
    new = np.ones(len(rows), np.bool_)
    new[1:] = (person[1:] != person[:-1]) | (cell[1:] != cell[:-1])
    starts = np.flatnonzero(new)
    until = np.maximum.reduceat(v.until_ms[rows], starts) if len(rows) else rows
    return person[starts], cell[starts], v.since_ms[rows][starts], until


def _dwelt(pen: Pen) -> Sheet:
    """Dwells of phones that moved first, of the others as many as there is room for; whole people, so that a phone
    that is followed is followed all day."""
    person, cell, since, until = dwells(pen.day)
    long = until - since >= DWELL_MS_MIN
    person, cell, since, until = (column[long] for column in (person, cell, since, until))
    number = np.bincount(person, minlength=len(pen.city.people))
    luck = pen.city.rng(77_030).random(len(number))  # the same phones every day
    order = np.lexsort((luck, number < 2))
    within = np.cumsum(number[order]) <= pen.volume
    followed = np.zeros(len(number), np.bool_)
    followed[order[within]] = True
    rows = np.flatnonzero(followed[person])
    who, known = pen.shown(person[rows], ("phone", "phone", "code_token", "phone"))
    codes = texts([cell_code(c) for c in range(int(cell.max(initial=0)) + 1)])
    body = {**who, "grid_code": codes[cell[rows]], "entered_at": since[rows], "left_at": until[rows]}
    return pen.write(body, until[rows], known=known)


def _worked(pen: Pen) -> Sheet:
    """Shifts in workrooms, clocked where the firm has clocks."""
    mask = at_ground(pen.day, Ground.office, Ground.bubble) & (pen.day.visits.doing == Doing.work)
    v = pen.some(pen.day.visits, mask, pen.volume)
    body = {
        **pen.shown(v.person, ("resident_id",))[0], "credit_code": pen.code(v.place), "workshop": pen.part(v.place),
        "clocked": np.ones(len(v), np.int64), "started_at": v.since_ms, "ended_at": v.until_ms,
    }  # fmt: skip
    return pen.write(body, v.since_ms, visits=v, end="ended_at")


def _slept(pen: Pen) -> Sheet:
    """Nights in the dormitories of firms; schools report their own."""
    firms = (pen.city.people.class_place < 0)[pen.day.visits.person]
    mask = at_ground(pen.day, Ground.dormitory) & (pen.day.visits.doing == Doing.sleep_away) & firms
    v = pen.some(pen.day.visits, mask, pen.volume)
    body = {
        **pen.shown(v.person, ("resident_id",))[0], "dorm_code": pen.code(v.place), "dorm_room": pen.part(v.place),
        "check_in_at": v.since_ms, "check_out_at": v.until_ms,
    }  # fmt: skip
    return pen.write(body, v.since_ms, visits=v, end="check_out_at")


def _shuttled(pen: Pen) -> Sheet:
    rides = np.isin(pen.day.visits.doing, [int(Doing.ride), int(Doing.drive)])
    v = pen.some(pen.day.visits, at_ground(pen.day, Ground.shuttle) & rides, pen.volume)
    count, drives = len(v), v.doing == Doing.drive
    role = only(drives | pen.share(count, 0.9), cells(("passenger", "driver"))[drives.astype(np.int64)])
    body = {
        **pen.shown(v.person, ("resident_id",))[0], "vehicle": pen.code(v.place),
        "service_date": service_date(v.since_ms), "route": pen.of(("1", "2", "3"), count), "role": role,
        "sealed": np.ones(count, np.int64), "boarded_at": v.since_ms, "alighted_at": v.until_ms,
    }  # fmt: skip
    return pen.write(body, v.since_ms, visits=v, end="alighted_at")


def _moved(pen: Pen) -> Sheet:
    """Stays in the zones of the closed site."""
    mask = at_ground(pen.day, Ground.bubble_zone)
    v = pen.some(pen.day.visits, mask, pen.records("left_at", _MOVES_TWICE))
    zone = pen.part(v.place)
    body = {
        **pen.shown(v.person, ("resident_id",))[0], "site_code": pen.code(v.place),
        "zone_from": np.where(np.equal(zone, "living"), "production", "living").astype(object), "zone_to": zone,
        "moved_at": v.since_ms, "left_at": v.until_ms,
    }  # fmt: skip
    return pen.write(body, v.since_ms, visits=v, end="left_at", amended=_MOVES_TWICE)
