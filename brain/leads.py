"""Leads: whose phone was about with a case's for long enough that a human should ask (rules.md section 9).

In: dwells in telecom grid cells, cases, and who became or ceased to be more than a lead. Out: leads that close or open.
Invariant: a lead is the tracing of degree 1 with dwells for presences; it changes no class and makes no contact.
Deliberately absent: what a human found; that comes as a record of its own, such as a leg of a survey.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from brain.cases import Case
from brain.contacts import union_length
from brain.identity import Identity
from brain.orders import spans
from brain.rules import Rules
from brain.runs import Mask, Table, among, concat, distinct, groups, size, take
from brain.tracing import Change, Source, Tracing
from schemas.facts import Columns
from schemas.instants import UNKNOWN_MS, day_start, local_day
from schemas.keys import Ints, mix

DWELL = ("uid", "rec", "ident", "place", "spot", "since", "until")
"""`spot`: an identifier at a place, so that a stay is found without whatever else the phone did."""
LEAD = (
    "pair", "source", "person", "cells", "place", "together", "case_stay", "stay", "first", "last",
    "case_rec", "rec", "pack",
)  # fmt: skip
Filed = tuple[Columns, Columns]
Cases = dict[int, tuple[Case | None, Case | None]]


class Leads:
    """Shape: `table`, one row for each pair of a case and somebody else. `eligible`: who is no more than a lead."""

    def __init__(self, rules: Rules, identity: Identity, eligible: Callable[[Ints], Mask]) -> None:
        self._rules = rules
        self._identity = identity
        self._eligible = eligible
        self.dwells = Table(*DWELL)
        self.tracing = Tracing(identity, self.dwells, _unjudged, lambda rows, _: rows["uid"] != 0)
        self._lookback: dict[int, tuple[int, int]] = {}
        self.table = Table(*LEAD)

    def file(self, new: Columns, fallen: Ints) -> Filed:
        """Takes in dwells, drops those of fallen records. Out: (dwells filed, dwells dropped)."""
        gone = self.dwells.remove("rec", fallen)
        added = _filed(new)
        self.dwells.add(added)
        return added, gone

    def step(self, filed: Filed, moved: tuple[Ints, Ints], cases: Cases, touched: Ints) -> tuple[Columns, Columns]:
        """`moved`: identifiers and persons, as Identity.change says; `touched`: whose contact rows changed. Out: (leads
        that close, leads that open)."""
        added, gone = filed
        if not (cases or any(len(of) for of in (added["uid"], gone["uid"], *moved, touched))):
            return self.table.none(), self.table.none()
        sources = {person: self._source(person, after) for person, (_, after) in cases.items()}
        pairs = self.tracing.step(Change(added, gone["uid"], moved[0]), sources)
        pairs = distinct(pairs, *self._woken(added, gone, moved[1], sorted(cases), touched))
        _, old = self.table.find("pair", pairs)
        now = self._conclude(pairs)
        before, after = (mix(*(rows[name] for name in LEAD)) for rows in (old, now))
        self.table.remove("pair", old["pair"][~np.isin(before, after)])
        self.table.add(take(now, ~np.isin(after, before)))
        return take(old, ~np.isin(old["pair"], now["pair"])), take(now, ~np.isin(now["pair"], old["pair"]))

    def _source(self, person: int, case: Case | None) -> Source | None:
        """When a case's dwells count; notes since when stays do."""
        self._lookback.pop(person, None)
        if case is None or case.anchor_ms == UNKNOWN_MS:
            return None
        rule = self._rules.packs[case.pack].companion
        since = day_start(local_day(case.anchor_ms) - rule.lookback_days.value)
        self._lookback[person] = since, case.until_ms
        if rule.together_in.value == "window":
            since = max(since, case.since_ms)
        if not rule.enabled.value or since >= case.until_ms:
            return None
        return Source(since, case.until_ms, case.pack, person)

    def _woken(self, added: Columns, gone: Columns, moved: Ints, cases: list[int], touched: Ints) -> list[Ints]:
        """The pairs whose stays, look-back or eligibility may have changed; only where a case was do stays count."""
        hot = distinct(self.tracing.hot.column("place"))
        rows = concat(DWELL, [take(added, among(added["place"], hot)), gone])
        persons = self._identity.resolve(rows["ident"], rows["since"])
        spots = np.sort(mix(persons, rows["place"]))
        known = np.array(sorted(self.tracing.sources), np.int64)
        asked = {
            "source": (persons[among(persons, known)], distinct(moved, np.array(cases, np.int64))),
            "person": (persons, distinct(moved, touched)),
        }
        woken = []
        for side, (here, whole) in asked.items():
            _, found = self.tracing.exposures.find(side, distinct(here, whole))
            changed = among(found[side], whole) | among(mix(found[side], found["place"]), spots)
            woken.append(found["pair"][changed])
        return woken

    def _conclude(self, pairs: Ints) -> Columns:
        """The leads of these pairs."""
        _, rows = self.tracing.exposures.find("pair", pairs)
        persons = distinct(rows["person"])
        persons = persons[self._eligible(persons)]
        rows = take(rows, (rows["source"] != rows["person"]) & among(rows["person"], persons))
        rows = take(rows, np.lexsort((rows["since"], rows["place"], rows["pair"])))
        _, starts, group = groups(rows["pair"], rows["place"])
        cells = {name: rows[name][starts] for name in ("pair", "source", "person", "place", "pack")}
        cells["together"] = union_length(rows["since"], rows["until"], starts, group)
        cells["first"] = rows["since"][starts]
        cells["last"] = np.maximum.reduceat(rows["until"], starts) if len(starts) else starts
        cells = take(cells, cells["together"] > self._rules.together_ms[cells["pack"]])
        cells["case_stay"] = self._stays(cells["source"], cells["place"], cells["source"])
        cells["stay"] = self._stays(cells["person"], cells["place"], cells["source"])
        longer = np.maximum(cells["case_stay"], cells["stay"])
        return _by_pair(take(cells, longer > self._rules.stay_ms[cells["pack"]]), rows)

    def _stays(self, persons: Ints, places: Ints, cases: Ints) -> Ints:
        """How long each person was at each place in that case's look-back, counted once."""
        _, one, asked = np.unique(mix(persons, places, cases), return_index=True, return_inverse=True)
        people, person = np.unique(persons[one], return_inverse=True)
        of, idents = self._identity.idents_of(people)
        by_person = np.argsort(of, kind="stable")
        low, high = (np.searchsorted(of[by_person], person, side) for side in ("left", "right"))
        ask, at = spans(low, high)
        spots = mix(idents[by_person[at]], places[one][ask])
        order = np.argsort(spots)  # a search in order is several times as fast
        at, rows = self.dwells.find("spot", spots[order])
        of = ask[order[at]]
        back = np.array([self._lookback[case] for case in cases[one].tolist()], np.int64).reshape(-1, 2)
        since, until = np.maximum(rows["since"], back[of, 0]), np.minimum(rows["until"], back[of, 1])
        kept = np.flatnonzero(since < until)
        kept = kept[self._identity.resolve(rows["ident"][kept], rows["since"][kept]) == persons[one][of[kept]]]
        kept = kept[np.lexsort((since[kept], of[kept]))]
        _, starts, group = groups(of[kept])
        length = np.zeros(len(one), np.int64)
        length[of[kept][starts]] = union_length(since[kept], until[kept], starts, group)
        return length[asked]


