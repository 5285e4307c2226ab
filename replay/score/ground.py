"""Ground: the hidden truth and the published lake side by side in one DuckDB, in the same numbers of persons.

In: the truth's folder, a lake, its key, its packs, the slices. Out: a connection on which the sections can run.
Invariant: read-only on both sides; the snapshot is one, whatever the engine publishes meanwhile.
Deliberately absent: rules and figures; those stand in the .sql files beside this one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from replay.city.model import Doing, Ground
from replay.oracle.answer import pack_tables
from replay.score.people import name_people
from replay.score.slices import read_slices
from replay.transfers.ledger import TABLES
from replay.truth import open_truth
from schemas import codes, instants
from schemas.departments import EXPECTED
from schemas.keys import Key
from schemas.policy import PackSeries
from sinks.catalog import CATALOG

VIEWS = (
    "cases", "contacts", "contact_evidence", "persons", "holds", "leads", "findings", "reviews", "rejects", "records",
    "events", "transfers", "transfer_steps",
)  # fmt: skip
_NUMBERS = {
    "open_ms": instants.OPEN_MS,
    "unknown_ms": instants.UNKNOWN_MS,
    "kind_train": codes.PlaceKind.train,
    "kind_metro": codes.PlaceKind.metro,
    "first_vehicle": codes.FIRST_VEHICLE,
    "class_none": codes.PersonClass.none,
    "class_close": codes.PersonClass.close,
    "class_secondary": codes.PersonClass.secondary,
    "ground_line": Ground.line,
    "doing_drive": Doing.drive,
    "kind_venue": codes.PlaceKind.venue,
    "kind_restaurant": codes.PlaceKind.restaurant,
    "kind_entertainment": codes.PlaceKind.entertainment,
}


@dataclass(frozen=True)
class Sides:
    """What a score is made from. `slices`: the slices file of the run, if it told times."""

    truth: Path
    lake: Path
    key: Key
    packs: PackSeries
    slices: Path | None = None


@contextmanager
def stand_on(sides: Sides) -> Iterator[duckdb.DuckDBPyConnection]:
    """The connection, with `visits`, `told`, `people`, `places`, `infections`, `faults`, `lake_…`, `codes`, packs,
    `kinds`, `expected` and `slices`. Errors: OSError or duckdb.Error where a side is not there."""
    snapshot = (sides.lake / "current").resolve(strict=True)
    with open_truth(sides.truth) as db:
        for name, number in _NUMBERS.items():
            db.execute(f"CREATE TEMP MACRO {name}() AS {int(number)}::BIGINT")
        offset, day = instants.LOCAL_OFFSET_MS, instants.DAY_MS
        db.execute(f"CREATE TEMP MACRO local_day(ms) AS (ms + {offset}) // {day}")
        db.execute(f"ATTACH '{str(snapshot / CATALOG).replace(chr(39), chr(39) * 2)}' AS lake (READ_ONLY)")
        for view in VIEWS:
            db.execute(f"CREATE TEMP VIEW lake_{view} AS FROM lake.{view}")
        _name(db, sides.key)
        _tell(db, sides)
        for table in TABLES:
            if (path := sides.truth / f"{table}.parquet").is_file():
                db.execute(
                    f"CREATE TEMP TABLE {table} AS FROM read_parquet('{str(path).replace(chr(39), chr(39) * 2)}')"
                )
        yield db


def run_section(db: duckdb.DuckDBPyConnection, name: str, **words: str) -> None:
    """Runs one of the .sql files beside this module, with `{word}` replaced."""
    text = (resources.files(__package__) / f"{name}.sql").read_text(encoding="utf-8")
    for word, value in words.items():
        text = text.replace(f"{{{word}}}", value)
    db.execute(text)


def _name(db: duckdb.DuckDBPyConnection, key: Key) -> None:
    """The codes of everybody, and which swabs are whose."""
    shown = db.execute(
        "SELECT person FROM lake_persons UNION SELECT case_person FROM lake_cases UNION "
        "SELECT source_person FROM lake_contacts UNION SELECT person FROM lake_leads UNION "
        "SELECT person FROM lake_holds UNION SELECT person FROM lake_transfers"
    ).fetchall()
    person, resident = db.execute("SELECT person, resident_id FROM people ORDER BY person").to_arrow_table().columns
    numbers = np.asarray(person.to_numpy(), np.int64)
    named = name_people(numbers, resident.to_pylist(), key, [row[0] for row in shown])
    db.register("named", named)
    db.execute("CREATE TEMP TABLE codes AS FROM named")
    db.unregister("named")
    db.execute(
        "CREATE TEMP TABLE lake_swabs AS SELECT lake.pseudonym(ident) AS person, sampled_ms FROM lake.samples "
        "WHERE lake.pseudonym(ident) IN (SELECT person FROM lake_persons)"
    )


def _tell(db: duckdb.DuckDBPyConnection, sides: Sides) -> None:
    """Packs, words, expectations and slices."""
    for name, rows in pack_tables(sides.packs).items():
        db.register(name, rows)
    kinds = [{"kind": int(kind), "word": kind.name} for kind in codes.PlaceKind]
    db.register("kinds", pa.Table.from_pylist(kinds))
    expected = [{"source": source, "p95_s": float(of.lateness_s[1])} for source, of in EXPECTED.items()]
    db.register("expected", pa.Table.from_pylist(expected))
    db.register("slices", read_slices(sides.slices))
