"""Health desk 卫健局/疾控: swabs and tubes, cases, isolation, contacts under control, and what cases tell.

In: a day with its course. Out: sheets of `health.*`.
Invariant: a tube's result is that of its swabs. What a case tells is true, or less: a leg names a place as every other
department does, and whoever cannot be placed so is not told of.
Deliberately absent: amended onsets and withdrawn reports (replay/faults), and whatever an engine concludes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from replay.city.model import Ground, Visits
from replay.desks.day import Day
from replay.desks.names import Texts, only, texts
from replay.desks.pen import Body, Pen
from replay.desks.transport import line_name, service_date
from replay.sheets import Sheet, cells
from replay.wave.course import Stays
from schemas.codes import CARRIAGE_MODES, FIRST_VEHICLE, Discovery, PlaceKind, Result
from schemas.instants import UNKNOWN_MS, day_start, local_day
from schemas.keys import Ints
from schemas.rides import LINES, SCHEDULED

TOLD = 0.85
"""Of the stays in the days they are asked about, so many do cases remember, or cameras find [D]."""
_CLINICS = 9_000
_ROOMED = (PlaceKind.room, PlaceKind.hotel_room)
_UNTOLD = (Ground.line, Ground.isolation_room)
_KINDS = texts([PlaceKind(k).name if k in PlaceKind._value2member_map_ else "" for k in range(max(PlaceKind) + 1)])
_LETTERS = " ABCDEF"
_LABS = ("JC-01", "JC-02", "JC-03", "JC-04", "JC-05")


def sheets(day: Day) -> Iterator[Sheet]:
    """The day's records of health."""
    yield _reported(Pen(day, "health.case_report"))
    yield _sampled(Pen(day, "health.nat_sample"))
    yield _tested(Pen(day, "health.nat_result"))
    yield _surveyed(Pen(day, "health.survey_leg"))
    came = day.course.stays.ended == 0
    yield _admitted(Pen(day, "health.isolation_admission"), _stays(day.course.stays, came))
    yield _discharged(Pen(day, "health.isolation_discharge"), _stays(day.course.stays, ~came))
    yield _controlled(Pen(day, "health.contact_order"))


def standing(day: Day, stays: Stays) -> Sheet:
    """Who had been admitted to isolation before the first day (Wave.standing), as it stands in the register then."""
    return _admitted(Pen(day, "health.isolation_admission"), stays)


def _who(pen: Pen, person: Ints) -> Body:
    return pen.shown(person, ("resident_id",))[0]


def _reported(pen: Pen) -> Sheet:
    told = pen.day.course.reports
    body = {
        **_who(pen, told.person),
        "classification": np.where(told.symptomatic == 1, "confirmed", "asymptomatic").astype(object),
        "onset_at": told.onset_ms, "reported_at": told.reported_ms,
        "discovery": texts([word.name for word in Discovery])[told.discovery],
    }  # fmt: skip
    return pen.write(body, told.reported_ms)


def _tube_codes(tube: Ints, size: Ints) -> Texts:
    """Codes of tubes; each once, however many swabs are in it."""
    found, first, inverse = np.unique(tube, return_index=True, return_inverse=True)
    pairs = zip(found.tolist(), size[first].tolist(), strict=True)
    return texts([f"{'FJ' if n == 1 else 'HJ'}-{number:09d}" for number, n in pairs])[inverse]


def _sampled(pen: Pen) -> Sheet:
    swabs = pen.day.course.swabs
    stands, inverse = np.unique(swabs.site, return_inverse=True)
    named = texts([
        f"FR-{n - _CLINICS:02d}" if n >= _CLINICS else f"NS-{n:04d}" if n >= 0 else "NS-9999" for n in stands.tolist()
    ])  # fmt: skip
    body = {
        **_who(pen, swabs.person), "tube_code": _tube_codes(swabs.tube, swabs.pool_size),
        "sampled_at": swabs.sampled_ms, "pool_size": swabs.pool_size, "site_code": named[inverse],
    }  # fmt: skip
    return pen.write(body, swabs.sampled_ms)


def _tested(pen: Pen) -> Sheet:
    swabs = pen.day.course.swabs
    first = np.unique(swabs.tube, return_index=True)[1]
    ct = np.where(swabs.ct[first] >= 0, swabs.ct[first] / 10, np.nan)
    body: Body = {
        "tube_code": _tube_codes(swabs.tube[first], swabs.pool_size[first]),
        "result": texts([word.name for word in Result])[swabs.result[first]],
        "reported_at": swabs.reported_ms[first], "lab_code": pen.of(_LABS, len(first)),
        "n_ct": ct, "orf_ct": np.round(np.minimum(ct + pen.rng.normal(0.8, 0.5, len(ct)), 60), 1),
    }  # fmt: skip
    return pen.write(body, swabs.reported_ms[first])


def _tellable(pen: Pen, visits: Visits) -> Any:
    """Of which stays a leg can tell so that its place is the one that others' records name: by one code, by code and
    room, or by vehicle."""
    places = pen.city.places
    kind = places.kind[visits.place]
    plain = np.array([second == "" for second in places.second])[visits.place]
    coded = np.array([first != "" for first in places.first])[visits.place]
    apart = np.isin(places.ground[visits.place], [int(g) for g in _UNTOLD])
    return coded & ~apart & (plain | np.isin(kind, [int(k) for k in _ROOMED]) | (kind >= FIRST_VEHICLE))


