"""DuckDB reads registered Arrow tables rightly: its answers are held to plain Python, whatever the Arrow layout.

In: small random tables in many layouts. Out: pass or fail; run with every DuckDB that is thought of (sinks/README.md).
Invariant: the answer to a question does not depend on how Arrow lays the table out.
Deliberately absent: Parquet and DuckDB's own tables.
"""

from __future__ import annotations

import itertools
import random
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

Row = dict[str, Any]
TYPES = {"id": pa.int64(), "n": pa.int64(), "text": pa.string(), "flag": pa.bool_(), "items": pa.list_(pa.int64())}
WORDS = ["", "a", "ab", "密接", "次密接", "x" * 11, "x" * 12, "x" * 13, "a\0b", "long " * 60]
BIG = [0, 1, -1, (1 << 61), -(1 << 62), (1 << 63) - 1, -(1 << 63)]


def rows_of(count: int, seed: int, holes: float) -> list[Row]:
    chance = random.Random(seed)

    def some(value: Any) -> Any:
        return None if chance.random() < holes else value

    return [
        {
            "id": i,
            "n": some(chance.choice([*BIG, chance.randrange(50)])),
            "text": some(chance.choice(WORDS)),
            "flag": some(chance.random() < 0.5),
            "items": some([some(chance.randrange(9)) for _ in range(chance.randrange(4))]),
        }
        for i in range(count)
    ]


def plain(rows: list[Row]) -> pa.Table:
    return pa.table({name: pa.array([r[name] for r in rows], kind) for name, kind in TYPES.items()})


def sliced(rows: list[Row]) -> pa.Table:
    """An offset that is no multiple of eight, in every buffer."""
    padding = rows_of(13, 99, 0.5)
    return plain([*padding, *rows, *padding]).slice(len(padding), len(rows))


def chunked(rows: list[Row]) -> pa.Table:
    """Chunks of odd sizes, some empty, some slices of larger ones."""
    cuts = [0, 0, 1, 4, 1000, 2047, 2048, 4100, len(rows)]
    cuts = sorted(min(c, len(rows)) for c in cuts)
    return pa.concat_tables([sliced(rows[a:b]) for a, b in itertools.pairwise(cuts)])


def unevenly_chunked(rows: list[Row]) -> pa.Table:
    """Every column cut at other places."""
    columns = {}
    for number, name in enumerate(TYPES):
        cut = min(17 * (number + 1), len(rows))
        pieces = [plain(rows[:cut])[name], plain(rows[cut:])[name]]
        columns[name] = pa.chunked_array([c for piece in pieces for c in piece.chunks], TYPES[name])
    return pa.table(columns)


def dictionary(rows: list[Row]) -> pa.Table:
    table = chunked(rows)
    return table.set_column(2, "text", table["text"].dictionary_encode())


def dictionary_by_chunk(rows: list[Row]) -> pa.Table:
    """Chunks whose dictionaries differ, so that the same code is another word."""
    half = len(rows) // 3
    pieces = [p.set_column(2, "text", p["text"].dictionary_encode()) for p in (plain(rows[:half]), sliced(rows[half:]))]
    return pa.concat_tables(pieces)


def large(rows: list[Row]) -> pa.Table:
    kinds = {**TYPES, "text": pa.large_string(), "items": pa.large_list(pa.int64())}
    return sliced(rows).cast(pa.schema(list(kinds.items())))


LAYOUTS: list[Callable[[list[Row]], pa.Table]] = [
    plain, sliced, chunked, unevenly_chunked, dictionary, dictionary_by_chunk, large,
]  # fmt: skip


SMALL = rows_of(300, 3, 0.2)


@pytest.fixture(scope="module", params=[(0, 0.0), (257, 0.3), (4500, 0.1)], ids=lambda p: f"{p[0]} rows")
def rows(request: pytest.FixtureRequest) -> list[Row]:
    return rows_of(request.param[0], 7, request.param[1])


