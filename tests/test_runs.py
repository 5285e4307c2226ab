"""Tables of runs, held to the plainest columns there are, through all the forms that their rows take.

In: seeded rows, some with times far apart, added and removed in pieces. Out: pass or fail.
Invariant: tables are large enough that columns are packed and coded, and merged with some that are not.
Deliberately absent: what the rows mean (test_laws.py).
"""

from __future__ import annotations

import numpy as np
import pytest

from brain.orders import searched
from brain.packed import FEW, MANY, Coded, Narrow, ascending, code, coded, holding, pack
from brain.runs import Table, groups, take
from schemas.facts import Columns
from schemas.instants import BEGIN_MS, OPEN_MS, UNKNOWN_MS
from schemas.keys import Ints

NOON = 1_647_316_800_000


def _rows(rng: np.random.Generator, count: int) -> Columns:
    since = NOON + rng.integers(0, 10**9, count)
    until = np.where(rng.random(count) < 0.01, OPEN_MS, since + rng.integers(1, 10**7, count))
    return {
        "rec": rng.integers(0, 1 << 60, count), "ident": rng.integers(0, 500, count) * 7919 << 40,
        "place": rng.integers(0, 300, count) * 104729 << 30, "since": since, "until": until,
    }  # fmt: skip


def _sorted(rows: Columns) -> list[tuple[int, ...]]:
    return sorted(zip(*(column.tolist() for column in rows.values()), strict=True))


@pytest.fixture(scope="module", params=[None, "rec"])
def grown(request: pytest.FixtureRequest) -> tuple[Table, Columns]:
    """A table that rows were added to and removed from, and the rows that should be in it."""
    rng = np.random.default_rng(3)
    table = Table("rec", "ident", "place", "since", "until", by=request.param)
    rows = _rows(rng, 0)
    for _ in range(40):
        new = _rows(rng, int(rng.integers(1, 2 * FEW)))
        table.add(new)
        rows = {name: np.concatenate([rows[name], new[name]]) for name in rows}
        fallen = rng.choice(rows["rec"], 5)
        gone = table.remove("rec", fallen)
        lost = np.isin(rows["rec"], fallen)
        assert _sorted(gone) == _sorted(take(rows, lost))
        rows = take(rows, ~lost)
    return table, rows


def test_a_table_holds_what_was_added_and_not_removed(grown: tuple[Table, Columns]) -> None:
    table, rows = grown
    kinds = {type(column) for run in table.runs for column in run.columns.values()}
    assert kinds == {np.ndarray, Narrow, Coded}, "not every form is tried"
    assert len(table) == len(rows["rec"])
    assert _sorted(table.all()) == _sorted(rows)
    assert sorted(table.column("until").tolist()) == sorted(rows["until"].tolist())


@pytest.mark.parametrize("column", ["rec", "ident", "since"])
def test_a_value_is_found_with_all_its_rows_and_one_that_is_not_there_with_none(
    grown: tuple[Table, Columns], column: str
) -> None:
    table, rows = grown
    values = np.unique(np.append(rows[column][::997], [5, OPEN_MS]))
    of, found = table.find(column, values)
    assert np.array_equal(values[of], found[column])
    assert _sorted(found) == _sorted(take(rows, np.isin(rows[column], values)))


@pytest.mark.parametrize("spread", [1 << 63, 1 << 20], ids=["as tokens are", "close together"])
def test_of_many_values_those_that_a_long_run_has_are_found_and_no_others(spread: int) -> None:
    rng = np.random.default_rng(4)
    table = Table("rec", "event_ms", by="rec")
    recs = rng.permutation(np.unique(rng.integers(0, spread, 120_000, dtype=np.int64)))
    table.add({"rec": recs, "event_ms": np.arange(len(recs))})
    values = np.sort(np.concatenate([recs[:300], rng.integers(0, spread, 2 * FEW, dtype=np.int64)]))
    of, found = table.find("rec", values)
    assert np.array_equal(values[of], found["rec"])
    assert np.array_equal(of, np.flatnonzero(np.isin(values, recs)))
    assert np.array_equal(recs[found["event_ms"]], found["rec"])


