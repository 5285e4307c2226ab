"""Decode: the bytes of a chunk of records of one type become validated columns, fast, and strictly one by one.

In: lines of JSON. Out: `Columns` for the model's `read`, and a `Reject` for every line that is no such record.
Invariant: the fast decoder accepts only what the strict one accepts, with the same values; all else it leaves to it.
Deliberately absent: what records mean, and any value of a field in any message or in a name that is counted.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args, get_origin

import numpy as np
import orjson
from pydantic import TypeAdapter, ValidationError

from schemas.columns import Columns, Texts, Tokens
from schemas.instants import UNKNOWN_MS
from schemas.wire import Envelope, Record

LINE_BYTES_MAX = 65_536
MICRO = 1e6
"""Degrees are kept as whole microdegrees."""
GIVEN_MAX = 63
"""So many fields of a model may be left out: each has a bit of the column `given`."""
_ENVELOPE = tuple(Envelope.model_fields)
_NAME = re.compile(r"(?!.*\d{5})[A-Za-z_\u4e00-\u9fff][\w.-]{0,39}")
_HINTS = {
    "missing": "this field is required",
    "string_type": "write this field as text",
    "int_type": "write this field as a whole number, without quotes",
    "float_type": "write this field as a number, without quotes",
    "bool_type": "write true or false, without quotes",
    "tuple_type": "write this field as a list",
    "model_type": "write one JSON object per line",
}


@dataclass(frozen=True)
class Reject:
    """A line that is no record: why, where, and how to mend it. `raw` is for the sealed dead-letter store alone."""

    source: str
    part: str
    offset: int
    reason: str
    field: str
    hint: str
    raw: bytes = dataclasses.field(repr=False)


@dataclass(frozen=True)
class Field:
    """One field of a model, as the decoders need it. `holds`: instant, angle, record_id, text, int, float, bool
    or list.
    `bit`: its place in the column `given`, of fields that may be left out; -1 of all others."""

    name: str
    holds: str
    required: bool
    bit: int
    adapter: TypeAdapter[Any]


@cache
def fields_of(model: type[Envelope]) -> tuple[Field, ...]:
    """The fields of a model, derived from its annotations."""
    found: list[Field] = []
    bits = iter(range(GIVEN_MAX))
    for name, info in model.model_fields.items():
        annotation: Any = info.annotation
        parts = [a for a in get_args(annotation) if a is not type(None)]
        metadata = list(info.metadata)
        if type(None) in get_args(annotation):
            annotation = parts[0]
            metadata += list(getattr(annotation, "__metadata__", ()))
        base = annotation
        while hasattr(base, "__metadata__"):
            base = base.__origin__
        marker = next((m for m in metadata if m in ("instant", "angle", "record_id")), None)
        plain = {str: "text", int: "int", float: "float", bool: "bool"}
        origin = get_origin(base)
        holds = marker or ("text" if origin is Literal else "list" if origin is tuple else plain[base])
        adapter_type = get_args(base)[0] if holds == "list" else info.rebuild_annotation()
        required = info.is_required()
        bit = -1 if required or name in _ENVELOPE else next(bits)
        found.append(Field(name, holds, required, bit, TypeAdapter(adapter_type)))
    return tuple(found)


class StrictDecoder:
    """One line at a time, by the pydantic model itself."""

    def __init__(self, model: type[Record]) -> None:
        self.model = model
        self.fields = fields_of(model)
        self._known = frozenset(model.model_fields)

    def decode(self, line: bytes, unknown: Counter[str]) -> dict[str, Any] | tuple[str, str, str]:
        """The normalised fields, or (reason, field, hint). A withdrawal gives the envelope alone."""
        if len(line) > LINE_BYTES_MAX:
            return "line_too_long", "", f"a record has at most {LINE_BYTES_MAX:,} bytes"
        try:
            body = orjson.loads(line)
        except orjson.JSONDecodeError:
            return "not_json", "", "write one JSON object per line, in UTF-8"
        if not isinstance(body, dict):
            return "not_an_object", "", "write one JSON object per line"
        withdrawn = body.get("operation") == "withdraw"
        try:
            read = (Envelope if withdrawn else self.model).model_validate(body)
        except ValidationError as error:
            return _first(error)
        unknown.update(shown(name) for name in body if name not in self._known and body[name] is not None)
        return {name: getattr(read, name) for name in (_ENVELOPE if withdrawn else self._known)}


def shown(name: str) -> str:
    """The name of an unknown field as it may be counted and shown; a `?` for one that could hold a value."""
    return name if _NAME.fullmatch(name) else "?"


def _first(error: ValidationError) -> tuple[str, str, str]:
    """(reason, field, hint) of the first complaint; pydantic's own message where it has no hint, never the input."""
    first = error.errors(include_url=False, include_input=False)[0]
    context = first.get("ctx", {})
    place = context.get("field") or ".".join(str(p) for p in first["loc"] if isinstance(p, (str, int)))
    hint = context.get("hint") or _HINTS.get(first["type"], first["msg"])
    return first["type"], str(place)[:80], str(hint)


def columns_of(bodies: list[dict[str, Any]], fields: tuple[Field, ...], tokens: Tokens) -> Columns:
    """Columns of strictly decoded records."""
    c = Columns(len(bodies), tokens)
    for f in fields:
        values = [body.get(f.name) for body in bodies]
        if f.bit >= 0:
            c.given |= np.array([v is not None and v != () for v in values], np.int64) << f.bit
        if f.holds in ("text", "record_id"):
            c.texts[f.name] = Texts.of(values)
        elif f.holds == "list":
            items = [(row, item) for row, value in enumerate(values) for item in value or ()]
            c.lists[f.name] = np.array([r for r, _ in items], np.int64), Texts.of([i for _, i in items])
        elif f.holds == "angle":
            c.numbers[f.name] = np.array([UNKNOWN_MS if v is None else round(v * MICRO) for v in values], np.int64)
        elif f.holds != "float":
            c.numbers[f.name] = np.array([UNKNOWN_MS if v is None else int(v) for v in values], np.int64)
    return c
