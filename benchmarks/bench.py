"""Bench: what a benchmark is handed to work with.

In: a folder, perhaps a broker. Out: a scratch folder, a place to tell progress, a real broker when one is asked for.
Invariant: a benchmark that wants no broker starts none; one broker serves all benchmarks of a run.
Deliberately absent: what is measured.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from streams.service.broker import LocalBroker
from streams.service.node import free_port

Row = dict[str, Any]


@dataclass
class Bench:
    """`scratch`: a folder that is removed afterwards; `tell`: takes one line of progress; `prefix`: begins the name of
    every topic, so that benchmarks do not meet in one broker; `kafka`: the folder of the broker that a run shares."""

    scratch: Path
    tell: Callable[[str], None] = lambda _: None
    prefix: str = ""
    _broker: LocalBroker | None = field(default=None)
    kafka: Path | None = None

    @property
    def broker(self) -> LocalBroker:
        """A running broker, which others of the run may have started. Errors: CommandError when none can be started."""
        if self._broker is None:
            folder = self.kafka or self.scratch / "kafka"
            there = LocalBroker.found(folder)
            self._broker = there if there.running else LocalBroker(folder, free_port()).start()
        return self._broker

    def close(self) -> None:
        """Stops the broker, if it is in our folder; one that is shared is stopped by whoever made the run."""
        if self._broker is not None and self.scratch in self._broker.folder.parents:
            self._broker.stop()