def test_no_run_grows_beyond_the_longest_and_all_rows_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brain.runs.LONGEST_ROWS", 50_000)
    rng = np.random.default_rng(5)
    table, count = Table("rec", "event_ms", by="rec"), 0
    for _ in range(60):
        rows = rng.integers(0, 1 << 63, 4_000, dtype=np.int64)
        table.add({"rec": rows, "event_ms": np.arange(count, count + len(rows))})
        count += len(rows)
    assert max(run.count for run in table.runs) <= 50_000 < count
    assert sorted(table.column("event_ms").tolist()) == list(range(count))


def test_who_was_at_a_place_in_a_time_is_met(grown: tuple[Table, Columns]) -> None:
    table, rows = grown
    asked = take(rows, slice(None, None, 997))
    places, since, until = asked["place"].copy(), asked["since"] - 5_000, asked["until"].copy()
    places[0], since[1], until[2] = 17, BEGIN_MS, OPEN_MS
    of, found = table.meet(places, since, until)

    def there(at: int) -> Ints:
        met: Ints = rows["rec"][
            (rows["place"] == places[at]) & (rows["since"] < until[at]) & (rows["until"] > since[at])
        ]
        return met

    expected = [(at, rec) for at in range(len(places)) for rec in there(at).tolist()]
    assert len(expected) > len(places)
    assert sorted(zip(of.tolist(), found["rec"].tolist(), strict=True)) == sorted(expected)


@pytest.mark.parametrize("span", [1, 200, 60_000, 1 << 31, 1 << 40])
@pytest.mark.parametrize("apart", [(), (OPEN_MS,), (UNKNOWN_MS, BEGIN_MS, OPEN_MS)])
def test_what_was_packed_is_read_back(span: int, apart: tuple[int, ...]) -> None:
    values = NOON + np.random.default_rng(5).integers(0, span, 3 * FEW)
    values[: len(apart)] = apart
    packed = pack(values)
    assert np.array_equal(packed[:], values)
    assert isinstance(packed, Narrow) == (span < 1 << 40)


def test_times_that_are_all_apart_are_read_back() -> None:
    values = np.array([UNKNOWN_MS, OPEN_MS, BEGIN_MS] * FEW)
    assert np.array_equal(pack(values)[:], values)


@pytest.mark.parametrize("seed", range(20))
def test_a_scan_finds_every_row_that_has_one_of_the_values(seed: int) -> None:
    chance = np.random.default_rng(seed)
    rows, values = chance.integers(0, 300, 2 * FEW) * 7, chance.integers(-50, 2200, 400)
    column = code(rows)
    assert isinstance(column, Coded)
    wanted = np.flatnonzero(np.isin(rows, values))
    assert np.array_equal(holding(column, values), wanted), "also where a value that nobody has lies beside one"
    assert {*wanted.tolist()} <= {*holding(rows, values).tolist()}


@pytest.mark.parametrize("count", [0, 1, FEW, 3 * FEW, MANY])
@pytest.mark.parametrize(("low", "high"), [(0, 1), (0, 300), (0, 1 << 40), (0, (1 << 63) - 1), (-(1 << 62), 1 << 62)])
def test_numbers_are_ordered_grouped_found_and_coded_as_by_comparison(count: int, low: int, high: int) -> None:
    rng = np.random.default_rng(7)
    one, other = (rng.integers(low, high, count) for _ in range(2))
    assert np.array_equal(ascending(one), np.argsort(one, kind="stable"))
    assert np.array_equal(groups(one, other)[0], np.lexsort((other, one)))
    keys, codes = coded(one)
    assert np.array_equal(keys[codes], one)
    assert np.array_equal(keys, np.unique(one))
    keys = np.unique(rng.integers(low, high, MANY))
    assert np.array_equal(searched(keys, one), np.searchsorted(keys, one))


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.uint32])
def test_codes_of_every_width_are_ordered(kind: type) -> None:
    codes = np.random.default_rng(8).integers(0, np.iinfo(kind).max, 2 * FEW, kind, endpoint=True)
    assert np.array_equal(ascending(codes), np.argsort(codes, kind="stable"))
