"""Days of the city: nobody is in two places at once, trips take time, isolation ends a life in the city."""

from __future__ import annotations

import numpy as np
import pytest

from replay.city import cut_short, found_city, live
from replay.city.model import AT_LARGE_MS, City, Doing, Ground, Role, Visits
from replay.plan import Profile
from schemas.instants import DAY_MS, HOUR_MS, day_start
from schemas.keys import Ints

SEED, RESIDENTS = 7, 6_500
TUESDAY_MS = day_start(19_059)
PROFILES: tuple[Profile, ...] = ("routine", "emergency")


@pytest.fixture(scope="module")
def city() -> City:
    return found_city(SEED, RESIDENTS)


@pytest.fixture(scope="module", params=PROFILES)
def profile(request: pytest.FixtureRequest) -> Profile:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def visits(city: City, profile: Profile) -> Visits:
    return lived(city, profile)


def lived(city: City, profile: Profile, day: int = 0, isolated: Ints | None = None) -> Visits:
    at_large = np.full(len(city.people), AT_LARGE_MS)
    return live(city, day, TUESDAY_MS + day * DAY_MS, profile, at_large if isolated is None else isolated)


def alone(city: City, visits: Visits) -> Visits:
    """The stays without the second rows: houses of parts, and the cabs of lorries in the zones they stand in."""
    ground = city.places.ground[visits.place]
    parts = city.places.house[visits.place] >= 0
    keys = visits.person * 10**6 + visits.since_ms // 1000 % 10**6
    houses = np.where(parts & ~np.isin(ground, (Ground.bus, Ground.metro)), keys, -1)
    doubled = np.isin(keys, houses) & ~parts & np.isin(
        ground, (Ground.market, Ground.hotel, Ground.bubble_zone, Ground.shelter)
    )  # fmt: skip
    kept = visits.where(~doubled & (ground != Ground.cab))
    return kept.where(np.lexsort((kept.since_ms, kept.person)))


def test_nobody_is_in_two_places_at_once_and_every_way_takes_time(city: City, visits: Visits) -> None:
    v = alone(city, visits)
    same = v.person[1:] == v.person[:-1]
    assert (v.since_ms < v.until_ms).all()
    assert (v.since_ms[1:] >= v.until_ms[:-1])[same].all()
    moves = same & (v.place[1:] != v.place[:-1])
    assert (v.since_ms[1:] > v.until_ms[:-1])[moves].all()


def test_nobody_is_in_two_places_at_once_across_a_week(city: City, profile: Profile) -> None:
    days = [alone(city, lived(city, profile, day)) for day in range(7)]
    last = np.zeros(len(city.people), np.int64)
    for v in days:
        first = np.full(len(city.people), AT_LARGE_MS)
        np.minimum.at(first, v.person, v.since_ms)
        assert (first >= last).all()
        np.maximum.at(last, v.person, v.until_ms)


def test_a_night_is_spent_in_bed_and_goes_on_where_the_day_before_ended(city: City, profile: Profile) -> None:
    one, two = lived(city, profile, 0), lived(city, profile, 1)
    night = TUESDAY_MS + DAY_MS + 3 * HOUR_MS
    asleep = np.unique(one.person[(one.since_ms <= night) & (night < one.until_ms)])
    assert len(np.setdiff1d(np.arange(city.residents), asleep)) <= 0.001 * city.residents
    ends, begins = (np.zeros(len(city.people), np.int64) for _ in range(2))
    np.maximum.at(ends, one.person, one.until_ms)
    begins[:] = AT_LARGE_MS
    np.minimum.at(begins, two.person, two.since_ms)
    slept = np.intersect1d(asleep, np.flatnonzero(city.people.home[: city.residents] >= 0))
    assert (ends[slept] == begins[slept]).all()


def test_people_of_a_household_are_together_at_home_at_night(city: City, visits: Visits) -> None:
    night = TUESDAY_MS + DAY_MS + 2 * HOUR_MS
    home = visits.where((visits.doing == Doing.home) & (visits.since_ms <= night) & (night < visits.until_ms))
    assert (home.place == city.people.home[home.person]).all()
    homes = np.bincount(home.place, minlength=1)
    assert homes.max() >= 4
    assert (homes > 1).sum() > 0.5 * (homes > 0).sum()


def test_the_same_day_is_lived_twice_alike_and_other_days_otherwise(city: City, profile: Profile) -> None:
    one, again, other = (lived(city, profile, day) for day in (1, 1, 2))
    assert all(np.array_equal(getattr(one, name), getattr(again, name)) for name in vars(one))
    assert len(one) != len(other) or not np.array_equal(one.place, other.place)


def test_whoever_is_isolated_appears_nowhere_afterwards_and_nobody_else_is_moved(city: City, profile: Profile) -> None:
    isolated = np.full(len(city.people), AT_LARGE_MS)
    taken = np.arange(0, city.residents, 7)
    isolated[taken] = TUESDAY_MS + 9 * HOUR_MS + 1_000
    free, bound = lived(city, profile), lived(city, profile, 0, isolated)
    assert (bound.until_ms <= isolated[bound.person]).all()
    assert np.isin(taken, bound.person).mean() > 0.99, "they were there before"
    others = [v.where(~np.isin(v.person, taken)) for v in (free, bound)]
    assert all(np.array_equal(getattr(others[0], name), getattr(others[1], name)) for name in vars(free))
    assert len(np.intersect1d(lived(city, profile, 1, isolated).person, taken)) == 0
    late = cut_short(free, isolated)
    assert all(np.array_equal(getattr(late, name), getattr(bound, name)) for name in vars(late))


