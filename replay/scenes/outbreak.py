"""The outbreak: five true cases, a false alarm and a suspicion, from the train to the isolation site.

In: a city and a book. Out: the cast's visits, the records of laboratories and investigators, and the truth.
Invariant: the truth is what people did, not what was written down of it.
Deliberately absent: chance; who falls ill is scripted, so that each rule has its scene.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from replay.scenes.book import Book
from replay.scenes.desks import board, hail, lodge, ride, who
from replay.scenes.town import DAYS, HOUR_MS, City, Person, Visit, at, nights
from schemas.instants import MINUTE_MS

_TRAIN = ("G8127", 2, 13.0)
"""The index case's train: service number, day (Saturday 5 March) and hour."""
RESTAURANT = {"place_kind": "restaurant", "place_code": "RS-07", "place_name": "宽城小馆"}


@dataclass(frozen=True)
class TrueCase:
    """One person who was infectious. `onset_ms` is None without symptoms; contacts count from `infectious_ms`."""

    role: str
    id_type: str
    id_no: str
    onset_ms: int | None
    infectious_ms: int
    isolated_ms: int


@dataclass(frozen=True)
class CoPresence:
    """A case and another person were truly together while the case was infectious and at large."""

    case_id_no: str
    id_type: str
    id_no: str
    kind: str
    place: str
    since_ms: int
    until_ms: int


@dataclass(frozen=True)
class Cast:
    """Who plays: numbers of people, and from when a specimen of theirs is positive."""

    roles: dict[str, int]
    positive_from: dict[int, int]


_DATES: dict[str, tuple[float | None, float, float, float]] = {
    "index": (4 * 24 + 9, 2 * 24, 3 * 24, 5 * 24 + 14),
    "household": (6 * 24 + 7, 4 * 24, 5 * 24 + 12, 5 * 24 + 20),
    "office": (6 * 24 + 18, 4 * 24, 7 * 24, 7 * 24 + 16),
    "hotel": (6 * 24 + 8, 4 * 24, 6 * 24, 7 * 24 + 12),
    "screening": (None, 4 * 24, 5 * 24, 7 * 24 + 22),
}
"""Hours from the first day: onset, infectious from, positive from, isolated. Onsets: 7, 9, 9 and 9 March."""


def hour(hours: float) -> int:
    return at(0, 0) + int(hours * HOUR_MS)


def choose_cast(city: City) -> Cast:
    """The people of the play, fixed before the first day so that isolation ends their routine."""
    drivers = {d for taxi in city.taxis for d in taxi[1:]}
    staffed = [p for p in city.people[: city.residents] if p.office >= 0 and p.card and p.number not in drivers]
    index = next(p for p in staffed if len(city.households[p.household]) >= 3)
    home = city.households[index.household]
    roles = {"index": index.number, "household": next(n for n in home if n != index.number)}
    roles["office"] = next(p.number for p in staffed if p.office == index.office and p.household != index.household)
    roles["hotel"] = next(p.number for p in city.people[city.residents + 3 :] if p.id_type == "resident_id")
    free = [
        p.number for p in city.people[: city.residents] if p.household != index.household and p.office < 0 and p.card
    ]
    roles |= dict(zip(("screening", "false_alarm", "suspect"), free[5:], strict=False))
    for role, (_, _, _, isolated) in _DATES.items():
        city.people[roles[role]].isolated_ms = hour(isolated)
    city.people[roles["screening"]].line = index.line
    return Cast(roles, {roles[role]: hour(dates[2]) for role, dates in _DATES.items()})


def stage(city: City, book: Book, cast: Cast) -> None:
    """Where the cast met: carriage 3, a taxi home, the morning bus, a meal, a hotel room."""
    index, hotel = cast.roles["index"], cast.roles["hotel"]
    train, day, hours = _TRAIN
    board(city, book, index, train, day, hours, (3, 7, "F"))
    board(city, book, hotel, train, day, hours, (3, 8, "D"))
    hail(city, book, city.people[index], 0, at(day, 15), 25)
    lodge(city, book, hotel, 801, at(day, 16), at(DAYS, 11))
    lodge(city, book, hotel + 1, 801, at(day, 16), at(day + 3, 11))
    rider = city.people[cast.roles["screening"]]
    bus = f"{rider.line}02B"
    ride(city, book, city.people[index], bus, at(4, 7.5), at(4, 7.9))
    ride(city, book, rider, bus, at(4, 7.6), at(4, 8))
    diners = [index, cast.roles["office"], *city.some(8, city.residents)]
    for number in dict.fromkeys(diners):
        seen = city.visit(number, "restaurant", "restaurant 7", at(4, 12), at(4, 13))
        if seen:
            told = {"since_at": seen.since_ms, "until_at": seen.until_ms, "confidence": "certain"}
            book.add("health.survey_leg", at(5, 18), HOUR_MS, **who(city.people[number]), **RESTAURANT, **told)


def swab(book: Book, person: Person, tube: str, sampled_ms: int, result: str, hours: float) -> dict[str, object]:
    """A single sample and its result, `hours` later; gives the result's record."""
    book.add(
        "health.nat_sample", sampled_ms, HOUR_MS, **who(person), tube_code=tube, sampled_at=sampled_ms, pool_size=1,
        site_code="NS-00",
    )  # fmt: skip
    found = {"n_ct": 24.5, "orf_ct": 25.25} if result == "positive" else {}
    reported = sampled_ms + int(hours * HOUR_MS)
    return book.add(
        "health.nat_result", reported, MINUTE_MS, tube_code=tube, result=result, reported_at=reported, **found
    )


