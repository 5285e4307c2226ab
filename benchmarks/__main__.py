"""`python -m benchmarks [NAME ...] [--size SIZE]`: measures this machine; `brain bench` is the same.

In: names, none for all; a size. Out: tables on the terminal; JSON, Markdown and a plot of each in benchmarks/results;
after a full size the table of budgets in benchmarks/README.md. Exit code 0; 1: one failed or is void; 2: asked wrongly;
130: interrupted.
Invariant: one that fails does not keep the next from being measured; no broker outlives a run.
Deliberately absent: what is measured; comparisons with figures of another machine.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from benchmarks.budgets import write_budgets
from benchmarks.enclosure import Found, Task, enclosed
from benchmarks.report import FULL, RESULTS, stem
from streams.errors import FINDINGS, INTERRUPTED
from streams.service.broker import LocalBroker

BENCHMARKS = {
    "whole": "benchmarks.whole",
    "day": "benchmarks.day",
    "kafka_day": "benchmarks.kafka_day",
    "third": "benchmarks.third",
    "peers": "benchmarks.peers",
    "scale": "benchmarks.scale",
    "analysts": "benchmarks.analysts",
    "dispatch": "benchmarks.dispatch",
    "transport": "benchmarks.transport",
    "recovery": "benchmarks.recovery",
}
"""Name → module with `measure`, `figures` and `plot`; imported when it is its turn."""
SIZES = ("full", "quick", "tiny", "long")
LONG = ("scale", "analysts", "third")
"""Those that have a size `long`, of hours, which nobody runs unasked."""
BUDGETS = "budgets"
_WIDTH = 180


def run(
    names: Sequence[str], size: str, results: Path, console: Console, benchmarks: Mapping[str, str] = BENCHMARKS
) -> list[str]:
    """Measures one after the other; what is wrong with which. Errors: KeyboardInterrupt, when all has been stopped."""
    wrong = []
    with tempfile.TemporaryDirectory(prefix="bench-") as made:
        kafka = Path(made) / "kafka"
        try:
            for name in names:
                task = Task(name, benchmarks[name], size, Path(made) / name, kafka, results)
                found = _measured(task, console)
                if found is None:
                    wrong.append(f"{name}: failed")
                elif found.void:
                    wrong.append(f"{name}: VOID: {found.void}")
        finally:
            broker = LocalBroker.found(kafka)
            if broker.running:
                broker.stop()
    return wrong


def _measured(task: Task, console: Console) -> Found | None:
    began_s = time.monotonic()
    shown = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*shown, console=console, transient=True) as progress:
        line = progress.add_task(task.name)

        def tell(told: str) -> None:
            progress.update(line, description=f"{task.name}: {told}")
            progress.console.print(f"{_since(began_s)} {task.name}: {told}", markup=False, soft_wrap=True)

        tell(f"size {task.size}")
        found = enclosed(task, tell)
    if found is None:
        console.print(f"{_since(began_s)} {task.name}: failed", style="bold red", markup=False)
        return None
    if found.void:
        console.print(f"{task.name}: VOID: {found.void}; none of its figures counts", style="bold red", markup=False)
    for table in found.tables:
        console.print(table.table())
    if found.words:
        console.print(found.words, markup=False)
    files = stem(task.name, task.size)
    console.print(f"{_since(began_s)} {task.name}: written: {files}.json, .md, .svg", markup=False)
    return found


def _since(began_s: float) -> str:
    return f"{time.monotonic() - began_s:7.1f} s"


def main(arguments: Sequence[str] | None = None) -> int:
    about = (__doc__ or "").splitlines()[0]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=about)
    parser.add_argument(
        "names", nargs="*", metavar="NAME",
        help=f"{', '.join(BENCHMARKS)}; or {BUDGETS}: the table of budgets alone, from what is there; none: all",
    )  # fmt: skip
    parser.add_argument("--size", choices=SIZES, default=FULL)
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of what is written")
    given = parser.parse_args(arguments)
    names = list(dict.fromkeys(given.names or BENCHMARKS))
    wanted = [name for name in names if name != BUDGETS]
    if unknown := [name for name in wanted if name not in BENCHMARKS]:
        parser.error(f"no such benchmark: {', '.join(unknown)}; known: {', '.join([*BENCHMARKS, BUDGETS])}")
    if given.size == "long" and not set(wanted) <= set(LONG):
        parser.error(f"only {', '.join(LONG)} has a size long")
    console = Console(width=None if sys.stdout.isatty() else _WIDTH, highlight=False)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        wrong = run(wanted, given.size, given.out, console)
    except KeyboardInterrupt:
        console.print("已中断 interrupted; what was measured before is written")
        return INTERRUPTED
    if given.out == RESULTS and given.size in (FULL, "long"):
        console.print(write_budgets().table())
    for told in wrong:
        console.print(told, style="bold red", markup=False)
    return FINDINGS if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
