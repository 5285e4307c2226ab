"""Troubles: what can go wrong with transfers in a drill, by name.

In: nothing. Out: `TROUBLES`.
Invariant: each that strikes is named in the truth with whom or what it struck.
Deliberately absent: what goes wrong with feeds of any kind (replay/faults).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Trouble:
    """`of`: what a share is of."""

    zh: str
    en: str
    of: str


TROUBLES = {
    "missing_pickup": Trouble("漏报上车", "pickups without a receipt", "pickups"),
    "gps_gap": Trouble("定位中断", "runs without positions", "runs"),
    "breakdown": Trouble("车辆故障", "vehicles that break down", "runs"),
    "site_full": Trouble("站点拒收", "turned away at the site", "arrivals"),
    "refusal": Trouble("拒绝转运", "people who will not come", "visits at the door"),
    "wrong_list": Trouble("名单有误", "pickups told of somebody else, mended later", "pickups"),
    "late_receipt": Trouble("回执迟到", "receipts that come hours late", "receipts"),
}
