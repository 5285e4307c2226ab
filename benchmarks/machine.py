"""Machine: what a figure must be read with.

In: nothing. Out: processor, commit and versions.
Invariant: no name, address or folder of the machine.
Deliberately absent: judging whether it is fast.
"""

from __future__ import annotations

import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("aiokafka", "duckdb", "faust-streaming", "numpy", "pyarrow", "pydantic")


def machine() -> dict[str, str]:
    """The machine and the commit."""
    told = Path("/proc/cpuinfo").read_text().splitlines()
    cpu = [line.split(":")[1].strip() for line in told if line.startswith("model name")]
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return {
        "commit": commit.stdout.strip() or "unknown",
        "cpu": f"{len(cpu)} x {cpu[0]}" if cpu else platform.machine(),
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
    }
