"""Positions: on which line of a TOML file a key stands, which the parser does not tell.

In: the text of a file. Out: line by path, such as ("fault", 1, "share").
Invariant: a path that is not found has the line of the nearest table above it; nothing here judges the file.
Deliberately absent: TOML itself. Keys within braces have the line of the key before the braces.
"""

from __future__ import annotations

import re
from collections import Counter

Path = tuple[str | int, ...]
_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=(.*)""")
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")
_TEXTS = ('"""', "'''")
_QUOTED = re.compile(r""""(?:\\.|[^"\\])*"|'[^']*'|#.*""")


def positions(text: str) -> dict[Path, int]:
    """Line of every key and table, from 1."""
    found: dict[Path, int] = {(): 1}
    counts: Counter[Path] = Counter()
    table: Path = ()
    closing, depth = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if closing:  # within a text of several lines
            closing = "" if closing in line else closing
            continue
        if depth > 0:  # within a list of several lines
            depth += _opened(line)
            continue
        if (header := _HEADER.fullmatch(line)) is not None:
            table = _parts(header[2])
            if header[1] == "[[":
                counts[table] += 1
                table = (*table, counts[table] - 1)
            found.setdefault(table, number)
        elif (key := _KEY.fullmatch(line)) is not None:
            path = (*table, *_parts(key[1]))
            for length in range(len(table) + 1, len(path) + 1):
                found.setdefault(path[:length], number)
            closing = next((mark for mark in _TEXTS if key[2].count(mark) % 2), "")
            depth = 0 if closing else max(_opened(key[2]), 0)
    return found


def line_of(found: dict[Path, int], path: Path) -> int:
    """The line of a path, or of the nearest one above it."""
    while path not in found:
        path = path[:-1]
    return found[path]


def _parts(dotted: str) -> Path:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))


def _opened(line: str) -> int:
    """How many brackets a line leaves open, those within texts and comments aside."""
    bare = _QUOTED.sub("", line)
    return bare.count("[") - bare.count("]")
