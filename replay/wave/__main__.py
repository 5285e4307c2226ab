"""The wave's figures as a table: `python -m replay.wave --help`.

In: how large, how long, how often. Out: a Markdown table on standard output, ours beside the published.
Invariant: same arguments, same table, but for the row of the curve, which is there where its folder is named.
Deliberately absent: files; docs/wave.md holds a table that was printed so.
"""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

import numpy as np

from replay.plan import Plan
from replay.wave.figures import growth, pooled
from replay.wave.parameters import PARAMETERS
from replay.wave.published import PUBLISHED, curve_growth
from replay.wave.trial import Trial, try_wave

ALONE, TESTED = "alone", "tested"
BROUGHT_IN = 25


def trials(run: str, residents: int, days: int, count: int) -> list[Trial]:
    """Waves of as many cities on ordinary days, left to themselves or tested for."""
    own = {"tests": 0.0} if run == ALONE else {}
    return [
        try_wave(Plan(
            "figures", ("波次数字", "figures of the wave"), ("", ""), seed, date(2022, 3, 7), days, residents,
            profile="routine", seeds=BROUGHT_IN, wave=own,
        ))
        for seed in range(1, count + 1)
    ]  # fmt: skip


def table(residents: int, days: int, count: int, curve: Path | None) -> list[str]:
    """The lines of the table."""
    runs = {run: trials(run, residents, days, count) for run in (ALONE, TESTED)}
    ours = {run: pooled([trial.figures for trial in made]) for run, made in runs.items()}
    lines = [
        "| figure | published | source | left alone | tested for | counted on | bounds |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, known in PUBLISHED.items():
        alone, tested = (_text(ours[run][name].value) for run in (ALONE, TESTED))
        bounds = f"{_text(known.low)} to {_text(known.high)} ({known.run})"
        of = ours[known.run][name].of
        lines.append(f"| {known.title} | {known.value} | {known.source} | {alone} | {tested} | {of} | {bounds} |")
    for name in sorted(ours[ALONE].keys() - PUBLISHED.keys()):
        alone, tested = (_text(ours[run][name].value) for run in (ALONE, TESTED))
        lines.append(f"| {name.replace('_', ' ')} | | | {alone} | {tested} | {ours[TESTED][name].of} | |")
    published = curve_growth(curve) if curve else None
    rates = [_text(_median([growth(getattr(trial, what)) for trial in runs[run]])) for run, what in (
        (ALONE, "infected"), (TESTED, "reported"),
    )]  # fmt: skip
    said = f"{published:.2f}" if published is not None else "curve not at hand"
    lines.append(
        f"| growth a day, median city | {said} | Jilin, 2022-03-01 to 16 (JHU) | {rates[0]} | {rates[1]} | {count} | |"
    )
    return lines


def listed() -> list[str]:
    """The parameters, each with unit and source; by these names a plan's [wave] changes them."""
    lines = ["| name | value | unit | source |", "|---|---|---|---|"]
    return lines + [f"| {name} | {p.value:g} | {p.unit} | {p.source} |" for name, p in PARAMETERS.items()]


def _median(values: list[float]) -> float:
    return float(np.nanmedian(values))


def _text(value: float) -> str:
    return f"{value:.3g}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m replay.wave", description="波次数字 The wave's figures")
    parser.add_argument("--residents", type=int, default=20_000)
    parser.add_argument("--days", type=int, default=18)
    parser.add_argument("--seeds", type=int, default=6, help="城市数 how many cities")
    parser.add_argument("--curve", type=Path, help="吉林曲线所在文件夹 folder of the published curve of Jilin")
    parser.add_argument("--parameters", action="store_true", help="参数及出处 the parameters and their sources instead")
    args = parser.parse_args()
    for line in listed() if args.parameters else table(args.residents, args.days, args.seeds, args.curve):
        print(line)


if __name__ == "__main__":
    main()
