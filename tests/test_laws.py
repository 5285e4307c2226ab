"""The laws of the brain (docs/rules.md, ARCHITECTURE.md): order, duplicates, batching, restart, correction, oracle.

In: random histories, shrunk by Hypothesis or drawn by printed seeds. Out: equality of whole views.
Invariant: every comparison is exact, over every row of every view.
Deliberately absent: expectations of single rules; those are in test_oracle.py and test_brain.py.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brain.refill import spread
from brain.stages import Brain
from replay.oracle import answer
from replay.scenes.drill import write_drill
from schemas.codes import PersonClass
from schemas.facts import FactBatch
from schemas.policy import Pack, PackSeries
from schemas.transfers import Purpose
from schemas.views import VIEWS
from sinks.digest import digest
from sinks.parts import marks, stamped, to_tables
from streams.packs import load_pack, load_series
from tests.histories import Line, batches, brain_view, differences, history, joined
from tests.sources import samples


def _together_in_the_lookback(pack: Pack) -> Pack:
    """No pack of ours counts time together outside the infectious window; the laws hold for one that does."""
    anywhere = pack.companion.together_in.model_copy(update={"value": "lookback"})
    return pack.model_copy(update={"companion": pack.companion.model_copy(update={"together_in": anywhere})})


PACKS = {name: load_series(name) for name in ("cn", "cn-9", "who-2021", "cn-8-4d")}
PACKS["cn-8-lookback"] = PackSeries([_together_in_the_lookback(load_pack("cn-8"))])
SEEDS = int(os.environ.get("LAW_SEEDS", "200"))
lawful = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
randoms = st.randoms(use_true_random=False)


def _packs(rng: Random) -> PackSeries:
    return PACKS[sorted(PACKS)[rng.randrange(len(PACKS))]]


def _same(one: dict[str, pa.Table], other: dict[str, pa.Table]) -> None:
    found = differences(one, other)
    assert not found, "\n".join(found)


@lawful
@given(randoms)
def test_any_arrival_order_gives_the_same_view(rng: Random) -> None:
    lines, packs = history(rng, 30), _packs(rng)
    view = brain_view(batches(lines), packs)
    rng.shuffle(lines)
    _same(view, brain_view(batches(lines, [rng.randrange(1, 30) for _ in range(20)]), packs))


@lawful
@given(randoms)
def test_a_record_seen_again_changes_nothing(rng: Random) -> None:
    lines, packs = history(rng, 30), _packs(rng)
    again = [lines[rng.randrange(len(lines))] for _ in range(len(lines))]
    brain = Brain(packs)
    for part in batches(lines):
        brain.step(part)
    before = brain.view()
    for part in batches(again, [5] * 5):
        events = brain.step(part)
        assert events.num_rows == 0, "a record that was known caused events"
    _same(before, brain.view())


@lawful
@given(randoms)
def test_one_record_at_a_time_or_all_at_once_gives_the_same_view(rng: Random) -> None:
    lines, packs = history(rng, 25), _packs(rng)
    _same(brain_view(batches(lines), packs), brain_view(batches(lines, [1] * len(lines)), packs))


@lawful
@given(randoms)
def test_a_brain_rebuilt_from_its_facts_goes_on_as_if_nothing_had_happened(rng: Random) -> None:
    lines, packs = history(rng, 30), _packs(rng)
    parts = batches(lines, [rng.randrange(1, 15) for _ in range(30)])
    cut = rng.randrange(len(parts))
    whole, rebuilt = Brain(packs), Brain(packs)
    events: dict[str, list[pa.Table]] = {"whole": [], "rebuilt": []}
    for part in parts[:cut]:
        whole.step(part)
    kept = [to_tables([part]) for part in sorted(parts[:cut], key=lambda p: p.records.num_rows)]
    rebuilt.restore((spread(marks(part)) for part in kept), map(stamped, kept))
    for part in parts[cut:]:
        events["whole"].append(whole.step(part))
        events["rebuilt"].append(rebuilt.step(part))
    _same(whole.view(), rebuilt.view())
    for one, other in zip(*events.values(), strict=True):
        assert sorted(map(str, one.to_pylist())) == sorted(map(str, other.to_pylist()))


def test_a_brain_rebuilt_from_samples_alone_still_asks_about_a_tube_of_two_people() -> None:
    """Nothing else is known yet, no report and no stay, that would wake the clinical facts."""
    first = orjson.loads(samples("health.nat_sample")[2])
    assert first["pool_size"] == 1
    second = first | {"source_record_id": "CY-9000001", "id_no": "99010319750101006x"}
    [part] = batches([("health.nat_sample", orjson.dumps(body)) for body in (first, second)])
    whole, rebuilt = Brain(load_series("cn")), Brain(load_series("cn"))
    whole.step(part)
    rebuilt.restore([spread(marks(to_tables([part])))], [stamped(to_tables([part]))])
    assert [review[0] for review in whole.reviews()] == ["tube_conflict"]
    _same(whole.view(), rebuilt.view())


def _last_versions(lines: list[Line]) -> list[Line]:
    """Only the lines with the greatest version of their record."""
    top: dict[tuple[str, str], int] = {}
    for source, line in lines:
        body = orjson.loads(line)
        key = source, body["source_record_id"]
        top[key] = max(top.get(key, 0), body["version"])
    return [(s, x) for s, x in lines if top[s, orjson.loads(x)["source_record_id"]] == orjson.loads(x)["version"]]


@lawful
@given(randoms)
def test_a_correction_gives_the_view_that_would_stand_had_only_the_last_version_been_sent(rng: Random) -> None:
    lines, packs = history(rng, 30), _packs(rng)
    corrected = brain_view(batches(lines, [rng.randrange(1, 10) for _ in range(30)]), packs)
    _same(brain_view(batches(_last_versions(lines)), packs), corrected)


_FOLDED = ("contacts", "cases", "reviews", "leads", "holds", "findings", "transfers", "escalations")


def _told(event: dict[str, Any]) -> tuple[Any, ...]:
    """Whom an escalation is about and who is told of it, as its events name it."""
    return tuple(event[name] for name in ("subject", "rule", "degree", "source", "since_ms", "until_ms"))


def _fold(brain: Brain, parts: list[FactBatch]) -> tuple[dict[int, int], dict[str, set[Any]]]:
    """What all events of these batches add up to: classes, and who stands in which view."""
    classes: dict[int, int] = {}
    stands: dict[str, set[Any]] = {view: set() for view in _FOLDED}
    contacts, cases, reviews, leads, holds, findings, transfers, escalations = stands.values()
    states: dict[tuple[int, int], int] = {}
    changes: dict[str, Callable[[dict[str, int]], object]] = {
        "person_raised": lambda e: classes.update({e["subject"]: e["class_after"]}),
        "person_lowered": lambda e: classes.update({e["subject"]: e["class_after"]}),
        "contact_found": lambda e: contacts.add((e["source"], e["subject"])),
        "contact_changed": lambda e: contacts.add((e["source"], e["subject"])),
        "contact_retracted": lambda e: contacts.discard((e["source"], e["subject"])),
        "case_opened": lambda e: cases.add(e["subject"]),
        "case_changed": lambda e: cases.add(e["subject"]),
        "case_retracted": lambda e: cases.discard(e["subject"]),
        "review_opened": lambda e: reviews.add((str(e["rule"]), e["subject"], e["since_ms"])),
        "review_closed": lambda e: reviews.discard((str(e["rule"]), e["subject"], e["since_ms"])),
        "lead_opened": lambda e: leads.add((e["source"], e["subject"])),
        "lead_closed": lambda e: leads.discard((e["source"], e["subject"])),
        "hold_opened": lambda e: holds.add((e["subject"], str(e["rule"]))),
        "finding_opened": lambda e: findings.add((e["subject"], e["source"], str(e["rule"]))),
        "finding_closed": lambda e: findings.discard((e["subject"], e["source"], str(e["rule"]))),
        "transfer_changed": lambda e: states.update({(e["subject"], e["source"]): e["class_after"]}),
        "escalation_raised": lambda e: escalations.add(_told(e)),
        "escalation_closed": lambda e: escalations.discard(_told(e)),
        "hold_released": lambda e: holds.discard((e["subject"], str(e["rule"]).split("/")[0])),
    }
    for part in parts:
        events = brain.step(part).to_pylist()
        for event in sorted(events, key=lambda e: e["kind"].endswith(("found", "changed", "opened", "raised"))):
            changes[event["kind"]](event)
    transfers |= {(*way, state) for way, state in states.items() if state}
    return {p: c for p, c in classes.items() if c}, stands


@lawful
@given(randoms)
def test_all_events_together_add_up_to_the_view(rng: Random) -> None:
    lines, packs = history(rng, 30), _packs(rng)
    brain = Brain(packs)
    classes, stands = _fold(brain, batches(lines, [rng.randrange(1, 10) for _ in range(30)]))
    view = {name: table.to_pylist() for name, table in brain.view().items()}
    assert classes == {r["person"]: r["class"] for r in view["persons"]}
    assert stands == {
        "contacts": {(r["source_person"], r["contact_person"]) for r in view["contacts"]},
        "cases": {r["case_person"] for r in view["cases"]},
        "reviews": {(r["kind"], r["subject"], r["at_ms"]) for r in view["reviews"]},
        "leads": {(r["case_person"], r["person"]) for r in view["leads"]},
        "holds": {(r["person"], r["reason"]) for r in view["holds"]},
        "findings": {(r["record"], r["person"], r["kind"]) for r in view["findings"]},
        "transfers": {(r["person"], r["purpose"], r["state"]) for r in view["transfers"] if r["state"]},
        "escalations": {
            (r["person"], Purpose(r["purpose"]).name, r["level"], r["owner"], r["since_ms"], r["until_ms"])
            for r in view["escalations"]
        },
    }


def test_random_histories_have_rows_of_every_view() -> None:
    """Or the laws would be kept by never being tried."""
    found = dict.fromkeys(VIEWS, 0)
    for seed in range(60):
        rng = Random(seed)
        for name, table in brain_view(batches(history(rng, 100)), PACKS["cn"]).items():
            found[name] += bool(table.num_rows)
    assert min(found.values()) >= 5, found


@lawful
@given(randoms)
def test_whoever_is_lowered_while_isolated_is_put_before_a_human(rng: Random) -> None:
    lines, packs = history(rng, 30), _packs(rng)
    brain = Brain(packs)
    for part in batches(lines, [3] * 20):
        for event in brain.step(part).to_pylist():
            if event["kind"] == "person_lowered":
                assert event["class_before"] > event["class_after"] >= PersonClass.none
            elif event["kind"] != "transfer_changed":  # a way that cannot have been so asks a human too
                assert not event["confirm"]


def test_fifty_permutations_doublings_and_cuts_of_a_drill_have_one_digest(tmp_path: Path) -> None:
    write_drill(tmp_path / "drill", people=300)
    parts = sorted((tmp_path / "drill").iterdir())
    lines = [(part.name[4:-7], line) for part in parts for line in part.read_bytes().splitlines()]
    found: dict[str, int] = {}
    for seed in range(50):
        rng = Random(seed)
        dealt = lines + rng.sample(lines, len(lines) // 10)
        rng.shuffle(dealt)
        cuts = [rng.randrange(1, len(dealt)) for _ in range(rng.randrange(4))]
        found[digest(brain_view(batches(dealt, cuts, fast=True, strict=False), PACKS["cn"]))] = seed
    assert len(found) == 1, f"seeds with different digests: {sorted(found.values())}"


@pytest.mark.parametrize("first", range(0, SEEDS, 20))
def test_the_oracle_gives_the_same_answer(first: int) -> None:
    """On LAW_SEEDS seeded histories (200 by default); the failing seed is named."""
    for seed in range(first, min(first + 20, SEEDS)):
        rng = Random(seed)
        packs = _packs(rng)
        lines = history(rng, rng.choice([15, 40, 100]))
        parts = batches(lines, [rng.randrange(1, 40) for _ in range(rng.choice([0, 0, 12]))])
        found = differences(brain_view(parts, packs), answer(*joined(parts), packs, threads=1))
        assert not found, f"seed {seed}:\n" + "\n".join(found)
