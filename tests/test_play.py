"""Small drills as a whole: what the intake takes, how much there is, what the truth and the records say of each other.

In: a drill in an emergency and one on ordinary days, read back line by line. Out: what users of drills rely on.
Invariant: what records are held against is the truth folder and the registers' own links, never the desks.
Deliberately absent: what an engine concludes from them (tests/test_score.py).
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest

from replay.city.model import Ground
from replay.desks.table import TRANSFERS
from replay.play import write_drill
from schemas.codes import OPEN_HOUSES, Flag, PlaceKind
from schemas.departments import EXPECTED, sources
from schemas.departments.drafting import PEOPLE
from schemas.instants import local_text
from tests.played import Drill, Read, plan_of, play
from tests.sources import KEY

FILED = ("police.resident_register", "telecom.enterprise_roster", "civil_affairs.care_home_roster")
"""Sources that tell of where people live, which no visit of a day is."""
WAVE = (
    "health.case_report", "health.survey_leg", "health.isolation_admission", "health.isolation_discharge",
    "health.contact_order", "health.nat_sample", "health.nat_result",
)  # fmt: skip
"""What there is of these follows from the wave, not from what feeds are expected to send."""
ELSEWHERE = {*WAVE, *TRANSFERS}
"""Those, and what drills with transfers alone play (tests/test_transfer_drill.py)."""
FEWER = {
    ("transport.tap", "emergency"): 0.4,
    ("transport.taxi_trip", "emergency"): 0.1,
    ("medical_insurance.outpatient_visit", "emergency"): 0.3,
    ("medical_insurance.outpatient_visit", "routine"): 0.4,
}
"""Sources of which the city has fewer visits than EXPECTED states records, and the share there is at the least."""


@pytest.fixture(scope="module", params=["emergency", "routine"])
def drill(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Drill:
    return play(tmp_path_factory.mktemp("played") / "drill", plan_of(request.param))


def test_without_faults_every_line_is_a_record(drill: Drill) -> None:
    assert drill.read.rejects == []
    assert drill.read.unknown == {}
    assert len(drill.read.presences) > 1000


def test_every_source_of_every_department_is_played(drill: Drill) -> None:
    assert drill.played.unplayed == []
    silent = {source for source in sources() if source not in drill.played.lines} - ELSEWHERE
    volume = {s: EXPECTED[s].per_day[drill.plan.profile] * drill.plan.residents / PEOPLE for s in silent}
    assert all(wanted < 1 for wanted in volume.values()), volume


def test_a_source_sends_about_as_many_records_a_day_as_is_expected_of_it(drill: Drill) -> None:
    off = {}
    for source in sorted(sources().keys() - ELSEWHERE):
        wanted = EXPECTED[source].per_day[drill.plan.profile] * drill.plan.residents / PEOPLE
        least = FEWER.get((source, drill.plan.profile), 0.75)
        for day, count in drill.played.lines.get(source, {}).items():
            if day != "registers" and not least * wanted - 3 <= count <= 1.1 * wanted + 3:
                off[source, day] = count, wanted
    assert not off


def place_text(row: dict[str, Any], since_ms: int) -> tuple[str, str]:
    """How docs and departments name a place: kind and codes. Runs of trains and shuttles have their service date."""
    kind = PlaceKind(row["kind"])
    second = row["second"]
    if row["ground"] in (Ground.train, Ground.shuttle):
        second = local_text(since_ms)[:10]
    name = PlaceKind.venue.name if kind in OPEN_HOUSES else kind.name
    return name, f"{row['first']}\x1f{second}".rstrip("\x1f")


def test_no_two_places_go_by_one_name(drill: Drill) -> None:
    rows = _rows(drill, "FROM places")
    names = Counter(place_text(row, 0) for row in rows if row["ground"] not in (Ground.shelter,))
    assert [name for name, count in names.items() if count > 1] == []


def _rows(drill: Drill, query: str) -> list[dict[str, Any]]:
    with drill.truth() as truth:
        found: list[dict[str, Any]] = truth.sql(query).to_arrow_table().to_pylist()
    return found


@pytest.fixture(scope="module")
def told(drill: Drill) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """What the truth says that each record tells."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    query = """SELECT t.*, p.resident_id, l.ground, l.kind, l.first, l.second FROM told t
        LEFT JOIN people p USING (person) LEFT JOIN places l USING (place)"""
    for row in _rows(drill, query):
        found.setdefault((row["source"], row["record_id"]), []).append(row)
    return found


def test_records_name_the_place_that_the_truth_says_they_tell_of(drill: Drill, told: Any) -> None:
    """So all that tell of one place name it alike, and two places are never one."""
    for record, presences in drill.read.presences.items():
        expected = Counter(KEY.place(*place_text(row, row["since_ms"])) for row in told[record] if row["place"] >= 0)
        named = Counter(place for _, place, *_, flags in presences if not flags & Flag.aboard)
        extra = named - expected
        if record[0] == "medical_insurance.pharmacy_visit":
            assert extra.total() == named.total() / 2, record  # the pharmacy as the insurance knows it, too
        else:
            assert not extra, (record, told[record])
        assert not expected - named, (record, told[record])


def test_an_identifier_leads_by_the_registers_to_whom_the_truth_knows_it_is(drill: Drill, told: Any) -> None:
    wrong = []
    for record, presences in drill.read.presences.items():
        rows = [row for row in told[record] if row["person"] >= 0]
        known = {KEY.identifier("resident_id", row["resident_id"]) for row in rows if row["knows"]}
        unknown = {KEY.identifier("resident_id", row["resident_id"]) for row in rows if not row["knows"]}
        met = {owner(drill.read, ident) for ident, *_ in presences}
        contested = any(len(drill.read.links.get(ident, ())) > 1 for ident, *_ in presences)
        if contested or known - met or met & (unknown - known):
            wrong.append(record)
    assert not wrong


def owner(read: Read, ident: int) -> int:
    """The person behind an identifier, by links alone; itself where there is none."""
    while len(owners := read.links.get(ident, set())) == 1:
        (ident,) = owners
    return ident


def test_what_a_record_tells_lies_within_a_true_stay(drill: Drill) -> None:
    """Ends that were not told are inferred by the packs, and may lie later."""
    untrue = f"""
        SELECT t.source, t.record_id FROM told t JOIN places l USING (place)
        WHERE t.person >= 0 AND t.source NOT IN {FILED} AND l.ground <> {int(Ground.isolation_room)} AND NOT EXISTS (
            FROM visits v JOIN places w ON w.place = v.place
            WHERE v.person = t.person AND (v.place = t.place OR (l.ground = {int(Ground.line)} AND w.house = t.place))
            AND v.since_ms <= t.since_ms AND t.since_ms < v.until_ms AND coalesce(t.until_ms, 0) <= v.until_ms)"""
    assert _rows(drill, f"SELECT source, count(*) n, min(record_id) FROM ({untrue}) GROUP BY ALL") == []


def test_scans_of_the_masked_feed_are_scans_of_the_plain_one(drill: Drill) -> None:
    query = """SELECT count(*) n FROM told m
        WHERE source = 'data_office.place_scan_masked' AND person >= 0 AND NOT EXISTS (
            FROM told t WHERE t.source = 'data_office.place_scan'
            AND (t.person, t.place, t.since_ms) = (m.person, m.place, m.since_ms))"""
    assert _rows(drill, query) == [{"n": 0}]


def test_nothing_of_the_truth_lies_among_the_records(drill: Drill) -> None:
    models = sources()
    for source, path in drill.files():
        fields = models[source].model_fields.keys()
        for line in path.read_bytes().splitlines()[:200]:
            assert orjson.loads(line).keys() <= fields, path.name
    assert len(list(drill.files())) == sum(len(days) for days in drill.played.lines.values())


def test_same_seed_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    plan = plan_of("emergency", 2_000, 1)
    one, two = (write_drill(plan, tmp_path / name) for name in ("one", "two"))
    other = write_drill(plan_of("emergency", 2_000, 1, seed=8), tmp_path / "other")
    assert one.sha256 == two.sha256
    assert one.told(plan) == two.told(plan)
    same = [name for name, digest in one.sha256.items() if other.sha256.get(name) == digest]
    assert same == []
    for path in (tmp_path / "one-truth").iterdir():
        assert path.read_bytes() == (tmp_path / "two-truth" / path.name).read_bytes(), path.name


def test_a_drill_is_not_written_over_another(tmp_path: Path) -> None:
    (tmp_path / "drill").mkdir()
    (tmp_path / "drill" / "src.police.hotel_stay.2022-03-14.ndjson").write_text("{}\n")
    with pytest.raises(FileExistsError, match="empty folder"):
        write_drill(plan_of("routine", 2_000, 1), tmp_path / "drill")
