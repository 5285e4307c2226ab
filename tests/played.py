"""Played: small drills, what the intake reads in them, and what the truth says of the same records.

In: a plan. Out: a folder of records and its truth; presences and links as the intake gives them.
Invariant: read as anybody's records are, with a key of the tests' own.
Deliberately absent: expected results.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from replay.plan import Plan, Profile
from replay.play import Played, write_drill
from replay.truth import open_truth
from schemas.decode import Reject
from schemas.intake import Intake
from tests.sources import KEY

RESIDENTS = 4_000
FIRST_DAY = date(2022, 3, 14)


def plan_of(profile: Profile, residents: int = RESIDENTS, days: int = 2, seed: int = 7, **more: Any) -> Plan:
    return Plan("small", ("小演练", "small"), ("", ""), seed, FIRST_DAY, days, residents, profile, **more)


@dataclass
class Read:
    """What the intake made of a drill. `presences`: (source, record id) → rows (ident, place, since, until, flags) of
    its standing version; `links`: carried token → owners."""

    rejects: list[Reject] = field(default_factory=list)
    presences: dict[tuple[str, str], list[tuple[int, ...]]] = field(default_factory=dict)
    links: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    unknown: dict[str, int] = field(default_factory=dict)


@dataclass
class Drill:
    plan: Plan
    folder: Path
    played: Played

    @cached_property
    def read(self) -> Read:
        found, intake = Read(), Intake(KEY)
        versions: dict[tuple[str, str], int] = {}
        for source, path in self.files():
            lines = path.read_bytes().splitlines()
            batch, rejects = intake.read(source, lines, path.name, np.arange(len(lines), dtype=np.int64))
            found.rejects += rejects
            found.unknown |= intake.take_unknown(source)
            ids = batch.records.column("record_id").to_pylist()
            number = batch.column("version").tolist()
            rows = batch.facts.get("presences", {})
            grouped = defaultdict(list)
            for row, *told in zip(*(rows[n].tolist() for n in ("row", *COLUMNS)), strict=True) if rows else ():
                grouped[row].append(tuple(told))
            for row, record in enumerate(ids):
                if versions.get((source, record), 0) < number[row]:
                    versions[source, record] = number[row]
                    found.presences[source, record] = grouped.get(row, [])
            links = batch.facts.get("links", {})
            for carried, owner in zip(links["carried"].tolist(), links["owner"].tolist(), strict=True) if links else ():
                found.links[carried].add(owner)
        return found

    def files(self) -> Iterator[tuple[str, Path]]:
        """Every file with its source, registers first."""
        paths = sorted(self.folder.iterdir(), key=lambda path: ("registers" not in path.name, path.name))
        for path in paths:
            _, department, record, _, _ = path.name.split(".")
            yield f"{department}.{record}", path

    def truth(self) -> duckdb.DuckDBPyConnection:
        return open_truth(self.folder.parent / f"{self.folder.name}-truth")


COLUMNS = ("ident", "place", "since_ms", "until_ms", "flags")


def play(folder: Path, plan: Plan) -> Drill:
    return Drill(plan, folder, write_drill(plan, folder))
