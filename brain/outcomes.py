"""Outcomes: what stands of a way when all that is told of it has been folded (transfers.md sections 3 and 4).

In: the items of a way and the calls that ask for it. Out: its row.
Invariant: a pure function; nobody is let go by it, whoever has no ground any more is put before a human.
Deliberately absent: seats and beds (brain/capacity.py), deadlines (brain/deadlines.py).
"""

from __future__ import annotations

from typing import NamedTuple

from brain.ways import ADMIT, LODGED, TIMES, Call, Course, Item, StepRow, fold
from schemas.codes import PersonClass
from schemas.instants import UNKNOWN_MS
from schemas.transfers import Purpose, TransferFlag, TransferState


class Way(NamedTuple):
    """A row of the view `transfers`, if `shown`, and what hangs on it. `flags`: without `overfull`, which other ways
    decide; `until_ms`: end of the isolation that its calls ask for."""

    person: int
    purpose: int
    shown: bool
    state: int
    flags: int
    level: int
    needed_ms: int
    due_ms: int
    until_ms: int
    pack: int
    course: Course
    steps: tuple[StepRow, ...]


_GONE = {
    int(s)
    for s in (
        TransferState.ordered, TransferState.assigned, TransferState.dispatched, TransferState.refused,
        TransferState.home, TransferState.needed,
    )
}  # fmt: skip
_ON_ROAD = {int(TransferState.aboard), int(TransferState.arrived)}
_SETTLED = {int(TransferState.released), int(TransferState.admitted), int(TransferState.none)}


def without_ground(state: int, superseded: bool) -> tuple[int, int]:
    """(state, flags) of a way that nothing calls for. `superseded`: a contact who has become a case."""
    if superseded:
        return (state if state in _SETTLED else int(TransferState.superseded)), 0
    if state in _GONE:
        return int(TransferState.cancelled), 0
    if state in _ON_ROAD:
        return int(TransferState.returning), int(TransferFlag.without_ground)
    return state, int(TransferFlag.without_ground) if state == LODGED else 0


def conclude(way: tuple[int, int], items: list[Item], calls: tuple[Call, ...], shown: bool, sick: bool) -> Way:
    """What stands of a way (person, purpose). `items`: without the calls'; `sick`: the person is a case. Without calls
    the pack is -1: the one in force at the first item."""
    course, steps = fold([*items, *(call.item() for call in calls)], calls)
    flags, level, needed_ms, due_ms, until_ms, pack = course.flags, int(PersonClass.none), *(UNKNOWN_MS,) * 3, -1
    state = course.state
    if calls:
        episode = [call for call in calls if call.needed_ms >= course.began_ms] or calls
        level = max(call.level for call in episode)
        needed_ms, due_ms = min(call.needed_ms for call in episode), min(call.due_ms for call in episode)
        until_ms = max(call.until_ms for call in episode)
        pack = min(episode, key=lambda call: (call.due_ms, call.source)).pack
    else:
        state, more = without_ground(state, sick and way[1] == Purpose.isolate)
        flags |= more
    admitted_ms = course.times[TIMES.index(ADMIT)]
    if admitted_ms != UNKNOWN_MS:
        there = course.unheralded or admitted_ms <= needed_ms
        flags |= int(TransferFlag.already_there) if there else course.skipped
    return Way(*way, shown, state, flags, level, needed_ms, due_ms, until_ms, pack, course, tuple(steps))
