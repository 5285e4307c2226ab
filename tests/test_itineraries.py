"""Published rides, one by one: who aboard is a close contact, as the guide to vehicles says (domain rules, 2.2).

In: the transcribed itineraries, and fellow passengers made here. Out: pass or fail.
Invariant: each ride of each case is judged by the oracle and by the brain, and both find what the guide says.
Deliberately absent: places (test_itinerary_rows.py); aircraft and ships, which no itinerary names.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from replay.importers import IMPORTERS
from schemas.codes import Certainty, PersonClass
from streams.packs import load_series
from tests.imported import DATA, JUDGES, needs, records_of, taken_in, token, views

SET = "official_itineraries"
CLOSE, GENERAL, NONE = int(PersonClass.close), int(PersonClass.general), None
LOW = int(Certainty.low)
Fellow = tuple[str, str, dict[str, Any], int | None, bool]
"""What they are, their source and record, the class that the guide gives them, and whether seats and times are sure."""

SEATED, UNSEATED, COACHES = (27, 28, 33, 34, 41, 42, 43, 44, 45), (24, 25, 26, 29, 30), (31, 32)
TAXIS, LINES = (35, 40), (48, 49, 51, 54, 55, 56, 57, 58)
RIDES = sorted((*SEATED, *UNSEATED, *COACHES, *TAXIS, *LINES))
"""Rows of the file, as a spreadsheet counts. Seated: the notice gives the carriage; unseated: it does not."""
TIMES = (("depart_at", "arrive_at"), ("on_at", "off_at"), ("pickup_at", "dropoff_at"))


def all_rides(folder: Path) -> list[tuple[int, str, dict[str, Any]]]:
    """(row, source, record) of every ride that the importer wrote."""
    return [
        (int(record["source_record_id"].split(":")[1]), source, record)
        for source in ("transport.ticket", "transport.tap", "transport.taxi_trip")
        for record in records_of(folder, source)
    ]


def aboard(record: dict[str, Any]) -> tuple[dict[str, Any], str, str]:
    """The trip without its passenger and seat, and the names of its two times."""
    start, end = next(pair for pair in TIMES if pair[0] in record)
    kept = {
        name: record[name]
        for name in ("mode", "vehicle", "line", "service_date", "sealed", start, end)
        if name in record
    }
    return kept, start, end


def later(text: str, hours: int) -> str:
    return (datetime.fromisoformat(text) + timedelta(hours=hours)).isoformat()


def crew(trip: dict[str, Any], mode: str, start: str, end: str, **served: str) -> dict[str, Any]:
    duty = {"mode": mode, "since_at": trip[start], "until_at": trip.get(end, later(trip[start], 3)), **served}
    return duty | {name: trip[name] for name in ("vehicle", "service_date") if name in trip}


def fellows(row: int, source: str, record: dict[str, Any]) -> Iterator[Fellow]:
    """Who else is made to travel, near and far in seat, vehicle and time."""
    trip, start, end = aboard(record)
    last = trip.get(end, later(trip[start], 6))
    after = {**trip, start: last, end: later(last, 1)}
    rides_on = row == 54  # the case changes trains on the same line (row 55)
    yield "boards as the case alights", source, after, CLOSE if rides_on else NONE, not rides_on
    if row in LINES:
        yield "on the same line", source, trip, CLOSE, False
        yield "on another line", source, {**trip, "line": "999路"}, NONE, True
        return
    mode = record.get("mode", "taxi")
    yield "crew of the whole vehicle", "transport.crew_duty", crew(trip, mode, start, end), CLOSE, True
    if row in TAXIS:
        yield "a second passenger", source, trip, CLOSE, True
        yield "in another taxi", source, {**trip, "vehicle": "吉AT0001"}, NONE, True
        return
    tomorrow = {**trip, "service_date": "2099-01-01"}
    yield "the same service on another day", source, tomorrow, NONE, True
    if row in COACHES:
        yield "far behind in the coach", source, {**trip, "row": 40}, CLOSE, True
        yield "without a seat", source, {**trip, "seat": "无座"}, CLOSE, True
        return
    car, known = record.get("carriage", "5"), row in SEATED
    following = str(int(car) + 1)
    yield "in the same carriage", source, {**trip, "carriage": car, "seat": "099A"}, CLOSE, known
    yield "standing in the same carriage", source, {**trip, "carriage": car, "seat": "无座"}, CLOSE, known
    yield "in the carriage, spelled in the seat", source, {**trip, "seat": f"{car}车01F"}, CLOSE, known
    yield (
        "in the next carriage",
        source,
        {**trip, "carriage": following, "seat": "01A"},
        NONE if known else CLOSE,
        known,
    )
    yield "with no seat known", source, trip, CLOSE, False
    yield "crew of the carriage", "transport.crew_duty", crew(trip, mode, start, end, carriage=car), CLOSE, known
    beyond = crew(trip, mode, start, end, carriage=following)
    yield "crew of the next carriage", "transport.crew_duty", beyond, NONE if known else CLOSE, known


def board(folder: Path, number: str, source: str, body: dict[str, Any]) -> None:
    """Writes the record of one made-up person."""
    start = next(body[name] for name in ("since_at", "depart_at", "on_at", "pickup_at") if name in body)
    envelope = {"source_record_id": number, "event_time": start, "version": 1, "operation": "upsert"}
    folder.mkdir(exist_ok=True)
    with (folder / f"src.{source}.ndjson").open("a", encoding="utf-8") as file:
        file.write(json.dumps({**envelope, "id_type": "person_no", "id_no": number, **body}, ensure_ascii=False) + "\n")


def contacts(judge: str, *folders: Path) -> dict[tuple[int, int], tuple[int, int]]:
    """(class, certainty) by (case, contact) of degree 1 or 0."""
    batches = []
    for folder in folders:
        read, rejects = taken_in(folder)
        assert rejects == []
        batches += read
    table = views(judge, batches, load_series())["contacts"]
    names = ("degree", "source_person", "contact_person", "class", "certainty")
    rows = zip(*(table.column(name).to_pylist() for name in names), strict=True)
    return {(case, person): (kind, sure) for degree, case, person, kind, sure in rows if degree < 2}


@pytest.fixture(scope="module")
def itineraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("itineraries")
    IMPORTERS["itineraries"](DATA / SET, out)
    return out


@pytest.fixture(scope="module")
def judged(itineraries: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Every ride with its fellows on board; by judge, the contacts. Judged once for all rides."""
    folder = tmp_path_factory.mktemp("fellows") / "records"
    for row, source, record in all_rides(itineraries):
        for at, (_, of, body, _, _) in enumerate(fellows(row, source, record)):
            board(folder, f"F{row}-{record['source_record_id'].split(':', 2)[2]}-{at}".upper(), of, body)
    return {"folders": (itineraries, folder)}


