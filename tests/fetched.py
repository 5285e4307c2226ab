"""Fetched: records of transfers, about the people of a small world, two vehicles, three runs and two sites.

In: a world (tests/worlds.py). Out: bodies of records.
Invariant: whatever can be named by a code of its own is named now and then by the code that we publish for it.
Deliberately absent: plausibility; steps of a way come in any order, late, doubled and without those before them.
"""

from __future__ import annotations

from random import Random
from typing import Any

from schemas.keys import Key, place_code, pseudonym

KEY = Key("test", bytes(range(32)))
"""The key under which a world's codes are published."""
WAYS = (
    "health.case_report", "health.case_report", "police.resident_register", "police.resident_register",
    "health.survey_leg", "health.nat_sample", "health.nat_result", "health.isolation_admission",
    "health.isolation_discharge", "health.isolation_site", "health.isolation_room",
    "health.isolation_room", "health.transfer_order", "command.transfer_decision", "command.transfer_decision",
    "command.transfer_decision", "command.transfer_decision", "command.transfer_decision", "command.tick",
    "command.tick", "transport.transfer_receipt", "transport.transfer_receipt", "transport.transfer_receipt",
    "transport.transfer_receipt", "transport.transfer_receipt", "transport.transfer_run", "transport.transfer_run",
    "transport.transfer_run", "transport.transfer_trouble", "transport.transfer_vehicle", "transport.transfer_crew",
    "transport.transfer_ping", "housing.dwelling", "housing.dwelling", "grid_centre.assignment",
    "grid_centre.assignment", "grid_centre.transfer_ack", "civil_affairs.care_roster",
)  # fmt: skip
"""What a world in which people are fetched is about: who must go, who decides, and what becomes of it."""


