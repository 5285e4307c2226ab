"""Course: what the wave did to everybody, and what was done about it on one day, as columns.

In: nothing. Out: `Course` and its parts.
Invariant: a person is a row number of the city; instants are UTC epoch milliseconds, UNKNOWN_MS where there is none.
What is done about the wave comes from what tests and people say, never from what a tracing engine concludes.
Deliberately absent: records (replay/desks/health.py), and how it comes about (replay/wave).
"""

from __future__ import annotations

from dataclasses import dataclass

from replay.city.model import Visits
from schemas.keys import Ints


@dataclass(frozen=True)
class Infections:
    """Everybody infected so far, by person. `infector`, `place`: -1 where the infection was brought in. `onset_ms`:
    UNKNOWN_MS: none, or none yet. `since_ms`, `until_ms`: when they can infect others, if at large. `found_ms`,
    `known_ms`: when the first single swab that turned out positive was taken, and when it was known to be.
    `reported_ms`: as a case. `isolated_ms`: since when they are isolated or were first."""

    person: Ints
    infected_ms: Ints
    infector: Ints
    place: Ints
    onset_ms: Ints
    since_ms: Ints
    until_ms: Ints
    found_ms: Ints
    known_ms: Ints
    reported_ms: Ints
    isolated_ms: Ints


@dataclass(frozen=True)
class Swabs:
    """Swabs of a day: who, into which tube, when; of which kind the tube is (10: ten in one, even where fewer are in
    it; 1: single) and where it was taken (a number of `stand`s); and of each tube what the laboratory found. `result`:
    schemas.codes.Result of the tube; `reported_ms`: when; `ct`: tenths of a cycle, -1 none. One row a swab."""

    person: Ints
    tube: Ints
    sampled_ms: Ints
    pool_size: Ints
    site: Ints
    result: Ints
    reported_ms: Ints
    ct: Ints


@dataclass(frozen=True)
class Stays:
    """Isolations that begin or end on a day. `place`: an isolation room, -1 where none was free; `ended` 1: a discharge
    at `at_ms`."""

    person: Ints
    place: Ints
    at_ms: Ints
    ended: Ints


@dataclass(frozen=True)
class Reports:
    """Who is reported as a case on a day. `symptomatic` 1: symptoms had begun by then, at `onset_ms`; `discovery`:
    schemas.codes.Discovery."""

    person: Ints
    reported_ms: Ints
    onset_ms: Ints
    symptomatic: Ints
    discovery: Ints


@dataclass(frozen=True)
class Legs:
    """What cases told of their last days: true visits, and when each was told."""

    visits: Visits
    told_ms: Ints


@dataclass(frozen=True)
class Orders:
    """Contacts put under control by the field, on the day they are admitted: who, as living with which case, when that
    was ordered, when they were last together, when and where they were admitted."""

    person: Ints
    case: Ints
    ordered_ms: Ints
    together_ms: Ints
    admitted_ms: Ints
    place: Ints


@dataclass(frozen=True)
class Course:
    """What stands at the end of a day, and what happened on it. `isolated_ms`: of everybody in the city, AT_LARGE_MS
    where not isolated; it reaches into the next day, and cuts the day's visits short. Everything else but
    `infections` is the day's: by its own instant it lies on this day."""

    isolated_ms: Ints
    infections: Infections
    swabs: Swabs
    stays: Stays
    reports: Reports
    legs: Legs
    orders: Orders
