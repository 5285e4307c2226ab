"""Catalogue: every fault of feeds by name, what it does and destroys, and the order in which they strike a sheet.

In: a sheet, a drill's plan, the city, chance. Out: the sheet changed in place, and what was done to which records.
Invariant: same plan, same generator, same sheet: same faults. A fault draws from a generator of its own, so that one
more fault does not move what the others strike. What stands in a record is spoilt before its line, the line before its
way to us.
Deliberately absent: what the engine makes of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from replay.city.model import City
from replay.faults import feeds, fields, findings
from replay.faults.phones import shared_phones
from replay.faults.struck import Blow, FaultRow
from replay.plan import Fault, Plan
from replay.sheets import REGISTERS_DAY, Sheet

Strike = Callable[[Sheet, Blow], list[FaultRow]]


@dataclass(frozen=True)
class Option:
    """A figure that a fault takes beside its share. `default` None: it must be given. Units: in the name."""

    low: float
    high: float
    default: float | None


@dataclass(frozen=True)
class FaultKind:
    """One fault. `destroys`: the records that it strikes are no records any more, or name a person, place or time no
    longer. `span`: it lasts from `since` to `until`. `share`: of the records, where a plan gives none; None: it must.
    `registers`: it strikes what was on file before the first day as well; all others leave that whole."""

    strike: Strike
    zh: str
    en: str
    destroys: Literal["never", "always", "some"] = "never"
    options: dict[str, Option] = field(default_factory=dict)
    span: bool = False
    share: float | None = None
    registers: bool = False


FAULTS: dict[str, FaultKind] = {
    "shared_phones": FaultKind(
        shared_phones, "两人登记同一手机号，号码存疑", "two people give one phone, which is contested", "some",
        registers=True,
    ),
    "wrong_seat": FaultKind(
        fields.wrong_seat, "座位号有误", "a ticket or ride names a row of seats that is not theirs", "always",
    ),
    "missing_ends": FaultKind(
        fields.missing_ends, "没有离开、下车或退房时间", "no check-out: the end of a stay or ride is not told",
        "always",
    ),
    "clock_skew": FaultKind(
        fields.clock_skew, "部门时钟不准，所有时刻都有偏差", "a department's clock is off, and every instant it writes",
        "always", {"minutes": Option(-720, 720, None)}, share=1.0,
    ),
    "garbled_names": FaultKind(
        fields.garbled_names, "名称乱码", "names in a wrong character set; a code beside them names the place",
        "some",
    ),
    "swapped_digits": FaultKind(
        fields.swapped_digits, "身份证号相邻两位颠倒，校验码必不符，记录被退回",
        "two neighbouring digits of a resident id are swapped; the check character tells, the line is refused",
        "always",
    ),
    "masked_ids": FaultKind(
        fields.masked_ids, "证件号、手机号中间打星号", "the middle of an identifier is stars; the line is refused",
        "always",
    ),
    "unknown_codes": FaultKind(
        fields.unknown_codes, "代码字段出现未知代码", "a word that is not on its closed list; the line is refused",
        "always",
    ),
    "amended_onsets": FaultKind(
        findings.amended_onsets, "发病日期先报错后更正", "a report tells a wrong onset first, and the right one later",
        options={"days": Option(-14, 14, 3), "after_hours": Option(0, 240, 12)},
    ),
    "withdrawn_positives": FaultKind(
        findings.withdrawn_positives, "阳性报告被撤回（可再次报送）",
        "a report or positive result is withdrawn, and perhaps sent again", "some",
        {"after_hours": Option(0, 240, 6), "again_after_hours": Option(0, 240, 0)},
    ),
    "broken_lines": FaultKind(
        fields.broken_lines, "行被截断，或不是 UTF-8", "a line is cut, or no UTF-8; it is refused", "always",
    ),
    "late": FaultKind(
        feeds.late, "报送延迟加倍", "records take so many times as long to arrive",
        options={"factor": Option(1, 1000, None)}, share=1.0,
    ),
    "out_of_order": FaultKind(
        feeds.out_of_order, "到达次序打乱", "records arrive some minutes before or after their turn",
        options={"minutes": Option(1, 1440, 120)},
    ),
    "lost_and_back": FaultKind(
        feeds.lost_and_back, "数小时中断后补报", "nothing arrives for some hours, then all of it", span=True, share=1.0,
    ),
    "lost_for_good": FaultKind(
        feeds.lost_for_good, "数小时的数据永久丢失", "what would arrive in some hours never does", "always", span=True,
        share=1.0,
    ),
    "duplicated_lines": FaultKind(
        feeds.duplicated_lines, "记录重复报送", "records come twice", options={"minutes": Option(0, 1440, 30)},
    ),
    "duplicated_day": FaultKind(
        feeds.duplicated_day, "整日文件重复报送", "all that a source sent for a day comes again",
        options={"hours": Option(0, 72, 6)},
    ),
}  # fmt: skip
"""In the order in which they strike. Every default is a design assumption [D]."""


def spoil(sheet: Sheet, plan: Plan, city: City, rng: np.random.Generator, day: int) -> list[FaultRow]:
    """Does the plan's faults to a sheet, in place, and tells what was done. `day`: of the drill, REGISTERS_DAY for what
    was on file before."""
    order = list(FAULTS)
    chances = rng.spawn(len(plan.faults))
    told: list[FaultRow] = []
    for at in sorted(range(len(plan.faults)), key=lambda i: order.index(plan.faults[i].kind)):
        fault = plan.faults[at]
        kind = FAULTS[fault.kind]
        if len(sheet) and aims_at(fault, sheet.source) and (kind.registers or day != REGISTERS_DAY):
            defaults = {name: option.default for name, option in kind.options.items()}
            blow = Blow(fault, defaults | fault.options, city, at, day, chances[at])
            told += kind.strike(sheet, blow)
    return told


def aims_at(fault: Fault, source: str) -> bool:
    """Whether a fault strikes a source. The faults of phones know themselves which they strike."""
    department = source.split(".")[0]
    return not fault.sources or source in fault.sources or department in fault.sources
