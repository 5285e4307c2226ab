"""Words: why somebody goes now, or cannot go now, in Chinese and English.

In: lines of a round. Out: sentences.
Invariant: every reason that the brain can give has a sentence.
Deliberately absent: how a reason is found (brain/dispatch/reasons.py).
"""

from __future__ import annotations

from brain.claims import CLASSES
from brain.dispatch.lines import Line
from brain.transfer_words import PURPOSES, STATES, Words
from schemas.codes import PersonClass
from schemas.instants import local_text
from schemas.transfers import Purpose

REASONS: Words = {
    "deadline": ("本趟为其期限而派", "this run is made for their deadline"),
    "along": ("顺路同乘", "rides along, on the way"),
    "diverted": ("原地点未接收，改送他处", "turned away, goes on to another site"),
    "later": ("已排入后面的车次，届时再派", "planned for a later run, decided when it comes near"),
    "no_position": ("住址位置不明，请人工补充", "position of the home unknown: a human must add it"),
    "no_vehicle": ("没有车辆", "no vehicle"),
    "no_crew": ("无在岗且核酸有效的司机", "no driver on duty with a valid test"),
    "no_wheelchair": ("没有足够的轮椅位", "not enough places for wheelchairs in any vehicle"),
    "no_seat": ("没有座位足够的车，同户不分开", "no vehicle with enough seats for the household"),
    "no_site": ("没有可收此类人员的地点", "no site takes this class of people"),
    "no_bed": ("没有空床位", "no free bed of this kind"),
    "no_beds_together": ("没有可收全户的地点", "no site has beds for the whole household"),
    "no_time": ("时段内没有车能在班次结束前送到", "no vehicle can be there within its shift"),
    "decided": ("已决定，待入库", "decided already, not in the lake yet"),
    "stranded": ("在车上，没有可改送的地点，请人工处理", "aboard, and no other site has room: ask a human"),
}


def reason(line: Line) -> tuple[str, str]:
    """Why, in both languages; for a way that is left alone, how far it is."""
    return REASONS.get(line.why) or STATES[line.why]


def queued(line: Line) -> tuple[str, str]:
    """Place in the queue and what gave it."""
    due, klass = local_text(line.due_ms), CLASSES[PersonClass(line.level).name]
    if not line.rank:
        return "不在队中", "not in the queue"
    return (
        f"第 {line.rank} 位：期限 {due}，{klass[0]}",
        f"no. {line.rank}: due {due}, {klass[1]}",
    )


def headed(line: Line) -> str:
    return " ".join(PURPOSES[Purpose(line.purpose).name])
