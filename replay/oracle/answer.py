"""Runs the oracle's SQL, section by section, in a DuckDB of its own.

In: records, facts and packs. Out: the raw view tables in canonical order.
Invariant: Python hands constants, packs and facts to SQL, and computes nothing but contact ids.
Deliberately absent: rules; those stand in the .sql files beside this one.
"""

from __future__ import annotations

from enum import IntEnum
from importlib import resources
from itertools import pairwise
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from duckdb.func import PythonUDFType

from schemas import codes, instants, keys, transfers
from schemas.facts import FACT_COLUMNS
from schemas.policy import Pack, PackSeries
from schemas.seats import NUMERIC_MAX
from schemas.views import VIEWS, raw_schema

SECTIONS = (
    "standing", "identity", "presences", "cases", "exposures", "contacts", "secondary", "persons", "leads", "holds",
    "findings", "reviews", "calls", "sites", "told", "ways", "transfers", "fleet", "escalations",
)  # fmt: skip
"""The .sql files in the order in which they build on each other."""
_WORDS: dict[str, type[IntEnum]] = {
    "kind": codes.PlaceKind,
    "class": codes.PersonClass,
    "certainty": codes.Certainty,
    "classification": codes.Classification,
    "result": codes.Result,
    "discovery": codes.Discovery,
    "flag": codes.Flag,
    "degree": codes.ContactDegree,
    "trace": codes.TraceStatus,
    "status": codes.EpidemicStatus,
    "mode": codes.ObservationMode,
    "purpose": transfers.Purpose,
    "step": transfers.Step,
    "state": transfers.TransferState,
    "mark": transfers.TransferFlag,
    "takes": transfers.Takes,
    "crew": transfers.CrewRole,
    "duty": transfers.DutyRole,
}
_NUMBERS = {
    "open_ms": instants.OPEN_MS,
    "begin_ms": instants.BEGIN_MS,
    "unknown_ms": instants.UNKNOWN_MS,
    "local_offset_ms": instants.LOCAL_OFFSET_MS,
    "day_ms": instants.DAY_MS,
    "phone_rank": keys.PHONE_RANK,
    "rank_shift": keys.RANK_SHIFT,
    "first_vehicle": int(codes.FIRST_VEHICLE),
    "numeric_max": NUMERIC_MAX,
}

_INT, _TEXT, _BOOL = pa.int64(), pa.string(), pa.bool_()
_RULE = {"pack": _INT, "rule": _TEXT, "category": _TEXT, "result": _INT, "overlap_min_ms": _INT, "below": _INT}
_SCHEMAS: dict[str, dict[str, pa.DataType]] = {
    "packs": {
        "pack": _INT, "name": _TEXT, "since_day": _INT, "until_day": _INT, "lookback_days": _INT,
        "days_after_anchor_max": _INT, "last_negative_opens": _BOOL, "sealed_assumed": _BOOL,
        "symptoms_enabled": _BOOL, "symptoms_rule": _TEXT, "symptoms_category": _TEXT, "symptoms_result": _INT,
        "secondary_enabled": _BOOL, "secondary_rule": _TEXT, "secondary_category": _TEXT,
        "secondary_overlap_min_ms": _INT, "secondary_kinds": pa.list_(_INT), "secondary_categories": pa.list_(_TEXT),
        "companion_enabled": _BOOL, "companion_rule": _TEXT, "companion_lookback_days": _INT, "companion_in": _TEXT,
        "companion_together_ms": _INT, "companion_stay_ms": _INT, "pool_enabled": _BOOL, "pool_rule": _TEXT,
        "medicine_enabled": _BOOL, "medicine_rule": _TEXT, "medicines": pa.list_(_INT),
        "checked_in_days_min": _INT, "checked_in_days_max": _INT, "case_statuses": pa.list_(_INT),
        "transfer_rule": _TEXT, "case_limit_ms": _INT, "close_limit_ms": _INT, "secondary_limit_ms": _INT,
        "warning_ms": _INT, "answer_ms": pa.list_(_INT), "floors": _INT, "floor_restart_days": _INT,
        "cleaning_ms": _INT,
    },
    "finding_rules": {"pack": _INT, "kind": _TEXT, "rule": _TEXT},
    "dwell": {"pack": _INT, "kind": _INT, "dwell_ms": _INT},
    "place_rules": {**_RULE, "kind": _INT},
    "ride_rules": {
        **_RULE, "kind": _INT, "sealed": _BOOL, "scope": _TEXT, "distance": _INT, "soft_sleeper_scope": _TEXT,
        "rest": _INT,
    },
    "management": {
        "pack": _INT, "class": _INT, "isolation_days": _INT, "isolation_mode": _TEXT, "monitoring_days": _INT,
        "test_days": pa.list_(_INT),
    },
}  # fmt: skip
# As days: the first pack of a series also stands for the time before it, the last for the time after it.
_BEFORE_ALL, _AFTER_ALL = instants.UNKNOWN_MS, instants.OPEN_MS


