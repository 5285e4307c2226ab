"""Market supervision 市场监管局: shops and market stalls, who was in them, who bought which medicine.

In: `src.market_supervision.*`. Out: presences (venues, stalls) and purchases.
Invariant: a shop is known by the code at its door (场所码), so that its visitors meet those who scanned that code.
Deliberately absent: medicines as evidence of an illness; a purchase asks for a test (policy packs) and proves nothing.
"""

from __future__ import annotations

from typing import Any, ClassVar

from schemas.codes import Medicine, PlaceKind
from schemas.columns import Columns
from schemas.credit_codes import CreditCode, checked
from schemas.departments.forging import Expected, Hand
from schemas.facts import Columns as Rows
from schemas.stays import both, stay
from schemas.wire import Code, Count, Day, IdType, Instant, Name, Record

_MEDICINES = {kind.name: int(kind) for kind in Medicine} | {"退热": 1, "止咳": 2, "抗病毒": 3, "抗生素": 4}
"""The four categories (四类药) in the words of both kinds of till; whatever else a till says is an unknown medicine."""


class Merchant(Record):
    """商户登记: a shop, restaurant or pharmacy, its trade and the cameras that see its door."""

    record: ClassVar[str] = "merchant"
    intervals: ClassVar = (("valid_since", "valid_until"),)
    credit_code: CreditCode
    place_code: Code
    merchant_name: Name | None = None
    trade: Code | None = None
    camera_codes: tuple[Code, ...] = ()
    valid_since: Instant | None = None
    valid_until: Instant | None = None

    @staticmethod
    def read(_: Columns) -> dict[str, Rows]:
        return {}


class ShopVisit(Record):
    """到店登记: a customer is written down at a shop's door; amended if they are when they leave, too."""

    record: ClassVar[str] = "shop_visit"
    identifiers: ClassVar = (("id_type", "id_no"),)
    intervals: ClassVar = (("arrived_at", "left_at"),)
    id_type: IdType
    id_no: Code
    place_code: Code
    arrived_at: Instant
    left_at: Instant | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        who, place = c.ident("id_type", "id_no"), c.place("venue", "place_code")
        return {"presences": stay(c, who, PlaceKind.venue, place, c.number("arrived_at"), c.number("left_at"))}


class Inspection(Record):
    """巡查: an inspector looks at a shop, and what they found by code. The inspector was in the shop, too."""

    record: ClassVar[str] = "inspection"
    identifiers: ClassVar = (("=person_no", "inspector_no"),)
    intervals: ClassVar = (("arrived_at", "left_at"),)
    inspector_no: Code
    place_code: Code
    arrived_at: Instant
    left_at: Instant | None = None
    findings: tuple[Code, ...] = ()
    closed: bool | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        who, place = c.ident("=person_no", "inspector_no"), c.place("venue", "place_code")
        return {"presences": stay(c, who, PlaceKind.venue, place, c.number("arrived_at"), c.number("left_at"))}


class StallMap(Record):
    """摊位图: where a stall stands in its market and which merchant has it."""

    record: ClassVar[str] = "stall_map"
    intervals: ClassVar = (("valid_since", "valid_until"),)
    place_code: Code
    stall_code: Code
    section: Code | None = None
    stall_row: Count | None = None
    stall_column: Count | None = None
    credit_code: CreditCode | None = None
    valid_since: Instant | None = None
    valid_until: Instant | None = None

    @staticmethod
    def read(_: Columns) -> dict[str, Rows]:
        return {}


class StallShift(Record):
    """摊位值守: somebody keeps a stall. Those of one stall work together; all keepers and customers share a market."""

    record: ClassVar[str] = "stall_shift"
    identifiers: ClassVar = (("id_type", "id_no"),)
    intervals: ClassVar = (("since_at", "until_at"),)
    id_type: IdType
    id_no: Code
    place_code: Code
    stall_code: Code
    since_at: Instant
    until_at: Instant | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        who, since, until = c.ident("id_type", "id_no"), c.number("since_at"), c.number("until_at")
        stall = stay(c, who, PlaceKind.room, c.place("room", "place_code", "stall_code"), since, until)
        market = stay(c, who, PlaceKind.venue, c.place("venue", "place_code"), since, until)
        return {"presences": both(stall, market)}


class MedicinePurchase(Record):
    """四类药购买: somebody buys medicine against fever, cough, viruses or bacteria; in the pharmacy, unless online."""

    record: ClassVar[str] = "medicine_purchase"
    identifiers: ClassVar = (("id_type", "id_no"),)
    id_type: IdType
    id_no: Code
    place_code: Code
    medicine: Code
    drug_name: Name | None = None
    quantity: Count | None = None
    channel: Code | None = None
    bought_at: Instant

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        who, place, bought = c.ident("id_type", "id_no"), c.place("venue", "place_code"), c.number("bought_at")
        purchase = {"row": c.rows, "ident": who, "category": c.choice("medicine", _MEDICINES), "bought_ms": bought}
        at_the_till = c.choice("channel", {"online": 1}) == 0
        return {"purchases": purchase, "presences": stay(c, who, PlaceKind.venue, place, bought, where=at_the_till)}


