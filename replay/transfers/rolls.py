"""Rolls: records that are written one by one while a drill goes on, by source and day, until they arrive.

In: fields of records with the times of event and arrival. Out: sheets of what has arrived; in the end, of everything.
Invariant: a record is handed out once, in order of arrival; its number within source and day is that of its writing.
Deliberately absent: what is written (replay/transfers/receipts.py), and files.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from replay.faults.struck import FaultRow
from replay.sheets import Cells, Sheet, cells, told
from replay.transfers.happenings import Stay
from schemas.decode import fields_of
from schemas.departments import sources
from schemas.instants import UNKNOWN_MS
from schemas.keys import Ints

Pile = tuple[str, int]
"""Source and day."""


@dataclass(frozen=True)
class Line:
    """A record's version. `tells`: the stay that it tells of, if it does; its end is UNKNOWN_MS where none is told."""

    body: Mapping[str, Any]
    event_ms: int
    arrival_ms: int
    number: int
    version: int = 1
    withdraw: int = 0
    tells: Stay | None = None


class Rolls:
    """All records of a drill that are written so. `struck`: what a trouble did to which records."""

    def __init__(self) -> None:
        self._piles: dict[Pile, list[Line]] = defaultdict(list)
        self._given: dict[Pile, int] = {}
        self._numbers: Counter[Pile] = Counter()
        self._struck: dict[Pile, dict[tuple[str, bool], list[int]]] = defaultdict(lambda: defaultdict(list))

    def write(
        self, pile: Pile, body: Mapping[str, Any], event_ms: int, arrival_ms: int, tells: Stay | None = None,
        number: int = -1, version: int = 1, withdraw: int = 0,
    ) -> int:  # fmt: skip
        """One more record, or, with a `number`, a further version of one; its number."""
        if number < 0:
            number, self._numbers[pile] = self._numbers[pile], self._numbers[pile] + 1
        self._piles[pile].append(Line(body, event_ms, arrival_ms, number, version, withdraw, tells))
        return number

    def strike(self, pile: Pile, number: int, trouble: str, destroyed: bool) -> None:
        self._struck[pile][trouble, destroyed].append(number)

    def arrived(self, until_ms: int) -> Iterator[tuple[Pile, Sheet]]:
        """What arrives before that instant and was not given before. Nothing is written later that arrived earlier."""
        for pile in sorted(self._piles):
            lines, given = self._piles[pile], self._given.get(pile, 0)
            rest = sorted(lines[given:], key=lambda line: line.arrival_ms)
            now = [line for line in rest if line.arrival_ms < until_ms]
            lines[given:] = rest
            self._given[pile] = given + len(now)
            if now:
                yield pile, _sheet(pile[0], now)

    def left(self) -> Ints:
        """When what was not given yet arrives."""
        late = [x.arrival_ms for pile, lines in self._piles.items() for x in lines[self._given.get(pile, 0) :]]
        return np.array(late, np.int64)

    def whole(self, day: int) -> Iterator[tuple[Sheet, list[FaultRow]]]:
        """All that was given of a day's records, and what struck them."""
        for pile in sorted(p for p in self._piles if p[1] == day):
            lines = self._piles[pile][: self._given.get(pile, 0)]
            if lines:
                struck = self._struck.get(pile, {})
                rows = [
                    FaultRow(pile[0], np.array(sorted(numbers), np.int64), trouble, destroyed, "line")
                    for (trouble, destroyed), numbers in sorted(struck.items())
                ]
                yield _sheet(pile[0], lines), rows

    def count(self, pile: Pile) -> int:
        return self._given.get(pile, 0)


def _sheet(source: str, lines: list[Line]) -> Sheet:
    holds = {field.name: field.holds for field in fields_of(sources()[source])}
    names = [name for name in holds if any(name in line.body for line in lines)]
    body: dict[str, Cells] = {}
    for name in names:
        column = [line.body.get(name) for line in lines]
        if holds[name] == "instant":
            body[name] = np.array([UNKNOWN_MS if at is None else at for at in column], np.int64)
        else:
            body[name] = cells(column)
    columns: dict[str, Any] = told(len(lines))
    for name in ("number", "version", "withdraw"):
        columns[name] = np.array([getattr(line, name) for line in lines], np.int64)
    for name, part in (("person", "person"), ("place", "place"), ("said_since_ms", "since_ms"),
                       ("said_until_ms", "until_ms")):  # fmt: skip
        default = -1 if name in ("person", "place") else UNKNOWN_MS
        columns[name] = np.array([getattr(line.tells, part) if line.tells else default for line in lines], np.int64)
    events, arrivals = (np.array([getattr(line, n) for line in lines], np.int64) for n in ("event_ms", "arrival_ms"))
    return Sheet(source, body, events, arrivals, **columns)
