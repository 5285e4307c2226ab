"""Drill views: how drills, a run under way and its score look on a terminal.

In: plans, what a run tells of itself, a score, a published lake. Out: tables, a live view on standard error, a tour.
Invariant: nothing is shown of the truth but the score, and nothing at all that could name anybody.
Deliberately absent: the report (replay/report), of which this is the shortest extract.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from brain.claims import render_text
from replay.faults.catalogue import FAULTS
from replay.plan import Plan
from replay.score.definitions import DEFINITIONS
from replay.score.tree import Score
from replay.sheets import REGISTERS_DAY
from replay.transfers.troubles import TROUBLES
from schemas.instants import local_text
from streams.commands.explain import claims_of
from streams.commands.lists import TABLES
from streams.current import Current
from streams.drills import RunFolder
from streams.slices import Told
from streams.terminal import console, cut, table

_SHOWN, _LAST = 8, 6
_FIGURES = (
    "infected", "case_recall", "pairs_true", "pairs_observable", "recall_true", "recall_observable", "precision_true",
    "precision_observable", "unexplained", "hours_reported_to_listed", "minutes_opened_to_listed", "transfer_people",
    "transfer_in_time", "hours_needed_to_admitted",
)  # fmt: skip
"""What of a score is shown here; the report has all of it."""


def plans_table(plans: Sequence[Plan]) -> Table:
    rows = [
        (plan.name, f"{plan.title[0]}\n{plan.title[1]}", plan.days, plan.residents, len(plan.injects), len(plan.faults))
        for plan in plans
    ]
    headings = (
        "名称 name", "标题 title", "天 days", "居民 residents", "事件 injects", "故障 faults",
    )  # fmt: skip
    return table("演练 drills", headings, rows)


def plan_table(plan: Plan) -> Group:
    """All that a drill's file says, in words."""
    head = Text(f"{plan.name}: {plan.title[0]}\n{plan.title[1]}\n", style="bold")
    head.append(f"{plan.about[0]}\n{plan.about[1]}\n", style="not bold")
    rows = [
        ("首日 first day", plan.first_day), ("天数 days", plan.days), ("居民 residents", plan.residents),
        ("形势 profile", plan.profile), ("政策包 pack", plan.pack), ("种子 seed", plan.seed),
        ("无人知晓的感染者 infected, unknown", plan.seeds), ("速度 pace", f"{plan.pace:g}x" if plan.pace else "max"),
        ("参照数据集 after", ", ".join(plan.sets) or "—"),
        *((f"疫情参数 wave: {name}", f"{value:g}") for name, value in plan.wave.items()),
        *((f"事件 inject: {i.kind}", f"{local_text(i.at_ms)}, {i.people or '—'}") for i in plan.injects),
        *_transfers(plan),
        *((f"期望 expect: {name}", f"{low:g} – {high:g}") for name, (low, high) in plan.expect.items()),
    ]  # fmt: skip
    faults = [
        (f.kind, f"{kind.zh}\n{kind.en}", ", ".join(f.sources), f"{f.share:g}", _told(f.options))
        for f, kind in ((fault, FAULTS[fault.kind]) for fault in plan.faults)
    ]
    headings = ("故障 fault", "含义 what it does", "来源 sources", "比例 share", "其他 options")
    said = table("", ("键 key", "值 value"), [(key, str(value)) for key, value in rows])
    return Group(head, said, *([table("数据故障 faults of feeds", headings, faults)] if faults else []))


def _transfers(plan: Plan) -> list[tuple[str, object]]:
    if plan.transfers is None:
        return []
    t = plan.transfers
    opens = "—" if t.cabins_after_hours < 0 else f"{t.cabins_after_hours} h"
    return [
        ("转运车 transfer vehicles", t.vehicles or "—"), ("床位比例 share of beds", f"{t.beds:g}"),
        ("方舱启用 cabins open after", opens), ("派车间隔 a plan every", f"{t.dispatch_minutes} min"),
        *((f"转运故障 trouble: {TROUBLES[n].zh} {n}", f"{share:g}") for n, share in t.faults.items()),
    ]  # fmt: skip


def _told(options: dict[str, float]) -> str:
    shown = {
        name.removesuffix("_ms"): local_text(int(value)) if name.endswith("_ms") else f"{value:g}"
        for name, value in options.items()
    }
    return ", ".join(f"{name} {value}" for name, value in shown.items())


