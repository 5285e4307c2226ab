"""Random histories: records of a small world, where everything that can happen to a record happens often.

In: a random generator (seeded, or Hypothesis's own, which shrinks). Out: lines of JSON by source.
Invariant: one record in three is amended, withdrawn, repeated or contradicted.
Deliberately absent: what the records say (tests/worlds.py).
"""

from __future__ import annotations

import json
from random import Random

import numpy as np
import pyarrow as pa

from brain.stages import Brain
from schemas.facts import RECORD_SCHEMA, FactBatch
from schemas.intake import Intake
from schemas.policy import PackSeries
from tests.fetched import KEY
from tests.worlds import World

Line = tuple[str, bytes]


def history(rng: Random, records: int = 60) -> list[Line]:
    """Lines of all sources; one in three is followed by amended, withdrawn, repeated or contradicting versions."""
    world = World(rng)
    lines: list[Line] = []
    for number in range(records):
        source = world.pick(*world.sources)
        for version in world.pick((1,), (1,), (1,), (1,), (1, 2), (2, 1), (1, 2), (1, 2, 2)):
            operation = world.pick(*["upsert"] * 6, "withdraw") if version > 1 else "upsert"
            body = {k: v for k, v in world.body(source).items() if v is not None}
            envelope = {"source_record_id": f"r{number}", "event_time": world.time(), "version": version}
            envelope["operation"] = operation
            line = json.dumps({**envelope, **({} if operation == "withdraw" else body)}, ensure_ascii=False).encode()
            lines += [(source, line)] * world.pick(1, 1, 1, 2)
    return lines


def batches(
    lines: list[Line], sizes: list[int] | None = None, fast: bool = False, strict: bool = True
) -> list[FactBatch]:
    """The facts of lines, in their order, cut into batches of the given sizes (then ones of everything left).
    `strict`: no line may be rejected."""
    intake = Intake(KEY, fast=fast)
    out, start, sizes = [], 0, list(sizes or [])
    while start < len(lines):
        cut = sizes.pop(0) if sizes else len(lines) - start
        chunk = lines[start : start + cut]
        for source in dict.fromkeys(s for s, _ in chunk):
            mine = [line for s, line in chunk if s == source]
            batch, rejects = intake.read(source, mine, "test", np.arange(len(mine), dtype=np.int64))
            assert not (strict and rejects), rejects
            out.append(batch)
        start += cut
    return out


def joined(parts: list[FactBatch]) -> tuple[pa.Table, dict[str, pa.Table]]:
    """All batches as the oracle takes them: records, and facts whose `row` counts through all records."""
    facts: dict[str, list[pa.Table]] = {}
    start = 0
    for part in parts:
        for name, rows in part.facts.items():
            facts.setdefault(name, []).append(pa.table({**rows, "row": rows["row"] + start}))
        start += part.records.num_rows
    records = pa.Table.from_batches([p.records for p in parts], RECORD_SCHEMA)
    return records, {name: pa.concat_tables(tables) for name, tables in facts.items()}


def brain_view(parts: list[FactBatch], packs: PackSeries) -> dict[str, pa.Table]:
    brain = Brain(packs)
    for part in parts:
        brain.step(part)
    return brain.view()


def differences(one: dict[str, pa.Table], other: dict[str, pa.Table]) -> list[str]:
    """Up to three differing rows of each view, for a failure that can be read."""
    found = []
    for name, table in one.items():
        if not table.equals(other[name]):
            a, b = ({json.dumps(r, default=str): r for r in t.to_pylist()} for t in (table, other[name]))
            found += [f"{name}: only in the first: {row}" for row in a if row not in b][:3]
            found += [f"{name}: only in the second: {row}" for row in b if row not in a][:3]
            found += [f"{name}: same rows, other order or count"] if set(a) == set(b) else []
    return found