def answer(
    records: pa.Table, facts: dict[str, pa.Table], packs: PackSeries, *, threads: int | None = None
) -> dict[str, pa.Table]:
    """The raw current view (schemas.views.raw_schema(view) for each of VIEWS), rows in canonical order (sorted by
    all columns left to right).

    Shape: `records` as RECORD_SCHEMA, any order, duplicates and superseded versions included; `facts[table]` has
    `row`, the index into `records`, and the columns of FACT_COLUMNS[table]; a missing table is an empty one.
    """
    with duckdb.connect() as con:
        if threads is not None:
            con.execute(f"SET threads = {int(threads)}")
        con.create_function("contact_id", _contact_id, ["BIGINT"] * 3, "BIGINT", type=PythonUDFType.ARROW)
        _hand_over(con, records, facts, packs)
        for section in SECTIONS:
            con.execute((resources.files(__package__) / f"{section}.sql").read_text(encoding="utf-8"))
        return {view: _view(con, view) for view in VIEWS}


def _contact_id(degree: pa.ChunkedArray, source: pa.ChunkedArray, contact: pa.ChunkedArray) -> pa.Array:
    return pa.array(keys.mix(*(np.asarray(column) for column in (degree, source, contact))))


def constants() -> dict[str, int]:
    """Codes and sentinels by the names of their macros, such as `flag_crew`."""
    words = {f"{prefix}_{word.name}": int(word) for prefix, words in _WORDS.items() for word in words}
    return words | _NUMBERS


def _hand_over(
    con: duckdb.DuckDBPyConnection, records: pa.Table, facts: dict[str, pa.Table], packs: PackSeries
) -> None:
    """Constants become macros such as `flag_crew()`, tables become `raw_…` and the packs' own."""
    for name, number in constants().items():
        con.execute(f"CREATE TEMP MACRO {name}() AS {number}::BIGINT")
    said = records.select(["rec", "version", "withdrawn", "digest", "event_ms"])
    con.register("raw_records", said.append_column("row", pa.array(np.arange(len(records), dtype=np.int64))))
    for table, columns in FACT_COLUMNS.items():
        schema = pa.schema([(name, pa.int64()) for name in ("row", *columns)])
        rows = facts[table].select(schema.names) if table in facts else schema.empty_table()
        con.register(f"raw_{table}", rows)
    for name, rows in pack_tables(packs).items():
        con.register(name, rows)


def _view(con: duckdb.DuckDBPyConnection, view: str) -> pa.Table:
    schema = raw_schema(view)
    columns = ", ".join(f'"{name}"' for name in schema.names)
    found = con.execute(f"SELECT {columns} FROM view_{view} ORDER BY ALL").to_arrow_table()
    arrays = [found.column(f.name).combine_chunks().cast(f.type) for f in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def pack_tables(series: PackSeries) -> dict[str, pa.Table]:
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in _SCHEMAS}
    starts = [_BEFORE_ALL, *(instants.day_number(p.in_force_since) for p in series.packs[1:]), _AFTER_ALL]
    for index, (pack, (since, until)) in enumerate(zip(series.packs, pairwise(starts), strict=True)):
        rows["packs"].append({"since_day": since, "until_day": until, **_numbers(pack), **_transfer(pack)})
        rows["dwell"] += [
            {"kind": codes.PlaceKind[kind], "dwell_ms": minutes.value * 60_000}
            for kind, minutes in pack.dwell_minutes.items()
        ]
        rows["place_rules"] += [{"kind": codes.PlaceKind[kind], **_rule(rule)} for kind, rule in pack.place.items()]
        rows["ride_rules"] += _rides(pack)
        rows["finding_rules"] += [{"kind": k, "rule": f.rule} for k, f in pack.findings.rules() if f.enabled]
        rows["management"] += [
            {
                "class": codes.PersonClass[name],
                **m.model_dump(include={"isolation_days", "isolation_mode", "monitoring_days", "test_days"}),
            }
            for name, m in pack.management.items()
        ]
        for row in (row for table in rows.values() for row in table):
            row.setdefault("pack", index)
    return {name: pa.Table.from_pylist(rows[name], pa.schema(list(_SCHEMAS[name].items()))) for name in _SCHEMAS}


