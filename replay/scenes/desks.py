"""The desks: what three departments write down of ordinary days, and when it reaches us.

In: a city. Out: the city's visits, and records in a book, each with the instant of its arrival.
Invariant: a record says what is true, or less; false records are added apart (replay/scenes/drill.py).
Deliberately absent: the cases and what is done about them (replay/scenes/outbreak.py).
"""

from __future__ import annotations

from typing import Any

from replay.scenes.book import Book, local
from replay.scenes.town import AT_LARGE_MS, CARRIAGES, DAYS, HOUR_MS, TRAINS, City, Person, Visit, at, weekday
from schemas.instants import MINUTE_MS

HOTEL = {"hotel_code": "HT-01", "hotel_name": "宽城迎宾旅馆"}
SECOND_MS = 1000


def who(person: Person) -> dict[str, str]:
    return {"id_type": person.id_type, "id_no": person.id_no}


def fare(person: Person) -> dict[str, str]:
    """How a rider pays: by card, or by showing a code."""
    if person.card:
        return {"id_type": "transit_card", "id_no": person.card}
    return {"id_type": "code_token", "id_no": person.code_token}


def register(city: City, book: Book) -> None:
    """Who lives where and holds what. Most of it is there before the first day; some card holders come late."""
    luck = city.rng.random((city.residents, 4)).tolist()
    for person, (phoned, late, moved, ghost) in zip(city.people, luck, strict=False):
        event = at(0, 0) + person.number * SECOND_MS
        home = {"household_code": f"HH-{person.household:05d}", "compound_code": f"XQ-{person.household // 60:03d}"}
        phones = [person.phone] if phoned < 0.5 else None
        entry = book.add(
            "police.resident_register", event, 0, **who(person), **home, residence="permanent", phones=phones
        )
        if moved < 0.03:
            room = f"{1 + person.household % 4}-{1 + person.household % 60:03d}"
            book.amend("police.resident_register", entry, at(1 + person.number % 7, 10), MINUTE_MS, room=room)
        if phoned >= 0.5:
            written = person.phone if late < 0.7 else f"+86 {person.phone[:3]}-{person.phone[3:7]}-{person.phone[7:]}"
            book.add("police.phone_ownership", event, HOUR_MS, phone=written, **who(person), held_since=at(-900, 9))
        if person.card and (ghost >= 0.08 or person.isolated_ms < AT_LARGE_MS):
            day = 4 + person.number % 4 if late < 0.15 else 0
            book.add("transport.card_holder", event + day * 24 * HOUR_MS, MINUTE_MS, card_no=person.card, **who(person))
        for kind, value in (("code_token", person.code_token), ("plate", person.plate), ("passport", person.passport)):
            holder = {"id_type": "phone", "id_no": person.phone} if kind == "code_token" else who(person)
            if value:
                book.add(
                    "police.identity_link", event, HOUR_MS, **holder, other_id_type=kind, other_id_no=value,
                    held_since=None if kind == "passport" else at(-200, 9),
                )  # fmt: skip


def ride(city: City, book: Book, person: Person, vehicle: str, on_ms: int, off_ms: int) -> None:
    """One bus ride. One in eight is never tapped off, one in three is reported twice, one in thirty lacks the bus."""
    seen = city.visit(person.number, "bus", f"bus {vehicle}", on_ms, off_ms)
    if seen is None or not (person.card or person.code_token):
        return
    off, twice, vague, after = city.rng.random(4).tolist()
    bus = {"mode": "bus", "line": person.line, "vehicle": vehicle if vague > 0.03 else None, "sealed": True}
    delay = int(after * 20 * MINUTE_MS)
    if off < 0.12:
        book.add("transport.tap", on_ms, delay, **fare(person), **bus, on_at=on_ms)
    elif twice < 0.35:
        tap = book.add("transport.tap", on_ms, delay, **fare(person), **bus, on_at=on_ms)
        book.amend("transport.tap", tap, seen.until_ms, delay, off_at=seen.until_ms)
    else:
        book.add("transport.tap", seen.until_ms, delay, **fare(person), **bus, on_at=on_ms, off_at=seen.until_ms)


def commute(city: City, book: Book, day: int) -> None:
    """Morning and evening buses; a bus of a line leaves every ten minutes, and each line has six."""
    for hour in (7.0, 17.25):
        luck = city.rng.random((city.residents, 4)).tolist()
        for person, (goes, slot, waits, lasts) in zip(city.people, luck, strict=False):
            if person.line and goes < (0.92 if weekday(day) else 0.3):
                departure = int(slot * 9)
                on = at(day, hour) + int((departure * 10 + waits * 14) * 60) * SECOND_MS
                off = on + int((6 + lasts * 24) * 60) * SECOND_MS
                ride(city, book, person, f"{person.line}{departure % 6:02d}B", on, off)


def work(city: City, book: Book, day: int) -> None:
    """Who sat in which office, as the investigators were told, a day late; one in ten has no end."""
    for office, staff in enumerate(city.offices):
        luck = city.rng.random((len(staff), 4)).tolist()
        for number, (comes, stays, told, late) in zip(staff, luck, strict=True):
            since, until = at(day, 8.5) + int(stays * 1800) * SECOND_MS, at(day, 16.5) + int(stays * 1800) * SECOND_MS
            if comes > 0.9:
                continue
            seen = city.visit(number, "room", f"office {office}", since, until)
            if seen:
                confidence = "certain" if told < 0.8 else "likely" if told < 0.95 else "vague"
                book.add(
                    "health.survey_leg", seen.until_ms, int(late * 24 * HOUR_MS), **who(city.people[number]),
                    place_kind="room", place_code=f"OF-{office:03d}", room="A1", confidence=confidence, since_at=since,
                    until_at=seen.until_ms if told > 0.1 else None,
                )  # fmt: skip


