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
from schemas.decode import LINE_BYTES_MAX, MICRO, Field, fields_of, shown
from schemas.instants import UNKNOWN_MS
from schemas.keys import Ints
from schemas.times import instants
from schemas.wire import RECORD_ID, Record

Mask = npt.NDArray[np.bool_]
_IN_ROW = re.compile(r" in row (\d+)$")
_NUMBER = re.compile(r"couldn't parse:(\S+)$")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]|\\u0000")
BRACKETS_MAX = 32
"""Lines with more opening brackets are left to the strict decoder: Arrow's reader recurses without limit."""
_ARROW = {
    "int": pa.int64(),
    "float": pa.float64(),
    "angle": pa.float64(),
    "bool": pa.bool_(),
    "list": pa.list_(pa.string()),
}
_BAD = object()


class FastDecoder:
    """Derived from a model's fields; remembers the verdict on every text it has met."""

    def __init__(self, model: type[Record], tokens: Tokens) -> None:
        self.model = model
        self.fields = fields_of(model)
        self.tokens = tokens
        self._schema = pa.schema([pa.field(f.name, _ARROW.get(f.holds, pa.string())) for f in self.fields])
        self._identified = {value for _, value in model.identifiers}
        self._seen: dict[str, dict[str, Any]] = {f.name: {} for f in self.fields}
        # Checks that a model adds to those of Record are known to the model alone: its records take the strict path.
        own, base = model.__pydantic_decorators__, Record.__pydantic_decorators__
        self.fits = own.model_validators.keys() == base.model_validators.keys() and not own.field_validators

    def decode(self, lines: list[bytes], unknown: Counter[str]) -> tuple[Columns, Ints] | list[int]:
        """Columns of the accepted rows and their indices into `lines`; or, if the chunk cannot be read as a whole, the
        indices of lines that are in the way (none: it cannot be told which)."""
        table = self._table(lines)
        if isinstance(table, list):
            return table
        good: Mask = np.ones(len(lines), np.bool_)
        c = Columns(len(lines), self.tokens)
        for f in self.fields:
            good &= self._field(f, table.column(f.name), c)
        good &= c.texts["operation"].map(lambda word: int(word == "upsert"), 0) == 1
        good &= self._checks(c)
        extra = {name: table.column(name) for name in table.column_names[len(self.fields) :]}
        for column in extra.values():
            good &= _sound(column)
        kept = np.flatnonzero(good).astype(np.int64)
        for name, column in extra.items():
            if count := int(np.count_nonzero(_given(column)[kept])):
                unknown[shown(name)] += count
        return _take(c, kept), kept

    def _table(self, lines: list[bytes]) -> pa.Table | list[int]:
        """The lines as a table, one row each; or indices of lines that are in the way."""
        whole = b"\n".join(lines)
        plain = _apart(whole, len(lines)) and max(map(len, lines)) <= LINE_BYTES_MAX
        if not plain or b"\\u" in whole or b"[" in whole:
            odd = [i for i, line in enumerate(lines) if _odd(line)]
            if odd:
                return odd
        try:
            if not whole.isascii():
                whole.decode()
            options = pj.ParseOptions(explicit_schema=self._schema, unexpected_field_behavior="infer")
            blocks = pj.ReadOptions(use_threads=False, block_size=max(len(whole) + 1, 1024))
            table = pj.read_json(pa.BufferReader(whole), blocks, options)
        except UnicodeDecodeError as error:
            return [whole.count(b"\n", 0, error.start)]
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowKeyError) as error:
            return _named(str(error), lines)
        return table if table.num_rows == len(lines) else []

    def _field(self, f: Field, column: pa.ChunkedArray, c: Columns) -> Mask:
        """Fills the column of one field; true where its values are beyond doubt."""
        array = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
        given: Mask = _given(array)
        fine: Mask = given if f.required else np.ones(len(array), np.bool_)
        if f.bit >= 0 and array.null_count < len(array):
            told = given if f.holds != "list" else np.asarray(pc.fill_null(pc.list_value_length(array), 0)) > 0
            c.given |= told.astype(np.int64) << f.bit if array.null_count or f.holds == "list" else 1 << f.bit
        if f.holds == "instant":
            c.numbers[f.name] = np.where(given, instants(array), UNKNOWN_MS)
            known: Mask = c.numbers[f.name] != UNKNOWN_MS
            return fine & (~given | known)
        if f.holds == "record_id":
            c.texts[f.name] = Texts(np.arange(len(array), dtype=np.int64), array.to_pylist())
            matches: Mask = pc.match_substring_regex(array, RECORD_ID).fill_null(False).to_numpy(zero_copy_only=False)
            return fine & matches
        if f.holds == "list":
            return fine & self._list(f, array, c)
        if f.holds == "text":
            codes, values, ok = self._raw(array) if f.name in self._identified else self._texts(f, array)
            c.texts[f.name] = Texts(codes, values)
            return fine & (~given | ok[codes])
        zero = pa.scalar(0, array.type) if f.holds != "bool" else pa.scalar(False)
        numbers = pc.fill_null(array, zero).to_numpy(zero_copy_only=False)
        distinct, inverse = np.unique(numbers, return_inverse=True)
        # Angles have a lower and an upper bound alone: if the least and the greatest pass, so do all between them.
        ends = distinct[[0, -1]].tolist() if f.holds == "angle" and len(distinct) else []
        whole = bool(ends) and all(self._value(f, v) is not _BAD for v in ends)
        ok = np.array([whole or self._value(f, v) is not _BAD for v in distinct.tolist()], np.bool_)
        if f.holds == "angle":
            numbers = np.rint(np.where(ok[inverse], numbers, 0) * MICRO)
        if f.holds != "float":
            c.numbers[f.name] = np.where(given, numbers.astype(np.int64), UNKNOWN_MS)
        return fine & (~given | ok[inverse])

    @staticmethod
    def _raw(array: pa.Array) -> tuple[Ints, list[str], Mask]:
        """As _texts, of a field that holds identifiers: those are read, and judged, with their kind (_checks)."""
        encoded = array.dictionary_encode()
        codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        return codes, encoded.dictionary.to_pylist(), np.ones(len(encoded.dictionary) + 1, np.bool_)

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


