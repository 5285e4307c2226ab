"""DS4C, Korea 2020: patients, their dated visits, and who infected whom, strictly read.

In: the folder with `PatientInfo.csv` and `PatientRoute.csv`. Out: the records of each case, a vague survey leg for each
visit, and `truth.csv`, the published pairs, which no engine reads.
Invariant: an exact duplicate of a visit has the record id of the first one, so that it has no effect.
Deliberately absent: sex, age, residence, how somebody was infected; Case.csv and Region.csv, which name nobody.

A date is the whole local day: a visit lasts from 00:00 to 24:00 and is vague, at a place that is its coordinates as
given; places of different kinds never meet. There is no sampling: the day of confirmation stands for it (option
`confirmed_as_sampled`; without it, a case without onset has no window). Nor is there a day of isolation: patients were
taken in when confirmed, so isolation begins when that day is over, and the visits of that day count. It ends when the
day of release begins; `state` says nothing more. A province (`administrative_area_level_1`) is no place to meet in.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from replay.importers.cases import Case, write_case
from replay.importers.ds4c_pairs import PAIR_COLUMNS, Patient, published_pairs
from replay.importers.published import Published, Row, day_begins, day_ends, read_day, read_table
from replay.importers.records import Records, person
from replay.importers.report import Report

PREFIX = "DS4C-"
PATIENTS, ROUTES = "PatientInfo.csv", "PatientRoute.csv"
LAST_DAY = date(2020, 6, 30)
"""The last day of the set stands for the time of a report that has no date at all."""
KINDS = {
    **dict.fromkeys(("restaurant", "cafe"), "restaurant"),
    **dict.fromkeys(("bar", "karaoke", "pc_cafe", "gym"), "entertainment"),
    **dict.fromkeys(("school", "academy"), "room"),
    "lodging": "hotel",
    **dict.fromkeys(
        (
            "hospital", "pharmacy", "store", "bakery", "bank", "post_office", "beauty_salon", "real_estate_agency",
            "gas_station", "church", "university", "park", "airport", "public_transportation", "etc",
        ),
        "venue",
    ),
}  # fmt: skip
"""Kinds of place by type. Stations, stops and airports are venues: the set names no vehicle."""
_NO_PLACE = "administrative_area_level_1"
_DATES = ("symptom_onset_date", "confirmed_date", "released_date", "deceased_date")


def import_ds4c(source: Path, out: Path, *, confirmed_as_sampled: bool = True) -> Report:
    """The set as records. Errors: ValueError when a file is not there."""
    report = Report("ds4c")
    if confirmed_as_sampled:
        report.notes.append("the day of confirmation stands for the day of sampling: the set has none")
    with Records(out, report) as records:
        patients = [_patient(report, row) for row in _read(report, source / PATIENTS)]
        for patient in patients:
            _write_patient(records, patient, confirmed_as_sampled)
        _note_shared_numbers(report, patients)
        visits = _write_visits(records, _read(report, source / ROUTES), {p.id: p for p in patients})
        pairs = published_pairs(report, PATIENTS, patients, visits)
        numbered = ((f"{PREFIX}{p[0]}", f"{PREFIX}{p[1]}" if p[1] else "", *p[2:]) for p in pairs)
        records.side_table("truth.csv", PAIR_COLUMNS, numbered)
    return report


def _read(report: Report, path: Path) -> Published:
    table = read_table(path)
    report.read[path.name] += len(table.rows)
    return table


def _patient(report: Report, row: Row) -> Patient:
    for column in _DATES:
        if row[column] and read_day(row[column]) is None:
            report.left_out(PATIENTS, row.number, "date_form", f"{column} is no date; expected 2020-03-05")
        elif not row[column] and row.cells.get(column):
            report.odd(PATIENTS, row.number, "blank", f"{column} holds only spaces; read as empty")
    onset, confirmed, released, _ = (read_day(row[column]) for column in _DATES)
    patient = Patient(row.number, row["patient_id"], row["global_num"], row["infected_by"], onset, confirmed, released)
    if confirmed is None:
        report.odd(
            PATIENTS, row.number, "not_confirmed", "no day of confirmation: neither sampling nor isolation is known"
        )
        if onset is None:
            why = "no date at all: the report stands on the last day of the set, and the case has no window"
            report.assumed(PATIENTS, row.number, "undated", why)
    elif onset is not None and onset > confirmed:
        report.odd(
            PATIENTS, row.number, "onset_after_confirmation", "symptoms began after the confirmation; both stand"
        )
    return patient


def _write_patient(records: Records, patient: Patient, confirmed_as_sampled: bool) -> None:
    report, confirmed = records.report, patient.confirmed
    discharged = None if patient.released is None else day_begins(patient.released)
    if discharged is not None and (confirmed is None or discharged <= day_ends(confirmed)):
        report.left_out(
            PATIENTS, patient.row, "release_too_early", "released before isolation could begin; it stays open"
        )
        discharged = None
    case = Case(
        f"{PREFIX}{patient.id}",
        day_begins(confirmed or patient.onset or LAST_DAY),
        onset=None if patient.onset is None else day_begins(patient.onset),
        reported=None if confirmed is None else day_begins(confirmed),
        positive=day_begins(confirmed) if confirmed is not None and confirmed_as_sampled else None,
        admitted=None if confirmed is None else day_ends(confirmed),
        discharged=discharged,
    )
    write_case(records, PATIENTS, patient.row, f"DS4C:PatientInfo:{patient.row}", case)


def _note_shared_numbers(report: Report, patients: list[Patient]) -> None:
    first: dict[str, int] = {}
    for patient in patients:
        if patient.global_num and first.setdefault(patient.global_num, patient.row) != patient.row:
            report.odd(PATIENTS, patient.row, "global_num_shared", "an earlier patient has this global_num too")


def _write_visits(records: Records, table: Published, patients: dict[str, Patient]) -> dict[str, set[tuple[str, ...]]]:
    """Writes the visits. Out: (date, latitude, longitude, kind) of the visits of each patient."""
    report = records.report
    first: dict[tuple[str, ...], int] = {}
    visits: dict[str, set[tuple[str, ...]]] = {}
    for row in table:
        day, kind = read_day(row["date"]), KINDS.get(row["type"])
        patient = patients.get(row["patient_id"])
        original = first.setdefault(tuple(row.cells.values()), row.number)
        if original != row.number:
            report.odd(
                ROUTES, row.number, "duplicate", "an exact duplicate of an earlier row: it carries that row's record id"
            )
        if patient is None:
            report.odd(ROUTES, row.number, "unknown_patient", "PatientInfo does not know this patient")
        elif day is not None and patient.confirmed is not None and day > patient.confirmed:
            report.odd(
                ROUTES, row.number, "after_confirmation", "a visit after the day of confirmation: outside the window"
            )
        if day is not None:
            where = (str(day), row["latitude"], row["longitude"], kind or "")
            visits.setdefault(row["patient_id"], set()).add(where)
        if day is None or kind is None:
            _leave_out(report, row, day)
            continue
        leg = {
            **person(f"{PREFIX}{row['patient_id']}"),
            "place_kind": kind,
            "place_code": f"{row['latitude']},{row['longitude']}",
            "since_at": day_begins(day),
            "until_at": day_ends(day),
            "confidence": "vague",
        }
        records.add("health.survey_leg", ROUTES, row.number, f"DS4C:PatientRoute:{original}", day_begins(day), leg)
    report.counts["people_with_visits"] = len(visits)
    return visits


def _leave_out(report: Report, row: Row, day: date | None) -> None:
    if day is None:
        report.left_out(ROUTES, row.number, "date_form", "the date of the visit is no date; expected 2020-03-05")
    elif row["type"] == _NO_PLACE:
        report.left_out(ROUTES, row.number, "province", "a province is no place where people meet")
    else:
        report.left_out(ROUTES, row.number, "type_unknown", "a type of place that is not known here")
