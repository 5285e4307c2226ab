"""Published tables, read as they are found: encodings, header names, empty cells, days and spans of days.

In: CSV files, gzipped or not. Out: numbered rows with tidy column names; instants at +08:00.
Invariant: a cell that cannot be read is None and its caller says so; a row keeps the number it has in a spreadsheet.
Deliberately absent: what the columns mean.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from schemas.instants import LOCAL

_ABSENT = frozenset(("", "NA", "N/A", "NULL", "NONE", "----", "-"))
_ISO_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T]00:00:00)?", re.ASCII)
_SLASHED_DAY = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})", re.ASCII)
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", re.ASCII)


@dataclass(frozen=True)
class Row:
    """One row by column name. `number` counts as a spreadsheet does: the header is row 1."""

    number: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        """The cell, stripped; empty where the cell or the column is absent, or says NA."""
        text = self.cells.get(column, "").strip()
        return "" if text.upper() in _ABSENT else text


@dataclass(frozen=True)
class Published:
    """A table as it was found: the file's name, tidy column names in order, rows, and what was odd about the file."""

    file: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    oddities: tuple[tuple[str, str], ...]

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)


def read_table(path: Path) -> Published:
    """The rows of a CSV file in UTF-8 (with or without a byte order mark) or latin-1, gzipped or not. A column name
    that occurs twice gets its number from the second on: `identifier`, `identifier_2`. Errors: ValueError."""
    if not path.is_file():
        raise ValueError(f"{path}: no such file; expected a CSV file of the published set there")
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    oddities: list[tuple[str, str]] = []
    text = _decode(raw, oddities)
    lines = csv.reader(io.StringIO(text, newline=""))
    header = next(lines, None)
    if header is None:
        raise ValueError(f"{path}: the file is empty; expected a header row")
    columns = _names(header, oddities)
    rows = [
        Row(number, dict(zip(columns, cells, strict=False)))
        for number, cells in enumerate(lines, 2)
        if any(cell.strip() for cell in cells)
    ]
    return Published(path.name, columns, tuple(rows), tuple(oddities))


def _decode(raw: bytes, oddities: list[tuple[str, str]]) -> str:
    if raw.startswith(b"\xef\xbb\xbf"):
        oddities.append(("byte_order_mark", "the file begins with a byte order mark; it is not part of the first name"))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        oddities.append(("latin_1", "the file is not UTF-8; it was read as latin-1"))
        return raw.removeprefix(b"\xef\xbb\xbf").decode("latin-1")


def _names(header: list[str], oddities: list[tuple[str, str]]) -> tuple[str, ...]:
    names: list[str] = []
    for at, written in enumerate(header):
        name = written.strip()
        if name != written:
            oddities.append(("column_name_spaces", f"the name of column {at + 1} has spaces around it"))
        count = sum(n == name or (n.startswith(f"{name}_") and n[len(name) + 1 :].isdigit()) for n in names)
        names.append(name if count == 0 else f"{name}_{count + 1}")
    return tuple(names)


def read_day(text: str) -> date | None:
    """The day of `2020-01-22`, `2020-01-22 00:00:00` or `22/01/2020` (day first); None for anything else."""
    iso, slashed = _ISO_DAY.fullmatch(text), _SLASHED_DAY.fullmatch(text)
    try:
        if iso is not None:
            return date(*(int(part) for part in iso.groups()))
        if slashed is not None:
            day, month, year = (int(part) for part in slashed.groups())
            return date(year, month, day)
    except ValueError:
        return None
    return None


def read_clock(text: str) -> timedelta | None:
    """The time of day of `8:05`, `08:05` or `08:05:00`, since midnight; None for anything else."""
    match = _CLOCK.fullmatch(text)
    if match is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds) if hours <= 24 and minutes < 60 else None


def day_begins(day: date) -> datetime:
    """Midnight at +08:00 with which a local day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=LOCAL)


def day_ends(day: date) -> datetime:
    """The end of a local day: the midnight that begins the next one."""
    return day_begins(day + timedelta(days=1))
