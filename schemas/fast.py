"""Fast decode: a chunk of lines to columns through Arrow's JSON reader, without an object per record.

In: lines of JSON of one record type. Out: columns of the rows that are beyond doubt, and which rows those are.
Invariant: accepts a subset of what schemas.decode.StrictDecoder accepts, with equal values (a property test).
Deliberately absent: reasons; a doubtful row is the strict decoder's to judge.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj
from pydantic import ValidationError

from schemas.columns import CACHE_MAX, Columns, Texts, Tokens
from schemas.decode import LINE_BYTES_MAX, Field, fields_of
from schemas.instants import UNKNOWN_MS
from schemas.keys import Ints
from schemas.times import instants
from schemas.wire import RECORD_ID, Record

Mask = npt.NDArray[np.bool_]
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]|\\u0000")
_ARROW = {"int": pa.int64(), "float": pa.float64(), "bool": pa.bool_(), "list": pa.list_(pa.string())}
_BAD = object()


class FastDecoder:
    """Derived from a model's fields; remembers the verdict on every text it has met."""

    def __init__(self, model: type[Record], tokens: Tokens) -> None:
        self.model = model
        self.fields = fields_of(model)
        self.tokens = tokens
        self._schema = pa.schema([pa.field(f.name, _ARROW.get(f.holds, pa.string())) for f in self.fields])
        self._seen: dict[str, dict[str, Any]] = {f.name: {} for f in self.fields}
        self._bulk = "_somebody_holds_it" not in dir(model)

    def decode(self, lines: list[bytes], unknown: Counter[str]) -> tuple[Columns, Ints] | None:
        """Columns of the accepted rows and their indices into `lines`; None if the chunk as a whole is doubtful."""
        table = self._table(lines)
        if table is None:
            return None
        good: Mask = np.ones(len(lines), np.bool_)
        c = Columns(len(lines), self.tokens)
        try:
            for f in self.fields:
                good &= self._field(f, table.column(f.name), c)
        except UnicodeDecodeError:
            return None
        good &= c.texts["operation"].map(lambda word: int(word == "upsert"), 0) == 1
        good &= self._checks(c)
        kept = np.flatnonzero(good).astype(np.int64)
        known = {f.name for f in self.fields}
        for name in table.column_names:
            if name not in known and (count := len(kept) - table.column(name).take(pa.array(kept)).null_count):
                unknown[name] += count
        return _take(c, kept), kept

    def _table(self, lines: list[bytes]) -> pa.Table | None:
        whole = b"\n".join(lines)
        if not self._bulk or _SURROGATE.search(whole) or any(len(x) > LINE_BYTES_MAX for x in lines):
            return None
        if any(x[:1] != b"{" or x[-1:] != b"}" for x in lines):
            return None
        try:
            whole.decode()
            options = pj.ParseOptions(explicit_schema=self._schema, unexpected_field_behavior="infer")
            blocks = pj.ReadOptions(use_threads=False, block_size=max(len(whole) + 1, 1024))
            table = pj.read_json(pa.BufferReader(whole), blocks, options)
        except (UnicodeDecodeError, pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowKeyError):
            return None
        return table.combine_chunks() if table.num_rows == len(lines) else None

    def _field(self, f: Field, column: pa.ChunkedArray, c: Columns) -> Mask:
        """Fills the column of one field; true where its values are beyond doubt."""
        array = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
        given: Mask = array.is_valid().to_numpy(zero_copy_only=False)
        fine = given if f.required else np.ones(len(array), np.bool_)
        if f.holds == "instant":
            c.numbers[f.name] = np.where(given, instants(array), UNKNOWN_MS)
            return fine & (~given | (c.numbers[f.name] != UNKNOWN_MS))
        if f.holds == "record_id":
            c.texts[f.name] = Texts(np.arange(len(array), dtype=np.int64), array.to_pylist())
            return fine & pc.match_substring_regex(array, RECORD_ID).fill_null(False).to_numpy(zero_copy_only=False)
        if f.holds == "list":
            return fine & self._list(f, array, c)
        if f.holds == "text":
            codes, values, ok = self._texts(f, array)
            c.texts[f.name] = Texts(codes, values)
            return fine & (~given | ok[codes])
        zero = pa.scalar(0, array.type) if f.holds != "bool" else pa.scalar(False)
        numbers = pc.fill_null(array, zero).to_numpy(zero_copy_only=False)
        distinct, inverse = np.unique(numbers, return_inverse=True)
        ok = np.array([self._value(f, v) is not _BAD for v in distinct.tolist()], np.bool_)
        if f.holds != "float":
            c.numbers[f.name] = np.where(given, numbers.astype(np.int64), UNKNOWN_MS)
        return fine & (~given | ok[inverse])

    def _texts(self, f: Field, array: pa.Array) -> tuple[Ints, list[str], Mask]:
        """(codes, normalised values, whether each value passed); code -1 is absent, and indexes the last verdict."""
        encoded = array.dictionary_encode()
        raw = encoded.dictionary.to_pylist()
        read = [self._value(f, v) for v in raw]
        index: dict[str, int] = {}
        table = [index.setdefault(v if v is not _BAD else r, len(index)) for v, r in zip(read, raw, strict=True)]
        bad = {r for v, r in zip(read, raw, strict=True) if v is _BAD}
        codes = encoded.indices.fill_null(len(raw)).to_numpy(zero_copy_only=False).astype(np.int64)
        return np.array([*table, -1], np.int64)[codes], list(index), np.array([v not in bad for v in index] + [True])

    def _list(self, f: Field, array: pa.Array, c: Columns) -> Mask:
        items, rows = array.flatten(), pc.list_parent_indices(array).to_numpy(zero_copy_only=False).astype(np.int64)
        codes, values, ok = self._texts(f, items)
        c.lists[f.name] = rows, Texts(codes, values)
        doubtful = rows[(codes < 0) | ~ok[codes]]
        good: Mask = np.ones(len(array), np.bool_)
        good[doubtful] = False
        return good

    def _value(self, f: Field, value: Any) -> Any:
        """The normalised value by the field's own annotation, or _BAD; remembered."""
        seen = self._seen[f.name]
        if value not in seen:
            if len(seen) >= CACHE_MAX:
                seen.clear()
            try:
                seen[value] = f.adapter.validate_python(value, strict=True)
            except ValidationError:
                seen[value] = _BAD
        return seen[value]

    def _checks(self, c: Columns) -> Mask:
        """The model's checks across fields: identifiers read, intervals run forward."""
        good: Mask = np.ones(c.count, np.bool_)
        for kind, value in self.model.identifiers:
            good &= c.ident(kind, value) >= 0
        for since, until in self.model.intervals:
            starts, ends = c.numbers[since], c.numbers[until]
            good &= (starts == UNKNOWN_MS) | (ends == UNKNOWN_MS) | (starts < ends)
        return good


def _take(c: Columns, rows: Ints) -> Columns:
    """The columns of some rows, in their order."""
    if len(rows) == c.count:
        return c
    taken = Columns(len(rows), c.tokens)
    taken.numbers = {name: column[rows] for name, column in c.numbers.items()}
    taken.texts = {name: Texts(column.codes[rows], column.values) for name, column in c.texts.items()}
    taken.idents = {name: tokens[rows] for name, tokens in c.idents.items()}
    position = np.full(c.count + 1, -1, np.int64)
    position[rows] = np.arange(len(rows))
    for name, (row, items) in c.lists.items():
        kept = position[row] >= 0
        taken.lists[name] = position[row[kept]], Texts(items.codes[kept], items.values)
    return taken
