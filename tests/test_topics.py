"""The topics: made as the table says, and what is wrong with those that are there is told with what to do.

In: a broker. Out: pass or fail.
Invariant: nothing that was there before is changed.
Deliberately absent: what is in the topics.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import NewTopic

from schemas.topics import FACT_BYTES_MAX, FACTS, topics
from streams.cli import main
from streams.errors import CommandError
from streams.service.broker import LocalBroker
from streams.service.cluster import BrokerError, connected
from streams.service.security import client_options
from streams.service.settings import Settings, load_settings
from streams.service.topics import check_progress, check_topics, ensure_topics
from tests.brokers import fresh_prefix

TAP = "src.transport.tap"


@pytest.fixture
def settings(broker: LocalBroker) -> Settings:
    return load_settings(**broker.access, prefix=fresh_prefix(), partitions=3)


async def make(settings: Settings, name: str, partitions: int, **config: str) -> None:
    """A topic as somebody else would make it."""
    table = {topic.name: topic for topic in topics()}
    told = {**table[name].config(), **{option.replace("_", "."): value for option, value in config.items()}}
    async with connected(settings) as cluster:
        await cluster.admin.create_topics([NewTopic(settings.prefix + name, partitions, 1, topic_configs=told)])
        while name not in await cluster.partitions([name]):
            await asyncio.sleep(0.05)


async def held(settings: Settings) -> dict[str, tuple[int, dict[str, str]]]:
    """What the broker has: partitions and what the table says something about, by topic."""
    names = [topic.name for topic in topics()]
    async with connected(settings) as cluster:
        there = await cluster.partitions(names)
        configs = await cluster.configs(there)
    said = {topic.name: topic.config() for topic in topics()}
    return {name: (there[name], {o: v for o, v in configs[name].items() if o in said[name]}) for name in there}


async def test_every_topic_of_the_table_is_made_as_it_says(settings: Settings) -> None:
    made = await ensure_topics(settings)
    assert sorted(made) == sorted(topic.name for topic in topics())
    assert await held(settings) == {topic.name: (topic.partitions(3), topic.config()) for topic in topics()}
    await check_topics(settings)


async def test_made_again_they_are_the_same(settings: Settings) -> None:
    await ensure_topics(settings)
    before = await held(settings)
    assert await ensure_topics(settings) == []
    assert await held(settings) == before


async def test_several_may_make_them_at_once(settings: Settings) -> None:
    made = await asyncio.gather(*(ensure_topics(settings) for _ in range(4)))
    assert sorted(name for names in made for name in names) == sorted(topic.name for topic in topics())


async def test_installations_on_one_broker_do_not_see_each_other(settings: Settings) -> None:
    await ensure_topics(settings)
    with pytest.raises(CommandError, match="missing"):
        await check_topics(settings.model_copy(update={"prefix": fresh_prefix()}))


@pytest.mark.parametrize(
    ("name", "partitions", "config", "told"),
    [
        (TAP, 2, {}, ["expected 3 partitions, found 2", "BRAIN_PARTITIONS=2", "kafka-topics --alter --partitions 3"]),
        (TAP, 5, {}, ["expected 3 partitions, found 5", "BRAIN_PARTITIONS=5", "takes no partition away"]),
        ("events.case", 2, {}, ["expected 1 partitions, found 2", "order", "brain topics"]),
        (TAP, 3, {"cleanup_policy": "compact"}, ["expected cleanup.policy=delete, found compact", "kafka-configs"]),
        (TAP, 3, {"retention_ms": "60000"}, ["expected retention.ms=259200000, found 60000", "kafka-configs"]),
        (TAP, 3, {"retention_ms": "-1"}, ["found -1", "identifiers"]),
        (FACTS, 1, {"max_message_bytes": "1000000"}, ["expected max.message.bytes=16777216, found 1000000"]),
    ],
)  # fmt: skip
async def test_a_topic_that_is_wrong_is_told_with_what_to_do(
    settings: Settings, name: str, partitions: int, config: dict[str, str], told: list[str]
) -> None:
    await make(settings, name, partitions, **config)
    before = await held(settings)
    for look in (ensure_topics, check_topics):
        with pytest.raises(CommandError) as caught:
            await look(settings)
        message = str(caught.value)
        assert settings.prefix + name in message
        assert all(part in message for part in told), message
    assert await held(settings) == before, "nothing is made beside it"


async def test_hops_stand_in_one_partition_however_many_there_are(settings: Settings) -> None:
    await make(settings, FACTS, 4, max_message_bytes=str(FACT_BYTES_MAX), retention_ms="259200000")
    assert FACTS not in await ensure_topics(settings)


async def test_a_topic_that_takes_larger_messages_is_fine(settings: Settings) -> None:
    await make(settings, TAP, 3, max_message_bytes="2000000")
    assert TAP not in await ensure_topics(settings)


async def test_of_many_wrong_topics_each_complaint_is_told_once(settings: Settings) -> None:
    await ensure_topics(settings)
    with pytest.raises(CommandError) as caught:
        await check_topics(settings.model_copy(update={"partitions": 4}))
    assert str(caught.value).count("BRAIN_PARTITIONS=3; or add partitions, ") == 1
    assert "brain topics --check" in str(caught.value)


async def test_more_copies_than_brokers_are_told_by_the_name_of_the_setting(settings: Settings) -> None:
    with pytest.raises(CommandError, match="BRAIN_REPLICATION"):
        await ensure_topics(settings.model_copy(update={"replication": 3}))


async def test_a_topic_that_was_made_anew_is_told_by_what_the_lake_has_read(settings: Settings) -> None:
    await ensure_topics(settings)
    producer = AIOKafkaProducer(**client_options(settings))
    await producer.start()
    for _ in range(5):
        await producer.send_and_wait(settings.prefix + TAP, b"{}", partition=1)
    await producer.stop()
    read = {f"{TAP}@1": 5, f"{TAP}@0": 0, "events": 70, "src.transport.tap.ndjson": 900}
    await check_progress(settings, read)
    async with connected(settings) as cluster:
        await cluster.admin.delete_topics([settings.prefix + TAP])
        while await cluster.partitions([TAP]):
            await asyncio.sleep(0.05)
    await ensure_topics(settings)
    with pytest.raises(CommandError) as caught:
        await check_progress(settings, read)
    assert f"{TAP}@1: read up to 5, it ends at 0" in str(caught.value)
    assert all(part in str(caught.value) for part in ("BRAIN_BOOTSTRAP", "BRAIN_LAKE"))
    with pytest.raises(CommandError, match="no such partition"):
        await check_progress(settings, {f"{TAP}@7": 1})


async def test_without_kafka_it_is_said_where_it_was_looked_for_and_how_to_start_it() -> None:
    with pytest.raises(BrokerError, match=r"127\.0\.0\.1:1 .*brain broker up"):
        await check_topics(load_settings(bootstrap="127.0.0.1:1"))


def brain(settings: Settings, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setenv("BRAIN_PREFIX", settings.prefix)
    monkeypatch.setenv("BRAIN_PARTITIONS", str(settings.partitions))
    return main(["topics", "--bootstrap", settings.bootstrap, *arguments])


def test_the_command_makes_them_once_and_tells_what_there_is(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert brain(settings, monkeypatch, "--check", "--json") == 1
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    assert all(row["wrong"] and not row["partitions"] for row in found)
    assert brain(settings, monkeypatch) == 0
    assert "新建 made" in capsys.readouterr().out
    assert brain(settings, monkeypatch, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert {row["topic"] for row in found} == {settings.prefix + topic.name for topic in topics()}
    assert not any(row["wrong"] for row in found)
    monkeypatch.setenv("BRAIN_PARTITIONS", "4")
    assert main(["topics", "--bootstrap", settings.bootstrap, "--check"]) == 1
    assert "BRAIN_PARTITIONS=3" in capsys.readouterr().out
