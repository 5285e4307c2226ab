"""Happenings: what the world decides upon, and what happens in it, one by one.

In: nothing. Out: `Decision`, `What`, `Happening`.
Invariant: a person is a number of the city, or one beyond it: crews, and lodgers from elsewhere.
Deliberately absent: what is told of them (replay/transfers/receipts.py), and codes under a key.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from replay.transfers.atlas import Spot
from schemas.instants import UNKNOWN_MS


class Verdict(IntEnum):
    """What a decision says."""

    order = 2
    cancel = 3
    home = 4
    assign = 5


@dataclass(frozen=True)
class Decision:
    """A decision about somebody. `vehicle`: number of the fleet, −1 none. Units: UTC epoch milliseconds."""

    person: int
    purpose: int
    verdict: Verdict
    at_ms: int
    vehicle: int = -1
    run: str = ""
    site: str = ""
    room: str = ""
    pickup_ms: int = UNKNOWN_MS


class What(IntEnum):
    """In the order in which equal instants are told."""

    departed = 1
    broke_down = 2
    refused = 3
    picked_up = 4
    turned_away = 5
    arrived = 6
    set_down = 7
    admitted = 8
    discharged = 9
    returned = 10
    disinfected = 11
    seen = 12
    withdrawn = 13  # the run came back without them; a human takes the order back
    persuaded = 14  # who refused will come after all; a human orders again


@dataclass(frozen=True)
class Happening:
    """`since_ms`: of arrivals, when they came aboard; of returns, when the run began. `crew`: driver and escort of a
    run, and how well protected (full, partial, none)."""

    what: What
    at_ms: int
    person: int = -1
    purpose: int = 0
    run: str = ""
    vehicle: int = -1
    site: str = ""
    room: str = ""
    since_ms: int = UNKNOWN_MS
    spot: Spot | None = None
    crew: tuple[int, int, str] | None = None


@dataclass(frozen=True)
class Leg:
    """A stretch that a vehicle drove. Units: m; UTC epoch milliseconds."""

    vehicle: int
    run: str
    since_ms: int
    until_ms: int
    road_m: int
    aboard: int


@dataclass(frozen=True)
class Stay:
    """Where somebody truly was, for the truth. `drives` 1: crew without full protection."""

    person: int
    place: int
    since_ms: int
    until_ms: int
    drives: int = 0
