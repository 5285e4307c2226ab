"""The day of the peak as records: 833 new cases, some thousands of contacts, too few vehicles and beds; nobody is lost.

In: registers of a small city, 833 reports and the workrooms of the day before, written by hand; engine, dispatcher and
world in a loop. Out: pass or fail.
Invariant: the judge is the oracle. Kuancheng's peak was 833 new cases on 2022-04-02.
Deliberately absent: how they were infected, and good plans.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from brain.dispatch.decisions import Round, decide
from brain.dispatch.reasons import LACKS
from brain.dispatch.rows import rows_of
from brain.dispatch.situation import Limits
from brain.dispatch.standing import Lake as Standing
from replay.oracle.answer import answer
from replay.sheets import REGISTERS_DAY
from replay.transfers.names import drill_key
from replay.transfers.stage import Stage
from schemas.codes import PersonClass
from schemas.instants import HOUR_MS, MINUTE_MS
from schemas.intake import Intake
from schemas.transfers import Purpose, TransferState
from sinks.digest import canonical
from sinks.lake import Lake
from streams.batches import as_tables
from streams.commands.oracle import read_all
from streams.loop import play_stage
from streams.opening import Opened
from streams.packs import load_series
from streams.records import Reader, find_parts
from tests.transfer_drills import plan_with

CASES = 833
PLAN = replace(
    plan_with(days=1, residents=5_000, vehicles=10, beds=0.6, cabins_after_hours=12, dispatch_minutes=240), seeds=0
)
KEY, PACKS = drill_key(PLAN.seed, "peak"), load_series(PLAN.pack)
_S = TransferState
WAITING = {_S.needed, _S.ordered, _S.refused}
ON_THE_WAY = {_S.assigned, _S.dispatched, _S.aboard, _S.arrived}
THERE = {_S.admitted, _S.released}
AT_HOME, NO_MORE = {_S.home}, {_S.cancelled, _S.superseded}


def report(stage: Stage) -> None:
    """833 residents are reported in the morning; with whom they worked the day before stands in the firms' records."""
    people = stage.city.people
    rng = np.random.default_rng(833)
    cases = rng.choice(np.flatnonzero(people.home[: stage.city.residents] >= 0), CASES, replace=False)
    for number, person in enumerate(cases.tolist()):
        at_ms = stage.first_ms + 7 * HOUR_MS + number * 20_000
        kind, shown = stage.names.shown(person)
        body = {
            "id_type": kind, "id_no": shown, "classification": "asymptomatic", "reported_at": at_ms,
            "discovery": "screening", "onset_at": stage.first_ms - 20 * HOUR_MS,
        }  # fmt: skip
        stage.rolls.write(("health.case_report", 0), body, at_ms, at_ms + 20 * MINUTE_MS)
    began = stage.first_ms - 15 * HOUR_MS
    rooms = {int(people.work_place[p]) for p in cases.tolist()} - {-1}
    for person in np.flatnonzero(np.isin(people.work_place, sorted(rooms))).tolist():
        place = int(people.work_place[person])
        if stage.city.places.second[place].startswith("W"):
            kind, shown = stage.names.shown(person)
            body = {
                "id_type": kind, "id_no": shown, "credit_code": stage.city.places.first[place],
                "workshop": stage.city.places.second[place], "started_at": began, "ended_at": began + 8 * HOUR_MS,
            }  # fmt: skip
            stage.rolls.write(("telecom.shift", REGISTERS_DAY), body, began, began + 9 * HOUR_MS)


class Peak:
    """The day as it was played. `views`: what the engine concluded; `stage`: the world as it is at the end."""

    def __init__(self, path: Path) -> None:
        self.records = path / "records"
        self.stage = Stage(PLAN, self.records, KEY)
        report(self.stage)
        with Lake.open(path / "lake", KEY, PLAN.pack) as lake:
            told = play_stage(self.stage, Opened(lake, KEY, PACKS))
            self.views = told.engine.engine.brain.view()

    @property
    def states(self) -> dict[tuple[int, int], TransferState]:
        rows = self.views["transfers"].select(["person", "purpose", "state"]).to_pylist()
        return {(row["person"], row["purpose"]): _S(row["state"]) for row in rows}

    def round(self) -> Round:
        """What the dispatcher says at the end."""
        rows = {name: rows_of(name, self.views[name]) for name in ("transfers", "transfer_steps", "vehicles", "beds")}
        standing = Standing(rows["transfers"], rows["transfer_steps"], rows["vehicles"], rows["beds"], {},
                            self.stage.households)  # fmt: skip
        pack = PACKS.packs[int(PACKS.in_force(np.array([self.stage.now_ms]))[0])]
        return decide(standing, Limits.of(pack.transfer), self.stage.ticked_ms)


