"""Wards: who truly lies in which bed, and who may still come.

In: sites, admissions, discharges. Out: rooms with a free bed, or none.
Invariant: a room never holds more people than it has beds.
Deliberately absent: who decides where somebody goes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from replay.transfers.atlas import Spot, road_m
from replay.transfers.lodging import Room, Site
from schemas.transfers import Purpose, Takes


class Wards:
    """The beds of all sites."""

    def __init__(self, sites: Sequence[Site]) -> None:
        self.sites = {site.code: site for site in sites}
        self._rooms = {(site.code, room.code): room for site in sites for room in site.rooms}
        self._held: Counter[tuple[str, str]] = Counter()
        self._where: dict[int, tuple[str, str]] = {}

    def place(self, site: str, room: str) -> int:
        """The number of a room in the truth; −1 for none."""
        found = self._rooms.get((site, room))
        return -1 if found is None else found.place

    def of(self, person: int) -> tuple[str, str] | None:
        """Site and room in which somebody lies."""
        return self._where.get(person)

    def free(self, site: str, at_ms: int, room: str = "") -> Room | None:
        """The room that is asked for, if a bed in it is free, else the first of the site; none where it is closed."""
        found = self.sites.get(site)
        if found is None or at_ms < found.since_ms:
            return None
        asked = self._rooms.get((site, room))
        if asked is not None and self._held[site, room] < asked.beds:
            return asked
        return next((r for r in found.rooms if self._held[site, r.code] < r.beds), None)

    def takes(self, site: str, purpose: int) -> bool:
        """Whether a site takes people for that purpose at all."""
        found, cases = self.sites.get(site), purpose == Purpose.hospital
        return found is not None and bool(found.takes & (Takes.cases if cases else Takes.close | Takes.secondary))

    def nearest(self, spot: Spot, purpose: int, at_ms: int, but: Collection[str] = ()) -> Site | None:
        """The nearest open site with a free bed for that purpose, but for some."""
        able = [s for s in self.sites.values() if s.code not in but and self.takes(s.code, purpose)]
        able = [s for s in able if self.free(s.code, at_ms) is not None]
        return min(able, key=lambda s: (road_m(spot, s.spot), s.code), default=None)

    def lay(self, person: int, site: str, room: str) -> None:
        """Somebody gets a bed. Errors: ValueError where none is free in that room."""
        if self._held[site, room] >= self._rooms[site, room].beds:
            raise ValueError(f"{site} {room}: no bed is free")
        self.leave(person)
        self._held[site, room] += 1
        self._where[person] = site, room

    def leave(self, person: int) -> None:
        """Somebody's bed is free."""
        if (held := self._where.pop(person, None)) is not None:
            self._held[held] -= 1

    def beds(self, purpose: int, at_ms: int) -> tuple[int, int]:
        """Beds for that purpose in open sites, and those that are free."""
        able = [s for s in self.sites.values() if at_ms >= s.since_ms and self.takes(s.code, purpose)]
        rooms = [(site.code, room) for site in able for room in site.rooms]
        return sum(room.beds for _, room in rooms), sum(room.beds - self._held[site, room.code] for site, room in rooms)
