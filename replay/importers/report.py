"""Report: what an importer read and wrote, and row by row what it could not say or had to assume.

In: findings of the importers. Out: `import-report.json` beside the records, and tables for the terminal.
Invariant: every row that was read is written, or stands here with file, row and reason; none is dropped in silence.
Deliberately absent: the values of the rows; a reason never quotes an identifier, a plate or free text.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

REPORT_FILE = "import-report.json"
LEFT_OUT, ASSUMED, ODD = "left out", "assumed", "odd"
"""What became of a row: no record says it; a record says it with an assumption; a record says it as it stands."""
_ROWS_SHOWN = 6


@dataclass(frozen=True, order=True)
class Finding:
    """One row, as a spreadsheet counts (the header is row 1; 0: the file as a whole), and why it is named here."""

    file: str
    effect: str
    what: str
    why: str
    row: int


@dataclass
class Report:
    """`read`: rows by file; `written`: records by source, and rows by side file; `notes`: choices that hold for all
    rows; `counts`: figures of the set worth stating."""

    dataset: str
    read: Counter[str] = field(default_factory=Counter)
    written: Counter[str] = field(default_factory=Counter)
    counts: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def left_out(self, file: str, row: int, what: str, why: str) -> None:
        self.findings.append(Finding(file, LEFT_OUT, what, why, row))

    def assumed(self, file: str, row: int, what: str, why: str) -> None:
        self.findings.append(Finding(file, ASSUMED, what, why, row))

    def odd(self, file: str, row: int, what: str, why: str) -> None:
        self.findings.append(Finding(file, ODD, what, why, row))

    def rows(self, what: str) -> list[int]:
        """The rows that a kind of finding names, ascending."""
        return sorted({f.row for f in self.findings if f.what == what})

    def grouped(self) -> dict[tuple[str, str, str, str], list[int]]:
        """Rows by (file, effect, what, why); a row that was named twice for one reason counts once."""
        groups: dict[tuple[str, str, str, str], list[int]] = {}
        for f in sorted(set(self.findings)):
            groups.setdefault((f.file, f.effect, f.what, f.why), []).append(f.row)
        return groups

    def to_json(self) -> str:
        findings = [
            {"file": file, "effect": effect, "what": what, "why": why, "count": len(rows), "rows": rows}
            for (file, effect, what, why), rows in self.grouped().items()
        ]
        body = {
            "set": self.dataset,
            "read": dict(sorted(self.read.items())),
            "written": dict(sorted(self.written.items())),
            "counts": self.counts,
            "notes": self.notes,
            "findings": findings,
        }
        return json.dumps(body, ensure_ascii=False, indent=1) + "\n"

    def write(self, folder: Path) -> None:
        (folder / REPORT_FILE).write_text(self.to_json(), encoding="utf-8")

    def render(self) -> RenderableType:
        """Tables for the terminal: rows read, records written, figures, findings with their first rows."""
        parts: list[RenderableType] = [Text(f"导入 import: {self.dataset}", style="bold")]
        parts.append(_counts("读取 rows read", self.read))
        parts.append(_counts("写出 written", self.written))
        if self.counts:
            parts.append(_counts("数字 figures", self.counts))
        parts.extend(Text(f"· {note}") for note in self.notes)
        if self.findings:
            parts.append(self._findings())
        return Group(*parts)

    def _findings(self) -> Table:
        table = Table(title="逐行说明 row by row", box=box.SIMPLE, title_justify="left")
        for heading in ("文件 file", "结果 effect", "情况 what", "原因 why"):
            table.add_column(heading, overflow="fold")
        table.add_column("行数 rows", justify="right")
        table.add_column("行号 which", overflow="fold")
        for (file, effect, what, why), rows in self.grouped().items():
            shown = " ".join(map(str, rows[:_ROWS_SHOWN])) + (" …" if len(rows) > _ROWS_SHOWN else "")
            table.add_row(Text(file), effect, Text(what), Text(why), f"{len(rows):,}", shown)
        return table


def _counts(title: str, counts: dict[str, int] | Counter[str]) -> Table:
    table = Table(title=title, box=box.SIMPLE, title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name, count in sorted(counts.items()):
        table.add_row(Text(name), f"{count:,}")
    return table
