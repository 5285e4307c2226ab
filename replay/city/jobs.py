"""Jobs: who works where: in firms, shops, hospitals, schools, on vehicles, and for the district.

In: the families, the venues, chance. Out: places of work, dormitories of firms, posts.
Invariant: a worker has one place of work at the most; every venue has its staff, as far as there are workers.
Deliberately absent: wages, hours (replay/city/routine.py), and who answers for whom (replay/city/duties.py).
"""

from __future__ import annotations

import numpy as np

from replay.city.gazetteer import Gazetteer
from replay.city.model import Ground
from replay.city.quarters import Quarters
from replay.city.schools import rooms
from replay.city.shares import RESIDENTS, TEAM, count
from replay.city.venues import ZONES
from schemas.credit_codes import checked
from schemas.keys import Ints

STAFF = {
    Ground.shop: 4, Ground.restaurant: 6, Ground.pharmacy: 3, Ground.stall: 2, Ground.clinic: 12, Ground.hotel: 4,
    Ground.gate: 2, Ground.checkpoint: 4, Ground.bus: 2, Ground.taxi: 1, Ground.shuttle: 1, Ground.classroom: 2,
}  # fmt: skip
"""People of a place of work [D]."""
SMALL_CLINIC = 3
"""The staff of a department in a small city, which has as many departments [D]."""
ROOMS_A_NURSE = 4
LANJIA_FIRMS = 7
"""Source: the article."""
BUBBLE_BEDS, SHARED_BEDS = 4, 4


class Jobs:
    """Columns that grow while people are employed, one row a resident; `pool`: workers without a job, in order of
    chance."""

    def __init__(self, residents: int, workers: Ints, dorm_place: Ints, class_place: Ints) -> None:
        self.residents = residents
        self.work_place = np.full(residents, -1)
        self.dorm_place = dorm_place
        self.class_place = class_place
        self.pool = workers
        self.posts: dict[str, Ints] = {}

    def take(self, number: int) -> Ints:
        """The next so many workers, or as many as there are."""
        taken, self.pool = self.pool[:number], self.pool[number:]
        return taken

    def employ(self, places: Ints) -> Ints:
        """One worker for each of the places, which may repeat; those employed."""
        people = self.take(len(places))
        self.work_place[people] = places[: len(people)]
        return people


def employ(jobs: Jobs, q: Quarters, rng: np.random.Generator, g: Gazetteer) -> None:
    """Everybody's place of work, so that all workers have one."""
    ground = np.concatenate(g.ground)
    for kind, number in STAFF.items():
        if kind is Ground.clinic and jobs.residents < RESIDENTS // 10:
            number = SMALL_CLINIC
        people = jobs.employ(np.flatnonzero(ground == kind).repeat(number))
        if kind is Ground.classroom:
            jobs.class_place[people] = jobs.work_place[people]
            jobs.posts["teacher"] = people
    jobs.posts["doctor"] = np.flatnonzero(np.isin(jobs.work_place, np.flatnonzero(ground == Ground.clinic)))
    jobs.posts["guard"] = np.flatnonzero(np.isin(jobs.work_place, np.flatnonzero(ground == Ground.gate)))
    jobs.posts["nurse"] = jobs.employ(np.flatnonzero(ground == Ground.care_room)[::ROOMS_A_NURSE])
    sites = np.flatnonzero(ground == Ground.building_site)
    jobs.posts["builder"] = jobs.employ(np.resize(sites, count("builder", jobs.residents)))
    park = np.flatnonzero(ground == Ground.logistics)
    inside = park[[ZONES.index("buffer"), ZONES.index("yard")]]
    staff = jobs.employ(np.resize(inside, count("logistics_worker", jobs.residents)))
    jobs.posts["escort"] = staff[jobs.work_place[staff] == inside[0]]
    jobs.posts["courier"] = jobs.take(count("courier", jobs.residents))
    _officials(jobs, q, g)
    _bubble(jobs, rng, ground, g)
    _shared(jobs, rng, g)
    _firms(jobs, rng, g)


