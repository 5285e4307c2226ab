"""Circle: who was near enough (rules.md section 5): places by kind, vehicles by carriage, compartment, bay and row.

In: pairs of presences as columns. Out: rule, class and certainty of each pair.
Invariant: what is missing on a passenger's side widens the circle and lowers the certainty; it never drops anybody.
Deliberately absent: how long they were together (brain/contacts.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from brain.rules import SCOPES, Rules
from brain.runs import Mask
from schemas import seats
from schemas.codes import CARRIAGE_MODES, FIRST_VEHICLE, Certainty, Flag
from schemas.keys import Ints

_ALL, _ROWS, _CARRIAGE, _COMPARTMENT, _BAYS = range(len(SCOPES))


@dataclass(frozen=True)
class Judgement:
    """Shape: one value per pair. `inside`: 0 where a field differed, so the rule's `rest` applies."""

    rule: Ints
    result: Ints
    inside: Ints
    certainty: Ints


def certainty(flags: Ints) -> Ints:
    """How sure the times of presences are."""
    inferred = flags & (Flag.since_inferred | Flag.until_inferred) != 0
    timed = np.where(inferred, int(Certainty.medium), int(Certainty.high))
    return np.where(flags & Flag.vague != 0, int(Certainty.low), timed)


def judge(rules: Rules, pack: Ints, kind: Ints, flags: tuple[Ints, Ints], seat: tuple[Ints, Ints]) -> Judgement:
    """The judgement on pairs of presences at one place. `flags` and `seat`: of the case's presence and the other's."""
    sure = np.minimum(certainty(flags[0]), certainty(flags[1]))
    rule = rules.place_rule[pack, kind]
    inside = np.ones(len(pack), np.int64)
    rides = np.flatnonzero(kind >= FIRST_VEHICLE)
    if len(rides):
        x, y = (flags[0][rides], seat[0][rides]), (flags[1][rides], seat[1][rides])
        rule[rides], match, unknown = _aboard(rules, pack[rides], kind[rides], x, y)
        inside[rides] = match
        sure[rides] = np.where((match == 1) & unknown, Certainty.low, sure[rides])
    return Judgement(rule, np.where(inside == 1, rules.result[rule], rules.rest[rule]), inside, sure)


def _sealed(rules: Rules, pack: Ints, x: Ints, y: Ints) -> Ints:
    told = rules.sealed_assumed[pack]
    for flags in (y, x):
        told = np.where(flags & Flag.ventilated != 0, 0, told)
        told = np.where(flags & Flag.sealed != 0, 1, told)
    return told


Side = tuple[Ints, Ints]


def _aboard(rules: Rules, pack: Ints, kind: Ints, x: Side, y: Side) -> tuple[Ints, Ints, Mask]:
    """(rule, 1 inside or 0 outside the circle, whether a field was unknown) of pairs aboard one vehicle."""
    rule = rules.ride_rule[pack, kind, _sealed(rules, pack, x[0], y[0])]
    scope = rules.scope[rule].copy()
    scope[(x[0] & Flag.soft_sleeper != 0) & rules.soft_sleeper[rule]] = _COMPARTMENT
    symptoms = (x[0] & Flag.symptomatic != 0) & (rules.symptom_rule[pack] >= 0)
    rule = np.where(symptoms, rules.symptom_rule[pack], rule)
    crew = [side[0] & Flag.crew != 0 for side in (x, y)]
    roaming = [c & (side[1] == 0) for c, side in zip(crew, (x, y), strict=True)]
    free = symptoms | (crew[0] & crew[1]) | roaming[0] | roaming[1] | (scope == _ALL)

    cars = [seats.carriage(side[1]) for side in (x, y)]
    carried = np.isin(kind, CARRIAGE_MODES)
    differ, unknown = _compare(cars, crew, cars[0] != cars[1])
    differ, unknown = differ & carried, unknown & carried

    rows = [(seats.row_from(side[1]), seats.row_until(side[1])) for side in (x, y)]
    bays = [_bay(side[1]) for side in (x, y)]
    rooms = [seats.compartment(side[1]) for side in (x, y)]
    distance = rules.distance[rule]
    for wanted, known, apart in (
        (_ROWS, [r[0] for r in rows], _gap(rows) > distance),
        (_COMPARTMENT, rooms, rooms[0] != rooms[1]),
        (_BAYS, [b[1] for b in bays], _gap(bays) > distance),
    ):
        further, missing = _compare(known, crew, apart)
        differ = differ | (further & (scope == wanted))
        unknown = unknown | (missing & (scope == wanted))
    return rule, (free | ~differ).astype(np.int64), unknown & ~free


def _compare(known: list[Ints], crew: list[Mask], apart: Mask) -> tuple[Mask, Mask]:
    """(differs, is unknown) of one field whose value is 0 where missing: a crew's missing field matches everything."""
    missing = [k == 0 for k in known]
    both = ~missing[0] & ~missing[1]
    lacking = (missing[0] & ~crew[0]) | (missing[1] & ~crew[1])
    either_crew = missing[0] & missing[1] & (crew[0] | crew[1])
    return both & apart, lacking & ~either_crew


def _bay(seat: Ints) -> tuple[Ints, Ints]:
    """The bays of a seat: its compartment if that is a number, else its rows. (0, 0): missing.

    A numeric compartment c is packed as its number plus one; bays are compared shifted by one as well, rows too, so
    that bay number 0 is not taken for missing.
    """
    room = seats.compartment(seat)
    numbered = (room > 0) & (room < seats.NUMERIC_MAX)
    first, last = seats.row_from(seat), seats.row_until(seat)
    shift = (first > 0).astype(np.int64)
    return np.where(numbered, room, first + shift), np.where(numbered, room, last + shift)


def _gap(ranges: list[tuple[Ints, Ints]]) -> Ints:
    (a_from, a_until), (b_from, b_until) = ranges
    gap: Ints = np.maximum(0, np.maximum(a_from - b_until, b_from - a_until))
    return gap
