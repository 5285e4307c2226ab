"""Health 卫健局/疾控: case reports, samples and results, survey legs, isolation, contacts under control.

In: `src.health.*`. Out: reports, samples, results, presences, orders, and what isolation.py tells.
Invariant: a result speaks of a tube, never of a person; what a tube means for its members is the brain's business.
Deliberately absent: names, diagnoses in free text, Ct values beyond their plausibility check.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from schemas.codes import Classification, Discovery, PlaceKind, Result
from schemas.columns import Columns
from schemas.departments import isolation
from schemas.departments.drafting import STREETS
from schemas.departments.forging import Expected, Hand
from schemas.facts import Columns as Rows
from schemas.orders import Controlled
from schemas.rides import Seated, told, trip, with_lines
from schemas.wire import Code, Confidence, Day, IdType, Instant, Name, Record, Vehicle

_Kind = Literal[
    "household", "hotel_room", "room", "restaurant", "entertainment", "shared_facility", "venue", "hotel", "checkpoint",
    "aircraft", "train", "coach", "bus", "metro", "ship", "taxi", "transfer",
]  # fmt: skip
_KINDS = {kind.name: int(kind) for kind in PlaceKind}
Ct = Annotated[float, Field(ge=0, le=60)]


class CaseReport(Record):
    """病例报告: a person is reported as a case, or excluded."""

    record: ClassVar[str] = "case_report"
    identifiers: ClassVar = (("id_type", "id_no"),)
    id_type: IdType
    id_no: Code
    classification: Literal["confirmed", "asymptomatic", "suspected", "excluded"]
    onset_at: Instant | None = None
    reported_at: Instant | None = None
    discovery: Literal["screening", "contact", "clinic"] | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        report = {
            "row": c.rows,
            "ident": c.ident("id_type", "id_no"),
            "classification": c.choice("classification", {k.name: int(k) for k in Classification}),
            "onset_ms": c.number("onset_at"),
            "reported_ms": c.number("reported_at"),
            "discovery": c.choice("discovery", {k.name: int(k) for k in Discovery}),
        }
        return {"reports": report}


class NatSample(Record):
    """核酸采样: one person's swab goes into a tube, alone or with others."""

    record: ClassVar[str] = "nat_sample"
    identifiers: ClassVar = (("id_type", "id_no"),)
    id_type: IdType
    id_no: Code
    tube_code: Code
    sampled_at: Instant
    pool_size: Annotated[int, Field(ge=1, le=50)]
    site_code: Code | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        ident, tube = c.ident("id_type", "id_no"), c.place("tube", "tube_code")
        when, size = c.number("sampled_at"), c.number("pool_size")
        return {"samples": {"row": c.rows, "ident": ident, "tube": tube, "sampled_ms": when, "pool_size": size}}


class NatResult(Record):
    """核酸结果: what the laboratory found in a tube, whoever is in it."""

    record: ClassVar[str] = "nat_result"
    tube_code: Code
    result: Literal["positive", "negative", "inconclusive"]
    reported_at: Instant
    lab_code: Code | None = None
    n_ct: Ct | None = None
    orf_ct: Ct | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        found = c.choice("result", {k.name: int(k) for k in Result})
        return {"results": {"row": c.rows, "tube": c.place("tube", "tube_code"), "result": found}}


class SurveyLeg(Seated):
    """流调轨迹: one stay or ride of a person, as told to or found by an investigator. A place is named by its code, or
    else by its name; a room by code and room; a ride by vehicle and service date. Homes carry a household code."""

    record: ClassVar[str] = "survey_leg"
    identifiers: ClassVar = (("id_type", "id_no"),)
    intervals: ClassVar = (("since_at", "until_at"),)
    id_type: IdType
    id_no: Code
    place_kind: _Kind
    place_code: Code | None = None
    place_name: Name | None = None
    room: Code | None = None
    vehicle: Vehicle | None = None
    line: Code | None = None
    service_date: Day | None = None
    symptomatic: bool | None = None
    since_at: Instant
    until_at: Instant | None = None
    confidence: Confidence | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        kinds = c.choice("place_kind", _KINDS)
        rides = kinds >= PlaceKind.aircraft
        name = c.texts["place_code"].otherwise(c.texts["place_name"], "name ")
        roomed = np.isin(kinds, (PlaceKind.room, PlaceKind.hotel_room))
        stay = c.place(kinds, name, c.texts["room"].where(roomed))
        ride = trip(c, kinds)
        flags = told(c)
        flags["vague"] |= rides & (c.text("vehicle").codes < 0)
        known = np.where(rides, c.texts["vehicle"].codes >= 0, name.codes >= 0)
        presence = {
            "row": c.rows,
            "ident": c.ident("id_type", "id_no"),
            "place": np.where(rides, ride, stay),
            "kind": kinds,
            "since_ms": c.number("since_at"),
            "until_ms": c.number("until_at"),
            "flags": c.bits(**flags),
            "seat": np.where(rides, c.seat("carriage", "compartment", "seat", "row", "row"), 0),
        }
        # A leg that names neither place nor vehicle is kept as a record, but shows nobody anywhere.
        named = np.where(rides, known | (c.texts["line"].codes >= 0), name.codes >= 0)
        legs = with_lines(c, kinds, presence)
        named = named[legs["row"]]
        return {"presences": {column: values[named] for column, values in legs.items()}}


