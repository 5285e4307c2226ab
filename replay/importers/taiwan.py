"""Taiwan 2020: 578 cases and 46,010 typed contact edges; those that name a place to be in become presences.

In: the folder with `individual_data.csv`, `edge_list.csv.gz`, `specimen.csv`. Out: the records of each case, two vague
survey legs for each edge that can be one, `edges.csv` with every edge, its type and what became of it, and
`candidates.csv`, the published sources of infection.
Invariant: two people meet in the records only if an edge of the set joins them.
Deliberately absent: travel, symptoms, details; daily totals of tests (`specimen.csv` names nobody).

There is no day of sampling: the day of confirmation stands for it (option `confirmed_as_sampled`), isolation begins
when that day is over, and it ends when the day of recovery begins. A test that was negative is a specimen of its day.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from replay.importers.cases import Case, write_case
from replay.importers.published import Row, day_begins, day_ends, read_day, read_table
from replay.importers.records import Records
from replay.importers.report import Report
from replay.importers.taiwan_edges import Stay, write_edges

PREFIX = "TW20-"
CASES, EDGES, SPECIMENS = "individual_data.csv", "edge_list.csv.gz", "specimen.csv"
_DISCOVERY = {"contact tracing and testing": "contact", "hospital notification": "clinic"}
"""Airport screening and home quarantine are one test, not the repeated testing that the word screening stands for."""
_NEGATIVES = tuple(f"negative_test_date_{at}" for at in range(1, 5))
_LOOKBACK_DAYS = 2
_ID = re.compile(r"\d+", re.ASCII)


def import_taiwan(source: Path, out: Path, *, confirmed_as_sampled: bool = True) -> Report:
    """The set as records. Errors: ValueError when a file is not there."""
    report = Report("taiwan")
    if confirmed_as_sampled:
        report.notes.append("the day of confirmation stands for the day of sampling: the set has none")
    with Records(out, report) as records:
        table = read_table(source / CASES)
        report.read[CASES] += len(table.rows)
        stays: dict[str, Stay] = {}
        for row in table:
            stays[f"I{row['id']}"] = _write_case(records, row, confirmed_as_sampled)
        _note_gaps(report, {int(row["id"]) for row in table})
        columns = ("infectee", "infector", "status")
        records.side_table("candidates.csv", columns, _candidates(report, list(table), stays))
        write_edges(records, read_table(source / EDGES), stays, PREFIX)
        specimens = read_table(source / SPECIMENS)
        report.read[SPECIMENS] += len(specimens.rows)
        for row in specimens:
            report.left_out(SPECIMENS, row.number, "daily_total", "a count of tests of a day names nobody")
    return report


def _write_case(records: Records, row: Row, confirmed_as_sampled: bool) -> Stay:
    """Writes the records of a case. Out: what its edges need to know of it."""
    report, file = records.report, CASES
    onset, confirmed = _day(report, row, "onset_of_symptom"), _day(report, row, "confirmed_date")
    reported, recovered = _day(report, row, "report_to_cdc"), _day(report, row, "recovery")
    negatives = [day for column in _NEGATIVES if (day := _day(report, row, column)) is not None]
    if confirmed is None:
        report.left_out(file, row.number, "not_confirmed", "no day of confirmation: the case cannot be dated")
        return Stay(None, None, None)
    if row["way_of_discover"] not in _DISCOVERY:
        report.odd(file, row.number, "discovery", "found by a single test on arrival or in quarantine, or not said how")
    case = Case(
        f"{PREFIX}I{row['id']}",
        day_begins(confirmed),
        onset=None if onset is None else day_begins(onset),
        reported=day_begins(reported or confirmed),
        positive=day_begins(confirmed) if confirmed_as_sampled else None,
        negatives=tuple(day_begins(day) for day in negatives),
        admitted=day_ends(confirmed),
        discharged=day_begins(recovered) if recovered is not None and recovered > confirmed else None,
        discovery=_DISCOVERY.get(row["way_of_discover"]),
    )
    write_case(records, file, row.number, f"TW20:individual_data:{row.number}", case)
    first = date.fromordinal(min(onset or confirmed, confirmed).toordinal() - _LOOKBACK_DAYS)
    return Stay(
        _day(report, row, "date_of_arrival_to_taiwan"), first, confirmed, _day(report, row, "date_of_departure_2")
    )


def _day(report: Report, row: Row, column: str) -> date | None:
    day = read_day(row[column])
    if day is None and row[column]:
        report.left_out(
            CASES, row.number, "date_form", f"{column} is no day (a month or a list): it is read as unknown"
        )
    return day


def _note_gaps(report: Report, ids: set[int]) -> None:
    missing = sorted(set(range(1, max(ids) + 1)) - ids)
    report.counts["cases"], report.counts["ids_missing"] = len(ids), len(missing)
    for number in missing:
        report.odd(
            CASES, 0, f"id_{number}_missing", "the numbers of the cases skip this one: it was removed by the publisher"
        )


def _candidates(report: Report, rows: list[Row], stays: dict[str, Stay]) -> list[tuple[object, ...]]:
    """(infectee, infector, status) of every published source. `ID 460` and `I460` are one; a list names each."""
    found: list[tuple[object, ...]] = []
    for row in rows:
        infectee = f"I{row['id']}"
        numbers = [
            f"I{number}" for number in _ID.findall(f"{row['source_infected_cases_all']} {row['source_infected_case']}")
        ]
        if numbers:
            report.odd(CASES, row.number, "id_spelling", "a source is spelled as `ID 460`; it is the case I460")
        if len(set(numbers)) > 1:
            report.odd(CASES, row.number, "several_sources", "several possible sources; all are kept in candidates.csv")
        for infector in dict.fromkeys(numbers):
            status = "resolved" if infector in stays else "unresolved"
            found.append((f"{PREFIX}{infectee}", f"{PREFIX}{infector}", status))
    report.counts["candidates"] = len(found)
    return found
