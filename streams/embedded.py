"""Embedded: the whole engine in one process, from a folder of records to a published lake.

In: the parts of a folder, an open lake, policy packs. Out: committed facts and events, a published view, a summary.
Invariant: killed anywhere and run again, the view is the one of a run that was never killed: what was committed is in
the lake with its progress, what was not is read again.
Deliberately absent: rules, formats of files, and the terminal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from schemas.intake import Intake
from schemas.keys import Key
from schemas.policy import PackSeries
from sinks.lake import Lake
from streams.engine import STEP_RECORDS, Engine, Summary
from streams.records import CHUNK_LINES, Chunk, Reader

COMMIT_RECORDS = 100_000
"""Records in a commit. Fewer make more and smaller files, more cost a longer repetition after a kill."""
COMMIT_S = 5.0
Progress = Callable[[int, str], None]
"""Told the bytes read since the last call, and the part they are of."""


class Embedded:
    """Intake and engine in one process."""

    def __init__(
        self,
        lake: Lake,
        key: Key,
        packs: PackSeries,
        commit_records: int = COMMIT_RECORDS,
        step_records: int = STEP_RECORDS,
    ) -> None:
        self.engine = Engine(lake, packs, step_records)
        self.intake = Intake(key)
        self._commit_records = commit_records

    def run(self, reader: Reader, progress: Progress = lambda _bytes, _part: None, lines: int = CHUNK_LINES) -> Summary:
        """Reads everything that is unread, and publishes. Errors: CommandError and OSError; run again after them."""
        self.read(reader, progress, lines)
        return self.engine.publish()

    def read(self, reader: Reader, progress: Progress = lambda _bytes, _part: None, lines: int = CHUNK_LINES) -> None:
        """Reads everything that is unread, and commits it. Errors: as `run`."""
        position, last = 0, None
        for chunk in self._timed_chunks(reader.chunks(lines)):
            position = position if chunk.part is last else 0
            self.take(chunk)
            progress(chunk.position - position, chunk.part.name)
            position, last = chunk.position, chunk.part
            if self.engine.pending_lines >= self._commit_records or self.engine.pending_s >= COMMIT_S:
                self.engine.commit()
        self.engine.commit()
        self.engine.summary.troubles = reader.troubles

    def _timed_chunks(self, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
        while True:
            with self.engine.summary.timed("read"):
                chunk = next(chunks, None)
            if chunk is None:
                return
            yield chunk

    def take(self, chunk: Chunk) -> None:
        """Intake of one chunk."""
        source, part = chunk.part.source, chunk.part.name
        with self.engine.summary.timed("read"):
            batch, rejects = self.intake.read(source, chunk.lines, part, chunk.offsets)
            sealed = self.engine.lake.sealed(rejects)
        unknown = {source: found} if (found := self.intake.take_unknown(source)) else {}
        self.engine.add({source: len(chunk.lines)}, batch, sealed, {part: chunk.next_offset}, unknown)
