"""Catalog: a DuckDB file of views alone, through which any number of analysts read the lake while it is written.

In: the folder of a lake that has a snapshot. Out: catalog.duckdb, replaced by rename.
Invariant: it holds no rows; a view reads the current snapshot or the committed parts at the moment it is asked.
Deliberately absent: brain.duckdb, which belongs to the one writer.
"""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pyarrow as pa

from schemas.views import VIEWS
from sinks.disk import TEMPORARY, glob_safe, remove, sync_folder
from sinks.parts import TABLES, part_schema
from sinks.render import EVENTS_PUBLISHED, published_schema
from sinks.sealed import REJECT_SCHEMA
from sinks.store import CLOSED_NETWORK

CATALOG = "catalog.duckdb"
_MACROS = (
    "CREATE MACRO pseudonym(token) AS format('P{:016x}', token)",
    "CREATE MACRO place_code(token) AS format('L{:016x}', token)",
)
"""From the tokens in fact tables to the codes in the views."""


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _path(lake: Path, below: str) -> str:
    return _quoted(f"{glob_safe(lake)}/{below}")


def _statements(lake: Path) -> list[str]:
    made = list(_MACROS)
    views = {view: (f"current/{view}.parquet", published_schema(view)) for view in VIEWS}
    views["rejects"] = ("current/rejects.parquet", REJECT_SCHEMA)
    views["events"] = ("events/*.parquet", EVENTS_PUBLISHED)
    views |= {table: (f"facts/{table}/*.parquet", part_schema(table)) for table in TABLES if table != "places"}
    for view, (below, schema) in views.items():
        columns = ", ".join(f'"{name}"' for name in schema.names)
        made.append(f"CREATE VIEW {view} AS SELECT {columns} FROM read_parquet({_path(lake, below)})")
        made += _comments(view, schema)
    places = _path(lake, "facts/places/*.parquet")
    made.append(
        "CREATE VIEW places AS SELECT place, min(kind) AS kind, coalesce(min(nullif(label, '')), '') AS label "
        f"FROM read_parquet({places}) GROUP BY place"
    )
    return made + _comments("places", part_schema("places"))


def _comments(view: str, schema: pa.Schema) -> list[str]:
    return [
        f'COMMENT ON COLUMN {view}."{f.name}" IS {_quoted(f.metadata[b"about"].decode())}'
        for f in schema
        if f.metadata and b"about" in f.metadata
    ]


def write_catalog(lake: Path) -> None:
    """Makes the catalog anew and puts it in the place of the old one; whoever has that open keeps it."""
    new = lake / (CATALOG + TEMPORARY)
    remove(new)
    with duckdb.connect(str(new), config=CLOSED_NETWORK) as db:
        for statement in _statements(lake):
            db.execute(statement)
    sync_folder(lake)
    os.replace(new, lake / CATALOG)
    sync_folder(lake)


def open_catalog(lake: Path) -> duckdb.DuckDBPyConnection:
    """A read-only connection to the lake as analysts see it. Errors: ValueError if nothing was published yet."""
    path = lake / CATALOG
    if not path.exists():
        raise ValueError(f"{lake} has no catalog yet: publish a snapshot first (`brain run`)")
    return duckdb.connect(str(path), read_only=True, config=CLOSED_NETWORK)
