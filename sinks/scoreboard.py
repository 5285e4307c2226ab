"""Scoreboard: how complete, late and silent each feed is, by source and hour of the event (rules.md section 14).

In: a connection to a lake's catalog, what is expected of each source. Out: one row for each source, with its hours.
Invariant: a function of the set of records: copies count once, and of a record the version that stands. It is counted
when it is asked for and nothing is kept, so the intake pays no more than two columns for it.
Deliberately absent: the clock. The latest hour is one that two sources have reached, so that one wrong date is not it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import duckdb

from schemas.decode import fields_of
from schemas.departments import EXPECTED, sources
from schemas.departments.drafting import PEOPLE
from schemas.departments.forging import Expected
from schemas.instants import HOUR_MS, LOCAL_OFFSET_MS, UNKNOWN_MS

Profile = Literal["emergency", "routine"]
Row = dict[str, Any]
DAY_HOURS = 24
_HEARD = f"""
CREATE OR REPLACE TEMP TABLE heard AS
WITH
  said AS (
    SELECT rec, source, version, withdrawn, digest, event_ms, bit_or(given) AS given,
           min(ingest_ms) FILTER (WHERE ingest_ms <> {UNKNOWN_MS}) - event_ms AS late_ms
    FROM records GROUP BY rec, source, version, withdrawn, digest, event_ms
  ),
  latest AS (
    SELECT * FROM said
    QUALIFY row_number() OVER (PARTITION BY rec ORDER BY version DESC, withdrawn DESC, digest DESC) = 1
  )
SELECT source, withdrawn, given, late_ms,
       CAST(floor((event_ms + {LOCAL_OFFSET_MS}) / {HOUR_MS}::DOUBLE) AS BIGINT) AS hour
FROM latest
"""
_LATE = "count(late_ms), quantile_disc(late_ms, 0.5), quantile_disc(late_ms, 0.95)"


@dataclass(frozen=True)
class Hours:
    """The records of one source: by local hour since 1970, how many, and which fields they give."""

    records: dict[int, int]
    told: dict[int, dict[str, int]]


def scoreboard(db: duckdb.DuckDBPyConnection, profile: Profile, people: int = PEOPLE) -> list[Row]:
    """One row for each source that is expected. `people`: how many live where the records come from; what is
    expected of a day is meant for a district of PEOPLE. Units: seconds for lateness, epoch milliseconds for hours."""
    db.execute(_HEARD)
    late, hourly = _lateness(db, "source"), _lateness(db, "source, hour")
    withdrawn = dict(db.execute("SELECT source, count(*) FROM heard WHERE withdrawn GROUP BY source").fetchall())
    heard = _heard(db)
    now = _now([max(hours.records) for hours in heard.values() if hours.records])
    rejects = _grouped(db, "SELECT source, reason || CASE WHEN field <> '' THEN ' ' || field ELSE '' END, count(*) "
                           "FROM rejects WHERE status = 'open' GROUP BY ALL ORDER BY 3 DESC, 2")  # fmt: skip
    findings = _grouped(db, "SELECT split_part(record, '/', 1), kind, count(*) FROM findings GROUP BY ALL "
                            "ORDER BY 3 DESC, 2")  # fmt: skip
    rows = []
    for source, expected in EXPECTED.items():
        rate = hourly_rate(expected, profile, people)
        hours = heard[source]
        rows.append({
            "source": source, "records": sum(hours.records.values()), "withdrawn": withdrawn.get(source, 0),
            **_volume(hours, expected, rate, now), **_fill(hours, list(hours.records), expected),
            **_late(late.get((source,)), expected), "rejects": rejects.get(source, {}),
            "findings": findings.get(source, {}),
            "hours": [
                {"hour_at_ms": _starts(h), "records": n, "expected": round(rate, 1) if _open(h, expected) else 0.0,
                 **_fill(hours, [h], expected), **_late(hourly.get((source, h)), expected)}
                for h, n in sorted(hours.records.items())
            ],
        })  # fmt: skip
    return rows


def hourly_rate(expected: Expected, profile: Profile, people: int) -> float:
    """How many records of a source are expected in each of its hours."""
    return expected.per_day[profile] * people / PEOPLE / (expected.hours[1] - expected.hours[0])


def _heard(db: duckdb.DuckDBPyConnection) -> dict[str, Hours]:
    """Every source's records by hour. Few combinations of fields are given, so they are counted, not the fields."""
    models = {source: fields_of(model) for source, model in sources().items()}
    bits = {source: {f.name: f.bit for f in fields if f.bit >= 0} for source, fields in models.items()}
    heard = {source: Hours({}, {}) for source in bits}
    rows = db.execute("SELECT source, hour, given, count(*) FROM heard WHERE NOT withdrawn GROUP BY ALL").fetchall()
    for source, hour, given, count in rows:
        records, told = heard[source].records, heard[source].told
        records[hour] = records.get(hour, 0) + count
        mine = told.setdefault(hour, dict.fromkeys(bits[source], 0))
        for name, bit in bits[source].items():
            mine[name] += count * (given >> bit & 1)
    return heard


