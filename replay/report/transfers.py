"""Transfers: the part of the page on who was taken away in time, why others were not, and what went wrong.

In: a score. Out: tables and a plot, or nothing where a drill has no transfers.
Invariant: nothing stands here that the score does not say.
Deliberately absent: single people.
"""

from __future__ import annotations

from typing import Any

from replay.report.charts import draw_steps
from replay.report.words import CLASSES, Both, label, share
from replay.score.definitions import CAUSES
from replay.score.tree import Figure, Score
from replay.transfers.troubles import TROUBLES

_TOTALS = ("transfer_breaches", "vehicle_km", "vehicle_km_empty")


def transfers_of(score: Score) -> dict[str, Any] | None:
    """By class, by cause, by trouble, the totals, and the curve of admissions."""
    if score.of("transfer_people") is None:
        return None
    people = score.groups("transfer_people")
    classes = [
        (words, _row(score, name)) for name, words in {**CLASSES, "": Both("合计", "all")}.items() if name in people
    ]
    breaches, troubles = score.groups("transfer_breaches"), score.groups("transfer_troubles")
    causes = [(Both(*CAUSES[cause]), breaches[cause]) for cause in CAUSES if cause in breaches]
    struck = [
        (Both(of.zh, of.en), [score.of(f, name) for f in ("transfer_troubles", "trouble_breaches", "trouble_hours")])
        for name, of in TROUBLES.items() if name in troubles
    ]  # fmt: skip
    totals = [(label(name), figure) for name in _TOTALS if (figure := score.of(name)) is not None]
    return {"classes": classes, "causes": causes, "troubles": struck, "totals": totals, "plot": _plot(score)}


def _row(score: Score, name: str) -> list[Figure | None]:
    """People, in time, waited and to the true admission: median and 95th percentile."""
    within = f"{name}/" if name else ""
    spans = [score.of(f, within + g) for f in ("hours_waited", "hours_needed_to_admitted") for g in ("p50", "p95")]
    return [score.of("transfer_people", name), score.of("transfer_in_time", name), *spans]


def _plot(score: Score) -> Any:
    steps = sorted((float(hours), figure.value or 0) for hours, figure in score.groups("admitted_by_hours").items())
    if not steps:
        return None
    named = [(f"{hours:g} h", value) for hours, value in steps]
    title = "需转运后若干小时内收治 Admitted within so many hours of being needed"
    return draw_steps("admitted", title, "; ".join(f"{step}: {share(value)}" for step, value in named), named)
