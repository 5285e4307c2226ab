"""Drills for the tests of the service: the records of a small district, and what the embedded run makes of them.

In: the PEOPLE of the asking module. Out: a folder of records, the embedded run's summary.
Invariant: made once for a module; the same number of people, the same records.
Deliberately absent: larger worlds (replay/).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from replay.scenes.drill import write_drill
from streams.engine import Summary
from tests.engines import run


@pytest.fixture(scope="module")
def drill(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Records, on disk."""
    folder = tmp_path_factory.mktemp("drill") / "records"
    write_drill(folder, people=request.module.PEOPLE)
    return folder


@pytest.fixture(scope="module")
def expected(drill: Path, tmp_path_factory: pytest.TempPathFactory) -> Summary:
    """What the service has to come to."""
    return run(drill, tmp_path_factory.mktemp("whole") / "lake")
