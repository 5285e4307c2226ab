"""View: the state of the brain as the raw tables of schemas/views.py.

In: a brain. Out: Arrow tables in canonical order.
Invariant: the same state gives the same bytes.
Deliberately absent: words, codes and dates; the sinks render them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from brain.asked import findings, holds, leads, packs_of, words_of
from brain.cases import Cases
from brain.contacts import Contacts
from brain.findings import Finding
from brain.holds import Standing
from brain.identity import Review
from brain.persons import Persons, measures, test_days
from brain.rules import Rules
from brain.runs import Table, size
from brain.tracing import Tracing
from brain.transfers import Transfers
from brain.underway import underway
from schemas.facts import Columns
from schemas.keys import Ints, mix
from schemas.views import raw_schema

_LISTS = {"records", "test_days", "people"}


def view(
    rules: Rules,
    cases: Cases,
    tracing: Tracing,
    degrees: tuple[Contacts, Contacts],
    persons: Persons,
    asked: tuple[Columns, Standing, dict[int, list[Finding]]],
    transfers: Transfers,
    reviews: list[Review],
) -> dict[str, pa.Table]:
    """Every table of schemas.views.VIEWS, raw."""
    contacts = [_contacts(rules, c.table) for c in degrees]
    evidence = [_evidence(rules, c.deciding(), c.table) for c in degrees]
    return {
        "cases": _table("cases", _cases(rules, cases)),
        "exposures": _table("exposures", _exposures(rules, tracing.exposed())),
        "contacts": _table("contacts", _join(contacts)),
        "contact_evidence": _table("contact_evidence", _join(evidence)),
        "persons": _table("persons", _persons(rules, persons)),
        "leads": _table("leads", leads(rules, asked[0])),
        "holds": _table("holds", holds(rules, asked[1])),
        "findings": _table("findings", findings(rules, asked[2])),
        **{name: _table(name, raw) for name, raw in underway(rules, transfers).items()},
        "reviews": _table("reviews", _reviews(reviews)),
    }


Raw = dict[str, Any]


def _join(parts: list[Raw]) -> Raw:
    one, other = parts
    return {n: [*one[n], *other[n]] if n in _LISTS else np.concatenate([one[n], other[n]]) for n in one}


def _cases(rules: Rules, standing: Cases) -> Raw:
    people = sorted(standing.standing)
    cases = [standing.standing[p] for p in people]

    def column(name: str) -> Ints:
        return np.array([getattr(c, name) for c in cases], np.int64)

    return {
        "case_person": np.array(people, np.int64),
        "classification": column("classification"),
        "onset_at_ms": column("onset_ms"),
        "first_positive_at_ms": column("first_positive_ms"),
        "reported_at_ms": column("reported_ms"),
        "isolated_at_ms": column("isolated_ms"),
        "anchor_at_ms": column("anchor_ms"),
        "window_since_ms": column("since_ms"),
        "window_until_ms": column("until_ms"),
        "window_rule": np.array([c.rule for c in cases], dtype=object),
        "pack": packs_of(rules, column("pack")),
        "records": [list(c.records) for c in cases],
    }


def _exposures(rules: Rules, rows: Columns) -> Raw:
    return {
        "case_person": rows["source"],
        "contact_person": rows["person"],
        "place": rows["place"],
        "place_kind": rows["kind"],
        "since_ms": rows["since"],
        "until_ms": rows["until"],
        "case_record": rows["source_rec"],
        "contact_record": rows["contact_rec"],
        "rule": words_of(rules.names, rows["rule"]),
        "class": rows["result"],
        "category": words_of(rules.categories, rows["rule"]),
        "certainty": rows["certainty"],
        "pack": packs_of(rules, rows["pack"]),
    }


def _contacts(rules: Rules, table: Table) -> Raw:
    rows = table.all()
    isolate, monitor = measures(rules, rows["pack"], rows["result"], rows["last"])
    return {
        "contact_id": mix(rows["degree"], rows["source"], rows["person"]),
        "source_person": rows["source"],
        "contact_person": rows["person"],
        "degree": rows["degree"],
        "case_person": rows["root"],
        "class": rows["result"],
        "rule": words_of(rules.names, rows["rule"]),
        "category": words_of(rules.categories, rows["rule"]),
        "certainty": rows["certainty"],
        "first_exposure_at_ms": rows["first"],
        "last_exposure_at_ms": rows["last"],
        "overlap_ms": rows["overlap"],
        "exposures": rows["count"],
        "isolate_until_ms": isolate,
        "monitor_until_ms": monitor,
        "test_days": test_days(rules, rows["pack"], rows["result"], rows["last"]),
        "pack": packs_of(rules, rows["pack"]),
    }


def _evidence(rules: Rules, rows: Columns, table: Table) -> Raw:
    of, contact = table.find("pair", rows["pair"])
    degree = np.zeros(size(rows), np.int64)
    degree[of] = contact["degree"]
    return {
        "contact_id": mix(degree, rows["source"], rows["person"]),
        "source_person": rows["source"],
        "contact_person": rows["person"],
        "degree": degree,
        "place": rows["place"],
        "place_kind": rows["kind"],
        "since_ms": rows["since"],
        "until_ms": rows["until"],
        "source_record": rows["source_rec"],
        "contact_record": rows["contact_rec"],
        "rule": words_of(rules.names, rows["rule"]),
        "category": words_of(rules.categories, rows["rule"]),
        "certainty": rows["certainty"],
    }


def _persons(rules: Rules, persons: Persons) -> Raw:
    rows = persons.rows()
    isolate, monitor = measures(rules, rows["pack"], rows["class"], rows["last"])
    return {
        "person": rows["person"],
        "class": rows["class"],
        "sources": rows["sources"],
        "first_exposure_at_ms": rows["first"],
        "last_exposure_at_ms": rows["last"],
        "isolated_at_ms": rows["isolated"],
        "isolate_until_ms": isolate,
        "monitor_until_ms": monitor,
        "test_days": test_days(rules, rows["pack"], rows["class"], rows["last"]),
        "pack": packs_of(rules, rows["pack"]),
    }


def _reviews(found: list[Review]) -> Raw:
    rows = sorted(found)
    return {
        "kind": np.array([r[0] for r in rows], dtype=object),
        "subject": np.array([r[1] for r in rows], np.int64),
        "at_ms": np.array([r[2] for r in rows], np.int64),
        "people": [list(r[3]) for r in rows],
    }


def _table(name: str, raw: Raw) -> pa.Table:
    schema = raw_schema(name)
    order = canonical(raw)
    arrays = []
    for field in schema:
        column = raw[field.name]
        chosen = [column[at] for at in order.tolist()] if field.name in _LISTS else column[order]
        arrays.append(pa.array(chosen, field.type))
    return pa.Table.from_arrays(arrays, schema=schema)


def canonical(raw: Raw) -> Ints:
    """The order of rows by all columns from left to right. Lists and texts are compared by their rank. The first few
    columns tell most rows apart; of the rest the ranks are not even asked then."""
    columns, keys = list(raw.values()), list[Ints]()
    order = np.zeros(0, np.int64)
    for count in (2, 7, len(columns)):
        keys += [_ranked(column) for column in columns[len(keys) : count]]
        order = np.lexsort(keys[::-1]).astype(np.int64)
        if _apart([key[order] for key in keys]):
            break
    return order


def _ranked(column: Any) -> Ints:
    """Integers that sort as the column does."""
    if not isinstance(column, list) and column.dtype != object:
        return np.asarray(column)
    plain = [tuple(v) if isinstance(v, list) else v for v in column] if isinstance(column, list) else column.tolist()
    rank = {v: r for r, v in enumerate(sorted(set(plain)))}
    return np.array([rank[v] for v in plain], np.int64)


def _apart(keys: list[Ints]) -> bool:
    """Whether no two rows that follow each other are the same."""
    same = np.ones(max(len(keys[0]) - 1, 0), np.bool_)
    for key in keys:
        same &= key[1:] == key[:-1]
    return not bool(same.any())
