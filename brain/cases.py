"""Cases: who is a case, and when their presences are infectious (rules.md section 4).

In: persons whose clinical facts changed. Out: their cases before and after.
Invariant: a case is a function of the person's standing facts and the packs; the report's time never moves a window.
Deliberately absent: places and contacts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from brain.clinical import Clinical, Dossier, first_stay
from brain.identity import Review
from brain.rules import Rules
from brain.runs import distinct, take
from schemas.codes import Classification, Discovery
from schemas.facts import Columns
from schemas.instants import OPEN_MS, UNKNOWN_MS, day_start, local_day
from schemas.keys import Ints


@dataclass(frozen=True)
class Case:
    """One row of the view `cases`; UNKNOWN_MS where a time is not known. `noted_ms`: when it shows, if undated;
    `known_ms`: when the first of the records had been made that say so; `known`: those records."""

    classification: int
    onset_ms: int
    first_positive_ms: int
    reported_ms: int
    isolated_ms: int
    anchor_ms: int
    since_ms: int
    until_ms: int
    rule: str
    pack: int
    records: tuple[int, ...]
    noted_ms: int
    known_ms: int
    known: tuple[int, ...]


def _least(values: Ints) -> int:
    known = values[values != UNKNOWN_MS]
    return int(known.min()) if len(known) else UNKNOWN_MS


class Cases:
    """Shape: `standing` by person token."""

    def __init__(self, rules: Rules, clinical: Clinical) -> None:
        self._rules = rules
        self._clinical = clinical
        self.standing: dict[int, Case] = {}
        self.reviews: dict[int, Review] = {}

    def step(self, persons: Ints, dossier: Dossier) -> dict[int, tuple[Case | None, Case | None]]:
        """Recomputes these persons from their facts. Out: (before, after) of those whose case changed."""
        found = self._judge(persons, dossier)
        changed: dict[int, tuple[Case | None, Case | None]] = {}
        for person in found.keys() | (self.standing.keys() & set(persons.tolist())):
            before, after = self.standing.pop(person, None), found.get(person)
            self.reviews.pop(person, None)
            if after is not None:
                self.standing[person] = after
                if after.anchor_ms == UNKNOWN_MS:
                    self.reviews[person] = ("case_without_dates", person, after.noted_ms, (person,))
            if before != after:
                changed[person] = before, after
        return changed

    def _judge(self, persons: Ints, dossier: Dossier) -> dict[int, Case]:
        reports = take(dossier.reports, dossier.reports["classification"] != Classification.excluded)
        proof = take(dossier.samples, (dossier.samples["single"] == 1) & (dossier.samples["positive"] == 1))
        sick = distinct(reports["of"], proof["of"])
        slices = [_slices(rows, sick) for rows in (reports, proof, dossier.samples, dossier.stays)]
        return {int(persons[of]): self._case(*mine) for of, *mine in zip(sick.tolist(), *slices, strict=True)}

    def _case(self, reports: Columns, proof: Columns, samples: Columns, stays: Columns) -> Case:
        said = [*reports["classification"].tolist(), *[int(Classification.positive)] * (len(proof["of"]) > 0)]
        onset, first_positive = _least(reports["onset_ms"]), _least(proof["sampled_ms"])
        anchor = min((t for t in (onset, first_positive) if t != UNKNOWN_MS), default=UNKNOWN_MS)
        noted = int(reports["event_ms"].min()) if len(reports["of"]) else UNKNOWN_MS
        basis = anchor if anchor != UNKNOWN_MS else noted
        number = int(self._rules.series.in_force(np.array([basis], np.int64))[0])
        since, until, rule, isolated = UNKNOWN_MS, UNKNOWN_MS, "none", _least(stays["since"])
        stays = {**stays, "of": np.zeros(len(stays["of"]), np.int64)}  # all are of this one person
        if anchor != UNKNOWN_MS:
            since, rule = self._opening(number, onset, first_positive, anchor, reports, samples)
            isolated = int(first_stay(stays, np.array([since], np.int64))[0])
            until = max(since, self._closing(number, anchor, isolated))
        _, results = self._clinical.positives(distinct(proof["tube"]))
        records = distinct(reports["rec"], proof["rec"], results["rec"], stays["rec"])
        told_ms = np.concatenate([reports["event_ms"], results["event_ms"]])
        known_ms = int(told_ms.min())
        known = distinct(np.concatenate([reports["rec"], results["rec"]])[told_ms == known_ms])
        return Case(
            max(said), onset, first_positive, _least(reports["reported_ms"]), isolated, anchor, since, until, rule,
            number, tuple(records.tolist()), noted, known_ms, tuple(known.tolist()),
        )  # fmt: skip

    def _opening(
        self, number: int, onset: int, first_positive: int, anchor: int, reports: Columns, samples: Columns
    ) -> tuple[int, str]:
        """(start of the window, rule that says so)."""
        window = self._rules.packs[number].window
        since = day_start(local_day(anchor) - window.lookback_days.value)
        rule = "CC-1-onset" if anchor == onset else "CC-1-sampling"
        screened = bool((reports["discovery"] == Discovery.screening).any())
        if window.last_negative_opens.value and screened and first_positive != UNKNOWN_MS:
            earlier = samples["sampled_ms"][(samples["negative"] == 1) & (samples["sampled_ms"] < first_positive)]
            if len(earlier):
                return int(earlier.max()), "CC-3"
        return since, rule

    def _closing(self, number: int, anchor: int, isolated: int) -> int:
        longest = self._rules.packs[number].window.days_after_anchor_max.value
        ends = [OPEN_MS]
        if isolated != UNKNOWN_MS:
            ends.append(isolated)
        if longest >= 0:
            ends.append(day_start(local_day(anchor) + longest + 1))
        return min(ends)


def _slices(rows: Columns, of: Ints) -> Iterator[Columns]:
    """The rows of each of these persons, by `of`."""
    rows = take(rows, np.argsort(rows["of"], kind="stable"))
    bounds = (np.searchsorted(rows["of"], of, side).tolist() for side in ("left", "right"))
    return (take(rows, slice(low, high)) for low, high in zip(*bounds, strict=True))
