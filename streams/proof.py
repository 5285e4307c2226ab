"""Proof: gathers what a contact rests on, from the published view down to the lines of the files it came from.

In: a snapshot and the lake's fact files. Out: `Grounds` for brain/explain.py.
Invariant: read-only; of a record's versions the one that stands is shown.
Deliberately absent: words, and any judgement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa

from brain.claims import Grounds, Seen
from schemas.codes import Flag, PlaceKind
from schemas.instants import UNKNOWN_MS
from schemas.keys import place_code, record_tokens
from schemas.policy import Pack, PackSeries
from streams.current import Current

_SIDES = ("source_record", "contact_record")
_PROVES = ("reports", "samples", "results", "admissions")
Row = dict[str, Any]
PackNamed = Callable[[str], Pack]
_STAMP = "rec, version, withdrawn, digest"
_STANDING = f"""
    CREATE TEMP TABLE standing AS SELECT {_STAMP}, min(part) AS part, arg_min("offset", (part, "offset")) AS line
    FROM records WHERE rec IN (SELECT rec FROM asked) GROUP BY {_STAMP}
    QUALIFY row_number() OVER (PARTITION BY rec ORDER BY version DESC, withdrawn DESC, digest DESC) = 1"""
_JOIN = f"JOIN standing USING ({_STAMP}) WHERE NOT withdrawn"


@dataclass(frozen=True)
class Origins:
    """What the fact files say of some records: part and offset, the tables they speak in, presences by place."""

    at: dict[str, tuple[str, int]]
    says: dict[str, frozenset[str]]
    seen: dict[tuple[str, str], Seen]


def find_origins(current: Current, records: Iterable[str], packs: PackSeries) -> Origins:
    """Looks up records by their published names (`source/record id`)."""
    names = sorted(set(records))
    recs = [int(record_tokens(*_split(name))[0]) for name in names]
    name_of = dict(zip(recs, names, strict=True))
    with current.facts() as db:
        db.register("asked", pa.table({"rec": pa.array(recs, pa.int64())}))
        db.execute(_STANDING)
        at = {name_of[r]: (part, n) for r, part, n in db.execute("SELECT rec, part, line FROM standing").fetchall()}
        says: dict[str, set[str]] = {}
        for table in _PROVES:
            for (rec,) in db.execute(f"SELECT DISTINCT rec FROM {table} {_JOIN}").fetchall():
                says.setdefault(name_of[rec], set()).add(table)
        found = db.execute(
            f"SELECT rec, place, kind, since_ms, until_ms, flags, seat FROM presences {_JOIN}"
        ).fetchall()
    seen = {(name_of[rec], place_code(place)): _seen(packs, *rest) for rec, place, *rest in found}
    return Origins(at, {name: frozenset(tables) for name, tables in says.items()}, seen)


def standing_facts(current: Current, table: str, columns: tuple[str, ...]) -> list[tuple[int, ...]]:
    """The rows of a small fact table whose record stands."""
    with current.facts() as db:
        db.execute(f"CREATE TEMP TABLE asked AS SELECT DISTINCT rec FROM {table}")
        db.execute(_STANDING)
        named = ", ".join(f'"{name}"' for name in columns)
        return list(db.execute(f"SELECT DISTINCT {named} FROM {table} {_JOIN}").fetchall())


def _split(name: str) -> tuple[str, list[str]]:
    source, _, record_id = name.partition("/")
    return source, [record_id]


def _seen(packs: PackSeries, kind: int, since: int, until: int, flags: int, seat: int) -> Seen:
    if until == UNKNOWN_MS:
        pack = packs.packs[int(packs.in_force(np.array([since], np.int64))[0])]
        until = since + pack.dwell_minutes[PlaceKind(kind).name].value * 60_000
        flags |= Flag.until_inferred
    return Seen(since, until, flags, seat)


def grounds_of(current: Current, contacts: list[Row], packs: PackSeries, pack_named: PackNamed) -> list[Grounds]:
    """Everything that contacts of the snapshot rest on. `pack_named`: the pack of a name; errors: ValueError."""
    if not contacts:
        return []
    pack_named = cache(pack_named)
    second = [c["source_person"] for c in contacts if c["degree"] == 2]
    first = current.rows("contacts", contact_person=second, degree=1) if second else []
    every = [*contacts, *first]
    views = _Views.of(current, every, second)
    records = {row[side] for rows in views.evidence.values() for row in rows for side in _SIDES}
    records |= {record for case in views.cases.values() for record in case["records"]}
    found = find_origins(current, records, packs)

    def whole(contact: Row) -> Grounds:
        case = views.cases[contact["case_person"]]
        grounds = Grounds(
            contact, tuple(views.evidence[contact["contact_id"]]), case, pack_named(contact["pack"]),
            pack_named(case["pack"]), origins=found.at, says=found.says, seen=found.seen,
        )  # fmt: skip
        source, root = contact["source_person"], contact["case_person"]
        if contact["degree"] < 2:
            return replace(grounds, exposures=tuple(views.exposures.get((source, contact["contact_person"]), ())))
        # The root's row leads: it is the one whose first exposure opens the source person's window.
        above = [row for row in first if row["contact_person"] == source]
        above.sort(key=lambda row: (row["case_person"] != root, row["first_exposure_at_ms"]))
        return replace(grounds, first=tuple(whole(row) for row in above), source_isolated_ms=views.isolated[source])

    return [whole(contact) for contact in contacts]


@dataclass(frozen=True)
class _Views:
    """The published rows around some contacts, each view read once."""

    cases: dict[str, Row]
    evidence: dict[str, list[Row]]
    exposures: dict[tuple[str, str], list[Row]]
    isolated: dict[str, int | None]

    @staticmethod
    def of(current: Current, contacts: list[Row], second: list[str]) -> _Views:
        evidence: dict[str, list[Row]] = {}
        for row in current.rows("contact_evidence", contact_id=[c["contact_id"] for c in contacts]):
            evidence.setdefault(row["contact_id"], []).append(row)
        exposures: dict[tuple[str, str], list[Row]] = {}
        for row in current.rows("exposures", contact_person=[c["contact_person"] for c in contacts]):
            exposures.setdefault((row["case_person"], row["contact_person"]), []).append(row)
        cases = {
            row["case_person"]: row for row in current.rows("cases", case_person=[c["case_person"] for c in contacts])
        }
        people = current.rows("persons", person=second) if second else []
        return _Views(cases, evidence, exposures, {row["person"]: row["isolated_at_ms"] for row in people})
