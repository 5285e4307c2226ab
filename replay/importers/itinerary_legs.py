"""Legs of a published itinerary: its places and rides, with times as vague as the notice gives them, as records.

In: one row of a transcribed notice, for one person on one day. Out: the source and body of a record.
Invariant: times that nobody gave become whole days and are named in the report; a plate stands in `vehicle` alone.
Deliberately absent: who the row is about (itineraries.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from replay.importers.published import Row, day_begins, day_ends, read_clock
from replay.importers.rail import Timetable
from replay.importers.records import Body, person

_NOON = "中午"
_NOON_SPAN = (timedelta(hours=11), timedelta(hours=13))
_ABOUT = "左右"
_ACTIVITY = re.compile(r"[((](吃饭|洗浴|购物就餐|候车)[))]$")
KINDS = (
    (r"吃饭|就餐|饭店|餐|饺子|包子|大厨", "restaurant"),
    (r"洗浴|电影院|影城|网吧|歌厅|酒吧", "entertainment"),
    (r"补习班|托管班|小学|中学校|教室|会场|会议室", "room"),
    (r"酒店|宾馆", "hotel"),
)
"""Kinds of place by what the notice says, the first that fits; everything else, from shops to ski slopes, is
a venue. A bath in a hotel is entertainment in a closed space; a hotel without a room number is the house."""
_TRAIN = re.compile(r"[A-Z]?\d{1,4}", re.ASCII)
Note = Callable[[str, str], None]
"""Takes (what, why) of an assumption made for the row."""


@dataclass(frozen=True)
class Span:
    """When, and how sure: `confidence` as in survey legs. `given`: which ends the notice states."""

    since: datetime
    until: datetime | None
    confidence: str
    since_given: bool = True
    until_given: bool = True


def read_span(day: date, since: str, until: str) -> Span | None:
    """The span of a row on a day; None if a time cannot be read. Noon is 11:00 to 13:00; no times at all are the
    whole day, both vague; an end that is missing after a known start stays unknown."""
    begins = day_begins(day)
    ends = None if not until else read_clock(until.removesuffix(_ABOUT))
    if until and ends is None:
        return None
    if since == _NOON:
        return Span(begins + _NOON_SPAN[0], begins + (ends or _NOON_SPAN[1]), "vague", False, ends is not None)
    if not since:
        stop = day_ends(day) if ends is None else begins + ends
        return Span(begins, stop, "vague", False, ends is not None)
    starts = read_clock(since.removesuffix(_ABOUT))
    if starts is None:
        return None
    sure = "likely" if since.endswith(_ABOUT) or until.endswith(_ABOUT) else "certain"
    return Span(begins + starts, None if ends is None else begins + ends, sure, True, ends is not None)


def place_leg(row: Row, number: str, span: Span, note: Note) -> tuple[str, Body]:
    """The survey leg of a place, by its published name without the activity behind it."""
    name = row["what"]
    kind = next((kind for pattern, kind in KINDS if re.search(pattern, name)), "venue")
    if span.confidence == "vague":
        note("vague_time", "noon or no time at all: the leg is vague")
    elif span.confidence == "likely":
        note("about", "a time is given as about: the leg is likely")
    if not span.until_given and span.since_given:
        note("no_end", "no end is given: the stay lasts the pack's default dwell")
    leg = {
        **person(number),
        "place_kind": kind,
        "place_name": _ACTIVITY.sub("", name),
        "since_at": span.since,
        "until_at": span.until,
        "confidence": span.confidence,
    }
    return "health.survey_leg", leg


def ride_leg(
    row: Row, number: str, day: date, span: Span, rail: Timetable | None, note: Note
) -> tuple[str, Body] | None:
    """The record of a ride: a ticket, a tap or a taxi trip; None if the words name no vehicle that we know."""
    what = row["what"]
    head, _, plate = what.partition(" ")
    if _TRAIN.fullmatch(what):
        return "transport.ticket", _train(row, number, day, _completed(row, day, span, rail, note), note)
    _note_times(span, note)
    if head == "出租车" and plate:
        times = {"pickup_at": span.since, "dropoff_at": span.until, "confidence": _confidence(span)}
        return "transport.taxi_trip", {**person(number), "vehicle": plate, **times}
    if head == "大客车" and plate:
        coach = {"mode": "coach", "vehicle": plate, "service_date": day.isoformat(), **_ends(row, span)}
        return "transport.ticket", {**person(number), **coach}
    for word, mode in (("公交车", "bus"), ("轻轨", "metro")):
        if word in what:
            tap = {"mode": mode, "line": what.removesuffix("公交车"), "on_at": span.since, "off_at": span.until}
            return "transport.tap", {**person(number), **tap, "confidence": _confidence(span)}
    return None


def _train(row: Row, number: str, day: date, span: Span, note: Note) -> Body:
    _note_times(span, note)
    train = row["what"]
    if train[0] not in "GDC":
        note("sealed_assumed", "an express of ordinary speed: taken as air-conditioned, so sealed")
    if not row["seat"]:
        note("seat_unknown", "no seat is given: the rules take the wider circle")
    return {
        **person(number),
        "mode": "train",
        "vehicle": train,
        "service_date": day.isoformat(),
        "carriage": row["car"] or None,
        "seat": row["seat"] or None,
        "sealed": True if train[0] in "GDCTZ" else None,
        **_ends(row, span),
    }


def _ends(row: Row, span: Span) -> Body:
    return {
        "board": row["board"] or None,
        "alight": row["alight"] or None,
        "depart_at": span.since,
        "arrive_at": span.until,
        "confidence": _confidence(span),
    }


def _confidence(span: Span) -> str | None:
    return "vague" if not span.since_given else span.confidence


def _completed(row: Row, day: date, span: Span, rail: Timetable | None, note: Note) -> Span:
    """The span with missing ends taken from the timetable, where it knows the train and the very station."""
    if rail is None:
        return span
    if not span.since_given and (board := rail.stop(row["what"], day, row["board"])) is not None:
        note("timetable_2016", "the departure comes from the timetable of 2016")
        span = replace(span, since=board.depart, since_given=True)
        span = span if span.until_given else replace(span, until=None)
    if not span.until_given and (alight := rail.stop(row["what"], day, row["alight"])) is not None:
        note("timetable_2016", "the arrival comes from the timetable of 2016")
        span = replace(span, until=alight.arrive, until_given=True)
    return span


def _note_times(span: Span, note: Note) -> None:
    if not span.since_given and not span.until_given:
        note("whole_day", "no times: the ride lasts from 00:00 to 24:00 and is vague")
    elif not span.since_given:
        note(
            "departure_unknown",
            "only the end is given: the ride begins at 00:00 and is vague",
        )
    elif not span.until_given:
        note("arrival_unknown", "no end is given: the ride lasts the pack's default")
    if span.confidence == "likely":
        note("about", "a time is given as about: it is taken as it stands, and is likely")
