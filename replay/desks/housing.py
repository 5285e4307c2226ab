"""Housing desk 住建局/物业: gates of compounds, building sites, and its lists.

In: a day. Out: sheets of `housing.*`.
Invariant: a pass names its gate; a day on a site has its times.
Deliberately absent: whoever passes a gate that nobody watches.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from replay.city.model import Doing, Ground
from replay.desks.day import Day
from replay.desks.pen import Pen, at_ground
from replay.desks.rosters import dwelling, property_staff
from replay.sheets import Sheet
from schemas.credit_codes import checked
from schemas.instants import UNKNOWN_MS, day_start, local_day

_TRADES = ("carpenter", "welder", "scaffolder", "07")


def sheets(day: Day) -> Iterator[Sheet]:
    """The day's records of housing."""
    yield _went(Pen(day, "housing.gate_pass"))
    yield _worked(Pen(day, "housing.site_attendance"))
    for register in (dwelling, property_staff):
        yield register(day, whole=False)


def _went(pen: Pen) -> Sheet:
    mask = at_ground(pen.day, Ground.gate) & (pen.day.visits.doing == Doing.pass_gate)
    v = pen.some(pen.day.visits, mask, pen.volume)
    who, known = pen.shown(v.person, ("phone", "phone", "code_token", "plate", "resident_id"))
    count = len(v)
    body = {
        **who, "compound_code": pen.code(v.place), "gate": pen.part(v.place),
        "direction": pen.of(("in", "out"), count), "purpose": pen.of(("dweller", "dweller", "medical"), count),
        "code_status": np.full(count, "ok", object), "passed_at": v.since_ms,
    }  # fmt: skip
    return pen.write(body, v.since_ms, visits=v, known=known)


def _worked(pen: Pen) -> Sheet:
    """Days on building sites, told in the evening; whoever did not leave by the clock has no end."""
    v = pen.some(pen.day.visits, at_ground(pen.day, Ground.building_site), pen.volume)
    count = len(v)
    employers = np.array([checked(f"91990103MD{n:07d}") for n in range(40)], object)
    body = {
        **pen.shown(v.person, ("resident_id",))[0], "site_code": pen.code(v.place), "site_name": pen.name(v.place),
        "employer_code": employers[v.place % 40], "team": pen.serial("T", 13, pen.between(1, 12, count)),
        "trade": pen.of(_TRADES, count), "work_date": day_start(local_day(v.since_ms)), "entered_at": v.since_ms,
        "left_at": v.until_ms,
    }  # fmt: skip
    sheet = pen.write(body, v.since_ms, visits=v, end="left_at")
    late = np.where(np.asarray(sheet.body["left_at"]) == UNKNOWN_MS, v.until_ms - sheet.event_ms, 0)
    sheet.event_ms, sheet.arrival_ms = sheet.event_ms + late, sheet.arrival_ms + late
    return sheet
