"""Errors: what a user can mend, as one line: what, where, hint.

In: complaints of the rooms below. Out: `CommandError`, which the command line prints without a traceback.
Invariant: no value of a record ever stands in a message.
Deliberately absent: unexpected errors; those end the process as what they are (streams/cli.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

FINDINGS, USAGE, BROKEN, INTERRUPTED = 1, 2, 3, 130
"""Exit codes beside 0: something was found that a human should look at; asked wrongly; a programmer's error; Ctrl-C."""


class CommandError(Exception):
    """`exit_code`: FINDINGS or USAGE."""

    def __init__(self, message: str, exit_code: int = USAGE) -> None:
        super().__init__(message)
        self.exit_code = exit_code


@contextmanager
def asked() -> Iterator[None]:
    """What the rooms below complain of as ValueError becomes a CommandError with the same words."""
    try:
        yield
    except ValueError as error:
        raise CommandError(str(error)) from error
