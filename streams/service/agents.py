"""Agents: the Faust apps of the two roles, whose agents hand what they get to a queue and do no more.

In: settings, a queue. Out: an app that fills it.
Invariant: one agent for each department, from the same table as everything else; what an agent has put into the queue
is acknowledged by whoever has brought it to its effect.
Deliberately absent: tables, windows, joins and Faust's web pages: state is the lake's, joins are the brain's.
"""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import faust
import numpy as np
from faust.types import TP

from schemas.departments import DEPARTMENTS
from schemas.topics import FACT_BYTES_MAX, FACTS, source_topic
from streams.service.chunks import Chunk, Delivery, Waiting
from streams.service.security import credentials
from streams.service.settings import Settings
from streams.service.spans import Reading
from streams.service.transport import Fetched, Starts, Transport

_CHUNKS_WAITING = 16
"""Chunks in an agent's own buffer; the queue behind it is bounded by bytes."""


def part_of(settings: Settings, tp: TP) -> str:
    """A partition as the lake calls it."""
    return f"{tp.topic.removeprefix(settings.prefix)}@{tp.partition}"


def intake_app(settings: Settings, waiting: Waiting[Chunk]) -> faust.App:
    """The app of an intake worker: an agent for each department over all its topics."""
    app = _app(settings, intake_group(settings), _from_group, 1 << 20)
    for department, models in DEPARTMENTS.items():
        names = [f"{department}.{model.record}" for model in models]
        sources = {settings.prefix + source_topic(name): name for name in names}
        topic = app.topic(*sources, value_type=bytes, value_serializer="raw", key_type=bytes, key_serializer="raw")
        app.agent(topic, name=f"intake.{department}")(_taking(settings, sources, waiting))
    return app


def writer_app(settings: Settings, lake_id: str, waiting: Waiting[Delivery], starts: Starts) -> faust.App:
    """The app of the writer: one agent over the facts."""
    app = _app(settings, writer_group(settings, lake_id), starts, FACT_BYTES_MAX)
    topic = app.topic(
        settings.prefix + FACTS, value_type=bytes, value_serializer="raw", key_type=bytes, key_serializer="raw"
    )

    async def deliver(stream: Any) -> None:
        async for fetched in stream.noack():
            bodies = [record.value for record in fetched.records]
            part = part_of(settings, fetched.tp)
            await waiting.put(Delivery(part, fetched.first, fetched.next, bodies, fetched.acknowledge))

    app.agent(topic, name="writer")(deliver)
    return app


def intake_group(settings: Settings) -> str:
    return f"{settings.prefix}brain.intake"


def writer_group(settings: Settings, lake_id: str) -> str:
    """A group of its own for each lake: two that shared one would get half of the facts each."""
    return f"{settings.prefix}brain.writer.{lake_id}"


def instance_id(settings: Settings) -> str:
    """A static member of its group: killed and started again it has its partitions back at once, without waiting for
    its former self to time out. The port is in it, since two on one host cannot both have that."""
    return f"{socket.gethostname()}-{settings.port}-{settings.index}"


async def _from_group(committed: Mapping[TP, int | None]) -> Mapping[TP, int | None]:
    return committed


def _taking(settings: Settings, sources: Mapping[str, str], waiting: Waiting[Chunk]) -> Any:
    async def take(stream: Any) -> None:
        async for fetched in stream.noack():
            await waiting.put(_chunk(settings, sources[fetched.tp.topic], fetched))

    return take


def _chunk(settings: Settings, source: str, fetched: Fetched) -> Chunk:
    records = fetched.records
    offsets = np.fromiter((r.offset for r in records), np.int64, len(records))
    return Chunk(
        source,
        part_of(settings, fetched.tp),
        fetched.first,
        fetched.next,
        [r.value or b"" for r in records],
        offsets,
        fetched.earliest,
        records[0].timestamp if records else 0,
        records[-1].timestamp if records else 0,
        fetched.acknowledge,
    )


def _app(settings: Settings, group: str, starts: Starts, partition_bytes_max: int) -> faust.App:
    session_s = settings.session_timeout_s
    app = faust.App(
        group,
        broker=[f"kafka://{address.strip()}" for address in settings.bootstrap.split(",")],
        broker_credentials=credentials(settings),
        broker_client_id=f"intake-{settings.index}" if settings.index else "writer",
        broker_session_timeout=session_s,
        broker_heartbeat_interval=session_s / 5,
        broker_request_timeout=max(30.0, session_s * 2),
        broker_rebalance_timeout=session_s,
        broker_max_poll_interval=3600.0,
        broker_max_poll_records=settings.chunk_records,
        broker_commit_interval=1.0,
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=instance_id(settings),
        stream_buffer_maxsize=_CHUNKS_WAITING,
        stream_wait_empty=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        web_tables_enabled=False,
        store="memory://",
        datadir=str(Path(tempfile.gettempdir()) / f"{group}-data"),  # Faust makes one; nothing is put there
        autodiscover=False,
    )
    app.transport = Transport(app, Reading(settings.fetch_wait_ms, settings.chunk_records, partition_bytes_max), starts)
    return app