def admit(book: Book, person: Person, admitted_ms: int, discharged_ms: int | None = None) -> None:
    book.add(
        "health.isolation_admission",
        admitted_ms,
        30 * MINUTE_MS,
        **who(person),
        site_code="GL-01",
        admitted_at=admitted_ms,
    )
    if discharged_ms is not None:
        book.add(
            "health.isolation_discharge", discharged_ms, HOUR_MS, **who(person), site_code="GL-01",
            discharged_at=discharged_ms,
        )  # fmt: skip


def investigate(city: City, book: Book, cast: Cast) -> None:
    """What health reports of the cast: reports, amendments, a withdrawal, single samples, admissions."""
    person = {role: city.people[number] for role, number in cast.roles.items()}
    report = "health.case_report"
    swab(book, person["index"], "SG-0001", at(5, 7), "positive", 5)
    book.add(
        report, at(5, 13), MINUTE_MS, **who(person["index"]), classification="confirmed", onset_at=at(4, 9),
        reported_at=at(5, 13), discovery="clinic",
    )  # fmt: skip
    swab(book, person["household"], "SG-0002", at(6, 8), "positive", 6)
    found = {"classification": "confirmed", "discovery": "contact"}
    book.add(
        report, at(6, 15), MINUTE_MS, **who(person["household"]), **found, onset_at=at(6, 7), reported_at=at(6, 15)
    )
    swab(book, person["office"], "SG-0003", at(7, 8), "positive", 6)
    told = book.add(report, at(7, 15), 0, **who(person["office"]), **found, onset_at=at(7, 8), reported_at=at(7, 15))
    book.amend(report, told, at(8, 9), MINUTE_MS, onset_at=at(6, 18))
    swab(book, person["hotel"], "SG-0004", at(7, 6), "positive", 5)
    book.add(report, at(7, 11), MINUTE_MS, **who(person["hotel"]), **found, onset_at=at(6, 8), reported_at=at(7, 11))
    silent = {"classification": "asymptomatic", "discovery": "screening"}
    book.add(report, at(7, 21), MINUTE_MS, **who(person["screening"]), **silent, reported_at=at(7, 21))
    for role in _DATES:
        admit(book, person[role], person[role].isolated_ms)
    wrong = swab(book, person["false_alarm"], "SG-0005", at(6, 9), "positive", 6)
    alarm = book.add(report, at(6, 16), 0, **who(person["false_alarm"]), **silent, reported_at=at(6, 16))
    admit(book, person["false_alarm"], at(6, 18), at(7, 18))
    swab(book, person["false_alarm"], "SG-0006", at(7, 8), "negative", 6)
    book.amend("health.nat_result", wrong, at(7, 16), MINUTE_MS, result="negative", n_ct=None, orf_ct=None)
    book.amend(report, alarm, at(7, 17), MINUTE_MS, operation="withdraw")
    suspect = book.add(report, at(5, 11), 0, **who(person["suspect"]), classification="suspected", discovery="clinic")
    book.amend(report, suspect, at(6, 11), MINUTE_MS, classification="excluded")
    for colleague in city.offices[person["index"].office][::2]:
        if colleague not in cast.roles.values():
            admit(book, city.people[colleague], at(6, 10))
            city.people[colleague].isolated_ms = at(6, 10)


def screen(city: City, book: Book, cast: Cast, day: int, numbers: list[int]) -> None:
    """Ten to a tube, results after eight hours; everybody in a positive tube is sampled again alone."""
    present = [n for n in numbers if city.people[n].isolated_ms > at(day, 8)]
    for first in range(0, len(present), 10):
        tube, sampled = f"HJ-{day}{first // 10:04d}", at(day, 8) + first * 6000
        members, reported = present[first : first + 10], sampled + 8 * HOUR_MS
        for number in members:
            book.add(
                "health.nat_sample", sampled, 2 * HOUR_MS, **who(city.people[number]), tube_code=tube,
                sampled_at=sampled, pool_size=len(members), site_code=f"NS-{first % 30:02d}",
            )  # fmt: skip
        ill = [n for n in members if cast.positive_from.get(n, sampled + 1) <= sampled]
        result = "positive" if ill else "negative"
        book.add("health.nat_result", reported, MINUTE_MS, tube_code=tube, result=result, reported_at=reported)
        for number in members if ill else []:
            again = f"FJ-{day}{number:05d}"
            swab(book, city.people[number], again, at(day + 1, 9), "positive" if number in ill else "negative", 7)


def truth_of(city: City, cast: Cast) -> tuple[tuple[TrueCase, ...], tuple[CoPresence, ...]]:
    """The cases, and everybody who was truly with one of them between the start of infectiousness and isolation."""
    cases, together = [], []
    for role, (onset, infectious, _, isolated) in _DATES.items():
        person, since = city.people[cast.roles[role]], hour(infectious)
        onset_ms = None if onset is None else hour(onset)
        cases.append(TrueCase(role, person.id_type, person.id_no, onset_ms, since, hour(isolated)))
        home = city.households[person.household] if person.household >= 0 else [person.number]
        visits = [*city.visits, *(night for member in home for night in nights(city, member))]
        own: dict[str, list[Visit]] = defaultdict(list)
        for visit in visits:
            if visit.person == person.number and visit.until_ms > since:
                own[visit.place].append(visit)
        for other in visits:
            for mine in own.get(other.place, ()) if other.person != person.number else ():
                start, end = max(mine.since_ms, other.since_ms, since), min(mine.until_ms, other.until_ms)
                if start < end:
                    met = city.people[other.person]
                    where = (other.kind, other.place, start, end)
                    together.append(CoPresence(person.id_no, met.id_type, met.id_no, *where))
    return tuple(cases), tuple(sorted(together, key=lambda c: (c.case_id_no, c.since_ms, c.id_no, c.place, c.until_ms)))
