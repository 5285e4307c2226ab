"""The policy packs: all of them load, every mistake in one is named, and what no text supports is marked so.

In: the TOML files that ship with the engine and edited copies of them. Out: pass or fail.
Invariant: docs/packs.md says what the files say.
Deliberately absent: what the rules make of records; the brain's tests and the oracle judge that.
"""

from __future__ import annotations

import re
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from schemas.instants import LOCAL
from schemas.policy import Pack, PackSeries, parse_pack
from schemas.statements import Statement
from streams.packs import all_packs, load_pack, load_series, render_pack, render_packs

NAMES = ["cn-8", "cn-8-4d", "cn-9", "who-2021"]
DOC = Path(__file__).parent.parent / "docs" / "packs.md"


def text_of(name: str) -> str:
    return (resources.files("brain.packs") / f"{name}.toml").read_text(encoding="utf-8")


def edited(name: str, before: str, after: str) -> str:
    text = text_of(name)
    assert before in text
    return text.replace(before, after, 1)


def error_of(text: str) -> str:
    with pytest.raises(ValueError, match=r"^edited\.toml: ") as caught:
        parse_pack(text, "edited.toml")
    return str(caught.value)


def local_ms(*when: int) -> int:
    year, month, day, hour, minute, second = (*when, 0, 0, 0)[:6]
    return round(datetime(year, month, day, hour, minute, second, tzinfo=LOCAL).timestamp() * 1000)


@pytest.mark.parametrize("name", NAMES)
def test_each_pack_loads_by_its_name_and_is_named_like_its_file(name: str) -> None:
    assert load_pack(name).name == name


def test_no_pack_ships_that_is_not_tested_here() -> None:
    assert sorted(p.name for p in all_packs()) == NAMES


def test_a_misspelt_key_is_named_with_the_keys_that_were_expected() -> None:
    error = error_of(edited("cn-8", "lookback_days =", "lokback_days ="))
    assert "edited.toml: window.lookback_days: is missing" in error
    assert "edited.toml: window.lokback_days: unknown key; expected one of ['lookback_days'" in error


def test_a_misspelt_key_in_a_ride_names_the_ride_by_its_place_in_the_file() -> None:
    error = error_of(edited("cn-8", 'scope = "carriage"', 'skope = "carriage"'))
    assert "edited.toml: ride[2].skope: unknown key; expected one of" in error
    assert "'scope'" in error


@pytest.mark.parametrize(
    ("before", "key"),
    [
        ('source = "14 d central', "management.close.source"),
        ('source = "guide to close contacts', "ride[1].source"),
        ('source = "Hainan', "symptoms.source"),
    ],
)
def test_a_missing_source_is_an_error(before: str, key: str) -> None:
    assert f"edited.toml: {key}: is missing" in error_of(edited("cn-8", before, '# "'))


def test_an_empty_source_is_an_error() -> None:
    text = re.sub(r'(lookback_days = .*source = )"[^"]*"', r'\1""', text_of("cn-8"))
    assert "edited.toml: window.lookback_days.source: String should have at least 1 character" in error_of(text)


def test_a_kind_of_place_without_a_rule_is_an_error() -> None:
    text = re.sub(r"(?m)^restaurant +=.*close.*$", "", text_of("cn-8"))
    assert "edited.toml: pack: [place] lacks ['restaurant']" in error_of(text)


def test_a_kind_without_a_length_of_stay_is_an_error() -> None:
    text = re.sub(r"(?m)^taxi +=.*$", "", text_of("cn-8"))
    assert "edited.toml: pack: [dwell_minutes] lacks ['taxi']" in error_of(text)


def test_a_kind_nobody_knows_is_an_error() -> None:
    text = edited("cn-8", "[place]", "[dwell_minutes.rocket]\nvalue=1\nconfirmed=false\nsource='x'\n\n[place]")
    assert "and ['rocket'] it does not know" in error_of(text)


