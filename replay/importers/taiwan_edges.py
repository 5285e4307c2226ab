"""Taiwan's contact edges: which types can be a place where two people were, and the legs that say so.

In: rows of the edge list, and what is known of each case. Out: survey legs, and every edge with what became of it.
Invariant: an edge has a place of its own, so no third person is drawn in; only the ship, whose edges join everybody
aboard to every case aboard, is one place.
Deliberately absent: types that name a relation or an institution without a stay (friends, school, hospital, coworkers,
travel together, others); code 19, which the codebook does not know, is kept in `edges.csv` and becomes no exposure.

A contact list is drawn up for the days from two days before onset (or confirmation) until confirmation: that span, not
before arrival, stands for stays at home, in hotels and in cars; the day of arrival for flights; departure to arrival
for ships. Everything is vague. Family relations are read as living together. Seats nearby (code 8) are one and the same
row of a trip that is the edge's own; on the same flight (code 7) the seats are not known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from replay.importers.published import Published, Row, day_begins, day_ends
from replay.importers.records import Body, Records, person

_COLUMNS = ("source", "target", "interaction", "name", "directed", "status", "place_kind")
_TOGETHER, _SHIP = "6", "16"
CODES: dict[str, tuple[str, str]] = {
    "0": ("couple", "household"), "1": ("parent and child", "household"), "2": ("grandparent", "household"),
    "3": ("siblings", "household"), "4": ("family", "household"), "5": ("friend", ""),
    _TOGETHER: ("living together", "household"),
    "7": ("same flight", "aircraft"), "8": ("same flight, seats nearby", "aircraft"), "9": ("travel together", ""),
    "10": ("same school", ""), "11": ("same car", "taxi"), "12": ("same hotel", "hotel"),
    "13": ("same quarantine hotel", "hotel"), "14": ("coworker", ""), "15": ("same hospital", ""),
    _SHIP: ("Panshi", "ship"), "17": ("Coral Princess", "ship"), "18": ("other", ""),
}  # fmt: skip
"""Name and kind of place of each interaction of the codebook; no kind: the type names no place to be in."""


@dataclass(frozen=True)
class Stay:
    """A case's days: arrival in Taiwan, first day that counts, confirmation, and the departure by which a ship left."""

    arrival: date | None
    first: date | None
    confirmed: date | None
    departure: date | None = None


def write_edges(records: Records, table: Published, stays: dict[str, Stay], prefix: str) -> None:
    """Writes the legs of the edges that can be presences, and `edges.csv`."""
    report = records.report
    report.read[table.file] += len(table.rows)
    counts: Counter[str] = Counter()
    aboard: set[str] = set()

    def judged() -> Iterator[tuple[object, ...]]:
        for row in table:
            status = _judge(records, table.file, row, stays, prefix, aboard)
            name, kind = CODES.get(row["interaction"], ("", ""))
            counts[f"edges_{status}"] += 1
            ends = (f"{prefix}{row[end]}" for end in ("source", "target"))
            yield *ends, row["interaction"], name, row["directed"], status, kind if status == "represented" else ""

    records.side_table("edges.csv", _COLUMNS, judged())
    report.counts.update(counts)
    report.counts["people_aboard_the_ship"] = len(aboard)


def _judge(records: Records, file: str, row: Row, stays: dict[str, Stay], prefix: str, aboard: set[str]) -> str:
    """What becomes of an edge; its legs are written if it can be a presence."""
    report, code = records.report, row["interaction"]
    if code not in CODES:
        report.left_out(file, row.number, "code_unknown", f"interaction {code} is not in the codebook")
        return "unknown_code"
    name, kind = CODES[code]
    if not kind:
        report.left_out(file, row.number, "no_place", f"{name}: the type names no place and time to be in")
        return "no_place"
    if row["source"] == row["target"]:
        report.left_out(file, row.number, "self_edge", "the edge joins a person to themself")
        return "self"
    span = _span(code, [stays[end] for end in (row["source"], row["target"]) if end in stays])
    if span is None:
        report.left_out(file, row.number, "no_span", f"{name}: no day of arrival or departure is given for the case")
        return "no_span"
    if code in ("7", "8") and span[0] != span[1]:
        report.odd(
            file, row.number, "arrival_differs", "one flight, but the cases arrived on different days: all of them"
        )
    if kind == "household" and code != _TOGETHER:
        report.assumed(file, row.number, "family", "a family relation is read as living together")
    ends = [row["source"], row["target"]]
    if code == _SHIP:
        ends = [end for end in ends if end not in aboard]
        aboard.update(ends)
    place = name.upper() if code == _SHIP else f"TW20-EDGE-{row.number}"
    for at, end in enumerate(ends):
        record_id = f"TW20:ship:{end}" if code == _SHIP else f"TW20:edge_list:{row.number}:{at}"
        leg = person(f"{prefix}{end}") | _place(code, kind, place, span) | _times(span)
        records.add("health.survey_leg", file, row.number, record_id, day_begins(span[0]), leg)
    return "represented"


def _span(code: str, stays: list[Stay]) -> tuple[date, date] | None:
    """First and last day, both included, over the cases of an edge; None if no case of it has the days needed."""
    arrivals = [stay.arrival for stay in stays if stay.arrival is not None]
    if code in ("7", "8"):
        return (min(arrivals), max(arrivals)) if arrivals else None
    if code in (_SHIP, "17"):
        departures = [stay.departure for stay in stays if stay.departure is not None]
        return (min(departures), max(arrivals)) if arrivals and departures else None
    dated = [stay for stay in stays if stay.first is not None and stay.confirmed is not None]
    since = [
        max(stay.first, min(stay.arrival or stay.first, stay.confirmed))
        for stay in dated
        if stay.first and stay.confirmed
    ]
    return (min(since), max(stay.confirmed for stay in dated if stay.confirmed)) if dated else None


def _place(code: str, kind: str, place: str, span: tuple[date, date]) -> Body:
    if kind in ("household", "hotel"):
        return {"place_kind": kind, "place_code": place}
    return {"place_kind": kind, "vehicle": place, "service_date": str(span[0]), "row": 1 if code == "8" else None}


def _times(span: tuple[date, date]) -> Body:
    return {"since_at": day_begins(span[0]), "until_at": day_ends(span[1]), "confidence": "vague"}
