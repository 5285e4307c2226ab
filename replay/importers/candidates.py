"""Candidates: who may have infected whom, as several columns of a set name them, with the window of exposure.

In: names by case, and windows. Out: rows of `candidates.csv`.
Invariant: a pair is kept once, with all that name it; a candidate who is no case of the set is kept and says so.
Deliberately absent: choosing among candidates; no engine reads them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date

from replay.importers.report import Report

COLUMNS = ("case", "candidate", "status", "exposed_since", "exposed_until", "named_by")
Window = tuple[date | None, date | None]


class Candidates:
    """Gathered row by row; `cases` first, since a candidate is resolved only if it is a case of the set."""

    def __init__(self, prefix: str) -> None:
        self.windows: dict[str, Window] = {}
        self._prefix = prefix
        self._origins: dict[str, tuple[str, int]] = {}
        self._named: dict[tuple[str, str], list[str]] = defaultdict(list)

    def case(self, case: str, window: Window, file: str, row: int) -> None:
        self.windows[case], self._origins[case] = window, (file, row)

    def name(self, case: str, candidate: str, by: str) -> None:
        if by not in self._named[case, candidate]:
            self._named[case, candidate].append(by)

    def named(self, case: str, by: str) -> set[str]:
        """The candidates of a case that one kind of column names."""
        return {candidate for (one, candidate), names in self._named.items() if one == case and by in names}

    def rows(self, report: Report) -> list[tuple[object, ...]]:
        """The rows of COLUMNS; oddities and figures go into the report."""
        found: list[tuple[object, ...]] = []
        resolved: Counter[str] = Counter()
        for (case, candidate), names in self._named.items():
            status = self._status(case, candidate)
            if status == "self":
                report.odd(*self._origins[case], "self_candidate", "the case is named as its own candidate")
            elif status == "unresolved":
                report.odd(*self._origins[case], "candidate_unresolved", "a candidate is no case of the set")
            else:
                resolved[case] += 1
            since, until = self.windows[case]
            ends = (f"{self._prefix}{case}", f"{self._prefix}{candidate}")
            found.append((*ends, status, since or "", until or "", " ".join(names)))
        report.counts["candidates"] = len(found)
        report.counts["cases_with_several_candidates"] = sum(count > 1 for count in resolved.values())
        return found

    def _status(self, case: str, candidate: str) -> str:
        if case == candidate:
            return "self"
        return "resolved" if candidate in self.windows else "unresolved"
