"""Questions: what is asked of the values of a drill's file, and how a mistake is told.

In: a table of the file, with the lines of its keys. Out: values as they are used, or `Mistake`s.
Invariant: a mistake never ends the reading: all of a file's mistakes are told at once, each with line, key, what was
found and what was expected, in Chinese and English.
Deliberately absent: which keys there are (file.py).
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from replay.drills.positions import Path, line_of
from schemas.instants import read_instant


@dataclass(frozen=True)
class Mistake:
    """One mistake of a file. `expected`: in Chinese, then in English."""

    file: str
    line: int
    key: str
    found: str
    expected: tuple[str, str]

    def __str__(self) -> str:
        zh, en = self.expected
        return f"{self.file}:{self.line}: {self.key}: 发现 found {self.found}; 应为 expected {zh} | {en}"


class DrillError(ValueError):
    """A file that is no drill. `mistakes`: all of them, by line."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        self.mistakes = sorted(mistakes, key=lambda m: (m.line, m.key))
        super().__init__("\n".join(str(m) for m in self.mistakes))


class WrongError(Exception):
    """What a value should have been, in Chinese and English."""

    def __init__(self, zh: str, en: str) -> None:
        self.expected = zh, en


_LISTED = 20
"""So many names are listed where one of many is expected."""
Question = Callable[[Any], Any]
_MISSING = object()


@dataclass
class Asked:
    """A table of the file that is asked key by key; `end` tells of the keys that nobody asked for."""

    file: str
    lines: dict[Path, int]
    mistakes: list[Mistake]
    path: Path
    table: dict[str, Any]
    asked: set[str] = field(default_factory=set)

    def at(self, name: str | int, table: dict[str, Any]) -> Asked:
        """A table within this one."""
        return Asked(self.file, self.lines, self.mistakes, (*self.path, name), table)

    def get(self, name: str, question: Question, default: Any = _MISSING) -> Any:
        """The value as the question gives it. Where it is missing or wrong: the default, or None without one."""
        self.asked.add(name)
        if name not in self.table:
            if default is _MISSING:
                self.wrong((), f"没有 {name} no {name}", *_words(question, self.table.get(name)))
                return None
            return default
        try:
            return question(self.table[name])
        except WrongError as wrong:
            self.wrong((name,), shown(self.table[name]), *wrong.expected)
            return None if default is _MISSING else default

    def tables(self, name: str) -> list[Asked]:
        """The tables of `[[name]]`."""
        self.asked.add(name)
        rows = self.table.get(name, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            self.wrong((name,), shown(rows), f"[[{name}]] 表", f"tables of the form [[{name}]]")
            return []
        return [self.at(name, {}).at(number, row) for number, row in enumerate(rows)]

    def inner(self, name: str) -> Asked:
        """The table `[name]`; an empty one where it is missing."""
        self.asked.add(name)
        table = self.table.get(name, {})
        if not isinstance(table, dict):
            self.wrong((name,), shown(table), f"[{name}] 表", f"a table [{name}]")
            table = {}
        return self.at(name, table)

    def wrong(self, path: Path, found: str, zh: str, en: str) -> None:
        whole = (*self.path, *path)
        self.mistakes.append(Mistake(self.file, line_of(self.lines, whole), dotted(whole), found, (zh, en)))

    def end(self, known: Collection[str] = ()) -> None:
        """Tells of keys that there are not. `known`: further ones that there would be."""
        for name in self.table:
            if name not in self.asked:
                names = sorted(self.asked | set(known))
                self.wrong((name,), "未知键 an unknown key", *one_of(names, name))


def dotted(path: Path) -> str:
    """`fault[2].share`, counted from 1."""
    text = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".") or "文件 file"


def shown(value: Any) -> str:
    text = repr(value) if not isinstance(value, (date, bool)) else str(value).lower()
    return text if len(text) <= 60 else text[:57] + "…"


def _words(question: Question, value: Any) -> tuple[str, str]:
    """What a question expects, as it says of a value that is nothing."""
    try:
        question(value)
    except WrongError as wrong:
        return wrong.expected
    return "", ""


def one_of(names: Collection[str], found: object) -> tuple[str, str]:
    """The names there are, the nearest first where one is near."""
    near = difflib.get_close_matches(str(found), list(names), 1)
    zh, en = (f"（是否 {near[0]}？）", f"; did you mean {near[0]}?") if near else ("", "")
    listed = list(names)
    more = f", … 共 {len(listed)} 个，见 docs/drills.md" if len(listed) > _LISTED else ""
    return f"{', '.join(listed[:_LISTED])}{more}{zh}", f"one of these{en}"


def text(value: Any) -> str:
    if isinstance(value, str) and value.strip():
        return " ".join(value.split())
    raise WrongError("文字", "a text")


def whole(low: int, high: int) -> Question:
    def ask(value: Any) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        raise WrongError(f"{low:,} 到 {high:,} 的整数", f"a whole number from {low:,} to {high:,}")

    return ask


def number(low: float, high: float) -> Question:
    def ask(value: Any) -> float:
        if isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high:
            return float(value)
        raise WrongError(f"{low:g} 到 {high:g} 的数", f"a number from {low:g} to {high:g}")

    return ask


def word(names: Collection[str]) -> Question:
    def ask(value: Any) -> str:
        if isinstance(value, str) and value in names:
            return value
        raise WrongError(*one_of(names, value))

    return ask


def words(names: Collection[str]) -> Question:
    def ask(value: Any) -> tuple[str, ...]:
        if not isinstance(value, list):
            raise WrongError("列表", f"a list, such as [{next(iter(names))!r}]")
        strange = [item for item in value if item not in names]
        if strange:
            raise WrongError(*one_of(names, strange[0]))
        return tuple(value)

    return ask


def day(value: Any) -> date:
    if isinstance(value, date) and not isinstance(value, datetime) and 2000 <= value.year < 2100:
        return value
    raise WrongError("日期，如 2022-03-08（不加引号）", "a day such as 2022-03-08, without quotes")


def instant(since_ms: int, until_ms: int, span: str) -> Question:
    """A local time within [since, until]; `span` shows these."""

    def ask(value: Any) -> int:
        form = WrongError(
            f"时间，如 2022-03-08T14:05:00，在 {span} 之内", f"a time such as 2022-03-08T14:05:00, within {span}"
        )
        if not isinstance(value, (datetime, str)):
            raise form
        try:
            ms = read_instant(value.isoformat() if isinstance(value, datetime) else value)
        except ValueError:
            raise form from None
        if not since_ms <= ms <= until_ms:
            raise form
        return ms

    return ask
