"""Lines: a sheet's records as the bytes that arrive, in order of arrival.

In: sheets. Out: blocks of lines of JSON, as the department writes them.
Invariant: a line holds the fields of its record and nothing else; a field without a value is left out. Same sheet, same
bytes, however large the blocks.
Deliberately absent: files, and any object per record: columns become text column by column.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from replay.sheets import NUMBER_DIGITS, Sheet, cells, prefix
from schemas.decode import Field, fields_of
from schemas.departments import EXPECTED, sources
from schemas.instants import DAY_MS, EARLIEST_MS, LATEST_MS, LOCAL_OFFSET_MS, UNKNOWN_MS
from schemas.keys import Ints
from schemas.wire import Envelope

BLOCK = 50_000
"""Records of one block: so many are text in memory at once."""
_DAY_S = DAY_MS // 1000


def lines(sheet: Sheet, day: int, block: int = BLOCK) -> Iterator[bytes]:
    """The lines of a sheet of a day, each with its end, in blocks. Ties of arrival stand in the sheet's order."""
    order = np.argsort(sheet.arrival_ms, kind="stable")
    model = sources()[sheet.source]
    unknown = sheet.body.keys() - model.model_fields.keys()
    if unknown:
        raise ValueError(f"{sheet.source}: a sheet gives {sorted(unknown)}, which no such record has")
    for start in range(0, len(order), block):
        rows = order[start : start + block]
        yield _spoilt(sheet, rows, _joined(sheet, day, rows, fields_of(model)))


def _joined(sheet: Sheet, day: int, rows: Ints, fields: tuple[Field, ...]) -> pa.StringArray:
    """One text a record."""
    notation = EXPECTED[sheet.source].notation
    gone = sheet.withdraw[rows] == 1
    stays = pa.array(~gone) if gone.any() else None
    operation = np.where(gone, "withdraw", "upsert").astype(object)
    parts: list[pa.Array | pa.Scalar] = [
        f'{{"source_record_id":"{prefix(sheet.source, day)}', _numbers(sheet.number[rows]),
        '","event_time":"', instants_text(sheet.event_ms[rows], notation),
        '","version":', pc.cast(pa.array(sheet.version[rows]), pa.string()),
        ',"operation":"', pa.array(operation, pa.string()), '"',
    ]  # fmt: skip
    if "ingest_time" in Envelope.model_fields:
        parts += [',"ingest_time":"', instants_text(sheet.arrival_ms[rows], notation), '"']
    for field in fields:
        if field.name in sheet.body:
            text, quoted = _column(field, cells(sheet.body[field.name])[rows], notation)
            _append(parts, field.name, text if stays is None else pc.if_else(stays, text, None), quoted)
    merged: list[pa.Array | str] = []
    for part in [*parts, "}\n"]:  # neighbouring literals become one
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        else:
            merged.append(part)
    return pc.binary_join_element_wise(*merged, "", null_handling="skip")


def _append(parts: list[pa.Array | pa.Scalar], name: str, text: pa.Array, quoted: bool) -> None:
    """A field's text with its name, where there is any."""
    if text.null_count == len(text):
        return
    mark = '"' if quoted else ""
    label = f',"{name}":{mark}'
    if text.null_count:
        parts.append(pc.binary_join_element_wise(label, text, mark, "", null_handling="emit_null"))
    else:
        parts += [label, text, mark]


def _column(field: Field, column: npt.NDArray[Any], notation: str) -> tuple[pa.Array, bool]:
    """A column as text on the wire, null where there is nothing to say, and whether it wants quotes."""
    if field.holds == "instant" and column.dtype == np.int64:
        return instants_text(column, notation), True
    if column.dtype.kind == "f":
        return pc.cast(pa.array(column, mask=np.isnan(column)), pa.string()), False
    if column.dtype.kind == "b":
        return pc.cast(pa.array(column), pa.string()), False
    if column.dtype.kind in "iu":
        known = column != UNKNOWN_MS
        values = pa.array((column == 1) if field.holds == "bool" else column, mask=~known)
        return pc.cast(values, pa.string()), False
    if field.holds in ("text", "record_id", "instant"):
        try:
            text = pa.array(column, pa.string())
        except (pa.ArrowTypeError, pa.ArrowInvalid):
            pass  # something else than text stands in it
        else:
            if _plain(text):
                return text, True
    written = [None if value is None else _encode(value) for value in column.tolist()]
    return pa.array(written, pa.string()), False


def _encode(value: object) -> str:
    return _listed(value) if isinstance(value, tuple) else orjson.dumps(value).decode()


@cache
def _listed(value: tuple[str, ...]) -> str:
    return orjson.dumps(list(value)).decode()


def _plain(text: pa.StringArray) -> bool:
    """Whether nothing in it has to be escaped."""
    buffer = text.buffers()[2]
    if buffer is None or len(text) == 0:
        return True
    ends = np.frombuffer(text.buffers()[1], np.int32)
    raw = np.frombuffer(buffer, np.uint8)[ends[text.offset] : ends[text.offset + len(text)]]
    return not bool(((raw < 32) | (raw == 34) | (raw == 92)).any())


def instants_text(at_ms: Ints, notation: str) -> pa.StringArray:
    """Instants in a department's notation, to the second; null for UNKNOWN_MS. Same as drafting.local_text."""
    known = (at_ms >= EARLIEST_MS) & (at_ms < LATEST_MS)
    seconds = (np.where(known, at_ms, 0) + LOCAL_OFFSET_MS) // 1000
    days, within = np.divmod(seconds, _DAY_S)
    distinct, inverse = np.unique(days, return_inverse=True)
    before, between, after = _around(notation)
    texts = np.datetime_as_string(distinct.astype("datetime64[D]")).tolist()
    dates = pa.array([before + text + between for text in texts], pa.string())
    taken = pc.take(dates, pa.array(inverse.astype(np.int32), mask=~known))
    return pc.binary_join_element_wise(taken, pc.take(_clock(after), pa.array(within.astype(np.int32))), "")


def _numbers(numbers: Ints) -> pa.StringArray:
    return pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), NUMBER_DIGITS, "0")


@cache
def _around(notation: str) -> tuple[str, str, str]:
    before, between, after = notation.split("{}")
    return before, between, after


@cache
def _clock(after: str) -> pa.StringArray:
    """Every second of a day."""
    return pa.array([f"{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}{after}" for s in range(_DAY_S)], pa.string())


def _spoilt(sheet: Sheet, rows: Ints, texts: pa.StringArray) -> bytes:
    """The block's bytes, with the lines that a fault has broken as it left them."""
    ends = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset : texts.offset + len(texts) + 1]
    raw = memoryview(texts.buffers()[2])
    if not sheet.broken:
        return bytes(raw[ends[0] : ends[-1]])
    pieces, at = [], int(ends[0])
    for place, row in enumerate(rows.tolist()):
        if row in sheet.broken:
            pieces += [bytes(raw[at : ends[place]]), sheet.broken[row].rstrip(b"\n") + b"\n"]
            at = int(ends[place + 1])
    return b"".join([*pieces, bytes(raw[at : ends[-1]])])
