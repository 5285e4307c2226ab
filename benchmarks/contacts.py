"""Contacts: a page of a hundred thousand contacts, in each of the ways that it can be had.

In: a size. Out: percentiles of each way.
Invariant: every way gives the same number of rows, with all columns, or the page says that it is void.
Deliberately absent: the network; the service's way is measured up to the text that it would send.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from benchmarks.bench import Bench, Row
from benchmarks.figures import Figures
from benchmarks.million import Million
from benchmarks.workers import apart, read
from schemas.keys import Key
from streams.current import Current
from streams.opening import open_lake
from streams.records import find_parts

SIZES = {"full": (500_000, 80_000, 5_000, 20), "quick": (20_000, 5_000, 300, 5), "tiny": (2_000, 300, 30, 2)}
"""Presences, people, cases, and how often each way is asked. Crowded enough that at full size 100,000 are contacts."""
PAGE = 100_000
_SEED, _PACK = 1, "cn"
_BUDGETED = "catalog"
_TOLD = {"measured": "p95_ms", "least": "least_ms", "greatest": "greatest_ms"}


def contacts_page(size: str, bench: Bench) -> Row:
    """A lake of its own, since the town of a drill has fewer contacts. Units: ms."""
    presences, people, cases, rounds = SIZES[size]
    folder, key = bench.scratch / "contacts", bench.scratch / "contacts.json"
    key.write_text(Key("bench", bytes(range(32))).to_json())
    bench.tell(f"{presences:,} presences of {people:,} people and {cases:,} cases, for a page of contacts")
    Million(presences, people, cases, _SEED).write(folder / "records")
    with apart(read, folder / "lake", key, _PACK) as engine:
        engine.recv()
        engine.send(find_parts(folder / "records"))
        engine.recv()
        engine.send(None)
    taken, rows = _asked(folder / "lake", key, rounds)
    ways = {name: {"rows": rows[name], "asked": rounds, **percentiles(seconds)} for name, seconds in taken.items()}
    page: Row = {"seed": _SEED, "ways": ways, "budget": {}, "void": len({*rows.values()}) != 1}
    if rows[_BUDGETED] >= PAGE and not page["void"]:
        told = {name: ways[_BUDGETED][at] / 1000 for name, at in _TOLD.items()}
        page["budget"] = {"contacts_page_s": {**told, "unit": "s"}}
    return page


def _asked(lake: Path, key: Path, rounds: int) -> tuple[dict[str, list[float]], dict[str, int]]:
    taken: dict[str, list[float]] = {}
    rows: dict[str, int] = {}
    with open_lake(lake, key, _PACK, may_create=False) as opened:
        ways: dict[str, Callable[[], int]] = {
            _BUDGETED: lambda: _of_catalog(lake),
            "catalog, as tuples": lambda: _as_tuples(lake),
            "brain contacts": lambda: len(Current(lake).rows("contacts")[:PAGE]),
            "service": lambda: _of_service(opened.lake.contacts_now()),
        }
        for turn in range(rounds + 1):  # the first builds caches of the disk
            for name, way in ways.items():
                began = time.perf_counter()
                rows[name] = way()
                taken.setdefault(name, [])
                if turn:
                    taken[name].append(time.perf_counter() - began)
    return taken, rows


def _of_catalog(lake: Path) -> int:
    """As columns: what a notebook or a page that draws them is handed; the next page is the reader's next batch. For a
    LIMIT DuckDB finds the rows first and reads them then, which takes half as long again for so many."""
    with duckdb.connect(str(lake / "catalog.duckdb"), read_only=True) as opened:
        return int(opened.execute("SELECT * FROM contacts").to_arrow_reader(PAGE).read_next_batch().num_rows)


def _as_tuples(lake: Path) -> int:
    with duckdb.connect(str(lake / "catalog.duckdb"), read_only=True) as opened:
        return len(opened.execute(f"SELECT * FROM contacts LIMIT {PAGE}").fetchall())


def _of_service(found: pa.Table) -> int:
    rows = found.slice(0, PAGE).to_pylist()
    json.dumps({"contacts": rows})
    return len(rows)


def percentiles(seconds: list[float]) -> dict[str, float]:
    """Units: ms."""
    shown = (("least_ms", 0), ("p50_ms", 50), ("p95_ms", 95), ("p99_ms", 99), ("greatest_ms", 100))
    return {name: round(float(np.percentile(seconds, at)) * 1000, 1) for name, at in shown}


def page_figures(page: Row) -> Figures:
    rows = [
        (name, f"{way['rows']:,}", *(f"{way[at]:,}" for at in ("least_ms", "p50_ms", "p95_ms", "greatest_ms")))
        for name, way in page["ways"].items()
    ]
    void = " (VOID: the ways differ in rows)" if page["void"] else ""
    return Figures(f"A page of contacts{void}", ("way", "rows", "least, ms", "p50", "p95", "greatest"), rows)
