"""Mutations: ten thousand spoilt lines over all sources, and not one is lost, crashes the intake or shows in a message.

In: the sample lines, spoilt by a seeded generator. Out: pass or fail.
Invariant: accepted + rejected = sent; a reject has reason and hint, and neither they nor its field hold a value sent.
Deliberately absent: which mutation is a record and which is not (tests/test_intake.py compares the decoders).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any

import numpy as np
import orjson
import pytest

from schemas.decode import Reject
from schemas.intake import Intake
from schemas.wire import Envelope
from tests.mutations import MARK, MUTATIONS, mutate
from tests.sources import KEY, SOURCES, samples, words_of

LINES = 10_000
BATCH = 25
SEEDS = (20220308, 20220622)
PUBLIC = {"2022-03-08", "2022-03-08T14:05:00", "2022-03-08T14:05:00+08:00"}
"""Values that stand in hints as examples."""


def spoilt_batches(seed: int) -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """(source, (mutation, line) of a batch), the sources in turn."""
    rng, names = Random(seed), list(SOURCES)
    for number in range(LINES // len(SEEDS) // BATCH):
        source = names[number % len(names)]
        yield source, [mutate(rng.choice(samples(source)), rng) for _ in range(BATCH)]


def texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from texts_in(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from texts_in(item)


def private_texts(source: str) -> set[str]:
    """Everything that the samples of a source say, but for the words of closed lists and the examples in hints."""
    model = SOURCES[source]
    words = {word for info in model.model_fields.values() for word in words_of(info.annotation)} | set(
        model.model_fields
    )
    said = {text for line in samples(source) for text in texts_in(orjson.loads(line))}
    return {text for text in said if len(text) >= 4} - words - PUBLIC


def check(reject: Reject, private: set[str]) -> None:
    assert re.fullmatch(r"[a-z_]+", reject.reason), reject.reason
    assert 5 < len(reject.hint) < 300, reject.hint
    assert re.fullmatch(r"[a-z_.0-9]{0,80}", reject.field), reject.field
    names = {*SOURCES[reject.source].model_fields, *Envelope.model_fields, ""}
    assert reject.field.split(".")[0] in names
    shown = f"{reject.reason}\n{reject.field}\n{reject.hint}"
    assert MARK not in shown.upper()
    assert MARK not in repr(reject).upper().replace(f"PART={reject.part.upper()!r}", "")
    assert not [text for text in private if text in shown]


@pytest.mark.parametrize("seed", SEEDS)
def test_every_spoilt_line_is_accepted_or_rejected_with_a_reason_and_a_hint(seed: int) -> None:
    print(f"seed {seed}")
    intake, seen, reasons = Intake(KEY), Counter[str](), Counter[str]()
    intake.few_lines = 0
    private = {source: private_texts(source) for source in SOURCES}
    for source, spoilt in spoilt_batches(seed):
        lines = [line for _, line in spoilt]
        batch, rejects = intake.read(source, lines, "part-0", np.arange(BATCH))
        offsets = sorted([*batch.column("offset").tolist(), *(reject.offset for reject in rejects)])
        assert offsets == list(range(BATCH)), (source, seed)
        for reject in rejects:
            assert reject.raw == lines[reject.offset]
            check(reject, private[source])
        seen.update(name for name, _ in spoilt)
        reasons.update(reject.reason for reject in rejects)
    assert set(seen) == set(MUTATIONS)
    assert len(reasons) >= 15, reasons


def test_a_mutation_is_the_same_for_the_same_seed() -> None:
    first, again = (list(spoilt_batches(7))[:20] for _ in range(2))
    assert first == again


@pytest.mark.parametrize("hostile", [b"[" * 60_000, b'{"a":' * 13_000, b'"' * 65_536, b"\\" * 65_536, b"\x00" * 65_536])
def test_lines_made_to_exhaust_a_reader_are_rejects(hostile: bytes) -> None:
    for fast in (True, False):
        batch, rejects = Intake(KEY, fast).read("transport.tap", [hostile] * 40, "part", np.arange(40))
        assert batch.records.num_rows == 0
        assert {reject.reason for reject in rejects} == {"not_json"}
