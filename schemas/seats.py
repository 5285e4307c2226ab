"""Seats: where in a vehicle somebody sat, read from departments' notations and packed into one integer.

In: `12A`, `03车05F`, `14车厢8排B座`, carriage, compartment and row fields. Out: a packed int64.
Invariant: 0 means nothing is known; a part that cannot be read is absent, so the rules take the wider circle.
Deliberately absent: which distance counts (policy pack) and how seats are compared (brain/circle.py).
Layout, from the low bit: row_from 10, row_until 10 (last row, inclusive), compartment 21, carriage 21.
"""

from __future__ import annotations

import re

from schemas.keys import Ints

ROW_MAX = 1023
NUMERIC_MAX = 10_001
"""Codes below this are plain numbers and have neighbours; those above are letters and only equal themselves."""
_SEAT = re.compile(
    r"(?:(?P<carriage>[0-9A-Z]{1,4})(?:号)?车厢?)?\s*(?P<row>\d{1,3})(?:号|排)?(?P<letter>[A-HJK])?(?:号|座|[上中下]铺)?",
    re.ASCII,
)


def code(text: str) -> int:
    """A carriage, cabin or compartment of up to 4 letters and digits as 1 … 2^21-1; leading zeros do not count.
    Errors: ValueError when it is longer or has other characters."""
    stripped = text.strip().upper()
    plain = stripped.lstrip("0") or stripped[:1]
    if not re.fullmatch(r"[0-9A-Z]{1,4}", plain):
        raise ValueError("up to 4 letters or digits are expected")
    if plain.isdigit():
        return int(plain) + 1
    return NUMERIC_MAX + int(plain, 36)


def pack(carriage: int = 0, compartment: int = 0, row_from: int = 0, row_until: int = 0) -> int:
    """Errors: ValueError when a row is beyond 1,023 or the rows are reversed."""
    if not 0 <= row_from <= row_until <= ROW_MAX:
        raise ValueError(f"rows must lie between 1 and {ROW_MAX}, the first not after the last")
    return ((carriage << 21 | compartment) << 10 | row_until) << 10 | row_from


def read_seat(seat: str, carriage: str = "", compartment: str = "", row_from: int = 0, row_until: int = 0) -> int:
    """The packed seat of the fields of a ticket. A seat such as 无座 that names no row leaves the row unknown.
    Errors: ValueError for a carriage or compartment that is no code."""
    match = _SEAT.fullmatch(seat.strip().upper().replace("-", ""))
    row, carriage_code = 0, code(carriage) if carriage else 0
    if match is not None:
        row = int(match["row"])
        carriage_code = carriage_code or (code(match["carriage"]) if match["carriage"] else 0)
    rows = [r for r in (row_from, row_until) if r] or [row]
    return pack(carriage_code, code(compartment) if compartment else 0, min(rows), max(rows))


def carriage(seat: Ints) -> Ints:
    return seat >> 41


def compartment(seat: Ints) -> Ints:
    return seat >> 20 & ((1 << 21) - 1)


def row_from(seat: Ints) -> Ints:
    return seat & ROW_MAX


def row_until(seat: Ints) -> Ints:
    return seat >> 10 & ROW_MAX
