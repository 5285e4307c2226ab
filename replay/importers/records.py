"""Records: the folder of files that an importer writes, one file for each source, every line checked by the intake.

In: bodies of records. Out: `src.<department>.<record>.ndjson`, side tables, and the report.
Invariant: a line that stands in a file is a record; a body that is none is named in the report with its row.
Deliberately absent: reading anything; the engine reads only `src.*`, never a side table.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import orjson

from replay.importers.report import REPORT_FILE, Report
from schemas.intake import Intake
from schemas.keys import Key

Body = dict[str, Any]
_CHUNK = 8_192
_CHECK_ONLY = Key("check", bytes(32))
"""The intake needs a key to judge lines; the tokens made with this one are thrown away."""


class Records:
    """The RECORDS folder of one import; `with Records(...) as records` checks and writes everything at the end.
    Errors: ValueError when the folder already holds records of something else."""

    def __init__(self, folder: Path, report: Report) -> None:
        self.folder, self.report = folder, report
        self._lines: dict[str, list[bytes]] = {}
        self._origins: dict[str, list[tuple[str, int]]] = {}
        folder.mkdir(parents=True, exist_ok=True)
        self._clear()

    def _clear(self) -> None:
        """Removes what an earlier import of the same set wrote, so that no stale record stays behind."""
        earlier = sorted(self.folder.glob("src.*.ndjson"))
        try:
            owner = json.loads((self.folder / REPORT_FILE).read_text(encoding="utf-8")).get("set")
        except (OSError, ValueError):
            owner = None
        if earlier and owner != self.report.dataset:
            what = f"records of {owner}" if owner else "records that no import wrote"
            raise ValueError(f"{self.folder}: holds {what}; expected an empty folder or one of {self.report.dataset}")
        for file in earlier:
            file.unlink()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            for source in sorted(self._lines):
                self._write(source)
            self.report.write(self.folder)

    def add(self, source: str, file: str, row: int, record_id: str, event_time: datetime, body: Body) -> None:
        """One record, without the fields that are None. `file` and `row`: what the report names if the intake
        rejects it."""
        whole = {
            "source_record_id": record_id,
            "event_time": event_time,
            "version": 1,
            "operation": "upsert",
            **{name: value for name, value in body.items() if value is not None},
        }
        self._lines.setdefault(source, []).append(orjson.dumps(whole))
        self._origins.setdefault(source, []).append((file, row))

    def _write(self, source: str) -> None:
        lines, origins, intake = self._lines[source], self._origins[source], Intake(_CHECK_ONLY)
        path = self.folder / f"src.{source}.ndjson"
        rejected: set[int] = set()
        for start in range(0, len(lines), _CHUNK):
            chunk = lines[start : start + _CHUNK]
            _, rejects = intake.read(source, chunk, path.name, np.arange(start, start + len(chunk), dtype=np.int64))
            for reject in rejects:
                rejected.add(reject.offset)
                self.report.left_out(*origins[reject.offset], "no_record", f"{source}: {reject.field}: {reject.hint}")
        kept = [line for at, line in enumerate(lines) if at not in rejected]
        if kept:
            path.write_bytes(b"\n".join(kept) + b"\n")
        self.report.written[source] += len(kept)

    def side_table(self, name: str, columns: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
        """A CSV file beside the records, for people and for scoring; the engine never reads it."""
        with (self.folder / name).open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(columns)
            for row in rows:
                writer.writerow(row)
                self.report.written[name] += 1


def person(number: str) -> Body:
    """The identifier fields of a person by number."""
    return {"id_type": "person_no", "id_no": number}
