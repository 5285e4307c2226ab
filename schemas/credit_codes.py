"""Credit codes: the number by which every firm, school and shop is registered (统一社会信用代码), read strictly.

In: text as a department wrote it. Out: the normal notation, or an error that names no value.
Invariant: a code whose check character does not fit never passes; one slip would make two workplaces of one.
Deliberately absent: who owns or works for whom. A credit code is public; it names a place of work, never a person.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_FORM = re.compile(rf"[{_ALPHABET}]{{2}}\d{{6}}[{_ALPHABET}]{{10}}", re.ASCII)


def checked(first_17: str) -> str:
    """The code that begins so, with its check character. Source: GB 32100-2015."""
    total = sum(weight * _ALPHABET.index(letter) for weight, letter in zip(_WEIGHTS, first_17, strict=True))
    return first_17 + _ALPHABET[-total % len(_ALPHABET)]


def read_credit_code(text: str) -> str:
    """The code in its normal notation. Errors: ValueError that says what is wrong, never the value."""
    plain = unicodedata.normalize("NFKC", text).strip().upper()
    if not _FORM.fullmatch(plain):
        raise ValueError("a credit code has 18 digits and capital letters, none of them I, O, S, V or Z")
    if checked(plain[:17]) != plain:
        raise ValueError("the check character of the credit code does not fit; two characters may be swapped")
    return plain


def _read(value: str) -> str:
    try:
        return read_credit_code(value)
    except ValueError as error:
        raise PydanticCustomError("credit_code_form", "{hint}", {"hint": str(error)}) from None


CreditCode = Annotated[str, Field(max_length=64), AfterValidator(_read)]
"""The credit code of a firm, as a field of a record."""
