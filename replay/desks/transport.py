"""Transport desk 交通局: tickets, taps, taxi trips and duties, as vehicles and sellers report them.

In: a day. Out: sheets of `transport.*`.
Invariant: a tap without a vehicle tells of its line alone; a ticket's carriage can always be read from it.
Deliberately absent: rides that nobody paid for by card, code or phone: no department knows of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from replay.city.model import Doing, Ground, Visits
from replay.desks.day import Day
from replay.desks.names import Texts, only, texts
from replay.desks.pen import SECOND_MS, Body, Pen, at_ground
from replay.desks.registers import card_holder
from replay.sheets import Sheet
from schemas.instants import UNKNOWN_MS, day_start, local_day
from schemas.keys import Ints

_LETTERS = " ABCDEF"
_MODES = {Ground.bus: "bus", Ground.metro: "metro", Ground.taxi: "taxi", Ground.train: "train"}
_HALF_DAY_S = 43_200
_TWICE = 0.6
"""Of the rides that are tapped off, so many were reported at boarding and are amended [D]."""


def sheets(day: Day) -> Iterator[Sheet]:
    """The day's records of transport."""
    yield _booked(Pen(day, "transport.ticket"))
    yield _tapped(Pen(day, "transport.tap"))
    yield _hailed(Pen(day, "transport.taxi_trip"))
    yield _served(Pen(day, "transport.crew_duty"))
    yield card_holder(day, whole=False)


def _rides(day: Day, doing: Doing, *grounds: Ground) -> Ints:
    mask: Ints = at_ground(day, *grounds) & (day.visits.doing == doing)
    return mask


def _booked(pen: Pen) -> Sheet:
    """Tickets of trains, sold some hours before. One in ten spells the carriage in the seat."""
    v = pen.some(pen.day.visits, _rides(pen.day, Doing.ride, Ground.train), pen.volume)
    count = len(v)
    row_letter = [f"{row:02d}{_LETTERS[seat]}" for row, seat in zip(v.row.tolist(), v.seat.tolist(), strict=True)]
    carriage = [f"{c:02d}" if c else None for c in v.carriage.tolist()]
    spelled = pen.share(count, 0.1)
    seated = only(v.seat > 0, texts(row_letter))
    long = texts([f"{c}车{seat}" for c, seat in zip(carriage, row_letter, strict=True)])
    seat = np.where(spelled & (v.seat > 0), long, only(pen.share(count, 0.83), seated))
    board, alight = _stops(pen, v)
    body = {
        **pen.shown(v.person, ("resident_id",))[0], "mode": np.full(count, "train", object),
        "vehicle": pen.code(v.place), "service_date": service_date(v.since_ms),
        "carriage": only(~(spelled & (v.seat > 0)), texts(carriage)), "seat": seat,
        "row": np.where(v.row > 0, v.row, UNKNOWN_MS), "berth": np.full(count, "seat", object),
        "sealed": np.ones(count, np.int64), "board": board, "alight": alight, "depart_at": v.since_ms,
        "arrive_at": v.until_ms, "confidence": np.full(count, "certain", object),
    }  # fmt: skip
    sold = np.maximum(v.since_ms - SECOND_MS * pen.between(600, _HALF_DAY_S, count), pen.start_ms)
    sheet = pen.write(body, sold, visits=v, end="arrive_at")
    sheet.arrival_ms += sold - sheet.event_ms  # a ticket says beforehand when it arrives
    sheet.event_ms = sold
    return sheet


def _stops(pen: Pen, v: Visits) -> tuple[Texts, Texts]:
    """Where tickets are from and to: inward from a service's origin to the city's station, outward to its terminus."""
    trains = pen.city.trains
    service = np.full(len(pen.city.places.first), -1)
    service[trains.place] = np.arange(len(trains.place))
    run = service[v.place]
    inward = np.where(trains.in_depart_s >= 0, trains.in_depart_s, -SECOND_MS)[run]
    second = (v.since_ms - day_start(local_day(v.since_ms))) // SECOND_MS
    arrives = (second == inward) & (run >= 0)
    here = np.full(len(v), trains.station, object)
    origin, terminus = texts([*trains.origin, ""])[run], texts([*trains.terminus, ""])[run]
    return np.where(arrives, origin, here), np.where(arrives, here, terminus)


