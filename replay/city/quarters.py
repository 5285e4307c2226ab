"""Quarters: streets, communities, compounds with their gates, buildings and homes.

In: a number of residents and households, the published divisions where they are at hand. Out: places, and `Quarters`.
Invariant: homes are the first places, household by household; a building's homes follow one another, and so do a
compound's. With or without published names all numbers are the same.
Deliberately absent: who lives in a home (replay/city/families.py).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from replay.city.gazetteer import Gazetteer
from replay.city.model import Ground
from replay.city.shares import COMMUNITIES, RESIDENTS, count
from schemas.keys import Ints

GATES = "东西"
_FILES = ("kuancheng_220103_streets.csv", "kuancheng_220103_communities.csv")
CELLS = (25, 40)
"""Cells of 800 m, as the operators number them: KC-00-00 to KC-24-39."""
_HOMES = (24, 30, 36, 48, 60, 72, 108)
"""Homes of a building [D]."""


@dataclass(frozen=True)
class Quarters:
    """The map. `street_of`: of each community; `community_of`, `cell_of`: of each compound; `first_home`: of each
    building, and one more at the end; `building_compound`, `building_number`: of each building; `gates`: places, two a
    compound."""

    streets: list[str]
    street_codes: list[str]
    communities: list[str]
    community_codes: list[str]
    street_of: Ints
    community_of: Ints
    cell_of: Ints
    first_home: Ints
    building_compound: Ints
    building_number: Ints
    gates: Ints


def cell_code(cell: int) -> str:
    """The code of a telecom grid cell, as operators write it."""
    return f"KC-{cell // CELLS[1]:02d}-{cell % CELLS[1]:02d}"


def lay_out(
    residents: int, households: int, divisions: Path | None, rng: np.random.Generator, g: Gazetteer
) -> Quarters:
    """The map of a city, its homes and gates added to the gazetteer. Errors: ValueError if `divisions` lacks a file."""
    street_of = _communities(residents)
    names = _published(divisions, street_of) if divisions else _made_up(street_of)
    compounds = max(len(street_of), count("compound", residents))
    community_of = np.sort(np.concatenate([
        np.arange(len(street_of)), rng.integers(0, len(street_of), compounds - len(street_of)),
    ]))  # fmt: skip
    cell_of = _cells(street_of, community_of, rng)
    weights = rng.lognormal(0, 0.35, compounds)
    ends = np.maximum.accumulate(np.round(np.cumsum(weights) / weights.sum() * households).astype(np.int64))
    compound = np.searchsorted(ends, np.arange(households), side="right")
    building, number = _buildings(compound, compounds, rng)
    first_home = np.append(np.flatnonzero(np.diff(building, prepend=-1)), households)
    within = np.arange(households) - first_home[building]
    per_floor = np.where(np.diff(first_home) > 48, 4, 2)[building]
    unit, door = within // (per_floor * 6) + 1, within % (per_floor * 6)
    room = (door // per_floor + 1) * 100 + door % per_floor + 1
    community = community_of[compound]
    g.add(
        Ground.home, [f"HH-{h:06d}" for h in range(households)],
        cell=cell_of[compound], street=street_of[community], community=community, compound=compound,
        building=number[building], unit=unit, room=room,
    )  # fmt: skip
    gated = np.repeat(np.arange(compounds), len(GATES))
    gates = g.add(
        Ground.gate, [compound_code(c) for c in gated.tolist()], list(GATES) * compounds,
        cell=cell_of[gated], street=street_of[community_of[gated]], community=community_of[gated], compound=gated,
    )  # fmt: skip
    return Quarters(*names, street_of, community_of, cell_of, first_home, compound[first_home[:-1]], number, gates)


def compound_code(compound: int) -> str:
    """The code of a compound, the same in every department."""
    return f"XQ-{compound:03d}"


def _communities(residents: int) -> Ints:
    """The street of each community; 173 in 15 streets at full size."""
    share = min(1.0, residents / RESIDENTS)
    streets = max(2, min(len(COMMUNITIES), round(len(COMMUNITIES) * share)))
    wanted = max(streets, round(sum(COMMUNITIES) * share))
    per_street = [max(1, round(c * wanted / sum(COMMUNITIES[:streets]))) for c in COMMUNITIES[:streets]]
    return np.repeat(np.arange(streets), per_street)


def _made_up(street_of: Ints) -> tuple[list[str], list[str], list[str], list[str]]:
    streets, communities = int(street_of[-1]) + 1, len(street_of)
    within = np.arange(communities) - np.searchsorted(street_of, street_of)
    return (
        [f"第{_chinese(s + 1)}街道" for s in range(streets)],
        [f"990103{s + 1:03d}" for s in range(streets)],
        [f"第{c + 1}社区" for c in range(communities)],
        [f"990103{s + 1:03d}{c + 1:03d}" for s, c in zip(street_of.tolist(), within.tolist(), strict=True)],
    )


def _published(folder: Path, street_of: Ints) -> tuple[list[str], list[str], list[str], list[str]]:
    """Names and codes of the divisions in a folder; a community beyond what is published keeps its made-up name."""
    rows = []
    for name in _FILES:
        if not (folder / name).is_file():
            raise ValueError(f"{folder.name}: {name} is not there")
        with (folder / name).open(encoding="utf-8-sig", newline="") as file:
            rows.append(sorted(csv.DictReader(file), key=lambda row: row["code"]))
    streets, street_codes, communities, community_codes = _made_up(street_of)
    for number, street in enumerate(rows[0][: len(streets)]):
        streets[number], street_codes[number] = street["name"], street["code"]
        listed = [row for row in rows[1] if row["streetCode"] == street["code"]]
        for at, row in zip(np.flatnonzero(street_of == number).tolist(), listed, strict=False):
            communities[at], community_codes[at] = row["name"], row["code"]
    return streets, street_codes, communities, community_codes


def _chinese(number: int) -> str:
    digits = "零一二三四五六七八九"
    tens, ones = divmod(number, 10)
    return (digits[tens] if tens > 1 else "") + ("十" if tens else "") + (digits[ones] if ones or not tens else "")


def _cells(street_of: Ints, community_of: Ints, rng: np.random.Generator) -> Ints:
    """A cell for each compound: near its community, which is near the middle of its street."""
    wide, deep = CELLS
    streets, communities = int(street_of[-1]) + 1, len(street_of)
    middle = np.column_stack([rng.integers(3, wide - 3, streets), rng.integers(3, deep - 3, streets)])
    about = middle[street_of] + rng.integers(-2, 3, (communities, 2))
    near = about[community_of] + rng.integers(0, 2, (len(community_of), 2))
    found: Ints = np.clip(near[:, 0], 0, wide - 1) * deep + np.clip(near[:, 1], 0, deep - 1)
    return found


def _buildings(compound: Ints, compounds: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """The building of each home, numbered through the city; and each building's number in its compound."""
    building = np.zeros(len(compound), np.int64)
    numbers: list[Ints] = []
    at = built = 0
    for homes in np.bincount(compound, minlength=compounds).tolist():
        if homes == 0:
            continue
        ends = np.cumsum(rng.choice(_HOMES, homes // min(_HOMES) + 1))
        here = np.searchsorted(ends, np.arange(homes), side="right")
        building[at : at + homes] = here + built
        numbers.append(np.arange(1, here[-1] + 2))
        at, built = at + homes, built + int(here[-1]) + 1
    return building, np.concatenate(numbers)
