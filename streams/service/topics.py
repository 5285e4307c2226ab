"""Topics, made and checked: the table of schemas/topics.py as a broker has it.

In: settings; from the lake its progress. Out: topics that are as the table says, or an error that says what is not.
Invariant: nothing that exists is changed or removed here; made twice, or by two at once, topics are the same.
Deliberately absent: mending a topic that is wrong, which can cost records or their order: a human does it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aiokafka.admin import NewTopic
from aiokafka.errors import for_code

from schemas.topics import FACTS, Topic, topics
from streams.errors import CommandError
from streams.service.cluster import BrokerError, Cluster, connected
from streams.service.settings import Settings

_EXISTS, _TOO_FEW_BROKERS = 36, 38
_APPEARS_S = 60.0
_SHOWN = 5


@dataclass(frozen=True)
class Found:
    """A topic of the table beside what the broker has. `partitions`: 0 where it has none. `wrong`: what differs and
    what to do about it."""

    topic: Topic
    partitions: int
    expected: int
    wrong: tuple[str, ...]


async def ensure_topics(settings: Settings) -> list[str]:
    """Makes the topics that are missing and checks the others; the names of those it made. Errors: CommandError."""
    async with connected(settings) as cluster:
        return await make_topics(cluster)


async def check_topics(settings: Settings) -> None:
    """Errors: CommandError where a topic is missing or not as the table says."""
    async with connected(settings) as cluster:
        complain(await find_topics(cluster), settings)


async def check_progress(settings: Settings, progress: Mapping[str, int]) -> None:
    """Errors: CommandError where the lake has read further than a topic reaches: that topic is not the one it read."""
    async with connected(settings) as cluster:
        await compare_progress(cluster, progress)


async def make_topics(cluster: Cluster) -> list[str]:
    """As `ensure_topics`, over an open connection. Nothing is made beside a topic that is wrong."""
    found = await find_topics(cluster)
    complain((each for each in found if each.partitions), cluster.settings)
    missing = [each.topic for each in found if not each.partitions]
    if not missing:
        return []
    made = await _create(cluster, missing)
    until = asyncio.get_running_loop().time() + _APPEARS_S
    while len(await cluster.partitions(topic.name for topic in missing)) < len(missing):
        if asyncio.get_running_loop().time() > until:
            raise BrokerError(
                f"主题尚未就绪 topics at {cluster.settings.bootstrap} were made, and are not there after "
                f"{_APPEARS_S:g} s; the brokers are busy or not all up: wait a moment, then brain topics"
            )
        await asyncio.sleep(0.05)
    complain(await find_topics(cluster), cluster.settings)
    return made


async def _create(cluster: Cluster, missing: Iterable[Topic]) -> list[str]:
    settings = cluster.settings
    new = {
        settings.prefix + topic.name: NewTopic(
            settings.prefix + topic.name,
            topic.partitions(settings.partitions),
            settings.replication,
            topic_configs=topic.config(),
        )
        for topic in missing
    }
    answer = await cluster.admin.create_topics(list(new.values()))
    for name, code, *_ in answer.topic_errors:
        if code == _EXISTS:  # somebody else was quicker: it is checked like any other
            del new[name]
        elif code == _TOO_FEW_BROKERS:
            raise CommandError(
                f"副本数过多 {name}: {settings.replication} copies of each partition are asked for, of fewer brokers: "
                "set BRAIN_REPLICATION to their number or less"
            )
        elif code:
            raise CommandError(
                f"无法创建主题 topic {name} could not be made: {for_code(code).__name__}; may this user make topics? "
                "Or let whoever runs the brokers make it: brain topics --json"
            )
    return [name.removeprefix(settings.prefix) for name in new]


async def find_topics(cluster: Cluster) -> list[Found]:
    """Every topic of the table, with what is wrong about it."""
    settings, table = cluster.settings, topics()
    there = await cluster.partitions(topic.name for topic in table)
    configs = await cluster.configs(there)
    found = []
    for topic in table:
        expected, partitions = topic.partitions(settings.partitions), there.get(topic.name, 0)
        wrong: list[str] = []
        if not partitions:
            wrong.append("missing: make it with `brain topics`")
        else:
            wrong += _partitions_wrong(topic, expected, partitions)
            wrong += _config_wrong(topic, configs[topic.name])
        found.append(Found(topic, partitions, expected, tuple(wrong)))
    return found


def _partitions_wrong(topic: Topic, expected: int, found: int) -> Iterable[str]:
    """A part is a topic's partition, and its records are told apart by their offsets in it."""
    if found == expected or topic.name == FACTS:  # its messages have one key, whose partition alone is used
        return
    differs = f"expected {expected} partitions, found {found}:"
    if not topic.scaled:
        yield (
            f"{differs} its order over all keys is needed, which only one partition has; delete it once nobody needs "
            "what it holds, and make it again with `brain topics`"
        )
    elif found > expected:
        yield f"{differs} Kafka takes no partition away; set BRAIN_PARTITIONS={found}, everywhere"
    else:
        yield (
            f"{differs} set BRAIN_PARTITIONS={found}; or add partitions, kafka-topics --alter --partitions {expected}: "
            "later versions of a record will come by another one, which changes no conclusion"
        )


