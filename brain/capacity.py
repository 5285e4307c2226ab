"""Capacity: what vehicles, sites and rooms hold, who holds a seat or a bed, and where there are too many
(transfers.md section 5).

In: rows of the fleet, of sites and of rooms; ways before and after. Out: what became known, and which ways are one too
many.
Invariant: a person takes one seat of a run and one bed of a room, however many ways they have.
Deliberately absent: planning; a plan that would overfill is refused before it is decided (brain/dispatch/).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from brain.outcomes import Way
from brain.runs import Table
from brain.turns import turn, union
from brain.ways import HELD_SEAT, LODGED
from schemas.facts import FACT_COLUMNS, Columns
from schemas.keys import Ints

TABLES = ("fleet", "sites", "rooms")
Key = tuple[int, int]
"""A way: (person, purpose). Of places: a run is (run, 0), a room (site, room)."""


class Holders:
    """Who holds a seat or a bed. `seats` by vehicle, `beds` by (site, room), as far as they are known."""

    def __init__(self, seats: dict[int, int], beds: dict[Key, int]) -> None:
        self._seats = seats
        self._beds = beds
        self.places: dict[Key, dict[Key, Way]] = {}

    def swap(self, key: Key, before: Way | None, after: Way | None) -> set[Key]:
        """Puts a way in the place of another. Out: the runs and rooms that it leaves, and those where it is now."""
        left, taken = _held(before), _held(after)
        for place in left:
            ways = self.places[place]
            del ways[key]
            if not ways:
                del self.places[place]
        for place in taken:
            assert after is not None
            self.places.setdefault(place, {})[key] = after
        return {*left, *taken}

    def held(self, place: Key) -> int:
        """How many people have a seat or a bed there."""
        return len({person for person, _ in self.places.get(place, ())})

    def overfull(self, way: Way) -> bool:
        """Whether a way is in a run or a room with more people than it has seats or beds."""
        for place in _held(way):
            most = self._beds.get(place) if place[1] else self._seats.get(way.course.vehicle)
            if most is not None and self.held(place) > most:
                return True
        return False

    def ways(self, places: Iterable[Key]) -> set[Key]:
        """The ways that hold a seat or a bed at these places."""
        return {key for place in places for key in self.places.get(place, ())}

    def aboard(self, vehicles: set[int]) -> set[Key]:
        """The runs of which a way stands with one of these vehicles."""
        runs = ((place, ways) for place, ways in self.places.items() if not place[1])
        return {place for place, ways in runs if any(way.course.vehicle in vehicles for way in ways.values())}


def _held(way: Way | None) -> list[Key]:
    """The run and the room in which a way holds a place."""
    if way is None:
        return []
    held = [(way.course.run, 0)] if way.course.run and way.state in HELD_SEAT else []
    if way.course.room and (way.state in HELD_SEAT or way.state == LODGED):
        held.append((way.course.site, way.course.room))
    return held


class Capacity:
    """Shape: `tables` of all rows that stand; the row in force of each vehicle, site and room as dictionaries."""

    def __init__(self) -> None:
        self.tables = {name: Table("rec", *FACT_COLUMNS[name]) for name in TABLES}
        self.seats: dict[int, int] = {}
        self.takes: dict[int, int] = {}
        self.beds: dict[Key, int] = {}
        self.holders = Holders(self.seats, self.beds)

    def change(self, new: dict[str, Columns], fallen: Ints) -> tuple[set[Key], Ints]:
        """Takes in rows, drops those of fallen records. Out: (runs and rooms that may hold more or fewer now,
        sites that may take others)."""
        changed = {name: turn(self.tables[name], new[name], fallen) for name in TABLES}
        places: set[Key] = set()
        if vehicles := {vehicle for rows in changed["fleet"] for vehicle in rows["vehicle"].tolist()}:
            for vehicle in vehicles:
                self.seats.pop(vehicle, None)
            row = in_force(self.tables["fleet"], "vehicle", np.array(sorted(vehicles), np.int64))
            self.seats.update(zip(row["vehicle"].tolist(), row["seats"].tolist(), strict=True))
            places |= self.holders.aboard(vehicles)
        sites = union([rows["site"] for rows in changed["sites"]])
        if len(sites):
            for site in sites.tolist():
                self.takes.pop(site, None)
            row = in_force(self.tables["sites"], "site", sites)
            self.takes.update(zip(row["site"].tolist(), row["takes"].tolist(), strict=True))
        rooms = {key for rows in changed["rooms"] for key in rooms_of(rows)}
        if rooms:
            for key in rooms:
                self.beds.pop(key, None)
            row = in_force(self.tables["rooms"], "room", union([rows["room"] for rows in changed["rooms"]]))
            self.beds.update(zip(rooms_of(row), row["beds"].tolist(), strict=True))
        return places | rooms, sites


def rooms_of(rows: Columns) -> Iterable[Key]:
    return zip(rows["site"].tolist(), rows["room"].tolist(), strict=True)


def in_force(table: Table, name: str, tokens: Ints) -> Columns:
    """The row that stands for each of these vehicles, sites or rooms: the latest, by start and then by record."""
    _, rows = table.find(name, tokens)
    return latest(rows, name)


def latest(rows: Columns, name: str) -> Columns:
    """The latest row of each vehicle, site or room."""
    keys = [rows["rec"], *([rows["since_ms"]] if "since_ms" in rows else []), rows[name]]
    if name == "room":
        keys.append(rows["site"])
    order = np.lexsort(keys)
    last = np.ones(len(order), np.bool_)
    same = rows[name][order][1:] == rows[name][order][:-1]
    if name == "room":
        same &= rows["site"][order][1:] == rows["site"][order][:-1]
    last[:-1] = ~same
    return {column: values[order[last]] for column, values in rows.items()}
