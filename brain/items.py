"""Items: what is told of somebody's ways, by decisions, receipts, admissions and discharges (transfers.md section 2).

In: facts that stand, and persons. Out: the items of their ways.
Invariant: an item is found for whoever the identifier stands for at its instant, whatever came first.
Deliberately absent: what the items lead to (brain/ways.py).
"""

from __future__ import annotations

import numpy as np

from brain.capacity import Capacity, Key
from brain.clinical import Clinical
from brain.identity import Identity
from brain.runs import Table, size, take
from brain.turns import belonging, found, rows_of, turn, union
from brain.ways import Item
from schemas.facts import FACT_COLUMNS, Columns
from schemas.keys import Ints
from schemas.transfers import Purpose, Step, Takes

TABLES = ("decisions", "receipts")
_ISOLATE, _HOSPITAL = int(Purpose.isolate), int(Purpose.hospital)
_CONTACTS = int(Takes.close | Takes.secondary)
_AT = {"decisions": "at_ms", "receipts": "at_ms", "admissions": "admitted_ms", "discharges": "discharged_ms"}
Told = dict[Key, list[Item]]
Plans = dict[Key, list[tuple[int, int, int]]]
"""The assignments of each way: (at, record, run)."""


class Items:
    """Shape: `tables` of decisions and receipts; admissions and discharges are those of brain/clinical.py."""

    def __init__(self, identity: Identity, clinical: Clinical, capacity: Capacity) -> None:
        self._identity = identity
        self._capacity = capacity
        self.tables = {name: Table("rec", *FACT_COLUMNS[name]) for name in TABLES}
        self._stays = {name: clinical.tables[name] for name in ("admissions", "discharges")}

    def change(self, new: dict[str, Columns], fallen: Ints, gone: dict[str, Columns], sites: Ints, moved: Ints) -> Ints:
        """Takes in decisions and receipts, drops those of fallen records; admissions and discharges have been, and
        `gone` are those that fell. Out: persons of whom something else may be told now. `sites`: those that may take
        others now; `moved`: identifiers whose person changed."""
        rows = {name: turn(self.tables[name], new[name], fallen) for name in TABLES}
        rows |= {name: [part for part in (new[name], gone[name]) if size(part)] for name in self._stays}
        for name, table in {**self.tables, **self._stays}.items():
            rows[name] += found(table, "ident", moved)
        for name, table in self._stays.items():
            rows[name] += found(table, "site", sites)
        runs = union([part["run"][part["ident"] == 0] for part in rows["receipts"]])
        rows["decisions"] += found(self.tables["decisions"], "run", runs[runs != 0])
        people = [self._identity.resolve(part["ident"], part[_AT[name]]) for name in rows for part in rows[name]]
        persons = union(people)
        named: Ints = persons[persons != 0]
        return named

    def told(self, persons: Ints, idents: tuple[Ints, Ints], known: dict[int, int]) -> tuple[Told, set[Key]]:
        """(items of the ways of these persons, which of the ways were decided upon). `known`: since when those who are
        cases are known as such."""
        told: Told = {}
        shown, runs = self._decided(persons, idents, told)
        self._received(persons, idents, told, runs, known)
        for name, step in (("admissions", Step.admit), ("discharges", Step.discharge)):
            rows = belonging(self._identity, self._stays[name], persons, idents, _AT[name])
            rows.setdefault("room", np.zeros(len(rows["of"]), np.int64))
            for of, rec, at_ms, site, room in rows_of(rows, "of", "rec", _AT[name], "site", "room"):
                person = int(persons[of])
                item = Item(at_ms, int(step), rec, 0, 0, 0, site, room, (rec,))
                for purpose in self._purposes(site, person, at_ms, known):
                    told.setdefault((person, purpose), []).append(item)
        return told, shown

    def _purposes(self, site: int, person: int, at_ms: int, known: dict[int, int]) -> tuple[int, ...]:
        """To which ways an admission to a site belongs, or a discharge from it."""
        takes = self._capacity.takes.get(site, 0) if site else 0
        if takes == Takes.cases:
            return _ISOLATE, _HOSPITAL
        if takes & _CONTACTS and not takes & Takes.cases:
            return (_ISOLATE,)
        return (_purpose_at(person, at_ms, known),)

    def _decided(self, persons: Ints, idents: tuple[Ints, Ints], told: Told) -> tuple[set[Key], dict[Key, int]]:
        """Adds decisions, and what receipts tell of the runs they name. Out: (the ways that were decided upon, purpose
        by person and run)."""
        rows = belonging(self._identity, self.tables["decisions"], persons, idents, "at_ms")
        plans: Plans = {}
        riders: dict[int, set[Key]] = {}
        purposes: dict[Key, int] = {}
        names = ("of", "purpose", "step", "at_ms", "rec", "run", "vehicle", "site", "room")
        for of, purpose, step, at_ms, rec, run, vehicle, site, room in rows_of(rows, *names):
            key = int(persons[of]), purpose
            told.setdefault(key, []).append(Item(at_ms, step, rec, 0, run, vehicle, site, room, (rec,)))
            if step == Step.assign:
                plans.setdefault(key, []).append((at_ms, rec, run))
                if run:
                    riders.setdefault(run, set()).add(key)
                    purposes[key[0], run] = max(purpose, purposes.get((key[0], run), 0))
        shown = set(told)
        if riders:
            self._told_of_runs(riders, plans, told)
        return shown, purposes

    def _told_of_runs(self, riders: dict[int, set[Key]], plans: Plans, told: Told) -> None:
        """Adds receipts that name a run and nobody: they are told of whoever is planned for it at that instant."""
        _, rows = self.tables["receipts"].find("run", np.array(sorted(riders), np.int64))
        rows = take(rows, rows["ident"] == 0)
        for run, at_ms, step, rec, vehicle, site in rows_of(rows, "run", "at_ms", "step", "rec", "vehicle", "site"):
            for key in riders[run]:
                last = max((plan for plan in plans[key] if plan[0] <= at_ms), default=None)
                if last is not None and last[2] == run:
                    told[key].append(Item(at_ms, step, rec, 0, run, vehicle, site, 0, (rec,)))

    def _received(
        self, persons: Ints, idents: tuple[Ints, Ints], told: Told, runs: dict[Key, int], known: dict[int, int]
    ) -> None:
        """Adds receipts that name the person."""
        rows = belonging(self._identity, self.tables["receipts"], persons, idents, "at_ms")
        names = ("of", "step", "at_ms", "rec", "run", "vehicle", "site")
        for of, step, at_ms, rec, run, vehicle, site in rows_of(rows, *names):
            person = int(persons[of])
            purpose = runs.get((person, run)) or _purpose_at(person, at_ms, known)
            told.setdefault((person, purpose), []).append(Item(at_ms, step, rec, 0, run, vehicle, site, 0, (rec,)))


def _purpose_at(person: int, at_ms: int, known: dict[int, int]) -> int:
    """Where somebody is taken of whom nothing else tells it: a case to a hospital once it is known."""
    return _HOSPITAL if person in known and known[person] <= at_ms else _ISOLATE