def test_two_ride_rules_for_one_mode_are_an_error() -> None:
    error = error_of(edited("cn-8", 'mode = "taxi"', 'mode = "ship"'))
    assert "[[ride]] needs exactly one rule for mode 'ship', sealed true; it has ['TR-ship', 'TR-taxi']" in error


def test_a_mode_that_has_a_rule_for_sealed_vehicles_alone_is_an_error() -> None:
    error = error_of(edited("cn-8", 'mode = "metro"\nsealed = "any"', 'mode = "metro"\nsealed = true'))
    assert "[[ride]] needs exactly one rule for mode 'metro', sealed false; it has []" in error


@pytest.mark.parametrize("kind", ["houshold", "taxi"])
def test_a_secondary_kind_that_is_unknown_or_a_vehicle_is_an_error(kind: str) -> None:
    error = error_of(edited("cn-8", 'kinds = ["household"', f'kinds = ["{kind}"'))
    assert f"edited.toml: secondary: kinds: '{kind}' is not a kind of place without wheels; expected among" in error


def test_a_secondary_category_that_no_rule_yields_is_an_error() -> None:
    error = error_of(edited("cn-9", 'categories = ["CC-4.1"', 'categories = ["CC4.1"'))
    assert "secondary.categories: no rule yields ['CC4.1']; expected among ['CC-4.1'" in error


def test_two_rules_of_one_id_are_an_error() -> None:
    assert "used more than once: ['TR-taxi']" in error_of(edited("cn-8", '"TR-ship"', '"TR-taxi"'))


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [
        ("lookback_days = { value = 2", 'lookback_days = { value = "2"', "window.lookback_days.value"),
        ("lookback_days = { value = 2", "lookback_days = { value = 2.0", "window.lookback_days.value"),
        ("isolation_days = 14", "isolation_days = -1", "management.close.isolation_days"),
        ("enabled = true", 'enabled = "yes"', "symptoms.enabled"),
        ('isolation_mode = "central"', 'isolation_mode = "centre"', "management.close.isolation_mode"),
        ("in_force_since = 2021-05-11", 'in_force_since = "May"', "in_force_since"),
    ],
)
def test_a_value_of_the_wrong_type_is_an_error(before: str, after: str, key: str) -> None:
    assert f"edited.toml: {key}" in error_of(edited("cn-8", before, after))


def test_a_pack_that_ends_before_it_begins_is_an_error() -> None:
    error = error_of(edited("cn-8", "in_force_until = 2022-06-28", "in_force_until = 2021-05-11"))
    assert "in_force_until: 2021-05-11 is not after 2021-05-11" in error


def test_a_file_that_is_no_toml_is_an_error() -> None:
    assert error_of("window = [").startswith("edited.toml: not TOML: ")


@pytest.mark.parametrize("until", ["2022-06-29", '"open"'])
def test_dates_that_overlap_in_a_series_are_an_error(until: str) -> None:
    text = edited("cn-8", "in_force_until = 2022-06-28", f"in_force_until = {until}")
    with pytest.raises(ValueError, match=r"^cn-8: in_force_until: .*, but cn-9 is in force since 2022-06-28; expected"):
        PackSeries([load_pack("cn-9"), parse_pack(text, "cn-8.toml")])


def test_the_pack_in_force_changes_at_local_midnight() -> None:
    series = load_series("cn")
    instants = [(1990, 1, 1), (2022, 6, 27, 23, 59, 59), (2022, 6, 28), (2022, 6, 28, 7), (2023, 1, 1)]
    chosen = series.in_force(np.array([local_ms(*i) for i in instants], np.int64))
    assert [series.packs[i].name for i in chosen] == ["cn-8", "cn-8", "cn-9", "cn-9", "cn-9"]


def test_the_default_series_is_the_national_one_and_opens_with_the_8th_edition() -> None:
    assert [p.name for p in load_series().packs] == ["cn-8", "cn-9"]


@pytest.mark.parametrize("name", NAMES)
def test_a_pack_chosen_by_name_is_in_force_on_every_date(name: str) -> None:
    series = load_series(name)
    assert [p.name for p in series.packs] == [name]
    assert series.in_force(np.array([local_ms(1990, 1, 1), local_ms(2030, 1, 1)], np.int64)).tolist() == [0, 0]


