"""Intake: bytes of departments in, facts out; the one door through which records come.

In: lines of one source, with where they stood. Out: a FactBatch, and a Reject for every line that is no record.
Invariant: accepted + rejected = sent; the batch depends on the set of lines, not on how they were cut into chunks.
Deliberately absent: deciding between versions (brain), files and topics (streams).
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.columns import Columns, Tokens
from schemas.decode import Reject, StrictDecoder, columns_of
from schemas.departments import sources
from schemas.facts import FACT_COLUMNS, RECORD_SCHEMA, FactBatch, digests
from schemas.fast import FastDecoder
from schemas.keys import Ints, Key, record_tokens

_ATTEMPT_LINES = 24
"""So many lines cost the strict decoder what one attempt costs the fast one (measured: 24 to 50)."""
_ATTEMPTS_MAX = 8
"""How often a chunk is tried, each time without the lines that were in the way, before it is halved."""
_DENSE_LINES = 512
"""A chunk no longer than this whose bad lines stand closer than an attempt is worth is judged line by line."""
_ID_LIKE = re.compile(r"(?<!\d)(1\d{10}|\d{17}[Xx]|(?!20\d\d[01]\d[0-3]\d)\d{15,19})(?!\d)")
"""What a record id may not show: phone numbers, resident ids, card numbers. A date and a serial number may stand."""


class Intake:
    """The intake of every source, with one memory of tokens. Counts what it kept out: `unknown_fields[source]`."""

    few_lines = _ATTEMPT_LINES
    """So few lines are judged one by one at once."""

    def __init__(self, key: Key, fast: bool = True) -> None:
        self._key = key
        self._tokens = Tokens(key)
        self._models = sources()
        self._strict = {name: StrictDecoder(model) for name, model in self._models.items()}
        decoders = {name: FastDecoder(model, self._tokens) for name, model in self._models.items() if fast}
        self._fast = {name: decoder for name, decoder in decoders.items() if decoder.fits}
        self.unknown_fields: dict[str, Counter[str]] = {name: Counter() for name in self._models}

    def read(self, source: str, lines: list[bytes], part: str, offsets: Ints) -> tuple[FactBatch, list[Reject]]:
        """The facts of `lines` of a source and the rejects among them. `offsets`: position of each line in `part`.
        Errors: KeyError for a source that no department publishes."""
        strict, unknown = self._strict[source], self.unknown_fields[source]
        pieces: list[tuple[Columns, Ints]] = []
        doubtful: list[int] = []
        self._split(source, lines, np.arange(len(lines), dtype=np.int64), pieces, doubtful)
        rejects: list[Reject] = []
        upserts: list[tuple[int, dict[str, Any]]] = []
        withdrawn: list[tuple[int, dict[str, Any]]] = []
        for index in doubtful:
            body = strict.decode(lines[index], unknown)
            if isinstance(body, tuple):
                rejects.append(Reject(source, part, int(offsets[index]), *body, raw=lines[index]))
            else:
                (upserts if body["operation"] == "upsert" else withdrawn).append((index, body))
        pieces.append(self._columns(source, upserts))
        batch = self._batch(source, part, offsets, pieces, self._columns(source, withdrawn))
        return batch, rejects

    def take_unknown(self, source: str) -> dict[str, int]:
        """The fields of a source that nobody expected, counted since this was last asked."""
        found = {name: count for name, count in self.unknown_fields[source].items() if count}
        self.unknown_fields[source].clear()
        return found

    def _split(self, source: str, lines: list[bytes], at: Ints, pieces: list[Any], doubtful: list[int]) -> None:
        """Fast where possible: without the lines that are in the way, or else in halves, so that one bad line costs its
        neighbours little."""
        if source not in self._fast or len(at) <= self.few_lines:
            doubtful.extend(at.tolist())
            return
        attempts = min(-(-len(at) // _ATTEMPT_LINES), _ATTEMPTS_MAX)
        reached = 0
        for _ in range(attempts):
            chosen = lines if len(at) == len(lines) else [lines[i] for i in at.tolist()]
            decoded = self._fast[source].decode(chosen, self.unknown_fields[source])
            if not isinstance(decoded, list):
                columns, kept = decoded
                pieces.append((columns, at[kept]))
                doubtful.extend(np.delete(at, kept).tolist())
                return
            doubtful.extend(at[decoded].tolist())
            at = np.delete(at, decoded)
            reached = decoded[-1] if decoded else len(at)
            if not decoded or len(at) == 0:
                break
        if len(at) <= _DENSE_LINES and reached < attempts * _ATTEMPT_LINES:
            doubtful.extend(at.tolist())
        else:
            self._split(source, lines, at[: len(at) // 2], pieces, doubtful)
            self._split(source, lines, at[len(at) // 2 :], pieces, doubtful)

    def _columns(self, source: str, read: list[tuple[int, dict[str, Any]]]) -> tuple[Columns, Ints]:
        columns = columns_of([body for _, body in read], self._strict[source].fields, self._tokens)
        return columns, np.array([index for index, _ in read], np.int64)

    def _batch(
        self, source: str, part: str, offsets: Ints, pieces: list[tuple[Columns, Ints]], gone: tuple[Columns, Ints]
    ) -> FactBatch:
        found: dict[str, list[dict[str, Ints]]] = {}
        pieces = [p for p in pieces if p[0].count]
        start = 0
        for columns, _ in pieces:
            for table, rows in self._models[source].read(columns).items():
                found.setdefault(table, []).append({**rows, "row": rows["row"] + start})
            start += columns.count
        facts = {
            table: {name: np.concatenate([r[name] for r in rows]) for name in ("row", *FACT_COLUMNS[table])}
            for table, rows in found.items()
        }
        every = [*pieces, gone]
        count = sum(c.count for c, _ in every)
        if count == 0:
            return FactBatch(pa.RecordBatch.from_pylist([], RECORD_SCHEMA), facts, self._tokens.take_places())
        named = [c.texts["source_record_id"] for c, _ in every]
        ids = [texts.values[i] for texts in named for i in texts.codes.tolist()]
        for at in np.flatnonzero(pc.match_substring_regex(pa.array(ids, pa.string()), "[0-9]{11}")).tolist():
            ids[at] = self._shown(ids[at])
        event_ms = np.concatenate([c.numbers["event_time"] for c, _ in every])
        withdrawn = np.arange(count) >= start
        filled = [
            record_tokens(source, ids),
            pa.array([source]).dictionary_encode().take(pa.array(np.zeros(count, np.int32))).cast(pa.string()),
            ids,
            np.concatenate([c.numbers["version"] for c, _ in every]),
            withdrawn,
            digests(count, facts, event_ms),
            event_ms,
            np.concatenate([c.numbers["ingest_time"] for c, _ in every]),
            np.concatenate([c.given for c, _ in every]),
            pa.array([part]).take(pa.array(np.zeros(count, np.int32))),
            offsets[np.concatenate([at for _, at in every])],
        ]
        arrays = [pa.array(column, f.type) for column, f in zip(filled, RECORD_SCHEMA, strict=True)]
        return FactBatch(pa.RecordBatch.from_arrays(arrays, schema=RECORD_SCHEMA), facts, self._tokens.take_places())

    def _shown(self, record_id: str) -> str:
        """The record id, or a pseudonym of it if it could hold a phone, card or resident number."""
        return f"#{self._key.place('record', record_id):016x}" if _ID_LIKE.search(record_id) else record_id
