"""The `brain` command line: puts the commands together, and turns every error into one line and an exit code.

In: arguments. Out: exit code 0; 1: something was found (a mismatch, a torn file, no such contact); 2: asked wrongly;
3: an error of the program; 130: interrupted.
Invariant: a traceback is shown with --debug alone, and never a value of a record.
Deliberately absent: whatever a command does (streams/commands/).
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence

import typer

from streams.commands import (
    bench,
    broker,
    dispatch,
    drain,
    drill,
    drill_compare,
    explain,
    lists,
    lodging,
    oracle,
    packs,
    people,
    produce,
    quality,
    rejects,
    run,
    serve,
    service,
    sets,
    topics,
    transfer,
)  # fmt: skip
from streams.errors import BROKEN, INTERRUPTED, USAGE, CommandError
from streams.terminal import console

_DEBUG = "--debug"
_HELP = """宽城防疫大脑：由各部门记录追踪密接，每个结论都有依据。

Contact tracing from the records of a district's departments, with the proof of every conclusion.

先试 try first:  brain drill run small

自己的记录 your own:  brain run RECORDS --lake out/lake,  then  brain cases,  brain contacts,  brain explain P…

服务 as a service on Kafka:  brain broker up,  brain serve,  brain produce RECORDS,  brain status,  brain drain

退出码 exit codes: 0 好 fine; 1 有发现 something found; 2 用法 asked wrongly; 3 程序错误 an error of the program.
"""
app = typer.Typer(
    name="brain", help=_HELP, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)  # fmt: skip
for group in (
    drill, drill_compare, run, sets, rejects, lists, quality, explain, transfer, lodging, dispatch, packs, people,
    oracle, bench, serve, produce, service, drain, topics, broker,
):  # fmt: skip
    group.add_to(app)


@app.callback()
def options(
    debug: bool = typer.Option(False, _DEBUG, help="程序出错时显示调用过程 show where an unexpected error arose"),
) -> None:
    """Options of every command."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code of a command line."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = _DEBUG in given
    try:
        result = app(args=[a for a in given if a != _DEBUG], prog_name="brain", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except CommandError as error:
        return _complain(str(error), error.exit_code)
    except BrokenPipeError:  # whoever read our output has gone, such as `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _complain(f"{error.strerror or type(error).__name__}: {error.filename or 'disk'}", USAGE)
    except (KeyboardInterrupt, typer.Abort):
        return _complain("已中断 interrupted; what was committed is kept, run again to go on", INTERRUPTED)
    except Exception as error:
        usage = getattr(error, "format_message", None)
        return _misused(error, str(usage())) if usage is not None else _confess(error, debug)


def _misused(error: Exception, message: str) -> int:
    """A wrong command, option or argument. Without any command the help was shown, and there is nothing to add."""
    path = getattr(getattr(error, "ctx", None), "command_path", "brain")
    return _complain(f"{message.strip()} 用法 usage: {path} --help", USAGE) if message.strip() else USAGE


def _complain(message: str, exit_code: int) -> int:
    console(stderr=True).print(f"错误 error: {message}", markup=False, soft_wrap=True)
    return exit_code


def _confess(error: Exception, debug: bool) -> int:
    """An error of the program. Its message is left out, since a library may have put a value of a record into it."""
    frames = traceback.extract_tb(error.__traceback__)
    if debug:
        sys.stderr.write("".join(traceback.format_list(frames)))
    last = frames[-1]
    where = f"{os.path.basename(last.filename)}:{last.lineno}"
    hint = "" if debug else f"; run again with {_DEBUG} and report what it shows"
    return _complain(f"程序错误 an error of the program: {type(error).__name__} at {where}{hint}", BROKEN)


if __name__ == "__main__":
    sys.exit(main())