@needs(SET)
def test_every_ride_of_the_file_is_judged(itineraries: Path) -> None:
    assert sorted({row for row, _, _ in all_rides(itineraries)}) == RIDES
    assert len(RIDES) == 26
    assert len(all_rides(itineraries)) == 52  # two people in a taxi, nine days of one commute


@needs(SET)
@pytest.mark.parametrize("judge", JUDGES)
@pytest.mark.parametrize("row", RIDES)
def test_who_aboard_is_a_close_contact(row: int, judge: str, itineraries: Path, judged: dict[str, Any]) -> None:
    if judge not in judged:
        judged[judge] = contacts(judge, *judged["folders"])
    rides = [(source, record) for at, source, record in all_rides(itineraries) if at == row]
    for source, record in rides:
        for at, (who, _, _, expected, sure) in enumerate(fellows(row, source, record)):
            name = f"F{row}-{record['source_record_id'].split(':', 2)[2]}-{at}".upper()
            kind, certainty = judged[judge].get((token(record["id_no"]), token(name)), (None, 0))
            assert kind == expected, who
            sure = sure and record.get("confidence") != "vague"
            assert kind is NONE or (certainty > LOW) == sure, who


def amended(itineraries: Path, folder: Path, row: int, source: str, changes: dict[str, Any]) -> dict[str, Any]:
    """A second version of a ride, with something the notice does not say; out: the record."""
    record = next(record for at, _, record in all_rides(itineraries) if at == row)
    record = {**record, **changes, "confidence": None, "version": 2}
    folder.mkdir(exist_ok=True)
    (folder / f"src.{source}.ndjson").write_text(json.dumps(record, ensure_ascii=False) + "\n", encoding="utf-8")
    return record