def _surveyed(pen: Pen) -> Sheet:
    legs, places = pen.day.course.legs, pen.city.places
    rows = np.flatnonzero(_tellable(pen, legs.visits) & pen.share(len(legs.visits), TOLD))
    v, told_ms = legs.visits.where(rows), legs.told_ms[rows]
    kind, count = places.kind[v.place], len(v)
    ride, roomed = kind >= FIRST_VEHICLE, np.isin(kind, [int(k) for k in _ROOMED])
    scheduled, lined = (np.isin(kind, [int(k) for k in kinds]) for kinds in (SCHEDULED, LINES))
    in_cars = np.isin(kind, [int(k) for k in CARRIAGE_MODES]) & (v.carriage > 0)
    seat = [f"{row:02d}{_LETTERS[letter]}" for row, letter in zip(v.row.tolist(), v.seat.tolist(), strict=True)]
    infections = pen.day.course.infections
    onset = np.full(len(pen.city.people), UNKNOWN_MS)
    onset[infections.person] = infections.onset_ms
    ill = (onset[v.person] != UNKNOWN_MS) & (onset[v.person] <= v.since_ms)
    body: Body = {
        **_who(pen, v.person), "place_kind": _KINDS[kind],
        "place_code": only(~ride, pen.code(v.place)), "place_name": only(~ride, pen.name(v.place)),
        "room": only(roomed, pen.part(v.place)), "vehicle": only(ride, pen.code(v.place)),
        "line": only(lined, line_name(pen, places.house[v.place])),
        "service_date": only(scheduled, service_date(v.since_ms)),
        "carriage": only(in_cars, texts([f"{c:02d}" for c in v.carriage.tolist()])),
        "row": np.where(v.row > 0, v.row, UNKNOWN_MS), "seat": only(v.seat > 0, texts(seat)),
        "symptomatic": ill.astype(np.int64), "since_at": v.since_ms, "until_at": v.until_ms,
        "confidence": pen.of(("certain",) * 6 + ("likely",), count),
    }  # fmt: skip
    sheet = pen.write(body, told_ms, visits=v, end="until_at")
    sheet.event_ms, sheet.arrival_ms = told_ms, told_ms + pen.lateness(count)
    return sheet


def _admitted(pen: Pen, stays: Stays) -> Sheet:
    body = {
        **_who(pen, stays.person), "site_code": _site(pen, stays.place), "room": pen.part(stays.place),
        "admitted_at": stays.at_ms,
    }  # fmt: skip
    return pen.write(body, stays.at_ms)


def _discharged(pen: Pen, stays: Stays) -> Sheet:
    body = {**_who(pen, stays.person), "site_code": _site(pen, stays.place), "discharged_at": stays.at_ms}
    return pen.write(body, stays.at_ms)


def _site(pen: Pen, place: Ints) -> Texts:
    """The site of a room; that of the first room for those who were given none."""
    rooms = pen.city.places.of(Ground.isolation_room)
    other = pen.city.places.first[rooms[0]] if len(rooms) else "GL-0000"
    return np.where(place >= 0, pen.code(place), other)


def _controlled(pen: Pen) -> Sheet:
    """Who lived with a case, once they are where they will be kept. Released after 14 days from last contact."""
    orders, city = pen.day.course.orders, pen.city
    home = np.where(city.people.home >= 0, city.people.home, city.people.dorm_place)[orders.person]
    street, community = (
        cells([*names, None])[column[home]]
        for names, column in ((city.streets, city.places.street), (city.communities, city.places.community))
    )
    count = len(orders.person)
    if city.positions:  # somebody dispatches: they wait at home
        return _waiting(pen, {"street": street, "community": community})
    release = day_start(local_day(orders.together_ms) + 15)
    case = _who(pen, orders.case)
    words = {
        "degree": "close", "contact_way": "lodging", "discovery_path": "local", "trace_status": "controlled",
        "epidemic_status": "central_observation", "observation_mode": "central", "province": "吉林省",
    }  # fmt: skip
    body: Body = {
        **_who(pen, orders.person), "case_id_type": case["id_type"], "case_id_no": case["id_no"],
        **{name: np.full(count, word, object) for name, word in words.items()},
        "last_contact_at": orders.together_ms, "site_code": _site(pen, orders.place),
        "checked_in_at": orders.admitted_ms, "expected_release_at": release, "street": street, "community": community,
    }  # fmt: skip
    return pen.write(body, orders.admitted_ms)


def _waiting(pen: Pen, where: Body) -> Sheet:
    """The same where they are still to be taken there: no site yet."""
    orders = pen.day.course.orders
    case, count = _who(pen, orders.case), len(orders.person)
    words = {
        "degree": "close", "contact_way": "lodging", "discovery_path": "local", "trace_status": "awaiting_transfer",
        "province": "吉林省",
    }  # fmt: skip
    body: Body = {
        **_who(pen, orders.person), "case_id_type": case["id_type"], "case_id_no": case["id_no"],
        **{name: np.full(count, word, object) for name, word in words.items()}, "last_contact_at": orders.together_ms,
        **where,
    }  # fmt: skip
    return pen.write(body, orders.ordered_ms)


def _stays(stays: Stays, mask: Any) -> Stays:
    rows = np.flatnonzero(mask)
    return Stays(**{name: column[rows] for name, column in vars(stays).items()})
