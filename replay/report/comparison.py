"""Comparison: two runs side by side: two packs on one drill, or two seeds of one plan.

In: the scores and the published persons and contacts of two runs. Out: `Comparison`; JSON, and one HTML page.
Invariant: people are compared one by one only where both runs read the same records; else totals alone. No code of a
person is ever shown.
Deliberately absent: which of the two is better.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pyarrow.parquet as pq

from replay.score.people import name_people
from replay.score.tree import Score
from replay.truth import open_truth
from schemas.instants import DAY_MS, LOCAL_OFFSET_MS
from schemas.keys import Key
from sinks.disk import glob_safe
from sinks.store import CLOSED_NETWORK

Modes = Mapping[tuple[str, str], str]
"""How a class is isolated under a pack: (pack, class) → central, home or none."""
CENTRAL = "central"
FIGURES = (
    "infected", "case_recall", "pairs_true", "pairs_observable", "pairs_listed", "recall_true", "recall_observable",
    "precision_true", "hours_reported_to_listed", "listed_within_24h", "known_before_case", "infections_undetected",
    "lost_to_follow_up", "holds", "holds_needless", "leads",
)  # fmt: skip
_STAYS = f"""
    SELECT class, pack, (coalesce(isolated_at_ms, last_exposure_at_ms) + {LOCAL_OFFSET_MS}) // {DAY_MS} AS since_day,
           (isolate_until_ms + {LOCAL_OFFSET_MS}) // {DAY_MS} AS until_day
    FROM read_parquet('{{file}}')
    WHERE isolate_until_ms IS NOT NULL AND coalesce(isolated_at_ms, last_exposure_at_ms) IS NOT NULL"""


@dataclass(frozen=True)
class Run:
    """One run. `modes`: of the packs it was concluded by."""

    name: str
    truth: Path
    snapshot: Path
    key: Key
    score: Score
    modes: Modes

    @property
    def packs(self) -> str:
        return ", ".join(self.score.lake.get("packs") or ())


@dataclass(frozen=True)
class Side:
    """What a run amounts to. `people`, `contacts`: by class; `places`: people in isolation by mode and local day;
    `person_days`: their sum by mode."""

    name: str
    packs: str
    people: dict[str, int]
    contacts: dict[str, int]
    places: dict[str, dict[str, int]]
    person_days: dict[str, int]

    def peak(self, mode: str) -> tuple[str, int]:
        """The first day on which most people are isolated so, and how many."""
        by_day = self.places.get(mode) or {"": 0}
        day = max(sorted(by_day), key=lambda d: by_day[d])
        return day, by_day[day]


@dataclass(frozen=True)
class Comparison:
    """`moved`: people by class in the first and in the second run, "none" where a run does not name them; None where
    the runs read different records. `figures`: by name and group, of both."""

    first: Side
    second: Side
    figures: dict[str, tuple[float | None, float | None]]
    moved: dict[tuple[str, str], int] | None

    @property
    def days(self) -> list[str]:
        """Every local day on which anybody is isolated in either run."""
        named = {day for side in (self.first, self.second) for by_day in side.places.values() for day in by_day}
        if not named:
            return []
        first, last = date.fromisoformat(min(named)), date.fromisoformat(max(named))
        return [(first + timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]

    def to_json(self) -> bytes:
        moved = None if self.moved is None else [
            {"first": one, "second": other, "people": count} for (one, other), count in sorted(self.moved.items())
        ]  # fmt: skip
        sides = [vars(side) for side in (self.first, self.second)]
        body: dict[str, Any] = {"version": 1, "runs": sides, "figures": self.figures, "moved": moved}
        return orjson.dumps(body, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def compare(first: Run, second: Run) -> Comparison:
    """The two runs side by side."""
    figures = {}
    for name in FIGURES:
        for group in sorted({*first.score.groups(name), *second.score.groups(name)}):
            if group and not group.startswith(("degree/", "p50", "p95")):
                continue
            pair = [run.score.of(name, group) for run in (first, second)]
            key = f"{name}.{group}" if group else name
            figures[key] = (pair[0].value if pair[0] else None, pair[1].value if pair[1] else None)
    return Comparison(_side(first), _side(second), figures, _moved(first, second))


def _side(run: Run) -> Side:
    def counted(view: str) -> dict[str, int]:
        column = pq.read_table(run.snapshot / f"{view}.parquet", columns=["class"])["class"]
        counts = {str(row["values"]): int(row["counts"]) for row in column.value_counts().to_pylist()}
        return dict(sorted(counts.items()))

    places: dict[str, dict[str, int]] = {}
    with duckdb.connect(config=CLOSED_NETWORK) as db:
        file = glob_safe(run.snapshot / "persons.parquet").replace("'", "''")
        days = f"SELECT class, pack, unnest(range(since_day, until_day)) AS day FROM ({_STAYS.format(file=file)})"
        sql = f"SELECT class, pack, day, count(*) FROM ({days}) GROUP BY ALL ORDER BY ALL"
        for word, pack, day, people in db.execute(sql).fetchall():
            mode = run.modes.get((pack, word), "none")
            text = (date(1970, 1, 1) + timedelta(days=day)).isoformat()
            by_day = places.setdefault(mode, {})
            by_day[text] = by_day.get(text, 0) + people
    totals = {mode: sum(by_day.values()) for mode, by_day in places.items()}
    return Side(run.name, run.packs, counted("persons"), counted("contacts"), places, totals)


def _moved(first: Run, second: Run) -> dict[tuple[str, str], int] | None:
    """Who is what in either run, by person of the city."""
    records = [run.score.drill.get("sha256") for run in (first, second)]
    if not records[0] or records[0] != records[1]:
        return None
    one, other = _classes(first), _classes(second)
    moved: dict[tuple[str, str], int] = {}
    for person in one.keys() | other.keys():
        pair = one.get(person, "none"), other.get(person, "none")
        moved[pair] = moved.get(pair, 0) + 1
    return moved


def _classes(run: Run) -> dict[int, str]:
    """The class of each person of the city whom the run names by their own code."""
    with open_truth(run.truth) as db:
        person, resident = db.execute("SELECT person, resident_id FROM people").to_arrow_table().columns
    named = name_people(person.to_numpy(), resident.to_pylist(), run.key, [])
    number = dict(zip(named["code"].to_pylist(), named["person"].to_pylist(), strict=True))
    rows = pq.read_table(run.snapshot / "persons.parquet", columns=["person", "class"]).to_pylist()
    return {number[row["person"]]: row["class"] for row in rows if row["person"] in number}
