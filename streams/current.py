"""Current: the published view of a lake, as rows; safe while an engine writes.

In: the folder of a lake. Out: rows of LAKE/current, the manifest.
Invariant: nothing is opened but files of one finished snapshot, and parts of facts, which never change.
Deliberately absent: brain.duckdb, which belongs to the one writer.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from sinks.catalog import CATALOG
from sinks.store import CLOSED_NETWORK
from streams.errors import CommandError

Rows = list[dict[str, Any]]
Wanted = str | int | Collection[str]


class Current:
    """The snapshot that was current when this was made; it stays the same for as long as this is used."""

    def __init__(self, lake: Path) -> None:
        self.lake = lake
        link = lake / "current"
        if not (link / "manifest.json").is_file():
            hint = "make one: brain run RECORDS --lake LAKE, or brain drill run small"
            raise CommandError(f"没有已发布的数据湖 no published lake at {lake}; {hint}")
        self.folder = link.resolve()
        self.manifest: dict[str, Any] = json.loads((self.folder / "manifest.json").read_text(encoding="utf-8"))

    def rows(self, view: str, **wanted: Wanted) -> Rows:
        """The rows of a view whose columns have these values, or one of these values, in canonical order."""
        condition = None
        for column, value in wanted.items():
            values = [value] if isinstance(value, (str, int)) else sorted(set(value))
            same = ds.field(column).isin(values)
            condition = same if condition is None else condition & same
        rows: Rows = pq.read_table(self.folder / f"{view}.parquet", filters=condition).to_pylist()
        return rows

    def facts(self) -> duckdb.DuckDBPyConnection:
        """A read-only connection to the facts that this snapshot was made from. Errors: CommandError."""
        path = self.folder / CATALOG
        try:
            db = duckdb.connect(str(path), read_only=True, config=CLOSED_NETWORK)
            db.execute("SELECT rec FROM records LIMIT 0")
        except duckdb.IOException:
            hint = "if the lake was moved, run `brain run` once more"
            raise CommandError(f"目录读不到 the facts of {path} cannot be read; {hint}") from None
        return db


def parsed_code(text: str, letters: str) -> str:
    """A `P…` or `C…` code as it stands in the views. Errors: CommandError that does not repeat what was given."""
    code = text.strip()
    code = code[:1].upper() + code[1:].lower()
    if len(code) == 17 and code[0] in letters and all(c in "0123456789abcdef" for c in code[1:]):
        return code
    forms = " or ".join(f"{letter} and 16 hex digits" for letter in letters)
    raise CommandError(f"不是编号 no such code; expected {forms}; the code of an identifier: brain pseudonym KIND -")
