"""Tianjin and Singapore 2020: 135 and 93 cases with exposure windows and several candidate infectors each.

In: the folder with the two case tables and the two edge tables. Out: the records of each case, vague survey legs where
a shared place has days, and `candidates.csv`: every candidate infector with the window in which it must have happened.
Invariant: of the texts on sources only case numbers, and whether they speak of the store, are read.
Deliberately absent: sex, age, hospitals, symptoms, and every free text.

There is no day of sampling: the day of confirmation stands for it (option `confirmed_as_sampled`). Isolation begins
when the day of quarantine, or else of the hospital, or else of the confirmation is over; it ends when the day of
discharge begins. A leg needs a place and days: Tianjin's department store on the days of the exposure window; a cluster
of Singapore on the day of exposure, if the cluster is the reason given for that day. Cities and trains without a number
are no places; they are named in the report.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from replay.importers.candidates import COLUMNS, Candidates
from replay.importers.cases import Case, write_case
from replay.importers.published import Row, day_begins, day_ends, read_day, read_table
from replay.importers.records import Records, person
from replay.importers.report import Report

PREFIX = "TJSG-"
TIANJIN, SINGAPORE = "Tianjin135cases_revised.csv", "COVID-19_Singapore_data_revised.csv"
TIANJIN_EDGES, SINGAPORE_EDGES = "tianjin_edges_clean.csv", "sing_edges_eg.csv"
MALL = "Tianjin department store"
CLUSTERS = {
    "Grace Assembly of God": "venue",
    "Life Church": "venue",
    "Yong Thai Hang": "venue",
    "Seletar Aerospace Heights": "venue",
    "Grand Hyatt Singapore": "hotel",
}
"""Singapore's clusters that are places: two churches, a shop, a building site, a hotel."""
_OF_THE_MALL = re.compile(r"\bmall\b|\bsuperstore\b", re.IGNORECASE)
_NAMED = re.compile(r"(?:TJ|\bcases?\s+)(\d+)", re.ASCII)
_NUMBER = re.compile(r"\d+", re.ASCII)
_EDGES = ("edge1", "edge2", "edge3", "edge4")


@dataclass(frozen=True)
class _Reader:
    """One row, its days read strictly, and what is to be done with it."""

    records: Records
    candidates: Candidates
    file: str
    row: Row
    confirmed_as_sampled: bool

    def day(self, column: str) -> date | None:
        """The day in a column; a day that is there but cannot be read is reported."""
        day = read_day(self.row[column])
        if day is None and self.row[column]:
            self.left_out("date_form", f"{column} is no day; it is read as unknown")
        return day

    def odd(self, what: str, why: str) -> None:
        self.records.report.odd(self.file, self.row.number, what, why)

    def left_out(self, what: str, why: str) -> None:
        self.records.report.left_out(self.file, self.row.number, what, why)

    def case(self, number: str, onset: str, confirmed: str, isolated: date | None, discharged: str = "") -> None:
        """Writes the case from its columns, and notes its window of exposure."""
        since, until = self.day("start_source"), self.day("end_source")
        if since is None or until is None:
            missing = "neither end" if since is until else "not the first day" if since is None else "not the last day"
            self.odd("window_open", f"{missing} of the exposure window is given")
        elif until < since:
            self.odd("window_reversed", "the exposure window ends before it begins")
        self.candidates.case(number, (since, until), self.file, self.row.number)
        began, proven, freed = self.day(onset), self.day(confirmed), self.day(discharged) if discharged else None
        if proven is None:
            self.left_out("not_confirmed", "no day of confirmation: the case cannot be dated")
            return
        if began is not None and began > proven:
            self.odd("onset_after_confirmation", "symptoms began after the confirmation; both stand")
        isolated = isolated or proven
        case = Case(
            f"{PREFIX}{number}",
            day_begins(proven),
            onset=None if began is None else day_begins(began),
            reported=day_begins(proven),
            positive=day_begins(proven) if self.confirmed_as_sampled else None,
            admitted=day_ends(isolated),
            discharged=day_begins(freed) if freed is not None and freed > isolated else None,
        )
        write_case(self.records, self.file, self.row.number, f"TJSG:case:{number}", case)

    def leg(self, number: str, kind: str, place: str, since: date, until: date) -> None:
        leg = {
            **person(f"{PREFIX}{number}"),
            "place_kind": kind,
            "place_name": place,
            "since_at": day_begins(since),
            "until_at": day_ends(until),
            "confidence": "vague",
        }
        self.records.add("health.survey_leg", self.file, self.row.number, f"TJSG:leg:{number}", day_begins(since), leg)


