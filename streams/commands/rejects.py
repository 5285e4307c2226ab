"""`brain rejects`: lines that were no records, why, and how to mend them; and reading them again after a mend.

In: a lake; for --replay its key. Out: tables, JSON, or the outcome of the replay.
Invariant: the bytes of a reject are never shown; a replayed line goes through the same intake as any other.
Deliberately absent: mending the bytes; the department sends a mended record, or the engine learns to read the old one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from schemas.decode import Reject
from schemas.departments import sources
from schemas.intake import Intake
from streams.current import Current
from streams.engine import Engine
from streams.errors import asked
from streams.opening import open_lake
from streams.packs import DEFAULT_SERIES
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
    with open_lake(lake, key, pack) as opened:
        engine = Engine(opened.lake, opened.packs)
        with asked():
            found = opened.lake.unsealed_rejects()
        mended = replay_rejects(engine, Intake(opened.key), found)
        summary = engine.publish()
    outcome = {"open": len(found), "accepted": mended, "still_rejected": len(found) - mended, "digest": summary.digest}
    if json:
        say_json(outcome)
    else:
        left = outcome["still_rejected"]
        console().print(f"重读 read again {len(found):,}: 接收 accepted {mended:,}, 仍退回 still rejected {left:,}")


def replay_rejects(engine: Engine, intake: Intake, found: list[Reject]) -> int:
    """Reads rejects again and commits those that are records now; how many they are."""
    known = sources()
    groups: dict[tuple[str, str], list[Reject]] = {}
    for reject in found:
        if reject.source in known:
            groups.setdefault((reject.source, reject.part), []).append(reject)
    mended: list[str] = []
    for (source, part), group in groups.items():
        offsets = np.array([r.offset for r in group], np.int64)
        batch, again = intake.read(source, [r.raw for r in group], part, offsets)
        left = {r.offset for r in again}
        mended += [engine.lake.reject_id(r) for r in group if r.offset not in left]
        engine.add_facts(batch)
    engine.commit()
    # Killed before this line, they are read once more: the same records, which changes nothing.
    engine.lake.mark_replayed(mended)
    return len(mended)