class Watch:
    """A run under way: live on a terminal, a line for each step elsewhere, on standard error; nothing if quiet."""

    def __init__(self, plan: Plan, quiet: bool) -> None:
        self._plan, self._quiet = plan, quiet
        self._screen = console(stderr=True)
        self._live: Live | None = None
        self._events: deque[str] = deque(maxlen=_LAST)

    def writing(self, day: int, step: str, share: float) -> None:
        name = "登记 registers" if day == REGISTERS_DAY else f"第 {day + 1} 天 day {day + 1}/{self._plan.days}"
        self._show(Text(f"写出记录 writing: {name}, {share:4.0%}  {step}"), share == 0.0 and day != REGISTERS_DAY)

    def wrote(self, records: int) -> None:
        self._show(Text(f"已写出 written: {records:,} 条记录 records"), True)

    def fed(self, told: Told) -> None:
        """After a slice."""
        happened = ", ".join(f"{kind} {count:,}" for kind, count in sorted(told.last.items()))
        if happened:
            self._events.append(f"{local_text(told.until_ms)}  {happened}")
        grid = Table.grid(padding=(0, 2))
        grid.add_row("演练时间 drill time", local_text(told.until_ms))
        grid.add_row("记录 records", f"{told.records:,}")
        grid.add_row("病例 cases", f"{told.standing['case']:,}")
        grid.add_row("接触者 contacts", f"{told.standing['contact']:,}")
        self._show(Group(grid, *(Text(line, style="dim") for line in self._events)), False)

    def scoring(self, section: str) -> None:
        self._show(Text(f"打分 scoring: {section}"), False)

    def _show(self, what: Text | Group, step: bool) -> None:
        """`step`: worth a line where there is no terminal."""
        if self._quiet:
            return
        if not self._screen.is_terminal:
            if step:
                self._screen.print(what, soft_wrap=True)
            return
        if self._live is None:
            self._live = Live(console=self._screen, transient=True, refresh_per_second=8)
            self._live.start()
        self._live.update(what)

    def end(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None


def show_score(score: Score, folder: RunFolder) -> None:
    """Where the report is, the main figures, and the bounds that the drill asks for."""
    say = console().print
    say(f"报告 report: {folder.report}", markup=False, soft_wrap=True, style="bold")
    rows = []
    for name in _FIGURES:
        figure = score.of(name)
        if figure is not None:
            of = f"{figure.numerator:,} / {figure.denominator:,}" if figure.numerator is not None else ""
            rows.append((f"{DEFINITIONS[name].zh} {DEFINITIONS[name].en}", _value(name, figure.value), of))
    say(table("对照真相 against the truth", ("指标 figure", "值 value", "其中 of"), rows))
    bounds = [
        (b.name, f"{b.low:g} – {b.high:g}", _value(b.name, b.value), "达到 held" if b.held else "未达到 NOT HELD")
        for b in score.bounds
    ]
    if bounds:
        say(table("期望 expected", ("指标 figure", "界限 bounds", "值 value", "结果 result"), bounds))


def _value(name: str, value: float | None) -> str:
    unit = DEFINITIONS[name.partition(".")[0]].unit if name.partition(".")[0] in DEFINITIONS else "count"
    if value is None:
        return "—"
    return f"{value:.1%}" if unit == "share" else f"{value:,.0f}" if unit == "count" else f"{value:,.1f} {unit}"


def tour(folder: RunFolder, serving: bool) -> None:
    """What stands, with one proof, and where to look next. `serving`: a service goes on with it."""
    say, lake = console().print, folder.lake
    current = Current(lake)
    for view, title, rows in (
        ("cases", "病例 cases", current.rows("cases")),
        ("contacts", "密接 close contacts", _close(current)),
    ):
        headings, cells = TABLES[view]
        shown, more = cut(rows, _SHOWN)
        say(table(f"{title}: {len(rows):,}", headings, [cells(row) for row in shown]))
        say(more)
    for row in [*reversed(_close(current)), *current.rows("contacts", degree=2)][:1]:
        say("为何 why, for one of them:\n")
        for claim in claims_of(current, row["contact_id"]):
            say(render_text(claim, "both"), markup=False, soft_wrap=True)
    for line in (
        f"brain contacts --degree 1 --lake {lake}       名单 the list",
        f"brain explain P… --lake {lake}                为何 why somebody is in it",
        f"brain rejects --lake {lake}                   退回的行 lines that were no records",
        f"brain oracle {folder.records} --lake {lake}   用 SQL 核对 check it all in SQL",
        f"{lake}/catalog.duckdb                         供分析 for analysts: SQL over everything",
    ):
        say(f"  {line}", markup=False, soft_wrap=True)
    say(f"摘要 digest {current.manifest['digest']}")
    if serving:
        hint = f"brain status, brain lag; stop: brain drain --lake {lake}, brain broker down"
        say(f"\n服务仍在运行 the service goes on: {hint}", soft_wrap=True)


def _close(current: Current) -> list[dict[str, object]]:
    """Close contacts, those with the most exposures first; the last is the one that is explained soonest."""
    rows = [row for row in current.rows("contacts", degree=1) if row["class"] == "close"]
    return sorted(rows, key=lambda row: (row["last_exposure_at_ms"] is not None, -row["exposures"], row["contact_id"]))
