"""Data office 政数局: health codes, scans of place codes, digital sentinels, joint checks, whose code is whose, 助老通.

In: `src.data_office.*`. Out: presences (venues, checkpoints) and links from health codes to people.
Invariant: a masked number names nobody; such a scan tells only of the phone or code that it also gives.
Deliberately absent: colours and verdicts as evidence; a colour follows from a class, never a class from a colour.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from schemas.codes import PlaceKind
from schemas.columns import Columns
from schemas.departments.forging import Expected, Hand
from schemas.facts import Columns as Rows
from schemas.keys import Ints
from schemas.stays import link, stay
from schemas.wire import Code, Count, IdType, Instant, Name, Record

_MASKED = re.compile(r"[0-9A-Z]{0,8}\*{4,}[0-9A-Z]{0,6}", re.ASCII)
Temperature = Annotated[float, Field(ge=0, le=100)]
"""As the device showed it: at a door in March foreheads read 28 °C, and a scan is no less a scan for that."""


def _read_masked(value: str) -> str:
    text = unicodedata.normalize("NFKC", value).strip().upper()
    if not _MASKED.fullmatch(text):
        hint = "write the number with its middle replaced by at least four *; a whole number does not belong here"
        raise PydanticCustomError("masked_form", "{hint}", {"hint": hint})
    return text


Masked = Annotated[str, Field(max_length=64), AfterValidator(_read_masked)]
"""An identifier of which only the ends are shown. Many people share one, so it is checked and not kept."""


class CodeChange(Record):
    """健康码转码: somebody's health code changes colour, for what reason and by whose authority."""

    record: ClassVar[str] = "code_change"
    identifiers: ClassVar = (("id_type", "id_no"),)
    intervals: ClassVar = (("changed_at", "expires_at"),)
    id_type: IdType
    id_no: Code
    colour_before: Code | None = None
    colour: Literal["green", "yellow", "red"]
    reason_code: Code | None = None
    authority: Name | None = None
    changed_at: Instant
    expires_at: Instant | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:  # noqa: ARG004
        return {}


class _Entry(Record):
    """Somebody enters a venue, and nobody sees them leave. No table or hall is known, so it is a venue of any type."""

    place_code: Code
    place_name: Name | None = None
    code_colour: Code | None = None
    temperature: Temperature | None = None


def _entered(c: Columns, who: Ints, at: str) -> dict[str, Rows]:
    return {"presences": stay(c, who, PlaceKind.venue, c.place("venue", "place_code"), c.number(at))}


class PlaceScan(_Entry):
    """场所码扫码: somebody scans the code at the door of a venue."""

    record: ClassVar[str] = "place_scan"
    identifiers: ClassVar = (("id_type", "id_no"),)
    id_type: IdType
    id_no: Code
    place_type: Code | None = None
    scanned_at: Instant

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        return _entered(c, c.ident("id_type", "id_no"), "scanned_at")


class PlaceScanMasked(_Entry):
    """脱敏场所码扫码: the same scans from a second feed, masked. The code shown says who it was, else the phone, else
    nobody can tell."""

    record: ClassVar[str] = "place_scan_masked"
    identifiers: ClassVar = (("=code_token", "code_token"), ("=phone", "phone"))
    id_masked: Masked
    code_token: Code | None = None
    phone: Code | None = None
    scanned_at: Instant

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        token, phone = c.ident("=code_token", "code_token"), c.ident("=phone", "phone")
        return _entered(c, np.where(token > 0, token, phone), "scanned_at")


class SentinelPass(_Entry):
    """数字哨兵通行: a gate reads card or code, temperature and test at once, at a venue that others scan into."""

    record: ClassVar[str] = "sentinel_pass"
    identifiers: ClassVar = (("id_type", "id_no"),)
    id_type: IdType
    id_no: Code
    device_code: Code | None = None
    passed_at: Instant
    nat_age_h: Count | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        return _entered(c, c.ident("id_type", "id_no"), "passed_at")


class JointCheck(Record):
    """双码一证核验: a checkpoint looks at health code, travel card and test together and gives a verdict."""

    record: ClassVar[str] = "joint_check"
    identifiers: ClassVar = (("id_type", "id_no"),)
    id_type: IdType
    id_no: Code
    checkpoint_code: Code
    checked_at: Instant
    code_colour: Code | None = None
    travel_card: Code | None = None
    nat_age_h: Count | None = None
    verdict: Code | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        place, who = c.place("checkpoint", "checkpoint_code"), c.ident("id_type", "id_no")
        return {"presences": stay(c, who, PlaceKind.checkpoint, place, c.number("checked_at"))}


