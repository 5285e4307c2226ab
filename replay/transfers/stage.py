"""Stage: a drill with transfers, played slice by slice: what arrives depends on what was decided in slices before.

In: a plan, an empty folder, the drill's key; decisions as they are made. Out: files of records that grow, in order of
arrival; in the end the truth beside them.
Invariant: same plan, same decisions, same bytes. A decision is a record, so that whoever reads the folder again decides
nothing.
Deliberately absent: the engine and the dispatcher (streams/rehearsals.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from replay.arrivals import Arrivals
from replay.city.founding import found_city
from replay.city.living import live
from replay.city.model import AT_LARGE_MS, Ground
from replay.desks.day import Day, before
from replay.desks.table import REGISTERS, sheets, unplayed
from replay.faults.catalogue import spoil
from replay.lines import lines
from replay.plan import Plan
from replay.play import FAULTS, Played, Progress, day_name, published
from replay.sheets import REGISTERS_DAY, Sheet
from replay.transfers.filing import file_world
from replay.transfers.furnishing import furnish
from replay.transfers.happenings import Decision, Verdict, What
from replay.transfers.held import Absences, Held
from replay.transfers.ledger import Ledger
from replay.transfers.names import Names
from replay.transfers.receipts import Receipts
from replay.transfers.rolls import Rolls
from replay.transfers.trips import STEPS
from replay.transfers.world import World
from replay.truth import Truth
from replay.wave.wave import Wave
from schemas.departments import NAMES
from schemas.instants import DAY_MS, HOUR_MS, UNKNOWN_MS, day_number, day_start
from schemas.keys import Key, parse_code
from schemas.keys import published as token_of
from schemas.transfers import Purpose

LOOPED = ("health.isolation_admission", "health.isolation_discharge")
"""Sources that the wave's own sheets do not write here."""
SECOND_MS, LATE_MS = 1000, 6 * HOUR_MS
_DECIDED, _TICKED = "command.transfer_decision", "command.tick"


