"""Commerce desk 商务局: goods handed over at gates, lorries in the logistics park.

In: a day. Out: sheets of `commerce.*`.
Invariant: whoever a record names at a gate, in a zone or in a cab was there. Without contact, the courier alone was.
Deliberately absent: bookings, which tell tracing nothing and are made up (replay/desks/forged.py).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from replay.city.model import Doing, Ground, Visits, joined
from replay.desks.company import covering
from replay.desks.day import Day
from replay.desks.names import Mask, absent, knows, only
from replay.desks.pen import NOBODY, SECOND_MS, Body, Pen, at_ground
from replay.sheets import Sheet, cells
from schemas.instants import MINUTE_MS, UNKNOWN_MS
from schemas.keys import Ints

_ITEMS = (("rice", "vegetables"), ("vegetables", "eggs"), ("milk",), ("medicine",), ("eggs", "formula"), ("rice",))
_COLOURS = ("red", "yellow", "blue")
_STOP_MS_MIN = 6 * MINUTE_MS
"""A courier who stays at a gate for longer hands over more than one order there."""


def sheets(day: Day) -> Iterator[Sheet]:
    """The day's records of commerce."""
    yield _supplied(Pen(day, "commerce.supply_order"))
    yield _passed(Pen(day, "commerce.truck_pass"))


def _supplied(pen: Pen) -> Sheet:
    """Orders that were fetched from the courier's hand, and those left at the gate while the courier was there."""
    gates = at_ground(pen.day, Ground.gate)
    visits = pen.day.visits
    stops = visits.where(np.flatnonzero(gates & (visits.doing == Doing.deliver)))
    fetched = pen.some(visits, gates & (visits.doing == Doing.fetch), pen.volume)
    left = _left(pen, stops, pen.volume - len(fetched))
    v = joined([fetched, left])
    met = np.arange(len(v)) < len(fetched)
    at = np.where(met, v.since_ms, v.until_ms)
    courier = np.where(met, NOBODY, v.person)
    found = covering((stops.place, stops.since_ms, stops.until_ms), (v.place, at, at + SECOND_MS), pen.rng)
    courier = np.where(met & (found >= 0), stops.person[found], courier) if len(stops) else courier
    receiver = np.where(met, v.person, _somebody(pen, v.place))
    return _orders(pen, v, at, met, courier, receiver)


def _left(pen: Pen, stops: Visits, count: int) -> Visits:
    """Stops of couriers, some more than once; `until_ms` is when the order was handed over."""
    rows = pen.rng.integers(0, max(1, len(stops)), count if len(stops) and count > 0 else 0)
    v = stops.where(np.sort(rows))
    spare = np.maximum(v.until_ms - v.since_ms - _STOP_MS_MIN, 0) // SECOND_MS
    at = v.since_ms + (pen.rng.random(len(v)) * spare).astype(np.int64) * SECOND_MS
    return Visits(v.person, v.place, v.doing, v.since_ms, at, v.carriage, v.row, v.seat)


def _somebody(pen: Pen, gate: Ints) -> Ints:
    """Anybody who lives behind each gate."""
    people, places = pen.city.people, pen.city.places
    living = np.flatnonzero(people.home >= 0)
    compound = places.compound[people.home[living]]
    order = np.argsort(compound, kind="stable")
    wanted = places.compound[gate]
    first, last = (np.searchsorted(compound[order], wanted, side) for side in ("left", "right"))
    chosen = first + (pen.rng.random(len(gate)) * (last - first)).astype(np.int64)
    found: Ints = living[order[np.minimum(chosen, len(order) - 1)]]
    return found


def _orders(pen: Pen, v: Visits, at: Ints, met: Mask, courier: Ints, receiver: Ints) -> Sheet:
    people = pen.city.people
    count, named = len(v), pen.share(len(v), pen.expected.fill["receiver_phone"])
    receives = only(named & (people.holds_phone[receiver] == 1), pen.held("phone", receiver))
    brings = only((courier >= 0) & (people.holds_phone[courier] == 1), pen.held("phone", courier))
    body: Body = {
        "household_code": pen.code(people.home[receiver]), "colour_class": pen.of(_COLOURS, count),
        "items": pen.of(_ITEMS, count),
        "promised_at": at - SECOND_MS * pen.between(0, 7200, count), "delivered_at": at,
        "gate_compound": pen.code(v.place), "gate": pen.part(v.place), "contactless": (~met).astype(np.int64),
        "courier_phone": brings, "receiver_phone": receives,
    }  # fmt: skip
    stays = []
    for person, phone, there in ((receiver, receives, met), (courier, brings, courier >= 0)):
        row = np.flatnonzero(there & ~absent(phone))
        stays.append((row, person[row], knows(pen.city, "phone", person[row])))
    row, person, known = (np.concatenate(column) for column in zip(*stays, strict=True))
    also = {
        "row": row, "person": person, "place": v.place[row], "said_since_ms": at[row],
        "said_until_ms": np.full(len(row), UNKNOWN_MS), "knows": known,
    }  # fmt: skip
    return pen.write(body, at, also=also)


