"""Marginals: what a founded city and two of its days look like in figures, beside what is published.

In: a city and its visits. Out: rows of a table, and the table as text (`python -m replay.city.marginals`).
Invariant: "ours" is counted, never stated; where no published figure is known, the table says so.
Deliberately absent: any claim that a city that fits its margins is a likely one.
"""

from __future__ import annotations

import argparse
from typing import NamedTuple

import numpy as np

from replay.city.families import REFERENCE_DAY
from replay.city.founding import found_city
from replay.city.living import live
from replay.city.model import AT_LARGE_MS, City, Ground, Role, Visits
from schemas.instants import MINUTE_MS, day_start
from schemas.keys import Ints

NONE_KNOWN = "no figure known; assumption [D]"
_CENSUS = "census 2020, communiqué of Jilin (reposted xzqh.info 168777) [M]"
_MEMORY = "census 2020, Jilin; general knowledge, not confirmed [C]"
_FUJIAN = "Fujian, yearbook 2021, table 3-6 (tjj.fujian.gov.cn) [A]; for Jilin no figure known, assumption [D]"
_SURVEY = "contact survey, Zhang et al., Science 2020, abb8001 (talked to, or touched) [A]"
_ARTICLE = "the article the product comes from"
_TUESDAY = 19_059
_ASKED = 3_000
SETTINGS = {
    "home": (Ground.home,),
    "work": (Ground.office, Ground.bubble, Ground.building_site, Ground.logistics),
    "school": (Ground.classroom,),
    "dormitories, care homes, hotel rooms": (Ground.dormitory, Ground.care_room, Ground.hotel_room),
    "shops, pharmacies, markets": (Ground.shop, Ground.pharmacy, Ground.market),
    "restaurants": (Ground.restaurant,),
    "departments of hospitals": (Ground.clinic,),
    "buses, metros, taxis, trains, shuttles": (Ground.bus, Ground.metro, Ground.taxi, Ground.train, Ground.shuttle),
    "checkpoints and gates": (Ground.checkpoint, Ground.gate),
}


class Marginal(NamedTuple):
    """One row: what, the published figure, where it comes from, and what the city has."""

    what: str
    published: str
    source: str
    ours: str


def of_people(city: City) -> list[Marginal]:
    """Households, ages, roles, sizes of places of work."""
    people, n = city.people, city.residents
    sizes = np.bincount(people.home[:n][people.home[:n] >= 0])
    sizes = sizes[sizes > 0]
    age = (REFERENCE_DAY - people.born[:n]) / 365.25
    rows = [Marginal("people of a household, mean", "2.34", _CENSUS, f"{sizes.mean():.2f}")]
    for size, published in enumerate(("27.3 %", "26.3 %", "19.4 %", "14.2 %", "6.9 %", "4.0 %"), 1):
        rows.append(Marginal(f"households of {size}", published, _FUJIAN, _percent((sizes == size).mean())))
    for low, high, published in ((0, 15, "11.7 %"), (15, 60, "65.2 %"), (60, 200, "23.1 %")):
        title = f"{low} to {high - 1} years" if high < 200 else f"{low} years and more"
        rows.append(Marginal(title, published, _MEMORY, _percent(((age >= low) & (age < high)).mean())))
    for role in Role:
        share = (people.role[:n] == role).mean()
        rows.append(Marginal(f"role {role.name}", "—", NONE_KNOWN, _percent(share)))
    for title, grounds, published, source in (
        ("people of a workroom", (Ground.office, Ground.bubble), "10–25", "brief of the drill [D]"),
        ("pupils and teachers of a class", (Ground.classroom,), "—", NONE_KNOWN),
    ):
        belongs = people.class_place if Ground.classroom in grounds else people.work_place
        rooms = belongs[(belongs >= 0) & np.isin(city.places.ground[belongs], grounds)]
        count = np.bincount(rooms)
        low, middle, high = np.percentile(count[count > 0], (5, 50, 95))
        rows.append(
            Marginal(f"{title}, 5 % · median · 95 %", published, source, f"{low:.0f} · {middle:.0f} · {high:.0f}")
        )
    rows.append(Marginal("people of a firm, median · 95 % · most", "—", NONE_KNOWN, _firms(city)))
    return rows


