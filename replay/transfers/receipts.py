"""Receipts: what departments write down of what happens with transfers, and what of it is late, missing or wrong.

In: happenings, decisions, acknowledgements. Out: records on the rolls.
Invariant: a record tells what happened, or less; what a trouble made of it is named on the rolls or in the truth.
Deliberately absent: what happens (replay/transfers/world.py), and feeds' own faults, which do not strike these.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from math import cos, exp, log, pi, sqrt
from typing import Any

from replay.transfers.happenings import Happening, Stay, What
from replay.transfers.names import Names
from replay.transfers.rolls import Rolls
from replay.transfers.world import World
from schemas.departments import EXPECTED
from schemas.departments.forging import P95_SIGMAS
from schemas.instants import DAY_MS, UNKNOWN_MS
from schemas.transfers import Purpose

LATE_MINUTES = (120, 720)
"""A receipt that is late comes so much later [D]."""
MENDED_MINUTES = (240, 600)
"""A list that was wrong is mended so long afterwards [D]."""
_RECEIPTS = {
    What.picked_up: "picked_up", What.arrived: "arrived", What.refused: "refused", What.turned_away: "turned_away",
    What.set_down: "set_down",
}  # fmt: skip
_REASONS = {What.refused: "other", What.turned_away: "site_full"}
_SHARE = 0.9
"""Of acknowledgements that could be given at a level, so many are [D]."""
ANSWER_MINUTES = (3, 25)


class Receipts:
    """Writes down what happens in one drill."""

    def __init__(self, world: World, names: Names, rolls: Rolls, first_ms: int) -> None:
        self._world, self._names, self._rolls, self._first_ms = world, names, rolls, first_ms
        self._runs: dict[tuple[str, str], tuple[tuple[str, int], int]] = {}

    def tell(self, happenings: Iterable[Happening]) -> None:
        """The records of what has happened."""
        for h in happenings:
            if h.what in _RECEIPTS:
                self._received(h)
            elif h.what in (What.departed, What.returned):
                self._ran(h)
            elif h.what in (What.admitted, What.discharged):
                self._lodged(h)
            elif h.what in (What.broke_down, What.disinfected):
                self._troubled(h)
            elif h.what is What.seen and h.spot is not None:
                body = {
                    "vehicle_code": self._code(h),
                    "lat": h.spot.lat / 1e6,
                    "lon": h.spot.lon / 1e6,
                    "pinged_at": h.at_ms,
                }
                self._write("transport.transfer_ping", body, h)
            elif h.what in (What.withdrawn, What.persuaded):
                word = "cancel" if h.what is What.withdrawn else "order"
                body = {
                    **self._who(h.person),
                    "purpose": Purpose(h.purpose).name,
                    "decision": word,
                    "decided_at": h.at_ms,
                }
                self._write("health.transfer_order", body, h)

    def acknowledge(self, code: str, purpose: int, by: int, level: int, raised_ms: int, now_ms: int) -> None:
        """Somebody who answers for a home takes a late transfer on, or does not."""
        chance, source, about = self._world.chance, "grid_centre.transfer_ack", (code, purpose, by, level)
        if chance.of("ack", *about) < _SHARE:
            at_ms = max(raised_ms, now_ms) + chance.minutes(*ANSWER_MINUTES, "answer", *about)
            body = {
                "person_code": code, "purpose": Purpose(purpose).name, **self._who(by), "acknowledged_at": at_ms,
            }  # fmt: skip
            self._rolls.write(self._pile(source, at_ms), body, at_ms, self._late(source, at_ms, *about))

    def lodgers(self) -> None:
        """Who had been admitted before the first day."""
        for h in self._world.lodgers:
            self._write("health.isolation_admission", self._stay(h, "admitted_at"), h, latest_ms=self._first_ms - 1000)

    def _who(self, person: int) -> dict[str, str]:
        kind, number = self._names.shown(person)
        return {"id_type": kind, "id_no": number}

    def _code(self, h: Happening) -> str | None:
        return self._world.vehicles[h.vehicle].code if h.vehicle >= 0 else None

    def _pile(self, source: str, at_ms: int) -> tuple[str, int]:
        return source, max((at_ms - self._first_ms) // DAY_MS, -1)

    def _late(self, source: str, at_ms: int, *about: object) -> int:
        """When a record arrives: as late as its source is expected to be."""
        middle, late = EXPECTED[source].lateness_s
        of = partial(self._world.chance.of, "lateness", source, at_ms, *about)
        normal = sqrt(-2 * log(1 - of(1))) * cos(2 * pi * of(2))
        return at_ms + int(middle * exp(log(late / middle) / P95_SIGMAS * normal)) * 1000

    def _write(
        self, source: str, body: Mapping[str, Any], h: Happening, tells: Stay | None = None, latest_ms: int = 1 << 62
    ) -> int:
        pile = self._pile(source, h.at_ms)
        arrival = self._late(source, h.at_ms, h.person, h.run, h.vehicle)
        late = (
            self._world.strikes("late_receipt", h.at_ms, h.person, h.run, source, int(h.what))
            if h.person >= 0
            else False
        )
        if late:
            arrival += self._world.chance.minutes(*LATE_MINUTES, "late", h.person, h.run, h.at_ms)
        number = self._rolls.write(pile, body, h.at_ms, min(arrival, latest_ms), tells)
        if late:
            self._rolls.strike(pile, number, "late_receipt", destroyed=False)
        return number

    def _received(self, h: Happening) -> None:
        run = self._world.runs[h.run]
        body = {
            **self._who(h.person), "step": _RECEIPTS[h.what], "run_code": h.run, "vehicle_code": self._code(h),
            "site_code": h.site or None, "happened_at": h.at_ms, "reason": _REASONS.get(h.what),
        }  # fmt: skip
        tells = None
        if h.what is What.picked_up:
            if self._world.strikes("missing_pickup", h.at_ms, h.person, h.run):
                return
            tells = Stay(h.person, run.place, h.at_ms, UNKNOWN_MS)
            if self._mistaken(h, body):
                return
        elif h.what in (What.arrived, What.set_down) and h.since_ms != UNKNOWN_MS:
            body["boarded_at"] = h.since_ms
            tells = Stay(h.person, run.place, h.since_ms, h.at_ms)
        self._write("transport.transfer_receipt", body, h, tells)

    def _mistaken(self, h: Happening, body: dict[str, Any]) -> bool:
        """The list of a run may name somebody else than who came aboard; some hours later it is withdrawn, and told
        as it was."""
        others = [p for p in sorted(self._world.assigned) if p != h.person and self._world.assigned[p].run != h.run]
        if not others or not self._world.strikes("wrong_list", h.at_ms, h.person, h.run):
            return False
        other = others[int(self._world.chance.of("other", h.person, h.run) * len(others))]
        source, run = "transport.transfer_receipt", self._world.runs[h.run]
        wrong, pile = {**body, **self._who(other)}, self._pile(source, h.at_ms)
        arrival = self._late(source, h.at_ms, h.person, h.run)
        mended = arrival + self._world.chance.minutes(*MENDED_MINUTES, "mended", h.person, h.run)
        tells = Stay(other, run.place, h.at_ms, UNKNOWN_MS)
        number = self._rolls.write(pile, wrong, h.at_ms, arrival, tells)
        self._rolls.write(pile, wrong, h.at_ms, mended, None, number, version=2, withdraw=1)
        self._rolls.strike(pile, number, "wrong_list", destroyed=True)
        again = self._rolls.write(pile, body, h.at_ms, mended, Stay(h.person, run.place, h.at_ms, UNKNOWN_MS))
        self._rolls.strike(pile, again, "wrong_list", destroyed=False)
        return True

    def _ran(self, h: Happening) -> None:
        """One record for each of the crew when they leave, and again when they are done."""
        run = self._world.runs[h.run]
        for at, role in enumerate(("driver", "escort")):
            person, protection = int(run.crew[at]), run.crew[2]
            body = {
                **self._who(person), "role": role, "run_code": h.run, "vehicle_code": self._code(h),
                "departed_at": run.departed_ms, "protection": protection,
            }  # fmt: skip
            back = h.at_ms if h.what is What.returned else UNKNOWN_MS
            tells = None if protection == "full" else Stay(person, run.place, run.departed_ms, back, 1)
            arrival = self._late("transport.transfer_run", h.at_ms, person, h.run)
            if h.what is What.departed:
                pile = self._pile("transport.transfer_run", h.at_ms)
                number = self._rolls.write(pile, body, h.at_ms, arrival, tells)
                self._runs[h.run, role] = pile, number
            else:
                pile, number = self._runs[h.run, role]
                body["returned_at"] = h.at_ms
                self._rolls.write(pile, body, h.at_ms, arrival, tells, number, version=2)

    def _stay(self, h: Happening, field: str) -> dict[str, Any]:
        body = {**self._who(h.person), "site_code": h.site, field: h.at_ms}
        return body | ({"room": h.room} if field == "admitted_at" else {})

    def _lodged(self, h: Happening) -> None:
        word, field = ("admission", "admitted_at") if h.what is What.admitted else ("discharge", "discharged_at")
        self._write(f"health.isolation_{word}", self._stay(h, field), h)

    def _troubled(self, h: Happening) -> None:
        word = "breakdown" if h.what is What.broke_down else "disinfected"
        body = {"vehicle_code": self._code(h), "run_code": h.run or None, "what": word, "happened_at": h.at_ms}
        self._write("transport.transfer_trouble", body, h)
