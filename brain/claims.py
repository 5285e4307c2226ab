"""Claims: the tree of statements of an explanation, what it is made from, and its words in two languages.

In: published rows, records and presences, a pack. Out: `Claim`, a statement in Chinese and English with its records.
Invariant: every statement names the records it rests on, or rests on its children.
Deliberately absent: reading rows from anywhere, and any conclusion of its own; it retells what the view says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from schemas.instants import EARLIEST_MS, LATEST_MS, day_start, local_text
from schemas.policy import Pack

Row = Mapping[str, Any]
"""A published row: codes, words, and None for a time that is open or unknown."""
Language = Literal["zh", "en", "both"]
CLASSES = {
    "general": ("一般接触者", "general contact"),
    "companion": ("时空伴随者", "companion in time and space"),
    "venue_exposed": ("涉疫场所暴露人员", "person exposed at a venue"),
    "secondary": ("次密接", "secondary contact"),
    "close": ("密接", "close contact"),
    "case": ("病例", "case"),
}
CLASSIFICATIONS = {
    "positive": ("单管阳性", "positive single-tube specimen"),
    "suspected": ("疑似病例", "suspected case"),
    "asymptomatic": ("无症状感染者", "asymptomatic case"),
    "confirmed": ("确诊病例", "confirmed case"),
}
CERTAINTIES = {"low": ("低", "low"), "medium": ("中", "medium"), "high": ("高", "high")}
KINDS = {
    "household": ("住户", "household"), "hotel_room": ("旅馆客房", "hotel room"), "room": ("房间", "room"),
    "restaurant": ("餐馆", "restaurant"), "entertainment": ("娱乐场所", "entertainment venue"),
    "shared_facility": ("共用设施", "shared facility"), "venue": ("场所", "venue"), "hotel": ("旅馆", "hotel"),
    "checkpoint": ("卡口", "checkpoint"), "aircraft": ("飞机", "aircraft"), "train": ("列车", "train"),
    "coach": ("长途客车", "coach"), "bus": ("公交车", "bus"), "metro": ("地铁", "metro"), "ship": ("船", "ship"),
    "taxi": ("出租车", "taxi"), "transfer": ("转运车", "transfer vehicle"),
}  # fmt: skip


@dataclass(frozen=True)
class Claim:
    """A statement in both languages, the records it rests on, and the statements beneath it."""

    kind: str
    zh: str
    en: str
    records: tuple[str, ...] = ()
    children: tuple[Claim, ...] = ()

    def walk(self) -> Iterator[Claim]:
        """This claim and all beneath it, from top to bottom."""
        yield self
        for child in self.children:
            yield from child.walk()

    def to_dict(self) -> dict[str, Any]:
        """The tree as plain values."""
        return {
            "kind": self.kind,
            "zh": self.zh,
            "en": self.en,
            "records": list(self.records),
            "children": [child.to_dict() for child in self.children],
        }


@dataclass(frozen=True)
class Seen:
    """A presence as its record says it; an end that was not recorded is filled in from the pack, and flagged so."""

    since_ms: int
    until_ms: int
    flags: int
    seat: int


@dataclass(frozen=True)
class Grounds:
    """What a contact rests on. `case`: its root; `exposures`: all of the pair, whatever class they speak for
    (degree 0 and 1); `first`: for degree 2, the contacts of degree 1 that its source person is, the earliest first;
    `source_isolated_ms`: for degree 2, when the source person was isolated; `origins`: part and offset by record;
    `says`: by record of the case, the fact tables it speaks in; `seen`: presences by (record, place)."""

    contact: Row
    evidence: tuple[Row, ...]
    case: Row
    pack: Pack
    case_pack: Pack
    exposures: tuple[Row, ...] = ()
    first: tuple[Grounds, ...] = ()
    source_isolated_ms: int | None = None
    origins: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    says: Mapping[str, frozenset[str]] = field(default_factory=dict)
    seen: Mapping[tuple[str, str], Seen] = field(default_factory=dict)


def day_text(day: int) -> str:
    return local_text(day_start(day))[:10]


def time_text(ms: int | None, otherwise: str = "—") -> str:
    return otherwise if ms is None or not EARLIEST_MS <= ms < LATEST_MS else local_text(ms)


def confirmed_text(confirmed: bool) -> tuple[str, str]:
    return ("已确认", "confirmed") if confirmed else ("未确认", "unconfirmed")


def render_text(claim: Claim, lang: Language = "both") -> str:
    """The tree as indented lines; `both` gives the Chinese tree, then the English one."""
    if lang == "both":
        return f"{render_text(claim, 'zh')}\n{render_text(claim, 'en')}"
    return "\n".join(_lines(claim, lang, 0)) + "\n"


def _lines(claim: Claim, lang: Language, depth: int) -> Iterator[str]:
    yield "  " * depth + ("· " if depth else "") + (claim.zh if lang == "zh" else claim.en)
    for child in claim.children:
        yield from _lines(child, lang, depth + 1)
