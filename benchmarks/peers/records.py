"""Records: presences and the infectious presences of cases (intervals), as files and as two topics keyed by place.

In: how many, a seed. Out: NDJSON of both in order of arrival; the same bytes in the topics.
Invariant: same seed, same bytes. Some places are hot (Zipf), some records come hours late, some come twice; intervals
come both before and after the presences that they meet.
Deliberately absent: who is near enough; here whoever was there at the time was there.
"""

from __future__ import annotations

import asyncio
import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

PARTITIONS = 8
KINDS = ("presence", "interval")
_BEGIN_MS, _DAYS_MS, _MINUTE_MS, _HOUR_MS = 1_646_668_800_000, 3 * 86_400_000, 60_000, 3_600_000
_ZIPF = 0.7
_RECORDS_A_PLACE, _RECORDS_A_PERSON, _INTERVALS_A_CASE = 20, 3, 10
_INTERVALS, _TWICE, _LATE = 0.01, 0.02, 0.05
"""Shares of all records."""
Line = tuple[int, bytes, bytes]
"""(arrival in ms, place, record)."""


@dataclass(frozen=True)
class Records:
    """What was written. `topics`: of presences and of intervals; `files` likewise; `count`: records of both."""

    count: int
    topics: tuple[str, str]
    files: tuple[Path, Path]


def make(folder: Path, bootstrap: str, prefix: str, count: int, seed: int) -> Records:
    """Writes `count` records to files in a folder and to two new topics."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    intervals = max(1, int(count * _INTERVALS))
    twice = int(count * _TWICE)
    hosts = np.arange(max(2, count // _RECORDS_A_PLACE)) + 1.0
    odds = hosts**-_ZIPF / (hosts**-_ZIPF).sum()
    people = max(10, count // _RECORDS_A_PERSON)
    cases = rng.choice(people, max(1, intervals // _INTERVALS_A_CASE), replace=False)
    presences = count - intervals - twice
    some = {
        "presence": _lines("presence", presences, rng.integers(0, people, presences), odds, rng),
        "interval": _lines("interval", intervals, rng.choice(cases, intervals), odds, rng),
    }
    again = twice // 50
    for kind, repeated in (("interval", again), ("presence", twice - again)):
        at = rng.integers(0, len(some[kind]), repeated).tolist()
        some[kind] += [(some[kind][i][0] + 1 + i % _HOUR_MS, *some[kind][i][1:]) for i in at]
    topics, files = [f"{prefix}{kind}s" for kind in KINDS], [folder / f"{kind}s.ndjson" for kind in KINDS]
    for kind, path in zip(KINDS, files, strict=True):
        some[kind].sort()
        path.write_bytes(b"".join(line[2] + b"\n" for line in some[kind]))
    asyncio.run(_fill(bootstrap, dict(zip(topics, some.values(), strict=True))))
    return Records(count, (topics[0], topics[1]), (files[0], files[1]))


def _lines(kind: str, count: int, people: Any, odds: Any, rng: np.random.Generator) -> list[Line]:
    places = rng.choice(len(odds), count, p=odds)
    since = _BEGIN_MS + rng.integers(0, _DAYS_MS, count)
    long = (rng.gamma(2.0, 20.0, count) * _MINUTE_MS).astype(np.int64) + 3 * _MINUTE_MS
    until = since + (long * 2 if kind == "interval" else long)
    # A case is found a day after it was somewhere, or is known and goes on.
    delay = rng.random(count) * 24 * _HOUR_MS * (rng.random(count) < 0.5) if kind == "interval" else np.zeros(count)
    delay += (rng.random(count) < _LATE) * rng.exponential(6 * _HOUR_MS, count)
    arrival = (until + delay).astype(np.int64)
    rows = zip(arrival.tolist(), places.tolist(), people.tolist(), since.tolist(), until.tolist(), strict=True)
    return [_line(kind, number, *row) for number, row in enumerate(rows)]


def _line(kind: str, number: int, arrival: int, place: int, person: int, since: int, until: int) -> Line:
    where = f"venue:220103-{place:07d}"
    body = {
        f"{kind}_id": f"data_office.venue_scan:202203:{number:09d}", "version": 1, "operation": "upsert",
        "person": f"code_token:{person * 2_654_435_761 % (1 << 32):08x}{person:08x}", "place": where,
        "since_ms": since, "until_ms": until, "street": f"220103{place % 17:03d}", "channel": "gate",
    }  # fmt: skip
    return arrival, where.encode(), json.dumps(body, separators=(",", ":")).encode()


async def _fill(bootstrap: str, topics: dict[str, list[Line]]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    kept = {"retention.ms": "-1"}  # the records are of days long past
    await admin.create_topics([NewTopic(topic, PARTITIONS, 1, topic_configs=kept) for topic in topics])
    await admin.close()
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, max_batch_size=1 << 18, linger_ms=5, acks=1)
    await producer.start()
    for topic, found in topics.items():
        batches = [producer.create_batch() for _ in range(PARTITIONS)]
        for arrival, place, body in found:
            at = zlib.crc32(place) % PARTITIONS
            if batches[at].append(key=place, value=body, timestamp=arrival) is None:
                await producer.send_batch(batches[at], topic, partition=at)
                batches[at] = producer.create_batch()
                batches[at].append(key=place, value=body, timestamp=arrival)
        for at, batch in enumerate(batches):
            if batch.record_count():
                await producer.send_batch(batch, topic, partition=at)
    await producer.stop()
