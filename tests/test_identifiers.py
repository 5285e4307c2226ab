"""Identifiers and keys: notations, check digits, tokens and their order.

In: vectors of the standards and spoilt ones. Out: pass or fail.
Invariant: synthetic identifiers only (area code 990103), but for the textbook vector of the standard.
Deliberately absent: links between identifiers (test_stories.py, test_laws.py).
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.identifiers import check_digit, public_label, read_identifier
from schemas.keys import (
    ANCHOR_KINDS,
    IDENTIFIER_KINDS,
    RANK_SHIFT,
    Key,
    mix,
    parse_code,
    pseudonym,
    rank,
    record_tokens,
)

KEY = Key("test", bytes(range(32)))


@pytest.mark.parametrize("resident_id", ["34052419800101001X", "990103194903070010"])
def test_the_check_characters_of_the_standards_vectors_fit(resident_id: str) -> None:
    assert check_digit(resident_id[:17]) == resident_id[17]
    assert read_identifier("resident_id", resident_id) == resident_id


@given(st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_never_passes(place: int, shift: int) -> None:
    digits = "99010319490307001"
    wrong = digits[:place] + str((int(digits[place]) + shift) % 10) + digits[place + 1 :]
    with pytest.raises(ValueError, match=r"check character|date of birth"):
        read_identifier("resident_id", wrong + check_digit(digits))


@given(st.integers(0, 15))
def test_two_neighbouring_digits_swapped_never_pass(place: int) -> None:
    digits = "99010319490307001"
    swapped = digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]
    if swapped != digits:
        with pytest.raises(ValueError, match=r"check character|date of birth"):
            read_identifier("resident_id", swapped + check_digit(digits))


@pytest.mark.parametrize(
    ("kind", "notations"),
    [
        ("resident_id", ["34052419800101001x", " 34052419800101001X ", "３４０５２４１９８００１０１００１Ｘ"]),
        ("phone", ["10000000001", "+86 100 0000 0001", "0086-100-0000-0001", "100(0000)0001"]),
        ("plate", ["吉A12345", "吉a·12345", "吉A 12345", "吉A-12345"]),
        ("passport", ["E12345678", "e12345678"]),
        ("transit_card", ["990103001", " 990103001"]),
    ],
)
def test_every_notation_of_an_identifier_becomes_one(kind: str, notations: list[str]) -> None:
    assert len({read_identifier(kind, n) for n in notations}) == 1
    assert len({KEY.identifier(kind, read_identifier(kind, n)) for n in notations}) == 1


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("resident_id", "990103194903070011"), ("resident_id", "990103194913070010"), ("resident_id", "12345"),
        ("phone", "12"), ("phone", "none"), ("plate", "A12345"), ("passport", "E1"), ("code_token", "short"),
        ("transit_card", "9-9"), ("person_no", ""), ("person_no", "a b"),
    ],
)  # fmt: skip
def test_what_is_no_identifier_is_refused_without_being_repeated(kind: str, value: str) -> None:
    with pytest.raises(ValueError, match=r"a |digits") as refused:
        read_identifier(kind, value)
    assert value == "" or value not in str(refused.value).split()


@pytest.mark.parametrize("text", ["出租车 吉A12345", "call 10000000001", "990103194903070010", "吉a·12345"])
def test_a_label_that_could_name_somebody_is_empty(text: str) -> None:
    assert public_label(text) == ""


def test_a_label_of_a_public_place_stays() -> None:
    assert public_label("G4731") == "G4731"
    assert public_label("清和传家饺子馆") == "清和传家饺子馆"


def test_the_least_token_of_a_person_is_of_the_most_lasting_kind() -> None:
    tokens = [KEY.identifier(kind, "990103001") for kind in IDENTIFIER_KINDS]
    assert tokens == sorted(tokens)
    assert rank(np.array(tokens)).tolist() == list(range(len(IDENTIFIER_KINDS)))
    assert all(0 < t < 1 << 63 for t in tokens)
    assert len(ANCHOR_KINDS) < len(IDENTIFIER_KINDS) <= 1 << (63 - RANK_SHIFT)


def test_another_key_gives_other_pseudonyms() -> None:
    other = Key("other", bytes(32))
    assert KEY.identifier("phone", "10000000001") != other.identifier("phone", "10000000001")
    assert KEY.place("venue", "1") != other.place("venue", "1")
    assert KEY.derive("rejects") != other.derive("rejects")
    assert "000102" not in repr(KEY), "a key must not show its secret"


@given(st.lists(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:#/-]{0,79}", fullmatch=True), min_size=1, max_size=20))
def test_a_record_has_the_same_id_alone_and_in_any_company(ids: list[str]) -> None:
    together = record_tokens("transport.tap", ids).tolist()
    assert together == [record_tokens("transport.tap", [i]).item() for i in ids]
    assert len(set(together)) == len(set(ids))
    assert all(a != b for a, b in zip(together, record_tokens("transport.ticket", ids).tolist(), strict=True))


def test_hashes_are_the_same_everywhere() -> None:
    assert record_tokens("a.b", ["x", "yy" * 9]).tolist() == [755024909593837908, 4812830610119719663]
    assert mix(np.array([1, 2]), np.array([3, -4])).tolist() == mix([1, 2], [3, -4]).tolist()


@given(st.integers(0, (1 << 63) - 1))
def test_a_code_can_be_read_back(token: int) -> None:
    assert parse_code(pseudonym(token), "P") == token


@pytest.mark.parametrize("text", ["{}", '{"key_id": "k"}', '{"key_id": "k", "secret": "zz"}', "no json", '["k"]'])
def test_a_file_that_is_no_key_is_an_error_that_says_what_a_key_is(text: str) -> None:
    with pytest.raises(ValueError, match="key"):
        Key.from_json(text)


def test_a_key_survives_its_file() -> None:
    assert Key.from_json(KEY.to_json()) == KEY
