"""Scale page: docs/scale.md, from the results that scale.py left.

In: results/scale-long.json and scale.json, as far as they are there. Out: the page.
Invariant: same results, same page; no figure on it is written by hand; what is not measured says so.
Deliberately absent: sizes smaller than full, which are for trying the benchmark; and the arithmetic (provinces.py).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from math import inf
from pathlib import Path
from typing import Any

from benchmarks import provinces
from benchmarks.bench import Row
from benchmarks.provinces import COPIES, KEPT_DAYS, PEAK, PLACES, Limit, Measured, Needs, limits, measured, needs
from benchmarks.scale_figures import DRIVERS, PARTS, figures, laws

RESULTS = Path(__file__).parent / "results"
PAGE = Path(__file__).parent.parent / "docs" / "scale.md"
_FILES = {"long": "scale-long", "full": "scale"}
_ZH = {
    "recovery": "重启恢复", "memory of the writer": "写入进程的内存",
    "records/s of the writer": "写入进程每秒的记录数", "intake": "接入",
}  # fmt: skip
_NOT = "not measured"
_NOT_BUILT = """\
## What crosses districts, and is not built
- **People who travel between districts.** A presence is traced by the writer of the district whose department wrote
  it down. Where a case of one district met people of another at a place whose records go to a third, none of the
  three sees all of it. To be handed over would be: the infectious presences of a case, with place and interval, to
  the district of the place; and the contacts found there to the district in which they live (协查).
- **Identity.** Pseudonyms are made with a district's key: the same person has another one next door. Either districts
  share a key, which widens what a lost key gives away, or what is handed over is named anew at the border.