def _passed(pen: Pen) -> Sheet:
    """Lorries in the zones of the park: driver, whoever comes along, and the escort who was there with them."""
    visits, people = pen.day.visits, pen.city.people
    none = np.zeros(0, np.int64)
    truckers = np.isin(visits.person, pen.city.posts.get("trucker", none))
    cabs = visits.where(np.flatnonzero(at_ground(pen.day, Ground.cab)))
    parked = visits.where(np.flatnonzero(at_ground(pen.day, Ground.logistics)))
    v = pen.some(visits, at_ground(pen.day, Ground.logistics) & truckers, pen.volume)
    cab = people.work_place[v.person]
    in_cab = covering((cabs.person, cabs.since_ms, cabs.until_ms), (v.person, v.since_ms, v.until_ms), pen.rng) >= 0
    mates = np.flatnonzero(np.isin(cabs.person, pen.city.posts.get("companion", none)))
    mate = _with(cabs.where(mates), (cab, v.since_ms, v.until_ms), pen)
    beside = covering((parked.person, parked.since_ms, parked.until_ms), (mate, v.since_ms, v.until_ms), pen.rng)
    mate = np.where((beside >= 0) & (people.holds_phone[mate] == 1), mate, NOBODY)
    escorts = parked.where(np.flatnonzero(np.isin(parked.person, pen.city.posts.get("escort", none))))
    escort = _with(escorts, (v.place, v.since_ms, v.until_ms), pen)
    escort = np.where(pen.share(len(v), pen.expected.fill["escort_no"]), escort, NOBODY)
    who, known = pen.shown(v.person, ("resident_id", "resident_id", "phone", "resident_id"))
    phones = pen.held("phone", mate)
    body: Body = {
        **who, "vehicle": pen.code(cab), "park_code": pen.code(v.place), "zone": pen.part(v.place),
        "companion_phones": cells([(p,) if m >= 0 else None for p, m in zip(phones, mate.tolist(), strict=True)]),
        "escort_no": only(escort >= 0, pen.held("person_no", escort)),
        "nat_age_h": pen.between(1, 48, len(v)), "entered_at": v.since_ms, "left_at": v.until_ms,
        "confidence": np.full(len(v), "certain", object),
    }  # fmt: skip
    there = {"cab": cab, "in_cab": in_cab.astype(np.int64), "mate": mate, "escort": escort, "known": known}
    also = _aboard(pen, v, there)
    return pen.write(body, v.since_ms, visits=v, known=known, end="left_at", also=also)


def _with(stays: Visits, spans: tuple[Ints, Ints, Ints], pen: Pen) -> Ints:
    """Somebody of those stays who was at each place the whole time, else nobody."""
    row = covering((stays.place, stays.since_ms, stays.until_ms), spans, pen.rng)
    return np.where(row >= 0, stays.person[row], NOBODY) if len(stays) else row


def _aboard(pen: Pen, v: Visits, who: dict[str, Ints]) -> dict[str, Ints]:
    """The driver in the cab, their companion in cab and zone, and the escort in the zone."""
    parts = []
    mate_known, escort_known = knows(pen.city, "phone", who["mate"]), knows(pen.city, "person_no", who["escort"])
    for person, place, there, known in (
        (v.person, who["cab"], who["in_cab"] == 1, who["known"]),
        (who["mate"], who["cab"], who["mate"] >= 0, mate_known),
        (who["mate"], v.place, who["mate"] >= 0, mate_known),
        (who["escort"], v.place, who["escort"] >= 0, escort_known),
    ):
        row = np.flatnonzero(there)
        parts.append((row, person[row], place[row], v.since_ms[row], v.until_ms[row], known[row]))
    names = "row", "person", "place", "said_since_ms", "said_until_ms", "knows"
    return {name: np.concatenate(column) for name, column in zip(names, zip(*parts, strict=True), strict=True)}
