"""SocioPatterns InVS15: two weeks of face-to-face ticks in an office, with exact truth for the co-presence join.

In: the folder with `invs15_component_presence.csv.gz` and `invs15_truth_pairs.csv.gz`. Out: a survey leg for each
presence, a case report for each case, and `truth.csv` (pairs with their seconds together).
Invariant: the summed overlap of two people's legs equals `copresence_s` of their pair.
Deliberately absent: isolation, and any claim about rooms: the places are components of the contact graph.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

from replay.importers.cases import Case, write_case
from replay.importers.published import day_begins, read_table
from replay.importers.records import Records, person
from replay.importers.report import Report

PREFIX = "INVS15-"
FIRST_DAY = date(2015, 6, 8)
"""The set counts seconds from the midnight of a Monday that it does not name; this Monday stands for it. The two weeks'
ten working days then are local days of their own (08:00 to 20:00), none cut by a midnight."""
_PRESENCES, _TRUTH = "invs15_component_presence.csv.gz", "invs15_truth_pairs.csv.gz"


def import_invs15(source: Path, out: Path, *, cases: str | int = "all") -> Report:
    """The set as records. `cases`: `all`, or a number of persons, the first by their numbers; each is confirmed with
    onset on the first day and never isolated, so that the window covers both weeks. Errors: ValueError."""
    report = Report("invs15")
    report.notes.append(f"the first Monday stands for an unnamed one: {FIRST_DAY}")
    with Records(out, report) as records:
        people = _write_presences(records, source / _PRESENCES)
        chosen = people if cases == "all" else people[: _number(cases)]
        report.counts["persons"], report.counts["cases"] = len(people), len(chosen)
        onset = day_begins(FIRST_DAY)
        for number in chosen:
            name = f"{PREFIX}{number}"
            case = Case(name, onset, onset=onset, reported=onset)
            write_case(records, _PRESENCES, 0, f"INVS15:case:{number}", case)
        records.side_table("truth.csv", ("a", "b", "copresence_s", "contact_s"), _truth(report, source / _TRUTH))
    return report


def _number(cases: str | int) -> int:
    if not str(cases).isdigit():
        raise ValueError(f"cases: {cases!r}; expected `all` or a number of persons")
    return int(cases)


def _write_presences(records: Records, path: Path) -> list[int]:
    people: set[int] = set()
    for row in read_table(path):
        records.report.read[path.name] += 1
        since, until = _moment(row["from_s"]), _moment(row["to_s"])
        people.add(int(row["person"]))
        leg = {
            **person(f"{PREFIX}{row['person']}"),
            "place_kind": "room",
            "place_code": row["place"],
            "since_at": since,
            "until_at": until,
            "confidence": "certain",
        }
        records.add("health.survey_leg", path.name, row.number, f"INVS15:presence:{row.number}", since, leg)
    return sorted(people)


def _moment(seconds: str) -> datetime:
    return day_begins(FIRST_DAY) + timedelta(seconds=int(seconds))


def _truth(report: Report, path: Path) -> Iterator[tuple[object, ...]]:
    for row in read_table(path):
        report.read[path.name] += 1
        yield f"{PREFIX}{row['a']}", f"{PREFIX}{row['b']}", row["copresence_s"], row["contact_s"]