- **Vehicles and beds** are planned within a district; lending them is a decision that no record tells of yet.
- **More than one writer in a district**, parted by place: needed beyond the sizes in the table above, not before."""


def reports(folder: Path) -> dict[str, Row]:
    """By size, the longest first."""
    found = {size: folder / f"{stem}.json" for size, stem in _FILES.items()}
    return {size: json.loads(path.read_text("utf-8")) for size, path in found.items() if path.is_file()}


def best(found: dict[str, Row]) -> Row:
    """Of each part that of the longest size in which it is not void; `from`: the size."""
    parts: Row = {}
    for size, report in found.items():
        for name, part in report["parts"].items():
            if name not in parts and not part["void"] and len(part.get("days", "many")) > 1:
                parts[name] = part | {"from": size}
    return parts


def page(found: dict[str, Row]) -> str:
    """The whole text. Without days of state there is nothing to reckon with, and it says so."""
    parts = best(found)
    lines = ["# 规模 Scale", ""]
    if "days" not in parts:
        return "\n".join([*lines, "Not measured yet: `python -m benchmarks.scale`.", ""])
    of = measured(parts)
    met = limits(of)
    sections = (
        _chinese(of, met), _made(parts), _measured(parts), _side_by_side(of), _one_writer(of, met),
        _NOT_BUILT.splitlines(), _assumed(of, parts),
    )  # fmt: skip
    return "\n".join([*lines, *(line for section in sections for line in [*section, ""])])


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    told = [head, tuple("---" for _ in head), *rows]
    return [f"| {' | '.join(row)} |" for row in told]


def _round(people: float) -> str:
    """Two figures: more would say more than the laws know."""
    if people == inf:
        return "never"
    return f"{float(f'{people:.2g}'):,.0f}"


def _wan(people: float) -> str:
    return f"{float(f'{people / 10_000:.2g}'):,.0f} 万人"


def _number(value: float | None, digits: int = 0) -> str:
    return _NOT if value is None else f"{value:,.{digits}f}"


def _chinese(of: Measured, met: list[Limit]) -> list[str]:
    first, hard = met[0], next(limit for limit in met if limit.hard)
    own = of.recovery_s(provinces.DISTRICT)
    lines = ["**摘要**", ""]
    for (zh, _), people in list(PLACES.items())[2:]:
        told = needs(of, people)
        lines.append(
            f"- {zh} {people / 1e4:,.0f} 万人：{told.districts:,} 个区各自一套，并列运行；"
            f"每天 {told.records_day / 1e8:,.2f} 亿条记录，最忙时每秒 {told.peak_per_s / 1e4:,.1f} 万条"
            f"（平均的 {PEAK} 倍）；接入 {told.intake_cores:,} 核，写入 {told.writer_cores:,} 核，"
            f"内存 {told.memory_gib / 1024:,.2f} TiB，湖每天增加 {told.lake_day_gib:,.0f} GiB。"
        )
    lines += [
        f"- 一套系统扩到多大为止：最先到限的是**{_ZH[first.part]}**（约 {_wan(first.people)}）；"
        f"超出就无法运行的第一个限是**{_ZH[hard.part]}**（约 {_wan(hard.people)}）。原因：一套系统只有一个写入进程。",
        f"- 一个区 14 天的数据，被强行终止（kill -9）后 {own:,.0f} 秒恢复工作；预算 {provinces.RECOVERY_S} 秒。"
        "区与区之间往来人员的移交**尚未建成**。",
    ]
    return lines


def _made(parts: Row) -> list[str]:
    lines = [
        "Made by `python -m benchmarks.scale --page` from what `python -m benchmarks.scale [--size long]` measured; a",
        "test holds that it is what the command makes. Every figure was measured on two cores; what lies outside the",
        "range of a law is a guess by that law, and no more.",
        "",
    ]
    for name in PARTS:
        if name not in parts:
            lines.append(f"- {name}: {_NOT}; `python -m benchmarks.scale --part {name}`")
            continue
        part = parts[name]
        when = f", {part['date']}" if part["date"] else ""
        load = f"load {part['load_before']:.1f} before and {part['load_after']:.1f} after"
        about = f"commit {part['machine']['commit']}{when}, {part['machine']['cpu']}, {load}"
        lines.append(f"- {name}: size {part['from']}, {about}")
    return lines


def _measured(parts: Row) -> list[str]:
    lines = ["## Measured"]
    for told in figures({"parts": parts}):
        lines += ["", told.markdown()]
    for part in laws(parts):
        name = _FILES[parts[part]["from"]] + ("" if part == "days" else f"-{part}")
        lines += ["", f"![Growth with {DRIVERS[part]}, and each law](../benchmarks/results/{name}.svg)"]
    if parts["days"]["recoveries"] == []:
        lines += ["", "Recovery: one restart with all days, without a kill; less is taken to be in proportion."]
    return lines


def _side_by_side(of: Measured) -> list[str]:
    told: list[tuple[tuple[str, str], Needs]] = [(name, needs(of, people)) for name, people in PLACES.items()]
    rows: list[tuple[str, Any]] = [
        ("people", lambda n: _number(n.people)),
        (f"districts of {provinces.DISTRICT:,} at the most", lambda n: _number(n.districts)),
        ("records a day, millions", lambda n: _number(n.records_day / 1e6, 1)),
        (f"records/s at {PEAK} times the mean", lambda n: _number(n.peak_per_s)),
        ("cores of intake", lambda n: _number(n.intake_cores)),
        ("cores of writers, one process each", lambda n: _number(n.writer_cores)),
        (f"memory of writers with {provinces.DAYS} days, GiB", lambda n: _number(n.memory_gib)),
        ("lakes, GiB more a day", lambda n: _number(n.lake_day_gib, 1)),
        ("cores of brokers", lambda n: _number(n.broker_cores)),
        ("into brokers, MB/s", lambda n: _number(n.wire_mb_s, 1)),
        (f"disk of brokers, {KEPT_DAYS} days, {COPIES} copies, GiB", lambda n: _number(n.broker_gib)),
        ("recovery of a district, s", lambda n: _number(n.recovery_s)),
    ]
    head = ("", *(f"{zh} {en}" for (zh, en), _ in told))
    return [
        "## Districts side by side",
        "The district is the unit: a province is so many installations, each with its topics, its intake, its one",
        "writer and its lake. Nothing is shared, so all of it adds up; a writer that is killed stops one district.",
        "",
        *_table(head, [(name, *(tell(n) for _, n in told)) for name, tell in rows]),
    ]


def _one_writer(of: Measured, met: list[Limit]) -> list[str]:
    rows = [
        (limit.part, limit.held_to, _round(limit.people), "nothing goes beyond" if limit.hard else "a promise")
        for limit in met
    ]
    each = [
        (f"{zh} {en}", f"{of.memory_gib(n):,.1f}", f"{of.writer_cores(n):,.2f}", f"{of.recovery_s(n):,.0f}")
        for (zh, en), n in PLACES.items()
    ]
    first, hard = met[0], next(limit for limit in met if limit.hard)
    return [
        "## Which part breaks first, and at what size",
        f"With one service for more and more people, **{first.part}** is the first to miss what it is held to, at "
        f"{_round(first.people)} people ({first.held_to}).",
        f"The first beyond which nothing runs is **{hard.part}**, at {_round(hard.people)} people. All but intake",
        "have one reason: one process steps the brain.",
        "",
        *_table(("part", "held to", "people", "what kind of limit"), rows),
        "",
        "One writer for all, by the same laws:",
        "",
        *_table(("", "memory, GiB", f"cores of its one, at {PEAK} times the mean", "recovery, s"), each),
    ]


def _assumed(of: Measured, parts: Row) -> list[str]:
    split = (
        "Intake, writer and broker: the service's processor time with one intake worker and one day of state; the\n"
        "  writer's grows with what is held as brain, lake and publishing of the embedded engine do."
        if "workers" in parts
        else "Intake and writer: processor time of the embedded engine, parted by the clock of its steps (read; "
        f"brain,\n  lake, publish). The way through the broker is not in it: {_NOT}."
    )
    peak = max(row["peak_mib"] / row["resident_mib"] for row in parts["days"]["days"])
    size = _NOT if of.record_bytes is None else f"{of.record_bytes:,.0f} bytes"
    return [
        "## Assumed",
        "- People: seventh national census, 2020-11-01: communiqués of the National Bureau of Statistics (2021-05-11)",
        "  and of Jilin's Bureau of Statistics (2021-05). The district: the article the product comes from.",
        "- Everybody everywhere is as in the drill `emergency-day`: lockdown, everybody swabbed;",
        f"  {of.daily:.2f} records a person and day, {of.registers:.2f} in registers; a record on the wire: {size}.",
        f"- The busiest second has {PEAK} times the mean of the day; a core is planned to {provinces.BUSY:.0%};",
        f"  {provinces.DAYS} days of state; a server has {provinces.SERVER_GIB} GiB.",
        f"- {split}",
        "- The wave is as large for its people as the drill's; a larger share of cases costs the brain more.",
        f"- The tables have what a writer holds at rest; at the peak it holds up to {peak:.1f} times that.",
        "- Cores are those of the machine above. Figures of another machine are other figures.",
    ]
