"""Conformance: what every record model owes the engine, as checks that a new department passes or fails as it is.

In: a source and its model. Out: an AssertionError that says what is missing and where to put it.
Invariant: nothing here names a department or a record.
Deliberately absent: whether `read` means the right thing (the department's own tests).
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import numpy as np
import orjson

from schemas.columns import Columns, Tokens
from schemas.decode import StrictDecoder, columns_of, fields_of
from schemas.facts import FACT_COLUMNS
from schemas.instants import BEGIN_MS, OPEN_MS, UNKNOWN_MS
from schemas.intake import Intake
from schemas.keys import IDENTIFIER_KINDS
from schemas.wire import Envelope, Record
from tests.sources import KEY, outcome, samples

CHINESE_NAME = re.compile(r"^[\u4e00-\u9fff]{2,}: \S")
NUMBERED = re.compile(r"(^|_)(id_no|card_no|phone|phones|plate|passport|code_token)$")
"""Names of fields that hold identifiers; a field of another name whose samples look like one is found by its value."""
_LOOKS_LIKE_ONE = re.compile(r"990103\d{11}[\dX]|100\d{8}|吉Z.?[A-Z]\d{4}")
VEHICLES = {"vehicle"}
"""A vehicle may be named by its plate; it becomes a place, which for such a vehicle has no label."""


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
    assert told >= set(model.model_fields), f"{source}: no sample gives {set(model.model_fields) - told}"
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
            if name in columns:
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
    phones = {name for name, info in model.model_fields.items() if "_read_phone" in repr(info) or name == "phones"}
    for name in model.model_fields:
        if NUMBERED.search(name):
            assert name in declared | phones, f"{source}: declare {name} in `identifiers`"
    for body in bodies(source):
        for name, value in body.items():
            if isinstance(value, str) and _LOOKS_LIKE_ONE.search(value):
                assert name in declared | phones | VEHICLES, f"{source}: {name} holds an identifier; declare it"


def declares_its_intervals(source: str, model: type[Record]) -> None:
    for since, until in model.intervals:
        holds = {field.name: field.holds for field in fields_of(model)}
        assert holds.get(since) == holds.get(until) == "instant", f"{source}: {since} and {until} must be times"
        turned = [body | {since: "2022-03-08T10:00:00", until: "2022-03-08T09:00:00"} for body in bodies(source)[:1]]
        rejects = outcome(Intake(KEY), source, [orjson.dumps(body) for body in turned])["rejects"]
        assert [reject[1:3] for reject in rejects] == [("interval_reversed", until)], source


def withdraws_by_its_envelope_alone(source: str, model: type[Record]) -> None:
    envelope = {"source_record_id": "A-1", "event_time": "2022-03-08T10:00:00", "version": 2, "operation": "withdraw"}
    assert set(envelope) == set(Envelope.model_fields) <= set(model.model_fields)
    spoilt: dict[str, Any] = {name: [] for name in model.model_fields if name not in envelope}
    for body in (envelope, envelope | spoilt):
        found = outcome(Intake(KEY), source, [orjson.dumps(body)])
        assert found["records"].total() == 1, f"{source}: a withdrawal must not need any other field"
        assert not found["facts"], f"{source}: a withdrawal tells nothing"


CHECKS = (
    says_what_it_is,
    has_telling_samples,
    reads_into_known_tables,
    reads_nothing_from_nothing,
    declares_its_identifiers,
    declares_its_intervals,
    withdraws_by_its_envelope_alone,
)
