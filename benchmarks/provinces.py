"""Provinces: what more people than a district has would need, by arithmetic from what was measured.

In: the parts of reports of scale.py. Out: needs of districts side by side, what one writer for all would come to, and
the number of people at which each of its limits is met.
Invariant: every figure is measured, follows from a fitted law, or is named among the assumptions.
Deliberately absent: the page (scale_page.py), prices, and networks between machines.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, inf, sqrt

from benchmarks.bench import Row
from benchmarks.growth import Law, fit
from benchmarks.scale_figures import points, record_us

DISTRICT = 650_000
PLACES = {
    ("宽城区", "the district that is played"): DISTRICT,
    ("长春市", "Changchun"): 9_066_906,
    ("吉林省", "Jilin"): 24_073_453,
    ("全国", "the country"): 1_411_778_724,
}
"""People. Source: seventh national census, 2020-11-01: communiqués of the National Bureau of Statistics (2021-05-11)
and of Jilin's Bureau of Statistics (2021-05); the district: the article the product comes from."""
DAYS = 14
PEAK = 10
"""The busiest second against the mean of the day; the load at which the product's latency is promised."""
BUSY = 0.7
"""Of a core, so much may be planned with."""
SERVER_GIB = 64
RECOVERY_S = 30
"""The product's budget from a kill to processing again."""
COPIES, KEPT_DAYS = 3, 3
"""Of a topic of sources: copies in the cluster, and days that it is kept."""
PARTITIONS_MAX = 256
"""Of one topic, by the service's settings: as many intake workers share a source at the most."""
_DAY_S = 86_400
_LEAST, _MOST = 1e3, 1e12


@dataclass(frozen=True)
class Measured:
    """What the arithmetic rests on. `registers`, `daily`: records a person, of registers and of one day. `memory`,
    `lake` (MiB), `recovery` (s), `writer` (µs a record): by records held. `intake_us`, `broker_us`: of processor time a
    record. `record_bytes`: on the wire. `level`: the service's writer over the embedded one, with one day of state.
    None: not measured."""

    registers: float
    daily: float
    memory: Law
    lake: Law
    recovery: Law
    writer: Law
    level: float
    intake_us: float
    broker_us: float | None
    record_bytes: float | None

    def held(self, people: float, days: int = DAYS) -> float:
        """Records of registers and so many days."""
        return people * (self.registers + days * self.daily)

    def per_s(self, people: float) -> float:
        """Records a second, the mean of a day."""
        return people * self.daily / _DAY_S

    def memory_gib(self, people: float) -> float:
        return self.memory.at(self.held(people)) / 1024

    def recovery_s(self, people: float) -> float:
        return self.recovery.at(self.held(people))

    def writer_us(self, people: float) -> float:
        """With DAYS days of state of so many people."""
        return self.writer.at(self.held(people)) * self.level

    def writer_cores(self, people: float) -> float:
        """Cores that a writer of so many people keeps at work in the busiest second; it can have one."""
        return PEAK * self.per_s(people) * self.writer_us(people) / 1e6

    def intake_cores(self, people: float) -> float:
        return PEAK * self.per_s(people) * self.intake_us / 1e6

    def lake_day_gib(self, people: float) -> float:
        """By which a day's records make the lake larger, as the law has it between the first day and the last."""
        grown = self.lake.at(self.held(people)) - self.lake.at(self.held(people, 1))
        return grown / (DAYS - 1) / 1024


def measured(parts: Row) -> Measured:
    """Errors: KeyError without the days, ValueError where they are too few for a law."""
    days, people, workers = parts["days"], parts.get("people"), parts.get("workers")
    found, rows = points(parts)["days"], days["days"]
    people_days = days["residents"] * len(rows)
    one = next(iter(workers["rows"]), None) if workers and not workers["void"] else None
    biggest = people["rows"][-1] if people and people["rows"] and not people["void"] else None
    writer = [(row["held"], _share(row, "brain", "lake", "publish")) for row in rows]
    return Measured(
        registers=days["registers"]["records"] / days["residents"],
        daily=sum(row["records"] for row in rows) / people_days,
        memory=fit(found["memory held"]),
        lake=fit(found["lake"]),
        recovery=fit(found["recovery"]) if len(found["recovery"]) > 1 else _through_zero(days),
        writer=fit(writer),
        level=one["writer_us"]["median"] / writer[0][1] if one else 1.0,
        intake_us=one["intake_us"]["median"] if one else statistics.median(_share(row, "read") for row in rows),
        broker_us=one["broker_us"]["median"] if one else None,
        record_bytes=biggest["bytes"]["day"] / biggest["day"]["records"] if biggest else None,
    )