def service_date(since_ms: Ints) -> Texts:
    """The local day of each instant."""
    days, inverse = np.unique(local_day(since_ms), return_inverse=True)
    return texts(np.datetime_as_string(days.astype("datetime64[D]")).tolist())[inverse]


def line_name(pen: Pen, line: Ints) -> Texts:
    """The names of lines, as records have them; None for none."""
    number = np.full(len(pen.city.places.ground) + 1, -1)
    number[pen.city.places.of(Ground.line)] = np.arange(len(pen.city.lines))
    names: Texts = texts([*pen.city.lines, None])[number[line]]
    return names


def _tapped(pen: Pen) -> Sheet:
    """Rides on buses and metros, by card or code. Of some the line alone is known: they tell of the line."""
    people = pen.city.people
    pays = ((people.holds_card == 1) | (people.holds_token == 1))[pen.day.visits.person]
    mask = _rides(pen.day, Doing.ride, Ground.bus, Ground.metro) & pays
    v = pen.some(pen.day.visits, mask, pen.records("off_at", _TWICE))
    count, places = len(v), pen.city.places
    cards = np.flatnonzero(people.holds_card[v.person] == 1)
    who, known = pen.shown(v.person, ("transit_card", "transit_card", "code_token"))
    without = people.holds_token[v.person] == 0  # a card, whatever was drawn
    both = pen.shown(v.person[cards], ("transit_card",))
    rows = np.flatnonzero(without[cards])
    for name in ("id_type", "id_no"):
        np.asarray(who[name])[cards[rows]] = np.asarray(both[0][name])[rows]
    known[cards[rows]] = both[1][rows]
    line, lost = places.house[v.place], ~pen.share(count, pen.expected.fill["vehicle"])
    metro = places.ground[v.place] == Ground.metro
    carriage = texts([str(c) if c else None for c in v.carriage.tolist()])
    body: Body = {
        **who, "mode": np.where(metro, "metro", "bus").astype(object), "line": line_name(pen, line),
        "vehicle": only(~lost, pen.code(v.place)), "carriage": only(~lost, carriage),
        "sealed": np.ones(count, np.int64), "on_at": v.since_ms, "off_at": v.until_ms,
        "confidence": np.full(count, "certain", object),
    }  # fmt: skip
    place = np.where(lost, line, v.place)
    return pen.write(body, v.since_ms, visits=v, place=place, known=known, end="off_at", amended=_TWICE)


def _hailed(pen: Pen) -> Sheet:
    phones = (pen.city.people.holds_phone == 1)[pen.day.visits.person]
    v = pen.some(pen.day.visits, _rides(pen.day, Doing.ride, Ground.taxi) & phones, pen.volume)
    who, known = pen.shown(v.person, ("phone",))
    body = {
        **who, "vehicle": pen.code(v.place), "pickup_at": v.since_ms, "dropoff_at": v.until_ms,
        "confidence": np.full(len(v), "certain", object),
    }  # fmt: skip
    return pen.write(body, v.since_ms, visits=v, known=known, end="dropoff_at")


def _served(pen: Pen) -> Sheet:
    """Duties of drivers and crews; of trains with the service date, without which the run is not known."""
    v = pen.some(pen.day.visits, _rides(pen.day, Doing.drive, *_MODES), pen.volume)
    ground = pen.city.places.ground[v.place]
    modes = np.full(int(max(Ground)) + 1, None, object)
    for number, mode in _MODES.items():
        modes[int(number)] = mode
    house = pen.city.places.house[v.place]
    on_line = np.isin(ground, [int(Ground.bus), int(Ground.metro)])
    body = {
        **pen.shown(v.person, ("resident_id",))[0], "mode": modes[ground], "vehicle": pen.code(v.place),
        "line": only(on_line, line_name(pen, house)),
        "service_date": only(ground == Ground.train, service_date(v.since_ms)),
        "since_at": v.since_ms, "until_at": v.until_ms,
    }  # fmt: skip
    return pen.write(body, v.since_ms, visits=replace(v), end="until_at")