def import_tianjin_singapore(source: Path, out: Path, *, confirmed_as_sampled: bool = True) -> Report:
    """Both cities as one set of records. Errors: ValueError when a file is not there."""
    report, candidates = Report("tianjin-singapore"), Candidates(PREFIX)
    if confirmed_as_sampled:
        report.notes.append("the day of confirmation stands for the day of sampling: the set has none")
    readers: dict[str, Callable[[_Reader], None]] = {
        TIANJIN: _tianjin,
        SINGAPORE: _singapore,
        TIANJIN_EDGES: _tianjin_edges,
        SINGAPORE_EDGES: _singapore_edge,
    }
    with Records(out, report) as records:
        for file, take in readers.items():
            table = read_table(source / file)
            report.read[file] += len(table.rows)
            for what, why in table.oddities:
                report.odd(file, 1, what, why)
            for row in table:
                take(_Reader(records, candidates, file, row, confirmed_as_sampled))
        records.side_table("candidates.csv", COLUMNS, candidates.rows(report))
    return report


def _tianjin(reader: _Reader) -> None:
    row = reader.row
    number, text = row["case_id"], row["Infection_source"]
    reader.case(number, "symptom_onset", "confirm_date", reader.day("confirm_date"))
    for name in _NAMED.findall(text):
        reader.candidates.name(number, f"TJ{name}", "text")
    if _OF_THE_MALL.search(text):
        since, until = reader.candidates.windows[number]
        if since is not None and until is not None:
            reader.leg(number, "venue", MALL, since, until)
        else:
            reader.left_out("place_without_days", "the department store, but not both days of the exposure window")


def _tianjin_edges(reader: _Reader) -> None:
    """Candidates of the edge table, which may differ from the text; and sources that are no place."""
    row = reader.row
    edges = {int(name) for column in _EDGES for name in _NUMBER.findall(row[column])}
    for name in sorted(edges):
        reader.candidates.name(row["case_id"], f"TJ{name}", "edges")
    if {f"TJ{name}" for name in edges} != reader.candidates.named(row["case_id"], "text"):
        reader.odd("edges_differ", "the edges name other cases than the text on the source does")
    source = row["infection_source_named"]
    if "Wuhan" in source or source == "Hubei":
        reader.left_out("city", "a city or province is no place where people meet")
    elif source == "train":
        reader.left_out("train_without_number", "a train without number and day is no place where people meet")


def _singapore(reader: _Reader) -> None:
    row = reader.row
    number = f"SG{row['CaseID']}"
    hospital, confirmed = reader.day("date_hospital"), reader.day("date_confirmation")
    known = [day for day in (reader.day("date_quarantine"), hospital or confirmed) if day is not None]
    reader.case(number, "date_onset_symptoms", "date_confirmation", min(known, default=None), "date_discharge")
    if hospital is not None and confirmed is not None and hospital > confirmed:
        reader.odd("hospital_after_confirmation", "in hospital only after the confirmation")
    for column, by in (("Related cases", "related"), ("Cluster links", "cluster")):
        for name in _NUMBER.findall(row[column]):
            reader.candidates.name(number, f"SG{name}", by)
    for cluster in filter(None, (part.strip() for part in row["cluster"].split(","))):
        _cluster(reader, number, cluster)


def _cluster(reader: _Reader, number: str, cluster: str) -> None:
    if cluster not in CLUSTERS:
        reader.left_out("city", "a city or province is no place where people meet")
        return
    day = reader.day("contact_based_exposure") or reader.day("presumed_infected_date")
    if day is None or reader.row["presumed_reason"] != cluster:
        reader.left_out("place_without_days", "a cluster that is a place, but no day on which the case was there")
        return
    reader.leg(number, CLUSTERS[cluster], cluster, day, day)


def _singapore_edge(reader: _Reader) -> None:
    """An edge joins a case to one it is related to; either may be the source."""
    reader.candidates.name(f"SG{reader.row['from']}", f"SG{reader.row['to']}", "edges")
