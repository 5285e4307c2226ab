"""Simulated histories: what departments send in a run, and what must follow from it whatever happens.

In: a seeded generator. Out: lines by source; the embedded engine's answer to them.
Invariant: every history has a case with contacts of both degrees beside the random world, and lines that are no record.
Deliberately absent: topics and time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from schemas.topics import source_topic
from streams.embedded import Embedded
from streams.records import Chunk, Part
from tests.engines import KEY, PACKS
from tests.histories import Line, history
from tests.simulated_lake import Disk, MemoryLake

_POISON = 30
"""One line in so many is no record."""
_BAD = (b"{bad", b"", b"[]", b'{"source_record_id":"x"}', b'{"source_record_id":"y","event_time":"yesterday"}')


def _at(day: int, hour: int) -> str:
    return f"2022-03-{day:02d}T{hour:02d}:00:00+08:00"


def _line(source: str, record_id: str, body: dict[str, Any]) -> Line:
    envelope = {"source_record_id": record_id, "event_time": _at(9, 9), "version": 1, "operation": "upsert"}
    return source, json.dumps(envelope | body).encode()


def _who(name: str) -> dict[str, str]:
    return {"id_type": "person_no", "id_no": name}


def meal(name: str, restaurant: str = "K1", day: int = 8) -> Line:
    """Somebody was at a restaurant."""
    where = {"place_kind": "restaurant", "place_code": restaurant, "since_at": _at(day, 11), "until_at": _at(day, 13)}
    return _line("health.survey_leg", f"{name}-{restaurant}", {**_who(name), **where})


def _kernel() -> list[Line]:
    """Somebody falls ill, was at table with a second, who was at table with a third."""
    case = {**_who("sick"), "classification": "confirmed", "onset_at": _at(8, 8)}
    meals = [meal("sick"), meal("second"), meal("second", "K2", 9), meal("third", "K2", 9)]
    return [_line("health.case_report", "sick", case), *meals]


def drawn(rng: Random) -> list[Line]:
    """At most 60 lines, in no order."""
    lines = [*_kernel(), *history(rng, rng.randint(1, 9))][:56]
    sources = [source for source, _ in lines]
    bad = sum(rng.randrange(_POISON) == 0 for _ in lines) + rng.choice((0, 1, 2))
    lines += [(rng.choice(sources), rng.choice(_BAD)) for _ in range(min(bad, 60 - len(lines)))]
    rng.shuffle(lines)
    return lines


@dataclass(frozen=True)
class Answer:
    """What a lake says in the end: digest, sealed lines with their counts, places, unexpected fields, contacts."""

    digest: str
    rejects: dict[str, tuple[str, str, int]]
    places: frozenset[tuple[Any, ...]]
    contacts: int


def rejects_of(lake: Any) -> dict[str, tuple[str, str, int]]:
    return {r["reject_id"]: (r["reason"], r["field"], r["count"]) for r in lake.rejects().to_pylist()}


def places_of(lake: Any) -> frozenset[tuple[Any, ...]]:
    """The places at which somebody was, with their labels."""
    batches = list(lake.facts())
    presences = [batch.facts["presences"]["place"] for batch in batches if "presences" in batch.facts]
    met = {place for places in presences for place in places.tolist()}
    rows = [row for batch in batches for row in batch.places.to_pylist()]
    return frozenset(tuple(row.values()) for row in rows if row["place"] in met)


def expected(lines: Iterable[Line]) -> Answer:
    """The embedded engine's answer."""
    by_source: dict[str, list[bytes]] = {}
    for source, line in lines:
        by_source.setdefault(source, []).append(line)
    lake = MemoryLake(Disk(), KEY)
    engine = Embedded(lake, KEY, PACKS)  # type: ignore[arg-type]
    for source, mine in by_source.items():
        part = Part(source, Path(f"{source_topic(source)}.ndjson"))
        engine.take(Chunk(part, mine, np.arange(len(mine), dtype=np.int64), len(mine), 0))
    engine.engine.commit()
    summary = engine.engine.publish()
    return Answer(summary.digest, rejects_of(lake), places_of(lake), sum(summary.contacts.values()))
