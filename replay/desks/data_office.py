"""Data office desk 政数局: scans at doors, twice told, sentinels and joint checks.

In: a day. Out: sheets of `data_office.*`.
Invariant: the masked feed tells of the same scans as the plain one; of whom it gives neither code nor phone, it tells
of nobody.
Deliberately absent: colours that follow from the wave; all but a few codes are green.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from replay.city.model import Doing, Ground, Visits
from replay.desks.day import Day
from replay.desks.names import Texts, absent, holds, knows, only, texts
from replay.desks.pen import NOBODY, Body, Pen, at_ground
from replay.desks.registers import identity_map
from replay.sheets import Sheet
from schemas.keys import Ints

OPEN = (Ground.shop, Ground.restaurant, Ground.pharmacy, Ground.market, Ground.banquet)
"""Grounds with a code at the door."""
_TYPES = {
    Ground.shop: "shop", Ground.restaurant: "restaurant", Ground.pharmacy: "pharmacy", Ground.market: "market",
    Ground.banquet: "hall",
}  # fmt: skip
_DOCUMENTS = ("code_token", "code_token", "resident_id")
_COLOURS = (*["green"] * 60, "yellow", "grey")
_STARS = ("normal", "normal", "starred")
_VERDICTS = (*["admit"] * 12, "register")


def sheets(day: Day) -> Iterator[Sheet]:
    """The day's records of the data office."""
    pen = Pen(day, "data_office.place_scan")
    scans = pen.some(day.visits, at_ground(day, *OPEN), pen.volume)
    yield _scanned(pen, scans)
    yield _masked(Pen(day, "data_office.place_scan_masked"), scans)
    yield _guarded(Pen(day, "data_office.sentinel_pass"))
    yield _checked(Pen(day, "data_office.joint_check"))
    yield identity_map(day, whole=False)


def _door(pen: Pen, v: Visits) -> Body:
    """What every scan at a door shows."""
    temperature = np.round(pen.rng.normal(36.4, 0.35, len(v)), 1)
    return {
        "place_code": pen.code(v.place), "place_name": pen.name(v.place), "code_colour": pen.of(_COLOURS, len(v)),
        "temperature": temperature,
    }  # fmt: skip


def _scanned(pen: Pen, v: Visits) -> Sheet:
    who, known = pen.shown(v.person, ("code_token", "code_token", "phone", "resident_id"))
    types = np.full(int(max(Ground)) + 1, None, object)
    for ground, word in _TYPES.items():
        types[int(ground)] = word
    body = {
        **who, **_door(pen, v), "place_type": types[pen.city.places.ground[v.place]], "scanned_at": v.since_ms,
    }  # fmt: skip
    return pen.write(body, v.since_ms, visits=v, known=known)


def _masked(pen: Pen, scans: Visits) -> Sheet:
    """Some of the plain feed's scans, by its last digits, and some by code or phone."""
    v = pen.some(scans, np.ones(len(scans), np.bool_), pen.volume)
    fill = pen.expected.fill
    token = pen.share(len(v), fill["code_token"]) & (holds(pen.city, "code_token")[v.person] == 1)
    phone = pen.share(len(v), fill["phone"]) & (holds(pen.city, "phone")[v.person] == 1)
    tails = [f"990{'*' * 11}{number[-4:]}" for number in pen.held("resident_id", v.person).tolist()]
    body = {
        "id_masked": texts(tails), **_door(pen, v), "scanned_at": v.since_ms,
        "code_token": _where(token, pen.held("code_token", v.person)),
        "phone": _where(phone, pen.held("phone", v.person)),
    }  # fmt: skip
    known = np.where(token, knows(pen.city, "code_token", v.person), knows(pen.city, "phone", v.person))
    sheet = pen.write(body, v.since_ms, visits=v, known=known)
    shown = ~absent(sheet.body["code_token"]) | ~absent(sheet.body["phone"])
    by_phone = absent(sheet.body["code_token"])
    sheet.knows = np.where(by_phone, knows(pen.city, "phone", v.person), known)
    sheet.person, sheet.place = np.where(shown, v.person, NOBODY), np.where(shown, v.place, NOBODY)
    return sheet


def _where(mask: Ints, column: Texts) -> Texts:
    return only(mask, column)


def _guarded(pen: Pen) -> Sheet:
    """Gates that read a card or a code, at the doors of the same places."""
    v = pen.some(pen.day.visits, at_ground(pen.day, *OPEN), pen.volume)
    who, known = pen.shown(v.person, _DOCUMENTS)
    device = texts([f"SB-{place:06d}" for place in v.place.tolist()])
    body = {
        **who, **_door(pen, v), "device_code": device, "passed_at": v.since_ms,
        "nat_age_h": pen.between(1, 72, len(v)),
    }  # fmt: skip
    return pen.write(body, v.since_ms, visits=v, known=known)


def _checked(pen: Pen) -> Sheet:
    """Checkpoints where health code, travel card and test are looked at together."""
    mask = at_ground(pen.day, Ground.checkpoint) & (pen.day.visits.doing == Doing.check)
    v = pen.some(pen.day.visits, mask, pen.volume)
    who, known = pen.shown(v.person, _DOCUMENTS)
    count = len(v)
    body = {
        **who, "checkpoint_code": pen.code(v.place), "checked_at": v.since_ms,
        "code_colour": pen.of(_COLOURS, count), "travel_card": pen.of(_STARS, count),
        "nat_age_h": pen.between(1, 72, count), "verdict": pen.of(_VERDICTS, count),
    }  # fmt: skip
    return pen.write(body, v.since_ms, visits=v, known=known)
