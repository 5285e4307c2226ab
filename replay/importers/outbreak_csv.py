"""One's own outbreak: three CSV files of cases, presences and links become records.

In: `cases` (person, onset_at, sampled_at, reported_at, isolated_at, classification), `presences` (person, place, kind,
since, until, vehicle, carriage, seat; optional date, service_date), `links` (identifier, identifier, since, until).
Out: health records, survey legs and identity links.
Invariant: a row that cannot be read is named with what to do, and the rows around it go on.
Deliberately absent: guessing; the columns are these, and other columns are ignored and named.

People and identifiers are `kind:value`; a bare value is a person_no. Times are ISO 8601 (without zone: +08:00) or
epoch seconds; empty is unknown. A day without a time is the whole day: it begins for onset, sampling and reporting, it
is over for isolation and `until`; a presence that knows only its day is vague. A scheduled trip's service date is the
day of its start, unless the column says otherwise.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from replay.importers.cases import Case, write_case
from replay.importers.published import Row, day_begins, day_ends, read_day, read_table
from replay.importers.records import Body, Records
from replay.importers.report import Report
from schemas.codes import FIRST_VEHICLE, Classification, PlaceKind
from schemas.instants import LOCAL, read_instant
from schemas.keys import IDENTIFIER_KINDS

CASES = ("person", "onset_at", "sampled_at", "reported_at", "isolated_at", "classification")
PRESENCES = ("person", "place", "kind", "since", "until", "vehicle", "carriage", "seat")
LINKS = ("identifier", "identifier_2", "since", "until")
_OPTIONAL = {"date", "service_date"}
_EPOCH = re.compile(r"[+-]?\d{1,11}", re.ASCII)
_BARE_DAY = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])([0-2]\d|3[01])", re.ASCII)
_UNDATED = day_begins(datetime(1970, 1, 1, tzinfo=UTC).date())
_TIME_HINT = "write 2022-03-08T14:05:00+08:00, 2022-03-08 or epoch seconds; the rest of the row is kept"
_WORDS = [c.name for c in Classification if c is not Classification.positive]


@dataclass(frozen=True)
class _Time:
    """A time as written: the moment, and whether it is a day without a time of day."""

    moment: datetime
    whole_day: bool

    @property
    def end(self) -> datetime:
        return day_ends(self.moment.astimezone(LOCAL).date()) if self.whole_day else self.moment


def read_time(text: str) -> _Time | None:
    """The time in a cell; None if it is no time. Eight digits that spell a day are no epoch seconds, but a slip."""
    if (day := read_day(text)) is not None and "/" not in text:
        return _Time(day_begins(day), whole_day=len(text) <= 10)
    try:
        epoch = _EPOCH.fullmatch(text) and not _BARE_DAY.fullmatch(text)
        ms = read_instant(int(text) if epoch else text)
    except ValueError:
        return None
    return _Time((datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)).astimezone(LOCAL), whole_day=False)


def import_csv(cases: Path, presences: Path, links: Path | None, out: Path) -> Report:
    """The files as records. Errors: ValueError when a file is not there or has no header."""
    report = Report("csv")
    with Records(out, report) as records:
        for row in _rows(report, cases, CASES):
            _write_case(records, cases.name, row)
        for row in _rows(report, presences, PRESENCES):
            _write_presence(records, presences.name, row)
        for row in _rows(report, links, LINKS) if links is not None else ():
            _write_link(records, links.name if links else "", row)
    return report


def _rows(report: Report, path: Path, expected: tuple[str, ...]) -> list[Row]:
    """The rows with lower-case column names. Missing and unknown columns are named once, at the header."""
    table = read_table(path)
    for what, why in table.oddities:
        report.odd(path.name, 1, what, why)
    columns = [name.lower() for name in table.columns]
    numbered = {"identifier_1", "identifier_2"} <= set(columns)
    for name in expected:
        if name not in columns and not (numbered and name == "identifier"):
            report.odd(path.name, 1, "column_missing", f"there is no column {name}; it is read as empty in every row")
    for name in columns:
        if name and name not in {*expected, *_OPTIONAL, *(("identifier_1",) if numbered else ())}:
            report.odd(path.name, 1, "column_unknown", f"a column is not used; expected are {', '.join(expected)}")
    report.read[path.name] += len(table.rows)
    rows = [Row(row.number, {name.lower(): cell for name, cell in row.cells.items()}) for row in table]
    if numbered:
        rows = [Row(row.number, {**row.cells, "identifier": row["identifier_1"]}) for row in rows]
    return rows


def _identifier(report: Report, file: str, row: Row, column: str) -> tuple[str, str] | None:
    """(kind, value) of a cell; None, and a word in the report, if it is empty."""
    kind, colon, value = row[column].partition(":")
    if colon and kind.strip().lower() in IDENTIFIER_KINDS:
        return kind.strip().lower(), value.strip()
    if not row[column]:
        why = f"{column.removesuffix('_2')} is empty; write kind:value, or a person number"
        report.left_out(file, row.number, "nobody", why)
        return None
    return "person_no", row[column]


def _time(report: Report, file: str, row: Row, column: str) -> _Time | None:
    if not row[column]:
        return None
    time = read_time(row[column])
    if time is None:
        report.left_out(file, row.number, "time_form", f"{column} is no time; {_TIME_HINT}")
    return time


def _write_case(records: Records, file: str, row: Row) -> None:
    report = records.report
    who = _identifier(report, file, row, "person")
    if who is None:
        return
    word = row["classification"].lower()
    if not word:
        report.assumed(file, row.number, "classification_empty", "no classification: taken as confirmed")
    elif word not in _WORDS:
        why = f"the classification is not known; write one of {', '.join(_WORDS)}"
        report.left_out(file, row.number, "classification_unknown", why)
        return
    onset, sampled, reported, isolated = (
        _time(report, file, row, column) for column in ("onset_at", "sampled_at", "reported_at", "isolated_at")
    )
    if isolated is not None and isolated.whole_day:
        report.assumed(file, row.number, "isolation_day", "isolated_at is a day: isolation begins when it is over")
    if onset is None and sampled is None and word != "excluded":
        report.odd(
            file, row.number, "no_window", "neither onset nor sampling: the case has no window; a human must look"
        )
    positive = sampled if word != "excluded" else None
    if sampled is not None and positive is None:
        report.left_out(file, row.number, "excluded_sample", "an excluded case has a sample: its result is not known")
    known = [time.moment for time in (reported, sampled, onset) if time is not None]
    case = Case(
        who[1],
        known[0] if known else isolated.end if isolated else _UNDATED,
        word or "confirmed",
        kind=who[0],
        onset=onset.moment if onset else None,
        reported=reported.moment if reported else None,
        positive=positive.moment if positive else None,
        admitted=isolated.end if isolated else None,
    )
    write_case(records, file, row.number, f"CSV:cases:{row.number}", case)


def _write_presence(records: Records, file: str, row: Row) -> None:
    report = records.report
    who = _identifier(report, file, row, "person")
    if who is None:
        return
    kind = row["kind"].lower()
    if kind not in PlaceKind.__members__:
        report.left_out(file, row.number, "kind_unknown", f"write one of {', '.join(PlaceKind.__members__)}")
        return
    span = _span(report, file, row)
    if span is None:
        return
    since, until, vague = span
    place = _ride(row, since) if PlaceKind[kind] >= FIRST_VEHICLE else {"place_code": row["place"] or None}
    if all(value is None for value in (place.get("place_code"), place.get("vehicle"))):
        report.left_out(file, row.number, "no_place", "neither a place nor a vehicle is named; write one")
        return
    leg = {
        "id_type": who[0],
        "id_no": who[1],
        "place_kind": kind,
        **place,
        "since_at": since,
        "until_at": until,
        "confidence": "vague" if vague else None,
    }
    records.add("health.survey_leg", file, row.number, f"CSV:presences:{row.number}", since, leg)


def _span(report: Report, file: str, row: Row) -> tuple[datetime, datetime | None, bool] | None:
    """(since, until, vague) of a presence. Without a start its day stands, vague; without any day it cannot be said."""
    since, until, day = (_time(report, file, row, column) for column in ("since", "until", "date"))
    if since is not None and not since.whole_day:
        return since.moment, until.end if until else None, False
    known = since or day or until
    if known is None:
        why = "no start, no end and no day; write since, or at least the day"
        report.left_out(file, row.number, "no_time", why)
        return None
    begins = day_begins(known.moment.astimezone(LOCAL).date())
    ends = until.end if until else day_ends(known.moment.astimezone(LOCAL).date())
    report.assumed(file, row.number, "day_only", "the start is not known to the hour: it is its day, vague")
    return begins, ends, True


def _ride(row: Row, since: datetime) -> Body:
    return {
        "vehicle": row["vehicle"] or row["place"] or None,
        "service_date": row["service_date"] or since.astimezone(LOCAL).date().isoformat(),
        "carriage": row["carriage"] or None,
        "seat": row["seat"] or None,
    }


def _write_link(records: Records, file: str, row: Row) -> None:
    report = records.report
    one, other = (_identifier(report, file, row, column) for column in ("identifier", "identifier_2"))
    if one is None or other is None:
        return
    since, until = (_time(report, file, row, column) for column in ("since", "until"))
    link = {
        "id_type": one[0],
        "id_no": one[1],
        "other_id_type": other[0],
        "other_id_no": other[1],
        "held_since": since.moment if since else None,
        "held_until": until.end if until else None,
    }
    event_time = since.moment if since else _UNDATED
    records.add("police.identity_link", file, row.number, f"CSV:links:{row.number}", event_time, link)
