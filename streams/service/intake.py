"""Intake, as a service: chunks of a source's topic become hops to the writer and sealed dead letters.

In: chunks. Out: messages to publish; a chunk may be acknowledged once they have all arrived.
Invariant: a chunk gives one hop, even an empty one, so that the writer learns of every offset; nothing is kept between
chunks but the memory of tokens, so that any worker may go on where another stopped.
Deliberately absent: deciding what came twice; the writer knows, since it alone knows what is committed.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Protocol

import pyarrow as pa

from schemas.decode import Reject
from schemas.intake import Intake
from schemas.keys import Key
from schemas.topics import FACTS, dead_topic
from sinks.claim import key_check
from sinks.sealed import Sealer, gathered
from streams.service.chunks import Chunk, Message
from streams.service.hops import encode, hop

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

    def read(self, chunk: Chunk) -> list[Message]:
        """The messages that follow from a chunk: its dead letters, then its hop."""
        start = time.perf_counter()
        batch, rejects = self._intake.read(chunk.source, chunk.lines, chunk.part, chunk.offsets)
        sealed = self._sealer.rows(rejects, apart=True)
        body = encode(hop(chunk, self._check, batch, sealed, self._intake.take_unknown(chunk.source)))
        self._meter.chunk(chunk.source, len(chunk.lines), rejects, time.perf_counter() - start)
        self._meter.hop(len(body))
        self.lines += len(chunk.lines)
        self.refused += len(rejects)
        return [*_letters(chunk.source, gathered([sealed])), Message(FACTS, chunk.part.encode(), body)]


def _letters(source: str, sealed: pa.Table) -> list[Message]:
    """Dead letters: the sealed bytes, found by the reject's id. A chunk that is read twice sends them twice."""
    topic = dead_topic(source)
    return [Message(topic, row["reject_id"].encode(), row["sealed"], _said(row)) for row in sealed.to_pylist()]


def _said(row: dict[str, Any]) -> tuple[tuple[str, bytes], ...]:
    return tuple((name, str(row[name]).encode()) for name in _HEADERS)
