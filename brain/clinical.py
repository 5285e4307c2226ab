"""Clinical facts: reports, samples, results, stays in isolation and purchases of medicines that stand, by person.

In: fact rows that stand and records that fall. Out: the facts of given persons, and whom a batch may make or unmake
a case or a hold.
Invariant: a tube is what its standing samples and results say, whenever they came.
Deliberately absent: what makes a case (brain/cases.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from brain.identity import Identity, Review
from brain.runs import Mask, Table, among, distinct, groups, take
from schemas.codes import Result
from schemas.facts import Columns
from schemas.instants import OPEN_MS, UNKNOWN_MS
from schemas.keys import Ints


@dataclass(frozen=True)
class Dossier:
    """The facts of some persons; `of` in each is the index of the person. Samples carry what became of their tubes:
    `positive`, `negative` and, of positive ones, `single` as 0 or 1."""

    reports: Columns
    samples: Columns
    stays: Columns
    purchases: Columns


class Clinical:
    """`sick`, `held`: whether a person is a case, or on hold."""

    def __init__(self, identity: Identity, sick: Callable[[int], bool], held: Callable[[int], bool]) -> None:
        self._identity = identity
        self._sick, self._held = sick, held
        self.tables = {
            "reports": Table("rec", "ident", "classification", "onset_ms", "reported_ms", "discovery", "event_ms"),
            "samples": Table("rec", "ident", "tube", "sampled_ms", "pool_size"),
            "results": Table("rec", "tube", "result", "event_ms"),
            "admissions": Table("rec", "ident", "admitted_ms", "site", "room"),
            "discharges": Table("rec", "ident", "discharged_ms", "site"),
            "purchases": Table("rec", "ident", "category", "bought_ms"),
        }
        self.tube_conflicts: dict[int, Review] = {}

    def change(self, new: dict[str, Columns], fallen: Ints, dirty: Ints) -> Ints:
        """Takes in new facts, drops those of fallen records. Out: identifiers whose person's case or hold may have
        changed; `dirty` are those whose identity did."""
        return self.woken(new, self.file(new, fallen), dirty)

    def file(self, new: dict[str, Columns], fallen: Ints) -> dict[str, Columns]:
        """Takes in new facts, drops those of fallen records; those that it drops."""
        gone = {name: table.remove("rec", fallen) for name, table in self.tables.items()}
        for name, rows in new.items():
            self.tables[name].add(rows)
        return gone

    def woken(self, new: dict[str, Columns], gone: dict[str, Columns], dirty: Ints) -> Ints:
        """As `change`, of facts that were filed.

        Where everybody is swabbed, nearly all tubes are negative. One that came to be so opens a case's window or, if
        it is a single one, ends a hold, no more: it matters to those who have one."""
        if not len(dirty) and not any(len(rows["rec"]) for found in (new, gone) for rows in found.values()):
            return dirty
        idents = [gone["samples"]["ident"]]
        idents += [c["ident"] for rows in (new, gone) for name, c in rows.items() if "ident" in c and name != "samples"]
        lost = distinct(gone["samples"]["tube"], gone["results"]["tube"])
        _, of_dirty = self.tables["samples"].find("ident", dirty)
        tubes = distinct(lost, new["samples"]["tube"], new["results"]["tube"], of_dirty["tube"])
        of, members = self.tables["samples"].find("tube", tubes)
        declared = np.zeros(len(tubes), np.bool_)
        declared[of[members["pool_size"] == 1]] = True
        mixed = declared & (np.bincount(of, minlength=len(tubes)) > 1)
        self._review(tubes, take(members, mixed[of]))
        telling = mixed | among(tubes, lost)
        telling[self.positives(tubes)[0]] = True
        quiet = ~telling[of]
        asking = self._whose(self._sick, members["ident"][quiet])
        asking += self._whose(self._held, members["ident"][quiet & declared[of]])
        return distinct(dirty, *idents, members["ident"][telling[of]], np.array(asking, np.int64))

    def every(self) -> tuple[dict[str, Columns], dict[str, Columns]]:
        """What `woken` asks for, if all facts were new; but of tubes only those that may be positive or single."""
        none = {name: table.none() for name, table in self.tables.items()}
        facts = {name: table.all() for name, table in self.tables.items() if name not in ("samples", "results")}
        for name, column, value in (("samples", "pool_size", 1), ("results", "result", int(Result.positive))):
            chosen = self.tables[name].column(column) == value
            facts[name] = {**none[name], **{n: self.tables[name].column(n)[chosen] for n in ("rec", "tube")}}
        return facts, none

    def _whose(self, concerned: Callable[[int], bool], idents: Ints) -> list[int]:
        return [person for person in self._identity.persons_of(distinct(idents)).tolist() if concerned(person)]

    def _review(self, tubes: Ints, samples: Columns) -> None:
        """Renews the contradictions of tubes; `samples`: of those that are declared single and have several."""
        for tube in tubes.tolist() if self.tube_conflicts else ():
            self.tube_conflicts.pop(tube, None)
        of, people = self._members(samples)
        several = of[np.concatenate([of[1:] == of[:-1], [False]])] if len(of) else of
        for tube in distinct(several).tolist():
            at_ms = int(samples["sampled_ms"][samples["tube"] == tube].min())
            self.tube_conflicts[tube] = ("tube_conflict", tube, at_ms, tuple(sorted(people[of == tube].tolist())))

    def _members(self, samples: Columns) -> tuple[Ints, Ints]:
        """The distinct (tube, person) of samples, in order."""
        people = self._identity.resolve(samples["ident"], samples["sampled_ms"])
        order, starts, _ = groups(samples["tube"], people)
        first = order[starts]
        return samples["tube"][first], people[first]

    def _own(self, table: str, persons: Ints, idents: tuple[Ints, Ints], at: str) -> Columns:
        """The rows of a table that belong to these persons, with `of`."""
        of, tokens = idents
        hit, rows = self.tables[table].find("ident", tokens)
        of = of[hit]
        mine = self._identity.resolve(rows["ident"], rows[at]) == persons[of]
        return take({**rows, "of": of}, mine)

    def dossier(self, persons: Ints) -> Dossier:
        """All clinical facts of these persons."""
        idents = self._identity.idents_of(persons)
        samples = self._own("samples", persons, idents, "sampled_ms")
        return Dossier(
            self._own("reports", persons, idents, "event_ms"),
            {**samples, **self._tubes(samples)},
            self.stays(persons, idents),
            self._own("purchases", persons, idents, "bought_ms"),
        )

    def _tubes(self, samples: Columns) -> Columns:
        tubes, tube = np.unique(samples["tube"], return_inverse=True)
        of, results = self.tables["results"].find("tube", tubes)
        positive, negative = np.zeros(len(tubes), np.int64), np.zeros(len(tubes), np.int64)
        positive[of[results["result"] == Result.positive]] = 1
        negative[of[results["result"] == Result.negative]] = 1
        negative[positive == 1] = 0
        found = {"positive": positive[tube], "negative": negative[tube], "single": np.zeros(len(tube), np.int64)}
        # Few tubes are positive; whether a negative one is single matters to those on hold alone, who ask.
        proof = np.flatnonzero(found["positive"])
        found["single"][proof] = self.single(take(samples, proof))
        return found

    def single(self, samples: Columns) -> Mask:
        """Which of these are specimens of one person, as declared and in fact."""
        alone: Mask = samples["pool_size"] == 1  # as declared; most are pools, whose mates nobody need look for
        tubes, tube = np.unique(samples["tube"][alone], return_inverse=True)
        _, mates = self.tables["samples"].find("tube", tubes)
        of_tube, _ = self._members(mates)
        members = np.bincount(np.searchsorted(tubes, of_tube), minlength=len(tubes))
        alone[alone] = members[tube] == 1
        return alone

    def stays(self, persons: Ints, idents: tuple[Ints, Ints] | None = None) -> Columns:
        """Isolation stays of these persons: of, rec, site, room, since, until (OPEN_MS: still there)."""
        idents = idents or self._identity.idents_of(persons)
        admitted = self._own("admissions", persons, idents, "admitted_ms")
        left = self._own("discharges", persons, idents, "discharged_ms")
        where = {name: admitted[name] for name in ("of", "rec", "site", "room")}
        return {**where, "since": admitted["admitted_ms"], "until": _until(admitted, left)}

    def isolated_at(self, persons: Ints, after_ms: Ints) -> Ints:
        """Start of the first stay of each person that ends after an instant; UNKNOWN_MS if there is none."""
        return first_stay(self.stays(persons), after_ms)

    def positives(self, tubes: Ints) -> tuple[Ints, Columns]:
        """The positive results of tubes: (index of the tube, rows)."""
        of, results = self.tables["results"].find("tube", tubes)
        positive = results["result"] == Result.positive
        return of[positive], take(results, positive)


def _until(admitted: Columns, left: Columns) -> Ints:
    """When each stay ends: with the first discharge after it; OPEN_MS if there is none."""
    of = np.concatenate([left["of"], admitted["of"]])
    at_ms = np.concatenate([left["discharged_ms"], admitted["admitted_ms"]])
    order = np.lexsort((at_ms, of))  # stable: a discharge at the very instant comes before the admission
    leaves = order < len(left["of"])
    ends, after = order[leaves], np.empty(len(of), np.int64)
    after[order] = np.cumsum(leaves)
    following = after[len(left["of"]) :]
    mine = np.append(of[ends], -1)[following] == admitted["of"]
    return np.where(mine, np.append(at_ms[ends], OPEN_MS)[following], OPEN_MS)


def first_stay(stays: Columns, after_ms: Ints) -> Ints:
    """As `Clinical.isolated_at`, of stays at hand; one result per element of `after_ms`."""
    out = np.full(len(after_ms), OPEN_MS, np.int64)
    valid = stays["until"] > after_ms[stays["of"]]
    np.minimum.at(out, stays["of"][valid], stays["since"][valid])
    return np.where(out == OPEN_MS, UNKNOWN_MS, out)
