"""Charts: plots as inline SVG, drawn from numbers alone.

In: labelled numbers. Out: SVG as markup.
Invariant: every plot has a title and a description that say what is to be seen; series differ in form, not in colour
alone; colours come from the page's style, so that print and dark screens have theirs. Same numbers, same bytes.
Deliberately absent: any library of plots: three forms are enough, and nothing has to be fetched or embedded.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, log10

from markupsafe import Markup, escape

WIDTH = 680
_LEFT, _RIGHT, _TOP = 46, 12, 16
_ROW, _BAR, _NAMES, _STRIP = 58, 13, 190, 30


def ticks(top: float, most: int = 5) -> list[float]:
    """Round numbers from 0 to at least `top`."""
    if top <= 0:
        return [0, 1]
    rough = top / most
    size = 10 ** floor(log10(rough))
    step = next(size * m for m in (1, 2, 5, 10) if size * m >= rough)
    step = max(1, step) if top > 1 else step
    return [round(step * n, 6) for n in range(ceil(top / step - 1e-9) + 1)]


def _frame(name: str, height: float, title: str, about: str, body: Sequence[str]) -> Markup:
    """The picture with its name and description for whoever cannot see it."""
    head = (
        f'<svg class="plot" viewBox="0 0 {WIDTH} {height:g}" role="img" aria-labelledby="{name}-t {name}-d" '
        f'xmlns="http://www.w3.org/2000/svg"><title id="{name}-t">{escape(title)}</title>'
        f'<desc id="{name}-d">{escape(about)}</desc>'
    )
    return Markup(head + "".join(body) + "</svg>")


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "middle") -> str:
    mark = f' class="{kind}"' if kind else ""
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}"{mark}>{escape(text)}</text>'


def _grid(levels: Sequence[float], bottom: float, height: float, form: str = "{:g}") -> list[str]:
    drawn = []
    for level in levels:
        y = bottom - height * level / levels[-1]
        drawn.append(f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        drawn.append(_text(_LEFT - 6, y + 4, form.format(level), "tick", "end"))
    return drawn


def draw_days(
    name: str, title: str, about: str, days: Sequence[str], truly: Sequence[float], found: Sequence[float]
) -> Markup:
    """Two bars a day: what was true (outlined) and what was found (filled)."""
    height, levels = 190.0, ticks(max([*truly, *found, 1]))
    bottom = _TOP + height
    drawn = _grid(levels, bottom, height)
    wide = (WIDTH - _LEFT - _RIGHT) / max(len(days), 1)
    bar = min(wide * 0.38, 40)
    every = max(1, ceil(len(days) * 44 / (WIDTH - _LEFT)))
    for at, day in enumerate(days):
        middle = _LEFT + wide * (at + 0.5)
        for kind, x, value in (("true", middle - bar, truly[at]), ("found", middle, found[at])):
            tall = height * value / levels[-1]
            place = f'x="{x:.1f}" y="{bottom - tall:.1f}" width="{bar:.1f}" height="{tall:.1f}"'
            drawn.append(f'<rect class="{kind}" {place}/>')
            if value and bar >= 7 * len(f"{value:g}"):
                drawn.append(_text(x + bar / 2, bottom - tall - 4, f"{value:g}", "value"))
        if at % every == 0:
            drawn.append(_text(middle, bottom + 16, day[5:], "tick"))
    drawn.append(f'<line class="axis" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{bottom}" y2="{bottom}"/>')
    return _frame(name, bottom + 26, title, about, drawn)


def draw_bars(name: str, title: str, about: str, rows: Sequence[tuple[str, str, tuple[float, float, float]]]) -> Markup:
    """For each row (two names, three numbers, each a part of the one before) nested bars: all, of those, of those."""
    top = max([row[2][0] for row in rows] + [1])
    room, drawn = WIDTH - _NAMES - 76, list[str]()
    for at, (zh, en, values) in enumerate(rows):
        y = _TOP + at * _ROW
        drawn.append(_text(_NAMES - 10, y + 18, zh, "name", "end"))
        drawn.append(_text(_NAMES - 10, y + 34, en, "tick", "end"))
        for line, (kind, value) in enumerate(zip(("true", "shown", "found"), values, strict=True)):
            long = max(room * value / top, 1.5 if value else 0)
            place = f'x="{_NAMES}" y="{y + line * (_BAR + 2):g}" width="{long:.1f}" height="{_BAR}"'
            drawn.append(f'<rect class="{kind}" {place}/>')
            drawn.append(_text(_NAMES + long + 5, y + line * (_BAR + 2) + 11, f"{value:,.0f}", "value", "start"))
    return _frame(name, _TOP + len(rows) * _ROW, title, about, drawn)


def draw_steps(name: str, title: str, about: str, steps: Sequence[tuple[str, float]]) -> Markup:
    """Shares that grow from step to step, at even distances, with a mark at each."""
    height, bottom = 170.0, _TOP + 170.0
    drawn = _grid([0, 0.25, 0.5, 0.75, 1.0], bottom, height, "{:.0%}")
    wide = (WIDTH - _LEFT - _RIGHT) / max(len(steps), 1)
    points = [(_LEFT + wide * (at + 0.5), bottom - height * value) for at, (_, value) in enumerate(steps)]
    drawn.append(f'<polyline class="line" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}"/>')
    for (x, y), (step, value) in zip(points, steps, strict=True):
        drawn.append(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="4"/>')
        drawn.append(_text(x, y + (18 if value > 0.9 else -9), f"{value:.0%}", "value"))
        drawn.append(_text(x, bottom + 16, step, "tick"))
    drawn.append(f'<line class="axis" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{bottom}" y2="{bottom}"/>')
    return _frame(name, bottom + 26, title, about, drawn)


Strip = tuple[str, str, Sequence[float], Sequence[int]]


def draw_feeds(name: str, title: str, about: str, rows: Sequence[Strip], days: Sequence[str]) -> Markup:
    """For each row (two names, a share for each hour of the days, the hours that are silent) how much came of what was
    expected, all of it being the full height, and a bar below where it was silent."""
    room, drawn = WIDTH - _NAMES - _RIGHT, list[str]()
    bottom = _TOP + len(rows) * _STRIP
    wide = room / max(len(days), 1)
    for at, day in enumerate(days):
        x = _NAMES + wide * at
        drawn.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{bottom}"/>')
        drawn.append(_text(x + wide / 2, bottom + 14, day[5:], "tick"))
    for at, (zh, en, shares, silent) in enumerate(rows):
        foot = _TOP + (at + 1) * _STRIP - 10
        drawn.append(_text(_NAMES - 10, foot - 6, zh, "tick", "end"))
        drawn.append(_text(_NAMES - 10, foot + 5, en, "tick", "end"))
        hour = room / max(len(shares), 1)
        steps = "".join(f"V{foot - 16 * min(part, 1):.1f}h{hour:.2f}" for part in shares)
        drawn.append(f'<path class="found" d="M{_NAMES} {foot}{steps}V{foot}Z"/>')
        gaps = "".join(f"M{_NAMES + hour * n:.1f} {foot + 3.5}h{hour:.2f}" for n in silent)
        drawn.append(f'<path class="silent" d="{gaps}"/>' if gaps else "")
    return _frame(name, bottom + 22, title, about, drawn)
