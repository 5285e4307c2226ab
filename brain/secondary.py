"""Secondary sources: which close contacts pass contact on, and since when (rules.md section 7).

In: persons whose contact rows, case or isolation changed. Out: their state as sources of degree 2.
Invariant: a source's window opens with the earliest first exposure among all their cases.
Deliberately absent: the tracing itself, which is that of degree 1 with another window and other places.
"""

from __future__ import annotations

import numpy as np

from brain.cases import Cases
from brain.circle import certainty
from brain.clinical import Clinical
from brain.contacts import Contacts
from brain.rules import Rules
from brain.runs import Mask, take
from brain.tracing import Source
from schemas.facts import Columns
from schemas.instants import OPEN_MS, UNKNOWN_MS
from schemas.keys import Ints


class Secondary:
    def __init__(self, rules: Rules, clinical: Clinical, cases: Cases, contacts: Contacts) -> None:
        self._rules = rules
        self._clinical = clinical
        self._cases = cases
        self._contacts = contacts
        self._allowed = rules.category_allowed()

    def sources(self, persons: Ints, standing: dict[int, Source]) -> dict[int, Source | None]:
        """Those of these persons whose state as a source differs from the standing one."""
        if len(persons) == 0:
            return {}
        _, rows = self._contacts.table.find("person", persons)
        rows = take(rows, (rows["degree"] == 1) & (self._allowed[rows["pack"], rows["rule"]] == 1))
        rows = take(rows, np.lexsort((rows["source"], rows["first"], rows["person"])))
        fresh = np.ones(len(rows["person"]), np.bool_)
        fresh[1:] = rows["person"][1:] != rows["person"][:-1]
        rows = take(rows, fresh)
        isolated = self._clinical.isolated_at(rows["person"], rows["first"])
        until = np.where(isolated == UNKNOWN_MS, OPEN_MS, isolated)
        now: dict[int, Source | None] = dict.fromkeys(standing.keys() & set(persons.tolist()))
        columns = (rows["person"], rows["first"], until, rows["pack"], rows["source"])
        for person, since, end, pack, root in zip(*(c.tolist() for c in columns), strict=True):
            if since < end and person not in self._cases.standing:
                now[person] = Source(since, end, pack, root)
        return {person: source for person, source in now.items() if source != standing.get(person)}

    def keep(self, rows: Columns, pack: Ints) -> Mask:
        """Which presences of a source count: those in the pack's kinds of places."""
        return self._rules.secondary_kinds[pack, rows["kind"]]

    def judge(self, hot: Columns, other: Columns) -> Columns:
        """Everybody there is in the circle of degree 2."""

        rule = self._rules.secondary_rule[hot["pack"]]
        sure = np.minimum(certainty(hot["flags"]), certainty(other["flags"]))
        inside = np.ones(len(rule), np.int64)
        return {"rule": rule, "result": self._rules.result[rule], "inside": inside, "certainty": sure}

    def eligible(self, persons: Ints) -> Mask:
        """Who can be a secondary contact: nobody who is a case or a close contact already."""
        of, rows = self._contacts.table.find("person", persons)
        barred = np.isin(persons, np.array(sorted(self._cases.standing), np.int64))
        barred[of[rows["degree"] == 1]] = True
        return ~barred
