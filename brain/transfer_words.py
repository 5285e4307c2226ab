"""Transfer words: every word of the lists of transfers in Chinese and English.

In: words as the views publish them. Out: pairs, Chinese first.
Invariant: every word of schemas/transfers.py that a page may show stands here; the names of the lists are theirs.
Deliberately absent: sentences (transfer_claims.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from schemas.instants import HOUR_MS, MINUTE_MS

Words = Mapping[str, tuple[str, str]]
PURPOSES: Words = {
    "isolate": ("集中隔离", "isolation at a site"),
    "hospital": ("定点收治", "a designated hospital"),
}
STATES: Words = {
    "none": ("无", "none"),
    "needed": ("待下单", "needed, no order yet"),
    "ordered": ("待派车", "ordered, no vehicle yet"),
    "assigned": ("已派车", "assigned to a run"),
    "dispatched": ("已发车", "vehicle on its way"),
    "aboard": ("已上车", "aboard"),
    "arrived": ("已到达", "arrived at the site"),
    "admitted": ("已收治", "admitted"),
    "released": ("已解除", "released"),
    "refused": ("拒绝转运", "refused to come"),
    "home": ("居家隔离", "isolated at home"),
    "cancelled": ("已取消", "cancelled: nothing calls for it any more"),
    "superseded": ("转为病例", "superseded: is a case now"),
    "returning": ("待送回", "to be brought back"),
}
STEPS: Words = {
    "call": ("应转运", "must be taken"),
    "order": ("下单", "ordered"),
    "cancel": ("撤单", "order withdrawn"),
    "home": ("准予居家", "isolation at home allowed"),
    "assign": ("派车", "assigned to a run"),
    "dispatch": ("发车", "vehicle left"),
    "breakdown": ("车辆故障", "vehicle broke down"),
    "refuse": ("拒绝", "refused to come"),
    "pickup": ("上车", "picked up"),
    "turn_away": ("未被接收", "turned away"),
    "arrive": ("到达", "arrived"),
    "set_down": ("送回家", "brought back home"),
    "admit": ("收治", "admitted"),
    "discharge": ("解除", "discharged"),
}
FLAGS: Words = {
    "skipped_assign": ("缺派车记录", "no assignment was told"),
    "skipped_dispatch": ("缺发车记录", "no departure was told"),
    "skipped_pickup": ("缺上车记录", "no pickup was told"),
    "skipped_arrival": ("缺到达记录", "no arrival was told"),
    "rerouted": ("改派", "sent another way"),
    "refused": ("曾拒绝", "refused once"),
    "turned_away": ("曾被拒收", "turned away once"),
    "broke_down": ("车辆曾故障", "the vehicle broke down"),
    "impossible": ("记录矛盾，请人工核实", "records contradict each other: ask a human"),
    "already_there": ("此前已在院", "was there already"),
    "without_ground": ("已无依据，请人工处理", "nothing calls for it any more: ask a human"),
    "released_early": ("提前解除", "released early"),
    "other_run": ("乘了别的车次", "came by another run"),
    "overfull": ("超员", "more people than seats or beds"),
    "moved": ("换过房间", "moved to another room"),
}
ROLES: Words = {
    "building_head": ("楼栋长", "building head"),
    "grid_member": ("网格长", "grid member"),
    "secretary": ("社区书记", "community secretary"),
    "cadre": ("科级干部", "section cadre"),
    "district_leader": ("区级领导", "district leader"),
    "unknown": ("未知", "unknown"),
}
TRAITS: Words = {
    "wheelchair": ("轮椅", "wheelchair"),
    "child": ("儿童", "child"),
    "carer": ("照护他人", "cares for others"),
}
TAKES: Words = {
    "cases": ("病例", "cases"),
    "close": ("密接", "close contacts"),
    "secondary": ("次密接", "secondary contacts"),
}
WAITS_FOR: Words = {
    "needed": ("等下单", "for an order"),
    "ordered": ("等派车", "for a vehicle"),
    "assigned": ("等发车", "for its departure"),
    "dispatched": ("等上车", "for the pickup"),
    "aboard": ("等到达", "for the arrival"),
    "arrived": ("等收治", "for the admission"),
    "refused": ("等人工劝导", "for a human to talk to them"),
    "returning": ("等人工决定", "for a human to decide"),
}
"""What a way in a queue waits for, by its state. Those in no other state are in no queue."""


def both(words: Words, word: str) -> str:
    """`中文 word`, as cells of tables have it: the word is that of the views, which is shorter than its English."""
    return f"{words[word][0]} {word}"


def listed(words: Words, given: Iterable[str]) -> tuple[str, str]:
    """The words in each language, parted as it parts them; a dash each for none."""
    found = [words[word] for word in given]
    return ("、".join(zh for zh, _ in found) or "—", ", ".join(en for _, en in found) or "—")


def span(ms: int) -> tuple[str, str]:
    """A length of time in whole minutes, or in hours with a tenth from three hours on."""
    size = abs(ms)
    if size < 3 * HOUR_MS:
        return f"{size // MINUTE_MS} 分钟", f"{size // MINUTE_MS} min"
    return f"{size / HOUR_MS:,.1f} 小时", f"{size / HOUR_MS:,.1f} h"
