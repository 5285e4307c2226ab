"""Worlds of transfers: whole ways from a meeting to a release, told in order, late, twice, never and wrongly.

In: a seeded generator. Out: lines of JSON by source, as tests/histories.py makes them.
Invariant: every state and flag of docs/transfers.md comes about often (tests/test_transfer_worlds.py counts); a step is
lost, moved, repeated or followed by an odd one, and a record is amended, withdrawn or contradicted, now and then.
Deliberately absent: what follows from it.
"""

from __future__ import annotations

import json
from datetime import datetime
from random import Random
from typing import Any

from schemas.identifiers import read_identifier
from schemas.instants import LOCAL
from schemas.keys import pseudonym
from tests.histories import KEY, Line
from tests.worlds import DAY_0, resident_id

SITES = (("HTL", "hotel", ["close", "secondary"]), ("WARD", "hospital", ["case"]), ("MIX", "cabin", ["case", "close"]))
ROLES = ("building_head", "grid_member", "secretary", "cadre", "district_leader")
AREAS: tuple[dict[str, str], ...] = (
    {"compound_code": "A", "building": "1"}, {"compound_code": "A"}, {"community": "柳影社区"}, {"street": "东街"},
    {"compound_code": "B"},
)  # fmt: skip
WAY = ("order", "assign", "dispatch", "pickup", "arrive", "admit", "discharge")
REFUSALS = ("refuse", "home", "cancel", "breakdown", "set_down")
ODD = (*REFUSALS, "turn_away", "assign", "order", "move", "elsewhere", "pickup", "arrive", "dispatch")
THEMES = ("plain", "mess", "wild", "wild", "retracted", "turned", "again", "crowd", "late", "lodged")
CALLED = 120
"""The hour at which the first case is known, about; the meetings were a day before."""


