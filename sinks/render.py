"""Render: from the raw views (integers) to the published tables (codes and words).

In: raw views in canonical order, the names of records, the labels of places. Out: Arrow tables of published_schema.
Invariant: same rows, same order; OPEN_MS, UNKNOWN_MS and BEGIN_MS are null; an empty view keeps its schema.
Deliberately absent: identifiers; a person is a P number and stays one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas import codes, transfers, views
from schemas.instants import BEGIN_MS, OPEN_MS, UNKNOWN_MS
from schemas.keys import Ints
from schemas.views import VIEWS

_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)
_WORDS: dict[str, type[IntEnum]] = {
    views.KIND: codes.PlaceKind,
    views.CLASS: codes.PersonClass,
    views.CERTAINTY: codes.Certainty,
    views.CLASSIFICATION: codes.Classification,
    views.PURPOSE: transfers.Purpose,
    views.STATE: transfers.TransferState,
    views.STEP: transfers.Step,
    views.ROLE: transfers.DutyRole,
}
_BITS: dict[str, tuple[str, ...]] = {
    views.MARKS: tuple(flag.name for flag in transfers.TransferFlag),
    views.TRAITS: tuple(trait.name for trait in transfers.Trait),
    views.TAKES: tuple(whom.name for whom in transfers.Takes),
}
"""The word of each bit, from the lowest."""
_LETTERS = {views.PERSON: "P", views.PLACE: "L", views.CONTACT: "C"}
_TYPES = {
    views.TIME: pa.int64(),
    views.NUMBER: pa.int64(),
    views.FLAG: pa.bool_(),
    views.ANGLE: pa.float64(),
    **dict.fromkeys(_BITS, pa.list_(pa.string())),
    views.DAYS: pa.list_(pa.date32()),
    views.PEOPLE: pa.list_(pa.string()),
    views.RECORDS: pa.list_(pa.string()),
}
PERSON_REVIEWS = ("identity_contested", "case_without_dates")
RECORD_REVIEWS = ("version_conflict",)
_WAY = ("run", "vehicle", "site", "room")
LABELLED: dict[str, tuple[str, ...]] = {
    "exposures": ("place",), "contact_evidence": ("place",), "leads": ("place",),
    "transfers": _WAY, "transfer_steps": _WAY, "vehicles": ("vehicle",), "beds": ("site", "room"),
}  # fmt: skip
"""Columns that are followed by the public label of their place. Homes have none."""
ADDRESSED = ("findings",)
"""Views whose `record` is followed by the department that can mend it."""
DEPARTMENT = pa.field("department", pa.string(), False, {"about": "the department whose record it is"})
LABEL_ABOUT = "public name of the place or trip; empty if none"
_MAY_BE_NULL = (views.TIME, views.NUMBER, views.ANGLE)
_MICRO = 1_000_000


@dataclass(frozen=True)
class Names:
    """Texts by number. Shape: `keys` ascending."""

    keys: Ints
    texts: pa.Array

    @staticmethod
    def empty() -> Names:
        return Names(np.zeros(0, np.int64), pa.array([], pa.string()))

    @staticmethod
    def of_table(table: pa.Table) -> Names:
        """From two columns, number and text."""
        keys = np.asarray(table.column(0).to_numpy(), np.int64)
        texts = whole(table.column(1).cast(pa.string()))
        order = np.argsort(keys, kind="stable")
        return Names(keys[order], texts.take(pa.array(order)))

    def lacks(self, numbers: Ints) -> Ints:
        """Those of the numbers that have no text here."""
        if len(self.keys) == 0:
            return numbers
        found = np.minimum(np.searchsorted(self.keys, numbers), len(self.keys) - 1)
        return np.asarray(numbers[self.keys[found] != numbers], np.int64)

    def plus(self, other: Names) -> Names:
        keys = np.concatenate([self.keys, other.keys])
        order = np.argsort(keys, kind="stable")
        return Names(keys[order], pa.concat_arrays([self.texts, other.texts]).take(pa.array(order)))

    def of(self, numbers: Ints) -> pa.Array:
        """The text of each number; empty where there is none."""
        if len(self.keys) == 0:
            return pa.array([""] * len(numbers), pa.string())
        found = np.minimum(np.searchsorted(self.keys, numbers), len(self.keys) - 1)
        return self.texts.take(pa.array(found, mask=self.keys[found] != numbers)).fill_null("")


def whole(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return column if isinstance(column, pa.Array) else column.combine_chunks()


def _distinct(numbers: Ints) -> Ints:
    """Each number once, ascending; several times as fast as numpy's unique where most are repeated."""
    return np.sort(pc.unique(pa.array(numbers)).to_numpy())


