"""Page: the after-action report of a drill as one HTML file that opens anywhere, offline.

In: a score. Out: HTML.
Invariant: nothing is asked of any network; every value is escaped; people are codes. Same score, same page.
Deliberately absent: figures of its own; what it shows is in score.json.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from replay.report.capabilities import RATINGS, rate
from replay.report.charts import draw_bars, draw_days, draw_steps
from replay.report.feeds import faults_of, feeds_of, findings_of
from replay.report.review import observe
from replay.report.timeline import KINDS, moments
from replay.report.transfers import transfers_of
from replay.report.words import (
    CLASSES,
    DEGREES,
    NONE,
    PROFILES,
    SETTINGS,
    Both,
    label,
    number,
    share,
    shown,
)  # fmt: skip
from replay.score.definitions import DEFINITIONS, reason_words
from replay.score.tree import Example, Figure, Score

_TILES = (
    "confirmed_recall", "recall_observable", "precision_observable", "observable_share", "listed_within_24h",
    "known_before_case", "transfer_in_time", "lost_to_follow_up",
)  # fmt: skip
_SIDES = ("missing", "extra", "unrecorded")
_SPANS = (
    "hours_sampled_to_listed", "hours_result_to_listed", "hours_reported_to_listed", "minutes_opened_to_listed",
    "hold_hours_won",
)  # fmt: skip
_PLANTED = ("refused_planted", "silent_planted")
_PEOPLE = ("holds", "holds_needless", "leads", "leads_near", "infections_undetected", "infections_unseen")


def environment() -> Environment:
    """Where the pages' templates are; everything is escaped."""
    made = Environment(
        loader=PackageLoader("replay.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    made.filters |= {"shown": shown, "share": share, "number": number}
    style = (resources.files("replay.report") / "templates" / "page.css").read_text(encoding="utf-8")
    made.globals |= {"style": Markup(style), "dash": NONE}
    return made


def render_report(score: Score) -> str:
    """The page of a score."""
    plan, rated = score.drill.get("plan") or {}, rate(score)
    return environment().get_template("report.html").render(
        score=score, plan=plan, title=title_of(plan), rated=rated, ratings=RATINGS, observations=observe(score, rated),
        tiles=[_named(score, name) for name in _TILES if score.of(name) is not None],
        overview=_overview(score, plan), curve=_curve(score), settings=_settings(score), degrees=_degrees(score),
        delays=_delays(score), spans=_spans(score), exceptions=_exceptions(score), lost=_lost(score),
        feeds=feeds_of(score),
        findings=findings_of(score), faults=faults_of(score),
        planted=[_named(score, name) for name in _PLANTED if score.of(name) is not None],
        people=[_named(score, name) for name in _PEOPLE if score.of(name) is not None],
        isolation=_isolation(score), timeline=moments(score), transfers=transfers_of(score),
        kinds=KINDS, bounds=_bounds(score), versions=score.drill.get("versions") or {},
    )  # fmt: skip


def write_report(score: Score, path: Path) -> None:
    """Writes the page of a score."""
    path.write_text(render_report(score), encoding="utf-8")


def title_of(plan: Mapping[str, Any]) -> Both:
    """The drill's title; its name where it has none."""
    given = plan.get("title") or ()
    name = str(plan.get("name") or "drill")
    return Both(*given) if len(given) == 2 and all(given) else Both(name, name)


def _named(score: Score, name: str) -> tuple[Both, Figure | None, int]:
    return label(name), score.of(name), DEFINITIONS[name].better


def _overview(score: Score, plan: Mapping[str, Any]) -> list[tuple[Both, Both]]:
    def plain(value: object) -> Both:
        return Both(str(value), "")

    faults = sorted({str(fault.get("kind")) for fault in plan.get("faults") or ()})
    injects = [f"{i.get('kind')}" for i in plan.get("injects") or ()]
    rows = [
        (Both("居民", "residents"), float(plan.get("residents") or 0) or None),
        (Both("首日", "first day"), plan.get("first_day")),
        (Both("天数", "days"), plan.get("days")), (Both("平急", "profile"), PROFILES.get(str(plan.get("profile")))),
        (Both("政策包", "policy pack"), ", ".join(score.lake.get("packs") or ()) or plan.get("pack")),
        (Both("记录", "records"), sum(f.value or 0 for f in score.groups("records").values()) or None),
        (Both("事件", "injects"), ", ".join(injects)), (Both("故障", "faults"), ", ".join(faults)),
        (Both("感染者", "infected"), score.of("infected")), (Both("种子", "seed"), plan.get("seed")),
    ]  # fmt: skip
    made = []
    for words, value in rows:
        if value is None or value == "":
            continue
        if isinstance(value, Figure):
            made.append((words, plain(shown(value))))
        elif isinstance(value, Both):
            made.append((words, value))
        else:
            made.append((words, plain(number(value) if isinstance(value, float) else value)))
    return made


def _curve(score: Score) -> dict[str, Any] | None:
    truly, found = score.groups("infected_on"), score.groups("found_on")
    if not truly and not found:
        return None
    first, last = (date.fromisoformat(pick({*truly, *found})) for pick in (min, max))
    days = [(first + timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]
    rows = [(day, _value(truly.get(day)), _value(found.get(day))) for day in days]
    plot = draw_days(
        "curve", "流行曲线：每日感染与成案 Epidemic curve: infected and found by day",
        "; ".join(f"{day}: {a:g} infected, {b:g} found" for day, a, b in rows),
        days, [a for _, a, _ in rows], [b for _, _, b in rows],
    )  # fmt: skip
    return {"plot": plot, "rows": rows}


def _settings(score: Score) -> dict[str, Any] | None:
    true, seen, found = (score.groups(n) for n in ("pairs_true", "observable_share", "recall_true"))
    kinds = sorted((g for g in true if g.startswith("kind/")), key=lambda g: -(true[g].value or 0))
    rows = []
    for group in kinds:
        words = SETTINGS[group.removeprefix("kind/")]
        numbers = (true[group].value or 0, seen[group].numerator or 0, found[group].numerator or 0)
        observable = score.of("recall_observable", group)
        rows.append((words, numbers, found[group].value, observable.value if observable else None))
    if not rows:
        return None
    about = "; ".join(f"{w.en}: {a:g} true, {b} shown by records, {c} found" for w, (a, b, c), _, _ in rows)
    plot = draw_bars("settings", "各类场所：真实、可见、找到 By setting: true, shown by records, found", about,
                     [(w.zh, w.en, values) for w, values, _, _ in rows])  # fmt: skip
    return {"plot": plot, "rows": rows}


def _degrees(score: Score) -> list[tuple[Both, list[Figure | None]]]:
    names = ("pairs_true", "pairs_observable", "pairs_listed", "recall_true", "recall_observable", "precision_true",
             "precision_observable")  # fmt: skip
    return [(words, [score.of(name, f"degree/{degree}") for name in names]) for degree, words in DEGREES.items()]


def _delays(score: Score) -> Markup | None:
    steps = [(float(hours), f.value or 0) for hours, f in sorted(score.groups("listed_by_hours").items())]
    if not steps:
        return None
    named = [(f"{hours:g} h", value) for hours, value in steps]
    about = "; ".join(f"{step}: {share(value)}" for step, value in named)
    title = "阳性结果后若干小时内列出的密接 Close contacts listed within so many hours of the result"
    return draw_steps("delays", title, about, named)


def _spans(score: Score) -> list[tuple[Both, dict[str, Figure]]]:
    return [(label(name), groups) for name in _SPANS if (groups := score.groups(name))]


def _exceptions(score: Score) -> list[dict[str, Any]]:
    """Each side with its reasons, most frequent first, and the examples of each."""
    sides = []
    for side in _SIDES:
        rows = []
        for group, figure in score.groups(side).items():
            degree, reason = group.split("/", 1)
            examples = [e for e in score.examples if (e.side, e.reason, str(e.degree)) == (side, reason, degree)]
            rows.append((DEGREES[degree], Both(*reason_words(reason)), figure, examples, reason))
        rows.sort(key=lambda row: (-(row[2].value or 0), row[4], row[0]))
        sides.append({"words": label(side), "rows": rows})
    return sides


def _lost(score: Score) -> list[tuple[Both, Figure, list[Example]]]:
    """Lost cases by reason, most frequent first, with the examples of each."""
    lost = score.groups("case_lost")
    return [
        (Both(*reason_words(reason)), lost[reason],
         [e for e in score.examples if (e.side, e.reason) == ("case_lost", reason)])
        for reason in sorted(lost, key=lambda r: (-_value(lost[r]), r))
    ]  # fmt: skip


def _value(figure: Figure | None) -> float:
    return (figure.value if figure else None) or 0.0


def _isolation(score: Score) -> list[tuple[Both, list[Figure | None]]]:
    names = ("people", "isolation_people", "isolation_days")
    there = score.groups("people")
    return [(words, [score.of(n, kind) for n in names]) for kind, words in CLASSES.items() if kind in there]


def _bounds(score: Score) -> list[tuple[Both, str, str, str, bool]]:
    rows = []
    for bound in score.bounds:
        name, _, group = bound.name.partition(".")
        words = label(name) if name in DEFINITIONS else Both(name, name)
        form = share if name in DEFINITIONS and DEFINITIONS[name].unit == "share" else number
        rows.append((words, group, f"{form(bound.low)} – {form(bound.high)}", form(bound.value), bound.held))
    return rows
