"""Figures: what was measured as a table, for a terminal or a page.

In: rows of texts. Out: a table, or a page with the table in the place of the last one.
Invariant: what stands between the marks of a benchmark was written by its command.
Deliberately absent: what is measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rich.table import Table


@dataclass(frozen=True)
class Figures:
    """One table."""

    title: str
    head: tuple[str, ...]
    rows: list[tuple[str, ...]]

    def table(self) -> Table:
        table = Table(*self.head, title=self.title)
        for row in self.rows:
            table.add_row(*row)
        return table

    def markdown(self) -> str:
        lines = [self.head, tuple("---" for _ in self.head), *self.rows]
        return "\n".join([f"{self.title}:", "", *(f"| {' | '.join(line)} |" for line in lines)])


def three(found: Mapping[str, float], digits: int = 1, times: float = 1.0) -> str:
    """Least / median / greatest, of `min`, `median` and `max`."""
    return " / ".join(f"{found[name] * times:,.{digits}f}" for name in ("min", "median", "max"))


def marks(of: str) -> tuple[str, str]:
    return f"<!-- figures of {of}: begin -->", f"<!-- figures of {of}: end -->"


def put(page: str, of: str, text: str) -> str:
    """The page with a text between the marks of a benchmark, in the place of the last one or at the end."""
    begin, end = marks(of)
    head, _, rest = page.partition(begin)
    _, _, tail = rest.partition(end)
    after = f"\n\n{tail.lstrip()}" if tail.strip() else "\n"
    return f"{head.rstrip()}\n\n{begin}\n{text}\n{end}{after}"
