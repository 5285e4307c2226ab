"""Fields: faults of what stands in the records: wrong seats, codes, numbers, times, bytes.

In: a sheet and a blow. Out: the sheet with other cells or broken lines; the truth's columns say what is told now.
Invariant: an identifier that a fault has spoilt is none any more; it never becomes somebody else's.
Deliberately absent: who has one phone with somebody else (phones.py), and corrections (findings.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from replay.faults.struck import MINUTE_MS, Blow, FaultRow, Mask, model_of, own
from replay.lines import lines
from replay.sheets import Sheet, cells, picked
from schemas.decode import fields_of
from schemas.departments.drafting import words
from schemas.instants import EARLIEST_MS, LATEST_MS, UNKNOWN_MS
from schemas.keys import Ints

_ROWS = 20
"""Rows of a carriage or bus among which a wrong one is drawn [D]."""
_UNKNOWN_CODE = "其他"
_LAST_NUMBER = re.compile(r"\d+(?=\D*$)")
_SERIAL = (14, 15, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
"""Where two neighbouring digits are swapped, if they differ: rather in the serial number than in the date of birth."""


def wrong_seat(sheet: Sheet, blow: Blow) -> list[FaultRow]:
    """A ticket or ride names a row of seats in which the person did not sit."""
    names = [name for name in ("row", "seat") if name in sheet.body]
    if not names:
        return []
    known = np.logical_or.reduce([_known(sheet, name) for name in names])
    rows = blow.chosen(sheet, known) & known
    moved = blow.rng.integers(4, _ROWS - 3, len(sheet))
    columns = {name: own(sheet, name) for name in names}
    for at in np.flatnonzero(rows).tolist():
        seat = columns["seat"][at] if "seat" in columns else None
        found = _LAST_NUMBER.search(seat) if seat else None
        there = columns["row"][at] if "row" in columns and known_number(columns["row"][at]) else None
        row = int(there if there is not None else found[0] if found else 1)
        wrong = (row - 1 + int(moved[at])) % _ROWS + 1
        if there is not None:
            columns["row"][at] = wrong
        if seat and found:
            columns["seat"][at] = _LAST_NUMBER.sub(f"{wrong:02d}", seat)
    return blow.told(sheet, rows, True, "seat")


def missing_ends(sheet: Sheet, blow: Blow) -> list[FaultRow]:
    """The end of a stay or ride is not told, where a record may do without."""
    fields = {field.name: field for field in fields_of(model_of(sheet))}
    ends = [until for _, until in model_of(sheet).intervals if until in sheet.body and not fields[until].required]
    if not ends:
        return []
    told = (sheet.place >= 0) & (sheet.said_until_ms > EARLIEST_MS) & (sheet.said_until_ms < LATEST_MS)
    rows = blow.chosen(sheet, told & _known(sheet, ends[0])) & told
    column = own(sheet, ends[0])
    column[rows] = UNKNOWN_MS if column.dtype == np.int64 else None
    sheet.said_until_ms = np.where(rows, UNKNOWN_MS, sheet.said_until_ms)
    if sheet.also:
        there = rows[sheet.also["row"]]
        sheet.also = sheet.also | {"said_until_ms": np.where(there, UNKNOWN_MS, sheet.also["said_until_ms"])}
    return blow.told(sheet, rows, True, ends[0])


def clock_skew(sheet: Sheet, blow: Blow) -> list[FaultRow]:
    """A department's clock is off by some minutes: every instant that it writes."""
    off_ms, rows = int(blow.options["minutes"] * MINUTE_MS), blow.chosen(sheet)
    sheet.event_ms = sheet.event_ms + rows * off_ms
    for field in fields_of(model_of(sheet)):
        if field.holds == "instant" and field.name in sheet.body and cells(sheet.body[field.name]).dtype == np.int64:
            sheet.body[field.name] = _shifted(cells(sheet.body[field.name]), rows, off_ms)
    sheet.said_since_ms = _shifted(sheet.said_since_ms, rows, off_ms)
    sheet.said_until_ms = _shifted(sheet.said_until_ms, rows, off_ms)
    if sheet.also:
        there = rows[sheet.also["row"]]
        ends = {name: _shifted(sheet.also[name], there, off_ms) for name in ("said_since_ms", "said_until_ms")}
        sheet.also = sheet.also | ends
    return blow.told(sheet, rows, True, "times")


