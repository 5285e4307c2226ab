"""Transfers 转运: the code lists and the facts of how people are taken from their homes to where they are isolated.

In: nothing. Out: the code lists, and the columns of the fact tables of transfers.
Invariant: numbers are only ever appended.
Deliberately absent: what follows from them (docs/transfers.md, brain/).
"""

from __future__ import annotations

from enum import IntEnum


class Purpose(IntEnum):
    """Where somebody must be taken."""

    isolate = 1  # a contact, to a site of isolation
    hospital = 2  # a case, to a designated hospital


class Step(IntEnum):
    """What is told of somebody's way, in the order in which equal instants count (docs/transfers.md, section 2)."""

    call = 1
    order = 2
    cancel = 3
    home = 4
    assign = 5
    dispatch = 6
    breakdown = 7
    refuse = 8
    pickup = 9
    turn_away = 10
    arrive = 11
    set_down = 12
    admit = 13
    discharge = 14


class TransferState(IntEnum):
    none = 0
    needed = 1  # 待下单
    ordered = 2  # 待派车
    assigned = 3  # 已派车
    dispatched = 4  # 已发车
    aboard = 5  # 已上车
    arrived = 6  # 已到达
    admitted = 7  # 已收治
    released = 8  # 已解除
    refused = 9  # 拒绝转运
    home = 10  # 居家隔离
    cancelled = 11  # 已取消
    superseded = 12  # 转为病例
    returning = 13  # 待送回


class TransferFlag(IntEnum):
    """Bits of what is odd about a way."""

    skipped_assign = 1
    skipped_dispatch = 2
    skipped_pickup = 4
    skipped_arrival = 8
    rerouted = 16
    refused = 32
    turned_away = 64
    broke_down = 128
    impossible = 256
    already_there = 512
    without_ground = 1024
    released_early = 2048
    other_run = 4096
    overfull = 8192
    moved = 16384


class HomeReason(IntEnum):
    """Why somebody is isolated at home, or was not taken."""

    unknown = 0
    child = 1  # 14 岁及以下
    care = 2  # 生活不能自理
    carer = 3  # 照护他人
    illness = 4
    site_full = 5
    other = 6


class Trait(IntEnum):
    wheelchair = 1
    child = 2
    carer = 3


class CrewRole(IntEnum):
    unknown = 0
    driver = 1
    escort = 2


class SiteKind(IntEnum):
    unknown = 0
    hospital = 1  # 定点医院
    cabin = 2  # 方舱
    hotel = 3  # 集中隔离点
    station = 4  # 健康驿站


class Takes(IntEnum):
    """Bits of whom a site takes."""

    cases = 1
    close = 2
    secondary = 4


class DutyRole(IntEnum):
    """Who answers for people's homes, from the door upwards."""

    unknown = 0
    building_head = 1  # 楼栋长
    grid_member = 2  # 网格长
    secretary = 3  # 社区书记
    cadre = 4  # 科级干部
    district_leader = 5  # 区级领导


TRANSFER_FACTS: dict[str, dict[str, str]] = {
    "decisions": {
        "ident": "token of the person who is to be taken",
        "step": "Step: order, cancel, home or assign",
        "purpose": "Purpose",
        "vehicle": "token of the vehicle; 0: none",
        "run": "token of the run; 0: none",
        "site": "token of the site; 0: none",
        "room": "token of the room there; 0: none",
        "at_ms": "when it was decided",
        "pickup_ms": "planned pickup; UNKNOWN_MS: none",
        "arrive_ms": "planned arrival; UNKNOWN_MS: none",
        "reason": "HomeReason",
    },
    "receipts": {
        "ident": "token of the person; 0: told of the run",
        "step": "Step: dispatch, breakdown, refuse, pickup, turn_away, arrive or set_down",
        "vehicle": "token of the vehicle; 0: none given",
        "run": "token of the run; 0: none given",
        "site": "token of the site; 0: none given",
        "at_ms": "when it happened",
        "reason": "HomeReason",
    },
    "acks": {
        "ident": "token of the person whose transfer is late",
        "purpose": "Purpose",
        "by": "token of who answers for it",
        "at_ms": "when they took it on",
    },
    "ticks": {
        "at_ms": "an instant that has come",
    },
    "fleet": {
        "vehicle": "token of a transfer vehicle",
        "seats": "seats for people who are taken",
        "wheelchairs": "places for wheelchairs among them",
        "sealed": "1: negative pressure; 0: not, or not told",
        "lat": "depot, microdegrees; UNKNOWN_MS: not given",
        "lon": "depot, microdegrees; UNKNOWN_MS: not given",
        "since_ms": "in service since; BEGIN_MS: unknown",
        "until_ms": "in service until; OPEN_MS: until further notice",
    },
    "cleanings": {
        "vehicle": "token of a transfer vehicle",
        "at_ms": "when it had been disinfected",
    },
    "crews": {
        "ident": "token of the driver or escort",
        "vehicle": "token of the vehicle",
        "role": "CrewRole",
        "since_ms": "start of the shift",
        "until_ms": "end of the shift; OPEN_MS: not told",
        "tested_ms": "last sampling before it; UNKNOWN_MS: not told",
    },
    "pings": {
        "vehicle": "token of the vehicle",
        "at_ms": "when it was there",
        "lat": "microdegrees",
        "lon": "microdegrees",
    },
    "sites": {
        "site": "token of a site of isolation, health station or designated hospital",
        "kind": "SiteKind",
        "takes": "Takes bits",
        "lat": "microdegrees; UNKNOWN_MS: not given",
        "lon": "microdegrees; UNKNOWN_MS: not given",
        "since_ms": "open since; BEGIN_MS: unknown",
        "until_ms": "open until; OPEN_MS: until further notice",
    },
    "rooms": {
        "site": "token of the site",
        "room": "token of the room there",
        "floor": "floor; UNKNOWN_MS: not given",
        "beds": "beds",
        "family": "1: for a family together",
    },
    "duties": {
        "ident": "token of who answers",
        "role": "DutyRole",
        "area": "token of the building, compound, community or street",
        "since_ms": "start; BEGIN_MS: unknown",
        "until_ms": "end; OPEN_MS: until further notice",
    },
    "dwellings": {
        "place": "token of a household or compound",
        "building": "token of its building; 0: not given",
        "compound": "token of its compound; 0: not given",
        "community": "token of its community; 0: not given",
        "street": "token of its street; 0: not given",
        "lat": "microdegrees, the middle of a coarse cell; UNKNOWN_MS: not given",
        "lon": "microdegrees, likewise",
        "since_ms": "start; BEGIN_MS: unknown",
        "until_ms": "end; OPEN_MS: until further notice",
    },
    "traits": {
        "ident": "token of the person",
        "trait": "Trait",
        "since_ms": "start; BEGIN_MS: unknown",
        "until_ms": "end; OPEN_MS: still so",
    },
}
"""As schemas.facts.FACT_COLUMNS, of which it is a part."""
