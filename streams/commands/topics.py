"""`brain topics`: makes the service's topics, or says what is wrong with those that are there.

In: settings. Out: a table or JSON of all topics.
Invariant: nothing that exists is changed.
Deliberately absent: deleting topics and altering them; Kafka's own tools do that, and the messages say how.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Annotated, Any, TypeVar

import typer

from schemas.instants import DAY_MS
from streams.errors import FINDINGS
from streams.service.cluster import connected, quiet_clients
from streams.service.settings import Settings, load_settings
from streams.service.topics import Found, find_topics, make_topics
from streams.terminal import JsonOption, console, say_json, table

BootstrapOption = Annotated[
    str | None,
    typer.Option("--bootstrap", metavar="HOST:PORT", help="Kafka 地址 address of a broker; default: BRAIN_BOOTSTRAP"),
]
T = TypeVar("T")


def ask(question: Coroutine[Any, Any, T]) -> T:
    """The answer to something asked of the brokers, without what the client would log meanwhile."""
    with quiet_clients():
        return asyncio.run(question)


def add_to(app: typer.Typer) -> None:
    app.command(rich_help_panel="服务 service")(topics)


def topics(
    check: Annotated[bool, typer.Option("--check", help="只核对 only look, make nothing")] = False,
    bootstrap: BootstrapOption = None,
    json: JsonOption = False,
) -> None:
    """建立并核对主题。Make the service's topics, and check those that are there.

    可重复运行，已有的不改。May be run again: what is there is never changed.

    例 examples:

      brain topics

      brain topics --check --json
    """
    settings = load_settings(bootstrap=bootstrap)
    made, found = ask(_topics(settings, check))
    wrong = any(each.wrong for each in found)
    if json:
        say_json([_plain(each, settings) for each in found])
    else:
        _show(found, settings, made)
    raise typer.Exit(FINDINGS if wrong else 0)


async def _topics(settings: Settings, check: bool) -> tuple[list[str], list[Found]]:
    async with connected(settings) as cluster:
        made = [] if check else await make_topics(cluster)
        return made, await find_topics(cluster)


def _plain(found: Found, settings: Settings) -> dict[str, Any]:
    return {
        "topic": settings.prefix + found.topic.name,
        "partitions": found.partitions,
        "partitions_expected": found.expected,
        "replication": settings.replication,
        "config": found.topic.config(),
        "about": found.topic.about,
        "wrong": list(found.wrong),
    }


def _show(found: list[Found], settings: Settings, made: list[str]) -> None:
    headings = ("主题 topic", "分区 partitions", "保留天数 days kept", "状态 state", "内容 about")
    rows = [
        (
            settings.prefix + each.topic.name,
            each.partitions,
            each.topic.retention_ms // DAY_MS,
            "不符 wrong" if each.wrong else "新建 made" if each.topic.name in made else "ok",
            each.topic.about,
        )
        for each in found
    ]
    out = console()
    out.print(table(f"主题 topics at {settings.bootstrap}: {len(found)}", headings, rows))
    for each in found:
        for why in each.wrong:
            out.print(f"{settings.prefix}{each.topic.name}: {why}", markup=False, soft_wrap=True)
