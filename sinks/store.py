"""Store: the lake's DuckDB file, which only the one writer opens.

In: rows that belong together. Out: committed rows, all of a transaction or none.
Invariant: progress, the registry of parts, events, rejects and the tail of facts change in one transaction.
Deliberately absent: Parquet files (sinks/parts.py) and what analysts read (sinks/catalog.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from schemas.events import EVENT_SCHEMA
from sinks.sealed import REJECT_SCHEMA, SEALED

FORMAT = 4
"""Number of the lake's layout; a lake of another number is refused."""
AUDIT_SCHEMA = pa.schema(
    [
        pa.field("at_ms", pa.int64(), False, {"about": "when, UTC"}),
        pa.field("actor", pa.string(), False, {"about": "who, as the office knows them; may be empty"}),
        pa.field("action", pa.string(), False, {"about": "what was done"}),
        pa.field("reason", pa.string(), False, {"about": "why it was done"}),
        pa.field("subject_code", pa.string(), False, {"about": "the code it was done to"}),
    ]
)
PARTS_SCHEMA = pa.schema(
    [
        pa.field("number", pa.int64(), False, {"about": "number of the part; the same over all tables of a commit"}),
        pa.field("table", pa.string(), False, {"about": "which table, or events"}),
        pa.field("path", pa.string(), False, {"about": "file, relative to the lake"}),
        pa.field("rows", pa.int64(), False, {"about": "rows in it"}),
        pa.field("bytes", pa.int64(), False, {"about": "size of the file"}),
    ]
)
EVENT_ROWS = pa.schema([pa.field("seq", pa.int64(), False, {"about": "number of the event, from 0"}), *EVENT_SCHEMA])
PROGRESS_SCHEMA = pa.schema([pa.field("part", pa.string(), False), pa.field("next_offset", pa.int64(), False)])
COMMITS_SCHEMA = pa.schema([pa.field("number", pa.int64(), False), pa.field("body", pa.binary(), False)])
UNKNOWN_SCHEMA = pa.schema(
    [
        pa.field("source", pa.string(), False),
        pa.field("field", pa.string(), False),
        pa.field("count", pa.int64(), False),
    ]
)
META_SCHEMA = pa.schema([pa.field("name", pa.string(), False), pa.field("value", pa.string(), False)])
_KEYS = {"meta": "name", "progress": "part", "rejects": "reject_id", "unknown_fields": "source, field"}
_TYPES = {pa.int64(): "BIGINT", pa.string(): "VARCHAR", pa.bool_(): "BOOLEAN", pa.binary(): "BLOB"}
STORED: dict[str, pa.Schema] = {
    "meta": META_SCHEMA,
    "progress": PROGRESS_SCHEMA,
    "commits": COMMITS_SCHEMA,
    "parts": PARTS_SCHEMA,
    "events": EVENT_ROWS,
    "rejects": REJECT_SCHEMA.append(SEALED),
    "unknown_fields": UNKNOWN_SCHEMA,
    "audit": AUDIT_SCHEMA,
}
_UPSERTS = {
    "meta": "SET value = excluded.value",
    "progress": "SET next_offset = excluded.next_offset",
    "rejects": "SET count = rejects.count + excluded.count, status = 'open'",
    "unknown_fields": "SET count = unknown_fields.count + excluded.count",
}
CLOSED_NETWORK: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}


def _ddl(table: str, schema: pa.Schema) -> str:
    columns = [f'"{f.name}" {_TYPES[f.type]} NOT NULL' for f in schema]
    if table in _KEYS:
        columns.append(f"PRIMARY KEY ({_KEYS[table]})")
    return f"CREATE TABLE IF NOT EXISTS {table} ({', '.join(columns)})"


class Store:
    """The tables of brain.duckdb. Errors: duckdb.Error as DuckDB raises it."""

    def __init__(self, db: duckdb.DuckDBPyConnection) -> None:
        self._db = db

    @staticmethod
    def open(path: Path) -> Store:
        """Opens the file, or makes it."""
        store = Store(duckdb.connect(str(path), config=CLOSED_NETWORK))
        with store.transaction():
            for table, schema in STORED.items():
                store.execute(_ddl(table, schema))
        return store

    def moment(self) -> Store:
        """What is committed now, for another thread to read while this one goes on; to be closed."""
        other = Store(self._db.cursor())
        other.execute("BEGIN")
        other.rows("SELECT 1 FROM meta LIMIT 1")  # DuckDB settles on what it sees with the first question
        return other

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside becomes durable together, or not at all."""
        self._db.execute("BEGIN")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            with suppress(
                duckdb.Error
            ):  # a failed COMMIT has ended the transaction; the first error is the one to tell
                self._db.execute("ROLLBACK")
            raise

    def add(self, table: str, rows: pa.Table) -> None:
        """Appends rows; where the table has a key, known ones are brought up to date."""
        if rows.num_rows == 0:
            return
        names = ", ".join(f'"{name}"' for name in STORED[table].names)
        clash = f" ON CONFLICT ({_KEYS[table]}) DO UPDATE {_UPSERTS[table]}" if table in _UPSERTS else ""
        self._db.register("incoming", rows)
        try:
            self._db.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM incoming{clash}")
        finally:
            self._db.unregister("incoming")

    def add_rows(self, table: str, rows: Sequence[dict[str, Any]]) -> None:
        if rows:
            self.add(table, pa.Table.from_pylist(list(rows), STORED[table]))

    def query(self, sql: str, parameters: Sequence[Any] = (), **tables: pa.Table) -> pa.Table:
        """The answer as Arrow; `tables` are Arrow tables that the question names. They are copied first: DuckDB pushes
        filters and joins into scans of Arrow data, which not every version does rightly (README)."""
        for name, table in tables.items():
            self._db.register("incoming", table)
            self._db.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM incoming")
            self._db.unregister("incoming")
        return self._db.execute(sql, list(parameters)).to_arrow_table()

    def aside(self, sql: str, parameters: Sequence[Any] = ()) -> pa.Table:
        """The answer from what is committed, beside whatever the writing thread does."""
        with self._db.cursor() as cursor:
            return cursor.execute(sql, list(parameters)).to_arrow_table()

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._db.execute(sql, list(parameters)).fetchall()

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        self._db.execute(sql, list(parameters))

    def meta(self) -> dict[str, str]:
        return dict(self.rows("SELECT name, value FROM meta"))

    def set_meta(self, values: dict[str, str]) -> None:
        self.add_rows("meta", [{"name": name, "value": value} for name, value in values.items()])

    def close(self) -> None:
        self._db.close()
