"""Identifiers: every notation of one identifier becomes the same text, and what is none never passes.

In: vectors of GB 11643-1999 and made-up notations. Out: pass or fail.
Invariant: an error says the expected form, never the value.
Deliberately absent: pseudonyms (tests/test_keys.py).
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.identifiers import check_digit, public_label, read_identifier
from schemas.keys import IDENTIFIER_KINDS

RESIDENT_IDS = ("34052419800101001X", "990103194903070010")
"""The textbook vector, and the synthetic one of an area code that is issued to nobody."""
NOTATIONS = {
    ("resident_id", "34052419800101001X"): (
        "34052419800101001x", " 34052419800101001X ", "３４０５２４１９８００１０１００１Ｘ",
    ),
    ("phone", "10012345678"): (
        "+8610012345678", "+86 100-1234-5678", "0086 10012345678", "(+86)100 1234 5678", "１００１２３４５６７８",
        "10012345678\t", "+86 0086 10012345678",
    ),
    ("phone", "+4412345678"): ("+44 1234 5678", "+44-1234-5678"),
    ("plate", "吉ZC7319"): ("吉Z·C7319", "吉z c7319", "吉Z•C7319", "吉Z-C7319", "吉ＺＣ７３１９", " 吉ZC7319 "),
    ("plate", "吉ZD12345"): ("吉Z·D12345",),
    ("passport", "ZE9907319"): ("ze9907319", "ＺＥ９９０７３１９"),
    ("transit_card", "9903100000731984"): (" 9903100000731984 ", "９９０３１０００００７３１９８４"),
    ("person_no", "HR:2022-0042"): ("hr:2022-0042",),
    ("code_token", "qr_7F3a09c2"): (" qr_7F3a09c2 ",),
}  # fmt: skip
NO_IDENTIFIERS = {
    "resident_id": (
        "340524198001010010", "34052419800101001", "3405241980010100100", "99010319490307001O", "990103194902300014",
        "990103194913070018", "000000000000000000", "", "X" * 18, "٣٤٠٥٢٤١٩٨٠٠١٠١٠٠١X",
    ),
    "phone": ("1234", "1" * 16, "100123456x8", "+", "", "+86", "100 1234 5678 转 12"),
    "plate": ("ZC7319", "吉1C7319", "吉ZC73", "吉ZC7319999", "国ZC7319", ""),
    "passport": ("E123", "E" * 13, "E1234 5678", ""),
    "transit_card": ("12345", "1" * 21, "1234-5678"),
    "person_no": ("", "-1", "x" * 65, "a b"),
    "code_token": ("short", "q" * 129, "qr 7f3a09c251de", "qr+7f3a09c251de"),
}  # fmt: skip


@pytest.mark.parametrize("text", RESIDENT_IDS)
def test_the_check_character_is_that_of_the_standard(text: str) -> None:
    assert check_digit(text[:17]) == text[17]
    assert read_identifier("resident_id", text) == text


@given(st.text("0123456789", min_size=17, max_size=17), st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_changes_the_check_character(digits: str, at: int, by: int) -> None:
    wrong = digits[:at] + str((int(digits[at]) + by) % 10) + digits[at + 1 :]
    assert check_digit(digits) != check_digit(wrong)


@given(st.text("0123456789", min_size=17, max_size=17), st.integers(0, 15))
def test_two_swapped_neighbours_change_the_check_character(digits: str, at: int) -> None:
    swapped = digits[:at] + digits[at + 1] + digits[at] + digits[at + 2 :]
    assert (check_digit(digits) != check_digit(swapped)) == (digits != swapped)


@pytest.mark.parametrize(
    ("kind", "normal", "written"), [(k, n, w) for (k, n), all_ in NOTATIONS.items() for w in (n, *all_)]
)
def test_every_notation_of_one_identifier_becomes_the_same_text(kind: str, normal: str, written: str) -> None:
    assert read_identifier(kind, written) == normal


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, all_ in NO_IDENTIFIERS.items() for text in all_])
def test_what_is_no_identifier_is_refused_without_being_repeated(kind: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]{10,120}$") as caught:
        read_identifier(kind, text)
    assert len(text) < 4 or text not in str(caught.value)
    assert caught.value.__cause__ is None


def test_only_the_case_of_code_tokens_counts() -> None:
    assert read_identifier("code_token", "abcDEFGH") != read_identifier("code_token", "ABCDEFGH")
    assert read_identifier("passport", "abcdefgh") == read_identifier("passport", "ABCDEFGH")


@given(st.sampled_from(IDENTIFIER_KINDS), st.text("0189+-() Xx吉zZＺ１·_.:", min_size=4, max_size=20))
def test_reading_the_normal_notation_again_changes_nothing(kind: str, text: str) -> None:
    try:
        normal = read_identifier(kind, text)
    except ValueError:
        return
    assert read_identifier(kind, normal) == normal


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("宽城小馆", True), ("G8127", True), ("602B", True), ("OF-012", True), ("line 6", True), ("2022-03-05", True),
        ("吉ZC7319", False), ("吉Z·C7319", False), ("出租车吉zc7319", False), ("10012345678", False),
        ("店主 10012345678", False), ("990103194903070010", False), ("34052419800101001x", False),
    ],
)  # fmt: skip
def test_a_label_that_could_hold_an_identifier_is_not_shown(text: str, shown: bool) -> None:
    assert public_label(text) == (text if shown else "")
