"""Forging: what is expected of a department's records, and synthetic records that are like it.

In: a department's drafts and expectations, a seeded generator. Out: records as they stand on the wire, with the instant
at which each reaches us.
Invariant: same generator, same records. The figures stated are what the records show, within sampling error.
Deliberately absent: a story. Who meets whom here is chance; drills (replay/) tell of outbreaks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import log
from typing import Any, Literal

import numpy as np

from schemas.departments.drafting import PEOPLE, Hand, plan
from schemas.wire import Record

__all__ = ["Expected", "Forged", "Hand", "forge"]
P95_SIGMAS = 1.6449
"""How many standard deviations of a normal distribution the 95th percentile lies above the median."""
HOUR_S = 3600


@dataclass(frozen=True)
class Expected:
    """What is expected of the records of one type, and what is to be known to make one up.

    `lateness_s`: median and 95th percentile of the seconds from event to arrival. `fill`: the share of records that
    give each optional field. `per_day`: records a day in the emergency and in the routine profile. `hours`: local hours
    in which they happen. `notation`: how the department writes times. `draft`: fields of which the model alone knows
    too little, such as a vehicle's number, and None for those that such a record cannot have; the rest is made up from
    the model (schemas/departments/drafting.py). Source of all figures: design assumptions [D] (handbook 4.3 for
    volumes); the first weeks of a real feed replace them.
    """

    lateness_s: tuple[float, float]
    fill: Mapping[str, float]
    per_day: Mapping[Literal["emergency", "routine"], int]
    hours: tuple[int, int] = (0, 24)
    notation: str = "{}T{}"
    draft: Callable[[Hand], dict[str, Any]] = lambda _: {}


@dataclass(frozen=True)
class Forged:
    """A synthetic record and when it reaches us. Units: UTC epoch milliseconds."""

    published_ms: int
    body: dict[str, Any]


def forge(
    model: type[Record],
    expected: Expected,
    rng: np.random.Generator,
    count: int,
    day_ms: int,
    first: int = 0,
    people: int = PEOPLE,
) -> list[Forged]:
    """`count` records that happen on the local day that begins at `day_ms`, in no order. `first`: number of the first,
    so that several calls make different records of one day. `people`: how many they are about; of few, more meet."""
    low, high = (hour * HOUR_S for hour in expected.hours)
    events = day_ms + 1000 * rng.integers(low, high, count)
    middle, late = expected.lateness_s
    delays = rng.lognormal(log(middle), log(late / middle) / P95_SIGMAS, count)
    hand, steps, bodies = Hand(rng, expected.notation, people), plan(model), []
    names = {name for name, _ in steps}
    for number, event_ms in enumerate(events.tolist(), first):
        hand.begin(event_ms)
        body = {
            "source_record_id": f"F{hand.day().replace('-', '')}-{number:07d}",
            "event_time": hand.time(),
            "version": 1,
            "operation": "upsert",
        }
        said = expected.draft(hand)
        if not said.keys() <= names:
            raise ValueError(f"{model.record}: the draft gives {sorted(said.keys() - names)}, which no such record has")
        body |= {name: said[name] if name in said else make(hand) for name, make in steps}
        bodies.append({name: value for name, value in body.items() if value is not None})
    for name, share in expected.fill.items():
        _thin(bodies, name, share, rng)
    arrivals = events + (delays * 1000).astype(np.int64)
    return [Forged(at, body) for at, body in zip(arrivals.tolist(), bodies, strict=True)]


def _thin(bodies: list[dict[str, Any]], name: str, share: float, rng: np.random.Generator) -> None:
    """Takes a field out of so many bodies that the expected share of all keeps it."""
    there = [body for body in bodies if name in body]
    kept = share * len(bodies) / max(1, len(there))
    for body, luck in zip(there, rng.random(len(there)).tolist(), strict=True):
        if luck >= kept:
            del body[name]
