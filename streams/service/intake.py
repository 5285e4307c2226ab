"""Intake, as a service: chunks of a source's topic become hops to the writer and sealed dead letters.

In: chunks. Out: messages to publish; the chunks may be acknowledged once they have all arrived.
Invariant: chunks give one hop, even empty ones, so that the writer learns of every offset; nothing is kept between them
but the memory of tokens, so that any worker may go on where another stopped.
Deliberately absent: deciding what came twice; the writer knows, since it alone knows what is committed.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from schemas.decode import Reject
from schemas.facts import FactBatch
from schemas.intake import Intake
from schemas.keys import Ints, Key
from schemas.topics import FACTS, dead_topic
from sinks.claim import key_check
from sinks.sealed import Sealer, gathered
from streams.batches import merged
from streams.service.chunks import Chunk, Message
from streams.service.hops import Content, encode, hop

HOP_KEY = b"hop"
"""The same for all, so that hops stand in one partition, in the order of sending, also those of a part that has gone
from one worker to another."""
_HEADERS = ("source", "part", "offset", "reason", "field", "hint", "key_id")
"""What a dead letter's headers say of it; none quotes a value."""


class IntakeMeter(Protocol):
    """Who counts what the intake does."""

    def chunk(self, source: str, records: int, rejects: Sequence[Reject], seconds: float) -> None: ...

    def hop(self, size_bytes: int) -> None: ...


class IntakeDesk:
    """One worker's intake."""

    def __init__(self, key: Key, meter: IntakeMeter) -> None:
        self._intake, self._sealer, self._check, self._meter = Intake(key), Sealer(key), key_check(key), meter
        self.lines = self.refused = 0

    def read(self, chunks: Sequence[Chunk]) -> list[Message]:
        """The messages that follow from chunks: their dead letters, then their hop. All chunks of a source are
        read at once: it costs the same for few records as for many."""
        by_source: dict[str, list[int]] = {}
        for at, chunk in enumerate(chunks):
            by_source.setdefault(chunk.source, []).append(at)
        read = [self._source(source, chunks, spans) for source, spans in by_source.items()]
        refused = [found for *_, rejects in read for found in rejects]
        sealed = self._sealer.rows([reject for _, reject in refused], apart=True)
        content = Content(
            merged([batch for batch, *_ in read]), np.concatenate([span for _, span, _ in read]), sealed,
            np.array([at for at, _ in refused], np.int64),
        )  # fmt: skip
        unknown = {source: found for source in by_source if (found := self._intake.take_unknown(source))}
        body = encode(hop(chunks, self._check, content, unknown))
        self._meter.hop(len(body))
        return [*_letters(gathered([sealed])), Message(FACTS, HOP_KEY, body)]

    def _source(
        self, source: str, chunks: Sequence[Chunk], spans: Sequence[int]
    ) -> tuple[FactBatch, Ints, list[tuple[int, Reject]]]:
        """Chunks of one source: their facts, the number of each record's chunk, and the rejects with that of theirs."""
        start = time.perf_counter()
        lines = [line for at in spans for line in chunks[at].lines]
        owner = np.repeat(np.array(spans, np.int64), [len(chunks[at].lines) for at in spans])
        offsets = np.concatenate([chunks[at].offsets for at in spans])
        batch, rejects = self._intake.read(source, lines, "", np.arange(len(lines), dtype=np.int64))
        line = batch.column("offset")
        where = batch.records.schema.get_field_index("offset")
        records = batch.records.set_column(where, batch.records.schema.field(where), pa.array(offsets[line]))
        found = [
            (at := int(owner[r.offset]), replace(r, part=chunks[at].part, offset=int(offsets[r.offset])))
            for r in rejects
        ]
        self._meter.chunk(source, len(lines), rejects, time.perf_counter() - start)
        self.lines += len(lines)
        self.refused += len(rejects)
        return FactBatch(records, batch.facts, batch.places), owner[line], found


def _letters(sealed: pa.Table) -> list[Message]:
    """Dead letters: the sealed bytes, found by the reject's id. A chunk that is read twice sends them twice."""
    return [
        Message(dead_topic(row["source"]), row["reject_id"].encode(), row["sealed"], _said(row))
        for row in sealed.to_pylist()
    ]


def _said(row: dict[str, Any]) -> tuple[tuple[str, bytes], ...]:
    return tuple((name, str(row[name]).encode()) for name in _HEADERS)
