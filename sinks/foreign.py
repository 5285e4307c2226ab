"""Foreign: names of fields that departments send and nobody asked for, counted without keeping what may be personal.

In: counts by source and field. Out: rows of the table of unknown fields.
Invariant: a name that could be an identifier is never kept.
Deliberately absent: the values; the intake drops them.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

_PLAIN_NAME = re.compile(r"\w[\w.-]{0,63}")
_LONG_NUMBER = re.compile(r"\d{6}")


def unknown_rows(unknown_fields: dict[str, dict[str, int]]) -> list[dict[str, Any]]:
    """Names of fields that nobody expected are foreign text: one that is no plain name, or holds a long number as
    identifiers do, is counted without being kept."""
    counts: Counter[tuple[str, str]] = Counter()
    for source, found in unknown_fields.items():
        for name, count in found.items():
            plain = _PLAIN_NAME.fullmatch(name) and not _LONG_NUMBER.search(name)
            counts[source, name if plain else "(not shown)"] += count
    return [{"source": s, "field": f, "count": c} for (s, f), c in counts.items() if c]
