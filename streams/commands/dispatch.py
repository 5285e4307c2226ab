"""`brain dispatch`: a round of planning over a published lake: who is fetched by which vehicle, who waits, and why.

In: LAKE/current. Out: decisions as records, in a folder or the topic; a table or JSON.
Invariant: nobody is decided about twice: what the lake has not seen yet is read from where it was written to.
Deliberately absent: how a plan is made (brain/dispatch, streams/dispatch), and taking back what is on its way.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from brain.dispatch.decisions import Round, decide
from brain.dispatch.lines import Line
from brain.dispatch.situation import Limits
from schemas.instants import HOUR_MS, MINUTE_MS, UNKNOWN_MS, read_instant
from schemas.keys import place_code, pseudonym
from schemas.transfers import Purpose
from streams.commands.topics import BootstrapOption, ask
from streams.current import Current
from streams.dispatch.planning import SECONDS, planner
from streams.dispatch.reading import lake_of, pack_of, unseen, unseen_of
from streams.dispatch.recording import publish_records, published_records, recorded, write_records
from streams.dispatch.words import headed, queued, reason
from streams.errors import CommandError
from streams.service.settings import Settings, load_settings
from streams.terminal import (
    DEFAULT_LAKE,
    JsonOption,
    LakeOption,
    LimitOption,
    console,
    cut,
    say_json,
    table,
    when,
)
from streams.ways import present_ms

DEFAULT_RECORDS = Path("out/decisions")
_GOES = ("序 no.", "人员 person", "去向 to", "车次 run", "车 vehicle", "第几户 stop", "接 pickup", "到 arrive",
         "地点 site", "房间 room", "为何 why")  # fmt: skip
_WAITS = ("人员 person", "去向 to", "排位 queue", "为何等候 why")


def add_to(app: typer.Typer) -> None:
    app.command(rich_help_panel="转运 transfers")(dispatch)


def dispatch(
    lake: LakeOption = DEFAULT_LAKE,
    records: Annotated[
        Path, typer.Option("--records", metavar="FOLDER", help="决定写入的文件夹 folder for the decisions")
    ] = DEFAULT_RECORDS,
    kafka: Annotated[bool, typer.Option("--kafka", help="发布到 Kafka publish to the topic instead")] = False,
    bootstrap: BootstrapOption = None,
    at: Annotated[
        str, typer.Option("--at", metavar="TIME", help="当作现在 take this for now; default: the last tick")
    ] = "",
    every: Annotated[float, typer.Option("--every", min=0, metavar="SECONDS", help="每隔几秒一轮 again and again")] = 0,
    seconds: Annotated[
        float, typer.Option("--seconds", min=0, help="优化用时，0 只用贪心 time to improve the plan; 0: greedy alone")
    ] = SECONDS,
    horizon: Annotated[float, typer.Option("--horizon", min=0.5, max=48, help="规划多少小时 hours to plan ahead")] = 8,
    ahead: Annotated[
        float,
        typer.Option("--ahead", min=0, help="只定多少分钟内出发的车次，0 全部 decide runs that leave so soon; 0: all"),
    ] = 0,
    dry: Annotated[bool, typer.Option("--dry-run", help="只看不写 show it, write nothing")] = False,
    limit: LimitOption = 50,
    json: JsonOption = False,
) -> None:
    """派车：谁由哪辆车接、何时、去哪里；谁要等、为什么。Plans a round: who is fetched by which vehicle, and who waits.

    已派且未误点的不动；车坏、拒收、误点的重排。Rides in time are left alone; those that broke down, were turned
    away or never came are planned anew. A repeat decides nothing twice.

    例 examples:

      brain dispatch --lake out/lake --records out/records --dry-run

      brain dispatch --kafka --every 30
    """
    settings = load_settings(bootstrap=bootstrap) if kafka else None
    while True:
        current = Current(lake)
        now_ms = _now(current, at)
        said = unseen_of(current, ask(published_records(settings))) if settings else unseen(current, records)
        rules = Limits.of(pack_of(current, now_ms).transfer)
        found = decide(
            lake_of(current, said), rules, now_ms, planner(seconds), round(horizon * HOUR_MS), round(ahead * MINUTE_MS)
        )
        made = recorded(found.decisions)
        where = "" if dry else _keep(made, records, settings)
        _show(found, made, where, current, limit, json)
        if not every:
            return
        time.sleep(every)


def _now(current: Current, at: str) -> int:
    if at:
        try:
            return read_instant(at)
        except ValueError as error:
            raise CommandError(f"时间不明 no such time ({error}); write 2022-03-08T14:05") from None
    now_ms = present_ms(current)
    if now_ms is None:
        hint = "say when: --at 2022-03-08T14:05, or let command.tick records tell"
        raise CommandError(f"尚无时刻记录 no tick in the lake yet; {hint}")
    return now_ms


def _keep(made: list[dict[str, Any]], folder: Path, settings: Settings | None) -> str:
    """Writes or publishes; where."""
    if settings is not None:
        if made:
            ask(publish_records(settings, made))
        return settings.bootstrap
    path = write_records(made, folder)
    return str(path) if path else ""


def _show(found: Round, made: list[dict[str, Any]], where: str, current: Current, limit: int, json: bool) -> None:
    labels = _labels(current)
    if json:
        lines = [_plain(line, labels) for line in found.lines]
        say_json({"now_ms": found.situation.now_ms, "written": where, "decisions": made, "lines": lines})
        return
    out = console()
    goes = sorted((line for line in found.lines if line.rides), key=lambda each: (each.run_code, each.order, each.rank))
    waits = [line for line in found.lines if not line.rides]
    title = f"派车 rides: {len(goes):,}；{when(found.situation.now_ms)}"
    for heading, headings, rows in (
        (title, _GOES, [_ride(line, labels) for line in goes]),
        (f"等候 waiting: {len(waits):,}", _WAITS, [_wait(line) for line in waits]),
    ):
        shown, more = cut([{"row": row} for row in rows], limit)
        out.print(table(heading, headings, [row["row"] for row in shown]))
        if more:
            out.print(more)
    told = f"决定 decisions: {len(made):,}" + (f" → {where}" if where else "")
    out.print(told, soft_wrap=True, markup=False)


def _labels(current: Current) -> dict[int, str]:
    """Public names of vehicles, sites and rooms by token."""
    found: dict[int, str] = {}
    for view, columns in (("vehicles", ("vehicle",)), ("beds", ("site", "room"))):
        for row in current.rows(view):
            for column in columns:
                found[int(row[column][1:], 16)] = row.get(f"{column}_label") or row[column]
    return found


def _ride(line: Line, labels: dict[int, str]) -> tuple[object, ...]:
    stop = f"{line.order or '—'} ({line.aboard} 人)"
    zh, en = reason(line)
    return (
        line.rank or "—", pseudonym(line.person), headed(line), line.run_code, labels.get(line.vehicle, "—"), stop,
        _time(line.pickup_ms), _time(line.arrive_ms), labels.get(line.site, "—"), labels.get(line.room, "—"),
        f"{zh} {en}",
    )  # fmt: skip


def _wait(line: Line) -> tuple[object, ...]:
    return pseudonym(line.person), headed(line), " ".join(queued(line)), " ".join(reason(line))


def _time(ms: int) -> str:
    return "—" if ms == UNKNOWN_MS else when(ms)[5:]


def _plain(line: Line, labels: dict[int, str]) -> dict[str, Any]:
    (why_zh, why_en), (queue_zh, queue_en) = reason(line), queued(line)
    known = {
        "vehicle": line.vehicle, "site": line.site, "room": line.room,
    }  # fmt: skip
    places = {name: place_code(token) if token else None for name, token in known.items()}
    return {
        "person": pseudonym(line.person), "purpose": Purpose(line.purpose).name, "rank": line.rank or None,
        "due_at_ms": line.due_ms, "rides": line.rides, "why": line.why, "why_zh": why_zh, "why_en": why_en,
        "queue_zh": queue_zh, "queue_en": queue_en, "run_code": line.run_code or None, **places,
        **{f"{name}_label": labels.get(token) for name, token in known.items()},
        "planned_pickup_at_ms": None if line.pickup_ms == UNKNOWN_MS else line.pickup_ms,
        "planned_arrival_at_ms": None if line.arrive_ms == UNKNOWN_MS else line.arrive_ms,
    }  # fmt: skip
