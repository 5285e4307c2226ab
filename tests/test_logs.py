"""Logs: every line is JSON, and whatever a library or an error says, no value of a record comes through.

In: processes that log, fail and warn in the ways that ours and the libraries do. Out: pass or fail.
Invariant: the secret of a script is put together when it runs, so that it stands in no code.
Deliberately absent: what is worth logging.
"""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
SECRET = "2201021990X3071234"
_START = """
import asyncio, logging, sys, threading, warnings
from streams.service import logs
secret = "".join(["2201021990", "X", "3071234"])
logs.configure("INFO", "writer", 3)
"""


def run(script: str, code: int = 0) -> list[dict[str, Any]]:
    """What a process logs; nothing else may stand on its standard error, nothing at all on its standard output."""
    text = _START + textwrap.dedent(script)
    done = subprocess.run([sys.executable, "-c", text], cwd=ROOT, capture_output=True, text=True, check=False)
    assert SECRET not in done.stderr
    assert str(ROOT) not in done.stderr
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    return [json.loads(line) for line in done.stderr.splitlines()]


def test_our_own_events_keep_their_keys() -> None:
    [line] = run('logs.get("lake").info("已提交 committed", records=5, parts=["src.transport.tap@0"])')
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "level": "info", "role": "writer", "index": 3, "logger": "lake", "event": "已提交 committed", "records": 5,
        "parts": ["src.transport.tap@0"],
    }  # fmt: skip


def test_what_is_below_the_level_is_not_told() -> None:
    assert run('logs.get("x").debug("a"); logging.getLogger("aiokafka").info("b")') == []


def test_before_it_is_configured_a_logger_keeps_standard_output_clean() -> None:
    script = "from streams.service import logs; logs.get('x').info('a'); logs.get('x').warning('b')"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert json.loads(done.stderr)["event"] == "b"


def test_an_error_of_ours_is_told_by_its_kind_and_place() -> None:
    [line] = run("""
        def read():
            raise ValueError(secret)
        try:
            try:
                read()
            except ValueError as error:
                raise RuntimeError(secret) from error
        except RuntimeError:
            logs.get("x").error("failed", exc_info=True)
    """)
    assert (line["event"], line["error"], line["after"]) == ("failed", "RuntimeError", ["ValueError"])
    assert line["stack"][-1].startswith("<string>:")


def test_an_error_that_nobody_caught_ends_the_process_in_one_line() -> None:
    [line] = run('{"a": 1}[secret]', code=1)
    assert (line["level"], line["error"]) == ("critical", "KeyError")
    [line] = run("thread = threading.Thread(target=lambda: int(secret)); thread.start(); thread.join()")
    assert line["error"] == "ValueError"


def test_an_error_for_the_user_says_what_it_has_to_say() -> None:
    [line] = run('from streams.errors import CommandError\nraise CommandError("port 6066: set BRAIN_PORT")', code=1)
    assert line["message"] == "port 6066: set BRAIN_PORT"


def test_an_error_in_an_object_that_is_thrown_away_is_told_without_its_message() -> None:
    [line] = run("""
        class Left:
            def __del__(self):
                raise OSError(secret)
        Left()
    """)
    assert line["error"] == "OSError"


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ('log.warning("could not read %r of %s", secret, "x")', "could not read %r of %s"),
        ('log.error(f"could not read {secret} at all")', "could not read"),
        ('log.error("offset: " + secret)', "offset:"),
        ("log.error(secret)", "message left out"),
        ('log.error("%s", secret)', "message left out"),
        ('log.warning("lost {}".format(secret))', "message left out"),
        ('log.error({"value": secret})', "message left out"),
        ("log.error(ValueError(secret))", "message left out"),
        ('log.log(35, "between two levels %s", secret)', "between two levels %s"),
        ('log.error("with %(what)s", {"what": secret})', "with %(what)s"),
    ],
)
def test_of_a_librarys_message_only_the_text_in_its_code_is_told(call: str, told: str) -> None:
    [line] = run(f"log = logging.getLogger('faust.agents')\ndef library():\n    {call}\nlibrary()")
    assert (line["event"], line["logger"]) == (told, "faust.agents")
    assert line["place"].startswith("<string>:")
    assert (line["role"], line["index"]) == ("writer", 3)


def test_errors_that_a_library_logs_are_told_by_kind_and_place() -> None:
    lines = run("""
        log = logging.getLogger("mode")
        try:
            int(secret)
        except ValueError as error:
            log.exception("failed on %r: %r", secret, error)
            log.error("crashed with %r", error)
            log.error(error)
    """)
    assert [line["event"] for line in lines] == ["failed on %r: %r", "crashed with %r", "message left out"]
    assert [line.get("error") for line in lines[:2]] == ["ValueError"] * 2


def test_the_services_of_mode_and_faust_speak_through_the_same_door() -> None:
    lines = run("""
        import mode
        class Consumer(mode.Service):
            pass
        async def main():
            service = Consumer()
            service.log.warning("Found %s", secret)
            service.log.error("Crashed reason=%r", ValueError(secret), exc_info=ValueError(secret))
            await service.crash(ValueError(secret))
            service.log.info("not told")
        asyncio.run(main())
    """)
    assert [line["event"] for line in lines[:2]] == ["Found %s", "Crashed reason=%r"]
    assert lines[1]["error"] == "ValueError"


def test_a_task_that_failed_and_was_never_asked_is_told_without_its_message() -> None:
    lines = run("""
        async def read():
            raise ValueError(secret)
        async def main():
            asyncio.ensure_future(read())
            await asyncio.sleep(0.01)
        asyncio.run(main())
    """)
    assert [line["error"] for line in lines] == ["ValueError"]


def test_a_warning_of_a_library_is_a_line_like_any_other() -> None:
    [line] = run("warnings.warn(secret)")
    assert (line["level"], line["logger"]) == ("warning", "py.warnings")


def test_what_no_json_can_hold_is_told_by_its_kind() -> None:
    [line] = run('logs.get("x").info("odd", what=object(), when={secret: 1}.keys())')
    assert (line["what"], line["when"]) == ("object", "dict_keys")


def test_an_interrupted_process_has_nothing_to_tell() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _START + "raise KeyboardInterrupt"], cwd=ROOT, capture_output=True, check=False
    )
    assert done.stderr == b""
