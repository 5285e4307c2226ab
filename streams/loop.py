"""Loop: a drill with transfers: the engine concludes, the dispatcher plans, the world answers, slice by slice.

In: a plan, a folder, a planner. Out: records with every decision, truth, a lake, slices.
Invariant: whatever was decided lies among the records, so that reading them again gives the same view and decides
nothing.
Deliberately absent: how a plan is made (brain/dispatch, streams/dispatch) and what the world does (replay/transfers).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from brain.dispatch.decisions import Planner, decide
from brain.dispatch.greedy import greedy
from brain.dispatch.rows import rows_of
from brain.dispatch.situation import Limits
from brain.dispatch.standing import Lake
from replay.plan import Plan, Transfers
from replay.play import Progress
from replay.transfers.stage import SECOND_MS, Stage
from schemas.instants import MINUTE_MS, OPEN_MS, UNKNOWN_MS
from schemas.keys import parse_code, pseudonym
from schemas.policy import PackSeries
from schemas.transfers import Purpose, TransferState
from streams.embedded import Embedded
from streams.opening import Opened
from streams.records import Part
from streams.slices import Conclusions, Feed, Told

Views = Mapping[str, pa.Table]
AHEAD_MS = 30 * MINUTE_MS
"""Runs are decided that leave before the next plan, or so much later; all others stay free to be planned anew [D]."""
_WAITING = (TransferState.needed, TransferState.ordered, TransferState.refused)
_ON_THE_WAY = (TransferState.assigned, TransferState.dispatched, TransferState.aboard, TransferState.arrived)


class Rounds:
    """The rounds of planning of one drill. `households`: tokens of its homes. It remembers its own plans, which no view
    tells. `lines`: of the last round: code, purpose, place in the queue, and why they go, or do not."""

    def __init__(self, packs: PackSeries, households: Collection[int], ahead_ms: int, planner: Planner) -> None:
        self._packs, self._households, self._ahead_ms, self._planner = packs, households, ahead_ms, planner
        self.lines: list[tuple[str, int, int, str]] = []
        self._planned: dict[tuple[int, int, int], tuple[int, int]] = {}

    def decide(self, views: Views, now_ms: int) -> Sequence[Mapping[str, Any]]:
        """The decisions of a round, as fields of the command's records; instants in milliseconds."""
        rows = {name: rows_of(name, views[name]) for name in ("transfers", "transfer_steps", "vehicles", "beds")}
        lake = Lake(
            rows["transfers"], rows["transfer_steps"], rows["vehicles"], rows["beds"], self._planned, self._households
        )
        pack = self._packs.packs[int(self._packs.in_force(np.array([now_ms]))[0])]
        limits = Limits.of(pack.transfer)
        found = decide(lake, limits, now_ms, self._planner, ahead_ms=self._ahead_ms)
        self.lines = [(pseudonym(x.person), x.purpose, x.rank, x.why) for x in found.lines]
        decisions = [_whole(said) for said in found.decisions]
        for said in decisions:
            if said["decision"] == "assign":
                person, purpose = parse_code(said["person_code"], "P"), int(Purpose[said["purpose"]])
                plan = said.get("planned_pickup_at", UNKNOWN_MS), said["planned_arrival_at"]
                self._planned[person, purpose, said["decided_at"]] = plan
        return decisions


def _whole(said: Mapping[str, Any]) -> dict[str, Any]:
    """A decision with instants in whole seconds, as records have them; never before what it answers."""
    known = {name: value for name, value in said.items() if value is not None}
    return {name: -(-v // SECOND_MS) * SECOND_MS if name.endswith("_at") else v for name, v in known.items()}


def play_loop(
    plan: Plan, records: Path, opened: Opened, sets: Path | None = None, pace: float = 0.0,
    progress: Progress = lambda _day, _step, _share: None, tell: Callable[[Told], None] = lambda _told: None,
) -> Conclusions:  # fmt: skip
    """Plays a drill to its end. `pace`: as in `feed_slices`. Errors: FileExistsError where `records` is not empty."""
    return play_stage(Stage(plan, records, opened.key, sets, progress), opened, pace, tell)


def play_stage(
    stage: Stage, opened: Opened, pace: float = 0.0, tell: Callable[[Told], None] = lambda _told: None,
    planner: Planner = greedy,
) -> Conclusions:  # fmt: skip
    """Plays a stage to its end."""
    engine = Embedded(opened.lake, opened.key, opened.packs)
    told, feed, began = Conclusions(engine, tell), Feed({}), time.perf_counter()
    transfers = stage.plan.transfers or Transfers()
    ahead_ms = transfers.dispatch_minutes * MINUTE_MS + AHEAD_MS
    rounds = Rounds(opened.packs, stage.households, ahead_ms, planner)
    try:
        for until_ms in _ends(transfers, stage.first_ms, stage.end_ms):
            if pace and until_ms > stage.first_ms:
                time.sleep(max(0.0, began + (until_ms - stage.first_ms) / 1000 / pace - time.perf_counter()))
            _conclude(stage, told, feed, until_ms)
            if until_ms < stage.end_ms:
                _plan(engine, stage, rounds)
        for until_ms in stage.late_ends():
            _conclude(stage, told, feed, until_ms)
    finally:
        feed.close()
    stage.end()
    return told


def _conclude(stage: Stage, told: Conclusions, feed: Feed, until_ms: int) -> None:
    """One slice: what arrives in it is written and read."""
    arrived = stage.advance(until_ms)
    for name in arrived:
        feed.parts.setdefault(name, Part(_source(name), stage.folder / name))
    told.conclude(feed, until_ms, arrived)


def _plan(engine: Embedded, stage: Stage, rounds: Rounds) -> None:
    """One round: what stands is counted, those who are told answer, runs are planned."""
    views = engine.engine.brain.view()
    stage.count(_counted(views))
    stage.answer(_raised(views))
    stage.decide(rounds.decide(views, stage.ticked_ms))
    stage.ledger.explain(stage.ticked_ms, rounds.lines)


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
