"""`brain produce`: a folder of records to the topics of their sources, at once or as time went by.

In: RECORDS as `brain run` reads them. Out: messages in `src.*` topics; a summary.
Invariant: lines are published as they are, in an order that keeps the versions of a record together.
Deliberately absent: making topics (`brain topics`), and remembering what was published: twice changes nothing.
"""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import Iterable
from dataclasses import replace
from itertools import islice
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from streams.commands.run import RecordsArgument
from streams.commands.topics import BootstrapOption, ask
from streams.errors import FINDINGS, INTERRUPTED, CommandError
from streams.records import Chunk, Reader, find_parts
from streams.service.arrivals import in_order, timed
from streams.service.produce import Published, Told, publish_at_once, publish_paced, source_partitions
from streams.service.settings import Settings, load_settings
from streams.terminal import JsonOption, console, say_json, table

_PACE = re.compile(r"(\d+(?:\.\d+)?)x")
_AT_ONCE = "max"


def add_to(app: typer.Typer) -> None:
    app.command(rich_help_panel="服务 service")(produce)


def produce(
    records: RecordsArgument,
    pace: Annotated[
        str, typer.Option("--pace", metavar="1x|60x|max", help="速度 times as fast as it happened; max: no waiting")
    ] = _AT_ONCE,
    limit: Annotated[int, typer.Option("--limit", min=0, help="最多条数 records at most; 0: all")] = 0,
    bootstrap: BootstrapOption = None,
    json: JsonOption = False,
) -> None:
    """发布记录到 Kafka。Publish a folder of records to the topics of their sources.

    默认尽快；60x 则一小时的记录用一分钟，按发生时间排序。At once by default; with 60x an hour of records takes a
    minute, in the order in which things happened, and a day in which nothing did is passed over.

    例 examples:

      brain produce out/records

      brain produce out/records --pace 60x --limit 10000
    """
    times = _times(pace)
    settings, reader = load_settings(bootstrap=bootstrap), Reader(find_parts(records), {})
    with _bar(json) as bar:
        task = bar.add_task("发布 publish", total=None if limit else reader.total_bytes)
        found = ask(_published(settings, reader, times, limit, lambda size: bar.advance(task, size)))
    if json:
        say_json(_plain(found, reader.troubles))
    else:
        _show(found, settings)
    for trouble in reader.troubles:
        console(stderr=True).print(f"错误 error: {trouble}", markup=False, soft_wrap=True)
    raise typer.Exit(INTERRUPTED if found.interrupted else FINDINGS if reader.troubles else 0)


def _times(pace: str) -> float | None:
    """How many times as fast; None: at once. Errors: CommandError."""
    match = _PACE.fullmatch(pace)
    if pace != _AT_ONCE and (match is None or not float(match[1])):
        raise CommandError("速度不明 no such pace; expected max, or how many times as fast as it happened: --pace 60x")
    return float(match[1]) if match else None


async def _published(settings: Settings, reader: Reader, times: float | None, limit: int, told: Told) -> Published:
    """Publishes; on Ctrl-C what is under way is brought to its end first."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if times is None:
        return await publish_at_once(settings, _first(reader.chunks(), limit), told, stop)
    await source_partitions(settings)  # sorting takes a while: what is wrong is told before
    arrivals = await asyncio.to_thread(in_order, timed(reader.chunks()))
    return await publish_paced(settings, islice(arrivals, limit or None), times, told, stop)


def _first(chunks: Iterable[Chunk], limit: int) -> Iterable[Chunk]:
    """The chunks up to so many lines; 0: all."""
    left = limit
    for chunk in chunks:
        if limit and len(chunk.lines) >= left:
            yield replace(chunk, lines=chunk.lines[:left], offsets=chunk.offsets[:left])
            return
        left -= len(chunk.lines)
        yield chunk


def _bar(quiet: bool) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    screen = console(stderr=True)
    return Progress(*columns, console=screen, transient=True, disable=quiet or not screen.is_terminal)


def _plain(found: Published, troubles: list[str]) -> dict[str, Any]:
    total = found.records.total()
    return {
        "records": dict(sorted(found.records.items())),
        "published": total,
        "bytes": found.bytes,
        "seconds": round(found.seconds, 3),
        "records_per_s": round(total / found.seconds) if found.seconds else 0,
        "interrupted": found.interrupted,
        "troubles": troubles,
    }


def _show(found: Published, settings: Settings) -> None:
    out, plain = console(), _plain(found, [])
    rows = [(source, count) for source, count in plain["records"].items()]
    out.print(table("已发布 published", ("来源 source", "条 records"), [*rows, ("合计 total", plain["published"])]))
    out.print(
        f"{plain['bytes']:,} bytes, {plain['seconds']:.1f} s, {plain['records_per_s']:,} records/s → "
        f"{settings.bootstrap}; 进度 how far they got: brain lag",
        soft_wrap=True,
    )
    if found.interrupted:
        out.print("已中断 interrupted: this many are published and acknowledged; again from the start changes nothing")
