"""Proof: gathers what a contact rests on, from the published view down to the lines of the files it came from.

In: a snapshot and the lake's fact files. Out: `Grounds` for brain/explain.py.
Invariant: read-only; of a record's versions the one that stands is shown.
Deliberately absent: words, and any judgement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from brain.claims import Grounds, Seen
from schemas.codes import Flag, PlaceKind
from schemas.instants import UNKNOWN_MS
from schemas.keys import place_code, record_tokens
from schemas.policy import Pack, PackSeries
from sinks.store import CLOSED_NETWORK
from streams.current import Current

_PROVES = ("reports", "samples", "results", "admissions")
Row = dict[str, Any]
PackNamed = Callable[[str], Pack]
_STAMP = "rec, version, withdrawn, digest"
_STANDING = f"""
    CREATE TEMP TABLE standing AS SELECT {_STAMP}, min(part) AS part, arg_min("offset", (part, "offset")) AS line
    FROM read_parquet(?) WHERE rec IN (SELECT rec FROM asked) GROUP BY {_STAMP}
    QUALIFY row_number() OVER (PARTITION BY rec ORDER BY version DESC, withdrawn DESC, digest DESC) = 1"""
_JOIN = f"FROM read_parquet(?) JOIN standing USING ({_STAMP}) WHERE NOT withdrawn"


@dataclass(frozen=True)
class Origins:
    """What the fact files say of some records: part and offset, the tables they speak in, presences by place."""

    at: dict[str, tuple[str, int]]
    says: dict[str, frozenset[str]]
    seen: dict[tuple[str, str], Seen]


def find_origins(lake: Path, records: Iterable[str], packs: PackSeries) -> Origins:
    """Looks up records by their published names (`source/record id`)."""
    names = sorted(set(records))
    recs = [int(record_tokens(*_split(name))[0]) for name in names]
    name_of = dict(zip(recs, names, strict=True))
    with duckdb.connect(config=CLOSED_NETWORK) as db:
        db.register("asked", pa.table({"rec": pa.array(recs, pa.int64())}))
        db.execute(_STANDING, [_files(lake, "records")])
        at = {name_of[r]: (part, n) for r, part, n in db.execute("SELECT rec, part, line FROM standing").fetchall()}
        says: dict[str, set[str]] = {}
        for table in _PROVES:
            for (rec,) in db.execute(f"SELECT DISTINCT rec {_JOIN}", [_files(lake, table)]).fetchall():
                says.setdefault(name_of[rec], set()).add(table)
        sql = f"SELECT rec, place, kind, since_ms, until_ms, flags, seat {_JOIN}"
        found = db.execute(sql, [_files(lake, "presences")]).fetchall()
    seen = {(name_of[rec], place_code(place)): _seen(packs, *rest) for rec, place, *rest in found}
    return Origins(at, {name: frozenset(tables) for name, tables in says.items()}, seen)


def standing_facts(lake: Path, table: str, columns: tuple[str, ...]) -> list[tuple[int, ...]]:
    """The rows of a small fact table whose record stands."""
    with duckdb.connect(config=CLOSED_NETWORK) as db:
        db.execute("CREATE TEMP TABLE asked AS SELECT DISTINCT rec FROM read_parquet(?)", [_files(lake, table)])
        db.execute(_STANDING, [_files(lake, "records")])
        sql = f"SELECT DISTINCT {', '.join(columns)} {_JOIN}"
        return list(db.execute(sql, [_files(lake, table)]).fetchall())


def _split(name: str) -> tuple[str, list[str]]:
    source, _, record_id = name.partition("/")
    return source, [record_id]


def _files(lake: Path, table: str) -> list[str]:
    return sorted(str(path) for path in (lake / "facts" / table).glob("*.parquet"))


def _seen(packs: PackSeries, kind: int, since: int, until: int, flags: int, seat: int) -> Seen:
    if until == UNKNOWN_MS:
        pack = packs.packs[int(packs.in_force(np.array([since], np.int64))[0])]
        until = since + pack.dwell_minutes[PlaceKind(kind).name].value * 60_000
        flags |= Flag.until_inferred
    return Seen(since, until, flags, seat)


def grounds_of(current: Current, contacts: list[Row], packs: PackSeries, pack_named: PackNamed) -> list[Grounds]:
    """Everything that contacts of the snapshot rest on. `pack_named`: the pack of a name; errors: ValueError."""
    bare = [_bare(current, contact, pack_named) for contact in contacts]
    every = [g for one in bare for g in (one, *one.first)]
    records = {row[side] for g in every for row in g.evidence for side in ("source_record", "contact_record")}
    records |= {record for g in every for record in g.case["records"]}
    found = find_origins(current.lake, records, packs)

    def whole(g: Grounds) -> Grounds:
        first = tuple(whole(one) for one in g.first)
        return replace(g, first=first, origins=found.at, says=found.says, seen=found.seen)

    return [whole(g) for g in bare]


def _bare(current: Current, contact: Row, pack_named: PackNamed) -> Grounds:
    """From the published views alone."""
    evidence = tuple(current.rows("contact_evidence", contact_id=contact["contact_id"]))
    (case,) = current.rows("cases", case_person=contact["case_person"])
    pack, case_pack = pack_named(contact["pack"]), pack_named(case["pack"])
    if contact["degree"] < 2:
        pair = {"case_person": contact["source_person"], "contact_person": contact["contact_person"]}
        return Grounds(contact, evidence, case, pack, case_pack, tuple(current.rows("exposures", **pair)))
    source = contact["source_person"]
    first = current.rows("contacts", contact_person=source, degree=1)
    # The root's row leads: it is the one whose first exposure opens the source person's window.
    first.sort(key=lambda row: (row["case_person"] != contact["case_person"], row["first_exposure_at_ms"]))
    (person,) = current.rows("persons", person=source)
    nested = tuple(_bare(current, row, pack_named) for row in first)
    return Grounds(contact, evidence, case, pack, case_pack, first=nested, source_isolated_ms=person["isolated_at_ms"])
