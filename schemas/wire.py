"""Wire: the vocabulary in which departments' record models are written, and what a model's fields become as columns.

In: pydantic annotations. Out: `Record`, the base of every record model, and the field types.
Invariant: a model is the one definition of a record; the fast decoder (schemas/decode.py) is derived from it.
Deliberately absent: what a record means (each department's `read`).
"""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from schemas.columns import Columns
from schemas.facts import Columns as Rows
from schemas.identifiers import read_identifier
from schemas.instants import read_instant
from schemas.keys import published
from schemas.seats import ROW_MAX, code

VERSION_MAX = 2**31 - 1
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffd]")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
RECORD_ID = r"^[A-Za-z0-9][A-Za-z0-9._:#/-]{0,79}$"


def _fail(reason: str, hint: str, **context: str) -> PydanticCustomError:
    return PydanticCustomError(reason, "{hint}", {"hint": hint, **context})


def _read_time(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise _fail("time_type", "write times as ISO 8601 text or as epoch seconds")
    try:
        return read_instant(value)
    except (ValueError, OverflowError):
        raise _fail("time_form", "write 2022-03-08T14:05:00+08:00, between 1900 and 2100") from None


def _read_text(value: str) -> str:
    text = unicodedata.normalize("NFC", value).strip()
    if not text:
        raise _fail("text_empty", "leave the field out, or null, when there is nothing to say")
    if _CONTROL.search(text):
        raise _fail("text_control", "remove control, zero-width, bidirectional and replacement characters")
    return text


def _read_day(value: str) -> str:
    if not _DAY.fullmatch(value):
        raise _fail("day_form", "write days as 2022-03-08")
    _read_time(value)
    return value


def _read_phone(value: str) -> str:
    try:
        return read_identifier("phone", value)
    except ValueError as error:
        raise _fail("identifier_form", str(error)) from None


def _read_vehicle(value: str) -> str:
    return re.sub(r"[\s·•]", "", unicodedata.normalize("NFKC", _read_text(value))).upper()


def _read_cabin(value: str) -> str:
    try:
        code(value)
    except ValueError as error:
        raise _fail("cabin_form", str(error)) from None
    return value.strip().upper()


def _read_person(value: str) -> str:
    if not published(value, "P"):
        raise _fail("person_form", "write the person's number as it is published: P and 16 hex digits")
    return value


Instant = Annotated[int, BeforeValidator(_read_time), "instant"]
"""UTC epoch milliseconds; on the wire ISO 8601 text (without zone: +08:00) or epoch seconds."""
Day = Annotated[str, Field(max_length=10), AfterValidator(_read_day)]
"""A calendar day, such as the service date of a train."""
Name = Annotated[str, Field(max_length=200), AfterValidator(_read_text)]
"""A short public text. Free text about people is never a Name."""
Code = Annotated[str, Field(max_length=64), AfterValidator(_read_text)]
"""A department's own code of a thing: a tube, a room, a household."""
Vehicle = Annotated[str, Field(max_length=64), AfterValidator(_read_vehicle)]
"""A train, flight, ship or coach service number, a bus or tram's fleet number, or a plate."""
Cabin = Annotated[str, Field(max_length=8), AfterValidator(_read_cabin)]
"""A carriage, compartment or cabin: up to 4 letters or digits."""
PersonCode = Annotated[str, AfterValidator(_read_person)]
"""Somebody's number in every output of ours; a token, and no identifier of a department."""
Latitude = Annotated[float, Field(ge=-90, le=90), "angle"]
Longitude = Annotated[float, Field(ge=-180, le=180), "angle"]
"""Degrees, north and east; as a column, microdegrees."""
Row = Annotated[int, Field(ge=1, le=ROW_MAX)]
Phone = Annotated[str, Field(max_length=32), AfterValidator(_read_phone)]
Count = Annotated[int, Field(ge=0, le=1_000_000)]
Confidence = Literal["certain", "likely", "vague"]
"""How sure times are: `likely` about, `vague` no better than the day."""
IdType = Literal["resident_id", "passport", "person_no", "phone", "code_token", "transit_card", "plate"]
RecordId = Annotated[str, Field(pattern=RECORD_ID), "record_id"]


class Envelope(BaseModel):
    """What every record carries. A record with `operation` = withdraw needs nothing else."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)

    source_record_id: RecordId
    event_time: Instant
    version: Annotated[int, Field(ge=1, le=VERSION_MAX)]
    operation: Literal["upsert", "withdraw"]
    ingest_time: Instant | None = None
    """When the department's own system took the record in; it is no part of what the record says."""


class Record(Envelope):
    """Base of the record models. A subclass says which field pairs are identifiers (kind, value) or (literal kind
    as `=phone`, value), and which pairs of times are intervals; both are checked for every record."""

    record: ClassVar[str]
    identifiers: ClassVar[tuple[tuple[str, str], ...]] = ()
    intervals: ClassVar[tuple[tuple[str, str], ...]] = ()

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        """What the records say, as fact columns by table (schemas/facts.py)."""
        raise NotImplementedError

    @model_validator(mode="before")
    @classmethod
    def _normalise(cls, body: Any) -> Any:
        if not isinstance(body, dict):
            return body
        given = ((name, value) for name, value in body.items() if value is not None)
        read = {name: tuple(value) if isinstance(value, list) else value for name, value in given}
        for kind_field, value_field in cls.identifiers:
            kind = kind_field[1:] if kind_field[0] == "=" else body.get(kind_field)
            value = body.get(value_field)
            if not isinstance(kind, str) or not isinstance(value, str) or kind not in IdType.__args__:  # type: ignore[attr-defined]
                continue  # the field's own type says what is wrong
            try:
                read[value_field] = read_identifier(kind, value)
            except ValueError as error:
                raise _fail("identifier_form", str(error), field=value_field) from None
        return read

    @model_validator(mode="after")
    def _intervals_run_forward(self) -> Self:
        for since_field, until_field in self.intervals:
            since, until = getattr(self, since_field), getattr(self, until_field)
            if since is not None and until is not None and until <= since:
                raise _fail("interval_reversed", f"{until_field} must come after {since_field}", field=until_field)
        return self
