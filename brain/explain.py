"""Explain: why somebody is a contact, as a tree from the conclusion down to lines of files.

In: the published rows of one contact, its case and pack (brain/claims.py: Grounds). Out: `Claim`.
Invariant: the same grounds give the same words; whatever is said of a record names it.
Deliberately absent: files and tables; identifiers.
"""

from __future__ import annotations

import numpy as np

from brain import claims
from brain.arithmetic import case_claim, deadlines_claim, second_window_claim
from brain.claims import Claim, Grounds, Language, Row, Seen, confirmed_text, render_text, time_text
from brain.counterfactual import counterfactual_claim, least_ms
from schemas import seats
from schemas.codes import Flag
from schemas.policy import Pack
from schemas.statements import PlaceRule, RideRule, SecondaryRule, SymptomRule

__all__ = ["Claim", "Grounds", "Language", "Seen", "case_claim", "explain", "render_text", "rule_of"]
Rule = PlaceRule | RideRule | SymptomRule | SecondaryRule
_SCOPES = {
    "all": ("全车", "everybody aboard"), "rows": ("同排及前后 {} 排", "the row and {} before and behind"),
    "carriage": ("同车厢", "the carriage"), "compartment": ("同包厢", "the compartment"),
    "bays": ("同格及前后 {} 格", "the bay and {} before and behind"),
}  # fmt: skip


def explain(g: Grounds) -> Claim:
    """The whole explanation of one contact."""
    return _contact(g, full=True)


def _contact(g: Grounds, full: bool) -> Claim:
    row = g.contact
    zh, en = claims.CLASSES[row["class"]]
    degree = {0: ("", ""), 1: ("，第一代", ", degree 1"), 2: ("，第二代", ", degree 2")}[row["degree"]]
    children = [_rule(g)]
    if row["degree"] < 2:
        children.append(case_claim(g.case, g.case_pack))
        source = f"病例 {row['source_person']} ", f"case {row['source_person']}"
    else:
        source = f"密接 {row['source_person']} ", f"close contact {row['source_person']}"
        children += _first(g)
    children += [_evidence(g, e) for e in sorted(g.evidence, key=lambda e: (e["since_ms"], e["place"]))]
    children.append(_together(g))
    if full:
        children += [deadlines_claim(row, g.pack), counterfactual_claim(g)]
    records = tuple(sorted({r for e in g.evidence for r in (e["source_record"], e["contact_record"])}))
    return Claim(
        "contact",
        f"{row['contact_id']}：{row['contact_person']} 是{source[0]}的{zh}{degree[0]}",
        f"{row['contact_id']}: {row['contact_person']} is a {en} of {source[1]}{degree[1]}",
        records,
        tuple(children),
    )


def _first(g: Grounds) -> list[Claim]:
    """The contact of degree 1 that a contact of degree 2 hangs on, with all that it rests on."""
    if not g.first:
        return []
    earliest = g.first[0]
    found = [_contact(earliest, full=False), second_window_claim(g, earliest.contact["first_exposure_at_ms"])]
    if len(g.first) > 1:
        zh = f"{g.contact['source_person']} 还是另外 {len(g.first) - 1} 名病例的密接"
        found.append(Claim("also", zh, f"{g.contact['source_person']} is a close contact of {len(g.first) - 1} more"))
    return found


def rule_of(pack: Pack, rule: str) -> Rule:
    """The rule of that id. Errors: ValueError if the pack has none."""
    rules: list[Rule] = [*pack.place.values(), *pack.ride, pack.symptoms, pack.secondary]
    for found in rules:
        if found.rule == rule:
            return found
    raise ValueError(f"pack {pack.name} has no rule {rule!r}: pass the pack that the lake was made with")


def _rule(g: Grounds) -> Claim:
    rule = rule_of(g.pack, g.contact["rule"])
    mark = confirmed_text(rule.confirmed)
    scope = ("", "")
    if isinstance(rule, RideRule):
        text = _SCOPES[rule.scope]
        scope = f"，范围：{text[0].format(rule.distance)}", f", circle: {text[1].format(rule.distance)}"
    note = (f"（{rule.note}）", f" ({rule.note})") if rule.note else ("", "")
    pack, category = g.pack, g.contact["category"]
    zh = f"规则 {rule.rule}，类别 {category}{scope[0]}；{pack.name}《{pack.title_zh}》"
    en = f"rule {rule.rule}, category {category}{scope[1]}; {pack.name}, {pack.title_en}"
    return Claim("rule", f"{zh}，{mark[0]}：{rule.source}{note[0]}", f"{en}, {mark[1]}: {rule.source}{note[1]}")


