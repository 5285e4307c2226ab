"""Held: the sheets of a day until their records have come, without those of stays that were cut short meanwhile.

In: sheets as desks write them at the beginning of a day; who has left the city's life since. Out: what has arrived.
Invariant: a record of a stay that did not begin is never written; one of a stay that was cut short tells the true end.
Deliberately absent: records that tell of no stay; they are left alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from replay.city.model import AT_LARGE_MS, Visits
from replay.faults.struck import FaultRow
from replay.sheets import Sheet, picked
from schemas.departments import sources
from schemas.instants import UNKNOWN_MS
from schemas.keys import Ints

Span = tuple[int, int, int]
"""Person, since, until: out of the city's life. Units: UTC epoch milliseconds."""


class Absences:
    """Who is out of the city's life, from when to when."""

    def __init__(self, people: int) -> None:
        self._rounds: list[tuple[Ints, Ints]] = []
        self._people = people

    def leave(self, person: int, at_ms: int) -> None:
        """From then on; whoever is out already stays out since then."""
        for since, until in self._rounds:
            if until[person] == AT_LARGE_MS and since[person] != AT_LARGE_MS:
                since[person] = min(since[person], at_ms)
                return
            if since[person] == AT_LARGE_MS:
                since[person] = at_ms
                return
        self._rounds.append((np.full(self._people, AT_LARGE_MS), np.full(self._people, AT_LARGE_MS)))
        self._rounds[-1][0][person] = at_ms

    def come_back(self, person: int, at_ms: int) -> None:
        for since, until in self._rounds:
            if since[person] != AT_LARGE_MS and until[person] == AT_LARGE_MS:
                until[person] = at_ms

    def spans(self) -> list[Span]:
        found: list[Span] = []
        for since, until in self._rounds:
            found += [(p, int(since[p]), int(until[p])) for p in np.flatnonzero(since != AT_LARGE_MS).tolist()]
        return sorted(found)

    def ends(self, person: Ints, since_ms: Ints, until_ms: Ints) -> Ints:
        """The true ends of stays: before their starts where they did not begin. `person`: −1 for none."""
        found, known = until_ms.copy(), np.maximum(person, 0)
        for since, until in self._rounds:
            out, back = since[known], until[known]
            met = (person >= 0) & (person < self._people) & (since_ms < back) & (until_ms > out)
            found = np.where(met, np.minimum(found, np.where(since_ms >= out, UNKNOWN_MS, out)), found)
        return found

    def cut(self, visits: Visits) -> Visits:
        """The stays as they truly were."""
        until = self.ends(visits.person, visits.since_ms, visits.until_ms)
        return Visits(**{**vars(visits), "until_ms": until}).where(until > visits.since_ms)


@dataclass
class Held:
    """One sheet of a day. `kept`: rows that were written so far."""

    sheet: Sheet
    day: int
    struck: Sequence[FaultRow] = ()
    kept: list[Ints] = field(default_factory=list)
    _order: Ints = field(init=False)
    _given: int = 0

    def __post_init__(self) -> None:
        self._order = np.argsort(self.sheet.arrival_ms, kind="stable")

    def arrived(self, since_ms: int, until_ms: int, absences: Absences) -> Sheet | None:
        """What arrives before `until_ms` and was not given before; none of it before `since_ms`."""
        sheet = self.sheet
        end = int(np.searchsorted(sheet.arrival_ms[self._order], until_ms))
        rows, self._given = self._order[self._given : end], max(end, self._given)
        if not len(rows):
            return None
        rows = rows[self._true(rows, absences)]
        self.kept.append(rows)
        sheet.arrival_ms[rows] = np.maximum(sheet.arrival_ms[rows], since_ms)
        return picked(sheet, rows) if len(rows) else None

    def left(self) -> Ints:
        """When what was not given yet arrives."""
        return self.sheet.arrival_ms[self._order[self._given :]]

    def written(self) -> Sheet:
        """All that was given."""
        rows = np.sort(np.concatenate([np.zeros(0, np.int64), *self.kept]))
        return picked(self.sheet, rows)

    def _true(self, rows: Ints, absences: Absences) -> npt.NDArray[np.bool_]:
        """Which of the rows tell of stays that began; ends that came sooner are mended."""
        sheet = self.sheet
        since, until = sheet.said_since_ms[rows], sheet.said_until_ms[rows]
        tells = (sheet.person[rows] >= 0) & (since > 0)
        open_end = np.where(until == UNKNOWN_MS, since + 1, until)
        ends = absences.ends(np.where(tells, sheet.person[rows], -1), since, open_end)
        began: npt.NDArray[np.bool_] = ~tells | (ends > since)
        short = tells & (ends > since) & (ends < open_end) & (until != UNKNOWN_MS)
        for _, end in sources()[sheet.source].intervals:
            if end in sheet.body:
                column = np.asarray(sheet.body[end])
                told = short & (column[rows] == until)
                column[rows[told]] = ends[told]
                sheet.event_ms[rows[told]] = np.minimum(sheet.event_ms[rows[told]], ends[told])
        sheet.said_until_ms[rows[short]] = ends[short]
        return began
