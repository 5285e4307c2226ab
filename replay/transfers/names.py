"""Names: what codes under a drill's key stand for: people, vehicles, sites, rooms; and the identifiers people show.

In: a key, a city, the world's vehicles and sites. Out: numbers and plain names for tokens, and the other way.
Invariant: a code of nobody is nobody; it is never guessed.
Deliberately absent: links: whoever no register joins to their phone is found under the phone.
"""

from __future__ import annotations

from functools import cache

from replay.desks.names import identifiers
from replay.transfers.world import World
from schemas.departments.drafting import identifier
from schemas.identifiers import read_identifier
from schemas.keys import IDENTIFIER_KINDS, RANK_SHIFT, Key, place_code

OWN = "resident_id"
Shown = tuple[str, str]
"""Kind and number of an identifier."""


class Names:
    """What tokens mean in one drill."""

    def __init__(self, world: World, key: Key) -> None:
        self._world, self._key = world, key
        self._people: dict[str, dict[int, int]] = {}
        self._shown: dict[int, Shown] = {}
        self._vehicles = {key.place("fleet", v.code): at for at, v in enumerate(world.vehicles)}
        self._sites = {key.place("site", site.code): site.code for site in world.sites}
        self._rooms = {
            key.place("site_room", f"{place_code(token)}\x1f{room.code}"): room.code
            for token, code in self._sites.items() for room in world.wards.sites[code].rooms
        }  # fmt: skip

    def person(self, token: int) -> int:
        """Whose token it is; −1 for nobody's. From then on they show the identifier by which they are asked for."""
        kind = IDENTIFIER_KINDS[token >> RANK_SHIFT] if token >> RANK_SHIFT < len(IDENTIFIER_KINDS) else OWN
        if kind not in self._people:
            self._people[kind] = self._tokens(kind)
        person = self._people[kind].get(token, -1)
        if person >= 0:
            self._shown[person] = kind, self._number(kind, person)
        return person

    def _tokens(self, kind: str) -> dict[int, int]:
        numbers = range(self._world.first_lodger if kind == OWN else len(self._world.city.people))
        found: dict[int, int] = {}
        for person in numbers:
            found.setdefault(self._key.identifier(kind, read_identifier(kind, self._number(kind, person))), person)
        return found

    def _number(self, kind: str, person: int) -> str:
        people = len(self._world.city.people)
        return str(identifiers(kind, people)[person]) if person < people else identifier(kind, person)

    def vehicle(self, token: int) -> int:
        return self._vehicles.get(token, -1)

    def site(self, token: int) -> str:
        return self._sites.get(token, "")

    def room(self, token: int) -> str:
        return self._rooms.get(token, "")

    def shown(self, person: int) -> Shown:
        """The identifier that somebody shows."""
        return self._shown.get(person) or (OWN, self._number(OWN, person))


@cache
def drill_key(seed: int, name: str) -> Key:
    """The key of a drill with transfers, whose records name people by codes under it. Its people are made up: there is
    nothing to keep secret, and the same drill must have the same records."""
    made = Key("drill", f"{name}:{seed}".encode().ljust(32, b"\0")[:32])
    return Key("drill", made.derive("drill with transfers"))
