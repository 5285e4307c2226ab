"""The drill: same seed, same bytes; every scene is played; the truth lies apart; the dirt is what is refused.

In: drills of a small city. Out: pass or fail.
Invariant: people, phones, cards and plates are issued to nobody.
Deliberately absent: what the engine finds in it (tests/test_embedded.py) and its score.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import numpy as np
import orjson
import pytest

from replay.scenes.drill import Truth, write_drill
from schemas.departments import sources
from schemas.identifiers import read_identifier
from schemas.instants import read_instant
from schemas.intake import Intake
from tests.privacy import Grep, identifiers_of
from tests.sources import KEY

PEOPLE = 400
CITY_ONLY = {
    "health.contact_order", "health.isolation_room", "health.isolation_site", "health.transfer_order",
    "transport.transfer_crew", "transport.transfer_ping", "transport.transfer_receipt", "transport.transfer_run",
    "transport.transfer_trouble", "transport.transfer_vehicle",
}  # fmt: skip
"""Control rows and transfers are about what the field did, which the city tells and the scripted district does not."""
PLAYED = ("health", "police", "transport")
"""The departments whose records the drill makes up."""


@pytest.fixture(scope="module")
def drill(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    folder = tmp_path_factory.mktemp("drill") / "records"
    return folder, write_drill(folder, people=PEOPLE)


def written(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(drill: tuple[Path, Truth], tmp_path: Path) -> None:
    folder, truth = drill
    assert write_drill(tmp_path / "again", people=PEOPLE) == truth
    assert written(tmp_path / "again") == written(folder)
    assert written(tmp_path / "again-truth") == written(folder.parent / "records-truth")
    assert write_drill(tmp_path / "other", seed=2, people=PEOPLE) != truth


def test_every_source_is_played_and_every_line_counted(drill: tuple[Path, Truth]) -> None:
    folder, truth = drill
    played = [source for source in sources() if source.split(".")[0] in PLAYED and source not in CITY_ONLY]
    assert set(written(folder)) == {f"src.{source}.ndjson" for source in played}
    assert {name[4:-7]: text.count(b"\n") for name, text in written(folder).items()} == truth.lines


def test_what_is_refused_is_the_dirt_and_nothing_else(drill: tuple[Path, Truth]) -> None:
    folder, truth = drill
    intake, reasons = Intake(KEY), Counter[str]()
    for name, text in written(folder).items():
        lines = text.splitlines()
        batch, rejects = intake.read(name[4:-7], lines, name, np.arange(len(lines)))
        assert len(rejects) == truth.dirty[name[4:-7]]
        assert batch.records.num_rows == len(lines) - len(rejects)
        reasons.update(reject.reason for reject in rejects)
    wanted = {"identifier_form", "interval_reversed", "time_form", "int_type", "literal_error", "missing", "not_json"}
    assert set(reasons) == wanted


def test_every_scene_is_played(drill: tuple[Path, Truth]) -> None:
    folder, truth = drill
    roles = {case.id_no: case.role for case in truth.cases}
    scenes = {(roles[met.case_id_no], met.kind) for met in truth.co_presences}
    assert scenes >= {
        ("index", "train"), ("index", "taxi"), ("index", "household"), ("index", "room"), ("index", "restaurant"),
        ("index", "bus"), ("hotel", "hotel_room"), ("hotel", "hotel"), ("screening", "bus"), ("office", "room"),
    }  # fmt: skip
    pairs = {(roles[met.case_id_no], roles.get(met.id_no, "")) for met in truth.co_presences}
    assert pairs >= {("index", "household"), ("index", "office"), ("index", "hotel"), ("index", "screening")}
    reports = [orjson.loads(x) for x in written(folder)["src.health.case_report.ndjson"].splitlines() if x[-1:] == b"}"]
    assert {report["operation"] for report in reports} >= {"upsert", "withdraw"}
    assert {report["classification"] for report in reports} == {"confirmed", "asymptomatic", "suspected", "excluded"}
    first = next(report for report in reports if report["id_no"] == truth.cases[0].id_no)
    assert first["reported_at"] == "2022-03-08T13:00:00"


def test_the_truth_holds_only_meetings_while_the_case_was_infectious_and_at_large(drill: tuple[Path, Truth]) -> None:
    cases = {case.id_no: case for case in drill[1].cases}
    for met in drill[1].co_presences:
        case = cases[met.case_id_no]
        assert case.infectious_ms <= met.since_ms < met.until_ms <= case.isolated_ms
        assert met.id_no != case.id_no


def test_records_stand_in_order_of_arrival_and_some_come_late_or_twice(drill: tuple[Path, Truth]) -> None:
    taps = written(drill[0])["src.transport.tap.ndjson"].splitlines()
    assert len(taps) > len(set(taps))
    read = [orjson.loads(x) for x in taps if x[-1:] == b"}"]
    good = re.compile(r"2022-03-\d\dT\d\d:\d\d:\d\d\+08:00")
    times = [read_instant(x["event_time"]) for x in read if good.fullmatch(x.get("event_time", ""))]
    assert times != sorted(times)
    assert {x["version"] for x in read} >= {1, 2}


def test_everybody_is_made_up(drill: tuple[Path, Truth]) -> None:
    for text in identifiers_of(drill[0]):
        assert re.match(r"990103|(\+86 )?100|9903100|吉Z|Z[EF]99|qr_", text), text
    for case in drill[1].cases:
        assert read_identifier(case.id_type, case.id_no) == case.id_no


def test_the_truth_lies_apart_from_the_records(drill: tuple[Path, Truth]) -> None:
    folder, truth = drill
    assert not [path for path in folder.iterdir() if not path.name.startswith("src.")]
    beside = folder.parent / "records-truth"
    assert {path.name for path in beside.iterdir()} == {"cases.ndjson", "co_presences.ndjson"}
    assert Grep(case.id_no for case in truth.cases).file(beside / "cases.ndjson")


def test_a_city_too_small_for_its_scenes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least 200"):
        write_drill(tmp_path / "records", people=199)
    assert not (tmp_path / "records").exists()


@pytest.mark.parametrize("seed", range(3, 9))
def test_every_seed_has_its_five_cases(seed: int, tmp_path: Path) -> None:
    truth = write_drill(tmp_path / "records", seed=seed, people=200)
    assert len({case.id_no for case in truth.cases}) == 5
    assert {met.case_id_no for met in truth.co_presences} == {case.id_no for case in truth.cases}
