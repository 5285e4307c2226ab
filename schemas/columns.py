"""Columns: the validated fields of a chunk of records of one type, and the tokens made of them.

In: columns from either decoder. Out: int64 arrays for the fact tables.
Invariant: raw identifiers end here; what leaves is tokens, numbers and public labels.
Deliberately absent: any knowledge of departments.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from schemas.codes import OPEN_HOUSES, Flag, PlaceKind
from schemas.facts import NO_PLACES, PLACE_SCHEMA
from schemas.identifiers import public_label, read_identifier
from schemas.instants import UNKNOWN_MS
from schemas.keys import IDENTIFIER_KINDS, Ints, Key, place_code, published
from schemas.seats import read_seat

CACHE_MAX = 2_000_000
IDENTIFIER_LENGTH_MAX = 64
"""As schemas.wire.Code, which counts after normalisation; one character can become many."""
_KIND_NAMES = {int(kind): kind.name for kind in PlaceKind}
_OPEN_HOUSES = {kind.name: PlaceKind.venue.name for kind in OPEN_HOUSES}
_PRIVATE_PLACES = {kind.name for kind in (PlaceKind.household, PlaceKind.hotel_room, PlaceKind.room, PlaceKind.taxi)}
_KEPT_PLACES = {*PlaceKind.__members__, "grid", "fleet", "site", "site_room"}
"""Of these is kept which there are: where people meet, the cells that leads are about, and what a transfer needs; not
of tubes."""


@dataclass(frozen=True)
class Texts:
    """A dictionary-encoded text column. Shape: `codes` (n) indexes `values`; -1 is absent."""

    codes: Ints
    values: list[str]

    @staticmethod
    def of(values: list[str | None]) -> Texts:
        index: dict[str, int] = {}
        codes = [-1 if v is None else index.setdefault(v, len(index)) for v in values]
        return Texts(np.array(codes, np.int64), list(index))

    def where(self, keep: npt.NDArray[np.bool_]) -> Texts:
        """The same column, absent where `keep` is false."""
        return Texts(np.where(keep, self.codes, -1), self.values)

    def otherwise(self, other: Texts, prefix: str) -> Texts:
        """This column, and where it is absent the other one behind a prefix."""
        moved = np.where(other.codes >= 0, other.codes + len(self.values), -1)
        return Texts(np.where(self.codes >= 0, self.codes, moved), self.values + [prefix + v for v in other.values])

    def map(self, number_of: Callable[[str], int], absent: int) -> Ints:
        """One number per row, computed once per distinct value."""
        table = np.array([*(number_of(v) for v in self.values), absent], np.int64)
        return table[self.codes]


class Tokens:
    """The memory of one intake: which token each identifier and place has, so that each is hashed once."""

    def __init__(self, key: Key) -> None:
        self._key = key
        self._identifiers: dict[str, dict[str, int]] = {}
        self._places: dict[tuple[str, str], int] = {}
        self._new_places: list[tuple[int, str, str]] = []

    def identifier(self, kind: str, value: str) -> int:
        """The token; -1 for a text that is no such identifier, or no kind of one."""
        return self.identifiers(kind, [value])[0]

    def identifiers(self, kind: str, values: list[str]) -> list[int]:
        """The tokens of many texts of one kind."""
        known = self._identifiers.setdefault(kind, {}) if kind in IDENTIFIER_KINDS else dict.fromkeys(values, -1)
        found = [known.get(value) for value in values]
        if len(known) >= CACHE_MAX:
            known.clear()
        for at, token in enumerate(found):
            if token is None:
                found[at] = known[values[at]] = self._identify(kind, values[at])
        return cast(list[int], found)

    def _identify(self, kind: str, value: str) -> int:
        try:
            normal = read_identifier(kind, value)
        except ValueError:
            return -1
        return self._key.identifier(kind, normal) if len(normal) <= IDENTIFIER_LENGTH_MAX else -1

    def place(self, kind: str, text: str, label: str) -> int:
        token = self._places.get((kind, text))
        if token is None:
            token = self._key.place(kind, text)
            if len(self._places) >= CACHE_MAX:
                self._places.clear()
            self._places[kind, text] = token
            if kind in _KEPT_PLACES:
                shown = "" if kind in _PRIVATE_PLACES else public_label(label)
                self._new_places.append((token, kind, shown))
        return token

    def take_places(self) -> pa.RecordBatch:
        """The places met since the last call (PLACE_SCHEMA)."""
        taken, self._new_places = self._new_places, []
        if not taken:
            return NO_PLACES
        arrays = [pa.array([place[i] for place in taken], f.type) for i, f in enumerate(PLACE_SCHEMA)]
        return pa.RecordBatch.from_arrays(arrays, schema=PLACE_SCHEMA)


@dataclass
class Columns:
    """The fields of `count` records of one type. `numbers`: instants, integers (UNKNOWN_MS: absent) and booleans
    (-1: absent); `lists`: (row of each item, items); `given`: a bit for each field that may be left out and is not."""

    count: int
    tokens: Tokens
    numbers: dict[str, Ints] = field(default_factory=dict)
    texts: dict[str, Texts] = field(default_factory=dict)
    lists: dict[str, tuple[Ints, Texts]] = field(default_factory=dict)
    idents: dict[tuple[str, str], Ints] = field(default_factory=dict)
    given: Ints = field(init=False)

    def __post_init__(self) -> None:
        self.given = np.zeros(self.count, np.int64)

    @property
    def rows(self) -> Ints:
        return np.arange(self.count, dtype=np.int64)

    def text(self, name: str) -> Texts:
        """A text column; all absent if the record type has no such field."""
        return self.texts.get(name) or Texts(np.full(self.count, -1, np.int64), [])

    def number(self, name: str, absent: int = UNKNOWN_MS) -> Ints:
        """A column of numbers, with `absent` where none was given or the record type has no such field."""
        column = self.numbers.get(name)
        if column is None:
            return np.full(self.count, absent, np.int64)
        return column if absent == UNKNOWN_MS else np.where(column == UNKNOWN_MS, absent, column)

    def choice(self, name: str, number_of: dict[str, int], absent: int = 0) -> Ints:
        """The number of each row's word; words that are not listed count as absent."""
        return self.text(name).map(lambda word: number_of.get(word, absent), absent)

    def bits(self, **flags: npt.NDArray[np.bool_]) -> Ints:
        """Flag bits by name of schemas.codes.Flag."""
        total = np.zeros(self.count, np.int64)
        for name, mask in flags.items():
            total |= np.where(mask, int(Flag[name]), 0)
        return total

    def ident(self, kind: str, value: str) -> Ints:
        """Tokens of the identifiers in the field `value` (the kind is a field, or a literal as `=phone`); 0 where it
        is absent, -1 where it is no identifier."""
        if (kind, value) not in self.idents:
            values = self.text(value)
            kinds = self.text(kind) if kind[0] != "=" else Texts(np.zeros(self.count, np.int64), [kind[1:]])
            tokens = np.zeros(self.count, np.int64)
            for code, name in enumerate(kinds.values):
                rows = np.flatnonzero((kinds.codes == code) & (values.codes >= 0))
                if len(rows):
                    used, inverse = np.unique(values.codes[rows], return_inverse=True)
                    found = self.tokens.identifiers(name, [values.values[i] for i in used.tolist()])
                    tokens[rows] = np.array(found, np.int64)[inverse]
            self.idents[kind, value] = tokens
        return self.idents[kind, value]

    def place(self, kinds: Ints | str, *parts: str | Texts, label: int = 0) -> Ints:
        """Tokens of the places that text columns (or fields by name) name together. `kinds`: a PlaceKind per row, or
        one kind for all; `label`: which part may be shown, if the place is public. Open houses are one kind of place:
        who scanned the code at the door of a restaurant was where somebody else says they ate."""
        columns = [self.text(p) if isinstance(p, str) else p for p in parts]
        kind_codes = np.zeros(self.count, np.int64) if isinstance(kinds, str) else kinds
        first, inverse = group(kind_codes, *(c.codes for c in columns))
        tokens = np.zeros(len(first), np.int64)
        for at, row in enumerate(first.tolist()):
            words = [c.values[c.codes[row]] if c.codes[row] >= 0 else "" for c in columns]
            kind = kinds if isinstance(kinds, str) else _KIND_NAMES[int(kind_codes[row])]
            kind = _OPEN_HOUSES.get(kind, kind)
            tokens[at] = self.tokens.place(kind, "\x1f".join(words).rstrip("\x1f"), words[label].removeprefix("name "))
        return tokens[inverse]

    def coded(self, kind: str, name: str, within: Ints | None = None) -> Ints:
        """Tokens of what the field `name` names by its code, such as a vehicle of the fleet; 0 where it is not given. A
        published code (L and 16 hex digits) stands for the token it shows. `within`: tokens of what each is a part of,
        such as the site of a room; 0: not known, and then no code tells which one it is."""
        said = self.text(name)
        whole = np.zeros(self.count, np.int64) if within is None else within
        first, inverse = group(whole, said.codes)
        tokens = np.zeros(len(first), np.int64)
        for at, row in enumerate(first.tolist()):
            code = said.values[said.codes[row]] if said.codes[row] >= 0 else ""
            tokens[at] = published(code, "L")
            if code and not tokens[at] and (within is None or whole[row]):
                text = code if within is None else f"{place_code(int(whole[row]))}\x1f{code}"
                tokens[at] = self.tokens.place(kind, text, code)
        return tokens[inverse]

    def person(self, name: str) -> Ints:
        """Tokens of the people whose published codes (P and 16 hex digits) the field holds; 0 where it is not given."""
        return self.text(name).map(lambda code: published(code, "P"), 0)

    def seat(self, carriage: str, compartment: str, seat: str, row_from: str, row_until: str) -> Ints:
        """Packed seats of the fields of those names (schemas/seats.py)."""
        texts = [self.text(n) for n in (seat, carriage, compartment)]
        rows = [self.number(n, 0) for n in (row_from, row_until)]
        first, inverse = group(*(t.codes for t in texts), *rows)
        packed = np.zeros(len(first), np.int64)
        for at, row in enumerate(first.tolist()):
            spelled, car, cabin = (t.values[t.codes[row]] if t.codes[row] >= 0 else "" for t in texts)
            packed[at] = read_seat(spelled, car, cabin, int(rows[0][row]), int(rows[1][row]))
        return packed[inverse]


def group(*columns: Ints) -> tuple[Ints, Ints]:
    """The distinct rows of integer columns: (index of the first row of each group, group of each row)."""
    combined, width = np.zeros(len(columns[0]), np.int64), 1
    for column in columns if len(columns[0]) else ():
        low, high = int(column.min()), int(column.max())
        if low == high:
            continue
        span = high - low + 1
        if width * span >= 1 << 62:  # no room to write them side by side: number what there is so far
            _, combined = np.unique(combined, return_inverse=True)
            values, column = np.unique(column, return_inverse=True)
            low, span, width = 0, len(values), int(combined.max()) + 1
        combined, width = combined * span + (column - low), width * span
    if width == 1:
        return np.zeros(min(1, len(combined)), np.int64), combined
    _, first, inverse = np.unique(combined, return_index=True, return_inverse=True)
    return first.astype(np.int64), inverse.astype(np.int64)