def teams(people: int, rng: np.random.Generator) -> Ints:
    """The workroom, from 0, of each of so many people: some 10 to 25 in each."""
    sizes = rng.integers(TEAM[0], TEAM[1] + 1, people // TEAM[0] + 1)
    return np.repeat(np.arange(len(sizes)), sizes)[:people]


def _officials(jobs: Jobs, q: Quarters, g: Gazetteer) -> None:
    """Grid members and cadres have a room in their community, leaders and inspectors one of the district's."""
    communities = len(q.communities)
    compounds = np.searchsorted(q.community_of, np.arange(communities))
    offices = g.add(
        Ground.office, [checked(f"11990103MB{c:07d}") for c in range(communities)], "W1",
        [f"{name}居委会" for name in q.communities], cell=q.cell_of[compounds], street=q.street_of,
        community=np.arange(communities),
    )  # fmt: skip
    members = max(count("grid_member", jobs.residents), communities)
    jobs.posts["grid_member"] = jobs.employ(np.resize(offices, members))
    jobs.posts["cadre"] = jobs.employ(np.resize(offices, max(count("cadre", jobs.residents), communities)))
    number = max(count("district_leader", jobs.residents), len(q.streets))
    district = g.add(Ground.office, [checked("11990103MC0000000")] * 2, ["W1", "W2"], "区机关")
    jobs.posts["district_leader"] = jobs.employ(np.resize(district[:1], number))
    jobs.posts["inspector"] = jobs.employ(np.resize(district[1:], count("inspector", jobs.residents)))


def _bubble(jobs: Jobs, rng: np.random.Generator, ground: Ints, g: Gazetteer) -> None:
    """The rail-car maker: workrooms in its zone of production, dormitory rooms in the one where they live."""
    production, living = np.flatnonzero(ground == Ground.bubble_zone)[:2].tolist()
    number = count("bubble_worker", jobs.residents)
    team = teams(number, rng)
    second = [f"W{n + 1}" for n in range(int(team[-1]) + 1)]
    where: dict[str, Ints | int] = {name: int(g.located(name)[production]) for name in ("cell", "street")}
    code = [checked("91990103MA0000000")] * len(second)
    workrooms = g.add(Ground.bubble, code, second, house=production, at=where)
    people = jobs.employ(workrooms[team])
    jobs.dorm_place[people] = rooms(people, people * 0, "SS-{:03d}", BUBBLE_BEDS, g, living)
    jobs.posts["bubble_worker"] = people


def _shared(jobs: Jobs, rng: np.random.Generator, g: Gazetteer) -> None:
    """The seven firms of Lanjia that share shuttles and a dormitory."""
    number = count("lanjia_worker", jobs.residents)
    everybody = []
    for firm in range(LANJIA_FIRMS):
        team = teams(number // LANJIA_FIRMS, rng)
        second = [f"W{n + 1}" for n in range(int(team[-1]) + 1)]
        code = [checked(f"91990103MA{firm + 1:07d}")] * len(second)
        everybody.append(jobs.employ(g.add(Ground.office, code, second, f"兰家第{firm + 1}厂")[team]))
    people = rng.permutation(np.concatenate(everybody))
    jobs.dorm_place[people] = rooms(people, people * 0 + 1, "SS-{:03d}", SHARED_BEDS, g)
    jobs.posts["lanjia_worker"] = people


def _firms(jobs: Jobs, rng: np.random.Generator, g: Gazetteer) -> None:
    """All other workers: firms of one to many workrooms, in some cell of the district."""
    team = teams(len(jobs.pool), rng)
    if len(team) == 0:
        return
    workrooms = int(team[-1]) + 1
    sizes = np.minimum(60, np.ceil(rng.pareto(1.1, workrooms) + 0.2)).astype(np.int64)
    firm = np.repeat(np.arange(workrooms), sizes)[:workrooms]
    codes = [checked(f"91990103MA{n + 1 + LANJIA_FIRMS:07d}") for n in range(int(firm[-1]) + 1)]
    second = np.arange(workrooms) - np.searchsorted(firm, firm)
    homes = rng.integers(0, len(g.located("cell")[: jobs.residents // 4]), len(codes))[firm]
    places = g.add(
        Ground.office, [codes[n] for n in firm.tolist()], [f"W{n + 1}" for n in second.tolist()],
        [f"第{n + 1}公司" for n in firm.tolist()],
        cell=g.located("cell")[homes], street=g.located("street")[homes], community=g.located("community")[homes],
    )  # fmt: skip
    jobs.employ(places[team])
