"""Machine: what a figure must be read with.

In: nothing. Out: processor, memory, commit and versions.
Invariant: no name, address or folder of the machine; a commit whose code has been changed since says so.
Deliberately absent: judging whether it is fast.
"""

from __future__ import annotations

import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("aiokafka", "duckdb", "faust-streaming", "numpy", "pyarrow", "pydantic")
_ROOT = Path(__file__).parent.parent
_CODE = ("schemas", "brain", "sinks", "replay", "streams", "benchmarks/*.py", "requirements.lock")


def machine() -> dict[str, str]:
    """The machine and the commit."""
    told = Path("/proc/cpuinfo").read_text().splitlines()
    cpu = [line.split(":")[1].strip() for line in told if line.startswith("model name")]
    memory = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal"))
    return {
        "commit": _commit(),
        "cpu": f"{len(cpu)} x {cpu[0]}" if cpu else platform.machine(),
        "memory": f"{int(memory.split()[1]) / (1 << 20):.0f} GiB",
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
    }


def _commit() -> str:
    """Git's short name of it, or `unknown`; `+` after it where code differs from it."""
    commit = _git("rev-parse", "--short", "HEAD")
    changed = commit and _git("status", "--porcelain", "--untracked-files=no", "--", *_CODE)
    return f"{commit}+" if changed else commit or "unknown"


def _git(*words: str) -> str:
    command = ["git", "-c", "safe.directory=*", *words]
    return subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False).stdout.strip()
