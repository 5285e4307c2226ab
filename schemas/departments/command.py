"""Command 指挥中心: what the command centre itself decides about transfers, and that time has passed.

In: `src.command.*`. Out: decisions, ticks.
Invariant: a decision once taken is a record like any other: a replay reads it and never decides again.
Deliberately absent: how a decision is come to (streams/dispatch/), and the clock; a tick is told, not asked for.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from schemas.columns import Columns
from schemas.conveyance import PurposeWord, decided
from schemas.departments.forging import Expected, Hand
from schemas.departments.transfer_fleet import fleet, run_number
from schemas.facts import Columns as Rows
from schemas.keys import pseudonym
from schemas.wire import Code, Instant, PersonCode, Record, Vehicle


class TransferDecision(Record):
    """转运决定: a person, named by our number, is to be taken, or goes with this run of this vehicle to this room."""

    record: ClassVar[str] = "transfer_decision"
    intervals: ClassVar = (("planned_pickup_at", "planned_arrival_at"),)
    person_code: PersonCode
    purpose: PurposeWord
    decision: Literal["order", "cancel", "home", "assign"]
    vehicle_code: Vehicle | None = None
    run_code: Vehicle | None = None
    site_code: Code | None = None
    room: Code | None = None
    decided_at: Instant
    planned_pickup_at: Instant | None = None
    planned_arrival_at: Instant | None = None
    reason: Code | None = None  # HomeReason

    @model_validator(mode="after")
    def _an_assignment_names_its_run(self) -> Self:
        for name in ("run_code", "vehicle_code") if self.decision == "assign" else ():
            if getattr(self, name) is None:
                hint = "an assignment names the run and the vehicle that the person goes with"
                raise PydanticCustomError("assign_without_run", "{hint}", {"hint": hint, "field": name})
        return self

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        return {"decisions": decided(c, c.person("person_code"), c.number("decided_at"))}


class Tick(Record):
    """时钟: an instant has come; deadlines before it are due."""

    record: ClassVar[str] = "tick"
    ticked_at: Instant

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        return {"ticks": {"row": c.rows, "at_ms": c.number("ticked_at")}}


RECORDS: tuple[type[Record], ...] = (TransferDecision, Tick)


def _decided(h: Hand) -> dict[str, Any]:
    said = {"person_code": pseudonym(h.person + 1), "purpose": h.of(("isolate", "isolate", "isolate", "hospital"))}
    decision = h.of((*["order"] * 9, *["assign"] * 9, "cancel", "home"))
    if decision != "assign":
        nothing = ("vehicle_code", "run_code", "site_code", "room", "planned_pickup_at", "planned_arrival_at")
        why = h.of(("child", "care", "carer")) if decision == "home" else None
        return {**said, **dict.fromkeys(nothing), "decision": decision, "reason": why}
    ride = {"vehicle_code": fleet(h), "run_code": run_number(h), "site_code": h.code("GL", 60)}
    planned = {"planned_pickup_at": h.time(h.between(600, 7200)), "planned_arrival_at": h.time(h.between(7800, 14_400))}
    return {**said, **ride, **planned, "decision": "assign", "room": str(h.between(101, 1840)), "reason": None}


_RIDE = {"vehicle_code": 0.45, "run_code": 0.45}
_THERE = {"site_code": 0.44, "room": 0.4, "planned_pickup_at": 0.43, "planned_arrival_at": 0.43, "reason": 0.04}
EXPECTED = {
    "transfer_decision": Expected((1, 5), _RIDE | _THERE, {"emergency": 6_000, "routine": 60}, draft=_decided),
    "tick": Expected((1, 3), {}, {"emergency": 1_440, "routine": 1_440}),
}  # fmt: skip
"""A tick a minute. Volumes, fill rates and lateness: design assumptions [D]."""
