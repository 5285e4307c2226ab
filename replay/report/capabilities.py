"""Capabilities: what a drill is to show, and how well its figures say that it was done.

In: a score. Out: the capabilities that it has figures for, each with its rating; advice by figure.
Invariant: every threshold is shown beside the rating that it gave. A figure that a drill does not have gives no rating.
Deliberately absent: opinion. Ratings P, S, M, U: HSEEP (Homeland Security Exercise and Evaluation Program, 2020); the
thresholds are design assumptions [D].
"""

from __future__ import annotations

from dataclasses import dataclass

from replay.report.words import Both, share
from replay.score.tree import Figure, Score

RATINGS = {
    "P": Both("顺利", "performed without challenges"),
    "S": Both("有些困难", "performed with some challenges"),
    "M": Both("困难重大", "performed with major challenges"),
    "U": Both("未能做到", "unable to be performed"),
}


@dataclass(frozen=True)
class Capability:
    """What the drill was to show. `marks`: the share from which on it is P, S, M; below the last it is U. Shares of
    which less is better are turned round first."""

    name: Both
    objective: Both
    figure: str
    marks: tuple[float, float, float]
    turned: bool = False


CAPABILITIES = (
    Capability(
        Both("发现病例", "Case detection"),
        Both("已报告的感染者都成为病例", "everybody reported is opened as a case"),
        "confirmed_recall",
        (1.0, 0.98, 0.9),
    ),
    Capability(
        Both("找出密接", "Contact identification"),
        Both("记录能显示的密接全部列出", "every close contact that records show is listed"),
        "recall_observable",
        (1.0, 0.98, 0.9),
    ),
    Capability(
        Both("不误列", "Soundness"),
        Both("列出的人都有记录为据", "nobody is listed whom no record shows"),
        "precision_observable",
        (1.0, 0.98, 0.9),
    ),
    Capability(
        Both("记录够用", "Coverage of the feeds"),
        Both("真实的密接有记录可见", "records show the close contacts there are"),
        "observable_share",
        (0.9, 0.7, 0.4),
    ),
    Capability(
        Both("及时", "Timeliness"),
        Both("阳性结果后二十四小时内列出密接", "close contacts are listed within 24 h of the result"),
        "listed_within_24h",
        (0.95, 0.9, 0.75),
    ),
    Capability(
        Both("跑在病毒前面", "Ahead of the chain"),
        Both("成为病例的人此前已知为接触者", "who becomes a case was known as a contact"),
        "known_before_case",
        (0.8, 0.5, 0.2),
    ),
    Capability(
        Both("及时转运", "Transfer in time"),
        Both("需转运的人在时限内收治", "whoever is to be taken is there within the deadline"),
        "transfer_in_time",
        (0.95, 0.9, 0.75),
    ),
    Capability(
        Both("随访", "Follow-up"),
        Both("密接都已隔离或采样", "close contacts are isolated or tested"),
        "lost_to_follow_up",
        (0.95, 0.9, 0.7),
        turned=True,
    ),
)


@dataclass(frozen=True)
class Rated:
    capability: Capability
    figure: Figure
    grade: str

    @property
    def marks(self) -> tuple[str, ...]:
        """`P ≥ 95 %`, `S ≥ 90 %`, `M ≥ 70 %`, in the figure's own direction."""
        c = self.capability
        limits = [(f"≤ {share(1 - m)}" if c.turned else f"≥ {share(m)}") for m in c.marks]
        return tuple(f"{grade} {limit}" for grade, limit in zip("PSM", limits, strict=True))


def rate(score: Score) -> list[Rated]:
    """The capabilities that the drill has figures for."""
    rated = []
    for capability in CAPABILITIES:
        figure = score.of(capability.figure)
        if figure is None or figure.value is None:
            continue
        value = 1 - figure.value if capability.turned else figure.value
        grade = next((g for g, m in zip("PSM", capability.marks, strict=True) if value >= m - 1e-12), "U")
        rated.append(Rated(capability, figure, grade))
    return rated


ADVICE = {
    "confirmed_recall": Both(
        "逐个核对未成病例的报告：记录是否读入、是否被退回、是否互相矛盾。",
        "Go through the reports that opened no case: were they read, refused, or contradicted?",
    ),
    "recall_observable": Both(
        "按下节的例外逐条处理；「无法说明」的每一对都是缺陷。",
        "Work through the exceptions below; each unexplained pair is a defect.",
    ),
    "precision_observable": Both(
        "核对列出而无据的人，按例外的原因更正记录。",
        "Check who is listed without a record, and mend records by the reason given.",
    ),
    "observable_share": Both(
        "在找到率最低的场所类型增加登记，或补问行程。",
        "Register people in the settings of the lowest recall, or ask about them in surveys.",
    ),
    "listed_within_24h": Both(
        "先看迟到的数据源：等待记录的时间多于计算。",
        "Look at late feeds first: more time goes by in waiting for records than in computing.",
    ),
    "known_before_case": Both(
        "提高记录可见的比例，并缩短采样间隔。", "Raise the share that records show, and test more often."
    ),
    "transfer_in_time": Both(
        "看「转运」一节的超时原因：缺车、缺床、缺车组，各有各的补法。",
        "See in the section on transfers why deadlines were missed: vehicles, beds, crews are each added differently.",
    ),
    "lost_to_follow_up": Both(
        "把名单交给街道转运与采样，逐人销号。", "Hand the list to transfer and testing, and close it person by person."
    ),
}
