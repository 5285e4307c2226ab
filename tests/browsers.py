"""Browsers for the tests: a real Chromium without a screen that opens a page and tells all that went on in it.

In: a page on the disk. Out: its console, its requests, and what scripts in it find.
Invariant: no browser outlives its test; without Chromium tests fail, and say what is missing.
Deliberately absent: skipping, a driver of its own to install: the browser's own protocol goes over two pipes.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_S = 60
_FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--mute-audio",
    "--disable-extensions", "--disable-background-networking", "--remote-debugging-pipe",
)  # fmt: skip


@dataclass
class Page:
    """One tab. `requests`: addresses it asked for; `trouble`: errors and warnings of its console, and exceptions."""

    sent: int
    received: int
    session: str = ""
    requests: list[str] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)
    happened: set[str] = field(default_factory=set)
    _last: int = 0
    _rest: bytes = b""

    def ask(self, method: str, **given: Any) -> dict[str, Any]:
        """What the browser answers to a command."""
        self._last += 1
        message: dict[str, Any] = {"id": self._last, "method": method, "params": given}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.sent, json.dumps(message).encode() + b"\0")
        while True:
            told = self._read()
            if told.get("id") == self._last:
                assert "error" not in told, told
                return dict(told["result"])
            self._note(told)

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            piece = os.read(self.received, 65536)
            assert piece, "the browser has gone"
            self._rest += piece
        text, self._rest = self._rest.split(b"\0", 1)
        return dict(json.loads(text))

    def _note(self, told: dict[str, Any]) -> None:
        method, what = told.get("method", ""), told.get("params", {})
        self.happened.add(method)
        if method == "Network.requestWillBeSent":
            self.requests.append(what["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.trouble.append(json.dumps(what["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled" and what["type"] in ("error", "warning", "assert"):
            self.trouble.append(json.dumps(what["args"]))
        elif method == "Log.entryAdded" and what["entry"]["level"] in ("error", "warning"):
            self.trouble.append(what["entry"]["text"])

    def open(self, path: Path) -> None:
        """Opens a file and waits until it has loaded."""
        self.happened.clear()
        self.ask("Page.navigate", url=path.resolve().as_uri())
        while "Page.loadEventFired" not in self.happened:
            self._note(self._read())

    def find(self, script: str) -> Any:
        """The value of an expression in the page."""
        told = self.ask("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    def resize(self, width: int, height: int) -> None:
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=True)

    def printed(self) -> bytes:
        """The page as it would be printed, a PDF."""
        return base64.b64decode(self.ask("Page.printToPDF")["data"])


def chromium() -> str:
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.fail("no Chromium for the tests of reports: apt-get install chromium fonts-wqy-zenhei")
    return found


@contextmanager
def browsing(folder: Path) -> Iterator[Page]:
    """A browser with one empty tab; its profile is kept in the folder."""
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()

    def hand_over() -> None:  # the browser reads from 3 and writes to 4
        high = os.dup(theirs_out), os.dup(theirs_in)
        os.dup2(high[1], 3)
        os.dup2(high[0], 4)

    command = [chromium(), *_FLAGS, f"--user-data-dir={folder / 'profile'}", "about:blank"]
    child = subprocess.Popen(
        command, preexec_fn=hand_over, pass_fds=(3, 4), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    os.close(theirs_in)
    os.close(theirs_out)
    late = threading.Timer(PATIENCE_S, child.kill)
    late.start()
    try:
        page = Page(ours_out, ours_in)
        target = page.ask("Target.createTarget", url="about:blank")["targetId"]
        page.session = page.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            page.ask(f"{domain}.enable")
        yield page
    finally:
        late.cancel()
        child.kill()
        child.wait()
        os.close(ours_out)
        os.close(ours_in)
