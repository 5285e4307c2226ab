"""Pen: what a desk writes with: its volume, its chance, identifiers as people show them, and sheets in its ways.

In: a day, a source. Out: sheets with gaps, lateness and amendments as that source's EXPECTED has them.
Invariant: a field by which a place or a person is known is never left out (APART); an end that is left out is not told
to the truth either.
Deliberately absent: what any department writes down.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from math import log
from typing import Any
from zlib import crc32

import numpy as np

from replay.city.model import City, Ground, Places, Visits
from replay.desks.apart import APART
from replay.desks.day import Day
from replay.desks.names import Texts, absent, holds, identifiers, knows, only, texts
from replay.sheets import Cells, Sheet, cells, picked, stacked, told
from schemas.departments import EXPECTED
from schemas.departments.drafting import PEOPLE
from schemas.departments.forging import P95_SIGMAS
from schemas.instants import UNKNOWN_MS
from schemas.keys import Ints

SECOND_MS = 1000
NOBODY = -1
Body = dict[str, Cells]


class Pen:
    """The pen of one source on one day."""

    def __init__(self, day: Day, source: str) -> None:
        self.day, self.source, self.city = day, source, day.city
        self.expected = EXPECTED[source]
        self.rng = day.city.rng(crc32(source.encode()), day.number + 1)  # registers have day -1
        per_day = self.expected.per_day[day.profile]
        self.volume = max(1, round(per_day * day.city.residents / PEOPLE)) if per_day else 0

    @property
    def start_ms(self) -> int:
        return self.day.start_ms

    def share(self, count: int, share: float) -> Any:
        """A mask of so many rows that is true by chance."""
        return self.rng.random(count) < share

    def of(self, words: Sequence[Any], count: int) -> Texts:
        """One of the words for each row; put a word in twice to have it twice as often."""
        return cells(words)[self.rng.integers(0, len(words), count)]

    def between(self, low: int, high: int, count: int) -> Ints:
        """Whole numbers from low to high, both included."""
        return self.rng.integers(low, high + 1, count)

    def some(self, visits: Visits, mask: Any, count: float) -> Visits:
        """As many visits of those that the mask holds for, by chance; all of them if there are no more."""
        rows = np.flatnonzero(mask)
        count = round(count)
        if count < len(rows):
            rows = np.sort(self.rng.choice(rows, count, replace=False))
        return visits.where(rows)

    def times(self, count: int) -> Ints:
        """Instants in the hours of such records."""
        low, high = (hour * 3600 for hour in self.expected.hours)
        return self.start_ms + SECOND_MS * self.rng.integers(low, high, count)

    def code(self, place: Ints) -> Texts:
        """The first code of each place; None for no place."""
        return named(self.city, "first")[place]

    def part(self, place: Ints) -> Texts:
        """The second code of each place; None where there is none."""
        return named(self.city, "second")[place]

    def name(self, place: Ints) -> Texts:
        return named(self.city, "name")[place]

    def shown(self, person: Ints, kinds: Sequence[str]) -> tuple[Body, Ints]:
        """`id_type` and `id_no` as people show them, and whether registers lead to them from there: one of the kinds,
        of those that they hold; the last kind is shown by whoever holds none of the drawn."""
        choice = self.rng.integers(0, len(kinds), len(person))
        id_type, id_no = np.full(len(person), kinds[-1], object), self.held(kinds[-1], person)
        known = knows(self.city, kinds[-1], person)
        for kind in dict.fromkeys(kinds[:-1]):
            drawn = np.isin(choice, [i for i, word in enumerate(kinds) if word == kind])
            rows = np.flatnonzero(drawn & (holds(self.city, kind)[person] == 1))
            id_type[rows], id_no[rows] = kind, self.held(kind, person[rows])
            known[rows] = knows(self.city, kind, person[rows])
        return {"id_type": id_type, "id_no": id_no}, known

    def held(self, kind: str, person: Ints) -> Texts:
        """The identifiers of a kind of these people."""
        return identifiers(kind, len(self.city.people))[person]

    def phone(self, person: Ints, linked: bool = False) -> Texts:
        """Their phone numbers; None for those who have none, or, if `linked`, none that registers may name."""
        column = self.city.people.linked_phone if linked else self.city.people.holds_phone
        return only(column[person] == 1, self.held("phone", person))

    def houses(self, visits: Visits, known: Ints | None = None) -> dict[str, Ints]:
        """The further stays of a sheet of these visits: in the house of each place."""
        house = self.city.places.house[visits.place]
        row = np.flatnonzero(house >= 0)
        return {
            "row": row, "person": visits.person[row], "place": house[row], "said_since_ms": visits.since_ms[row],
            "said_until_ms": visits.until_ms[row],
            "knows": np.ones(len(row), np.int64) if known is None else known[row],
        }  # fmt: skip

    def serial(self, letters: str, count: int, numbers: Ints) -> Texts:
        """Codes such as GL-0042."""
        return cells([f"{letters}-{n:04d}" for n in range(count)])[numbers]

    @cached_property
    def thinning(self) -> dict[str, float]:
        """The share of records that keep each field."""
        return {name: share for name, share in self.expected.fill.items() if f"{self.source}.{name}" not in APART}

    def write(
        self,
        body: Body,
        event_ms: Ints,
        *,
        visits: Visits | None = None,
        since_ms: Ints | None = None,
        until_ms: Ints | None = None,
        known: Ints | None = None,
        end: str = "",
        amended: float = 0.0,
        also: dict[str, Ints] | None = None,
        person: Ints | None = None,
        place: Ints | None = None,
    ) -> Sheet:
        """A sheet of records. `visits`: of which they tell, from their start (or `since_ms`) on; of no stay without.
        `end`: the field that holds its end, of which a record without it knows nothing; whoever tells an end does so
        when it has come. `amended`: of the records with an end, so many were sent without it before."""
        count = len(event_ms)
        columns: dict[str, Any] = told(count)
        if visits is not None:
            columns |= {"person": visits.person, "place": visits.place, "said_since_ms": visits.since_ms}
            if end:
                columns["said_until_ms"] = visits.until_ms
        given = {
            "said_since_ms": since_ms, "said_until_ms": until_ms, "knows": known, "person": person, "place": place,
        }  # fmt: skip
        columns |= {name: np.array(column) for name, column in given.items() if column is not None}
        sheet = Sheet(self.source, dict(body), event_ms, event_ms, **columns, also=also or {})
        self.thin(sheet, end, amended)
        if end:
            ends = np.asarray(sheet.body[end])
            sheet.event_ms = np.where(ends != UNKNOWN_MS, ends, event_ms)
        self.arrive(sheet)
        return self._amend(sheet, end, event_ms, amended) if amended and len(sheet) else sheet

    def records(self, end: str, amended: float) -> float:
        """How many records make up the day's volume, if so many of those that have an end are sent twice."""
        return self.volume / (1 + amended * self._ended(end, amended))

    def _ended(self, end: str, amended: float) -> float:
        """The share of records whose end is told, so that of their versions the expected share tells it."""
        share = self.thinning.get(end, 1.0)
        return min(1.0, share / (1 - share * amended)) if amended else share

    def thin(self, sheet: Sheet, end: str = "", amended: float = 0.0) -> None:
        """Takes fields out of so many records that the expected share of all keeps them."""
        for name, share in self.thinning.items():
            if name not in sheet.body:
                continue
            if name == end:
                share = self._ended(end, amended)
            column = cells(sheet.body[name])
            there = _there(column)
            lost = there & (self.rng.random(len(column)) >= share * len(column) / max(1, int(there.sum())))
            sheet.body[name] = _without(column, lost)
            if name == end:
                sheet.said_until_ms = np.where(lost, UNKNOWN_MS, sheet.said_until_ms)
                if sheet.also:
                    gone = lost[sheet.also["row"]]
                    sheet.also["said_until_ms"] = np.where(gone, UNKNOWN_MS, sheet.also["said_until_ms"])

    def lateness(self, count: int) -> Ints:
        """Milliseconds from event to arrival."""
        middle, late = self.expected.lateness_s
        delays = self.rng.lognormal(log(middle), log(late / middle) / P95_SIGMAS, count)
        return (delays * SECOND_MS).astype(np.int64)

    def arrive(self, sheet: Sheet) -> None:
        sheet.arrival_ms = sheet.event_ms + self.lateness(len(sheet))

    def _amend(self, sheet: Sheet, end: str, began_ms: Ints, amended: float) -> Sheet:
        """The sheet, and before it the first versions of some records that were sent again when their end came."""
        rows = np.flatnonzero((np.asarray(sheet.body[end]) != UNKNOWN_MS) & self.share(len(sheet), amended))
        first = picked(sheet, rows)
        first.event_ms = began_ms[rows]
        first.body[end] = np.full(len(rows), UNKNOWN_MS)
        first.said_until_ms = np.full(len(rows), UNKNOWN_MS)
        if first.also:
            first.also["said_until_ms"] = np.full(len(first.also["row"]), UNKNOWN_MS)
        self.arrive(first)
        sheet.version[rows] = 2
        return stacked([first, sheet])


def _there(column: Any) -> Any:
    if column.dtype == np.int64:
        return column != UNKNOWN_MS
    return ~np.isnan(column) if column.dtype.kind == "f" else ~absent(column)


def _without(column: Any, lost: Any) -> Any:
    nothing = UNKNOWN_MS if column.dtype == np.int64 else np.nan if column.dtype.kind == "f" else None
    return np.where(lost, nothing, column)


_NAMED: dict[str, tuple[Places, Texts]] = {}


def named(city: City, column: str) -> Texts:
    """A text column of the places, one more at the end for no place; None for an empty text."""
    kept = _NAMED.get(column)
    if kept is None or kept[0] is not city.places:
        values = getattr(city.places, column)
        kept = _NAMED[column] = city.places, texts([*(text or None for text in values), None])
    return kept[1]


def at_ground(day: Day, *grounds: Ground) -> Any:
    """Which of the day's visits are on these grounds."""
    return np.isin(day.city.places.ground[day.visits.place], [int(g) for g in grounds])
