"""Gazetteer: the list of places while it grows.

In: places by ground, kind and codes. Out: their numbers, and `Places` in the end.
Invariant: numbers are given in the order of adding and never change; kind and codes name one place alone.
Deliberately absent: what places there are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from replay.city.model import Ground, Places
from schemas.codes import PlaceKind
from schemas.keys import Ints

_NUMBERS = ("cell", "street", "community", "compound", "house", "building", "unit", "room")
_KINDS = {
    Ground.home: PlaceKind.household, Ground.office: PlaceKind.room, Ground.bubble: PlaceKind.room,
    Ground.classroom: PlaceKind.room, Ground.dormitory: PlaceKind.room, Ground.care_room: PlaceKind.room,
    Ground.shop: PlaceKind.venue, Ground.restaurant: PlaceKind.restaurant, Ground.pharmacy: PlaceKind.venue,
    Ground.market: PlaceKind.venue, Ground.stall: PlaceKind.room, Ground.building_site: PlaceKind.venue,
    Ground.clinic: PlaceKind.room, Ground.hotel: PlaceKind.hotel, Ground.hotel_room: PlaceKind.hotel_room,
    Ground.gate: PlaceKind.checkpoint, Ground.checkpoint: PlaceKind.checkpoint, Ground.bus: PlaceKind.bus,
    Ground.metro: PlaceKind.metro, Ground.taxi: PlaceKind.taxi, Ground.train: PlaceKind.train,
    Ground.shuttle: PlaceKind.coach, Ground.isolation_room: PlaceKind.room, Ground.logistics: PlaceKind.venue,
    Ground.shelter: PlaceKind.venue, Ground.banquet: PlaceKind.venue, Ground.line: PlaceKind.bus,
    Ground.bubble_zone: PlaceKind.venue, Ground.cab: PlaceKind.taxi,
}  # fmt: skip
"""How people meet on a ground, unless it is said when a place is added."""


class Gazetteer:
    """Places added so far."""

    def __init__(self) -> None:
        self.ground: list[Ints] = []
        self.kind: list[Ints] = []
        self.first: list[str] = []
        self.second: list[str] = []
        self.name: list[str] = []
        self._numbers: dict[str, list[Ints]] = {name: [] for name in _NUMBERS}

    def __len__(self) -> int:
        return len(self.first)

    def add(
        self,
        ground: Ground,
        first: Sequence[str],
        second: Sequence[str] | str = "",
        name: Sequence[str] | str = "",
        kind: PlaceKind | None = None,
        at: Mapping[str, Ints | int] | None = None,
        **numbers: Ints | int,
    ) -> Ints:
        """Numbers of the new places, one for each of `first`; what is one text or number holds for all of them.
        `at`: more columns of numbers."""
        numbers = {**numbers, **(at or {})}
        count, begin = len(first), len(self)
        self.ground.append(np.full(count, int(ground)))
        self.kind.append(np.full(count, int(_KINDS[ground] if kind is None else kind)))
        self.first += first
        self.second += [second] * count if isinstance(second, str) else second
        self.name += [name] * count if isinstance(name, str) else name
        for column, parts in self._numbers.items():
            parts.append(np.broadcast_to(np.asarray(numbers.get(column, -1), np.int64), count))
        return np.arange(begin, begin + count)

    def located(self, column: str) -> Ints:
        """A column of numbers of all places added so far."""
        return np.concatenate(self._numbers[column])

    def places(self) -> Places:
        numbers = {name: np.concatenate(parts) for name, parts in self._numbers.items()}
        return Places(
            ground=np.concatenate(self.ground), kind=np.concatenate(self.kind),
            first=self.first, second=self.second, name=self.name, **numbers,
        )  # fmt: skip
