"""Transport: an agent that does nothing, under Faust as it comes, under the batch transport, and aiokafka alone.

In: a broker, a number of records. Out: records a second of each, in one run.
Invariant: each reads the same topic from its beginning in a process of its own, and counts what it was handed.
Deliberately absent: any work on a record; here the way to the agent is measured, and nothing else.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import time
from typing import Any

import faust
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from benchmarks.bench import Bench, Row
from benchmarks.figures import Figures
from benchmarks.plots import bars
from streams.service.spans import Reading
from streams.service.transport import Transport

PARTITIONS, RECORD_BYTES = 8, 175
WAYS = ("faust", "batch", "bare")
SIZES = {"full": (2_000_000, 3), "quick": (400_000, 1), "tiny": (8_000, 1)}
"""Records, repeats."""
_COMMAND = (sys.executable, "-m", "benchmarks.transport")


def measure(size: str, bench: Bench) -> Row:
    records, repeats = SIZES[size]
    bench.tell(f"{records:,} records, {', '.join(WAYS)} in turn, {repeats} times after a warm-up")
    found = transport(bench.broker.bootstrap, f"{bench.prefix}transport", records, repeats)
    return {"name": "transport", "seeds": [], "repeats": repeats, "digest": "", "void": "", **found}


def figures(report: Row) -> list[Figures]:
    middle = {way: statistics.median(report["rate"][way]) for way in WAYS}
    rows = [
        (way, *(f"{round(v):,}" for v in (min(rates), middle[way], max(rates))), f"{middle[way] / middle['faust']:.1f}")
        for way, rates in report["rate"].items()
    ]
    title = f"Records/s of {report['record_bytes']} bytes to an agent that does nothing"
    return [Figures(title, ("way", "least", "median", "greatest", "times stock Faust"), rows)]


def plot(report: Row) -> str:
    values = {way: (min(rates), statistics.median(rates), max(rates)) for way, rates in report["rate"].items()}
    return bars("From a topic to an agent that does nothing", "records/s", values)


def transport(bootstrap: str, topic: str, records: int, repeats: int) -> dict[str, Any]:
    """Rates by way. Stock Faust reads a twentieth of the records, or one would wait for minutes."""
    asyncio.run(_fill(bootstrap, topic, records))
    found: dict[str, list[float]] = {way: [] for way in WAYS}
    for turn in range(repeats + 1):
        for way in WAYS:
            wanted = records // 20 if way == "faust" else records
            said = subprocess.run(
                [*_COMMAND, way, bootstrap, topic, str(wanted), f"{topic}.{way}.{turn}"],
                capture_output=True,
                text=True,
                check=True,
            )
            if turn:
                found[way].append(json.loads(said.stdout.splitlines()[-1])["rate"])
    return {"records": records, "partitions": PARTITIONS, "record_bytes": RECORD_BYTES, "rate": found}


async def _fill(bootstrap: str, topic: str, records: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, PARTITIONS, 1)])
    await admin.close()
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, max_batch_size=1 << 18, linger_ms=5)
    await producer.start()
    value = b"x" * RECORD_BYTES
    for partition in range(PARTITIONS):
        left = records // PARTITIONS
        while left:
            batch = producer.create_batch()
            while left and batch.append(key=None, value=value, timestamp=None) is not None:
                left -= 1
            await producer.send_batch(batch, topic, partition=partition)
    await producer.stop()


async def _bare(bootstrap: str, topic: str, wanted: int, group: str) -> float:
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap, group_id=group, auto_offset_reset="earliest", enable_auto_commit=False
    )
    await consumer.start()
    count, began_s = 0, 0.0
    while count < wanted:
        for records in (await consumer.getmany(timeout_ms=1000, max_records=5_000)).values():
            began_s = began_s or time.perf_counter()
            count += len(records)
    rate = count / (time.perf_counter() - began_s)
    await consumer.stop()
    return rate


async def _through_faust(bootstrap: str, topic: str, wanted: int, group: str, batch: bool) -> float:
    app = faust.App(
        group, broker=f"kafka://{bootstrap}", store="memory://", web_enabled=False, topic_disable_leader=True,
        topic_allow_declare=False, autodiscover=False, consumer_auto_offset_reset="earliest",
    )  # fmt: skip
    if batch:
        app.conf.stream_buffer_maxsize, app.conf.broker_max_poll_records = 16, 5_000

        async def as_committed(committed: Any) -> Any:
            return committed

        app.transport = Transport(app, Reading(20, 5_000), as_committed)
    done, seen = asyncio.Event(), {"count": 0, "began_s": 0.0}

    async def nothing(stream: Any) -> None:
        async for value in stream:
            seen["began_s"] = seen["began_s"] or time.perf_counter()
            seen["count"] += len(value.records) if batch else 1
            if seen["count"] >= wanted:
                seen["ended_s"] = time.perf_counter()
                done.set()

    app.agent(app.topic(topic, value_type=bytes, value_serializer="raw"), name="nothing")(nothing)
    await app.start()
    await done.wait()
    await app.stop()
    return seen["count"] / (seen["ended_s"] - seen["began_s"])


def _main(way: str, bootstrap: str, topic: str, wanted: str, group: str) -> None:
    if way == "bare":
        rate = asyncio.run(_bare(bootstrap, topic, int(wanted), group))
    else:
        rate = asyncio.run(_through_faust(bootstrap, topic, int(wanted), group, way == "batch"))
    print(json.dumps({"rate": rate}))


if __name__ == "__main__":
    _main(*sys.argv[1:])
