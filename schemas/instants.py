"""Instants: UTC epoch milliseconds inside, +08:00 only where records are read and pages are written.

In: ISO 8601 text or epoch numbers as departments write them. Out: int64 milliseconds.
Invariant: half-open intervals; OPEN_MS is an end that has not come, UNKNOWN_MS a value nobody gave.
Deliberately absent: the wall clock.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Number = TypeVar("Number", int, npt.NDArray[np.int64])
"""One instant or day, or an array of them."""
LOCAL = timezone(timedelta(hours=8))
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
LOCAL_OFFSET_MS = 8 * HOUR_MS
DAY_MS = 86_400_000
OPEN_MS = 1 << 61
"""End of an interval that is still going on. Written as null in every output."""
UNKNOWN_MS = -(1 << 62)
"""A time that is not known (an absent value). Written as null in every output."""
BEGIN_MS = -(1 << 61)
"""Start of an interval whose start is not known but precedes everything."""
_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)
EARLIEST_MS = int(_EARLIEST.timestamp() * 1000)
LATEST_MS = int(_LATEST.timestamp() * 1000)
_ISO = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?\s?(Z|[+-]\d{2}:?\d{2})?)?",
    re.ASCII,
)


def read_instant(value: str | int) -> int:
    """Milliseconds of an ISO 8601 text (without zone: +08:00; a date alone: its local midnight) or of epoch
    seconds (an integer). Errors: ValueError when it is neither, or lies outside 1900 to 2100."""
    if isinstance(value, int):
        ms = value * 1000
    else:
        match = _ISO.fullmatch(value)
        if match is None:
            raise ValueError("not an ISO 8601 time")
        year, month, day, hour, minute, second, fraction, zone = match.groups()
        moment = datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=_zone(zone)
        )
        milli = int((fraction or "0").ljust(3, "0")[:3])
        ms = int((moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1)) + milli
    if not EARLIEST_MS <= ms < LATEST_MS:
        raise ValueError("a time outside 1900 to 2100")
    return ms


def _zone(text: str | None) -> timezone:
    if text is None:
        return LOCAL
    if text == "Z":
        return UTC
    sign = -1 if text[0] == "-" else 1
    hours, minutes = int(text[1:3]), int(text[-2:])
    if hours > 14 or minutes > 59:
        raise ValueError("a zone offset beyond 14 hours")
    return timezone(sign * timedelta(hours=hours, minutes=minutes))


def local_day(ms: Number) -> Number:
    """Number of the local calendar day (days since 1970-01-01 at +08:00)."""
    return (ms + LOCAL_OFFSET_MS) // DAY_MS


def day_start(day: Number) -> Number:
    """The instant at which a local day begins."""
    return day * DAY_MS - LOCAL_OFFSET_MS


def day_number(day: date) -> int:
    return (day - date(1970, 1, 1)).days


def local_text(ms: int | None) -> str:
    """`2022-03-08 14:05` at +08:00; an em dash when unknown or still open."""
    if ms is None or not EARLIEST_MS <= ms < LATEST_MS:
        return "—"
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)).astimezone(LOCAL).strftime("%Y-%m-%d %H:%M")
