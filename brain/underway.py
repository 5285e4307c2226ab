"""Underway: ways, their steps and their escalations as the raw columns of their views.

In: what stands in brain/transfers.py. Out: columns by name, in no order.
Invariant: the rule and the pack stand in every row; what time or others decide is looked up when it is asked for.
Deliberately absent: the order of rows (brain/view.py).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from brain.asked import packs_of, words_of
from brain.lodgings import beds, lodgings, restarts, vehicles
from brain.outcomes import Way
from brain.rules import Rules
from brain.transfers import Transfers
from brain.ways import TIMES
from schemas.instants import UNKNOWN_MS
from schemas.keys import Ints
from schemas.transfers import Purpose, Step, TransferFlag, TransferState

Raw = dict[str, Any]
_TIMES = {
    Step.order: "ordered_at_ms", Step.assign: "assigned_at_ms", Step.dispatch: "dispatched_at_ms",
    Step.pickup: "picked_up_at_ms", Step.arrive: "arrived_at_ms", Step.admit: "admitted_at_ms",
    Step.discharge: "released_at_ms", Step.home: "home_at_ms",
}  # fmt: skip
_ISOLATED = {int(TransferState.admitted), int(TransferState.released)}
_STEP = ("at_ms", "step", "run", "vehicle", "site", "room")


def underway(rules: Rules, transfers: Transfers) -> dict[str, Raw]:
    """The views `transfers`, `transfer_steps`, `escalations`, `vehicles` and `beds`."""
    ways = [way for way in transfers.standing.values() if way.shown]
    stays = lodgings(transfers.identity, transfers.clinical)
    waits = restarts(rules, transfers.capacity, transfers.cases.standing, stays)
    return {
        "transfers": _ways(rules, transfers, ways, waits),
        "transfer_steps": _steps(ways),
        "escalations": _escalations(rules, transfers),
        "vehicles": vehicles(transfers.capacity, transfers.depot, transfers.deadlines.now_ms),
        "beds": beds(rules, transfers.capacity, stays),
    }


def _rules_of(rules: Rules, packs: Ints) -> Any:
    return words_of([pack.transfer.rule for pack in rules.packs], packs)


def _ways(rules: Rules, transfers: Transfers, ways: list[Way], waits: dict[int, int]) -> Raw:
    def column(values: list[int]) -> Ints:
        return np.array(values, np.int64)

    crowded, now_ms = transfers.crowded, transfers.deadlines.now_ms
    full = [int(TransferFlag.overfull) * ((way.person, way.purpose) in crowded) for way in ways]
    persons, needed = column([way.person for way in ways]), column([way.needed_ms for way in ways])
    due, ended = column([way.due_ms for way in ways]), column([way.course.ended_ms for way in ways])
    called = needed != UNKNOWN_MS
    homes = transfers.homes.of(persons, needed)
    traits = transfers.homes.traits(persons, needed)
    packs = column([way.pack for way in ways])
    times = {name: column([way.course.times[TIMES.index(step)] for way in ways]) for step, name in _TIMES.items()}
    return {
        "person": persons,
        "purpose": column([way.purpose for way in ways]),
        "state": column([way.state for way in ways]),
        "class": column([way.level for way in ways]),
        "needed_at_ms": needed,
        "due_at_ms": due,
        "breached": (called & (due < np.where(ended == UNKNOWN_MS, now_ms, ended))).astype(np.int64),
        "ended_at_ms": ended,
        **times,
        "release_due_at_ms": column([_release(way, waits) for way in ways]),
        **{name: column([getattr(way.course, name) for way in ways]) for name in ("run", "vehicle", "site", "room")},
        "flags": column([way.flags | more for way, more in zip(ways, full, strict=True)]),
        "traits": np.where(called, traits, 0),
        "home": np.where(called, homes["place"], 0),
        "home_lat": np.where(called, homes["lat"], UNKNOWN_MS),
        "home_lon": np.where(called, homes["lon"], UNKNOWN_MS),
        "rule": _rules_of(rules, packs),
        "pack": packs_of(rules, packs),
    }


def _release(way: Way, waits: dict[int, int]) -> int:
    """When isolation may end; UNKNOWN_MS where there is none, OPEN_MS while the exposure goes on."""
    if way.purpose != Purpose.isolate or way.state not in _ISOLATED or way.needed_ms == UNKNOWN_MS:
        return UNKNOWN_MS
    return max(way.until_ms, waits.get(way.person, UNKNOWN_MS))


def _steps(ways: list[Way]) -> Raw:
    rows = [(way.person, way.purpose, number, step) for way in ways for number, step in enumerate(way.steps, 1)]

    def column(values: list[int]) -> Ints:
        return np.array(values, np.int64)

    told = {name: column([getattr(row[3].item, name) for row in rows]) for name in _STEP}
    return {
        "person": column([row[0] for row in rows]),
        "purpose": column([row[1] for row in rows]),
        "number": column([row[2] for row in rows]),
        "at_ms": told["at_ms"],
        "step": told["step"],
        "before": column([row[3].before for row in rows]),
        "after": column([row[3].after for row in rows]),
        "impossible": column([row[3].impossible for row in rows]),
        **{name: told[name] for name in ("run", "vehicle", "site", "room")},
        "records": [list(row[3].item.records) for row in rows],
    }


def _escalations(rules: Rules, transfers: Transfers) -> Raw:
    rows = transfers.deadlines.shown()
    return {
        **{name: rows[name] for name in ("person", "purpose", "level", "role", "owner")},
        "raised_at_ms": rows["raised"],
        "since_ms": rows["since"],
        "until_ms": rows["until"],
        "rule": _rules_of(rules, rows["pack"]),
        "pack": packs_of(rules, rows["pack"]),
    }
