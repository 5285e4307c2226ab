"""Lakes for the tests: batches, events, rejects and views that follow from a number, and children that write them.

In: a range of offsets. Out: the same facts, events and views each time.
Invariant: record n stands at offset n of its part, has one presence and one event; every seventh is a reject instead.
Deliberately absent: realism; the city of replay/ has that.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import sinks.lake
from schemas.decode import Reject
from schemas.events import EVENT_SCHEMA
from schemas.facts import FACT_COLUMNS, PLACE_SCHEMA, RECORD_SCHEMA, FactBatch, digests
from schemas.instants import OPEN_MS, UNKNOWN_MS
from schemas.keys import Ints, Key, record_tokens
from schemas.views import VIEWS, raw_schema
from sinks.lake import Lake
from sinks.store import Store

KEY = Key("k00001", b"\1" * 32)
PACKS = "cn"
PART = "transport.tap.jsonl"
SOURCE = "transport.tap"
EMPTY = {view: raw_schema(view).empty_table() for view in VIEWS}


def batch(low: int, high: int, part: str = PART, version: int = 1, table: str = "presences") -> FactBatch:
    """Records low to high, each with one fact."""
    count, at = high - low, np.arange(low, high, dtype=np.int64)
    columns = {name: at * (i + 2) + version for i, name in enumerate(FACT_COLUMNS[table])}
    facts = {table: {"row": np.arange(count, dtype=np.int64), **columns}}
    if "place" in columns:
        columns["place"] = facts[table]["place"] = at % 50 + 1
    ids = [f"r{n}" for n in at.tolist()]
    arrays = [
        pa.array(record_tokens(SOURCE, ids)), pa.array([SOURCE] * count), pa.array(ids),
        pa.array(np.full(count, version)), pa.array(np.zeros(count, np.bool_)), pa.array(digests(count, facts, at)),
        pa.array(at), pa.array(at), pa.array(np.zeros(count, np.int64)), pa.array([part] * count, pa.string()),
        pa.array(at),
    ]  # fmt: skip
    labels = [{"place": 1 + n, "kind": "bus", "label": f"Bus {n}" if n % 2 else ""} for n in (low % 50, high % 50)]
    places = pa.RecordBatch.from_pylist(labels, PLACE_SCHEMA)
    return FactBatch(pa.RecordBatch.from_arrays(arrays, schema=RECORD_SCHEMA), facts, places)


def recs(*numbers: int) -> list[int]:
    return [int(n) for n in record_tokens(SOURCE, [f"r{n}" for n in numbers])]


def events(low: int, high: int) -> pa.Table:
    rows = [
        {
            "kind": "case_opened", "subject": n, "source": 0, "degree": 0, "class_before": 0, "class_after": 6,
            "since_ms": n, "until_ms": OPEN_MS, "rule": "CC-1", "confirm": False,
        }
        for n in range(low, high)
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, EVENT_SCHEMA)


def reject(offset: int, raw: bytes | None = None) -> Reject:
    return Reject(SOURCE, PART, offset, "not_json", "", "write JSON", raw if raw is not None else b"bad %d" % offset)


def rejects(low: int, high: int) -> list[Reject]:
    return [reject(n) for n in range(low, high) if n % 7 == 0]


def commit(lake: Lake, low: int, high: int) -> None:
    unknown = {SOURCE: {"colour": high - low}}
    lake.commit([batch(low, high)], events(low, high), [lake.sealed(rejects(low, high))], {PART: high}, unknown)


def views(count: int) -> dict[str, pa.Table]:
    """A set of views in which `count` shows in every table: `count` exposures, contacts and persons."""
    n = np.arange(count, dtype=np.int64)
    one = np.ones(count, np.int64)
    known = np.array(recs(0, 1))
    texts = pa.array([f"rule {count}"] * count, pa.string())
    filled: dict[str, Any] = {
        "exposures": [one, n, n % 50 + 1, one * 23, n, n + count, one * known[0], one * known[1], texts, one * 5, texts,
                      one * 3, texts],
        "contacts": [n, one, n, one, one, one * 5, texts, texts, one, n, one * OPEN_MS, one * OPEN_MS, one,
                     one * UNKNOWN_MS, one, pa.array([[19000]] * count, pa.list_(pa.int64())), texts],
        "persons": [n, one * 5, one, n, n, n, n, n, pa.array([[19000]] * count, pa.list_(pa.int64())), texts],
    }  # fmt: skip
    made = {view: pa.Table.from_arrays([pa.array(a) for a in arrays], schema=raw_schema(view))
            for view, arrays in filled.items()}  # fmt: skip
    return {**EMPTY, **made}


def offsets_of(lake: Lake) -> Ints:
    """Every offset whose record the lake gives back with its fact, ascending."""
    found = [np.zeros(0, np.int64)]
    for piece in lake.facts():
        facts = piece.facts["presences"]
        at = piece.column("offset")[facts["row"]]
        assert np.array_equal(facts["ident"], at * 2 + 1), "a fact came back with another record"
        found.append(at)
    return np.sort(np.concatenate(found))


def write_on(folder: str) -> None:
    """A child: commits and publishes until it is killed. Small tail, so that parts are written as well."""
    sinks.lake.TAIL_RECORDS = 120
    with Lake.open(Path(folder), KEY, PACKS) as lake:
        low = lake.progress().get(PART, 0)
        step = 0
        while True:
            high = low + 5 + step * 37 % 90
            commit(lake, low, high)
            if step % 3 == 0:
                lake.publish(views(min(high, 500)), [PACKS])
            low, step = high, step + 1


def die_at(folder: str, step: int) -> None:
    """A child: one commit that makes a part, and one publication; ends without a word before its `step`th effect."""
    sinks.lake.TAIL_RECORDS = 120
    with Lake.open(Path(folder), KEY, PACKS) as lake:
        low = lake.progress().get(PART, 0)
        left = [step]

        def counted(effect: Callable[..., Any]) -> Callable[..., Any]:
            def run(*arguments: Any, **named: Any) -> Any:
                left[0] -= 1
                if left[0] < 0:
                    os._exit(9)
                return effect(*arguments, **named)

            return run

        for module, name in (
            (os, "replace"), (os, "rename"), (os, "fsync"), (os, "symlink"), (pq, "write_table"),
            (Store, "add"), (Store, "execute"),
        ):  # fmt: skip
            setattr(module, name, counted(getattr(module, name)))
        commit(lake, low, low + 30)
        commit(lake, low + 30, low + 160)
        lake.publish(views(low + 160), [PACKS])
        os._exit(0)
