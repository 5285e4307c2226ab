"""The machine of transfers as a whole: explored state by state, and walked through at random for a long time.

In: the table of docs/transfers.md, a model small enough to be explored, a seeded walk. Out: pass or fail.
Invariant: nobody is lost: whoever has a ground waits on a running clock or has arrived, and can still be brought there.
Deliberately absent: records and the brain around the machine (test_transfer_stories.py).
"""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

import numpy as np
import pytest

from brain.capacity import Holders
from brain.deadlines import Clock, climb
from brain.outcomes import Way, conclude
from brain.ways import CELLS, HELD_SEAT, LODGED, Call, Item, fold
from schemas.instants import HOUR_MS, MINUTE_MS, OPEN_MS, UNKNOWN_MS
from schemas.transfers import Purpose, Step, TransferFlag, TransferState
from streams.packs import load_pack
from tests.transfer_model import HOME, Graph, Place, Setting, Somebody, explore, happenings, item, plans

S = TransferState
SETTLED = {S.admitted, S.released, S.home}
OVER = {S.cancelled, S.superseded, S.returning}
CLOCK = Clock(load_pack("cn-8").transfer)
SETTINGS = {
    "two people, two vehicles, two rooms; receipts may be lost or told twice": (
        Setting(2, {1: 1, 2: 2}, {11: 1, 12: 1}), 85_905, 925_037,
    ),
    "three people, one vehicle of two seats, two rooms; receipts may be told twice": (
        Setting(3, {1: 2}, {11: 1, 12: 1}, lost=False), 19_600, 205_726,
    ),
    "one person, two rooms; a receipt may come after what followed it": (
        Setting(1, {1: 1}, {11: 1, 12: 1}, late=1), 9_554, 46_683,
    ),
    "one person, two vehicles, two rooms; needed again after a release": (
        Setting(1, {1: 1, 2: 2}, {11: 1, 12: 1}, again=True), 4_276, 25_138,
    ),
}  # fmt: skip


def too_many(people: list[Somebody], seats: dict[int, int], beds: dict[int, int]) -> dict[int, int]:
    """By run and room with too many: how many. Counted anew, beside brain/capacity.py."""
    held: dict[int, int] = {}
    for who in people:
        if who.state in HELD_SEAT and who.course.run:
            held[who.course.run] = held.get(who.course.run, 0) + 1
        if who.state in (*HELD_SEAT, LODGED) and who.course.room:
            held[who.course.room] = held.get(who.course.room, 0) + 1
    return {place: count for place, count in held.items() if count > {**seats, **beds}[place]}


def watched(setting: Setting) -> tuple[Graph, int]:
    """The graph of a setting, after every state of it was looked at, and how often a place was overfull."""
    seen = 0

    def watch(people: list[Somebody], holders: Holders, ways: list[Way]) -> int:
        nonlocal seen
        full = too_many(people, setting.seats, setting.beds)
        for who, way in zip(people, ways, strict=True):
            if who.ground:
                assert who.state not in OVER, "the ground stands, and the way is over"
                assert (who.course.ended_ms != UNKNOWN_MS) == (who.state in SETTLED), "a clock that nobody can stop"
            mine = {who.course.run} if who.state in HELD_SEAT else set()
            mine |= {who.course.room} if who.state in (*HELD_SEAT, LODGED) else set()
            assert holders.overfull(way) == bool(mine & full.keys())
        seen += bool(full)
        return len(full)

    return explore(setting, watch), seen


def settled(who: Somebody) -> bool:
    """At the end of their way, in truth and as it is told."""
    if who.since:
        return False
    if not who.ground:
        return who.state in (S.none, S.cancelled, S.released)
    in_bed = who.place[0] == "bed" and who.state == S.admitted
    return in_bed or (who.place[0] == "out" and who.state == S.released)


def dead_ends(graph: Graph) -> list[list[Somebody]]:
    """The states from which nothing that anybody does brings everybody to an end."""
    ends = np.array([settled(who) for who in graph.kinds])
    reached = np.array([all(ends[list(state)]) for state in graph.states])
    brought = np.array(graph.brought) == 1
    sources, targets = np.array(graph.sources)[brought], np.array(graph.targets)[brought]
    count = 0
    while count != reached.sum():
        count = reached.sum()
        reached[sources[reached[targets]]] = True
    return [[graph.kinds[kind] for kind in graph.states[at]] for at in np.flatnonzero(~reached).tolist()]


