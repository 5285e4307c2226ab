"""The city: who lives, works and learns where, and what they do all day; numpy columns, seeded."""

from replay.city.founding import found_city
from replay.city.injects import Scene, cast
from replay.city.living import cut_short, live

__all__ = ["Scene", "cast", "cut_short", "found_city", "live"]
