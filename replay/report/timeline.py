"""Timeline: what happened when in a drill, injects and faults beside what was found.

In: a plan, a score. Out: moments in order of time.
Invariant: nothing stands here without an instant that the plan or the score gives.
Deliberately absent: single people; a moment is the first, the middle or the last of many.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from replay.report.words import Both
from replay.score.definitions import reason_words
from replay.score.tree import Score
from schemas.instants import DAY_MS, day_number, day_start, local_text

_MOMENTS = {
    "first_infected": Both("演练中首次感染", "the first infection within the drill"),
    "first_sampled": Both("首个阳性单管采样", "the first swab that is positive singly"),
    "first_known": Both("首个阳性结果", "its result"),
    "first_reported": Both("首例报告", "the first report of a case"),
    "first_opened": Both("引擎首次成案", "the engine opens the first case"),
    "first_listed": Both("首个密接列出", "the first close contact is listed"),
    "half_listed": Both("密接列出过半", "half of the close contacts are listed"),
    "last_listed": Both("最后一个密接列出", "the last close contact is listed"),
}
_INJECTS = {
    "train": Both("列车", "train"), "wedding": Both("婚宴", "wedding"), "market": Both("市场", "market"),
    "school": Both("学校", "school"), "hospital": Both("医院", "hospital"),
    "truck_driver": Both("货车司机", "truck driver"), "household": Both("家庭", "household"),
    "workplace": Both("单位", "workplace"),
}  # fmt: skip


class Moment(NamedTuple):
    """`kind`: drill, inject, fault, truth or found."""

    at_ms: int
    kind: str
    words: Both

    @property
    def when(self) -> str:
        return local_text(self.at_ms)


KINDS = {
    "drill": Both("演练", "drill"),
    "inject": Both("注入事件", "inject"),
    "fault": Both("故障", "fault"),
    "truth": Both("真实", "truth"),
    "found": Both("发现", "found"),
}


def moments(score: Score) -> list[Moment]:
    """In order of time."""
    plan = score.drill.get("plan") or {}
    found = [*_of_days(plan), *_of_injects(plan), *_of_faults(plan)]
    for name, figure in score.groups("moment").items():
        kind = "truth" if name in ("first_infected", "first_sampled", "first_known", "first_reported") else "found"
        found.append(Moment(int(figure.value or 0), kind, _MOMENTS[name]))
    return sorted(found)


def _of_days(plan: Mapping[str, Any]) -> list[Moment]:
    if "first_day" not in plan or "days" not in plan:
        return []
    first_ms = day_start(day_number(date.fromisoformat(str(plan["first_day"]))))
    end_ms = first_ms + int(plan["days"]) * DAY_MS
    return [
        Moment(first_ms, "drill", Both("开始", "begins")),
        Moment(end_ms, "drill", Both("结束", "ends")),
    ]


def _of_injects(plan: Mapping[str, Any]) -> list[Moment]:
    made = []
    for inject in plan.get("injects") or ():
        words, people = _INJECTS.get(inject["kind"], Both(inject["kind"], inject["kind"])), inject.get("people") or 0
        more = Both(f"，{people} 人", f", {people} people") if people else Both("", "")
        made.append(Moment(int(inject["at_ms"]), "inject", Both(words.zh + more.zh, words.en + more.en)))
    return made


def _of_faults(plan: Mapping[str, Any]) -> list[Moment]:
    """Faults that have a time of their own."""
    made = []
    for fault in plan.get("faults") or ():
        zh, en = reason_words(f"fault:{fault['kind']}")
        where = ", ".join(fault.get("sources") or ())
        for name, words in (("since", Both("开始", "begins")), ("until", Both("结束", "ends"))):
            at_ms = (fault.get("options") or {}).get(f"{name}_ms")
            if at_ms is not None:
                made.append(Moment(int(at_ms), "fault", Both(f"{words.zh}：{zh} {where}", f"{words.en}: {en} {where}")))
    return made
