"""A desk with transfers: a brain, and the hand that feeds it with records of a district that fetches people.

In: what staff would say, such as "friend was picked up at 10:45". Out: what stands of a way, and the events that came
of it.
Invariant: every word becomes a record as departments send it; nothing is put into the brain but by its door.
Deliberately absent: expectations; each story has its own.
"""

from __future__ import annotations

import json
from typing import Any

from brain.stages import Brain
from schemas.keys import pseudonym
from schemas.transfers import DutyRole, Purpose, Step, TransferFlag, TransferState
from streams.packs import load_series
from tests.histories import KEY, batches

PACKS = load_series("cn")
Event = dict[str, Any]
Row = dict[str, Any]


def person(name: str) -> dict[str, str]:
    return {"id_type": "person_no", "id_no": name}


def token(name: str) -> int:
    return KEY.identifier("person_no", name.upper())


def at(hour: int, minute: int = 0, day: int = 8) -> str:
    return f"2022-03-{day:02d}T{hour:02d}:{minute:02d}:00+08:00"


def ms(hour: int, minute: int = 0, day: int = 8) -> int:
    return 1_646_668_800_000 + ((day - 8) * 1440 + hour * 60 + minute) * 60_000


class TransferDesk:
    """Record ids are made of what is told, so that whatever is told again is a new version of the same record."""

    def __init__(self) -> None:
        self.brain = Brain(PACKS)
        self.lines: list[tuple[str, bytes]] = []

    def send(self, source: str, record: str, body: dict[str, Any], **envelope: Any) -> list[Event]:
        head = {"source_record_id": record.removesuffix("+08:00"), "event_time": at(9)}
        head |= {"version": 1, "operation": "upsert"} | envelope
        line = source, json.dumps(head | {k: v for k, v in body.items() if v is not None}).encode()
        self.lines.append(line)
        return [event for part in batches([line]) for event in self.brain.step(part).to_pylist()]

    def case(self, name: str, onset: str = at(8), known: str = at(10), **envelope: Any) -> list[Event]:
        body = {**person(name), "classification": "confirmed", "onset_at": onset}
        return self.send("health.case_report", f"case-{name}", body, event_time=known, **envelope)

    def meet(self, *names: str, room: str = "R1", **envelope: Any) -> list[Event]:
        """They were in one room on the day before, from nine to five."""
        body = {"place_kind": "room", "place_code": room, "since_at": at(9, day=7), "until_at": at(17, day=7)}
        told = [self.send("health.survey_leg", f"leg-{n}", {**person(n), **body}, **envelope) for n in names]
        return [event for events in told for event in events]

    def order(self, name: str, when: str, decision: str = "order", **more: Any) -> list[Event]:
        body = {**person(name), "purpose": "isolate", "decision": decision, "decided_at": when} | more
        return self.send("health.transfer_order", f"{decision}-{name}-{when}", body, event_time=when)

    def assign(self, name: str, when: str, run: str = "R1", site: str | None = "H1", **more: Any) -> list[Event]:
        body = {"person_code": pseudonym(token(name)), "purpose": "isolate", "decision": "assign", "decided_at": when}
        body |= {"run_code": run, "vehicle_code": f"V-{run}", "site_code": site}
        return self.send("command.transfer_decision", f"assign-{name}-{when}", body | more, event_time=when)

    def depart(self, run: str, when: str, protection: str = "full") -> list[Event]:
        crew = {**person("driver"), "role": "driver", "protection": protection}
        body = {**crew, "run_code": run, "vehicle_code": f"V-{run}", "departed_at": when}
        return self.send("transport.transfer_run", f"run-{run}", body, event_time=when)

    def receipt(self, name: str, step: str, when: str, run: str | None = "R1", **more: Any) -> list[Event]:
        body = {**person(name), "step": step, "happened_at": when, "run_code": run} | more
        return self.send("transport.transfer_receipt", f"{step}-{name}-{when}", body, event_time=when)

    def admit(self, name: str, when: str, site: str = "H1", room: str | None = None) -> list[Event]:
        body = {**person(name), "site_code": site, "room": room, "admitted_at": when}
        return self.send("health.isolation_admission", f"adm-{name}-{when}", body, event_time=when)

    def discharge(self, name: str, when: str, site: str = "H1") -> list[Event]:
        body = {**person(name), "site_code": site, "discharged_at": when}
        return self.send("health.isolation_discharge", f"dis-{name}-{when}", body, event_time=when)

    def site(self, code: str, takes: list[str], rooms: dict[str, tuple[int, int]] | None = None) -> None:
        """`rooms`: floor and beds by number."""
        kind = "hospital" if takes == ["case"] else "hotel"
        self.send("health.isolation_site", f"site-{code}", {"site_code": code, "kind": kind, "takes": takes})
        for room, (floor, beds) in (rooms or {}).items():
            body = {"site_code": code, "room": room, "floor": floor, "beds": beds}
            self.send("health.isolation_room", f"room-{code}-{room}", body)

    def vehicle(self, run: str, seats: int) -> list[Event]:
        return self.send("transport.transfer_vehicle", f"v-{run}", {"vehicle_code": f"V-{run}", "seats": seats})

    def home(self, name: str) -> None:
        """In the one building of this district."""
        self.send("police.resident_register", f"home-{name}", {**person(name), "household_code": f"HH-{name}"})
        where = {"compound_code": "C1", "building": "1", "street": "东街", "community": "第一社区"}
        self.send("housing.dwelling", f"dwelling-{name}", {**where, "household_code": f"HH-{name}"})

    def duty(self, name: str, role: str, since: str = at(0, day=1), until: str | None = None) -> list[Event]:
        where = {"compound_code": "C1", "building": "1"} if role == "building_head" else {"community": "第一社区"}
        body = {**person(name), "role": role, "valid_since": since, "valid_until": until, **where}
        return self.send("grid_centre.assignment", f"duty-{name}", body)

    def acknowledge(self, name: str, by: str, when: str, **envelope: Any) -> list[Event]:
        body = {"person_code": pseudonym(token(name)), "purpose": "isolate", **person(by), "acknowledged_at": when}
        return self.send("grid_centre.transfer_ack", f"ack-{name}", body, **envelope)

    def tick(self, when: str) -> list[Event]:
        return self.send("command.tick", f"tick-{when}", {"ticked_at": when}, event_time=when)

    def rows(self, view: str) -> list[Row]:
        return self.brain.view()[view].to_pylist()

    def way(self, name: str, purpose: Purpose = Purpose.isolate) -> Row:
        found = [r for r in self.rows("transfers") if (r["person"], r["purpose"]) == (token(name), purpose)]
        assert len(found) == 1, f"{len(found)} ways of {name}"
        return found[0]

    def stands(self, name: str, purpose: Purpose = Purpose.isolate) -> tuple[str, set[str]]:
        """(state, flags), in words."""
        way = self.way(name, purpose)
        return TransferState(way["state"]).name, {flag.name for flag in TransferFlag if way["flags"] & flag}

    def steps(self, name: str, purpose: Purpose = Purpose.isolate) -> list[tuple[str, str]]:
        """(what was told, state after it), in words."""
        mine = [r for r in self.rows("transfer_steps") if (r["person"], r["purpose"]) == (token(name), purpose)]
        return [(Step(r["step"]).name, TransferState(r["after"]).name) for r in mine]

    def told(self, name: str) -> list[tuple[int, str, int, int, int, int]]:
        """(level, role, owner, raised, since, until) of everybody who is or was told of somebody."""
        mine = [r for r in self.rows("escalations") if r["person"] == token(name)]
        names = ("owner", "raised_at_ms", "since_ms", "until_ms")
        return [(r["level"], DutyRole(r["role"]).name, *(r[n] for n in names)) for r in mine]


def kinds(events: list[Event]) -> list[str]:
    return [event["kind"] for event in events]


def turns(events: list[Event]) -> list[tuple[str, str, bool]]:
    """(state before, state after, a human is asked) of the transfers that changed."""
    mine = [event for event in events if event["kind"] == "transfer_changed"]
    words = [(TransferState(e["class_before"]).name, TransferState(e["class_after"]).name) for e in mine]
    return [(*pair, event["confirm"]) for pair, event in zip(words, mine, strict=True)]
