"""Comparison page: two runs side by side as one HTML file that opens anywhere, offline.

In: a comparison. Out: HTML.
Invariant: as of replay/report/page.py: no network, everything escaped, no person's code.
Deliberately absent: figures of its own; what it shows is in the comparison.
"""

from __future__ import annotations

from pathlib import Path

from replay.report.charts import draw_days
from replay.report.comparison import CENTRAL, Comparison
from replay.report.page import environment
from replay.report.words import CLASSES, DEGREES, Both, label, number, share
from replay.score.definitions import DEFINITIONS

MODES = {
    "central": Both("集中隔离", "central isolation"),
    "home": Both("居家隔离", "isolation at home"),
    "none": Both("不隔离", "no isolation"),
}


def render_comparison(comparison: Comparison) -> str:
    """The page of a comparison."""
    c = comparison
    sides = (c.first, c.second)
    classes = [k for k in CLASSES if any(k in side.people or k in side.contacts for side in sides)]
    made = environment()
    made.filters["signed"] = signed
    return made.get_template("comparison.html").render(
        sides=sides, figures=figure_rows(c), beds=_beds(c), modes=_modes(c), moved=_moved(c),
        people=[(CLASSES[k], [s.people.get(k, 0) for s in sides]) for k in classes],
        contacts=[(CLASSES[k], [s.contacts.get(k, 0) for s in sides]) for k in classes if k != "case"],
    )  # fmt: skip


def write_comparison(comparison: Comparison, folder: Path) -> None:
    """`comparison.json` and `comparison.html` in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "comparison.json").write_bytes(comparison.to_json())
    (folder / "comparison.html").write_text(render_comparison(comparison), encoding="utf-8")


def figure_rows(comparison: Comparison) -> list[tuple[Both, str, str, str]]:
    """Each figure of either run: words, both values, and the difference where both have it."""
    rows = []
    for key, (one, other) in comparison.figures.items():
        name, _, group = key.partition(".")
        part = DEGREES[group[-1]] if group.startswith("degree/") else Both(group, group)
        words = Both(*(f"{a} · {b}" if b else a for a, b in zip(label(name), part, strict=True)))
        ratio = DEFINITIONS[name].unit == "share"
        shown = [share(value) if ratio else number(value) for value in (one, other)]
        step = None if one is None or other is None else other - one
        rows.append((words, shown[0], shown[1], signed(step, ratio)))
    return rows


def signed(step: float | None, ratio: bool = False) -> str:
    """`+12`, `−3.5`, `±0`; of shares in points."""
    if step is None:
        return "—"
    size = number(round(abs(step) * (100 if ratio else 1), 2))
    unit = " 点 pt" if ratio else ""
    return "±0" if size == "0" else f"{'+' if step > 0 else '−'}{size}{unit}"


def _beds(comparison: Comparison) -> dict[str, object] | None:
    days = comparison.days
    if not days:
        return None
    one, other = (side.places.get(CENTRAL, {}) for side in (comparison.first, comparison.second))
    rows = [(day, one.get(day, 0), other.get(day, 0)) for day in days]
    about = f"{comparison.first.name} and {comparison.second.name}, from {days[0]} to {days[-1]}: " + "; ".join(
        f"{day}: {a} and {b}" for day, a, b in rows
    )
    title = "每日集中隔离人数 People in central isolation by day"
    return {"plot": draw_days("beds", title, about, days, [r[1] for r in rows], [r[2] for r in rows]), "rows": rows}


def _modes(comparison: Comparison) -> list[tuple[Both, list[int], list[tuple[str, int]], str]]:
    rows = []
    sides = (comparison.first, comparison.second)
    for mode, words in MODES.items():
        if not any(mode in side.places for side in sides):
            continue
        days = [side.person_days.get(mode, 0) for side in sides]
        rows.append((words, days, [side.peak(mode) for side in sides], signed(days[1] - days[0])))
    return rows


def _moved(comparison: Comparison) -> list[tuple[Both, Both, int]] | None:
    """Who is another in the second run, the greatest groups first."""
    if comparison.moved is None:
        return None
    changed = [(pair, count) for pair, count in comparison.moved.items() if pair[0] != pair[1]]
    changed.sort(key=lambda row: (-row[1], row[0]))
    return [(CLASSES[one], CLASSES[other], count) for (one, other), count in changed]