@pytest.fixture(scope="module", params=LAYOUTS, ids=lambda layout: layout.__name__)
def db(request: pytest.FixtureRequest, rows: list[Row]) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"threads": 2})
    connection.register("t", request.param(rows))
    connection.register("small", plain(SMALL))
    return connection


def ask(db: duckdb.DuckDBPyConnection, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in db.execute(sql, list(parameters)).fetchall()]


def test_all_rows_come_as_they_are(db: duckdb.DuckDBPyConnection, rows: list[Row]) -> None:
    assert ask(db, "SELECT id, n, text, flag, items FROM t") == [tuple(r.values()) for r in rows]
    assert ask(db, "SELECT items, id FROM t ORDER BY id DESC") == [(r["items"], r["id"]) for r in rows[::-1]]


@pytest.mark.parametrize("value", [*BIG, 3])
def test_filters_on_numbers_keep_the_right_rows(db: duckdb.DuckDBPyConnection, rows: list[Row], value: int) -> None:
    known = [r for r in rows if r["n"] is not None]
    for sql, chosen in (
        ("n = ?", [r for r in known if r["n"] == value]),
        ("n > ?", [r for r in known if r["n"] > value]),
        ("n <= ? AND id % 3 = 0", [r for r in known if r["n"] <= value and r["id"] % 3 == 0]),
        ("n <> ? OR n IS NULL", [r for r in rows if r["n"] != value]),
    ):
        assert ask(db, f"SELECT id FROM t WHERE {sql}", value) == [(r["id"],) for r in chosen], sql


@pytest.mark.parametrize("word", WORDS)
def test_filters_on_texts_keep_the_right_rows(db: duckdb.DuckDBPyConnection, rows: list[Row], word: str) -> None:
    known = [r for r in rows if r["text"] is not None]
    for sql, chosen in (
        ("text = ?", [r for r in known if r["text"] == word]),
        ("text <> ?", [r for r in known if r["text"] != word]),
        ("text > ?", [r for r in known if r["text"].encode() > word.encode()]),
        ("text IN (?, 'ab', '密接')", [r for r in known if r["text"] in (word, "ab", "密接")]),
    ):
        assert ask(db, f"SELECT id FROM t WHERE {sql}", word) == [(r["id"],) for r in chosen], sql


def test_filters_on_nulls_flags_and_lists_keep_the_right_rows(db: duckdb.DuckDBPyConnection, rows: list[Row]) -> None:
    for sql, holds in (
        ("n IS NULL", lambda r: r["n"] is None),
        ("text IS NOT NULL AND n IS NULL", lambda r: r["text"] is not None and r["n"] is None),
        ("flag", lambda r: r["flag"] is True),
        ("NOT flag", lambda r: r["flag"] is False),
        ("flag IS DISTINCT FROM true", lambda r: r["flag"] is not True),
        ("items IS NULL", lambda r: r["items"] is None),
        ("list_contains(items, 4)", lambda r: r["items"] is not None and 4 in r["items"]),
        ("n > 10 OR text = 'a'", lambda r: (r["n"] is not None and r["n"] > 10) or r["text"] == "a"),
    ):
        assert ask(db, f"SELECT id FROM t WHERE {sql}") == [(r["id"],) for r in rows if holds(r)], sql


def test_groups_are_counted_and_summed_rightly(db: duckdb.DuckDBPyConnection, rows: list[Row]) -> None:
    sums: dict[Any, list[int]] = defaultdict(list)
    for r in rows:
        sums[r["text"], r["flag"]].append(r["id"])
    sql = "SELECT text, flag, count(*), sum(id)::BIGINT FROM t GROUP BY ALL"
    found = {(text, flag): (count, total) for text, flag, count, total in ask(db, sql)}
    assert found == {key: (len(ids), sum(ids)) for key, ids in sums.items()}
    items = Counter(i for r in rows for i in r["items"] or ())
    assert dict(ask(db, "SELECT i, count(*) FROM (SELECT unnest(items) AS i FROM t) GROUP BY i")) == dict(items)
    extremes = [r["n"] for r in rows if r["n"] is not None]
    least = (min(extremes, default=None), max(extremes, default=None), len(extremes))
    assert ask(db, "SELECT min(n), max(n), count(n) FROM t") == [least]


