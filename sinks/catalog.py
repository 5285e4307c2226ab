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


def _scan(schema: pa.Schema, path: Path) -> str:
    columns = ", ".join(f'"{name}"' for name in schema.names)
    return f"SELECT {columns} FROM read_parquet({_quoted(glob_safe(path))})"


def _grown(schema: pa.Schema, folder: Path, last: int, tail: Path) -> str:
    """SQL over the numbered files of a folder up to the last one committed, and the tail beside the snapshot."""
    scans = [_scan(schema, tail)] if tail.exists() else []
    if last >= 0:
        columns = ", ".join(f'"{name}"' for name in schema.names)
        files = f"read_parquet({_quoted(glob_safe(folder) + '/*.parquet')}, filename = 'file')"
        upto = _quoted(str(folder / PART_NAME.format(last)))
        scans.insert(0, f"SELECT {columns} FROM {files} WHERE file <= {upto}")
    return " UNION ALL ".join(scans)


def _statements(lake: Path, snapshot: Path, last_part: int, last_events: int) -> list[str]:
    made = list(_MACROS)
    described: dict[str, tuple[str, pa.Schema]] = {}
    for view in VIEWS:
        schema = published_schema(view)
        described[view] = _scan(schema, snapshot / f"{view}.parquet"), schema
    described["rejects"] = _scan(REJECT_SCHEMA, snapshot / "rejects.parquet"), REJECT_SCHEMA
    events = _grown(EVENTS_PUBLISHED, lake / EVENTS, last_events, snapshot / TAIL / "events.parquet")
    described["events"] = events, EVENTS_PUBLISHED
    for table in TABLES:
        schema = part_schema(table)
        scan = _grown(schema, lake / FACTS / table, last_part, snapshot / TAIL / f"{table}.parquet")
        described[table] = scan, schema
    places = described["places"][0]
    distinct = f"SELECT place, min(kind) AS kind, coalesce(min(nullif(label, '')), '') AS label FROM ({places})"
    described["places"] = f"{distinct} GROUP BY place", part_schema("places")
    for view, (sql, schema) in described.items():
        made.append(f"CREATE VIEW {view} AS {sql}")
        made += [f'COMMENT ON COLUMN {view}."{f.name}" IS {_quoted(f.metadata[b"about"].decode())}' for f in schema]
    return made


def write_catalog(lake: Path, snapshot: Path, last_part: int, last_events: int) -> None:
    """Writes the catalog of a snapshot. `last_part`, `last_events`: numbers of the last files that belong to it; -1:
    none."""
    path = snapshot / CATALOG
    with duckdb.connect(str(path), config=CLOSED_NETWORK) as db:
        db.execute("; ".join(["BEGIN", *_statements(lake, snapshot, last_part, last_events), "COMMIT"]))
    sync(path)
    sync(snapshot)


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
