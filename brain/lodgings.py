"""Lodgings: who lives in which room, and the state of rooms and vehicles (transfers.md sections 4 and 5).

In: stays in isolation, capacities, pings, crews and cleanings that stand. Out: raw columns of `vehicles` and `beds`,
and until when people must wait because of a case on their floor.
Invariant: computed whole when it is asked for; nothing here wakes anybody.
Deliberately absent: the choice of a vehicle or a room.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from brain.capacity import Capacity, Holders, latest, rooms_of
from brain.cases import Case
from brain.clinical import Clinical
from brain.identity import Identity
from brain.rules import Rules
from brain.runs import Mask, Table, distinct, size, take
from brain.turns import turn
from brain.ways import HELD_SEAT, LODGED
from schemas.facts import FACT_COLUMNS, Columns
from schemas.instants import MINUTE_MS, OPEN_MS, UNKNOWN_MS, day_start, local_day
from schemas.keys import Ints
from schemas.transfers import CrewRole

TABLES = ("cleanings", "crews", "pings")
Raw = dict[str, Any]


class Depot:
    """Shape: `tables` of what is told of vehicles beside their seats."""

    def __init__(self) -> None:
        self.tables = {name: Table("rec", *FACT_COLUMNS[name]) for name in TABLES}

    def change(self, new: dict[str, Columns], fallen: Ints) -> None:
        """Takes in rows, drops those of fallen records."""
        for name, table in self.tables.items():
            turn(table, new[name], fallen)


def vehicles(capacity: Capacity, depot: Depot, now_ms: int) -> Raw:
    """The view `vehicles`."""
    rows = latest(capacity.tables["fleet"].all(), "vehicle")
    fleet = rows["vehicle"]
    pings = depot.tables["pings"].all()
    pings = take(pings, np.lexsort((pings["rec"], pings["at_ms"], pings["vehicle"])))
    last = np.searchsorted(pings["vehicle"], fleet, "right") - 1
    seen = last >= 0
    seen[seen] = pings["vehicle"][last[seen]] == fleet[seen]
    where = {name: rows[name].copy() for name in ("lat", "lon")} | {"at_ms": np.full(len(fleet), UNKNOWN_MS, np.int64)}
    for name, column in where.items():
        column[seen] = pings[name][last[seen]]
    crews = depot.tables["crews"].all()
    crews = take(crews, (crews["since_ms"] <= now_ms) & (now_ms < crews["until_ms"]) & (now_ms != UNKNOWN_MS))
    drivers = take(crews, crews["role"] == CrewRole.driver)
    cleanings = depot.tables["cleanings"].all()
    tested = _least(fleet, crews["vehicle"], crews["tested_ms"])
    return {
        "vehicle": fleet,
        **{name: rows[name] for name in ("seats", "wheelchairs", "sealed", "since_ms", "until_ms")},
        "lat": where["lat"],
        "lon": where["lon"],
        "pinged_at_ms": where["at_ms"],
        "disinfected_at_ms": _greatest(fleet, cleanings["vehicle"], cleanings["at_ms"]),
        "crew_until_ms": _greatest(fleet, drivers["vehicle"], drivers["until_ms"]),
        "crew_tested_at_ms": tested,
        "held": _seats(fleet, capacity.holders),
    }


def _greatest(tokens: Ints, of: Ints, values: Ints) -> Ints:
    """The greatest value of each token (ascending); UNKNOWN_MS where there is none."""
    out = np.full(len(tokens), UNKNOWN_MS, np.int64)
    at = np.searchsorted(tokens, of)
    known = at < len(tokens)
    known[known] = tokens[at[known]] == of[known]
    np.maximum.at(out, at[known], values[known])
    return out


def _least(tokens: Ints, of: Ints, values: Ints) -> Ints:
    found = _greatest(tokens, of, -values)
    return np.where(found == UNKNOWN_MS, UNKNOWN_MS, -found)


def _seats(fleet: Ints, holders: Holders) -> Ints:
    """How many seats are held by ways that stand with each vehicle."""
    held = dict.fromkeys(fleet.tolist(), 0)
    for (_, room), ways in holders.places.items():
        if not room:
            riders = {(way.course.vehicle, person) for (person, _), way in ways.items()}
            for vehicle, _ in riders:
                held[vehicle] = held.get(vehicle, 0) + 1
    return np.array([held[vehicle] for vehicle in fleet.tolist()], np.int64)


def lodgings(identity: Identity, clinical: Clinical) -> Columns:
    """Every stay in isolation: person, site, room, since, until (OPEN_MS: still there)."""
    rows = clinical.tables["admissions"].all()
    persons = distinct(identity.resolve(rows["ident"], rows["admitted_ms"]))
    stays = clinical.stays(persons)
    return {"person": persons[stays["of"]], **{name: stays[name] for name in ("site", "room", "since", "until")}}


def beds(rules: Rules, capacity: Capacity, stays: Columns) -> Raw:
    """The view `beds`."""
    rooms, sites = (latest(capacity.tables[name].all(), name[:-1]) for name in ("rooms", "sites"))
    at = np.searchsorted(sites["site"], rooms["site"])
    known = at < size(sites)
    known[known] = sites["site"][at[known]] == rooms["site"][known]
    rooms, of = take(rooms, known), take(sites, at[known])
    keys = list(rooms_of(rooms))
    planned, lodged = _people(keys, capacity.holders)
    ended = take(stays, stays["until"] != OPEN_MS)
    freed: dict[tuple[int, int], int] = {}
    for site, room, until in zip(*(ended[name].tolist() for name in ("site", "room", "until")), strict=True):
        freed[site, room] = max(until, freed.get((site, room), UNKNOWN_MS))
    left = np.array([freed.get(key, UNKNOWN_MS) for key in keys], np.int64)
    cleaning = np.array([pack.transfer.cleaning_minutes.value * MINUTE_MS for pack in rules.packs], np.int64)
    clean = left + cleaning[rules.series.in_force(left)]
    return {
        **{name: rooms[name] for name in ("site", "room", "floor", "beds", "family")},
        **{name: of[name] for name in ("takes", "lat", "lon", "since_ms", "until_ms")},
        "planned": planned,
        "lodged": lodged,
        "free_at_ms": np.where(left == UNKNOWN_MS, UNKNOWN_MS, clean),
    }


def _people(rooms: list[tuple[int, int]], holders: Holders) -> tuple[Ints, Ints]:
    """(people on the way to each room, people in it)."""
    counts = []
    for room in rooms:
        ways = holders.places.get(room, {})
        there = {person for (person, _), way in ways.items() if way.state == LODGED}
        coming = {person for (person, _), way in ways.items() if way.state in HELD_SEAT} - there
        counts.append((len(coming), len(there)))
    columns = np.array(counts, np.int64).reshape(-1, 2).T
    return columns[0], columns[1]


def restarts(rules: Rules, capacity: Capacity, cases: dict[int, Case], stays: Columns) -> dict[int, int]:
    """Until when somebody must wait because of a case that was found on their floor, by person."""
    stays = take(stays, stays["site"] != 0)
    rooms = latest(capacity.tables["rooms"].all(), "room")
    floors = dict(zip(rooms_of(rooms), rooms["floor"].tolist(), strict=True))
    keys = rooms_of(stays)
    floor = np.array([floors.get(key, UNKNOWN_MS) for key in keys], np.int64)
    out: dict[int, int] = {}
    for at in np.flatnonzero(np.isin(stays["person"], np.array(sorted(cases), np.int64))).tolist():
        person = int(stays["person"][at])
        case = cases[person]
        found = case.first_positive_ms
        if found == UNKNOWN_MS or not stays["since"][at] <= found < stays["until"][at]:
            continue
        transfer = rules.packs[case.pack].transfer
        near: Mask = (stays["site"] == stays["site"][at]) & (stays["since"] <= found) & (found < stays["until"])
        near &= stays["person"] != person
        if floor[at] != UNKNOWN_MS:
            near &= (floor == UNKNOWN_MS) | (np.abs(floor - floor[at]) <= transfer.floors.value)
        until = day_start(local_day(found) + transfer.floor_restart_days.value + 1)
        for other in stays["person"][near].tolist():
            out[other] = max(until, out.get(other, UNKNOWN_MS))
    return out
