"""Grid centre 政法委/街道社区: who answers for which building, doors and fences, visits, needs, alarms, reports, zones.

In: `src.grid_centre.*`. Out: presences of visitors in the homes they entered, and what responsibility.py tells.
Invariant: a door that opens says nothing of who opened it; it shows nobody anywhere.
Deliberately absent: whether an opening is an alarm, who is paged, and any wish or report in words.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from schemas.codes import PlaceKind
from schemas.columns import Columns
from schemas.departments import responsibility
from schemas.departments.forging import Expected, Hand
from schemas.facts import Columns as Rows
from schemas.stays import stay
from schemas.wire import Code, Count, IdType, Instant, Name, Record

Document = Literal["resident_id", "passport", "person_no"]
Percent = Annotated[int, Field(ge=0, le=100)]


class _Untraced(Record):
    """A record that shows nobody anywhere: it is checked, counted and kept for the stages that act on it."""

    @staticmethod
    def read(_: Columns) -> dict[str, Rows]:
        return {}


class DoorSensor(_Untraced):
    """智能门磁: the sensor on the door of a home: it opened, closed, or is alive."""

    record: ClassVar[str] = "door_sensor"
    device_code: Code
    household_code: Code | None = None
    order_code: Code | None = None
    signal: Code  # open 开门, close 关门, heartbeat 心跳, low_battery 低电量, …
    battery: Percent | None = None
    sensed_at: Instant


class FenceEvent(_Untraced):
    """电子围栏: a phone or a band left the home it should be in, or came back."""

    record: ClassVar[str] = "fence_event"
    identifiers: ClassVar = (("id_type", "id_no"),)
    id_type: IdType
    id_no: Code
    order_code: Code | None = None
    household_code: Code | None = None
    direction: Code  # out 越界, in 返回
    distance_m: Count | None = None
    sensed_at: Instant


class HomeVisit(Record):
    """入户走访: a grid member visits a home. Whoever stayed at the door was not in it."""

    record: ClassVar[str] = "home_visit"
    identifiers: ClassVar = (("id_type", "id_no"),)
    intervals: ClassVar = (("arrived_at", "left_at"),)
    id_type: IdType
    id_no: Code
    household_code: Code
    purpose: Code | None = None  # check 排查, sampling 上门采样, supply 送物资, unreachable 失联上门, …
    entered: bool | None = None
    people_met: Count | None = None
    arrived_at: Instant
    left_at: Instant | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        ident, home = c.ident("id_type", "id_no"), c.place("household", "household_code")
        span, inside = (c.number("arrived_at"), c.number("left_at")), c.number("entered", -1) != 0
        return {"presences": stay(c, ident, PlaceKind.household, home, *span, where=inside)}


class NeedRequest(_Untraced):
    """居民诉求: a household needs something, and what became of it."""

    record: ClassVar[str] = "need_request"
    identifiers: ClassVar = (("=phone", "phone"),)
    intervals: ClassVar = (("requested_at", "settled_at"),)
    household_code: Code | None = None
    phone: Code | None = None
    need: Code  # food 食品, medicine 药品, medical 就医, rubbish 垃圾, parcel 快递, …
    opens_door: bool | None = None
    feedback: Code | None = None
    requested_at: Instant
    settled_at: Instant | None = None


class Escalation(_Untraced):
    """三级响应: an alarm at one of its three levels, and when somebody answered for it."""

    record: ClassVar[str] = "escalation"
    identifiers: ClassVar = (("id_type", "id_no"),)
    intervals: ClassVar = (("raised_at", "acknowledged_at"),)
    alarm_code: Code
    level: Code  # building_head 楼栋长, grid_head 网格长, secretary 社区书记
    id_type: Document
    id_no: Code
    household_code: Code | None = None
    raised_at: Instant
    acknowledged_at: Instant | None = None


class BuildingReport(_Untraced):
    """楼栋长日报: how many are at home, away, or have a fever in a building today; numbers alone."""

    record: ClassVar[str] = "building_report"
    identifiers: ClassVar = (("id_type", "id_no"),)
    id_type: Document
    id_no: Code
    compound_code: Code
    building: Code
    at_home: Count | None = None
    away: Count | None = None
    fevers: Count | None = None
    reported_at: Instant


class ZoneOrder(_Untraced):
    """三区划定: some compounds or buildings are locked down, controlled or watched, from when to when."""

    record: ClassVar[str] = "zone_order"
    intervals: ClassVar = (("valid_since", "valid_until"),)
    zone_code: Code
    zone: Code  # lockdown 封控, control 管控, prevention 防范
    street: Name | None = None
    compounds: tuple[Code, ...] = ()
    buildings: tuple[Code, ...] = ()
    valid_since: Instant
    valid_until: Instant | None = None


RECORDS: tuple[type[Record], ...] = (
    *responsibility.RECORDS, DoorSensor, FenceEvent, HomeVisit, NeedRequest, Escalation, BuildingReport, ZoneOrder,
)  # fmt: skip


def _sensed(h: Hand) -> dict[str, Any]:
    signal = h.of((*["heartbeat"] * 24, "open", "open", "close", "close", "low_battery", "E7"))
    known = {"device_code": f"MC-{h.person // 80:05d}", "household_code": h.household()}
    return {**known, "signal": signal, "battery": h.between(5, 100), "order_code": h.code("GL", 8000)}


def _crossed(h: Hand) -> dict[str, Any]:
    way = {"direction": h.of(("out", "in")), "distance_m": h.between(20, 4000)}
    return {**h.who("phone"), **way, "household_code": h.household()}


def _visited(h: Hand) -> dict[str, Any]:
    purpose = h.of(("check", "sampling", "sampling", "supply", "unreachable"))
    stayed = {"arrived_at": h.time(-h.between(180, 2400)), "left_at": h.time(), "entered": h.share() < 0.4}
    return {**h.who(h.of(("resident_id", "person_no"))), **stayed, "household_code": h.household(), "purpose": purpose}


def _needed(h: Hand) -> dict[str, Any]:
    need = h.of(("food", "food", "medicine", "medical", "rubbish", "parcel", "haircut"))
    return {"household_code": h.household(), "need": need, "feedback": h.of(("done", "done", "waiting"))}


def _zoned(h: Hand) -> dict[str, Any]:
    where = {"street": h.street(), "compounds": [h.compound()], "buildings": [str(h.between(1, 30))]}
    return {**where, "zone": h.of(("lockdown", "control", "prevention")), "valid_until": h.day(14)}


_HOME = {"household_code": 0.9, "order_code": 0.8}
_VISIT = {"purpose": 0.8, "entered": 0.6, "people_met": 0.5, "left_at": 0.7}
_NEED = {"household_code": 0.7, "phone": 0.9, "opens_door": 0.4, "feedback": 0.5, "settled_at": 0.5}
EXPECTED = {
    **responsibility.EXPECTED,
    "door_sensor": Expected(
        (2, 45), _HOME | {"battery": 0.95}, {"emergency": 240_000, "routine": 6_000}, draft=_sensed,
    ),
    "fence_event": Expected(
        (20, 300), _HOME | {"distance_m": 0.8}, {"emergency": 1_500, "routine": 30}, draft=_crossed,
    ),
    "home_visit": Expected((600, 14_400), _VISIT, {"emergency": 50_000, "routine": 4_000}, (8, 21), draft=_visited),
    "need_request": Expected((30, 3600), _NEED, {"emergency": 20_000, "routine": 800}, (7, 23), draft=_needed),
    "escalation": Expected(
        (15, 120), {"household_code": 0.9, "acknowledged_at": 0.8}, {"emergency": 3_000, "routine": 60},
        draft=lambda h: {"level": h.of(("building_head", "building_head", "grid_head", "secretary"))},
    ),
    "building_report": Expected(
        (300, 7200), {"at_home": 0.98, "away": 0.9, "fevers": 0.95}, {"emergency": 8_000, "routine": 0}, (16, 21),
        draft=lambda h: {"at_home": h.between(20, 300), "away": h.below(40), "compound_code": h.compound()},
    ),
    "zone_order": Expected(
        (300, 3600), {"street": 0.95, "compounds": 0.9, "buildings": 0.4, "valid_until": 0.3},
        {"emergency": 60, "routine": 1}, draft=_zoned,
    ),
}  # fmt: skip
"""Door sensors (8,000 homes, 30 signals a day) and visits: handbook 4.3. All else: design assumptions [D]."""