def garbled_names(sheet: Sheet, blow: Blow) -> list[FaultRow]:
    """Names were read in the wrong character set. Where no code stands beside it, the place is named no longer."""
    names = [name for name in sheet.body if name.endswith("_name")]
    if not names:
        return []
    rows = blow.chosen(sheet, np.logical_or.reduce([_known(sheet, name) for name in names]))
    alone = np.zeros(len(sheet), bool)
    for name in names:
        column, known = own(sheet, name, object), _known(sheet, name)
        for at in np.flatnonzero(rows & known).tolist():
            column[at] = column[at].encode().decode("gb18030", errors="ignore").replace("\ufffd", "") or "锟斤拷"
        code = name.removesuffix("_name") + "_code"
        if code in sheet.body:
            alone |= known & ~_known(sheet, code) & (sheet.place >= 0)
    return [
        *blow.told(sheet, rows & ~alone, False, names[0]),
        *blow.told(sheet, rows & alone, True, names[0]),
    ]


def swapped_digits(sheet: Sheet, blow: Blow) -> list[FaultRow]:
    """Two neighbouring digits of a resident id are swapped; its check character always tells."""
    return _spoilt_ids(sheet, blow, ("resident_id",))


def masked_ids(sheet: Sheet, blow: Blow) -> list[FaultRow]:
    """The middle of an identifier is replaced by stars."""
    return _spoilt_ids(sheet, blow, ("resident_id", "phone", "passport"))


def _spoilt_ids(sheet: Sheet, blow: Blow, kinds: tuple[str, ...]) -> list[FaultRow]:
    swap = len(kinds) == 1
    for kind_field, name in model_of(sheet).identifiers:
        if name not in sheet.body:
            continue
        if kind_field.startswith("="):
            able = np.full(len(sheet), kind_field[1:] in kinds)
        else:
            able = np.isin(cells(sheet.body[kind_field]).astype(str), kinds)
        able &= _known(sheet, name)
        rows, column = blow.chosen(sheet, able) & able, own(sheet, name)
        for at in np.flatnonzero(rows).tolist():
            column[at] = _swapped(column[at]) if swap else _masked(column[at])
        if rows.any():
            return blow.told(sheet, rows, True, name)
    return []


def _swapped(text: str) -> str:
    at = next(i for i in _SERIAL if text[i] != text[i + 1])
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def _masked(text: str) -> str:
    return f"{text[:3]}{'*' * max(4, len(text) - 7)}{text[-4:]}"


def unknown_codes(sheet: Sheet, blow: Blow) -> list[FaultRow]:
    """A field that has a closed list of words holds another one."""
    model = model_of(sheet)
    kinds = {kind for kind, _ in model.identifiers}
    for name, field in model.model_fields.items():
        if name in sheet.body and name not in kinds and words(field.annotation):
            rows = blow.chosen(sheet, _known(sheet, name))
            own(sheet, name, object)[rows] = _UNKNOWN_CODE
            return blow.told(sheet, rows, True, name)
    return []


def broken_lines(sheet: Sheet, blow: Blow) -> list[FaultRow]:
    """A line is cut, or is not UTF-8."""
    rows = blow.chosen(sheet)
    chosen: Ints = np.flatnonzero(rows)
    chosen = chosen[np.argsort(sheet.arrival_ms[chosen], kind="stable")]
    sheet.broken = sheet.broken | {
        row: _cut(line) if luck < 0.5 else _not_utf8(line)
        for row, line, luck in zip(
            chosen.tolist(), _written(picked(sheet, chosen), blow.day), blow.rng.random(len(chosen)), strict=True
        )
    }
    return blow.told(sheet, rows, True, "line")


def _written(sheet: Sheet, day: int) -> Iterator[bytes]:
    for block in lines(sheet, day):
        yield from block.splitlines()


def _cut(line: bytes) -> bytes:
    return line.decode(errors="ignore")[: len(line) // 3].encode()


def _not_utf8(line: bytes) -> bytes:
    middle = len(line) // 2
    return line.decode(errors="ignore").encode("gb18030")[:middle] + b"\xff" + line[middle:]


def _shifted(column: Ints, rows: Mask, off_ms: int) -> Ints:
    real = rows & (column > EARLIEST_MS) & (column < LATEST_MS)
    return np.where(real, column + off_ms, column)


def _known(sheet: Sheet, name: str) -> Mask:
    """Which rows give a field."""
    column = cells(sheet.body[name])
    if column.dtype.kind == "O":
        found: Mask = np.array([value is not None and value != "" for value in column.tolist()], bool)
        return found
    return np.asarray(column != UNKNOWN_MS) if column.dtype.kind in "iu" else np.ones(len(column), bool)


def known_number(value: object) -> bool:
    return value is not None and value != UNKNOWN_MS
