"""Presence: that a supervisor serves a lake, where its workers answer, and that no second one does.

In: settings. Out: LAKE/service.json while it serves.
Invariant: the lock tells, not the file: the kernel releases it however the process ends, and a file that was left
behind by one that was killed is replaced.
Deliberately absent: reading the file (inquiry.py).
"""

from __future__ import annotations

import fcntl
import ipaddress
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager

from streams.errors import CommandError
from streams.service.inquiry import SERVICE_FILE
from streams.service.settings import Settings

LOCK_FILE = ".service.lock"


@contextmanager
def present(settings: Settings, workers: int) -> Iterator[None]:
    """Holds the lake's service for this process. Errors: CommandError when another one does."""
    settings.lake.mkdir(parents=True, exist_ok=True)
    path = settings.lake / SERVICE_FILE
    with (settings.lake / LOCK_FILE).open("a+", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            pid = lock.read().strip() or "?"
            hint = f"stop that one first (kill {pid}), or choose another folder with --lake"
            raise CommandError(f"服务已在运行 {settings.lake} is served already by process {pid}: {hint}") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        told = {"pid": os.getpid(), "host": reachable(settings.host), "port": settings.port, "workers": workers}
        draft = path.with_name(path.name + ".tmp")
        draft.write_text(json.dumps(told) + "\n", encoding="utf-8")
        draft.replace(path)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def reachable(host: str) -> str:
    """The host of a URL at which this machine reaches what listens at `host`."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.is_unspecified:
        address = ipaddress.ip_address("127.0.0.1" if address.version == 4 else "::1")
    return str(address) if address.version == 4 else f"[{address}]"