def test_a_stay_at_a_part_is_also_one_at_its_house(city: City, visits: Visits) -> None:
    ground = city.places.ground[visits.place]
    house = city.places.house[visits.place]
    parts = (house >= 0) & ~np.isin(ground, (Ground.bus, Ground.metro))
    rows = set(zip(visits.person.tolist(), visits.place.tolist(), visits.since_ms.tolist(), strict=True))
    of_parts = zip(visits.person[parts].tolist(), house[parts].tolist(), visits.since_ms[parts].tolist(), strict=True)
    assert parts.any()
    assert set(of_parts) <= rows


def test_passengers_have_a_driver_and_a_taxi_one_trip_at_a_time(city: City, visits: Visits) -> None:
    ground = city.places.ground[visits.place]
    for kind in (Ground.bus, Ground.taxi, Ground.shuttle):
        rides = visits.where((ground == kind) & (visits.doing == Doing.ride))
        duties = visits.where((ground == kind) & (visits.doing == Doing.drive))
        assert len(rides)
        driven = np.zeros(len(rides), np.bool_)
        for at in range(len(duties)):
            hers = (rides.place == duties.place[at]) & (rides.since_ms >= duties.since_ms[at])
            driven |= hers & (rides.since_ms < duties.until_ms[at])
        assert driven.mean() > 0.97, f"{kind.name}: {1 - driven.mean():.1%} ride without a driver"
    trips = visits.where((ground == Ground.taxi) & (visits.doing == Doing.ride))
    trips = trips.where(np.lexsort((trips.since_ms, trips.place)))
    same = trips.place[1:] == trips.place[:-1]
    assert (trips.since_ms[1:] >= trips.until_ms[:-1])[same].all()


def test_no_two_passengers_have_one_seat_on_one_part_of_a_run(city: City, visits: Visits) -> None:
    rides = visits.where((city.places.ground[visits.place] == Ground.train) & (visits.seat > 0))
    sold = set(
        zip(*(c.tolist() for c in (rides.place, rides.since_ms, rides.carriage, rides.row, rides.seat)), strict=True)
    )
    assert len(rides) > 10
    assert len(sold) == len(rides)


def test_a_run_is_over_on_its_service_date_or_begins_on_it(city: City, visits: Visits) -> None:
    aboard = np.isin(city.places.ground[visits.place], (Ground.train, Ground.shuttle))
    since = visits.since_ms[aboard] - TUESDAY_MS
    assert ((since >= 0) & (since < DAY_MS)).all()


def test_goods_are_fetched_while_the_courier_stands_at_the_gate(city: City, visits: Visits) -> None:
    fetches, stops = (visits.where(visits.doing == doing) for doing in (Doing.fetch, Doing.deliver))
    assert len(fetches)
    for at in range(len(fetches)):
        here = (stops.place == fetches.place[at]) & (stops.since_ms <= fetches.since_ms[at])
        assert (here & (stops.until_ms >= fetches.until_ms[at])).any()
    assert (city.places.ground[fetches.place] == Ground.gate).all()


def test_grid_members_visit_homes_of_buildings_that_are_theirs(city: City, visits: Visits) -> None:
    entered = visits.where(visits.doing == Doing.visit)
    assert len(entered)
    d, noon = city.duties, TUESDAY_MS + 12 * HOUR_MS
    held = (d["since_ms"] <= noon) & (noon < d["until_ms"])
    theirs = set(
        zip(d["person"][held].tolist(), d["compound"][held].tolist(), d["building"][held].tolist(), strict=True)
    )
    compound, building = city.places.compound[entered.place], city.places.building[entered.place]
    assert set(zip(entered.person.tolist(), compound.tolist(), building.tolist(), strict=True)) <= theirs


def test_in_an_emergency_schools_restaurants_and_most_offices_are_shut(city: City) -> None:
    usual, closed = (lived(city, profile) for profile in PROFILES)
    grounds = [np.bincount(city.places.ground[v.place], minlength=len(Ground)) for v in (usual, closed)]
    assert grounds[1][Ground.restaurant] == 0
    assert grounds[1][Ground.office] < 0.1 * grounds[0][Ground.office]
    pupils = closed.person[(closed.doing == Doing.learn)]
    assert (city.people.role[pupils] == Role.boarder).all()
    bubble = np.isin(closed.person, city.posts["bubble_worker"])
    assert set(city.places.ground[closed.place[bubble]].tolist()) == {
        Ground.bubble, Ground.bubble_zone, Ground.dormitory, Ground.home,
    } - {Ground.home}  # fmt: skip


def test_on_a_sunday_nobody_learns_and_boarders_return_to_school(city: City) -> None:
    saturday, sunday = (lived(city, "routine", day) for day in (4, 5))
    assert not (saturday.doing == Doing.learn).any()
    assert not (sunday.doing == Doing.learn).any()
    boarders = np.flatnonzero((city.people.role == Role.boarder) & (city.people.dorm_place >= 0))
    for visits, ground in ((saturday, Ground.home), (sunday, Ground.dormitory)):
        night = visits.since_ms.max()
        asleep = visits.where(np.isin(visits.person, boarders) & (visits.until_ms > night))
        assert (city.places.ground[asleep.place] == ground).all()
        assert len(asleep) == len(boarders)
