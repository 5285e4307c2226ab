"""Cases: who is a case, and when their presences are infectious (rules.md section 4).

In: persons whose clinical facts changed. Out: their cases before and after.
Invariant: a case is a function of the person's standing facts and the packs; the report's time never moves a window.
Deliberately absent: places and contacts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from brain.clinical import Clinical, first_stay
from brain.identity import Review
from brain.rules import Rules
from brain.runs import distinct, take
from schemas.codes import Classification, Discovery
from schemas.facts import Columns
from schemas.instants import DAY_MS, LOCAL_OFFSET_MS, OPEN_MS, UNKNOWN_MS
from schemas.keys import Ints


@dataclass(frozen=True)
class Case:
    """One row of the view `cases`; UNKNOWN_MS where a time is not known. `noted_ms`: when it shows, if undated."""

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

    def step(self, persons: Ints) -> dict[int, tuple[Case | None, Case | None]]:
        """Recomputes these persons. Out: (before, after) of those whose case changed."""
        found = self._judge(persons)
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

    def _judge(self, persons: Ints) -> dict[int, Case]:
        dossier = self._clinical.dossier(persons)
        reports = take(dossier.reports, dossier.reports["classification"] != Classification.excluded)
        proof = take(dossier.samples, (dossier.samples["single"] == 1) & (dossier.samples["positive"] == 1))
        found: dict[int, Case] = {}
        for of in distinct(reports["of"], proof["of"]).tolist():
            mine = [take(rows, rows["of"] == of) for rows in (reports, proof, dossier.samples, dossier.stays)]
            found[int(persons[of])] = self._case(*mine)
        return found

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
        results = self._clinical.positive_records(proof["tube"])
        records = distinct(reports["rec"], proof["rec"], results["rec"], stays["rec"])
        return Case(
            max(said), onset, first_positive, _least(reports["reported_ms"]), isolated, anchor, since, until, rule,
            number, tuple(records.tolist()), noted,
        )  # fmt: skip

    def _opening(
        self, number: int, onset: int, first_positive: int, anchor: int, reports: Columns, samples: Columns
    ) -> tuple[int, str]:
        """(start of the window, rule that says so)."""
        window = self._rules.packs[number].window
        since = _day_start(anchor, -window.lookback_days.value)
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
            ends.append(_day_start(anchor, longest + 1))
        return min(ends)


def _day_start(at_ms: int, days: int) -> int:
    """Start of the local day that lies so many days after an instant's."""
    return ((at_ms + LOCAL_OFFSET_MS) // DAY_MS + days) * DAY_MS - LOCAL_OFFSET_MS
