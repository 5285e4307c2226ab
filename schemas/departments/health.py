"""Health 卫健局/疾控: case reports, samples and results, survey legs, isolation.

In: `src.health.*`. Out: reports, samples, results, presences, admissions, discharges.
Invariant: a result speaks of a tube, never of a person; what a tube means for its members is the brain's business.
Deliberately absent: names, diagnoses in free text, Ct values beyond their plausibility check.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from schemas.codes import Classification, Discovery, PlaceKind, Result
from schemas.columns import Columns
from schemas.facts import Columns as Rows
from schemas.rides import Seated, told, trip, with_lines
from schemas.wire import Code, Confidence, Day, IdType, Instant, Name, Record, Vehicle

_GROUNDED = Literal[
    "household", "hotel_room", "room", "restaurant", "entertainment", "shared_facility", "venue", "hotel", "checkpoint",
    "aircraft", "train", "coach", "bus", "metro", "ship", "taxi",
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
        sample = {
            "row": c.rows,
            "ident": c.ident("id_type", "id_no"),
            "tube": c.place("tube", "tube_code"),
            "sampled_ms": c.number("sampled_at"),
            "pool_size": c.number("pool_size"),
        }
        return {"samples": sample}


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
        result = {
            "row": c.rows,
            "tube": c.place("tube", "tube_code"),
            "result": c.choice("result", {k.name: int(k) for k in Result}),
        }
        return {"results": result}


class SurveyLeg(Seated):
    """流调轨迹: one stay or ride of a person, as told to or found by an investigator. A place is named by its code, or
    else by its name; a room by code and room; a ride by vehicle and service date. Homes carry a household code."""

    record: ClassVar[str] = "survey_leg"
    identifiers: ClassVar = (("id_type", "id_no"),)
    intervals: ClassVar = (("since_at", "until_at"),)
    id_type: IdType
    id_no: Code
    place_kind: _GROUNDED
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


class IsolationAdmission(Record):
    """隔离收治: a person enters isolation or a designated hospital."""

    record: ClassVar[str] = "isolation_admission"
    identifiers: ClassVar = (("id_type", "id_no"),)
    id_type: IdType
    id_no: Code
    site_code: Code
    room: Code | None = None
    admitted_at: Instant

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        ident = c.ident("id_type", "id_no")
        return {"admissions": {"row": c.rows, "ident": ident, "admitted_ms": c.number("admitted_at")}}


class IsolationDischarge(Record):
    """解除隔离: a person leaves isolation."""

    record: ClassVar[str] = "isolation_discharge"
    identifiers: ClassVar = (("id_type", "id_no"),)
    id_type: IdType
    id_no: Code
    site_code: Code
    discharged_at: Instant

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        ident = c.ident("id_type", "id_no")
        return {"discharges": {"row": c.rows, "ident": ident, "discharged_ms": c.number("discharged_at")}}


RECORDS: tuple[type[Record], ...] = (
    CaseReport, NatSample, NatResult, SurveyLeg, IsolationAdmission, IsolationDischarge,
)  # fmt: skip
