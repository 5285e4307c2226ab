"""Tracing: every co-presence with a source person inside their window (rules.md sections 5 and 7).

In: presences that came and went, sources whose window changed, identifiers whose person changed. Out: the pairs of
people whose exposures changed.
Invariant: a pair of presences is found by whichever comes last, the source's or the other's, and exactly once; what
stands at the end is the join of all source presences with all presences, however it came about.
Deliberately absent: what follows from an exposure (brain/contacts.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from brain.identity import Identity
from brain.runs import Mask, Table, among, distinct, size, take
from schemas.codes import Flag, PlaceKind
from schemas.facts import Columns
from schemas.keys import Ints, mix

PRESENCE = ("uid", "rec", "ident", "place", "kind", "since", "until", "flags", "seat")
HOT = ("hot", "uid", "source", "rec", "ident", "place", "kind", "since", "until", "flags", "seat", "pack")
EXPOSURE = (
    "pair", "source", "person", "ident", "seen", "place", "kind", "since", "until",
    "source_rec", "contact_rec", "source_uid", "contact_uid", "hot", "rule", "result", "inside", "certainty", "pack",
)  # fmt: skip
Judge = Callable[[Columns, Columns], Columns]
Keep = Callable[[Columns, Ints], Mask]


@dataclass(frozen=True)
class Source:
    """A person whose presences count in [since, until), judged by that pack. `root`: the case behind it."""

    since: int
    until: int
    pack: int
    root: int


@dataclass(frozen=True)
class Change:
    """What a batch changed below tracing."""

    added: Columns
    gone: Ints
    dirty: Ints


def _kind(source: Ints, other: Ints) -> Ints:
    """What kind of place a pair met at: as the source's record has it, unless that knows less than the other's."""
    known: Ints = np.where(source == PlaceKind.venue, other, source)
    return known


def pair_key(source: Ints, person: Ints) -> Ints:
    return mix(source, person)


class Tracing:
    """One degree of tracing. Shape: `hot` are the sources' presences clipped to their windows, `exposures` the join;
    rows of a source with themselves are kept, since an identifier may turn out to be somebody else's."""

    def __init__(self, identity: Identity, presences: Table, judge: Judge, keep: Keep) -> None:
        self._identity = identity
        self._presences = presences
        self._absent = [name for name in PRESENCE if name not in presences.names]
        self._judge = judge
        self._keep = keep
        self.sources: dict[int, Source] = {}
        self.hot = Table(*HOT)
        self.exposures = Table(*EXPOSURE)
        self._watched = np.zeros(0, np.int64)

    def step(self, change: Change, sources: dict[int, Source | None]) -> Ints:
        """Applies a change; `presences` has it already. Out: keys of the pairs whose exposures changed."""
        touched = [self._drop("contact_uid", change.gone), self._drop("source_uid", change.gone)]
        self.hot.remove("uid", change.gone)
        refresh = self._to_refresh(change, sources)
        for person, source in sources.items():
            self.sources.pop(person, None)
            if source is not None:
                self.sources[person] = source
        if sources or len(change.dirty):
            everyone = np.array(sorted(self.sources), np.int64)
            self._watched = distinct(self._identity.idents_of(everyone)[1])
        new_hot, old_hot = self._difference(refresh)
        touched.append(self._drop("hot", old_hot))
        self.hot.remove("hot", old_hot)
        touched.append(self._reattribute(change.dirty))
        of, met = self.hot.meet(change.added["place"], change.added["since"], change.added["until"])
        touched.append(self._expose(met, self._whole(take(change.added, of))))
        self.hot.add(new_hot)
        of, met = self._presences.meet(new_hot["place"], new_hot["since"], new_hot["until"])
        touched.append(self._expose(take(new_hot, of), self._whole(met)))
        return distinct(*touched)

    def _drop(self, column: str, values: Ints) -> Ints:
        return self.exposures.remove(column, values)["pair"]

    def _to_refresh(self, change: Change, sources: dict[int, Source | None]) -> Ints:
        """The sources whose presences or window may have changed."""
        parts = [np.array(list(sources), np.int64)]
        idents = change.added["ident"][among(change.added["ident"], self._watched)]
        if len(change.dirty):
            idents = np.concatenate([idents, change.dirty])
            parts.append(self.hot.find("ident", change.dirty)[1]["source"])
        if len(idents) and (self.sources or sources):
            known = np.array(sorted(self.sources), np.int64)
            persons = self._identity.persons_of(distinct(idents))
            parts.append(persons[among(persons, known)])
        return distinct(*parts)

    def _difference(self, persons: Ints) -> tuple[Columns, Ints]:
        """(source presences to add, ids of those to take away) so that these persons' are as they should be."""
        if len(persons) == 0:
            return self.hot.none(), persons
        _, have = self.hot.find("source", persons)
        live = np.array([p for p in persons.tolist() if p in self.sources], np.int64)
        windows = [self.sources[p] for p in live.tolist()]
        of, idents = self._identity.idents_of(live)
        at, found = self._presences.find("ident", idents)
        of, rows = of[at], self._whole(found)
        since = np.array([w.since for w in windows], np.int64)[of]
        until = np.array([w.until for w in windows], np.int64)[of]
        pack = np.array([w.pack for w in windows], np.int64)[of]
        want = {**rows, "source": live[of], "pack": pack}
        want["since"], want["until"] = np.maximum(rows["since"], since), np.minimum(rows["until"], until)
        mine = self._identity.resolve(rows["ident"], rows["since"]) == live[of]
        want = take(want, mine & (want["since"] < want["until"]) & self._keep(rows, pack))
        want["hot"] = mix(want["source"], want["uid"], want["since"], want["until"], want["pack"])
        fresh = ~among(want["hot"], np.sort(have["hot"]))
        stale = ~among(have["hot"], np.sort(want["hot"]))
        return take({n: want[n] for n in HOT}, fresh), have["hot"][stale]

    def _whole(self, rows: Columns) -> Columns:
        """Presences with all their columns: a dwell has neither kind nor flags nor seat."""
        return {**rows, **{name: np.zeros(size(rows), np.int64) for name in self._absent}}

    def _reattribute(self, dirty: Ints) -> Ints:
        """Gives exposures of identifiers whose person changed to the person they are of now."""
        if len(dirty) == 0:
            return dirty
        rows = self.exposures.remove("ident", dirty)
        moved = {**rows, "person": self._identity.resolve(rows["ident"], rows["seen"])}
        moved["pair"] = pair_key(moved["source"], moved["person"])
        self.exposures.add(moved)
        changed = moved["person"] != rows["person"]
        return np.concatenate([rows["pair"][changed], moved["pair"][changed]])

    def _expose(self, hot: Columns, other: Columns) -> Ints:
        """Adds the exposures of pairs of a source presence and another one. Out: their pairs."""
        if size(hot) == 0:
            return np.zeros(0, np.int64)
        # Two at a line whose vehicles are known meet in a vehicle or not at all.
        different = (hot["uid"] != other["uid"]) & (hot["flags"] & other["flags"] & Flag.aboard == 0)
        hot, other = take(hot, different), take(other, different)
        hot = {**hot, "kind": _kind(hot["kind"], other["kind"])}
        person = self._identity.resolve(other["ident"], other["since"])
        rows = {
            "pair": pair_key(hot["source"], person),
            "source": hot["source"],
            "person": person,
            "ident": other["ident"],
            "seen": other["since"],
            "place": hot["place"],
            "kind": hot["kind"],
            "since": np.maximum(hot["since"], other["since"]),
            "until": np.minimum(hot["until"], other["until"]),
            "source_rec": hot["rec"],
            "contact_rec": other["rec"],
            "source_uid": hot["uid"],
            "contact_uid": other["uid"],
            "hot": hot["hot"],
            "pack": hot["pack"],
            **self._judge(hot, other),
        }
        self.exposures.add(rows)
        return rows["pair"]

    def exposed(self) -> Columns:
        """All exposures of another person."""
        rows = self.exposures.all()
        return take(rows, rows["source"] != rows["person"])
