"""Traffic: hotel nights, then case reports at fixed instants among bus rides at a steady rate.

In: a rate, how many reports. Out: the records, handed over when they are due; how long each report had to wait.
Invariant: the records depend on rate and reports alone, not on who takes them or how fast; a report that is late to be
answered keeps no other from being sent.
Deliberately absent: how a record is handed over, and what an answer is.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from schemas.identifiers import check_digit
from schemas.keys import Key, pseudonym

KEY = Key("bench", bytes(range(32)))
GUESTS = 6
"""People in a room: the one who is reported, and five who are contacts."""
WARM_UP = 10
REPORT_EVERY_S = 0.5
_EVENT = "2022-03-08T10:00:00+08:00"
_BORN = 1900
"""Nobody in a made-up city is born that early, so that no guest lives there by chance."""
Record = tuple[str, dict[str, Any]]
Send = Callable[[str, dict[str, Any]], Awaitable[None]]
Settled = Callable[[], Awaitable[None]]
"""Returns when all nights were taken in."""
Watch = Callable[[int, float], Awaitable[bool]]
"""Waits until the answer to a report is there, by its number and the instant it was sent; whether it is right."""


@dataclass(frozen=True)
class Traffic:
    """`rate`: rides a second; `reports`: those that count; `warm_up`: those before them that do not."""

    rate: float
    reports: int
    warm_up: int = WARM_UP

    @property
    def cases(self) -> int:
        """Of one case the list is waited for, of the next the ways."""
        return 2 * (self.reports + self.warm_up)

    @property
    def rides(self) -> int:
        return int(self.rate * REPORT_EVERY_S * self.cases)

    @property
    def records(self) -> int:
        return self.stays + self.cases + self.rides

    @property
    def stays(self) -> int:
        return self.cases * GUESTS

    async def play(self, send: Send, settled: Settled, watch: Watch) -> tuple[list[float], list[float], bool]:
        """Sends all of it, the nights first. What passed until each report was answered, and until it was handed over;
        whether all answers were right. Units: s."""
        await asyncio.gather(*(send(*stay(number)) for number in range(self.stays)))
        await settled()
        began_s, watched, handed = time.perf_counter(), list[asyncio.Task[tuple[float, bool]]](), list[float]()
        riding = asyncio.ensure_future(self._ride(send, began_s))
        for number in range(self.cases):
            await asyncio.sleep(max(0.0, began_s + number * REPORT_EVERY_S - time.perf_counter()))
            sent_s = time.perf_counter()
            await send(*report(number))
            handed.append(time.perf_counter() - sent_s)
            watched.append(asyncio.ensure_future(_watched(watch, number, sent_s)))
        await riding
        answered = await asyncio.gather(*watched)
        return [seconds for seconds, _ in answered], handed, all(right for _, right in answered)

    async def _ride(self, send: Send, began_s: float) -> None:
        sent = 0
        while sent < self.rides:
            due = min(self.rides, int((time.perf_counter() - began_s) * self.rate))
            for number in range(sent, due):
                await send(*ride(number))
            sent = max(sent, due)
            await asyncio.sleep(0.005)

    def measured(self, taken: list[float]) -> dict[str, list[float]]:
        """Seconds by span, without those of the warm-up."""
        return {"listed": taken[::2][self.warm_up :], "transfers": taken[1::2][self.warm_up :]}


async def _watched(watch: Watch, number: int, sent_s: float) -> tuple[float, bool]:
    right = await watch(number, sent_s)
    return time.perf_counter() - sent_s, right


def percentiles(seconds: list[float]) -> dict[str, float]:
    """Units: ms."""
    names = {"p50": 50, "p95": 95, "p99": 99, "max": 100}
    return {name: round(float(np.percentile(seconds, at)) * 1000, 1) for name, at in names.items()}


def people(number: int) -> list[str]:
    """The case of a report, then the other guests."""
    return [pseudonym(KEY.identifier("resident_id", resident(number * GUESTS + n))) for n in range(GUESTS)]


def resident(number: int) -> str:
    """A resident id that is issued to nobody."""
    born = f"{_BORN + number % 20:04d}{1 + number // 20 % 12:02d}{1 + number // 240 % 28:02d}"
    body = f"990103{born}{number // 6720 % 1000:03d}"
    return body + check_digit(body)


def stay(number: int) -> Record:
    return "police.hotel_stay", _dated({
        "source_record_id": f"h{number}", "id_type": "resident_id", "id_no": resident(number), "room": "1",
        "hotel_code": f"H{number // GUESTS}", "check_in_at": "2022-03-07T20:00:00+08:00",
        "check_out_at": "2022-03-08T08:00:00+08:00",
    })  # fmt: skip


def report(number: int) -> Record:
    return "health.case_report", _dated({
        "source_record_id": f"c{number}", "id_type": "resident_id", "id_no": resident(number * GUESTS),
        "classification": "confirmed", "onset_at": "2022-03-08T09:00:00+08:00", "reported_at": _EVENT,
    })  # fmt: skip


def ride(number: int) -> Record:
    return "transport.tap", _dated({
        "source_record_id": f"t{number}", "id_type": "transit_card", "id_no": f"9903{number % 50_000:012d}",
        "mode": "bus", "line": "9", "vehicle": f"9{number % 500:03d}", "on_at": "2022-03-08T07:00:00+08:00",
        "off_at": "2022-03-08T07:20:00+08:00",
    })  # fmt: skip


def _dated(body: dict[str, Any]) -> dict[str, Any]:
    return {"event_time": _EVENT, "version": 1, "operation": "upsert", **body}


def hours(rate: float, seconds: float, reports: int) -> Iterator[Record]:
    """What one drop of so many seconds holds."""
    yield from (stay(number) for number in range(reports * GUESTS))
    yield from (report(number) for number in range(reports))
    yield from (ride(number) for number in range(int(rate * seconds)))
