"""Plots: what was measured as a picture, one SVG text.

In: series of points, or a least, a middle and a greatest value of each thing. Out: SVG.
Invariant: same figures, same bytes: no date, no chance; words stay text, laid out by the font that matplotlib brings.
Deliberately absent: what is measured; colour alone to tell series apart: each has its own line and mark, too.
"""

from __future__ import annotations

import io
from typing import Any

import matplotlib
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatter

_FONTS = ["DejaVu Sans", "sans-serif"]
_STYLE: Any = {"svg.hashsalt": "kuancheng", "svg.fonttype": "none", "font.family": _FONTS, "font.size": 10}
_WIDTH_IN, _HEIGHT_IN, _BAR_IN = 8.0, 4.8, 0.5
# Okabe and Ito, "Color Universal Design", 2008: told apart by people who see colours differently.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
_MARKS, _DASHES = "os^Dv*P", ("-", "--", "-.", ":")


def lines(title: str, x_name: str, y_name: str, series: dict[str, list[tuple[float, float]]], log: bool = False) -> str:
    """A line for each series of (x, y). With `log` both axes are logarithmic, and what is not positive is left out."""
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(_WIDTH_IN, _HEIGHT_IN), layout="constrained")
        axes = figure.add_subplot()
        for number, (name, points) in enumerate(series.items()):
            shown = [(x, y) for x, y in points if not log or (x > 0 and y > 0)]
            axes.plot(
                [x for x, _ in shown], [y for _, y in shown], label=name, color=_COLOURS[number % len(_COLOURS)],
                marker=_MARKS[number % len(_MARKS)], linestyle=_DASHES[number % len(_DASHES)],
            )  # fmt: skip
        drawn = [y for points in series.values() for x, y in points if not log or (x > 0 and y > 0)]
        if log and drawn:
            axes.set_xscale("log")
            axes.set_yscale("log")
            for axis in (axes.xaxis, axes.yaxis):
                axis.set_major_formatter(LogFormatter())
                axis.set_minor_formatter(LogFormatter(minor_thresholds=(2, 0.4)))
        elif drawn:
            axes.set_ylim(bottom=min(0.0, *drawn))
        axes.set_title(title)
        axes.set_xlabel(x_name)
        axes.set_ylabel(y_name)
        axes.grid(alpha=0.3)
        if series:
            axes.legend()
        return _svg(figure)


def bars(title: str, unit: str, values: dict[str, tuple[float, float, float]]) -> str:
    """A bar for each (least, median, greatest): as long as the median, a whisker over the spread."""
    with matplotlib.rc_context(_STYLE):
        height = max(2.0, 1.2 + _BAR_IN * len(values))
        figure = Figure(figsize=(_WIDTH_IN, height), layout="constrained")
        axes = figure.add_subplot()
        for number, (least, median, greatest) in enumerate(values.values()):
            spread: Any = [[median - least], [greatest - median]]
            axes.barh(number, median, color=_COLOURS[0], xerr=spread, ecolor=_COLOURS[1], capsize=4)
            axes.annotate(f"{median:,.4g}", (greatest, number), (6, 0), textcoords="offset points", va="center")
        axes.set_yticks(range(len(values)), [*values])
        axes.invert_yaxis()
        axes.margins(x=0.15)
        axes.set_title(title)
        axes.set_xlabel(f"{unit} (bar: median; whisker: least to greatest)")
        axes.grid(axis="x", alpha=0.3)
        return _svg(figure)


def _svg(figure: Figure) -> str:
    with io.StringIO() as text:
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
        return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"
