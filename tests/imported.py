"""What the tests of the importers share: the published data, records through the intake, and both judges of them.

In: RECORDS folders. Out: fact batches, rejects, raw views by the oracle or the brain.
Invariant: a test that needs published data is skipped, with the reason, where the folder is absent.
Deliberately absent: any expectation.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from schemas.facts import FactBatch, empty
from schemas.intake import Intake
from schemas.keys import Key
from schemas.policy import PackSeries

DATA = Path(__file__).parents[2] / "shared" / "data"
KEY = Key("test", bytes(range(32)))
JUDGES = ("oracle", "brain")


def needs(folder: str) -> pytest.MarkDecorator:
    """Skips a test where a published set is not at hand."""
    return pytest.mark.skipif(
        not (DATA / folder).is_dir(), reason=f"the published set {folder} is not in ../shared/data"
    )


def records_of(folder: Path, source: str) -> list[dict[str, Any]]:
    """The records of a source as they were written; none if there is no such file."""
    file = folder / f"src.{source}.ndjson"
    return [json.loads(line) for line in file.read_bytes().splitlines()] if file.exists() else []


def taken_in(folder: Path) -> tuple[list[FactBatch], list[str]]:
    """The fact batches of a folder, and a word on every reject."""
    intake, batches, rejects = Intake(KEY), [], []
    for file in sorted(folder.glob("src.*.ndjson")):
        lines = file.read_bytes().splitlines()
        source = file.name.removeprefix("src.").removesuffix(".ndjson")
        batch, refused = intake.read(source, lines, file.name, np.arange(len(lines), dtype=np.int64))
        batches.append(batch)
        rejects += [f"{r.source} {r.offset}: {r.reason} {r.field}: {r.hint}" for r in refused]
    return batches, rejects


def token(number: str) -> int:
    return KEY.identifier("person_no", number)


def views(judge: str, batches: list[FactBatch], packs: PackSeries) -> dict[str, pa.Table]:
    """The raw views by one of JUDGES; the test is skipped while that judge does not exist."""
    if judge == "brain":
        brain = pytest.importorskip("brain.stages").Brain(packs)
        for batch in batches:
            brain.step(batch)
        return dict(brain.view())
    answer = pytest.importorskip("replay.oracle").answer
    starts = np.cumsum([0, *(batch.records.num_rows for batch in batches)])
    records = pa.Table.from_batches([batch.records for batch in batches])
    facts = {}
    for name in ("presences", "links", "reports", "samples", "results", "admissions", "discharges"):
        parts = [
            {**rows, "row": rows["row"] + start}
            for batch, start in zip(batches, starts[:-1].tolist(), strict=True)
            if (rows := batch.facts.get(name)) is not None
        ] or [empty(name)]
        facts[name] = pa.table({column: np.concatenate([part[column] for part in parts]) for column in parts[0]})
    return dict(answer(records, facts, packs))
