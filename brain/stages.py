"""The whole brain on one screen: what each stage takes in, what it changes, and whom it wakes.

In: batches of facts. Out: events, and the current view on request.
Invariant: the view is a function of the set of facts and the packs; how they came is forgotten.
Deliberately absent: clocks, randomness, files, topics; time that passes by itself arrives as a record.

| stage      | wakes on                                          | keeps                         | gives             |
|------------|---------------------------------------------------|-------------------------------|-------------------|
| ledger     | records                                           | the version that stands       | facts that stand  |
| identity   | links                                             | links, merged people          | identifiers moved |
| clinical   | reports, tests, isolation, medicines; moved       | clinical facts, by person     | persons to judge  |
| cases      | persons to judge                                  | cases and their windows       | sources, degree 1 |
| tracing    | presences, sources, moved                         | sources' presences, exposures | pairs             |
| contacts   | pairs                                             | close, venue-exposed, general | persons           |
| secondary  | contacts, cases, isolation                        | -                             | sources, degree 2 |
| tracing_2  | presences, sources, moved                         | as tracing                    | pairs             |
| contacts_2 | pairs; who became or ceased to be close or a case | secondary contacts            | persons           |
| leads      | dwells, cases, moved; who is more than a lead     | dwells, time together, leads  | leads             |
| holds      | persons to judge                                  | holds, by person              | holds             |
| findings   | orders, homes, streets, moved; cases, degree 1    | orders, homes, findings       | findings          |
| transfers  | pairs, cases, decisions, receipts, stays, duties, | calls, seats and beds, ways   | ways, escalations |
|            | acknowledgements, the fleet, rooms, ticks; moved  |                               |                   |
| notices    | all that stands otherwise now                     | class, by person              | events            |
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from brain.cases import Case, Cases
from brain.circle import judge
from brain.clinical import Clinical
from brain.contacts import Contacts
from brain.findings import TABLES, Findings
from brain.holds import Holds, Turn
from brain.identity import LINK, Identity, Review
from brain.leads import Leads
from brain.ledger import Ledger
from brain.notices import Notices
from brain.persons import Persons
from brain.refill import Each, Part, refilled
from brain.rules import Rules
from brain.runs import Table, distinct, take
from brain.secondary import Secondary
from brain.tracing import PRESENCE, Change, Source, Tracing
from brain.transfers import SHARED, Transfers
from brain.view import view
from schemas.codes import Flag
from schemas.facts import FACT_COLUMNS, Columns, FactBatch
from schemas.instants import UNKNOWN_MS
from schemas.keys import Ints, mix
from schemas.policy import PackSeries
from schemas.transfers import TRANSFER_FACTS

_NONE = {name: dict.fromkeys((*of, "rec", "event_ms"), np.zeros(0, np.int64)) for name, of in FACT_COLUMNS.items()}

_DATED = {"reports", "results", *TABLES}
"""Tables whose facts have the event time of their record."""


class Brain:
    """The state of one lake. `step` is the only way in."""

    def __init__(self, packs: PackSeries) -> None:
        self.rules = Rules(packs)
        self.ledger = Ledger()
        self.identity = Identity()
        self.presences = Table(*PRESENCE)
        self.clinical = Clinical(self.identity, self._sick, self._held)
        self.cases = Cases(self.rules, self.clinical)
        self.tracing = Tracing(self.identity, self.presences, self._judge, lambda rows, _: rows["uid"] != 0)
        self.contacts = Contacts(self.rules, self.tracing, 1, lambda persons: np.ones(len(persons), np.bool_))
        self.secondary = Secondary(self.rules, self.clinical, self.cases, self.contacts)
        self.tracing_2 = Tracing(self.identity, self.presences, self.secondary.judge, self.secondary.keep)
        self.contacts_2 = Contacts(self.rules, self.tracing_2, 2, self.secondary.eligible)
        self.leads = Leads(self.rules, self.identity, self.secondary.eligible)
        self.holds = Holds(self.rules, self.clinical, self.cases)
        self.findings = Findings(self.rules, self.identity, self.cases, self.contacts)
        both = self.contacts, self.contacts_2
        self.transfers = Transfers(
            self.rules, self.ledger, self.identity, self.clinical, self.cases, both, self.findings.homes
        )
        self.persons = Persons(self.rules, self.clinical, self.cases, both)
        self.notices = Notices(self.rules, self.clinical, self.persons, self.reviews)

    def _judge(self, hot: Columns, other: Columns) -> Columns:
        flags, seat = (hot["flags"], other["flags"]), (hot["seat"], other["seat"])
        j = judge(self.rules, hot["pack"], hot["kind"], flags, seat)
        return {"rule": j.rule, "result": j.result, "inside": j.inside, "certainty": j.certainty}

    def _sick(self, person: int) -> bool:
        return person in self.cases.standing

    def _held(self, person: int) -> bool:
        return self.holds.holding(person)

    def step(self, batch: FactBatch) -> pa.Table:
        """Takes in a batch. Out: the events that follow from it (schemas/events.py)."""
        facts, fallen = self._standing(batch)
        leaving = self.transfers.leaving(fallen)
        moved = self.identity.change(facts.pop("links"), fallen)
        change = Change(*self._file(facts.pop("presences"), fallen), moved[0])
        told = {name: facts.pop(name) for name in TRANSFER_FACTS} | {name: facts[name] for name in SHARED}
        dwells = self.leads.file(facts.pop("dwells"), fallen)
        ordered = self.findings.file({name: facts.pop(name) for name in TABLES}, fallen)
        patients = self.clinical.change(facts, fallen, moved[0])
        return self._conclude(change, moved, patients, dwells, ordered, (told, fallen, leaving))

    def restore(self, marks: Iterable[Part], stamped: Iterable[dict[str, Columns]], each: Each = map) -> None:
        """Takes in what had been stepped through, into a new brain: as one, since the sum alone counts. All is filed
        before anything is concluded, and the events are not told again. Arguments: as brain/refill.py has."""
        links, nothing = Table(*LINK), np.zeros(0, np.int64)
        transfers = {name: Table("rec", *columns) for name, columns in TRANSFER_FACTS.items()}
        for facts in refilled(self.ledger, marks, stamped, _DATED, each):
            links.add(facts.pop("links"))
            self._file(facts.pop("presences"), nothing)
            for name, table in transfers.items():
                table.add(facts.pop(name))
            self.leads.file(facts.pop("dwells"), nothing)
            self.findings.file({name: facts.pop(name) for name in TABLES}, nothing)
            self.clinical.file(facts, nothing)
        self.identity.file(links.all(), nothing)
        # Who met whom is found from the side of the cases, so no presence or dwell need be told as new.
        presences, dwells = self.presences.none(), self.leads.dwells.none()
        patients = self.clinical.woken(*self.clinical.every(), nothing)
        change, moved = Change(presences, nothing, nothing), (nothing, nothing)
        told = (
            {name: table.all() for name, table in transfers.items()} | self.transfers.shared(),
            nothing,
            self.transfers.leaving(nothing),
        )
        self._conclude(change, moved, patients, (dwells, dwells), self.findings.every(), told)

    def _conclude(
        self,
        change: Change,
        moved: tuple[Ints, Ints],
        patients: Ints,
        dwells: tuple[Columns, Columns],
        ordered: tuple[dict[str, Columns], dict[str, Columns]],
        told: tuple[dict[str, Columns], Ints, dict[str, Columns]],
    ) -> pa.Table:
        judged = distinct(self.identity.persons_of(patients), moved[1])
        cases, turns = self._judged(judged) if len(judged) else ({}, [])
        met = self.tracing.step(change, {p: _source(p, after) for p, (_, after) in cases.items()})
        fallen, risen = self.contacts.step(met)
        touched = distinct(fallen["person"], risen["person"], np.array(list(cases), np.int64))
        sources = self.secondary.sources(distinct(touched, judged), self.tracing_2.sources)
        met_2 = self.tracing_2.step(change, sources)
        _, of_source = self.tracing_2.exposures.find("source", np.array(list(sources), np.int64))
        _, of_person = self.tracing_2.exposures.find("person", touched)
        met_2 = distinct(met_2, of_source["pair"], of_person["pair"])
        changes = self.contacts_2.step(met_2)
        leads = self.leads.step(dwells, moved, cases, touched)
        findings = self.findings.step(ordered, moved, touched)
        ways = self.transfers.step(*told, moved, distinct(met, met_2), cases)
        return self.notices.take(cases, ((fallen, risen), changes), touched, leads, turns, findings, ways)

    def _judged(self, persons: Ints) -> tuple[dict[int, tuple[Case | None, Case | None]], list[Turn]]:
        """Cases and holds of these persons, before and after."""
        dossier = self.clinical.dossier(persons)
        return self.cases.step(persons, dossier), self.holds.step(persons, dossier)

    def view(self) -> dict[str, pa.Table]:
        """The raw current view: every table of schemas.views.VIEWS in canonical order."""
        degrees = (self.contacts, self.contacts_2)
        asked = self.leads.table.all(), self.holds.standing, self.findings.standing
        return view(self.rules, self.cases, self.tracing, degrees, self.persons, asked, self.transfers, self.reviews())

    def reviews(self) -> list[Review]:
        """Everything that a human must settle now."""
        found = [row for rows in self.identity.contested.values() for row in rows]
        found += self.cases.reviews.values()
        found += self.clinical.tube_conflicts.values()
        found += [("version_conflict", rec, at_ms, ()) for rec, at_ms in self.ledger.conflicts.items()]
        return found

    def _standing(self, batch: FactBatch) -> tuple[dict[str, Columns], Ints]:
        """(the facts whose record stands, by table, with `rec` and `event_ms` for `row`; records whose earlier facts
        fall)."""
        rec, event_ms = batch.column("rec"), batch.column("event_ms")
        marks = batch.column("version"), batch.column("withdrawn"), batch.column("digest")
        verdict = self.ledger.judge(rec, *marks, event_ms)
        keep = np.zeros(len(rec), np.bool_)
        keep[verdict.stands] = True
        facts = {}
        for name in FACT_COLUMNS:
            if name not in batch.facts:
                facts[name] = _NONE[name]
                continue
            rows = take(batch.facts[name], keep[batch.facts[name]["row"]])
            at = rows.pop("row")
            facts[name] = {**rows, "rec": rec[at], "event_ms": event_ms[at]}
        return facts, verdict.fallen

    def _file(self, rows: Columns, fallen: Ints) -> tuple[Columns, Ints]:
        """Files presences in the index and takes out those of fallen records. Out: (presences filed, ids taken out)."""
        gone = self.presences.remove("rec", fallen)["uid"]
        unknown = rows["until_ms"] == UNKNOWN_MS
        pack = self.rules.series.in_force(rows["since_ms"])
        until = np.where(unknown, rows["since_ms"] + self.rules.dwell_ms[pack, rows["kind"]], rows["until_ms"])
        flags = np.where(unknown, rows["flags"] | Flag.until_inferred, rows["flags"])
        uid = mix(rows["rec"], rows["place"], rows["ident"], rows["since_ms"])
        filed = {**rows, "uid": uid, "since": rows["since_ms"], "until": until, "flags": flags}
        filed = {name: filed[name] for name in PRESENCE}
        self.presences.add(filed)
        return filed, gone


def _source(person: int, case: Case | None) -> Source | None:
    if case is None or case.since_ms == UNKNOWN_MS or case.since_ms >= case.until_ms:
        return None
    return Source(case.since_ms, case.until_ms, case.pack, person)
