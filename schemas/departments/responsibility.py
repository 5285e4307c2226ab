"""Responsibility 包保: who answers for which building, community or street, and who has taken on what is late.

In: records of `src.grid_centre.*`, of which these are a part. Out: duties, acknowledgements, and streets
of compounds.
Invariant: who answers is a matter of time: a duty is handed over, never overwritten.
Deliberately absent: who is told of what, and when (docs/transfers.md, 6).
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from schemas.columns import Columns
from schemas.conveyance import PurposeWord, answering, numbers
from schemas.departments.forging import Expected, Hand
from schemas.facts import Columns as Rows
from schemas.keys import pseudonym
from schemas.orders import located
from schemas.transfers import DutyRole, Purpose
from schemas.wire import Code, IdType, Instant, Name, PersonCode, Record

Document = Literal["resident_id", "passport", "person_no"]
_ALSO = {"grid_head": int(DutyRole.grid_member)}
"""Words of the field beside those of DutyRole; the alarms of the grid centre call the second level so."""


class Assignment(Record):
    """包保责任: who answers for a street, a community or a building, from when to when. It tells in which street a
    compound is."""

    record: ClassVar[str] = "assignment"
    identifiers: ClassVar = (("id_type", "id_no"), ("=phone", "phone"))
    intervals: ClassVar = (("valid_since", "valid_until"),)
    id_type: Document
    id_no: Code
    role: Code  # DutyRole: district_leader 区级领导, cadre 科级干部, secretary 社区书记, grid_member, building_head, …
    phone: Code | None = None
    street: Name | None = None
    community: Name | None = None
    grid_code: Code | None = None
    compound_code: Code | None = None
    building: Code | None = None
    valid_since: Instant
    valid_until: Instant | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        span = c.number("valid_since"), c.number("valid_until")
        duties = answering(c, c.ident("id_type", "id_no"), _ALSO, *span)
        return {"streets": located(c, "compound", "compound_code", *span), "duties": duties}


class TransferAck(Record):
    """转运督办回执: somebody has taken on that a person, named by our number, is brought where they must go."""

    record: ClassVar[str] = "transfer_ack"
    identifiers: ClassVar = (("id_type", "id_no"),)
    person_code: PersonCode
    purpose: PurposeWord
    id_type: IdType
    id_no: Code
    acknowledged_at: Instant

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        whose, purpose = c.person("person_code"), c.choice("purpose", numbers(Purpose))
        taken = {"row": c.rows, "ident": whose, "purpose": purpose, "by": c.ident("id_type", "id_no")}
        return {"acks": {**taken, "at_ms": c.number("acknowledged_at")}}


RECORDS: tuple[type[Record], ...] = (Assignment, TransferAck)


def _answers(h: Hand) -> dict[str, Any]:
    where = {"street": h.street(), "community": h.community(), "compound_code": h.compound()}
    until = {"valid_since": h.day(-h.between(0, 60)), "valid_until": h.day(h.between(1, 60))}
    return {
        **where,
        **until,
        "role": h.of(("district_leader", "cadre", "secretary", *["grid_member"] * 5, *["building_head"] * 9)),
    }


_PLACE = {"phone": 0.9, "street": 0.98, "community": 0.9, "grid_code": 0.8, "compound_code": 0.7, "building": 0.6}
EXPECTED = {
    "assignment": Expected(
        (3600, 43_200), _PLACE | {"valid_until": 0.3}, {"emergency": 2_000, "routine": 100}, (8, 20), draft=_answers,
    ),
    "transfer_ack": Expected(
        (10, 120), {}, {"emergency": 500, "routine": 5}, draft=lambda h: {"person_code": pseudonym(h.person + 1)},
    ),
}  # fmt: skip
"""Volumes, fill rates and lateness: design assumptions [D]."""
