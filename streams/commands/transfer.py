"""`brain transfers` and `brain transfer`: who is to be taken where and when, and one person's whole way with its proof.

In: a lake's current snapshot. Out: the queue in its order, a way in Chinese and English, tables or JSON.
Invariant: read-only; may be asked while an engine writes. "Late" is by the last tick: without one nobody is late.
Deliberately absent: decisions (`brain dispatch`), and homes: a queue that leaves the office must not hold them.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from brain.claims import CLASSES
from brain.transfer_words import FLAGS, PURPOSES, STATES, WAITS_FOR, both, listed, span
from streams.commands.explain import Lang, PackFileOption, packs_behind, say_claims
from streams.current import Current, Rows, parsed_code
from streams.errors import FINDINGS, CommandError, asked
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
from streams.ways import late_ms, present_ms, queue, way_claims

Row = dict[str, Any]
_HEADINGS = (
    "序 no.", "人员 person", "去向 to", "类别 class", "状态 state", "期限 due", "逾期 late", "车 vehicle",
    "地点 site", "注意 flags", "为何在此 why here",
)  # fmt: skip


def add_to(app: typer.Typer) -> None:
    app.command(rich_help_panel="转运 transfers")(transfers)
    app.command("transfer", rich_help_panel="转运 transfers")(transfer)


def transfers(
    late: Annotated[bool, typer.Option("--late", help="只看逾期 those alone whose deadline has passed")] = False,
    vehicle: Annotated[str, typer.Option("--vehicle", metavar="V", help="车号或 L… a vehicle's number or code")] = "",
    site: Annotated[str, typer.Option("--site", metavar="S", help="地点名或 L… a site's name or code")] = "",
    lake: LakeOption = DEFAULT_LAKE,
    limit: LimitOption = 50,
    json: JsonOption = False,
) -> None:
    """待转运队列：期限最早的在前。The queue of transfers: the nearest deadline first, and why each stands there.

    例 examples:

      brain transfers --late

      brain transfers --vehicle 转运07 --json --limit 0
    """
    current = Current(lake)
    ways, now_ms = current.rows("transfers"), present_ms(current)
    chosen = {"vehicle": known(vehicle, "vehicle", current), "site": known(site, "site", current)}
    rows = [
        {**way, "number": number, "late_ms": late_ms(way, now_ms), "waits_for": WAITS_FOR[way["state"]][1],
         "why_zh": why[0], "why_en": why[1]}
        for number, (way, why) in enumerate(queue(ways), 1)
    ]  # fmt: skip
    waiting = len(rows)
    rows = [row for row in rows if all(row[name] == code for name, code in chosen.items() if code)]
    rows = [row for row in rows if row["breached"] or not late]
    shown, more = cut(rows, limit)
    if json:
        say_json([{name: value for name, value in row.items() if not name.startswith("home_l")} for row in shown])
        return
    now = f"截至 as of {when(now_ms)}" if now_ms is not None else "尚无时刻记录，不判逾期 no tick yet: nobody is late"
    title = f"待转运 transfers: {len(rows):,} / {waiting:,}；{now}"
    console().print(table(title, _HEADINGS, [_cells(row) for row in shown]))
    if more:
        console().print(more)
    console().print(_summary(ways), soft_wrap=True)


def known(text: str, column: str, current: Current) -> str:
    """The code of a place that is given by its code or its public label; empty for none. Errors: CommandError."""
    if not text:
        return ""
    rows = current.rows({"vehicle": "vehicles", "site": "beds"}[column]) + current.rows("transfers")
    found = {row[column] for row in rows if text.lower() in (row[column].lower(), row[f"{column}_label"].lower())}
    if len(found) == 1:
        return str(found.pop())
    labels = sorted({row[f"{column}_label"] or row[column] for row in rows} - {""})
    what = {"vehicle": "车辆 vehicle", "site": "地点 site"}[column]
    hint = f"known: {', '.join(labels[:8])}{' …' if len(labels) > 8 else ''}" if labels else "none is known yet"
    raise CommandError(f"没有此{what}: no such {column}; {hint}")


def _cells(row: Row) -> tuple[object, ...]:
    why = f"{row['why_zh']} {row['why_en']}"
    klass = CLASSES[row["class"]][0] if row["class"] in CLASSES else "—"
    return (
        row["number"], row["person"], both(PURPOSES, row["purpose"]), klass, both(STATES, row["state"]),
        when(row["due_at_ms"]), _late(row["late_ms"]), row["vehicle_label"] or row["vehicle"] or "—",
        row["site_label"] or row["site"] or "—", listed(FLAGS, row["flags"])[0], why,
    )  # fmt: skip


def _late(ms: int | None) -> str:
    if ms is None:
        return "—"
    return f"{'逾期' if ms > 0 else '还剩'} {span(ms)[1]}"


def _summary(ways: Rows) -> str:
    """How many ways there are in each state, in the order of the states."""
    if not ways:
        return "尚无转运 no transfers yet: nobody must be taken, as far as the records say"
    counts = {state: sum(way["state"] == state for way in ways) for state in STATES}
    told = "，".join(f"{both(STATES, state)} {count:,}" for state, count in counts.items() if count)
    return f"合计 in all {len(ways):,}：{told}"


def transfer(
    code: Annotated[str, typer.Argument(metavar="P…", help="人员编号 the code of a person")],
    lake: LakeOption = DEFAULT_LAKE,
    lang: Annotated[Lang, typer.Option("--lang", help="语言 language")] = Lang.both,
    pack: PackFileOption = None,
    json: JsonOption = False,
) -> None:
    """一人转运全程：步骤、记录出处、期限、告知与认领。One person's whole way: steps, records, deadlines, who was told.

    例 examples:

      brain transfer P0123456789abcdef --lang zh

      brain transfer P0123456789abcdef --json
    """
    current, person = Current(lake), parsed_code(code, "P")
    with asked():
        claims = way_claims(current, person, *packs_behind(current, pack))
    if not claims:
        said = "没有转运：记录中无人要求转运此人 has no transfer: nothing in the records calls for one"
        raise CommandError(f"{person} {said}, snapshot {current.folder.name}", FINDINGS)
    say_claims(claims, lang, json)
