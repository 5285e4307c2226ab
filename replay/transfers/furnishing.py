"""Furnishing: what a city has besides where a drill has transfers: positions, and a secretary for each community.

In: a city. Out: the city with them.
Invariant: nothing else of the city changes; a city of a drill without transfers is never furnished.
Deliberately absent: vehicles and sites, which are the world's (replay/transfers/world.py).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from replay.city.duties import BEGINS_MS
from replay.city.model import City, Duty, Ground, Role
from replay.transfers.atlas import Atlas
from schemas.instants import OPEN_MS

_PURPOSE = 7_404


def furnish(city: City) -> City:
    """Secretaries are workers of firms, who have no other duty [D]."""
    atlas, people = Atlas(city), city.people
    office = (people.work_place >= 0) & (city.places.ground[people.work_place] == Ground.office)
    able = np.flatnonzero(office & (people.role == Role.worker) & (people.home >= 0))
    able = np.setdiff1d(able, city.duties["person"])
    wards = np.arange(len(city.communities))
    chosen = np.resize(city.rng(_PURPOSE).permutation(able), len(wards))
    none = np.full(len(wards), -1)
    more = {
        "role": np.full(len(wards), int(Duty.secretary)), "person": chosen, "street": city.street_of,
        "community": wards, "compound": none, "building": none, "since_ms": np.full(len(wards), BEGINS_MS),
        "until_ms": np.full(len(wards), OPEN_MS),
    }  # fmt: skip
    duties = {name: np.concatenate([column, more[name]]) for name, column in city.duties.items()}
    return replace(city, duties=duties, positions={"lat": atlas.lat, "lon": atlas.lon})
