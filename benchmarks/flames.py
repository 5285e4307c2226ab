"""Flames: where processes that run spend their time, as flame graphs.

In: process numbers by name, a folder. Out: an SVG for each, or why there is none.
Invariant: what is looked at is not measured in the same turn: sampling stops a process a hundred times a second.
Deliberately absent: native frames, and threads that wait.
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

SAMPLES_PER_S = 100
_STOP_S = 60.0


def sampler() -> str | None:
    """The py-spy of this environment, or another one that is to be found; None without."""
    ours = Path(sys.executable).with_name("py-spy")
    return str(ours) if ours.is_file() else shutil.which("py-spy")


@dataclass
class Flames:
    """Samplers at work. `prefix`: how the files' names begin. `why`: by name, why there is no picture."""

    folder: Path
    prefix: str
    why: dict[str, str] = field(default_factory=dict)
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def _path(self, name: str) -> Path:
        return self.folder / f"{self.prefix}-{name}.svg"

    def start(self, pids: Mapping[str, int]) -> None:
        program = sampler()
        self.folder.mkdir(parents=True, exist_ok=True)
        for name, pid in pids.items():
            if program is None:
                self.why[name] = "py-spy is not installed"
                continue
            self._path(name).unlink(missing_ok=True)
            self._running[name] = subprocess.Popen(
                [program, "record", "--pid", str(pid), "--output", str(self._path(name)), "--rate", str(SAMPLES_PER_S),
                 "--duration", "unlimited", "--threads", "--function"],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            )  # fmt: skip

    def stop(self) -> list[str]:
        """Ends the samplers; the names of the files that were written. Why another is missing stands in `why`."""
        written = []
        for name, process in self._running.items():
            process.send_signal(signal.SIGINT)
            try:
                _, said = process.communicate(timeout=_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                _, said = process.communicate()
            path = self._path(name)
            if path.is_file():
                path.write_text(_plain(path.read_text("utf-8"), name), "utf-8")
                written.append(path.name)
            else:
                last = said.decode("utf-8", errors="replace").strip().splitlines() or ["it wrote nothing"]
                self.why[name] = _without_places(last[-1])
        self._running.clear()
        return written


def _plain(svg: str, name: str) -> str:
    """Without what only one machine has: folders, numbers of processes and threads, the command as its title."""
    svg = re.sub(r"py-spy record[^<\"]*", name, svg)
    svg = re.sub(r"process \d+:&quot;.*?&quot;", name, svg)
    svg = re.sub(r"thread \(\d+\)", "thread", svg)
    return _without_places(svg)


def _without_places(text: str) -> str:
    for place in (sysconfig.get_paths()["purelib"], sysconfig.get_paths()["stdlib"], str(Path.cwd())):
        text = text.replace(f"{place}/", "")
    return text
