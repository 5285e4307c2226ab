"""Arithmetic: windows and deadlines written out, number by number, as docs/rules.md computes them.

In: a case row or a contact row, and its pack. Out: claims.
Invariant: the instants shown are those of the view; the steps between them use the pack's numbers.
Deliberately absent: deciding anything.
"""

from __future__ import annotations

from brain.claims import CLASSIFICATIONS, Claim, Grounds, Row, confirmed_text, day_text, time_text
from schemas.instants import day_start, local_day
from schemas.policy import Pack

_OPENS = {"CC-1-onset": ("发病", "onset"), "CC-1-sampling": ("首次阳性采样", "first positive specimen")}


def case_claim(case: Row, pack: Pack) -> Claim:
    """That somebody is a case, since when infectious, until when."""
    zh, en = CLASSIFICATIONS[case["classification"]]
    records = tuple(case["records"])
    basis = "、".join(records), ", ".join(records)
    return Claim(
        "case",
        f"病例 {case['case_person']}：{zh}；依据 {basis[0]}",
        f"case {case['case_person']}: {en}; by {basis[1]}",
        records,
        (window_claim(case, pack),),
    )


def window_claim(case: Row, pack: Pack) -> Claim:
    """The infectious window of a case, from what opens it to what closes it."""
    if case["window_since_ms"] is None:
        zh = "没有发病或采样时间，无法确定传染期；已列入待核"
        return Claim("window", zh, "no onset and no sampling time: no infectious window; it is up for review")
    opens, closes = _opening(case, pack), _closing(case, pack)
    zh = f"传染期 {time_text(case['window_since_ms'])} 至 {time_text(case['window_until_ms'], '未结束')}"
    en = f"infectious {time_text(case['window_since_ms'])} to {time_text(case['window_until_ms'], 'no end yet')}"
    return Claim("window", zh, en, children=(opens, closes))


def _opening(case: Row, pack: Pack) -> Claim:
    since, rule = case["window_since_ms"], case["window_rule"]
    if rule == "CC-3":
        mark = confirmed_text(pack.window.last_negative_opens.confirmed)
        zh = f"起点：反复检测发现，从末次阴性采样 {time_text(since)} 起（{rule}，{pack.name}，{mark[0]}）"
        en = f"opens: found by repeated testing, so from the last negative specimen {time_text(since)}"
        return Claim("window_opens", zh, f"{en} ({rule}, {pack.name}, {mark[1]})")
    lookback, anchor = pack.window.lookback_days, case["anchor_at_ms"]
    word, mark = _OPENS[rule], confirmed_text(lookback.confirmed)
    begins = time_text(day_start(local_day(anchor)))
    steps = f"{begins} +08:00, − {lookback.value} d = {time_text(since)}"
    zh = f"起点：{word[0]} {time_text(anchor)} → 当日 {steps}（{rule}，{pack.name}，{mark[0]}）"
    en = f"opens: {word[1]} {time_text(anchor)} → its day starts {steps} ({rule}, {pack.name}, {mark[1]})"
    return Claim("window_opens", zh, en)


def _closing(case: Row, pack: Pack) -> Claim:
    until, isolated = case["window_until_ms"], case["isolated_at_ms"]
    limit = pack.window.days_after_anchor_max
    if until is None:
        return Claim("window_closes", "终点：尚未隔离，未结束", "closes: not isolated yet, so it is still open")
    if until == isolated:
        return Claim("window_closes", f"终点：隔离 {time_text(until)}", f"closes: isolation {time_text(until)}")
    if limit.value >= 0 and until == day_start(local_day(case["anchor_at_ms"]) + limit.value + 1):
        mark = confirmed_text(limit.confirmed)
        steps = f"{day_text(local_day(case['anchor_at_ms']))} + {limit.value} d → {time_text(until)}"
        zh, en = f"终点：锚点之后 {limit.value} 天，{steps}", f"closes: {limit.value} days after the anchor, {steps}"
        return Claim("window_closes", f"{zh}（{pack.name}，{mark[0]}）", f"{en} ({pack.name}, {mark[1]})")
    text = time_text(until)
    return Claim("window_closes", f"终点：{text}，起点之前已隔离", f"closes: {text}, isolated before it could open")


def second_window_claim(g: Grounds, first_exposure_ms: int | None) -> Claim:
    """When the source person of a contact of degree 2 counts: from the first exposure to isolation."""
    since, until = time_text(first_exposure_ms), g.source_isolated_ms
    zh = f"密接 {g.contact['source_person']} 自首次接触病例 {since} 起，至隔离 {time_text(until, '（尚未隔离）')}"
    en = f"close contact {g.contact['source_person']} counts from the first exposure {since}"
    return Claim("window_2", zh, f"{en} to isolation {time_text(until, '(not isolated yet)')}")


def deadlines_claim(contact: Row, pack: Pack) -> Claim:
    """Isolation, monitoring and tests, counted from day 0."""
    measures = pack.management[contact["class"]]
    mark = confirmed_text(measures.confirmed)
    last = contact["last_exposure_at_ms"]
    if last is None:
        return Claim("deadlines", "接触仍在继续，期限未定", "the exposure still goes on: no deadlines yet")
    day = local_day(last - 1)
    head = f"{time_text(last)} → {day_text(day)}"
    children = []
    if contact["isolate_until_ms"] is not None:
        mode = {"central": ("集中隔离", "central isolation"), "home": ("居家隔离", "isolation at home")}
        word = mode.get(measures.isolation_mode, ("隔离", "isolation"))
        steps = f"{day_text(day)} + {measures.isolation_days} d = {day_text(day + measures.isolation_days)}"
        end = time_text(contact["isolate_until_ms"])
        zh, en = f"{word[0]}：{steps} 日终，即 {end}", f"{word[1]}: {steps}, to the end of that day: {end}"
        children.append(Claim("isolation", zh, en))
    if contact["monitor_until_ms"] is not None:
        total = measures.isolation_days + measures.monitoring_days
        steps = f"{day_text(day)} + {measures.isolation_days} + {measures.monitoring_days} d = {day_text(day + total)}"
        end = time_text(contact["monitor_until_ms"])
        zh, en = f"居家监测：{steps} 日终，即 {end}", f"monitoring: {steps}, to the end of that day: {end}"
        children.append(Claim("monitoring", zh, en))
    if contact["test_days"]:
        days = ", ".join(f"{d} (+{n})" for n, d in zip(measures.test_days, contact["test_days"], strict=True))
        children.append(Claim("tests", f"核酸检测：{days}", f"tests: {days}"))
    zh = f"期限：最后接触 {head} 为第 0 天（{pack.name}，{mark[0]}：{measures.source}）"
    en = f"deadlines: last exposure {head} is day 0 ({pack.name}, {mark[1]}: {measures.source})"
    return Claim("deadlines", zh, en, children=tuple(children))