def of_things(city: City) -> list[Marginal]:
    """What the article counts."""
    places = city.places
    merchants = sum(len(places.of(g)) for g in (Ground.shop, Ground.restaurant, Ground.pharmacy))
    sites = len({places.first[i] for i in places.of(Ground.isolation_room).tolist()})
    return [
        Marginal(what, published, source, f"{ours:,}")
        for what, published, source, ours in (
            ("residents", "650,000", _ARTICLE, city.residents),
            ("streets and towns", "15", "GB/T 2260, 2022-10 (S67)", len(city.streets)),
            ("communities", "173", "GB/T 2260, 2022-10 (S67)", len(city.communities)),
            ("merchants", "1,268", _ARTICLE, merchants),
            ("leaders of the district", "31", _ARTICLE, len(city.posts["district_leader"])),
            ("cadres", "276", _ARTICLE, len(city.posts["cadre"])),
            ("grid members", "1,678", _ARTICLE, len(city.posts["grid_member"])),
            ("workers in the rail-car maker's bubble", "2,000", _ARTICLE, len(city.posts["bubble_worker"])),
            ("health stations", "8", _ARTICLE, sites),
        )
    ]


def of_days(city: City, days: dict[str, Visits]) -> list[Marginal]:
    """Other people at one place at one time with somebody on a day: at all · for over 15 minutes, by setting. `days`:
    a day's visits by what the day is called."""
    rows = [Marginal("**others at one place with one on a day: at all · over 15 min**", "", "", "")]
    surveyed = {"routine": "18.8 (Shanghai), 14.6 (Wuhan)", "emergency": "2.3 (Shanghai), 2.0 (Wuhan)"}
    for name, visits in days.items():
        met, long = (contacts(city, visits, minutes) for minutes in (0, 15))
        for setting in ("all settings", *SETTINGS):
            published = surveyed.get(name, "—") if setting == "all settings" else "—"
            source = _SURVEY if published != "—" else NONE_KNOWN
            ours = f"{met[setting]:.1f} · {long[setting]:.1f}"
            rows.append(Marginal(f"{name}, {setting}", published, source, ours))
    return rows


def contacts(city: City, visits: Visits, minutes: int) -> dict[str, float]:
    """How many others a resident is with on a day, on average, by setting; in trains and metros: of one carriage."""
    asked = city.rng(9_300).choice(city.residents, min(_ASKED, city.residents), replace=False)
    order = np.lexsort((visits.since_ms, visits.carriage, visits.place))
    v = visits.where(order)
    key = v.place * 64 + v.carriage
    mine = np.flatnonzero(np.isin(v.person, asked))
    low, high = np.searchsorted(key, key[mine]), np.searchsorted(key, key[mine], side="right")
    count = high - low
    one = mine.repeat(count)
    other = np.arange(len(one)) - (np.cumsum(count) - count).repeat(count) + low.repeat(count)
    overlap = np.minimum(v.until_ms[one], v.until_ms[other]) - np.maximum(v.since_ms[one], v.since_ms[other])
    pairs = (overlap > minutes * MINUTE_MS) & (v.person[one] != v.person[other])
    one, other = one[pairs], other[pairs]
    ground = city.places.ground[v.place[one]]
    met = {"all settings": _distinct(v.person[one], v.person[other]) / len(asked)}
    for setting, grounds in SETTINGS.items():
        here = np.isin(ground, grounds)
        met[setting] = _distinct(v.person[one][here], v.person[other][here]) / len(asked)
    return met


def _distinct(one: Ints, other: Ints) -> int:
    return len(np.unique(one * (1 << 32) + other))


def _firms(city: City) -> str:
    work = city.people.work_place[: city.residents]
    work = work[(work >= 0) & (city.places.ground[work] == Ground.office)]
    code = np.unique([city.places.first[w] for w in work.tolist()], return_counts=True)[1]
    return f"{np.median(code):.0f} · {np.percentile(code, 95):.0f} · {code.max():,}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def table(city: City, days: dict[str, Visits]) -> str:
    """All rows in Markdown."""
    rows = [*of_things(city), *of_people(city), *of_days(city, days)]
    head = ["| what | published | source | ours |", "|---|---|---|---|"]
    return "\n".join([*head, *(f"| {row.what} | {row.published} | {row.source} | {row.ours} |" for row in rows)]) + "\n"


def lived(seed: int, residents: int) -> str:
    """The table of a city of that seed and size, and of a Tuesday in March in either profile."""
    city = found_city(seed, residents)
    at_large = np.full(len(city.people), AT_LARGE_MS)
    start_ms = day_start(_TUESDAY)
    days = {
        "routine": live(city, 0, start_ms, "routine", at_large),
        "emergency": live(city, 0, start_ms, "emergency", at_large),
    }
    return table(city, days)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="城市的边际分布表 / the table of the city's marginals")
    arguments.add_argument("--residents", type=int, default=650_000)
    arguments.add_argument("--seed", type=int, default=1)
    chosen = arguments.parse_args()
    print(lived(chosen.seed, chosen.residents), end="")