def _apart(whole: bytes, count: int) -> bool:
    """Whether these are `count` lines that each begin and end as an object, none within another, without a NUL."""
    chars = np.frombuffer(whole, np.uint8)
    ends = np.flatnonzero(chars == ord("\n"))
    if len(ends) != count - 1 or whole[:1] != b"{" or whole[-1:] != b"}" or b"\0" in whole:
        return False
    outside = (chars[ends - 1] == ord("}")) & (chars[ends + 1] == ord("{"))
    return bool(outside.all()) and np.count_nonzero(chars == ord("{")) == count


def _odd(line: bytes) -> bool:
    """Whether a line is nothing for Arrow's reader: no object from end to end, too long or too deep, or with escapes
    that not every reader takes."""
    if line[:1] != b"{" or line[-1:] != b"}" or b"\n" in line or b"\0" in line or len(line) > LINE_BYTES_MAX:
        return True
    if line.count(b"{") + line.count(b"[") > BRACKETS_MAX:
        return True
    return b"\\u" in line and _SURROGATE.search(line) is not None


def _named(error: str, lines: list[bytes]) -> list[int]:
    """The lines that an error of Arrow's reader speaks of, by their row or by a number in them."""
    if (row := _IN_ROW.search(error)) and int(row[1]) < len(lines):
        return [int(row[1])]
    number = _NUMBER.search(error)
    return [i for i, line in enumerate(lines) if number[1].encode() in line] if number else []


def _given(column: pa.Array | pa.ChunkedArray) -> Mask:
    """Which rows hold something other than null."""
    if column.null_count in (0, len(column)):
        return np.full(len(column), column.null_count == 0)
    valid: Mask = np.asarray(column.is_valid())
    return valid


def _sound(column: pa.ChunkedArray) -> Mask:
    """Which rows of a field that we do not know hold what every JSON reader accepts: Arrow's also takes NaN, Infinity
    and whole numbers beyond all floats. Within a list or an object one such number puts the column in doubt."""
    if pa.types.is_floating(column.type):
        return np.asarray(pc.is_finite(column).fill_null(True))
    return ~_given(column) | all(_finite(chunk) for chunk in column.chunks)


def _finite(array: pa.Array) -> bool:
    if pa.types.is_list(array.type):
        return _finite(array.flatten())
    if pa.types.is_struct(array.type):
        return all(_finite(child) for child in array.flatten())
    return not pa.types.is_floating(array.type) or bool(pc.all(pc.is_finite(array)).as_py() is not False)


def _take(c: Columns, rows: Ints) -> Columns:
    """The columns of some rows, in their order."""
    if len(rows) == c.count:
        return c
    taken = Columns(len(rows), c.tokens)
    taken.given = c.given[rows]
    taken.numbers = {name: column[rows] for name, column in c.numbers.items()}
    taken.texts = {name: Texts(column.codes[rows], column.values) for name, column in c.texts.items()}
    taken.idents = {name: tokens[rows] for name, tokens in c.idents.items()}
    position = np.full(c.count + 1, -1, np.int64)
    position[rows] = np.arange(len(rows))
    for name, (row, items) in c.lists.items():
        kept = position[row] >= 0
        taken.lists[name] = position[row[kept]], Texts(items.codes[kept], items.values)
    return taken
