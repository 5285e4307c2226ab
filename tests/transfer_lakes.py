"""Lakes with transfers, by hand: one moment of a district with three sites' beds, two vehicles and seven ways.

In: a folder. Out: a published lake; its instants and people by name.
Invariant: every row stands here in full view; nothing is computed, so that a test of a page judges the page alone.
Deliberately absent: the brain; whether such a moment follows from records is tested elsewhere.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from schemas.codes import PersonClass
from schemas.facts import FACT_COLUMNS, PLACE_SCHEMA, RECORD_SCHEMA, FactBatch, digests
from schemas.instants import HOUR_MS, MINUTE_MS, OPEN_MS, UNKNOWN_MS
from schemas.keys import pseudonym, record_tokens
from schemas.transfers import DutyRole, Purpose, Step, Takes, TransferFlag, TransferState
from schemas.views import VIEWS, raw_schema
from sinks.lake import Lake
from tests.engines import KEY, PACKS

NOW = 1_646_712_000_000
"""2022-03-08 12:00 at +08:00."""
PEOPLE = {
    name: KEY.identifier("person_no", name)
    for name in ("late", "soon", "later", "sick", "inside", "home", "leaving", "head", "member")
}
PLACES = {"V1": 11, "V2": 12, "run-7": 21, "hotel-1": 31, "hotel-2": 32, "room-101": 41, "room-102": 42}
_SOURCES = {
    "t": "command.tick",
    "d": "command.transfer_decision",
    "a": "grid_centre.transfer_ack",
    "s": "health.survey",
}
_RECORDS = ["t0", "t1", "d0", "d1", "a0", "s0"]
_LINES = {name: int(name[1:]) + 3 for name in _RECORDS}


def code(name: str) -> str:
    return pseudonym(PEOPLE[name])


def made_lake(
    folder: Path, ticks: tuple[int, ...] = (NOW - HOUR_MS, NOW), without: tuple[str, ...] = (), homes: bool = True
) -> Path:
    """A lake that was published once. `ticks`: at most two; `without`: views that are to be empty."""
    views = {view: raw_schema(view).empty_table() for view in VIEWS}
    views |= {name: _table(name, rows) for name, rows in _rows(homes).items() if name not in without}
    with Lake.open(folder, KEY, "cn") as lake:
        lake.commit([_facts(ticks)], [], [], {}, {})
        lake.publish(views, [pack.name for pack in PACKS.packs])
    return folder


def rec(name: str) -> int:
    return int(record_tokens(_SOURCES[name[0]], [name])[0])


def _facts(ticks: tuple[int, ...]) -> FactBatch:
    facts = {
        "ticks": {"row": np.arange(len(ticks)), "at_ms": np.array(ticks, np.int64)},
        "acks": {
            "row": np.array([_RECORDS.index("a0")]), "ident": np.array([PEOPLE["late"]]),
            "purpose": np.array([int(Purpose.isolate)]), "by": np.array([PEOPLE["head"]]),
            "at_ms": np.array([NOW - 5 * MINUTE_MS]),
        },
    }  # fmt: skip
    count, sources = len(_RECORDS), [_SOURCES[name[0]] for name in _RECORDS]
    at = np.full(count, NOW)
    assert all(set(columns) - {"row"} == set(FACT_COLUMNS[table]) for table, columns in facts.items())
    arrays = [
        pa.array([rec(name) for name in _RECORDS]), pa.array(sources), pa.array(_RECORDS),
        pa.array(np.ones(count, np.int64)),
        pa.array(np.zeros(count, np.bool_)), pa.array(digests(count, facts, at)), pa.array(at), pa.array(at),
        pa.array(np.zeros(count, np.int64)), pa.array([f"src.{source}.ndjson" for source in sources]),
        pa.array([_LINES[name] for name in _RECORDS]),
    ]  # fmt: skip
    labels = [{"place": place, "kind": "site", "label": name} for name, place in PLACES.items()]
    places = pa.RecordBatch.from_pylist(labels, PLACE_SCHEMA)
    return FactBatch(pa.RecordBatch.from_arrays(arrays, schema=RECORD_SCHEMA), facts, places)


def _table(view: str, rows: list[dict[str, Any]]) -> pa.Table:
    plain: dict[str, Any] = {}
    for field in raw_schema(view):
        plain[field.name] = "" if field.type == pa.string() else ([] if pa.types.is_list(field.type) else 0)
    times = {name: UNKNOWN_MS for name in plain if name.endswith(("_ms", "lat", "lon"))}
    return pa.Table.from_pylist([plain | times | row for row in rows], raw_schema(view))


def _way(name: str, state: TransferState, due_ms: int, **more: Any) -> dict[str, Any]:
    told = {
        "person": PEOPLE[name], "purpose": int(Purpose.isolate), "state": int(state), "class": int(PersonClass.close),
        "needed_at_ms": due_ms - 8 * HOUR_MS, "due_at_ms": due_ms, "breached": int(due_ms < NOW), "rule": "TR-1",
        "pack": "cn-9",
    }  # fmt: skip
    return told | more


def _rows(homes: bool) -> dict[str, list[dict[str, Any]]]:
    riding = {"run": PLACES["run-7"], "vehicle": PLACES["V1"], "site": PLACES["hotel-1"], "room": PLACES["room-101"]}
    lodged = {"site": PLACES["hotel-1"], "room": PLACES["room-102"], "admitted_at_ms": NOW - HOUR_MS, "breached": 0}
    ways = [
        _way("late", TransferState.aboard, NOW - 2 * HOUR_MS, flags=int(TransferFlag.skipped_dispatch), home=77 * homes,
             **riding),
        _way("soon", TransferState.assigned, NOW + HOUR_MS, **riding),
        _way("later", TransferState.needed, NOW + 6 * HOUR_MS),
        _way("sick", TransferState.ordered, NOW + HOUR_MS, purpose=2, **{"class": int(PersonClass.case)}),
        _way("inside", TransferState.admitted, NOW - 2 * HOUR_MS, ended_at_ms=NOW - 3 * HOUR_MS,
             release_due_at_ms=NOW + 30 * HOUR_MS, **lodged),
        _way("home", TransferState.home, NOW + HOUR_MS, ended_at_ms=NOW - HOUR_MS),
        _way("leaving", TransferState.returning, UNKNOWN_MS, breached=0, needed_at_ms=UNKNOWN_MS,
             flags=int(TransferFlag.without_ground), **{"class": 0}),
    ]  # fmt: skip
    step = {"person": PEOPLE["late"], "purpose": 1}
    steps = [
        step | {"number": 1, "at_ms": NOW - 10 * HOUR_MS, "step": int(Step.call), "before": 0, "after": 1,
                "records": sorted([rec("s0")])},
        step | {"number": 2, "at_ms": NOW - 4 * HOUR_MS, "step": int(Step.assign), "before": 1, "after": 3,
                "records": [rec("d0")], **riding},
        step | {"number": 3, "at_ms": NOW - HOUR_MS, "step": int(Step.pickup), "before": 3, "after": 5,
                "records": [rec("d1")]},
        step | {"number": 4, "at_ms": NOW - HOUR_MS, "step": int(Step.refuse), "before": 5, "after": 5,
                "impossible": 1, "records": [rec("d1")]},
    ]  # fmt: skip
    told = {"person": PEOPLE["late"], "purpose": 1, "rule": "TR-1", "pack": "cn-9"}
    escalations = [
        told | {"level": 1, "role": int(DutyRole.building_head), "owner": PEOPLE["head"],
                "raised_at_ms": NOW - 2 * HOUR_MS, "since_ms": NOW - 2 * HOUR_MS, "until_ms": OPEN_MS},
        told | {"level": 2, "role": int(DutyRole.grid_member), "owner": 0, "raised_at_ms": NOW - HOUR_MS,
                "since_ms": NOW - HOUR_MS, "until_ms": NOW - 5 * MINUTE_MS},
    ]  # fmt: skip
    vehicles = [
        {"vehicle": PLACES["V1"], "seats": 6, "wheelchairs": 1, "sealed": 1, "lat": 43_880_000, "lon": 125_310_000,
         "pinged_at_ms": NOW - 25 * MINUTE_MS, "disinfected_at_ms": NOW - 5 * HOUR_MS,
         "crew_until_ms": NOW + 4 * HOUR_MS, "crew_tested_at_ms": NOW - 20 * HOUR_MS, "held": 2},
        {"vehicle": PLACES["V2"], "seats": 4},
    ]  # fmt: skip
    bed = {"site": PLACES["hotel-1"], "takes": int(Takes.close), "beds": 2, "floor": 1}
    beds = [
        bed | {"room": PLACES["room-101"], "planned": 2},
        bed | {"room": PLACES["room-102"], "lodged": 1, "free_at_ms": NOW + HOUR_MS},
        bed | {"site": PLACES["hotel-2"], "room": 43, "beds": 5, "until_ms": NOW - HOUR_MS},
    ]
    return {
        "transfers": ways, "transfer_steps": steps, "escalations": escalations, "vehicles": vehicles, "beds": beds,
    }  # fmt: skip