@pytest.mark.parametrize("name", SETTINGS)
def test_from_wherever_somebody_is_they_can_be_brought_to_an_end_and_no_plan_fills_what_is_full(name: str) -> None:
    setting, states, transitions = SETTINGS[name]
    graph, overfull = watched(setting)
    print(f"{name}: {len(graph.states)} states, {len(graph.sources)} transitions, overfull in {overfull}")
    assert (len(graph.states), len(graph.sources)) == (states, transitions)
    lost = dead_ends(graph)
    assert not lost, lost[:3]
    assert setting.people == 1 or overfull > 0, "the world never filled a place: nothing was tried"


def test_a_machine_in_which_a_refusal_could_not_be_overcome_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    for step in Step:
        monkeypatch.setitem(CELLS, (step, S.refused), CELLS[Step.refuse, S.refused])
    graph, _ = watched(Setting(1, {1: 1}, {11: 1}))
    assert {who.state for state in dead_ends(graph) for who in state} >= {S.refused}


def test_the_table_in_the_text_is_the_table_that_runs() -> None:
    text = (Path(__file__).parent.parent / "docs" / "transfers.md").read_text("utf-8")
    lines = [re.split(r"\s*\|\s*", line.strip("| ")) for line in text.splitlines() if line.startswith("| ")]
    head = next(line for line in lines if line[0] == "item \\ state")
    rows = [line for line in lines[lines.index(head) + 1 :] if line[0] in Step.__members__]
    assert [row[0] for row in rows] == [step.name for step in Step]
    marks = {"r": TransferFlag.rerouted, "f": TransferFlag.refused, "t": TransferFlag.turned_away}
    marks |= {"b": TransferFlag.broke_down, "m": 0, "": 0}
    for name, *cells in rows:
        for state, said in zip(head[1:], cells, strict=True):
            cell = CELLS[Step[name], S[state]]
            word, _, mark = said.rstrip("*").partition(" ")
            assert cell.after == (S[state] if word in "=!" else S[word]), (name, state)
            assert (cell.impossible, cell.fresh) == (word == "!", said.endswith("*")), (name, state)
            assert cell.flags == (TransferFlag.impossible if word == "!" else marks[mark]), (name, state)