def _unjudged(hot: Columns, _: Columns) -> Columns:
    """A dwell says nothing of how near two people were."""
    return dict.fromkeys(("rule", "result", "inside", "certainty"), np.zeros(size(hot), np.int64))


def _filed(new: Columns) -> Columns:
    uid, spot = mix(new["rec"], new["place"], new["ident"], new["since_ms"]), mix(new["ident"], new["place"])
    rows = {**new, "uid": uid, "spot": spot, "since": new["since_ms"], "until": new["until_ms"]}
    return {name: rows[name] for name in DWELL}


def _by_pair(cells: Columns, rows: Columns) -> Columns:
    """One lead of all the cells of a pair where the rule is met. `rows`: the overlaps."""
    cells = take(cells, np.lexsort((cells["place"], -cells["together"], cells["pair"])))
    _, starts, _ = groups(cells["pair"])
    best = take(cells, starts)
    # The records of the longest overlap in the leading cell stand for all.
    rows = take(rows, among(mix(rows["pair"], rows["place"]), np.sort(mix(best["pair"], best["place"]))))
    length = rows["until"] - rows["since"]
    rows = take(rows, np.lexsort((rows["contact_rec"], rows["source_rec"], rows["since"], -length, rows["pair"])))
    _, longest, _ = groups(rows["pair"])
    if len(starts) == 0:
        return {name: np.zeros(0, np.int64) for name in LEAD}
    return {
        **best,
        "cells": np.diff(np.append(starts, size(cells))),
        "first": np.minimum.reduceat(cells["first"], starts),
        "last": np.maximum.reduceat(cells["last"], starts),
        "case_rec": rows["source_rec"][longest],
        "rec": rows["contact_rec"][longest],
    }
