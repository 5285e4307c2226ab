"""Scenes of a drill: they happen where and when they were asked for, and those who take part are nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from replay.city import cast, found_city, live
from replay.city.injects import WAY_MS
from replay.city.marginals import lived
from replay.city.model import AT_LARGE_MS, City, Doing, Ground, Visits
from replay.plan import Inject, InjectKind
from schemas.instants import DAY_MS, HOUR_MS, day_start

SEED, RESIDENTS = 7, 6_500
TUESDAY_MS = day_start(19_059)
AT_MS = TUESDAY_MS + DAY_MS + 10 * HOUR_MS
KINDS = get_args(InjectKind)
PAGE = Path(__file__).parent.parent / "docs" / "city.md"


@pytest.fixture(scope="module")
def city() -> City:
    return found_city(SEED, RESIDENTS)


def a_day(city: City, day: int, *injects: Inject) -> Visits:
    return live(city, day, TUESDAY_MS + day * DAY_MS, "routine", np.full(len(city.people), AT_LARGE_MS), injects)


def rows(visits: Visits) -> set[tuple[int, ...]]:
    return set(zip(*(column.tolist() for column in vars(visits).values()), strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_a_scene_happens_on_its_day_alone_with_the_index_all_along(city: City, kind: InjectKind) -> None:
    inject = Inject(kind, AT_MS)
    scene = cast(city, 0, inject)
    assert rows(scene.visits) <= rows(a_day(city, 1, inject))
    assert rows(a_day(city, 0, inject)) == rows(a_day(city, 0))
    assert set(scene.visits.person.tolist()) == set(scene.people.tolist())
    index = scene.visits.where(scene.visits.person == scene.index)
    assert AT_MS <= index.since_ms.min() <= AT_MS + HOUR_MS
    assert index.until_ms.max() >= scene.visits.until_ms.max() - HOUR_MS


@pytest.mark.parametrize("kind", KINDS)
def test_whoever_takes_part_meets_the_index_and_is_nowhere_else(city: City, kind: InjectKind) -> None:
    inject = Inject(kind, AT_MS)
    scene, day = cast(city, 0, inject), a_day(city, 1, inject)
    index = scene.visits.where(scene.visits.person == scene.index)
    for person in scene.people.tolist():
        hers = scene.visits.where(scene.visits.person == person)
        met = (hers.place[:, None] == index.place) & (hers.since_ms[:, None] < index.until_ms)
        assert (met & (hers.until_ms[:, None] > index.since_ms)).any()
        other = day.where(day.person == person)
        since, until = hers.since_ms.min() - WAY_MS, hers.until_ms.max() + WAY_MS
        elsewhere = (other.since_ms < until) & (other.until_ms > since)
        assert elsewhere.sum() == len(hers)


@pytest.mark.parametrize("kind", ["train", "wedding", "market", "hospital"])
def test_as_many_take_part_as_the_inject_says(city: City, kind: InjectKind) -> None:
    scene = cast(city, 0, Inject(kind, AT_MS, 30))
    assert len(scene.people) in (30, 31)


def test_two_scenes_of_one_kind_have_other_people_and_one_scene_is_always_the_same(city: City) -> None:
    inject = Inject("wedding", AT_MS)
    one, again, other = cast(city, 0, inject), cast(city, 0, inject), cast(city, 1, inject)
    assert rows(one.visits) == rows(again.visits)
    assert rows(one.visits) != rows(other.visits)


def test_those_on_a_train_have_seats_of_their_own_around_the_index(city: City) -> None:
    scene = cast(city, 0, Inject("train", AT_MS))
    v = scene.visits
    assert len(set(zip(v.carriage.tolist(), v.row.tolist(), v.seat.tolist(), strict=True))) == len(v)
    mine = v.row[v.person == scene.index]
    assert v.row.min() < mine < v.row.max()
    assert (city.places.ground[v.place] == Ground.train).all()


def test_a_keeper_of_the_market_is_at_their_stall_and_in_the_market(city: City) -> None:
    scene = cast(city, 0, Inject("market", AT_MS))
    index = scene.visits.where(scene.visits.person == scene.index)
    assert set(city.places.ground[index.place].tolist()) == {Ground.stall, Ground.market}
    assert (index.doing == Doing.serve).all()


def test_a_scene_in_the_night_of_the_first_day_belongs_to_it(city: City) -> None:
    inject = Inject("household", TUESDAY_MS + HOUR_MS)
    assert rows(cast(city, 0, inject).visits) <= rows(a_day(city, 0, inject))


@pytest.mark.slow
def test_the_table_of_marginals_on_the_page_is_the_one_that_the_command_makes() -> None:
    assert lived(1, 650_000) in PAGE.read_text("utf-8"), "docs/city.md: renew it, python -m replay.city.marginals"
