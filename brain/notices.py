"""Notices: the events of a step, as differences between what stood before and what stands now.

In: cases, contact rows, leads, holds and findings before and after. Out: a table of events (schemas/events.py).
Invariant: whatever no longer follows is retracted by an event of its own; lowering an isolated person asks a human.
Deliberately absent: exposures one by one; the view has them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from brain.cases import Case
from brain.clinical import Clinical
from brain.findings import Finding, Turns
from brain.holds import Turn
from brain.identity import Review
from brain.outcomes import Way
from brain.persons import Persons
from brain.rules import Rules
from brain.runs import distinct, size
from brain.transfers import Turned
from schemas.codes import PersonClass
from schemas.events import EVENT_SCHEMA
from schemas.facts import Columns
from schemas.instants import UNKNOWN_MS
from schemas.keys import Ints
from schemas.transfers import Purpose, TransferFlag, TransferState

Changes = tuple[Columns, Columns]
_NOTHING = EVENT_SCHEMA.empty_table()
_ASKS = int(TransferFlag.without_ground | TransferFlag.impossible)
"""Flags of a transfer that a human must look into."""


class Notices:
    """Remembers each person's class and the open reviews, to tell what changed."""

    def __init__(self, rules: Rules, clinical: Clinical, persons: Persons, reviews: Callable[[], list[Review]]) -> None:
        self._rules = rules
        self._clinical = clinical
        self._persons = persons
        self._open_reviews = reviews
        self._class: dict[int, int] = {}
        self._reviews: set[Review] = set()

    def take(
        self,
        cases: dict[int, tuple[Case | None, Case | None]],
        degrees: tuple[Changes, Changes],
        touched: Ints,
        leads: Changes,
        turns: list[Turn],
        findings: Turns,
        transfers: Turned,
    ) -> pa.Table:
        """The events of a step. `touched`: whose class may have changed, but for those of degree 2."""
        rows: list[tuple[Any, ...]] = [self._case(person, *pair) for person, pair in sorted(cases.items())]
        for gone, come in degrees:
            rows += self._contacts(gone, come)
        rows += self._classes(distinct(touched, *(found["person"] for found in degrees[1])))
        for kind, found in zip(("lead_closed", "lead_opened"), leads, strict=True):
            rows += [self._lead(kind, found, at) for at in range(size(found))]
        rows += [_hold(turn) for turn in turns]
        for kind, turned in zip(("finding_closed", "finding_opened"), findings, strict=True):
            rows += [_finding(kind, finding) for finding in sorted(turned)]
        rows += [_way(*turned) for turned in transfers.ways if _told(turned[1]) != _told(turned[2])]
        for kind, escalations in (("escalation_closed", transfers.closed), ("escalation_raised", transfers.raised)):
            rows += sorted(_escalation(kind, escalations, at) for at in range(size(escalations)))
        rows += self._review_changes()
        if not rows:
            return _NOTHING
        columns: list[Any] = list(zip(*rows, strict=True))
        return pa.table([pa.array(c, f.type) for c, f in zip(columns, EVENT_SCHEMA, strict=True)], schema=EVENT_SCHEMA)

    @staticmethod
    def _case(person: int, before: Case | None, after: Case | None) -> tuple[Any, ...]:
        kind = "case_changed" if before and after else "case_opened" if after else "case_retracted"
        levels = [int(PersonClass.case) if c else 0 for c in (before, after)]
        said = after or before
        assert said is not None
        return kind, person, 0, 0, *levels, said.since_ms, said.until_ms, said.rule, False

    def _contacts(self, gone: Columns, come: Columns) -> list[tuple[Any, ...]]:
        before = {int(p): at for at, p in enumerate(gone["pair"])} if size(gone) else {}
        rows = []
        for at, pair in enumerate(come["pair"].tolist()):
            old = before.pop(pair, None)
            level = int(gone["result"][old]) if old is not None else 0
            kind = "contact_found" if old is None else "contact_changed"
            rows.append(self._contact(kind, come, at, level, int(come["result"][at])))
        rows += [self._contact("contact_retracted", gone, at, int(gone["result"][at]), 0) for at in before.values()]
        return rows

    def _contact(self, kind: str, rows: Columns, at: int, before: int, after: int) -> tuple[Any, ...]:
        person, source, degree = (int(rows[name][at]) for name in ("person", "source", "degree"))
        since, until = int(rows["first"][at]), int(rows["last"][at])
        rule = self._rules.names[int(rows["rule"][at])]
        return kind, person, source, degree, before, after, since, until, rule, False

    def _lead(self, kind: str, rows: Columns, at: int) -> tuple[Any, ...]:
        person, source, since, until = (int(rows[name][at]) for name in ("person", "source", "first", "last"))
        rule = self._rules.packs[int(rows["pack"][at])].companion.rule
        return kind, person, source, 0, 0, 0, since, until, rule, False

    def _classes(self, persons: Ints) -> list[tuple[Any, ...]]:
        if len(persons) == 0:
            return []
        now = self._persons.rows(persons)
        level = dict(zip(now["person"].tolist(), now["class"].tolist(), strict=True))
        changed = [p for p in persons.tolist() if self._class.get(p, 0) != level.get(p, 0)]
        lowered = np.array([p for p in changed if level.get(p, 0) < self._class.get(p, 0)], np.int64)
        isolated = self._isolated(lowered)
        rows = []
        for person in changed:
            before, after = self._class.pop(person, 0), level.get(person, 0)
            if after:
                self._class[person] = after
            kind = "person_raised" if after > before else "person_lowered"
            rows.append((kind, person, 0, 0, before, after, UNKNOWN_MS, UNKNOWN_MS, "", person in isolated))
        return rows

    def _isolated(self, persons: Ints) -> set[int]:
        """Those who have ever been admitted to isolation."""
        return set(persons[distinct(self._clinical.stays(persons)["of"])].tolist()) if len(persons) else set()

    def _review_changes(self) -> list[tuple[Any, ...]]:
        now = set(self._open_reviews())
        rows = []
        for kind, changed in (("review_opened", now - self._reviews), ("review_closed", self._reviews - now)):
            rows += [(kind, r[1], 0, 0, 0, 0, r[2], UNKNOWN_MS, r[0], False) for r in sorted(changed)]
        self._reviews = now
        return rows


