"""A worker that kills itself at a point of its work: `python -m tests.faulty_worker POINT TIMES ROLE`.

In: which point, at which of the times it is reached. Out: a process that is gone in that instant, as by SIGKILL.
Invariant: until then it is the worker of the product, started by the same `main`.
Deliberately absent: points in the code of the product; they are put around it here.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from sinks import files, publication, snapshot
from sinks.lake import Lake
from streams.service import intake, writer
from streams.service.worker import Worker, main

Method = Callable[..., Any]


def _before(method: Method, die: Callable[[], None]) -> Method:
    def dying(*arguments: Any, **named: Any) -> Any:
        die()
        return method(*arguments, **named)

    return dying


def _after(method: Method, die: Callable[[], None]) -> Method:
    def dying(*arguments: Any, **named: Any) -> Any:
        found = method(*arguments, **named)
        die()
        return found

    return dying


def _before_some(method: Method, die: Callable[[], None]) -> Method:
    def dying(*arguments: Any, **named: Any) -> Any:
        if arguments[-1]:
            die()
        return method(*arguments, **named)

    return dying


def _sent(method: Method, die: Callable[[], None]) -> Method:
    async def dying(*arguments: Any, **named: Any) -> Any:
        await method(*arguments, **named)
        die()

    return dying


POINTS: dict[str, tuple[Any, str, Callable[[Method, Callable[[], None]], Method]]] = {
    "intake: a chunk is read and not sent": (intake.IntakeDesk, "read", _after),
    "intake: a hop has arrived and its chunk is not acknowledged": (Worker, "publish", _sent),
    "writer: hops are taken and not committed": (writer.Writer, "_hop", _after),
    "writer: before the transaction": (Lake, "commit", _before),
    "writer: committed and not acknowledged": (Lake, "commit", _after),
    "writer: events have arrived and are not marked": (Worker, "publish", _sent),
    "writer: before a part of facts gets its name": (files.PartFiles, "reveal", _before_some),
    "writer: a file is written and has no name yet": (files, "sync", _before),
    "writer: before a snapshot": (publication, "write_snapshot", _before),
    "writer: between a snapshot and the link to it": (snapshot, "_point", _before),
}


def _arm(point: str, times: int) -> None:
    place, name, around = POINTS[point]
    left = [times]

    def die() -> None:
        left[0] -= 1
        if left[0] <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    setattr(place, name, around(getattr(place, name), die))


if __name__ == "__main__":
    _arm(sys.argv[1], int(sys.argv[2]))
    sys.exit(main(sys.argv[3:]))
