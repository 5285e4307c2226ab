"""The wave as a user relies on it: infections happen where people truly were together, and come out as published.

In: waves in small cities. Out: verdicts.
Invariant: every infection is checked against the visits by a plain search, not by the code that made it.
Deliberately absent: tests and isolation (test_wave_field.py).
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from replay.city.living import cut_short
from replay.plan import Inject
from replay.wave.figures import growth, pooled
from replay.wave.illness import Illness
from replay.wave.parameters import PARAMETERS, Parameters
from replay.wave.published import PUBLISHED
from replay.wave.trial import try_wave
from schemas.instants import DAY_MS, HOUR_MS, UNKNOWN_MS
from tests.wave_days import FIRST_MS, Run, plan, run


@cache
def alone() -> Run:
    """A wave that nobody tests for."""
    return run(plan(days=12, profile="routine", wave={"tests": 0.0}))


@cache
def sought() -> Run:
    return run(plan(days=10, profile="routine", seeds=40))


def last(made: Run) -> Any:
    return made.wave.infections(1 << 62)


@pytest.mark.parametrize("made", [alone, sought])
def test_every_infection_has_infector_and_infectee_at_one_place_at_that_time(made: Any) -> None:
    r, checked = made(), 0
    visits = [cut_short(day, course.isolated_ms) for day, course in zip(r.visits, r.courses, strict=True)]
    there: dict[int, list[tuple[int, int, int]]] = {}
    for day in visits:
        rows = zip(day.person.tolist(), day.place.tolist(), day.since_ms.tolist(), day.until_ms.tolist(), strict=True)
        for person, place, since, until in rows:
            there.setdefault(person, []).append((place, since, until))
    i = last(r)
    for person, at, infector, place in zip(
        i.person.tolist(), i.infected_ms.tolist(), i.infector.tolist(), i.place.tolist(), strict=True
    ):
        if infector >= 0:
            for somebody in (person, infector):
                assert any(p == place and s <= at < u for p, s, u in there[somebody]), (somebody, place, at)
            checked += 1
    assert checked >= 20


@pytest.mark.parametrize("made", [alone, sought])
def test_nobody_infects_before_they_are_infectious_or_once_they_are_isolated(made: Any) -> None:
    i = last(made())
    row = {person: at for at, person in enumerate(i.person.tolist())}
    inside = np.flatnonzero(i.infector >= 0)
    by = np.array([row[infector] for infector in i.infector[inside].tolist()])
    assert len(by) >= 20
    assert (i.infected_ms[inside] >= i.since_ms[by]).all()
    assert (i.infected_ms[inside] < i.until_ms[by]).all()
    isolated = np.where(i.isolated_ms == UNKNOWN_MS, 1 << 62, i.isolated_ms)
    # Isolated and let out again before they were infected is possible; in isolation nobody infects or is infected.
    assert (i.infected_ms[inside] < isolated[by]).all()
    assert (i.since_ms >= i.infected_ms + int(PARAMETERS["latent_min_d"].value * DAY_MS)).all()


def test_the_same_seed_gives_the_same_course() -> None:
    one, other = (run(plan(days=4)) for _ in range(2))
    for mine, its in zip(one.courses, other.courses, strict=True):
        for part in ("infections", "swabs", "stays", "reports", "orders"):
            for name, column in vars(getattr(mine, part)).items():
                assert np.array_equal(column, getattr(getattr(its, part), name)), (part, name)
        assert np.array_equal(mine.isolated_ms, its.isolated_ms)
    different = run(plan(days=4, seed=6))
    assert not np.array_equal(one.courses[-1].infections.person, different.courses[-1].infections.person)


def test_a_plan_may_change_a_parameter_by_name_and_no_other() -> None:
    assert Parameters({"rate_home": 0.5})["rate_home"] == 0.5
    with pytest.raises(ValueError, match=r"rate_hom, zeal; there are .*rate_home"):
        Parameters({"rate_hom": 0.5, "zeal": 1.0})
    assert (
        len(
            last(run(plan(days=6, wave={"tests": 0.0, **{k: 0.0 for k in PARAMETERS if k.startswith("rate_")}}))).person
        )
        == 12
    )


def test_every_parameter_says_its_unit_and_its_source() -> None:
    assert [n for n, p in PARAMETERS.items() if not p.unit or "[" not in p.source] == []


def test_whoever_an_inject_is_about_is_infectious_then_and_not_found_before() -> None:
    at = FIRST_MS + 2 * DAY_MS + 10 * HOUR_MS
    made = run(plan(days=5, injects=(Inject("wedding", at, 30), Inject("workplace", at + HOUR_MS))))
    i = last(made)
    about = np.flatnonzero((i.infector == -1) & (i.since_ms > FIRST_MS + DAY_MS))
    assert len(about) == 2
    assert ((i.since_ms[about] <= at) & (at < i.until_ms[about])).all()
    assert ((i.found_ms[about] == UNKNOWN_MS) | (i.found_ms[about] > at)).all()


def test_days_must_come_one_after_another() -> None:
    made = run(plan(days=1))
    with pytest.raises(ValueError, match="day 3 is not the next"):
        made.wave.step(3, FIRST_MS + 3 * DAY_MS, made.visits[0])


def test_ct_falls_before_symptoms_and_rises_after_them() -> None:
    ill = Illness(2_000, Parameters())
    people, none = np.arange(1_000), np.full(1_000, -1)
    rng = np.random.default_rng(1)
    ill.infect(people, np.full(1_000, FIRST_MS), none, none, rng)
    turned = ill.turned_ms[people]
    before, peak, late = (ill.ct(people, turned + d * DAY_MS) for d in (-4, 1, 9))
    assert (peak <= before).all()
    assert (peak < late).all()
    assert np.median(late) > 30
    assert (ill.ct(np.arange(1_000, 2_000), turned) == 45).all()
    assert (ill.ct(people, np.full(1_000, FIRST_MS)) >= 38).all(), "nobody is found at the moment they are infected"


def test_growth_is_that_of_an_exponential_curve() -> None:
    assert growth(np.round(3 * np.exp(0.3 * np.arange(20))).astype(np.int64)) == pytest.approx(0.3, abs=0.01)
    assert np.isnan(growth(np.zeros(5, np.int64)))


@pytest.mark.slow
def test_attack_rates_times_and_spread_come_out_near_the_published() -> None:
    ours = {}
    for name, own in (("alone", {"tests": 0.0}), ("tested", {})):
        made = [
            try_wave(plan(days=16, residents=20_000, seed=seed, profile="routine", seeds=25, wave=own)).figures
            for seed in range(1, 5)
        ]
        ours[name] = pooled(made)
    apart = {
        name: (known.low, ours[known.run][name].value, known.high)
        for name, known in PUBLISHED.items()
        if not known.low <= ours[known.run][name].value <= known.high
    }
    assert apart == {}
