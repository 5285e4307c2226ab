"""Findings: what is wrong in the rows of contacts under control, for the department that can mend it (rules.md section
13).

In: orders, homes and streets that stand, records that fall, whose case or contact rows changed. Out: findings that
close and open.
Invariant: a finding is a function of its order and of what other records say of the people and the home in it; a late
report that mends it closes it.
Deliberately absent: mending anything; no finding changes a class, a case or a contact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from brain.cases import Cases
from brain.contacts import Contacts
from brain.identity import Identity
from brain.rules import Rules
from brain.runs import Mask, Table, among, distinct, take
from schemas.codes import ContactDegree, EpidemicStatus, ObservationMode, TraceStatus
from schemas.facts import FACT_COLUMNS, Columns
from schemas.instants import UNKNOWN_MS, local_day
from schemas.keys import Ints

TABLES = ("orders", "homes", "streets")
PEOPLE = ("ident", "case_ident", "contact_ident")
"""Whom an order is about, by column."""


@dataclass(frozen=True, order=True)
class Finding:
    """One row of the view `findings`. `record`: the order; `records`: all that show it."""

    record: int
    kind: str
    person: int
    since_ms: int
    pack: int
    records: tuple[int, ...]


Filed = tuple[dict[str, Columns], dict[str, Columns]]
Turns = tuple[list[Finding], list[Finding]]


class Findings:
    """Shape: `standing` by record of the order."""

    def __init__(self, rules: Rules, identity: Identity, cases: Cases, contacts: Contacts) -> None:
        self._rules = rules
        self._identity = identity
        self._cases = cases
        self._contacts = contacts
        self.orders, self.homes, self.streets = (Table("rec", "event_ms", *FACT_COLUMNS[name]) for name in TABLES)
        self.standing: dict[int, list[Finding]] = {}

    def file(self, new: dict[str, Columns], fallen: Ints) -> Filed:
        """Takes in facts, drops those of fallen records. Out: (facts filed, facts dropped)."""
        gone = {}
        for name, table in zip(TABLES, (self.orders, self.homes, self.streets), strict=True):
            gone[name] = table.remove("rec", fallen)
            table.add(new[name])
        return new, gone

    def every(self) -> Filed:
        """All orders, as if they were new."""
        none = {name: table.none() for name, table in zip(TABLES, (self.orders, self.homes, self.streets), strict=True)}
        return {**none, "orders": self.orders.all()}, none

    def step(self, filed: Filed, moved: tuple[Ints, Ints], touched: Ints) -> Turns:
        """`moved`: identifiers and persons, as Identity.change says; `touched`: whose case or contact rows changed.
        Out: (findings that close, findings that open)."""
        woken = self._woken(*filed, moved, touched)
        if len(woken) == 0:
            return [], []
        found: dict[int, list[Finding]] = {}
        for finding in self._judge(self.orders.find("rec", woken)[1]):
            found.setdefault(finding.record, []).append(finding)
        closed, opened = [], []
        for rec in woken.tolist():
            before, after = self.standing.pop(rec, []), found.get(rec, [])
            if after:
                self.standing[rec] = after
            was, now = ({(f.kind, f.person) for f in findings} for findings in (before, after))
            closed += [f for f in before if (f.kind, f.person) not in now]
            opened += [f for f in after if (f.kind, f.person) not in was]
        return closed, opened

    def _woken(
        self, new: dict[str, Columns], gone: dict[str, Columns], moved: tuple[Ints, Ints], touched: Ints
    ) -> Ints:
        """The records of the orders that may be judged otherwise now."""
        orders, homes, streets = ([new[name], gone[name]] for name in TABLES)
        own = distinct(*(rows["rec"] for rows in orders))
        told = (rows["rec"] for rows in (*homes, *streets))
        if not self.orders.runs or not any(len(of) for of in (own, *moved, touched, *told)):
            return own
        people, listed = self._listed(sum(len(rows["rec"]) for rows in homes) + len(moved[1]))
        _, housed = self.homes.find("place", distinct(*(rows["place"] for rows in streets)))
        persons = [self._identity.resolve(rows["ident"], rows["event_ms"]) for rows in orders]
        for rows in (*homes, housed):
            rows = rows if listed is None else take(rows, among(rows["ident"], listed))
            persons.append(self._identity.resolve(rows["ident"], rows["since_ms"]))
        whole = distinct(moved[1], touched, *persons)
        _, idents = self._identity.idents_of(whole if people is None else whole[among(whole, people)])
        asked = distinct(moved[0], idents)
        return distinct(own, *(self.orders.find(column, asked)[1]["rec"] for column in PEOPLE))

    def _listed(self, woken: int) -> tuple[Ints, Ints] | tuple[None, None]:
        """The persons in any order and all their identifiers; None where looking at those who are woken is less."""
        if woken < len(PEOPLE) * len(self.orders):
            return None, None
        people = self._identity.persons_of(distinct(*(self.orders.column(column) for column in PEOPLE)))
        return people, distinct(self._identity.idents_of(people)[1])

    def _judge(self, orders: Columns) -> list[Finding]:
        """Everything that is wrong in these orders."""
        pack = self._rules.series.in_force(orders["event_ms"])
        sick = np.array(sorted(self._cases.standing), np.int64)
        whose = {name: self._identity.resolve(orders[name], orders["event_ms"]) for name in PEOPLE}
        wrong, proofs = self._elsewhere(orders, whose["ident"])
        shown = {"wrong_street": wrong, **self._gaps(orders), **self._placed(orders, pack)}
        shown |= self._contradicted(orders, whose, pack, sick)
        rows: dict[tuple[int, str, int, int, int], set[int]] = {}
        for number, kind in enumerate(self._rules.findings):
            for at in np.flatnonzero(shown[kind] & self._rules.finding[pack, number]).tolist():
                person = int(whose["ident"][at])
                key = int(orders["rec"][at]), kind, person, int(orders["event_ms"][at]), int(pack[at])
                records = rows.setdefault(key, {key[0]})
                if kind == "wrong_street":
                    records.update(proofs[at])
                elif kind == "case_as_contact":
                    records.update(self._cases.standing[person].records)
        return [Finding(*key, tuple(sorted(records))) for key, records in sorted(rows.items())]

    @staticmethod
    def _gaps(orders: Columns) -> dict[str, Mask]:
        """What is not given and should be."""
        close, secondary = (orders["degree"] == d for d in (ContactDegree.close, ContactDegree.secondary))
        return {
            "trace_missing": orders["trace"] == TraceStatus.missing,
            "province_missing": orders["province"] == 0,
            "last_contact_missing": (close | secondary) & (orders["last_contact_ms"] == UNKNOWN_MS),
            "case_missing": close & (orders["case_ident"] == 0),
            "contact_missing": secondary & (orders["contact_ident"] == 0),
        }

    def _placed(self, orders: Columns, pack: Ints) -> dict[str, Mask]:
        """Said to be in a site without having moved in, and the other way round."""
        unsettled = (orders["site"] == 0) & (orders["checked_in_ms"] == UNKNOWN_MS)
        kept = np.isin(orders["trace"], (TraceStatus.missing, TraceStatus.controlled))
        known = (orders["checked_in_ms"] != UNKNOWN_MS) & (orders["last_contact_ms"] != UNKNOWN_MS)
        days = local_day(orders["checked_in_ms"]) - local_day(orders["last_contact_ms"])
        low, high = self._rules.check_in_days[pack].T
        waiting = orders["trace"] == TraceStatus.awaiting_transfer
        return {
            "central_unsettled": (orders["mode"] == ObservationMode.central) & unsettled & kept,
            "transfer_done": waiting & known & (days >= low) & (days <= high),
        }

    def _contradicted(self, orders: Columns, whose: dict[str, Ints], pack: Ints, sick: Ints) -> dict[str, Mask]:
        """What the cases, the contacts and other orders do not bear out."""
        close, secondary = (orders["degree"] == d for d in (ContactDegree.close, ContactDegree.secondary))
        related, linked = orders["case_ident"] > 0, orders["contact_ident"] > 0
        ill = np.isin(orders["status"], (EpidemicStatus.asymptomatic, EpidemicStatus.confirmed))
        is_case = among(whose["ident"], sick)
        return {
            "case_unknown": close & related & ~among(whose["case_ident"], sick),
            "contact_unknown": secondary & linked & ~among(whose["contact_ident"], self._close(whose, sick)),
            "case_as_contact": is_case & ~self._rules.case_status[pack, orders["status"]],
            "case_unreported": ill & ~is_case,
        }

    def _close(self, whose: dict[str, Ints], sick: Ints) -> Ints:
        """Those of the linked persons who are known as close contacts: a case, one by exposure, or by an order."""
        people = distinct(whose["contact_ident"])
        _, exposed = self._contacts.table.find("person", people)
        of, idents = self._identity.idents_of(people)
        at, orders = self.orders.find("ident", idents)
        listed = self._identity.resolve(orders["ident"], orders["event_ms"]) == people[of[at]]
        listed &= orders["degree"] == ContactDegree.close
        return distinct(sick, exposed["person"][exposed["degree"] == 1], people[of[at[listed]]])

    def _elsewhere(self, orders: Columns, persons: Ints) -> tuple[Mask, dict[int, set[int]]]:
        """Which orders name a street in which no record puts a home of that person; and those records, by order."""
        of, idents = self._identity.idents_of(persons)
        at, homes = self.homes.find("ident", idents)
        of, when = of[at], orders["event_ms"]
        lives = self._identity.resolve(homes["ident"], homes["since_ms"]) == persons[of]
        lives &= (homes["since_ms"] <= when[of]) & (when[of] < homes["until_ms"]) & (orders["street"][of] > 0)
        of, homes = of[lives], take(homes, lives)
        at, streets = self.streets.find("place", homes["place"])
        in_force = (streets["since_ms"] <= when[of[at]]) & (when[of[at]] < streets["until_ms"])
        at, streets = at[in_force], take(streets, in_force)
        of, home = of[at], homes["rec"][at]
        wrong = np.zeros(len(persons), np.bool_)
        wrong[of] = True
        wrong[of[streets["street"] == orders["street"][of]]] = False
        proofs: dict[int, set[int]] = {}
        proving = wrong[of]  # a compound's street is told by every household in it: few of these rows prove anything
        for order, *records in zip(*(c[proving].tolist() for c in (of, home, streets["rec"])), strict=True):
            proofs.setdefault(order, set()).update(records)
        return wrong, proofs
