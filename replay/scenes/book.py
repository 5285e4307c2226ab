"""The book: the records that a drill's departments have written, and the instants at which they arrive.

In: fields in a department's words. Out: records by source, versions and times as that department writes them.
Invariant: a record's number depends on the order of writing alone; an amendment is the same record, one version up.
Deliberately absent: files, and whether what is written is true.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from typing import Any

from schemas.instants import LOCAL_OFFSET_MS

_STYLES = {"health": "{}T{}", "police": "{} {}", "transport": "{}T{}+08:00"}


@dataclass
class Book:
    """The records written so far: (arrival, record) by source. `text` writes times as that department does."""

    records: dict[str, list[tuple[int, dict[str, Any]]]] = field(default_factory=dict)
    written: Counter[str] = field(default_factory=Counter)

    def add(self, source: str, event_ms: int, after_ms: int, **body: Any) -> dict[str, Any]:
        """A new record. Fields that end in `_at`, `_since` or `_until` are instants; None leaves a field out."""
        self.written[source] += 1
        letters = "".join(word[0] for word in source.split(".")[1].split("_")).upper()
        head = {"source_record_id": f"{letters}{source[0].upper()}-{self.written[source]:06d}"}
        return self._put(source, {**head, **self._times(source, body)}, event_ms, after_ms, 1)

    def amend(self, source: str, record: dict[str, Any], event_ms: int, after_ms: int, **body: Any) -> dict[str, Any]:
        """The next version of a record, with some fields changed; `operation="withdraw"` withdraws it."""
        return self._put(
            source, {**record, **self._times(source, body)}, event_ms, after_ms, int(record["version"]) + 1
        )

    def _put(self, source: str, body: dict[str, Any], event_ms: int, after_ms: int, version: int) -> dict[str, Any]:
        event = local(event_ms, _STYLES[source.split(".")[0]])
        body = {"operation": "upsert", **body, "version": version, "event_time": event}
        self.records.setdefault(source, []).append((event_ms + after_ms, body))
        return body

    @staticmethod
    def _times(source: str, body: dict[str, Any]) -> dict[str, Any]:
        style = _STYLES[source.split(".")[0]]
        ends = ("_at", "_since", "_until")
        return {
            name: local(value, style) if name.endswith(ends) and isinstance(value, int) else value
            for name, value in body.items()
            if value is not None
        }


def local(ms: int, style: str = "{}T{}+08:00") -> str:
    """An instant as text at +08:00, to the second."""
    day, second = divmod((ms + LOCAL_OFFSET_MS) // 1000, 86_400)
    return style.format(_date(day), f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}")


@cache
def _date(day: int) -> str:
    return (date(1970, 1, 1) + timedelta(days=day)).isoformat()
