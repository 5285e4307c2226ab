"""Identity: which person an identifier stands for at an instant (rules.md section 2).

In: links that stand and links that fall. Out: persons of identifiers, and contradictions for a human.
Invariant: the answer depends on the set of standing links alone; a contested identifier belongs to nobody but itself.
Deliberately absent: presences and cases; they ask here whenever they need to know, so a link may come at any time.
"""

from __future__ import annotations

import numpy as np

from brain.orders import searched, spans
from brain.runs import Table, among, distinct, groups
from schemas.facts import Columns
from schemas.keys import ANCHOR_KINDS, PHONE_RANK, Ints, rank

LINK = ("carried", "owner", "since_ms", "until_ms", "rec")
Pairs = tuple[Ints, Ints]
Review = tuple[str, int, int, tuple[int, ...]]
"""A review row: (kind, subject, at_ms, people)."""


class Identity:
    """The links that stand. Shape: `links` holds what is carried; links between anchors become components."""

    def __init__(self) -> None:
        self.links = Table(*LINK)
        self._merges = Table("carried", "owner", "rec")
        # Anchors in components of more than one, ascending, with the least of each; and the same by the least.
        self._merged: Pairs = (np.zeros(0, np.int64), np.zeros(0, np.int64))
        self._members: Pairs = self._merged
        self.contested: dict[int, list[Review]] = {}

    def change(self, new: Columns, fallen: Ints) -> tuple[Ints, Ints]:
        """Takes in new links and drops those of fallen records. Out: every identifier whose person may have changed,
        and every person that some of them stood or may stand for."""
        leaving = [table.find("rec", fallen)[1] for table in (self.links, self._merges)]
        touched = np.concatenate([c[n] for c in (new, *leaving) for n in ("carried", "owner")])
        if len(touched) == 0:
            return touched, touched
        before = self.persons_of(distinct(touched))
        dirty = self.file(new, fallen)
        return dirty, distinct(before, self.persons_of(dirty))

    def file(self, new: Columns, fallen: Ints) -> Ints:
        """As `change`; who it was and is stays unasked. Out: every identifier whose person may have changed."""
        gone, split = self.links.remove("rec", fallen), self._merges.remove("rec", fallen)
        anchors = rank(new["carried"]) < len(ANCHOR_KINDS)
        self.links.add({n: c[~anchors] for n, c in new.items()})
        self._merges.add({n: c[anchors] for n, c in new.items()})
        joined = [new["carried"][anchors], new["owner"][anchors]]
        moved = self._regroup(np.concatenate([*joined, split["carried"], split["owner"]]))
        carried = np.concatenate([new["carried"][~anchors], gone["carried"]])
        dirty = distinct(moved, carried, self._carried_by(np.concatenate([moved, carried])))
        self._review(dirty[rank(dirty) >= len(ANCHOR_KINDS)])
        return dirty

    def _carried_by(self, owners: Ints) -> Ints:
        """Everything ever carried by these anchors or phones, and by the phones among that."""
        _, held = self.links.find("owner", owners)
        _, further = self.links.find("owner", held["carried"][rank(held["carried"]) == PHONE_RANK])
        return np.concatenate([held["carried"], further["carried"]])

    def _regroup(self, touched: Ints) -> Ints:
        """Recomputes the components around these anchors. Out: all anchors of the old and the new ones."""
        if len(touched) == 0:
            return touched
        old = distinct(self._person(touched))
        nodes, one, other = self._reach(distinct(touched, old, self._mates(old)[1]))
        least = np.arange(len(nodes))
        while True:  # the least token spreads along the links; and from there along what it has reached
            spread = least.copy()
            np.minimum.at(spread, one, least[other])
            np.minimum.at(spread, other, least[one])
            spread = spread[spread]
            if np.array_equal(spread, least):
                break
            least = spread
        several = np.bincount(least, minlength=len(nodes))[least] > 1
        known, theirs = self._merged
        stays = ~among(known, nodes)
        anchors = np.concatenate([known[stays], nodes[several]])
        leasts = np.concatenate([theirs[stays], nodes[least[several]]])
        order = np.argsort(anchors)
        self._merged = anchors[order], leasts[order]
        order = np.argsort(leasts, kind="stable")
        self._members = leasts[order], anchors[order]
        return nodes

    def _reach(self, anchors: Ints) -> tuple[Ints, Ints, Ints]:
        """All anchors connected to these, and the links among them, by number of the anchor."""
        nodes = edge = anchors
        links = [np.zeros((2, 0), np.int64)]
        while len(edge):
            for column in ("carried", "owner"):
                rows = self._merges.find(column, edge)[1]
                links.append(np.stack([rows["carried"], rows["owner"]]))
            found = distinct(links[-1].ravel(), links[-2].ravel())
            edge = found[~among(found, nodes)]
            nodes = distinct(nodes, edge)
        one, other = np.searchsorted(nodes, np.concatenate(links, axis=1))
        return nodes, one, other

    def _mates(self, leasts: Ints) -> tuple[Ints, Ints]:
        """The anchors of these components: (index of the component, anchor)."""
        keys, anchors = self._members
        of, at = spans(np.searchsorted(keys, leasts, "left"), np.searchsorted(keys, leasts, "right"))
        return of, anchors[at]

    def _person(self, anchors: Ints) -> Ints:
        keys, least = self._merged
        if len(keys) == 0:
            return anchors
        at = np.minimum(searched(keys, anchors), len(keys) - 1)
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
        if len(of) == 0 or np.bincount(of).max() == 1:  # as for most: one holder at a time
            return of, people
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
        own, mates = self._mates(persons)
        of, tokens = np.concatenate([np.arange(len(persons)), own]), np.concatenate([persons, mates])
        at, held = self.links.find("owner", tokens)  # what they carry, and what is carried by a phone they carry
        carrying = of[at]
        further, through = self.links.find("owner", held["carried"])
        of = np.concatenate([of, carrying, carrying[further]])
        tokens = np.concatenate([tokens, held["carried"], through["carried"]])
        order, starts, _ = groups(of, tokens)
        return of[order[starts]], tokens[order[starts]]