def _share(row: Row, *steps: str) -> float:
    """Processor time of a record that these steps took, by their share of the clock. Units: µs."""
    seconds: dict[str, float] = row["steps_s"]
    return record_us(row) * sum(seconds[step] for step in steps) / sum(seconds.values())


def _through_zero(days: Row) -> Law:
    """Recovery in proportion to what is restored, where one restart alone was measured."""
    again = days["restart"]
    restored = float(again["restored"])
    return Law("linear", 0.0, again["ready_s"] / restored, 0.0, restored, restored, 1)


@dataclass(frozen=True)
class Needs:
    """Districts side by side, each with a writer, a lake and a topic of its own. Units: records; records/s and MB/s in
    the busiest second; cores; GiB; s."""

    people: int
    districts: int
    records_day: float
    peak_per_s: float
    intake_cores: int
    writer_cores: int
    memory_gib: float
    lake_day_gib: float
    broker_cores: int | None
    wire_mb_s: float | None
    broker_gib: float | None
    recovery_s: float


def needs(of: Measured, people: int) -> Needs:
    """Whole districts of DISTRICT people at the most, all alike."""
    districts = ceil(people / DISTRICT)
    each = people / districts
    per_s = PEAK * of.per_s(people)
    return Needs(
        people=people,
        districts=districts,
        records_day=people * of.daily,
        peak_per_s=per_s,
        intake_cores=ceil(of.intake_cores(people) / BUSY),
        writer_cores=districts * max(ceil(of.writer_cores(each) / BUSY), 1),
        memory_gib=districts * of.memory_gib(each),
        lake_day_gib=districts * of.lake_day_gib(each),
        broker_cores=ceil(per_s * of.broker_us / 1e6 / BUSY) if of.broker_us is not None else None,
        wire_mb_s=per_s * of.record_bytes / 1e6 if of.record_bytes else None,
        broker_gib=people * of.daily * of.record_bytes * COPIES * KEPT_DAYS / 2**30 if of.record_bytes else None,
        recovery_s=of.recovery_s(each),
    )


@dataclass(frozen=True)
class Limit:
    """A part of one service, what it is held to, and the people of whom it can be one; inf: never met."""

    part: str
    held_to: str
    people: float
    hard: bool


def limits(of: Measured) -> list[Limit]:
    """The limits of one writer for all, the first to be met first. `hard`: beyond it records pile up or nothing runs;
    the others are promises."""
    found = [
        Limit("recovery", f"{RECOVERY_S} s from a kill to work", _people_at(of.recovery_s, RECOVERY_S), False),
        Limit("memory of the writer", f"{SERVER_GIB} GiB", _people_at(of.memory_gib, SERVER_GIB), True),
        Limit(
            "records/s of the writer", f"one process, {BUSY:.0%} of a core at {PEAK} times the mean",
            _people_at(of.writer_cores, BUSY), True,
        ),
        Limit(
            "intake", f"{PARTITIONS_MAX} partitions of a source, a worker and {BUSY:.0%} of a core each",
            _people_at(of.intake_cores, BUSY * PARTITIONS_MAX), True,
        ),
    ]  # fmt: skip
    return sorted(found, key=lambda limit: limit.people)


def _people_at(cost: Callable[[float], float], most: float) -> float:
    """The people at which a growing cost comes to that; inf if it never does, 0 if it always is beyond."""
    low, high = _LEAST, _MOST
    if cost(high) <= most:
        return inf
    if cost(low) > most:
        return 0.0
    while high / low > 1.0001:
        middle = sqrt(low * high)
        low, high = (middle, high) if cost(middle) <= most else (low, middle)
    return low
