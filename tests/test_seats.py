"""Seats: departments' notations are read as the same place in the vehicle, and what cannot be read is unknown.

In: notations of tickets and survey legs. Out: pass or fail.
Invariant: unknown is 0, so that the rules take the wider circle.
Deliberately absent: which distance counts (policy packs).
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.keys import Ints
from schemas.seats import NUMERIC_MAX, ROW_MAX, carriage, code, compartment, pack, read_seat, row_from, row_until


def parts(packed: int) -> tuple[int, int, int, int]:
    """(carriage, compartment, first row, last row)."""
    seat: Ints = np.array([packed], np.int64)
    return tuple(int(part(seat)[0]) for part in (carriage, compartment, row_from, row_until))  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("seat", "car", "row"),
    [
        ("12A", None, 12), ("12a", None, 12), ("12-A", None, 12), ("010F", None, 10), ("05F", None, 5),
        (" 1A ", None, 1), ("03车05F", "3", 5), ("03车05F号", "3", 5), ("03车 05F", "3", 5), ("3号车厢12号", "3", 12),
        ("14车厢8排B座", "14", 8), ("8排B座", None, 8), ("8号", None, 8), ("5号下铺", None, 5), ("05下铺", None, 5),
        ("12车5号上铺", "12", 5),
        ("12车05号中铺", "12", 5), ("A1车03C", "A1", 3), ("999", None, 999),
        ("无座", None, 0), ("站票", None, 0), ("WZ", None, 0), ("A12", None, 0), ("1000A", None, 0), ("12I", None, 0),
        ("车05F", None, 0), ("05F或06F", None, 0), ("", None, 0),
    ],
)  # fmt: skip
def test_a_seat_is_read_in_every_notation_and_is_unknown_otherwise(seat: str, car: str | None, row: int) -> None:
    assert parts(read_seat(seat)) == (code(car) if car else 0, 0, row, row)


def test_the_fields_of_a_ticket_win_over_what_the_seat_spells() -> None:
    assert parts(read_seat("03车05F", "7", "2", 9, 9)) == (code("7"), code("2"), 9, 9)
    assert parts(read_seat("无座", "03")) == (code("3"), 0, 0, 0)
    assert parts(read_seat("", "", "", 30, 45)) == (0, 0, 30, 45)
    assert parts(read_seat("", "", "", 45, 30)) == (0, 0, 30, 45)
    assert parts(read_seat("12A", "", "", 0, 0)) == parts(read_seat("", "", "", 12, 12))


@pytest.mark.parametrize(("written", "same"), [("3", "03"), ("3", "0003"), ("a1", "A1"), (" 7 ", "7"), ("0", "00")])
def test_leading_zeros_and_case_do_not_make_another_carriage(written: str, same: str) -> None:
    assert code(written) == code(same)


@pytest.mark.parametrize("text", ["12345", "3-4", "A B", "车3", "", "ABCDE"])
def test_what_is_no_carriage_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="4 letters or digits"):
        code(text)


def test_numbers_have_neighbours_and_letters_do_not() -> None:
    assert [code(str(n)) for n in (0, 1, 9999)] == [1, 2, NUMERIC_MAX - 1]
    assert code("A") > NUMERIC_MAX
    assert code("ZZZZ") < 1 << 21


@given(st.integers(0, (1 << 21) - 1), st.integers(0, (1 << 21) - 1), st.integers(0, ROW_MAX), st.integers(0, ROW_MAX))
def test_what_is_packed_comes_out_again(car: int, cabin: int, one: int, other: int) -> None:
    first, last = sorted((one, other))
    packed = pack(car, cabin, first, last)
    assert 0 <= packed < 1 << 63
    assert parts(packed) == (car, cabin, first, last)


@pytest.mark.parametrize(("first", "last"), [(5, 4), (-1, 2), (1, ROW_MAX + 1)])
def test_rows_that_run_backwards_or_beyond_the_layout_are_refused(first: int, last: int) -> None:
    with pytest.raises(ValueError, match="rows must lie between"):
        pack(0, 0, first, last)


@given(st.text("0123456789车厢号座排无ABFX上下铺- ", max_size=12))
def test_no_text_of_a_ticket_makes_the_reader_fail(text: str) -> None:
    assert 0 <= read_seat(text) < 1 << 63
