"""Police desk 公安分局: hotels, checkpoints, and what the registers were told on the day.

In: a day. Out: sheets of `police.*`.
Invariant: who passes a checkpoint was at that checkpoint; a hotel's guest in that room and that house.
Deliberately absent: what was on file before (replay/desks/registers.py, whose functions are used here).
"""

from __future__ import annotations

from collections.abc import Iterator

from replay.city.model import Doing, Ground
from replay.desks.day import Day
from replay.desks.pen import Pen, at_ground
from replay.desks.registers import identity_link, phone_ownership, resident_register
from replay.sheets import Sheet

_OK = (*["ok"] * 40, "none", "yellow")


def sheets(day: Day) -> Iterator[Sheet]:
    """The day's records of the police."""
    yield _lodged(Pen(day, "police.hotel_stay"))
    yield _passed(Pen(day, "police.checkpoint_pass"))
    for register in (resident_register, phone_ownership, identity_link):
        yield register(day, whole=False)


def _lodged(pen: Pen) -> Sheet:
    """Stays in hotel rooms; a third is reported, or amended, at check-out."""
    v = pen.some(pen.day.visits, at_ground(pen.day, Ground.hotel_room), pen.records("check_out_at", 0.5))
    who, known = pen.shown(v.person, ("passport", "resident_id"))
    house = pen.city.places.house[v.place]
    body = {
        **who, "hotel_code": pen.code(v.place), "hotel_name": pen.name(house), "room": pen.part(v.place),
        "check_in_at": v.since_ms, "check_out_at": v.until_ms,
    }  # fmt: skip
    also = pen.houses(v, known)
    return pen.write(body, v.since_ms, visits=v, known=known, end="check_out_at", amended=0.5, also=also)


def _passed(pen: Pen) -> Sheet:
    mask = at_ground(pen.day, Ground.checkpoint) & (pen.day.visits.doing == Doing.check)
    v = pen.some(pen.day.visits, mask, pen.volume)
    who, known = pen.shown(v.person, ("resident_id", "phone", "plate", "resident_id"))
    body = {
        **who, "checkpoint_code": pen.code(v.place), "passed_at": v.since_ms, "code_status": pen.of(_OK, len(v)),
    }  # fmt: skip
    return pen.write(body, v.since_ms, visits=v, known=known)
