"""A made-up day of all departments: every record is taken, and the brain concludes what plain SQL concludes.

In: records made up from what departments state of themselves, one in four hundred of a day. Out: pass or fail.
Invariant: records arrive in the order of their lateness, so that late ones correct what was concluded.
Deliberately absent: whether the conclusions are right for a known outbreak (drills).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import orjson
import pytest

from schemas.departments import DEPARTMENTS, EXPECTED, sources
from schemas.departments.forging import Forged, forge
from schemas.instants import read_instant
from streams.cli import main

DAY = "2022-03-12"
SHARE, FEWEST, PEOPLE = 1 / 400, 60, 120
"""Few people, so that they meet."""


def made_up(source: str, rng: np.random.Generator) -> list[Forged]:
    expected = EXPECTED[source]
    count = max(FEWEST, int(expected.per_day["emergency"] * SHARE))
    records = forge(sources()[source], expected, rng, count, read_instant(DAY), people=PEOPLE)
    return sorted(records, key=lambda record: record.published_ms)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, rng = tmp_path_factory.mktemp("day"), np.random.default_rng(20220312)
    (folder / "records").mkdir()
    for source in sources():
        lines = b"".join(orjson.dumps(record.body) + b"\n" for record in made_up(source, rng))
        (folder / "records" / f"src.{source}.ndjson").write_bytes(lines)
    assert main(["run", str(folder / "records"), "--lake", str(folder / "lake")]) == 0
    return folder / "lake"


def test_no_made_up_record_is_refused(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rejects", "--lake", str(lake), "--json"]) == 0
    assert orjson.loads(capsys.readouterr().out) == []


def test_the_brain_concludes_what_plain_sql_concludes(lake: Path) -> None:
    assert main(["oracle", str(lake.parent / "records"), "--lake", str(lake)]) == 0


def test_made_up_people_meet(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for degree, fewest in (("1", 10), ("2", 1)):
        assert main(["contacts", "--lake", str(lake), "--degree", degree, "--json", "--limit", "0"]) == 0
        assert len(orjson.loads(capsys.readouterr().out)) >= fewest


def test_every_department_is_there() -> None:
    assert {source.split(".")[0] for source in EXPECTED} == set(DEPARTMENTS)
