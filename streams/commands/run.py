"""`brain run`: a folder of records through the engine into a lake.

In: RECORDS, a lake, a key, a pack. Out: the lake, and a summary on standard output.
Invariant: run again, it reads only what is new.
Deliberately absent: waiting for files to grow.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from brain.transfer_words import STATES, both
from streams.embedded import Embedded
from streams.engine import Summary
from streams.errors import FINDINGS
from streams.opening import open_lake
from streams.packs import DEFAULT_SERIES
from streams.records import Reader, find_parts
from streams.terminal import (
    DEFAULT_LAKE,
    JsonOption,
    KeyOption,
    LakeOption,
    PackOption,
    console,
    say_json,
    table,
)

RecordsArgument = Annotated[
    Path,
    typer.Argument(
        metavar="RECORDS",
        help="记录文件夹 folder of src.<department>.<record>.ndjson, .ndjson.gz, .ndjson.zst, .parquet",
    ),
]


def add_to(app: typer.Typer) -> None:
    app.command("run", rich_help_panel="运行 run")(run)


def run(
    records: RecordsArgument,
    lake: LakeOption = DEFAULT_LAKE,
    pack: PackOption = DEFAULT_SERIES,
    key: KeyOption = None,
    json: JsonOption = False,
) -> None:
    """读入记录并更新结论。Read records into a lake and publish what follows.

    可重复运行，只读新行。May be run again at any time, also after a kill: only new lines are read.

    例 examples:

      brain run out/records

      brain run drops/2022-03-08 --lake /srv/lake --pack cn-8 --json
    """
    summary = run_records(records, lake, pack, key, quiet=json)
    if json:
        say_json(as_json(summary))
    else:
        show(summary, lake)
    for trouble in summary.troubles:
        console(stderr=True).print(f"错误 error: {trouble}", markup=False, soft_wrap=True)
    raise typer.Exit(FINDINGS if summary.troubles else 0)


def run_records(records: Path, lake: Path, pack: str, key: Path | None, quiet: bool) -> Summary:
    """The whole path from a folder to a published lake. Errors: CommandError."""
    parts = find_parts(records)
    with open_lake(lake, key, pack, may_create=True) as opened, _bar(quiet) as bar:
        restoring = bar.add_task("恢复 restore", total=None)
        engine = Embedded(opened.lake, opened.key, opened.packs)
        bar.remove_task(restoring)
        reader = Reader(parts, opened.lake.progress())
        task = bar.add_task("读取 read", total=reader.total_bytes)
        return engine.run(reader, lambda read, _: bar.advance(task, read))


def _bar(quiet: bool) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console(stderr=True), transient=True, disable=quiet)


def as_json(summary: Summary) -> dict[str, Any]:
    """The summary with plain names; `seconds` are the only figures that differ from run to run."""
    return {
        "records": {s: {"read": n, "accepted": summary.accepted[s], "rejected": summary.rejected[s]}
                    for s, n in sorted(summary.read.items())},
        "read": summary.read.total(),
        "accepted": summary.accepted.total(),
        "rejected": summary.rejected.total(),
        "reject_reasons": dict(sorted(summary.reasons.items())),
        "unknown_fields": summary.unknown_fields,
        "restored": summary.restored,
        "cases": summary.cases,
        "contacts_by_degree": summary.contacts,
        "reviews": summary.reviews,
        "transfers": summary.transfers,
        "digest": summary.digest,
        "snapshot": summary.snapshot,
        "seconds": {step: round(s, 3) for step, s in summary.seconds.items()},
        "troubles": summary.troubles,
    }  # fmt: skip


def show(summary: Summary, lake: Path) -> None:
    """The summary for a human."""
    out = console()
    rows = [(s, n, summary.accepted[s], summary.rejected[s]) for s, n in sorted(summary.read.items())]
    if rows:
        total = ("合计 total", summary.read.total(), summary.accepted.total(), summary.rejected.total())
        out.print(table("记录 records", ("来源 source", "读入 read", "接收 accepted", "退回 rejected"), [*rows, total]))
    else:
        out.print("没有新记录 nothing new to read")
    if summary.restored:
        out.print(f"恢复 restored {summary.restored:,} 条记录 records")
    unknown = sum(count for found in summary.unknown_fields.values() for count in found.values())
    if unknown:
        out.print(f"未知字段 values in unknown fields, left out: {unknown:,} (current/manifest.json)")
    degrees = {"1": "密接 close", "2": "次密接 secondary", "0": "一般及场所 general and venue"}
    contacts = ", ".join(f"{word} {summary.contacts.get(d, 0):,}" for d, word in degrees.items())
    out.print(f"病例 cases {summary.cases:,}; 接触者 contacts: {contacts}; 待核 reviews {summary.reviews:,}")
    ways = Counter[str]()
    for found in summary.transfers.get("states", {}).values():
        ways.update(found)
    if ways:
        told = ", ".join(f"{both(STATES, state)} {ways[state]:,}" for state in STATES if ways[state])
        out.print(f"转运 transfers {ways.total():,}: {told}; 逾期 late {summary.transfers['late']:,}", soft_wrap=True)
    spent = ", ".join(f"{step} {s:.1f}" for step, s in summary.seconds.items())
    out.print(f"用时 seconds: {spent}")
    out.print(f"摘要 digest {summary.digest}")
    out.print(f"数据湖 lake {lake}: brain cases, brain contacts, brain explain P…, brain rejects", soft_wrap=True)
