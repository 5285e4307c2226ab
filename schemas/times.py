"""Times by column: the ISO 8601 notations that feeds use most, read for a whole column at once.

In: an Arrow column of text. Out: UTC epoch milliseconds, or UNKNOWN_MS where the text is in another notation.
Invariant: wherever this gives a value, schemas.instants.read_instant gives the same one.
Deliberately absent: every other notation; those records take the strict path.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from schemas.instants import LOCAL_OFFSET_MS, UNKNOWN_MS
from schemas.keys import Ints

_DAYS_BEFORE = np.array([0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334])
_DAYS_IN = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


def instants(texts: pa.StringArray) -> Ints:
    """Milliseconds of ISO texts (2022-03-08T14:05:00, with a space for the T, with Z or +08:00); UNKNOWN_MS for
    every other text, valid or not."""
    out = np.full(len(texts), UNKNOWN_MS, np.int64)
    offsets = np.frombuffer(texts.buffers()[1], np.int32, len(texts) + 1, texts.offset * 4).astype(np.int64)
    lengths = np.diff(offsets)
    data = np.frombuffer(texts.buffers()[2] or b"", np.uint8)
    for length, tail in ((19, b""), (20, b"Z"), (25, b"+08:00")):
        rows = np.flatnonzero(lengths == length)
        if len(rows):
            chars = data[offsets[rows][:, None] + np.arange(length)]
            ms, ok = _parse(chars, tail)
            out[rows[ok]] = ms[ok]
    return out


def _parse(chars: np.ndarray[Any, np.dtype[np.uint8]], tail: bytes) -> tuple[Ints, np.ndarray[Any, np.dtype[np.bool_]]]:
    digits = chars.astype(np.int64) - 48
    at = {"year": (0, 4), "month": (5, 7), "day": (8, 10), "hour": (11, 13), "minute": (14, 16), "second": (17, 19)}
    ok = ((chars[:, 10] == ord("T")) | (chars[:, 10] == ord(" "))) & (chars[:, [4, 7]] == ord("-")).all(1)
    ok &= (chars[:, [13, 16]] == ord(":")).all(1)
    if tail:
        ok &= (chars[:, 19:] == np.frombuffer(tail, np.uint8)).all(1)
    part = {}
    for name, (first, last) in at.items():
        block = digits[:, first:last]
        ok &= ((block >= 0) & (block <= 9)).all(1)
        part[name] = block @ (10 ** np.arange(last - first - 1, -1, -1))
    year, month = part["year"], np.where((part["month"] >= 1) & (part["month"] <= 12), part["month"], 0)
    leap = ((year % 4 == 0) & (year % 100 != 0)) | (year % 400 == 0)
    ok &= (month > 0) & (part["day"] >= 1) & (part["day"] <= _DAYS_IN[month] + (leap & (month == 2)))
    ok &= (part["hour"] < 24) & (part["minute"] < 60) & (part["second"] < 60) & (year >= 1901) & (year < 2100)
    past = year - 1
    days = past * 365 + past // 4 - past // 100 + past // 400 + _DAYS_BEFORE[month] + (leap & (month > 2)) + part["day"]
    seconds = (days - 719_163) * 86_400 + part["hour"] * 3600 + part["minute"] * 60 + part["second"]
    return seconds * 1000 - (0 if tail == b"Z" else LOCAL_OFFSET_MS), ok
