"""Ways: the machine of a transfer, from the need to the release, as a table and a fold (transfers.md sections 3 and 4).

In: what is told of a way, item by item, and the calls that ask for it. Out: where it stands, and every step.
Invariant: pure functions of their arguments; the model check of the tests runs exactly these.
Deliberately absent: whose way an item belongs to (brain/items.py), seats and beds (brain/capacity.py), deadlines.
"""

from __future__ import annotations

from typing import NamedTuple

from schemas.instants import BEGIN_MS, OPEN_MS, UNKNOWN_MS
from schemas.transfers import Step, TransferFlag, TransferState

_TABLE = """
|item \\ state|none|needed|ordered|assigned|dispatched|aboard|arrived|admitted|released|refused|home|
|call|needed|=|=|=|=|=|=|=|needed*|=|=|
|order|ordered|ordered|=|=|=|=|=|=|=|ordered|ordered|
|cancel|=|=|needed|needed|needed|!|!|!|=|needed|needed|
|home|home|home|home|home|home|!|!|!|=|home|=|
|assign|assigned|assigned|assigned|assigned|assigned r|aboard r|aboard r|!|!|assigned|assigned|
|dispatch|dispatched|dispatched|dispatched|dispatched|=|!|!|!|!|dispatched|!|
|breakdown|=|=|=|ordered b|ordered b|ordered b|=|=|=|=|=|
|refuse|refused f|refused f|refused f|refused f|refused f|!|!|!|!|=|=|
|pickup|aboard|aboard|aboard|aboard|aboard|=|!|!|!|aboard|aboard|
|turn_away|=|=|=|ordered t|ordered t|aboard t|aboard t|!|!|=|=|
|arrive|arrived|arrived|arrived|arrived|arrived|arrived|=|!|!|arrived|arrived|
|set_down|=|=|=|needed|needed|needed|needed|!|=|=|=|
|admit|admitted|admitted|admitted|admitted|admitted|admitted|admitted|= m|admitted*|admitted|admitted|
|discharge|!|!|!|!|!|!|!|released|=|!|!|
"""
_MARKS = {
    "r": TransferFlag.rerouted, "f": TransferFlag.refused, "t": TransferFlag.turned_away, "b": TransferFlag.broke_down,
}  # fmt: skip


class Cell(NamedTuple):
    """What an item does in a state. `fresh`: a new episode begins; `impossible`: it cannot have been so."""

    after: int
    flags: int
    fresh: bool
    impossible: bool


def _cells() -> dict[tuple[int, int], Cell]:
    head, *lines = ([word.strip() for word in line.split("|")[1:-1]] for line in _TABLE.strip().splitlines())
    cells: dict[tuple[int, int], Cell] = {}
    for name, *words in lines:
        for state, word in zip(head[1:], words, strict=True):
            said, _, mark = word.rstrip("*").partition(" ")
            stays = said in ("=", "!")
            after = TransferState[state if stays else said]
            flags = TransferFlag.impossible if said == "!" else _MARKS.get(mark, 0)
            cells[Step[name], TransferState[state]] = Cell(int(after), int(flags), word.endswith("*"), said == "!")
    return cells


CELLS = _cells()
HELD_SEAT = {
    int(s) for s in (TransferState.assigned, TransferState.dispatched, TransferState.aboard, TransferState.arrived)
}
"""States in which a way holds a seat in its run, and a bed in its room."""
LODGED = int(TransferState.admitted)
_ENDS = {int(TransferState.admitted), int(TransferState.home)}
_STAYS_ENDED = {*_ENDS, int(TransferState.released)}
_TIMED = {
    Step.order: TransferState.ordered, Step.assign: TransferState.assigned, Step.dispatch: TransferState.dispatched,
    Step.pickup: TransferState.aboard, Step.arrive: TransferState.arrived, Step.admit: TransferState.admitted,
    Step.discharge: TransferState.released, Step.home: TransferState.home,
}  # fmt: skip
TIMES = tuple(int(step) for step in _TIMED)
"""The steps whose last instant is kept, in the order of `Course.times`."""
_TIME = {int(step): (number, int(state)) for number, (step, state) in enumerate(_TIMED.items())}
_SKIPS = (
    (int(Step.assign), int(TransferFlag.skipped_assign), (Step.dispatch, Step.pickup, Step.arrive, Step.admit)),
    (int(Step.dispatch), int(TransferFlag.skipped_dispatch), (Step.pickup, Step.arrive, Step.admit)),
    (int(Step.pickup), int(TransferFlag.skipped_pickup), (Step.arrive, Step.admit)),
    (int(Step.arrive), int(TransferFlag.skipped_arrival), (Step.admit,)),
)
_SKIPPED_BY = {
    int(late): tuple((step, flag) for step, flag, after in _SKIPS if late in after)
    for late in (Step.dispatch, Step.pickup, Step.arrive, Step.admit)
}
_ASSIGN, ADMIT, _DISCHARGE, _TURN_AWAY = (int(s) for s in (Step.assign, Step.admit, Step.discharge, Step.turn_away))
_NAMES_RUN, _CLEARS = (
    {int(s) for s in steps}
    for steps in (
        (Step.dispatch, Step.pickup, Step.arrive),
        (Step.cancel, Step.home, Step.refuse, Step.set_down, Step.breakdown),
    )
)
_MEETS_RUN = {int(Step.pickup), int(Step.arrive)}


