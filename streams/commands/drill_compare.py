"""`brain drill compare A B`: two runs side by side: two packs on one drill, or two seeds.

In: the folders of two runs. Out: a table, or JSON; comparison.json and comparison.html where they are asked for.
Invariant: neither run is changed; people are counted, never named.
Deliberately absent: running either of them (`brain drill run NAME --pack cn-9 --out DIR`).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from replay.report.comparison import Comparison, Run, compare
from replay.report.comparison_page import MODES, figure_rows, signed, write_comparison
from replay.report.words import CLASSES
from replay.score.tree import Score
from streams.commands.drill import drill
from streams.current import Current
from streams.drills import RunFolder
from streams.errors import CommandError, asked
from streams.keyfile import find_key
from streams.packs import load_series
from streams.terminal import JsonOption, console, table

_SCORE = "score.json"


def add_to(_app: typer.Typer) -> None:
    """It stands among the drill's commands."""
    drill.command("compare")(compare_runs)


def compare_runs(
    first: Annotated[Path, typer.Argument(metavar="A", help="一次运行的文件夹 folder of a run")],
    second: Annotated[Path, typer.Argument(metavar="B", help="另一次运行 folder of another")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="写出网页与 JSON write a page and JSON there")
    ] = None,
    json: JsonOption = False,
) -> None:
    """对照两次运行：接触、隔离床位与人天、各项数值。Compare two runs: contacts, beds, person-days, figures.

    例 example: 同一演练，第八版与第九版 one drill under the 8th and the 9th edition

      brain drill run small --pack cn-8 --out /tmp/ed8

      brain drill run small --pack cn-9 --out /tmp/ed9

      brain drill compare /tmp/ed8/small /tmp/ed9/small --out /tmp/ed8-ed9
    """
    comparison = compare(*_runs(first, second))
    if out is not None:
        write_comparison(comparison, out)
    if json:
        sys.stdout.write(comparison.to_json().decode())
        return
    show(comparison)
    if out is not None:
        console().print(f"对照 comparison: {out / 'comparison.html'}", soft_wrap=True)


def _runs(first: Path, second: Path) -> tuple[Run, Run]:
    """Both runs; under names that tell them apart."""
    names = [path.resolve().name for path in (first, second)]
    if names[0] == names[1]:
        names = [f"{path.resolve().parent.name}/{name}" for path, name in zip((first, second), names, strict=True)]
    return open_run(first, names[0]), open_run(second, names[1])


def open_run(path: Path, name: str) -> Run:
    """A run with its score. Errors: CommandError where the folder holds none."""
    folder = RunFolder(path)
    if not (path / _SCORE).is_file():
        raise CommandError(f"没有评分 no {_SCORE} in {path}; make one: brain drill run NAME --out DIR, then DIR/NAME")
    with asked():
        score = Score.from_json((path / _SCORE).read_bytes())
        series = load_series(str((score.drill.get("plan") or {}).get("pack") or "cn"))
    modes = {
        (pack.name, str(word)): measures.isolation_mode
        for pack in series.packs for word, measures in pack.management.items()
    }  # fmt: skip
    current = Current(folder.lake)
    return Run(name, folder.truth, current.folder, find_key(folder.lake, None), score, modes)


def show(comparison: Comparison) -> None:
    """The comparison on the terminal."""
    say, sides = console().print, (comparison.first, comparison.second)
    one, other = (f"{side.name} ({side.packs})" for side in sides)
    isolation = []
    for mode, words in MODES.items():
        days = [side.person_days.get(mode, 0) for side in sides]
        peaks = [side.peak(mode) for side in sides]
        if any(days):
            isolation.append((f"{words.zh} {words.en}: 人天 person-days", *days, signed(days[1] - days[0])))
            most = [count for _, count in peaks]
            isolation.append((f"{words.zh} {words.en}: 最多一天 fullest day", *most, signed(most[1] - most[0])))
    say(table("隔离 isolation", ("", one, other, "差 difference"), isolation))
    for title, counts in (("人员 people", [s.people for s in sides]), ("接触对 contacts", [s.contacts for s in sides])):
        rows = []
        for kind, words in CLASSES.items():
            a, b = (side.get(kind, 0) for side in counts)
            if a or b:
                rows.append((f"{words.zh} {words.en}", a, b, signed(b - a)))
        say(table(title, ("类别 class", one, other, "差 difference"), rows))
    if comparison.moved is not None:
        changed = sum(count for (a, b), count in comparison.moved.items() if a != b)
        say(f"类别不同的人 people of another class: {changed:,}\n", soft_wrap=True)
    figures = [(f"{words.zh} {words.en}", a, b, step) for words, a, b, step in figure_rows(comparison)]
    say(table("数值 figures", ("数值 figure", one, other, "差 difference"), figures))
