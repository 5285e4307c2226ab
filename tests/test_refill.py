"""A ledger that is filled at once stands as one that was told record by record, and the same facts stand.

In: records told once, again, anew and withdrawn, over several parts. Out: verdicts.
Invariant: the ledger itself, told part by part, is what the other is held to.
Deliberately absent: files; the parts are made here.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pytest

import brain.refill
from brain.ledger import Ledger
from brain.refill import refilled, spread
from schemas.facts import MARKS, STAMP, Columns
from sinks import parts

ROWS = 500


def _part(rng: np.random.Generator, several: bool) -> Columns:
    """Records of one part; `several`: of few records, so that most are told more than once."""
    pool = rng.integers(0, 2**63 - 1, ROWS) if not several else np.arange(1, 60, dtype=np.int64) << 55
    rec = rng.choice(pool, ROWS)
    return {
        "rec": rec, "version": rng.integers(1, 3, ROWS), "withdrawn": (rng.random(ROWS) < 0.1).astype(np.int64),
        "digest": rng.integers(0, 2, ROWS), "event_ms": rec % 1000,
    }  # fmt: skip


def _facts(number: int, rows: Columns) -> dict[str, Columns]:
    """One fact of every record that is not withdrawn, told once a part and version; `tube` names the part."""
    _, first = np.unique(np.stack([rows[name] for name in STAMP]), axis=1, return_index=True)
    first = first[rows["withdrawn"][first] == 0]
    told = {name: rows[name][first] for name in STAMP}
    return {"results": {**told, "tube": np.full(len(first), number), "result": rows["digest"][first]}}


@pytest.mark.parametrize("bucket", [16, 1_000_000])
@pytest.mark.parametrize("seed", range(5))
def test_a_ledger_filled_at_once_stands_as_one_told_part_by_part(
    monkeypatch: pytest.MonkeyPatch, bucket: int, seed: int
) -> None:
    monkeypatch.setattr(brain.refill, "BUCKET_ROWS", bucket)
    rng = np.random.default_rng(seed)
    told_by = [_part(rng, several) for several in (True, False, True, False, True)]
    told, stands = Ledger(), dict[int, tuple[int, int, int]]()
    for number, rows in enumerate(told_by):
        verdict = told.judge(*(rows[name] for name in MARKS))
        for rec in verdict.fallen.tolist():
            stands.pop(rec, None)
        for at in verdict.stands.tolist():
            stands[int(rows["rec"][at])] = number, int(rows["digest"][at]), int(rows["event_ms"][at])
    filled, found = Ledger(), dict[int, tuple[int, int, int]]()
    stamped = (_facts(number, rows) for number, rows in enumerate(told_by))
    with ThreadPoolExecutor(2) as pool:
        pieces = list(refilled(filled, map(spread, told_by), stamped, {"results"}, pool.map))
    for piece in pieces:
        columns = (piece["results"][name].tolist() for name in ("rec", "tube", "result", "event_ms"))
        for rec, *rest in zip(*columns, strict=True):
            assert rec not in found
            found[rec] = tuple(rest)
    assert found == stands
    assert filled.conflicts == told.conflicts
    every = np.unique(np.concatenate([rows["rec"] for rows in told_by]))
    assert filled.event_ms(every).tolist() == told.event_ms(every).tolist()


@pytest.mark.parametrize("slots", [1, 16, 1 << 20])
def test_a_fact_without_its_record_is_told_however_few_slots_there_are(
    monkeypatch: pytest.MonkeyPatch, slots: int
) -> None:
    monkeypatch.setattr(parts, "_SLOTS", slots)
    rec = np.random.default_rng(1).integers(0, 2**63 - 1, 200)
    zeros = np.zeros(200, np.int64)
    facts = {"rec": rec, "version": zeros, "withdrawn": zeros, "digest": zeros, "tube": rec, "result": zeros}
    told = parts.EMPTY | {"records": pa.table({"rec": rec}), "results": pa.table(facts)}
    assert parts.stamped(told)["results"]["tube"].tolist() == rec.tolist()
    for left in (rec[1:], rec[:0]):
        with pytest.raises(ValueError, match="record is missing"):
            parts.stamped(told | {"records": pa.table({"rec": left})})