def _hold(turn: Turn) -> tuple[Any, ...]:
    kind, said = ("hold_released", f"{turn.reason}/{turn.why}") if turn.why else ("hold_opened", turn.reason)
    return kind, turn.person, 0, 0, 0, 0, turn.hold.since_ms, UNKNOWN_MS, said, False


def _finding(kind: str, found: Finding) -> tuple[Any, ...]:
    return kind, found.record, found.person, 0, 0, 0, found.since_ms, UNKNOWN_MS, found.kind, False


def _told(way: Way | None) -> tuple[int, ...] | None:
    """What of a way everybody must be told of when it changes."""
    if way is None:
        return None
    course = way.course
    return way.state, way.flags, course.run, course.vehicle, course.site, course.room, way.needed_ms, way.due_ms


def _way(key: tuple[int, int], before: Way | None, after: Way | None) -> tuple[Any, ...]:
    states = [way.state if way else int(TransferState.none) for way in (before, after)]
    fresh = (after.flags if after else 0) & ~(before.flags if before else 0)
    said = after or before
    assert said is not None
    word = TransferState(states[1]).name
    return "transfer_changed", *key, 0, *states, said.needed_ms, said.due_ms, word, bool(fresh & _ASKS)


def _escalation(kind: str, rows: Columns, at: int) -> tuple[Any, ...]:
    person, owner, level, since, until = (int(rows[n][at]) for n in ("person", "owner", "level", "since", "until"))
    return kind, person, owner, level, 0, 0, since, until, Purpose(int(rows["purpose"][at])).name, False
