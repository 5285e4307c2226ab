"""Holds: who must wait for a test of their own, since a pool of theirs is positive or they bought such a medicine
(rules.md section 10).

In: persons whose clinical facts changed, with those facts. Out: holds that open and are released, and why.
Invariant: a hold is a function of the person's standing facts and the packs; it is no case and no class.
Deliberately absent: time that passes by itself; only a test, or a fact taken back, ends a hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from brain.cases import Cases
from brain.clinical import Clinical, Dossier
from brain.rules import Rules
from brain.runs import concat, distinct, groups, take
from schemas.facts import Columns
from schemas.instants import UNKNOWN_MS
from schemas.keys import Ints

POOL, MEDICINE = "pool", "medicine"
REASONS = (POOL, MEDICINE)
GROUND = ("of", "at", "rec")
Standing = dict[tuple[int, str], "Hold"]
"""By person and reason."""


class Hold(NamedTuple):
    """One row of the view `holds`, of which there are tens of thousands. `sampled_from_ms`: the earliest sampling of a
    single tube that ends it."""

    since_ms: int
    sampled_from_ms: int
    pack: int
    records: tuple[int, ...]


@dataclass(frozen=True)
class Turn:
    """A hold that opened, or was released because of `why`: negative, case or retracted."""

    person: int
    reason: str
    hold: Hold
    why: str = ""


class Holds:
    """Shape: `standing`, every hold that nothing has ended."""

    def __init__(self, rules: Rules, clinical: Clinical, cases: Cases) -> None:
        self._rules = rules
        self._clinical = clinical
        self._cases = cases
        self.standing: Standing = {}

    def holding(self, person: int) -> bool:
        """Whether this person is on hold."""
        return any((person, reason) in self.standing for reason in REASONS)

    def step(self, persons: Ints, dossier: Dossier) -> list[Turn]:
        """Recomputes these persons from their facts; cases have been already."""
        grounds = {POOL: self._pooled(dossier.samples), MEDICINE: self._bought(dossier.purchases)}
        waiting = self._unreleased(len(persons), grounds, dossier.samples)
        found: Standing = {}
        for reason, rows in waiting.items():
            for of, hold in self._holds(rows, 1 if reason == MEDICINE else 0):
                if (person := int(persons[of])) not in self._cases.standing:
                    found[person, reason] = hold
        keys = [(person, reason) for person in persons.tolist() for reason in REASONS]
        before = {key: self.standing.pop(key) for key in keys if key in self.standing}
        self.standing.update(found)
        turns = [Turn(*key, found[key]) for key in found.keys() - before.keys()]
        held = {reason: set(persons[distinct(rows["of"])].tolist()) for reason, rows in grounds.items()}
        for person, reason in before.keys() - found.keys():
            tested = "negative" if person in held[reason] else "retracted"
            why = "case" if person in self._cases.standing else tested
            turns.append(Turn(person, reason, before[person, reason], why))
        return sorted(turns, key=lambda turn: (turn.person, turn.reason))

    def _pooled(self, samples: Columns) -> Columns:
        """What holds those who are in a positive tube that is no single specimen: their samples, and its results."""
        rows = take(samples, (samples["positive"] == 1) & (samples["single"] == 0))
        order, starts, group = groups(rows["of"], rows["tube"])
        rows = take(rows, order)
        latest = np.maximum.reduceat(rows["sampled_ms"], starts) if len(starts) else starts
        rows["at"] = latest[group]
        rows = take(rows, self._rules.pool_hold[self._rules.series.in_force(rows["at"])])
        tube, results = self._clinical.positives(rows["tube"])
        return concat(GROUND, [rows, {"of": rows["of"][tube], "at": rows["at"][tube], "rec": results["rec"]}])

    def _bought(self, purchases: Columns) -> Columns:
        """What holds those who bought one of the pack's medicines."""
        pack = self._rules.series.in_force(purchases["bought_ms"])
        rows = take(purchases, self._rules.medicine_hold[pack, purchases["category"]])
        return {"of": rows["of"], "at": rows["bought_ms"], "rec": rows["rec"]}

    def _unreleased(self, count: int, grounds: dict[str, Columns], samples: Columns) -> dict[str, Columns]:
        """What no negative single specimen ends: one sampled with the pool or after it, or after the purchase."""
        asking = np.zeros(count, np.bool_)
        for rows in grounds.values():
            asking[rows["of"]] = True
        negative = take(samples, (samples["negative"] == 1) & asking[samples["of"]])
        negative = take(negative, self._clinical.single(negative))
        last = np.full(count, UNKNOWN_MS, np.int64)
        np.maximum.at(last, negative["of"], negative["sampled_ms"])
        pooled, bought = grounds[POOL], grounds[MEDICINE]
        return {
            POOL: take(pooled, pooled["at"] > last[pooled["of"]]),
            MEDICINE: take(bought, bought["at"] >= last[bought["of"]]),
        }

    def _holds(self, rows: Columns, later_ms: int) -> Iterator[tuple[int, Hold]]:
        """One hold for each person in `of`."""
        rows = take(rows, np.lexsort((rows["at"], rows["of"])))
        _, starts, _ = groups(rows["of"])
        ends = np.append(starts, len(rows["of"]))[1:]
        order, first, _ = groups(rows["of"], rows["rec"])
        told = take(rows, order[first])
        low = np.searchsorted(told["of"], rows["of"][starts])
        high = np.append(low, len(told["of"]))[1:]
        columns = rows["of"][starts], rows["at"][starts], rows["at"][ends - 1], low, high
        pack, records = self._rules.series.in_force(columns[2]), told["rec"].tolist()
        for of, since, latest, low, high, number in zip(*(c.tolist() for c in (*columns, pack)), strict=True):
            yield of, Hold(since, latest + later_ms, number, tuple(records[low:high]))
