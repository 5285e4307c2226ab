"""Intake: the fast and the strict decoder agree on every line, and neither chunks nor order show in the outcome.

In: made-up and mutated lines of every source, and a drill. Out: pass or fail.
Invariant: the strict path is the norm; the fast one may leave a line to it, never judge otherwise.
Deliberately absent: what the facts mean (each department's tests) and how fast it is (benchmarks).
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from pathlib import Path
from random import Random

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replay.scenes.drill import write_drill
from schemas.columns import Tokens, group
from schemas.decode import LINE_BYTES_MAX
from schemas.fast import BRACKETS_MAX, FastDecoder
from schemas.instants import UNKNOWN_MS, read_instant
from schemas.intake import Intake
from tests.mutations import ODD_TIMES, ODD_VALUES, joined, pairs_of
from tests.sources import KEY, SOURCES, lines, outcome, samples

FAST, STRICT = Intake(KEY), Intake(KEY, fast=False)
FAST.few_lines = 0  # so that the fast path has its say on few lines, too
seeds = st.integers(0, 2**32)
every_source = pytest.mark.parametrize("source", list(SOURCES))


def agree(source: str, sent: list[bytes]) -> None:
    """Both paths make the same of the lines, and account for every one."""
    fast, strict = outcome(FAST, source, sent), outcome(STRICT, source, sent)
    assert fast == strict
    assert fast["records"].total() + fast["rejects"].total() == len(sent)


@every_source
@given(seed=seeds, count=st.integers(1, 40))
@settings(max_examples=25, deadline=None)
def test_both_decoders_give_the_same_facts_for_valid_records(source: str, seed: int, count: int) -> None:
    agree(source, lines(source, Random(seed), count))


@every_source
@given(seed=seeds, count=st.integers(1, 40), spoilt=st.sampled_from([0.05, 0.3, 1.0]))
@settings(max_examples=40, deadline=None)
def test_both_decoders_give_the_same_verdict_on_spoilt_records(
    source: str, seed: int, count: int, spoilt: float
) -> None:
    agree(source, lines(source, Random(seed), count, spoilt))


@every_source
@given(seed=seeds, cuts=st.lists(st.integers(0, 30), max_size=4))
@settings(max_examples=10, deadline=None)
def test_where_chunks_are_cut_and_in_what_order_lines_come_changes_nothing(
    source: str, seed: int, cuts: list[int]
) -> None:
    rng = Random(seed)
    sent = lines(source, rng, 30, spoilt=0.1)
    order = rng.sample(range(30), 30)
    assert outcome(FAST, source, sent) == outcome(FAST, source, sent, cuts, order)


def _distinct_fields() -> list[tuple[str, str]]:
    """(source, field) of one field for each annotation that occurs."""
    met: dict[str, tuple[str, str]] = {}
    for source, model in SOURCES.items():
        for name, info in model.model_fields.items():
            met.setdefault(f"{info.annotation} {info.metadata} {info.is_required()}", (source, name))
    return list(met.values())


@pytest.mark.parametrize(("source", "name"), _distinct_fields())
def test_every_odd_value_in_every_kind_of_field_is_judged_alike(source: str, name: str) -> None:
    pairs = pairs_of(samples(source)[0])
    others = [(n, v) for n, v in pairs if orjson.loads(n) != name]
    for value in (*ODD_VALUES, *ODD_TIMES):
        agree(source, [joined([*others, (orjson.dumps(name), value)])])


def test_every_odd_value_in_an_unknown_field_is_judged_alike() -> None:
    line = samples("transport.tap")[0]
    for value in ODD_VALUES:
        agree("transport.tap", [line, joined([*pairs_of(line), (b'"remark"', value)]), line])


@every_source
def test_samples_take_the_fast_path_unless_the_model_adds_checks_of_its_own(source: str) -> None:
    decoder = FastDecoder(SOURCES[source], Tokens(KEY))
    upserts = [x for x in samples(source) if b'"upsert"' in x and not re.search(rb'_at":\d', x)]
    decoded = decoder.decode(upserts, Counter())
    assert decoder.fits == (source not in ("police.identity_link", "command.transfer_decision"))
    assert not isinstance(decoded, list)
    assert decoded[0].count == len(upserts)


def test_a_drill_gives_the_same_facts_and_places_by_both_paths(tmp_path: Path) -> None:
    write_drill(tmp_path / "records", seed=3, people=200)
    fast, strict = Intake(KEY), Intake(KEY, fast=False)
    places: dict[str, set[tuple[object, ...]]] = {"fast": set(), "strict": set()}
    for path in sorted((tmp_path / "records").iterdir()):
        source, sent = path.name[4:-7], path.read_bytes().splitlines()
        assert outcome(fast, source, sent, (1, 500, 501)) == outcome(strict, source, sent)
    assert fast.unknown_fields == strict.unknown_fields
    assert sum(fast.unknown_fields["transport.tap"].values()) > 0
    for name, intake in (("fast", Intake(KEY)), ("strict", Intake(KEY, fast=False))):
        for path in sorted((tmp_path / "records").iterdir()):
            sent = path.read_bytes().splitlines()
            batch, _ = intake.read(path.name[4:-7], sent, "part", np.arange(len(sent)))
            places[name].update(tuple(row.values()) for row in batch.places.to_pylist())
    assert places["fast"] == places["strict"]


def test_one_hostile_line_does_not_cost_its_neighbours_the_fast_path() -> None:
    good = [line for line in samples("transport.tap") if b'"upsert"' in line] * 100
    hostile = good[0][:-1] + b',"x":' + b"[" * 30_000 + b"]" * 30_000 + b"}"
    found = outcome(FAST, "transport.tap", [*good, hostile, *good])
    assert found["records"].total() == 2 * len(good)
    assert [reject[1] for reject in found["rejects"]] == ["not_json"]


@pytest.mark.parametrize(
    "value", [b'"1"', b"1.5", b"{}", b"[", b'"\\ud800"', b'"\xff"', b'1,"version":1', b'"\n"', b"NaN,"]
)
def test_the_line_that_is_in_the_way_is_named(value: bytes) -> None:
    sent = [line for line in samples("transport.tap") if b'"upsert"' in line] * 20
    sent[33] = sent[0].replace(b'"version":1', b'"version":' + value)
    assert FastDecoder(SOURCES["transport.tap"], Tokens(KEY)).decode(sent, Counter()) == [33]


def test_brackets_up_to_the_limit_stay_on_the_fast_path() -> None:
    line = samples("transport.tap")[0]
    decoder = FastDecoder(SOURCES["transport.tap"], Tokens(KEY))
    nested = [line[:-1] + b',"x":' + b"[" * n + b"]" * n + b"}" for n in (BRACKETS_MAX - 1, BRACKETS_MAX)]
    assert not isinstance(decoder.decode([line, nested[0]], Counter()), list)
    assert decoder.decode([line, nested[1]], Counter()) == [1]


def test_a_line_of_the_greatest_length_passes_and_a_longer_one_does_not() -> None:
    line = samples("transport.tap")[0]
    padded = [line[:-1] + b" " * (size - len(line)) + b"}" for size in (LINE_BYTES_MAX, LINE_BYTES_MAX + 1)]
    for sent, reasons in ((padded[0], []), (padded[1], ["line_too_long"])):
        agree("transport.tap", [sent])
        assert [reject[1] for reject in outcome(FAST, "transport.tap", [sent])["rejects"]] == reasons


def test_a_null_is_as_good_as_an_absent_field() -> None:
    for source, model in SOURCES.items():
        body = orjson.loads(samples(source)[0])
        for name, info in model.model_fields.items():
            if not info.is_required():
                bare = {k: v for k, v in body.items() if k != name}
                with_null, without = (outcome(FAST, source, [orjson.dumps(b)]) for b in (bare | {name: None}, bare))
                assert with_null == without, (source, name)
                assert with_null["records"].total() == 1


def test_the_name_of_an_unknown_field_is_counted_unless_it_could_hold_a_value() -> None:
    names = ["remark", "备注", "x_1.b-c", "10012345678", "卡9903100000731984", "x" * 41, "吉Z C7319", "", "a\nb"]
    sent = [orjson.dumps({**orjson.loads(samples("transport.tap")[0]), name: 1}) for name in names]
    for intake in (FAST, STRICT):
        counted = outcome(intake, "transport.tap", sent)["unknown"]
        assert counted == {"remark": 1, "备注": 1, "x_1.b-c": 1, "?": 6}


def test_a_source_that_nobody_publishes_is_a_programmers_error() -> None:
    with pytest.raises(KeyError):
        FAST.read("health.rumour", [b"{}"], "part", np.arange(1))


def test_no_lines_give_an_empty_batch() -> None:
    batch, rejects = FAST.read("transport.tap", [], "part", np.arange(0))
    assert batch.records.num_rows == 0
    assert not rejects


def test_a_record_id_that_holds_an_identifier_is_shown_as_a_pseudonym_alone_and_in_company() -> None:
    rng, line = Random(5), orjson.loads(samples("transport.tap")[0])
    held = [
        "SK-10012345678",
        "990103194903070010",
        "SK/34052419800101001X/2",
        "SK:9903100000731984",
        "990103194903070011",
    ]
    ids = [*held, "20220307072210", "2022030707221012345", "SK-1", "SK-0000010012345", "138123456789"]
    sent = [orjson.dumps({**line, "source_record_id": i}) for i in ids]
    batch, _ = FAST.read("transport.tap", sent, "part", np.arange(len(ids)))
    shown = batch.records.column("record_id").to_pylist()
    assert [name.startswith("#") for name in shown] == [name in held for name in ids]
    mixed = rng.sample(sent, len(sent))
    assert outcome(FAST, "transport.tap", mixed, (2,))["records"].total() == len(ids)
    alone = [
        FAST.read("transport.tap", [x], "part", np.arange(1))[0].records.column("record_id")[0].as_py() for x in sent
    ]
    assert alone == shown


@given(
    columns=st.integers(1, 20).flatmap(
        lambda n: st.lists(
            st.lists(st.integers(-1, 2) | st.integers(-(1 << 40), 1 << 40), min_size=n, max_size=n),
            min_size=1,
            max_size=5,
        )
    )
)
def test_grouping_rows_gives_one_group_for_each_distinct_row(columns: list[list[int]]) -> None:
    first, inverse = group(*(np.array(column, np.int64) for column in columns))
    rows = list(zip(*columns, strict=True))
    assert [rows[first[g]] for g in inverse] == rows
    assert len(first) == len(set(rows))
    assert all(rows.index(rows[at]) == at for at in first)


def test_a_record_says_the_same_whatever_order_its_fields_stand_in() -> None:
    for source in SOURCES:
        pairs = pairs_of(samples(source)[0])
        for turned in itertools.islice(itertools.permutations(pairs), 0, 200, 40):
            digest = [outcome(FAST, source, [joined(list(p))])["records"] for p in (pairs, turned)]
            assert digest[0] == digest[1]


def test_when_a_department_took_a_record_in_is_told_and_is_no_part_of_what_it_says() -> None:
    body = {"source_record_id": "R-1", "event_time": "2022-03-08T10:00:00", "version": 1, "operation": "upsert",
            "tube_code": "T1", "result": "negative", "reported_at": "2022-03-08T10:00:00", "n_ct": 31.5}  # fmt: skip
    copies = [body | {"ingest_time": at} for at in ("2022-03-08T10:05:00", "2022-03-08T10:04:00")] + [body]
    for intake in (FAST, STRICT):
        batch, rejects = intake.read("health.nat_result", [orjson.dumps(c) for c in copies * 20], "part", np.arange(60))
        assert not rejects
        assert len(set(batch.column("digest").tolist())) == 1
        took = [read_instant("2022-03-08T10:05:00"), read_instant("2022-03-08T10:04:00"), UNKNOWN_MS]
        assert set(batch.column("ingest_ms").tolist()) == set(took)
        assert set(batch.column("given").tolist()) == {0b010}, "lab_code, n_ct, orf_ct"
