"""Small worlds: one record after another, of every source that matters, about a handful of people and places.

In: a random generator (seeded, or Hypothesis's own, which shrinks). Out: bodies of records.
Invariant: the world is so small that people meet, identifiers clash and corrections hit what matters; thresholds of the
packs are hit exactly as well as missed by a little.
Deliberately absent: plausibility; the laws must hold for any records.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

from schemas.identifiers import check_digit
from schemas.instants import LOCAL
from tests.fetched import WAYS, Fetched

DAY_0 = 1_646_582_400  # 2022-03-07 00:00 +08:00, in seconds
DAYS = 6
_KINDS = (
    "household", "hotel_room", "room", "restaurant", "venue", "checkpoint", "entertainment", "hotel",
    "shared_facility",
)  # fmt: skip
_PLACES = ("health.survey_leg", "health.survey_leg", "police.hotel_stay", "health.case_report")
_RIDES = ("transport.ticket", "transport.ticket", "transport.crew_duty", "health.survey_leg")
_CELLS = (
    "telecom.grid_dwell", "telecom.grid_dwell", "telecom.grid_dwell", "health.case_report", "police.phone_ownership",
)  # fmt: skip
_PHARMACY = (
    "market_supervision.medicine_purchase", "market_supervision.medicine_purchase", "health.nat_sample",
    "health.nat_sample", "health.nat_result",
)  # fmt: skip
_DESK = (
    "health.contact_order", "health.contact_order", "health.contact_order", "health.case_report",
    "police.resident_register", "housing.dwelling", "grid_centre.assignment", "health.survey_leg",
)  # fmt: skip
_CLINIC = ("health.nat_sample", "health.nat_sample", "health.nat_result", "health.case_report", "health.survey_leg")


def resident_id(number: int) -> str:
    first = f"9901031985{1 + number % 12:02d}{1 + number % 28:02d}{number % 1000:03d}"
    return first + check_digit(first)


class World(Fetched):
    """Draws records. `rng` is anything with random.Random's methods."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.kinds = [self.pick(*_KINDS) for _ in range(3)]
        self.modes = [
            self.pick("train", "train", "bus", "coach", "aircraft", "ship", "metro", "taxi", "transfer")
            for _ in range(2)
        ]
        self.people = self.pick(4, 6, 9)
        self.focus = self.pick(_PLACES, _RIDES, _CLINIC, _CELLS, _PHARMACY, _DESK, ())
        if self.rng.randrange(4) == 0:
            self.focus = WAYS
        self.sources = (*_SOURCES, *self.focus * (3 if self.focus is WAYS else 8))
        self.morning = self.rng.randrange(24, 72)

    def pick(self, *choices: Any) -> Any:
        return choices[self.rng.randrange(len(choices))]

    def maybe(self, value: Any, percent: int = 70) -> Any:
        return value if self.rng.randrange(100) < percent else None

    def time(self, day_first: int = 0, day_last: int = DAYS) -> str:
        """A time on a coarse grid, so that equal and touching times are common."""
        if self.focus is WAYS and self.rng.randrange(4):  # steps of a way lie near each other
            return datetime.fromtimestamp(DAY_0 + (self.morning + self.rng.randrange(14)) * 3600, LOCAL).isoformat()
        step = 12 if self.focus is _PHARMACY else 1
        hour = self.rng.randrange(day_first * 24, day_last * 24, step)
        return datetime.fromtimestamp(DAY_0 + hour * 3600, LOCAL).isoformat()

    def span(self, since: str, until: str) -> dict[str, Any]:
        a, b = sorted((self.time(), self.time()))
        body = {since: a, until: self.maybe(b, 80)}
        if a == b:
            body[until] = None
        return body

    def anchor(self) -> dict[str, str]:
        n = self.rng.randrange(self.people)
        if self.focus in (_DESK, WAYS) and self.rng.randrange(4):
            return {"id_type": "resident_id", "id_no": resident_id(n % 3)}
        return self.pick(
            {"id_type": "resident_id", "id_no": resident_id(n)},
            {"id_type": "resident_id", "id_no": resident_id(n)},
            {"id_type": "passport", "id_no": f"E9000{n}"},
            {"id_type": "person_no", "id_no": f"N-{n}"},
        )

    def ident(self) -> dict[str, str]:
        n = self.rng.randrange(4)
        if self.focus in (_CLINIC, _PHARMACY, _DESK, WAYS) and self.rng.randrange(8):
            return {"id_type": "resident_id", "id_no": resident_id(n % 3)}
        if self.focus is _CELLS and self.rng.randrange(4):
            return {"id_type": "phone", "id_no": f"1000000000{n}"}
        return self.pick(
            self.anchor(),
            self.anchor(),
            {"id_type": "phone", "id_no": f"1000000000{n}"},
            {"id_type": "transit_card", "id_no": f"99010300{n}"},
            {"id_type": "code_token", "id_no": f"token-000{n}"},
        )

    def seat(self) -> dict[str, Any]:
        return {
            "carriage": self.maybe(self.pick("1", "02", "1A")),
            "compartment": self.maybe(self.pick("1", "2", "3", "B1"), 40),
            "row": self.maybe(self.rng.randrange(1, 9), 40),
            "seat": self.maybe(self.pick("5A", "03车05F", "无座", "1C", "9F"), 50),
        }

    def body(self, source: str) -> dict[str, Any]:
        return getattr(self, source.replace(".", "_"))()

    def health_case_report(self) -> dict[str, Any]:
        return {
            **self.ident(),
            "classification": self.pick("confirmed", "confirmed", "asymptomatic", "suspected", "excluded"),
            "onset_at": self.maybe(self.time(2), 60),
            "reported_at": self.maybe(self.time(2)),
            "discovery": self.maybe(self.pick("screening", "screening", "contact")),
        }

    def health_nat_sample(self) -> dict[str, Any]:
        who, tube = self.ident(), self.rng.randrange(9)
        if self.focus is _PHARMACY and self.rng.randrange(4):  # a tube of one's own
            who = {"id_type": "resident_id", "id_no": resident_id(tube % 3)}
        return {**who, "tube_code": f"T{tube}", "sampled_at": self.time(1), "pool_size": self.pick(1, 1, 1, 10)}

    def health_nat_result(self) -> dict[str, Any]:
        result = self.pick("positive", "positive", "negative", "negative", "inconclusive")
        if self.focus is _PHARMACY and self.rng.randrange(4):  # few are cases, or nobody would be held
            result = "negative"
        return {"tube_code": f"T{self.rng.randrange(9)}", "result": result, "reported_at": self.time()}

    def health_survey_leg(self) -> dict[str, Any]:
        kind = self.pick(*self.kinds, *self.modes)
        body = {**self.ident(), "place_kind": kind, **self.span("since_at", "until_at")}
        body["confidence"] = self.maybe(self.pick("certain", "likely", "vague"), 40)
        if kind in self.modes:
            vehicle = "R1" if kind == "transfer" else "G1"
            body |= {"vehicle": self.maybe(vehicle, 90), "line": self.maybe("240路", 60), **self.seat()}
            body |= {"service_date": "2022-03-08", "symptomatic": self.maybe(True, 20)}
            body |= {"sealed": self.maybe(self.pick(True, False)), "berth": self.maybe("soft_sleeper", 30)}
        else:
            body |= {"place_code": self.pick("1", "2"), "room": self.maybe(self.pick("101", "102"))}
        return body

    def police_resident_register(self) -> dict[str, Any]:
        phones = [f"1000000000{n}" for n in range(4) if self.rng.randrange(4) == 0]
        body = {**self.anchor(), "household_code": self.pick("1", "2", "3"), "phones": phones}
        body["compound_code"] = self.maybe(self.pick("1", "2"), 50)
        body["born_on"] = self.maybe(self.pick("1985-01-01", "2010-06-01", "2007-03-09"), 40)
        return {**body, **self.span("valid_since", "valid_until")} if self.rng.randrange(3) == 0 else body

    def health_contact_order(self) -> dict[str, Any]:
        case, contact = self.ident(), self.ident()
        days = self.pick(-1, 0, 1, 5, 6)
        last = self.rng.randrange(0, DAYS * 24)
        moved = datetime.fromtimestamp(DAY_0 + last * 3600, LOCAL) + timedelta(days=days)
        return {
            **self.ident(), "degree": self.pick("close", "close", "secondary", "secondary", "general", "密接"),
            "case_id_type": self.maybe(case["id_type"], 90), "case_id_no": self.maybe(case["id_no"], 90),
            "contact_id_type": self.maybe(contact["id_type"], 90), "contact_id_no": self.maybe(contact["id_no"], 80),
            "last_contact_at": self.maybe(DAY_0 + last * 3600, 80), "site_code": self.maybe("S1", 50),
            "trace_status": self.maybe(self.pick("awaiting_transfer", "controlled", "controlled", "elsewhere", "?")),
            "epidemic_status": self.maybe(self.pick("4", "8", "confirmed", "suspected", "released", "asymptomatic")),
            "observation_mode": self.maybe(self.pick("central", "central", "home", "hotel")),
            "checked_in_at": self.maybe(moved.isoformat(), 60), "province": self.maybe("吉林省"),
            "street": self.maybe(self.pick("东街", "西街", "西街道"), 80),
        }  # fmt: skip

    def housing_dwelling(self) -> dict[str, Any]:
        where = {"compound_code": self.pick("1", "2"), "building": "1", "street": self.maybe(self.pick("东街", "西街"))}
        where |= {"community": self.maybe("第一社区", 50), **self.position()}
        return {**where, "household_code": self.maybe(self.pick("1", "2", "3"))}

    def grid_centre_assignment(self) -> dict[str, Any]:
        where = {"compound_code": self.maybe(self.pick("1", "2")), "street": self.maybe(self.pick("东街", "西街"))}
        where |= {"building": self.maybe("1", 50), "community": self.maybe("第一社区", 50)}
        role = self.pick("building_head", "building_head", "grid_member", "secretary", "cadre", "district_leader")
        return {**self.anchor(), "role": role, **where, **self.span("valid_since", "valid_until")}

    def police_hotel_stay(self) -> dict[str, Any]:
        return {
            **self.ident(),
            "hotel_code": "1",
            "room": self.pick("101", "102"),
            **self.span("check_in_at", "check_out_at"),
        }

    def police_checkpoint_pass(self) -> dict[str, Any]:
        return {**self.ident(), "checkpoint_code": "1", "passed_at": self.time()}

    def police_phone_ownership(self) -> dict[str, Any]:
        return {"phone": f"1000000000{self.rng.randrange(4)}", **self.anchor(), **self.span("held_since", "held_until")}

    def police_identity_link(self) -> dict[str, Any]:
        one, other = self.pick(self.anchor(), self.ident()), self.anchor()
        if one == other:
            other = {"id_type": "person_no", "id_no": "N-100"}
        named = {"other_id_type": other["id_type"], "other_id_no": other["id_no"]}
        return {**one, **named, **self.span("held_since", "held_until")}

    def telecom_grid_dwell(self) -> dict[str, Any]:
        """As long as what is asked for, a minute longer, or any time; over noon on a cell's edge two may just touch."""
        entered = datetime.fromisoformat(self.time(0, DAYS - 1))
        minutes = self.pick(10, 11, 60, 12 * 60, 15 * 60, 30 * 60, 30 * 60 + 1, self.rng.randrange(1, 4000))
        who = self.pick(
            {"id_type": "phone", "id_no": f"1000000000{self.rng.randrange(4)}"},
            {"id_type": "phone", "id_no": f"1000000000{self.rng.randrange(4)}"},
            {"id_type": "code_token", "id_no": f"token-000{self.rng.randrange(4)}"},
        )
        left = entered + timedelta(minutes=minutes)
        where = {"grid_code": self.pick("G1", "G1", "G2")}
        return {**who, **where, "entered_at": entered.isoformat(), "left_at": left.isoformat()}

    def market_supervision_medicine_purchase(self) -> dict[str, Any]:
        medicine = self.pick("antipyretic", "cough", "antiviral", "antibiotic", "vitamin")
        where = {"place_code": self.pick("1", "2"), "channel": self.maybe("online", 30)}
        return {**self.ident(), **where, "medicine": medicine, "bought_at": self.time(1)}

    def transport_ticket(self) -> dict[str, Any]:
        mode = self.pick(*(m if m in ("train", "coach", "aircraft", "ship") else "train" for m in self.modes))
        return {
            **self.ident(), "mode": mode, "vehicle": "G1", "service_date": "2022-03-08", **self.seat(),
            "berth": self.maybe(self.pick("seat", "soft_sleeper"), 30), "sealed": self.maybe(self.pick(True, False)),
            **self.span("depart_at", "arrive_at"),
        }  # fmt: skip

    def transport_tap(self) -> dict[str, Any]:
        where = {"mode": self.pick("bus", "metro"), "line": "240路", "vehicle": self.maybe("G1")}
        return {**self.ident(), **where, "carriage": self.maybe("1", 40), **self.span("on_at", "off_at")}

    def transport_taxi_trip(self) -> dict[str, Any]:
        return {**self.ident(), "vehicle": "G1", **self.span("pickup_at", "dropoff_at")}

    def transport_crew_duty(self) -> dict[str, Any]:
        mode = self.pick(*(m if m != "transfer" else "taxi" for m in self.modes))
        area = {"carriage": self.maybe("1", 40), "compartment": self.maybe("1", 30), "row_from": self.maybe(2, 30)}
        dated = {"mode": mode, "vehicle": "G1", "line": self.maybe("240路"), "service_date": "2022-03-08"}
        return {**self.ident(), **dated, **area, **self.span("since_at", "until_at")}

    def transport_card_holder(self) -> dict[str, Any]:
        holder = self.pick(self.anchor(), {"id_type": "phone", "id_no": f"1000000000{self.rng.randrange(4)}"})
        return {"card_no": f"99010300{self.rng.randrange(4)}", **holder, **self.span("held_since", "held_until")}


_SOURCES = (
    "health.case_report", "health.case_report", "health.nat_sample", "health.nat_sample", "health.nat_result",
    "health.survey_leg", "health.survey_leg", "health.survey_leg", "health.isolation_admission",
    "health.isolation_discharge", "police.resident_register", "police.resident_register", "police.hotel_stay",
    "police.checkpoint_pass", "police.phone_ownership", "police.identity_link", "transport.ticket", "transport.ticket",
    "transport.tap", "transport.taxi_trip", "transport.crew_duty", "transport.card_holder", "telecom.grid_dwell",
    "telecom.grid_dwell", "market_supervision.medicine_purchase", "health.contact_order", "housing.dwelling",
    "grid_centre.assignment", "command.transfer_decision", "transport.transfer_receipt", "transport.transfer_run",
    "command.tick",
)  # fmt: skip