def test_an_unknown_name_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match="no pack 'cn-7'; known: cn-8, cn-8-4d, cn-9, who-2021"):
        load_pack("cn-7")
    with pytest.raises(ValueError, match="no pack or series ''; known series: cn; known packs: cn-8, cn-8-4d, "):
        load_series("")


def test_a_pack_of_ones_own_loads_from_its_path(tmp_path: Path) -> None:
    file = tmp_path / "district.toml"
    file.write_text(edited("cn-8", 'name = "cn-8"', 'name = "district"'), encoding="utf-8")
    assert load_pack(file).name == "district"
    assert [p.name for p in load_series(str(file)).packs] == ["district"]
    file.write_bytes(b"\xff")
    with pytest.raises(ValueError, match=r"district\.toml: cannot be read: not UTF-8 text"):
        load_pack(file)
    with pytest.raises(ValueError, match=r"absent\.toml: cannot be read: No such file"):
        load_series(str(tmp_path / "absent.toml"))


@pytest.mark.parametrize("pack", all_packs(), ids=lambda p: p.name)
def test_every_number_has_a_source_and_every_unconfirmed_one_a_note(pack: Pack) -> None:
    statements = dict(pack.statements())
    assert len(statements) == 4 + 17 + 9 + len(pack.ride) + 2 + 5 + 2 + 12 + 17 + 4
    assert [key for key, s in statements.items() if len(s.source) < 10] == []
    assert [key for key, s in statements.items() if not s.confirmed and len(s.note) < 10] == []


def test_the_local_pack_differs_from_the_national_one_in_the_look_back_alone() -> None:
    local, national = dict(load_pack("cn-8-4d").statements()), dict(load_pack("cn-8").statements())
    assert [key for key in national if local[key] != national[key]] == ["window.lookback_days"]


def test_the_rendered_pack_shows_every_key_and_marks_what_is_unconfirmed() -> None:
    console = Console(width=200)
    pack = load_pack("cn-9")
    with console.capture() as shown:
        console.print(render_pack(pack))
        console.print(render_packs(all_packs()))
    text = shown.get()
    assert all(key in text for key, _ in pack.statements())
    assert text.count("未确认 unconfirmed") == 1 + sum(not s.confirmed for _, s in pack.statements())
    assert all(words in text for words in (pack.title_zh, pack.title_en, *NAMES))


def documented() -> list[tuple[str, list[str]]]:
    """Key and one cell per pack for each line of the table in docs/packs.md."""
    rows = [line.strip("| ").split(" | ") for line in DOC.read_text(encoding="utf-8").splitlines() if "| `" in line]
    return [(cells[1].strip("` "), [c.strip() for c in cells[2:]]) for cells in rows if len(cells) == 2 + len(NAMES)]


def cell_of(pack: Pack, key: str) -> str:
    """The number at `management.close.test_days` or `ride.train.sealed.scope` as the document writes it."""
    first, *parts = key.split(".")
    node: Any = getattr(pack, first)
    if first == "ride":
        mode, air, *parts = parts
        node = pack.ride_rule(mode, air == "sealed")
    statement = node if isinstance(node, Statement) else None
    for part in parts:
        node = node[part] if isinstance(node, dict) else getattr(node, part)
        statement = node if isinstance(node, Statement) else statement
    value = getattr(node, "value", node)
    words = str(value)
    if isinstance(value, bool):
        words = "yes" if value else "no"
    elif isinstance(value, tuple):
        words = ", ".join(map(str, value)) or "none"
    return words if statement is None or statement.confirmed else f"{words} ?"


def test_the_table_in_the_document_says_what_the_files_say() -> None:
    packs, rows = [load_pack(name) for name in NAMES], documented()
    assert len(rows) >= 25
    assert rows == [(key, [cell_of(p, key) for p in packs]) for key, _ in rows]
