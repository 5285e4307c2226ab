"""Random histories: small worlds where everything that can happen to a record happens often.

In: a random generator (seeded, or Hypothesis's own, which shrinks). Out: lines of JSON by source.
Invariant: the world is so small that people meet, identifiers clash and corrections hit what matters.
Deliberately absent: plausibility; the laws must hold for any records.
"""

from __future__ import annotations

import json
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa

from brain.stages import Brain
from schemas.facts import RECORD_SCHEMA, FactBatch
from schemas.identifiers import check_digit
from schemas.instants import LOCAL
from schemas.intake import Intake
from schemas.keys import Key
from schemas.policy import PackSeries

KEY = Key("test", bytes(range(32)))
Line = tuple[str, bytes]
DAY_0 = 1_646_582_400  # 2022-03-07 00:00 +08:00, in seconds
DAYS = 6
_KINDS = (
    "household",
    "hotel_room",
    "room",
    "restaurant",
    "venue",
    "checkpoint",
    "entertainment",
    "hotel",
    "shared_facility",
)
_PLACES = ("health.survey_leg", "health.survey_leg", "police.hotel_stay", "health.case_report")
_RIDES = ("transport.ticket", "transport.ticket", "transport.crew_duty", "health.survey_leg")
_CLINIC = ("health.nat_sample", "health.nat_sample", "health.nat_result", "health.case_report", "health.survey_leg")


def resident_id(number: int) -> str:
    first = f"9901031985{1 + number % 12:02d}{1 + number % 28:02d}{number % 1000:03d}"
    return first + check_digit(first)