@dataclass
class Stage:
    """One drill being played. `advance` writes what arrives in a slice, and that its end has come; `decide` what the
    command centre says then, which arrives with the next."""

    plan: Plan
    folder: Path
    key: Key
    sets: Path | None = None
    progress: Progress = lambda _day, _step, _share: None
    played: Played = field(default_factory=Played)
    now_ms: int = UNKNOWN_MS

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if any(self.folder.iterdir()):
            raise FileExistsError(f"{self.folder}: a drill is written into an empty folder; remove it or name another")
        plan, timed = self.plan, self.played.timed
        self.first_ms = day_start(day_number(plan.first_day))
        self.end_ms = self.first_ms + plan.days * DAY_MS
        city = timed("city", lambda: found_city(plan.seed, plan.residents, *published(plan, self.sets)))
        self.city = furnish(city)
        self.truth = Truth(self.folder.parent / f"{self.folder.name}-truth", plan)
        self.wave = timed("wave", lambda: Wave(self.city, plan))
        self.world = World(self.city, plan, self.first_ms, STEPS)
        self.names, self.rolls = Names(self.world, self.key), Rolls()
        self.receipts = Receipts(self.world, self.names, self.rolls, self.first_ms)
        self.absences, self.ledger = Absences(len(self.city.people)), Ledger(self.city, self.world)
        self._held: list[Held] = []
        self._written: set[str] = set()
        self._asked: set[tuple[str, int, int, int]] = set()
        self._arrivals, self._digests = Arrivals(), dict[str, Any]()
        self._file_registers()

    def _file_registers(self) -> None:
        day = before(self.city, self.first_ms, self.plan.profile)
        for at, register in enumerate(REGISTERS):
            sheet: Sheet = self.played.timed("desks", partial(register, day))
            self.progress(REGISTERS_DAY, sheet.source, at / len(REGISTERS))
            sheet.arrival_ms = np.minimum(sheet.arrival_ms, self.first_ms - 1000)
            self._hold(sheet, REGISTERS_DAY)
        file_world(self.world, self.names, self.rolls, self.first_ms)
        self.receipts.lodgers()

    def advance(self, until_ms: int) -> dict[str, int]:
        """What arrives before that instant, and has not before; lines by file. Slices must not span midnights."""
        since_ms, self.now_ms = self.now_ms, until_ms
        if since_ms != UNKNOWN_MS and (since_ms - self.first_ms) % DAY_MS == 0 and since_ms < self.end_ms:
            self._dawn((since_ms - self.first_ms) // DAY_MS, since_ms)
        happenings = self.world.pass_time(min(until_ms, self.end_ms))
        self.ledger.keep(happenings)
        self.receipts.tell(happenings)
        taken = {h.person: h.at_ms for h in reversed(happenings) if h.what in (What.picked_up, What.admitted)}
        self._take({p: at for p, at in taken.items() if p < len(self.city.people)})
        if since_ms != UNKNOWN_MS and until_ms <= self.end_ms:
            at_ms = until_ms - SECOND_MS
            self.rolls.write((_TICKED, (at_ms - self.first_ms) // DAY_MS), {"ticked_at": at_ms}, at_ms, at_ms)
        written: Counter[str] = Counter()
        for held in self._held:
            sheet = held.arrived(since_ms, until_ms, self.absences)
            if sheet is not None:
                self._write(sheet, held.day, written)
        for (_, day), sheet in self.rolls.arrived(until_ms):
            self._write(sheet, day, written)
        return dict(written)

    def late_ends(self) -> list[int]:
        """Ends of further slices, in which what was told late comes in."""
        late = np.concatenate([self.rolls.left(), *(held.left() for held in self._held)])
        steps = np.unique((np.maximum(late, self.end_ms) - self.end_ms) // LATE_MS + 1)
        return [self.end_ms + step * LATE_MS for step in steps.tolist()]

    def _take(self, taken: Mapping[int, int]) -> None:
        """These are out of the city's life from then on."""
        if taken:
            people = np.array(sorted(taken), np.int64)
            self.wave.take(people, np.array([taken[p] for p in people.tolist()], np.int64))
            for person, at_ms in taken.items():
                self.absences.leave(person, at_ms)

    def _dawn(self, number: int, start_ms: int) -> None:
        """Another day begins: how it would be lived, what tests find, what departments will write."""
        self.progress(number, "city", 0.0)
        plan, timed = self.plan, self.played.timed
        isolated = self.wave.isolated_ms
        visits = timed("visits", lambda: live(self.city, number, start_ms, plan.profile, isolated, plan.injects))
        course = timed("wave", lambda: self.wave.step(number, start_ms, visits))
        for person in np.flatnonzero((course.isolated_ms != AT_LARGE_MS) & (isolated == AT_LARGE_MS)).tolist():
            self.absences.leave(person, int(course.isolated_ms[person]))
        rows, stays = np.flatnonzero(course.stays.ended == 1), course.stays
        for person, at_ms in zip(stays.person[rows].tolist(), stays.at_ms[rows].tolist(), strict=True):
            self.world.discharge(person, at_ms)
            self.absences.come_back(person, start_ms + DAY_MS)
        self.ledger.day(number, visits)
        day = Day(self.city, number, start_ms, plan.profile, self.absences.cut(visits), course)
        for at, department in enumerate(NAMES):
            self.progress(number, department, at / len(NAMES))
            for sheet in sheets(day, department):
                if sheet.source not in LOOPED:
                    self._hold(sheet, number)
        self.progress(number, "done", 1.0)

    def _hold(self, sheet: Sheet, day: int) -> None:
        struck = []
        if self.plan.faults:
            rng = self.city.rng(FAULTS, crc32(sheet.source.encode()), day + 1)
            struck = spoil(sheet, self.plan, self.city, rng, day)
        self._held.append(Held(sheet, day, struck))

    def _write(self, sheet: Sheet, day: int, written: Counter[str]) -> None:
        name = day_name(self.plan.first_day, day)
        path = self.folder / f"src.{sheet.source}.{name}.ndjson"
        digest = self._digests.setdefault(path.name, sha256())
        with path.open("ab") as file:
            for block in lines(sheet, day):
                digest.update(block)
                file.write(block)
        self._arrivals.add(path.name, sheet.arrival_ms)
        counts = self.played.lines[sheet.source]
        counts[name] = counts.get(name, 0) + len(sheet)
        self._written.add(sheet.source)
        written[path.name] += len(sheet)

    @property
    def households(self) -> frozenset[int]:
        """Tokens of the homes of the city."""
        places = self.city.places
        return frozenset(self.key.place("household", places.first[home]) for home in places.of(Ground.home).tolist())

    @property
    def ticked_ms(self) -> int:
        """The instant of the last tick."""
        return min(self.now_ms, self.end_ms) - SECOND_MS

    def count(self, counted: Mapping[int, tuple[int, int, int]]) -> None:
        """How many wait, are on the way, and are admitted as the engine has it, by purpose, beside what there truly
        is for them."""
        idle = sum(not v.run and v.whole_ms <= self.now_ms for v in self.world.vessels)
        for purpose in Purpose:
            beds, free = self.world.wards.beds(purpose, self.now_ms)
            waiting, going, admitted = counted.get(int(purpose), (0, 0, 0))
            self.ledger.count([{
                "at_ms": self.now_ms, "purpose": int(purpose), "beds": beds, "free": free, "vehicles_free": idle,
                "waiting": waiting, "on_the_way": going, "admitted": admitted,
            }])  # fmt: skip

    def answer(self, raised: Sequence[tuple[str, int, int, int, int]]) -> None:
        """Those who are told of a late transfer (code of the person, purpose, level, owner's token, since) take it on
        after some minutes, or do not; each once."""
        for code, purpose, level, owner, since_ms in raised:
            by, about = self.names.person(owner), (code, purpose, level, owner)
            if by >= 0 and about not in self._asked:
                self._asked.add(about)
                self.receipts.acknowledge(code, purpose, by, level, since_ms, self.now_ms)

    def decide(self, decisions: Sequence[Mapping[str, Any]]) -> None:
        """Decisions at the end of a slice, as fields of the command's records; they arrive at the beginning of the
        next. What they name by codes is what the drill's key says."""
        pile = _DECIDED, min((self.now_ms - self.first_ms) // DAY_MS, self.plan.days - 1)
        for said in decisions:
            self.rolls.write(pile, said, int(said["decided_at"]), self.now_ms)
        kept = {}
        for decision in filter(None, map(self._read, decisions)):
            self.world.decide([decision])
            if decision.verdict is Verdict.home:
                kept[decision.person] = decision.at_ms
        self._take({p: at for p, at in kept.items() if p < len(self.city.people)})

    def _read(self, said: Mapping[str, Any]) -> Decision | None:
        """A decision as the world understands it; None about nobody whom the city knows."""
        person = self.names.person(parse_code(str(said["person_code"]), "P"))
        if person < 0:
            return None
        vehicle, site, room = (str(said.get(name) or "") for name in ("vehicle_code", "site_code", "room"))
        codes = {v.code: at for at, v in enumerate(self.world.vehicles)}
        number = self.names.vehicle(token_of(vehicle, "L")) if token_of(vehicle, "L") else codes.get(vehicle, -1)
        site = self.names.site(token_of(site, "L")) if token_of(site, "L") else site
        room = self.names.room(token_of(room, "L")) if token_of(room, "L") else room
        at_ms, pickup = int(said["decided_at"]), said.get("planned_pickup_at")
        return Decision(
            person, int(Purpose[said["purpose"]]), Verdict[said["decision"]], at_ms, number,
            str(said.get("run_code") or ""), site, room, UNKNOWN_MS if pickup is None else int(pickup),
        )  # fmt: skip

    def end(self) -> Played:
        """Writes the truth; nothing arrives any more."""
        self.world.end(self.end_ms)
        self.played.sha256 = {name: digest.hexdigest() for name, digest in sorted(self._digests.items())}
        self.played.unplayed = [source for name in NAMES for source in unplayed(name, self._written)]
        self.ledger.write(self.truth, self.absences, self._held, self.rolls, self.plan.days, self.first_ms)
        self._arrivals.write(self.truth.folder)
        self.truth.end(self.wave.infections(self.end_ms), self.played.told(self.plan))
        return self.played