class TransferWorld:
    """One small outbreak and the transfers that it calls for; `lines` tells it."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.theme = self.pick(*THEMES)
        self.people = 3 + rng.randrange(4)
        self.told: list[tuple[str, dict[str, Any], float, bool]] = []
        for part in (self.homes, self.meetings, self.fleet, self.sites, self.duties, self.ways, self.twists):
            part()

    def pick(self, *choices: Any) -> Any:
        return choices[self.rng.randrange(len(choices))]

    def chance(self, percent: int, theme: str = "") -> bool:
        return self.rng.randrange(100) < (90 if theme == self.theme else percent)

    def after(self, hour: float, *hours: float) -> float:
        return hour + float(self.pick(*hours))

    @staticmethod
    def time(hour: float) -> str:
        return datetime.fromtimestamp(DAY_0 + round(hour * 3600), LOCAL).isoformat()

    def tell(self, source: str, hour: float, body: dict[str, Any], retracted: bool = False) -> None:
        self.told.append((source, {name: value for name, value in body.items() if value is not None}, hour, retracted))

    def who(self, n: int) -> dict[str, str]:
        if self.chance(8):
            return {"id_type": "phone", "id_no": f"1000000000{n}"}
        return {"id_type": "resident_id", "id_no": resident_id(n)}

    @staticmethod
    def code(n: int) -> str:
        """How a person is published: the command centre and the grid know them by that."""
        return pseudonym(KEY.identifier("resident_id", read_identifier("resident_id", resident_id(n))))

    def homes(self) -> None:
        for n in range(self.people):
            anchor = {"id_type": "resident_id", "id_no": resident_id(n)}
            home = {"household_code": self.pick("1", "2"), "compound_code": self.pick("A", "B", None)}
            held = {"phones": [f"1000000000{n}"], "born_on": self.pick(None, None, "2009-05-01", "2007-03-12")}
            span = {"valid_since": self.time(self.pick(0, 60, 130))} if self.chance(20) else {}
            self.tell("police.resident_register", 1, {**anchor, **home, **held, **span})
            if self.chance(25):
                kept = {"category": self.pick("carer", "disabled"), "disability": self.pick("wheelchair", "physical_1")}
                self.tell("civil_affairs.care_roster", 1, {**anchor, **kept})
        for household, compound in (("1", "A"), ("2", "B")):
            where = {"household_code": household, "compound_code": compound, "building": "1"}
            known = {"street": "东街", "community": self.pick("柳影社区", None), "lat": 43.9012, "lon": 125.3061}
            if self.chance(85):
                self.tell("housing.dwelling", 1, {**where, **known})
        if self.chance(15):
            named = {"other_id_type": "passport", "other_id_no": "E90001"}
            self.tell("police.identity_link", 2, {"id_type": "resident_id", "id_no": resident_id(1), **named})

    def leg(self, n: int, kind: str, since: float, until: float, told: float, place: str = "P1") -> None:
        stay = {"place_kind": kind, "place_code": place, "since_at": self.time(since), "until_at": self.time(until)}
        self.tell("health.survey_leg", told, {**self.who(n), **stay, "room": "9" if kind == "room" else None})

    def meetings(self) -> None:
        """Nobody is Case 0's contact but by meeting; the next one's contact is one of degree 2."""
        retracted = self.chance(15, "retracted")
        report = {"classification": "confirmed", "onset_at": self.time(96 + self.rng.randrange(20)), **self.who(0)}
        self.tell("health.case_report", self.after(CALLED, -4, 0, 0, 3), report, retracted)
        kind, since = self.pick("household", "room", "room", "restaurant"), 90 + self.rng.randrange(6)
        self.leg(0, kind, since, since + 2, CALLED - 1)
        for n in range(1, self.people):
            if self.chance(75):
                self.leg(n, kind, since, since + 1, self.after(CALLED, -3, 0, 2))
            if n > 1 and self.chance(50):
                self.leg(1, "household", 100, 102, CALLED, "P2")
                self.leg(n, "household", 101, 102, self.after(CALLED, 0, 2), "P2")

    def fleet(self) -> None:
        for vehicle in ("V1", "V2"):
            seats = {"seats": 1 if self.chance(30, "crowd") else self.pick(2, 4), "wheelchairs": self.pick(0, 1, None)}
            depot = {"depot_lat": 43.9, "depot_lon": 125.3, "since_at": self.pick(None, self.time(20))}
            if self.chance(90):
                self.tell("transport.transfer_vehicle", 1, {"vehicle_code": vehicle, **seats, **depot})
            for _ in range(self.rng.randrange(3)):
                hour = CALLED + self.rng.randrange(40)
                seen = {
                    "vehicle_code": vehicle,
                    "lat": 43.8,
                    "lon": self.pick(125.1, 125.2),
                    "pinged_at": self.time(hour),
                }
                self.tell("transport.transfer_ping", hour, seen)
                clean = {
                    "vehicle_code": vehicle,
                    "what": self.pick("disinfected", "tyre"),
                    "happened_at": self.time(hour),
                }
                self.tell("transport.transfer_trouble", hour, clean)
                shift = {
                    "since_at": self.time(hour - 8),
                    "until_at": self.pick(None, self.time(hour + self.pick(1, 9))),
                }
                crew = {"role": self.pick("driver", "escort"), "last_tested_at": self.pick(None, self.time(hour - 20))}
                self.tell("transport.transfer_crew", hour, {**self.who(5), "vehicle_code": vehicle, **crew, **shift})

    def sites(self) -> None:
        for site, kind, takes in SITES:
            if self.chance(85):
                where = {"lat": 43.95, "lon": 125.25} if self.chance(80) else {}
                self.tell("health.isolation_site", 1, {"site_code": site, "kind": kind, "takes": takes, **where})
            for room in ("101", "102", "301"):
                if self.chance(80):
                    size = {"beds": 1 if self.chance(50, "crowd") else 2, "family": self.pick(None, True)}
                    floor = {"floor": self.pick(int(room[0]), int(room[0]), None, 2)}
                    self.tell("health.isolation_room", 1, {"site_code": site, "room": room, **size, **floor})

    def duties(self) -> None:
        for level, role in enumerate(ROLES):
            hours = sorted({0, *(CALLED + self.rng.randrange(30) for _ in range(self.pick(0, 1, 1, 2)))})
            for since, until in zip(hours, [*hours[1:], None], strict=True):
                named = {"id_type": "resident_id", "id_no": resident_id(20 + self.rng.randrange(4)), "role": role}
                where = AREAS[level] if self.chance(70) else self.pick(*AREAS)
                until = self.pick(until, None) if until else self.pick(None, None, CALLED + 20)
                span = {
                    "valid_since": self.time(since),
                    "valid_until": self.time(until) if until and until > since else None,
                }
                if self.chance(75):
                    self.tell("grid_centre.assignment", since, {**named, **where, **span})
        for _ in range(self.pick(0, 1, 2, 3)):
            hour = CALLED + (self.pick(1, 7, 8, 9, 12, 14) if self.chance(50, "late") else self.rng.randrange(30))
            self.tell("command.tick", hour, {"ticked_at": self.time(self.after(hour, 0, 0.25, 0.5))})
        for _ in range(self.pick(0, 0, 1, 2)):
            hour = self.after(CALLED, -2, 1, 6, 8, 9, 12)
            by = {"id_type": "resident_id", "id_no": resident_id(20), "acknowledged_at": self.time(hour)}
            whose = {"person_code": self.code(self.rng.randrange(self.people)), "purpose": self.purpose()}
            self.tell("grid_centre.transfer_ack", hour, {**whose, **by})

    def purpose(self) -> str:
        return str(self.pick("isolate", "isolate", "hospital"))

    def ways(self) -> None:
        for n in range(self.people):
            purpose = "hospital" if n == 0 else "isolate" if self.chance(93) else "hospital"
            if self.theme == "wild":
                self.wander(n, purpose)
            elif self.chance(80):
                self.way(n, purpose, self.after(CALLED, -24, 0, 1, 4, 8, 12))

    def wander(self, n: int, purpose: str) -> None:
        """Steps in no order at all, often after an assignment; the call comes somewhere among them."""
        steps = [self.pick(*WAY, *ODD, *REFUSALS) for _ in range(self.rng.randrange(2, 9))]
        if self.chance(60):
            steps = ["assign", self.pick(*REFUSALS), *steps]
        hours = sorted(CALLED - 10 + self.rng.randrange(28) / 2 for _ in steps)
        for step, hour in zip(steps, hours, strict=True):
            there = {"site": self.pick("HTL", "HTL", "WARD", "MIX", None), "room": self.pick("101", "301", None)}
            run = {"run": self.pick("ZY1", "ZY1", "ZY2"), "vehicle": self.pick("V1", "V2")}
            self.step(step, n, purpose, hour, {**there, **run})

    def way(self, n: int, purpose: str, hour: float) -> None:
        said = {
            "run": f"ZY{self.pick(1, 1, 2) if self.theme == 'crowd' else n}", "vehicle": self.pick("V1", "V2"),
            "site": "WARD" if purpose == "hospital" else self.pick("HTL", "HTL", "MIX", "UNKNOWN"),
            "room": self.pick("101", "102", "301", None),
        }  # fmt: skip
        upto = self.rng.randrange(1, len(WAY) + 1) if self.chance(60) else len(WAY)
        for step in WAY[:upto]:
            hour = self.after(hour, 0, 0.5, 1, 1, 2)
            if step == "discharge":
                hour = self.after(hour, 2, 72, 24 * 9, 24 * 15)
            if not self.chance(12, "mess" if self.rng.randrange(4) == 0 else ""):
                told = hour if self.chance(88) else self.after(hour, -5, -2, -1, 2, 5)
                self.step(step, n, purpose, told, said)
                if self.chance(6):
                    self.step(step, n, purpose, told, said)
            if self.chance(12, "mess"):
                odd = dict(said)
                if self.chance(40):
                    odd |= {"run": "ZY9", "vehicle": "V2", "site": self.pick("WARD", "MIX", None), "room": "102"}
                self.step(self.pick(*ODD), n, purpose, self.after(hour, 0, 0.5, 1, 3), odd)
        if upto == len(WAY) and self.chance(25, "again"):
            self.again(n, hour)

    def again(self, n: int, hour: float) -> None:
        """Somebody else is found to be a case with whom they were together after their release."""
        since = self.after(hour, 2, 20)
        report = {"classification": "asymptomatic", "onset_at": self.time(since + 20), **self.who(8)}
        self.tell("health.case_report", since + 24, report, self.chance(15))
        self.leg(8, "room", since, since + 2, since + 24, "P3")
        self.leg(n, "room", since, since + 1, since + 25, "P3")
        if self.chance(70):
            self.way(n, "isolate", since + self.pick(20, 26, 27))

    def step(self, step: str, n: int, purpose: str, hour: float, said: dict[str, Any]) -> None:
        at, who, by_code = self.time(hour), self.who(n), {"person_code": self.code(n), "purpose": purpose}
        run = {"run_code": said["run"], "vehicle_code": said["vehicle"]}
        there = {"site_code": said["site"], "room": said["room"]}
        if step in ("order", "cancel", "home") and self.chance(50):
            why = {"reason": self.pick(None, "child", "site_full"), "decided_at": at}
            self.tell("health.transfer_order", hour, {**who, "purpose": purpose, "decision": step, **why})
        elif step in ("order", "cancel", "home"):
            self.tell("command.transfer_decision", hour, {**by_code, "decision": step, "decided_at": at})
        elif step == "assign":
            self.tell(
                "command.transfer_decision", hour, {**by_code, "decision": step, **run, **there, "decided_at": at}
            )
        elif step == "dispatch":
            back = self.time(hour + 4) if self.chance(80) else None
            crew = {
                "role": "driver",
                "departed_at": at,
                "returned_at": back,
                "protection": self.pick("full", "full", "none"),
            }
            self.tell("transport.transfer_run", hour, {**self.who(5), **run, **crew})
        elif step == "breakdown":
            self.tell("transport.transfer_trouble", hour, {**run, "what": step, "happened_at": at})
        elif step in ("admit", "move"):
            where = {"site_code": there["site_code"] or "HTL", "room": "301" if step == "move" else there["room"]}
            self.tell("health.isolation_admission", hour, {**who, **where, "admitted_at": at})
        elif step in ("discharge", "elsewhere"):
            where = {"site_code": "WARD" if step == "elsewhere" else there["site_code"] or "HTL"}
            self.tell("health.isolation_discharge", hour, {**who, **where, "discharged_at": at})
        else:
            word = {"pickup": "picked_up", "arrive": "arrived", "refuse": "refused"}.get(step, step)
            word = {"turn_away": "turned_away"}.get(word, word)
            named = {**run, "site_code": said["site"]} if self.chance(85) else {}
            boarded = self.time(hour - 1) if word in ("arrived", "set_down") and self.chance(60) else None
            receipt = {"step": word, **named, "happened_at": at, "boarded_at": boarded}
            self.tell("transport.transfer_receipt", hour, {**who, **receipt})

    def twists(self) -> None:
        """A contact is found to be a case where they lodge or on the way; somebody is called off whom nobody called."""
        hotel = {"run": "ZY1", "vehicle": "V1", "site": "HTL"}
        if self.chance(15):
            self.step("cancel", 7, "isolate", CALLED, {**hotel, "room": None})
        if not (self.chance(20, "turned") or self.theme == "lodged"):
            return
        hour = self.after(CALLED, 3, 6, 12, 20, 48)
        for n in range(1, self.people) if self.theme == "lodged" else ():
            self.step("admit", n, "isolate", hour - 2, {**hotel, "room": self.pick("101", "102", "301", None)})
        sample = {"tube_code": "T1", "sampled_at": self.time(hour), "pool_size": 1}
        self.tell("health.nat_sample", hour, {**self.who(1), **sample})
        found = {"tube_code": "T1", "result": "positive", "reported_at": self.time(hour + 4)}
        self.tell("health.nat_result", self.after(hour, 0, 4), found, self.chance(20))
        self.way(1, "hospital", self.after(hour, 3, 5))

    def lines(self) -> list[Line]:
        """Each record in one or more versions, in any order."""
        out: list[Line] = []
        for number, (source, body, hour, retracted) in enumerate(self.told):
            versions = self.pick(*[(1,)] * 14, (1, 1), (1, 2), (2, 1), (1, 2, 2))
            for version in (1, 2) if retracted else versions:
                gone = version > 1 and (retracted or self.chance(15))
                said = self.amended(body, hour) if version > 1 or (out and self.chance(2)) else body
                envelope = {"source_record_id": f"r{number}", "event_time": self.time(hour), "version": version}
                envelope["operation"] = "withdraw" if gone else "upsert"
                line = json.dumps({**envelope, **({} if gone else said)}, ensure_ascii=False).encode()
                out += [(source, line)] * self.pick(1, 1, 1, 1, 1, 2)
        if self.chance(30):
            self.rng.shuffle(out)
        return out

    def amended(self, body: dict[str, Any], hour: float) -> dict[str, Any]:
        """The same at another time, or about another person."""
        moments = [name for name in ("decided_at", "happened_at", "admitted_at", "ticked_at") if name in body]
        if moments and self.chance(60):
            return {**body, moments[0]: self.time(self.after(hour, -3, 1, 4)), "boarded_at": None}
        if body.get("id_type") == "resident_id" and "compound_code" not in body and self.chance(50):
            return {**body, "id_no": resident_id(self.rng.randrange(self.people))}
        return body


def transfer_history(rng: Random) -> list[Line]:
    return TransferWorld(rng).lines()
