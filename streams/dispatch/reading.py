"""Reading: what a round of planning needs from a published lake, and the decisions that it has not seen yet.

In: a snapshot, a folder of records. Out: a `Lake`, its instant, the pack in force.
Invariant: read-only; nothing is remembered between rounds but in the lake and the records themselves.
Deliberately absent: any judgement.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from brain.dispatch.rows import Row, rows_of
from brain.dispatch.standing import Lake, Promise
from schemas.codes import PlaceKind
from schemas.instants import UNKNOWN_MS, read_instant
from schemas.keys import parse_code, record_tokens
from schemas.policy import Pack, PackSeries
from schemas.transfers import Purpose, Step
from streams.current import Current
from streams.packs import load_pack
from streams.proof import standing_facts
from streams.records import Reader, find_parts

SOURCE = "command.transfer_decision"
_VIEWS = {"transfers": "transfers", "steps": "transfer_steps", "vehicles": "vehicles", "beds": "beds"}
_CREW = ("vehicle", "role", "since_ms", "until_ms", "tested_ms")


def lake_of(current: Current, promises: Iterable[Promise] = ()) -> Lake:
    """What stands in a snapshot, with what was planned for rides, from the facts beside it."""
    planned = {
        (person, purpose, at_ms): (pickup_ms, arrive_ms)
        for person, purpose, step, at_ms, pickup_ms, arrive_ms in standing_facts(
            current, "decisions", ("ident", "purpose", "step", "at_ms", "pickup_ms", "arrive_ms")
        )
        if step == Step.assign
    }
    crews = [dict(zip(_CREW, row, strict=True)) for row in standing_facts(current, "crews", _CREW)]
    rows: dict[str, list[Row]] = {name: rows_of(view, current.rows(view)) for name, view in _VIEWS.items()}
    homes = {way["home"] for way in rows["transfers"]} - {0}
    return Lake(**rows, planned=planned, households=_households(current, homes), crews=crews, promises=tuple(promises))


def pack_of(current: Current, now_ms: int) -> Pack:
    """The pack in force."""
    series = PackSeries([load_pack(name) for name in current.manifest["packs"]])
    return series.packs[int(series.in_force(np.array([now_ms], np.int64))[0])]


def _households(current: Current, homes: set[int]) -> frozenset[int]:
    with current.facts() as db:
        db.register("asked", pa.table({"place": pa.array(sorted(homes), pa.int64())}))
        sql = "SELECT DISTINCT place FROM places JOIN asked USING (place) WHERE kind = ?"
        return frozenset(place for (place,) in db.execute(sql, [PlaceKind.household.name]).fetchall())


def unseen(current: Current, folder: Path) -> list[Promise]:
    """Decisions in a folder of records that the snapshot does not have."""
    if not any(folder.glob(f"src.{SOURCE}*.ndjson*")):
        return []
    parts = [part for part in find_parts(folder) if part.source == SOURCE]
    said = [orjson.loads(line) for chunk in Reader(parts, {}).chunks() for line in chunk.lines]
    return unseen_of(current, said)


def unseen_of(current: Current, said: list[dict[str, Any]]) -> list[Promise]:
    """Of some decisions, as records, those that the snapshot does not have."""
    if not said:
        return []
    recs = record_tokens(SOURCE, [body["source_record_id"] for body in said])
    with current.facts() as db:
        db.register("asked", pa.table({"rec": pa.array(recs, pa.int64())}))
        seen = {rec for (rec,) in db.execute("SELECT DISTINCT rec FROM records JOIN asked USING (rec)").fetchall()}
    return [_promise(body) for body, rec in zip(said, recs.tolist(), strict=True) if rec not in seen]


def _promise(body: dict[str, Any]) -> Promise:
    codes = {name: body.get(f"{name}_code" if name != "room" else name) for name in ("vehicle", "site", "room")}
    arrive = body.get("planned_arrival_at")
    return Promise(
        person=parse_code(body["person_code"], "P"),
        purpose=int(Purpose[body["purpose"]]),
        arrive_ms=UNKNOWN_MS if arrive is None else read_instant(arrive),
        **{name: parse_code(code, "L") if code else 0 for name, code in codes.items()},
    )