@pytest.mark.parametrize("by", ["n", "text", "id"])
def test_joins_find_every_pair_and_no_other(db: duckdb.DuckDBPyConnection, rows: list[Row], by: str) -> None:
    at: dict[Any, list[int]] = defaultdict(list)
    for r in SMALL:
        if r[by] is not None:
            at[r[by]].append(r["id"])
    pairs = sorted((r["id"], other) for r in rows if r[by] is not None for other in at.get(r[by], ()))
    assert sorted(ask(db, f"SELECT t.id, small.id FROM t JOIN small USING ({by})")) == pairs
    assert sorted(ask(db, f"SELECT t.id, small.id FROM small JOIN t USING ({by})")) == pairs
    kept = [(r["id"],) for r in rows if r[by] in at]
    assert sorted(ask(db, f"SELECT id FROM t WHERE {by} IN (SELECT {by} FROM small)")) == kept
    some = [(a, b) for a, b in pairs if b < 5]
    assert sorted(ask(db, f"SELECT t.id, s.id FROM t JOIN (FROM small WHERE id < 5) s USING ({by})")) == some


def test_the_first_rows_in_order_are_the_right_ones(db: duckdb.DuckDBPyConnection, rows: list[Row]) -> None:
    def key(r: Row) -> tuple[bool, int, int]:
        return r["n"] is None, r["n"] or 0, r["id"]

    want = [(r["id"],) for r in sorted(rows, key=key)[:25]]
    assert ask(db, "SELECT id FROM t ORDER BY n NULLS LAST, id LIMIT 25") == want
    assert ask(db, "SELECT id FROM t LIMIT 7 OFFSET 3") == [(r["id"],) for r in rows[3:10]]


def test_inserted_rows_are_the_same_and_come_back_as_arrow(db: duckdb.DuckDBPyConnection, rows: list[Row]) -> None:
    db.execute("CREATE OR REPLACE TEMP TABLE kept AS SELECT * FROM t")
    db.execute("INSERT INTO kept SELECT * FROM t WHERE n IS NOT NULL")
    twice = [*rows, *(r for r in rows if r["n"] is not None)]
    assert db.execute("SELECT * FROM kept").to_arrow_table().cast(plain([]).schema).to_pylist() == twice


def test_a_reader_of_batches_is_read_like_a_table(rows: list[Row]) -> None:
    table = chunked(rows)
    with duckdb.connect() as db:
        reader = pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=100))
        db.register("r", reader)
        chosen = [(r["id"], r["text"]) for r in rows if r["n"] is not None and r["n"] >= 0]
        assert ask(db, "SELECT id, text FROM r WHERE n >= 0") == chosen


@pytest.mark.parametrize("many", [1_000, 120_000])
def test_a_large_join_finds_as_many_rows_as_numpy(many: int) -> None:
    chance = np.random.default_rng(5)
    left, right = chance.integers(0, 1 << 40, 200_000), chance.integers(0, 1 << 40, many)
    right[: many // 2] = left[: many // 2]
    wanted = int(np.isin(left, right).sum())
    with duckdb.connect() as db:
        db.register("l", pa.table({"k": pa.chunked_array([left[:70_000], left[70_000:]])}))
        db.register("r", pa.table({"k": right, "odd": right % 2}))
        assert ask(db, "SELECT count(*) FROM l WHERE k IN (SELECT k FROM r)") == [(wanted,)]
        odd = int(np.isin(left, right[right % 2 == 1]).sum())
        assert ask(db, "SELECT count(*) FROM l WHERE k IN (SELECT k FROM r WHERE odd = 1)") == [(odd,)]