class Walk:
    """People of whom what happens is told at once, twice, later or never, and who is asked after every word of it."""

    SETTING = Setting(8, {1: 1, 2: 2, 3: 4}, {11: 1, 12: 1, 13: 2, 14: 1})

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.now = 0
        self.told: list[list[Item]] = [[] for _ in range(self.SETTING.people)]
        self.calls: list[tuple[Call, ...]] = [self.call() for _ in self.told]
        self.asked: list[tuple[Call, ...]] = list(self.calls)
        """The calls that stand: none while the ground is gone."""
        self.places: list[Place] = [HOME for _ in self.told]
        self.post: list[tuple[int, int, Item]] = []
        """(when it comes, whom it is about, what it tells): receipts on their way."""
        beds = {(room, room): count for room, count in self.SETTING.beds.items()}
        self.holders = Holders(self.SETTING.seats, beds)
        self.ways: list[Way] = [self.judge(at) for at in range(len(self.told))]
        self.states: set[int] = set()

    def call(self) -> tuple[Call, ...]:
        return (Call(self.now, self.now + 12 * HOUR_MS, OPEN_MS, 5, 7, 0, (self.now,)),)

    def judge(self, at: int) -> Way:
        key = at, int(Purpose.isolate)
        way = conclude(key, self.told[at], self.asked[at], True, False)
        old = self.ways[at] if hasattr(self, "ways") else None
        self.holders.swap(key, old, way)
        return way

    def tell(self, at: int, told: Item) -> None:
        self.now += 1
        record = self.rng.randrange(1 << 40)
        self.told[at].append(told._replace(at_ms=self.now * MINUTE_MS, record=record, records=(record,)))

    def step(self) -> bool:
        """Something happens. Out: whether a planner decided it."""
        at = self.rng.randrange(len(self.told))
        dice = self.rng.randrange(100)
        due = [late for late in self.post if late[0] <= self.now]
        if due:
            self.post.remove(due[0])
            at = due[0][1]
            self.told[at].append(due[0][2])
        elif dice < 4:
            self.asked[at] = () if self.asked[at] else self.calls[at]
        elif dice < 10:
            self.of_run(self.rng.choice(list(self.SETTING.seats)))
        elif dice < 50:
            return self.plan(at)
        else:
            self.happen(at)
        self.settle(at)
        return False

    def plan(self, at: int) -> bool:
        """A planner decides, as far as what is told leaves seats and beds."""
        way = self.ways[at]
        free = [
            decision for decision, run, room in plans(self.SETTING, bool(self.asked[at]), way.state, way.course)
            if (not run or self.holders.held((run, 0)) < self.SETTING.seats[run])
            and (not room or self.holders.held((room, room)) < self.SETTING.beds[room])
        ]  # fmt: skip
        if free:
            self.tell(at, self.rng.choice(free))
        self.settle(at)
        return bool(free)

    def happen(self, at: int) -> None:
        """The world does something with somebody."""
        way = self.ways[at]
        happens = happenings(self.SETTING, self.places[at], way.state, way.course)
        beds = [number for kind, number in self.places if kind == "bed"]
        happens = [h for h in happens if not h[2] or beds.count(h[2]) < self.SETTING.beds[h[2]]]
        if not happens:
            if way.state == S.released:
                self.renew(at)
            else:  # the site lists a stay that nobody was told of
                self.tell(at, item(Step.admit, room=14))
                self.tell(at, item(Step.discharge, room=14))
            return
        place, told, _ = self.rng.choice(happens)
        self.places[at] = place
        how = self.rng.randrange(10)
        for _ in range(0 if how < 1 else 2 if how < 2 else 1):
            self.tell(at, told)
        if how == 2:
            late = self.told[at].pop()
            self.post.append((self.now + self.rng.randrange(1, 60), at, late))

    def renew(self, at: int) -> None:
        """Who was released is needed again; after long enough it is somebody else."""
        self.places[at] = HOME
        self.now += 1
        fresh = (self.call()[0]._replace(needed_ms=self.now * MINUTE_MS),)
        if len(self.told[at]) > 25:
            self.told[at] = []
            self.calls[at] = ()
            self.post = [late for late in self.post if late[1] != at]
        self.calls[at] = (*self.calls[at], *fresh)
        self.asked[at] = self.calls[at]

    def of_run(self, run: int) -> None:
        step = self.rng.choice((Step.dispatch, Step.dispatch, Step.breakdown))
        for at, way in enumerate(self.ways):
            if step == Step.breakdown and self.places[at] == ("aboard", run):
                self.places[at] = HOME
            if way.course.run == run and way.course.state in HELD_SEAT:
                self.tell(at, item(step, run))
                self.settle(at)

    def settle(self, at: int) -> None:
        self.ways[at] = self.judge(at)
        self.states.add(self.ways[at].state)


def test_a_hundred_thousand_events_at_random_lose_nobody_and_hold_no_place_twice() -> None:
    rng = Random(20220308)
    walk = Walk(rng)
    events = plan_count = overfull_count = now_full = 0
    while events < 100_000:
        planned = walk.step()
        events += 1
        plan_count += planned
        full, now_full = now_full, sum(walk.holders.overfull(way) for way in walk.ways)
        overfull_count += now_full > 0
        assert not planned or now_full <= full, "a plan filled what was full"
        at = rng.randrange(len(walk.ways))
        way, asked = walk.ways[at], walk.asked[at]
        if asked:
            assert way.state not in OVER
            assert way.course.ended_ms != UNKNOWN_MS or way.state not in SETTLED
            rungs = climb(CLOCK, way.due_ms, way.course.ended_ms, [], [])
            runs_on = way.course.ended_ms == UNKNOWN_MS
            assert {until for *_, until in rungs} <= {OPEN_MS if runs_on else way.course.ended_ms}
            assert len(rungs) == 6 or not runs_on, "somebody waits, and not all levels will be told"
        if events % 20 == 0:
            items = [*walk.told[at], *(call.item() for call in asked)]
            rng.shuffle(items)
            assert fold(items, asked)[0] == way.course, "the order in which things are told left a trace"
            people = [Somebody(bool(a), HOME, w.course, w.course) for w, a in zip(walk.ways, walk.asked, strict=True)]
            counted = too_many(people, Walk.SETTING.seats, Walk.SETTING.beds)
            assert bool(counted) == any(walk.holders.overfull(way) for way in walk.ways)
    print(f"{events} events, {plan_count} decisions, overfull after {overfull_count}, states {sorted(walk.states)}")
    assert walk.states >= {int(s) for s in S if s not in (S.none, S.superseded)}, "a state was never tried"
    assert min(plan_count, overfull_count) > 1000
