"""Decisions: one round of planning, from what stands to what is decided and what must be said about it.

In: what stands, a planner. Out: decisions as `command.transfer_decision` has them, instants in milliseconds, and a line
for everybody who is not yet where they belong.
Invariant: the same lake, instant and planner give the same decisions. A decision comes after everything that is told of
the way so far, else it would be folded before it and be overtaken.
Deliberately absent: ids of records, and writing them (streams/dispatch).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from brain.dispatch.diversions import divert
from brain.dispatch.greedy import greedy
from brain.dispatch.lines import Line
from brain.dispatch.plans import Plan, Run
from brain.dispatch.reasons import lacking, leading
from brain.dispatch.roads import Roads
from brain.dispatch.situation import Key, Limits, Situation
from brain.dispatch.standing import Lake, Standing, stand
from schemas.instants import HOUR_MS, UNKNOWN_MS, local_text
from schemas.keys import mix, place_code, pseudonym
from schemas.transfers import Purpose

HORIZON_MS = 8 * HOUR_MS
"""How far ahead rides are planned. Design assumption [D]: about a shift; who is on duty after it is not known."""
Decision = dict[str, Any]
Planner = Callable[[Situation, Roads], Plan]


@dataclass(frozen=True)
class Round:
    """`decisions` in the order in which they are taken; `lines` in the order of the queue."""

    decisions: list[Decision]
    lines: list[Line]
    situation: Situation
    plan: Plan


def decide(
    lake: Lake, limits: Limits, now_ms: int, planner: Planner = greedy, horizon_ms: int = HORIZON_MS, ahead_ms: int = 0
) -> Round:
    """One round. `ahead_ms`: only rides that leave within this time are decided, later ones stay free to be planned
    anew; 0: all."""
    standing = stand(lake, limits, now_ms, now_ms + horizon_ms)
    standing, diverted = divert(standing, lake)
    situation = standing.situation
    plan = planner(situation, Roads(situation))
    due_runs = tuple(run for run in plan if not ahead_ms or run.depart_ms < now_ms + ahead_ms)
    lines = [*diverted, *_riding(situation, due_runs), *_waiting(situation, plan, due_runs), *_kept(standing, lake)]
    decisions = []
    for rider in situation.riders:
        if rider.key in standing.needed:
            decisions.append(_said(standing, rider.key, "order", now_ms))
    decisions += [_assigned(standing, line, now_ms) for line in lines if line.rides]
    decisions.sort(key=lambda each: (each["person_code"], each["purpose"], each["decision"] == "assign"))
    return Round(decisions, sorted(lines, key=lambda each: (each.rank == 0, each.rank, each.person)), situation, plan)


def _ranks(situation: Situation) -> dict[Key, int]:
    """The queue: the nearest deadline, then the graver class, then who has waited longest."""
    order = sorted(situation.riders, key=lambda r: (r.due_ms, -r.level, r.needed_ms, r.person, r.purpose))
    return {rider.key: rank for rank, rider in enumerate(order, 1)}


def run_code(situation: Situation, run: Run) -> str:
    """The number of a run: when it leaves, and a hash of who goes where in which vehicle."""
    people = sorted(situation.riders[i].person for i in run.riders)
    mark = int(mix(situation.vehicles[run.vehicle].vehicle, run.site, run.depart_ms, *people)[0]) % (1 << 32)
    return f"ZY{local_text(run.depart_ms)[2:].translate({ord(c): None for c in '- :'})}-{mark:08X}"


def _riding(situation: Situation, plan: Plan) -> list[Line]:
    ranks, why, lines = _ranks(situation), leading(situation, plan), []
    for run in plan:
        code, rooms = run_code(situation, run), {i: situation.rooms[room].room for i, room in run.beds}
        for order, (party, at_ms) in enumerate(run.stops, 1):
            for i in party:
                rider = situation.riders[i]
                lines.append(
                    Line(
                        rider.person, rider.purpose, rider.level, ranks[rider.key], rider.due_ms, why[i],
                        situation.vehicles[run.vehicle].vehicle, run.site, rooms[i], code, order, len(run.riders),
                        at_ms, run.arrive_ms,
                    )
                )  # fmt: skip
    return lines


def _waiting(situation: Situation, plan: Plan, decided: Plan) -> list[Line]:
    ranks = _ranks(situation)
    why = lacking(situation, plan)
    later = {i for run in plan if run not in decided for i in run.riders}
    return [
        Line(rider.person, rider.purpose, rider.level, ranks[rider.key], rider.due_ms, why.get(i, "later"))
        for i, rider in enumerate(situation.riders)
        if i in why or i in later
    ]


def _kept(standing: Standing, lake: Lake) -> list[Line]:
    ways = {(way["person"], way["purpose"]): way for way in lake.transfers}
    stranded = [(way, "stranded") for way in standing.stranded]
    kept = [(ways[key], why) for key, why in standing.kept.items()]
    return [Line(w["person"], w["purpose"], w["class"], 0, w["due_at_ms"], why) for w, why in (*kept, *stranded)]


def _said(standing: Standing, key: Key, decision: str, now_ms: int) -> Decision:
    return {
        "person_code": pseudonym(key[0]),
        "purpose": Purpose(key[1]).name,
        "decision": decision,
        "decided_at": max(now_ms, standing.told.get(key, UNKNOWN_MS) + 1),
    }


def _assigned(standing: Standing, line: Line, now_ms: int) -> Decision:
    made = _said(standing, (line.person, line.purpose), "assign", now_ms)
    return made | {
        "vehicle_code": place_code(line.vehicle),
        "run_code": line.run_code,
        "site_code": place_code(line.site),
        "room": place_code(line.room),
        "planned_pickup_at": None if line.pickup_ms == UNKNOWN_MS else line.pickup_ms,
        "planned_arrival_at": line.arrive_ms,
    }