def _evidence(g: Grounds, row: Row) -> Claim:
    kind, label = claims.KINDS[row["place_kind"]], row["place_label"] or row["place"]
    since, until = time_text(row["since_ms"]), time_text(row["until_ms"], "…")
    span = "" if row["until_ms"] is None else f"{(row['until_ms'] - row['since_ms']) // 60_000:,}"
    zh = f"{kind[0]} {label}，{since} – {until}" + (f"，{span} 分钟" if span else "，仍在继续")
    en = f"{kind[1]} {label}, {since} – {until}" + (f", {span} min" if span else ", still going on")
    children = (
        _record(g, row["source_record"], row["place"], g.contact["source_person"]),
        _record(g, row["contact_record"], row["place"], g.contact["contact_person"]),
        _certainty(g, row),
    )
    return Claim("evidence", f"证据：{zh}", f"evidence: {en}", (row["source_record"], row["contact_record"]), children)


def _record(g: Grounds, record: str, place: str, person: str) -> Claim:
    """Where a presence stands, and what it says: time and seat."""
    part, offset = g.origins.get(record, ("", -1))
    where = (f"，{part} 第 {offset} 行（从 0 起）", f", {part} offset {offset}") if part else ("", "")
    seen = g.seen.get((record, place))
    said = ("", "")
    if seen is not None:
        span = f"{time_text(seen.since_ms, '…')} – {time_text(seen.until_ms, '…')}"  # a register may give neither
        seat = _seat(seen)
        said = f"：{span}{seat[0]}", f": {span}{seat[1]}"
    return Claim("record", f"{person} {record}{where[0]}{said[0]}", f"{person} {record}{where[1]}{said[1]}", (record,))


def _seat(seen: Seen) -> tuple[str, str]:
    packed = np.array(seen.seat, np.int64)
    carriage, compartment = int(seats.carriage(packed)), int(seats.compartment(packed))
    row_from, row_until = int(seats.row_from(packed)), int(seats.row_until(packed))
    zh: list[str] = []
    en: list[str] = []
    if seen.flags & Flag.crew:
        zh, en = ["乘务"], ["crew"]
    if carriage:
        zh, en = [*zh, f"{_spelt(carriage)} 车厢"], [*en, f"carriage {_spelt(carriage)}"]
    if compartment:
        zh, en = [*zh, f"{_spelt(compartment)} 包厢"], [*en, f"compartment {_spelt(compartment)}"]
    if row_from:
        rows = f"{row_from}" if row_from == row_until else f"{row_from}–{row_until}"
        zh, en = [*zh, f"{rows} 排"], [*en, f"row {rows}"]
    return "".join(f"，{word}" for word in zh), "".join(f", {word}" for word in en)


def _spelt(code: int) -> str:
    """The text of a seat code, without leading zeros."""
    if code < seats.NUMERIC_MAX:
        return str(code - 1)
    number, text = code - seats.NUMERIC_MAX, ""
    while number:
        number, digit = divmod(number, 36)
        text = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[digit] + text
    return text


def _certainty(g: Grounds, row: Row) -> Claim:
    word = claims.CERTAINTIES[row["certainty"]]
    zh: list[str] = []
    en: list[str] = []
    vague = False
    for record in dict.fromkeys((row["source_record"], row["contact_record"])):
        seen = g.seen.get((record, row["place"]))
        if seen is None:
            continue
        if seen.flags & Flag.vague:
            vague, zh, en = True, [*zh, f"{record} 只知大致时间或线路"], [*en, f"{record} is vague in time or vehicle"]
        if seen.flags & Flag.since_inferred:
            zh, en = [*zh, f"{record} 时间为推定"], [*en, f"{record} has an inferred time"]
        if seen.flags & Flag.until_inferred:
            dwell = (seen.until_ms - seen.since_ms) // 60_000
            zh = [*zh, f"{record} 未记结束，按默认停留 {dwell} 分钟"]
            en = [*en, f"{record} gives no end: the default stay of {dwell} min"]
    if row["certainty"] == "low" and not vague and g.seen:
        zh, en = [*zh, "座位不全，无法排除"], [*en, "a seat is not known, so it cannot be ruled out"]
    if row["certainty"] == "high":
        zh, en = ["两条记录都没有推定的时间"], ["no time in either record was inferred"]
    reason = ("：" + "；".join(zh) if zh else ""), (": " + "; ".join(en) if en else "")
    return Claim("certainty", f"可信度 {word[0]}{reason[0]}", f"certainty {word[1]}{reason[1]}")


def _together(g: Grounds) -> Claim:
    row = g.contact
    least = least_ms(g.pack, row["rule"], row["class"]) // 1000
    count, first = row["exposures"], time_text(row["first_exposure_at_ms"])
    last = time_text(row["last_exposure_at_ms"], "…")
    total = "…" if row["overlap_ms"] is None else f"{row['overlap_ms'] // 60_000:,}"
    asks = (
        (f"规则要求至少 {least} 秒", f"the rule asks for {least} s") if least else ("规则不限时长", "no minimum time")
    )
    zh = f"合计 {count} 次接触，{first} – {last}，同处 {total} 分钟；{asks[0]}"
    return Claim("together", zh, f"exposures: {count}, {first} – {last}, {total} min together; {asks[1]}")
