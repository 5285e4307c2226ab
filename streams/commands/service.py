"""`brain lag` and `brain status`: what waits, where, since when, and who is at work.

In: settings; the broker's and the workers' word. Out: tables or JSON.
Invariant: they only ask; they answer also while workers are down, and say which.
Deliberately absent: metrics over time, which each worker has at /metrics.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Annotated, Any

import typer
from rich.table import Table

from streams.commands.topics import BootstrapOption, ask
from streams.errors import FINDINGS
from streams.service.cluster import connected
from streams.service.inquiry import Answer, ask_workers
from streams.service.positions import Position, Standing, standing
from streams.service.settings import Settings, load_settings
from streams.terminal import DEFAULT_LAKE, JsonOption, LakeOption, console, say_json, table, when

_WATCH_S = 2.0
_WORDS = {
    "writer": "数据湖位置由写入进程提供 the lake's positions are the writer's word",
    "snapshot": "写入进程无应答，位置取自快照 no writer answers: the lake's positions are those of its last snapshot",
    "none": "写入进程无应答，也无快照 no writer answers and there is no snapshot: the lake's positions are not known",
}


def add_to(app: typer.Typer) -> None:
    for command in (lag, status):
        app.command(rich_help_panel="服务 service")(command)


def lag(
    lake: LakeOption = DEFAULT_LAKE,
    watch: Annotated[bool, typer.Option("--watch", help="每 2 秒更新 again every 2 s, until Ctrl-C")] = False,
    bootstrap: BootstrapOption = None,
    json: JsonOption = False,
) -> None:
    """尚未处理的记录。Records that are in the topics and not yet read, or not yet in the lake.

    例 examples:

      brain lag

      brain lag --watch
    """
    settings = load_settings(bootstrap=bootstrap, lake=lake)
    _tell_lag(settings, json, clear=False)
    with suppress(KeyboardInterrupt):
        while watch:
            time.sleep(_WATCH_S)
            _tell_lag(settings, json, clear=True)


def _tell_lag(settings: Settings, json: bool, clear: bool) -> None:
    found = ask(_standing(settings))
    if json:
        say_json(_lag(found))
    else:
        _show_lag(found, clear)


async def _standing(settings: Settings) -> Standing:
    async with connected(settings) as cluster:
        return await standing(cluster)


def _by_source(found: Standing) -> dict[str, list[Position]]:
    groups: dict[str, list[Position]] = {}
    for position in found.sources:
        groups.setdefault(position.source or "", []).append(position)
    return dict(sorted(groups.items()))


def _sum(positions: Sequence[Position], now_ms: int) -> dict[str, Any]:
    ages = [age for p in positions if (age := p.row(now_ms)["oldest_age_s"]) is not None]
    return {
        "intake_lag": sum(p.intake_lag for p in positions),
        "lag": sum(p.lake_lag for p in positions),
        "lost": sum(p.lost for p in positions),
        "oldest_age_s": max(ages, default=None),
    }


def _lag(found: Standing) -> dict[str, Any]:
    sources = {source: _sum(positions, found.at_ms) for source, positions in _by_source(found).items()}
    return {"sources": sources, "total": _sum(found.sources, found.at_ms), "lake_word": found.lake_word}


def _show_lag(found: Standing, clear: bool) -> None:
    plain = _lag(found)
    waiting = [(name, *_cells(row)) for name, row in plain["sources"].items() if any(_cells(row)[:3])]
    rows = [*waiting, ("合计 total", *_cells(plain["total"]))]
    headings = ("来源 source", "未读 not read", "未入湖 not in the lake", "已失 lost", "最久 oldest")
    out = console()
    if clear:
        out.clear()
    out.print(table(f"滞后 lag, {when(found.at_ms)}", headings, rows))
    out.print(f"无滞后的来源 sources without lag: {len(plain['sources']) - len(waiting):,}")
    out.print(_WORDS[found.lake_word], soft_wrap=True)


def _cells(row: dict[str, Any]) -> tuple[int, int, int, str]:
    return row["intake_lag"], row["lag"], row["lost"], _seconds(row["oldest_age_s"])


def _seconds(seconds: float | None) -> str:
    """Short enough for a column: 0.4 s, 12 s, 3 min, 5.2 h, 2.1 d."""
    if seconds is None:
        return "—"
    for size, unit in ((86_400, "d"), (3_600, "h")):
        if seconds >= size:
            return f"{seconds / size:,.1f} {unit}"
    return f"{seconds / 60:.0f} min" if seconds >= 120 else f"{seconds:.{0 if seconds >= 10 else 1}f} s"


def status(lake: LakeOption = DEFAULT_LAKE, bootstrap: BootstrapOption = None, json: JsonOption = False) -> None:
    """服务状态：各分区、各部门、各进程。The service: its partitions, departments and processes.

    退出码 1：有进程未就绪，或有记录已失。Exit code 1: a process is not ready, or records were lost.

    例 examples:

      brain status

      brain status --json
    """
    settings = load_settings(bootstrap=bootstrap, lake=lake)
    found, workers = ask(_status(settings))
    if json:
        say_json(_plain(found, workers))
    else:
        for each in _tables(found, workers):
            console().print(each)
        empty = sum(position.read and not position.end for position in found.positions)
        console().print(f"没有记录的分区 partitions that never had a record: {empty:,}")
        console().print(_WORDS[found.lake_word], soft_wrap=True)
    well = all(worker.ready for worker in workers) and not any(position.lost for position in found.positions)
    raise typer.Exit(0 if well else FINDINGS)


async def _status(settings: Settings) -> tuple[Standing, list[Answer]]:
    found, workers = await asyncio.gather(_standing(settings), ask_workers(settings))
    return found, workers


def _plain(found: Standing, workers: Iterable[Answer]) -> dict[str, Any]:
    writer = found.writer.status or {}
    checkpoint = ("lake", "epoch", "committed_at_ms", "published_at_ms", "snapshot", "digest", "dirty", "waiting_hops")
    return {
        "at_ms": found.at_ms,
        "partitions": [position.row(found.at_ms) for position in found.positions],
        "departments": writer.get("departments", {}),
        "checkpoint": {name: writer.get(name) for name in checkpoint},
        "lake_word": found.lake_word,
        "intake_group": found.group.state,
        "workers": [
            {"role": w.role, "index": w.index, "address": w.address, "ready": w.ready, "why": w.why,
             "pid": (w.status or {}).get("pid"), "assigned": (w.status or {}).get("assigned")}
            for w in workers
        ],
    }  # fmt: skip


def _tables(found: Standing, workers: Sequence[Answer]) -> Iterable[Table]:
    plain = _plain(found, workers)
    yield _partitions(found)
    if plain["departments"]:
        yield _departments(plain["departments"])
    yield _processes(plain["workers"])
    at = plain["checkpoint"]
    if at["snapshot"] is not None:
        state = "有未发布 unpublished facts" if at["dirty"] else "已全部发布 all published"
        cells = (_at(at["committed_at_ms"]), _at(at["published_at_ms"]), at["snapshot"], at["digest"][:16], state)
        headings = ("提交 committed", "发布 published", "快照 snapshot", "摘要 digest", "状态 state")
        yield table(f"检查点 checkpoint of {at['lake']}", headings, [cells])


def _partitions(found: Standing) -> Table:
    headings = ("分区 part", "读至 read", "入湖 in the lake", "末尾 end", "滞后 lag", "最久 oldest", "归谁 owner")
    ages = {p.part: _seconds(p.row(found.at_ms)["oldest_age_s"]) for p in found.positions}
    read = [p for p in found.positions if p.read and p.end]
    rows = [(p.part, _known(p.intake), _known(p.lake), p.end, p.lake_lag, ages[p.part], p.owner) for p in read]
    return table(f"分区 partitions, {when(found.at_ms)}", headings, rows)


def _departments(told: dict[str, dict[str, Any]]) -> Table:
    headings = ("部门 department", "读入 read", "速率 rate", "迟到 late p50", "late p95", "退回 rejected")
    rows = []
    for name, d in sorted(told.items()):
        late = [_seconds(d[f"lateness_s_{rank}"]) for rank in ("p50", "p95")]
        rejected = ", ".join(f"{reason} {count:,}" for reason, count in sorted(d["rejected"].items()))
        rows.append((name, d["read"], f"{d['rate_per_s']:g}/s", *late, rejected))
    return table("部门 departments", headings, rows)


def _processes(workers: Iterable[dict[str, Any]]) -> Table:
    headings = ("进程 process", "地址 address", "进程号 pid", "就绪 ready", "分区 partitions")
    rows = []
    for w in workers:
        ready = "是 yes" if w["ready"] else f"否 no: {w['why']}"
        assigned = "—" if w["assigned"] is None else str(len(w["assigned"]))
        rows.append((f"{w['role']} {w['index']}", w["address"], str(w["pid"] or "—"), ready, assigned))
    return table("进程 processes", headings, rows)


def _at(ms: int | None) -> str:
    return when(ms or None)  # 0: not since this writer started


def _known(offset: int | None) -> str:
    return "—" if offset is None else f"{offset:,}"