@needs(SET)
@pytest.mark.parametrize("judge", JUDGES)
def test_a_soft_sleeper_is_judged_by_the_compartment(judge: str, itineraries: Path, tmp_path: Path) -> None:
    changes = {"carriage": "9", "compartment": "3", "berth": "soft_sleeper"}
    record = amended(itineraries, tmp_path / "v2", 26, "transport.ticket", changes)
    trip, start, end = aboard(record)
    sleeper = {**trip, "berth": "soft_sleeper"}
    expected = {
        "SAME": ("transport.ticket", {**sleeper, "carriage": "9", "compartment": "3"}, (CLOSE, True)),
        "OTHER": ("transport.ticket", {**sleeper, "carriage": "9", "compartment": "4"}, (None, False)),
        "NEXT-CAR": ("transport.ticket", {**sleeper, "carriage": "10", "compartment": "3"}, (None, False)),
        "UNKNOWN": ("transport.ticket", {**sleeper, "carriage": "9"}, (CLOSE, False)),
        "CREW": ("transport.crew_duty", crew(trip, "train", start, end, carriage="9"), (CLOSE, True)),
    }
    for name, (source, body, _) in expected.items():
        board(tmp_path / "fellows", name, source, body)
    found = contacts(judge, itineraries, tmp_path / "v2", tmp_path / "fellows")
    case = token(record["id_no"])
    for name, (_, _, (kind, sure)) in expected.items():
        seen, certainty = found.get((case, token(name)), (None, 0))
        assert (seen, certainty > LOW) == (kind, sure), name


SEATS = {"ROW-5": 5, "ROW-11": 11, "ROW-4": 4, "ROW-12": 12, "STANDING": None}
"""Fellows of a case in row 8 of a ventilated vehicle: 3 rows before and after are close."""


@needs(SET)
@pytest.mark.parametrize("symptomatic", [False, True])
@pytest.mark.parametrize("judge", JUDGES)
def test_a_ventilated_bus_is_judged_by_rows(judge: str, symptomatic: bool, itineraries: Path, tmp_path: Path) -> None:
    tap = next(record for row, _, record in all_rides(itineraries) if row == 48)
    ride = {
        "place_kind": "bus",
        "vehicle": "2-0117",
        "sealed": False,
        "since_at": tap["on_at"],
        "until_at": tap["off_at"],
    }
    leg = {**ride, "row": 8, "symptomatic": symptomatic, "id_no": tap["id_no"]}
    board(tmp_path / "bus", "CASE-LEG", "health.survey_leg", leg)
    for name, row in SEATS.items():
        board(tmp_path / "bus", name, "health.survey_leg", ride if row is None else {**ride, "row": row})
    duty = {"mode": "bus", "vehicle": "2-0117", "since_at": tap["on_at"], "until_at": tap["off_at"]}
    board(tmp_path / "bus", "DRIVER", "transport.crew_duty", duty)
    found = contacts(judge, itineraries, tmp_path / "bus")
    seen = {name: found[token(tap["id_no"]), token(name)] for name in (*SEATS, "DRIVER")}
    far = CLOSE if symptomatic else GENERAL
    classes = {"ROW-5": CLOSE, "ROW-11": CLOSE, "ROW-4": far, "ROW-12": far, "STANDING": CLOSE, "DRIVER": CLOSE}
    assert {name: kind for name, (kind, _) in seen.items()} == classes
    assert (seen["STANDING"][1] == LOW) == (not symptomatic)
    assert seen["DRIVER"][1] > LOW


@needs(SET)
@pytest.mark.parametrize("judge", JUDGES)
def test_a_ventilated_coach_is_judged_by_rows(judge: str, itineraries: Path, tmp_path: Path) -> None:
    record = amended(itineraries, tmp_path / "v2", 31, "transport.ticket", {"sealed": False, "row": 8})
    trip, start, end = aboard(record)
    for name, row in SEATS.items():
        body = {**trip, "seat": "无座"} if row is None else {**trip, "seat": f"{row:02}A"}
        board(tmp_path / "fellows", name, "transport.ticket", body)
    board(tmp_path / "fellows", "DRIVER", "transport.crew_duty", crew(trip, "coach", start, end))
    found = contacts(judge, itineraries, tmp_path / "v2", tmp_path / "fellows")
    seen = {name: found[token(record["id_no"]), token(name)][0] for name in (*SEATS, "DRIVER")}
    classes = {"ROW-5": CLOSE, "ROW-11": CLOSE, "ROW-4": GENERAL, "ROW-12": GENERAL, "STANDING": CLOSE, "DRIVER": CLOSE}
    assert seen == classes
