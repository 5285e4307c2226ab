"""Faults: what the tests of the service's failures share: a feed, an analyst, a keeper, and the verdict.

In: an installation, chunks. Out: threads that do their part beside the test.
Invariant: the verdict is one for all: the embedded digest, every record and every reject once.
Deliberately absent: the faults themselves (test_kills.py, test_feeds.py).
"""

from __future__ import annotations

import random
import threading
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.installation import Installation
from streams.engine import Summary
from streams.records import Chunk, Reader, find_parts
from tests.services import publish

_LONG_QUESTION = "SELECT count(*) FROM presences a JOIN presences b USING (place) WHERE a.since_ms < b.until_ms"


def chunks_of(drill: Path, lines: int, seed: int) -> list[Chunk]:
    """The drill in small chunks, sources in any order."""
    found = [chunk for part in find_parts(drill) for chunk in Reader([part], {}).chunks(lines)]
    random.Random(seed).shuffle(found)
    return found


class Feed:
    """Publishes chunks beside the test, one at a time; what is left when the test has done its worst, all at once.
    Units: s."""

    def __init__(self, service: Installation, chunks: list[Chunk], pause_s: float) -> None:
        self._service, self._chunks, self._pause_s = service, chunks, pause_s
        self.sent = sum(len(chunk.lines) for chunk in chunks)
        self._hurry = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        for number, chunk in enumerate(self._chunks):
            if self._hurry.wait(self._pause_s):
                publish(self._service, self._chunks[number:])
                return
            publish(self._service, [chunk])

    @property
    def done(self) -> bool:
        return not self._thread.is_alive()

    def __enter__(self) -> Feed:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._hurry.set()
        self._thread.join()


class Analyst:
    """Asks long questions of the catalog, over and over, beside everything else."""

    def __init__(self, lake: Path) -> None:
        self._lake, self._stop = lake, threading.Event()
        self.answers, self.troubles = 0, list[str]()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        catalog = self._lake / "catalog.duckdb"
        while not self._stop.wait(0.2):
            if not catalog.exists():
                continue
            try:
                with duckdb.connect(str(catalog.resolve()), read_only=True) as db:
                    db.execute(_LONG_QUESTION).fetchall()
                self.answers += 1
            except duckdb.Error as error:
                self.troubles.append(str(error)[:300])

    def __enter__(self) -> Analyst:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


def came_to(service: Installation, sent: int, expected: Summary) -> dict[str, Any]:
    """Waits for the end, and holds it to what was expected: the digest, and each record and reject read once."""
    status = service.until_processed(sent, 180)
    assert status["digest"] == expected.digest
    with duckdb.connect() as db:
        refused = db.execute(f"SELECT coalesce(sum(count), 0) FROM '{service.lake}/current/rejects.parquet'").fetchone()
    assert refused == (expected.rejected.total(),)
    assert service.read() == sent
    return status


class Watched:
    """Starts again what has ended, as the supervisor does."""

    def __init__(self, service: Installation) -> None:
        self._service, self._stop = service, threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self._stop.wait(0.3):
            for name, process in list(self._service.processes.items()):
                if process.poll() is not None:
                    self._service.start(name)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
