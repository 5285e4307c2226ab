"""The city before its first day: people, places, duties, and that names decide nothing."""

from __future__ import annotations

import itertools
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from replay.city import found_city
from replay.city.duties import BEGINS_MS
from replay.city.model import City, Duty, Ground, People, Places, Role
from replay.city.shares import HOUSEHOLD_SIZES, HOUSEHOLDS, SHARED_PLATES
from schemas.codes import OPEN_HOUSES
from schemas.credit_codes import read_credit_code
from schemas.instants import DAY_MS, HOUR_MS, OPEN_MS
from tests.imported import DATA, needs

SEED = 7


@pytest.fixture(scope="module", params=[2_000, 20_000])
def city(request: pytest.FixtureRequest) -> City:
    return found_city(SEED, request.param)


def same(one: City, other: City, but: tuple[str, ...] = ()) -> bool:
    """Whether two cities are equal in people, places and duties, but for some columns of places."""
    people = all(np.array_equal(getattr(one.people, f.name), getattr(other.people, f.name)) for f in fields(People))
    names = [f.name for f in fields(Places) if f.name not in but]
    places = all(np.array_equal(getattr(one.places, name), getattr(other.places, name)) for name in names)
    return people and places and all(np.array_equal(one.duties[name], other.duties[name]) for name in one.duties)


def divisions(folder: Path) -> Path:
    """A folder of divisions as they are published, with made-up names and codes."""
    streets = [f"990103{n:03d},{n}号街道,990103,99,9901" for n in range(2, 17)]
    communities = [
        f"990103{n:03d}{c:03d},{n}-{c}社区,990103{n:03d},99,9901,990103" for n in range(2, 17) for c in (1, 2)
    ]
    (folder / "kuancheng_220103_streets.csv").write_text(
        "\n".join(["code,name,areaCode,provinceCode,cityCode", *streets])
    )
    head = "code,name,streetCode,provinceCode,cityCode,areaCode"
    (folder / "kuancheng_220103_communities.csv").write_text("\n".join([head, *communities]))
    return folder


def test_the_same_seed_founds_the_same_city_and_another_seed_another() -> None:
    assert same(found_city(SEED, 2_000), found_city(SEED, 2_000))
    assert not same(found_city(SEED, 2_000), found_city(SEED + 1, 2_000))


def test_published_divisions_give_names_and_change_no_number(tmp_path: Path) -> None:
    plain, named = found_city(SEED, 2_000), found_city(SEED, 2_000, divisions(tmp_path))
    assert same(plain, named, but=("name",))
    assert named.streets[0] == "2号街道"
    assert named.communities[0] == "2-1社区"
    assert named.community_codes[0] == "990103002001"
    assert plain.streets[0] == "第一街道"


def test_a_folder_without_the_divisions_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"kuancheng_220103_streets\.csv is not there"):
        found_city(SEED, 2_000, tmp_path)


@needs("kuancheng_divisions")
def test_at_full_size_all_streets_and_communities_have_their_published_names() -> None:
    city = found_city(SEED, 650_000, DATA / "kuancheng_divisions")
    assert (len(city.streets), len(city.communities)) == (15, 173)
    assert all(code.startswith("220103") for code in city.street_codes + city.community_codes)
    assert len(set(city.community_codes)) == 173


@needs("rail_via_changchun_2016")
def test_the_published_timetable_gives_services_that_call_here() -> None:
    trains = found_city(SEED, 2_000, None, DATA / "rail_via_changchun_2016").trains
    inward, outward = trains.in_depart_s >= 0, trains.out_depart_s >= 0
    assert len(trains.place) > 100
    assert (inward | outward).all()
    assert (trains.in_depart_s < trains.in_arrive_s)[inward].all()
    assert (trains.out_depart_s < trains.out_arrive_s)[outward].all()
    assert all(trains.origin[n] for n in np.flatnonzero(inward))


def test_a_small_city_has_one_of_every_ground_and_somebody_of_every_role(city: City) -> None:
    assert set(np.unique(city.places.ground)) == {int(ground) for ground in Ground}
    assert set(np.unique(city.people.role[: city.residents])) == {int(role) for role in Role}
    assert all(len(people) for people in city.posts.values())


def test_no_two_places_are_one_by_kind_and_codes(city: City) -> None:
    """Shops, restaurants and other open houses are told apart by their codes alone."""
    kinds = np.where(np.isin(city.places.kind, OPEN_HOUSES), -1, city.places.kind)
    named = set(zip(kinds.tolist(), city.places.first, city.places.second, strict=True))
    assert len(named) == len(city.places.first)


