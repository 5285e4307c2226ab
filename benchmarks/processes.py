"""Processes: processor time and memory of processes that run, as the kernel counts them.

In: process numbers by name. Out: of each the processor time of a span, and the most memory it has held.
Invariant: all threads of a process count, user and system; nothing is asked of the process itself.
Deliberately absent: children, and systems without /proc.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_UTIME, _STIME = 11, 12
"""Places in /proc/PID/stat, counted from behind the name, which may hold anything. Source: proc_pid_stat(5)."""


def processor_s(pid: int) -> float:
    """Processor time of a process since its start. Units: s, in ticks of 0.01. Errors: OSError when it has ended."""
    told = Path(f"/proc/{pid}/stat").read_text("utf-8", errors="replace").rpartition(")")[2].split()
    return (int(told[_UTIME]) + int(told[_STIME])) / _TICKS_PER_S


def peak_mib(pid: int) -> float:
    """The most memory that a process has held since its start. Errors: OSError when it has ended."""
    told = Path(f"/proc/{pid}/status").read_text("utf-8", errors="replace").splitlines()
    return round(int(next(line for line in told if line.startswith("VmHWM")).split()[1]) / 1024, 1)


@dataclass
class Span:
    """What processes spend from the making of this on."""

    pids: Mapping[str, int]
    _before: dict[str, float] = field(init=False)

    def __post_init__(self) -> None:
        self._before = {name: processor_s(pid) for name, pid in self.pids.items()}

    def spent(self) -> dict[str, dict[str, Any]]:
        """By name `cpu_s`, of the span, and `peak_mib`, since the process started. Errors: OSError when one has
        ended."""
        return {
            name: {"cpu_s": round(processor_s(pid) - self._before[name], 2), "peak_mib": peak_mib(pid)}
            for name, pid in self.pids.items()
        }