class Fetched:
    """The part of a world that draws records of transfers."""

    rng: Random

    def pick(self, *choices: Any) -> Any:
        raise NotImplementedError

    def maybe(self, value: Any, percent: int = 70) -> Any:
        raise NotImplementedError

    def time(self, day_first: int = 0, day_last: int = 0) -> str:
        raise NotImplementedError

    def span(self, since: str, until: str) -> dict[str, Any]:
        raise NotImplementedError

    def ident(self) -> dict[str, str]:
        raise NotImplementedError

    def anchor(self) -> dict[str, str]:
        raise NotImplementedError

    def person_code(self) -> str:
        who = self.ident()
        return pseudonym(KEY.identifier(who["id_type"], who["id_no"]))

    def named(self, kind: str, code: str) -> str:
        """A code, or the code that we publish for it."""
        return code if self.rng.randrange(4) else place_code(KEY.place(kind, code))

    def site(self) -> str:
        return self.named("site", self.pick("S1", "S1", "S2"))

    def run(self) -> str:
        return self.named("transfer", self.pick("R1", "R1", "R2", "R3"))

    def vehicle(self) -> str:
        return self.named("fleet", self.pick("V1", "V1", "V2"))

    def room(self) -> str:
        site = place_code(KEY.place("site", self.pick("S1", "S2")))
        number = self.pick("101", "201", "301")
        return number if self.rng.randrange(4) else place_code(KEY.place("site_room", f"{site}\x1f{number}"))

    def pair(self, first: str, second: str) -> dict[str, Any]:
        """Two times, the first of which may be lacking; it never is at or after the second."""
        a, b = sorted((self.time(), self.time()))
        return {first: self.maybe(a) if a != b else None, second: b}

    def position(self) -> dict[str, Any]:
        lat, lon = 43.9 + self.rng.randrange(4) / 200, 125.3 + self.rng.randrange(4) / 200
        return {"lat": self.maybe(round(lat, 6), 85), "lon": self.maybe(round(lon, 6), 85)}

    def health_isolation_site(self) -> dict[str, Any]:
        takes = self.pick(["case"], ["case"], ["close", "secondary"], ["close"], ["case", "close"], [])
        kind = self.pick("hospital", "cabin", "hotel", "station")
        since = self.span("open_since", "open_until")
        return {"site_code": self.site(), "kind": kind, "takes": takes, **self.position(), **since}

    def health_isolation_room(self) -> dict[str, Any]:
        floor = self.maybe(self.pick(1, 2, 3))
        return {
            "site_code": self.site(), "room": self.room(), "floor": floor, "beds": self.pick(1, 1, 2),
            "family": self.maybe(True, 30),
        }  # fmt: skip

    def health_isolation_admission(self) -> dict[str, Any]:
        where = {"site_code": self.site(), "room": self.maybe(self.room())}
        return {**self.ident(), **where, "admitted_at": self.time(1)}

    def health_isolation_discharge(self) -> dict[str, Any]:
        return {**self.ident(), "site_code": self.site(), "discharged_at": self.time(1)}

    def health_transfer_order(self) -> dict[str, Any]:
        return {
            **self.ident(), "purpose": self.pick("isolate", "isolate", "hospital"),
            "decision": self.pick("order", "order", "cancel", "home"), "site_code": self.maybe(self.site(), 30),
            "reason": self.maybe(self.pick("child", "care", "unheard_of"), 40), "decided_at": self.time(),
        }  # fmt: skip

    def command_transfer_decision(self) -> dict[str, Any]:
        decision = self.pick("order", "order", "assign", "assign", "assign", "assign", "cancel", "home")
        body = {
            "person_code": self.person_code(), "purpose": self.pick("isolate", "isolate", "hospital"),
            "decision": decision, "decided_at": self.time(), "reason": self.maybe("carer", 20),
        }  # fmt: skip
        if decision == "assign":
            body |= {"run_code": self.run(), "vehicle_code": self.vehicle(), "site_code": self.maybe(self.site(), 90)}
            body |= {"room": self.maybe(self.room())}
            body |= self.pair("planned_pickup_at", "planned_arrival_at")
        return body

    def command_tick(self) -> dict[str, Any]:
        return {"ticked_at": self.time(0, 8)}

    def transport_transfer_vehicle(self) -> dict[str, Any]:
        depot = {f"depot_{name}": value for name, value in self.position().items()}
        rest = {"negative_pressure": self.maybe(True, 50), "last_disinfected_at": self.maybe(self.time(), 50)}
        size = {"seats": self.pick(1, 1, 2, 3), "wheelchairs": self.maybe(self.pick(0, 1), 50)}
        return {"vehicle_code": self.vehicle(), **size, **depot, **rest, **self.span("since_at", "until_at")}

    def transport_transfer_crew(self) -> dict[str, Any]:
        shift = {"last_tested_at": self.maybe(self.time()), **self.span("since_at", "until_at")}
        return {**self.ident(), "vehicle_code": self.vehicle(), "role": self.pick("driver", "escort"), **shift}

    def transport_transfer_run(self) -> dict[str, Any]:
        return {
            **self.ident(), "role": self.pick("driver", "escort"), "run_code": self.run(),
            "vehicle_code": self.vehicle(), "site_code": self.maybe(self.site(), 50),
            **self.span("departed_at", "returned_at"),
            "protection": self.maybe(self.pick("full", "full", "partial", "none"), 80),
        }  # fmt: skip

    def transport_transfer_receipt(self) -> dict[str, Any]:
        steps = ("picked_up", "picked_up", "arrived", "arrived", "refused", "turned_away", "set_down")
        named = {"run_code": self.maybe(self.run(), 80), "vehicle_code": self.maybe(self.vehicle())}
        told = {"site_code": self.maybe(self.site()), "reason": self.maybe(self.pick("illness", "site_full"), 20)}
        return {**self.ident(), "step": self.pick(*steps), **named, **told, **self.pair("boarded_at", "happened_at")}

    def transport_transfer_trouble(self) -> dict[str, Any]:
        what = self.pick("breakdown", "breakdown", "disinfected", "flat_tyre")
        named = {"vehicle_code": self.vehicle(), "run_code": self.maybe(self.run(), 90)}
        return {**named, "what": what, "happened_at": self.time()}

    def transport_transfer_ping(self) -> dict[str, Any]:
        where = {"lat": 43.9 + self.rng.randrange(4) / 200, "lon": 125.3 + self.rng.randrange(4) / 200}
        return {"vehicle_code": self.vehicle(), **where, "pinged_at": self.time()}

    def grid_centre_transfer_ack(self) -> dict[str, Any]:
        late = {"person_code": self.person_code(), "purpose": self.pick("isolate", "isolate", "hospital")}
        return {**late, **self.anchor(), "acknowledged_at": self.time(0, 8)}

    def civil_affairs_care_roster(self) -> dict[str, Any]:
        card = self.maybe(self.pick("wheelchair", "physical_1", "visual_1"))
        kind = self.pick("disabled", "carer", "solitary_elderly")
        return {**self.anchor(), "category": kind, "disability": card, **self.span("listed_since", "listed_until")}