def test_kinds_of_households_add_up_to_the_sizes_that_are_said() -> None:
    sizes = np.bincount([len(kind.others) for kind in HOUSEHOLDS], [kind.share for kind in HOUSEHOLDS])
    assert np.allclose(sizes, HOUSEHOLD_SIZES)
    assert round(float(sizes @ np.arange(1, 7)), 1) == 2.3


def test_everybody_lives_somewhere_and_travellers_elsewhere(city: City) -> None:
    home, n = city.people.home, city.residents
    cared_for = city.people.role[:n] == Role.care_resident
    assert (city.places.ground[home[:n][~cared_for]] == Ground.home).all()
    assert (city.places.ground[city.people.dorm_place[:n][cared_for]] == Ground.care_room).all()
    assert (home[n:] == -1).all()


def test_workers_work_where_work_is_and_in_rooms_of_ten_to_25(city: City) -> None:
    people, n = city.people, city.residents
    working = np.flatnonzero(people.work_place[:n] >= 0)
    assert (people.role[working] == Role.worker).all()
    idle = (people.role[:n] == Role.worker) & (people.work_place[:n] < 0)
    assert set(np.flatnonzero(idle)) == set(city.posts["courier"]), "couriers alone have no place of work"
    firms = {"91", "11"}
    rooms = np.bincount(people.work_place[working])
    offices = [p for p in city.places.of(Ground.office).tolist() if city.places.first[p][:2] in firms]
    assert max(rooms[p] for p in offices if city.places.first[p].startswith("91")) <= 25


def test_every_code_of_a_firm_is_one_that_registers_accept(city: City) -> None:
    for place in np.concatenate([city.places.of(Ground.office), city.places.of(Ground.bubble)]).tolist():
        assert read_credit_code(city.places.first[place]) == city.places.first[place]


def test_pupils_have_a_class_of_their_age_and_at_most_42_sit_in_one(city: City) -> None:
    pupils = np.flatnonzero(city.people.role == Role.pupil)
    rooms = city.people.class_place[pupils]
    assert (city.places.ground[rooms] == Ground.classroom).all()
    assert np.bincount(rooms).max() <= 42
    years = city.people.born[pupils] / 365.25
    for room in np.unique(rooms)[:20]:
        assert np.ptp(years[rooms == room]) <= 1.01


def test_no_two_people_hold_the_same_plate(city: City) -> None:
    holders = np.flatnonzero(city.people.holds_plate)
    assert len(np.unique(holders % SHARED_PLATES)) == len(holders)


def test_nobody_is_linked_to_what_they_do_not_hold(city: City) -> None:
    for name in ("phone", "card", "token", "plate"):
        held, linked = getattr(city.people, f"holds_{name}"), getattr(city.people, f"linked_{name}")
        assert (linked <= held).all()
        assert 0 < linked.sum() < held.sum() or name == "plate"


def test_a_part_lies_in_the_cell_of_its_house(city: City) -> None:
    for ground in (Ground.stall, Ground.hotel_room, Ground.bubble):
        parts = city.places.of(ground)
        assert (city.places.cell[parts] == city.places.cell[city.places.house[parts]]).all()


def test_every_building_is_answered_for_by_one_grid_member_at_every_instant(city: City) -> None:
    d = city.duties
    members = np.flatnonzero(d["role"] == Duty.grid_member)
    homes = city.places.of(Ground.home)
    buildings = {*zip(city.places.compound[homes].tolist(), city.places.building[homes].tolist(), strict=True)}
    spans: dict[tuple[int, int], list[tuple[int, int]]] = {building: [] for building in buildings}
    for row in members.tolist():
        spans[int(d["compound"][row]), int(d["building"][row])].append(
            (int(d["since_ms"][row]), int(d["until_ms"][row]))
        )
    for held in spans.values():
        held.sort()
        assert held[0][0] == BEGINS_MS
        assert held[-1][1] == OPEN_MS
        assert all(one[1] == other[0] and one[0] < one[1] for one, other in itertools.pairwise(held))
    assert any(len(held) > 1 for held in spans.values()), "no building ever changes hands"


def test_whoever_answers_for_a_place_holds_the_post_and_every_street_and_community_has_somebody(city: City) -> None:
    d, noon = city.duties, BEGINS_MS + 70 * DAY_MS + 12 * HOUR_MS
    now = (d["since_ms"] <= noon) & (noon < d["until_ms"])
    for duty, post, column, number in (
        (Duty.district_leader, "district_leader", "street", len(city.streets)),
        (Duty.cadre, "cadre", "community", len(city.communities)),
    ):
        rows = now & (d["role"] == duty)
        assert set(d[column][rows].tolist()) == set(range(number))
        assert set(d["person"][rows].tolist()) <= set(city.posts[post].tolist())
    heads = now & (d["role"] == Duty.building_head)
    assert (city.places.building[city.people.home[d["person"][heads]]] == d["building"][heads]).all()
