"""Recording: decisions as records of `command.transfer_decision`, in a file of a folder or in the topic.

In: decisions. Out: lines; a file that appears whole, or messages that are acknowledged.
Invariant: the id of a record follows from all that the decision says, so that a repeat is the same record.
Deliberately absent: changing what was written; a decision is overtaken by a later one, never edited.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from brain.dispatch.decisions import Decision
from schemas.instants import LOCAL
from schemas.topics import source_topic
from sinks.disk import sync
from streams.dispatch.reading import SOURCE
from streams.service.cluster import connected, kafka_errors
from streams.service.produce import outbox
from streams.service.security import client_options
from streams.service.settings import Settings

_POLL_MS = 500
_INSTANTS = ("decided_at", "planned_pickup_at", "planned_arrival_at")


def recorded(decisions: list[Decision]) -> list[dict[str, Any]]:
    """Each decision as a record."""
    made = []
    for decision in decisions:
        said = {name: _text(name, value) for name, value in decision.items() if value is not None}
        mark = hashlib.blake2b(orjson.dumps(said, option=orjson.OPT_SORT_KEYS), digest_size=10).hexdigest()
        envelope = {
            "source_record_id": f"{decision['decision']}-{mark}",
            "event_time": said["decided_at"],
            "version": 1,
            "operation": "upsert",
        }
        made.append(envelope | said)
    return made


def _text(name: str, value: Any) -> Any:
    if name not in _INSTANTS:
        return value
    moment = datetime.fromtimestamp(value // 1000, UTC).replace(microsecond=value % 1000 * 1000)
    return moment.astimezone(LOCAL).isoformat(timespec="milliseconds")


def write_records(records: list[dict[str, Any]], folder: Path) -> Path | None:
    """Writes them to a file of their own, named by what is in it; None if there are none."""
    if not records:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    lines = b"".join(orjson.dumps(record) + b"\n" for record in records)
    mark = hashlib.blake2b(lines, digest_size=4).hexdigest()
    moment = min(record["decided_at"] for record in records)[:19].translate({ord(c): None for c in "-:T"})
    path = folder / f"src.{SOURCE}.{moment}-{mark}.ndjson"
    unfinished = path.with_name(f"{path.name}.tmp")
    unfinished.write_bytes(lines)
    sync(unfinished)
    unfinished.rename(path)
    sync(folder)
    return path


async def publish_records(settings: Settings, records: list[dict[str, Any]]) -> None:
    """Publishes them, each acknowledged. Errors: CommandError."""
    async with outbox(settings) as box:
        for record in records:
            await box.put(SOURCE, orjson.dumps(record))


async def published_records(settings: Settings) -> list[dict[str, Any]]:
    """All decisions in the topic. Errors: CommandError."""
    found: list[dict[str, Any]] = []
    async with connected(settings) as cluster:
        topic = settings.prefix + source_topic(SOURCE)
        count = (await cluster.partitions([source_topic(SOURCE)])).get(source_topic(SOURCE), 0)
        ends = await cluster.ends([f"{source_topic(SOURCE)}@{n}" for n in range(count)])
    waiting = {TopicPartition(topic, int(part.rpartition("@")[2])): end for part, end in ends.items() if end}
    if not waiting:
        return found
    with kafka_errors(settings):
        consumer = AIOKafkaConsumer(
            **client_options(settings), isolation_level="read_committed", enable_auto_commit=False
        )
        await consumer.start()
        try:
            consumer.assign([*waiting])
            await consumer.seek_to_beginning()
            while any([await consumer.position(part) < end for part, end in waiting.items()]):
                for messages in (await consumer.getmany(timeout_ms=_POLL_MS)).values():
                    found += [orjson.loads(message.value) for message in messages if message.value]
        finally:
            await consumer.stop()
    return found
