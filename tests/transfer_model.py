"""A model of transfers small enough to be explored whole: a few people, two vehicles, two rooms, a planner who keeps to
the rules, and a world that tells what happens once, twice, late or never.

In: a setting. Out: every state that can be reached, and every transition.
Invariant: how a way goes on is decided by brain/ways.py and who holds a place by brain/capacity.py, nowhere here; what
cannot matter for what happens next (instants, flags) is forgotten, so that the states are finitely many.
Deliberately absent: chance, and time but for its order.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from itertools import product
from typing import NamedTuple

from brain.capacity import Holders
from brain.outcomes import Way, without_ground
from brain.ways import START, Course, Item, advance, passes_by
from schemas.instants import UNKNOWN_MS
from schemas.transfers import Purpose, Step, TransferState

S = TransferState
HOME, OUT = ("home", 0), ("out", 0)
Place = tuple[str, int]
"""Where somebody truly is: at home, aboard a run, at the door or in the bed of a room, or out of isolation again."""
WAITING = {S.needed, S.ordered, S.refused}


class Setting(NamedTuple):
    """Seats by run, beds by room; a run's vehicle and a room's site have its number. `late`: how many receipts may be
    on their way at a time; `lost`: a receipt may never come; `again`: who was released may be needed anew."""

    people: int
    seats: dict[int, int]
    beds: dict[int, int]
    late: int = 0
    lost: bool = True
    again: bool = False


class Somebody(NamedTuple):
    """What stands of somebody, and what is true. `called` and `uncalled`: the course of their way with and without the
    call, since the ground may go; `late`: receipts on their way, the first with what stood before it."""

    ground: bool
    place: Place
    called: Course
    uncalled: Course
    before: tuple[Course, Course] | None = None
    since: tuple[tuple[Item, bool], ...] = ()

    @property
    def course(self) -> Course:
        return self.called if self.ground else self.uncalled

    @property
    def state(self) -> int:
        """The state of the row."""
        return self.course.state if self.ground else without_ground(self.course.state, False)[0]


class Offer(NamedTuple):
    """Something that can happen to somebody. `who`: plan, world or ground. What it takes: a seat in a run, a bed in a
    room, both as they are told, and a bed as it truly is; 0: none."""

    who: str
    after: Somebody
    run: int = 0
    room: int = 0
    bed: int = 0


def item(step: Step, run: int = 0, room: int = 0) -> Item:
    return Item(0, int(step), 1, 0, run, run, room, room if step in (Step.assign, Step.admit) else 0, (1,))


def heard(course: Course, items: list[Item]) -> Course:
    """The course after these items, in their order, without what cannot matter any more."""
    for told in sorted(items):
        if not passes_by(course, told):
            course = advance(course, told, ())
    ended_ms = course.ended_ms if course.ended_ms == UNKNOWN_MS else 0
    where = {name: getattr(course, name) for name in ("state", "run", "vehicle", "site", "room")}
    return START._replace(**where, ended_ms=ended_ms)


def _rise(who: Somebody) -> Somebody:
    """What stands of whatever was told since `before`, in the order in which it happened."""
    assert who.before is not None
    items = [told._replace(at_ms=at) for at, (told, heard_of) in enumerate(who.since) if heard_of]
    called, uncalled = (heard(course, items) for course in who.before)
    return who._replace(called=called, uncalled=uncalled)


def tell(setting: Setting, who: Somebody, told: Item) -> Somebody | None:
    """Somebody's item is told. None: a late receipt has to come before."""
    if who.before is None:
        return who._replace(called=heard(who.called, [told]), uncalled=heard(who.uncalled, [told]))
    return _rise(who._replace(since=(*who.since, (told, True)))) if len(who.since) <= setting.late else None


def _ways_of_telling(setting: Setting, who: Somebody, place: Place, told: Item) -> Iterator[Somebody]:
    """Something has happened: it is told once, twice, never, or late."""
    there = who._replace(place=place)
    once = tell(setting, there, told)
    yield from (after for after in (once, once and tell(setting, once, told)) if after is not None)
    if setting.lost:
        yield there
    if sum(not heard_of for _, heard_of in who.since) < setting.late and len(who.since) <= setting.late:
        before = who.before or (who.called, who.uncalled)
        yield there._replace(before=before, since=(*who.since, (told, False)))


