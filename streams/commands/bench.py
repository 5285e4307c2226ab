"""`brain bench`: measures this machine, with the benchmarks of the source tree.

In: names of benchmarks, a size. Out: what `python -m benchmarks` says, in the place of this process; its exit code.
Invariant: streams imports no benchmark: an installed package has none.
Deliberately absent: what is measured (benchmarks/README.md).
"""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from streams.errors import CommandError

TREE = Path(__file__).resolve().parent.parent.parent
"""Where the rooms lie."""


class Size(StrEnum):
    """How much is measured."""

    full = "full"
    quick = "quick"
    tiny = "tiny"
    long = "long"


def add_to(app: typer.Typer) -> None:
    app.command(rich_help_panel="核对 check")(bench)


def bench(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="测试名称，不写则全部 which; none: all, in order")
    ] = None,
    size: Annotated[
        Size, typer.Option("--size", help="规模 how much: full 全量, quick 数分钟 minutes, long 数小时 hours")
    ] = Size.full,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FOLDER", help="结果文件夹 of results; default: benchmarks/results")
    ] = None,
) -> None:
    """性能测试：本机的吞吐、时延、内存，与对照同一答案。Measures this machine: rates, latencies, memory, beside others.

    各项预算与结果见 benchmarks/README.md，由 brain bench budgets 生成。Budgets and results: benchmarks/README.md.

    例 examples:

      brain bench --size quick

      brain bench day kafka_day

      brain bench budgets
    """
    if not (TREE / "benchmarks" / "__main__.py").is_file():
        raise CommandError(
            "性能测试不在安装包内，请在源码目录中运行 the benchmarks are no part of the installed package; "
            "work from the source tree: make setup, then .venv/bin/brain bench"
        )
    command = [sys.executable, "-m", "benchmarks", *(names or []), "--size", size.value]
    command += ["--out", str(out.resolve())] if out else []
    sys.stdout.flush()
    os.chdir(TREE)
    os.execv(sys.executable, command)  # one process, so that a Ctrl-C is heeded by whoever measures
