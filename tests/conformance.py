"""Conformance: what every record model owes the engine, as checks that a new department passes or fails as it is.

In: a source and its model. Out: an AssertionError that says what is missing and where to put it.
Invariant: nothing here names a department or a record.
Deliberately absent: whether `read` means the right thing (the department's own tests).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import orjson

from schemas.columns import Columns, Tokens
from schemas.decode import StrictDecoder, columns_of, fields_of
from schemas.departments import EXPECTED
from schemas.departments.forging import Forged, forge
from schemas.facts import FACT_COLUMNS
from schemas.instants import BEGIN_MS, DAY_MS, OPEN_MS, UNKNOWN_MS, read_instant
from schemas.intake import Intake
from schemas.keys import IDENTIFIER_KINDS
from schemas.wire import Envelope, Record
from tests.sources import KEY, SOURCES, outcome, samples

CHINESE_NAME = re.compile(r"^[\u4e00-\u9fff]{2,}: \S")
NUMBERED = re.compile(r"(^|_)(id_no|card_no|phone|phones|plate|passport|code_token)$")
"""Names of fields that hold identifiers; a field of another name whose samples look like one is found by its value."""
_LOOKS_LIKE_ONE = re.compile(r"990103\d{11}[\dX]|100\d{8}|吉Z.?[A-Z]\d{4}")
OPTIONAL = {name for name, info in Envelope.model_fields.items() if not info.is_required()}
"""What every record may carry and no department need show: when its own system took it in."""
VEHICLES = {"vehicle"}
"""A vehicle may be named by its plate; it becomes a place, which for such a vehicle has no label."""
SYNTHETIC = {
    "resident_id": re.compile(r"990103\d{11}[\dX]"),
    "passport": re.compile(r"ZF\d{7}"),
    "person_no": re.compile(r"HR:\d{7}"),
    "phone": re.compile(r"100\d{8}"),
    "code_token": re.compile("qr_[0-9a-f]{8}"),
    "transit_card": re.compile(r"9903\d{12}"),
    "plate": re.compile(r"吉Z[A-K]\d{4}"),
}
"""What made-up identifiers look like (schemas/departments/drafting.py)."""
REAL = re.compile(r"(?<!\d)(1[3-9]\d{9}|(?!990103)\d{17}[\dX])(?!\d)|[京津沪渝辽黑吉](?!Z)[A-Z][A-Z0-9]{5}")
FORGED, SEED, DAY = 2_000, 7319, "2022-03-12"
SIGMAS = 4.5
"""How far a share of FORGED records may lie from the expected one: 7 in a million draws are further away."""


def says_what_it_is(source: str, model: type[Record]) -> None:
    assert source == source.lower()
    assert source.endswith(f".{model.record}"), f"{source}: name it <department>.{model.record}"
    assert model.__doc__, f"{source}: a docstring is missing"
    assert CHINESE_NAME.match(model.__doc__), f"{source}: begin the docstring with the Chinese name and a colon"


def bodies(source: str) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in samples(source)]


def has_telling_samples(source: str, model: type[Record]) -> None:
    """Three or more; one withdrawn, one amended, none refused; every field of the model given at least once."""
    given = bodies(source)
    assert len(given) >= 3, f"{source}: write three samples or more"
    assert any(body["operation"] == "withdraw" for body in given), f"{source}: a withdrawn sample is missing"
    versions = Counter(body["source_record_id"] for body in given if body["operation"] == "upsert")
    assert max(versions.values()) > 1, f"{source}: a record that is amended by a later version is missing"
    for fast in (True, False):
        rejects = outcome(Intake(KEY, fast), source, samples(source))["rejects"]
        assert not rejects, f"{source}: samples are refused: {[reject[:4] for reject in rejects]}"
    told = {name for body in given for name, value in body.items() if value not in (None, [])}
    asked = set(model.model_fields) - OPTIONAL
    assert told >= asked, f"{source}: no sample gives {asked - told}"
    assert told <= set(model.model_fields), f"{source}: the model lacks {told - set(model.model_fields)}"


def reads_into_known_tables(source: str, model: type[Record]) -> None:
    """`read` gives fact tables with their columns, int64, of equal length, each row naming its record."""
    c = _strictly_read(source, model)
    for table, columns in model.read(c).items():
        assert table in FACT_COLUMNS, f"{source}: no fact table {table}"
        assert set(columns) == {"row", *FACT_COLUMNS[table]}, f"{source}: columns of {table}: {sorted(columns)}"
        assert {len(column) for column in columns.values()} == {len(columns["row"])}
        assert all(column.dtype == np.int64 for column in columns.values()), f"{source}: {table} is not all int64"
        assert ((columns["row"] >= 0) & (columns["row"] < c.count)).all()
        for name in ("ident", "place", "tube", "carried", "owner"):
            if name in columns and "0:" not in FACT_COLUMNS[table][name]:
                assert (columns[name] > 0).all(), f"{source}: {table}.{name} holds rows without a token"
        for name in columns:
            if name.endswith("_ms"):
                known = ~np.isin(columns[name], (BEGIN_MS, OPEN_MS, UNKNOWN_MS))
                assert (columns[name][known] % 1000 == 0).all(), f"{source}: {table}.{name} is not in milliseconds"


def reads_nothing_from_nothing(source: str, model: type[Record]) -> None:
    empty = columns_of([], fields_of(model), Tokens(KEY))
    assert all(len(column) == 0 for columns in model.read(empty).values() for column in columns.values()), source


def _strictly_read(source: str, model: type[Record]) -> Columns:
    decoder, unknown = StrictDecoder(model), Counter[str]()
    read = [decoder.decode(line, unknown) for line in samples(source)]
    told = [body for body in read if not isinstance(body, tuple) and body["operation"] == "upsert"]
    return columns_of(told, decoder.fields, Tokens(KEY))


def declares_its_identifiers(source: str, model: type[Record]) -> None:
    """Every field that holds an identifier is declared, or is a list of phones; so each becomes a token and no more."""
    declared = {value for _, value in model.identifiers}
    for kind, value in model.identifiers:
        assert value in model.model_fields, f"{source}: identifiers name {value}, which is no field"
        assert kind in model.model_fields or kind.removeprefix("=") in IDENTIFIER_KINDS, f"{source}: no kind {kind}"
    phones = phone_lists(model)
    for name in model.model_fields:
        if NUMBERED.search(name):
            assert name in declared | phones, f"{source}: declare {name} in `identifiers`"
    for body in bodies(source):
        for name, value in body.items():
            if isinstance(value, str) and _LOOKS_LIKE_ONE.search(value):
                assert name in declared | phones | VEHICLES, f"{source}: {name} holds an identifier; declare it"


def phone_lists(model: type[Record]) -> set[str]:
    """Fields that read phone numbers by themselves."""
    return {name for name, info in model.model_fields.items() if "_read_phone" in f"{info.annotation} {info.metadata}"}


def declares_its_intervals(source: str, model: type[Record]) -> None:
    for since, until in model.intervals:
        holds = {field.name: field.holds for field in fields_of(model)}
        assert holds.get(since) == holds.get(until) == "instant", f"{source}: {since} and {until} must be times"
        turned = [body | {since: "2022-03-08T10:00:00", until: "2022-03-08T09:00:00"} for body in bodies(source)[:1]]
        rejects = outcome(Intake(KEY), source, [orjson.dumps(body) for body in turned])["rejects"]
        assert [reject[1:3] for reject in rejects] == [("interval_reversed", until)], source


def withdraws_by_its_envelope_alone(source: str, model: type[Record]) -> None:
    envelope = {"source_record_id": "A-1", "event_time": "2022-03-08T10:00:00", "version": 2, "operation": "withdraw"}
    assert set(envelope) == set(Envelope.model_fields) - OPTIONAL <= set(model.model_fields)
    spoilt: dict[str, Any] = {name: [] for name in model.model_fields if name not in Envelope.model_fields}
    for body in (envelope, envelope | spoilt):
        found = outcome(Intake(KEY), source, [orjson.dumps(body)])
        assert found["records"].total() == 1, f"{source}: a withdrawal must not need any other field"
        assert not found["facts"], f"{source}: a withdrawal tells nothing"


def says_what_is_expected(source: str, model: type[Record]) -> None:
    """Volumes in both profiles, lateness, hours, and a share for every field that may be left out, and no other."""
    assert source in EXPECTED, f"{source}: EXPECTED lacks it: lateness_s, fill, per_day"
    expected = EXPECTED[source]
    optional = {name for name, info in model.model_fields.items() if not info.is_required()} - OPTIONAL
    assert set(expected.fill) == optional, f"{source}: fill differs in {sorted(set(expected.fill) ^ optional)}"
    assert all(0 < share <= 1 for share in expected.fill.values()), f"{source}: fill: shares above 0, at most 1"
    assert set(expected.per_day) == {"emergency", "routine"}, f"{source}: per_day: emergency and routine"
    assert min(expected.per_day.values()) >= 0
    assert any(expected.per_day.values()), f"{source}: per_day: some in one profile at least"
    assert 0 < expected.lateness_s[0] < expected.lateness_s[1], f"{source}: lateness_s: median, then 95th percentile"
    assert 0 <= expected.hours[0] < expected.hours[1] <= 24, f"{source}: hours: from, until, within a day"


@cache
def forged(source: str) -> list[Forged]:
    return forge(SOURCES[source], EXPECTED[source], np.random.default_rng(SEED), FORGED, read_instant(DAY))


def forges_records_that_are_taken_alike(source: str, _model: type[Record]) -> None:
    """Every made-up record passes both decoders, which make the same facts of it, in the tables that samples fill."""
    lines = [orjson.dumps(record.body) for record in forged(source)]
    fast, strict = (outcome(Intake(KEY, fast), source, lines) for fast in (True, False))
    assert not strict["rejects"], f"{source}: refused: {next(iter(strict['rejects']))[:4]}"
    assert fast == strict
    assert strict["records"].total() == FORGED == len({record.body["source_record_id"] for record in forged(source)})
    spoken = outcome(Intake(KEY), source, samples(source))["facts"]
    assert {fact[0] for fact in strict["facts"]} == {fact[0] for fact in spoken}, f"{source}: fills other fact tables"


def forges_with_the_gaps_it_states(source: str, _model: type[Record]) -> None:
    for name, share in EXPECTED[source].fill.items():
        told = sum(name in record.body for record in forged(source)) / FORGED
        assert near(told, share), f"{source}: {name} is given by {told:.3f}, expected {share}: can the draft give it?"


def forges_with_the_lateness_it_states(source: str, _model: type[Record]) -> None:
    expected, start = EXPECTED[source], read_instant(DAY)
    events = np.array([read_instant(record.body["event_time"]) for record in forged(source)])
    lateness = np.array([record.published_ms for record in forged(source)]) - events
    for share, bound in zip((0.5, 0.95), expected.lateness_s, strict=True):
        told = float((lateness <= bound * 1000).mean())
        assert near(told, share), f"{source}: {told:.3f} arrive within {bound} s, expected {share}"
    hours = (events - start) / (DAY_MS / 24)
    assert ((hours >= expected.hours[0]) & (hours < expected.hours[1])).all(), f"{source}: events outside its hours"


def near(told: float, share: float) -> bool:
    return abs(told - share) <= SIGMAS * (share * (1 - share) / FORGED) ** 0.5 + 1e-9


def forges_the_same_again_and_nobody_real(source: str, model: type[Record]) -> None:
    """The same generator gives the same records, and whom they name was never issued a number."""
    again = forge(model, EXPECTED[source], np.random.default_rng(SEED), FORGED, read_instant(DAY))
    assert again == forged(source)
    for record in again:
        for kind, value in named(model, record.body):
            assert SYNTHETIC[kind].fullmatch(value), f"{source}: a {kind} that is not from Hand.who, held or another"
        assert not REAL.search(orjson.dumps(record.body).decode()), f"{source}: a number that may be somebody's"


def named(model: type[Record], body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Kind and value of the identifiers in a record; a value without its kind names nobody."""
    for kind, value in model.identifiers:
        if value in body and (kind[0] == "=" or kind in body):
            yield (kind[1:] if kind[0] == "=" else body[kind]), body[value]
    for name in phone_lists(model):
        yield from (("phone", phone) for phone in body.get(name, []))


CHECKS = (
    says_what_it_is,
    has_telling_samples,
    reads_into_known_tables,
    reads_nothing_from_nothing,
    declares_its_identifiers,
    declares_its_intervals,
    withdraws_by_its_envelope_alone,
    says_what_is_expected,
    forges_records_that_are_taken_alike,
    forges_with_the_gaps_it_states,
    forges_with_the_lateness_it_states,
    forges_the_same_again_and_nobody_real,
)
