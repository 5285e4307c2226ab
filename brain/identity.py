"""Identity: which person an identifier stands for at an instant (rules.md section 2).

In: links that stand and links that fall. Out: persons of identifiers, and contradictions for a human.
Invariant: the answer depends on the set of standing links alone; a contested identifier belongs to nobody but itself.
Deliberately absent: presences and cases; they ask here whenever they need to know, so a link may come at any time.
"""

from __future__ import annotations

import numpy as np

from brain.runs import Table, among, distinct, groups
from schemas.facts import Columns
from schemas.keys import ANCHOR_KINDS, PHONE_RANK, Ints, rank

Review = tuple[str, int, int, tuple[int, ...]]
"""A review row: (kind, subject, at_ms, people)."""


class Identity:
    """The links that stand. Shape: `links` holds what is carried; links between anchors become components."""

    def __init__(self) -> None:
        self.links = Table("carried", "owner", "since_ms", "until_ms", "rec")
        self._merges = Table("carried", "owner", "rec")
        self._component: dict[int, int] = {}  # anchors in a component of more than one → its least token
        self._members: dict[int, list[int]] = {}
        self._merged: tuple[Ints, Ints] = (np.zeros(0, np.int64), np.zeros(0, np.int64))
        self.contested: dict[int, list[Review]] = {}

    def change(self, new: Columns, fallen: Ints) -> tuple[Ints, Ints]:
        """Takes in new links and drops those of fallen records. Out: every identifier whose person may have changed,
        and every person that some of them stood or may stand for."""
        leaving = [table.find("rec", fallen)[1] for table in (self.links, self._merges)]
        touched = np.concatenate([c[n] for c in (new, *leaving) for n in ("carried", "owner")])
        if len(touched) == 0:
            return touched, touched
        before = self.persons_of(distinct(touched))
        gone, split = self.links.remove("rec", fallen), self._merges.remove("rec", fallen)
        anchors = rank(new["carried"]) < len(ANCHOR_KINDS)
        self.links.add({n: c[~anchors] for n, c in new.items()})
        self._merges.add({n: c[anchors] for n, c in new.items()})
        joined = [new["carried"][anchors], new["owner"][anchors]]
        moved = self._regroup(np.concatenate([*joined, split["carried"], split["owner"]]))
        carried = np.concatenate([new["carried"][~anchors], gone["carried"]])
        dirty = distinct(moved, carried, self._carried_by(np.concatenate([moved, carried])))
        self._review(dirty[rank(dirty) >= len(ANCHOR_KINDS)])
        return dirty, distinct(before, self.persons_of(dirty))

    def _carried_by(self, owners: Ints) -> Ints:
        """Everything ever carried by these anchors or phones, and by the phones among that."""
        _, held = self.links.find("owner", owners)
        _, further = self.links.find("owner", held["carried"][rank(held["carried"]) == PHONE_RANK])
        return np.concatenate([held["carried"], further["carried"]])

    def _regroup(self, touched: Ints) -> Ints:
        """Recomputes the components around these anchors. Out: all anchors of the old and the new ones."""
        if len(touched) == 0:
            return touched
        moved = set(touched.tolist())
        for anchor in touched.tolist():
            moved.update(self._members.get(self._component.get(anchor, anchor), ()))
        waiting, seen = list(moved), set[int]()
        for anchor in moved:
            self._members.pop(self._component.pop(anchor, anchor), None)
        while waiting:
            found = self._reach(waiting.pop(), seen)
            if len(found) > 1:
                least = min(found)
                self._members[least] = sorted(found)
                self._component.update(dict.fromkeys(found, least))
        keys = np.array(sorted(self._component), np.int64)
        self._merged = keys, np.array([self._component[k] for k in keys.tolist()], np.int64)
        return np.array(sorted(moved | seen), np.int64)

    def _reach(self, start: int, seen: set[int]) -> set[int]:
        """The anchors connected to one that has not been seen yet."""
        found: set[int] = set()
        edge = np.array([start] if start not in seen else [], np.int64)
        while len(edge):
            found.update(edge.tolist())
            _, up = self._merges.find("carried", edge)
            _, down = self._merges.find("owner", edge)
            nxt = distinct(up["owner"], down["carried"])
            edge = nxt[~among(nxt, np.array(sorted(found), np.int64))]
        seen |= found
        return found

    def _person(self, anchors: Ints) -> Ints:
        keys, least = self._merged
        if len(keys) == 0:
            return anchors
        at = np.minimum(np.searchsorted(keys, anchors), len(keys) - 1)
        return np.where(keys[at] == anchors, least[at], anchors)

    def resolve(self, idents: Ints, at_ms: Ints) -> Ints:
        """The person each identifier stands for at each instant; a contested or unknown one stands for itself."""
        out = self._person(idents).copy()
        carried = np.flatnonzero(rank(idents) >= len(ANCHOR_KINDS))
        if len(carried) == 0 or not self.links.runs:
            return out
        of, people = self._holders(idents[carried], at_ms[carried])
        counts = np.bincount(of, minlength=len(carried))
        single = counts[of] == 1
        out[carried[of[single]]] = people[single]
        return out

    def _holders(self, carried: Ints, at_ms: Ints) -> tuple[Ints, Ints]:
        """The distinct persons that hold each carried identifier at its instant: (index of the query, person)."""
        of, links = self.links.find("carried", carried)
        held = (links["since_ms"] <= at_ms[of]) & (at_ms[of] < links["until_ms"])
        of, owners = of[held], links["owner"][held]
        people = self.resolve(owners, at_ms[of]) if len(owners) else owners
        order, starts, _ = groups(of, people)
        first = order[starts]
        return of[first], people[first]

    def _review(self, carried: Ints) -> None:
        """Renews the contradictions of these carried identifiers."""
        for x in carried.tolist() if self.contested else ():
            self.contested.pop(x, None)
        of, own = self.links.find("carried", carried)
        # One link and no phone in between cannot contradict itself.
        phones = rank(own["owner"]) == PHONE_RANK
        several = np.bincount(of, minlength=len(carried)) > 1
        worth = several | np.isin(np.arange(len(carried)), of[phones])
        keep = worth[of]
        through, of_phone = self.links.find("carried", own["owner"][phones & keep])
        subject = np.concatenate([of[keep], of[phones & keep][through]])
        instant = np.concatenate([own["since_ms"][keep], of_phone["since_ms"]])
        order, starts, _ = groups(subject, instant)
        first = order[starts]
        tokens, instants = carried[subject[first]], instant[first]
        which, people = self._holders(tokens, instants)
        counts = np.bincount(which, minlength=len(tokens))
        for at in np.flatnonzero(counts >= 2).tolist():
            x, among_them = int(tokens[at]), tuple(sorted(people[which == at].tolist()))
            self.contested.setdefault(x, []).append(("identity_contested", x, int(instants[at]), among_them))

    def persons_of(self, idents: Ints) -> Ints:
        """Every person that some of these identifiers may stand for at some instant."""
        _, own = self.links.find("carried", idents)
        _, through = self.links.find("carried", own["owner"][rank(own["owner"]) == PHONE_RANK])
        reached = np.concatenate([idents, own["owner"], through["owner"]])
        return distinct(self._person(reached), idents)

    def idents_of(self, persons: Ints) -> tuple[Ints, Ints]:
        """Every identifier that may stand for each person at some instant: (index of the person, identifier)."""
        of, tokens = np.arange(len(persons)), persons
        if self._members:
            grown = [(k, m) for k, p in enumerate(persons.tolist()) for m in self._members.get(p, ())]
            of = np.concatenate([of, np.array([k for k, _ in grown], np.int64)])
            tokens = np.concatenate([tokens, np.array([m for _, m in grown], np.int64)])
        for _ in range(2):  # what they carry, and what is carried by a phone they carry
            at, held = self.links.find("owner", tokens)
            of, tokens = np.concatenate([of, of[at]]), np.concatenate([tokens, held["carried"]])
            order, starts, _ = groups(of, tokens)
            of, tokens = of[order[starts]], tokens[order[starts]]
        return of, tokens