class ColdChainLot(Record):
    """冷链批次: a lot of frozen goods, where it came from and what its swab showed."""

    record: ClassVar[str] = "cold_chain_lot"
    lot_code: Code
    place_code: Code
    goods: Name
    origin: Name | None = None
    packages: Count | None = None
    packed_on: Day | None = None
    received_at: Instant
    sampled_at: Instant | None = None
    result: Code | None = None

    @staticmethod
    def read(_: Columns) -> dict[str, Rows]:
        return {}


RECORDS: tuple[type[Record], ...] = (
    Merchant, ShopVisit, Inspection, StallMap, StallShift, MedicinePurchase, ColdChainLot,
)  # fmt: skip


def _shop(h: Hand) -> dict[str, Any]:
    """One of the 1,268 merchants of the register (source: the article the product comes from)."""
    return {"place_code": f"CS-{h.below(1268):05d}"}


def _registered(h: Hand) -> dict[str, Any]:
    shop = h.below(1268)
    named = {"credit_code": checked(f"92990103MA{shop:07d}"), "merchant_name": f"宽城商铺{shop}"}
    trade = h.of(("supermarket", "restaurant", "pharmacy", "barber", "hardware"))
    return {**named, "place_code": f"CS-{shop:05d}", "trade": trade, **_since(h)}


def _since(h: Hand) -> dict[str, Any]:
    return {"valid_since": h.day(-h.between(30, 3000)), "valid_until": h.day(h.between(30, 900))}


def _inspected(h: Hand) -> dict[str, Any]:
    found = {"findings": [h.of(("no_mask", "no_scan", "crowded", "no_register"))], "closed": h.share() < 0.03}
    return {**_shop(h), "inspector_no": f"HR:{h.between(1000, 1119):07d}", **found}


def _stall(h: Hand) -> dict[str, Any]:
    return {"place_code": f"SC-{h.below(12):03d}", "stall_code": f"{h.of('ABCDE')}{h.between(1, 60):02d}"}


def _mapped(h: Hand) -> dict[str, Any]:
    return {**_stall(h), "credit_code": checked(f"92990103MA{h.below(1268):07d}"), **_since(h)}


def _kept(h: Hand) -> dict[str, Any]:
    return {**_stall(h), "until_at": h.time(h.between(4, 11) * 3600)}


def _bought(h: Hand) -> dict[str, Any]:
    medicine = h.of(("antipyretic", "退热", "cough", "止咳", "antiviral", "antibiotic"))
    paid = {"channel": h.of((*["counter"] * 8, "online")), "quantity": h.between(1, 3)}
    who = h.who(h.of(("resident_id", "phone")))
    return {**who, "place_code": f"CS-{h.between(1000, 1179):05d}", "medicine": medicine, **paid}


def _received(h: Hand) -> dict[str, Any]:
    goods = {"goods": h.of(("冻虾", "冻带鱼", "冻牛肉", "冻鸡翅")), "origin": h.of(("大连", "天津", "青岛", "上海"))}
    tested = {"sampled_at": h.time(h.between(1, 6) * 3600), "result": h.of((*["negative"] * 300, "positive"))}
    return {**goods, "packed_on": h.day(-h.between(10, 200)), **tested}


_LOCAL = "{}T{}+08:00"
_VALID = {"valid_since": 0.9, "valid_until": 0.3}
_NIGHTLY = (28_800, 86_400)
EXPECTED = {
    "merchant": Expected(
        _NIGHTLY, _VALID | {"merchant_name": 0.98, "trade": 0.95, "camera_codes": 0.4},
        {"emergency": 1_300, "routine": 200}, (9, 18), _LOCAL, _registered,
    ),
    "shop_visit": Expected(
        (30, 1800), {"left_at": 0.1}, {"emergency": 12_000, "routine": 60_000}, (6, 22), _LOCAL, _shop,
    ),
    "inspection": Expected(
        (600, 14_400), {"left_at": 0.8, "findings": 0.3, "closed": 0.9}, {"emergency": 1_500, "routine": 300},
        (8, 20), _LOCAL, _inspected,
    ),
    "stall_map": Expected(
        _NIGHTLY, _VALID | {"section": 0.8, "stall_row": 0.7, "stall_column": 0.7, "credit_code": 0.85},
        {"emergency": 300, "routine": 100}, (9, 18), _LOCAL, _mapped,
    ),
    "stall_shift": Expected(
        (1800, 28_800), {"until_at": 0.7}, {"emergency": 1_500, "routine": 3_000}, (4, 18), _LOCAL, _kept,
    ),
    "medicine_purchase": Expected(
        (20, 600), {"drug_name": 0.9, "quantity": 0.95, "channel": 0.8}, {"emergency": 6_000, "routine": 9_000},
        (7, 22), _LOCAL, _bought,
    ),
    "cold_chain_lot": Expected(
        (3600, 43_200), {"origin": 0.9, "packages": 0.9, "packed_on": 0.6, "sampled_at": 0.85, "result": 0.8},
        {"emergency": 300, "routine": 500}, (4, 20), _LOCAL, _received,
    ),
}  # fmt: skip
"""Medicines and visits of all departments: 27k on an emergency day (handbook 4.3). All else: design assumptions [D]."""
