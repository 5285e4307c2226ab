"""A drill of one evening, small enough to be scored by hand: its truth, its lake, and the key between them.

In: a folder. Out: both sides of the drill, in the layout that the city's drills have.
Invariant: written row by row; nothing of it is computed by what it is to judge.
Deliberately absent: records as lines; the lake is given the facts and the view that it is to have.

0 is the case, ill at home with 1, at work with 2, 3 and 6, on bus B1 with 4 and 5, in the shop with 7. 2 lives with 8.
10 came to the shop when 0 had left it. 11 took another bus of the line. 9 was held for a pool. 12 was only in the cell.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from replay.city.model import Doing, Ground
from replay.score.ground import Sides
from replay.score.slices import Slice, write_slices
from schemas.codes import Certainty, Classification, PersonClass, PlaceKind
from schemas.departments.drafting import identifier
from schemas.events import EVENT_SCHEMA
from schemas.facts import FACT_COLUMNS, RECORD_SCHEMA, FactBatch, digests
from schemas.instants import BEGIN_MS, HOUR_MS, MINUTE_MS, OPEN_MS, UNKNOWN_MS, day_start, local_day
from schemas.keys import mix
from schemas.views import VIEWS, raw_schema
from sinks.lake import Lake
from streams.packs import load_series
from tests.scored_feeds import (
    ACCESS,
    DAY,
    FAULTS,
    GIVEN,
    HOMES,
    KEY,
    PLAN,
    SCAN,
    TAP,
    at,
    facts,
    rec,
    refused,
    token,
    turns,
    views,
)

PEOPLE = 13
CASE = 0
HOME, HOME_2, ROOM, SHOP, BUS, BUS_2, LINE = range(7)
_PLACES = [
    (Ground.home, PlaceKind.household, -1), (Ground.home, PlaceKind.household, -1), (Ground.office, PlaceKind.room, -1),
    (Ground.shop, PlaceKind.venue, -1), (Ground.bus, PlaceKind.bus, LINE), (Ground.bus, PlaceKind.bus, LINE),
    (Ground.line, PlaceKind.bus, -1),
]  # fmt: skip
_VISITS = [
    (0, HOME, Doing.home, 0, 8), (1, HOME, Doing.home, 0, 8), (2, HOME_2, Doing.home, 18, 24),
    (8, HOME_2, Doing.home, 18, 24), (0, ROOM, Doing.work, 9, 17), (2, ROOM, Doing.work, 9, 17),
    (3, ROOM, Doing.work, 9, 12), (6, ROOM, Doing.work, 10, 11), (0, BUS, Doing.ride, 8, 8.5),
    (4, BUS, Doing.ride, 8.25, 8.75), (5, BUS, Doing.ride, 8.3, 8.8), (11, BUS_2, Doing.ride, 8, 8.5),
    (0, SHOP, Doing.shop, 18, 18.5), (7, SHOP, Doing.shop, 18.25, 18.75), (10, SHOP, Doing.shop, 18.6, 18.8),
]  # fmt: skip
# source, record, person, place, since, until, knows, fault, destroyed, arrival
_TOLD: list[tuple[str, str, int, int, float | None, float | None, bool, str, bool, float]] = [
    (HOMES, "h0", 0, HOME, None, 1e9, True, "", False, 0), (HOMES, "h1", 1, HOME, None, 1e9, True, "", False, 0),
    (HOMES, "h2", 2, HOME_2, None, 1e9, True, "", False, 0), (HOMES, "h8", 8, HOME_2, None, 1e9, True, "", False, 0),
    (ACCESS, "a0", 0, ROOM, 9, 17, True, "", False, 9), (ACCESS, "a2", 2, ROOM, 9, 17, True, "", False, 9),
    (ACCESS, "a3", 3, ROOM, 9, 12, True, "", False, 9), (ACCESS, "a6", 6, ROOM, 10, 11, True, "lost", True, 10),
    (TAP, "t0", 0, BUS, 8, None, True, "", False, 8.1), (TAP, "t4", 4, BUS, 8.25, None, False, "", False, 8.3),
    (TAP, "t5", 5, BUS, 8.3, None, True, "", False, 8.4), (TAP, "t11", 11, LINE, 8, None, True, "late", False, 22),
    (SCAN, "s0", 0, SHOP, 18, None, True, "", False, 18.1), (SCAN, "s7", 7, SHOP, 18.25, None, True, "", False, 18.3),
    (SCAN, "s10", 10, SHOP, 18.6, None, True, "", False, 18.7),
]  # fmt: skip
_INFECTED = [(0, -72, -1, 19, 21, 20), (2, 10, 0, None, None, None), (8, 22, 2, None, None, None)]
# contact, source, degree, class, rule, place, kind, since, until, certainty, records
_LISTED = [
    (1, 0, 1, "close", "CC-4.1-household", HOME, "household", -40, 20, "high", "h0", "h1"),
    (2, 0, 1, "close", "CC-4.4-room", ROOM, "room", 9, 17, "high", "a0", "a2"),
    (5, 0, 1, "close", "TR-bus-sealed", BUS, "bus", 8.3, 8.5, "medium", "t0", "t5"),
    (11, 0, 1, "close", "TR-bus-sealed", LINE, "bus", 8, 8.5, "low", "t0", "t11"),
    (-4, 0, 1, "close", "TR-bus-sealed", BUS, "bus", 8.25, 8.5, "medium", "t0", "t4"),
    (7, 0, 0, "venue_exposed", "V-1-venue", SHOP, "venue", 18.25, 18.75, "medium", "s0", "s7"),
    (10, 0, 0, "venue_exposed", "V-1-venue", SHOP, "venue", 18.6, 18.75, "medium", "s0", "s10"),
    (8, 2, 2, "secondary", "SC-1", HOME_2, "household", 9, 22, "high", "h2", "h8"),
]  # fmt: skip
_LATE = {11, -4}
"""Listed in the last slice; the others in the one before."""


def write_sides(folder: Path, expect: dict[str, tuple[float, float]] | None = None) -> Sides:
    """Truth, lake and slices below a folder."""
    truth, lake, slices = folder / "drill-truth", folder / "lake", folder / "slices.parquet"
    truth.mkdir(parents=True)
    _write_truth(truth, expect or {})
    _write_lake(lake)
    hours = ((20, 1), (21, 5), (21.25, 12), (22.25, 14))
    write_slices(slices, [Slice(at(hour), 4, events, 0.1) for hour, events in hours])
    return Sides(truth, lake, KEY, load_series("cn"), slices)


def _write_truth(truth: Path, expect: dict[str, tuple[float, float]]) -> None:
    def write(table: str, rows: list[dict[str, Any]], **types: pa.DataType) -> None:
        schema = pa.schema([(column, types.get(column, pa.int64())) for column in rows[0]])
        pq.write_table(pa.Table.from_pylist(rows, schema), truth / f"{table}.parquet")

    text, truth_value = pa.string(), pa.bool_()
    write("people", [{"person": n, "resident_id": identifier("resident_id", n), "role": 3, "home": n // 2, "street": 0}
                     for n in range(PEOPLE)], resident_id=text)  # fmt: skip
    write("places", [{"place": n, "ground": ground, "kind": kind, "first": f"P-{n}", "second": "", "name": "",
                      "street": 0, "house": house} for n, (ground, kind, house) in enumerate(_PLACES)],
          first=text, second=text, name=text)  # fmt: skip
    visits = [{"person": p, "place": place, "doing": doing, "since_ms": at(a), "until_ms": at(b), "carriage": 0,
               "seat_row": 0} for p, place, doing, a, b in _VISITS]  # fmt: skip
    write("visits.2022-03-10", visits)
    told = [
        {"source": source, "record_id": name, "person": p, "place": place, "since_ms": BEGIN_MS if a is None else at(a),
         "until_ms": None if b is None else OPEN_MS if b > 1e6 else at(b), "knows": knows, "fault": fault,
         "destroyed": gone, "event_ms": DAY if a is None else at(a), "arrival_ms": at(arrival)}
        for source, name, p, place, a, b, knows, fault, gone, arrival in _TOLD
    ]  # fmt: skip
    write("told.2022-03-10", told, source=text, record_id=text, knows=truth_value, fault=text, destroyed=truth_value)
    infections = [
        {"person": p, "infected_ms": at(hour), "infector": by, "place": -1, "onset_ms": None,
         "infectious_since_ms": at(hour), "infectious_until_ms": at(hour + 96),
         **{n: None if h is None else at(h) for n, h in zip(
             ("found_ms", "known_ms", "reported_ms", "isolated_ms"), (f, r and r - 0.5, r, i), strict=True)}}
        for p, hour, by, f, r, i in _INFECTED
    ]  # fmt: skip
    write("infections", infections)
    write("faults", FAULTS, source=text, record_id=text, kind=text, destroyed=truth_value, what=text)
    isolated = [{"person": p, "place": -1, "at_ms": at(h), "ended": False} for p, h in ((0, 20), (1, 22), (2, 22))]
    write("isolations", isolated, ended=truth_value)
    plan = PLAN | {
        "name": "by-hand", "title": ["手算演练", "By hand"], "expect": {k: list(v) for k, v in expect.items()},
    }  # fmt: skip
    (truth / "played.json").write_text(json.dumps({"plan": plan, "counts": {}, "versions": {}}), encoding="utf-8")


def _write_lake(folder: Path) -> None:
    tables = {view: raw_schema(view).empty_table() for view in VIEWS}
    tables |= {name: _view(name, rows) for name, rows in _rows().items()}
    with Lake.open(folder, KEY, "cn") as lake:
        lake.commit([*_facts(), *facts()], _events(), [refused(lake)], {"all": 200}, {})
        lake.publish(tables, ["cn-8"])


def _facts() -> list[FactBatch]:
    """The records that were read, all but a3 and a6, and a swab of 5."""
    made = []
    read = [(row[0], row[1], row[4] or 0, row[9]) for row in _TOLD if row[1] not in ("a3", "a6")]
    for source, name, hour, arrival in [*read, ("health.nat_sample", "n5", 22, 22)]:
        said = {}
        if name == "n5":
            swab = {"ident": token(5), "tube": 9, "sampled_ms": at(22), "pool_size": 1}
            said = {"samples": {"row": np.zeros(1, np.int64), **{k: np.array([v], np.int64) for k, v in swab.items()}}}
            assert swab.keys() == FACT_COLUMNS["samples"].keys()
        row = {"rec": rec(source, name), "source": source, "record_id": name, "version": 1, "withdrawn": False,
               "digest": int(digests(1, said, np.array([at(hour)]))[0]), "event_ms": at(hour),
               "ingest_ms": at(arrival), "given": GIVEN.get(name, 0), "part": "all", "offset": len(made)}  # fmt: skip
        made.append(FactBatch(pa.RecordBatch.from_pylist([row], RECORD_SCHEMA), said))
    return made


def _who(person: int) -> int:
    """Below zero: under the token of their phone, since no register joins it to them."""
    return token(-person, "phone") if person < 0 else token(person)


def _events() -> pa.Table:
    def event(kind: str, subject: int, source: int = 0, degree: int = 0) -> dict[str, Any]:
        return {"kind": kind, "subject": subject, "source": source, "degree": degree, "class_before": 0,
                "class_after": 5, "since_ms": DAY, "until_ms": OPEN_MS, "rule": "pool", "confirm": False}  # fmt: skip

    late = [row for row in _LISTED if row[0] in _LATE]
    rows = [event("hold_opened", token(0)), *turns("finding_opened", "case_unknown", "trace_missing")]
    rows += [event("hold_opened", token(9)), event("case_opened", token(0))]
    for contact, source, degree, *_ in [r for r in _LISTED if r not in late]:
        rows.append(event("contact_found", _who(contact), token(source), degree))
    rows += turns("finding_closed", "trace_missing")
    rows += [event("contact_found", _who(contact), token(source), degree) for contact, source, degree, *_ in late]
    return pa.Table.from_pylist(rows, EVENT_SCHEMA)


def _rec(name: str) -> int:
    source = next((s for s, n, *_ in _TOLD if n == name), "health.nat_sample")
    return rec(source, name)


def _rows() -> dict[str, list[list[Any]]]:
    day_0 = local_day(DAY)
    contacts, evidence, persons = [], [], []
    for contact, source, degree, word, rule, place, kind, a, b, sure, one, other in _LISTED:
        who, by = _who(contact), token(source)
        number = int(mix(np.array([degree]), np.array([by]), np.array([who]))[0])
        certainty, span = Certainty[sure], (at(a), at(b))
        isolate = day_start(day_0 + 15) if word == "close" else UNKNOWN_MS
        contacts.append([number, by, who, degree, token(0), PersonClass[word], rule, rule[:6], certainty, *span,
                         span[1] - span[0], 1, isolate, UNKNOWN_MS, [day_0 + 1], "cn-8"])  # fmt: skip
        evidence.append([number, by, who, degree, place + 1, PlaceKind[kind], *span, _rec(one), _rec(other), rule,
                         rule[:6], certainty])  # fmt: skip
        isolated = at(22) if contact in (1, 2) else UNKNOWN_MS
        persons.append([who, PersonClass[word], 1, *span, isolated, isolate, UNKNOWN_MS, [day_0 + 1], "cn-8"])
    persons.append([token(0), PersonClass.case, 0, UNKNOWN_MS, UNKNOWN_MS, at(20), UNKNOWN_MS, UNKNOWN_MS, [], "cn-8"])
    case = [token(0), Classification.positive, UNKNOWN_MS, at(19), at(21), at(20), at(19), DAY - 48 * HOUR_MS, at(20),
            "CC-1-sampling", "cn-8", [_rec("n5")]]  # fmt: skip
    hold = [token(9), "pool", at(19), "single_negative", at(19), "HOLD-1", "cn-8", [_rec("n5")]]
    leads = [
        [token(0), token(other), 1, 99, 20 * MINUTE_MS, 31 * HOUR_MS, 31 * HOUR_MS, at(17), at(19), "ST-1", "cn-8",
         _rec("s0"), _rec("s7")] for other in (7, 12)
    ]  # fmt: skip
    return {"cases": [case], "contacts": contacts, "contact_evidence": evidence, "persons": persons, "holds": [hold],
            "leads": leads, **views()}  # fmt: skip


def _view(name: str, rows: list[list[Any]]) -> pa.Table:
    names = [column for column, _, _ in VIEWS[name]]
    table = pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows], raw_schema(name))
    return table.sort_by([(names[0], "ascending"), (names[1], "ascending")])
