"""Calls: who must be taken to isolation or to a hospital, since when, and until when (transfers.md section 1).

In: pairs whose contact rows or evidence changed, cases that changed. Out: the calls of given persons.
Invariant: a call is needed from the instant at which the records suffice to say so, whenever they came.
Deliberately absent: what has been done about it (brain/ways.py).
"""

from __future__ import annotations

import numpy as np

from brain.cases import Case, Cases
from brain.contacts import Contacts
from brain.ledger import Ledger
from brain.persons import measures
from brain.rules import Rules
from brain.runs import Table, among, concat, distinct, size, take
from brain.turns import union
from brain.ways import Call
from schemas.codes import PersonClass
from schemas.facts import Columns
from schemas.instants import OPEN_MS, UNKNOWN_MS
from schemas.keys import Ints, mix

GROUND = (
    "pair", "source", "person", "root", "result", "pack", "until", "proved", "source_rec", "contact_rec",
)  # fmt: skip
"""`proved`: when the records of one of the exposures that decide had both happened."""


class Calls:
    """Shape: `grounds`, one row for each contact row that asks for central isolation."""

    def __init__(self, rules: Rules, ledger: Ledger, cases: Cases, degrees: tuple[Contacts, Contacts]) -> None:
        self._rules = rules
        self._ledger = ledger
        self._cases = cases
        self._degrees = degrees
        self.grounds = Table(*GROUND)

    def step(self, pairs: Ints, cases: dict[int, tuple[Case | None, Case | None]]) -> Ints:
        """Recomputes the grounds of these pairs. Out: persons whose calls may have changed."""
        woken = [np.array(list(cases), np.int64)] if cases else []
        known = [p for p, (before, after) in cases.items() if before is None or after is None
                 or before.known_ms != after.known_ms]  # fmt: skip
        if self.grounds.runs and known:
            woken.append(self.grounds.find("root", np.array(known, np.int64))[1]["person"])
        if len(pairs):
            _, old = self.grounds.find("pair", pairs)
            new = concat(GROUND, [self._found(contacts) for contacts in self._degrees])
            before, after = (mix(*(rows[name] for name in GROUND)) for rows in (old, new))
            gone, come = take(old, ~np.isin(before, after)), take(new, ~np.isin(after, before))
            self.grounds.remove("pair", gone["pair"])
            self.grounds.add(come)
            woken += [gone["person"], come["person"]]
        return union(woken)

    def _found(self, contacts: Contacts) -> Columns:
        """The grounds among the pairs that a degree has just recomputed."""
        proofs = contacts.decided
        if size(proofs) == 0:
            return concat(GROUND, [])
        _, rows = contacts.table.find("pair", distinct(proofs["pair"]))
        rows = take(rows, (rows["degree"] > 0) & self._rules.central[rows["pack"], rows["result"]])
        rows = take(rows, np.argsort(rows["pair"]))
        proofs = take(proofs, among(proofs["pair"], rows["pair"]))
        both = [self._ledger.event_ms(proofs[name]) for name in ("source_rec", "contact_rec")]
        proofs = {**proofs, "proved": np.maximum(*both)}
        order = np.lexsort((proofs["contact_rec"], proofs["source_rec"], proofs["proved"], proofs["pair"]))
        first = np.ones(len(order), np.bool_)
        first[1:] = proofs["pair"][order][1:] != proofs["pair"][order][:-1]
        best = take(proofs, order[first])
        until, _ = measures(self._rules, rows["pack"], rows["result"], rows["last"])
        until = np.where(until == UNKNOWN_MS, OPEN_MS, until)
        found = {**rows, "until": until, **{n: best[n] for n in ("proved", "source_rec", "contact_rec")}}
        return {name: found[name] for name in GROUND}

    def hospital(self, person: int) -> tuple[Call, ...]:
        """The call of a case; none of anybody else."""
        case = self._cases.standing.get(person)
        if case is None:
            return ()
        due_ms = case.known_ms + int(self._rules.limit_ms[case.pack, PersonClass.case])
        return (Call(case.known_ms, due_ms, OPEN_MS, int(PersonClass.case), 0, case.pack, case.known),)

    def isolate(self, persons: Ints) -> dict[int, tuple[Call, ...]]:
        """The calls of those of these persons who are contacts, and no cases."""
        _, rows = self.grounds.find("person", persons)
        sick = self._cases.standing
        found: dict[int, tuple[Call, ...]] = {}
        limit = self._rules.limit_ms[rows["pack"], rows["result"]]
        columns = [rows[n] for n in ("person", "root", "proved", "until", "result", "source", "pack")]
        proofs = rows["source_rec"], rows["contact_rec"], limit
        for row in zip(*(c.tolist() for c in (*columns, *proofs)), strict=True):
            person, root, proved, until, result, source, pack, one, other, within = row
            if person not in sick:
                needed = max(proved, sick[root].known_ms)
                call = Call(needed, needed + within, until, result, source, pack, tuple(sorted({one, other})))
                found[person] = (*found.get(person, ()), call)
        return found
