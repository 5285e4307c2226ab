"""What is done about the wave: swabs, tubes, reports, isolation, what cases tell, and health's records of it.

In: waves in a small city. Out: verdicts.
Invariant: what tests found is checked against who was infected, never against what the code intended.
Deliberately absent: who infects whom (test_wave.py).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import cache
from typing import Any

import numpy as np
import orjson
from pydantic import ValidationError

from replay.city.model import AT_LARGE_MS, City, Ground
from replay.desks import health
from replay.desks.day import Day
from replay.desks.table import TRANSFERS
from replay.lines import lines
from replay.sheets import Sheet
from schemas.codes import Result
from schemas.departments import sources
from schemas.departments.drafting import identifier
from schemas.instants import DAY_MS, HOUR_MS, UNKNOWN_MS
from tests.wave_days import FIRST_MS, Run, plan, run


@cache
def locked() -> Run:
    return run(plan(days=8, seeds=25))


@cache
def ordinary() -> Run:
    return run(plan(days=8, seeds=40, profile="routine"))


def day_of(r: Run, number: int, profile: Any = "emergency") -> Day:
    return Day(r.city, number, FIRST_MS + number * DAY_MS, profile, r.visits[number], r.courses[number])


def written(r: Run, number: int) -> dict[str, list[dict[str, Any]]]:
    return {
        sheet.source: [orjson.loads(line) for block in lines(sheet, number) for line in block.splitlines()]
        for sheet in health.sheets(day_of(r, number))
    }


def isolated_in(r: Run) -> list[tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]:
    """Of each day, from when to when everybody was isolated, as admissions and discharges say."""
    since, until = np.full(len(r.city.people), AT_LARGE_MS), np.full(len(r.city.people), AT_LARGE_MS)
    since[r.wave.standing.person] = r.wave.standing.at_ms
    found = []
    for course in r.courses:
        stays = course.stays
        came, left = stays.ended == 0, stays.ended == 1
        first = since[stays.person[came]] == AT_LARGE_MS
        since[stays.person[came][first]] = stays.at_ms[came][first]
        until[stays.person[left]] = stays.at_ms[left]
        found.append((since.copy(), until.copy()))
        since[stays.person[left]] = AT_LARGE_MS
        until[:] = AT_LARGE_MS
    return found


def test_nobody_who_is_isolated_is_swabbed_into_a_mixed_tube_and_everybody_else_is_once() -> None:
    r = locked()
    for number, (course, (since, _)) in enumerate(zip(r.courses, isolated_in(r), strict=True)):
        mixed = course.swabs.pool_size == 10
        people, at = course.swabs.person[mixed], course.swabs.sampled_ms[mixed]
        assert (since[people] > at).all()
        assert len(np.unique(people)) == len(people)
        start = FIRST_MS + number * DAY_MS
        assert ((at >= start + 7 * HOUR_MS) & (at < start + 13 * HOUR_MS)).all()
        at_large = np.flatnonzero(since[: r.city.residents] >= start + 13 * HOUR_MS)
        assert np.isin(at_large, people).all(), "somebody at large was left out of the mass test"


def test_a_mixed_tube_holds_at_most_ten_of_one_compound() -> None:
    r = locked()
    compound = np.where(r.city.people.home >= 0, r.city.places.compound[r.city.people.home], -1)
    swabs = r.courses[0].swabs
    tubes = defaultdict(set)
    sizes: Counter[int] = Counter()
    for person, tube, size in zip(swabs.person.tolist(), swabs.tube.tolist(), swabs.pool_size.tolist(), strict=True):
        if size == 10:
            tubes[tube].add(int(compound[person]))
            sizes[tube] += 1
    assert {len(found) for found in tubes.values()} == {1}
    assert max(sizes.values()) == 10
    assert sum(sizes.values()) / len(sizes) > 9


def test_a_tubes_result_follows_from_its_members() -> None:
    r = locked()
    infected = dict(zip(last(r).person.tolist(), last(r).infected_ms.tolist(), strict=True))
    positive = 0
    for course in r.courses:
        swabs = course.swabs
        members = defaultdict(list)
        results = defaultdict(set)
        columns = (swabs.tube, swabs.person, swabs.sampled_ms, swabs.result, swabs.reported_ms, swabs.ct)
        for tube, person, at, result, known, ct in zip(*(c.tolist() for c in columns), strict=True):
            members[tube].append((person, at))
            results[tube].add((result, known, ct))
            assert known > at
        for tube, said in results.items():
            assert len(said) == 1, "a tube has one result, at one time"
            if next(iter(said))[0] == Result.positive:
                positive += 1
                assert any(infected.get(person, 1 << 62) < at for person, at in members[tube])
    assert positive >= 20


def last(r: Run) -> Any:
    return r.wave.infections(1 << 62)


def test_whoever_was_in_a_red_tube_is_swabbed_alone_the_same_evening() -> None:
    r, asked = locked(), 0
    for course in r.courses:
        s = course.swabs
        single = {
            (p, t)
            for p, t, n in zip(s.person.tolist(), s.sampled_ms.tolist(), s.pool_size.tolist(), strict=True)
            if n == 1
        }
        red = (s.pool_size == 10) & (s.result == Result.positive)
        for person, known in zip(s.person[red].tolist(), s.reported_ms[red].tolist(), strict=True):
            assert any(p == person and known < t < known + 2 * HOUR_MS for p, t in single)
            asked += 1
    assert asked >= 50


def test_most_infected_are_found_by_daily_mass_tests_and_nobody_else_is() -> None:
    r = locked()
    i = last(r)
    ripe = i.since_ms < FIRST_MS + 5 * DAY_MS
    assert (i.found_ms[ripe] != UNKNOWN_MS).mean() > 0.9
    reported = np.concatenate([course.reports.person for course in r.courses])
    assert len(np.unique(reported)) == len(reported)
    assert np.isin(reported, i.person).all()
    assert (i.known_ms[i.reported_ms != UNKNOWN_MS] < i.reported_ms[i.reported_ms != UNKNOWN_MS]).all()


def test_on_ordinary_days_some_come_to_a_fever_clinic_and_the_key_groups_are_swabbed() -> None:
    r = ordinary()
    ways = Counter(int(d) for course in r.courses for d in course.reports.discovery)
    assert ways[3] >= 3, "nobody was found at a fever clinic"
    share = [len(course.swabs.person) / r.city.residents for course in r.courses]
    assert 0.05 < np.mean(share) < 0.08, "40,000 of 650,000 a day"


def test_a_case_is_isolated_within_four_hours_of_the_result_and_who_lives_with_it_within_twelve() -> None:
    r, mates = locked(), 0
    i = last(r)
    found = dict(zip(i.person.tolist(), i.known_ms.tolist(), strict=True))
    isolated = dict(zip(i.person.tolist(), i.isolated_ms.tolist(), strict=True))
    for person, known in found.items():
        if known != UNKNOWN_MS:
            assert isolated[person] <= known + 4 * HOUR_MS
    for course in r.courses:
        o = course.orders
        for person, case, at in zip(o.person.tolist(), o.case.tolist(), o.admitted_ms.tolist(), strict=True):
            assert at <= found[case] + 12 * HOUR_MS
            home, dorm = r.city.people.home, r.city.people.dorm_place
            assert home[person] == home[case] >= 0 or dorm[person] == dorm[case] >= 0
            mates += 1
    assert mates >= 10


def test_an_isolation_room_holds_one_person() -> None:
    r = locked()
    inside: dict[int, int] = dict(zip(r.wave.standing.place.tolist(), r.wave.standing.person.tolist(), strict=True))
    where = {person: place for place, person in inside.items()}
    moved = 0
    for course in r.courses:
        s = course.stays
        order = np.argsort(s.at_ms, kind="stable")
        for row in order.tolist():
            person, place = int(s.person[row]), int(s.place[row])
            if place < 0:
                continue
            assert r.city.places.ground[place] == Ground.isolation_room
            if s.ended[row]:
                assert where.pop(person) == place
            else:
                moved += person in where
                where[person] = place
    assert len(set(where.values())) == len(where)


def test_who_lives_with_a_case_is_swabbed_alone_on_days_one_four_and_seven() -> None:
    r = locked()
    swabbed = defaultdict(set)
    for number, course in enumerate(r.courses):
        alone = course.swabs.person[course.swabs.pool_size == 1]
        for person in alone.tolist():
            swabbed[person].add(number)
    i = last(r)
    cases = set(i.person[i.found_ms != UNKNOWN_MS].tolist())
    followed = 0
    for number, course in enumerate(r.courses):
        for person in course.orders.person.tolist():
            if person not in cases and number + 4 < len(r.courses):
                assert {number + 1, number + 4} <= swabbed[person]
                followed += 1
    assert followed >= 5


def test_cases_tell_true_stays_and_not_before_they_are_found() -> None:
    r, told = locked(), 0
    days = [{tuple(row) for row in np.column_stack([v.person, v.place, v.since_ms]).tolist()} for v in r.visits]
    true = set().union(*days)
    for course in r.courses:
        v = course.legs.visits
        rows = zip(
            v.person.tolist(),
            v.place.tolist(),
            v.since_ms.tolist(),
            v.until_ms.tolist(),
            course.legs.told_ms.tolist(),
            strict=True,
        )
        for person, place, since, until, at in rows:
            assert (person, place, since) in true
            assert until <= at
            told += 1
    assert told >= 50


def test_every_record_of_health_is_read_and_none_is_refused() -> None:
    r = locked()
    seen: set[str] = set()
    for number in (1, 4):
        for sheet in health.sheets(day_of(r, number)):
            block = b"".join(lines(sheet, number)).splitlines()
            batch = refused(sheet.source, block)
            assert batch == [], (sheet.source, batch[:3])
            seen |= {sheet.source} if block else set()
    wanted = {name for name in sources() if name.startswith("health.") and name not in TRANSFERS}
    assert seen == wanted


def refused(source: str, block: list[bytes]) -> list[str]:
    bad = []
    for line in block:
        try:
            sources()[source].model_validate_json(line)
        except ValidationError as error:
            bad.append(str(error))
    return bad


def test_tubes_of_swabs_and_results_are_the_same() -> None:
    for number in range(3):
        day = written(locked(), number)
        swabs = Counter(row["tube_code"] for row in day["health.nat_sample"])
        results = Counter(row["tube_code"] for row in day["health.nat_result"])
        assert swabs.keys() == results.keys()
        assert set(results.values()) == {1}
        for row in day["health.nat_sample"]:
            assert (row["pool_size"] == 1) == row["tube_code"].startswith("FJ-")
            if row["pool_size"] == 1:
                assert swabs[row["tube_code"]] == 1


def test_a_survey_leg_names_the_place_as_the_city_does_and_its_person_by_number() -> None:
    r, told = locked(), 0
    for number in range(1, 5):
        for sheet in health.sheets(day_of(r, number)):
            if sheet.source == "health.survey_leg":
                told += legs_are_true(r.city, sheet)
            else:
                assert (sheet.person == -1).all()
    assert told >= 40


def legs_are_true(city: City, sheet: Sheet) -> int:
    code, ids = np.asarray(sheet.body["place_code"]), np.asarray(sheet.body["id_no"])
    for row in range(len(sheet)):
        place = int(sheet.place[row])
        assert ids[row] == identifier("resident_id", int(sheet.person[row]))
        assert code[row] == city.places.first[place]
        said = np.asarray(sheet.body["until_at"])[row]
        assert sheet.said_until_ms[row] == said, "what the line does not tell, the truth was not told either"
    return len(sheet)


def test_a_case_with_symptoms_is_confirmed_with_its_onset_and_one_without_is_not() -> None:
    r = ordinary()
    i = last(r)
    onset = dict(zip(i.person.tolist(), i.onset_ms.tolist(), strict=True))
    kinds = Counter()
    for number, course in enumerate(r.courses):
        sheet = next(s for s in health.sheets(day_of(r, number, "routine")) if s.source == "health.case_report")
        for person, word, said in zip(
            course.reports.person.tolist(),
            list(sheet.body["classification"]),
            np.asarray(sheet.body["onset_at"]).tolist(),
            strict=True,
        ):
            kinds[word] += 1
            if word == "asymptomatic":
                assert said == UNKNOWN_MS
            elif said != UNKNOWN_MS:
                assert said == onset[person]
    assert kinds["confirmed"] >= 3
    assert kinds["asymptomatic"] >= 3


def test_those_found_late_in_the_evening_are_reported_on_the_day_they_are_reported() -> None:
    for number, course in enumerate(locked().courses):
        start = FIRST_MS + number * DAY_MS
        for at in (course.reports.reported_ms, course.stays.at_ms, course.orders.admitted_ms, course.legs.told_ms):
            assert ((at >= start) & (at < start + DAY_MS)).all()
