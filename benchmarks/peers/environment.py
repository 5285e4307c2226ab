"""Environment: a virtual environment of the peers' own, beside the one that is running.

In: requirements.lock. Out: its Python.
Invariant: what is in it is what the lock says, hash by hash; a changed lock makes it anew. Ours is never touched.
Deliberately absent: any use of it but for the peers' programs.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from streams.errors import CommandError
from streams.service.jars import locked

LOCK = Path(__file__).with_name("requirements.lock")


def python_of_peers(tell: Callable[[str], None]) -> Path:
    """The Python of the peers; made on first use, which takes a minute. Errors: CommandError when it cannot be made."""
    folder = Path(sys.prefix).with_name(f"{Path(sys.prefix).name}-peers")
    python, ready, wanted = folder / "bin" / "python", folder / ".ready", sha256(LOCK.read_bytes()).hexdigest()
    with locked(folder.with_name(f"{folder.name}.lock")):
        if ready.is_file() and ready.read_text() == wanted:
            return python
        tell("peers: installing Bytewax and Quix Streams into an environment of their own")
        shutil.rmtree(folder, ignore_errors=True)
        _run(sys.executable, "-m", "venv", str(folder))
        pip = (str(python), "-m", "pip", "install", "--quiet", "--require-hashes", "--only-binary", ":all:")
        _run(*pip, "-r", str(LOCK))
        ready.write_text(wanted)
    return python


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = " ".join(done.stderr.split())[-600:]
        raise CommandError(f"peers: cannot be installed from benchmarks/peers/requirements.lock ({said}); "
                           "they come from a package registry: look whether pip reaches one")
