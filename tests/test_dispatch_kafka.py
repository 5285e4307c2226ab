"""Decisions on a real Kafka: published once, and seen by the next round before any lake has them.

In: a broker, a lake. Out: pass or fail.
Invariant: what is in the topic is what the command said it decided.
Deliberately absent: the service that reads the topic (test_transfer_service.py).
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from streams.cli import main
from streams.dispatch.recording import published_records
from streams.service.broker import LocalBroker
from streams.service.cluster import BrokerError
from streams.service.settings import Settings, load_settings
from streams.service.topics import ensure_topics
from tests.brokers import fresh_prefix
from tests.dispatch_desk import busy
from tests.transfer_desk import at


async def _known(settings: Settings) -> list[dict[str, Any]]:
    """What is in the topic, once the broker knows it: on a busy machine that takes a while after topics were made."""
    for _ in range(20):
        with suppress(BrokerError):
            return await published_records(settings)
    return await published_records(settings)


def test_a_second_round_sees_in_the_topic_what_the_first_one_decided(
    broker: LocalBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    prefix = fresh_prefix()
    settings = load_settings(**broker.access, prefix=prefix, partitions=1)
    asyncio.run(ensure_topics(settings))
    for name, value in (broker.access | {"prefix": prefix, "partitions": 1}).items():
        monkeypatch.setenv(f"BRAIN_{name.upper()}", str(value))
    assert asyncio.run(_known(settings)) == []
    desk = busy()
    desk.tick(at(12))
    lake = tmp_path / "lake"
    assert main(["run", str(desk.write(tmp_path / "records")), "--lake", str(lake)]) == 0
    said = []
    for _ in range(2):
        capsys.readouterr()
        assert main(["dispatch", "--lake", str(lake), "--kafka", "--seconds", "0", "--json"]) == 0
        said.append(json.loads(capsys.readouterr().out))
    first, second = said
    assert len(first["decisions"]) == 4
    assert second["decisions"] == []
    there = asyncio.run(published_records(settings))
    order = [sorted(records, key=lambda body: body["source_record_id"]) for records in (there, first["decisions"])]
    assert order[0] == order[1]
