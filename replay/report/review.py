"""Review: strengths and areas for improvement, derived from figures by stated thresholds.

In: a score, its rated capabilities. Out: observations, each with analysis and recommendation.
Invariant: nothing is said that a figure does not say.
Deliberately absent: invention. The form is that of an after-action report by HSEEP: observation, analysis,
recommendation.
"""

from __future__ import annotations

from dataclasses import dataclass

from replay.report.capabilities import ADVICE, RATINGS, Rated
from replay.report.feeds import findings_of
from replay.report.words import SETTINGS, Both, label, shown, source_words
from replay.score.definitions import reason_words
from replay.score.tree import Score


@dataclass(frozen=True)
class Observation:
    """`strength`: to keep; otherwise an area for improvement."""

    strength: bool
    observation: Both
    analysis: Both
    recommendation: Both


def observe(score: Score, rated: list[Rated]) -> list[Observation]:
    """Strengths first: P is one, S, M and U ask for improvement; then what exceptions, faults and late feeds say."""
    found = [_of_capability(score, r) for r in rated]
    found += _of_exceptions(score) + _of_faults(score) + _of_late(score) + _of_findings(score) + _of_holds(score)
    return sorted(found, key=lambda o: not o.strength)


def _of_capability(score: Score, rated: Rated) -> Observation:
    c, value, words = rated.capability, shown(rated.figure), label(rated.capability.figure)
    observation = Both(f"{c.name.zh}：{words.zh} {value}。", f"{c.name.en}: {words.en} {value}.")
    analysis = Both(
        f"评为 {rated.grade}（{RATINGS[rated.grade].zh}），标准 {', '.join(rated.marks)}。",
        f"Rated {rated.grade} ({RATINGS[rated.grade].en}); thresholds {', '.join(rated.marks)}.",
    )
    worst = _worst_setting(score) if c.figure in ("observable_share", "recall_observable") else None
    if worst is not None and rated.grade != "P":
        analysis = Both(analysis.zh + worst.zh, analysis.en + worst.en)
    keep = Both("保持。", "Keep it so.")
    return Observation(rated.grade == "P", observation, analysis, keep if rated.grade == "P" else ADVICE[c.figure])


def _worst_setting(score: Score) -> Both | None:
    kinds = {g.removeprefix("kind/"): f for g, f in score.groups("recall_true").items() if g.startswith("kind/")}
    lost = {kind: (f.denominator or 0) - (f.numerator or 0) for kind, f in kinds.items()}
    if not lost or max(lost.values()) == 0:
        return None
    kind = max(sorted(lost), key=lambda k: lost[k])
    words = SETTINGS[kind]
    return Both(
        f"未找到最多的是{words.zh}：{lost[kind]:,} 对。", f" Most are not found in {words.en}: {lost[kind]:,} pairs."
    )


def _of_exceptions(score: Score) -> list[Observation]:
    unexplained = score.of("unexplained")
    count = int(unexplained.value or 0) if unexplained else 0
    if count == 0:
        return [
            Observation(
                True,
                Both("每个例外都有原因。", "Every exception has a reason."),
                Both(
                    "可见而未列、列出而非真的每一对都归入一种原因。",
                    "Each pair that is missing or extra falls under one reason.",
                ),
                Both("保持。", "Keep it so."),
            )
        ]
    return [
        Observation(
            False,
            Both(f"{count:,} 个例外无法说明。", f"{count:,} exceptions have no reason."),
            Both("引擎或评分有缺陷。", "The engine or the score has a defect."),
            Both(
                "用 brain explain 与 score.json 中的例子逐一追查。",
                "Trace the examples in score.json with brain explain.",
            ),
        )
    ]


def _of_faults(score: Score) -> list[Observation]:
    lost = {kind: f for kind, f in score.groups("fault_pairs_lost").items() if kind and f.value}
    if not lost:
        return []
    kind = max(sorted(lost), key=lambda k: lost[k].value or 0)
    every = score.of("fault_pairs_lost")
    words = reason_words(f"fault:{kind}")
    return [
        Observation(
            False,
            Both(
                f"故障使 {shown(every)} 对密接无记录可见。", f"Faults left {shown(every)} close pairs without a record."
            ),
            Both(f"最多的是{words[0]}：{shown(lost[kind])} 对。", f"Most by {words[1]}: {shown(lost[kind])} pairs."),
            Both(
                "请该部门补报，或从第二来源取得同样的事实。",
                "Ask the department to send again, or take the same fact from another source.",
            ),
        )
    ]


def _of_late(score: Score) -> list[Observation]:
    late = score.groups("late_decisions")
    if not late:
        return []
    source = max(sorted(late), key=lambda s: late[s].value or 0)
    words, hours = source_words(source), score.of("late_hours", source)
    total = sum(f.value or 0 for f in late.values())
    return [
        Observation(
            False,
            Both(f"{total:,.0f} 个判定等待迟到的记录。", f"{total:,.0f} decisions waited for late records."),
            Both(
                f"最多的是{words.zh}：{shown(late[source])} 个，共 {shown(hours)}。",
                f"Most for {words.en}: {shown(late[source])}, {shown(hours)} in all.",
            ),
            Both(
                "与该部门商定推送间隔，并监测其延迟。",
                "Agree on how often that department sends, and watch its lateness.",
            ),
        )
    ]


def _of_findings(score: Score) -> list[Observation]:
    """What stands at the end in rows of contacts under control, for the department with most of it."""
    standing = score.of("findings")
    rows = [(department, wrong, figures) for department, wrong, figures in findings_of(score) if figures[2]]
    if standing is None or not standing.value or not rows:
        return []
    department, wrong, figures = rows[0]
    closed = shown(score.of("findings_closed"))
    return [
        Observation(
            False,
            Both(
                f"{shown(standing)} 个数据问题待更正；演练中已消除 {closed}。",
                f"{shown(standing)} findings await mending; closed again during the drill: {closed}.",
            ),
            Both(
                f"最多的是{department.zh}：{wrong.zh}，{shown(figures[2])} 个。",
                f"Most for {department.en}: {wrong.en}, {shown(figures[2])}.",
            ),
            Both(
                f"请{department.zh}按 brain quality --department {department.en} 所列逐条更正。",
                f"Have {department.en} mend each row that brain quality --department {department.en} lists.",
            ),
        )
    ]


def _of_holds(score: Score) -> list[Observation]:
    needless, won = score.of("holds_needless"), score.of("hold_hours_won", "p50")
    if needless is None:
        return []
    gain = Both(
        f"对成为病例者，中位提前 {shown(won)}。", f"For those who became cases it won {shown(won)} at the median."
    )
    none = Both("没有人因此提前被管控。", "Nobody was held earlier for it.")
    return [
        Observation(
            won is not None,
            Both(f"临时管控中 {shown(needless)} 未感染。", f"Of those held, {shown(needless)} were never infected."),
            gain if won else none,
            Both(
                "混管阳性后尽快单管复核，以缩短误管时间。",
                "Test singly as soon as a pool is positive, so that needless holds end early.",
            ),
        )
    ]
