"""Hops: the facts of chunks on their way from an intake worker to the writer, as one message.

In: what intake made of chunks. Out: bytes, and the same again.
Invariant: a hop says of every chunk which offsets of which part it stands for, [first, next), whatever it holds; so the
writer can tell what comes twice, late or not at all.
Deliberately absent: raw identifiers and raw bytes; rejects are sealed before they are here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from schemas.facts import FACT_COLUMNS, PLACE_SCHEMA, RECORD_SCHEMA, Columns, FactBatch
from schemas.keys import Ints
from sinks.parts import from_bytes, ints, to_bytes
from sinks.sealed import REJECT_SCHEMA, SEALED
from streams.service.chunks import Chunk

VERSION = 3
REJECTS = REJECT_SCHEMA.append(SEALED)
_OF_SPAN = ("source", "part")
"""Columns of the records that the span says, so that the message holds them once."""
_SPAN = pa.field("span", pa.int32(), False)
_RECORDS = pa.schema([*(field for field in RECORD_SCHEMA if field.name not in _OF_SPAN), _SPAN])
_REFUSED = REJECTS.append(_SPAN)
_NONE = np.zeros(0, np.int64)
_NO_RECORDS = pa.RecordBatch.from_pylist([], RECORD_SCHEMA)
_FACTS = {
    table: pa.schema([pa.field(name, pa.int64(), False) for name in ("row", *columns)])
    for table, columns in FACT_COLUMNS.items()
}


class Span(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """What a hop has of one chunk. Units: `oldest_ms` and `newest_ms` are when the first and the last of its records
    reached their topic; `lines` counts records read, refused ones too. `earliest`: `first` is where the topic began
    when it was read, so nothing can have come before."""

    source: str
    part: str
    first: int
    next: int
    earliest: bool
    lines: int
    oldest_ms: int
    newest_ms: int


@dataclass(frozen=True)
class Content:
    """What chunks held. `span` and `refused`: the number of its chunk, of each record and of each reject."""

    batch: FactBatch
    span: Ints
    rejects: pa.Table
    refused: Ints

    def lines(self, at: int) -> int:
        """How many lines there are of a span."""
        counts = self.rejects["count"].to_numpy()[self.refused == at]
        return int(np.count_nonzero(self.span == at) + counts.sum())

    def since(self, begins: Ints) -> Content:
        """The lines of each span from an offset on."""
        kept = self.batch.column("offset") >= begins[self.span]
        left = np.asarray(self.rejects["offset"].to_numpy(), np.int64) >= begins[self.refused]
        return Content(
            _chosen(self.batch, kept), self.span[kept], self.rejects.filter(pa.array(left)), self.refused[left]
        )


class Hop(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """The message. `unknown`: by source, how often it had which fields that nobody expected. Shape: the tables are
    Arrow record batches without schema."""

    version: int
    key_check: str
    spans: list[Span]
    unknown: dict[str, dict[str, int]]
    records: bytes
    places: bytes
    facts: dict[str, bytes]
    rejects: bytes

    def content(self) -> Content:
        """What the chunks held."""
        told, refused = from_bytes(self.records, _RECORDS), from_bytes(self.rejects, _REFUSED)
        columns = dict(zip(told.schema.names, told.columns, strict=True))
        for name in _OF_SPAN:
            columns[name] = pa.array([getattr(s, name) for s in self.spans], pa.string()).take(columns["span"])
        records = pa.RecordBatch.from_arrays([columns[n] for n in RECORD_SCHEMA.names], schema=RECORD_SCHEMA)
        facts = {table: _columns(from_bytes(body, _FACTS[table])) for table, body in self.facts.items()}
        batch = FactBatch(records, facts, from_bytes(self.places, PLACE_SCHEMA))
        rejects = pa.Table.from_batches([refused]).select(REJECTS.names)
        return Content(batch, ints(columns["span"]), rejects, ints(refused.column("span")))

    def named(self) -> FactBatch:
        """The places alone. A worker names a place in the first hop that has it, so they count also where the records
        do not."""
        return FactBatch(_NO_RECORDS, {}, from_bytes(self.places, PLACE_SCHEMA))


def hop(chunks: Sequence[Chunk], key_check: str, content: Content, unknown: dict[str, dict[str, int]]) -> Hop:
    """The hop of chunks. Of the records their offsets count, and not what they say of source and part."""
    batch = content.batch
    facts = {
        table: _written(pa.RecordBatch.from_arrays([pa.array(rows[n]) for n in schema.names], schema=schema))
        for table, schema in _FACTS.items()
        if len((rows := batch.facts.get(table, {"row": _NONE}))["row"])
    }
    records = [*(batch.records.column(name) for name in _RECORDS.names[:-1]), pa.array(content.span, pa.int32())]
    return Hop(
        VERSION, key_check, [_span(chunk) for chunk in chunks], unknown,
        _written(pa.RecordBatch.from_arrays(records, schema=_RECORDS)), _written(batch.places), facts,
        to_bytes(content.rejects.append_column(_SPAN, pa.array(content.refused, pa.int32()))),
    )  # fmt: skip


def _span(chunk: Chunk) -> Span:
    return Span(
        chunk.source, chunk.part, chunk.first, chunk.next, chunk.earliest, len(chunk.lines), chunk.oldest_ms,
        chunk.newest_ms,
    )  # fmt: skip


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Hop)


def encode(hop: Hop) -> bytes:
    return _encoder.encode(hop)


def decode(body: bytes) -> Hop:
    """Errors: ValueError for bytes that are no hop, or one of another version of this program."""
    try:
        found = _decoder.decode(body)
    except msgspec.DecodeError:
        raise ValueError("a message that is no hop; only intake workers may write to this topic") from None
    if found.version != VERSION:
        raise ValueError(f"a hop of version {found.version}, this is {VERSION}: run one version of the product")
    return found


def _written(batch: pa.RecordBatch) -> bytes:
    body: bytes = batch.serialize().to_pybytes()
    return body


def _columns(batch: pa.RecordBatch) -> Columns:
    return {name: np.asarray(batch.column(name).to_numpy(), np.int64) for name in batch.schema.names}


def _chosen(batch: FactBatch, kept: npt.NDArray[np.bool_]) -> FactBatch:
    """Some of the records, with their facts."""
    place = np.cumsum(kept) - 1
    facts: dict[str, Columns] = {}
    for table, rows in batch.facts.items():
        mine: Ints = np.flatnonzero(kept[rows["row"]])
        facts[table] = {name: column[mine] for name, column in rows.items()}
        facts[table]["row"] = place[facts[table]["row"]].astype(np.int64)
    return FactBatch(batch.records.take(pa.array(np.flatnonzero(kept))), facts, batch.places)
