"""The laws of the brain on transfers: order, duplicates, batches, restart, correction, and events that add up.

In: seeded worlds of whole ways (tests/transfer_worlds.py). Out: equality of whole views.
Invariant: every comparison is exact, over every row of every view; the failing seed is named.
Deliberately absent: the oracle (test_transfer_worlds.py), and histories about everything else (test_laws.py).
"""

from __future__ import annotations

import os
from collections import Counter
from random import Random
from typing import Any

import orjson
import pytest

from brain.stages import Brain
from schemas.policy import PackSeries
from schemas.transfers import Purpose, TransferFlag, TransferState
from streams.packs import load_series
from tests.histories import Line, batches, brain_view, differences
from tests.transfer_worlds import transfer_history

SEEDS = range(int(os.environ.get("LAW_SEEDS", "200")) // 20)
PACKS = [load_series(name) for name in ("cn", "cn-9", "cn-8-4d", "who-2021")]
ASKS = TransferFlag.without_ground | TransferFlag.impossible


def world(seed: int) -> tuple[Random, list[Line], PackSeries]:
    rng = Random(seed)
    return rng, transfer_history(rng), PACKS[seed % len(PACKS)]


def sizes(rng: Random, most: int) -> list[int]:
    return [rng.randrange(1, most) for _ in range(400)]


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_order_and_batches_ways_are_told_in_they_end_in_one_view(seed: int) -> None:
    rng, lines, packs = world(seed)
    view = brain_view(batches(lines), packs)
    assert not differences(view, brain_view(batches(lines, [1] * len(lines)), packs))
    for most in (5, 60):
        dealt = lines + rng.sample(lines, len(lines) // 5)
        rng.shuffle(dealt)
        assert not differences(view, brain_view(batches(dealt, sizes(rng, most)), packs))


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_known_of_ways_causes_no_events_and_a_correction_leaves_no_trace(seed: int) -> None:
    rng, lines, packs = world(seed)
    brain = Brain(packs)
    for part in batches(lines, sizes(rng, 9)):
        brain.step(part)
    for part in batches(rng.sample(lines, len(lines)), [7] * 5):
        assert brain.step(part).num_rows == 0
    last: dict[tuple[str, str], int] = {}
    said = [(source, line, orjson.loads(line)) for source, line in lines]
    for source, _, body in said:
        key = source, body["source_record_id"]
        last[key] = max(last.get(key, 0), body["version"])
    kept = [(s, line) for s, line, b in said if b["version"] == last[s, b["source_record_id"]]]
    assert not differences(brain.view(), brain_view(batches(kept), packs))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_brain_that_was_rebuilt_tells_of_ways_what_the_other_would_have_told(seed: int) -> None:
    rng, lines, packs = world(seed)
    parts = batches(lines, sizes(rng, 12))
    cut = rng.randrange(len(parts))
    whole, rebuilt = Brain(packs), Brain(packs)
    for part in parts[:cut]:
        whole.step(part)
    for part in sorted(parts[:cut], key=lambda p: p.records.num_rows):
        rebuilt.step(part)
    for part in parts[cut:]:
        one, other = (sorted(map(str, brain.step(part).to_pylist())) for brain in (whole, rebuilt))
        assert one == other
    assert not differences(whole.view(), rebuilt.view())


@pytest.mark.parametrize("seed", SEEDS)
def test_the_events_of_ways_and_escalations_add_up_to_what_stands_and_ask_where_a_human_must(seed: int) -> None:
    rng, lines, packs = world(seed)
    brain = Brain(packs)
    states: dict[tuple[int, int], tuple[int, int, int]] = {}
    told: Counter[tuple[Any, ...]] = Counter()
    for part in batches(lines, sizes(rng, 6)):
        before = {(r["person"], r["purpose"]): r["flags"] for r in brain.view()["transfers"].to_pylist()}
        events = brain.step(part).to_pylist()
        after = {(r["person"], r["purpose"]): r["flags"] for r in brain.view()["transfers"].to_pylist()}
        for event in events:
            way = event["subject"], event["source"]
            if event["kind"] == "transfer_changed":
                assert event["class_before"] == states.get(way, (0,))[0]
                assert event["rule"] == TransferState(event["class_after"]).name
                assert event["confirm"] == bool(after.get(way, 0) & ~before.get(way, 0) & ASKS)
                states[way] = event["class_after"], event["since_ms"], event["until_ms"]
            row = tuple(event[n] for n in ("subject", "rule", "degree", "source", "since_ms", "until_ms"))
            told[row] += {"escalation_raised": 1, "escalation_closed": -1}.get(event["kind"], 0)
    view = {name: table.to_pylist() for name, table in brain.view().items()}
    names = ("state", "needed_at_ms", "due_at_ms")
    rows = {(r["person"], r["purpose"]): tuple(r[n] for n in names) for r in view["transfers"]}
    assert {way: row for way, row in states.items() if row[0]} == {way: row for way, row in rows.items() if row[0]}
    stand = Counter(
        (r["person"], Purpose(r["purpose"]).name, r["level"], r["owner"], r["since_ms"], r["until_ms"])
        for r in view["escalations"]
    )
    assert +told == stand
    assert not -told, "an escalation was closed that was never raised"
