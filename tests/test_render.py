"""Rendering: codes and words instead of numbers, null instead of sentinels, and a word on every column.

In: raw rows. Out: pass or fail.
Invariant: a published table has exactly the columns and types of its published schema, empty or not.
Deliberately absent: which rows there are.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas.codes import PersonClass, PlaceKind
from schemas.events import EVENT_SCHEMA
from schemas.instants import BEGIN_MS, OPEN_MS, UNKNOWN_MS
from schemas.keys import place_code, pseudonym
from schemas.views import VIEWS, raw_schema
from sinks.dictionary import dictionary
from sinks.lake import Lake
from sinks.published_events import render_events
from sinks.render import (
    DEPARTMENT,
    LABEL_ABOUT,
    LABELLED,
    Names,
    codes_of,
    instants_of,
    published_schema,
    render,
    words_of,
)
from tests import lakes
from tests.lakes import KEY, PACKS, commit, recs

RECORDS = Names(np.sort(np.array([7, 8, 9])), pa.array(["health.report/a", "police.stay/b", "transport.tap/c"]))
PLACES = Names(np.array([100]), pa.array(["Bus 7"]))
TOKEN = 0x0123456789ABCDEF


def rendered(view: str, **row: Any) -> dict[str, Any]:
    """One row of a view, rendered; what is not given is 1, `t`, or a list of one."""
    full = {f.name: {pa.int64(): 1, pa.string(): "t"}.get(f.type, [1]) for f in raw_schema(view)} | row
    table = render(view, pa.Table.from_pylist([full], raw_schema(view)), RECORDS, PLACES)
    assert table.schema.equals(published_schema(view), check_metadata=True)
    return dict(table.to_pylist()[0])


@pytest.mark.parametrize("token", [2, 1, TOKEN, (1 << 63) - 1])
def test_codes_are_those_of_the_keys(token: int) -> None:
    tokens = np.array([token, 5, token])
    assert codes_of("P", tokens).to_pylist() == [pseudonym(token), pseudonym(5), pseudonym(token)]
    assert codes_of("L", tokens)[0].as_py() == place_code(token)
    assert codes_of("C", tokens[:0]).to_pylist() == []


def test_token_nought_is_nobody_and_nowhere_wherever_it_stands() -> None:
    tokens = np.array([0, TOKEN, 0, 5, 0])
    assert codes_of("L", tokens).to_pylist() == ["", place_code(TOKEN), "", place_code(5), ""]
    assert codes_of("L", np.array([0])).to_pylist() == [""]


def test_unknown_open_and_begin_are_null_and_nothing_else_is() -> None:
    numbers = np.array([OPEN_MS, UNKNOWN_MS, BEGIN_MS, 0, -1, OPEN_MS - 1])
    assert instants_of(numbers).to_pylist() == [None, None, None, 0, -1, OPEN_MS - 1]


def test_every_word_of_a_code_list_is_written_and_no_other_number_is_taken() -> None:
    for vocabulary in (PlaceKind, PersonClass):
        members = list(vocabulary)
        assert words_of(vocabulary, np.array(members)).to_pylist() == [m.name for m in members]
    for number in (-1, 10, 28):
        with pytest.raises(ValueError, match="a number that is no PlaceKind"):
            words_of(PlaceKind, np.array([1, number]))


def test_a_case_is_shown_with_its_records_and_its_open_window() -> None:
    row = rendered("cases", case_person=TOKEN, classification=4, window_until_ms=OPEN_MS, records=[7, 9])
    assert row["case_person"] == "P0123456789abcdef"
    assert row["classification"] == "confirmed"
    assert row["window_until_ms"] is None
    assert row["records"] == ["health.report/a", "transport.tap/c"]


def test_an_exposure_is_shown_with_the_label_of_its_place() -> None:
    row = rendered("exposures", place=100, place_kind=23, case_record=8, contact_record=9)
    assert (row["place"], row["place_label"], row["place_kind"]) == ("L0000000000000064", "Bus 7", "bus")
    assert (row["case_record"], row["contact_record"]) == ("police.stay/b", "transport.tap/c")
    row = rendered("contact_evidence", place=101, contact_id=255)
    assert (row["place_label"], row["contact_id"]) == ("", "C00000000000000ff")
    names = published_schema("exposures").names
    assert names[names.index("place") + 1] == "place_label"


def test_a_transfer_is_shown_in_words_with_the_public_names_of_its_places_and_none_of_its_home() -> None:
    row = rendered(
        "transfers", purpose=2, state=10, flags=1 | 64 | 16384, traits=1 | 4, run=100, site=0, home=77,
        home_lat=43_872_500, home_lon=UNKNOWN_MS, **{"class": 6},
    )  # fmt: skip
    assert (row["purpose"], row["state"], row["class"]) == ("hospital", "home", "case")
    assert row["flags"] == ["skipped_assign", "turned_away", "moved"]
    assert row["traits"] == ["wheelchair", "carer"]
    assert (row["run_label"], row["site"], row["site_label"]) == ("Bus 7", "", "")
    assert (row["home_lat"], row["home_lon"]) == (43.8725, None)
    assert row["home"] == place_code(77)
    assert "home_label" not in row


def test_nobody_and_unknown_numbers_are_shown_as_such() -> None:
    row = rendered("escalations", owner=0, role=5, level=0)
    assert (row["owner"], row["role"], row["level"]) == ("", "district_leader", 0)
    row = rendered("beds", floor=UNKNOWN_MS, takes=2 | 4, family=0, room=100, free_at_ms=UNKNOWN_MS)
    assert (row["floor"], row["takes"], row["family"]) == (None, ["close", "secondary"], False)
    assert (row["room_label"], row["free_at_ms"]) == ("Bus 7", None)
    assert rendered("beds", takes=0)["takes"] == []


@pytest.mark.parametrize("bits", [-1, 8, 1 << 40])
def test_a_bit_without_a_word_is_an_error(bits: int) -> None:
    with pytest.raises(ValueError, match="a bit that is none of cases, close, secondary"):
        rendered("beds", takes=bits)


def test_test_days_are_dates() -> None:
    row = rendered("contacts", test_days=[0, 19083], overlap_ms=OPEN_MS)
    assert row["test_days"] == [date(1970, 1, 1), date(2022, 4, 1)]
    assert row["overlap_ms"] is None


@pytest.mark.parametrize(
    ("kind", "subject", "shown"),
    [
        ("identity_contested", TOKEN, "P0123456789abcdef"),
        ("case_without_dates", TOKEN, "P0123456789abcdef"),
        ("tube_conflict", TOKEN, "L0123456789abcdef"),
        ("version_conflict", 8, "police.stay/b"),
    ],
)
def test_what_a_review_is_about_is_shown_by_its_kind(kind: str, subject: int, shown: str) -> None:
    row = rendered("reviews", kind=kind, subject=subject, people=[1, TOKEN])
    assert row["subject"] == shown
    assert row["people"] == ["P0000000000000001", "P0123456789abcdef"]
    event = {f.name: {pa.int64(): 0, pa.string(): "", pa.bool_(): False}[f.type] for f in EVENT_SCHEMA}
    event |= {"kind": "review_opened", "subject": subject, "rule": kind}
    events = pa.Table.from_pylist([event], EVENT_SCHEMA)
    assert render_events(np.array([3]), events, RECORDS).to_pylist()[0]["subject"] == shown


def test_an_event_of_a_contact_names_both_people() -> None:
    event = {
        "kind": "contact_found", "subject": 1, "source": 2, "degree": 1, "class_before": 0, "class_after": 5,
        "since_ms": 3, "until_ms": UNKNOWN_MS, "rule": "CC-4.1", "confirm": True,
    }  # fmt: skip
    row = render_events(np.array([3]), pa.Table.from_pylist([event], EVENT_SCHEMA), RECORDS).to_pylist()[0]
    assert row == {
        "seq": 3, "kind": "contact_found", "subject": pseudonym(1), "source": pseudonym(2), "degree": 1,
        "class_before": "none", "class_after": "close", "since_ms": 3, "until_ms": None, "rule": "CC-4.1",
        "confirm": True, "department": None,
    }  # fmt: skip


def test_an_event_of_a_finding_is_addressed_to_the_department_of_the_record() -> None:
    event = {
        "kind": "finding_opened", "subject": 9, "source": 2, "degree": 0, "class_before": 0, "class_after": 0,
        "since_ms": 3, "until_ms": UNKNOWN_MS, "rule": "wrong_street", "confirm": False,
    }  # fmt: skip
    row = render_events(np.array([3]), pa.Table.from_pylist([event], EVENT_SCHEMA), RECORDS).to_pylist()[0]
    assert (row["subject"], row["source"], row["department"]) == ("transport.tap/c", pseudonym(2), "transport")


@pytest.mark.parametrize(
    ("event", "shown"),
    [
        ({"kind": "transfer_changed", "source": 2, "class_before": 0, "class_after": 13, "rule": "returning"},
         {"source": "hospital", "degree": None, "class_before": "none", "class_after": "returning"}),
        ({"kind": "escalation_raised", "source": TOKEN, "degree": 3, "rule": "isolate", "until_ms": OPEN_MS},
         {"source": "P0123456789abcdef", "degree": 3, "class_after": "none", "until_ms": None}),
        ({"kind": "escalation_closed", "source": 0, "degree": 0}, {"source": "", "degree": 0}),
    ],
)  # fmt: skip
def test_events_of_transfers_say_states_and_levels(event: dict[str, Any], shown: dict[str, Any]) -> None:
    full = {f.name: {pa.int64(): 0, pa.string(): "", pa.bool_(): False}[f.type] for f in EVENT_SCHEMA}
    other = full | {"kind": "contact_found", "subject": 7, "source": 6, "degree": 1, "class_after": 5}
    table = pa.Table.from_pylist([other, full | {"subject": 9} | event], EVENT_SCHEMA)
    first, row = render_events(np.array([3, 4]), table, RECORDS).to_pylist()
    assert (first["source"], first["degree"], first["class_after"]) == (pseudonym(6), 1, "close")
    assert row["subject"] == pseudonym(9)
    assert {name: row[name] for name in shown} == shown


@pytest.mark.parametrize("view", list(VIEWS))
def test_an_empty_view_keeps_its_schema_and_every_column_its_word(view: str) -> None:
    table = render(view, raw_schema(view).empty_table(), Names.empty(), Names.empty())
    assert table.schema.equals(published_schema(view), check_metadata=True)
    about = {name: word for name, _, word in VIEWS[view]}
    about |= {f.name: f.metadata[b"about"].decode() for f in (DEPARTMENT,)}
    about |= {f"{name}_label": LABEL_ABOUT for name in LABELLED.get(view, ())}
    for f in table.schema:
        assert f.metadata[b"about"].decode() == about[f.name]


def test_a_published_file_carries_the_words_and_the_canonical_order(tmp_path: Path) -> None:
    with Lake.open(tmp_path, KEY, PACKS) as lake:
        commit(lake, 0, 10)
        raw = lakes.views(6)
        backwards = {view: table.take(pa.array(np.arange(table.num_rows)[::-1])) for view, table in raw.items()}
        manifest = lake.publish(backwards, [PACKS])
        assert lake.publish(raw, [PACKS])["digests"] == manifest["digests"]
    shown = pq.read_table(tmp_path / "current" / "exposures.parquet")
    assert shown.schema.equals(published_schema("exposures"), check_metadata=True)
    assert shown["contact_person"].to_pylist() == ["", *(pseudonym(n) for n in range(1, 6))]
    assert set(shown["case_record"].to_pylist()) == {"transport.tap/r0"}
    assert len(recs(0)) == 1


def test_names_grow_without_forgetting() -> None:
    grown = RECORDS.plus(Names(np.array([1]), pa.array(["first"])))
    assert grown.of(np.array([9, 1, 5, 7])).to_pylist() == ["transport.tap/c", "first", "", "health.report/a"]
    assert grown.lacks(np.array([1, 5, 9])).tolist() == [5]


def test_the_data_dictionary_in_the_repository_is_up_to_date() -> None:
    path = Path(__file__).parent.parent / "docs" / "data-dictionary.md"
    hint = "run: python -m sinks.dictionary > docs/data-dictionary.md"
    assert path.read_text(encoding="utf-8") == dictionary(), hint


def test_the_data_dictionary_has_a_word_for_every_column() -> None:
    assert "|  |\n" not in dictionary().replace("| yes |", "|  yes |").replace("|  | ", "| - | ")
    for view in VIEWS:
        for name in published_schema(view).names:
            assert f"| `{name}` |" in dictionary()
