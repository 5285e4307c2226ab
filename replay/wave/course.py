"""Course: what the wave did to everybody, and what was done about it on one day, as columns.

In: nothing. Out: `Course`, `Swabs`, `Stays`.
Invariant: a person is a row number of the city; instants are UTC epoch milliseconds, UNKNOWN_MS where there is none.
Deliberately absent: records (replay/desks/health.py), and how it comes about (replay/wave).
"""

from __future__ import annotations

from dataclasses import dataclass

from schemas.keys import Ints


@dataclass(frozen=True)
class Swabs:
    """Swabs of a day: who, into which tube, when, with how many others; and of each tube what the laboratory found.
    `result`: schemas.codes.Result of the tube; `reported_ms`: when; `ct`: tenths, -1 none. One row a swab."""

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
    """Isolations that begin or end on a day. `place`: an isolation room; `ended` 1: a discharge at `at_ms`."""

    person: Ints
    place: Ints
    at_ms: Ints
    ended: Ints


@dataclass(frozen=True)
class Course:
    """What stands at the end of a day. The first five columns have one row for everybody in the city: `infected_ms`,
    `infector` (-1: brought in), `onset_ms` (UNKNOWN_MS: none, or none yet), `found_ms` (first positive single swab),
    `isolated_ms` (AT_LARGE_MS: not). The rest is the day's: swabs, isolations, and who is reported as a case."""

    infected_ms: Ints
    infector: Ints
    onset_ms: Ints
    found_ms: Ints
    isolated_ms: Ints
    swabs: Swabs
    stays: Stays
    reported: Ints
    reported_ms: Ints
