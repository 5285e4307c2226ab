"""Drafting: the fields of one synthetic record, derived from its model where the department says nothing better.

In: a record model, chance, the instant and the person that a record is about. Out: fields as they stand on the wire.
Invariant: every identifier has a valid form that is issued to nobody (area 990103, 100…, 吉Z…), and one person has the
same ones in every department. The field itself is asked what it accepts.
Deliberately absent: which fields are left out, and when a record arrives (schemas/departments/forging.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import cache
from typing import Any, Literal, get_args, get_origin

import numpy as np
from pydantic import ValidationError

from schemas.decode import Field, fields_of
from schemas.identifiers import check_digit
from schemas.instants import LOCAL_OFFSET_MS
from schemas.wire import Envelope, Record

PEOPLE = 650_000
"""Residents of the district. Source: the article the product comes from."""
DAY_S = 86_400
_DRAWS = 4096
_BIRTHS = 25_000
_PLATES = "ABCDEFGHJK"
STREETS = ("站前街道", "群英街道", "凯旋街道", "柳影街道", "欣园街道", "兰家镇")


class Hand:
    """What a record is drafted with: its instant, one person, and chance. Every record has a hand of its own, but all
    draw from one generator."""

    def __init__(self, rng: np.random.Generator, notation: str, people: int = PEOPLE) -> None:
        self._rng = rng
        self._notation = notation
        self._people = people
        self._draws: list[float] = []
        self.event_ms = 0
        self.person = 0

    def begin(self, event_ms: int) -> None:
        """The next record, about somebody else."""
        self.event_ms = event_ms
        self.person = self.below(self._people)

    def share(self) -> float:
        """A number from 0 up to 1."""
        if not self._draws:
            self._draws = self._rng.random(_DRAWS).tolist()
        return self._draws.pop()

    def below(self, count: int) -> int:
        return int(self.share() * count)

    def between(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + self.below(high - low + 1)

    def of(self, choices: Sequence[Any]) -> Any:
        """One of the choices; put a choice in twice to have it twice as often."""
        return choices[self.below(len(choices))]

    def code(self, prefix: str, count: int) -> str:
        """One of `count` codes, such as XQ-0042."""
        return f"{prefix}-{self.below(count):04d}"

    def who(self, kind: str = "resident_id") -> dict[str, str]:
        """`id_type` and `id_no` of this record's person."""
        return {"id_type": kind, "id_no": identifier(kind, self.person)}

    def held(self, kind: str) -> str:
        """An identifier of this record's person."""
        return identifier(kind, self.person)

    def another(self, kind: str = "resident_id") -> str:
        """An identifier of somebody else."""
        return identifier(kind, (self.person + 1 + self.below(self._people - 1)) % self._people)

    def household(self) -> str:
        """The code of the home in which this record's person lives, with one other; the same in every department."""
        return f"HH-{self.person // 2:06d}"

    def compound(self) -> str:
        """The code of the compound in which that home is."""
        return f"XQ-{self.person // 1600:03d}"

    def street(self) -> str:
        """The street in which that compound is; the same in every department."""
        return STREETS[self.person // 1600 % len(STREETS)]

    def community(self) -> str:
        """The community in which that compound is."""
        return f"第{self.person // 8000 + 1}社区"

    def time(self, after_s: int = 0) -> str:
        """The record's instant, or so many seconds after it, as the department writes times."""
        return local_text(self.event_ms + after_s * 1000, self._notation)

    def day(self, after: int = 0) -> str:
        """The record's local day, or so many days after it."""
        return _day((self.event_ms + LOCAL_OFFSET_MS) // (DAY_S * 1000) + after)


def identifier(kind: str, person: int) -> str:
    """The identifier of a kind that belongs to a person, by their number (0 to PEOPLE − 1); a car has several users."""
    if kind == "resident_id":
        born = date(1940, 1, 1) + timedelta(days=person % _BIRTHS)
        digits = f"990103{born:%Y%m%d}{700 + person // _BIRTHS:03d}"
        return digits + check_digit(digits)
    if kind == "phone":
        return f"100{50_000_000 + person * 53:08d}"
    if kind == "code_token":
        return f"qr_{person * 0x9E3779B1 & 0xFFFFFFFF:08x}"
    if kind == "plate":
        return f"吉Z{_PLATES[person // 10_000 % len(_PLATES)]}{person % 10_000:04d}"
    return {"passport": "ZF{:07d}", "person_no": "HR:{:07d}", "transit_card": "9903{:012d}"}[kind].format(person)


def local_text(ms: int, notation: str = "{}T{}") -> str:
    """An instant at +08:00, to the second."""
    day, second = divmod((ms + LOCAL_OFFSET_MS) // 1000, DAY_S)
    return notation.format(_day(day), f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}")


@cache
def _day(number: int) -> str:
    return (date(1970, 1, 1) + timedelta(days=number)).isoformat()


Maker = Callable[[Hand], Any]


@cache
def plan(model: type[Record]) -> tuple[tuple[str, Maker], ...]:
    """How each field of a model is made up, besides the envelope: identifiers are the record's person's, the first time
    is the event's, a later end some hours after it, words one of their list, all else the first form that fits."""
    fixed: dict[str, Maker] = {}
    for kind, value in model.identifiers:
        known = kind[1:] if kind[0] == "=" else words(model.model_fields[kind].annotation)[0]
        fixed |= {kind: _always(known), value: _held(known)}
    ends = {until for _, until in model.intervals}
    steps = []
    for field in fields_of(model):
        if field.name not in Envelope.model_fields:
            steps.append((field.name, fixed.get(field.name) or _maker(model, field, field.name in ends)))
    return tuple(steps)


def words(annotation: Any) -> tuple[str, ...]:
    """The words of the closed list in an annotation; none if it has none."""
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    return next((found for part in get_args(annotation) if (found := words(part))), ())


def _always(value: Any) -> Maker:
    return lambda _: value


def _held(kind: str) -> Maker:
    return lambda h: h.held(kind)


def _maker(model: type[Record], field: Field, ends: bool) -> Maker:
    if listed := words(model.model_fields[field.name].annotation):
        return lambda h: h.of(listed)
    if field.holds == "instant":
        return (lambda h: h.time(h.between(600, 14_400))) if ends else (lambda h: h.time())
    phones = "_read_phone" in repr(model.model_fields[field.name].annotation)
    initials = "".join(word[0] for word in field.name.split("_")).upper()
    forms: dict[str, tuple[Maker, ...]] = {
        "bool": (lambda h: h.share() < 0.5,),
        "int": (lambda h: h.between(1, 9),),
        "angle": (lambda h: round((43.86 if field.name.endswith("lat") else 125.28) + 0.1 * h.share(), 6),),
        "float": (lambda h: round(36 + 1.5 * h.share(), 1), lambda h: round(h.share(), 2)),
        "list": ((lambda h: [h.held("phone")]) if phones else (lambda h: [h.code(initials, 500)]),),
        "text": (
            (lambda h: f"宽城{h.below(500)}号") if field.name.endswith("_name") else (lambda h: h.code(initials, 500)),
            lambda h: h.day(),
            lambda h: str(h.between(1, 16)),
        ),
    }
    trial = Hand(np.random.Generator(np.random.PCG64(0)), "{}T{}")
    for form in forms[field.holds]:
        if field.holds == "list" or _accepts(field, form(trial)):
            return form
    return _left_to_the_draft(f"{model.__name__}.{field.name}")


def _left_to_the_draft(name: str) -> Maker:
    """For a field whose form its department alone knows, such as a credit code; called if its draft has none."""

    def refuse(_: Hand) -> Any:
        raise ValueError(f"{name}: no made-up value fits; let the department's draft give one")

    return refuse


def _accepts(field: Field, value: Any) -> bool:
    try:
        field.adapter.validate_python(value, strict=True)
    except ValidationError:
        return False
    return True
