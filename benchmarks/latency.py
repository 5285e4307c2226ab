"""Latency: from a case report that is published to its contacts (L1 to L2) and to their transfers (L1 to L3) in an
answer, on a real broker, at a steady rate.

In: a broker, a rate, how many reports. Out: percentiles, and whether every list was complete.
Invariant: what is waited for is the whole list: every guest of the room and nobody else; a way for each of them, to
isolation, and one for the case, to a hospital.
Deliberately absent: the time a department takes before it publishes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import orjson
from aiokafka import AIOKafkaProducer

from benchmarks.installation import Installation
from schemas.identifiers import check_digit
from schemas.keys import Key, pseudonym
from streams.service.broker import LocalBroker
from streams.service.security import client_options
from streams.service.settings import Settings
from streams.service.topics import ensure_topics

_GUESTS = 6
_WARM_UP = 10
_EVENT = "2022-03-08T10:00:00+08:00"
_ASK_AGAIN_S = 0.002
KEY = Key("bench", bytes(range(32)))


def latency(broker: LocalBroker, folder: Path, rate: float, reports: int, prefix: str) -> dict[str, Any]:
    """One installation with one intake worker; twice `reports` cases, two a second, among `rate` bus rides a second. Of
    one case the list is waited for, of the next the ways: asking for both at once would cost the writer twice."""
    with Installation(broker, folder, KEY, prefix=prefix) as service:
        asyncio.run(ensure_topics(service.settings))
        service.start("writer", "intake-1")
        service.until(lambda: bool(service.status("intake-1").get("assigned")), 60, "partitions assigned")
        taken, acknowledged, whole = asyncio.run(_measure(service, rate, 2 * (reports + _WARM_UP)))
        rides = service.status()["departments"]["transport"]["read"]
        service.stop()
    return {
        "rate": rate, "reports": reports, "rides": rides, "void": not whole,
        "listed_ms": _percentiles(taken[::2][_WARM_UP:]), "transfers_ms": _percentiles(taken[1::2][_WARM_UP:]),
        "acknowledged_ms": _percentiles(acknowledged[2 * _WARM_UP :]),
    }  # fmt: skip


def _percentiles(seconds: list[float]) -> dict[str, float]:
    names = {"p50": 50, "p95": 95, "p99": 99, "max": 100}
    return {name: round(float(np.percentile(seconds, at)) * 1000, 1) for name, at in names.items()}


async def _measure(service: Installation, rate: float, reports: int) -> tuple[list[float], list[float], bool]:
    settings = service.settings
    async with _producer(settings) as producer, aiohttp.ClientSession() as asking:
        sent = [await _send(producer, settings, "police.hotel_stay", _stay(n)) for n in range(reports * _GUESTS)]
        await asyncio.gather(*sent)
        await asyncio.sleep(2)
        traffic = asyncio.ensure_future(_rides(producer, settings, rate))
        taken, acknowledged, whole = list[float](), list[float](), True
        for number in range(reports):
            began_s = time.perf_counter()
            await (await _send(producer, settings, "health.case_report", _report(number)))
            acknowledged.append(time.perf_counter() - began_s)
            waits, checks = (_carried, _listed) if number % 2 else (_listed, _carried)
            found = await waits(asking, service, number)
            taken.append(time.perf_counter() - began_s)
            whole &= found and await checks(asking, service, number)
            await asyncio.sleep(max(0.0, 0.5 - taken[-1]))
        traffic.cancel()
    return taken, acknowledged, whole


async def _carried(asking: aiohttp.ClientSession, service: Installation, number: int) -> bool:
    """Waits for the way of the last guest, since all ways come at once; whether each of the others has theirs then."""
    people = _people(number)
    address, end_s = f"http://127.0.0.1:{service.ports['writer']}/transfers", time.monotonic() + 30

    async def ways(person: str) -> set[tuple[str, str]]:
        async with asking.get(address, params={"person": person}) as answer:
            return {(row["source"], row["class_after"]) for row in (await answer.json())["transfers"]}

    wanted = [{("hospital", "needed")}, *[{("isolate", "needed")}] * (_GUESTS - 1)]
    while await ways(people[-1]) != wanted[-1]:
        if time.monotonic() > end_s:
            return False
        await asyncio.sleep(_ASK_AGAIN_S)
    return all([await ways(person) == way for person, way in zip(people, wanted, strict=True)])


def _people(number: int) -> list[str]:
    """The case, then the other guests."""
    return [pseudonym(KEY.identifier("resident_id", resident(number * _GUESTS + n))) for n in range(_GUESTS)]


async def _listed(asking: aiohttp.ClientSession, service: Installation, number: int) -> bool:
    """Waits for the list of a case; whether it is the right one."""
    people = _people(number)
    address, end_s = f"http://127.0.0.1:{service.ports['writer']}/contacts", time.monotonic() + 30
    while time.monotonic() < end_s:
        async with asking.get(address, params={"source": people[0]}) as answer:
            found = {row["subject"] for row in (await answer.json())["contacts"]}
        if len(found) >= _GUESTS - 1:
            return found == set(people[1:])
        await asyncio.sleep(_ASK_AGAIN_S)
    return False


async def _rides(producer: AIOKafkaProducer, settings: Settings, rate: float) -> None:
    began_s, sent = time.perf_counter(), 0
    while True:
        while sent < (time.perf_counter() - began_s) * rate:
            await _send(producer, settings, "transport.tap", _ride(sent))
            sent += 1
        await asyncio.sleep(0.005)


async def _send(producer: AIOKafkaProducer, settings: Settings, source: str, body: dict[str, Any]) -> Any:
    line = orjson.dumps({"event_time": _EVENT, "version": 1, "operation": "upsert", **body})
    return await producer.send(f"{settings.prefix}src.{source}", line, body["source_record_id"].encode())


@asynccontextmanager
async def _producer(settings: Settings) -> AsyncIterator[AIOKafkaProducer]:
    made = AIOKafkaProducer(**client_options(settings), enable_idempotence=True, acks="all", linger_ms=0)
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


def resident(number: int) -> str:
    """A resident id that is issued to nobody."""
    born = f"{1950 + number % 50:04d}{1 + number // 50 % 12:02d}{1 + number % 28:02d}"
    body = f"990103{born}{number // 600 % 1000:03d}"
    return body + check_digit(body)


def _stay(number: int) -> dict[str, Any]:
    return {
        "source_record_id": f"h{number}", "id_type": "resident_id", "id_no": resident(number), "room": "1",
        "hotel_code": f"H{number // _GUESTS}", "check_in_at": "2022-03-07T20:00:00+08:00",
        "check_out_at": "2022-03-08T08:00:00+08:00",
    }  # fmt: skip


def _report(number: int) -> dict[str, Any]:
    return {
        "source_record_id": f"c{number}", "id_type": "resident_id", "id_no": resident(number * _GUESTS),
        "classification": "confirmed", "onset_at": "2022-03-08T09:00:00+08:00", "reported_at": _EVENT,
    }  # fmt: skip


def _ride(number: int) -> dict[str, Any]:
    return {
        "source_record_id": f"t{number}", "id_type": "transit_card", "id_no": f"9903{number % 50_000:012d}",
        "mode": "bus", "line": "9", "vehicle": f"9{number % 500:03d}", "on_at": "2022-03-08T07:00:00+08:00",
        "off_at": "2022-03-08T07:20:00+08:00",
    }  # fmt: skip
