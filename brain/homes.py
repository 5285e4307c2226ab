"""Homes: where people live, who answers for a home, and what a ride must provide for (transfers.md sections 4 and 6).

In: dwellings, duties and traits that stand, beside the homes of brain/findings.py. Out: home, areas, holders and traits
of given persons at given instants.
Invariant: a home is that of the latest record in force at the instant, and its areas those of its dwelling.
Deliberately absent: positions finer than a cell; none comes this far.
"""

from __future__ import annotations

import numpy as np

from brain.identity import Identity
from brain.orders import spans
from brain.runs import Mask, Table, concat, groups, size, take
from brain.turns import belonging, found, turn, union
from schemas.facts import FACT_COLUMNS, Columns
from schemas.instants import UNKNOWN_MS
from schemas.keys import Ints, mix

TABLES = ("dwellings", "duties", "traits")
AREAS = ("building", "compound", "community", "street")
_HOME = ("place", "lat", "lon", *AREAS)


class Homes:
    """Shape: `tables`; `homes` is the table of who lives where."""

    def __init__(self, identity: Identity, homes: Table) -> None:
        self._identity = identity
        self._homes = homes
        self.tables = {name: Table("rec", *FACT_COLUMNS[name]) for name in TABLES}
        self._watched = {name: Table(name, "person") for name in ("place", "area")}

    def change(self, new: dict[str, Columns], fallen: Ints, gone_homes: Columns, moved: Ints, asked: bool) -> Ints:
        """Takes in rows, drops those of fallen records; `gone_homes` fell, identifiers in `moved` are others' now.
        Out: if asked, persons who may live elsewhere, or for whom others may answer."""
        changed = {name: turn(self.tables[name], new[name], fallen) for name in TABLES}
        if not asked:
            return np.zeros(0, np.int64)
        places = union([rows["place"] for rows in changed["dwellings"]])
        duties = changed["duties"] + found(self.tables["duties"], "ident", moved)
        areas = union([rows["area"] for rows in duties])
        homes = [rows for rows in (new["homes"], gone_homes) if size(rows)]
        people = [self._identity.resolve(rows["ident"], rows["since_ms"]) for rows in homes]
        for name, tokens in (("place", places), ("area", areas)):
            people += [rows["person"] for rows in found(self._watched[name], name, tokens)]
        return union(people)

    def settle(self, persons: Ints, people: Ints, at_ms: Ints) -> Columns:
        """As `of`, and from now on `change` tells when another home of these people counts, or others answer for it.
        `persons`: all who are asked about, whether or not they are still among the people."""
        homes = self._lived_in(people, at_ms)
        out = self._best(homes, people, at_ms)
        for table in self._watched.values():
            if table.runs:
                table.remove("person", persons)
        self._watched["place"].add({"place": homes["place"], "person": people[homes["of"]]})
        areas = [{"area": out[name], "person": people} for name in AREAS]
        self._watched["area"].add(concat(("area", "person"), areas))
        return out

    def of(self, people: Ints, at_ms: Ints) -> Columns:
        """The home of each of these people at each of these instants: place, position and areas; 0 and UNKNOWN_MS
        where it is not known."""
        return self._best(self._lived_in(people, at_ms), people, at_ms)

    def _lived_in(self, people: Ints, at_ms: Ints) -> Columns:
        """The homes of each of these people in force at the instants, with `of`."""
        homes = belonging(self._identity, self._homes, people, self._identity.idents_of(people), "since_ms")
        return take(homes, _holds(homes, at_ms[homes["of"]]))

    def _best(self, homes: Columns, people: Ints, at_ms: Ints) -> Columns:
        """Of these homes the one that counts for each of the people, as its dwelling describes it."""
        out = {n: np.full(len(people), UNKNOWN_MS if n in ("lat", "lon") else 0, np.int64) for n in _HOME}
        told = self._told(union([homes["place"]]))
        bounds = (np.searchsorted(told["place"], homes["place"], side) for side in ("left", "right"))
        hit, at = spans(*bounds)
        of, rows = homes["of"][hit], take(told, at)
        keep = _holds(rows, at_ms[of])
        of, since, rows = of[keep], homes["since_ms"][hit][keep], take(rows, keep)
        order = np.lexsort((rows["rec"], -rows["since_ms"], rows["place"], -since, of))
        first = np.ones(len(order), np.bool_)
        first[1:] = of[order][1:] != of[order][:-1]
        best = order[first]
        for name in _HOME:
            out[name][of[best]] = rows[name][best]
        return out

    def _told(self, places: Ints) -> Columns:
        """The dwellings at these places, by place. A compound is told of by every household in it: of equal spans the
        least record counts, so that nobody is joined with a thousand rows."""
        _, rows = self.tables["dwellings"].find("place", places)
        key = mix(rows["place"], rows["since_ms"], rows["until_ms"])
        order, _, _ = groups(key, rows["rec"])
        fresh = np.ones(len(order), np.bool_)
        fresh[1:] = key[order][1:] != key[order][:-1]
        rows = take(rows, order[fresh])
        return take(rows, np.argsort(rows["place"], kind="stable"))

    def holders(self, areas: Ints) -> Columns:
        """The duties for each of these areas, with `of`, the index of the area, and `owner`."""
        of, rows = self.tables["duties"].find("area", areas)
        return {**rows, "of": of, "owner": self._identity.resolve(rows["ident"], rows["since_ms"])}

    def traits(self, persons: Ints, at_ms: Ints) -> Ints:
        """The traits in force of each of these persons at each of these instants, as bits."""
        bits = np.zeros(len(persons), np.int64)
        if self.tables["traits"].runs:
            idents = self._identity.idents_of(persons)
            rows = belonging(self._identity, self.tables["traits"], persons, idents, "since_ms")
            rows = take(rows, _holds(rows, at_ms[rows["of"]]))
            np.bitwise_or.at(bits, rows["of"], np.left_shift(1, rows["trait"] - 1))
        return bits


def _holds(rows: Columns, at_ms: Ints) -> Mask:
    held: Mask = (rows["since_ms"] <= at_ms) & (at_ms < rows["until_ms"])
    return held