class World:
    """Draws records. `rng` is anything with random.Random's methods."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.kinds = [self.pick(*_KINDS) for _ in range(3)]
        self.modes = [
            self.pick("train", "train", "bus", "coach", "aircraft", "ship", "metro", "taxi") for _ in range(2)
        ]
        self.people = self.pick(4, 6, 9)
        self.focus = self.pick(_PLACES, _RIDES, _CLINIC, ())
        self.sources = (*_SOURCES, *self.focus * 8)

    def pick(self, *choices: Any) -> Any:
        return choices[self.rng.randrange(len(choices))]

    def maybe(self, value: Any, percent: int = 70) -> Any:
        return value if self.rng.randrange(100) < percent else None

    def time(self, day_first: int = 0, day_last: int = DAYS) -> str:
        """A time on a coarse grid, so that equal and touching times are common."""
        from datetime import datetime

        quarter = self.rng.randrange(day_first * 24, day_last * 24)
        return datetime.fromtimestamp(DAY_0 + quarter * 3600, LOCAL).isoformat()

    def span(self, since: str, until: str) -> dict[str, Any]:
        a, b = sorted((self.time(), self.time()))
        body = {since: a, until: self.maybe(b, 80)}
        if a == b:
            body[until] = None
        return body

    def anchor(self) -> dict[str, str]:
        n = self.rng.randrange(self.people)
        return self.pick(
            {"id_type": "resident_id", "id_no": resident_id(n)},
            {"id_type": "resident_id", "id_no": resident_id(n)},
            {"id_type": "passport", "id_no": f"E9000{n}"},
            {"id_type": "person_no", "id_no": f"N-{n}"},
        )

    def ident(self) -> dict[str, str]:
        n = self.rng.randrange(4)
        if self.focus is _CLINIC and self.rng.randrange(8):
            return {"id_type": "resident_id", "id_no": resident_id(n % 3)}
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
        tube = self.rng.randrange(9)
        return {
            **self.ident(),
            "tube_code": f"T{tube}",
            "sampled_at": self.time(1),
            "pool_size": self.pick(1, 1, 1, 10),
        }

    def health_nat_result(self) -> dict[str, Any]:
        result = self.pick("positive", "positive", "negative", "negative", "inconclusive")
        return {"tube_code": f"T{self.rng.randrange(9)}", "result": result, "reported_at": self.time()}

    def health_survey_leg(self) -> dict[str, Any]:
        kind = self.pick(*self.kinds, *self.modes)
        body = {**self.ident(), "place_kind": kind, **self.span("since_at", "until_at")}
        body["confidence"] = self.maybe(self.pick("certain", "likely", "vague"), 40)
        if kind in self.modes:
            body |= {"vehicle": self.maybe("G1", 90), "line": self.maybe("240路", 60), **self.seat()}
            body |= {"service_date": "2022-03-08", "symptomatic": self.maybe(True, 20)}
            body |= {"sealed": self.maybe(self.pick(True, False)), "berth": self.maybe("soft_sleeper", 30)}
        else:
            body |= {"place_code": self.pick("1", "2"), "room": self.maybe(self.pick("101", "102"))}
        return body

    def health_isolation_admission(self) -> dict[str, Any]:
        return {**self.ident(), "site_code": "S1", "admitted_at": self.time(1)}

    def health_isolation_discharge(self) -> dict[str, Any]:
        return {**self.ident(), "site_code": "S1", "discharged_at": self.time(1)}

    def police_resident_register(self) -> dict[str, Any]:
        phones = [f"1000000000{n}" for n in range(4) if self.rng.randrange(4) == 0]
        body = {**self.anchor(), "household_code": self.pick("1", "2", "3"), "phones": phones}
        return {**body, **self.span("valid_since", "valid_until")} if self.rng.randrange(3) == 0 else body

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
        mode = self.pick(*self.modes)
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
    "transport.tap", "transport.taxi_trip", "transport.crew_duty", "transport.card_holder",
)  # fmt: skip


def history(rng: Random, records: int = 60) -> list[Line]:
    """Lines of all sources; one in three is followed by amended, withdrawn, repeated or contradicting versions."""
    world = World(rng)
    lines: list[Line] = []
    for number in range(records):
        source = world.pick(*world.sources)
        for version in world.pick((1,), (1,), (1,), (1,), (1, 2), (2, 1), (1, 2), (1, 2, 2)):
            operation = world.pick(*["upsert"] * 6, "withdraw") if version > 1 else "upsert"
            body = {k: v for k, v in world.body(source).items() if v is not None}
            envelope = {"source_record_id": f"r{number}", "event_time": world.time(), "version": version}
            envelope["operation"] = operation
            line = json.dumps({**envelope, **({} if operation == "withdraw" else body)}, ensure_ascii=False).encode()
            lines += [(source, line)] * world.pick(1, 1, 1, 2)
    return lines


def batches(
    lines: list[Line], sizes: list[int] | None = None, fast: bool = False, strict: bool = True
) -> list[FactBatch]:
    """The facts of lines, in their order, cut into batches of the given sizes (then ones of everything left).
    `strict`: no line may be rejected."""
    intake = Intake(KEY, fast=fast)
    out, start, sizes = [], 0, list(sizes or [])
    while start < len(lines):
        cut = sizes.pop(0) if sizes else len(lines) - start
        chunk = lines[start : start + cut]
        for source in dict.fromkeys(s for s, _ in chunk):
            mine = [line for s, line in chunk if s == source]
            batch, rejects = intake.read(source, mine, "test", np.arange(len(mine), dtype=np.int64))
            assert not (strict and rejects), rejects
            out.append(batch)
        start += cut
    return out


def joined(parts: list[FactBatch]) -> tuple[pa.Table, dict[str, pa.Table]]:
    """All batches as the oracle takes them: records, and facts whose `row` counts through all records."""
    facts: dict[str, list[pa.Table]] = {}
    start = 0
    for part in parts:
        for name, rows in part.facts.items():
            facts.setdefault(name, []).append(pa.table({**rows, "row": rows["row"] + start}))
        start += part.records.num_rows
    records = pa.Table.from_batches([p.records for p in parts], RECORD_SCHEMA)
    return records, {name: pa.concat_tables(tables) for name, tables in facts.items()}


def brain_view(parts: list[FactBatch], packs: PackSeries) -> dict[str, pa.Table]:
    brain = Brain(packs)
    for part in parts:
        brain.step(part)
    return brain.view()


def differences(one: dict[str, pa.Table], other: dict[str, pa.Table]) -> list[str]:
    """Up to three differing rows of each view, for a failure that can be read."""
    found = []
    for name, table in one.items():
        if not table.equals(other[name]):
            a, b = ({json.dumps(r, default=str): r for r in t.to_pylist()} for t in (table, other[name]))
            found += [f"{name}: only in the first: {row}" for row in a if row not in b][:3]
            found += [f"{name}: only in the second: {row}" for row in b if row not in a][:3]
            found += [f"{name}: same rows, other order or count"] if set(a) == set(b) else []
    return found
