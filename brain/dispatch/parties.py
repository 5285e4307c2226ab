"""Parties: who of a household must ride together, and which vehicles have room for them.

In: a situation. Out: parties, each a tuple of indices of its riders.
Invariant: every rider is in exactly one party; a household of one class and purpose is cut only if no vehicle
holds it, and then so that no part of it is a child alone.
Deliberately absent: households across classes: infected people, contacts and their contacts do not share a ride.
"""

from __future__ import annotations

from collections.abc import Sequence

from brain.dispatch.situation import Rider, Situation, Vehicle, usable
from schemas.codes import PersonClass

Party = tuple[int, ...]


def seated(vehicle: Vehicle, riders: Sequence[Rider]) -> bool:
    """Whether there are seats, and places for wheelchairs, for all of them."""
    return len(riders) <= vehicle.seats and sum(r.wheelchair for r in riders) <= vehicle.wheelchairs


def carriers(situation: Situation, party: Party) -> list[int]:
    """The vehicles that may take a party: large enough; for cases with negative pressure, where such a one is."""
    riders = [situation.riders[i] for i in party]
    vehicles = situation.vehicles
    found = [v for v, each in enumerate(vehicles) if usable(each, situation) and seated(each, riders)]
    if riders[0].level == PersonClass.case:
        return [v for v in found if vehicles[v].sealed] or found
    return found


def parties(situation: Situation) -> list[Party]:
    """All parties in the order of their first riders."""
    together: dict[tuple[int, ...], list[int]] = {}
    for at, rider in enumerate(situation.riders):
        alone = (0, at) if not rider.household else (1, rider.household)
        together.setdefault((*alone, rider.purpose, rider.level), []).append(at)
    made: list[Party] = []
    for members in together.values():
        whole = tuple(sorted(members))
        made += [whole] if len(whole) == 1 or carriers(situation, whole) else _cut(situation, whole)
    return sorted(made)


def _cut(situation: Situation, whole: Party) -> list[Party]:
    """The fewest parts that vehicles can hold; the whole if there is no way to cut it."""
    riders = situation.riders
    # Dealt out like cards, wheelchairs and adults first, so that every part gets an adult as long as there are some.
    dealt = sorted(whole, key=lambda i: (not riders[i].wheelchair, riders[i].child, i))
    for count in range(2, len(whole) + 1):
        parts = [tuple(sorted(dealt[first::count])) for first in range(count)]
        lonely = any(len(part) == 1 and riders[part[0]].child for part in parts)
        if not lonely and all(carriers(situation, part) for part in parts):
            return parts
    return [whole]
