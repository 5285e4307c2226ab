"""Ledger: which version of every record stands (rules.md section 1).

In: the records of a batch. Out: which of them now stand, which records' earlier facts fall, which are in conflict.
Invariant: the standing version is the greatest by (version, withdrawn, digest), whatever came first.
Deliberately absent: the facts themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from brain.packed import Column, ascending
from brain.runs import Mask, Table, groups
from schemas.instants import UNKNOWN_MS
from schemas.keys import Ints


@dataclass(frozen=True)
class Verdict:
    """`stands`: rows of the batch whose facts now stand; `fallen`: ids of records whose earlier facts do not."""

    stands: Ints
    fallen: Ints


class Ledger:
    """Shape: one row per record: rec, version, mark (withdrawn and digest in their order), event_ms."""

    def __init__(self) -> None:
        self._table = Table("rec", "version", "withdrawn", "digest", "event_ms", by="rec")
        self.conflicts: dict[int, int] = {}
        """Records with different words under their greatest version: rec → event time of the standing one."""

    def judge(self, rec: Ints, version: Ints, withdrawn: Ints, digest: Ints, event_ms: Ints) -> Verdict:
        best, differing = self._greatest(rec, version, withdrawn, digest)
        of, old = self._table.find("rec", rec[best])
        earlier = {name: np.full(len(best), -1, np.int64) for name in old}
        for name, column in old.items():
            earlier[name][of] = column
        new = (version[best], withdrawn[best], digest[best])
        before = (earlier["version"], earlier["withdrawn"], earlier["digest"])
        wins = _greater(new, before)
        known = earlier["version"] >= 0
        same_version = known & (new[0] == before[0])
        conflict = same_version & ((new[1] != before[1]) | (new[2] != before[2]))
        now_ms = np.where(wins, event_ms[best], earlier["event_ms"])
        self._note(rec[best], now_ms, wins & ~same_version, conflict | (differing & (wins | same_version)))
        chosen = best[wins]
        fallen = rec[best[wins & known]]
        self._table.remove("rec", fallen)
        columns = {"rec": rec, "version": version, "withdrawn": withdrawn, "digest": digest, "event_ms": event_ms}
        self._table.add({name: column[chosen] for name, column in columns.items()})
        return Verdict(chosen[withdrawn[chosen] == 0], fallen)

    def take(self, rows: dict[str, Column]) -> None:
        """Takes in records that are known to stand, in their order, each told once and none of them known before."""
        self._table.add(rows)

    def event_ms(self, rec: Ints) -> Ints:
        """The event time of each of these records, as it stands."""
        order = ascending(rec)
        of, rows = self._table.find("rec", rec[order])
        at_ms = np.full(len(rec), UNKNOWN_MS, np.int64)
        at_ms[order[of]] = rows["event_ms"]
        return at_ms

    def _greatest(self, rec: Ints, version: Ints, withdrawn: Ints, digest: Ints) -> tuple[Ints, Mask]:
        """(row of the greatest version of each record, by record; whether that version says different things) in the
        batch."""
        order = np.argsort(rec)
        again = rec[order][1:] == rec[order][:-1]  # as the one before
        last = ~np.append(again, False)[: len(order)]
        several = ~last | np.append(False, again)[: len(order)]
        rows = order[several]
        rows = rows[np.lexsort((digest[rows], withdrawn[rows], version[rows], rec[rows]))]
        order[several] = rows
        differing = np.zeros(len(order), np.bool_)
        differing[several & last] = self._differing(rows, rec, version, withdrawn, digest)
        return order[last], differing[last]

    @staticmethod
    def _differing(order: Ints, rec: Ints, version: Ints, withdrawn: Ints, digest: Ints) -> Mask:
        """Per record of the batch: does its greatest version in the batch say different things?"""
        by_rec, starts, group = groups(rec[order])
        rows = order[by_rec]
        greatest = np.maximum.reduceat(version[rows], starts)[group] if len(rows) else version[rows]
        at_top = version[rows] == greatest
        last = np.append(starts[1:], len(rows))[group] - 1
        odd = at_top & ((digest[rows] != digest[rows[last]]) | (withdrawn[rows] != withdrawn[rows[last]]))
        return np.bitwise_or.reduceat(odd, starts) if len(rows) else odd

    def _note(self, rec: Ints, now_ms: Ints, fresh: Mask, odd: Mask) -> None:
        """A greater version settles a conflict; otherwise it stays, and shows at what stands now."""
        if self.conflicts:
            for r, at_ms, new in zip(rec.tolist(), now_ms.tolist(), fresh.tolist(), strict=True):
                if new:
                    self.conflicts.pop(r, None)
                elif r in self.conflicts:
                    self.conflicts[r] = at_ms
        for at in np.flatnonzero(odd).tolist():
            self.conflicts[int(rec[at])] = int(now_ms[at])


def _greater(new: tuple[Ints, Ints, Ints], old: tuple[Ints, Ints, Ints]) -> Mask:
    above = new[0] > old[0]
    tie = new[0] == old[0]
    above |= tie & (new[1] > old[1])
    tie &= new[1] == old[1]
    greater: Mask = above | (tie & (new[2] > old[2]))
    return greater
