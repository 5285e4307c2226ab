"""Ways: what a snapshot says of transfers, gathered for whoever lists or explains them.

In: a lake's current snapshot. Out: the present instant, the queue in its order, whole ways with their proof.
Invariant: read-only; the same order as a plan takes: the nearest deadline first.
Deliberately absent: words (brain/transfer_words.py, transfer_claims.py), and tables (streams/commands/).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from brain.claims import Claim
from brain.transfer_claims import Taken, Way, way_claim
from brain.transfer_words import WAITS_FOR
from schemas.keys import pseudonym
from schemas.policy import PackSeries
from schemas.transfers import Purpose
from streams.current import Current
from streams.holders import find_identity
from streams.proof import PackNamed, find_origins, standing_facts

Row = dict[str, Any]
_RANK = {"case": 3, "close": 2, "secondary": 1}
_FOREVER = 1 << 62


def present_ms(current: Current) -> int | None:
    """The greatest instant that has come, by the ticks; None without any."""
    return max((at for (at,) in standing_facts(current, "ticks", ("at_ms",))), default=None)


def late_ms(way: Row, now_ms: int | None) -> int | None:
    """How long after its deadline a way ended, or how late it is now; below zero is what was or is left. None while
    nobody knows."""
    seen = way["ended_at_ms"] if way["ended_at_ms"] is not None else now_ms
    return None if seen is None or way["due_at_ms"] is None else int(seen - way["due_at_ms"])


def queue(ways: list[Row]) -> Iterator[tuple[Row, tuple[str, str]]]:
    """The ways that wait for something, in order, each with what put it behind the one before it."""
    waiting = sorted((way for way in ways if way["state"] in WAITS_FOR), key=_order)
    before: Row | None = None
    for way in waiting:
        yield way, _why(before, way)
        before = way


def _order(way: Row) -> tuple[int, int, int, str]:
    return _instant(way["due_at_ms"]), -_RANK.get(way["class"], 0), _instant(way["needed_at_ms"]), way["person"]


def _instant(ms: int | None) -> int:
    return _FOREVER if ms is None else ms


def _why(before: Row | None, way: Row) -> tuple[str, str]:
    if way["due_at_ms"] is None:
        return "无期限", "no deadline"
    if before is None:
        return "期限最早", "due first"
    if before["due_at_ms"] != way["due_at_ms"]:
        return "期限较晚", "due later"
    if before["class"] != way["class"]:
        return "同期限，类别较低", "same, lesser class"
    if before["needed_at_ms"] != way["needed_at_ms"]:
        return "同期限同类别，较晚提出", "same, needed later"
    return "其余相同，按编号", "same, by code"


def way_claims(current: Current, person: str, packs: PackSeries, pack_named: PackNamed) -> list[Claim]:
    """Each way of a person, explained; none if they have none."""
    rows = current.rows("transfers", person=person)
    if not rows:
        return []
    steps, told = current.rows("transfer_steps", person=person), current.rows("escalations", person=person)
    taken = _taken(current, person)
    records = [name for step in steps for name in step["records"]]
    records += [each.record for found in taken.values() for each in found]
    origins, now_ms = find_origins(current, records, packs).at, present_ms(current)
    return [
        way_claim(
            Way(row, _of(steps, row), _of(told, row), taken.get(row["purpose"], []), now_ms),
            pack_named(row["pack"]),
            origins,
        )
        for row in rows
    ]


def _of(rows: list[Row], way: Row) -> list[Row]:
    found = [row for row in rows if row["purpose"] == way["purpose"]]
    return sorted(found, key=lambda row: (row.get("number", 0), row.get("raised_at_ms", 0), row.get("level", 0)))


def _taken(current: Current, person: str) -> dict[str, list[Taken]]:
    """Who has taken a person's transfers on, by purpose, the first one first."""
    columns = ("rec", "ident", "purpose", "by", "at_ms")
    rows = np.array(standing_facts(current, "acks", columns), np.int64).reshape(-1, len(columns))
    if not len(rows):
        return {}
    identity, _ = find_identity(current)
    rows = rows[[pseudonym(int(p)) == person for p in identity.resolve(rows[:, 1], rows[:, 4])]]
    owners = identity.resolve(rows[:, 3], rows[:, 4])
    names = _names(current, rows[:, 0].tolist())
    found: dict[str, list[Taken]] = {}
    for at in np.argsort(rows[:, 4], kind="stable"):
        rec, _, purpose, _, at_ms = rows[at].tolist()
        found.setdefault(Purpose(purpose).name, []).append(Taken(pseudonym(int(owners[at])), at_ms, names[rec]))
    return found


def _names(current: Current, recs: list[int]) -> dict[int, str]:
    with current.facts() as db:
        sql = "SELECT rec, min(source || '/' || record_id) FROM records WHERE rec IN (SELECT unnest(?)) GROUP BY rec"
        return dict(db.execute(sql, [recs]).fetchall())
