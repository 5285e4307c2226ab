"""Words: numbers and names as the page shows them, Chinese first.

In: figures. Out: texts in both languages.
Invariant: a share is shown with what it is a share of; what is not known is an em dash, never a zero.
Deliberately absent: markup; the template escapes whatever it is given.
"""

from __future__ import annotations

from typing import NamedTuple

from replay.score.definitions import DEFINITIONS
from replay.score.tree import Figure

NONE = "—"


class Both(NamedTuple):
    """One text in two languages."""

    zh: str
    en: str


SETTINGS = {
    "household": Both("家庭", "household"),
    "hotel_room": Both("客房", "hotel room"),
    "room": Both("工作间、教室、病房", "workroom, classroom, ward"),
    "restaurant": Both("餐馆", "restaurant"),
    "entertainment": Both("娱乐场所", "entertainment"),
    "shared_facility": Both("共用设施", "shared facility"),
    "venue": Both("场所", "venue"),
    "hotel": Both("酒店", "hotel"),
    "checkpoint": Both("卡口", "checkpoint"),
    "aircraft": Both("飞机", "aircraft"),
    "train": Both("列车", "train"),
    "coach": Both("客车", "coach"),
    "bus": Both("公交", "bus"),
    "metro": Both("地铁", "metro"),
    "ship": Both("船舶", "ship"),
    "taxi": Both("出租车", "taxi"),
    "transfer": Both("转运车", "transfer vehicle"),
}
CLASSES = {
    "case": Both("病例", "case"),
    "close": Both("密接", "close contact"),
    "secondary": Both("次密接", "secondary contact"),
    "venue_exposed": Both("涉疫场所暴露", "venue-exposed"),
    "companion": Both("时空伴随", "companion"),
    "general": Both("一般接触者", "general contact"),
    "none": Both("无", "none"),
}
DEGREES = {
    "1": Both("密接", "close"),
    "2": Both("次密接", "secondary"),
    "0": Both("一般及场所", "general and venue"),
}
DEPARTMENTS = {
    "civil_affairs": "民政局", "commerce": "商务局", "data_office": "政数局", "education": "教育局",
    "grid_centre": "网格中心",
    "health": "卫健局", "housing": "住建局", "market_supervision": "市场监管局", "medical_insurance": "医保局",
    "police": "公安局", "telecom": "工信与通信", "transport": "交通局",
    "command": "指挥中心",
}  # fmt: skip
PROFILES = {"emergency": Both("战时", "emergency"), "routine": Both("平时", "routine")}


def label(figure: str) -> Both:
    found = DEFINITIONS[figure]
    return Both(found.zh, found.en)


def share(value: float | None) -> str:
    """`98.2 %`; a share that is not whole never rounds to all or nothing."""
    if value is None:
        return NONE
    shown = round(value * 100, 1)
    if (shown == 100 and value < 1) or (shown == 0 and value > 0):
        return f"{'< 0.1' if shown == 0 else '> 99.9'} %"
    return f"{shown:g} %"


def number(value: float | None) -> str:
    if value is None:
        return NONE
    return f"{value:,.0f}" if value == int(value) or abs(value) >= 100 else f"{value:,.2f}".rstrip("0").rstrip(".")


def shown(figure: Figure | None) -> str:
    """A figure's value in its unit, a share with its two numbers."""
    if figure is None:
        return NONE
    unit = DEFINITIONS[figure.figure].unit
    if unit == "share":
        return f"{share(figure.value)} ({number(figure.numerator)}/{number(figure.denominator)})"
    return number(figure.value) + {"hours": " h", "minutes": " min", "days": " d", "km": " km"}.get(unit, "")


def source_words(source: str) -> Both:
    department, _, record = source.partition(".")
    return Both(f"{DEPARTMENTS.get(department, department)} {record}", source)
