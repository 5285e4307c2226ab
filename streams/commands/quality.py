"""`brain quality`: how each department's feed stands, and what is wrong in its rows, with the records to mend.

In: a lake's current snapshot. Out: a scoreboard and the list of findings, as tables or JSON.
Invariant: read-only; nothing is shown of a record but its name and the codes of the views.
Deliberately absent: alarms; whoever watches a feed asks again.
"""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import Annotated, Any

import typer

from brain.faults import WORDS
from schemas.departments import EXPECTED
from schemas.departments.drafting import PEOPLE
from sinks.scoreboard import scoreboard
from streams.current import Current
from streams.errors import CommandError
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

Row = dict[str, Any]
_SHOWN = 1
"""How many reasons, fields and kinds a cell names; the rest is in the JSON."""


class Profile(StrEnum):
    """Which volumes are expected: of a mass-testing day, or of an ordinary one."""

    emergency = "emergency"
    routine = "routine"


def add_to(app: typer.Typer) -> None:
    app.command(rich_help_panel="查询 read")(quality)


def quality(
    rule: Annotated[str, typer.Option("--rule", metavar="RULE", help="只看此问题 a kind or rule alone")] = "",
    department: Annotated[str, typer.Option("--department", metavar="NAME", help="只看此部门 of this one alone")] = "",
    source: Annotated[
        str, typer.Option("--source", metavar="NAME", help="只看此来源，逐小时 of this one alone, hour by hour")
    ] = "",
    profile: Annotated[Profile, typer.Option("--profile", help="急 emergency, 平 routine volumes")] = Profile.emergency,
    people: Annotated[int, typer.Option("--people", min=1, help="辖区人口 how many live there")] = PEOPLE,
    lake: LakeOption = DEFAULT_LAKE,
    limit: LimitOption = 50,
    json: JsonOption = False,
) -> None:
    """数据质量：各来源的完整、及时、中断，及待更正的记录。Feeds: complete, late, silent; and rows to mend.

    例 examples:

      brain quality

      brain quality --source health.contact_order

      brain quality --department health --rule wrong_street --json --limit 0
    """
    _known(department, source)
    current = Current(lake)
    findings = [f for f in current.rows("findings") if _wanted(f["record"].split("/")[0], department, source)]
    findings = [f for f in findings if rule in ("", f["kind"], f["rule"])]
    findings.sort(key=lambda f: (f["department"], f["kind"], f["since_ms"], f["record"]))
    with current.facts() as db:
        feeds = [row for row in scoreboard(db, profile.value, people) if _wanted(row["source"], department, source)]
    shown, more = cut(findings, limit)
    if json:
        said = [row if source else {k: v for k, v in row.items() if k != "hours"} for row in feeds]
        say_json({"sources": said, "findings": shown})
        return
    _show_feeds(feeds, source)
    rows = [_finding(f) for f in shown]
    console().print(table(f"待更正 findings: {len(findings):,}", _FINDING, rows))
    if more:
        console().print(more)


def _known(department: str, source: str) -> None:
    """Errors: CommandError for a name that nobody has."""
    departments = dict.fromkeys(name.split(".")[0] for name in EXPECTED)
    if department and department not in departments:
        raise CommandError(f"没有此部门 no such department; known: {', '.join(departments)}")
    if source and source not in EXPECTED:
        raise CommandError("没有此来源 no such source; a source is DEPARTMENT.RECORD, such as health.contact_order")


def _wanted(source: str, department: str, chosen: str) -> bool:
    return source.split(".")[0] == (department or source.split(".")[0]) and source == (chosen or source)


def _show_feeds(feeds: list[Row], source: str) -> None:
    spoken = [row for row in feeds if row["records"] or row["rejects"] or row["withdrawn"] or source]
    title = f"来源 feeds: {len(spoken):,}；实际 / 应有 found / expected"
    console().print(table(title, _FEED, [_feed(row) for row in spoken]))
    mute = [row["source"] for row in feeds if row not in spoken]
    if mute:
        console().print(f"从未收到 nothing ever from {len(mute):,}: {', '.join(mute)}", soft_wrap=True)
    for row in spoken if source else ():
        cells = [
            (when(h["hour_at_ms"]), h["records"], _number(h["expected"]), _share(h["completeness"]), _late(h))
            for h in row["hours"]
        ]
        console().print(table(f"{row['source']}：逐小时 by hour of the event", _HOUR, cells))


_FEED = (
    "来源 source", "记录 records", "退回 rejects", "完整 complete", "最缺 lacking", "迟到 late: p50, p95",
    "中断 silent", "问题 findings",
)  # fmt: skip
_HOUR = ("小时 hour", "记录 records", "应有 expected", "完整 complete", "迟到 late: p50, p95")
_FINDING = ("部门 department", "记录 record", "问题 what is wrong", "人员 person", "自 since", "依据 by")


def _feed(row: Row) -> tuple[object, ...]:
    lacking = [f"{name} {_share(f['told'])} / {_share(f['expected'])}" for name, f in row["fields"].items()]
    silent = "—"
    if row["silent_since_ms"] is not None:
        silent = f"自 since {when(row['silent_since_ms'])}, ~{row['missed']:,}"
    elif row["silent_hours"]:
        silent = f"{row['silent_hours']:,} h"
    return (
        row["source"], f"{row['records']:,} / {_number(row['expected'])}", _counted(row["rejects"]),
        _share(row["completeness"]), _few(lacking), _late(row), silent, _counted(row["findings"]),
    )  # fmt: skip


def _finding(row: Row) -> tuple[object, ...]:
    zh, en = WORDS[row["kind"]]
    return row["department"], row["record"], f"{zh} {en}", row["person"], when(row["since_ms"]), row["rule"]


def _late(row: Row) -> str:
    if not row["timed"]:
        return "—"
    expected = row["late_median_expected_s"], row["late_p95_expected_s"]
    found = row["late_median_s"], row["late_p95_s"]
    return ", ".join(f"{late:,} / {due:,.0f} s" for late, due in zip(found, expected, strict=True))


def _counted(found: dict[str, int]) -> str:
    if not found:
        return "—"
    total = Counter(found).total()
    return f"{total:,}: " + _few([f"{word} {count:,}" for word, count in found.items()])


def _few(words: list[str]) -> str:
    return ", ".join(words[:_SHOWN]) + (" …" if len(words) > _SHOWN else "") or "—"


def _share(part: float | None) -> str:
    return "—" if part is None else f"{part:.0%}"


def _number(count: float | None) -> str:
    return "—" if count is None else f"{count:,}"
