"""Duties: who answers for which street, community and building, from when to when (三级包保).

In: the quarters, the posts, chance. Out: columns of duties.
Invariant: at every instant from BEGINS_MS on, a building has one grid member and one head, a community a cadre or more,
a street a leader or more; a handover ends one duty in the instant in which the next begins.
Deliberately absent: what they do about an alarm.
"""

from __future__ import annotations

import numpy as np

from replay.city.model import Duty
from replay.city.quarters import Quarters
from schemas.instants import DAY_MS, HOUR_MS, LOCAL_OFFSET_MS, OPEN_MS
from schemas.keys import Ints

BEGINS_MS = 18_993 * DAY_MS - LOCAL_OFFSET_MS
"""2022-01-01 at +08:00: the duties of before are not told."""
_HANDOVERS = (0.35, 0.4, 0.25)
"""Share of buildings that change hands never, once or twice in the half year [D]."""
_MONTHS_DAYS = 181


def assign(q: Quarters, posts: dict[str, Ints], head_of: Ints, rng: np.random.Generator) -> dict[str, Ints]:
    """All duties. `head_of`: of each building, the person who heads it."""
    streets, communities, buildings = len(q.streets), len(q.communities), len(q.building_compound)
    compound = q.building_compound
    community = q.community_of[compound]
    leaders, cadres = posts["district_leader"], posts["cadre"]
    seat = np.resize(np.arange(streets), len(leaders))
    ward = np.resize(np.arange(communities), len(cadres))
    parts = [
        _rows(Duty.district_leader, leaders, street=seat),
        _rows(Duty.cadre, cadres, street=q.street_of[ward], community=ward),
        _rows(
            Duty.building_head, head_of, street=q.street_of[community], community=community, compound=compound,
            building=q.building_number,
        ),
    ]  # fmt: skip
    changes = rng.choice(len(_HANDOVERS), buildings, p=_HANDOVERS)
    edges = np.sort(rng.integers(1, _MONTHS_DAYS, (buildings, 2)) * DAY_MS + 8 * HOUR_MS + BEGINS_MS, axis=1)
    edges[edges[:, 0] == edges[:, 1], 1] += DAY_MS
    member = _members(posts["grid_member"], community, communities)
    for turn in range(len(_HANDOVERS)):
        there = np.flatnonzero(changes >= turn)
        since = np.full(len(there), BEGINS_MS) if turn == 0 else edges[there, turn - 1]
        until = np.where(changes[there] == turn, OPEN_MS, edges[there, min(turn, 1)])
        parts.append(_rows(
            Duty.grid_member, member[there, turn], since, until, street=q.street_of[community[there]],
            community=community[there], compound=compound[there], building=q.building_number[there],
        ))  # fmt: skip
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _members(members: Ints, community: Ints, communities: int) -> Ints:
    """For each building the grid members who have it by turns: all of its community, each with a like number."""
    ward = np.resize(np.arange(communities), len(members))
    order = np.argsort(ward, kind="stable")
    first, number = np.searchsorted(ward[order], np.arange(communities)), np.bincount(ward, minlength=communities)
    rank = np.arange(len(community)) - np.searchsorted(community, community)
    turns = [members[order][first[community] + (rank + turn) % number[community]] for turn in range(len(_HANDOVERS))]
    return np.column_stack(turns)


def _rows(
    role: Duty, person: Ints, since: Ints | None = None, until: Ints | None = None, **of: Ints
) -> dict[str, Ints]:
    none = np.full(len(person), -1)
    return {
        "role": np.full(len(person), int(role)),
        "person": person,
        **{name: of.get(name, none) for name in ("street", "community", "compound", "building")},
        "since_ms": np.full(len(person), BEGINS_MS) if since is None else since,
        "until_ms": np.full(len(person), OPEN_MS) if until is None else until,
    }
