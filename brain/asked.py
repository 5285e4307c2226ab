"""Asked: leads, holds and findings as the raw columns of their views; each asks somebody to act.

In: what stands in the stages of that name. Out: columns by name, in no order.
Invariant: the rule and the pack stand in every row.
Deliberately absent: the order of rows (brain/view.py).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from brain.findings import Finding
from brain.holds import MEDICINE, Standing
from brain.rules import Rules
from schemas.facts import Columns
from schemas.keys import Ints

Raw = dict[str, Any]


def words_of(words: list[str], numbers: Ints) -> Any:
    """Dictionary-encoded text by number."""
    return np.array(words, dtype=object)[numbers] if len(words) else np.zeros(0, dtype=object)


def packs_of(rules: Rules, numbers: Ints) -> Any:
    """Names of packs by number."""
    return words_of([p.name for p in rules.packs], numbers)


def leads(rules: Rules, rows: Columns) -> Raw:
    """The view `leads`."""
    return {
        "case_person": rows["source"],
        "person": rows["person"],
        "cells": rows["cells"],
        "place": rows["place"],
        "together_ms": rows["together"],
        "case_stay_ms": rows["case_stay"],
        "stay_ms": rows["stay"],
        "first_together_at_ms": rows["first"],
        "last_together_at_ms": rows["last"],
        "rule": words_of([p.companion.rule for p in rules.packs], rows["pack"]),
        "pack": packs_of(rules, rows["pack"]),
        "case_record": rows["case_rec"],
        "person_record": rows["rec"],
    }


def holds(rules: Rules, standing: Standing) -> Raw:
    """The view `holds`."""
    people, reasons = zip(*standing, strict=True) if standing else [()] * 2
    since, sampled_from, numbers, records = zip(*standing.values(), strict=True) if standing else [()] * 4
    reason, packs = np.array(reasons, dtype=object), np.array(numbers, np.int64)
    bought = words_of([pack.medicine_hold.rule for pack in rules.packs], packs)
    return {
        "person": np.array(people, np.int64),
        "reason": reason,
        "since_ms": np.array(since, np.int64),
        "release": np.full(len(packs), "single_negative", dtype=object),
        "sampled_from_ms": np.array(sampled_from, np.int64),
        "rule": np.where(reason == MEDICINE, bought, words_of([pack.pool_hold.rule for pack in rules.packs], packs)),
        "pack": packs_of(rules, packs),
        "records": [list(recs) for recs in records],
    }


def findings(rules: Rules, standing: dict[int, list[Finding]]) -> Raw:
    """The view `findings`."""
    rows = [finding for findings in standing.values() for finding in findings]
    words = [dict(pack.findings.rules()) for pack in rules.packs]
    packs = np.array([f.pack for f in rows], np.int64)
    return {
        "record": np.array([f.record for f in rows], np.int64),
        "kind": np.array([f.kind for f in rows], dtype=object),
        "person": np.array([f.person for f in rows], np.int64),
        "since_ms": np.array([f.since_ms for f in rows], np.int64),
        "records": [list(f.records) for f in rows],
        "rule": np.array([words[f.pack][f.kind].rule for f in rows], dtype=object),
        "pack": packs_of(rules, packs),
    }
