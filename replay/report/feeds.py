"""Feeds: how good each department's records were, what is wrong and for whom to mend, which faults showed.

In: a score. Out: rows and a plot for the page.
Invariant: feeds in trouble stand first; every mark has its threshold beside it.
Deliberately absent: figures of its own, and whose fault a fault is.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, NamedTuple

from markupsafe import Markup

from brain.faults import WORDS
from replay.report.charts import draw_feeds
from replay.report.words import DEPARTMENTS, NONE, Both, number, share, source_words
from replay.score.definitions import reason_words
from replay.score.quality import SHOWN_BY, SIGNS, UNSEEN
from replay.score.tree import Feed, Figure, Score
from schemas.departments import EXPECTED
from schemas.instants import HOUR_MS, local_text

FEEDS_SHOWN = 20
"""Feeds in the open table and the plot; the others are folded away."""
SLOW, LACKING = 2, 0.9
"""A feed is marked whose lateness is more than so many times what is expected, or that gives a field in less than so
much of what is expected [D]."""
_DAY_HOURS = 24


class Cell(NamedTuple):
    """What stands in a cell, and whether it is marked."""

    text: str
    bad: bool = False


def feeds_of(score: Score) -> dict[str, Any]:
    """Each source that was heard, those in trouble first; the plot of the first ones."""
    sources = {*score.groups("records"), *score.groups("refused")}
    cells = {source: _cells(score, source) for source in sources}
    trouble = {source: sum(cell.bad for cell in row) for source, row in cells.items()}
    size = {source: _value(score.of("records", source)) for source in sources}
    order = sorted(sources, key=lambda s: (-trouble[s], -size[s], s))
    rows = [(source_words(source), cells[source]) for source in order]
    heard = score.of("sources_heard")
    return {
        "first": rows[:FEEDS_SHOWN], "more": rows[FEEDS_SHOWN:], "slow": SLOW, "lacking": share(LACKING),
        "plot": _plot(score, order[:FEEDS_SHOWN]), "heard": heard,
    }  # fmt: skip


def _cells(score: Score, source: str) -> list[Cell]:
    """Records, completeness, the field that is lacking most, lateness, silence, refusals, decisions that waited."""
    expected = EXPECTED.get(source)
    late = [score.of("feed_late_minutes", f"{source}/{part}") for part in ("p50", "p95")]
    due = expected.lateness_s[1] / 60 if expected else None
    slow = late[1] is not None and due is not None and _value(late[1]) > SLOW * due
    silent, missed = score.of("silent_hours", source), score.of("silent_missed", source)
    refused, why = score.of("refused", source), _most(score, "refused_for", source)
    complete, waited = score.of("completeness", source), score.of("late_decisions", source)
    lacking, worst = _lacking(score, source)
    return [
        Cell(f"{_number(score.of('records', source))} / {_number(score.of('records_expected', source))}"),
        Cell(share(complete.value if complete else None)),
        Cell(lacking, worst),
        Cell(NONE if late[1] is None else f"{_number(late[0])} · {_number(late[1])} / {number(due)} min", slow),
        Cell(NONE if silent is None else f"{_number(silent)} h, ~{_number(missed)}", silent is not None),
        Cell(NONE if refused is None else f"{_number(refused)}: {why}", refused is not None),
        Cell(NONE if waited is None else f"{_number(waited)}, {_number(score.of('late_hours', source))} h",
             waited is not None),
    ]  # fmt: skip


def _most(score: Score, figure: str, source: str) -> str:
    """The most frequent part of a source."""
    parts = {g.split("/", 1)[1]: f for g, f in score.groups(figure).items() if g.startswith(f"{source}/")}
    ordered = sorted(parts, key=lambda part: (-_value(parts[part]), part))
    return "".join(ordered[:1]) + (" …" if len(ordered) > 1 else "")


def _lacking(score: Score, source: str) -> tuple[str, bool]:
    """The field that falls shortest of what is expected, and whether by so much that it is marked."""
    fill = EXPECTED[source].fill if source in EXPECTED else {}
    told = {
        field: _value(f)
        for group, f in score.groups("field_told").items()
        if group.startswith(f"{source}/") and (field := group.split("/", 1)[1]) in fill
    }
    if not told:
        return NONE, False
    field = min(sorted(told), key=lambda name: told[name] / fill[name])
    return f"{field} {share(told[field])} / {share(fill[field])}", told[field] < LACKING * fill[field]


def _plot(score: Score, sources: list[str]) -> Markup | None:
    feeds = {feed.source: feed for feed in score.feeds}
    shown = [feeds[source] for source in sources if source in feeds]
    if not shown:
        return None
    hours = max(len(feed.records) for feed in shown)
    first = date.fromisoformat(local_text(min(feed.first_at_ms for feed in shown))[:10])
    days = [(first + timedelta(days=n)).isoformat() for n in range(-(-hours // _DAY_HOURS))]
    rows = [(*source_words(feed.source), _shares(feed), _silent(feed)) for feed in shown]
    about = "; ".join(f"{en}: {len(silent)} silent hours of {len(shares)}" for _, en, shares, silent in rows)
    title = "各来源每小时：实际与应有 Records by hour, of what is expected; below: silent hours"
    return draw_feeds("feeds-by-hour", title, about, rows, days)


def _shares(feed: Feed) -> list[float]:
    """Of what an hour is to bring, or of the source's own fullest hour where less than one record is expected."""
    whole = feed.expected if feed.expected >= 1 else max(*feed.records, 1)
    return [count / whole for count in feed.records]


def _silent(feed: Feed) -> list[int]:
    return [(at_ms - feed.first_at_ms) // HOUR_MS for at_ms in feed.silent_at_ms]


def findings_of(score: Score) -> list[tuple[Both, Both, list[Figure | None]]]:
    """By department that is to mend it and by kind: ever opened, closed again, standing."""
    rows = []
    for group in score.groups("findings_opened"):
        parts = group.split("/")
        if len(parts) == 3:
            _, department, kind = parts
            figures = [score.of(name, group) for name in ("findings_opened", "findings_closed", "findings")]
            rows.append((Both(DEPARTMENTS.get(department, department), department), Both(*WORDS[kind]), figures))
    return sorted(rows, key=lambda row: (-_value(row[2][2]), -_value(row[2][0]), row[0], row[1]))


def faults_of(score: Score) -> list[dict[str, Any]]:
    """What each kind of fault cost, and how much of it was shown, and where."""
    names = ("fault_records", "fault_records_destroyed", "fault_pairs_lost", "fault_hours_lost")
    rows = []
    for kind in sorted(score.groups("fault_records")):
        signs = [(Both(*SIGNS[sign]), score.of("fault_shown", f"{sign}/{kind}")) for sign in SHOWN_BY.get(kind, ())]
        rows.append({
            "words": Both(*reason_words(f"fault:{kind}")), "cells": [score.of(name, kind) for name in names],
            "signs": [(words, figure) for words, figure in signs if figure is not None],
            "unseen": Both(*UNSEEN[kind]) if kind in UNSEEN else None,
        })  # fmt: skip
    return rows


def _number(figure: Figure | None) -> str:
    return number(figure.value if figure else None)


def _value(figure: Figure | None) -> float:
    return (figure.value if figure else None) or 0.0