def offers(setting: Setting, who: Somebody) -> Iterator[Offer]:
    """Everything that can happen to somebody next, but for what happens to a whole run."""
    yield from _planned(setting, who)
    yield from _happening(setting, who)
    yield Offer("ground", who._replace(ground=not who.ground))
    if setting.again and who.ground and who.place == OUT and who.state == S.released and who.before is None:
        yield Offer("ground", who._replace(called=heard(who.called, [item(Step.call)]), place=HOME))
    for at, (_, heard_of) in enumerate(who.since):
        if not heard_of:
            for since in ((*who.since[:at], (who.since[at][0], True), *who.since[at + 1 :]),
                          (*who.since[:at], *who.since[at + 1 :])):  # fmt: skip
                after = _rise(who._replace(since=since))
                if all(heard_of for _, heard_of in since):
                    after = after._replace(before=None, since=())
                yield Offer("world", after)


def _planned(setting: Setting, who: Somebody) -> Iterator[Offer]:
    """What a planner may decide."""
    for decision, run, room in plans(setting, who.ground, who.state, who.course):
        after = tell(setting, who, decision)
        if after is not None:
            yield Offer("plan", after, run, room)


def plans(setting: Setting, ground: bool, state: int, course: Course) -> list[tuple[Item, int, int]]:
    """(decision, run in which it takes a seat, room in which it takes a bed) of a planner who keeps to the rules."""
    decided: list[tuple[Item, int, int]] = []
    if ground and state in WAITING:
        decided += [(item(Step.order), 0, 0), (item(Step.home), 0, 0)]
        decided += [(item(Step.assign, run, room), run, room) for run, room in product(setting.seats, setting.beds)]
    if ground and state == S.aboard and course.site == 0 and course.run:
        decided += [(item(Step.assign, course.run, room), 0, room) for room in setting.beds]
    if state in (S.assigned, S.dispatched):
        decided.append((item(Step.cancel), 0, 0))
    if ground and state == S.home:
        decided.append((item(Step.order), 0, 0))
    return decided


def _happening(setting: Setting, who: Somebody) -> Iterator[Offer]:
    """What the world does with somebody, as it is told."""
    for place, told, bed in happenings(setting, who.place, who.state, who.course):
        yield from (Offer("world", after, bed=bed) for after in _ways_of_telling(setting, who, place, told))
    yield from (Offer("world", after) for after in _put_right(setting, who) if after is not None)


def happenings(setting: Setting, place: Place, state: int, course: Course) -> list[tuple[Place, Item, int]]:
    """(where somebody is then, what is told of it, room in which it takes a true bed) of all that the world may do, by
    where they are and by what it was told to do."""
    kind, number = place
    run, site = course.run, course.site
    happens: list[tuple[Place, Item, int]] = []
    if kind == "home":
        if state in (S.assigned, S.dispatched) and run:
            happens += [(("aboard", run), item(Step.pickup, run), 0), (HOME, item(Step.refuse, run), 0)]
        # By themselves, whatever was planned.
        happens += [(("bed", room), item(Step.admit, room=room), 0) for room in setting.beds]
    elif kind == "aboard":
        doors = [site] if site else list(setting.beds)
        happens += [(("door", room), item(Step.arrive, number, room), 0) for room in doors]
        happens.append((HOME, item(Step.set_down, number), 0))
    elif kind == "door":
        back = run or next(iter(setting.seats))
        happens.append((("bed", number), item(Step.admit, room=number), number))
        happens.append((("aboard", back), item(Step.turn_away, back, number), 0))
    elif kind == "bed":
        happens.append((OUT, item(Step.discharge, room=number), 0))
    return happens


def _put_right(setting: Setting, who: Somebody) -> Iterator[Somebody | None]:
    """What people who see that the list is wrong have written down, so that nobody is lost with a receipt."""
    kind, number = who.place
    if kind == "home" and who.state in (S.aboard, S.arrived, S.returning):
        yield tell(setting, who, item(Step.set_down))
    elif kind == "bed" and who.state != S.admitted:
        yield tell(setting, who, item(Step.admit, room=number))
    elif kind == "out" and who.state != S.released and who.before is None:
        lodged = heard(who.called, [item(Step.admit)]), heard(who.uncalled, [item(Step.admit)])
        yield tell(setting, who._replace(called=lodged[0], uncalled=lodged[1]), item(Step.discharge))


