"""Services for the tests: installations on the tests' broker that publish soon and notice a death soon.

In: a broker, a folder. Out: an `Installation`.
Invariant: one key for all, so that equal views have equal digests; topics of its own for each.
Deliberately absent: everything else (benchmarks/installation.py).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.installation import Installation
from schemas.keys import Key
from streams.records import Chunk, Reader, find_parts
from streams.service.broker import LocalBroker
from streams.service.produce import publish_at_once
from streams.service.topics import ensure_topics
from tests.brokers import fresh_prefix
from tests.engines import KEY


def installation(broker: LocalBroker, folder: Path, key: Key = KEY, **choices: Any) -> Installation:
    """With its topics made, and nothing started."""
    soon = {"partitions": 2, "publish_s": 0.5, "session_timeout_s": 6}
    made = Installation(broker, folder, key, **{"prefix": fresh_prefix(), **soon, **choices})
    asyncio.run(ensure_topics(made.settings))
    return made


def publish(service: Installation, chunks: Iterable[Chunk]) -> Counter[str]:
    """Publishes lines to the topics of their sources; how many of each source."""
    told = asyncio.run(publish_at_once(service.settings, chunks, lambda _: None, asyncio.Event()))
    return told.records


def publish_folder(service: Installation, records: Path) -> Counter[str]:
    return publish(service, Reader(find_parts(records), {}).chunks())