class IdentityMap(Record):
    """身份映射: whose health code it is, from when to when."""

    record: ClassVar[str] = "identity_map"
    identifiers: ClassVar = (("id_type", "id_no"), ("=code_token", "code_token"))
    intervals: ClassVar = (("held_since", "held_until"),)
    code_token: Code
    id_type: Literal["resident_id", "passport", "person_no", "phone"]
    id_no: Code
    held_since: Instant | None = None
    held_until: Instant | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        holder, token = c.ident("id_type", "id_no"), c.ident("=code_token", "code_token")
        return {"links": link(c.rows, token, holder, c.number("held_since"), c.number("held_until"))}


class ElderDeclaration(Record):
    """助老通申报: an old person tells by voice how they are; what a machine heard may be confirmed by somebody."""

    record: ClassVar[str] = "elder_declaration"
    identifiers: ClassVar = (("id_type", "id_no"),)
    id_type: IdType
    id_no: Code
    declared_at: Instant
    channel: Code | None = None
    fever: bool | None = None
    symptoms: bool | None = None
    left_home: bool | None = None
    asr_confidence: Annotated[float, Field(ge=0, le=1)] | None = None
    confirmed_by: Code | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:  # noqa: ARG004
        return {}


RECORDS: tuple[type[Record], ...] = (
    CodeChange, PlaceScan, PlaceScanMasked, SentinelPass, JointCheck, IdentityMap, ElderDeclaration,
)  # fmt: skip


_DOCUMENTS = ("resident_id", "code_token", "code_token")
_COLOURS = (*["green"] * 30, "yellow", "red", "grey")
_FORM = "{} {}"
_SEEN = {"place_name": 0.95, "code_colour": 0.97}
Draft = dict[str, Any]


def _at_door(h: Hand, who: Draft) -> Draft:
    place = h.below(9_000)
    return {**who, "place_code": f"CS-{place:05d}", "place_name": f"宽城{place}号店", "code_colour": h.of(_COLOURS)}


def _masked(h: Hand) -> Draft:
    return _at_door(h, {"id_masked": f"990{'*' * 11}{h.held('resident_id')[-4:]}"})


def _scanned(h: Hand) -> Draft:
    return _at_door(h, h.who(h.of((*_DOCUMENTS, "phone"))) | {"place_type": h.of(("shop", "market", "restaurant"))})


def _checked(h: Hand) -> Draft:
    seen = {"code_colour": h.of(_COLOURS), "travel_card": h.of(("normal", "normal", "starred"))}
    said = {"nat_age_h": h.between(1, 72), "verdict": h.of((*["admit"] * 8, "refuse", "register"))}
    return {**h.who(h.of(_DOCUMENTS)), "checkpoint_code": h.code("CP", 120), **seen, **said}


def _declared(h: Hand) -> Draft:
    answers = {"fever": h.share() < 0.01, "symptoms": h.share() < 0.02, "left_home": h.share() < 0.1}
    return {**answers, "asr_confidence": h.between(50, 100) / 100, "confirmed_by": h.of(("elder", "grid_member"))}


EXPECTED = {
    "code_change": Expected(
        (60, 1800), {"colour_before": 0.9, "reason_code": 0.85, "authority": 0.8, "expires_at": 0.4},
        {"emergency": 4_000, "routine": 500}, draft=lambda h: {"colour_before": "green", "expires_at": h.day(14)},
    ),
    "place_scan": Expected(
        (2, 30), _SEEN | {"place_type": 0.7, "temperature": 0.3}, {"emergency": 210_000, "routine": 120_000},
        (6, 23), _FORM, _scanned,
    ),
    "place_scan_masked": Expected(
        (3600, 18_000), _SEEN | {"code_token": 0.6, "phone": 0.5, "temperature": 0.3},
        {"emergency": 60_000, "routine": 30_000}, (6, 23), _FORM, _masked,
    ),
    "sentinel_pass": Expected(
        (2, 30), _SEEN | {"device_code": 0.98, "nat_age_h": 0.9, "temperature": 0.98},
        {"emergency": 30_000, "routine": 20_000}, (6, 23), _FORM, lambda h: _at_door(h, h.who(h.of(_DOCUMENTS))),
    ),
    "joint_check": Expected(
        (3, 60), {"code_colour": 0.98, "travel_card": 0.9, "nat_age_h": 0.92, "verdict": 0.99},
        {"emergency": 180_000, "routine": 110_000}, (5, 24), _FORM, _checked,
    ),
    "identity_map": Expected(
        (28_800, 86_400), {"held_since": 0.95, "held_until": 0.03}, {"emergency": 2_000, "routine": 1_000},
        draft=lambda h: h.who(h.of(("resident_id", "phone"))) | {"held_since": h.day(-h.between(100, 700))},
    ),
    "elder_declaration": Expected(
        (30, 900), {"channel": 0.98, "fever": 0.95, "symptoms": 0.9, "left_home": 0.9, "asr_confidence": 0.85,
        "confirmed_by": 0.4}, {"emergency": 23_000, "routine": 2_000}, (8, 18), _FORM, _declared,
    ),
}  # fmt: skip
"""Scans, checks and 助老通 in an emergency: handbook 4.3. All else: design assumptions [D]."""
