"""Logs: one JSON object a line on standard error, ours and those of the libraries beneath, without a value of a record.

In: events with keys; what libraries tell the standard logging; errors that nobody caught. Out: lines.
Invariant: of a library's message only text that stands in its code is kept, and of an error its kind and where it
arose, since both are often filled with what was being read. A `CommandError` alone speaks, as it never holds a value.
Deliberately absent: files and rotation; whoever starts the service keeps its standard error.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import traceback
from collections.abc import Iterator, MutableMapping
from types import CodeType, FrameType, TracebackType
from typing import Any

import orjson
import structlog

from streams.errors import CommandError

_LEFT_OUT = "message left out"
_FRAMES_MAX, _CALLERS_MAX = 12, 8
_LETTERS_MIN = 4
_PASSED_OVER = (os.path.dirname(logging.__file__), os.path.dirname(structlog.__file__), __file__)
_NAME = "named"
"""How a logger's name travels; `logger` is a word of structlog's own."""
Event = MutableMapping[str, Any]


def configure(level: str, role: str, index: int) -> None:
    """From now on everything of this process is logged this way; of libraries, warnings and worse alone."""
    _ours(getattr(logging, level), {"role": role, "index": index})
    logging.raiseExceptions = False  # else a message that cannot be written is shown with its arguments
    logging.captureWarnings(True)
    root = logging.getLogger()
    root.handlers[:] = [_Foreign(logging.WARNING)]
    root.setLevel(logging.WARNING)
    sys.excepthook = _uncaught
    threading.excepthook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)
    sys.unraisablehook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)


def get(name: str) -> Any:
    """A logger: `get("writer").info("committed", records=5)`. Before `configure` it tells warnings and worse."""
    return structlog.get_logger(**{_NAME: name})


def flat(error: BaseException) -> dict[str, Any]:
    """What may be told of an error: its kind, those that led to it, and where it arose."""
    kinds, cause = [type(error).__name__], error.__cause__ or error.__context__
    while cause is not None and len(kinds) < _FRAMES_MAX:
        kinds.append(type(cause).__name__)
        cause = cause.__cause__ or cause.__context__
    told = {"error": kinds[0], "after": kinds[1:], "stack": places(error.__traceback__)}
    if isinstance(error, CommandError):
        told["message"] = str(error)
    return {name: value for name, value in told.items() if value}


def places(trace: TracebackType | None) -> list[str]:
    """The calls that led to an error, outermost first."""
    frames = [(frame.f_code, line) for frame, line in traceback.walk_tb(trace)]
    return [place(code, line) for code, line in frames[-_FRAMES_MAX:]]


def place(code: CodeType, line: int | None) -> str:
    """`writer.py:88 take`. Folders are left out; they are of the machine."""
    return f"{os.path.basename(code.co_filename)}:{line} {code.co_name}"


def _ours(level: int, always: dict[str, Any]) -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _reduced,
            lambda _logger, _method, event: _line(event, always),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def _line(event: Event, always: dict[str, Any]) -> str:
    """What JSON has no form for is told by its kind."""
    first = {"timestamp": event.pop("timestamp"), "level": event.pop("level"), **always}
    named = {"logger": event.pop(_NAME, ""), "event": event.pop("event")}
    return orjson.dumps({**first, **named, **event}, default=lambda value: type(value).__name__).decode()


def _reduced(_logger: Any, _method: str, event: Event) -> Event:
    """An event whose `exc_info` is told as an error may be."""
    given = event.pop("exc_info", None)
    if given is True:
        given = sys.exc_info()
    if isinstance(given, tuple):
        given = given[1]
    return {**event, **flat(given)} if isinstance(given, BaseException) else event


def _uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        told = {"error": kind.__name__, "stack": places(trace)} if error is None else flat(error)
        get("process").critical("an error that nobody caught", **told)


class _Foreign(logging.Handler):
    """Takes what libraries log."""

    def emit(self, record: logging.LogRecord) -> None:
        told: dict[str, Any] = {"place": f"{os.path.basename(record.pathname)}:{record.lineno}"}
        args = record.args if isinstance(record.args, tuple) else ()
        errors = [arg for arg in args if isinstance(arg, BaseException)]
        if record.exc_info and record.exc_info[1] is not None:
            errors.insert(0, record.exc_info[1])
        if errors:
            told |= flat(errors[0])
        level = min(record.levelno // 10 * 10, logging.CRITICAL)
        get(record.name).log(level, _static_text(record), **told)


def _static_text(record: logging.LogRecord) -> str:
    """The longest text in the code of those who called for this record that stands in its message: of a template the
    whole, of an f-string a fixed piece. What was filled in stands in no code."""
    message, found = record.msg if isinstance(record.msg, str) else "", ""
    for frame in _callers():
        for text in frame.f_code.co_consts:
            if isinstance(text, str) and len(text) > len(found) and text in message:
                found = text
    return found.strip() if sum(map(str.isalpha, found)) >= _LETTERS_MIN else _LEFT_OUT


def _callers() -> Iterator[FrameType]:
    """The frames that asked for a record, innermost first."""
    frame: FrameType | None = sys._getframe()
    while frame is not None and frame.f_code.co_filename.startswith(_PASSED_OVER):
        frame = frame.f_back
    for _ in range(_CALLERS_MAX):
        if frame is None:
            return
        yield frame
        frame = frame.f_back


_ours(logging.WARNING, {})