@pytest.fixture(scope="module")
def peak(tmp_path_factory: pytest.TempPathFactory) -> Peak:
    return Peak(tmp_path_factory.mktemp("peak"))


@pytest.fixture(scope="module")
def oracle(peak: Peak) -> dict[str, pa.Table]:
    return answer(*as_tables(read_all(Reader(find_parts(peak.records), {}), Intake(KEY))), PACKS)


def test_there_are_833_cases_and_some_thousands_to_be_taken(peak: Peak) -> None:
    assert peak.views["cases"].num_rows == CASES
    purposes = Counter(purpose for _, purpose in peak.states)
    assert purposes[Purpose.hospital] == CASES
    assert purposes[Purpose.isolate] > 1_500


def test_nobody_is_lost(peak: Peak) -> None:
    """Every person with a call waits, is on the way, is there, or is at home, and is so once."""
    states = peak.states
    assert len(states) == peak.views["transfers"].num_rows
    known = WAITING | ON_THE_WAY | THERE | AT_HOME | NO_MORE
    assert set(states.values()) <= known
    cases = {row["case_person"] for row in peak.views["cases"].select(["case_person"]).to_pylist()}
    called = {person for person, purpose in states if purpose == Purpose.hospital}
    assert called == cases
    contacts = peak.views["persons"].to_pylist()
    owed = {row["person"] for row in contacts if row["class"] == PersonClass.close}
    assert owed <= {person for person, purpose in states if purpose == Purpose.isolate}
    assert sum(state in ON_THE_WAY | THERE for state in states.values()) > 100
    world = peak.stage.world
    assert not set(world.riding) & {p for p in world.lodged_ms if world.wards.of(p)}


def test_whoever_is_there_truly_is_and_no_room_holds_more_than_its_beds(peak: Peak) -> None:
    world, names = peak.stage.world, peak.stage.names
    for (person, _), state in peak.states.items():
        if state is _S.admitted:
            number = names.person(person)  # a contact who became a case may be on the way from one bed to another
            assert world.wards.of(number) or number in world.riding or number in world.stranded
    for bed in peak.views["beds"].to_pylist():
        assert bed["lodged"] <= bed["beds"]


def test_who_missed_a_deadline_is_as_the_oracle_says(peak: Peak, oracle: dict[str, pa.Table]) -> None:
    for view in ("transfers", "transfer_steps", "escalations", "vehicles", "beds"):
        assert canonical(view, peak.views[view]).equals(canonical(view, oracle[view])), view
    missed = oracle["transfers"].filter(pa.compute.equal(oracle["transfers"]["breached"], 1))
    assert missed.num_rows > 300
    assert peak.views["escalations"].num_rows > missed.num_rows


def test_the_queue_is_by_deadline_class_and_waiting_and_everybody_in_it_is_told_what_is_lacking(peak: Peak) -> None:
    found = peak.round()
    ways = {(row["person"], row["purpose"]): row for row in peak.views["transfers"].to_pylist()}
    queue = [line for line in found.lines if line.rank]
    assert [line.rank for line in queue] == list(range(1, len(queue) + 1))
    keys = [
        (ways[x.person, x.purpose]["due_at_ms"], -x.level, ways[x.person, x.purpose]["needed_at_ms"]) for x in queue
    ]
    assert keys == sorted(keys)
    assert len(queue) > 1_000
    lacks = Counter(line.why for line in queue if not line.rides)
    assert set(lacks) <= {*LACKS, "later"}
    assert lacks["no_bed"] + lacks["no_time"] > 500