def codes_of(letter: str, tokens: Ints) -> pa.Array:
    """A letter and 16 hex digits for each token, all rows at once; empty for token 0, which is nobody and nowhere."""
    raw = np.ascontiguousarray(tokens, ">i8").view(np.uint8).reshape(-1, 8)
    text = np.empty((len(tokens), 17), np.uint8)
    text[:, 0] = ord(letter)
    text[:, 1::2] = _HEX[raw >> 4]
    text[:, 2::2] = _HEX[raw & 15]
    there = tokens != 0
    offsets = np.concatenate([[0], np.cumsum(np.where(there, 17, 0))]).astype(np.int32)
    return pa.StringArray.from_buffers(len(tokens), pa.py_buffer(offsets), pa.py_buffer(text[there]))


def words_of(vocabulary: type[IntEnum], numbers: Ints) -> pa.Array:
    """The words of a code list. Errors: ValueError for a number that the list does not have."""
    words: list[str | None] = [None] * (max(vocabulary) + 1)
    for member in vocabulary:
        words[member] = member.name
    known = np.array([w is not None for w in words])
    bad = (numbers < 0) | (numbers >= len(words))
    if bad.any() or not known[numbers].all():
        raise ValueError(f"a number that is no {vocabulary.__name__}")
    return pa.array(words, pa.string()).take(pa.array(numbers))


def bits_of(words: tuple[str, ...], numbers: Ints) -> pa.Array:
    """The words of the bits that are set, as lists. Errors: ValueError for a bit without a word."""
    if len(numbers) and (numbers.min() < 0 or numbers.max() >> len(words)):
        raise ValueError(f"a bit that is none of {', '.join(words)}")
    is_set = (numbers[:, None] >> np.arange(len(words))) & 1 == 1
    offsets = np.concatenate([[0], np.cumsum(is_set.sum(1))]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(words).take(pa.array(np.nonzero(is_set)[1])))


def instants_of(numbers: Ints) -> pa.Array:
    return pa.array(numbers, mask=(numbers == OPEN_MS) | (numbers == UNKNOWN_MS) | (numbers == BEGIN_MS))


def published_schema(view: str) -> pa.Schema:
    """The schema of a published table, with a word on every column."""
    fields = []
    for name, holds, about in VIEWS[view]:
        kind = pa.string() if name == "subject" else _TYPES.get(holds, pa.string())
        nullable = holds in _MAY_BE_NULL and name != "subject"
        fields.append(pa.field(name, kind, nullable, {"about": about}))
        if name in LABELLED.get(view, ()):
            fields.append(pa.field(f"{name}_label", pa.string(), False, {"about": LABEL_ABOUT}))
        if view in ADDRESSED and name == "record":
            fields.append(DEPARTMENT)
    return pa.schema(fields)


