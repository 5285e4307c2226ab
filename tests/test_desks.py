"""Desks: how full and how late their records are, what becomes a line, and what a source without a desk gives.

In: the sheets of one day of a small city, and sheets made by hand. Out: what a reader of feeds would notice.
Invariant: shares and delays are held against schemas/departments, and every exception to them against APART.
Deliberately absent: whether what they tell is true (tests/test_play.py).
"""

from __future__ import annotations

from itertools import chain
from math import log, sqrt
from typing import Any

import numpy as np
import orjson
import pytest

from replay.city.founding import found_city
from replay.city.living import live
from replay.city.model import AT_LARGE_MS, City
from replay.desks.apart import APART
from replay.desks.day import Day, before
from replay.desks.forged import forged
from replay.desks.names import identifiers, knows
from replay.desks.table import REGISTERS, sheets, unplayed
from replay.lines import instants_text, lines
from replay.sheets import REGISTERS_DAY, Cells, Sheet, cells, picked, record_id, record_ids, stacked, told
from schemas.departments import EXPECTED, NAMES
from schemas.departments.drafting import identifier, local_text
from schemas.departments.forging import P95_SIGMAS
from schemas.instants import UNKNOWN_MS, read_instant
from schemas.intake import Intake
from schemas.keys import IDENTIFIER_KINDS
from tests.sources import KEY

FIRST_MS = read_instant("2022-03-14")
ENOUGH = 80
"""So many records show a share or a delay at all."""
SIGMAS = 5.0


@pytest.fixture(scope="module")
def city() -> City:
    return found_city(3, 20_000)


@pytest.fixture(scope="module", params=["emergency", "routine"])
def written(request: pytest.FixtureRequest, city: City) -> list[Sheet]:
    """The sheets of all desks but health's, whose contents follow from a wave."""
    quiet = before(city, FIRST_MS, request.param)
    visits = live(city, 0, FIRST_MS, request.param, np.full(len(city.people), AT_LARGE_MS))
    day = Day(city, 0, FIRST_MS, request.param, visits, quiet.course)
    return list(chain.from_iterable(sheets(day, name) for name in NAMES if name != "health"))


def given(sheet: Sheet, name: str) -> Any:
    if name not in sheet.body:
        return np.zeros(len(sheet), np.bool_)
    column = cells(sheet.body[name])
    if column.dtype.kind == "f":
        return ~np.isnan(column)
    return column != UNKNOWN_MS if column.dtype.kind == "i" else np.array([cell is not None for cell in column])


def test_fields_are_left_out_as_often_as_is_expected(written: list[Sheet]) -> None:
    off = {}
    for sheet in written:
        for name, share in EXPECTED[sheet.source].fill.items():
            if len(sheet) >= ENOUGH and f"{sheet.source}.{name}" not in APART:
                shown = float(given(sheet, name).mean())
                if abs(shown - share) > SIGMAS * sqrt(share * (1 - share) / len(sheet)) + 0.02:
                    off[f"{sheet.source}.{name}"] = round(shown, 3), share
    assert not off


def test_exceptions_name_fields_that_may_be_left_out() -> None:
    for name, reason in APART.items():
        source, field = name.rsplit(".", 1)
        assert field in EXPECTED[source].fill, name
        assert reason, name


def test_records_are_as_late_as_is_expected(written: list[Sheet]) -> None:
    off = {}
    for sheet in written:
        middle, late = EXPECTED[sheet.source].lateness_s
        delays = (sheet.arrival_ms - sheet.event_ms) / 1000
        assert delays.min(initial=0) >= 0, sheet.source
        if len(sheet) >= ENOUGH:
            sigma = log(late / middle) / P95_SIGMAS
            if abs(log(float(np.median(delays)) / middle)) > SIGMAS * 1.25 * sigma / sqrt(len(sheet)) + 0.02:
                off[sheet.source] = float(np.median(delays)), middle
    assert not off


def test_an_end_is_not_told_before_it_has_come(written: list[Sheet]) -> None:
    planned = ("transport.ticket", "education.morning_check")
    for sheet in written:
        if sheet.source not in planned and "valid_until" not in sheet.body and "moved_out_at" not in sheet.body:
            known = sheet.said_until_ms != UNKNOWN_MS
            assert (sheet.arrival_ms[known] >= sheet.said_until_ms[known]).all(), sheet.source


def test_registers_link_what_people_are_known_to_hold_and_nothing_else(city: City) -> None:
    intake = Intake(KEY)
    linked: set[int] = set()
    for register in REGISTERS:
        sheet = register(before(city, FIRST_MS, "emergency"))
        for block in lines(sheet, REGISTERS_DAY):
            part = block.splitlines()
            batch, rejects = intake.read(sheet.source, part, "registers", np.arange(len(part)))
            assert not rejects
            if "links" in batch.facts:
                linked.update(batch.facts["links"]["carried"].tolist())
    everybody = np.arange(len(city.people))
    for kind in ("phone", "transit_card", "code_token", "plate"):
        names = identifiers(kind, len(everybody))[knows(city, kind, everybody) == 1]
        known = {KEY.identifier(kind, name) for name in names}
        rank = IDENTIFIER_KINDS.index(kind)
        assert {token for token in linked if token >> 60 == rank} == known, kind


