"""Digest: one hash of what a lake concludes, the same for the same rows on every machine.

In: the raw views. Out: their canonical order and SHA-256 over a byte serialisation of our own.
Invariant: depends on the set of rows alone: not on their order, on chunks, or on any library's version.
Deliberately absent: the wall clock, and everything that is only written down beside the views.
"""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from schemas.keys import Ints
from schemas.views import VIEWS, raw_schema


def canonical(view: str, table: pa.Table) -> pa.Table:
    """The view with the columns of its schema, one chunk, rows in canonical order.
    Errors: ValueError when the table is not such a view."""
    schema = raw_schema(view)
    missing = [name for name in schema.names if name not in table.column_names]
    if missing:
        raise ValueError(f"view {view}: no column {', '.join(missing)}")
    holes = [name for name in schema.names if table[name].null_count]
    if holes:
        raise ValueError(f"view {view}: null in {', '.join(holes)}; raw views write unknown times as UNKNOWN_MS")
    plain = table.select(schema.names).cast(schema).combine_chunks()
    order = canonical_order(plain)
    return plain if order is None else plain.take(pa.array(order)).combine_chunks()


def canonical_order(table: pa.Table) -> Ints | None:
    """Row numbers in the order of all columns from left to right; None if the rows stand so already."""
    if table.num_rows < 2:
        return None
    types = table.schema.types
    plain = next((i for i, t in enumerate(types) if pa.types.is_list(t)), len(types))
    keys = [_sort_key(table.column(i)) for i in range(plain)]
    if keys and _strictly_ascending(keys):
        return None
    order = _sorted(keys)
    return order if plain == len(types) else _settle_ties(table, keys, order, plain)


def _sort_key(column: pa.ChunkedArray) -> Ints:
    """Integers that sort as the column does; texts by their UTF-8 bytes."""
    if not pa.types.is_string(column.type):
        return np.asarray(column.to_numpy())
    coded = column.combine_chunks().dictionary_encode()
    texts = coded.dictionary.to_pylist()
    ranks: Ints = np.empty(len(texts), np.int64)
    ranks[sorted(range(len(texts)), key=lambda i: texts[i].encode())] = np.arange(len(texts))
    return np.asarray(ranks[coded.indices.to_numpy()], np.int64)


def _sorted(keys: list[Ints]) -> Ints:
    """Row numbers in the order of the keys. Few keys tell most rows apart: the rest are asked last."""
    for count in (1, 6):
        order = np.lexsort(keys[:count][::-1])
        if count >= len(keys) or _strictly_ascending([key[order] for key in keys[:count]]):
            return order
    return np.lexsort(keys[::-1])


def _strictly_ascending(keys: list[Ints]) -> bool:
    """Whether every row is greater than the one before it: then it is in canonical order, whatever lists follow."""
    undecided = np.ones(len(keys[0]) - 1, np.bool_)
    for key in keys:
        before, after = key[:-1], key[1:]
        if bool(np.any(undecided & (after < before))):
            return False
        undecided &= after == before
    return not bool(undecided.any())


def _settle_ties(table: pa.Table, keys: list[Ints], order: Ints, plain: int) -> Ints:
    """Rows equal in all columns before the first list are put in order by the rest, one tie at a time."""
    same = np.ones(len(order) - 1, np.bool_)
    for key in keys:
        same &= key[order[1:]] == key[order[:-1]]
    if not same.any():
        return order
    edges = np.flatnonzero(np.diff(np.concatenate([[False], same, [False]]).astype(np.int8)))
    for low, high in edges.reshape(-1, 2).tolist():
        rows = order[low : high + 1]
        tail = table.take(pa.array(rows)).select(range(plain, table.num_columns)).to_pylist()
        values = [tuple(v.encode() if isinstance(v, str) else v for v in row.values()) for row in tail]
        order[low : high + 1] = rows[sorted(range(len(rows)), key=values.__getitem__)]
    return order


def _length(count: int) -> bytes:
    return struct.pack("<Q", count)


def _feed(hasher: Any, array: pa.Array) -> None:
    """The bytes of one column: numbers as little-endian int64; texts and lists as their lengths, then their content."""
    if pa.types.is_list(array.type):
        hasher.update(_little(pc.list_value_length(array).to_numpy()))
        hasher.update(_little(array.flatten().to_numpy()))
    elif pa.types.is_string(array.type):
        coded = array.dictionary_encode()
        texts = [t.encode() for t in coded.dictionary.to_pylist()]
        ranks = np.empty(len(texts), np.int64)
        ranked = sorted(range(len(texts)), key=texts.__getitem__)
        ranks[ranked] = np.arange(len(texts))
        hasher.update(_length(len(texts)))
        for i in ranked:
            hasher.update(_length(len(texts[i])) + texts[i])
        hasher.update(_little(ranks[coded.indices.to_numpy()]))
    else:
        hasher.update(_little(array.to_numpy()))


def _little(values: npt.NDArray[Any]) -> bytes:
    return np.ascontiguousarray(values, "<i8").tobytes()


def digest_of_view(view: str, ordered: pa.Table) -> str:
    """SHA-256 of a view that `canonical` has put in order."""
    hasher = hashlib.sha256(f"{view}:{','.join(ordered.column_names)}\n".encode())
    hasher.update(_length(ordered.num_rows))
    if ordered.num_rows:
        for column in ordered.columns:
            _feed(hasher, column.combine_chunks())
    return hasher.hexdigest()


def combined(digests: dict[str, str]) -> str:
    """The one digest over the digests of all views."""
    return hashlib.sha256("".join(f"{view}:{digests[view]}\n" for view in VIEWS).encode()).hexdigest()


def digests(raw_views: dict[str, pa.Table]) -> dict[str, str]:
    """The digest of every view. Errors: KeyError when one is missing."""
    return {view: digest_of_view(view, canonical(view, raw_views[view])) for view in VIEWS}


def digest(raw_views: dict[str, pa.Table]) -> str:
    """The digest of a whole set of views."""
    return combined(digests(raw_views))


def digest_of_snapshot(lake: Path) -> str:
    """The digest that the lake's current snapshot was published with. Errors: ValueError if there is none."""
    manifest = lake / "current" / "manifest.json"
    if not manifest.exists():
        raise ValueError(f"{lake} has no published snapshot yet: run `brain run` first")
    return str(json.loads(manifest.read_text(encoding="utf-8"))["digest"])
