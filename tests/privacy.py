"""Privacy: which identifiers went in, and whether any of them can be found in something that came out.

In: a folder of records; texts, bytes, tables and folders of outputs. Out: the identifiers that were found in them.
Invariant: every identifier is sought in each notation it went in with, in its normal one, and as a number.
Deliberately absent: what to do about a find; a test fails.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from schemas.departments import sources
from schemas.identifiers import read_identifier
from schemas.keys import IDENTIFIER_KINDS

_DECLARED = sorted({pair for model in sources().values() for pair in model.identifiers})
"""(field of the kind, or `=kind`; field of the value), of every department."""
_NAMES = "|".join(sorted({value for _, value in _DECLARED} | {"phone", "phones"}))
_FIELDS = re.compile(rf'"(?:{_NAMES})":\s*\[?"([^"]+)"')
_SHORTEST = 8
"""Bytes of the shortest identifier that is sought; the drills have none that is shorter."""


def identifiers_of(folder: Path) -> set[str]:
    """Every identifier in the records of a folder, as it was written and in its normal notation; those of spoilt
    lines, too."""
    found: set[str] = set()
    for path in sorted(folder.glob("src.*.ndjson")):
        for line in path.read_bytes().splitlines():
            try:
                body = orjson.loads(line)
            except orjson.JSONDecodeError:
                found.update(_FIELDS.findall(line.decode(errors="replace")))
                continue
            found.update(_identifiers(body))
    return {text for text in found if len(text.encode()) >= _SHORTEST}


def _identifiers(body: dict[str, Any]) -> Iterator[str]:
    pairs = [(kind[1:] if kind[0] == "=" else body.get(kind), body.get(name)) for kind, name in _DECLARED]
    pairs += [("phone", phone) for phone in body.get("phones") or ()]
    pairs += [("plate", body.get("vehicle"))]
    for kind, value in pairs:
        if not isinstance(value, str):
            continue
        try:
            yield read_identifier(kind if kind in IDENTIFIER_KINDS else "", value)
        except (KeyError, ValueError):
            if kind == "plate":
                continue  # a fleet number
        yield value


class Grep:
    """Looks for many identifiers at once."""

    def __init__(self, identifiers: Iterable[str]) -> None:
        self._texts = {text.encode(): text for text in identifiers}
        self._numbers = np.array(sorted(int(t) for t in self._texts.values() if t.isdigit() and len(t) < 19), np.int64)
        heads = {text[:_SHORTEST] for text in self._texts}
        self._heads = np.array(sorted(int.from_bytes(head, "little") for head in heads), np.uint64)
        self._by_head: dict[bytes, list[bytes]] = {}
        for text in self._texts:
            self._by_head.setdefault(text[:_SHORTEST], []).append(text)

    def blob(self, blob: bytes) -> set[str]:
        """The identifiers in some bytes, at whatever place they stand."""
        found: set[str] = set()
        for start in range(_SHORTEST):
            words = np.frombuffer(blob[start : start + (len(blob) - start) // 8 * 8], "<u8")
            for at in np.flatnonzero(np.isin(words, self._heads)).tolist():
                place = start + 8 * at
                for text in self._by_head[blob[place : place + _SHORTEST]]:
                    if blob.startswith(text, place):
                        found.add(self._texts[text])
        return found

    def text(self, *texts: str) -> set[str]:
        return self.blob("\n".join(texts).encode())

    def table(self, table: pa.Table | pa.RecordBatch) -> set[str]:
        """The identifiers in a table: as text within its texts, or as its numbers; and in the names of its columns."""
        found = self.text(*table.schema.names, *(str(k) for k in (table.schema.metadata or {}).items()))
        for name in table.schema.names:
            column = table.column(name)
            if pa.types.is_integer(column.type):
                met = np.intersect1d(np.asarray(column.drop_null()), self._numbers)
                found.update(str(number) for number in met.tolist())
            else:
                found |= self.text(*(str(value) for value in set(map(str, column.to_pylist()))))
        return found

    def file(self, path: Path) -> set[str]:
        """The identifiers in a file: in its bytes, and in what a reader of its format sees."""
        found = self.blob(path.read_bytes()) | self.text(path.name)
        if path.suffix == ".parquet":
            found |= self.table(pq.read_table(path))
        elif path.suffix == ".duckdb":
            found |= self._database(path)
        return found

    def folder(self, folder: Path) -> dict[str, set[str]]:
        """What was found, by file; a clean folder gives nothing."""
        paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        return {str(path.relative_to(folder)): found for path in paths if (found := self.file(path))}

    def _database(self, path: Path) -> set[str]:
        found: set[str] = set()
        with duckdb.connect(str(path), read_only=True) as connection:
            shown = connection.execute("SELECT table_schema, table_name FROM information_schema.tables").fetchall()
            for schema, name in shown:
                found |= self.table(connection.execute(f'SELECT * FROM "{schema}"."{name}"').to_arrow_table())
        return found
