"""Quality: how good a drill's feeds were, and which of the faults planted in it show themselves, and where.

In: the connection of a score, the drill's plan. Out: tables for quality.sql; what came of each source by hour.
Invariant: the scoreboard is that of `brain quality` (sinks/scoreboard.py), for the plan's profile and people; what is
planted is read from the truth alone.
Deliberately absent: faults of which records say nothing to anybody (UNSEEN); nobody is blamed for not showing those.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa

from replay.faults.catalogue import aims_at
from replay.plan import Fault
from replay.score.tree import Feed
from schemas.departments import EXPECTED
from schemas.departments.drafting import PEOPLE
from schemas.instants import DAY_MS, HOUR_MS, LOCAL_OFFSET_MS, day_number, day_start
from sinks.scoreboard import DAY_HOURS, Profile, Row, hourly_rate, scoreboard

SIGNS: dict[str, tuple[str, str]] = {
    "reject": ("退回", "a refused line"),
    "finding": ("数据问题", "a finding"),
    "review": ("待人工核实", "a review"),
    "withdrawn": ("撤回数", "the count of withdrawn records"),
    "late": ("迟到：该时段第九十五百分位超过应有两倍", "lateness: p95 of its hour is more than twice what is expected"),
    "silence": ("中断的小时", "silent hours"),
    "field": ("缺字段：少于应有的九成", "a lacking field: less than nine tenths of what is expected"),
}
"""Where a fault shows itself. The two thresholds, here and in quality.sql, are design assumptions [D]."""
SHOWN_BY: dict[str, tuple[str, ...]] = {
    "swapped_digits": ("reject",), "masked_ids": ("reject",), "unknown_codes": ("reject",), "broken_lines": ("reject",),
    "withdrawn_positives": ("withdrawn", "finding"), "shared_phones": ("review",), "late": ("late",),
    "lost_and_back": ("late",), "lost_for_good": ("silence",), "missing_ends": ("field",),
}  # fmt: skip
"""By which signs each kind of fault ought to show itself."""
UNSEEN: dict[str, tuple[str, str]] = {
    "duplicated_lines": ("副本只计一次", "copies count once"),
    "duplicated_day": ("副本只计一次", "copies count once"),
    "out_of_order": ("次序不改变结论", "order changes nothing"),
    "amended_onsets": ("以最后版本为准", "the last version counts"),
    "clock_skew": ("没有别的记录可以对照", "no other record tells otherwise"),
    "wrong_seat": ("没有别的记录可以对照", "no other record tells otherwise"),
    "garbled_names": ("名称不作判定；有代码者以代码为准", "names decide nothing where a code stands beside them"),
}
"""Why other kinds show nowhere."""
_BOARD = pa.schema(
    [
        ("source", pa.string()), ("records", pa.int64()), ("withdrawn", pa.int64()), ("expected", pa.int64()),
        ("silent_hours", pa.int64()), ("missed", pa.int64()), ("completeness", pa.float64()),
        ("timed", pa.int64()), ("late_median_s", pa.int64()), ("late_p95_s", pa.int64()),
    ]
)  # fmt: skip
_HOURS = pa.schema([("source", pa.string()), *((n, pa.int64()) for n in ("hour_at_ms", "records", "late_p95_s"))])
_FIELDS = pa.schema([("source", pa.string()), ("field", pa.string()), ("told", pa.float64()), ("due", pa.float64())])
_LOST = pa.schema([("source", pa.string()), ("hour_at_ms", pa.int64()), ("silent", pa.bool_())])


def lay_out(db: duckdb.DuckDBPyConnection, plan: Mapping[str, Any]) -> tuple[Feed, ...]:
    """Tables `board`, `board_hours`, `board_fields` and `lost_hours`; the sources that were heard, by hour."""
    profile: Profile = plan.get("profile") or "emergency"
    people = int(plan.get("residents") or PEOPLE)
    db.execute("USE lake")
    try:
        rows = scoreboard(db, profile, people)
    finally:
        db.execute("USE memory")
    for row in rows:
        _cut(row, plan, profile, people)
    hours = [{"source": row["source"], **hour} for row in rows for hour in row["hours"]]
    fields = [
        {"source": row["source"], "field": name, "told": cell["told"], "due": cell["expected"]}
        for row in rows
        for name, cell in row["fields"].items()
    ]
    struck = {row[0] for row in db.execute("SELECT source FROM faults WHERE kind = 'lost_for_good'").fetchall()}
    lost = [cell for row in rows if row["source"] in struck for cell in _lost(row, plan, profile, people)]
    for name, made, schema in (
        ("board", rows, _BOARD), ("board_hours", hours, _HOURS), ("board_fields", fields, _FIELDS),
        ("lost_hours", lost, _LOST),
    ):  # fmt: skip
        db.register(name, pa.Table.from_pylist(made, schema))
    return tuple(_feed(row, plan, profile, people) for row in rows if row["hours"])


def _span(plan: Mapping[str, Any]) -> tuple[int, int] | None:
    """The first hour of the drill and the one after its last."""
    if "first_day" not in plan or "days" not in plan:
        return None
    first_ms = day_start(day_number(date.fromisoformat(str(plan["first_day"]))))
    return first_ms, first_ms + int(plan["days"]) * DAY_MS


def _cut(row: Row, plan: Mapping[str, Any], profile: Profile, people: int) -> None:
    """A drill ends, and its feeds with it: no silence after that."""
    since_ms, until_ms = _span(plan) or (0, max(row["silent_at_ms"], default=0) + HOUR_MS)
    silent = [at_ms for at_ms in row["silent_at_ms"] if since_ms <= at_ms < until_ms]
    missed = round(len(silent) * hourly_rate(EXPECTED[row["source"]], profile, people))
    row |= {"silent_at_ms": silent, "silent_hours": len(silent), "missed": missed}


def _lost(row: Row, plan: Mapping[str, Any], profile: Profile, people: int) -> list[dict[str, Any]]:
    """The whole hours in which nothing of a source was to arrive for good, of a source that is to speak in each hour
    and arrives within one: in others silence says nothing of that hour."""
    source, expected = row["source"], EXPECTED[row["source"]]
    if hourly_rate(expected, profile, people) < 1 or expected.lateness_s[1] * 1000 > HOUR_MS:
        return []
    found: set[int] = set()
    for told in plan.get("faults") or ():
        fault = Fault(told["kind"], tuple(told["sources"]), told["share"], told["options"])
        if fault.kind == "lost_for_good" and aims_at(fault, source):
            since_ms, until_ms = (int(fault.options[name]) for name in ("since_ms", "until_ms"))
            first_ms = -(-since_ms // HOUR_MS) * HOUR_MS
            found |= set(range(first_ms, until_ms - HOUR_MS + 1, HOUR_MS))
    silent = set(row["silent_at_ms"])
    low, high = expected.hours
    return [
        {"source": source, "hour_at_ms": at_ms, "silent": at_ms in silent}
        for at_ms in sorted(found)
        if low <= (at_ms + LOCAL_OFFSET_MS) // HOUR_MS % DAY_HOURS < high
    ]


def _feed(row: Row, plan: Mapping[str, Any], profile: Profile, people: int) -> Feed:
    """By the hours of the drill; where its plan tells none, by those from the source's first to its last."""
    counts = {hour["hour_at_ms"]: hour["records"] for hour in row["hours"]}
    since_ms, until_ms = _span(plan) or (min(counts), max([*counts, *row["silent_at_ms"]]) + HOUR_MS)
    records = tuple(counts.get(at_ms, 0) for at_ms in range(since_ms, until_ms, HOUR_MS))
    expected = round(hourly_rate(EXPECTED[row["source"]], profile, people), 2)
    return Feed(row["source"], expected, since_ms, records, tuple(row["silent_at_ms"]))
