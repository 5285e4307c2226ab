"""What was wrong with the feeds of the evening in tests/scored.py: faults that were planted, lines refused, findings.

In: an open lake. Out: rows of its truth, its facts, its view and its events, and of its drill's plan.
Invariant: written row by row; what of it ought to be shown is counted in tests/test_score_feeds.py.
Deliberately absent: who met whom.

Two reports are withdrawn for good, c8 and c9. A row of a contact, o9, names the person of c9 as the case and is found
wrong; o8 names that of c8 and is not. o9 lacked a trace status, too, from 21:00 to 21:15.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from schemas.codes import Classification, ContactDegree, Discovery, EpidemicStatus, ObservationMode, TraceStatus
from schemas.decode import Reject
from schemas.departments.drafting import identifier
from schemas.facts import FACT_COLUMNS, RECORD_SCHEMA, FactBatch, digests
from schemas.instants import HOUR_MS, UNKNOWN_MS, day_start
from schemas.keys import Key, record_tokens
from sinks.lake import Lake

KEY = Key("k00002", b"\2" * 32)
DAY = day_start(int(datetime(2022, 3, 10, tzinfo=UTC).timestamp()) // 86_400)
TAP, ACCESS, SCAN, HOMES = "transport.tap", "telecom.shift", "data_office.place_scan", "police.resident_register"
REPORTS, ORDERS = "health.case_report", "health.contact_order"


def at(hour: float) -> int:
    return DAY + round(hour * HOUR_MS)


def token(person: int, kind: str = "resident_id") -> int:
    return KEY.identifier(kind, identifier(kind, person))


def rec(source: str, name: str) -> int:
    return int(record_tokens(source, [name])[0])


PLAN: dict[str, Any] = {
    "first_day": "2022-03-10", "days": 1, "residents": 6_500, "profile": "routine",
    "faults": [{"kind": "lost_for_good", "sources": [TAP], "share": 1.0,
                "options": {"since_ms": at(7.5), "until_ms": at(10.5)}}],
}  # fmt: skip
_STRUCK = [
    (ACCESS, "a6", "lost", True, "all"),
    (TAP, "t11", "late", False, "arrival"),
    (TAP, "t20", "broken_lines", True, "line"),
    (TAP, "t21", "masked_ids", True, "id_no"),
    (SCAN, "s20", "masked_ids", True, "id_no"),  # no line of a scan was refused
    (TAP, "t23", "unknown_codes", True, "mode"),
    (TAP, "t23", "lost_for_good", True, "line"),
    (TAP, "t4", "missing_ends", True, "off_at"),
    (TAP, "t5", "duplicated_lines", False, "copy"),
    (REPORTS, "c8", "withdrawn_positives", True, "operation"),
    (REPORTS, "c9", "withdrawn_positives", True, "operation"),
    (HOMES, "h1", "shared_phones", False, "phones"),
    (HOMES, "h8", "shared_phones", False, "phones"),
]
FAULTS = [dict(zip(("source", "record_id", "kind", "destroyed", "what"), row, strict=True)) for row in _STRUCK]
GIVEN = {"t0": 0b1001, "t4": 0b0001, "t5": 0b0001}
"""Of a tap: bit 0 for its vehicle, bit 3 for `off_at`."""


def refused(lake: Lake) -> pa.Table:
    """The last of them no fault made; the first came twice."""
    said = (
        ("not_json", "", b"{"),
        ("not_json", "", b"{"),
        ("identifier_form", "id_no", b"*"),
        ("missing", "line", b"?"),
    )
    return lake.sealed([Reject(TAP, "all", n, reason, field, "", raw) for n, (reason, field, raw) in enumerate(said)])


def facts() -> list[FactBatch]:
    """Both reports and both orders as said above."""
    rows = []
    for person in (8, 9):
        report = [token(person), Classification.confirmed, UNKNOWN_MS, at(12), Discovery.unknown]
        rows += [(REPORTS, f"c{person}", 1, "reports", report), (REPORTS, f"c{person}", 2, "", [])]
        order = [token(12), ContactDegree.close, token(person), 0, at(11), TraceStatus.controlled,
                 EpidemicStatus.unknown, ObservationMode.home, 0, UNKNOWN_MS, 1, 0]  # fmt: skip
        rows.append((ORDERS, f"o{person}", 1, "orders", order))
    return [_batch(*row, offset) for offset, row in enumerate(rows, 100)]


def _batch(source: str, name: str, version: int, table: str, values: list[int], offset: int) -> FactBatch:
    columns = dict(zip(FACT_COLUMNS[table] if table else (), values, strict=True))
    said = {table: {"row": np.zeros(1, np.int64), **{k: np.array([v], np.int64) for k, v in columns.items()}}}
    made = said if table else {}
    row = {"rec": rec(source, name), "source": source, "record_id": name, "version": version, "withdrawn": not table,
           "digest": int(digests(1, made, np.array([at(12)]))[0]), "event_ms": at(12), "ingest_ms": at(12),
           "given": 0, "part": "all", "offset": offset}  # fmt: skip
    return FactBatch(pa.RecordBatch.from_pylist([row], RECORD_SCHEMA), made)


def turns(kind: str, *wrong: str) -> list[dict[str, Any]]:
    """Events of o9: `finding_opened` or `finding_closed` for each kind of finding."""
    return [
        {"kind": kind, "subject": rec(ORDERS, "o9"), "source": token(12), "degree": 0, "class_before": 0,
         "class_after": 0, "since_ms": at(12), "until_ms": UNKNOWN_MS, "rule": name, "confirm": False}
        for name in wrong
    ]  # fmt: skip


def views() -> dict[str, list[list[Any]]]:
    wrong = rec(ORDERS, "o9")
    finding = [wrong, "case_unknown", token(12), at(12), [wrong], "DQ-case-unknown", "cn-8"]
    phone = token(1, "phone")
    return {
        "findings": [finding],
        "reviews": [["identity_contested", phone, at(0), sorted([token(1), token(12)])]],
    }