def _now(last: list[int]) -> int | None:
    """The latest hour that two sources have reached; of one source alone, its own."""
    return sorted(last)[-2:][0] if last else None


def _volume(hours: Hours, expected: Expected, rate: float, now: int | None) -> Row:
    """Records expected from the source's first hour on, and in which hours it should have spoken and did not."""
    if not hours.records or now is None:
        return {"expected": None, "silent_hours": 0, "silent_at_ms": [], "silent_since_ms": None, "missed": 0}
    first, last = min(hours.records), max(hours.records)
    due = [hour for hour in _hours(first, now) if _open(hour, expected)]
    # Where less than one record an hour is expected, an hour without one says nothing.
    silent = [hour for hour in due if hour not in hours.records] if rate >= 1 else []
    since = [hour for hour in silent if hour > last]
    return {
        "expected": round(rate * len(due)),
        "silent_hours": len(silent),
        "silent_at_ms": [_starts(hour) for hour in silent],
        "silent_since_ms": _starts(since[0]) if since else None,
        "missed": round(rate * len(since)),
    }


def _hours(first: int, last: int) -> Iterator[int]:
    yield from range(first, last + 1)


def _open(hour: int, expected: Expected) -> bool:
    """Whether records of this source happen in that local hour."""
    return expected.hours[0] <= hour % DAY_HOURS < expected.hours[1]


def _starts(hour: int) -> int:
    return hour * HOUR_MS - LOCAL_OFFSET_MS


def _fill(hours: Hours, chosen: list[int], expected: Expected) -> Row:
    """How much of what is expected in optional fields is there; more of one does not make up for another."""
    count = sum(hours.records[hour] for hour in chosen)
    wanted = sum(expected.fill.values())
    if count == 0 or wanted == 0:
        return {"completeness": None, "fields": {}}
    shares = {name: sum(hours.told[hour][name] for hour in chosen) / count for name in expected.fill}
    there = sum(min(share, expected.fill[name]) for name, share in shares.items())
    lacking = {n: (round(s, 3), expected.fill[n]) for n, s in shares.items() if s < expected.fill[n]}
    worst = sorted(lacking.items(), key=lambda item: item[1][0] / item[1][1])
    return {
        "completeness": round(there / wanted, 4),
        "fields": {name: {"told": told, "expected": share} for name, (told, share) in worst},
    }


def _late(found: tuple[int, int, int] | None, expected: Expected) -> Row:
    middle, late = expected.lateness_s
    count, half, most = found or (0, None, None)
    return {
        "timed": count,
        "late_median_s": None if half is None else half // 1000,
        "late_p95_s": None if most is None else most // 1000,
        "late_median_expected_s": middle,
        "late_p95_expected_s": late,
    }


def _lateness(db: duckdb.DuckDBPyConnection, keys: str) -> dict[tuple[Any, ...], tuple[int, int, int]]:
    rows = db.execute(f"SELECT {keys}, {_LATE} FROM heard WHERE NOT withdrawn GROUP BY {keys}").fetchall()
    return {row[:-3]: row[-3:] for row in rows}


def _grouped(db: duckdb.DuckDBPyConnection, sql: str) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for source, word, count in db.execute(sql).fetchall():
        found.setdefault(source, {})[word] = count
    return found
