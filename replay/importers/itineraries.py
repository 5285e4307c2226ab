"""Published itineraries of cases: places, and rides with train, car, seat, line and minutes, from official notices.

In: the folder with `itineraries_transcribed.csv`. Out: survey legs, tickets, taps and taxi trips, the records of each
case, and `truth.csv` (who infected whom, where a notice says so).
Invariant: every row is written for each person it is about, or named in the report.
Deliberately absent: companions whom no notice numbers as a case, and all that a notice says in passing.

No notice gives onset, sampling or isolation. The day of the bulletin, as in the case's number, stands for the sampling;
where it lies further from the first ride than the look-back reaches, the last day from which it does (option
`cover_rides`). Isolation begins when the day of the bulletin, or the last day of the itinerary, is over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from replay.importers.cases import Case, write_case
from replay.importers.itinerary_legs import place_leg, read_span, ride_leg
from replay.importers.published import Row, day_begins, day_ends, read_day, read_table
from replay.importers.rail import Timetable, read_timetable
from replay.importers.records import Records
from replay.importers.report import Report

PREFIX = "OI-"
FILE = "itineraries_transcribed.csv"
_BULLETIN = re.compile(r"-(\d{4})-(\d{2})(\d{2})(?:-|$)", re.ASCII)
_NAMED = re.compile(r"(?P<role>[a-z]+)\((?P<case>[A-Z]+-[\w-]+)\)", re.ASCII)
_INFECTED_BY = re.compile(r"infected by (?P<name>\w+)", re.ASCII)


@dataclass
class _Itinerary:
    """What is gathered on one person: the row first named in, days of legs, days of rides."""

    row: int
    days: set[date] = field(default_factory=set)
    ride_days: set[date] = field(default_factory=set)


class _Notices:
    """The rows of the set, and who each is about."""

    def __init__(self, rows: tuple[Row, ...], report: Report) -> None:
        self.rows, self.report = rows, report
        self.cases = {row["case_id"] for row in rows}
        self.roles: dict[tuple[str, str], str] = {}
        self.infectors: list[tuple[str, str]] = []
        self._seen_of_pair: dict[tuple[str, ...], int] = {}
        self._own = {(row["case_id"], row["date"], row["what"], row["board"]) for row in rows}
        for row in rows:
            for match in _NAMED.finditer(row["companion"]):
                self.roles[row["case_id"], match["role"]] = match["case"]

    def people(self, row: Row) -> list[str]:
        """The person numbers a row is about: its case, and companions who are cases themselves."""
        case = row["case_id"]
        found = self._of_pair(row) if case.endswith("-pair") else [case]
        for words in filter(None, (part.strip() for part in row["companion"].split(";"))):
            companion = self._companion(row, words)
            if companion is not None:
                found.append(companion)
        return [f"{PREFIX}{name.upper()}" for name in dict.fromkeys(found)]

    def _of_pair(self, row: Row) -> list[str]:
        """Both of a pair, or the one whose turn it is: rows of one ride stand in the order of the pair."""
        case = row["case_id"]
        if row["companion"] == "both" and not row["seat"]:
            return [f"{case}-1", f"{case}-2"]
        ride = (case, row["date"], row["what"])
        self._seen_of_pair[ride] = turn = self._seen_of_pair.get(ride, 0) + 1
        if not row["companion"].startswith("second case"):
            self._assumed(row, "which_of_pair", "two seats, and no word who sat where: taken in the order of the pair")
        return [f"{case}-{turn}"]

    def _companion(self, row: Row, words: str) -> str | None:
        case = row["case_id"]
        if words in ("both", "daily") or words.startswith("second case"):
            return None  # said by other rows, or by the range of days
        if words.startswith("persons "):
            self.report.odd(FILE, row.number, "merged_people", "the bulletin merged several people; they stand as one")
            return None
        if (match := _INFECTED_BY.match(words)) is not None:
            self.infectors.append((case, _sibling(case, match["name"])))
            self.report.odd(
                FILE, row.number, "infector_named", "the notice says who infected the case; kept in truth.csv"
            )
            return None
        if words.startswith("occasionally"):
            self._assumed(row, "occasional", "now and then instead of another line: written for every day of the range")
            return None
        named = _NAMED.fullmatch(words)
        other = named["case"] if named else self.roles.get((case, words)) or _sibling(case, words)
        if named or (case, words) in self.roles:
            return other
        if other in self.cases:
            if (other, row["date"], row["what"], row["board"]) in self._own:
                return None  # the companion has a row of their own
            return other
        passing = words.split()[-1] in ("drives", "delivers") or words.startswith("stays")
        why = "said in passing, without place or times of its own" if passing else "a companion whom no notice numbers"
        self.report.left_out(FILE, row.number, "companion", why)
        return None

    def _assumed(self, row: Row, what: str, why: str) -> None:
        self.report.assumed(FILE, row.number, what, why)


def _sibling(case: str, name: str) -> str:
    return f"{case.rsplit('-', 1)[0]}-{name}"


def import_itineraries(
    source: Path, out: Path, *, cover_rides: bool = True, lookback_days: int = 2, rail: Path | None = None
) -> Report:
    """The set as records. `cover_rides`: see above; `lookback_days`: how far the window reaches back before sampling;
    `rail`: folder of the timetable of 2016, to complete train times where train and station are in it.
    Errors: ValueError."""
    report = Report("itineraries")
    report.notes.append("onset, sampling and isolation are not published: see the module for what stands for them")
    timetable = read_timetable(rail) if rail is not None else None
    with Records(out, report) as records:
        table = read_table(source / FILE)
        notices = _Notices(table.rows, report)
        known: dict[str, _Itinerary] = {}
        for row in table:
            report.read[FILE] += 1
            for day in _days(row, report):
                _write_row(records, row, day, notices.people(row) if day else [], known, timetable)
        for number, itinerary in known.items():
            _write_case(records, number, itinerary, lookback_days if cover_rides else None)
        pairs = sorted(set(notices.infectors))
        numbers = [(f"{PREFIX}{a.upper()}", f"{PREFIX}{b.upper()}", "named") for a, b in pairs]
        records.side_table("truth.csv", ("infectee", "infector", "status"), numbers)
        report.counts["persons"] = len(known)
    return report


def _days(row: Row, report: Report) -> list[date]:
    """The days of a row: one, or every day of a range `2020-11-16..2020-11-24`, the last one included."""
    ends = [read_day(text) for text in row["date"].split("..")]
    first, last = ends[0], ends[-1]
    if first is None or last is None:
        report.left_out(FILE, row.number, "no_day", "the date cannot be read; expected 2022-02-19 or a range of two")
        return []
    if last != first:
        report.assumed(FILE, row.number, "range_of_days", "a range of days: written once for every day of it")
    return [first + timedelta(days=at) for at in range((last - first).days + 1)]


def _write_row(
    records: Records, row: Row, day: date, people: list[str], known: dict[str, _Itinerary], rail: Timetable | None
) -> None:
    def note(what: str, why: str) -> None:
        records.report.assumed(FILE, row.number, what, why)

    span = read_span(day, row["from"], row["to"])
    if span is None:
        records.report.left_out(
            FILE, row.number, "time_form", "a time cannot be read; expected 08:30, 08:30左右 or 中午"
        )
        return
    for number in people:
        found = (
            ride_leg(row, number, day, span, rail, note)
            if row["kind"] == "ride"
            else place_leg(row, number, span, note)
        )
        if found is None:
            records.report.left_out(
                FILE, row.number, "vehicle_unknown", "the words name no train, bus, taxi, coach or rail"
            )
            return
        source, body = found
        event_time = next(body[name] for name in ("depart_at", "on_at", "pickup_at", "since_at") if name in body)
        record_id = f"OI:{row.number}:{day}:{number.removeprefix(PREFIX)}"
        records.add(source, FILE, row.number, record_id, event_time, body)
        itinerary = known.setdefault(number, _Itinerary(row.number))
        itinerary.days.add(day)
        if row["kind"] == "ride":
            itinerary.ride_days.add(day)


def _write_case(records: Records, number: str, itinerary: _Itinerary, lookback: int | None) -> None:
    report, row, last = records.report, itinerary.row, max(itinerary.days)
    match = _BULLETIN.search(number)
    if match is not None:
        bulletin = date(*(int(part) for part in match.groups()))
        report.assumed(FILE, row, "bulletin_as_sampling", "the day of the bulletin stands for the sampling")
    else:
        bulletin = last + timedelta(days=1)
        report.assumed(
            FILE, row, "bulletin_unknown", "the number names no day: the day after the itinerary stands for it"
        )
    sampled = bulletin
    if lookback is not None and itinerary.ride_days:
        reach = min(itinerary.ride_days) + timedelta(days=lookback)
        if reach < sampled:
            sampled = reach
            why = f"sampling is set {lookback} days after the first ride, so that the window holds every ride"
            report.assumed(FILE, row, "sampling_moved", why)
    case = Case(
        number,
        day_begins(bulletin),
        reported=day_begins(bulletin),
        positive=day_begins(sampled),
        admitted=day_ends(max(bulletin, last)),
    )
    write_case(records, FILE, row, f"OI:case:{number.removeprefix(PREFIX)}", case)
