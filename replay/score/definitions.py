"""Definitions: the name, the words and the unit of every figure of a score.

In: nothing. Out: `DEFINITIONS` by name, words for the reasons of exceptions.
Invariant: every figure that a score can have stands here once, and is defined in docs/scoring.md under its name.
Deliberately absent: how it is computed (the .sql files).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from replay.faults.catalogue import FAULTS
from replay.transfers.troubles import TROUBLES

Unit = Literal["share", "count", "hours", "minutes", "days", "instant", "km"]


@dataclass(frozen=True)
class Definition:
    """`better`: whether more of it is better (1), less (-1), or neither (0)."""

    zh: str
    en: str
    unit: Unit
    better: int = 0


DEFINITIONS = {
    "infected": Definition("感染者", "infected people", "count"),
    "case_recall": Definition("感染者中已成病例", "cases among the infected", "share", 1),
    "confirmed_recall": Definition("已报告者中已成病例", "cases among those reported", "share", 1),
    "case_precision": Definition("病例中确有感染", "infected among the cases", "share", 1),
    "case_lost": Definition("感染而未成病例，按原因", "infected and no case, by reason", "count", -1),
    "pairs_true": Definition("真实接触对", "pairs truly together", "count"),
    "pairs_observable": Definition("记录可见的真实接触对", "true pairs that records show", "count"),
    "pairs_listed": Definition("已列出的接触对", "pairs listed", "count"),
    "observable_share": Definition("真实接触中记录可见", "true pairs that records show", "share", 1),
    "recall_true": Definition("真实接触的找到率", "found of all true pairs", "share", 1),
    "recall_observable": Definition("可见接触的找到率", "found of the observable pairs", "share", 1),
    "precision_true": Definition("列出者中确属真实", "true among those listed", "share", 1),
    "precision_observable": Definition("列出者中有据或真实", "shown or true among those listed", "share", 1),
    "missing": Definition("可见而未列出", "observable, not listed", "count", -1),
    "extra": Definition("列出而非真实", "listed, not true", "count", -1),
    "unrecorded": Definition("真实而记录不可见", "true, shown by no records", "count", -1),
    "unexplained": Definition("无法说明的例外", "exceptions without a reason", "count", -1),
    "hours_sampled_to_listed": Definition("采样至列出", "from swab to listed", "hours", -1),
    "hours_result_to_listed": Definition("阳性结果至列出", "from positive result to listed", "hours", -1),
    "hours_reported_to_listed": Definition("报告至列出", "from report to listed", "hours", -1),
    "minutes_opened_to_listed": Definition("成案至列出", "from case opened to listed", "minutes", -1),
    "listed_within_24h": Definition("阳性结果后二十四小时内列出", "listed within 24 h of the result", "share", 1),
    "listed_by_hours": Definition("阳性结果后若干小时内列出", "listed within so many hours of the result", "share", 1),
    "known_before_case": Definition("成为病例前已知为接触者", "known contacts before becoming cases", "share", 1),
    "infections_undetected": Definition("传染者当时未被发现", "infected by somebody not yet found", "share", -1),
    "infections_unseen": Definition("传染者至今未成病例", "infected by somebody never found", "share", -1),
    "lost_to_follow_up": Definition("失访密接", "close contacts lost to follow-up", "share", -1),
    "infected_on": Definition("当日感染", "infected on the day", "count"),
    "found_on": Definition("当日成案", "found on the day", "count"),
    "moment": Definition("时刻", "moment", "instant"),
    "fault_records": Definition("受故障影响的记录", "records struck by faults", "count", -1),
    "fault_records_destroyed": Definition("被故障毁坏的记录", "records destroyed by faults", "count", -1),
    "fault_pairs_lost": Definition("因故障而失的密接对", "close pairs lost to faults", "count", -1),
    "fault_hours_lost": Definition("因故障而等的小时", "hours waited because of faults", "hours", -1),
    "late_decisions": Definition("等待迟到记录的判定", "decisions that waited for a late record", "count", -1),
    "late_hours": Definition("等待迟到记录的小时", "hours waited for late records", "hours", -1),
    "lateness_minutes_p95": Definition("到达延迟第九十五百分位", "95th percentile of lateness", "minutes", -1),
    "holds": Definition("临时管控", "provisional holds", "count"),
    "holds_needless": Definition("临时管控中未感染", "held and never infected", "share", -1),
    "hold_hours_won": Definition("临时管控早于成案", "won by a hold before the case", "hours", 1),
    "leads": Definition("时空伴随线索", "leads of phones together", "count"),
    "leads_near": Definition("线索中确曾同处", "leads truly at one place", "share", 1),
    "people": Definition("各类人员", "people by class", "count"),
    "isolation_people": Definition("需隔离人员", "people to isolate", "count"),
    "isolation_days": Definition("隔离人天", "person-days of isolation", "days"),
    "transfer_people": Definition("需转运", "people to transfer", "count"),
    "transfer_states": Definition("转运状态", "states of transfers", "count"),
    "transfer_in_time": Definition("按时收治", "there within the deadline", "share", 1),
    "hours_waited": Definition("需转运至收治或演练结束", "waited, those still waiting until the end", "hours", -1),
    "hours_needed_to_admitted": Definition("需转运至真实收治（L4）", "from needed to truly admitted (L4)", "hours", -1),
    "admitted_by_hours": Definition("需转运后若干小时内收治", "admitted within so many hours", "share", 1),
    "vehicle_km": Definition("车辆行驶", "driven", "km"),
    "vehicle_km_empty": Definition("其中空驶", "of it with nobody aboard", "share", -1),
    "transfer_breaches": Definition("超时", "deadlines missed", "count", -1),
    "transfer_troubles": Definition("转运中出错", "what went wrong with transfers", "count", -1),
    "trouble_breaches": Definition("受其影响而超时", "deadlines missed of those struck", "count", -1),
    "trouble_hours": Definition("受其影响多等的小时", "hours that those struck waited longer", "hours", -1),
    "records": Definition("记录", "records", "count"),
    "refused": Definition("退回的行", "lines refused", "count", -1),
    "refused_for": Definition("退回的行（去重），按原因", "distinct lines refused, by reason", "count", -1),
    "refused_planted": Definition("退回的行中由所植故障引起", "refused lines that a planted fault made", "share", 1),
    "sources_heard": Definition("有记录的来源", "sources that were heard", "share", 1),
    "records_expected": Definition("应有记录", "records expected", "count"),
    "records_withdrawn": Definition("撤回的记录", "records withdrawn", "count"),
    "completeness": Definition("可选字段的完整度", "completeness of optional fields", "share", 1),
    "field_told": Definition("字段有值，少于应有者", "field is given, where less than expected", "share", 1),
    "feed_late_minutes": Definition("入库延迟", "lateness by the department's own clock", "minutes", -1),
    "silent_hours": Definition("中断的小时", "silent hours", "count", -1),
    "silent_missed": Definition("中断的小时约缺的记录", "records that silent hours lack, about", "count", -1),
    "silent_planted": Definition("中断的小时中由所植故障引起", "silent hours that a planted fault made", "share", 1),
    "findings": Definition("待更正的数据问题", "findings that await mending", "count", -1),
    "findings_opened": Definition("曾发现的数据问题", "findings ever opened", "count"),
    "findings_closed": Definition("其中演练中已消除", "of these closed again during the drill", "share", 1),
    "finding_hours": Definition("数据问题从发现到消除", "from finding to its end", "hours", -1),
    "fault_shown": Definition("所植故障中被显示的", "of the planted faults, those that are shown", "share", 1),
}

REASONS = {
    "record_not_read": ("记录未读入", "a record that tells it was not read"),
    "never_found": ("没有人查出", "nobody found them: no positive single swab, no report"),
    "not_yet_told": ("演练结束时尚未报送", "found, and not yet told when the drill ended"),
    "record_withdrawn": ("记录已撤回", "what proved it was withdrawn"),
    "record_refused": ("记录被退回", "a record that tells it was refused"),
    "contested_identifier": ("标识归属有争议", "an identifier claimed by several people"),
    "unlinked_identifier": ("标识无人认领", "an identifier that no register joins to its person"),
    "other_degree": ("列在另一类", "the pair stands in another degree"),
    "source_not_listed": ("其密接未列出", "the close contact it hangs on is not listed"),
    "source_not_true": ("其密接并非真实", "the close contact it hangs on is not true"),
    "source_not_recorded": ("其密接记录不可见", "the close contact it hangs on is shown by no records"),
    "truly_closer": ("实为密接", "truly a close contact"),
    "nobody_of_the_city": ("并非本城人员", "a code of nobody in the city"),
    "seat_not_told": ("座位未说明", "the seat is not told, so the circle is wider"),
    "line_without_vehicle": ("只知线路不知车辆", "the line is told without the vehicle"),
    "inferred_stay": ("停留时长为推定", "the end of a stay is inferred"),
    "told_wider": ("记录时段宽于真实", "the times told are wider than the stay"),
    "nothing_recorded": ("一方无记录", "no record of one of the two there"),
    "times_apart": ("记录时段不相交", "the times told do not overlap"),
    "unexplained": ("无法说明", "no reason found"),
}

CAUSES = {
    "unlinked": ("标识无人认领", "an identifier that no register joins to its person"),
    "not_told": ("已按时收治，未报", "truly there in time, nobody told"),
    "late_call": ("得知时已过时限", "known after the deadline"),
    "refused": ("拒绝转运", "refused"),
    "breakdown": ("车辆故障", "the vehicle broke down"),
    "turned_away": ("站点拒收", "turned away at the site"),
    "under_way": ("时限前已派车，未到", "a run was planned before the deadline, and came after it"),
    "no_position": ("住址不明", "no home is known"),
    "no_vehicle": ("无车", "no vehicle"),
    "no_crew": ("无车组当班", "no crew on duty"),
    "no_wheelchair": ("无轮椅位", "no place for a wheelchair"),
    "no_seat": ("座位不够", "no vehicle with enough seats"),
    "no_site": ("无处可去", "no site that takes them"),
    "no_bed": ("无空床", "no bed was free"),
    "no_beds_together": ("无同住的床", "no beds for the household together"),
    "no_time": ("车已排满", "every vehicle was taken until the shift's end"),
    "later": ("排在后面", "planned for later"),
    "stranded": ("车上待转", "aboard, with no site that has beds"),
    "not_planned": ("未及派车", "no plan was made in between"),
}
"""Why a deadline of a transfer was missed, in the order in which the first that fits is taken."""


def reason_words(reason: str) -> tuple[str, str]:
    """Chinese and English; a fault keeps its name beside its words."""
    kind = reason.removeprefix("fault:")
    if kind == reason:
        return REASONS[reason]
    if kind in TROUBLES:
        return f"转运故障 {kind}：{TROUBLES[kind].zh}", f"trouble {kind}: {TROUBLES[kind].en}"
    if kind not in FAULTS:
        return f"故障 {kind}", f"fault {kind}"
    return f"故障 {kind}：{FAULTS[kind].zh}", f"fault {kind}: {FAULTS[kind].en}"
