"""Contacts: what the exposures of two people add up to (rules.md sections 6 and 7).

In: pairs whose exposures changed. Out: their contact rows before and after.
Invariant: a contact row is a function of the pair's exposures, the rules and who is already more than a contact.
Deliberately absent: the person's class over all sources (brain/persons.py).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from brain.rules import Rules
from brain.runs import Mask, Table, distinct, groups, take
from brain.tracing import Tracing
from schemas.codes import PersonClass
from schemas.facts import Columns
from schemas.instants import OPEN_MS
from schemas.keys import Ints, mix

CONTACT = (
    "pair", "source", "person", "degree", "root", "result", "rule", "certainty",
    "first", "last", "overlap", "count", "pack",
)  # fmt: skip


def union_length(since: Ints, until: Ints, starts: Ints, group: Ints) -> Ints:
    """Length of the union of each group's intervals. Rows must be ordered by (group, since)."""
    if len(since) == 0:
        return np.zeros(0, np.int64)
    # A running maximum per group: ends are replaced by their rank, so that group and end fit one integer.
    ends, rank = np.unique(until, return_inverse=True)
    running = np.maximum.accumulate(group * (len(ends) + 1) + rank)
    reached = ends[running % (len(ends) + 1)]
    before = np.concatenate([since[:1], reached[:-1]])
    before[starts] = since[starts]
    return np.add.reduceat(np.maximum(0, until - np.maximum(since, before)), starts)


class Contacts:
    """The contact rows of one degree of tracing. `eligible` says which persons may have such rows."""

    def __init__(self, rules: Rules, tracing: Tracing, degree: int, eligible: Callable[[Ints], Mask]) -> None:
        self._rules = rules
        self._tracing = tracing
        self._degree = degree
        self._eligible = eligible
        self.table = Table(*CONTACT)
        self.decided: Columns = {}
        """The exposures that decide the pairs of the last step."""

    def step(self, pairs: Ints) -> tuple[Columns, Columns]:
        """Recomputes these pairs. Out: (rows that no longer hold, rows that hold now), without unchanged ones."""
        if len(pairs) == 0:
            self.decided = self._tracing.exposures.none()
            return self.table.none(), self.table.none()
        _, old = self.table.find("pair", pairs)
        new, self.decided = self._conclude(pairs)
        before, after = _row_keys(old), _row_keys(new)
        gone = take(old, ~np.isin(before, after))
        come = take(new, ~np.isin(after, before))
        self.table.remove("pair", gone["pair"])
        self.table.add(come)
        return gone, come

    def deciding(self) -> Columns:
        """The exposures that every contact row rests on."""
        pairs = self.table.all()["pair"]
        return self._conclude(distinct(pairs))[1]

    def _conclude(self, pairs: Ints) -> tuple[Columns, Columns]:
        """(contact rows of these pairs, the exposures that decide them)."""
        _, rows = self._tracing.exposures.find("pair", pairs)
        rows = take(rows, rows["source"] != rows["person"])
        rows = take(rows, self._eligible(rows["person"]))
        order, starts, group = groups(rows["pair"], rows["rule"], rows["inside"])
        by_since = order[np.lexsort((rows["since"][order], group))]
        rows = take(rows, by_since)
        length = union_length(rows["since"], rows["until"], starts, group)
        rule, inside = rows["rule"][starts], rows["inside"][starts]
        enough = (inside == 0) | (length >= self._rules.overlap_ms[rule])
        within = np.where(enough, self._rules.result[rule], self._rules.below[rule])
        value = np.where(inside == 0, self._rules.rest[rule], within)
        of_pair, pair_starts, pair = groups(rows["pair"][starts])
        best = np.maximum.reduceat(value[of_pair], pair_starts) if len(of_pair) else value
        level = np.zeros(len(starts), np.int64)
        level[of_pair] = best[pair]
        decides = (value == level) & (level > PersonClass.none)
        deciding = take(rows, decides[group])
        leading = self._leading(rows, starts, length, decides)
        return self._summarise(deciding, rows["rule"][starts[leading]], level[leading]), deciding

    def _leading(self, rows: Columns, starts: Ints, length: Ints, decides: Mask) -> Ints:
        """The deciding group of each pair whose rule is named: surest, then longest, then least rule id."""
        certainty = np.maximum.reduceat(rows["certainty"], starts) if len(starts) else starts
        at = np.flatnonzero(decides)
        name = self._rules.name_order[rows["rule"][starts[at]]]
        at = at[np.lexsort((name, -length[at], -certainty[at], rows["pair"][starts[at]]))]
        pair = rows["pair"][starts[at]]
        return at[np.concatenate([[True], pair[1:] != pair[:-1]])] if len(at) else at

    def _summarise(self, deciding: Columns, rule: Ints, result: Ints) -> Columns:
        """One row per pair. `rule` and `result`: of each pair, in the order of pairs."""
        order, starts, group = groups(deciding["pair"])
        by_since = order[np.lexsort((deciding["since"][order], group))]
        rows = take(deciding, by_since)
        if len(starts) == 0:
            return {name: np.zeros(0, np.int64) for name in CONTACT}
        last = np.maximum.reduceat(rows["until"], starts)
        overlap = union_length(rows["since"], rows["until"], starts, group)
        sources = self._tracing.sources
        return {
            "pair": rows["pair"][starts],
            "source": rows["source"][starts],
            "person": rows["person"][starts],
            "degree": np.where(result == PersonClass.close, 1, 2 * (self._degree == 2)),
            "root": np.array([sources[s].root for s in rows["source"][starts].tolist()], np.int64),
            "result": result,
            "rule": rule,
            "certainty": np.maximum.reduceat(rows["certainty"], starts),
            "first": rows["since"][starts],
            "last": last,
            "overlap": np.where(last >= OPEN_MS, OPEN_MS, overlap),
            "count": np.diff(np.append(starts, len(group))),
            "pack": rows["pack"][starts],
        }


def _row_keys(rows: Columns) -> Ints:
    return mix(*(rows[name] for name in CONTACT))