def _rule(rule: Any) -> dict[str, Any]:
    return {
        "rule": rule.rule,
        "category": rule.category,
        "result": codes.PersonClass[rule.result],
        "overlap_min_ms": rule.overlap_s_min * 1000,
        "below": codes.PersonClass[rule.below],
    }


def _rides(pack: Pack) -> list[dict[str, Any]]:
    """One row for each mode, sealed or not."""
    found = []
    for kind in (k for k in codes.PlaceKind if k >= codes.FIRST_VEHICLE):
        for sealed in (True, False):
            ride = pack.ride_rule(kind.name, sealed)
            how = ride.model_dump(include={"scope", "distance", "soft_sleeper_scope"})
            found.append({"kind": kind, "sealed": sealed, "rest": codes.PersonClass[ride.rest], **how, **_rule(ride)})
    return found


def _numbers(pack: Pack) -> dict[str, Any]:
    symptoms, secondary, companion = pack.symptoms, pack.secondary, pack.companion
    return {
        "name": pack.name,
        "lookback_days": pack.window.lookback_days.value,
        "days_after_anchor_max": pack.window.days_after_anchor_max.value,
        "last_negative_opens": pack.window.last_negative_opens.value,
        "sealed_assumed": pack.sealed_assumed.value,
        "symptoms_enabled": symptoms.enabled,
        "symptoms_rule": symptoms.rule,
        "symptoms_category": symptoms.category,
        "symptoms_result": codes.PersonClass[symptoms.result],
        "secondary_enabled": secondary.enabled,
        "secondary_rule": secondary.rule,
        "secondary_category": secondary.category,
        "secondary_overlap_min_ms": secondary.overlap_s_min * 1000,
        "secondary_kinds": [codes.PlaceKind[kind] for kind in secondary.kinds],
        "secondary_categories": list(secondary.categories),
        "companion_enabled": companion.enabled.value,
        "companion_rule": companion.rule,
        "companion_lookback_days": companion.lookback_days.value,
        "companion_in": companion.together_in.value,
        "companion_together_ms": companion.together_minutes_over.value * 60_000,
        "companion_stay_ms": companion.stay_hours_over.value * 3_600_000,
        "pool_enabled": pack.pool_hold.enabled,
        "pool_rule": pack.pool_hold.rule,
        "medicine_enabled": pack.medicine_hold.enabled,
        "medicine_rule": pack.medicine_hold.rule,
        "medicines": [codes.Medicine[medicine] for medicine in pack.medicine_hold.medicines],
        "checked_in_days_min": pack.findings.transfer_done.days_min,
        "checked_in_days_max": pack.findings.transfer_done.days_max,
        "case_statuses": [codes.EpidemicStatus[status] for status in pack.findings.case_as_contact.statuses],
    }


def _transfer(pack: Pack) -> dict[str, Any]:
    rules = pack.transfer
    levels = ("building", "grid", "secretary", "cadre")
    return {
        "transfer_rule": rules.rule,
        **{f"{c}_limit_ms": getattr(rules, f"{c}_hours").value * 3_600_000 for c in ("case", "close", "secondary")},
        "warning_ms": rules.warning_minutes.value * 60_000,
        "answer_ms": [getattr(rules, f"answer_{level}_minutes").value * 60_000 for level in levels],
        "floors": rules.floors.value,
        "floor_restart_days": rules.floor_restart_days.value,
        "cleaning_ms": rules.cleaning_minutes.value * 60_000,
    }
