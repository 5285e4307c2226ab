"""Hops: the facts of a chunk on their way from an intake worker to the writer, as one message.

In: what intake made of a chunk. Out: bytes, and the same again.
Invariant: a hop says which offsets of which part it stands for, [first, next), whatever it holds; so the writer can
tell a hop that comes twice, late or not at all.
Deliberately absent: raw identifiers and raw bytes; rejects are sealed before they are here.
"""

from __future__ import annotations

import msgspec
import numpy as np
import pyarrow as pa

from schemas.facts import FACT_COLUMNS, PLACE_SCHEMA, RECORD_SCHEMA, Columns, FactBatch
from schemas.keys import Ints
from sinks.parts import from_bytes, to_bytes
from sinks.sealed import REJECT_SCHEMA, SEALED
from streams.service.chunks import Chunk

VERSION = 2
REJECTS = REJECT_SCHEMA.append(SEALED)
_OF_PART = ("source", "part")
"""Columns of the records that are the same in all of them, so that the message says them once."""
_RECORDS = pa.schema([field for field in RECORD_SCHEMA if field.name not in _OF_PART])
_NONE = np.zeros(0, np.int64)
_NO_RECORDS = pa.RecordBatch.from_pylist([], RECORD_SCHEMA)
_FACTS = {
    table: pa.schema([pa.field(name, pa.int64(), False) for name in ("row", *columns)])
    for table, columns in FACT_COLUMNS.items()
}


class Hop(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """The message. Units: `oldest_ms` and `newest_ms` are when the first and the last of its records reached their
    topic; `lines` counts records read, refused ones too. Shape: the tables are Arrow record batches without schema.
    `earliest`: `first` is where the topic began when it was read, so nothing can have come before."""

    version: int
    key_check: str
    source: str
    part: str
    first: int
    next: int
    earliest: bool
    lines: int
    oldest_ms: int
    newest_ms: int
    unknown: dict[str, int]
    records: bytes
    places: bytes
    facts: dict[str, bytes]
    rejects: bytes

    def batch(self, since: int = 0) -> FactBatch:
        """The facts, of the records from offset `since` on."""
        told = from_bytes(self.records, _RECORDS)
        columns = dict(zip(told.schema.names, told.columns, strict=True))
        same = np.zeros(told.num_rows, np.int32)
        for name in _OF_PART:
            columns[name] = pa.array([getattr(self, name)], pa.string()).take(pa.array(same))
        records = pa.RecordBatch.from_arrays([columns[n] for n in RECORD_SCHEMA.names], schema=RECORD_SCHEMA)
        facts = {table: _columns(from_bytes(body, _FACTS[table])) for table, body in self.facts.items()}
        batch = FactBatch(records, facts, from_bytes(self.places, PLACE_SCHEMA))
        return batch if since <= self.first else _from(batch, since)

    def named(self) -> FactBatch:
        """The places alone. A worker names a place in the first hop that has it, so they count also where the records
        do not."""
        return FactBatch(_NO_RECORDS, {}, from_bytes(self.places, PLACE_SCHEMA))

    def sealed(self, since: int = 0) -> pa.Table:
        """The rejects, of the lines from offset `since` on."""
        rows = pa.Table.from_batches([from_bytes(self.rejects, REJECTS)])
        return rows if since <= self.first else rows.take(np.flatnonzero(rows["offset"].to_numpy() >= since))


def hop(chunk: Chunk, key_check: str, batch: FactBatch, sealed: pa.Table, unknown: dict[str, int]) -> Hop:
    """The hop of a chunk. `sealed`: its rejects. `unknown`: how often it had which fields that nobody expected."""
    facts = {
        table: _written(pa.RecordBatch.from_arrays([pa.array(rows[n]) for n in schema.names], schema=schema))
        for table, schema in _FACTS.items()
        if len((rows := batch.facts.get(table, {"row": _NONE}))["row"])
    }
    return Hop(
        VERSION, key_check, chunk.source, chunk.part, chunk.first, chunk.next, chunk.earliest, len(chunk.lines),
        chunk.oldest_ms, chunk.newest_ms, unknown, _written(batch.records.select(_RECORDS.names)),
        _written(batch.places), facts, to_bytes(sealed),
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


def _from(batch: FactBatch, since: int) -> FactBatch:
    """The records from an offset on, with their facts."""
    kept = batch.column("offset") >= since
    place = np.cumsum(kept) - 1
    facts: dict[str, Columns] = {}
    for table, rows in batch.facts.items():
        mine: Ints = np.flatnonzero(kept[rows["row"]])
        facts[table] = {name: column[mine] for name, column in rows.items()}
        facts[table]["row"] = place[facts[table]["row"]].astype(np.int64)
    return FactBatch(batch.records.take(pa.array(np.flatnonzero(kept))), facts, batch.places)
