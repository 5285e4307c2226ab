"""Transfers: how far everybody's way to isolation or to a hospital has come (transfers.md).

In: what a batch changed of calls, decisions, receipts, admissions, capacities, duties and time. Out: the ways whose
rows changed, the escalations that close and are raised.
Invariant: a way is a function of the facts that stand, judged whole whenever something of it changed; who is told of it
is so as well.
Deliberately absent: decisions; they arrive as records, as do receipts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from brain.calls import Calls
from brain.capacity import Capacity, Key
from brain.cases import Case, Cases
from brain.clinical import Clinical
from brain.contacts import Contacts
from brain.deadlines import ESCALATION, Deadlines
from brain.homes import Homes
from brain.identity import Identity
from brain.items import Items
from brain.ledger import Ledger
from brain.lodgings import Depot
from brain.outcomes import Way, conclude
from brain.rules import Rules
from brain.runs import Table, concat
from brain.turns import union
from schemas.facts import Columns
from schemas.instants import UNKNOWN_MS
from schemas.keys import Ints
from schemas.transfers import Purpose, TransferFlag

SHARED = ("admissions", "discharges", "homes")
"""Facts of which other stages keep the tables, and which wake this one as well as its own do."""

_NONE = concat(ESCALATION, [])


@dataclass(frozen=True)
class Turned:
    """`ways`: (way, row before, row after) of `transfers`, None: no row; escalations that close and that are raised."""

    ways: list[tuple[Key, Way | None, Way | None]]
    closed: Columns
    raised: Columns


class Transfers:
    """Shape: `standing` by way; `flags` are those of a way with `overfull`."""

    def __init__(
        self, rules: Rules, ledger: Ledger, identity: Identity, clinical: Clinical, cases: Cases,
        degrees: tuple[Contacts, Contacts], homes: Table,
    ) -> None:  # fmt: skip
        self._rules = rules
        self.identity, self.clinical, self.cases = identity, clinical, cases
        self._shared = {**{name: clinical.tables[name] for name in SHARED[:2]}, "homes": homes}
        self.calls = Calls(rules, ledger, cases, degrees)
        self.capacity = Capacity()
        self.depot = Depot()
        self.items = Items(identity, clinical, self.capacity)
        self.homes = Homes(identity, homes)
        self.deadlines = Deadlines(rules, identity, self.homes)
        self.standing: dict[Key, Way] = {}
        self.crowded: set[Key] = set()
        """The ways with flag `overfull`."""

    def leaving(self, fallen: Ints) -> dict[str, Columns]:
        """The rows of other stages' tables that fall with these records; to be asked before they do."""
        return {name: _leaving(table, fallen) for name, table in self._shared.items()}

    def shared(self) -> dict[str, Columns]:
        """All rows of other stages' tables, as if they were new."""
        return {name: table.all() for name, table in self._shared.items()}

    def step(
        self, new: dict[str, Columns], fallen: Ints, gone: dict[str, Columns], moved: tuple[Ints, Ints],
        pairs: Ints, cases: dict[int, tuple[Case | None, Case | None]],
    ) -> Turned:  # fmt: skip
        """Takes in facts, drops those of fallen records. `gone`: as `leaving` told; `moved`: identifiers and persons,
        as Identity.change says; `pairs`: whose exposures changed; `cases`: which changed."""
        woken, told = [self.calls.step(pairs, cases)], list[Ints]()
        places: set[Key] = set()
        before_ms = self.deadlines.now_ms
        if len(fallen) or len(moved[0]) or any(len(rows["rec"]) for rows in new.values()):
            self.depot.change(new, fallen)
            places, sites = self.capacity.change(new, fallen)
            woken.append(self.items.change(new, fallen, gone, sites, moved[0]))
            acked = self.deadlines.change(new, fallen, moved[0])
            housed = self.homes.change(new, fallen, gone["homes"], moved[0], bool(self.standing))
            woken.append(self._followed(moved[1]))
            told.append(self._followed(housed, acked))  # no way hangs on who answers for it, only who is told of it
        judged = union(woken)
        timed = union([judged, *told])
        if not len(timed) and not places and before_ms == self.deadlines.now_ms:
            return Turned([], _NONE, _NONE)
        changed = self._judge(judged, places)
        return Turned(changed, *self.deadlines.step(timed, self._on_the_clock(timed), before_ms))

    def _followed(self, *persons: Ints) -> Ints:
        """Those of these persons who have a way."""
        ways = self.standing
        mine = {p for some in persons for p in some.tolist() if (p, 1) in ways or (p, 2) in ways} if ways else ()
        return np.array(sorted(mine), np.int64)

    def _on_the_clock(self, persons: Ints) -> list[Way]:
        ways = (self.standing.get((p, int(purpose))) for p in persons.tolist() for purpose in Purpose)
        return [way for way in ways if way is not None and way.needed_ms != UNKNOWN_MS]

    def _judge(self, persons: Ints, places: set[Key]) -> list[tuple[Key, Way | None, Way | None]]:
        """Judges these persons' ways. `places`: runs and rooms that hold more or fewer than before."""
        found = self._ways(persons)
        keys = {(p, int(purpose)) for p in persons.tolist() for purpose in Purpose}
        rows: dict[Key, Way | None] = {}
        for key in keys:
            before, after = self.standing.pop(key, None), found.get(key)
            if before is not None:
                rows[key] = self._row(before)
            if after is not None:
                self.standing[key] = after
                rows.setdefault(key, None)
            if before is not None or after is not None:
                places |= self.capacity.holders.swap(key, before, after)
        holders = self.capacity.holders
        for key in holders.ways(places) | rows.keys():
            way = self.standing.get(key)
            if way is not None:
                rows.setdefault(key, self._row(way))
        for key in rows:
            way = self.standing.get(key)
            full = way is not None and holders.overfull(way)
            (self.crowded.add if full else self.crowded.discard)(key)
        turned = [(key, before, self._row(self.standing.get(key))) for key, before in sorted(rows.items())]
        return [(key, before, after) for key, before, after in turned if before != after]

    def _row(self, way: Way | None) -> Way | None:
        """The row of a way in `transfers`; None: it has none."""
        if way is None or not way.shown:
            return None
        full = (way.person, way.purpose) in self.crowded
        return way._replace(flags=way.flags | TransferFlag.overfull) if full else way

    def _ways(self, persons: Ints) -> dict[Key, Way]:
        """The ways of these persons, from all facts that stand."""
        if len(persons) == 0:
            return {}
        people, sick = persons.tolist(), self.cases.standing
        calls = {(p, int(Purpose.isolate)): mine for p, mine in self.calls.isolate(persons).items()}
        calls |= {(p, int(Purpose.hospital)): mine for p in people if (mine := self.calls.hospital(p))}
        known = {p: sick[p].known_ms for p in people if p in sick}
        told, decided = self.items.told(persons, self.identity.idents_of(persons), known)
        ways = {}
        for key in calls.keys() | told.keys():
            mine = calls.get(key, ())
            way = conclude(key, told.get(key, []), mine, bool(mine) or key in decided, key[0] in sick)
            ways[key] = way if mine else self._packed(way)
        return ways

    def _packed(self, way: Way) -> Way:
        """A way that nothing calls for, with the pack in force when it was first told of."""
        first = np.array([way.steps[0].item.at_ms], np.int64)
        return way._replace(pack=int(self._rules.series.in_force(first)[0]))


def _leaving(table: Table, fallen: Ints) -> Columns:
    none = fallen[:0]
    return table.find("rec", fallen)[1] if len(fallen) and table.runs else dict.fromkeys(table.names, none)
