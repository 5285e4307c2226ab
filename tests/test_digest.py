"""The digest depends on the rows alone, and on all of them.

In: random views. Out: pass or fail.
Invariant: shuffled, cut into chunks or written in other Arrow types, the same rows have the same digest.
Deliberately absent: what the rows mean.
"""

from __future__ import annotations

import hashlib
import struct
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.instants import OPEN_MS, UNKNOWN_MS
from schemas.views import VIEWS, raw_schema
from sinks.digest import canonical, combined, digest, digests
from tests.lakes import EMPTY

_NUMBERS = st.sampled_from([0, 1, 2, 255, 256, OPEN_MS, UNKNOWN_MS, (1 << 63) - 1, -(1 << 63)])
_TEXTS = st.sampled_from(["", "a", "ab", "b", "z", "é", "密接", "\U00010400", "\uff00"])
_LISTS = st.lists(st.integers(-2, 3), max_size=3)


def rows_of(view: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Rows of a view, few values, so that many are equal in their first columns."""
    kinds = {pa.int64(): _NUMBERS, pa.string(): _TEXTS}
    names = raw_schema(view).names
    row = st.tuples(*(kinds.get(f.type, _LISTS) for f in raw_schema(view)))
    return st.lists(row.map(lambda values: dict(zip(names, values, strict=True))), max_size=6)


def key_of(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(v.encode() if isinstance(v, str) else v for v in row.values())


def digest_by_hand(rows: list[dict[str, Any]], view: str) -> str:
    """The same serialisation, written slowly and anew from its description."""
    rows, names = sorted(rows, key=key_of), raw_schema(view).names
    hasher = hashlib.sha256(f"{view}:{','.join(names)}\n".encode() + struct.pack("<Q", len(rows)))
    for f in raw_schema(view) if rows else ():
        values = [row[f.name] for row in rows]
        if f.type == pa.string():
            texts = sorted({v.encode() for v in values})
            hasher.update(struct.pack("<Q", len(texts)))
            for text in texts:
                hasher.update(struct.pack("<Q", len(text)) + text)
            values = [texts.index(v.encode()) for v in values]
        elif f.type != pa.int64():
            hasher.update(struct.pack(f"<{len(values)}q", *(len(v) for v in values)))
            values = [item for v in values for item in v]
        hasher.update(struct.pack(f"<{len(values)}q", *values))
    return hasher.hexdigest()


@pytest.mark.parametrize("view", list(VIEWS))
@given(data=st.data())
@settings(max_examples=20, deadline=None)
def test_order_chunks_and_arrow_types_do_not_change_the_digest(view: str, data: st.DataObject) -> None:
    rows = data.draw(rows_of(view))
    shuffled = data.draw(st.permutations(rows))
    cut = data.draw(st.integers(0, len(rows)))
    schema = raw_schema(view)
    whole = pa.Table.from_pylist(rows, schema)
    pieces = [pa.Table.from_pylist(p, schema) for p in (shuffled[:cut], [], shuffled[cut:])]
    padded = pa.concat_tables([pieces[0], *pieces]).slice(cut)  # offsets into the middle of buffers
    for i, f in enumerate(schema):
        if f.type == pa.string():
            large = pc.cast(padded.column(i), pa.large_string())
            padded = padded.set_column(i, f.name, large)
    ordered = canonical(view, whole)
    assert [key_of(r) for r in ordered.to_pylist()] == sorted(key_of(r) for r in rows)
    one, other = digests({**EMPTY, view: whole}), digests({**EMPTY, view: padded})
    assert one == other
    assert one[view] == digest_by_hand(rows, view)


@pytest.mark.parametrize("view", list(VIEWS))
@given(data=st.data())
@settings(max_examples=10, deadline=None)
def test_any_change_of_a_row_changes_the_digest(view: str, data: st.DataObject) -> None:
    rows, other = data.draw(rows_of(view)), data.draw(rows_of(view))
    tables = [{**EMPTY, view: pa.Table.from_pylist(r, raw_schema(view))} for r in (rows, other)]
    same = sorted(map(key_of, rows)) == sorted(map(key_of, other))
    assert (digest(tables[0]) == digest(tables[1])) == same


def test_an_item_that_moves_from_one_list_to_the_next_changes_the_digest() -> None:
    review = {"kind": "tube_conflict", "subject": 1, "at_ms": 1}
    rows = [[{**review, "people": people} for people in lists] for lists in ([[1, 2], [3]], [[1], [2, 3]])]
    one, other = (digest({**EMPTY, "reviews": pa.Table.from_pylist(r, raw_schema("reviews"))}) for r in rows)
    assert one != other


def test_the_digest_of_nothing_is_pinned() -> None:
    assert digest(EMPTY) == combined(digests(EMPTY))
    assert digest(EMPTY) == "0dfec288cb6f7488c01f10f6881424c7e09b4dd27ec188b7785db0f470bd2aeb"


def test_a_null_or_a_missing_column_is_refused() -> None:
    schema = pa.schema([pa.field(f.name, f.type) for f in raw_schema("reviews")])
    holes = pa.Table.from_pylist([{"kind": "x", "subject": None, "at_ms": 1, "people": []}], schema)
    with pytest.raises(ValueError, match="view reviews: null in subject; raw views write unknown times as UNKNOWN_MS"):
        canonical("reviews", holes)
    with pytest.raises(ValueError, match="view reviews: no column at_ms, people"):
        canonical("reviews", holes.select(["kind", "subject"]))


def test_sorted_rows_are_taken_as_they_stand() -> None:
    rows = [{"kind": "a", "subject": n, "at_ms": 0, "people": []} for n in range(5)]
    table = pa.Table.from_pylist(rows, raw_schema("reviews"))
    assert canonical("reviews", table).to_pylist() == rows
    backwards = table.take(pa.array(np.arange(4, -1, -1)))
    assert canonical("reviews", backwards).to_pylist() == rows
