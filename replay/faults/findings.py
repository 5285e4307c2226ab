"""Findings: faults of what the health office found: positives that are withdrawn, onsets that are corrected.

In: a sheet of reports or results and a blow. Out: the sheet with further versions of some records.
Invariant: a corrected onset ends as the first one was; the last version says what would stand without the fault.
Deliberately absent: lines and fields that are wrong for other reasons (fields.py).
"""

from __future__ import annotations

import numpy as np

from replay.faults.struck import HOUR_MS, Blow, FaultRow, Mask, append, copy_rows, own
from replay.sheets import Sheet, cells, picked
from schemas.instants import DAY_MS, UNKNOWN_MS

_POSITIVE = {
    "health.case_report": ("classification", ("confirmed", "asymptomatic", "suspected")),
    "health.nat_result": ("result", ("positive",)),
}


def withdrawn_positives(sheet: Sheet, blow: Blow) -> list[FaultRow]:
    """A report or a positive result is withdrawn some hours later, and perhaps sent again some hours after that."""
    if sheet.source not in _POSITIVE:
        return []
    name, positive = _POSITIVE[sheet.source]
    rows = _last(sheet, blow.chosen(sheet, np.isin(cells(sheet.body[name]).astype(str), positive)))
    again_ms = int(blow.options["again_after_hours"] * HOUR_MS)
    told = blow.told(sheet, rows, again_ms == 0, "operation")
    if not told:
        return []
    gone = copy_rows(sheet, np.flatnonzero(rows))
    gone.version, gone.withdraw = gone.version + 1, np.ones(len(gone), np.int64)
    gone.arrival_ms = gone.arrival_ms + int(blow.options["after_hours"] * HOUR_MS)
    parts = [gone]
    if again_ms:
        back = picked(sheet, np.flatnonzero(rows))
        back.version, back.arrival_ms = back.version + 2, gone.arrival_ms + again_ms
        parts.append(back)
    append(sheet, parts)
    return told


def amended_onsets(sheet: Sheet, blow: Blow) -> list[FaultRow]:
    """A report first tells an onset that is some days off, and some hours later the right one."""
    if "onset_at" not in sheet.body or cells(sheet.body["onset_at"]).dtype != np.int64:
        return []
    known = np.asarray(cells(sheet.body["onset_at"]) != UNKNOWN_MS)
    rows = _last(sheet, blow.chosen(sheet, known)) & known
    told = blow.told(sheet, rows, False, "onset_at")
    if told:
        right = picked(sheet, np.flatnonzero(rows))
        right.version = right.version + 1
        right.arrival_ms = right.arrival_ms + int(blow.options["after_hours"] * HOUR_MS)
        own(sheet, "onset_at")[rows] += int(blow.options["days"]) * DAY_MS
        append(sheet, [right])
    return told


def _last(sheet: Sheet, rows: Mask) -> Mask:
    """Of these rows the last version of each record, unless it withdraws it."""
    order = np.lexsort((sheet.version, sheet.number))
    last = np.zeros(len(sheet), bool)
    last[order] = np.append(np.diff(sheet.number[order]) != 0, True)[: len(order)]
    found: Mask = rows & last & (sheet.withdraw == 0)
    return found
