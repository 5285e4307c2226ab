"""Orders: rows that put a contact under control, and in which street a home is, as fact columns.

In: the columns of a record type. Out: columns of orders, homes and streets.
Invariant: a word that no list knows is kept as unknown; what is not given is told apart from it where a rule asks.
Deliberately absent: what contradicts what (brain/findings.py).
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import ClassVar

import numpy as np

from schemas.codes import ContactDegree, EpidemicStatus, ObservationMode, TraceStatus
from schemas.columns import Columns, Texts
from schemas.facts import Columns as Rows
from schemas.keys import Ints
from schemas.stays import lasting, only
from schemas.wire import Code, IdType, Instant, Name, Record

_STREET_ENDING = re.compile(r"(街道|街|镇|乡)?(办事处|办)?$")
"""站前街道, 站前街 and 站前街道办事处 are one street."""


class Controlled(Record):
    """A row of the list of contacts under control: who, of which degree, through whom, and where they are kept."""

    identifiers: ClassVar[tuple[tuple[str, str], ...]] = (
        ("id_type", "id_no"), ("case_id_type", "case_id_no"), ("contact_id_type", "contact_id_no"),
    )  # fmt: skip
    id_type: IdType
    id_no: Code
    degree: Code  # ContactDegree
    case_id_type: IdType | None = None
    case_id_no: Code | None = None
    contact_id_type: IdType | None = None
    contact_id_no: Code | None = None
    contact_way: Code | None = None  # meal 同餐, lodging 同住, room 同室工作学习, ride 同机车, care 护理, …
    last_contact_at: Instant | None = None
    discovery_path: Code | None = None  # local 主动甄别, province 外省协查, city 本省外市协查, district 本市外区协查
    trace_status: Code | None = None  # TraceStatus
    epidemic_status: Code | None = None  # EpidemicStatus, as a word or as the number of the field's list
    observation_mode: Code | None = None  # ObservationMode
    site_code: Code | None = None
    checked_in_at: Instant | None = None
    expected_release_at: Instant | None = None
    province: Name | None = None
    street: Name | None = None
    community: Name | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        province = c.text("province").codes >= 0
        numbered = {f"{int(k)}": int(k) for k in EpidemicStatus if k}
        order = {
            "row": c.rows,
            "ident": c.ident("id_type", "id_no"),
            "degree": c.choice("degree", _numbers(ContactDegree)),
            "case_ident": c.ident("case_id_type", "case_id_no"),
            "contact_ident": c.ident("contact_id_type", "contact_id_no"),
            "last_contact_ms": c.number("last_contact_at"),
            "trace": c.text("trace_status").map(
                lambda word: _numbers(TraceStatus).get(word, int(TraceStatus.unknown)), int(TraceStatus.missing)
            ),
            "status": c.choice("epidemic_status", _numbers(EpidemicStatus) | numbered),
            "mode": c.choice("observation_mode", _numbers(ObservationMode)),
            "site": c.coded("site", "site_code"),
            "checked_in_ms": c.number("checked_in_at"),
            "province": np.where(province, c.place("province", "province"), 0),
            "street": street(c, "street"),
        }
        return {"orders": order}


def home(c: Columns, ident: Ints, kind: str, field: str, since: Ints, until: Ints) -> Rows:
    """Columns of `homes`: who lives in the household or compound of that field, where it is given."""
    since, until = lasting(since, until)
    rows = {"row": c.rows, "ident": ident, "place": c.place(kind, field), "since_ms": since, "until_ms": until}
    return only(rows, (ident > 0) & (c.text(field).codes >= 0))


def located(c: Columns, kind: str, field: str, since: Ints, until: Ints) -> Rows:
    """Columns of `streets`: in which street the household or compound of that field is, where both are given."""
    since, until = lasting(since, until)
    named = street(c, "street")
    rows = {"row": c.rows, "place": c.place(kind, field), "street": named, "since_ms": since, "until_ms": until}
    return only(rows, (named > 0) & (c.text(field).codes >= 0))


def street(c: Columns, field: str) -> Ints:
    """Tokens of streets; 0 where none is named."""
    said = c.text(field)
    short = [_STREET_ENDING.sub("", name, count=1) or name for name in said.values]
    return np.where(said.codes >= 0, c.place("street", Texts(said.codes, short)), 0)


def _numbers(words: type[IntEnum]) -> dict[str, int]:
    return {word.name: int(word) for word in words}
