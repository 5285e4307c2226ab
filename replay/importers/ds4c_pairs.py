"""DS4C's published pairs: who is said to have infected whom, and how far the declared routes could show it.

In: patients and their visits. Out: one row for each `infected_by`, and a word in the report on each that is odd.
Invariant: a pair is named by what the set says; whether it can be right is a status beside it, never a correction.
Deliberately absent: any use by the engine; pairs serve scoring alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from replay.importers.report import Report

PAIR_COLUMNS = ("infectee", "infector", "status", "resolved_by", "routes", "shared_place_days", "shared_by_kind")
"""`status`: resolved, self, inverted (the infector was confirmed after the infectee) or unresolved. `resolved_by`:
patient_id, or global_num for a reference such as `#11243`. `routes`: on how many sides there are visits.
`shared_place_days`: days on which both were at one pair of coordinates; `shared_by_kind`: and at one kind of place."""
Visits = dict[str, set[tuple[str, ...]]]


@dataclass(frozen=True)
class Patient:
    """What pairs and records need of a row of PatientInfo."""

    row: int
    id: str
    global_num: str
    infected_by: str
    onset: date | None
    confirmed: date | None
    released: date | None


def published_pairs(report: Report, file: str, patients: list[Patient], visits: Visits) -> Iterator[tuple[object, ...]]:
    """The rows of PAIR_COLUMNS, in the order of the file; the figures go into the report's counts."""
    by_id = {patient.id: patient for patient in patients}
    by_number: dict[str, list[Patient]] = defaultdict(list)
    for patient in patients:
        by_number[patient.global_num].append(patient)
    counts: Counter[str] = Counter()
    for patient in patients:
        if not patient.infected_by:
            continue
        infector, resolved_by = _resolve(patient.infected_by, by_id, by_number)
        status = _status(patient, infector)
        _note(report, file, patient, status, resolved_by)
        routes, places, kinds = _shared(visits, patient, infector)
        counts.update(("pairs", f"pairs_{status}"))
        if resolved_by:
            counts.update([f"pairs_by_{resolved_by}"])
        if resolved_by == "patient_id":
            counts["pairs_with_routes_on_both_sides"] += routes == 2
            counts["pairs_that_share_place_and_date"] += routes == 2 and places > 0
            counts["pairs_that_share_kind_of_place_and_date"] += routes == 2 and kinds > 0
        yield patient.id, infector.id if infector else "", status, resolved_by, routes, places, kinds
    report.counts.update(counts)


def _resolve(
    reference: str, by_id: dict[str, Patient], by_number: dict[str, list[Patient]]
) -> tuple[Patient | None, str]:
    """The patient that a reference names, and by what; a global number that several patients have names nobody."""
    if reference in by_id:
        return by_id[reference], "patient_id"
    found = by_number.get(reference.removeprefix("#"), []) if reference.startswith("#") else []
    return (found[0], "global_num") if len(found) == 1 else (None, "")


def _status(patient: Patient, infector: Patient | None) -> str:
    if infector is None:
        return "unresolved"
    if infector.id == patient.id:
        return "self"
    if patient.confirmed is not None and infector.confirmed is not None and infector.confirmed > patient.confirmed:
        return "inverted"
    return "resolved"


def _note(report: Report, file: str, patient: Patient, status: str, resolved_by: str) -> None:
    if resolved_by == "global_num":
        report.odd(
            file, patient.row, "infector_by_global_num", "infected_by is a global_num behind #; it was resolved by it"
        )
    if status == "unresolved":
        report.left_out(file, patient.row, "infector_unresolved", "infected_by names no patient of the set")
    elif status == "self":
        report.odd(file, patient.row, "self_infection", "the patient is said to have infected themself")
    elif status == "inverted":
        report.odd(file, patient.row, "infector_confirmed_later", "the infector was confirmed after the infectee")


def _shared(visits: Visits, patient: Patient, infector: Patient | None) -> tuple[int, int, int]:
    """(sides with visits, days at one place, days at one place of one kind)."""
    mine = visits.get(patient.id, set())
    other = visits.get(infector.id, set()) if infector is not None else set()
    places = {visit[:3] for visit in mine} & {visit[:3] for visit in other}
    kinds = {visit for visit in mine & other if visit[3]}
    return (mine != set()) + (other != set()), len({v[0] for v in places}), len({v[0] for v in kinds})
