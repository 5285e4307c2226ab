"""Seats and instants: notations that departments use, and what becomes of those that cannot be read.

In: texts. Out: pass or fail.
Invariant: what cannot be read is unknown, never wrong.
Deliberately absent: how near two seats are (test_oracle.py, test_itineraries.py).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import seats
from schemas.instants import UNKNOWN_MS, day_start, local_day, local_text, read_instant
from schemas.times import instants


def _parts(packed: int) -> tuple[int, int, int, int]:
    column = np.array([packed], np.int64)
    parts = (seats.carriage, seats.compartment, seats.row_from, seats.row_until)
    carriage, compartment, first, last = (int(part(column)[0]) for part in parts)
    return carriage, compartment, first, last


@pytest.mark.parametrize(
    ("text", "carriage", "row"),
    [
        ("12A", 0, 12), ("03车05F", 4, 5), ("010F", 0, 10), ("14车厢8排B座", 15, 8), ("14车 08B", 15, 8),
        ("5号下铺", 0, 5),
        ("8-B", 0, 8), ("004A", 0, 4), ("7", 0, 7), ("无座", 0, 0), ("站票", 0, 0), ("A12", 0, 0), ("", 0, 0),
        ("12I", 0, 0),
        ("加1车05F", 0, 0), ("1234A", 0, 0),
    ],
)  # fmt: skip
def test_a_seat_is_read_or_unknown(text: str, carriage: int, row: int) -> None:
    """A carriage is packed as its number plus one."""
    assert _parts(seats.read_seat(text)) == (carriage, 0, row, row)


def test_fields_win_over_what_the_seat_spells() -> None:
    assert _parts(seats.read_seat("03车05F", carriage="14")) == (15, 0, 5, 5)
    assert _parts(seats.read_seat("05F", row_from=7, row_until=9)) == (0, 0, 7, 9)
    assert _parts(seats.read_seat("05F", row_from=9, row_until=7)) == (0, 0, 7, 9)


def test_leading_zeros_of_a_carriage_do_not_count_but_letters_do() -> None:
    assert seats.code("03") == seats.code("3") == 4
    assert len({seats.code(c) for c in ("1", "1A", "A1", "10", "0A", "ZZZZ", "9999")}) == 7
    assert seats.code("9999") < seats.NUMERIC_MAX <= seats.code("A")
    assert seats.code("ZZZZ") < 1 << 21


@given(st.from_regex(r"[0-9A-Z]{1,4}", fullmatch=True), st.from_regex(r"[0-9A-Z]{1,4}", fullmatch=True))
def test_different_carriages_never_share_a_code(one: str, other: str) -> None:
    same = (one.lstrip("0") or "0") == (other.lstrip("0") or "0")
    assert (seats.code(one) == seats.code(other)) == same


@pytest.mark.parametrize("text", ["12345", "A-1", "车", " "])
def test_what_is_no_carriage_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="letters or digits"):
        seats.code(text)


@given(st.integers(0, 1 << 21), st.integers(0, (1 << 21) - 1), st.integers(0, 1023), st.integers(0, 1023))
def test_what_is_packed_comes_out_again(carriage: int, compartment: int, one: int, other: int) -> None:
    first, last = sorted((one, other))
    assert _parts(seats.pack(carriage, compartment, first, last)) == (carriage, compartment, first, last)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2022-03-08T00:00:00+08:00", 1_646_668_800_000), ("2022-03-08", 1_646_668_800_000),
        ("2022-03-08 00:00", 1_646_668_800_000), ("2022-03-07T16:00:00Z", 1_646_668_800_000),
        ("2022-03-08T00:00:00.125+08:00", 1_646_668_800_125), ("2022-03-07T11:00:00-0500", 1_646_668_800_000),
        (1_646_668_800, 1_646_668_800_000), ("1969-12-31T23:59:59Z", -1000), (-1, -1000),
    ],
)  # fmt: skip
def test_a_time_is_read_in_every_common_notation(text: str | int, expected: int) -> None:
    assert read_instant(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "now", "08.03.2022", "2022-02-30", "2022-03-08T24:00:00", "2022-3-8", "1899-12-31", "2100-01-02", 10**15],
)
def test_what_is_no_time_is_an_error(text: str | int) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_instant(text)


_digits = st.integers(0, 99).map(lambda n: f"{n:02d}")
_texts = st.builds(
    "{}-{}-{}{}{}:{}:{}{}".format,
    st.integers(1890, 2110), _digits, _digits, st.sampled_from("T tx"), _digits, _digits, _digits,
    st.sampled_from(["", "Z", "+08:00", "+0800", "-05:00", ".5Z", "+08:0x"]),
)  # fmt: skip
_dates = st.datetimes().map(lambda d: d.replace(microsecond=0).isoformat())


@given(st.lists(_texts | _dates | st.text(max_size=26), min_size=1, max_size=30))
def test_wherever_the_column_reader_answers_it_says_what_the_strict_one_says(texts: list[str]) -> None:
    plain = [t for t in texts if t.isprintable()] or ["2022-03-08T00:00:00Z"]
    for text, ms in zip(plain, instants(pa.array(plain)).tolist(), strict=True):
        if ms != UNKNOWN_MS:
            assert ms == read_instant(text)


def test_the_column_reader_answers_for_the_common_notations() -> None:
    texts = pa.array(
        ["2022-03-08T14:05:00+08:00", "2022-03-08 14:05:00", "2022-03-08T06:05:00Z", "2024-02-29T00:00:00Z"]
    )
    assert UNKNOWN_MS not in instants(texts).tolist()


def test_a_local_day_begins_at_midnight_in_china() -> None:
    ms = np.array([read_instant("2022-03-08T00:00:00"), read_instant("2022-03-07T23:59:59")], np.int64)
    assert np.diff(local_day(ms)).tolist() == [-1]
    assert day_start(local_day(ms))[0] == ms[0]
    assert local_text(int(ms[0])) == "2022-03-08 00:00"
    assert local_text(None) == local_text(UNKNOWN_MS) == "—"