def of_run(setting: Setting, who: Somebody, run: int, step: Step) -> Somebody | None:
    """What becomes of somebody when a run sets out or breaks down. None: a late receipt has to come before."""
    stranded = step == Step.breakdown and who.place == ("aboard", run)
    after: Somebody | None = who._replace(place=HOME) if stranded else who
    if after is not None and who.course.run == run and who.course.state in (S.assigned, S.dispatched, S.aboard):
        after = tell(setting, after, item(step, run))
    return after


class Graph(NamedTuple):
    """Shape: `states` as numbers of `kinds`, ascending; transitions as two columns of numbers of states, and whether
    somebody can bring them about: a ground comes and goes by itself."""

    kinds: list[Somebody]
    states: list[tuple[int, ...]]
    sources: array[int]
    targets: array[int]
    brought: array[int]


Watch = Callable[[list[Somebody], Holders, list[Way]], int]


def counted(setting: Setting, people: list[Somebody]) -> tuple[Holders, list[Way]]:
    """Who holds which seats and beds, as the brain counts them."""
    holders = Holders(setting.seats, {(room, room): beds for room, beds in setting.beds.items()})
    purpose = int(Purpose.isolate)
    ways = [Way(at, purpose, True, who.state, 0, 0, 0, 0, 0, 0, who.course, ()) for at, who in enumerate(people)]
    for way in ways:
        holders.swap((way.person, purpose), None, way)
    return holders, ways


def explore(setting: Setting, watch: Watch) -> Graph:
    """Everything that can be reached, breadth first. `watch` is asked about every state once, and tells how many are
    one too many in it; no plan may make them more."""
    start = Somebody(True, HOME, heard(START, [item(Step.call)]), START)
    kinds, number, local = [start], {start: 0}, dict[int, list[tuple[str, int, int, int, int]]]()
    runs: dict[tuple[int, int, Step], int] = {}

    def name(who: Somebody) -> int:
        if who not in number:
            number[who] = len(kinds)
            kinds.append(who)
        return number[who]

    states, found = [(0,) * setting.people], {(0,) * setting.people: 0}
    graph = Graph(kinds, states, array("i"), array("i"), array("b"))
    many: list[int] = []
    planned: list[tuple[int, int]] = []
    for at, state in enumerate(states):
        people = [kinds[kind] for kind in state]
        holders, ways = counted(setting, people)
        many.append(watch(people, holders, ways))
        beds = [who.place[1] for who in people if who.place[0] == "bed"]
        nexts: dict[tuple[int, ...], set[str]] = {}
        for one, kind in enumerate(state):
            if kind not in local:
                local[kind] = [(o.who, name(o.after), o.run, o.room, o.bed) for o in offers(setting, kinds[kind])]
            for who, after, run, room, bed in local[kind]:
                free = not run or holders.held((run, 0)) < setting.seats[run]
                free = free and (not room or holders.held((room, room)) < setting.beds[room])
                if free and (not bed or beds.count(bed) < setting.beds[bed]):
                    nexts.setdefault(tuple(sorted((*state[:one], after, *state[one + 1 :]))), set()).add(who)
        for run, step in product(setting.seats, (Step.dispatch, Step.breakdown)):
            for kind in set(state):
                if (kind, run, step) not in runs:
                    moved = of_run(setting, kinds[kind], run, step)
                    runs[kind, run, step] = -1 if moved is None else name(moved)
            together = [runs[kind, run, step] for kind in state]
            if -1 not in together:
                nexts.setdefault(tuple(sorted(together)), set()).add("world")
        for after_all, by in nexts.items():
            if after_all not in found:
                found[after_all] = len(states)
                states.append(after_all)
            graph.sources.append(at)
            graph.targets.append(found[after_all])
            graph.brought.append(by != {"ground"})
            if "plan" in by:
                planned.append((at, found[after_all]))
    worse = [(a, b) for a, b in planned if many[b] > many[a]]
    assert not worse, f"a plan fills what is full: {[kinds[k] for k in states[worse[0][0]]]}"
    return graph
