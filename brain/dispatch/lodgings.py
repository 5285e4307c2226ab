"""Lodgings: who may share a room, and the rooms that are still free while a plan is made.

In: rooms and riders. Out: whether they may; a room for each of a party, and what is left.
Invariant: no bed is given twice; where rooms are single, no contact shares one but a household in a family room.
Deliberately absent: which site (greedy.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from brain.dispatch.situation import Rider, Room, Situation
from schemas.codes import PersonClass

Beds = tuple[tuple[int, int], ...]
"""Rider and index of the room."""


def may_lodge(room: Room, riders: Sequence[Rider], single_rooms: bool) -> bool:
    """Whether these people may lie in one room, with those who have it already; beds are not counted here. Cases lie
    together in wards and in the halls of cabins; a room to oneself is for contacts."""
    if len({rider.level for rider in riders} | ({room.level} if room.held else set())) > 1:
        return False
    if room.held + len(riders) <= 1 or not single_rooms or riders[0].level == PersonClass.case:
        return True
    households = {rider.household for rider in riders} | ({room.household} if room.held else set())
    return room.family and len(households) == 1 and min(households) > 0


class Lodgings:
    """The rooms of a situation, and who has been given one since. Of empty rooms that are alike only the first is
    looked at: a district has thousands."""

    def __init__(self, situation: Situation) -> None:
        self._situation = situation
        self._guests: dict[int, list[int]] = {}
        self._households = {room.household for room in situation.rooms if room.held}
        self._alike: dict[int, dict[tuple[int, ...], list[int]]] = {}
        for site, rooms in situation.sites.items():
            groups = self._alike.setdefault(site, {})
            for at in rooms:
                if situation.rooms[at].held < situation.rooms[at].beds:
                    groups.setdefault(self._kind(at), []).append(at)

    def _kind(self, at: int) -> tuple[int, ...]:
        room = self._situation.rooms[at]
        if room.held or at in self._guests:
            return (at,)
        free_ms = max(room.free_ms, self._situation.now_ms)
        return room.beds, room.family, room.takes, room.since_ms, room.until_ms, free_ms

    def known(self, household: int) -> bool:
        """Whether some of a household have a room already, which others may share."""
        return household in self._households

    def take(self, beds: Beds) -> None:
        for rider, at in beds:
            room = self._situation.rooms[at]
            groups = self._alike[room.site]
            kind = self._kind(at)
            groups[kind].remove(at)
            if not groups[kind]:
                del groups[kind]
            guests = self._guests.setdefault(at, [])
            guests.append(rider)
            self._households.add(self._situation.riders[rider].household)
            if room.held + len(guests) < room.beds:
                groups[at,] = [at]

    def find(self, party: Sequence[int], site: int, arrive_ms: int) -> Beds | None:
        """A room for each of a party, who arrive together: a family room if there is one, rooms of their own else.
        None if the site has not room for all of them."""
        riders = self._situation.riders
        bit, single = riders[party[0]].takes, self._situation.limits.single_rooms
        if any(site in riders[i].avoid for i in party):
            return None
        left, beds, used = self._companions(party), [], set[int]()
        while left:
            rooms = [at for at in self._firsts(site, used) if self._opens(at, bit, arrive_ms)]
            size, room = self._best(rooms, left, single)
            if not size:
                return None
            beds += [(rider, room) for rider in left[:size]]
            left = left[size:]
            used.add(room)
        return tuple(beds)

    def _firsts(self, site: int, used: set[int]) -> list[int]:
        """The first room of each kind that is not used yet."""
        found = (next((at for at in group if at not in used), -1) for group in self._alike.get(site, {}).values())
        return [at for at in found if at >= 0]

    def _companions(self, party: Sequence[int]) -> list[int]:
        """An adult first, then the children, so that they share a room with somebody as far as it has beds."""
        riders = self._situation.riders
        adults = [i for i in party if not riders[i].child]
        return [*adults[:1], *(i for i in party if riders[i].child), *adults[1:]]

    def _opens(self, at: int, bit: int, arrive_ms: int) -> bool:
        room = self._situation.rooms[at]
        return bool(room.takes & bit) and max(room.since_ms, room.free_ms) <= arrive_ms < room.until_ms

    def _best(self, rooms: list[int], party: list[int], single: bool) -> tuple[int, int]:
        """How many of the party, from its first, go into which room: as many as can, with the fewest beds left."""
        best = (0, 0, 0)
        for at in rooms:
            room, guests = self._situation.rooms[at], self._guests.get(at, [])
            left = room.beds - room.held - len(guests)
            for size in range(min(left, len(party)), 0, -1):
                together = [self._situation.riders[i] for i in (*guests, *party[:size])]
                if may_lodge(room, together, single):
                    best = max(best, (size, size - left, -at))
                    break
        return best[0], -best[2]
