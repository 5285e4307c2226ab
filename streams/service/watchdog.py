"""Watchdog: a thread that ends its process when work stands still, or when the supervisor has gone.

In: beats, and whether there is work. Out: the end of the process, after what every thread and task was doing is logged.
Invariant: only time that this thread has seen pass counts: a process that was stopped and goes on is not late. One
without work is not late either, as long as it goes on saying that it has none.
Deliberately absent: repair. What stands still for a reason nobody foresaw is ended, and started again from outside.
"""

from __future__ import annotations

import asyncio
import ctypes
import faulthandler
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType

from streams.service import logs

STALLED, ORPHANED = 75, 76
"""Exit codes: no progress; no supervisor."""
PARENT = "BRAIN_PARENT"
"""The variable in which a supervisor leaves its process id to the workers it starts."""
_TICK_S, _TELL_S = 0.5, 5.0
_TICKS_MIN = 10
_PR_SET_PDEATHSIG = 1
_FRAMES_MAX = 12
_log = logs.get("watchdog")


class Watchdog:
    """Watches lines of work by their names. `exit` ends the process; Units: s."""

    def __init__(self, seconds: float, exit: Callable[[int], object] = os._exit) -> None:
        self._seconds, self._exit = seconds, exit
        self._tick_s = min(_TICK_S, seconds / _TICKS_MIN)
        self._idle_s: dict[str, float] = {}
        self._silent_s: dict[str, float] = {}
        self._lock, self._stopped = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._parent = int(os.environ.get(PARENT, "0"))

    def start(self) -> None:
        """From the thread, and in the loop, whose tasks are to be told of."""
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:
            self._loop = None
        faulthandler.enable()
        if self._parent:
            _die_with_parent()
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()

    def expect(self, name: str, busy: bool) -> None:
        """Whether this line of work has something to do. Said again, it is no progress; not said again, whoever looks
        after the work has ended, and nobody may have noticed."""
        with self._lock:
            self._silent_s[name] = 0.0
            if not busy:
                self._idle_s.pop(name, None)
            else:
                self._idle_s.setdefault(name, 0.0)

    def beat(self, name: str) -> None:
        """This line of work has made progress."""
        with self._lock:
            if name in self._idle_s:
                self._idle_s[name] = 0.0

    def alive(self) -> tuple[bool, str]:
        """Whether all that has work makes progress, and what does not."""
        late = self._late(self._seconds / 2)
        return not late, "; ".join(late)

    def _late(self, limit_s: float) -> list[str]:
        with self._lock:
            idle = [f"{n}: no progress for {s:.0f} s" for n, s in self._idle_s.items() if s >= limit_s]
            silent = [f"{n}: no word for {s:.0f} s" for n, s in self._silent_s.items() if s >= limit_s]
        return sorted(idle + silent)

    def _watch(self) -> None:
        before = time.monotonic()
        while not self._stopped.wait(self._tick_s):
            now = time.monotonic()
            spent_s, before = min(now - before, self._tick_s), now
            with self._lock:
                for figures in (self._idle_s, self._silent_s):
                    figures.update({name: s + spent_s for name, s in figures.items()})
            orphaned, late = bool(self._parent) and os.getppid() != self._parent, self._late(self._seconds)
            if orphaned or late:
                self._end(late)
                return

    def _end(self, late: list[str]) -> None:
        """Tells why and ends the process; also when nobody takes what is told, as from a pipe that is full."""
        with open(os.devnull, "wb") as nowhere:
            faulthandler.dump_traceback_later(_TELL_S, exit=True, file=nowhere)
            try:
                if late:
                    _log.critical("no progress", work=late)
                    self._tell()
                else:
                    _log.error("the supervisor has gone")
            finally:
                self._exit(STALLED if late else ORPHANED)
                faulthandler.cancel_dump_traceback_later()

    def _tell(self) -> None:
        """What every thread and every task is doing, by file, line and function; no value of any variable."""
        names = {thread.ident: thread.name for thread in threading.enumerate()}
        for ident, frame in sys._current_frames().items():
            if ident != threading.get_ident():
                _log.critical("thread", thread=names.get(ident, "?"), stack=_calls(frame))
        for task in asyncio.all_tasks(self._loop) if self._loop is not None else ():
            stack = [logs.place(frame.f_code, frame.f_lineno) for frame in task.get_stack(limit=_FRAMES_MAX)]
            _log.critical("task", stack=stack)


def _calls(frame: FrameType | None) -> list[str]:
    """Outermost first."""
    found: list[str] = []
    while frame is not None and len(found) < _FRAMES_MAX:
        found.insert(0, logs.place(frame.f_code, frame.f_lineno))
        frame = frame.f_back
    return found


def _die_with_parent() -> None:
    """The kernel ends this process with its supervisor, even while a library holds the interpreter. Elsewhere than on
    Linux the thread's look at the parent must do."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
