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