@pytest.mark.parametrize("kind", IDENTIFIER_KINDS)
def test_people_have_the_identifiers_that_all_departments_know_them_by(kind: str) -> None:
    people = [*range(200), *range(24_990, 25_010), *range(49_990, 50_010)]
    names = identifiers(kind, 50_010)
    assert [names[n] for n in people] == [identifier(kind, n) for n in people]


@pytest.mark.parametrize("notation", sorted({expected.notation for expected in EXPECTED.values()}))
def test_instants_are_written_as_departments_write_them(notation: str) -> None:
    at = [read_instant(text) for text in ("2022-03-14", "2022-03-14T23:59:59", "1987-02-28T08:00:00", "2031-12-31")]
    assert instants_text(np.array([*at, UNKNOWN_MS]), notation).to_pylist() == [
        *(local_text(ms, notation) for ms in at), None,
    ]  # fmt: skip


def hand_made(count: int = 6, **body: Cells) -> Sheet:
    at = FIRST_MS + 60_000 * np.arange(count)
    columns: dict[str, Any] = told(count)
    who: dict[str, Cells] = {"id_type": ["phone"] * count, "id_no": [identifier("phone", n) for n in range(count)]}
    fields: dict[str, Cells] = {**who, "place_code": [f"CS-{n:05d}" for n in range(count)], "scanned_at": at, **body}
    return Sheet("data_office.place_scan", fields, at, at + 5000, **columns)


def bodies(sheet: Sheet, block: int = 50_000) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in b"".join(lines(sheet, 3, block)).splitlines()]


def test_a_line_says_what_its_row_says_and_leaves_out_what_is_not_there() -> None:
    names = ['宽城"一"号', "a\\b", None, "日\t用", "", "é"]
    temperature = np.array([36.5, np.nan, 37.0, 28.1, 0.5, 100.0])
    made = bodies(hand_made(place_name=names, temperature=temperature))
    assert [body.get("place_name") for body in made] == names
    assert [body.get("temperature") for body in made] == [36.5, None, 37, 28.1, 0.5, 100]
    assert "temperature" not in made[1]
    assert made[4]["source_record_id"] == record_id("data_office.place_scan", 3, 4)
    assert (made[4]["version"], made[4]["operation"]) == (1, "upsert")


def test_lines_stand_in_the_order_of_their_arrival_whatever_the_blocks() -> None:
    sheet = hand_made()
    sheet.arrival_ms = sheet.arrival_ms[::-1].copy()
    ids = [body["source_record_id"] for body in bodies(sheet)]
    assert ids == record_ids("data_office.place_scan", 3, np.arange(6)[::-1])
    assert ids[0] == record_id("data_office.place_scan", 3, 5)
    assert bodies(sheet, block=4) == bodies(sheet)


def test_a_withdrawal_is_an_envelope_and_a_broken_line_stays_as_it_broke() -> None:
    sheet = hand_made()
    sheet.withdraw[2], sheet.version[2] = 1, 2
    sheet.broken[4] = b'{"source_record_id":"DOPS-03-'
    made = b"".join(lines(sheet, 3)).splitlines()
    withdrawn = orjson.loads(made[2])
    assert (withdrawn["operation"], withdrawn["version"]) == ("withdraw", 2)
    assert "place_code" not in withdrawn
    assert made[4] == sheet.broken[4]
    _, rejects = Intake(KEY).read(sheet.source, made, "hand", np.arange(6))
    assert [reject.offset for reject in rejects] == [4]


def test_rows_keep_what_they_tell_when_sheets_are_cut_and_joined() -> None:
    sheet = hand_made()
    sheet.broken[5] = b"x"
    names = "person", "place", "said_since_ms", "said_until_ms", "knows"
    sheet.also = {"row": np.array([5, 1, 1])} | {name: np.array([50, 10, 11]) for name in names}
    part = picked(sheet, np.array([1, 5, 1]))
    assert sorted(zip(part.also["row"].tolist(), part.also["person"].tolist(), strict=True)) == [
        (0, 10), (0, 11), (1, 50), (2, 10), (2, 11),
    ]  # fmt: skip
    assert part.broken == {1: b"x"}
    both = stacked([part, sheet])
    assert len(both) == 9
    assert sorted(both.also["row"].tolist()) == [0, 0, 1, 2, 2, 4, 4, 8]
    assert both.broken == {1: b"x", 8: b"x"}


def test_a_field_that_no_such_record_has_is_a_mistake_of_the_desk() -> None:
    with pytest.raises(ValueError, match="visitors"):
        bodies(hand_made(visitors=[1] * 6))


def test_only_sources_that_tell_of_nobody_are_made_up(city: City) -> None:
    day = before(city, FIRST_MS, "emergency")
    with pytest.raises(ValueError, match="need a desk"):
        forged(day, "police.hotel_stay")
    made = forged(day, "grid_centre.need_request")
    assert len(made) == round(20_000 * 20_000 / 650_000)
    assert (made.person == -1).all()


def test_sources_that_tell_of_people_and_have_no_desk_are_named() -> None:
    assert unplayed("housing", {"housing.gate_pass"}) == [
        "housing.dwelling", "housing.property_staff", "housing.site_attendance",
    ]  # fmt: skip
    assert "grid_centre.door_sensor" not in unplayed("grid_centre", set())
    assert "grid_centre.home_visit" in unplayed("grid_centre", set())
