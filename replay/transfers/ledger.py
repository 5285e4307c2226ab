"""Ledger: what truly happened with transfers, kept while a drill goes on and written into its truth in the end.

In: visits of days, happenings, the world. Out: the truth's tables: visits with rides, beds and waiting at home;
isolations; and tables of their own: what happened, stretches driven, troubles.
Invariant: whoever is out of the city's life is at home, aboard, or in a bed.
Deliberately absent: what was told of it (replay/transfers/receipts.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from replay.city.model import City, Doing, Ground, Role, Visits, joined
from replay.sheets import REGISTERS_DAY
from replay.transfers.happenings import Happening, Stay, What
from replay.transfers.held import Absences, Held
from replay.transfers.rolls import Rolls
from replay.transfers.world import World
from replay.truth import Truth
from replay.wave.course import Stays
from schemas.codes import PlaceKind
from schemas.departments.drafting import identifier
from schemas.instants import DAY_MS

_INT, _TEXT = pa.int64(), pa.string()
TABLES = {
    "transfer_happenings": pa.schema([
        ("what", _TEXT), ("person", _INT), ("purpose", _INT), ("at_ms", _INT), ("run", _TEXT), ("vehicle", _TEXT),
        ("site", _TEXT), ("room", _TEXT),
    ]),
    "transfer_legs": pa.schema([
        ("vehicle", _TEXT), ("run", _TEXT), ("since_ms", _INT), ("until_ms", _INT), ("road_m", _INT), ("aboard", _INT),
    ]),
    "transfer_troubles": pa.schema([("trouble", _TEXT), ("person", _INT), ("run", _TEXT), ("at_ms", _INT)]),
    "transfer_beds": pa.schema([
        ("at_ms", _INT), ("purpose", _INT), ("beds", _INT), ("free", _INT), ("vehicles_free", _INT), ("waiting", _INT),
        ("on_the_way", _INT), ("admitted", _INT),
    ]),
    "transfer_lines": pa.schema([
        ("at_ms", _INT), ("code", _TEXT), ("purpose", _INT), ("rank", _INT), ("why", _TEXT),
    ]),
}  # fmt: skip
"""Tables that the truth of a drill with transfers has besides."""


class Ledger:
    """Of one drill."""

    def __init__(self, city: City, world: World) -> None:
        self._city, self._world = city, world
        self._visits: dict[int, Visits] = {}
        self._happenings: list[Happening] = list(world.lodgers)
        self._lines: list[dict[str, Any]] = []
        self._counts: list[dict[str, int]] = []

    def day(self, number: int, visits: Visits) -> None:
        self._visits[number] = visits

    def keep(self, happenings: Iterable[Happening]) -> None:
        self._happenings += [h for h in happenings if h.what is not What.seen]

    def count(self, rows: Iterable[dict[str, int]]) -> None:
        """How many wait, are on the way, are admitted, and what is free, at an instant."""
        self._counts += rows

    def explain(self, at_ms: int, lines: Iterable[tuple[str, int, int, str]]) -> None:
        """What the dispatcher said at an instant."""
        names = ("code", "purpose", "rank", "why")
        self._lines += [{"at_ms": at_ms, **dict(zip(names, line, strict=True))} for line in lines]

    def write(
        self, truth: Truth, absences: Absences, held: Sequence[Held], rolls: Rolls, days: int, first_ms: int
    ) -> None:
        """Everything, day by day."""
        truth.begin(self._city)
        self._widen(truth)
        self._tell(truth, held, rolls, REGISTERS_DAY)
        extra = self._stays(absences, first_ms + days * DAY_MS)
        day_of = np.clip((extra.since_ms - first_ms) // DAY_MS, 0, days - 1)
        for number in range(days):
            truth.day(number, joined([absences.cut(self._visits[number]), extra.where(day_of == number)]))
            self._tell(truth, held, rolls, number)
        lodged = [h for h in self._happenings if h.what in (What.admitted, What.discharged)]
        columns = [
            (h.person, self._world.wards.place(h.site, h.room), h.at_ms, int(h.what is What.discharged)) for h in lodged
        ]
        truth.isolate(Stays(*np.array(columns, np.int64).reshape(-1, 4).T))
        self._own(truth.folder)

    def _tell(self, truth: Truth, held: Sequence[Held], rolls: Rolls, number: int) -> None:
        for each in held:
            if each.day == number and len(sheet := each.written()):
                truth.tell(sheet, number, each.struck)
        for sheet, struck in rolls.whole(number):
            truth.tell(sheet, number, struck)

    def _widen(self, truth: Truth) -> None:
        """Crews and lodgers, runs, and rooms that are no places of the city."""
        world, people = self._world, len(self._city.people)
        known = len(self._city.places.ground)
        rooms = {
            room.place: (site.code, room.code) for site in world.sites for room in site.rooms if room.place >= known
        }
        runs = {run.place: (run.code, "") for run in world.runs.values()}
        numbers = sorted(rooms | runs)
        first, second = (pa.array([(rooms | runs)[n][i] for n in numbers], _TEXT) for i in range(2))
        ground = np.array([int(Ground.isolation_room if n in rooms else Ground.shuttle) for n in numbers], np.int64)
        kind = np.array([int(PlaceKind.room if n in rooms else PlaceKind.transfer) for n in numbers], np.int64)
        beyond = np.arange(people, world.first_lodger + len(world.lodgers))
        ids = pa.array([identifier("resident_id", n) for n in beyond.tolist()], _TEXT)
        role = np.full(len(beyond), int(Role.worker))
        truth.widen(
            {"person": beyond, "role": role, "resident_id": ids},
            {"place": np.array(numbers, np.int64), "ground": ground, "kind": kind, "first": first, "second": second},
        )

    def _stays(self, absences: Absences, end_ms: int) -> Visits:
        """Where those were who are out of the city's life: what the world says, and at home in between."""
        stays, away = list(self._world.stays), defaultdict[int, list[tuple[int, int]]](list)
        for stay in stays:
            away[stay.person].append((stay.since_ms, stay.until_ms))
        for person, since, until in absences.spans():
            place, at = self._world.bed(person), since
            for begins, ends in [*sorted(away[person]), (end_ms, end_ms)]:
                begins = min(begins, until, end_ms)
                if place >= 0 and at < begins:
                    stays.append(Stay(person, place, at, begins))
                at = max(at, ends)
        stays = [s for s in stays if s.since_ms < s.until_ms]
        rows = np.array([(s.person, s.place, self._doing(s), s.since_ms, s.until_ms) for s in stays], np.int64)
        columns, none = rows.reshape(-1, 5).T, np.zeros(len(rows), np.int64)
        return Visits(columns[0], columns[1], columns[2], columns[3], columns[4], none, none, none)

    def _doing(self, stay: Stay) -> int:
        if stay.drives:
            return int(Doing.drive)
        if stay.place >= self._world.first_run_place:
            return int(Doing.ride)
        own = stay.person < len(self._city.people) and stay.place == self._world.bed(stay.person)
        return int(Doing.home if own else Doing.sleep_away)

    def _own(self, folder: Path) -> None:
        vehicles = self._world.vehicles

        def code(vehicle: int) -> str:
            return vehicles[vehicle].code if vehicle >= 0 else ""

        tables: dict[str, list[dict[str, Any]]] = {
            "transfer_happenings": [
                {"what": h.what.name, "person": h.person, "purpose": h.purpose, "at_ms": h.at_ms, "run": h.run,
                 "vehicle": code(h.vehicle), "site": h.site, "room": h.room}
                for h in sorted(self._happenings, key=lambda h: (h.at_ms, h.what, h.person, h.run))
            ],
            "transfer_legs": [
                {"vehicle": code(leg.vehicle), "run": leg.run, "since_ms": leg.since_ms, "until_ms": leg.until_ms,
                 "road_m": leg.road_m, "aboard": leg.aboard}
                for leg in self._world.legs
            ],
            "transfer_troubles": [
                {"trouble": trouble, "person": person, "run": run, "at_ms": at_ms}
                for trouble, person, run, at_ms in self._world.struck
            ],
            "transfer_beds": [dict(row) for row in self._counts],
            "transfer_lines": self._lines,
        }  # fmt: skip
        for name, rows in tables.items():
            path = folder / f"{name}.parquet"
            pq.write_table(pa.Table.from_pylist(rows, TABLES[name]), path, compression="zstd")
