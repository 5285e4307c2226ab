"""Provisional: why somebody is held or is a lead, and what would end it, as claims.

In: a row of `holds` or `leads`, its pack, and where its records stand. Out: `Claim`.
Invariant: a hold says what releases it; a lead says that it is a question to a human.
Deliberately absent: any conclusion of its own; contacts and cases are explained elsewhere (brain/explain.py).
"""

from __future__ import annotations

from collections.abc import Mapping

from brain.claims import Claim, Row, confirmed_text, time_text
from schemas.instants import HOUR_MS, MINUTE_MS
from schemas.policy import Pack
from schemas.statements import Statement

Origins = Mapping[str, tuple[str, int]]
"""Part and offset of a record, by its name."""


def hold_claim(hold: Row, pack: Pack, origins: Origins) -> Claim:
    """Why somebody must wait for a test of their own, and which test ends it."""
    pooled = hold["reason"] == "pool"
    since, records = time_text(hold["since_ms"]), tuple(hold["records"])
    why = (
        (f"混管阳性，自 {since} 采样", f"a pool of theirs is positive, sampled {since}")
        if pooled
        else (f"购买四类药，自 {since}", f"bought a medicine that asks for a test, {since}")
    )
    rule = pack.pool_hold if pooled else pack.medicine_hold
    return Claim(
        "hold",
        f"{hold['person']} 暂时管控：{why[0]}",
        f"{hold['person']} is held for now: {why[1]}",
        records,
        (
            rule_claim(rule, hold["rule"], pack),
            *(record_claim(record, origins) for record in records),
            _release(hold, pooled),
            Claim("not", "管控不是病例，也不改变人员类别", "a hold is no case and changes no class"),
        ),
    )


def _release(hold: Row, pooled: bool) -> Claim:
    earliest = hold["sampled_from_ms"]
    # After a purchase counts what is sampled later than it: the instant before is the one to show.
    zh, en = f"{time_text(earliest)} 起", f"at {time_text(earliest)} or later"
    if not pooled:
        zh, en = f"{time_text(earliest - 1)} 之后", f"after {time_text(earliest - 1)}"
    return Claim(
        "release",
        f"解除：{zh}采样的单管检测阴性即解除；单管阳性则为病例；没有自动到期",
        f"ends with: a negative single tube sampled {en}; a positive one makes a case; it does not run out by itself",
    )


def lead_claim(lead: Row, pack: Pack, origins: Origins) -> Claim:
    """Why a human should ask about somebody."""
    companion, records = pack.companion, (lead["case_record"], lead["person_record"])
    together = lead["together_ms"] // MINUTE_MS
    first, last = time_text(lead["first_together_at_ms"]), time_text(lead["last_together_at_ms"])
    stays = lead["case_stay_ms"] // HOUR_MS, lead["stay_ms"] // HOUR_MS
    back = companion.lookback_days.value
    place, cells = lead["place_label"] or lead["place"], lead["cells"]
    met = Claim(
        "together",
        f"网格 {place} 内同处 {together:,} 分钟，{first} – {last}；共 {cells} 个网格符合",
        f"{together:,} min together in cell {place}, {first} – {last}; the rule is met in {cells} cell(s)",
        records,
    )
    stayed = Claim(
        "stay",
        f"回溯 {back} 天内在该网格累计：病例 {stays[0]} 小时，此人 {stays[1]} 小时",
        f"in that cell within the look-back of {back} days: the case {stays[0]} h, this person {stays[1]} h",
    )
    return Claim(
        "lead",
        f"{lead['person']} 是病例 {lead['case_person']} 的时空伴随线索，请人工核实",
        f"{lead['person']} is a lead of case {lead['case_person']}: for a human to ask",
        records,
        (
            rule_claim(companion.enabled, lead["rule"], pack),
            _limits(pack),
            met,
            stayed,
            *(record_claim(record, origins) for record in dict.fromkeys(records)),
            Claim("not", "线索不构成密接，也不改变人员类别", "a lead makes no contact and changes no class"),
        ),
    )


def _limits(pack: Pack) -> Claim:
    together, stay = pack.companion.together_minutes_over, pack.companion.stay_hours_over
    marks = confirmed_text(together.confirmed), confirmed_text(stay.confirmed)
    zh = f"同处超过 {together.value} 分钟（{marks[0][0]}），任一方累计超过 {stay.value} 小时（{marks[1][0]}）"
    en = f"over {together.value} min together ({marks[0][1]}), over {stay.value} h by either ({marks[1][1]})"
    return Claim("limits", f"条件：{zh}", f"asks for: {en}")


def rule_claim(rule: Statement, name: str, pack: Pack) -> Claim:
    """The rule, the pack and its source."""
    mark = confirmed_text(rule.confirmed)
    note = (f"（{rule.note}）", f" ({rule.note})") if rule.note else ("", "")
    zh = f"规则 {name}；{pack.name}《{pack.title_zh}》，{mark[0]}：{rule.source}{note[0]}"
    return Claim("rule", zh, f"rule {name}; {pack.name}, {pack.title_en}, {mark[1]}: {rule.source}{note[1]}")


def record_claim(record: str, origins: Origins) -> Claim:
    """A record, and in which line it stands."""
    part, offset = origins.get(record, ("", -1))
    where = (f"，{part} 第 {offset} 行（从 0 起）", f", {part} offset {offset}") if part else ("", "")
    return Claim("record", f"依据 {record}{where[0]}", f"by {record}{where[1]}", (record,))
