"""Founding: the city before its first day, from a seed and a number of residents.

In: seed, number of residents, folders of published divisions and timetables where they are at hand. Out: `City`.
Invariant: same arguments, same city; divisions give names alone, and change no number.
Deliberately absent: days (replay/city/living.py), records, illness.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from replay.city.duties import assign
from replay.city.families import REFERENCE_DAY, Families, raise_families
from replay.city.gazetteer import Gazetteer
from replay.city.jobs import Jobs, employ
from replay.city.model import City, Ground, People, Role
from replay.city.quarters import Quarters, lay_out
from replay.city.schools import fill_schools
from replay.city.shares import HOLDS, LINKED, SHARED_PLATES, count
from replay.city.vehicles import METRO_LINES, schedule, set_rolling
from replay.city.venues import open_venues
from schemas.departments.drafting import identifier
from schemas.keys import Ints

_GROUND, _FAMILY, _VENUE, _TRAIN, _JOB, _HOLD, _DUTY = range(9_001, 9_008)
"""Purposes of the generators; days draw from others (replay/city/chance.py)."""
TRAIN_CREW = 2
COMPANIONS = 0.25
"""Share of lorries with a second driver [D]."""
ON_A_LINE = 0.62
METRO_SHARE = 0.25
"""Who goes by bus and metro at all, and who of them by metro [D]."""
_ADULT, _PHONE_AGE = 18, 8


def found_city(seed: int, residents: int, divisions: Path | None = None, timetable: Path | None = None) -> City:
    """The city. `divisions`, `timetable`: folders of published sets. Errors: ValueError if one lacks its file."""
    chance = [np.random.Generator(np.random.PCG64([seed, purpose])) for purpose in range(_GROUND, _DUTY + 1)]
    ground, family, venue, train, job, hold, duty = chance
    families = raise_families(residents, family)
    g = Gazetteer()
    q = lay_out(residents, families.households, divisions, ground, g)
    home_community = g.located("community")
    open_venues(residents, q, venue, g)
    lines = set_rolling(residents, g)
    class_place, dorm_place = fill_schools(families, home_community, len(q.communities), g)
    _move_into_care(families, dorm_place, g)
    jobs = Jobs(residents, job.permutation(np.flatnonzero(families.role == Role.worker)), dorm_place, class_place)
    employ(jobs, q, job, g)
    trains = schedule(residents, timetable, train, g)
    travellers = _travellers(residents, trains.place, jobs.posts, g)
    people = _people(families, jobs, travellers, len(lines), hold)
    heads = _heads(families, q)
    return City(
        seed=seed, residents=residents, people=people, places=g.places(), lines=lines, streets=q.streets,
        communities=q.communities, duties=assign(q, jobs.posts, heads, duty), street_codes=q.street_codes,
        community_codes=q.community_codes, street_of=q.street_of, trains=trains, posts=jobs.posts,
    )  # fmt: skip


def _move_into_care(families: Families, dorm_place: Ints, g: Gazetteer) -> None:
    """A bed for whoever lives in a care home: two a room, home after home."""
    rooms = np.flatnonzero(np.concatenate(g.ground) == Ground.care_room)
    cared_for = np.flatnonzero(families.role == Role.care_resident)
    dorm_place[cared_for] = rooms[np.arange(len(cared_for)) // 2 % len(rooms)]


def _travellers(residents: int, trains: Ints, posts: dict[str, Ints], g: Gazetteer) -> Ints:
    """Where people from elsewhere work here, if they do: guests, lorry drivers with companions, train crews, and those
    without a home. Their posts and the lorries' cabs are added."""
    truckers = count("trucker", residents)
    groups = {
        "guest": count("hotel_guest", residents), "trucker": truckers,
        "companion": max(1, round(truckers * COMPANIONS)),
        "train_crew": TRAIN_CREW * len(trains), "sheltered": count("sheltered", residents),
    }  # fmt: skip
    at, work = residents, np.full(sum(groups.values()), -1)
    for name, number in groups.items():
        posts[name] = np.arange(at, at + number)
        at += number
    cabs = g.add(Ground.cab, [identifier("plate", person) for person in posts["trucker"].tolist()])
    work[posts["trucker"] - residents] = cabs
    work[posts["companion"] - residents] = cabs[: len(posts["companion"])]
    work[posts["train_crew"] - residents] = trains.repeat(TRAIN_CREW)
    return work


def _people(families: Families, jobs: Jobs, travellers: Ints, lines: int, rng: np.random.Generator) -> People:
    """Residents, then travellers, with what they own and what registers know of it."""
    residents, others = len(families.age), len(travellers)
    everybody = residents + others
    none = np.full(others, -1)
    born = np.concatenate([families.born, REFERENCE_DAY - rng.integers(22 * 365, 60 * 365, others)])
    role = np.concatenate([families.role, np.full(others, int(Role.worker))])
    home = np.where(families.role == Role.care_resident, -1, families.household)
    metro = rng.random(residents) < METRO_SHARE
    buses = lines - METRO_LINES
    # People of one neighbourhood use the same few lines.
    near = (families.household * buses // families.households + rng.integers(0, 3, residents)) % buses
    line = np.where(metro, buses + rng.integers(0, METRO_LINES, residents), near)
    line[rng.random(residents) >= ON_A_LINE] = -1
    old_enough = born < REFERENCE_DAY - _PHONE_AGE * 365
    held = {name: (old_enough & (rng.random(everybody) < share)).astype(np.int64) for name, share in HOLDS.items()}
    held["token"] &= held["phone"]
    held["plate"] = _plates(born, residents, jobs.posts["trucker"], everybody, rng)
    linked = {n: (held[n] & (rng.random(everybody) < share)).astype(np.int64) for n, share in LINKED.items()}
    return People(
        born=born, role=role, home=np.concatenate([home, none]),
        work_place=np.concatenate([jobs.work_place, travellers]), class_place=np.concatenate([jobs.class_place, none]),
        dorm_place=np.concatenate([jobs.dorm_place, none]), line=np.concatenate([line, none]),
        **{f"holds_{name}": column for name, column in held.items()},
        **{f"linked_{name}": column for name, column in linked.items()},
    )  # fmt: skip


def _plates(born: Ints, residents: int, truckers: Ints, everybody: int, rng: np.random.Generator) -> Ints:
    """Who has a car of their own. One plate belongs to all people whose numbers differ by SHARED_PLATES, so one of them
    holds it at the most; lorries come first."""
    taken = np.zeros(SHARED_PLATES, np.bool_)
    taken[truckers % SHARED_PLATES] = True
    adults = np.flatnonzero(born[:residents] < REFERENCE_DAY - _ADULT * 365)
    owners = rng.permutation(adults)[: len(adults) // 3]
    _, first = np.unique(owners % SHARED_PLATES, return_index=True)
    owners = owners[first]
    owners = owners[~taken[owners % SHARED_PLATES] & (rng.random(len(owners)) < 0.5)]
    holds = np.zeros(everybody, np.int64)
    holds[owners] = holds[truckers] = 1
    return holds


def _heads(families: Families, q: Quarters) -> Ints:
    """The head of each building: the oldest of its people up to 75, else anybody there."""
    building = np.searchsorted(q.first_home, families.household, side="right") - 1
    fit = np.where((families.age >= 18) & (families.age <= 75), families.age, -1)
    order = np.lexsort((-fit, building))
    _, first = np.unique(building[order], return_index=True)
    found: Ints = order[first]
    return found
