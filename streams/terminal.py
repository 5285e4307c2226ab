"""Terminal: how tables, texts and JSON reach whoever called, and the options that many commands share.

In: rows. Out: standard output; messages go to standard error.
Invariant: standard output holds the answer alone, so that it can be piped.
Deliberately absent: what the rows mean.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from schemas.instants import local_text

PIPED_WIDTH = 180
LakeOption = Annotated[
    Path, typer.Option("--lake", envvar="BRAIN_LAKE", metavar="LAKE", help="数据湖文件夹 folder of the lake")
]
KeyOption = Annotated[
    Path | None, typer.Option("--key", metavar="FILE", help="密钥文件 key file; default: LAKE.key beside the lake")
]
PackOption = Annotated[
    str, typer.Option("--pack", metavar="NAME", help="政策包或系列 a pack, a series of packs, or a .toml file")
]
JsonOption = Annotated[bool, typer.Option("--json", help="输出 JSON, for scripts")]
LimitOption = Annotated[int, typer.Option("--limit", min=0, help="最多行数 rows at most; 0: all")]
DEFAULT_LAKE = Path("out/lake")


def console(stderr: bool = False) -> Console:
    """A console of the terminal's width; into a pipe, wide enough that codes are not folded."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, width=None if stream.isatty() else PIPED_WIDTH, highlight=False)


def say_json(value: Any) -> None:
    """One JSON document, in UTF-8, with days as text."""
    text = orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS)
    sys.stdout.write(text.decode())
    sys.stdout.flush()


def table(title: str, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """A table; numbers stand to the right, and nothing in a cell is taken for markup."""
    found = [list(row) for row in rows]
    made = Table(title=title, box=box.SIMPLE, title_justify="left", title_style="bold")
    for at, heading in enumerate(headings):
        number = bool(found) and all(isinstance(row[at], int) for row in found)
        made.add_column(heading, overflow="fold", justify="right" if number else "left")
    for row in found:
        made.add_row(*(Text(f"{cell:,}" if isinstance(cell, int) else str(cell)) for cell in row))
    return made


def when(ms: int | None) -> str:
    return local_text(ms)


def minutes(ms: int | None) -> str:
    """Whole minutes, rounded down; an em dash for a time that goes on."""
    return "—" if ms is None else f"{ms // 60_000:,} min"


def cut(rows: list[dict[str, Any]], limit: int) -> tuple[list[dict[str, Any]], str]:
    """The first rows, and a line that says how many were left out, if any were."""
    if limit == 0 or len(rows) <= limit:
        return rows, ""
    return rows[:limit], f"… 另有 {len(rows) - limit:,} 行 more rows: --limit 0"
