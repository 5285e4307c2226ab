"""Keys: tokens depend on the key and the value alone, kinds rank within them, and hashes are the same everywhere.

In: identifiers, record ids and pinned values. Out: pass or fail.
Invariant: a pinned value never changes; every lake that exists rests on it.
Deliberately absent: the notations of identifiers (tests/test_identifiers.py).
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.keys import (
    ANCHOR_KINDS,
    IDENTIFIER_KINDS,
    PHONE_RANK,
    Key,
    mix,
    parse_code,
    place_code,
    pseudonym,
    rank,
    record_tokens,
)

KEY = Key("k-test", bytes(range(32)))
OTHER = Key("k-other", bytes(range(1, 33)))
PINNED = {
    "mix": [7070836379803831727, 1227844342346046657, 7266964230113668128, 47939714376772075],
    "mix of two": [492860026476015107, 6869238608960322537],
    "records": [4792849779756161151, 5953925659808752050, 2545359953716341],
    "identifiers": [
        555468749835590887,
        1894834603908427584,
        3328396118275848793,
        3732557342848013067,
        5647396483133690468,
        6484111782279979697,
        7092863991046680309,
    ],
    "places": [3168323097214175289, 6481457730482033953],
}
record_ids = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._:#/-]{0,79}\Z")


@given(st.lists(record_ids, min_size=1, max_size=12, unique=True))
def test_a_record_has_the_same_token_alone_and_beside_longer_ones(ids: list[str]) -> None:
    together = record_tokens("transport.tap", ids).tolist()
    assert together == [record_tokens("transport.tap", [i])[0] for i in ids]
    assert together == record_tokens("transport.tap", [*ids, "x" * 80])[:-1].tolist()
    assert len(set(together)) == len(ids)


def test_one_record_id_of_two_sources_is_two_records() -> None:
    assert record_tokens("health.nat_sample", ["1"])[0] != record_tokens("health.nat_result", ["1"])[0]
    assert len(record_tokens("health.nat_sample", [])) == 0


def test_the_least_token_of_a_person_is_of_the_most_lasting_kind() -> None:
    tokens = np.array([KEY.identifier(kind, "A1234567") for kind in IDENTIFIER_KINDS])
    assert tokens.tolist() == sorted(tokens.tolist())
    assert rank(tokens).tolist() == list(range(len(IDENTIFIER_KINDS)))
    assert IDENTIFIER_KINDS[:3] == ANCHOR_KINDS
    assert IDENTIFIER_KINDS[PHONE_RANK] == "phone"


@given(st.text(max_size=30), st.sampled_from(IDENTIFIER_KINDS))
def test_a_token_is_positive_and_depends_on_key_kind_and_value(value: str, kind: str) -> None:
    token = KEY.identifier(kind, value)
    assert 0 <= token < 1 << 63
    assert token == Key("k-test", bytes(range(32))).identifier(kind, value)
    assert token != OTHER.identifier(kind, value)
    assert token != KEY.identifier(kind, value + "0")


def test_places_of_different_kinds_never_meet() -> None:
    assert KEY.place("room", "A") != KEY.place("hotel", "A")
    assert KEY.place("room", "A") != OTHER.place("room", "A")
    assert KEY.derive("seal") != KEY.derive("other")


def test_pinned_values_stay() -> None:
    assert mix([0, 1, -1, 1 << 62]).tolist() == PINNED["mix"]
    assert mix([1, 2], [3, 4]).tolist() == PINNED["mix of two"]
    assert record_tokens("transport.tap", ["SK-0000001", "a", "x" * 80]).tolist() == PINNED["records"]
    assert [KEY.identifier(k, "990103194903070010") for k in IDENTIFIER_KINDS] == PINNED["identifiers"]
    assert [KEY.place("room", "OF-012"), KEY.place("tube", "HJ-60001")] == PINNED["places"]


@given(st.lists(st.tuples(st.integers(-(1 << 63), (1 << 63) - 1), st.integers(0, 9)), min_size=1, max_size=8))
def test_a_hash_depends_on_its_row_alone_and_on_the_order_of_columns(rows: list[tuple[int, int]]) -> None:
    one, other = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    hashes = mix(one, other)
    assert (hashes >= 0).all()
    assert hashes.tolist() == [mix([a], [b])[0] for a, b in rows]
    assert all(mix([a], [b])[0] != mix([b], [a])[0] for a, b in rows if a != b)


@given(st.integers(0, (1 << 63) - 1))
def test_a_code_leads_back_to_its_token_and_to_no_other_kind(token: int) -> None:
    assert parse_code(pseudonym(token), "P") == token
    assert parse_code(place_code(token), "L") == token
    with pytest.raises(ValueError, match="not a code of the form L"):
        parse_code(pseudonym(token), "L")


def test_a_key_file_is_read_as_written_and_its_faults_are_named_without_the_secret() -> None:
    key = Key.create()
    assert Key.from_json(key.to_json()) == key
    assert key.secret.hex() not in repr(key)
    assert Key.create().secret != key.secret
    secret = "ab" * 16
    for text in ("", "{}", "[]", f'{{"key_id":"k","secret":"{secret}"}}', f'{{"key_id":"k","secret":"{secret}zz"}}'):
        with pytest.raises(ValueError, match="key") as caught:
            Key.from_json(text)
        assert secret not in str(caught.value)
