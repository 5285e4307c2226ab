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

Bytes = np.ndarray[Any, np.dtype[np.uint8]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]

_DAYS_BEFORE = np.array([0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334], np.int64)
_DAYS_IN = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
_DIGITS = np.array([i for i, c in enumerate("dddd-dd-ddTdd:dd:dd") if c == "d"])
_MIDNIGHT = np.frombuffer(b"T00:00:00", np.uint8)
_FORMS = ((19, b""), (25, b"+08:00"), (20, b"Z"), (10, b""))
"""The forms that are read: length, and what follows the second."""
_MARKS = {4: b"-", 7: b"-", 13: b":", 16: b":"}


def instants(texts: pa.StringArray) -> Ints:
    """Milliseconds of ISO texts (2022-03-08T14:05:00, with a space for the T, with Z or +08:00; or a date alone);
    UNKNOWN_MS for every other text, valid or not."""
    out = np.full(len(texts), UNKNOWN_MS, np.int64)
    if len(texts) == texts.null_count:
        return out
    offsets = np.frombuffer(texts.buffers()[1], np.int32, len(texts) + 1, texts.offset * 4)
    lengths = np.diff(offsets)
    chars = np.frombuffer(texts.buffers()[2], np.uint8)
    for length, tail in _FORMS:
        rows = np.flatnonzero(lengths == length)
        if len(rows) == 0:
            continue
        if len(rows) == len(texts):  # one form throughout: the characters lie side by side already
            text = chars[offsets[0] : offsets[-1]].reshape(-1, length)
        else:
            text = chars[offsets[rows][:, None] + np.arange(length)]
        if length == len("2022-03-08"):
            text = np.hstack([text, np.broadcast_to(_MIDNIGHT, (len(text), len(_MIDNIGHT)))])
        ms, ok = _parse(text, tail)
        out[rows[ok]] = ms[ok]
    return out


def _parse(chars: Bytes, tail: bytes) -> tuple[Ints, Mask]:
    """(milliseconds, whether the text was read) of rows of characters of equal length."""
    digits = chars[:, _DIGITS] - 48  # whatever is no digit wraps round to more than 9
    ok = (digits.max(axis=1) <= 9) & ((chars[:, 10] == ord("T")) | (chars[:, 10] == ord(" ")))
    for at, mark in (_MARKS | {19 + i: tail[i : i + 1] for i in range(len(tail))}).items():
        ok &= chars[:, at] == ord(mark)
    column = [digits[:, i].astype(np.int32) for i in range(len(_DIGITS))]
    tens = [column[i] * 10 + column[i + 1] for i in range(0, len(_DIGITS), 2)]
    year, (month, day, hour, minute, second) = tens[0] * 100 + tens[1], tens[2:]
    month = np.where((month >= 1) & (month <= 12), month, 0)
    leap = ((year % 4 == 0) & (year % 100 != 0)) | (year % 400 == 0)
    ok &= (month > 0) & (day >= 1) & (day <= _DAYS_IN[month] + (leap & (month == 2)))
    ok &= (hour < 24) & (minute < 60) & (second < 60) & (year >= 1901) & (year < 2100)
    past = year - 1
    days = past * 365 + past // 4 - past // 100 + past // 400 + _DAYS_BEFORE[month] + (leap & (month > 2)) + day
    seconds = (days - 719_163) * 86_400 + (hour * 3600 + minute * 60 + second)
    return seconds * 1000 - (0 if tail == b"Z" else LOCAL_OFFSET_MS), ok
