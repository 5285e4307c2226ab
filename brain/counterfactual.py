"""Counterfactual: which single record, had it never come, would take a contact away.

In: the grounds of a contact. Out: claims, one for each such record.
Invariant: a record is named only if every deciding exposure falls with it, or too little time is left without it.
Deliberately absent: records whose loss would move a window or an identity; the engine itself answers that when they
are withdrawn.
"""

from __future__ import annotations

from collections.abc import Iterable

from brain.claims import Claim, Grounds, Row
from schemas.policy import Pack
from schemas.statements import PlaceRule, RideRule

REMOVED, LOWERED = "removed", "lowered"


def counterfactual_claim(g: Grounds) -> Claim:
    """Every record on which the whole contact hangs; a claim without children if there is none."""
    found = decisive(g)
    if not found:
        zh = "反事实：没有任何单独一条记录，去掉后会使此接触消失"
        return Claim("counterfactual", zh, "counterfactual: no single record, taken away, would remove this contact")
    children = tuple(_claim(record, effect) for record, effect in found.items())
    zh, en = "反事实：去掉以下任一记录", "counterfactual: without any one of these records"
    return Claim("counterfactual", zh, en, tuple(found), children)


def _claim(record: str, effect: str) -> Claim:
    if effect == REMOVED:
        return Claim("would_remove", f"{record}：此接触不成立", f"{record}: there is no such contact", (record,))
    zh, en = f"{record}：这些依据不成立，可能只剩较低类别", f"{record}: these grounds fall, lesser ones may remain"
    return Claim("would_lower", zh, en, (record,))


def decisive(g: Grounds) -> dict[str, str]:
    """REMOVED or LOWERED by record: what would become of the contact without it."""
    found = dict.fromkeys(_proofs(g), REMOVED) if g.contact["degree"] < 2 else {}
    if len(g.first) == 1:
        found.update(dict.fromkeys(decisive(g.first[0]), REMOVED))
    for record in _records(g.evidence):
        if not _stands(g, _without(g.evidence, record)):
            rest = [row for row in _without(g.exposures, record) if row["class"] != "none"]
            found.setdefault(record, LOWERED if rest else REMOVED)
    return found


def _proofs(g: Grounds) -> list[str]:
    """The records without which the case would be none: a report alone suffices, and so does a positive specimen."""
    said = {
        table: [r for r in g.case["records"] if table in g.says.get(r, ())]
        for table in ("reports", "samples", "results")
    }
    if len(said["reports"]) == 1 and not said["samples"]:
        return said["reports"]
    if said["reports"]:
        return []
    return [r for table in ("samples", "results") if len(said[table]) == 1 for r in said[table]]


def _records(rows: Iterable[Row]) -> list[str]:
    return sorted({record for row in rows for record in _pair(row)})


def _pair(row: Row) -> tuple[str, str]:
    return row["source_record"] if "source_record" in row else row["case_record"], row["contact_record"]


def _without(rows: Iterable[Row], record: str) -> list[Row]:
    return [row for row in rows if record not in _pair(row)]


def _stands(g: Grounds, rows: list[Row]) -> bool:
    """Whether these exposures alone would give the contact its class."""
    by_rule: dict[str, list[Row]] = {}
    for row in rows:
        by_rule.setdefault(row["rule"], []).append(row)
    return any(together_ms(found) >= least_ms(g.pack, rule, g.contact["class"]) for rule, found in by_rule.items())


def together_ms(rows: Iterable[Row]) -> float:
    """Length of the union of the rows' intervals; infinite while one goes on."""
    total, reached = 0.0, float("-inf")
    for since, until in sorted((r["since_ms"], float("inf") if r["until_ms"] is None else r["until_ms"]) for r in rows):
        total += max(0.0, until - max(since, reached))
        reached = max(reached, until)
    return total


def least_ms(pack: Pack, rule: str, class_: str) -> int:
    """The time together that a rule asks for before it gives this class. Units: milliseconds."""
    if rule == pack.secondary.rule:
        return pack.secondary.overlap_s_min * 1000
    rules: list[PlaceRule | RideRule] = [*pack.place.values(), *pack.ride]
    for given in rules:
        if given.rule == rule and given.result == class_:
            return given.overlap_s_min * 1000
    return 0