class Item(NamedTuple):
    """Something told of a way. Items are folded in ascending order. `source`: of a call, as its contact row has it."""

    at_ms: int
    step: int
    record: int
    source: int
    run: int
    vehicle: int
    site: int
    room: int
    records: tuple[int, ...]


class Call(NamedTuple):
    """Why somebody must be taken away. `source`: 0 for a case."""

    needed_ms: int
    due_ms: int
    until_ms: int
    level: int
    source: int
    pack: int
    records: tuple[int, ...]

    def item(self) -> Item:
        return Item(self.needed_ms, int(Step.call), self.records[0], self.source, 0, 0, 0, 0, self.records)


class Course(NamedTuple):
    """How far the items so far have brought a way, and what is remembered of this episode of it."""

    state: int = 0
    flags: int = 0
    began_ms: int = BEGIN_MS
    run: int = 0
    vehicle: int = 0
    site: int = 0
    room: int = 0
    seen: int = 0  # bits of the steps of this episode
    planned_run: int = 0  # of its last assign
    times: tuple[int, ...] = (UNKNOWN_MS,) * len(TIMES)
    ended_ms: int = UNKNOWN_MS
    skipped: int = 0  # flags that its admission sets, unless the person was there already
    unheralded: bool = False  # admitted from `none`


START = Course()


class StepRow(NamedTuple):
    """An item and what it did: a row of the view `transfer_steps`."""

    item: Item
    before: int
    after: int
    impossible: bool


def passes_by(course: Course, item: Item) -> bool:
    """Whether an item is none of this way: a discharge from another site than where the person is."""
    elsewhere = item.site != course.site and item.site != 0 and course.site != 0
    return item.step == _DISCHARGE and course.state == LODGED and elsewhere


def advance(course: Course, item: Item, calls: tuple[Call, ...]) -> Course:
    """Where a way is after an item that does not pass by."""
    at_ms, step = item[0], item[1]
    cell = CELLS[step, course.state]
    was = Course() if cell.fresh else course
    state = course.state
    seen = was.seen | 1 << step
    planned_run = item.run if step == _ASSIGN else was.planned_run
    began_ms = at_ms if cell.fresh else was.began_ms
    if cell.impossible:
        return was._replace(flags=was.flags | cell.flags, seen=seen, planned_run=planned_run)
    changed = cell.after != state
    flags, skipped = was.flags | cell.flags, was.skipped
    if changed and step in _SKIPPED_BY:
        missing = sum(flag for earlier, flag in _SKIPPED_BY[step] if not was.seen >> earlier & 1)
        if step == ADMIT:
            skipped = missing
        else:
            flags |= missing
    if changed and step in _MEETS_RUN and was.planned_run not in (0, item.run) and item.run:
        flags |= TransferFlag.other_run
    if step == _ASSIGN and state == TransferState.assigned and item.run != was.run:
        flags |= TransferFlag.rerouted
    if step == _DISCHARGE and changed and any(c.needed_ms <= at_ms < c.until_ms != OPEN_MS for c in calls):
        flags |= TransferFlag.released_early
    moved = step == ADMIT and state == LODGED and _elsewhere(was, item)
    if moved:
        flags |= TransferFlag.moved
    times, ended_ms = was.times, was.ended_ms
    number, named = _TIME.get(step, (0, -1))
    if named == cell.after and (changed or step == _ASSIGN):
        times = (*times[:number], at_ms, *times[number + 1 :])
    if changed:
        ended_ms = UNKNOWN_MS if cell.after not in _STAYS_ENDED else ended_ms if ended_ms != UNKNOWN_MS else at_ms
    where = _where(was, item, cell.after, changed, moved)
    unheralded = was.unheralded or (step == ADMIT and state == TransferState.none)
    return Course(cell.after, int(flags), began_ms, *where, seen, planned_run, times, ended_ms, skipped, unheralded)


def _elsewhere(was: Course, item: Item) -> bool:
    """Whether an admission tells of another bed than the one that stands."""
    site = was.site != item.site and was.site != 0 and item.site != 0
    return site or (was.room != item.room and was.room != 0 and item.room != 0)


def _where(was: Course, item: Item, after: int, changed: bool, moved: bool) -> tuple[int, int, int, int]:
    """(run, vehicle, site, room) that stand after an item."""
    step = item.step
    if step == _ASSIGN:
        return item.run, item.vehicle, item.site, item.room
    if step == ADMIT and (changed or moved):
        return was.run, was.vehicle, item.site, item.room
    if step == _TURN_AWAY and after == TransferState.aboard:
        return was.run, was.vehicle, 0, 0
    if changed and (step in _CLEARS or step == _TURN_AWAY):
        return 0, 0, 0, 0
    if changed and step in _NAMES_RUN:
        return item.run or was.run, item.vehicle or was.vehicle, item.site or was.site, was.room
    return was.run, was.vehicle, was.site, was.room


def fold(items: list[Item], calls: tuple[Call, ...]) -> tuple[Course, list[StepRow]]:
    """All items of a way, the calls' among them, in any order. Out: where it stands, and its steps."""
    course, steps = START, []
    for item in sorted(items):
        if passes_by(course, item):
            continue
        after = advance(course, item, calls)
        steps.append(StepRow(item, course.state, after.state, CELLS[item.step, course.state].impossible))
        course = after
    return course, steps
