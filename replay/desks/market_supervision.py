"""Market supervision desk 市场监管局: visitors, inspectors, keepers of stalls, buyers of medicines.

In: a day. Out: sheets of `market_supervision.*`.
Invariant: a shop is known by the code at its door, a stall by its market and its own.
Deliberately absent: visitors who were not written down, and what a medicine is a sign of.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from replay.city.model import Doing, Ground
from replay.desks.day import Day
from replay.desks.names import knows
from replay.desks.pen import SECOND_MS, Pen, at_ground
from replay.desks.rosters import merchant, stall_map
from replay.sheets import Sheet, cells

_DOORS = (Ground.shop, Ground.restaurant, Ground.pharmacy, Ground.market)
_CUSTOMERS = (Doing.shop, Doing.eat, Doing.medicine)
_MEDICINES = ("antipyretic", "退热", "cough", "止咳", "antiviral", "antibiotic")
_FINDINGS = (("no_mask",), ("no_scan",), ("crowded",), ("no_register",))


def sheets(day: Day) -> Iterator[Sheet]:
    """The day's records of market supervision."""
    yield _visited(Pen(day, "market_supervision.shop_visit"))
    yield _inspected(Pen(day, "market_supervision.inspection"))
    yield _kept(Pen(day, "market_supervision.stall_shift"))
    yield _bought(Pen(day, "market_supervision.medicine_purchase"))
    for register in (merchant, stall_map):
        yield register(day, whole=False)


def _visited(pen: Pen) -> Sheet:
    customers = np.isin(pen.day.visits.doing, [int(doing) for doing in _CUSTOMERS])
    v = pen.some(pen.day.visits, at_ground(pen.day, *_DOORS) & customers, pen.volume)
    who, known = pen.shown(v.person, ("phone", "phone", "resident_id"))
    body = {**who, "place_code": pen.code(v.place), "arrived_at": v.since_ms, "left_at": v.until_ms}
    return pen.write(body, v.since_ms, visits=v, known=known, end="left_at")


def _inspected(pen: Pen) -> Sheet:
    mask = at_ground(pen.day, *_DOORS) & (pen.day.visits.doing == Doing.inspect)
    v = pen.some(pen.day.visits, mask, pen.volume)
    count = len(v)
    body = {
        "inspector_no": pen.held("person_no", v.person), "place_code": pen.code(v.place), "arrived_at": v.since_ms,
        "left_at": v.until_ms, "findings": pen.of(_FINDINGS, count), "closed": pen.share(count, 0.03).astype(np.int64),
    }  # fmt: skip
    known = knows(pen.city, "person_no", v.person)
    return pen.write(body, v.since_ms, visits=v, known=known, end="left_at")


def _kept(pen: Pen) -> Sheet:
    """Who keeps a stall is at the stall, and in its market."""
    v = pen.some(pen.day.visits, at_ground(pen.day, Ground.stall), pen.volume)
    body = {
        **pen.shown(v.person, ("resident_id",))[0], "place_code": pen.code(v.place), "stall_code": pen.part(v.place),
        "since_at": v.since_ms, "until_at": v.until_ms,
    }  # fmt: skip
    return pen.write(body, v.since_ms, visits=v, end="until_at", also=pen.houses(v))


def _bought(pen: Pen) -> Sheet:
    """Medicine over the counter, some minutes after coming in."""
    mask = at_ground(pen.day, Ground.pharmacy) & (pen.day.visits.doing == Doing.medicine)
    v = pen.some(pen.day.visits, mask, pen.volume)
    count = len(v)
    bought = v.since_ms + (v.until_ms - v.since_ms) // 2 // SECOND_MS * SECOND_MS
    who, known = pen.shown(v.person, ("resident_id", "phone", "resident_id"))
    medicine = pen.rng.integers(0, len(_MEDICINES), count)
    body = {
        **who, "place_code": pen.code(v.place), "medicine": cells(_MEDICINES)[medicine],
        "drug_name": pen.serial("YP", 40, medicine * 4), "quantity": pen.between(1, 3, count),
        "channel": np.full(count, "counter", object), "bought_at": bought,
    }  # fmt: skip
    return pen.write(body, bought, visits=v, since_ms=bought, known=known)