def _config_wrong(topic: Topic, found: Mapping[str, str]) -> Iterable[str]:
    advice = {
        "cleanup.policy": "compaction leaves the last record of a key alone, and each is part of what must be traced",
        "retention.ms": "shorter loses what is not read yet, longer keeps identifiers that nobody may keep",
        "max.message.bytes": "a larger message would stop its sender",
    }
    for name, expected in topic.config().items():
        value = found.get(name, "")
        enough = name == "max.message.bytes" and value.isdigit() and int(value) >= int(expected)
        if value != expected and not enough:
            yield (
                f"expected {name}={expected}, found {value or 'nothing'}: {advice[name]}; "
                f"kafka-configs --alter --topic NAME --add-config {name}={expected}"
            )


def complain(found: Iterable[Found], settings: Settings) -> None:
    """Errors: CommandError naming the topics that are wrong, and why."""
    wrong: dict[str, list[str]] = {}
    for each in found:
        for why in each.wrong:
            wrong.setdefault(why, []).append(settings.prefix + each.topic.name)
    if wrong:
        complaints = [f"{_some(names)}: {why}" for why, names in wrong.items()]
        raise CommandError(f"主题不符 topics at {settings.bootstrap}: {'; '.join(complaints)}")


def _some(names: list[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" … ({len(names)}, all: brain topics --check)" if len(names) > _SHOWN else "")


async def compare_progress(cluster: Cluster, progress: Mapping[str, int]) -> None:
    """As `check_progress`, over an open connection. Parts that are no topic's, such as files, are left alone."""
    names = [topic.name for topic in topics()]
    there = await cluster.partitions(names)
    read = {part: offset for part, offset in progress.items() if part.rpartition("@")[0] in names}
    gone = [part for part in read if int(part.rpartition("@")[2]) >= there.get(part.rpartition("@")[0], 0)]
    ends = await cluster.ends(part for part in read if part not in gone)
    beyond = [f"{p}: read up to {read[p]:,}, it ends at {end:,}" for p, end in sorted(ends.items()) if read[p] > end]
    beyond += [f"{part}: read up to {read[part]:,}, there is no such partition" for part in gone if read[part]]
    if beyond:
        raise CommandError(
            f"主题与数据湖不符 this is not the topic that the lake read, at {cluster.settings.bootstrap}: "
            f"{'; '.join(beyond[:_SHOWN])}{' …' if len(beyond) > _SHOWN else ''}. Is BRAIN_BOOTSTRAP or BRAIN_PREFIX "
            "that of another installation? If the topic was deleted and made again, its offsets mean other records, "
            "which this lake would take for read: use another lake (BRAIN_LAKE) and send it all records once more"
        )
