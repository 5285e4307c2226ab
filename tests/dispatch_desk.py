"""A desk with a dispatcher: homes on a map, vehicles with crews, sites with rooms, rounds of planning over the views.

In: what staff would say, an instant. Out: rounds of planning; records of what was decided.
Invariant: decisions go into the brain as records, by the door that all records use.
Deliberately absent: expectations; each story has its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from brain.dispatch.decisions import Round, decide
from brain.dispatch.rows import rows_of
from brain.dispatch.situation import Limits
from brain.dispatch.standing import Lake, Promise
from schemas.instants import UNKNOWN_MS
from schemas.keys import parse_code
from schemas.transfers import Purpose
from streams.dispatch.recording import recorded
from tests.histories import KEY
from tests.transfer_desk import PACKS, TransferDesk, at, ms, person

LIMITS = Limits.of(PACKS.packs[int(PACKS.in_force(np.array([ms(12)]))[0])].transfer)
NOW = ms(12)


class Dispatcher(TransferDesk):
    """A desk with homes on a map, and a dispatcher who reads what stands."""

    def __init__(self) -> None:
        super().__init__()
        self.planned: dict[tuple[int, int, int], tuple[int, int]] = {}

    def lives(self, name: str, household: str, north: float = 43.9) -> None:
        self.send("police.resident_register", f"home-{name}", {**person(name), "household_code": household})
        where = {"compound_code": "C1", "building": "1", "street": "东街", "lat": north, "lon": 125.3}
        self.send("housing.dwelling", f"dwelling-{household}", {**where, "household_code": household})

    def van(self, code: str, seats: int = 4, **more: Any) -> None:
        body = {"vehicle_code": code, "seats": seats, "depot_lat": 43.91, "depot_lon": 125.31, **more}
        self.send("transport.transfer_vehicle", f"van-{code}", body)
        crew = {**person(f"driver-{code}"), "vehicle_code": code, "role": "driver"}
        shift = {"since_at": at(8), "until_at": at(20), "last_tested_at": at(7)}
        self.send("transport.transfer_crew", f"crew-{code}", crew | shift)

    def hotel(self, code: str, rooms: int, takes: tuple[str, ...] = ("close",), north: float = 43.95) -> None:
        body = {"site_code": code, "kind": "hotel", "takes": [*takes], "lat": north, "lon": 125.35}
        self.send("health.isolation_site", f"site-{code}", body)
        for number in range(rooms):
            room = {"site_code": code, "room": f"{number + 101}", "floor": 1, "beds": 1}
            self.send("health.isolation_room", f"room-{code}-{number}", room)

    def contacts(self, *names: str) -> None:
        """A case that is in hospital already, and those who met it."""
        self.case("source")
        self.meet("source", *names)
        self.send("health.isolation_admission", "in", {**person("source"), "site_code": "H", "admitted_at": at(10, 30)})

    def lake(self, promises: tuple[Promise, ...] = ()) -> Lake:
        views = self.brain.view()
        rows = {n: rows_of(v, views[v]) for n, v in (("transfers", "transfers"), ("steps", "transfer_steps"))}
        rows |= {n: rows_of(n, views[n]) for n in ("vehicles", "beds")}
        homes = {KEY.place("household", f"HH{n}") for n in range(9)}
        return Lake(**rows, planned=self.planned, households=homes, promises=promises)

    def plan(self, now_ms: int = NOW, promises: tuple[Promise, ...] = ()) -> Round:
        self.reaches(now_ms)
        return decide(self.lake(promises), LIMITS, now_ms)

    def reaches(self, now_ms: int) -> None:
        """Without a tick nobody knows who is on duty."""
        self.send("command.tick", f"tick-{now_ms}", {"ticked_at": now_ms // 1000}, event_time=now_ms // 1000)

    def tell(self, round_: Round) -> None:
        """What was decided becomes records."""
        for said in round_.decisions:
            if said["decision"] == "assign":
                key = parse_code(said["person_code"], "P"), int(Purpose[said["purpose"]]), said["decided_at"]
                self.planned[key] = said["planned_pickup_at"] or UNKNOWN_MS, said["planned_arrival_at"]
        for body in recorded(round_.decisions):
            envelope = {n: body.pop(n) for n in ("source_record_id", "event_time", "version", "operation")}
            self.send("command.transfer_decision", envelope.pop("source_record_id"), body, **envelope)

    def write(self, folder: Path) -> Path:
        """Everything that was said, as files of records; the key is beside them."""
        folder.mkdir()
        (folder.parent / "lake.key").write_text(KEY.to_json())
        (folder.parent / "lake.key").chmod(0o600)
        for number, (source, line) in enumerate(self.lines):
            (folder / f"src.{source}.{number:04d}.ndjson").write_bytes(line + b"\n")
        return folder


def busy() -> Dispatcher:
    """Two vehicles, six rooms, and two people who must go."""
    made = Dispatcher()
    made.van("V1")
    made.van("V2")
    made.hotel("S1", 6)
    made.contacts("anna", "bert")
    made.lives("anna", "HH1")
    made.lives("bert", "HH2", 43.92)
    return made
