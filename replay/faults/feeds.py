"""Feeds: faults of the way to us: late, lost, out of order, twice. What the records say stays as it is.

In: a sheet and a blow. Out: the sheet with other arrivals, or fewer or more rows.
Invariant: nothing is destroyed but by `lost_for_good`.
Deliberately absent: what stands in the records (fields.py, findings.py).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from replay.faults.struck import HOUR_MS, MINUTE_MS, SECOND_MS, Blow, FaultRow, append, copy_rows, keep
from replay.sheets import Sheet
from schemas.keys import Ints

_CATCH_UP = 60
"""A feed that is back sends an hour's records in a minute [D]."""


def late(sheet: Sheet, blow: Blow) -> list[FaultRow]:
    """Records take so many times as long to arrive."""
    rows = blow.chosen(sheet)
    more = np.maximum(sheet.arrival_ms - sheet.event_ms, 0) * (float(blow.options["factor"]) - 1)
    sheet.arrival_ms = sheet.arrival_ms + np.where(rows, _whole(more), 0)
    return blow.told(sheet, rows, False, "arrival")


def out_of_order(sheet: Sheet, blow: Blow) -> list[FaultRow]:
    """Records arrive up to so many minutes before or after their turn, never before they happened."""
    rows = blow.chosen(sheet)
    spread = float(blow.options["minutes"]) * MINUTE_MS
    moved = sheet.arrival_ms + _whole(blow.rng.uniform(-spread, spread, len(sheet)))
    earliest = np.minimum(sheet.event_ms, sheet.arrival_ms)
    sheet.arrival_ms = np.where(rows, np.maximum(moved, earliest), sheet.arrival_ms)
    return blow.told(sheet, rows, False, "arrival")


def lost_and_back(sheet: Sheet, blow: Blow) -> list[FaultRow]:
    """Nothing arrives for some hours; then all that had gathered, in its order."""
    since, until = blow.options["since_ms"], blow.options["until_ms"]
    rows = blow.chosen(sheet) & (sheet.arrival_ms >= since) & (sheet.arrival_ms < until)
    caught_up = until + _whole((sheet.arrival_ms - since) / _CATCH_UP)
    sheet.arrival_ms = np.where(rows, caught_up, sheet.arrival_ms)
    return blow.told(sheet, rows, False, "arrival")


def lost_for_good(sheet: Sheet, blow: Blow) -> list[FaultRow]:
    """What would arrive in some hours never does."""
    since, until = blow.options["since_ms"], blow.options["until_ms"]
    rows = blow.chosen(sheet) & (sheet.arrival_ms >= since) & (sheet.arrival_ms < until)
    told = blow.told(sheet, rows, True, "line")
    if told:
        keep(sheet, ~rows)
    return told


def duplicated_lines(sheet: Sheet, blow: Blow) -> list[FaultRow]:
    """Records come a second time, up to so many minutes later."""
    rows = blow.chosen(sheet)
    told = blow.told(sheet, rows, False, "copy")
    if told:
        copy = copy_rows(sheet, np.flatnonzero(rows))
        copy.arrival_ms = copy.arrival_ms + _whole(blow.rng.uniform(0, blow.options["minutes"], len(copy)) * MINUTE_MS)
        append(sheet, [copy])
    return told


def duplicated_day(sheet: Sheet, blow: Blow) -> list[FaultRow]:
    """All that a source sent for a day comes a second time, so many hours after its last record. The share is that of
    sources and days."""
    every = np.full(len(sheet), bool(len(sheet)) and blow.rng.random() < blow.fault.share)
    told = blow.told(sheet, every, False, "copy")
    if told:
        copy = copy_rows(sheet, np.arange(len(sheet)))
        again_ms = int(sheet.arrival_ms.max()) + int(float(blow.options["hours"]) * HOUR_MS)
        order = np.argsort(np.argsort(sheet.arrival_ms, kind="stable"), kind="stable")
        copy.arrival_ms = again_ms + _whole(order * 1.0)
        append(sheet, [copy])
    return told


def _whole(ms: npt.NDArray[np.floating[Any]]) -> Ints:
    """Whole seconds."""
    seconds: Ints = np.floor(ms / SECOND_MS).astype(np.int64) * SECOND_MS
    return seconds
