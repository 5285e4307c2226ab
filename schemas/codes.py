"""The code lists: small closed vocabularies as text outside and as small integers inside.

Invariant: numbers are only ever appended; Parquet and every page carry the words.
Deliberately absent: any rule; what a code entails is the policy pack's business.
"""

from __future__ import annotations

from enum import IntEnum


class PlaceKind(IntEnum):
    """What kind of place two people can meet in. From 20 on: vehicles."""

    household = 1
    hotel_room = 2
    room = 3  # workroom, classroom, dormitory, ward, meeting room
    restaurant = 4
    entertainment = 5
    shared_facility = 6  # lift, toilet
    venue = 7
    hotel = 8
    checkpoint = 9
    aircraft = 20
    train = 21
    coach = 22
    bus = 23
    metro = 24
    ship = 25
    taxi = 26
    transfer = 27  # 转运车


FIRST_VEHICLE = PlaceKind.aircraft
OPEN_HOUSES = (PlaceKind.restaurant, PlaceKind.entertainment, PlaceKind.venue)
"""Kinds between which departments differ about one and the same door: whoever knows less of it says `venue`."""
CARRIAGE_MODES = (PlaceKind.train, PlaceKind.metro)


class PersonClass(IntEnum):
    """The lattice of classes (domain.md 2.11): a person has the greatest one that live evidence supports."""

    none = 0
    general = 1  # 一般接触者
    companion = 2  # 时空伴随
    venue_exposed = 3  # 涉疫场所暴露人员
    secondary = 4  # 次密接
    close = 5  # 密接
    case = 6


class Certainty(IntEnum):
    low = 1
    medium = 2
    high = 3


class Classification(IntEnum):
    """What a case report says; `positive` is a single-tube positive specimen without a report yet."""

    excluded = 0
    positive = 1
    suspected = 2
    asymptomatic = 3
    confirmed = 4


class Result(IntEnum):
    inconclusive = 0
    negative = 1
    positive = 2


class Discovery(IntEnum):
    """How a case was found; `screening` is repeated testing (rule CC-3)."""

    unknown = 0
    screening = 1
    contact = 2
    clinic = 3


class Medicine(IntEnum):
    """What was bought at a pharmacy; the four categories (四类药) whose buyers must be tested."""

    unknown = 0
    antipyretic = 1
    cough = 2
    antiviral = 3
    antibiotic = 4


class ContactDegree(IntEnum):
    """Of which degree a control row says that somebody is."""

    unknown = 0
    close = 1  # 密接
    secondary = 2  # 次密接
    general = 3  # 一般接触者


class TraceStatus(IntEnum):
    """How far the tracing of a contact has come, along the path that districts use."""

    missing = 0
    unknown = 1  # a word that nobody announced
    to_confirm = 2  # 待确认
    elsewhere = 3  # 已确认非本市
    awaiting_transfer = 4  # 已确认待转运
    controlled = 5  # 已确认管控中
    not_needed = 6  # 无需管控
    unreachable = 7  # 无法落实


class EpidemicStatus(IntEnum):
    """疫情状态, in the numbers of the field's own list."""

    unknown = 0
    awaiting_test = 1  # 待检风险
    home_isolation = 2  # 居家隔离
    central_management = 3  # 集中健康管理
    central_observation = 4  # 集中医学观察(密接)
    hospital_observation = 5  # 留观
    suspected = 6  # 疑似
    asymptomatic = 7  # 无症状
    confirmed = 8  # 确诊
    after_discharge = 9  # 出院后隔离
    released = 10  # 解除
    excluded = 11  # 排除
    other = 12  # 其它
    awaiting_result = 13  # 居家等结果


class ObservationMode(IntEnum):
    unknown = 0
    central = 1  # 集中
    home = 2  # 居家
    hospital = 3  # 医院


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


class Role(IntEnum):
    passenger = 0
    crew = 1


class Flag(IntEnum):
    """Bits of a presence's `flags` column."""

    since_inferred = 1
    until_inferred = 2
    vague = 4  # a day or a longer span stands in for times nobody gave
    sealed = 8
    ventilated = 16
    crew = 32
    soft_sleeper = 64
    symptomatic = 128  # coughing, vomiting, high fever during the ride
    aboard = 256  # at a bus or metro line, of somebody whose vehicle is known
