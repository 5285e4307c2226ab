"""Shares: how many of everything the city has, and in what proportions; every figure with where it comes from.

In: a number of residents. Out: counts and shares.
Invariant: a count scales with the residents and never falls to nothing.
Deliberately absent: hours and habits of a day (replay/city/routine.py, replay/city/emergency.py).
"""

from __future__ import annotations

from typing import NamedTuple

RESIDENTS = 650_000
"""Source: the article the product comes from."""
COMMUNITIES = (8, 5, 7, 7, 10, 6, 9, 12, 8, 7, 9, 20, 24, 20, 21)
"""Communities of each of the 15 streets and towns, by street code. Source: GB/T 2260 divisions of 2022-10 (S67)."""

COUNTS = {  # name: (at 650,000 residents, at least)
    "compound": (406, 2),  # of 1,600 people, as records of single departments have them [D]
    "merchant": (1_268, 7),  # the article
    "market": (12, 1),  # stall maps of the departments' own made-up records [D]
    "stall": (135, 4),  # of one market, at any size of the city less than in proportion [D]
    "hospital": (15, 1),  # [D]
    "hotel": (180, 1),  # [D]
    "care_home": (24, 1),  # [D]
    "care_resident": (2_400, 6),  # [D]
    "building_site": (60, 1),  # [D]
    "builder": (9_500, 20),  # attendance records of a routine day [D]
    "checkpoint": (120, 1),  # [D]
    "shelter": (3, 1),  # [D]
    "sheltered": (60, 3),  # [D]
    "banquet": (8, 1),  # [D]
    "isolation_site": (8, 1),  # health stations: the article
    "isolation_room": (20_000, 100),  # of all sites: 1,500 admissions a day for 14 days [D]
    "bus_line": (45, 2),  # [D]
    "bus": (900, 6),  # [D]
    "metro_train": (20, 2),  # of one line [D]
    "taxi": (1_500, 3),  # [D]
    "train": (60, 3),  # services, without a timetable [D]
    "bubble_worker": (2_000, 20),  # the article
    "lanjia_worker": (770, 28),  # of seven firms (the article), 110 each [D]
    "courier": (1_500, 3),  # 40 orders a day each [D]
    "inspector": (120, 1),  # [D]
    "district_leader": (31, 2),  # the article
    "cadre": (276, 2),  # the article
    "grid_member": (1_678, 4),  # the article
    "boarder": (5_000, 12),  # boarding nights of a routine day [D]
    "hotel_guest": (12_000, 16),  # travellers from elsewhere, half of them on any day [D]
    "trucker": (3_200, 6),  # half of them on an emergency day: 1,600 lorries in five zones [D]
    "logistics_worker": (300, 4),  # [D]
}

HOUSEHOLD_SIZES = (0.26, 0.35, 0.25, 0.09, 0.037, 0.013)
"""Share of households with one to six people. The mean is that of Jilin at the census of 2020, 2.34; how it spreads
over sizes is an assumption [D]: no published figure for Jilin was found."""
EMPLOYED = 0.74
"""Of those of 18 to 59 [D]."""
STILL_EMPLOYED = 0.12
"""Of those of 60 to 64 [D]."""
TEAM = (10, 25)
"""People of a workroom: some 10 to 25 [D]."""


class Household(NamedTuple):
    """A kind of household: its share, the ages of its head, and who else is in it: p partner, c child, d further child,
    g grandparent, h their partner, o another adult."""

    share: float
    ages: tuple[int, int]
    others: str


HOUSEHOLDS = (
    Household(0.07, (20, 35), ""),
    Household(0.10, (35, 60), ""),
    Household(0.09, (60, 91), ""),
    Household(0.13, (25, 60), "p"),
    Household(0.13, (60, 88), "p"),
    Household(0.03, (28, 50), "c"),
    Household(0.06, (20, 45), "o"),
    Household(0.165, (25, 52), "pc"),
    Household(0.045, (38, 60), "pg"),
    Household(0.04, (50, 60), "pc"),
    Household(0.045, (28, 48), "pcd"),
    Household(0.045, (26, 50), "pcg"),
    Household(0.025, (26, 48), "pcgh"),
    Household(0.012, (28, 46), "pcdg"),
    Household(0.013, (28, 46), "pcdgh"),
)
"""Adds up to HOUSEHOLD_SIZES; who lives with whom is an assumption [D]."""

HOLDS = {"phone": 0.96, "card": 0.62, "token": 0.93}
"""Shares of those of eight years and more who hold one [D]. A car is held by one in thirteen (identifiers of plates
are shared by every 100,000th person, so one in each such row holds one at the most)."""
LINKED = {"phone": 0.97, "card": 0.85, "token": 0.97, "plate": 0.92}
"""Shares of those held that some register names [D]."""
SHARED_PLATES = 100_000
"""People with numbers that differ by so much have one plate in schemas/departments/drafting.py."""


def count(name: str, residents: int) -> int:
    """How many of something a city of so many residents has."""
    whole, least = COUNTS[name]
    return max(least, round(whole * residents / RESIDENTS))


def stalls(residents: int) -> int:
    """Stalls of each market: in proportion to what its customers are, so a small city has a small market."""
    whole, least = COUNTS["stall"]
    return max(least, min(whole, round(whole * 12 * residents / RESIDENTS / count("market", residents))))
