"""Rides to isolation: which of the crew set out, and what became of each person on the way.

In: records of `src.transport.*`, of which these are a part. Out: receipts, and presences of those aboard.
Invariant: whoever is aboard one run is at one place; who wears full protection is nobody's contact.
Deliberately absent: whether a step may follow on another (brain/).
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np

from schemas.codes import PlaceKind
from schemas.columns import Columns
from schemas.conveyance import received, run
from schemas.departments.forging import Expected, Hand
from schemas.departments.transfer_fleet import CrewWord, fleet, run_number
from schemas.facts import Columns as Rows
from schemas.instants import UNKNOWN_MS
from schemas.stays import both, stay
from schemas.transfers import Step
from schemas.wire import Code, IdType, Instant, Record, Vehicle

Told = Literal["picked_up", "arrived", "refused", "turned_away", "set_down"]
_STEPS = {
    "picked_up": Step.pickup, "arrived": Step.arrive, "refused": Step.refuse, "turned_away": Step.turn_away,
    "set_down": Step.set_down,
}  # fmt: skip


class TransferRun(Record):
    """转运出车: one of the crew has set out with a vehicle on a run, and was protected fully or not."""

    record: ClassVar[str] = "transfer_run"
    identifiers: ClassVar = (("id_type", "id_no"),)
    intervals: ClassVar = (("departed_at", "returned_at"),)
    id_type: IdType
    id_no: Code
    role: CrewWord
    run_code: Vehicle
    vehicle_code: Vehicle
    site_code: Code | None = None
    departed_at: Instant
    returned_at: Instant | None = None
    protection: Literal["full", "partial", "none"] | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        left, back = c.number("departed_at"), c.number("returned_at")
        exposed = c.choice("protection", {"full": 1}) == 0
        crew = c.bits(crew=np.ones(c.count, np.bool_))
        ident, kind = c.ident("id_type", "id_no"), PlaceKind.transfer
        return {
            "receipts": received(c, None, np.full(c.count, int(Step.dispatch)), left),
            "presences": stay(c, ident, kind, run(c), left, back, flags=crew, where=exposed),
        }


class TransferReceipt(Record):
    """转运回执: somebody is aboard, has arrived, will not come, was not taken in, or was brought back home."""

    record: ClassVar[str] = "transfer_receipt"
    identifiers: ClassVar = (("id_type", "id_no"),)
    intervals: ClassVar = (("boarded_at", "happened_at"),)
    id_type: IdType
    id_no: Code
    step: Told
    run_code: Vehicle | None = None
    vehicle_code: Vehicle | None = None
    site_code: Code | None = None
    happened_at: Instant
    boarded_at: Instant | None = None
    reason: Code | None = (
        None  # HomeReason: child 儿童, care 不能自理, carer 照护他人, illness 重病, site_full 已满, other
    )

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        ident, at, boarded = c.ident("id_type", "id_no"), c.number("happened_at"), c.number("boarded_at")
        steps, place = c.choice("step", {word: int(step) for word, step in _STEPS.items()}), run(c)
        # The same ride may be told twice, open at the pickup and whole at its end; two such stays change no class.
        up = (steps == Step.pickup) & (place > 0)
        down = np.isin(steps, (Step.arrive, Step.set_down)) & (place > 0) & (boarded != UNKNOWN_MS)
        begun = stay(c, ident, PlaceKind.transfer, place, at, where=up)
        whole = stay(c, ident, PlaceKind.transfer, place, boarded, at, where=down)
        return {"receipts": received(c, ident, steps, at), "presences": both(begun, whole)}


RECORDS: tuple[type[Record], ...] = (TransferRun, TransferReceipt)


def _set_out(h: Hand) -> dict[str, Any]:
    gone = {"departed_at": h.time(-h.between(1800, 9000)), "returned_at": h.time()}
    worn = h.of((*["full"] * 9, "partial", "none"))
    return {
        **gone,
        "run_code": run_number(h),
        "vehicle_code": fleet(h),
        "site_code": h.code("GL", 60),
        "protection": worn,
    }


def _carried(h: Hand) -> dict[str, Any]:
    step = h.of((*["picked_up"] * 9, *["arrived"] * 9, "refused", "turned_away", "set_down"))
    boarded = h.time(-h.between(900, 5400)) if step in ("arrived", "set_down") else None
    reason = h.of(("child", "care", "illness", "site_full", "other")) if step in ("refused", "turned_away") else None
    named = {"run_code": run_number(h), "vehicle_code": fleet(h), "site_code": h.code("GL", 60)}
    return {**named, "step": step, "boarded_at": boarded, "reason": reason}


_NAMED = {"run_code": 0.9, "vehicle_code": 0.9, "site_code": 0.8}
EXPECTED = {
    "transfer_run": Expected(
        (30, 1800), {"site_code": 0.8, "returned_at": 0.6, "protection": 0.9}, {"emergency": 1_000, "routine": 20},
        draft=_set_out,
    ),
    "transfer_receipt": Expected(
        (15, 1200), _NAMED | {"boarded_at": 0.4, "reason": 0.08}, {"emergency": 6_000, "routine": 60}, draft=_carried,
    ),
}  # fmt: skip
"""Volumes, fill rates and lateness: design assumptions [D]."""
