"""Batches: several fact batches as one, since a step of the brain costs the same for few records as for many.

In: fact batches in order. Out: one fact batch, or Arrow tables.
Invariant: the same records, facts and places, in the same order.
Deliberately absent: dropping repeated records; that is the brain's and the lake's business.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from schemas.facts import FACT_COLUMNS, PLACE_SCHEMA, RECORD_SCHEMA, Columns, FactBatch


def merged(batches: Sequence[FactBatch]) -> FactBatch:
    """All of them as one."""
    if len(batches) == 1:
        return batches[0]
    return FactBatch(
        _one([b.records for b in batches], RECORD_SCHEMA),
        _facts(batches),
        _one([b.places for b in batches], PLACE_SCHEMA),
    )


def _one(batches: list[pa.RecordBatch], schema: pa.Schema) -> pa.RecordBatch:
    found = pa.Table.from_batches(batches, schema).combine_chunks().to_batches()
    return found[0] if found else pa.RecordBatch.from_pylist([], schema)


def _facts(batches: Sequence[FactBatch]) -> dict[str, Columns]:
    pieces: dict[str, list[Columns]] = {}
    start = 0
    for batch in batches:
        for table, rows in batch.facts.items():
            pieces.setdefault(table, []).append({**rows, "row": rows["row"] + start})
        start += batch.records.num_rows
    return {
        table: {name: np.concatenate([rows[name] for rows in found]) for name in ("row", *FACT_COLUMNS[table])}
        for table, found in pieces.items()
    }


def as_tables(batch: FactBatch) -> tuple[pa.Table, dict[str, pa.Table]]:
    """Records and facts as the oracle takes them."""
    return pa.Table.from_batches([batch.records]), {table: pa.table(rows) for table, rows in batch.facts.items()}
