"""Tally: scores a drill: runs the sections in their order and gathers what they found.

In: both sides of a drill. Out: `Score`.
Invariant: the truth is read after the view was published, and changes nothing in it. Nothing of brain/ is called: the
judge takes cases and their windows as the view gives them, and works out pairs by docs/rules.md on its own.
Deliberately absent: a verdict on people; nobody can find what no department wrote down.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from replay.score.ground import Sides, run_section, stand_on
from replay.score.quality import lay_out
from replay.score.tree import Bound, Example, Figure, Score

EXAMPLES = 5
"""How many pairs of each reason are shown."""
_ABOUT = ("snapshot", "digest", "packs", "records", "key_id", "lake_id")
_EXAMPLES = """
    SELECT * FROM (
      SELECT '{side}' AS side, reason, degree, {source} AS source_person, {contact} AS contact_person,
             {records} AS records,
             row_number() OVER (PARTITION BY reason, degree ORDER BY {source}, {contact}) AS n
      FROM {side} e LEFT JOIN own_codes a ON a.person = e.source LEFT JOIN own_codes b ON b.person = e.contact
    ) WHERE n <= {most} ORDER BY reason, degree, n"""

_LOST = """
    SELECT * FROM (
      SELECT 'case_lost' AS side, reason, 0 AS degree, coalesce(a.code, '') AS source_person, '' AS contact_person,
             records, row_number() OVER (PARTITION BY reason ORDER BY a.code) AS n
      FROM lost_cases e LEFT JOIN own_codes a USING (person)
    ) WHERE n <= {most} ORDER BY reason, n"""


def score_drill(sides: Sides, tell: Callable[[str], None] = lambda _section: None) -> Score:
    """The score of a drill whose records the lake has read. `tell`: told the name of each section as it begins."""
    played = json.loads((sides.truth / "played.json").read_bytes())
    with stand_on(sides) as db:
        for section in ("judged", "presences"):
            tell(section)
            run_section(db, section)
        for side in ("true", "told", "known"):
            tell(side)
            run_section(db, "pairs", side=side)
        moved = ("transfers",) if (sides.truth / "transfer_legs.parquet").is_file() else ()
        for section in ("listed", "exceptions", "cases", "found", "delays", "costs", *moved):
            tell(section)
            run_section(db, section)
        tell("quality")
        feeds = lay_out(db, played.get("plan") or {})
        run_section(db, "quality")
        figures = _figures(db)
        examples = _examples(db)
    manifest = json.loads((sides.lake / "current" / "manifest.json").read_bytes())
    lake = {name: manifest[name] for name in _ABOUT if name in manifest}
    return Score(played, lake, figures, examples, bounds_of(expected_of(played), figures), feeds)


def _figures(db: duckdb.DuckDBPyConnection) -> tuple[Figure, ...]:
    rows = db.execute('SELECT * FROM figures ORDER BY figure, "group"').fetchall()
    return tuple(Figure(*row) for row in rows)


def _examples(db: duckdb.DuckDBPyConnection) -> tuple[Example, ...]:
    db.execute("CREATE TEMP TABLE own_codes AS SELECT person, code FROM codes WHERE kind = 'resident_id'")
    found: list[Example] = []
    for side, records in (("missing", "records"), ("extra", "records"), ("unrecorded", "[]::VARCHAR[]")):
        names = ("coalesce(source_person, a.code)", "coalesce(contact_person, b.code)")
        source, contact = names if side == "extra" else ("a.code", "b.code")
        sql = _EXAMPLES.format(side=side, source=source, contact=contact, records=records, most=EXAMPLES)
        found += _read(db, sql)
    return tuple(found + _read(db, _LOST.format(most=EXAMPLES)))


def _read(db: duckdb.DuckDBPyConnection, sql: str) -> list[Example]:
    return [Example(row[0], row[1], row[2], row[3], row[4], tuple(row[5])) for row in db.execute(sql).fetchall()]


def expected_of(played: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    """The bounds of the plan that a drill was made from."""
    plan = played.get("plan") or {}
    return {name: (float(low), float(high)) for name, (low, high) in (plan.get("expect") or {}).items()}


def bounds_of(expect: Mapping[str, tuple[float, float]], figures: tuple[Figure, ...]) -> tuple[Bound, ...]:
    """Each bound with the figure it is about: `recall_true`, or with a group `recall_true.kind/household`."""
    values = {f"{f.figure}.{f.group}" if f.group else f.figure: f.value for f in figures}
    return tuple(Bound(name, low, high, values.get(name)) for name, (low, high) in sorted(expect.items()))


def write_score(score: Score, folder: Path) -> None:
    """`score.json` and `score.parquet` in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "score.json").write_bytes(score.to_json())
    pq.write_table(score.to_table(), folder / "score.parquet")
