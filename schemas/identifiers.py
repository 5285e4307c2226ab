"""Identifiers: resident ids, passports, phones, cards, plates and tokens, read strictly into one notation each.

In: kind and text as a department wrote them. Out: the normal notation, or an error that names no value.
Invariant: two notations of one identifier become the same text; a text that is no identifier never passes.
Deliberately absent: pseudonyms (schemas/keys.py), and every value in any message.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from operator import mul

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ZEROS = ord("0") * sum(_WEIGHTS)
_CHECKS = "10X98765432"
_RESIDENT_ID = re.compile(r"\d{17}[\dX]", re.ASCII)
_PROVINCES = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新"
PLATE = re.compile(rf"[{_PROVINCES}][A-Z][·•\s-]?[A-Z0-9]{{4,6}}[A-Z0-9挂学警港澳领]?")
_PUBLIC_RISK = re.compile(rf"{PLATE.pattern}|\d{{11}}|\d{{17}}[\dXx]")


def check_digit(first_17: str) -> str:
    """The 18th character of a resident id. Source: GB 11643-1999."""
    return _CHECKS[(sum(map(mul, _WEIGHTS, first_17.encode())) - _ZEROS) % 11]


def _resident_id(text: str) -> str:
    if not _RESIDENT_ID.fullmatch(text):
        raise ValueError("a resident id has 17 digits and a check character")
    if check_digit(text[:17]) != text[17]:
        raise ValueError("the check character of the resident id does not fit its digits; two may be swapped")
    try:
        date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        raise ValueError("digits 7 to 14 of the resident id are no date of birth") from None
    return text


def _phone(text: str) -> str:
    if 5 <= len(text) <= 15 and text.isascii() and text.isdigit() and not text.startswith("0086"):
        return text
    plain = re.sub(r"[\s()-]", "", text)
    plain = re.sub(r"^(\+86|0086)+", "", plain)
    if not re.fullmatch(r"\+?\d{5,15}", plain, re.ASCII):
        raise ValueError("a phone number has 5 to 15 digits")
    return plain


def _plate(text: str) -> str:
    plain = re.sub(r"[·•\s-]", "", text)
    if not PLATE.fullmatch(plain):
        raise ValueError("a plate has a province character, a letter and 5 or 6 letters or digits")
    return plain


def _matching(pattern: str, form: str) -> Callable[[str], str]:
    compiled = re.compile(pattern, re.ASCII)

    def read(text: str) -> str:
        if not compiled.fullmatch(text):
            raise ValueError(form)
        return text

    return read


_READERS: dict[str, Callable[[str], str]] = {
    "resident_id": _resident_id,
    "passport": _matching(r"[A-Z0-9]{5,12}", "a passport number has 5 to 12 letters or digits"),
    "person_no": _matching(r"[A-Z0-9][A-Z0-9._:-]{0,63}", "a person number has 1 to 64 letters, digits and . _ : -"),
    "phone": _phone,
    "code_token": _matching(r"[A-Za-z0-9_-]{8,128}", "a code token has 8 to 128 letters, digits, _ and -"),
    "transit_card": _matching(r"[A-Z0-9]{6,20}", "a transit card number has 6 to 20 letters or digits"),
    "plate": _plate,
}
_CASE_COUNTS = {"code_token"}


def read_identifier(kind: str, value: str) -> str:
    """The identifier in its normal notation. Errors: ValueError that says the expected form, never the value;
    `kind` is one of schemas.keys.IDENTIFIER_KINDS."""
    text = (value if value.isascii() else unicodedata.normalize("NFKC", value)).strip()
    return _READERS[kind](text if kind in _CASE_COUNTS else text.upper())


def public_label(text: str) -> str:
    """The text if it may stand on a page; empty if it could hold a plate, a phone number or a resident id."""
    return "" if _PUBLIC_RISK.search(text.upper()) else text
