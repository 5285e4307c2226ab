"""Deadlines: who is told of a transfer that is late, and who answers for it now (transfers.md section 6).

In: ways whose clock may run otherwise, acknowledgements, duties, and ticks by which time arrives. Out: escalations that
close and that are raised.
Invariant: what an escalation says is a function of its way, of duties and acknowledgements; a tick only lets those show
whose instant has come, and judges no way anew.
Deliberately absent: a clock.
"""

from __future__ import annotations

import numpy as np

from brain.capacity import Key
from brain.homes import AREAS, Homes
from brain.identity import Identity
from brain.outcomes import Way
from brain.rules import Rules
from brain.runs import Table, concat, distinct, take
from brain.turns import belonging, found, rows_of, turn, union
from schemas.facts import FACT_COLUMNS, Columns
from schemas.instants import MINUTE_MS, OPEN_MS, UNKNOWN_MS
from schemas.keys import Ints, mix
from schemas.statements import TransferRules
from schemas.transfers import DutyRole

TABLES = ("acks", "ticks")
ESCALATION = ("person", "purpose", "level", "role", "owner", "raised", "since", "until", "pack")
LEVELS = range(len(DutyRole))
Duty = tuple[int, int, int, int]
"""(role, since, until, owner)"""
Rung = tuple[int, int, int, int, int, int]
"""(level, role, owner, raised, since, until)"""


class Clock:
    """The minutes of a pack, as milliseconds: the warning before the deadline, and how long a level has to answer."""

    def __init__(self, rules: TransferRules) -> None:
        answers = (
            rules.answer_building_minutes, rules.answer_grid_minutes,
            rules.answer_secretary_minutes, rules.answer_cadre_minutes,
        )  # fmt: skip
        self.warning_ms = rules.warning_minutes.value * MINUTE_MS
        self.answers_ms = tuple(minutes.value * MINUTE_MS for minutes in answers)


def climb(clock: Clock, due_ms: int, ended_ms: int, acks: list[int], duties: list[Duty]) -> set[Rung]:
    """Every level that a way reaches, ever, with everybody who holds it. A pure function; a row shows once its `since`
    has come."""
    warned_ms = due_ms - clock.warning_ms
    close = ended_ms if ended_ms != UNKNOWN_MS else OPEN_MS
    close = min([close, *(at for at in acks if at >= warned_ms)])
    rungs: set[Rung] = set()
    raised = warned_ms
    for level in LEVELS:
        role = max(level, int(DutyRole.building_head))
        mine = [duty for duty in duties if duty[0] == role]
        if level == 1:
            raised = due_ms
        if raised >= close:
            break
        for _, since, until, owner in mine:
            low, high = max(raised, since), min(close, until)
            if low < high:
                rungs.add((level, role, owner, raised, low, high))
        held = any(since <= raised < until for _, since, until, _ in mine)
        if not held:
            high = min([close, *(since for _, since, _, _ in mine if since > raised)])
            rungs.add((level, role, 0, raised, raised, high))
        elif 0 < level <= len(clock.answers_ms):
            raised += clock.answers_ms[level - 1]
    return rungs


class Deadlines:
    """Shape: `rows` of all levels that ways reach, also in times to come; those show whose `since` has come."""

    def __init__(self, rules: Rules, identity: Identity, homes: Homes) -> None:
        self._identity = identity
        self._homes = homes
        self._clocks = [Clock(pack.transfer) for pack in rules.packs]
        self.tables = {name: Table("rec", *FACT_COLUMNS[name]) for name in TABLES}
        self.now_ms = UNKNOWN_MS
        self.rows = Table(*ESCALATION)

    def change(self, new: dict[str, Columns], fallen: Ints, moved: Ints) -> Ints:
        """Takes in acknowledgements and ticks, drops those of fallen records. Out: persons whose acknowledgements
        changed."""
        acks = turn(self.tables["acks"], new["acks"], fallen) + found(self.tables["acks"], "ident", moved)
        if turn(self.tables["ticks"], new["ticks"], fallen):
            ticks = self.tables["ticks"].column("at_ms")
            self.now_ms = int(ticks.max()) if len(ticks) else UNKNOWN_MS
        return union([self._identity.resolve(rows["ident"], rows["at_ms"]) for rows in acks])

    def step(self, persons: Ints, ways: list[Way], before_ms: int) -> tuple[Columns, Columns]:
        """Judges the deadlines of these persons, all of whose ways on the clock are given. Out: (escalations that
        close, escalations that are raised), by what shows now and what showed before."""
        old = self.rows.remove("person", persons)
        turned = self._turned(before_ms)
        new = self._climbed(persons, ways)
        self.rows.add(new)
        old, shown = take(old, old["since"] <= before_ms), take(new, new["since"] <= self.now_ms)
        was, now = (mix(*(rows[name] for name in ESCALATION)) for rows in (old, shown))
        gone, come = take(old, ~np.isin(was, now)), take(shown, ~np.isin(now, was))
        passed = self.now_ms > before_ms
        closed = [gone] if passed else [gone, turned]
        raised = [come, turned] if passed else [come]
        return concat(ESCALATION, closed), concat(ESCALATION, raised)

    def shown(self) -> Columns:
        """The rows whose `since` has come."""
        rows = self.rows.all()
        return take(rows, rows["since"] <= self.now_ms)

    def _turned(self, before_ms: int) -> Columns:
        """The rows whose instant lies between what was now and what is now."""
        low, high = sorted((before_ms, self.now_ms))
        return self.rows.between("since", low, high)

    def _climbed(self, persons: Ints, ways: list[Way]) -> Columns:
        """The rows of these ways. `persons`: all who are judged, with or without a way."""
        people = np.array([way.person for way in ways], np.int64)
        homes = self._homes.settle(persons, people, np.array([way.needed_ms for way in ways], np.int64))
        rows: list[tuple[int, ...]] = []
        acks, duties = self._acks(people), self._duties(homes)
        for way, *areas in zip(ways, *(homes[name].tolist() for name in AREAS), strict=True):
            told = acks.get((way.person, way.purpose), [])
            mine = [duty for area in areas if area for duty in duties.get(area, ())]
            rungs = climb(self._clocks[way.pack], way.due_ms, way.course.ended_ms, told, mine)
            rows += [(way.person, way.purpose, *rung, way.pack) for rung in rungs]
        columns = np.array(rows, np.int64).reshape(-1, len(ESCALATION)).T
        return dict(zip(ESCALATION, columns, strict=True))

    def _acks(self, persons: Ints) -> dict[Key, list[int]]:
        """When somebody took each way on."""
        people = distinct(persons)
        rows = belonging(self._identity, self.tables["acks"], people, self._identity.idents_of(people), "at_ms")
        found: dict[Key, list[int]] = {}
        for of, purpose, at_ms in rows_of(rows, "of", "purpose", "at_ms"):
            found.setdefault((int(people[of]), purpose), []).append(at_ms)
        return found

    def _duties(self, homes: Columns) -> dict[int, list[Duty]]:
        """The duties for each area of these homes."""
        areas = distinct(*(homes[name] for name in AREAS))
        rows = self._homes.holders(areas)
        found: dict[int, list[Duty]] = {}
        for area, *duty in rows_of(rows, "area", "role", "since_ms", "until_ms", "owner"):
            role, since, until, owner = duty
            found.setdefault(area, []).append((role, since, until, owner))
        return found
