"""The drill: nine days of March 2022 in a synthetic city, written as the files of three departments.

In: a folder and a seed. Out: `src.<department>.<record>.ndjson` in it, in order of arrival; beside it the truth.
Invariant: same seed, same bytes; nothing of the truth lies in the folder of records.
Deliberately absent: the pace at which records are played, and any judgement of what was found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from replay.scenes.book import Book
from replay.scenes.desks import cabs, commute, fare, gates, lodge, register, trains, who, work
from replay.scenes.outbreak import CoPresence, TrueCase, choose_cast, investigate, screen, stage, truth_of
from replay.scenes.town import DAYS, HOUR_MS, City, at, found_city

Line = tuple[int, int, bytes]


@dataclass(frozen=True)
class Truth:
    """What really happened, and what was sent: lines by source, of which `dirty` are no records (some are doubled)."""

    cases: tuple[TrueCase, ...]
    co_presences: tuple[CoPresence, ...]
    lines: dict[str, int]
    dirty: dict[str, int]


def write_drill(folder: Path, seed: int = 1, people: int = 3000) -> Truth:
    """Writes the records into `folder` and the truth into `<folder>-truth`. `people`: residents, at least 200.
    Errors: ValueError for fewer."""
    if people < 200:
        raise ValueError("a drill needs at least 200 residents")
    city = found_city(seed, people)
    cast = choose_cast(city)
    book = Book()
    investigate(city, book, cast)
    register(city, book)
    for day in range(DAYS):
        for desk in (commute, work, gates, cabs):
            desk(city, book, day)
        arrived = [n for n in trains(city, book, day) if n not in cast.roles.values()]
        for place, number in enumerate(arrived[:15]):
            lodge(
                city, book, number, 201 + day * 20 + place * 2 // 3, at(day, 20), at(day + 1 + place % 2, 9 + place % 3)
            )
        screen(city, book, cast, day, list(range(people)) if day in (6, 8) else city.some(150, people))
    stage(city, book, cast)
    confuse(city, book)
    folder.mkdir(parents=True, exist_ok=True)
    lines, dirty = Counter[str](), Counter[str]()
    for source in sorted(book.records):
        lines[source], dirty[source] = _write(folder / f"src.{source}.ndjson", city, book.records[source])
    truth = Truth(*truth_of(city, cast), dict(lines), dict(dirty))
    _write_truth(folder.parent / f"{folder.name}-truth", truth)
    return truth


def confuse(city: City, book: Book) -> None:
    """Records that contradict each other: two holders of one card, two people in a tube said to be single, one record
    with two contents at one version. They are for a human to settle. And rides that were booked on a wrong card, and
    are withdrawn, some before they arrive."""
    cards = [p for p in city.people[: city.residents] if p.card and p.number % 5 == 0][:2]
    for person in cards:
        other = city.people[person.number + 1]
        book.add("transport.card_holder", at(4, 10), 0, card_no=person.card, **who(other), held_since=at(1, 0))
    for number in city.some(2, city.residents):
        sampled = {"tube_code": "SG-0099", "sampled_at": at(4, 9), "pool_size": 1}
        book.add("health.nat_sample", at(4, 9), HOUR_MS, **who(city.people[number]), **sampled)
    riders = [p for p in city.people[: city.residents] if p.card]
    for number in city.some(20, len(riders)):
        on = at(number % 7, 12) + number * 1000
        tap = {"mode": "bus", "line": "6", "vehicle": "602B", "on_at": on}
        wrong = book.add("transport.tap", on, number % 3 * 24 * HOUR_MS, **fare(riders[number]), **tap)
        book.amend("transport.tap", wrong, on + 24 * HOUR_MS, 0, operation="withdraw")
    pass_ = {"checkpoint_code": "CP-000", "code_status": "ok"}
    first = book.add("police.checkpoint_pass", at(3, 9), 0, **who(city.people[7]), **pass_, passed_at=at(3, 9))
    book.records["police.checkpoint_pass"].append((at(3, 12), {**first, "passed_at": "2022-03-06 09:30:00"}))


def _write(path: Path, city: City, records: list[tuple[int, dict[str, Any]]]) -> tuple[int, int]:
    """(lines, dirty lines) written: every record once, one in a hundred twice, and the dirt, in order of arrival."""
    for number in city.some(len(records) // 200, len(records)):  # a field that nobody has told us of
        records[number][1]["terminal_no"] = number
    lines: list[Line] = [(arrival, number, orjson.dumps(body)) for number, (arrival, body) in enumerate(records)]
    again = city.rng.random(len(lines)) < 0.01
    lines += [(a + HOUR_MS, n, line) for (a, n, line), twice in zip(lines, again.tolist(), strict=True) if twice]
    dirt = [soil(body) for soil, (_, body) in zip(_DIRT, _spread(records, len(_DIRT)), strict=False)]
    dirty = [line for line in dirt if line is not None]
    span = (lines[0][0], max(a for a, _, _ in lines))
    step = (span[1] - span[0]) // (len(dirty) + 1)
    lines += [(span[0] + step * (i + 1), len(records) + i, line) for i, line in enumerate(dirty)]
    lines.sort(key=lambda line: line[:2])
    path.write_bytes(b"".join(line + b"\n" for _, _, line in lines))
    return len(lines), len(dirty)


def _spread(records: list[tuple[int, dict[str, Any]]], count: int) -> list[tuple[int, dict[str, Any]]]:
    step = max(1, len(records) // count)
    return records[::step][:count]


def _soiled(change: Callable[[dict[str, Any]], dict[str, Any] | None]) -> Callable[[dict[str, Any]], bytes | None]:
    """A record under an id of its own with one thing wrong; None where the record has nothing to spoil that way."""

    def soil(body: dict[str, Any]) -> bytes | None:
        spoilt = change({**body, "source_record_id": f"Z{body['source_record_id']}"})
        return None if spoilt is None else orjson.dumps(spoilt)

    return soil


def _check_digit(body: dict[str, Any]) -> dict[str, Any] | None:
    number = body.get("id_no", "")
    if body.get("id_type") != "resident_id":
        return None
    last = "X" if number[-1] != "X" else "0"
    return {**body, "id_no": number[:-1] + last}


def _reversed(body: dict[str, Any]) -> dict[str, Any] | None:
    for since, until in (("on_at", "off_at"), ("since_at", "until_at"), ("depart_at", "arrive_at"),
                         ("check_in_at", "check_out_at"), ("pickup_at", "dropoff_at")):  # fmt: skip
        if since in body:
            return {**body, until: body[since][:11] + "00:00:00"}
    return None


_DIRT: tuple[Callable[[dict[str, Any]], bytes | None], ...] = (
    _soiled(_check_digit),
    _soiled(_reversed),
    _soiled(lambda body: {**body, "event_time": "2022-02-30T08:00:00"}),
    _soiled(lambda body: {**body, "event_time": "08/03/2022 14:05"}),
    _soiled(lambda body: {**body, "version": str(body["version"])}),
    _soiled(lambda body: {**body, "operation": "delete"}),
    _soiled(lambda body: {name: value for name, value in body.items() if name != "event_time"}),
    lambda body: orjson.dumps(body)[:-9],
)
"""What departments really send now and then: swapped digits, ends before starts, impossible days, cut lines."""


def _write_truth(folder: Path, truth: Truth) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in (("cases", truth.cases), ("co_presences", truth.co_presences)):
        (folder / f"{name}.ndjson").write_bytes(b"".join(orjson.dumps(asdict(row)) + b"\n" for row in rows))
