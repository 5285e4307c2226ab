"""Parts: fact batches as tables that can be kept, and back again.

In: FactBatches, or the tables of one part. Out: one table of records, one of places and one per fact table.
Invariant: restore(tables(batches)) says what the batches said; only exact repetitions of a record are left out.
Deliberately absent: choosing between versions of a record (brain), files (sinks/disk.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from functools import cache

import numpy as np
import pyarrow as pa

from schemas.facts import FACT_COLUMNS, MARKS, PLACE_SCHEMA, RECORD_SCHEMA, STAMP, Columns, FactBatch
from schemas.keys import Ints, mix

TABLES = ("records", "places", *FACT_COLUMNS)
Tables = dict[str, pa.Table]
_SLOTS = 1 << 20
"""Every record of a part has one of so many slots; those whose slot another has are looked for by search."""


@cache
def part_schema(table: str) -> pa.Schema:
    """The schema of a kept table, with a word on every column."""
    if table == "records":
        return RECORD_SCHEMA
    if table == "places":
        return PLACE_SCHEMA
    stamp = [RECORD_SCHEMA.field(name) for name in STAMP]
    facts = [pa.field(name, pa.int64(), False, {"about": about}) for name, about in FACT_COLUMNS[table].items()]
    return pa.schema([*stamp, *facts])


EMPTY: Tables = {table: part_schema(table).empty_table() for table in TABLES}


def to_bytes(rows: pa.Table) -> bytes:
    """The rows of a table without its schema."""
    body: bytes = one_batch(rows, rows.schema).serialize().to_pybytes()
    return body


def from_bytes(body: bytes, schema: pa.Schema) -> pa.RecordBatch:
    """What `to_bytes` was given, by its schema."""
    return pa.ipc.read_record_batch(pa.py_buffer(body), schema)


def ints(column: pa.ChunkedArray | pa.Array) -> Ints:
    """A column as int64 numbers (booleans as 0 and 1)."""
    return np.asarray(column.cast(pa.int64()).to_numpy(), np.int64)


def stamps(table: pa.Table) -> Ints:
    """One number for what each row of a table is about: a record as one of its versions says it."""
    return mix(*(ints(table[name]) for name in STAMP)) if table.num_rows else np.zeros(0, np.int64)


def to_tables(batches: Sequence[FactBatch], knows: Callable[[Ints], Sequence[bool]] | None = None) -> Tables:
    """The batches as one set of tables. Of records repeated exactly, the facts are kept once; not at all of those whose
    stamps somebody `knows`, since the tables that these will be joined to have them."""
    records = pa.concat_tables([EMPTY["records"], *(_conform(b.records, "records") for b in batches)])
    places = pa.concat_tables([EMPTY["places"], *(_conform(b.places, "places") for b in batches)])
    made: Tables = {**EMPTY, "records": records.combine_chunks(), "places": _distinct(places)}
    marks = stamps(records)
    first = np.zeros(len(marks), np.bool_)
    first[np.unique(marks, return_index=True)[1]] = True
    if knows is not None:
        first &= ~np.asarray(knows(marks), np.bool_)
    stamp = {name: ints(records[name]) for name in STAMP}
    for table, names in FACT_COLUMNS.items():
        if not any(table in batch.facts for batch in batches):
            continue
        rows, columns = _stacked(batches, table)
        kept = first[rows]
        rows = rows[kept]
        arrays = [pa.array(stamp[name][rows]).cast(RECORD_SCHEMA.field(name).type) for name in STAMP]
        arrays += [pa.array(columns[name][kept]) for name in names]
        made[table] = pa.Table.from_arrays(arrays, schema=part_schema(table))
    return made


def _conform(batch: pa.RecordBatch, table: str) -> pa.Table:
    schema = part_schema(table)
    return pa.Table.from_batches([batch]).select(schema.names).cast(schema)


def _distinct(places: pa.Table) -> pa.Table:
    """Each place once; which of several labels stands is decided where it is shown."""
    if places.num_rows == 0:
        return EMPTY["places"]
    found = places.group_by(PLACE_SCHEMA.names, use_threads=False).aggregate([])
    return found.select(PLACE_SCHEMA.names).cast(PLACE_SCHEMA).combine_chunks()


def _stacked(batches: Sequence[FactBatch], table: str) -> tuple[Ints, dict[str, Ints]]:
    """All rows of one fact table, with `row` counted over all batches."""
    names = FACT_COLUMNS[table]
    rows: list[Ints] = [np.zeros(0, np.int64)]
    columns: dict[str, list[Ints]] = {name: [np.zeros(0, np.int64)] for name in names}
    start = 0
    for batch in batches:
        facts = batch.facts.get(table)
        if facts is not None and len(facts["row"]):
            rows.append(np.asarray(facts["row"], np.int64) + start)
            for name in names:
                columns[name].append(np.asarray(facts[name], np.int64))
        start += batch.records.num_rows
    return np.concatenate(rows), {name: np.concatenate(pieces) for name, pieces in columns.items()}


def joined(pieces: Sequence[Tables]) -> Tables:
    """Sets of tables as one."""
    found = {t: [piece[t] for piece in pieces if piece[t].num_rows] for t in TABLES}
    return {t: pa.concat_tables(rows).combine_chunks() if rows else EMPTY[t] for t, rows in found.items()}


def offset_ranges(records: pa.Table) -> dict[str, tuple[int, int]]:
    """First and last offset read of every part of the input."""
    found = records.group_by("part", use_threads=False).aggregate([("offset", "min"), ("offset", "max")])
    rows = found.select(["part", "offset_min", "offset_max"]).to_pylist()
    return {r["part"]: (r["offset_min"], r["offset_max"]) for r in sorted(rows, key=lambda r: str(r["part"]))}


def with_ranges(table: pa.Table, ranges: dict[str, tuple[int, int]]) -> pa.Table:
    return table.replace_schema_metadata({"offsets": json.dumps(ranges)})


def restore(tables: Tables, limit: int) -> Iterator[FactBatch]:
    """The batches of one part again, of at most `limit` records each.
    Errors: ValueError for facts without record."""
    records, schema = tables["records"], RECORD_SCHEMA
    marks = stamps(records)
    order = np.argsort(marks)
    fresh = np.ones(len(order), np.bool_)
    fresh[1:] = marks[order][1:] != marks[order][:-1]
    if not fresh.all():
        kept = np.sort(np.minimum.reduceat(order, np.flatnonzero(fresh)))
        records, marks = records.take(pa.array(kept)), marks[kept]
        order = np.argsort(marks)
    records, ordered = records.cast(schema), marks[order]
    facts: dict[str, tuple[Ints, dict[str, Ints]]] = {}
    for table, names in FACT_COLUMNS.items():
        mine = stamps(tables[table])
        if len(mine) == 0:
            continue
        _check(table, np.sort(mine), ordered)
        found = np.searchsorted(ordered, mine)
        facts[table] = order[found], {name: ints(tables[table][name]) for name in names}
    places = one_batch(tables["places"].cast(PLACE_SCHEMA), PLACE_SCHEMA)
    for start in range(0, max(records.num_rows, 1), limit):
        piece = one_batch(records.slice(start, limit), schema)
        if piece.num_rows or places.num_rows:
            yield FactBatch(piece, _rows_between(facts, start, start + limit), places)
        places = one_batch(PLACE_SCHEMA.empty_table(), PLACE_SCHEMA)


def marks(tables: Tables) -> Columns:
    """MARKS of the records of one part."""
    return {name: ints(tables["records"][name]) for name in MARKS}


def stamped(tables: Tables) -> dict[str, Columns]:
    """The facts of one part by table, each with the STAMP of its record; of the records `rec` will do.
    Errors: ValueError for facts without record."""
    records = ints(tables["records"]["rec"])
    at = np.zeros(_SLOTS, np.uint32)
    at[records % _SLOTS] = np.arange(len(records))
    hidden = np.sort(records[records[at[records % _SLOTS]] != records])
    found = {}
    for table in FACT_COLUMNS:
        if tables[table].num_rows:
            found[table] = {name: ints(tables[table][name]) for name in tables[table].column_names}
            mine = found[table]["rec"]
            apart = records[at[mine % _SLOTS]] != mine if len(records) else np.ones(len(mine), np.bool_)
            _check(table, np.sort(mine[apart]), hidden)
    return found


def _check(table: str, mine: Ints, records: Ints) -> None:
    """Both ascending: a search in order is several times as fast."""
    if len(mine) == 0:
        return
    at = np.minimum(np.searchsorted(records, mine), len(records) - 1)
    if len(records) == 0 or not np.array_equal(records[at], mine):
        raise ValueError(f"{table}: facts whose record is missing; restore the lake's facts/ folder from a copy")


def one_batch(table: pa.Table, schema: pa.Schema) -> pa.RecordBatch:
    """A table as a single batch."""
    if table.num_rows == 0:
        return _empty(schema)
    return table.combine_chunks().to_batches()[0]


@cache
def _empty(schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([], schema)


def _rows_between(facts: dict[str, tuple[Ints, dict[str, Ints]]], low: int, high: int) -> dict[str, dict[str, Ints]]:
    found = {}
    for table, (rows, columns) in facts.items():
        chosen = (rows >= low) & (rows < high)
        if chosen.all():
            found[table] = {"row": rows - low, **columns}
        elif chosen.any():
            found[table] = {"row": rows[chosen] - low, **{name: c[chosen] for name, c in columns.items()}}
    return found
