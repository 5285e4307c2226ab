"""Trial: a wave run by itself in a city, and its figures; nothing is written.

In: a plan. Out: `Figure`s, and the curves of infections and of reported cases by day.
Invariant: same plan, same figures. Only those whose infectious time lies within the run are judged.
Deliberately absent: records and truth (replay/play.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from replay.city.founding import found_city
from replay.city.living import cut_short, live
from replay.city.model import City, Visits
from replay.plan import Plan
from replay.wave.course import Infections
from replay.wave.figures import Contacts, Figure, attack_rates, spread, times
from replay.wave.wave import Wave
from schemas.codes import Result
from schemas.instants import DAY_MS, UNKNOWN_MS, day_number, day_start, local_day
from schemas.keys import Ints

_SPENT_MS = 7 * DAY_MS
"""After so long from its beginning, nearly all of an infectiousness is spent: the weight left is under 4 %."""


@dataclass(frozen=True)
class Trial:
    """`infected`, `reported`: how many on each day of the run."""

    figures: dict[str, Figure]
    infected: Ints
    reported: Ints


def try_wave(plan: Plan, city: City | None = None) -> Trial:
    """Runs the plan's wave, over the plan's days."""
    city = city or found_city(plan.seed, plan.residents)
    wave, first_ms = Wave(city, plan), day_start(day_number(plan.first_day))
    days: list[Visits] = []
    found_ct: list[Ints] = []
    for number in range(plan.days):
        start_ms = first_ms + number * DAY_MS
        visits = live(city, number, start_ms, plan.profile, wave.isolated_ms, plan.injects)
        course = wave.step(number, start_ms, visits)
        days.append(cut_short(visits, course.isolated_ms))
        found_ct.append(course.swabs.ct[(course.swabs.pool_size == 1) & (course.swabs.result == Result.positive)])
    end_ms = first_ms + plan.days * DAY_MS
    infections = wave.infections(end_ms)
    judged = _judged(infections, first_ms, end_ms)
    contacts = Contacts(city, infections)
    for visits in days:
        contacts.add(visits)
    found = [
        *attack_rates(city, infections, contacts, judged), *times(infections, judged), *spread(infections, judged),
        _median_ct(np.concatenate(found_ct)),
        Figure("infected", len(infections.person), city.residents),
    ]  # fmt: skip
    reported = infections.reported_ms[infections.reported_ms != UNKNOWN_MS]
    curves = (_curve(values, first_ms, plan.days) for values in (infections.infected_ms, reported))
    return Trial({figure.name: figure for figure in found}, *curves)


def _judged(infections: Infections, first_ms: int, end_ms: int) -> Ints:
    """Whose infectiousness began within the run and was over, or whose isolation had begun, before its end."""
    spent = infections.since_ms + _SPENT_MS <= end_ms
    isolated = (infections.isolated_ms != UNKNOWN_MS) & (infections.isolated_ms < end_ms)
    judged: Ints = infections.person[(spent | isolated) & (infections.since_ms >= first_ms)]
    return judged


def _median_ct(tenths: Ints) -> Figure:
    return Figure("ct_median", float(np.median(tenths)) / 10 if len(tenths) else float("nan"), len(tenths))


def _curve(at_ms: Ints, first_ms: int, days: int) -> Ints:
    on = local_day(at_ms) - local_day(first_ms)
    counts: Ints = np.bincount(on[(on >= 0) & (on < days)], minlength=days)
    return counts
