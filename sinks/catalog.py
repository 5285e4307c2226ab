"""Catalog: a DuckDB file of views alone, through which any number of analysts read the lake while it is written.

In: a snapshot and the parts that were committed when it was made. Out: its catalog.duckdb.
Invariant: it holds no rows, and names only files that never change: whoever has it open sees one instant of the lake,
over views, facts and events alike, for as long as they keep it open.
Deliberately absent: brain.duckdb, which belongs to the one writer, and the link `current`: DuckDB opens a file twice in
one query, and a link that moves in between would mix two files.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import duckdb
import pyarrow as pa

from schemas.views import VIEWS
from sinks.disk import glob_safe, sync
from sinks.files import EVENTS, FACTS, PART_NAME
from sinks.parts import TABLES, part_schema
from sinks.published_events import EVENTS_PUBLISHED
from sinks.render import published_schema
from sinks.sealed import REJECT_SCHEMA
from sinks.store import CLOSED_NETWORK

CATALOG = "catalog.duckdb"
TAIL = "tail"
"""Folder in a snapshot: what is committed but not in a part or a whole event file yet."""
_MACROS = (
    "CREATE MACRO pseudonym(token) AS format('P{:016x}', token)",
    "CREATE MACRO place_code(token) AS format('L{:016x}', token)",
)
"""From the tokens in fact tables to the codes in the views."""


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _scan(schema: pa.Schema, files: str) -> str:
    columns = ", ".join(f'"{name}"' for name in schema.names)
    return f"SELECT {columns} FROM read_parquet({files})"


def _instant(lake: Path, snapshot: Path, last_part: int, last_events: int) -> list[str]:
    """The macros that say which files a catalog means; all else in it is the same in every catalog of a lake."""
    tail = snapshot / TAIL
    there = ", ".join(_quoted(path.stem) for path in sorted(tail.glob("*.parquet"))) or "''"
    of_tail = f"{_quoted(glob_safe(tail) + '/')} || name || '.parquet'"
    events = [*(lake / EVENTS / PART_NAME.format(n) for n in range(last_events + 1)), tail / f"{EVENTS}.parquet"]
    nothing = f"{_quoted(glob_safe(lake / FACTS) + '/')} || name || {_quoted('/' + PART_NAME.format(0))}"
    return [
        f"CREATE OR REPLACE MACRO snapshot_file(name) AS {_quoted(glob_safe(snapshot) + '/')} || name || '.parquet'",
        f"CREATE OR REPLACE MACRO tail_file(name) AS CASE WHEN name IN ({there}) THEN {of_tail} ELSE {nothing} END",
        f"CREATE OR REPLACE MACRO last_part() AS {_quoted(PART_NAME.format(last_part))}",
        f"CREATE OR REPLACE MACRO event_files() AS [{', '.join(_quoted(glob_safe(path)) for path in events)}]",
    ]


def _views(lake: Path) -> list[str]:
    made = list(_MACROS)
    described: dict[str, tuple[str, pa.Schema]] = {}
    for view in (*VIEWS, "rejects"):
        schema = published_schema(view) if view in VIEWS else REJECT_SCHEMA
        described[view] = _scan(schema, f"snapshot_file('{view}')"), schema
    described["events"] = _scan(EVENTS_PUBLISHED, "event_files()"), EVENTS_PUBLISHED
    for table in TABLES:
        schema, parts = part_schema(table), lake / FACTS / table
        tail = f"tail_file('{table}')"
        numbered = f"{_quoted(glob_safe(parts) + '/*.parquet')}, filename = 'file'"
        whole = f"{_scan(schema, numbered)} WHERE file <= {_quoted(f'{parts}/')} || last_part()"
        described[table] = f"{whole} UNION ALL {_scan(schema, tail)}", schema
    places = described["places"][0]
    distinct = f"SELECT place, min(kind) AS kind, coalesce(min(nullif(label, '')), '') AS label FROM ({places})"
    described["places"] = f"{distinct} GROUP BY place", part_schema("places")
    for view, (sql, schema) in described.items():
        made.append(f"CREATE VIEW {view} AS {sql}")
        made += [f'COMMENT ON COLUMN {view}."{f.name}" IS {_quoted(f.metadata[b"about"].decode())}' for f in schema]
    return made


def write_catalog(lake: Path, snapshot: Path, last_part: int, last_events: int, form: bytes | None) -> bytes:
    """Writes the catalog of a snapshot. `last_part`, `last_events`: numbers of the last files that belong to it; -1:
    none. `form`: an earlier catalog of this lake, if its writer has made one: it is copied, since drawing up the views
    takes five times as long as naming other files. Out: this catalog's bytes."""
    path = snapshot / CATALOG
    if form:
        path.write_bytes(form)
    with duckdb.connect(str(path), config=CLOSED_NETWORK) as db:
        statements = _instant(lake, snapshot, last_part, last_events) + ([] if form else _views(lake))
        db.execute("; ".join(["BEGIN", *statements, "COMMIT"]))
    sync(path)
    sync(snapshot)
    return path.read_bytes()


def open_catalog(lake: Path) -> duckdb.DuckDBPyConnection:
    """A read-only connection to the lake as it stood at its last publication; that instant stays readable until the
    connection is closed. Errors: ValueError if nothing was published yet."""
    path = lake / CATALOG
    if not path.exists():
        raise ValueError(f"{lake} has no catalog yet: publish a snapshot first (`brain run`)")
    return duckdb.connect(os.path.realpath(path), read_only=True, config=CLOSED_NETWORK)


def in_use(snapshot: Path) -> bool:
    """Whether another process has the snapshot's catalog open: DuckDB holds a shared lock on it then."""
    path = snapshot / CATALOG
    if not path.exists():
        return False
    with path.open("r+b") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            return True
    return False