def gates(city: City, book: Book, day: int) -> None:
    """Half of the residents pass the checkpoint of their compound; some by the plate of their car."""
    luck = city.rng.random((city.residents, 3)).tolist()
    for person, (goes, when, drives) in zip(city.people, luck, strict=False):
        if goes < 0.5:
            code, passed = f"CP-{person.household // 60:03d}", at(day, 9) + int(when * 7 * 3600) * SECOND_MS
            if city.visit(person.number, "checkpoint", code, passed, passed + MINUTE_MS):
                shown = {"id_type": "plate", "id_no": f"{person.plate[:2]}·{person.plate[2:]}"}
                ids = shown if person.plate and drives < 0.5 else who(person)
                status = "ok" if drives < 0.97 else "none"
                book.add(
                    "police.checkpoint_pass",
                    passed,
                    5000,
                    **ids,
                    checkpoint_code=code,
                    passed_at=passed,
                    code_status=status,
                )


def hail(city: City, book: Book, person: Person, taxi: int, since_ms: int, minutes: int) -> None:
    """One taxi trip, booked by phone."""
    plate = city.taxis[taxi][0]
    seen = city.visit(person.number, "taxi", f"taxi {plate}", since_ms, since_ms + minutes * MINUTE_MS)
    if seen:
        book.add(
            "transport.taxi_trip", seen.until_ms, MINUTE_MS, id_type="phone", id_no=person.phone, vehicle=plate,
            pickup_at=since_ms, dropoff_at=seen.until_ms,
        )  # fmt: skip


def cabs(city: City, book: Book, day: int) -> None:
    """Two drivers share each taxi; trips of fifteen minutes."""
    for taxi, (plate, *drivers) in enumerate(city.taxis):
        for driver, hour in zip(drivers, (6, 15), strict=True):
            since, until = at(day, hour), at(day, hour + 8.5)
            seen = city.visit(driver, "taxi", f"taxi {plate}", since, until)
            if seen is None:
                continue
            duty = {"mode": "taxi", "vehicle": plate, "since_at": since, "until_at": seen.until_ms}
            book.add("transport.crew_duty", since, 10 * MINUTE_MS, **who(city.people[driver]), **duty)
            for trip, rider in enumerate(city.some(4, city.residents)):
                hail(city, book, city.people[rider], taxi, since + (trip * 2 * 60 + 5 + rider % 60) * MINUTE_MS, 15)


def board(city: City, book: Book, number: int, train: str, day: int, hour: float, seat: tuple[int, int, str]) -> None:
    """One ticket; the seat in one of the notations that sellers use, or none. Carriages are apart."""
    carriage, row, letter = seat
    since, until = at(day, hour), at(day, hour) + 100 * MINUTE_MS
    if city.visit(number, "train", f"{train} day {day} carriage {carriage}", since, until) is None:
        return
    notations: list[dict[str, Any]] = [
        {"carriage": f"{carriage:02d}", "seat": f"{row:02d}{letter}"},
        {"carriage": f"{carriage:02d}", "row": row},
        {"seat": f"{carriage:02d}车{row:02d}{letter}"},
        {"carriage": f"{carriage:02d}", "seat": "无座"},
    ]
    spelled = notations[(0, 0, 0, 0, 0, 1, 1, 1, 2, 3)[number % 10]]
    book.add(
        "transport.ticket", since - 12 * HOUR_MS, MINUTE_MS, **who(city.people[number]), mode="train", vehicle=train,
        service_date=local(since)[:10], **spelled, sealed=True, board="北京朝阳", alight="长春", depart_at=since,
        arrive_at=until,
    )  # fmt: skip


def trains(city: City, book: Book, day: int) -> list[int]:
    """Three trains with some eighty passengers and two attendants each; gives those who arrived."""
    arrived: list[int] = []
    for train, hour in TRAINS:
        passengers = city.some(80, len(city.people))
        rows, letters = city.rng.integers(1, 18, 80).tolist(), city.rng.integers(0, 5, 80).tolist()
        for index, number in enumerate(passengers):
            board(city, book, number, train, day, hour, (1 + index % CARRIAGES, rows[index], "ABCDF"[letters[index]]))
        for number in city.some(2, city.residents):
            since, until = at(day, hour), at(day, hour) + 100 * MINUTE_MS
            for carriage in range(1, CARRIAGES + 1):
                city.visit(number, "train", f"{train} day {day} carriage {carriage}", since, until)
            duty = {"mode": "train", "vehicle": train, "service_date": local(since)[:10]}
            book.add(
                "transport.crew_duty",
                since,
                HOUR_MS,
                **who(city.people[number]),
                **duty,
                since_at=since,
                until_at=until,
            )
        arrived += [number for number in passengers if number >= city.residents]
    return arrived


def lodge(city: City, book: Book, number: int, room: int, since_ms: int, until_ms: int) -> None:
    """A guest checks in, and is amended at check-out."""
    seen = city.visit(number, "hotel_room", f"hotel room {room}", since_ms, until_ms)
    if seen:
        city.visits.append(Visit(number, "hotel", "hotel", since_ms, seen.until_ms))
        stay = {**HOTEL, "room": str(room), "check_in_at": since_ms}
        entry = book.add("police.hotel_stay", since_ms, 5 * MINUTE_MS, **who(city.people[number]), **stay)
        if seen.until_ms < at(DAYS, 0):
            book.amend("police.hotel_stay", entry, seen.until_ms, 5 * MINUTE_MS, check_out_at=seen.until_ms)
