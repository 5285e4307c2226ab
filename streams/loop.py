"""Loop: a drill with transfers: the engine concludes, the dispatcher plans, the world answers, slice by slice.

In: a plan, a folder, what dispatches. Out: records with every decision, truth, a lake, slices.
Invariant: whatever was decided lies among the records, so that reading them again gives the same view and decides
nothing.
Deliberately absent: how a plan is made (brain/dispatch, streams/dispatch) and what the world does (replay/transfers).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from replay.plan import Plan, Transfers
from replay.play import Progress
from replay.transfers.stage import Stage
from schemas.instants import MINUTE_MS, OPEN_MS
from schemas.keys import pseudonym
from schemas.policy import PackSeries
from schemas.transfers import TransferState
from streams.embedded import Embedded
from streams.opening import Opened
from streams.records import Part
from streams.slices import Conclusions, Feed, Told

Views = Mapping[str, pa.Table]
Dispatch = Callable[[Views, PackSeries, int], Sequence[Mapping[str, Any]]]
"""Raw views, packs, now → fields of the command's decisions, instants in milliseconds."""
_WAITING = (TransferState.needed, TransferState.ordered, TransferState.refused)
_ON_THE_WAY = (TransferState.assigned, TransferState.dispatched, TransferState.aboard, TransferState.arrived)


def play_loop(
    plan: Plan, records: Path, opened: Opened, dispatch: Dispatch, sets: Path | None, pace: float, progress: Progress,
    tell: Callable[[Told], None],
) -> Conclusions:  # fmt: skip
    """Plays a drill to its end. `pace`: as in `feed_slices`. Errors: FileExistsError where `records` is not empty."""
    engine = Embedded(opened.lake, opened.key, opened.packs)
    stage, told = Stage(plan, records, opened.key, sets, progress), Conclusions(engine, tell)
    feed, began = Feed({}), time.perf_counter()
    try:
        for until_ms in _ends(plan.transfers or Transfers(), stage.first_ms, stage.end_ms):
            if pace and until_ms > stage.first_ms:
                time.sleep(max(0.0, began + (until_ms - stage.first_ms) / 1000 / pace - time.perf_counter()))
            arrived = stage.advance(until_ms)
            for name in arrived:
                feed.parts.setdefault(name, Part(_source(name), records / name))
            told.conclude(feed, until_ms, arrived)
            if until_ms < stage.end_ms:
                views = engine.engine.brain.view()
                stage.count(_counted(views))
                stage.answer(_raised(views))
                stage.decide(dispatch(views, opened.packs, stage.ticked_ms))
    finally:
        feed.close()
    stage.end()
    return told


def _ends(transfers: Transfers, first_ms: int, end_ms: int) -> Iterator[int]:
    """The ends of the slices; what was on file is the first."""
    step = transfers.dispatch_minutes * MINUTE_MS
    yield from range(first_ms, end_ms + 1, step)


def _source(name: str) -> str:
    _, department, record, *_ = name.split(".")
    return f"{department}.{record}"


def _counted(views: Views) -> dict[int, tuple[int, int, int]]:
    """By purpose: how many wait, are on the way, are admitted."""
    rows = views["transfers"].select(["purpose", "state"]).to_pylist()
    found: dict[int, tuple[int, int, int]] = {}
    for purpose in {row["purpose"] for row in rows}:
        states = [row["state"] for row in rows if row["purpose"] == purpose]
        waiting, going = (sum(state in of for state in states) for of in (_WAITING, _ON_THE_WAY))
        found[purpose] = waiting, going, states.count(TransferState.admitted)
    return found


def _raised(views: Views) -> list[tuple[str, int, int, int, int]]:
    """Who is told of a late transfer and has not taken it on: the person's code, purpose, level, owner, since."""
    rows = views["escalations"].select(["person", "purpose", "level", "owner", "since_ms", "until_ms"]).to_pylist()
    return [
        (pseudonym(row["person"]), row["purpose"], row["level"], row["owner"], row["since_ms"])
        for row in rows if row["until_ms"] == OPEN_MS and row["level"] > 0 and row["owner"] > 0
    ]  # fmt: skip