def records_in(raw_views: dict[str, pa.Table]) -> Ints:
    """Every record that the views name, once each."""
    found: list[Ints] = [np.zeros(0, np.int64)]
    for view, columns in VIEWS.items():
        table = raw_views[view]
        for name, holds, _ in columns:
            if holds == views.RECORD:
                found.append(table[name].to_numpy())
            elif holds == views.RECORDS:
                found.append(whole(table[name]).flatten().to_numpy())
    reviews = raw_views["reviews"]
    conflicts = np.isin(reviews["kind"].to_numpy().astype(str), RECORD_REVIEWS)
    return _distinct(np.concatenate([*found, reviews["subject"].to_numpy()[conflicts]]))


def records_in_events(events: pa.Table) -> Ints:
    """Every record that an event has as its subject, once each."""
    named = pc.and_(pc.starts_with(events["kind"], "review_"), pc.is_in(events["rule"], pa.array(RECORD_REVIEWS)))
    named = pc.or_(named, pc.starts_with(events["kind"], "finding_"))
    return _distinct(events.filter(named)["subject"].to_numpy())


def places_in(raw_views: dict[str, pa.Table]) -> Ints:
    """Every place whose label is shown, once each."""
    named = [raw_views[view][name].to_numpy() for view, names in LABELLED.items() for name in names]
    return _distinct(np.concatenate(named))


def subjects_of(kinds: pa.Array, subjects: Ints, records: Names) -> pa.Array:
    """Subjects of reviews as text: a person, a record, or else what a tube is, a place's code."""
    kind = np.asarray(kinds.to_numpy(zero_copy_only=False), dtype=object)
    text = np.asarray(codes_of("L", subjects).to_numpy(zero_copy_only=False), dtype=object)
    person, record = np.isin(kind, PERSON_REVIEWS), np.isin(kind, RECORD_REVIEWS)
    text[person] = codes_of("P", subjects[person]).to_numpy(zero_copy_only=False)
    text[record] = records.of(subjects[record]).to_numpy(zero_copy_only=False)
    return pa.array(text, pa.string())


def render(view: str, raw: pa.Table, records: Names, places: Names) -> pa.Table:
    """The published table of one raw view, rows in the same order."""
    arrays = []
    for name, holds, _ in VIEWS[view]:
        column = whole(raw[name])
        arrays.append(_render_column(name, holds, column, raw, records))
        if name in LABELLED.get(view, ()):
            arrays.append(places.of(column.to_numpy()))
        if view in ADDRESSED and name == "record":
            arrays.append(department_of(arrays[-1]))
    return pa.Table.from_arrays(arrays, schema=published_schema(view))


def department_of(records: pa.Array) -> pa.Array:
    """The department of each `source/record id`."""
    return pc.replace_substring_regex(records, r"[./].*", "")


def _render_column(name: str, holds: str, column: pa.Array, raw: pa.Table, records: Names) -> pa.Array:
    if name == "subject":
        return subjects_of(whole(raw["kind"]), column.to_numpy(), records)
    if holds in (views.PEOPLE, views.RECORDS, views.DAYS):
        values = column.flatten().to_numpy()
        lengths = column.value_lengths().to_numpy()
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
        inner = (
            pa.array(values.astype(np.int32)).cast(pa.date32())
            if holds == views.DAYS
            else (codes_of("P", values) if holds == views.PEOPLE else records.of(values))
        )
        return pa.ListArray.from_arrays(pa.array(offsets), inner)
    if holds in _LETTERS:
        return codes_of(_LETTERS[holds], column.to_numpy())
    if holds in _WORDS:
        return words_of(_WORDS[holds], column.to_numpy())
    if holds in _BITS:
        return bits_of(_BITS[holds], column.to_numpy())
    if holds in (views.ANGLE, views.NUMBER):
        numbers = column.to_numpy()
        return pa.array(numbers / _MICRO if holds == views.ANGLE else numbers, mask=numbers == UNKNOWN_MS)
    if holds == views.RECORD:
        return records.of(column.to_numpy())
    if holds == views.TIME:
        return instants_of(column.to_numpy())
    return column.cast(_TYPES.get(holds, pa.string()))
