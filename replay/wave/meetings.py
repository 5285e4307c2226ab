"""Meetings: whom some people were together with, from true stays.

In: visits, and for everybody an interval that counts. Out: `Meetings`, one row for each pair of overlapping stays.
Invariant: both stays are at one place, overlap, and are of two people; in a train, in one carriage.
Deliberately absent: what a meeting leads to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from replay.city.model import City, Visits
from schemas.codes import PlaceKind
from schemas.keys import Ints

PAIRS_AT_ONCE = 2_000_000
_SECOND_BITS = 22
"""Seconds since the earliest stay, beside the place, in one sortable number: 48 days."""


@dataclass(frozen=True)
class Meetings:
    """`one`: whose interval counts; `other`: whom they were with. `crowd`: how many stays overlap with one's."""

    one: Ints
    other: Ints
    place: Ints
    since_ms: Ints
    until_ms: Ints
    crowd: Ints


def meetings(city: City, visits: Visits, since_ms: Ints, until_ms: Ints, apart: Ints) -> Iterator[Meetings]:
    """What people met, in parts. `since_ms`, `until_ms`: by person; only what lies between them counts, and an empty
    interval is nobody. `apart`: 1 for places at which nobody counts as together."""
    since = np.maximum(visits.since_ms, since_ms[visits.person])
    until = np.minimum(visits.until_ms, until_ms[visits.person])
    ones = np.flatnonzero((since < until) & (apart[visits.place] == 0))
    if len(ones) == 0:
        return
    hot = np.zeros(len(city.places.kind), np.bool_)
    hot[visits.place[ones]] = True
    others = np.flatnonzero(hot[visits.place])
    zero = int(visits.since_ms[others].min())
    key = _key(visits.place[others], visits.since_ms[others], zero)
    order = np.argsort(key, kind="stable")
    others, key = others[order], key[order]
    longest = np.zeros(len(city.places.kind), np.int64)
    np.maximum.at(longest, visits.place[others], visits.until_ms[others] - visits.since_ms[others])
    place = visits.place[ones]
    first = np.searchsorted(key, _key(place, np.maximum(since[ones] - longest[place], zero), zero), "left")
    last = np.searchsorted(key, _key(place, until[ones], zero), "left")
    bounds = np.cumsum(last - first)
    at = 0
    while at < len(ones):
        reached = bounds[at - 1] if at else 0
        upto = max(at + 1, int(np.searchsorted(bounds, reached + PAIRS_AT_ONCE, "right")))
        rows = slice(at, upto)
        yield _part(city, visits, (ones[rows], since[ones[rows]], until[ones[rows]]), (others, first[rows], last[rows]))
        at = upto


def _key(place: Ints, at_ms: Ints, zero: int) -> Ints:
    return place << _SECOND_BITS | (at_ms - zero) // 1000


def _part(city: City, visits: Visits, ones: tuple[Ints, Ints, Ints], others: tuple[Ints, Ints, Ints]) -> Meetings:
    """The overlaps of some stays with those between `first` and `last` of the sorted ones."""
    (x, since, until), (sorted_rows, first, last) = ones, others
    counts = last - first
    of = np.repeat(np.arange(len(x)), counts)
    within = np.arange(len(of)) - np.repeat(np.cumsum(counts) - counts, counts)
    y = sorted_rows[first[of] + within]
    since = np.maximum(since[of], visits.since_ms[y])
    until = np.minimum(until[of], visits.until_ms[y])
    one, other = visits.person[x[of]], visits.person[y]
    cars = visits.carriage[x[of]], visits.carriage[y]
    train = city.places.kind[visits.place[y]] == PlaceKind.train
    keep = (since < until) & (one != other) & ~(train & (cars[0] != cars[1]) & (cars[0] > 0) & (cars[1] > 0))
    crowd = np.bincount(of[keep], minlength=len(x))
    return Meetings(one[keep], other[keep], visits.place[y][keep], since[keep], until[keep], crowd[of[keep]])
