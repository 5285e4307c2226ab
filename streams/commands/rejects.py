"""`brain rejects`: lines that were no records, why, and how to mend them; and reading them again after a mend.

In: a lake; for --replay its key, or the service that has it open. Out: tables, JSON, or the outcome of the replay.
Invariant: the bytes of a reject are never shown; a replayed line goes through the same intake as any other.
Deliberately absent: mending the bytes; the department sends a mended record, or the engine learns to read the old one.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from streams.current import Current
from streams.engine import Engine
from streams.errors import asked
from streams.mending import replay
from streams.opening import open_lake
from streams.packs import DEFAULT_SERIES
from streams.service.inquiry import ask_replay, supervisor_of
from streams.service.settings import load_settings
from streams.terminal import (
    DEFAULT_LAKE,
    JsonOption,
    KeyOption,
    LakeOption,
    LimitOption,
    PackOption,
    console,
    cut,
    say_json,
    table,
)

_SOURCES_SHOWN = 3


def add_to(app: typer.Typer) -> None:
    app.command(rich_help_panel="运行 run")(rejects)


def rejects(
    replay: Annotated[bool, typer.Option("--replay", help="修正后重读 read the open ones again, after a mend")] = False,
    lake: LakeOption = DEFAULT_LAKE,
    key: KeyOption = None,
    pack: PackOption = DEFAULT_SERIES,
    limit: LimitOption = 20,
    json: JsonOption = False,
) -> None:
    """退回的行：原因与改法。Lines that are no records: why, and how to mend them.

    例 examples:

      brain rejects

      brain rejects --json --limit 0

      brain rejects --replay
    """
    if replay:
        _replay(lake, key, pack, json)
        return
    rows = Current(lake).rows("rejects")
    shown, more = cut(rows, limit)
    if json:
        say_json(shown)
        return
    groups: dict[tuple[str, str, str], list[str]] = {}
    for row in rows:
        groups.setdefault((row["reason"], row["field"], row["hint"]), []).append(row["source"])
    ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    cells = [(len(found), *key, _first(sorted(set(found)))) for key, found in ordered]
    reasons = ("行 lines", "原因 reason", "字段 field", "改法 hint", "来源 sources")
    console().print(table("退回原因 rejects, by reason", reasons, cells))
    columns = ("reject_id", "part", "offset", "reason", "count", "status")
    headings = ("编号 id", "文件 part", "行号 offset", "原因 reason", "次数 times", "状态 status")
    console().print(table(f"退回 rejects: {len(rows):,}", headings, [[r[c] for c in columns] for r in shown]))
    if more:
        console().print(more)


def _first(names: list[str]) -> str:
    return ", ".join(names[:_SOURCES_SHOWN]) + (" …" if len(names) > _SOURCES_SHOWN else "")


def _replay(lake: Path, key: Path | None, pack: str, json: bool) -> None:
    settings = load_settings(lake=lake, key=key, pack=pack)
    if supervisor_of(settings) is not None:
        outcome = asyncio.run(ask_replay(settings))
    else:
        with open_lake(lake, key, pack) as opened, asked():
            outcome = replay(Engine(opened.lake, opened.packs), opened.key)
    if json:
        say_json(outcome)
    else:
        told = "重读 read again {open:,}: 接收 accepted {accepted:,}, 仍退回 still rejected {still_rejected:,}"
        console().print(told.format(**outcome))