class ContactOrder(Controlled):
    """密接管控: a contact is under control: of which degree and whose, since when, where, and how far it has come."""

    record: ClassVar[str] = "contact_order"


RECORDS: tuple[type[Record], ...] = (
    CaseReport, NatSample, NatResult, SurveyLeg, *isolation.RECORDS, ContactOrder,
)  # fmt: skip


def _sampled(h: Hand) -> dict[str, Any]:
    kind, size = ("HJ", 10) if h.share() < 0.98 else ("FJ", 1)
    return {"tube_code": h.code(kind, 60_000), "pool_size": size}


def _tested(h: Hand) -> dict[str, Any]:
    result = "positive" if h.share() < 0.004 else h.of((*["negative"] * 200, "inconclusive"))
    return {"tube_code": h.code("HJ", 60_000), "result": result}


def _surveyed(h: Hand) -> dict[str, Any]:
    since, row = -h.between(3600, 4 * 86_400), h.between(1, 20)
    said = {"since_at": h.time(since), "until_at": h.time(since + h.between(600, 28_800))}
    stays = ("household", "room", "restaurant", "venue")
    if h.share() < 0.7:
        return {**said, **dict.fromkeys((*_SEAT, "vehicle", "line", "service_date")), "place_kind": h.of(stays)}
    ride = {"place_kind": h.of(("bus", "train", "taxi")), "vehicle": str(h.between(1000, 1060)), "row": row}
    return {**said, **ride, "seat": f"{row:02d}F", "place_code": None, "place_name": None, "room": None}


def _ordered(h: Hand) -> dict[str, Any]:
    degree, there, street = h.of((*["close"] * 3, "secondary", "general")), h.share() < 0.7, h.share() < 0.97
    kept = {"site_code": h.code("GL", 60), "checked_in_at": h.time()} if there else dict.fromkeys(_SITE)
    through = {"contact_id_type": "resident_id", "contact_id_no": h.another()}
    return {
        **kept, **(through if degree == "secondary" else dict.fromkeys(through)), "case_id_no": h.another(),
        "degree": degree, "trace_status": "controlled" if there else "awaiting_transfer", "epidemic_status": "4",
        "observation_mode": "central" if there else None, "last_contact_at": h.day(-h.below(5)),
        "expected_release_at": h.day(14), "street": h.street() if street else h.of(STREETS),
    }  # fmt: skip


_SEAT = {"carriage": 0.1, "compartment": 0.02, "row": 0.06, "seat": 0.1, "berth": 0.05, "sealed": 0.1}
_PLACE = {"place_code": 0.4, "place_name": 0.6, "room": 0.15, "vehicle": 0.2, "line": 0.15, "service_date": 0.15}
_TOLD = {"symptomatic": 0.2, "until_at": 0.8, "confidence": 0.6}
_SITE = {"site_code": 0.66, "checked_in_at": 0.66, "observation_mode": 0.66, "trace_status": 0.95}
_LINK = {"case_id_type": 0.97, "case_id_no": 0.97, "contact_id_type": 0.18, "contact_id_no": 0.18, "contact_way": 0.9}
_ORDER = {"last_contact_at": 0.95, "discovery_path": 0.8, "epidemic_status": 0.9, "expected_release_at": 0.6}
_AREA = {"province": 0.9, "street": 0.97, "community": 0.8}
EXPECTED = {
    "case_report": Expected(
        (1200, 14_400), {"onset_at": 0.5, "reported_at": 0.97, "discovery": 0.9}, {"emergency": 150, "routine": 3},
        draft=lambda h: {"onset_at": h.day(-h.below(6))},
    ),
    "nat_sample": Expected(
        (20, 1800), {"site_code": 0.95}, {"emergency": 650_000, "routine": 40_000}, (7, 13), draft=_sampled,
    ),
    "nat_result": Expected(
        (60, 900), {"lab_code": 0.98, "n_ct": 0.4, "orf_ct": 0.4}, {"emergency": 65_000, "routine": 5_000},
        (12, 20), draft=_tested,
    ),
    "survey_leg": Expected(
        (3600, 28_800), _SEAT | _PLACE | _TOLD, {"emergency": 3_000, "routine": 60}, draft=_surveyed,
    ),
    "contact_order": Expected(
        (1800, 14_400), _SITE | _LINK | _ORDER | _AREA, {"emergency": 8_000, "routine": 60}, draft=_ordered,
    ),
    **isolation.EXPECTED,
}  # fmt: skip
"""Volumes of samples and tubes: handbook 4.3. All else, and fill rates and lateness: design assumptions [D]."""
