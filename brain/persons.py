"""Persons: the class of everybody concerned, over all their sources (rules.md section 8), and the measures of a class.

In: cases and contact rows. Out: one row per person.
Invariant: the class is the greatest that live evidence supports.
Deliberately absent: lowering anybody by itself; a class that falls is an event (brain/stages.py).
"""

from __future__ import annotations

import numpy as np

from brain.cases import Cases
from brain.clinical import Clinical
from brain.contacts import Contacts
from brain.rules import Rules
from brain.runs import concat, groups, take
from schemas.codes import PersonClass
from schemas.facts import Columns
from schemas.instants import OPEN_MS, UNKNOWN_MS, day_start, local_day
from schemas.keys import Ints

_COLUMNS = ("person", "source", "result", "first", "last", "pack")


def measures(rules: Rules, pack: Ints, result: Ints, last: Ints) -> tuple[Ints, Ints]:
    """(end of isolation, end of monitoring), UNKNOWN_MS where none. Day 0: the local day of the last exposure."""
    day_0 = local_day(last - 1)
    isolation, monitoring = rules.isolation_days[pack, result], rules.monitoring_days[pack, result]
    open_end = last >= OPEN_MS
    isolate = np.where((isolation > 0) & ~open_end, day_start(day_0 + isolation + 1), UNKNOWN_MS)
    monitor = np.where((monitoring > 0) & ~open_end, day_start(day_0 + isolation + monitoring + 1), UNKNOWN_MS)
    return isolate, monitor


def test_days(rules: Rules, pack: Ints, result: Ints, last: Ints) -> list[list[int]]:
    """The local days (numbers since 1970-01-01) on which tests are due."""
    none: list[int] = []
    known: dict[tuple[int, int, int], list[int]] = {}  # few differ, and many share one
    out = []
    rows = zip(pack.tolist(), result.tolist(), last.tolist(), local_day(last - 1).tolist(), strict=True)
    for number, level, end, day_0 in rows:
        if end >= OPEN_MS or end == UNKNOWN_MS:
            out.append(none)
            continue
        key = number, level, day_0
        if key not in known:
            known[key] = sorted({day_0 + d for d in rules.test_days(number, level)})
        out.append(known[key])
    return out


class Persons:
    def __init__(self, rules: Rules, clinical: Clinical, cases: Cases, degrees: tuple[Contacts, Contacts]) -> None:
        self._rules = rules
        self._clinical = clinical
        self._cases = cases
        self._degrees = degrees

    def rows(self, persons: Ints | None = None) -> Columns:
        """The rows of these persons (of everybody: None), those of class none left out. Shape: person, class, sources,
        first, last, isolated, pack; times UNKNOWN_MS for cases."""
        parts = [c.table.all() if persons is None else c.table.find("person", persons)[1] for c in self._degrees]
        rows = concat(_COLUMNS, parts)
        sick = self._cases.standing
        known = np.array(sorted(sick if persons is None else (p for p in persons.tolist() if p in sick)), np.int64)
        rows = take(rows, ~np.isin(rows["person"], known))
        of_cases = self._of_cases(known)
        exposed = self._of_contacts(rows)
        return concat(of_cases, [of_cases, exposed])

    def _of_cases(self, persons: Ints) -> Columns:
        cases = [self._cases.standing[p] for p in persons.tolist()]
        unknown = np.full(len(persons), UNKNOWN_MS, np.int64)
        return {
            "person": persons,
            "class": np.full(len(persons), int(PersonClass.case), np.int64),
            "sources": np.zeros(len(persons), np.int64),
            "first": unknown,
            "last": unknown,
            "isolated": np.array([c.isolated_ms for c in cases], np.int64),
            "pack": np.array([c.pack for c in cases], np.int64),
        }

    def _of_contacts(self, rows: Columns) -> Columns:
        order = np.lexsort((rows["source"], -rows["last"], -rows["result"], rows["person"]))
        rows = take(rows, order)
        _, starts, person = groups(rows["person"])
        rows = take(rows, rows["result"] == rows["result"][starts][person])
        _, starts, person = groups(rows["person"])
        lead = take(rows, starts)
        first = np.minimum.reduceat(rows["first"], starts) if len(starts) else lead["first"]
        return {
            "person": lead["person"],
            "class": lead["result"],
            "sources": np.diff(np.append(starts, len(person))),
            "first": first,
            "last": lead["last"],
            "isolated": self._clinical.isolated_at(lead["person"], first),
            "pack": lead["pack"],
        }
