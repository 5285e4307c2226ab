"""Transfer claims: somebody's whole way as statements: why, by when, step by step with its records, and who was told.

In: rows of `transfers`, `transfer_steps` and `escalations`, acknowledgements, a pack, and where records stand. Out:
`Claim`.
Invariant: nothing is said of a way that its row, its steps or its escalations do not say.
Deliberately absent: whether the way is right; and homes, of which no more is shown than their code.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from brain.claims import CLASSES, Claim, Row, time_text
from brain.provisional import Origins, record_claim, rule_claim
from brain.transfer_words import FLAGS, PURPOSES, ROLES, STATES, STEPS, TRAITS, listed, span
from schemas.policy import Pack


@dataclass(frozen=True)
class Taken:
    """That somebody took a late transfer on: who, when, by which record."""

    by: str
    at_ms: int
    record: str


@dataclass(frozen=True)
class Way:
    """All that is told of one way. `now_ms`: the last tick; None without one."""

    row: Row
    steps: Sequence[Row]
    escalations: Sequence[Row]
    taken: Sequence[Taken]
    now_ms: int | None


def way_claim(way: Way, pack: Pack, origins: Origins) -> Claim:
    """The whole way of somebody to one purpose."""
    row = way.row
    purpose, state = PURPOSES[row["purpose"]], STATES[row["state"]]
    children = (
        *_grounds(row, pack),
        *_clock(row, way.now_ms),
        *_where(row),
        *(Claim("flag", f"注意：{FLAGS[flag][0]}", f"note: {FLAGS[flag][1]}") for flag in row["flags"]),
        *(_step(step, origins) for step in way.steps),
        *_told(way, origins),
        *_release(row),
    )
    zh = f"{row['person']} 转运（{purpose[0]}）：{state[0]}"
    en = f"{row['person']}, transfer to {purpose[1]}: {state[1]}"
    records = tuple(dict.fromkeys(name for step in way.steps for name in step["records"]))
    return Claim("transfer", zh, en, records, children)


def _grounds(row: Row, pack: Pack) -> Iterator[Claim]:
    if row["needed_at_ms"] is None:
        yield Claim("ground", "现无依据要求转运", "nothing calls for this transfer now")
        return
    zh, en = CLASSES[row["class"]]
    limits = {"case": pack.transfer.case_hours, "close": pack.transfer.close_hours}
    limit = limits.get(row["class"], pack.transfer.secondary_hours)
    yield Claim(
        "ground",
        f"依据：{zh}，自 {time_text(row['needed_at_ms'])} 起记录足以认定；时限 {limit.value} 小时",
        f"because: {en}, as the records suffice to say since {time_text(row['needed_at_ms'])}; limit {limit.value} h",
    )
    yield rule_claim(limit, row["rule"], pack)
    if row["traits"]:
        words = listed(TRAITS, row["traits"])
        yield Claim("traits", f"车辆须顾及：{words[0]}", f"the ride must provide for: {words[1]}")


def _clock(row: Row, now_ms: int | None) -> Iterator[Claim]:
    due, end = row["due_at_ms"], row["ended_at_ms"]
    if due is None:
        return
    seen = end if end is not None else now_ms
    zh, en = f"期限 {time_text(due)}", f"due {time_text(due)}"
    if seen is None:
        zh, en = f"{zh}；尚无时刻记录，不知是否已过", f"{en}; no tick has come, nobody knows whether that has passed"
    else:
        left = span(due - seen)
        late = ("逾期", "late") if row["breached"] else ("提前" if end is not None else "还剩", "left")
        stopped = (f"，{time_text(end)} 停表", f", the clock stopped {time_text(end)}") if end is not None else ("", "")
        zh, en = f"{zh}{stopped[0]}；{late[0]} {left[0]}", f"{en}{stopped[1]}; {left[1]} {late[1]}"
    yield Claim("due", zh, en)


def _where(row: Row) -> Iterator[Claim]:
    places = [
        (zh, en, row[f"{name}_label"] or row[name])
        for name, zh, en in (
            ("vehicle", "车辆", "vehicle"), ("run", "车次", "run"), ("site", "地点", "site"), ("room", "房间", "room")
        )
    ]  # fmt: skip
    given = [(zh, en, code) for zh, en, code in places if code]
    if given:
        yield Claim(
            "places",
            "，".join(f"{zh} {code}" for zh, _, code in given),
            ", ".join(f"{en} {code}" for _, en, code in given),
        )


def _step(step: Row, origins: Origins) -> Claim:
    zh, en = STEPS[step["step"]]
    moved = ("", "")
    if step["impossible"]:
        moved = ("（不可能如此，请人工核实）", " (cannot have been so: ask a human)")
    elif step["before"] != step["after"]:
        before, after = STATES[step["before"]], STATES[step["after"]]
        moved = (f"（{before[0]} → {after[0]}）", f" ({step['before']} → {step['after']})")
    names = [step[f"{name}_label"] or step[name] for name in ("vehicle", "run", "site", "room")]
    places = " ".join(name for name in names if name)
    at, told = time_text(step["at_ms"]), f" {places}" if places else ""
    return Claim(
        "step",
        f"{step['number']}. {at} {zh}{told}{moved[0]}",
        f"{step['number']}. {at} {en}{told}{moved[1]}",
        tuple(step["records"]),
        tuple(record_claim(name, origins) for name in step["records"]),
    )


def _told(way: Way, origins: Origins) -> Iterator[Claim]:
    """Who was told that it is late, level by level, and who has taken it on."""
    if way.escalations and not way.row["home"]:
        yield Claim("home", "住处不详，无法知道该告知谁", "the home is not known, so nobody knows whom to tell")
    for each in way.escalations:
        role = ROLES[each["role"]]
        level = ("预警", "warning") if each["level"] == 0 else (f"第 {each['level']} 级", f"level {each['level']}")
        owner = (each["owner"], each["owner"]) if each["owner"] else ("无人担任", "nobody holds the role")
        since, until = time_text(each["since_ms"]), time_text(each["until_ms"], "…")
        yield Claim(
            "told",
            f"{level[0]} {time_text(each['raised_at_ms'])}：告知{role[0]} {owner[0]}，{since} – {until}",
            f"{level[1]} {time_text(each['raised_at_ms'])}: told the {role[1]}, {owner[1]}, {since} – {until}",
        )
    for taken in way.taken:
        yield Claim(
            "answered",
            f"{time_text(taken.at_ms)} {taken.by} 认领",
            f"{time_text(taken.at_ms)} {taken.by} has taken it on",
            (taken.record,),
            (record_claim(taken.record, origins),),
        )


def _release(row: Row) -> Iterator[Claim]:
    if row["state"] not in ("admitted", "released") or row["purpose"] != "isolate":
        return
    if row["release_due_at_ms"] is None:
        yield Claim(
            "release", "解除时间：不详，须待检测或接触结束", "may be released: open, not before a test or an end"
        )
        return
    at = time_text(row["release_due_at_ms"])
    yield Claim("release", f"最早解除 {at}", f"may be released {at}")
